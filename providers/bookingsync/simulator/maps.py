"""The maps of 1096 days: availability, change-overs, nightly rates (documentation, Availabilities and others)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from operator import add

from providers.bookingsync.simulator import ids
from providers.bookingsync.simulator.formats import flag_option, instant, short_decimal, time_option
from providers.bookingsync.simulator.stays import AnyBooking, marks
from providers.bookingsync.simulator.units import MAP_DAYS, Unit
from providers.bookingsync.simulator.view import Record, View

SATURDAY = 5
CHANGE_OVER = {"00": "C", "10": "I", "01": "O", "11": "X"}
"""The letter of a day, by whether the night before it and its own night are taken."""

TAKEN = str.maketrans("123", "111")
HOLDS_FREE = str.maketrans("123", "101")


def month_start(now: datetime) -> date:
    return now.date().replace(day=1)


@dataclass(frozen=True, slots=True)
class Availability:
    """Which nights of a rental are taken. It knows bookings only: neither rates nor rules."""

    unit: Unit
    bookings: Sequence[AnyBooking]

    @property
    def id(self) -> int:
        return self.unit.own_id(ids.AVAILABILITIES)

    def changed_at(self, now: datetime) -> datetime:
        return _changed_at(self.unit, self.bookings, now)

    def record(self, view: View) -> Record:
        start = _start(view)
        shown = marks(self.bookings, start.toordinal(), MAP_DAYS, view.now)
        if not flag_option(view.options, "include_tentative", default=True):
            shown = shown.replace("2", "0")
        if flag_option(view.options, "priced_only", default=False):
            shown = _closed_where_unpriced(self.unit, shown, start)
        if flag_option(view.options, "boolean", default=False):
            shown = shown.replace("2", "1").replace("3", "1")
        return {
            "links": {"rental": self.unit.id},
            "id": self.id,
            "map": shown,
            "start_date": start.isoformat(),
            "updated_at": instant(self.changed_at(view.now)),
        }


@dataclass(frozen=True, slots=True)
class ChangeOver:
    """On which days guests may come and go: as bookings leave it, and as the rental's rules allow."""

    unit: Unit
    bookings: Sequence[AnyBooking]

    @property
    def id(self) -> int:
        return self.unit.own_id(ids.CHANGE_OVERS)

    def changed_at(self, now: datetime) -> datetime:
        return _changed_at(self.unit, self.bookings, now)

    def record(self, view: View) -> Record:
        start = month_start(view.now)
        # The first day's departures depend on the night before it.
        nights = marks(self.bookings, start.toordinal() - 1, MAP_DAYS + 1, view.now)
        before = HOLDS_FREE if view.readings.tentative_night_allows_check_out else TAKEN
        pairs = map(add, nights.translate(before), nights[1:].translate(TAKEN))
        letters = [CHANGE_OVER[pair] for pair in pairs]
        if self.unit.saturdays:
            saturday = (SATURDAY - start.weekday()) % 7
            letters = [letter if day % 7 == saturday else "X" for day, letter in enumerate(letters)]
        return {
            "links": {"rental": self.unit.id},
            "id": self.id,
            "map": "".join(letters),
            "start_date": start.isoformat(),
            "updated_at": instant(self.changed_at(view.now)),
        }


@dataclass(slots=True)
class NightlyRateMap:
    """What each night costs and how long one must stay from it. ``started``: when outside programs wrote theirs."""

    unit: Unit
    started: date
    _drawn: tuple[date, str, str] | None = field(default=None, repr=False)
    _written_at: datetime | None = None

    @property
    def id(self) -> int:
        return self.unit.own_id(ids.NIGHTLY_RATE_MAPS)

    def redraw(self, at: datetime) -> None:
        """Something was written ``at``."""
        self._drawn = None
        self._written_at = at

    def changed_at(self, now: datetime) -> datetime:
        if self._written_at is not None and self.unit.external_rates:
            return self._written_at
        if self.unit.external_rates:
            return self.unit.house.updated_at
        return datetime.combine(now.date(), time(), UTC)

    def record(self, view: View) -> Record:
        start, rates, stays = self._maps(view.now.date())
        return {
            "links": {"rental": self.unit.id},
            "id": self.id,
            "rates_map": rates,
            "minimum_stays_map": stays,
            "start_date": start.isoformat(),
            "updated_at": instant(self.changed_at(view.now)),
        }

    def _maps(self, today: date) -> tuple[date, str, str]:
        start = self.unit.rates_from(today, self.started)
        if self._drawn is None or self._drawn[0] != start:
            nights = [start + timedelta(days=day) for day in range(MAP_DAYS)]
            rates = ",".join(short_decimal(self.unit.rate(night)) for night in nights)
            stays = ",".join(str(self.unit.minimum_stay(night)) for night in nights)
            self._drawn = (start, rates, stays)
        return self._drawn


def _start(view: View) -> date:
    """The first day that the map shows."""
    asked = time_option(view.options, "from")
    if asked is None or not view.readings.availability_starts_at_from:
        return month_start(view.now)
    return asked.date()


def _closed_where_unpriced(unit: Unit, shown: str, first: date) -> str:
    return "".join(
        "3" if mark == "0" and unit.rate(first + timedelta(days=day)) == 0 else mark for day, mark in enumerate(shown)
    )


def _changed_at(unit: Unit, bookings: Sequence[AnyBooking], now: datetime) -> datetime:
    """Rebuilt at the beginning of each month and whenever a booking changes."""
    rebuilt = datetime.combine(month_start(now), time(), UTC)
    return max([rebuilt, *(booking.changed_at(now) for booking in bookings)])
