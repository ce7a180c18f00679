"""What a simulated listing charges besides its nights: discounts, extra guests, fees and taxes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from providers.hostaway.simulator.envelope import moment_text, number
from providers.hostaway.simulator.odd import MULTI_UNIT_LISTING, UNITS
from providers.simulation.portfolio import House, rounded


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee:
    """A fee setting. ``applied_per`` is a word of Hostaway's; ``percent`` amounts are of the base rate."""

    id: int
    type: str
    title: str | None
    applied_per: str
    amount: Decimal
    percent: bool
    mandatory: bool
    quantity_selectable: bool
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tax:
    """A tax setting: ``amount`` percent, or flat, of what ``apply_to`` names."""

    id: int
    type: str
    applied_per: str
    amount: Decimal
    percent: bool
    apply_to: tuple[str, ...]
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Discounts are multipliers (0.9: pay 90 %) or None. ``units`` is 1 but for multi-unit listings."""

    weekly: Decimal | None
    monthly: Decimal | None
    extra_person: Decimal
    fees: tuple[Fee, ...]
    taxes: tuple[Tax, ...]
    units: int


def terms(house: House, listing_id: int) -> Terms:
    """The terms of a listing: different from listing to listing, always the same for one."""
    return Terms(
        weekly=(Decimal("0.9"), Decimal("0.95"), None)[house.number % 3],
        monthly=(Decimal("0.8"), Decimal("0.71"), None)[house.number % 3],
        extra_person=rounded(house.nightly * 8 / 100, house.town.currency),
        fees=_fees(house, listing_id),
        taxes=_taxes(house, listing_id),
        units=UNITS if house.number == MULTI_UNIT_LISTING else 1,
    )


def _fees(house: House, listing_id: int) -> tuple[Fee, ...]:
    def flat(percent_of_night: int) -> Decimal:
        return rounded(house.nightly * percent_of_night / 100, house.town.currency)

    possible = (
        Fee(
            id=listing_id * 10 + 1,
            type="parkingFee",
            title="Parking",
            applied_per="night",
            amount=flat(7),
            percent=False,
            mandatory=False,
            quantity_selectable=False,
        ),
        Fee(
            id=listing_id * 10 + 2,
            type="linenPackageFee",
            title="Bed linen and towels",
            applied_per="person",
            amount=flat(9),
            percent=False,
            mandatory=house.number % 2 == 0,
            quantity_selectable=False,
        ),
        Fee(
            id=listing_id * 10 + 3,
            type="petFee",
            title=None,
            applied_per="reservation",
            amount=flat(20),
            percent=False,
            mandatory=False,
            quantity_selectable=True,
        ),
        Fee(
            id=listing_id * 10 + 4,
            type="serviceFee",
            title="Service",
            applied_per="base_rate",
            amount=Decimal(3),
            percent=True,
            mandatory=house.number % 4 == 1,
            quantity_selectable=False,
        ),
        Fee(
            id=listing_id * 10 + 5,
            type="tourismFee",
            title="Visitor's fee",
            applied_per="person_per_night",
            amount=flat(2),
            percent=False,
            mandatory=house.number % 5 == 0,
            quantity_selectable=False,
        ),
    )
    return tuple(
        replace(fee, created_at=house.created_at, updated_at=house.updated_at)
        for fee in possible[: 3 + house.number % 3]
    )


def _taxes(house: House, listing_id: int) -> tuple[Tax, ...]:
    if not house.town.tax_percent:
        return ()
    return (
        Tax(
            id=listing_id * 10 + 1,
            type="vat" if house.number % 2 else "cityTax",
            applied_per="reservation",
            amount=house.town.tax_percent,
            percent=True,
            apply_to=("baseRate", "cleaningFee") if house.number % 3 == 0 else ("baseRate",),
            created_at=house.created_at,
            updated_at=house.updated_at,
        ),
    )


def fee_record(fee: Fee, *, account_id: int, listing_id: int) -> dict[str, Any]:
    return {
        "id": fee.id,
        "accountId": account_id,
        "listingMapId": listing_id,
        "feeType": fee.type,
        "feeTitle": fee.title,
        "feeAppliedPer": fee.applied_per,
        "amount": number(fee.amount),
        "amountType": "percent" if fee.percent else "flat",
        "isMandatory": 1 if fee.mandatory else (0 if fee.id % 2 else None),
        "isQuantitySelectable": int(fee.quantity_selectable),
        "insertedOn": moment_text(fee.created_at),
        "updatedOn": moment_text(fee.updated_at),
    }


def tax_record(tax: Tax, ids: Mapping[str, int]) -> dict[str, Any]:
    """A tax setting. ``applyTo`` is a JSON text inside the JSON, as documented. ``ids``: whose it is."""
    return {
        "id": tax.id,
        **ids,
        "taxType": tax.type,
        "taxAppliedPer": tax.applied_per,
        "amount": number(tax.amount),
        "amountType": "percent" if tax.percent else "flat",
        "applyTo": json.dumps(list(tax.apply_to)),
        "insertedOn": moment_text(tax.created_at),
        "updatedOn": moment_text(tax.updated_at),
    }


def account_tax_record(account_id: int) -> dict[str, Any]:
    """A tax of the whole account: no listing, and a flat amount."""
    return {
        "id": account_id,
        "accountId": account_id,
        "taxType": "otherTaxes",
        "taxAppliedPer": "person_per_night",
        "amount": 1.5,
        "amountType": "flat",
        "applyTo": None,
        "insertedOn": "2025-01-01 00:00:00",
        "updatedOn": "2025-01-01 00:00:00",
    }
