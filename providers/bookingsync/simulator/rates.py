"""The public summary of rates: one row for each month to come (documentation, Rates)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from providers.bookingsync.simulator import ids
from providers.bookingsync.simulator.formats import decimal_text, instant
from providers.bookingsync.simulator.units import Unit
from providers.bookingsync.simulator.view import Record, View
from providers.simulation.portfolio import rounded

ROWS = 12


def rate_ids(unit: Unit) -> list[int]:
    """The ids of a rental's rows; a draft has none."""
    return [] if unit.draft else [unit.part_id(ids.RATES, number) for number in range(ROWS)]


@dataclass(frozen=True, slots=True)
class RateRow:
    """The mean rates of a rental from ``start`` up to, and not including, ``end``."""

    id: int
    unit: Unit
    start: date
    end: date

    def changed_at(self, now: datetime) -> datetime:
        return self.unit.house.updated_at

    def record(self, view: View) -> Record:
        nights = (self.end - self.start).days
        total = sum((self.unit.rate(self.start + timedelta(days=night)) for night in range(nights)), Decimal(0))
        prices = {
            length: decimal_text(rounded(total * count / nights, self.unit.house.town.currency))
            for length, count in (("nightly", 1), ("weekly", 7), ("monthly", 30))
        }
        last = self.end - timedelta(days=1) if view.readings.rates_end_inclusive else self.end
        return {
            "links": {"rental": self.unit.id},
            "id": self.id,
            "currency": self.unit.currency,
            "start_date": self.start.isoformat(),
            "end_date": last.isoformat(),
            **{f"initial_{length}_rate": price for length, price in prices.items()},
            **{f"final_{length}_rate": price for length, price in prices.items()},
            "minimum_stay": self.unit.house.minimum_nights,
            "created_at": instant(self.unit.house.created_at),
            "updated_at": instant(self.unit.house.updated_at),
        }


def rate_rows(unit: Unit, today: date) -> Iterator[RateRow]:
    """A rental's rows, from ``today`` on."""
    start = today
    for ident in rate_ids(unit):
        end = (start.replace(day=1) + timedelta(days=32)).replace(day=1)
        yield RateRow(ident, unit, start, end)
        start = end
