"""Inputs of writes to reservations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Annotated, Any

from annotated_doc import Doc

from providers.changes.omitted import OMITTED, Omitted
from providers.changes.values import CustomFieldChange
from providers.model.described import Described
from providers.model.reservation import CancelledBy, FinanceLineType
from providers.model.vocabulary import Channel


class ReservationKind(Described):
    """What is made."""

    CONFIRMED = "CONFIRMED", "An agreed stay."
    HOLD = "HOLD", "A request that holds its nights until expiresAt."
    BLOCK = "BLOCK", "No guest: the owner's stay or maintenance; without money."


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestChange:
    """The person who makes a reservation."""

    name: Annotated[str | Omitted | None, Doc("Full name.")] = OMITTED
    first_name: Annotated[str | Omitted | None, Doc("First name.")] = OMITTED
    last_name: Annotated[str | Omitted | None, Doc("Last name.")] = OMITTED
    email: Annotated[str | Omitted | None, Doc("E-mail address.")] = OMITTED
    phone: Annotated[str | Omitted | None, Doc("Phone number.")] = OMITTED
    locale: Annotated[str | Omitted | None, Doc("Preferred language, a code such as en.")] = OMITTED
    address: Annotated[str | Omitted | None, Doc("Street and number.")] = OMITTED
    postal_code: Annotated[str | Omitted | None, Doc("Postal code.")] = OMITTED
    city: Annotated[str | Omitted | None, Doc("City of residence.")] = OMITTED
    state: Annotated[str | Omitted | None, Doc("State, region or province.")] = OMITTED
    country: Annotated[str | Omitted | None, Doc("Country: an ISO 3166-1 alpha-2 code.")] = OMITTED
    company: Annotated[str | Omitted | None, Doc("Company.")] = OMITTED
    notes: Annotated[str | Omitted | None, Doc("The business's notes on the guest; not meant for guests.")] = OMITTED


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyChange:
    """How many come."""

    guests: Annotated[int | Omitted | None, Doc("All guests that count; without it adults and children.")] = OMITTED
    adults: Annotated[int | Omitted | None, Doc("Adults, 1 or more.")] = OMITTED
    children: Annotated[int | Omitted | None, Doc("Children, 0 or more.")] = OMITTED
    infants: Annotated[int | Omitted | None, Doc("Infants, 0 or more.")] = OMITTED
    pets: Annotated[int | Omitted | None, Doc("Pets, 0 or more.")] = OMITTED


@dataclass(frozen=True, slots=True, kw_only=True)
class FinanceLineChange:
    """One line of a reservation's money: a new one, or with ``provider_id`` a change of one that is there."""

    provider_id: Annotated[
        str | Omitted | None, Doc("Id of the line to change, in the PMS; left out for a new line.")
    ] = OMITTED
    type: Annotated[FinanceLineType | Omitted, Doc("What the line is for; a new line needs it.")] = OMITTED
    setting_id: Annotated[str | Omitted | None, Doc("Id, in the PMS, of the fee or tax setting behind the line.")] = (
        OMITTED
    )
    name: Annotated[str | Omitted | None, Doc("The PMS's machine name, for example cleaningFee.")] = OMITTED
    title: Annotated[str | Omitted | None, Doc("Label for people.")] = OMITTED
    quantity: Annotated[Decimal | Omitted | None, Doc("How many units.")] = OMITTED
    unit_amount: Annotated[
        Decimal | Omitted | None, Doc("Amount of one unit, signed, in the reservation's currency.")
    ] = OMITTED
    amount: Annotated[
        Decimal | Omitted | None, Doc("Amount of the line, signed: discounts are negative; a new line needs it.")
    ] = OMITTED
    percentage: Annotated[Decimal | Omitted | None, Doc("Percentage of a tax (10 is 10 %).")] = OMITTED
    included_in_total: Annotated[bool | Omitted, Doc("Whether the total counts it; true without it.")] = OMITTED
    mandatory: Annotated[bool | Omitted | None, Doc("Whether the guest cannot leave it out.")] = OMITTED
    overridden: Annotated[bool | Omitted, Doc("Whether the amount was set by hand, and stays.")] = OMITTED
    deleted: Annotated[bool | Omitted, Doc("True strikes the line out.")] = OMITTED
    booked_with: Mapping[str, str] | Omitted = OMITTED
    """What the plugin said of the component of its quote that the line was made of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentCard:
    """A card that the PMS charges at once. Passed through: never stored, logged or kept."""

    holder: Annotated[str, Doc("Name on the card.")] = field(repr=False)
    number: Annotated[str, Doc("Number: 12 to 19 digits, without blanks.")] = field(repr=False)
    expiration_year: Annotated[int, Doc("Year in which it ends, four digits.")] = field(repr=False)
    expiration_month: Annotated[int, Doc("Month in which it ends, 1 to 12.")] = field(repr=False)
    code: Annotated[str, Doc("Security code: 3 or 4 digits.")] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationChange:
    """What to change about a reservation. What is left out stays as it is."""

    arrival: Annotated[date | Omitted, Doc("First night.")] = OMITTED
    departure: Annotated[date | Omitted, Doc("Day of departure: not a night.")] = OMITTED
    guest: Annotated[GuestChange | Omitted, Doc("Who makes it.")] = OMITTED
    party: Annotated[PartyChange | Omitted, Doc("How many come.")] = OMITTED
    check_in_time: Annotated[time | Omitted | None, Doc("Expected time of arrival, local time of the listing.")] = (
        OMITTED
    )
    check_out_time: Annotated[time | Omitted | None, Doc("Expected time of departure, local time of the listing.")] = (
        OMITTED
    )
    currency: Annotated[str | Omitted, Doc("ISO 4217 code of its amounts: the listing's, which it is without it.")] = (
        OMITTED
    )
    total: Annotated[
        Decimal | Omitted | None, Doc("What the guest pays in all. With financeLines their sum, if it is left out.")
    ] = OMITTED
    finance_lines: Annotated[
        Sequence[FinanceLineChange] | Omitted,
        Doc("What the total is made of: lines to add and to change. Lines that are not named stay as they are."),
    ] = OMITTED
    is_paid: Annotated[bool | Omitted | None, Doc("Whether it is paid in full.")] = OMITTED
    guest_note: Annotated[str | Omitted | None, Doc("Note by the guest.")] = OMITTED
    host_note: Annotated[str | Omitted | None, Doc("Note by the host; not meant for guests.")] = OMITTED
    comment: Annotated[str | Omitted | None, Doc("A remark of the business to add; not meant for guests.")] = OMITTED
    source: Annotated[
        str | Omitted | None, Doc("Where it came from, in the business's own words, for example its web site.")
    ] = OMITTED
    channel_reference: Annotated[str | Omitted | None, Doc("The channel's own id of it.")] = OMITTED
    customer_reference: Annotated[str | Omitted | None, Doc("Reference of the program that makes it.")] = OMITTED
    door_code: Annotated[str | Omitted | None, Doc("Code of the door for this stay.")] = OMITTED
    expires_at: Annotated[datetime | Omitted, Doc("When a HOLD ends by itself, UTC; in the future.")] = OMITTED
    custom_fields: Annotated[
        Sequence[CustomFieldChange] | Omitted, Doc("Values of the business's own fields; others stay as they are.")
    ] = OMITTED
    force_overbooking: Annotated[bool, Doc("True takes nights that are taken. Without it they are refused.")] = False
    extras: Any = None
    """An instance of the plugin's ``Inputs.reservation``, or None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationDraft(ReservationChange):
    """A reservation to make. ``arrival`` and ``departure`` are always there; ``currency`` is the listing's.

    ``reference`` is StayGraph's own name for this write, unique, up to 40 letters, digits and hyphens. It has to be
    sent where ``find_reservation`` finds it again, unless the client set that field itself. ``finance_lines`` add up to
    ``total`` where both are there. ``priced_by_us`` says that the PMS did not quote this price.
    """

    listing_id: str
    reference: str
    kind: Annotated[ReservationKind, Doc("What is made.")] = ReservationKind.CONFIRMED
    channel: Annotated[Channel | Omitted, Doc("Where it came from; DIRECT without it.")] = OMITTED
    coupon: Annotated[
        str | Omitted | None, Doc("Code of a coupon, one use of which is taken; it does not change the price.")
    ] = OMITTED
    card: Annotated[PaymentCard | None, Doc("A card to charge: if it fails, no reservation remains. Never stored.")] = (
        field(default=None, repr=False)
    )
    priced_by_us: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
    """How a reservation is called off."""

    by: Annotated[CancelledBy | Omitted, Doc("Who calls it off: GUEST or HOST.")] = OMITTED
    reason: Annotated[str | Omitted | None, Doc("Why, in the PMS's own words.")] = OMITTED
    message_to_guest: Annotated[str | Omitted | None, Doc("A message for the guest.")] = OMITTED
    message_to_channel: Annotated[str | Omitted | None, Doc("A message for the channel.")] = OMITTED
    extras: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoShow:
    """A guest who did not come."""

    waived_fees: Annotated[bool, Doc("True if the guest is let off the fees.")] = False
