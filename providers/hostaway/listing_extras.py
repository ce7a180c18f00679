"""What Hostaway's listings have beyond the unified fields (Hostaway documentation, Listing object)."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from annotated_doc import Doc
from pydantic.alias_generators import to_camel

from providers.changes import OMITTED, Omitted, given
from providers.hostaway.change_checks import MOST, Checks

Body = dict[str, object]

EXTRAS = "hostaway"
"""The field of the unified input that holds these."""

_LARGEST_STARS = 5
_WORDS = {"bathroom_type": ("private", "shared")}


@dataclass(frozen=True, slots=True, kw_only=True)
class HostawayListingExtras:
    """What only Hostaway's listings have. What is left out stays as it is."""

    bed_type: Annotated[str | Omitted | None, Doc("Kind of its beds, in Hostaway's word: real_bed, for one.")] = OMITTED
    bathroom_type: Annotated[
        str | Omitted | None, Doc("Whether bathrooms are for one's own party: private or shared.")
    ] = OMITTED
    guest_bathrooms_number: Annotated[int | Omitted | None, Doc("Number of bathrooms for guests, 0 or more.")] = OMITTED
    star_rating: Annotated[Decimal | Omitted | None, Doc("Stars that it was given officially, 0 to 5.")] = OMITTED
    property_rent_tax: Annotated[
        Decimal | Omitted | None, Doc("Tax on the rent, of the older kind, in the listing's currency.")
    ] = OMITTED
    guest_per_person_per_night_tax: Annotated[
        Decimal | Omitted | None, Doc("Tax for each guest and night, of the older kind, in the listing's currency.")
    ] = OMITTED
    guest_stay_tax: Annotated[
        Decimal | Omitted | None, Doc("Tax for each stay, of the older kind, in the listing's currency.")
    ] = OMITTED
    guest_nightly_tax: Annotated[
        Decimal | Omitted | None, Doc("Tax for each night, of the older kind, in the listing's currency.")
    ] = OMITTED
    partners_listing_markup: Annotated[
        Decimal | Omitted | None,
        Doc("Markup on prices for partners. Whether a factor or per cent, Hostaway does not document: see markups."),
    ] = OMITTED
    airbnb_official_listing_markup: Annotated[
        Decimal | Omitted | None, Doc("Markup on prices for Airbnb, written as that for partners.")
    ] = OMITTED
    booking_engine_markup: Annotated[
        Decimal | Omitted | None, Doc("Markup on prices for the booking engine, written as that for partners.")
    ] = OMITTED
    homeaway_api_markup: Annotated[
        Decimal | Omitted | None, Doc("Markup on prices for Vrbo, written as that for partners.")
    ] = OMITTED
    marriott_listing_markup: Annotated[
        Decimal | Omitted | None, Doc("Markup on prices for Marriott, written as that for partners.")
    ] = OMITTED
    same_day_booking_lead_time: Annotated[
        int | Omitted | None, Doc("How late a stay can be booked for the same day, in hours as Hostaway counts them.")
    ] = OMITTED
    airbnb_booking_lead_time: Annotated[
        int | Omitted | None, Doc("Hours before arrival until which Airbnb takes bookings.")
    ] = OMITTED
    airbnb_booking_lead_time_allow_request_to_book: Annotated[
        int | Omitted | None, Doc("Airbnb's setting for requests later than that, as Hostaway numbers it.")
    ] = OMITTED
    cancellation_policy_id: Annotated[
        str | Omitted | None, Doc("Id of the cancellation policy without a channel of its own.")
    ] = OMITTED
    airbnb_cancellation_policy_id: Annotated[
        str | Omitted | None, Doc("Id of the policy for Airbnb: see cancellationPolicies.")
    ] = OMITTED
    booking_cancellation_policy_id: Annotated[
        str | Omitted | None, Doc("Id of the policy for Booking.com: see cancellationPolicies.")
    ] = OMITTED
    marriott_cancellation_policy_id: Annotated[
        str | Omitted | None, Doc("Id of the policy for Marriott: see cancellationPolicies.")
    ] = OMITTED
    vrbo_cancellation_policy_id: Annotated[
        str | Omitted | None, Doc("Id of the policy for Vrbo: see cancellationPolicies.")
    ] = OMITTED
    invoicing_contact_city: Annotated[str | Omitted | None, Doc("City of the contact for invoices.")] = OMITTED
    invoicing_contact_zipcode: Annotated[str | Omitted | None, Doc("Postal code of the contact for invoices.")] = (
        OMITTED
    )
    invoicing_contact_country: Annotated[str | Omitted | None, Doc("Country of the contact for invoices.")] = OMITTED
    cleanness_status: Annotated[
        str | Omitted | None, Doc("State of the cleaning, in Hostaway's own word, which it does not document.")
    ] = OMITTED
    bookingcom_property_room_name: Annotated[str | Omitted | None, Doc("Name of the room at Booking.com.")] = OMITTED
    bookingcom_property_registered_in_vcs: Annotated[
        bool | Omitted | None, Doc("For Booking.com in France: whether the host is in the register of commerce.")
    ] = OMITTED
    bookingcom_property_has_vat: Annotated[
        bool | Omitted | None, Doc("For Booking.com in France: whether VAT is registered for this business.")
    ] = OMITTED
    bookingcom_property_declares_revenue: Annotated[
        bool | Omitted | None, Doc("For Booking.com in France: whether the income is declared as a professional's.")
    ] = OMITTED
    is_rental_agreement_active: Annotated[
        bool | Omitted, Doc("Whether guests are asked to accept the rental agreement.")
    ] = OMITTED


def extras_body(extras: HostawayListingExtras, checks: Checks) -> Body:
    """The extras in Hostaway's names, which are ours in camel case."""
    body: Body = {}
    for name, value in given(extras).items():
        field = (EXTRAS, name)
        sent: object = value
        if name in _WORDS:
            sent = checks.word(value, field, _WORDS[name])
        elif name.endswith("_id"):
            sent = checks.identity(value, field)
        elif isinstance(value, bool):
            sent = int(value)
        elif isinstance(value, int):
            sent = checks.whole(value, field)
        elif isinstance(value, Decimal):
            sent = checks.number(value, field, most=_LARGEST_STARS if name == "star_rating" else MOST)
        body[to_camel(name)] = sent
    return body
