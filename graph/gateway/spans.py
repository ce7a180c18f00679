"""What is known of one listing's days: pieced together from several reads, each with its own age."""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from providers.model import Calendar, CalendarDay
from providers.queries import Days

MAX_DAYS = 1_200
"""Days kept of one listing; beyond it the oldest reads are dropped."""

LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Span:
    """Days that were read together: ``start`` included, ``end`` excluded; ``outdated`` once a change touched them."""

    start: date
    end: date
    fetched_at: datetime
    days: tuple[CalendarDay, ...]
    outdated: bool = False

    @property
    def good_since(self) -> datetime:
        """When they were read, as far as that makes them an answer: outdated ones are none, however new."""
        return LONG_AGO if self.outdated else self.fetched_at

    def cut(self, start: date, end: date) -> "Span":
        """The part of the span from ``start`` up to ``end``."""
        start, end = max(start, self.start), min(end, self.end)
        first = (start - self.start).days
        return replace(self, start=start, end=end, days=self.days[first : first + (end - start).days])


@dataclass(frozen=True, slots=True)
class KnownDays:
    """A listing's known days as spans that do not overlap, in order. Never changed: a read makes a new one."""

    frame: Calendar
    spans: tuple[Span, ...]

    @classmethod
    def of(cls, calendar: Calendar, fetched_at: datetime) -> "KnownDays":
        """What one read tells."""
        span = Span(calendar.start, calendar.end, fetched_at, tuple(calendar.days))
        return cls(replace(calendar, days=[]), (span,))

    def joined(self, newer: "KnownDays") -> "KnownDays":
        """Both together; where they overlap, ``newer`` holds."""
        (added,) = newer.spans
        kept = [part for span in self.spans for part in _around(span, added)]
        spans = _bounded([*kept, added])
        return KnownDays(newer.frame, tuple(sorted(spans, key=lambda span: span.start)))

    def filled(self, outdated: "KnownDays") -> "KnownDays":
        """Both together; ``outdated``, which is no answer, holds only where nothing is known."""
        both = outdated
        for span in self.spans:
            both = both.joined(KnownDays(self.frame, (span,)))
        return both

    def outdated(self) -> "KnownDays":
        """The same days, from before a change."""
        return replace(self, spans=tuple(replace(span, outdated=True) for span in self.spans))

    def reservation_ids(self) -> set[str]:
        """The ids of all reservations that the days name."""
        return {stay.provider_id for span in self.spans for day in span.days for stay in day.reservations or ()}

    def missing(self, days: Days, accepts: Callable[[datetime], bool]) -> Days | None:
        """The smallest range that holds every day of ``days`` that is unknown or too old; None if there is none."""
        good = [span for span in self.spans if accepts(span.good_since) and span.end > days.start]
        start = days.start
        for span in good:
            if span.start <= start < span.end:
                start = span.end
        end = days.end
        for span in reversed(good):
            if span.start < end <= span.end:
                end = span.start
        return Days(start, end) if start < end else None

    def read_at(self, days: Days) -> datetime | None:
        """When the oldest of ``days`` was read (aware UTC); None if one of them is unknown."""
        if self.missing(days, lambda _: True):
            return None
        return min(span.fetched_at for span in self.spans if _touches(span, days))

    def calendar(self, days: Days) -> tuple[Calendar, datetime]:
        """The calendar of ``days``, all of which are known, and the age of its oldest part."""
        first = max(bisect_left(self.spans, days.start, key=lambda span: span.end), 0)
        parts = [span.cut(days.start, days.end) for span in self.spans[first:] if _touches(span, days)]
        known = [day for part in parts for day in part.days]
        calendar = replace(self.frame, start=days.start, end=days.end, days=known)
        return calendar, min(part.fetched_at for part in parts)


def _touches(span: Span, days: Days) -> bool:
    return span.start < days.end and span.end > days.start


def _around(span: Span, added: Span) -> list[Span]:
    """What is left of ``span`` outside ``added``."""
    parts = [span.cut(span.start, min(span.end, added.start)), span.cut(max(span.start, added.end), span.end)]
    return [part for part in parts if part.start < part.end]


def _bounded(spans: list[Span]) -> list[Span]:
    newest_first = sorted(spans, key=lambda span: span.fetched_at, reverse=True)
    kept: list[Span] = []
    room = timedelta(days=MAX_DAYS)
    for span in newest_first:
        room -= span.end - span.start
        if kept and room < timedelta():
            break
        kept.append(span)
    return kept
