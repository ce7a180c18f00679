"""Inputs of writes to the parts of listings, and to cancellation policies."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated

from annotated_doc import Doc

from providers.changes.omitted import OMITTED, Omitted
from providers.model.parts import ChargedPer, PolicyEvent, RefundKind
from providers.model.vocabulary import Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeChange:
    """What to change about a fee setting. What is left out stays as it is."""

    name: Annotated[str | Omitted, Doc("The PMS's own word for the kind of fee, for example petFee.")] = OMITTED
    title: Annotated[str | Omitted | None, Doc("Label for people.")] = OMITTED
    amount: Annotated[Decimal | Omitted, Doc("Amount of one unit, in the listing's currency; or a percentage.")] = (
        OMITTED
    )
    percentage: Annotated[Decimal | Omitted, Doc("Percentage (10 is 10 %); or an amount.")] = OMITTED
    charged_per: Annotated[ChargedPer | Omitted, Doc("What it is charged for.")] = OMITTED
    provider_charged_per: Annotated[str | Omitted, Doc("The PMS's own word for that; instead of chargedPer.")] = OMITTED
    mandatory: Annotated[bool | Omitted, Doc("Whether every stay pays it.")] = OMITTED
    quantity_selectable: Annotated[bool | Omitted, Doc("Whether guests may take several.")] = OMITTED
    max_quantity: Annotated[int | Omitted | None, Doc("Most that guests may take; null: no limit.")] = OMITTED
    starts_on: Annotated[date | Omitted | None, Doc("First day it holds; null: it always does.")] = OMITTED
    ends_on: Annotated[date | Omitted | None, Doc("Last day it holds, as the PMS names it; null: it always does.")] = (
        OMITTED
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeDraft(FeeChange):
    """A fee setting to make."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxChange:
    """What to change about a tax setting. What is left out stays as it is."""

    name: Annotated[str | Omitted, Doc("The PMS's own word for the kind of tax.")] = OMITTED
    title: Annotated[str | Omitted | None, Doc("Label for people.")] = OMITTED
    amount: Annotated[Decimal | Omitted, Doc("Amount of one unit, in the listing's currency; or a percentage.")] = (
        OMITTED
    )
    percentage: Annotated[Decimal | Omitted, Doc("Percentage (10 is 10 %); or an amount.")] = OMITTED
    charged_per: Annotated[ChargedPer | Omitted, Doc("What it is charged for.")] = OMITTED
    included_in_price: Annotated[bool | Omitted, Doc("Whether prices hold it already.")] = OMITTED


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxDraft(TaxChange):
    """A tax setting to make."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementChange:
    """The contract that guests of a listing accept."""

    text: Annotated[str, Doc("Its text; may hold placeholders of the PMS such as {{guest_name}}.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class PricingSettingsChange:
    """How a listing's prices are made."""

    length_of_stay_channels: Annotated[
        Sequence[Channel] | Omitted, Doc("Channels that get prices by length of stay: the whole list.")
    ] = OMITTED


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyItemDraft:
    """One step of a cancellation policy: who cancels in time gets this back."""

    refund_kind: Annotated[RefundKind, Doc("What the number means: PERCENTAGE or AMOUNT.")]
    refund_value: Annotated[Decimal, Doc("The number: 0 to 100 per cent, or an amount of 0 or more.")]
    event: Annotated[PolicyEvent, Doc("What its time is counted from: ARRIVAL or BOOKING.")]
    seconds: Annotated[int, Doc("Latest moment of the cancellation, in seconds from the event; negative is before.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class CancellationPolicyDraft:
    """A cancellation policy of the business's own, whole: its steps replace those that were there."""

    name: Annotated[str, Doc("Its name.")]
    items: Annotated[Sequence[PolicyItemDraft], Doc("Its steps, 1 or more.")]
