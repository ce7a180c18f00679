"""Holds collections that were walked to their end, and brings them up to date by what changed since."""

from collections.abc import Callable, Collection, Coroutine, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Generic, TypeVar
from zlib import crc32

from graph.accounts.accounts import ConnectedAccount
from graph.gateway.cursors import fingerprint
from graph.gateway.holding import Holding
from graph.gateway.keeper import Kept, Loaded
from graph.gateway.kinds import Kind
from graph.gateway.operation import Freshness
from graph.gateway.reading import Reading, key_of
from graph.gateway.store import Held, Key
from providers.errors import ErrorCode, NotFound, NotSupported, ProviderError
from providers.queries import Batch, Page

T = TypeVar("T")
Q = TypeVar("Q")

OVERLAP = timedelta(minutes=5)
"""Changes are asked for from this much before the last read: clocks differ, and a PMS may show a change late."""

MARK_LIFE = timedelta(days=2)
"""How old the last read may be for changes to be asked for. No PMS says how long it remembers what it deleted."""

RECONCILED = timedelta(hours=6)
"""How often everything is read again where the PMS does not tell what it deleted."""

RECONCILED_RARELY = timedelta(hours=24)
"""The same where it does: a change of a part, such as a picture, need not count as a change of the record."""

RECOUNTED = timedelta(hours=2)
"""How often what is held is counted at the PMS, in one call, where it does not tell what it deleted."""

RECONCILING_SECONDS = 900.0
"""How long a walk in the background may wait for its permits; no other is begun before."""

MAX_TRIED = 10_000

_NO_DELTA = {ErrorCode.NOT_SUPPORTED, ErrorCode.UPSTREAM_REFUSED, ErrorCode.UPSTREAM_INVALID}


class Holdings(Generic[T, Q]):
    """The complete collections of one kind.

    A collection is held under the query that the PMS was asked with, less its order, once all its pages were read. It
    may have as many records as a quarter of what the cache keeps.
    """

    def __init__(self, reading: Reading, kind: Kind[T, Q]) -> None:
        self._reading = reading
        self._kind = kind
        self._tried: dict[Key, datetime] = {}
        self._whole = fingerprint(kind.whole_query)

    async def find(self, account: ConnectedAccount, query: Q, freshness: Freshness) -> Kept | None:
        """A ``Holding`` that has all records of ``query``, as fresh as asked for; None where none is held.

        Costs as many calls as the changes have pages: one, as a rule. Raises ``ProviderError``.
        """
        kind = self._kind
        if not kind.local(query):
            return None
        own = self._own(account, query)
        for candidate in (kind.whole_query,) if own == kind.whole_query else (kind.whole_query, own):
            known = await self._reading.keeper.recall(self.key(account, candidate))
            if known is None or not kind.decided(query, known.value.records.values()):
                continue
            kept = await self._up_to_date(account, candidate, freshness, known)
            if kept is not None and kind.decided(query, kept.value.records.values()):
                return kept
        return None

    async def size(self, account: ConnectedAccount, query: Q) -> int | None:
        """How many records are held of exactly what ``query`` asks for, however old; None where that is not held."""
        if not self._kind.local(query) or self._kind.base(query) != query:
            return None
        own = self._own(account, query)
        known = await self._reading.keeper.recall(self.key(account, own))
        return None if known is None else len(known.value.ids)

    async def hold(self, account: ConnectedAccount, query: Q, freshness: Freshness) -> Kept:
        """The ``Holding`` of ``query``, read from the first page to the last. Raises ``ProviderError``."""
        own = self._own(account, query)
        key = self.key(account, own)

        async def load() -> Held:
            held = await self._walked(account, own)
            return Held(held, held.read_at)

        return await self._reading.keeper.one(key, freshness, load)

    async def note(self, account: ConnectedAccount, query: Q, last: str | None, page: Page[T]) -> None:
        """A page was read. If it is the last of several and the others are kept, the whole is held from now on."""
        kind = self._kind
        if page.next is not None or last is None or not kind.local(query) or kind.base(query) != query:
            return
        own = kind.unordered(query)
        key = self.key(account, own)
        known = await self._reading.keeper.recall(key)
        if known is not None and self._renewable(account, known.value):
            return
        with self._reading.keeper.watching() as seen:
            pages = await self._kept_pages(account, query)
            if pages and _complete(pages):
                held = Holding.of(pages, lambda record: kind.keeps(own, record))
                await self._reading.keeper.keep({key: Held(held, held.read_at)}, seen)

    def key(self, account: ConnectedAccount, query: Q) -> Key:
        name = self._whole if query == self._kind.whole_query else fingerprint(query)
        return key_of(account, f"{self._kind.entity}-held", name)

    def page_key(self, account: ConnectedAccount, query: Q, position: str | None) -> Key:
        return key_of(account, f"{self._kind.entity}-page", fingerprint(query, position))

    def _own(self, account: ConnectedAccount, query: Q) -> Q:
        """What is held for ``query``: all that the PMS makes of it, whenever that changed."""
        return self._kind.base(self._kind.unordered(self._kind.native(query, account)))

    @property
    def _most(self) -> int:
        return self._reading.keeper.capacity // 4

    def _renewable(self, account: ConnectedAccount, held: Holding[T]) -> bool:
        return self._kind.tells_changes(account) and self._reading.clock.now() - held.read_at < MARK_LIFE

    async def _up_to_date(self, account: ConnectedAccount, query: Q, freshness: Freshness, known: Held) -> Kept | None:
        key = self.key(account, query)
        keeper = self._reading.keeper
        if not self._renewable(account, known.value):
            return await keeper.peek(key, freshness)

        async def load(_: Sequence[Key]) -> Loaded:
            # Not what was held when this was asked for: it may be used again later, to renew what is asked often.
            held = await keeper.recall(key) or known
            return await self._renewed(account, query, key, held.value)

        outcome = (await keeper.many([key], freshness, load))[key]
        if isinstance(outcome, ProviderError):
            if outcome.code in _NO_DELTA:
                return None
            raise outcome
        asks_the_pms = freshness.strict and not freshness.max_age
        kept = await self._checked(account, query, key, freshness, outcome) if asks_the_pms else outcome
        if kept is not None:
            self._look_again_when_due(account, query, key, kept.value)
        return kept

    async def _checked(
        self, account: ConnectedAccount, query: Q, key: Key, freshness: Freshness, kept: Kept
    ) -> Kept | None:
        """What is held, counted at the PMS since the operation began, unless the PMS told what it deleted.

        Only for whoever asks the PMS by name (``maxAge: 0``): it costs a call.
        """
        keeper = self._reading.keeper
        if not kept.value.countable or freshness.accepts(kept.value.checked_at, self._reading.clock.now()):
            return kept
        counted = key_of(account, f"{self._kind.entity}-counted", key.name)
        try:
            await keeper.one(counted, freshness, lambda: self._recount(account, query, key))
        except ProviderError as error:
            if error.code in _NO_DELTA:
                return None
            raise
        held = await keeper.recall(key)
        return kept if held is None else Kept(held.value, held.fetched_at)

    async def _recount(self, account: ConnectedAccount, query: Q, key: Key) -> Held:
        """Compare the PMS's count with what is held, and read everything again if they differ."""
        keeper = self._reading.keeper
        first = await self._kind.page(await self._reading.client(account), query, None)
        held = await keeper.recall(key)
        if held is not None and first.next is not None and held.value.agrees(first):
            await keeper.keep({key: replace(held, value=held.value.checked(first.fetched_at))})
        else:
            await self._reconcile(account, query, key, first)
        return Held(True, first.fetched_at)

    async def _renewed(self, account: ConnectedAccount, query: Q, key: Key, held: Holding[T]) -> Loaded:
        changes = await self._changes(account, held)
        if changes is None:
            walked = await self._walked(account, query)
            return {key: Held(walked, walked.read_at)}
        now = held.changed(changes, lambda record: self._kind.keeps(query, record))
        records = {
            key_of(account, self._kind.entity, str(getattr(record, "provider_id", ""))): Held(record, page.fetched_at)
            for page in changes
            for record in page.items
        }
        if now.doubtful:
            batch = await self._looked_up(account, now.doubtful)
            now = now.settled(batch.found, lambda record: self._kind.keeps(query, record))
            found = {key_of(account, self._kind.entity, id_): each for id_, each in batch.found.items()}
            records |= {each: Held(record, batch.fetched_at) for each, record in found.items()}
        return {**records, key: Held(now, now.read_at)}

    async def _looked_up(self, account: ConnectedAccount, ids: Collection[str]) -> Batch[T]:
        """Records that we changed or removed and that the PMS's changes do not tell of. Raises ``ProviderError``.

        Hostaway tells nothing of what was deleted.
        """
        batch = await self._kind.by_id(await self._reading.client(account), sorted(ids))
        for error in batch.failed.values():
            if not isinstance(error, NotFound):
                raise error
        return batch

    async def _changes(self, account: ConnectedAccount, held: Holding[T]) -> list[Page[T]] | None:
        """What changed in the account since, fitting or not: what no longer fits would not come under the filter.

        None where that is so much that a walk is as cheap.
        """
        client = await self._reading.client(account)
        query = self._kind.changes(held.read_at - OVERLAP, account)
        pages = [await self._kind.page(client, query, None)]
        while (position := pages[-1].next) is not None and not self._past(pages[-1], query):
            if len(pages) >= max(1, held.pages // 2):
                return None
            pages.append(await self._kind.page(client, query, position))
        return pages

    def _past(self, page: Page[T], query: Q) -> bool:
        """Whether a page that comes with the latest changes first already reaches behind the instant asked for.

        Hostaway filters by whole days and gives all of the day before, too.
        """
        stamps = [getattr(record, "updated_at", None) for record in page.items]
        known = [stamp for stamp in stamps if stamp is not None]
        latest_first = len(known) == len(stamps) and all(one >= other for one, other in pairwise(known))
        return bool(stamps) and latest_first and not self._kind.keeps(query, page.items[-1])

    async def _walked(self, account: ConnectedAccount, query: Q, first: Page[T] | None = None) -> Holding[T]:
        """All of a collection, read to the end, from behind its ``first`` page where that was read already."""
        client = await self._reading.client(account)
        pages: list[Page[T]] = [] if first is None else [first]
        position = None if first is None else first.next
        while position is not None or not pages:
            pages.append(await self._kind.page(client, query, position))
            position = pages[-1].next
            if sum(len(page.items) for page in pages) > self._most:
                raise NotSupported(f"The account has too many {self._kind.what} for this cursor: start again.")
        return Holding.of(pages, lambda record: self._kind.keeps(query, record))

    async def _kept_pages(self, account: ConnectedAccount, query: Q) -> list[Page[T]] | None:
        """All pages of a collection, if every one of them is in the cache and they are not too many."""
        pages: list[Page[T]] = []
        seen: set[str | None] = set()
        position: str | None = None
        size = 0
        while position not in seen:
            seen.add(position)
            kept = await self._reading.keeper.recall(self.page_key(account, query, position))
            if kept is None or kept.outdated:
                return None
            pages.append(kept.value)
            size += len(kept.value.items)
            if size > self._most:
                return None
            if kept.value.next is None:
                return pages
            position = kept.value.next
        return None

    def _look_again_when_due(self, account: ConnectedAccount, query: Q, key: Key, held: Holding[T]) -> None:
        """Count or read everything again now and then, in the background; accounts do so at different times."""
        every = RECONCILED_RARELY if held.tells_deleted else RECONCILED
        now = self._reading.clock.now()
        later = 1 + crc32(str(key).encode()) % 100 / 400
        if now - held.walked_at >= every * later:
            look_again: Callable[[ConnectedAccount, Q, Key], Coroutine[Any, Any, object]] = self._reconcile
        elif held.countable and now - held.checked_at >= RECOUNTED * later:
            look_again = self._recount
        else:
            return
        if now - self._tried.get(key, held.walked_at) < timedelta(seconds=RECONCILING_SECONDS):
            return
        if len(self._tried) >= MAX_TRIED:
            self._tried.clear()
        self._tried[key] = now
        self._reading.keeper.in_background(lambda: look_again(account, query, key), RECONCILING_SECONDS)

    async def _reconcile(self, account: ConnectedAccount, query: Q, key: Key, first: Page[T] | None = None) -> None:
        """A walk, closed by what changed during it, so that it is never behind what is held already.

        What we changed meanwhile is in doubt, as in all that is held.
        """
        keeper = self._reading.keeper
        with keeper.watching() as seen:
            walked = await self._walked(account, query, first)
        begun = seen.applied(key, Held(walked, walked.read_at))
        with keeper.watching() as seen:
            loaded = await self._renewed(account, query, key, begun.value)
            await keeper.keep({each: held for each, held in loaded.items() if isinstance(held, Held)}, seen)


def _complete(pages: Sequence[Page[Any]]) -> bool:
    """Whether nothing was missed, as far as the PMS counts: rows may have moved while the pages were read."""
    total = pages[-1].total
    if len(pages) < 2:
        return False
    distinct = {record.provider_id for page in pages for record in page.items}
    return total is None or len(distinct) + sum(len(page.odd) for page in pages) >= total
