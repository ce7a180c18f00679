"""Search for listings that are free for a stay, over all accounts of a tenant.

Where the PMS has such a search, it is asked, and details come from the cache or one batch. Where it has none, or does
not open it to the account's credentials, the account's listings are read, and the calendars of those that suit, a few
at a time until the page is full.

Within an account results are ordered by keys of their own, never by their place in the PMS's answer: a listing that is
booked between two pages moves nobody else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from graph.accounts.accounts import ConnectedAccount
from graph.accounts.use import is_idle, out_of_use
from graph.gateway.calendars import Calendars
from graph.gateway.collecting import Taken, Totals, take_in_turn, take_merged
from graph.gateway.collector import Collected
from graph.gateway.cursors import Cursors, fingerprint
from graph.gateway.finders import FEW_CALENDARS, MAX_CALENDARS, CalendarFinder, SearchFinder, Suiting, searched
from graph.gateway.free_stream import Available, Finder, FreeStream
from graph.gateway.keeper import Kept
from graph.gateway.listings import LISTINGS, Listings
from graph.gateway.marks import Mark, PageMark
from graph.gateway.operation import Operation
from graph.gateway.ordering import Ordering, by_id, listing_ordering
from graph.gateway.reading import Reading, named_error
from graph.gateway.reports import report
from providers.capabilities import Capability
from providers.contract import capabilities
from providers.errors import NotSupported
from providers.model import Listing
from providers.queries import AvailabilityQuery, ListingQuery


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """One page of a search: the stay, which listings in which order, how many, after which cursor.

    ``priced`` says that prices are wanted: those that a PMS's search brings along are then as fresh as prices must be.
    """

    stay: AvailabilityQuery
    listings: ListingQuery
    first: int
    after: str | None = None
    max_age: int | None = None
    priced: bool = False


class Availability:
    """Finds listings that are free for a stay."""

    def __init__(self, reading: Reading, cursors: Cursors, listings: Listings, calendars: Calendars) -> None:
        self._reading = reading
        self._cursors = cursors
        self._listings = listings
        self._calendars = calendars
        self._totals = Totals()

    async def page(
        self, operation: Operation, accounts: Sequence[ConnectedAccount], search: Search
    ) -> Collected[Available]:
        """A page of what is free in ``accounts``. Raises ``CursorError``; accounts' failures are in ``sources``."""
        name = fingerprint(
            "free listings",
            operation.tenant_id,
            [account.id for account in accounts if account.tenant_id == operation.tenant_id],
            search.stay,
            search.listings,
        )
        before = self._cursors.read(name, search.after) if search.after else {}
        ordering = listing_ordering(search.listings)
        streams = [
            self._stream(operation, account, search, ordering or by_id(), before.get(account.id, PageMark()))
            for account in accounts
        ]
        for stream in streams:
            stream.error = out_of_use(stream.account)
        if ordering is None:
            taken = await take_in_turn(streams, search.first, self._totals)
        else:
            taken = await take_merged(streams, search.first, _of_available(ordering))
        for stream in streams:
            stream.error = stream.error and named_error(stream.error, stream.account)
            stream.stale = stream.stale and named_error(stream.stale, stream.account)
        has_next = any(stream.ready or not (stream.done or stream.error) for stream in streams)
        whole = not has_next and not before and all(not stream.error or is_idle(stream.error) for stream in streams)
        return Collected(
            taken=taken,
            has_next=has_next,
            total=len(taken) if whole else None,
            sources=[report(stream) for stream in streams],
            cursors=self._cursors,
            fingerprint=name,
            before=before,
            end=_end(before, streams, taken),
        )

    def _stream(
        self, operation: Operation, account: ConnectedAccount, search: Search, ordering: Ordering[Listing], mark: Mark
    ) -> FreeStream:
        async def finder() -> Finder:
            asked = await self._listings.worded(operation, [account], search.listings, search.max_age)
            if account.id in asked.failures:
                raise asked.failures[account.id]
            suiting = Suiting(search.stay, asked.queries[account.id], self._reading.clock.now())
            client = type(await self._reading.client(account))
            able = capabilities(client)
            if Capability.AVAILABILITY_SEARCH in able:
                try:
                    kept = await self._searched(operation, account, search)
                    sight = await self._reading.sight(operation)
                    return SearchFinder(
                        kept, self._listings, operation, account, suiting, ordering, search.max_age, sight
                    )
                except NotSupported:  # not to these credentials
                    if Capability.CALENDAR not in able:
                        raise
            if Capability.CALENDAR in able:
                chunk = min(MAX_CALENDARS, max(FEW_CALENDARS, client.calendars_per_call))
                return CalendarFinder(
                    self._listings, self._calendars, operation, account, suiting, ordering, search.max_age, chunk
                )
            raise NotSupported("This provider can neither search for free listings nor tell which nights are free.")

        nothing_fits = LISTINGS.nothing_fits(search.listings, account)
        applied = tuple(each.here() for each in LISTINGS.applied(search.listings, account)) if nothing_fits else ()
        return FreeStream(account, finder, ordering, mark, nothing_fits=nothing_fits, applied=applied)

    async def _searched(self, operation: Operation, account: ConnectedAccount, search: Search) -> Kept:
        ages = self._reading.ages
        age = min(ages.price, ages.calendar) if search.priced else ages.calendar
        freshness = self._reading.freshness(operation, age, search.max_age)
        return await searched(self._reading, account, search.stay, freshness)


def _of_available(ordering: Ordering[Listing]) -> Ordering[Available]:
    return Ordering(key=lambda each: ordering.key(each.listing), descending=ordering.descending)


def _end(
    before: Mapping[str, Mark], streams: Sequence[FreeStream], taken: Sequence[Taken[Available]]
) -> dict[str, Mark]:
    """Where each account stands after a page: behind the last that was taken, or as far as was looked in vain."""
    marks = dict(before)
    marks.update((each.account_id, each.mark) for each in taken)
    for stream in streams:
        if not stream.ready and (stream.done or not stream.error):
            marks[stream.account.id] = stream.mark
    return {id_: mark for id_, mark in marks.items() if mark != PageMark()}
