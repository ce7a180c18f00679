"""What is wanted of each night of a rental, and the map that says it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from providers.bookingsync.wire import NightlyRateMap
from providers.changes import CalendarChange, ChangeRefused, Problem, ProblemKind, or_none
from providers.wire import OddValue
from providers.wire.values import read_decimal

MAP_DAYS = 1096
"""Days of a map, from yesterday (UTC) on (BookingSync documentation, Nightly rate maps)."""

_DAY = timedelta(days=1)
_UNKNOWN = {
    "maximum_stay": "BookingSync keeps no longest stay of a night.",
    "closed_to_arrival": "BookingSync rules arrivals by rates rules, not by nights.",
    "closed_to_departure": "BookingSync rules departures by rates rules, not by nights.",
    "units_to_sell": "A rental of BookingSync is one unit: use available.",
}
_NOTE_OF_BLOCK = "BookingSync keeps notes of blocks alone: use it with available: false."


@dataclass(slots=True)
class NightWish:
    """What is wanted of one night; None stays as it is."""

    available: bool | None = None
    note: str | None = None
    price: Decimal | None = None
    minimum_stay: int | None = None

    @property
    def is_priced(self) -> bool:
        return self.price is not None or self.minimum_stay is not None


def night_wishes(changes: Sequence[CalendarChange]) -> dict[date, NightWish]:
    """The wishes for each night, in order; where changes overlap, later ones win. Raises ``ChangeRefused``."""
    problems = [problem for index, change in enumerate(changes) for problem in _wrong(change, index)]
    if problems:
        raise ChangeRefused(*problems)
    nights: dict[date, NightWish] = {}
    for change in changes:
        for number in range((change.end - change.start).days):
            wish = nights.setdefault(change.start + _DAY * number, NightWish())
            _merge(wish, change)
    return dict(sorted(nights.items()))


def _merge(wish: NightWish, change: CalendarChange) -> None:
    available = or_none(change.available)
    if available is not None:
        wish.available, wish.note = available, or_none(change.note)
    price, stay = or_none(change.price), or_none(change.minimum_stay)
    wish.price = wish.price if price is None else price
    wish.minimum_stay = wish.minimum_stay if stay is None else stay


def _wrong(change: CalendarChange, index: int) -> list[Problem]:
    found = [
        Problem(kind=ProblemKind.NOT_SUPPORTED, message=said, field=(index, name))
        for name, said in _UNKNOWN.items()
        if or_none(getattr(change, name)) is not None
    ]
    if or_none(change.note) is not None and change.available is not False:
        found.append(Problem(kind=ProblemKind.NOT_SUPPORTED, message=_NOTE_OF_BLOCK, field=(index, "note")))
    if change.end <= change.start:
        found.append(_out_of_range(index, "end", "a day after start"))
    price, stay = or_none(change.price), or_none(change.minimum_stay)
    if price is not None and price <= 0:
        found.append(_out_of_range(index, "price", "more than 0"))
    if stay is not None and stay < 1:
        found.append(_out_of_range(index, "minimum_stay", "1 or more"))
    return found


def _out_of_range(index: int, field: str, allowed: str) -> Problem:
    return Problem(
        kind=ProblemKind.OUT_OF_RANGE, message=f"It must be {allowed}.", field=(index, field), allowed=allowed
    )


def check_within(priced: Mapping[date, NightWish], today: date) -> None:
    """Raises ``ChangeRefused`` for nights that no map can hold. ``today`` is UTC's."""
    first, last = today - _DAY, today + _DAY * (MAP_DAYS - 2)
    if any(not first <= night <= last for night in priced):
        allowed = f"nights from {first} to {last}"
        said = f"BookingSync holds prices and rules of {allowed}."
        raise ChangeRefused(Problem(kind=ProblemKind.OUT_OF_RANGE, message=said, allowed=allowed))


def is_whole(priced: Mapping[date, NightWish]) -> bool:
    """Whether each night from the first to the last has its price and its minimum stay."""
    known = all(wish.price is not None and wish.minimum_stay is not None for wish in priced.values())
    return known and all(after - before == _DAY for before, after in pairwise(priced))


def written_map(priced: Mapping[date, NightWish], present: NightlyRateMap | None, today: date) -> dict[str, Any]:
    """The part of the map to send: both lists, of the same length.

    It holds the nights that change, and where the present map is known all from yesterday (UTC) to there with what they
    have: that fills gaps, and whatever day BookingSync lets its map begin at afterwards, no coming night is lost.
    """
    first, last = min(priced), max(priced)
    begins = first
    rates, stays = {}, {}
    if present is not None and present.start_date is not None:
        begins = min(first, max(today - _DAY, present.start_date))
        rates = _values(present.rates_map, present.start_date)
        stays = _values(present.minimum_stays_map, present.start_date)
    nights = [begins + _DAY * number for number in range((last - begins).days + 1)]
    nothing = NightWish()
    return {
        "start_date": begins.isoformat(),
        "rates_map": ",".join(
            f"{price:f}" if (price := priced.get(night, nothing).price) is not None else rates.get(night, "0")
            for night in nights
        ),
        "minimum_stays_map": ",".join(
            str(stay) if (stay := priced.get(night, nothing).minimum_stay) is not None else stays.get(night, "1")
            for night in nights
        ),
    }


def _values(text: str | None, start: date) -> dict[date, str]:
    """The values of a map by night, in BookingSync's own digits; those that are none are left out."""
    found = {}
    for number, value in enumerate((text or "").split(",")):
        try:
            known = read_decimal(value.strip())
        except OddValue:
            continue
        if known is not None:
            found[start + _DAY * number] = value.strip()
    return found
