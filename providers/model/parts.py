"""Parts of a listing that PMSs keep as records of their own: fees, taxes, units, agreements, policies, price rules."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from annotated_doc import Doc

from providers.model.described import Described
from providers.model.money import Money
from providers.model.vocabulary import Channel


class ChargedPer(Described):
    """What a fee or tax is charged for."""

    STAY = "STAY", "Once for the stay."
    NIGHT = "NIGHT", "For each night."
    PERSON = "PERSON", "For each guest."
    PERSON_NIGHT = "PERSON_NIGHT", "For each guest and night."
    OTHER = "OTHER", "In a way of its own; see providerChargedPer."


@dataclass(slots=True, kw_only=True)
class ListingFee:
    """A fee that a listing may add to a stay."""

    provider_id: Annotated[str, Doc("Id of the fee setting in the PMS: name it to add the fee to a quote.")]
    name: Annotated[str | None, Doc("The PMS's own word for the kind of fee, for example petFee.")] = None
    title: Annotated[str | None, Doc("Label for people.")] = None
    amount: Annotated[Money | None, Doc("Amount of one unit, where it is an amount.")] = None
    percentage: Annotated[Decimal | None, Doc("Percentage (10 is 10 %), where it is one.")] = None
    charged_per: Annotated[ChargedPer | None, Doc("What it is charged for.")] = None
    provider_charged_per: Annotated[str | None, Doc("The PMS's own word for that.")] = None
    mandatory: Annotated[bool | None, Doc("True if every stay pays it; false if guests choose it.")] = None
    quantity_selectable: Annotated[bool | None, Doc("True if guests may take several.")] = None
    max_quantity: Annotated[int | None, Doc("Most that guests may take; null where there is no limit.")] = None
    starts_on: Annotated[date | None, Doc("First day it holds; null where it always does.")] = None
    ends_on: Annotated[date | None, Doc("Last day it holds, as the PMS names it; null where it always does.")] = None
    created_at: Annotated[datetime | None, Doc("When the PMS created it, UTC.")] = None
    updated_at: Annotated[datetime | None, Doc("When the PMS last changed it, UTC.")] = None
    raw: Mapping[str, Any] | None = None


@dataclass(slots=True, kw_only=True)
class ListingTax:
    """A tax on stays at a listing."""

    provider_id: Annotated[str, Doc("Id of the tax setting in the PMS.")]
    name: Annotated[str | None, Doc("The PMS's own word for the kind of tax, for example cityTax.")] = None
    title: Annotated[str | None, Doc("Label for people.")] = None
    amount: Annotated[Money | None, Doc("Amount of one unit, where it is an amount.")] = None
    percentage: Annotated[Decimal | None, Doc("Percentage (10 is 10 %), where it is one.")] = None
    charged_per: Annotated[ChargedPer | None, Doc("What it is charged for.")] = None
    provider_charged_per: Annotated[str | None, Doc("The PMS's own word for that.")] = None
    applies_to: Annotated[
        list[str] | None, Doc("Names of the price components it is taken on; null if the PMS lists none.")
    ] = None
    provider_applies_to: Annotated[
        str | None, Doc("The PMS's own words for that, where it says it in words instead of a list of names.")
    ] = None
    included_in_price: Annotated[bool | None, Doc("True if prices hold it already, so that it adds nothing.")] = None
    account_wide: Annotated[bool | None, Doc("True if it is set for the whole account, not for this listing.")] = None
    created_at: Annotated[datetime | None, Doc("When the PMS created it, UTC.")] = None
    updated_at: Annotated[datetime | None, Doc("When the PMS last changed it, UTC.")] = None
    raw: Mapping[str, Any] | None = None


@dataclass(slots=True, kw_only=True)
class ListingUnit:
    """One of several like places that a listing stands for."""

    provider_id: Annotated[str, Doc("The unit's id in the PMS.")]
    name: Annotated[str | None, Doc("Name.")] = None
    floor: Annotated[str | None, Doc("Floor, in the PMS's own words.")] = None
    number: Annotated[str | None, Doc("Number on the door.")] = None
    linked_listing_id: Annotated[str | None, Doc("Id, in the PMS, of the listing for this unit alone.")] = None
    raw: Mapping[str, Any] | None = None


@dataclass(slots=True, kw_only=True)
class RentalAgreement:
    """The contract that guests of a listing accept."""

    provider_id: Annotated[str | None, Doc("The agreement's id in the PMS.")] = None
    text: Annotated[str | None, Doc("Its text; may hold placeholders of the PMS such as {{guest_name}}.")] = None
    updated_at: Annotated[datetime | None, Doc("When the PMS last changed it, UTC.")] = None
    raw: Mapping[str, Any] | None = None


@dataclass(slots=True, kw_only=True)
class RateRule:
    """A rule of the PMS that changes prices or closes days."""

    provider_id: Annotated[str, Doc("The rule's id in the PMS.")]
    kind: Annotated[str | None, Doc("The PMS's own word for the kind of rule, for example early_booking.")] = None
    percentage: Annotated[Decimal | None, Doc("Change of the price in per cent, signed: discounts are negative.")] = (
        None
    )
    amount: Annotated[Money | None, Doc("Change of the price as an amount, signed.")] = None
    minimum_nights: Annotated[int | None, Doc("Fewest nights of the stays it is for.")] = None
    maximum_nights: Annotated[int | None, Doc("Most nights of the stays it is for.")] = None
    guests: Annotated[int | None, Doc("Guests above which, or for which, it holds.")] = None
    starts_on: Annotated[date | None, Doc("First day it holds; null where it always does.")] = None
    ends_on: Annotated[date | None, Doc("Last day it holds, as the PMS names it; null where it always does.")] = None
    details: Annotated[str | None, Doc("What else the PMS says about it, for people.")] = None


@dataclass(slots=True, kw_only=True)
class PricingSettings:
    """How a listing's prices are made."""

    length_of_stay_channels: Annotated[
        list[Channel] | None, Doc("Channels that get prices by length of stay; null if the PMS does not say.")
    ] = None
    rules: Annotated[list[RateRule] | None, Doc("Rules that change prices; null if the PMS has none to read.")] = None
    updated_at: Annotated[datetime | None, Doc("When the PMS last changed them, UTC.")] = None
    raw: Mapping[str, Any] | None = None


class PolicyEvent(Described):
    """What the time of a cancellation is counted from."""

    ARRIVAL = "ARRIVAL", "The arrival."
    BOOKING = "BOOKING", "The moment of booking."
    OTHER = "OTHER", "Something else; see providerEvent."


class RefundKind(Described):
    """What the number of a refund means."""

    PERCENTAGE = "PERCENTAGE", "A part in per cent; see refundPercentage and refundOf."
    AMOUNT = "AMOUNT", "An amount of money; see refundAmount."
    OTHER = "OTHER", "Something else; see providerRefundKind and refundValue."


@dataclass(slots=True, kw_only=True)
class CancellationPolicyItem:
    """One step of a cancellation policy: who cancels in time gets this back."""

    provider_id: Annotated[str | None, Doc("The step's id in the PMS.")] = None
    refund_kind: Annotated[
        RefundKind | None, Doc("What the number of the refund means; null if the PMS does not say.")
    ] = None
    provider_refund_kind: Annotated[str | None, Doc("The PMS's own word for that.")] = None
    refund_value: Annotated[Decimal | None, Doc("The number of the refund; refundKind says what it means.")] = None
    refund_percentage: Annotated[Decimal | None, Doc("Part of the price given back, in per cent.")] = None
    refund_amount: Annotated[Decimal | None, Doc("Amount given back, in the reservation's currency.")] = None
    refund_of: Annotated[str | None, Doc("What the percentage is taken of, in the PMS's own word.")] = None
    event: Annotated[PolicyEvent | None, Doc("What its time is counted from.")] = None
    provider_event: Annotated[str | None, Doc("The PMS's own word for that.")] = None
    seconds: Annotated[
        int | None, Doc("Latest moment of the cancellation, in seconds from the event; negative is before it.")
    ] = None


@dataclass(slots=True, kw_only=True)
class CancellationPolicy:
    """What a guest who cancels gets back."""

    provider_id: Annotated[str, Doc("The policy's id in the PMS; ids of different channels may be the same.")]
    channel: Annotated[Channel, Doc("The channel it is for; DIRECT for the business's own.")]
    name: Annotated[str | None, Doc("Its name.")] = None
    text: Annotated[str | None, Doc("Its text for guests.")] = None
    items: Annotated[list[CancellationPolicyItem] | None, Doc("Its steps; null if the PMS does not tell them.")] = None
    listing_id: str | None = None
    raw: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRef:
    """Names one of the account's cancellation policies: ids are unique within a channel only."""

    channel: Channel
    policy_id: str
