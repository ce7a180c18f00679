"""A reservation: nights of a listing that are taken, or asked for."""

from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Annotated

from annotated_doc import Doc

from providers.model.described import Described
from providers.model.money import Money


class ReservationStatus(Described):
    """Where a reservation stands, in one vocabulary for all PMSs."""

    CONFIRMED = "CONFIRMED", "Agreed; its nights are taken."
    PENDING = "PENDING", "Waits for the host, the guest or a payment; its nights are usually held."
    INQUIRY = "INQUIRY", "A question from a guest; holds no nights."
    BLOCKED = "BLOCKED", "Not a guest: the owner's stay, maintenance or a closed season; its nights are taken."
    CANCELLED = "CANCELLED", "Was agreed or held, then called off."
    DECLINED = "DECLINED", "The host said no."
    EXPIRED = "EXPIRED", "Nobody answered in time."
    UNKNOWN = "UNKNOWN", "A word of the PMS that StayGraph does not know yet; see providerStatus."


class CancelledBy(Described):
    """Who called a reservation off."""

    GUEST = "GUEST", "The guest."
    HOST = "HOST", "The host."


class FinanceLineType(Described):
    """What a line of a reservation's or quote's money is for."""

    RENT = "RENT", "Price of the nights, and of extra guests."
    FEE = "FEE", "A service, such as cleaning or linen."
    TAX = "TAX", "A tax."
    DISCOUNT = "DISCOUNT", "A reduction; its amount is negative."
    DEPOSIT = "DEPOSIT", "A refundable deposit."
    COMMISSION = "COMMISSION", "What a channel or the PMS keeps."
    TOTAL = "TOTAL", "A sum that the PMS stores as a line; it repeats other lines unless includedInTotal is true."
    OTHER = "OTHER", "Anything else; see providerType."


@dataclass(slots=True, kw_only=True)
class Guest:
    """The person who made a reservation."""

    provider_id: Annotated[str | None, Doc("The guest's id in the PMS, where guests are records of their own.")] = None
    name: Annotated[str | None, Doc("Full name.")] = None
    first_name: Annotated[str | None, Doc("First name.")] = None
    last_name: Annotated[str | None, Doc("Last name.")] = None
    email: Annotated[str | None, Doc("E-mail address, often a relay address of the channel.")] = None
    phone: Annotated[str | None, Doc("Phone number.")] = None
    locale: Annotated[str | None, Doc("Preferred language.")] = None
    city: Annotated[str | None, Doc("City of residence.")] = None
    country: Annotated[str | None, Doc("Country, as the PMS spells it: a code or a name.")] = None


@dataclass(slots=True, kw_only=True)
class Party:
    """How many come."""

    guests: Annotated[int | None, Doc("All guests that count towards the capacity.")] = None
    adults: Annotated[int | None, Doc("Adults.")] = None
    children: Annotated[int | None, Doc("Children.")] = None
    infants: Annotated[int | None, Doc("Infants, who usually do not count towards the capacity.")] = None
    pets: Annotated[int | None, Doc("Pets.")] = None


@dataclass(slots=True, kw_only=True)
class FinanceLine:
    """One line of a reservation's money."""

    provider_id: Annotated[str | None, Doc("The line's id in the PMS.")] = None
    type: Annotated[FinanceLineType, Doc("What the line is for.")]
    provider_type: Annotated[str | None, Doc("The PMS's own word for the type.")] = None
    name: Annotated[str | None, Doc("The PMS's machine name, for example cleaningFee.")] = None
    title: Annotated[str | None, Doc("Label for people.")] = None
    quantity: Annotated[Decimal | None, Doc("How many units the line counts.")] = None
    unit_amount: Annotated[Money | None, Doc("Amount of one unit, signed.")] = None
    amount: Annotated[Money | None, Doc("Amount of the line, signed: discounts are negative.")] = None
    included_in_total: Annotated[bool | None, Doc("True if the reservation's total counts it.")] = None
    mandatory: Annotated[bool | None, Doc("True if the guest cannot leave it out.")] = None
    overridden: Annotated[bool | None, Doc("True if a person set the amount by hand.")] = None
    deleted: Annotated[bool, Doc("True if the line was struck out: it counts for nothing.")] = False


@dataclass(slots=True, kw_only=True)
class Reservation:
    """Nights of a listing that are taken or asked for: a guest's stay, a request, or a block by the owner."""

    provider: Annotated[str, Doc("Code of the PMS the reservation lives in, for example HOSTAWAY.")]
    account_id: str
    provider_id: Annotated[str, Doc("The reservation's id in the PMS.")]
    listing_id: str | None = None
    status: Annotated[ReservationStatus, Doc("Where it stands, in StayGraph's vocabulary.")]
    provider_status: Annotated[str | None, Doc("Where it stands, in the PMS's own word.")] = None
    arrival: Annotated[date | None, Doc("First night, in the listing's own time zone; null if the channel named none.")]
    departure: Annotated[date | None, Doc("Day of departure: the night of this date is not part of the stay.")]
    nights: Annotated[int | None, Doc("Number of nights.")] = None
    check_in_time: Annotated[time | None, Doc("Expected time of arrival, as the PMS shows it: usually local time.")] = (
        None
    )
    check_out_time: Annotated[
        time | None, Doc("Expected time of departure, as the PMS shows it: usually local time.")
    ] = None
    channel: Annotated[str | None, Doc("Where it came from, in the PMS's own word, for example airbnbOfficial.")] = None
    channel_reference: Annotated[str | None, Doc("The channel's own id of it.")] = None
    confirmation_code: Annotated[str | None, Doc("Code that guest and host know it by.")] = None
    guest: Annotated[Guest | None, Doc("Who made it; null for blocks and where the PMS does not tell.")] = None
    party: Annotated[Party | None, Doc("How many come.")] = None
    currency: Annotated[str | None, Doc("ISO 4217 code of its amounts.")] = None
    total: Annotated[Money | None, Doc("What the guest pays in all.")] = None
    paid: Annotated[Money | None, Doc("What has been paid.")] = None
    balance: Annotated[Money | None, Doc("What is left to pay.")] = None
    damage_deposit: Annotated[Money | None, Doc("Refundable deposit.")] = None
    is_paid: Annotated[bool | None, Doc("True if it is paid in full.")] = None
    finance_lines: Annotated[
        list[FinanceLine] | None, Doc("What the total is made of; null if the PMS does not tell.")
    ] = None
    guest_note: Annotated[str | None, Doc("Note by the guest.")] = None
    host_note: Annotated[str | None, Doc("Note by the host; not meant for guests.")] = None
    booked_at: Annotated[datetime | None, Doc("When it was made, UTC.")] = None
    updated_at: Annotated[datetime | None, Doc("When the PMS last changed it, UTC.")] = None
    cancelled_at: Annotated[
        datetime | None, Doc("When it was called off, UTC; midnight where the PMS tells the day only.")
    ] = None
    cancelled_by: Annotated[CancelledBy | None, Doc("Who called it off.")] = None
