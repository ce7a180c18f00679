"""Fees and taxes of rentals, as the catalogue of the account holds them (documentation, Fees and Taxes)."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from providers.bookingsync.simulator import ids
from providers.bookingsync.simulator.formats import decimal_text, instant
from providers.bookingsync.simulator.terms import FeeTerms, TaxTerms
from providers.bookingsync.simulator.units import Unit, account_wide_id
from providers.bookingsync.simulator.view import Fixed
from providers.simulation.portfolio import rounded

CLEANING, LINEN, SHUTTLE = range(3)
VALUE_ADDED_PERCENT = Decimal(10)


def fee_terms(unit: Unit) -> list[FeeTerms]:
    """The fees of a rental: cleaning is required, linen optional, and some had a shuttle once."""
    house = unit.house
    linen = rounded(house.nightly / 10, house.town.currency)
    terms = [FeeTerms(LINEN, "bed_linen", "Bed linen", linen, "fixed_per_person")]
    if house.cleaning_fee > 0:
        terms.insert(0, FeeTerms(CLEANING, "final_cleaning", "Cleaning", house.cleaning_fee, required=True))
    if house.number % 4 == 1:
        terms.append(FeeTerms(SHUTTLE, "airport_shuttle", "Shuttle", linen * 3, archived=True))
    return terms


def tax_terms(unit: Unit) -> list[TaxTerms]:
    """The taxes of a rental: the town's comes on top; a few have value added tax inside of their rates."""
    terms = []
    if unit.house.town.tax_percent > 0:
        percent = unit.house.town.tax_percent
        terms.append(TaxTerms(0, _tax_id(unit, percent), "Tourist tax", percent, included=False))
    if unit.house.number % 11 == 5:
        percent = VALUE_ADDED_PERCENT
        terms.append(TaxTerms(1, _tax_id(unit, percent, 1), "VAT", percent, included=True))
    return terms


def current_fees(unit: Unit) -> list[FeeTerms]:
    """The fees of a rental as they are now."""
    return fee_terms(unit) if unit.fees is None else unit.fees


def current_taxes(unit: Unit) -> list[TaxTerms]:
    """The taxes of a rental as they are now."""
    return tax_terms(unit) if unit.taxes is None else unit.taxes


def applied_fee_id(unit: Unit, terms: FeeTerms) -> int:
    """The id of a fee as it applies to its rental."""
    return rental_fee_id(unit, terms.part) if terms.rentals_fee_id is None else terms.rentals_fee_id


def applied_tax_id(unit: Unit, terms: TaxTerms) -> int:
    """The id of a tax as it applies to its rental."""
    return unit.part_id(ids.RENTALS_TAXES, terms.part) if terms.rentals_tax_id is None else terms.rentals_tax_id


def fee_id(unit: Unit, part: int) -> int:
    return unit.part_id(ids.FEES, part)


def rental_fee_id(unit: Unit, part: int) -> int:
    return unit.part_id(ids.RENTALS_FEES, part)


def fees_tax_ids(unit: Unit, part: int) -> tuple[int, int]:
    """The id of the tax on a fee, and of the fee."""
    return unit.part_id(ids.FEES_TAXES, part), fee_id(unit, part)


def rental_fee_ids(unit: Unit) -> list[int]:
    """The ids of a rental's fees, as its links name them."""
    return [rental_fee_id(unit, terms.part) for terms in fee_terms(unit)]


def fees(unit: Unit) -> Iterator[Fixed]:
    """The entries of the account's catalogue that were made for a rental."""
    for terms in fee_terms(unit):
        record = {
            "links": {"account": unit.account_id},
            "id": fee_id(unit, terms.part),
            "kind": terms.kind,
            "name": {"en": terms.name},
            "headline": {},
            "rate": decimal_text(terms.rate),
            "rate_kind": terms.rate_kind,
            "maximum_possible_rate": None,
            "currency": unit.currency,
            "original_currency": unit.currency,
            "exchange_rate": "1.0",
            "downpayment_percentage": "0.0",
            "notes": None,
            **_times(unit, archived=terms.archived),
        }
        yield Fixed(fee_id(unit, terms.part), unit, unit.house.updated_at, record)


def rentals_fees(unit: Unit) -> Iterator[Fixed]:
    """How the fees apply to a rental."""
    for terms in fee_terms(unit):
        ident = rental_fee_id(unit, terms.part)
        record = {
            "links": {"rental": unit.id, "fee": fee_id(unit, terms.part), "seasons": []},
            "id": ident,
            "always_applied": True,
            "required": terms.required,
            "public": not terms.archived,
            "maximum_bookable": 1 if terms.required else None,
            "name": {"en": terms.name},
            "rate": decimal_text(terms.rate),
            "rate_kind": terms.rate_kind,
            "start_date": None,
            "end_date": None,
            **_times(unit, archived=terms.archived),
        }
        yield Fixed(ident, unit, unit.house.updated_at, record)


def taxes(units: Sequence[Unit], made_at: datetime) -> Iterator[Fixed]:
    """The taxes that an account's rentals pay, each once."""
    distinct = {terms.tax_id: (terms, unit) for unit in units for terms in tax_terms(unit)}
    for terms, unit in distinct.values():
        record = {
            "links": {"account": unit.account_id},
            "id": terms.tax_id,
            "name": {"en": terms.name},
            "percentage": decimal_text(terms.percentage),
            "start_date": None,
            "end_date": None,
            "notes": "",
            "created_at": instant(made_at),
            "updated_at": instant(made_at),
        }
        yield Fixed(terms.tax_id, None, made_at, record, frozenset({"notes"}), "rates_read")


def rentals_taxes(unit: Unit) -> Iterator[Fixed]:
    """Which taxes are due on a rental's rent."""
    for terms in tax_terms(unit):
        ident = unit.part_id(ids.RENTALS_TAXES, terms.part)
        record = {
            "links": {"rental": unit.id, "tax": terms.tax_id},
            "id": ident,
            "tax_included_in_rate": terms.included,
            "created_at": instant(unit.house.created_at),
            "updated_at": instant(unit.house.updated_at),
        }
        yield Fixed(ident, unit, unit.house.updated_at, record)


def _tax_id(unit: Unit, percent: Decimal, kind: int = 0) -> int:
    """One tax for each percentage of each kind in an account."""
    return account_wide_id(ids.TAXES, unit.account, int(percent * 100) * 2 + kind)


def _times(unit: Unit, *, archived: bool) -> dict[str, str | None]:
    updated = instant(unit.house.updated_at)
    return {
        "archived_at": updated if archived else None,
        "created_at": instant(unit.house.created_at),
        "updated_at": updated,
    }
