"""What a stay would cost, and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from annotated_doc import Doc

from providers.model.described import Described
from providers.model.money import Money
from providers.model.reservation import FinanceLineType


class PriceSource(Described):
    """Who worked a price out."""

    PMS = "PMS", "The PMS quoted it."
    COMPUTED = "COMPUTED", "StayGraph computed it from rates, fees and taxes; the PMS may differ."


class ComponentSource(Described):
    """Who put a component into a price."""

    PMS = "PMS", "It is part of the PMS's price, or of the one computed from the PMS's rates."
    ACCOUNT_TERMS = "ACCOUNT_TERMS", "StayGraph added it: a discount or markup that was chosen for the account."


@dataclass(slots=True, kw_only=True)
class PriceModification:
    """What one of an account's percentages changes about an amount."""

    percentage: Annotated[Decimal, Doc("The account's percentage: 10 is 10 %.")]
    value: Annotated[Decimal, Doc("What it adds, signed, in the amount's currency: a discount is negative.")]


@dataclass(slots=True, kw_only=True)
class PriceModifications:
    """What an account's terms change about what its PMS asks: the original and these values add up to what is shown.

    Each percentage is taken of the original, never of what another one left: their order does not matter, and each
    can be checked alone. Of a stay it is taken of its RENT less the PMS's own DISCOUNT; where the PMS names no RENT, of
    the part of the total that no component explains. Fees pay for services and taxes are owed to others, so both stay
    as the PMS worked them out. Values of a stay are rounded half up to the currency's smallest unit, each for itself.
    Rates (nights, base prices) are not rounded: the nights of a stay add up to its rent, but for half a smallest unit
    for each value.
    """

    default_discount: Annotated[PriceModification | None, Doc("The account's discount; null if it has none.")] = None
    markup: Annotated[PriceModification | None, Doc("The account's markup; null if it has none.")] = None
    distribution_markup: Annotated[
        PriceModification | None,
        Doc("The account's markup for other tenants; null if it has none, or the account is your own."),
    ] = None


@dataclass(slots=True, kw_only=True)
class PriceComponent:
    """One part of a price."""

    type: Annotated[FinanceLineType, Doc("What the part is for.")]
    provider_type: Annotated[str | None, Doc("The PMS's own word for the type.")] = None
    provider_id: Annotated[str | None, Doc("Id of the fee or tax setting behind it, in the PMS.")] = None
    name: Annotated[str | None, Doc("The PMS's machine name, for example cleaningFee.")] = None
    title: Annotated[str | None, Doc("Label for people.")] = None
    quantity: Annotated[Decimal | None, Doc("How many units it counts.")] = None
    amount: Annotated[Money, Doc("Amount of the part, signed: discounts are negative.")]
    included_in_total: Annotated[bool, Doc("True if the total counts it.")]
    mandatory: Annotated[bool | None, Doc("True if the guest cannot leave it out.")] = None
    quantity_selectable: Annotated[bool | None, Doc("True if the guest may take several.")] = None
    overridden: Annotated[bool, Doc("True if the amount was set by hand.")] = False
    deleted: Annotated[bool, Doc("True if it was struck out: it counts for nothing.")] = False
    source: Annotated[ComponentSource, Doc("Who put it into the price.")] = ComponentSource.PMS
    booked_with: Mapping[str, str] | None = None
    """What the plugin that quoted it has to see again when it is booked; nobody else reads it."""


@dataclass(slots=True, kw_only=True)
class PriceStep:
    """One step by which StayGraph computed a price."""

    text: Annotated[str, Doc("What was done, for people, for example: 3 nights from the calendar.")]
    amount: Annotated[Decimal, Doc("What the step added, signed, in the price's currency.")]


@dataclass(slots=True, kw_only=True)
class PriceDetails:
    """What one stay would cost now. A quote reserves nothing: ask again, with maxAge 0, before you book."""

    provider: Annotated[str, Doc("Code of the PMS the listing lives in.")]
    account_id: str
    listing_id: str
    arrival: Annotated[date, Doc("First night.")]
    departure: Annotated[date, Doc("Day of departure: not a night of the stay.")]
    nights: Annotated[int, Doc("Number of nights.")]
    adults: Annotated[int, Doc("Adults the price is for.")]
    children: Annotated[int, Doc("Children the price is for.")]
    bookable: Annotated[
        bool | None,
        Doc("False if the PMS will not sell this stay; null if its quote says nothing about availability."),
    ] = None
    total: Annotated[
        Money | None, Doc("What the guest would pay, by the account's terms; null if the stay is not for sale.")
    ] = None
    due_now: Annotated[
        Money | None,
        Doc("What is due when booking, where the PMS says; null where the account's terms change its total."),
    ] = None
    damage_deposit: Annotated[
        Money | None,
        Doc("Refundable deposit on top of the total; null where the total holds it: see DEPOSIT components."),
    ] = None
    components: Annotated[list[PriceComponent], Doc("What the total is made of.")]
    # These two are the gateway's: plugins leave them out.
    original_total: Money | None = None
    price_modifications: Annotated[
        PriceModifications | None, Doc("What the account's terms add; null if it has none, or there is no total.")
    ] = None
    source: Annotated[PriceSource, Doc("Who worked the price out, the account's terms apart.")]
    steps: Annotated[
        list[PriceStep] | None, Doc("How StayGraph computed it, in order; null for a quote of the PMS.")
    ] = None
    coupon: Annotated[str | None, Doc("The coupon that was applied.")] = None
    quoted_at: Annotated[datetime, Doc("When the PMS gave the price, UTC.")]
    raw: Mapping[str, Any] | None = None
