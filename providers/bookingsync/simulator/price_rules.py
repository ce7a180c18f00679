"""Rates tables with their rules, special offers, and conditions of taxes (documentation, pages of those names)."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from providers.bookingsync.simulator import ids
from providers.bookingsync.simulator.fees import fee_terms, fees_tax_ids, tax_terms
from providers.bookingsync.simulator.formats import instant
from providers.bookingsync.simulator.units import Unit
from providers.bookingsync.simulator.view import Fixed, Record
from providers.simulation.portfolio import rounded

LONG_STAY_NIGHTS = 28
LONG_STAY_PERCENT = Decimal(-10)
TAXED_NIGHTS = 90
"""Longer stays do not pay the taxes that come on top."""
SATURDAY = 6


def has_long_stay_rule(unit: Unit) -> bool:
    return unit.house.number % 3 == 1


def long_stay_change(unit: Unit, rent: Decimal, nights: int) -> Decimal:
    """What the rule for long stays changes in a rent; zero where it does not hold."""
    if not has_long_stay_rule(unit) or nights < LONG_STAY_NIGHTS:
        return Decimal(0)
    return rounded(rent * LONG_STAY_PERCENT / 100, unit.house.town.currency)


def rule_ids(unit: Unit) -> list[int]:
    return [ident for ident, _ in _rules(unit)]


def offer_ids(unit: Unit) -> list[int]:
    """Every ninth rental had an offer once."""
    return [unit.part_id(ids.SPECIAL_OFFERS, 0)] if unit.house.number % 9 == 2 else []


def rates_tables(unit: Unit) -> Iterator[Fixed]:
    """A rental's own rates table."""
    ident = unit.own_id(ids.RATES_TABLES)
    record = {
        "links": {"seasons": [], "rates_rules": rule_ids(unit), "periods": [], "rentals": [unit.id]},
        "id": ident,
        "name": f"Rates {unit.house.number}",
        "shared": False,
        **_times(unit),
    }
    yield Fixed(ident, unit, unit.house.updated_at, record)


def rates_rules(unit: Unit) -> Iterator[Fixed]:
    """The rules of a rental's rates table."""
    for ident, attributes in _rules(unit):
        record = {
            "links": {"rates_table": unit.own_id(ids.RATES_TABLES), "seasons": []},
            "id": ident,
            "start_date": None,
            "end_date": None,
            "always_applied": True,
            "period_name": None,
            "fixed_amount": None,
            **attributes,
            **_times(unit),
        }
        yield Fixed(ident, unit, unit.house.updated_at, record)


def _rules(unit: Unit) -> list[tuple[int, Record]]:
    found: list[tuple[int, Record]] = []
    if has_long_stay_rule(unit):
        # Numbers in variables may be text.
        variables = {"length": str(LONG_STAY_NIGHTS), "unit": "days"}
        found.append(
            (
                unit.part_id(ids.RATES_RULES, 0),
                {"kind": "stay_at_least", "percentage": str(LONG_STAY_PERCENT), "variables": variables},
            )
        )
    if unit.saturdays:
        for part, kind in ((1, "arrival_only"), (2, "departure_only")):
            rule = {"kind": kind, "percentage": None, "variables": {"days": [SATURDAY]}}
            found.append((unit.part_id(ids.RATES_RULES, part), rule))
    return found


def special_offers(unit: Unit, today: date) -> Iterator[Fixed]:
    """Offers of the past: they change no price any more."""
    for ident in offer_ids(unit):
        record = {
            "links": {"rental": unit.id},
            "id": ident,
            "name": {"en": "Early summer"},
            "start_date": (today - timedelta(days=90)).isoformat(),
            "end_date": (today - timedelta(days=60)).isoformat(),
            "discount": 12.5,
            **_times(unit),
        }
        yield Fixed(ident, unit, unit.house.updated_at, record)


def tax_rules(units: Sequence[Unit], made_at: datetime) -> Iterator[Fixed]:
    """Taxes that come on top are for shorter stays only. The records have no links, as in the documentation."""
    distinct = {terms.tax_id: terms for unit in units for terms in tax_terms(unit) if not terms.included}
    for tax_id in distinct:
        ident = ids.TAX_RULES + tax_id - ids.TAXES
        record = {
            "id": ident,
            "comparator": "<=",
            "compared_attribute": "length_of_stay",
            "value": str(TAXED_NIGHTS),
            "ruleable_type": "Tax",
            "ruleable_id": tax_id,
        }
        yield Fixed(ident, None, made_at, record)


def fees_taxes(unit: Unit) -> Iterator[Fixed]:
    """Where the rent holds value added tax, its required fees hold it too."""
    included = [terms for terms in tax_terms(unit) if terms.included]
    required = [terms for terms in fee_terms(unit) if terms.required]
    for tax, fee in ((tax, fee) for tax in included for fee in required):
        ident, fee_id = fees_tax_ids(unit, fee.part)
        record = {
            "links": {"fee": fee_id, "tax": tax.tax_id},
            "id": ident,
            "tax_included_in_rate": True,
            **_times(unit),
        }
        yield Fixed(ident, unit, unit.house.updated_at, record)


def _times(unit: Unit) -> Record:
    return {"created_at": instant(unit.house.created_at), "updated_at": instant(unit.house.updated_at)}
