"""Intervals of nights as they are written, and what the end of one means.

Whether ``endDate`` is the last night or the day after it is not documented. An interval that ends on its own last night
changes no other night in either reading, but in the second it lacks its last one. So intervals are written that way
until an answer, or a look at the nights, has told the reading.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

Body = dict[str, Any]

MOST_INTERVALS = 200
"""Intervals of one call (Hostaway documentation, Calendar, update of several intervals)."""

_DAY = timedelta(days=1)


@dataclass(slots=True)
class IntervalEnd:
    """What the end of a written interval was found to mean. None: not known yet."""

    is_last_night: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Nights from ``first`` to ``last``, both included, and all that is written into them."""

    first: date
    last: date
    fields: Body

    @property
    def nights(self) -> list[date]:
        return [self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1)]

    def body(self, end: IntervalEnd) -> Body:
        last = self.last + _DAY if end.is_last_night is False else self.last
        return {"startDate": self.first.isoformat(), "endDate": last.isoformat(), **self.fields}


def intervals(bodies: Mapping[date, Body]) -> Iterator[Interval]:
    """The nights in as few intervals as they need: neighbours with the same fields are one. ``bodies`` are in order."""
    first: date | None = None
    last: date | None = None
    fields: Body = {}
    for night, body in bodies.items():
        if first is not None and last is not None and night == last + _DAY and body == fields:
            last = night
            continue
        if first is not None and last is not None:
            yield Interval(first=first, last=last, fields=fields)
        first = last = night
        fields = body
    if first is not None and last is not None:
        yield Interval(first=first, last=last, fields=fields)


def batches(all_of_them: Sequence[Interval]) -> Iterator[Sequence[Interval]]:
    """The intervals in parts that one call may hold."""
    for start in range(0, len(all_of_them), MOST_INTERVALS):
        yield all_of_them[start : start + MOST_INTERVALS]
