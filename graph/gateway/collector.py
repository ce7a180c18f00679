"""Paged collections over many accounts: listings and reservations share all of this."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from graph.accounts.accounts import ConnectedAccount
from graph.accounts.use import is_idle, out_of_use
from graph.gateway.collecting import Taken, Totals, take_in_turn, take_merged
from graph.gateway.cursors import Cursors, fingerprint
from graph.gateway.holdings import Holdings
from graph.gateway.keeper import Kept, Loaded
from graph.gateway.kinds import Kind
from graph.gateway.marks import Mark, PageMark
from graph.gateway.operation import Freshness
from graph.gateway.ordering import Ordering
from graph.gateway.reading import Reading, key_of, named_error
from graph.gateway.reports import SourceReport, report
from graph.gateway.store import Held, Key
from graph.gateway.streams import AccountStream, Collection
from providers.errors import ProviderError

T = TypeVar("T")
Q = TypeVar("Q")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request(Generic[Q]):
    """One page of a collection: a query per account, how many records, after which cursor.

    ``asked`` is the filter and the order as the client gave them: with the accounts they make the list that a cursor
    belongs to. ``failures`` names accounts that cannot be asked, and why. ``shows`` says, by account, which records may
    be seen at all; without it, all. ``nothing_shown`` says why none of an account may. ``given`` reads an account's
    ``Holding`` instead of its pages.
    """

    queries: Mapping[str, Q]
    asked: object
    accounts: Sequence[ConnectedAccount]
    order: Q
    first: int
    after: str | None
    freshness: Freshness
    scope: str
    count: bool
    failures: Mapping[str, ProviderError] = field(default_factory=dict)
    shows: Mapping[str, Callable[[Any], bool]] = field(default_factory=dict)
    given: Mapping[str, Callable[[], Awaitable[Kept]]] = field(default_factory=dict)
    nothing_shown: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected(Generic[T]):
    """One page: its records, what is known of the rest, how each account contributed, and how to write its cursors."""

    taken: Sequence[Taken[T]]
    has_next: bool
    total: int | None
    sources: Sequence[SourceReport]
    cursors: Cursors
    fingerprint: str
    before: Mapping[str, Mark]
    end: Mapping[str, Mark]

    def changed(self, changes: Mapping[str, Callable[[T], T]]) -> "Collected[T]":
        """The page with the records of some accounts changed, and all else as it is: cursors know nothing of it."""
        if not changes:
            return self
        return replace(
            self,
            taken=[
                replace(each, record=changes[each.account_id](each.record)) if each.account_id in changes else each
                for each in self.taken
            ],
        )

    def cursor(self, index: int) -> str:
        """The cursor behind the record at ``index``."""
        marks = dict(self.before)
        marks.update((each.account_id, each.mark) for each in self.taken[: index + 1])
        return self.cursors.write(self.fingerprint, marks)

    def end_cursor(self) -> str:
        """The cursor to go on with after this page. Accounts that failed are asked again from where they stood."""
        return self.cursors.write(self.fingerprint, self.end)


class Collector(Generic[T, Q]):
    """Reads pages of one kind of collection over many accounts."""

    def __init__(self, reading: Reading, cursors: Cursors, kind: Kind[T, Q]) -> None:
        self._reading = reading
        self._cursors = cursors
        self._kind = kind
        self._totals = Totals()
        self.holdings = Holdings(reading, kind)

    async def collect(self, request: Request[Q]) -> Collected[T]:
        """One page. Raises ``CursorError`` for a cursor that does not fit; accounts' failures are in ``sources``."""
        name = fingerprint(
            self._kind.what,
            request.scope,
            # Another tenant's account comes and goes as its owner likes: that must not end a walk.
            [account.id for account in request.accounts if account.tenant_id == request.scope],
            request.asked,
        )
        before = self._cursors.read(name, request.after) if request.after else {}
        ordering = self._kind.ordering(request.order)
        streams = [
            AccountStream(
                await self._collection(account, request, ordering),
                before.get(account.id, PageMark()),
            )
            for account in request.accounts
        ]
        for stream in streams:
            stream.error = out_of_use(stream.account) or request.failures.get(stream.account.id)
        if ordering is None:
            taken = await take_in_turn(streams, request.first, self._totals)
        else:
            taken = await take_merged(streams, request.first, ordering)
        # Before the count: its failures must not end the walk before these accounts had their turn.
        has_next = any(stream.ready or not (stream.done or stream.error) for stream in streams)
        end = _end(before, streams, taken)
        total = await self._total(streams) if request.count else None
        for stream in streams:
            stream.error = stream.error and named_error(stream.error, stream.account)
            stream.stale = stream.stale and named_error(stream.stale, stream.account)
        return Collected(
            taken=taken,
            has_next=has_next,
            total=total,
            sources=[report(stream) for stream in streams],
            cursors=self._cursors,
            fingerprint=name,
            before=before,
            end=end,
        )

    async def _total(self, streams: Sequence[AccountStream[T]]) -> int | None:
        counts = await asyncio.gather(*(stream.count() for stream in streams if not is_idle(stream.error)))
        known = [count for count in counts if count is not None]
        return sum(known) if len(known) == len(counts) else None

    async def _collection(
        self, account: ConnectedAccount, request: Request[Q], ordering: Ordering[T] | None
    ) -> Collection[T]:
        kind = self._kind
        query, freshness = request.queries[account.id], request.freshness
        shows, given = request.shows.get(account.id), request.given.get(account.id)
        native = kind.native(query, account)

        async def filtered(position: str | None) -> Kept:
            if refused := kind.refusal(query, account):
                raise refused
            kept = await self._page(account, native, position, freshness)
            await self.holdings.note(account, native, position, kept.value)
            return kept

        async def whole(position: str | None) -> Kept:
            kept = await self._page(account, kind.whole_query, position, freshness)
            await self.holdings.note(account, kind.whole_query, position, kept.value)
            return kept

        async def held() -> Kept | None:
            if given is not None or not kind.local(query):
                return None
            kept = await self._reading.keeper.peek(self.holdings.page_key(account, kind.whole_query, None), freshness)
            whole = kept is not None and kept.value.next is None and kind.decided(query, kept.value.items)
            return kept if whole else None

        return Collection(
            account=account,
            filtered=filtered,
            whole=whole,
            held=held,
            holding=given or (lambda: self.holdings.find(account, query, freshness)),
            hold=given or (lambda: self.holdings.hold(account, query, freshness)),
            keeps=_both(shows, lambda record: kind.keeps(query, record)),
            exact=shows is None and kind.exact(query, account),
            ordering=ordering,
            ordered=kind.ordered(query, account),
            page_size=kind.page_size(account),
            held_size=None if given else await self.holdings.size(account, query),
            what=kind.what,
            applied=kind.applied(query, account),
            nothing_fits=request.nothing_shown.get(account.id) or kind.nothing_fits(query, account),
        )

    async def _page(self, account: ConnectedAccount, query: Q, position: str | None, freshness: Freshness) -> Kept:
        key = self.holdings.page_key(account, query, position)

        async def load(_: Sequence[Key]) -> Loaded:
            client = await self._reading.client(account)
            page = await self._kind.page(client, query, position)
            records: dict[Key, Any] = {
                key_of(account, self._kind.entity, _id(record)): Held(record, page.fetched_at) for record in page.items
            }
            return {**records, key: Held(page, page.fetched_at)}

        outcome = (await self._reading.keeper.many([key], freshness, load))[key]
        if isinstance(outcome, Kept):
            return outcome
        raise outcome


def _both(shows: Callable[[T], bool] | None, keeps: Callable[[T], bool]) -> Callable[[T], bool]:
    return keeps if shows is None else lambda record: keeps(record) and shows(record)


def _id(record: Any) -> str:
    return str(record.provider_id)


def _end(before: Mapping[str, Mark], streams: Sequence[AccountStream[T]], taken: Sequence[Taken[T]]) -> dict[str, Mark]:
    """Where each account stands after a page: behind the last record taken, or as far as it was read for nothing."""
    marks = dict(before)
    marks.update((each.account_id, each.mark) for each in taken)
    for stream in streams:
        if not stream.ready and (stream.done or not stream.error):
            marks[stream.account.id] = stream.mark
    return {id_: mark for id_, mark in marks.items() if mark != PageMark()}
