"""A reservation: nights of a listing that are taken, or asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Annotated, Any

from annotated_doc import Doc

from providers.model.described import Described
from providers.model.dictionary import CustomFieldValue
from providers.model.money import Money
from providers.model.parts import CancellationPolicy
from providers.model.vocabulary import Channel


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
    OTHER = "OTHER", "Somebody else; see providerCancelledBy."


class FinanceLineType(Described):
    """What a line of a reservation's or quote's money is for."""

    RENT = "RENT", "Price of the nights, and of extra guests."
    FEE = "FEE", "A service, such as cleaning or linen."
    TAX = "TAX", "A tax."
    DISCOUNT = "DISCOUNT", "A reduction; its amount is negative."
    MARKUP = "MARKUP", "What an account's terms add to the price of the nights."
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
    address: Annotated[str | None, Doc("Street and number.")] = None
    postal_code: Annotated[str | None, Doc("Postal code.")] = None
    state: Annotated[str | None, Doc("State, region or province.")] = None
    company: Annotated[str | None, Doc("Company.")] = None
    picture_url: Annotated[str | None, Doc("Address of a picture.")] = None
    notes: Annotated[str | None, Doc("The business's notes on the guest; not meant for guests.")] = None


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


class AgreementState(Described):
    """Whether a guest has accepted the rental agreement."""

    NOT_REQUIRED = "NOT_REQUIRED", "None is asked for."
    SIGNED = "SIGNED", "Accepted."
    NOT_SIGNED = "NOT_SIGNED", "Asked for and not yet accepted."
    UNKNOWN = "UNKNOWN", "A word of the PMS that StayGraph does not know yet."


class InsuranceState(Described):
    """Whether a stay is insured."""

    INSURED = "INSURED", "Insured."
    PENDING = "PENDING", "Not decided yet."
    REJECTED = "REJECTED", "The insurer said no."
    NOT_ELIGIBLE = "NOT_ELIGIBLE", "Cannot be insured."
    UNKNOWN = "UNKNOWN", "A word of the PMS that StayGraph does not know yet."


class ClaimState(Described):
    """Where a damage claim stands."""

    DRAFT = "DRAFT", "Being written."
    STARTED = "STARTED", "Handed in."
    APPROVED = "APPROVED", "Accepted."
    REJECTED = "REJECTED", "Refused."
    PAID = "PAID", "Paid."
    WITHDRAWN = "WITHDRAWN", "Taken back."
    UNKNOWN = "UNKNOWN", "A word of the PMS that StayGraph does not know yet."


@dataclass(slots=True, kw_only=True)
class ReservationFee:
    """A fee that a channel put on a reservation."""

    provider_id: Annotated[str | None, Doc("The fee's id in the PMS.")] = None
    name: Annotated[str | None, Doc("Name, as the channel spells it.")] = None
    amount: Annotated[Money | None, Doc("Amount.")] = None
    percentage: Annotated[Decimal | None, Doc("Percentage of the total (10 is 10 %), where it is one.")] = None
    included_in_total: Annotated[bool | None, Doc("True if the reservation's total counts it.")] = None
    per_night: Annotated[bool | None, Doc("True if it is charged for each night.")] = None
    per_person: Annotated[bool | None, Doc("True if it is charged for each guest.")] = None


@dataclass(slots=True, kw_only=True)
class ReservationUnit:
    """One unit of a multi-unit listing that a reservation takes."""

    provider_id: Annotated[str | None, Doc("The record's id in the PMS.")] = None
    unit_id: Annotated[str | None, Doc("The unit's id in the PMS.")] = None
    guest_name: Annotated[str | None, Doc("Who stays there.")] = None
    party: Annotated[Party | None, Doc("How many stay there.")] = None
    total: Annotated[Money | None, Doc("What the guest pays for it.")] = None
    channel_reference: Annotated[str | None, Doc("The channel's own id of it.")] = None


@dataclass(slots=True, kw_only=True)
class Payment:
    """Money that a guest paid or is to pay."""

    provider_id: Annotated[str, Doc("The payment's id in the PMS.")]
    amount: Annotated[Money | None, Doc("Amount.")] = None
    kind: Annotated[str | None, Doc("How, in the PMS's own word, for example wiretransfer.")] = None
    paid_at: Annotated[datetime | None, Doc("When it was paid, UTC; null while it is not.")] = None
    cancelled: Annotated[bool | None, Doc("True if it was called off or refused, and counts for nothing.")] = None


@dataclass(slots=True, kw_only=True)
class Comment:
    """A remark of the business on a reservation; not meant for guests."""

    provider_id: Annotated[str, Doc("The remark's id in the PMS.")]
    text: Annotated[str | None, Doc("Its text.")] = None
    created_at: Annotated[datetime | None, Doc("When it was written, UTC.")] = None


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
    channel: Annotated[
        Channel | None, Doc("Where it came from, in StayGraph's vocabulary; null if the PMS does not say.")
    ] = None
    provider_channel: Annotated[
        str | None, Doc("Where it came from, in the PMS's own word, for example airbnbOfficial.")
    ] = None
    source: Annotated[str | None, Doc("Where within the channel it came from, in the PMS's own words.")] = None
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
    provider_cancelled_by: Annotated[str | None, Doc("The PMS's own word for that.")] = None
    cancellation_reason: Annotated[str | None, Doc("Why it was called off, in the PMS's own words.")] = None
    cancellation_policy: Annotated[
        CancellationPolicy | None, Doc("What a cancellation costs; null if the PMS does not tell.")
    ] = None
    expires_at: Annotated[datetime | None, Doc("When a request or hold ends by itself, UTC.")] = None
    created_at: Annotated[datetime | None, Doc("When the PMS created it, UTC.")] = None
    previous_arrival: Annotated[date | None, Doc("First night before the dates were last changed.")] = None
    previous_departure: Annotated[date | None, Doc("Day of departure before the dates were last changed.")] = None
    rent: Annotated[Money | None, Doc("Price of the nights after discounts, without fees and taxes.")] = None
    cleaning_fee: Annotated[Money | None, Doc("Cleaning fee.")] = None
    taxes: Annotated[Money | None, Doc("Taxes in all.")] = None
    commission: Annotated[Money | None, Doc("What the channel keeps.")] = None
    payout: Annotated[Money | None, Doc("What the business gets from the channel.")] = None
    downpayment: Annotated[Money | None, Doc("Part due when booking.")] = None
    balance_due_at: Annotated[datetime | None, Doc("When the rest is due, UTC.")] = None
    payment_method: Annotated[str | None, Doc("How it is paid, in the PMS's own word.")] = None
    payments: Annotated[list[Payment] | None, Doc("Payments; null if the PMS did not send them.")] = None
    fees: Annotated[
        list[ReservationFee] | None, Doc("Fees of the channel, as it names them; null if the PMS did not send them.")
    ] = None
    units: Annotated[
        list[ReservationUnit] | None, Doc("Units of a multi-unit listing that it takes; null if not told.")
    ] = None
    custom_fields: Annotated[
        list[CustomFieldValue] | None, Doc("Values of the business's own fields; null if the PMS did not send them.")
    ] = None
    comments: Annotated[list[Comment] | None, Doc("Remarks of the business; null if the PMS did not send them.")] = None
    tags: Annotated[list[str] | None, Doc("The business's own labels; null if the PMS did not send them.")] = None
    assignee_id: Annotated[str | None, Doc("Id, in the PMS, of the user who looks after it.")] = None
    customer_reference: Annotated[str | None, Doc("Reference of another program that made it.")] = None
    is_instant_booking: Annotated[bool | None, Doc("True if the guest booked without being approved.")] = None
    is_starred: Annotated[bool | None, Doc("True if the business marked it with a star.")] = None
    is_archived: Annotated[bool | None, Doc("True if the business put it away.")] = None
    is_pinned: Annotated[bool | None, Doc("True if the business pinned it.")] = None
    is_imported: Annotated[bool | None, Doc("True if it was imported from a channel.")] = None
    agreement: Annotated[AgreementState | None, Doc("Whether the rental agreement is accepted.")] = None
    provider_agreement: Annotated[str | None, Doc("The PMS's own word for that.")] = None
    agreement_url: Annotated[str | None, Doc("Address of the accepted agreement.")] = None
    insurance: Annotated[InsuranceState | None, Doc("Whether the stay is insured.")] = None
    provider_insurance: Annotated[str | None, Doc("The PMS's own word for that.")] = None
    claim: Annotated[ClaimState | None, Doc("Where a damage claim stands; null if there is none.")] = None
    provider_claim: Annotated[str | None, Doc("The PMS's own word for that.")] = None
    door_code: Annotated[str | None, Doc("Code of the door for this stay; for its guest alone.")] = None
    door_instructions: Annotated[str | None, Doc("How to use the door's code; for its guest alone.")] = None
    raw: Mapping[str, Any] | None = None
