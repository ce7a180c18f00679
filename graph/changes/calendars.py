"""Changes to the nights of listings."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from graph.changes.problems import Problems
from graph.changes.targets import ListingTarget
from graph.changes.writing import Done, Writing
from graph.gateway.free_nights import earliest_today, has_begun
from graph.gateway.touched import Touched
from graph.rejections import RejectionCode
from providers.changes import CalendarChange, ChangeRefused, Problem, Written, given
from providers.contract import ProviderClient
from providers.model import Listing
from providers.queries import Days
from providers.upstream.clock import Clock

MAX_RANGES = 1000
"""Ranges of one listing in one change."""

MAX_NIGHTS = 10_000
"""Nights that the ranges of one listing name, each as often as it is named."""

HORIZON_DAYS = 1096
"""Days from today on that can be changed."""

MAX_NOTE = 5000
_NIGHTS = frozenset({"available", "units_to_sell"})
"""What takes or frees nights; with some PMSs a block is a reservation."""

_KEPT = frozenset({"start", "end", "extras"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarChanges:
    """Changes calendars."""

    writing: Writing
    clock: Clock

    async def change(
        self, target: ListingTarget, changes: Sequence[CalendarChange], *, dry_run: bool = False
    ) -> Done[Written[None]]:
        """Change nights of a listing; where ``changes`` overlap, later ones win. Raises ``Rejected``."""
        check_changes(changes, target.listing, self.clock.now())

        async def work(client: ProviderClient) -> Written[None]:
            try:
                return await client.change_calendar(target.id, changes)
            except ChangeRefused as refusal:
                raise ChangeRefused(*(_placed(each, changes) for each in refusal.problems)) from None

        return await self.writing.carry_out(
            target.account,
            work,
            lambda _: _touched(target.id, changes),
            dry_run=dry_run,
            record=f"calendar/{target.id}",
            under=("ranges",),
        )


def _placed(problem: Problem, changes: Sequence[CalendarChange]) -> Problem:
    """The problem with the range that it is about, where its plugin names a field that one range alone names."""
    if not problem.field or isinstance(problem.field[0], int):
        return problem
    naming = [index for index, each in enumerate(changes) if problem.field[0] in given(each)]
    return replace(problem, field=(naming[0], *problem.field)) if len(naming) == 1 else problem


def _touched(listing_id: str, changes: Sequence[CalendarChange]) -> Touched:
    ids = frozenset({listing_id})
    named = {name for each in changes for name in given(each)}
    if named & _NIGHTS or any(each.extras is not None for each in changes):
        return Touched(nights_of=ids)
    return Touched(rates_of=ids)


def span_of(changes: Sequence[CalendarChange]) -> Days:
    """The days from the first changed night to the last one."""
    return Days(min(each.start for each in changes), max(each.end for each in changes))


def check_changes(changes: Sequence[CalendarChange], listing: Listing, now: datetime) -> None:
    """Raises ``Rejected`` with everything that is wrong, before anything is asked of the PMS."""
    problems = Problems()
    if not 1 <= len(changes) <= MAX_RANGES:
        problems.add(
            RejectionCode.OUT_OF_RANGE, f"There are {len(changes)} ranges.", "ranges", allowed=f"1 to {MAX_RANGES}"
        )
        problems.check()
    nights = sum(max((each.end - each.start).days, 0) for each in changes)
    if nights > MAX_NIGHTS:
        problems.add(RejectionCode.OUT_OF_RANGE, f"They name {nights} nights.", "ranges", allowed=f"up to {MAX_NIGHTS}")
        problems.check()
    last = earliest_today(now) + timedelta(days=HORIZON_DAYS)
    for index, change in enumerate(changes):
        _check(change, listing, now, last, problems, index)
    problems.check()


def _check(change: CalendarChange, listing: Listing, now: datetime, last: date, problems: Problems, index: int) -> None:
    here = ("ranges", index)
    problems.sane(change, *here, extras=listing.provider.lower(), longest={"note": MAX_NOTE})
    if change.start >= change.end:
        problems.add(
            RejectionCode.INVALID,
            f"{change.start} is not before end, {change.end}.",
            *here,
            "start",
            allowed="a day before end, which is not included",
        )
    elif change.start < earliest_today(now) or has_begun(listing, change.start, now):
        problems.add(RejectionCode.OUT_OF_RANGE, f"{change.start} is over.", *here, "start", allowed="today or later")
    if change.end > last:
        problems.add(
            RejectionCode.OUT_OF_RANGE, f"{change.end} is too far ahead.", *here, "end", allowed=f"up to {last}"
        )
    if not given(change).keys() - _KEPT and change.extras is None:
        problems.add(RejectionCode.REQUIRED, "It names nothing to change.", *here)
    _check_values(change, listing, problems, here)


def _check_values(change: CalendarChange, listing: Listing, problems: Problems, here: tuple[str | int, ...]) -> None:
    problems.price(change.price, listing.currency, *here, "price")
    problems.bounds(change.minimum_stay, *here, "minimumStay", least=1)
    problems.bounds(change.maximum_stay, *here, "maximumStay", least=1)
    problems.ordered(change.minimum_stay, change.maximum_stay, "maximumStay", *here, "minimumStay")
    problems.bounds(change.units_to_sell, *here, "unitsToSell", least=0)
    problems.exclusive(change.available, change.units_to_sell, "available", *here, "unitsToSell")
