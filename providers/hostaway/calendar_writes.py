"""The writes of calendars of a Hostaway account."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from providers.changes import CalendarChange, ChangeRefused, Problem, ProblemKind, Written, refused
from providers.contract import ProviderClient
from providers.errors import NotFound, ProviderError, UpstreamInvalid, UpstreamRefused
from providers.hostaway.calendar import LONGEST_READ, calendar_parameters
from providers.hostaway.envelope import read_list
from providers.hostaway.intervals import Interval, IntervalEnd, batches, intervals
from providers.hostaway.nights import (
    Night,
    body_of,
    check_units,
    is_as_wanted,
    named,
    nights_of,
    stretches,
    wanted_nights,
)
from providers.hostaway.paging import is_id
from providers.hostaway.reading import LISTINGS, Reader
from providers.hostaway.sending import Attempt, refusal, send
from providers.upstream.calls import Call

Wanted = Mapping[date, Mapping[str, Any]]

_ROUNDS = 2
"""How often the nights are written: once more where the first time taught what the end of an interval means."""


class CalendarWrites(ProviderClient):
    """Changing the nights of listings."""

    _reader: Reader
    _interval_end: IntervalEnd

    async def change_calendar(self, listing_id: str, changes: Sequence[CalendarChange]) -> Written[None]:
        """One read for each 365 days, then one call for each 200 intervals.

        Neighbouring nights of which the same is wanted are one interval. The first change of an account takes one read
        more, by which the meaning of an interval's end is learned.
        """
        wanted = wanted_nights(changes)
        if not is_id(listing_id):
            raise refused(ProblemKind.NOT_FOUND, "Hostaway has no such listing.")
        if not wanted:
            return Written(id=listing_id)
        change = _Change(self._reader, listing_id, wanted, self._interval_end, changes)
        await change.make()
        return Written(id=listing_id, warnings=change.warnings)


class _Change:
    """One change of the nights of one listing."""

    def __init__(
        self,
        reader: Reader,
        listing_id: str,
        wanted: Wanted,
        end: IntervalEnd,
        changes: Sequence[CalendarChange],
    ) -> None:
        self._reader = reader
        self._path = f"{LISTINGS}/{listing_id}"
        self._listing_id = listing_id
        self._wanted = wanted
        self._end = end
        self._changes = changes
        self._before: Mapping[date, Night] = {}
        self._reads_hold_their_end = True
        self.warnings: list[str] = []

    async def make(self) -> None:
        """Read the nights, write them, and look again where it is not sure that all of it was done.

        Raises ``ChangeRefused`` where nothing was changed, ``ProviderError`` where something was, or may have been.
        """
        try:
            self._before = await self._nights()
        except NotFound:
            raise refused(ProblemKind.NOT_FOUND, "Hostaway has no such listing.") from None
        self._check()
        bodies = {night: body_of(self._before[night], self._wanted[night]) for night in self._wanted}
        await self._make(list(intervals(bodies)))
        held = [night for night, fields in self._wanted.items() if fields.get("available") and self._is_held(night)]
        if held:
            self.warnings.append(f"Reservations hold these nights, which stay taken: {named(held)}.")

    async def _make(self, whole: Sequence[Interval]) -> None:
        pending = whole
        for _ in range(_ROUNDS):
            known = self._end.is_last_night
            error = await self._write(pending, first=pending is whole)
            if error is None and self._is_sure(known):
                return
            after = await self._nights_again(error)
            if after is None:
                return
            missing = {night for night, fields in self._wanted.items() if not is_as_wanted(after[night], fields)}
            learned = known is None and await self._learn(pending, after, missing, error)
            if not missing:
                return
            if not learned:
                await self._report(error, after, missing)
                return
            pending = [each for each in whole if not missing.isdisjoint(each.nights)]

    def _is_sure(self, known: bool | None) -> bool:
        """Whether a success is one: the end of intervals was understood, or the answer showed the last night."""
        return known is not None or self._end.is_last_night is True

    def _check(self) -> None:
        untold = [night for night in self._wanted if night not in self._before]
        if untold:
            message = f"Hostaway's calendar does not tell of these nights: {named(untold)}."
            raise ChangeRefused(Problem(kind=ProblemKind.OUT_OF_RANGE, message=message))
        check_units(self._before, self._wanted, self._changes)

    def _is_held(self, night: date) -> bool:
        there = self._before[night]
        return there.held and not there.has_units

    async def _nights(self) -> dict[date, Night]:
        """The nights as they are, with what holds them."""
        found: dict[date, Night] = {}
        for days in stretches(list(self._wanted), LONGEST_READ):
            asked = calendar_parameters(days, reservations=True)
            rows = await self._reader.rows(f"{self._path}/calendar")(asked)
            read = nights_of(rows.rows, self._reader.account_id)
            self._reads_hold_their_end = days.end in read
            found |= {night: read[night] for night in days if night in read}
        return found

    async def _nights_again(self, error: ProviderError | None) -> Mapping[date, Night] | None:
        """The nights after a write. Where they cannot be read, ``error`` is raised, or a warning is left."""
        try:
            after = await self._nights()
        except ProviderError as unread:
            if error is not None:
                raise _more(error, "Which nights are changed could not be read.") from None
            self.warnings.append(f"It was written, but could not be read again: {unread.message}")
            return None
        return {**self._before, **after}

    async def _write(self, pending: Sequence[Interval], *, first: bool) -> ProviderError | None:
        """Send the intervals. Answers what went wrong; raises it where nothing can have been done before."""
        parts = list(batches(pending))
        for number, part in enumerate(parts):
            try:
                if len(pending) == 1:
                    await self._send_one(part[0])
                else:
                    await self._send(part, last=number == len(parts) - 1)
            except ProviderError as error:
                if first and number == 0 and not error.was_sent and not isinstance(error, UpstreamRefused):
                    raise
                return error
        return None

    async def _send_one(self, interval: Interval) -> None:
        """One interval, of which the answer shows the days that it reached."""
        body = interval.body(self._end)
        answer = await self._reader.session.send(
            Call(method="PUT", path=f"{self._path}/calendar", json=body, safe=False)
        )
        with self._reader.signing():
            try:
                rows = read_list(answer).rows
            except UpstreamInvalid:
                return
        reached = nights_of(rows, self._reader.account_id)
        if self._end.is_last_night is None and interval.first in reached:
            self._end.is_last_night = interval.last in reached

    async def _send(self, part: Sequence[Interval], *, last: bool) -> None:
        # A dry run shows all calls: it takes every one but the last for done.
        imagined = None if last else {"status": "success", "result": []}
        body = [each.body(self._end) for each in part]
        path = f"{self._path}/calendarIntervals"
        await send(self._reader, Call(method="PUT", path=path, json=body, safe=False, imagined=imagined))

    async def _learn(
        self, pending: Sequence[Interval], after: Mapping[date, Night], missing: set[date], error: ProviderError | None
    ) -> bool:
        """Whether it was found that an interval does not hold its end, so that the rest can be written.

        A last night that changed proves one reading. One that did not while others of its interval did proves the
        other; so does, where nothing changed, a calendar that does not hold the end of what is asked for either, or
        a single interval that says it reached no night. Silence alone proves nothing: the nights may be shown late.
        """
        changed = {night for night in self._wanted if night not in missing and not self._was_so(night)}
        if any(each.last in changed for each in pending):
            self._end.is_last_night = True
        elif any(changed.intersection(each.nights) for each in pending) or not self._reads_hold_their_end:
            self._end.is_last_night = False
        elif error is None and self._end.is_last_night is None and missing:
            await self._probe(next(each for each in pending if each.last in missing))
        return self._end.is_last_night is False

    async def _probe(self, interval: Interval) -> None:
        """Write one interval on its own: its answer shows the days that it reached."""
        one = Interval(first=interval.last, last=interval.last, fields=interval.fields)
        answer = await self._reader.session.send(
            Call(method="PUT", path=f"{self._path}/calendar", json=one.body(self._end), safe=False)
        )
        with self._reader.signing():
            reached = nights_of(read_list(answer).rows, self._reader.account_id)
        self._end.is_last_night = one.last in reached

    def _was_so(self, night: date) -> bool:
        return is_as_wanted(self._before[night], self._wanted[night])

    async def _report(self, error: ProviderError | None, after: Mapping[date, Night], missing: set[date]) -> None:
        """Tell what was not done. Raises what went wrong, if something did."""
        changed = [night for night in self._wanted if night not in missing and not self._was_so(night)]
        if error is None:
            self.warnings.append(f"Hostaway did not take over all that was asked of these nights: {named(missing)}.")
            return
        if isinstance(error, UpstreamRefused) and not changed:
            raise await refusal(self._reader, error, Attempt(listing_id=self._listing_id)) from None
        done = f"Changed already: {named(changed)}." if changed else "No night is changed yet."
        raise _more(error, f"{done} Not changed: {named(missing)}.")


def _more(error: ProviderError, text: str) -> ProviderError:
    """The same failure with more to say."""
    return type(error)(
        f"{error.message} {text}",
        provider=error.provider,
        account_id=error.account_id,
        retry_after=error.retry_after,
        upstream_status=error.upstream_status,
        was_sent=error.was_sent,
    )
