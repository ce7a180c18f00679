"""Inputs of writes to listings."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from typing import Annotated, Any

from annotated_doc import Doc

from providers.changes.omitted import OMITTED, Omitted
from providers.changes.values import CustomFieldChange
from providers.model.listing import RatePeriod, RoomType
from providers.model.vocabulary import Channel, PropertyType


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressChange:
    """Where a listing is, in words."""

    full: Annotated[str | Omitted | None, Doc("The exact address on one line, where the PMS does not compose it.")] = (
        OMITTED
    )
    line1: Annotated[str | Omitted | None, Doc("Street and number.")] = OMITTED
    line2: Annotated[str | Omitted | None, Doc("Second address line.")] = OMITTED
    city: Annotated[str | Omitted | None, Doc("City.")] = OMITTED
    state: Annotated[str | Omitted | None, Doc("State, region or province.")] = OMITTED
    postal_code: Annotated[str | Omitted | None, Doc("Postal code.")] = OMITTED
    country: Annotated[str | Omitted | None, Doc("Country's name, in the PMS's own words.")] = OMITTED
    country_code: Annotated[str | Omitted | None, Doc("ISO 3166-1 alpha-2 country code.")] = OMITTED


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactChange:
    """A person or business to turn to."""

    first_name: Annotated[str | Omitted | None, Doc("First name.")] = OMITTED
    last_name: Annotated[str | Omitted | None, Doc("Last name.")] = OMITTED
    phone: Annotated[str | Omitted | None, Doc("Phone number.")] = OMITTED
    phone2: Annotated[str | Omitted | None, Doc("Second phone number.")] = OMITTED
    email: Annotated[str | Omitted | None, Doc("E-mail address.")] = OMITTED
    address: Annotated[str | Omitted | None, Doc("Address on one line.")] = OMITTED
    language: Annotated[str | Omitted | None, Doc("Language to write in.")] = OMITTED


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingTextChange:
    """Texts for one language or one channel. Those of other languages and channels stay."""

    locale: Annotated[str | None, Doc("Language tag; null: the account's main language.")] = None
    channel: Annotated[Channel | None, Doc("The channel they are for; null for all.")] = None
    name: Annotated[str | Omitted | None, Doc("Title.")] = OMITTED
    headline: Annotated[str | Omitted | None, Doc("One-line description.")] = OMITTED
    summary: Annotated[str | Omitted | None, Doc("Short description.")] = OMITTED
    description: Annotated[str | Omitted | None, Doc("Long description.")] = OMITTED
    space: Annotated[str | Omitted | None, Doc("About the rooms.")] = OMITTED
    access: Annotated[str | Omitted | None, Doc("About what guests may use.")] = OMITTED
    interaction: Annotated[str | Omitted | None, Doc("About how much guests see of the host.")] = OMITTED
    neighborhood: Annotated[str | Omitted | None, Doc("About the neighbourhood.")] = OMITTED
    transit: Annotated[str | Omitted | None, Doc("About getting around.")] = OMITTED
    notes: Annotated[str | Omitted | None, Doc("What else there is to know.")] = OMITTED


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageDraft:
    """A picture to add, or with ``provider_id`` one that is there."""

    provider_id: Annotated[str | Omitted | None, Doc("Id, in the PMS, of a picture that is there.")] = OMITTED
    url: Annotated[str | Omitted, Doc("Public address of a new picture: https.")] = OMITTED
    caption: Annotated[str | Omitted | None, Doc("Caption, in the account's main language.")] = OMITTED
    position: Annotated[int | Omitted | None, Doc("Place in the gallery; lower comes first.")] = OMITTED
    kind: Annotated[str | Omitted | None, Doc("What it shows, in the PMS's own word.")] = OMITTED


@dataclass(frozen=True, slots=True, kw_only=True)
class BedChange:
    """Beds of one kind."""

    type_id: Annotated[str, Doc("The kind's id in the PMS's dictionary of bed types.")]
    quantity: Annotated[int, Doc("How many: 1 or more.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingChange:
    """What to change about a listing. What is left out stays as it is; a list that is named replaces the whole list."""

    name: Annotated[str | Omitted, Doc("Title that guests see, or the name the business knows it by.")] = OMITTED
    internal_name: Annotated[str | Omitted | None, Doc("Back-office name, not meant for guests.")] = OMITTED
    headline: Annotated[str | Omitted | None, Doc("One-line description for guests.")] = OMITTED
    summary: Annotated[str | Omitted | None, Doc("Short description for guests.")] = OMITTED
    description: Annotated[str | Omitted | None, Doc("Long description for guests.")] = OMITTED
    texts: Annotated[Sequence[ListingTextChange] | Omitted, Doc("Texts by language and channel.")] = OMITTED
    house_rules: Annotated[str | Omitted | None, Doc("What guests may and may not do.")] = OMITTED
    property_type: Annotated[PropertyType | Omitted, Doc("Kind of building.")] = OMITTED
    provider_property_type: Annotated[
        str | Omitted, Doc("Kind of building, by the PMS's own word or id; instead of propertyType.")
    ] = OMITTED
    room_type: Annotated[RoomType | Omitted, Doc("How much of the place a guest has alone.")] = OMITTED
    address: Annotated[AddressChange | Omitted, Doc("Where it is, in words.")] = OMITTED
    public_address: Annotated[str | Omitted | None, Doc("Address fit for public pages, on one line.")] = OMITTED
    latitude: Annotated[float | Omitted | None, Doc("Degrees north, -90 to 90.")] = OMITTED
    longitude: Annotated[float | Omitted | None, Doc("Degrees east, -180 to 180.")] = OMITTED
    max_guests: Annotated[int | Omitted | None, Doc("Most guests it may hold: 1 or more.")] = OMITTED
    guests_included: Annotated[int | Omitted | None, Doc("Guests that the base price covers.")] = OMITTED
    max_children: Annotated[int | Omitted | None, Doc("Most children it may hold.")] = OMITTED
    max_infants: Annotated[int | Omitted | None, Doc("Most infants it may hold.")] = OMITTED
    max_pets: Annotated[int | Omitted | None, Doc("Most pets it may hold.")] = OMITTED
    bedrooms: Annotated[int | Omitted | None, Doc("Number of bedrooms.")] = OMITTED
    beds: Annotated[int | Omitted | None, Doc("Number of beds.")] = OMITTED
    bathrooms: Annotated[float | Omitted | None, Doc("Number of bathrooms.")] = OMITTED
    area: Annotated[float | Omitted | None, Doc("Floor area in square metres.")] = OMITTED
    floor: Annotated[str | Omitted | None, Doc("Floor.")] = OMITTED
    amenity_ids: Annotated[
        Sequence[str] | Omitted, Doc("Ids, in the PMS's dictionary, of all that it offers: the whole list.")
    ] = OMITTED
    beds_by_type: Annotated[Sequence[BedChange] | Omitted, Doc("Its beds by kind: the whole list.")] = OMITTED
    images: Annotated[
        Sequence[ImageDraft] | Omitted, Doc("Its pictures: the whole list. Those that are not named are removed.")
    ] = OMITTED
    check_in_from: Annotated[time | Omitted | None, Doc("Earliest check-in, local time, full hours.")] = OMITTED
    check_in_until: Annotated[time | Omitted | None, Doc("Latest check-in, local time, full hours.")] = OMITTED
    check_out_until: Annotated[time | Omitted | None, Doc("Latest check-out, local time, full hours.")] = OMITTED
    time_zone: Annotated[str | Omitted, Doc("IANA time zone of its dates and times.")] = OMITTED
    minimum_nights: Annotated[int | Omitted | None, Doc("Fewest nights of a stay: 1 or more.")] = OMITTED
    maximum_nights: Annotated[int | Omitted | None, Doc("Most nights of a stay; null: no limit.")] = OMITTED
    currency: Annotated[str | Omitted, Doc("ISO 4217 code of all its prices.")] = OMITTED
    base_price: Annotated[Decimal | Omitted, Doc("Price at the PMS, more than 0, before the account's terms.")] = (
        OMITTED
    )
    base_price_period: Annotated[RatePeriod | Omitted, Doc("What the base price pays for.")] = OMITTED
    minimum_price: Annotated[Decimal | Omitted | None, Doc("Least price of the base price's period.")] = OMITTED
    maximum_price: Annotated[Decimal | Omitted | None, Doc("Greatest price of the base price's period.")] = OMITTED
    extra_guest_price: Annotated[Decimal | Omitted | None, Doc("For each further guest and night.")] = OMITTED
    cleaning_fee: Annotated[Decimal | Omitted | None, Doc("Flat cleaning fee for a stay.")] = OMITTED
    damage_deposit: Annotated[Decimal | Omitted | None, Doc("Refundable deposit.")] = OMITTED
    weekly_discount: Annotated[Decimal | Omitted | None, Doc("Factor on prices of a week or more: 0.9.")] = OMITTED
    monthly_discount: Annotated[Decimal | Omitted | None, Doc("Factor on prices of a month or more: 0.8.")] = OMITTED
    downpayment_percentage: Annotated[Decimal | Omitted | None, Doc("Part due when booking, 0 to 100 %.")] = OMITTED
    balance_due_days: Annotated[int | Omitted | None, Doc("Days before arrival on which the rest is due.")] = OMITTED
    instant_bookable: Annotated[bool | Omitted, Doc("Whether a guest can book without being approved.")] = OMITTED
    bookable_online: Annotated[bool | Omitted, Doc("Whether it can be booked online.")] = OMITTED
    same_day_booking: Annotated[bool | Omitted, Doc("Whether it can be booked for the same day.")] = OMITTED
    lead_time_hours: Annotated[int | Omitted | None, Doc("Hours before arrival until which it can be booked.")] = (
        OMITTED
    )
    cancellation_policy: Annotated[str | Omitted | None, Doc("The PMS's own name of the policy.")] = OMITTED
    license_number: Annotated[str | Omitted | None, Doc("Number of its licence.")] = OMITTED
    license_type: Annotated[str | Omitted | None, Doc("Kind of licence, in the PMS's own words.")] = OMITTED
    license_issued_on: Annotated[date | Omitted | None, Doc("Day the licence was issued.")] = OMITTED
    license_expires_on: Annotated[date | Omitted | None, Doc("Day the licence ends.")] = OMITTED
    contact: Annotated[ContactChange | Omitted, Doc("Who to turn to about it.")] = OMITTED
    invoicing_contact: Annotated[ContactChange | Omitted, Doc("Who invoices come from or go to.")] = OMITTED
    owner: Annotated[ContactChange | Omitted, Doc("Its owner.")] = OMITTED
    owner_notes: Annotated[str | Omitted | None, Doc("Notes on the owner; not meant for guests.")] = OMITTED
    key_pickup: Annotated[str | Omitted | None, Doc("Where the key is.")] = OMITTED
    access_instructions: Annotated[str | Omitted | None, Doc("What guests must know to get in.")] = OMITTED
    door_code: Annotated[str | Omitted | None, Doc("Code of the door.")] = OMITTED
    wifi_name: Annotated[str | Omitted | None, Doc("Name of the wireless network.")] = OMITTED
    wifi_password: Annotated[str | Omitted | None, Doc("Password of the wireless network.")] = OMITTED
    cleaning_instructions: Annotated[str | Omitted | None, Doc("What cleaners must know.")] = OMITTED
    website_url: Annotated[str | Omitted | None, Doc("Its page on the business's web site.")] = OMITTED
    language: Annotated[str | Omitted, Doc("Language of its texts.")] = OMITTED
    position: Annotated[int | Omitted | None, Doc("Place among the business's listings.")] = OMITTED
    tag_ids: Annotated[Sequence[str] | Omitted, Doc("Ids, in the PMS, of the business's labels: the whole list.")] = (
        OMITTED
    )
    custom_fields: Annotated[
        Sequence[CustomFieldChange] | Omitted, Doc("Values of the business's own fields; others stay as they are.")
    ] = OMITTED
    extras: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingDraft(ListingChange):
    """A listing to make. ``name`` is always there. ``reference`` is StayGraph's own name for this write, unique."""

    reference: str
