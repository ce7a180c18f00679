"""One account's records as a stream that can be put down and taken up again."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Generic, Protocol, TypeVar

from graph.accounts.accounts import ConnectedAccount
from graph.gateway.applied import ORDER, Applied
from graph.gateway.holding import Holding
from graph.gateway.keeper import Kept
from graph.gateway.marks import EndMark, HeldMark, KeyMark, Mark, PageMark
from graph.gateway.ordering import Ordering, SortKey
from graph.gateway.upcoming import Upcoming
from providers.errors import NotSupported, ProviderError
from providers.queries import OddRecord, Page

T = TypeVar("T")

MAX_PAGES = 20
"""Pages of one account that one operation reads to fill one page of its own."""


class FetchedPage(Protocol[T]):
    """A page as the cache hands it out."""

    @property
    def value(self) -> Page[T]: ...
    @property
    def fetched_at(self) -> datetime: ...
    @property
    def error(self) -> ProviderError | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection(Generic[T]):
    """A filtered, ordered collection of one account, and the ways to read it.

    ``filtered`` reads a page of what the PMS makes of the query; ``whole`` of the unfiltered collection; ``held`` gives
    the unfiltered collection's first page if it is all of it, in the cache and fresh. ``holding`` gives a ``Holding``
    that has everything asked for, if there is one; ``hold`` reads one. ``keeps`` applies every filter. ``exact``: the
    PMS applies all of them exactly. ``ordering`` is None for the PMS's own order; ``ordered`` says that
    ``filtered`` comes in that order. ``held_size`` is how many records the holding has, where there is one. ``applied``
    says who applies what, where the PMS is asked for ``filtered``. ``nothing_fits`` says why there is nothing to read.
    """

    account: ConnectedAccount
    filtered: Callable[[str | None], Awaitable[FetchedPage[T]]]
    whole: Callable[[str | None], Awaitable[FetchedPage[T]]]
    held: Callable[[], Awaitable[FetchedPage[T] | None]]
    holding: Callable[[], Awaitable[Kept | None]]
    hold: Callable[[], Awaitable[Kept]]
    keeps: Callable[[T], bool]
    exact: bool
    ordering: Ordering[T] | None
    ordered: bool
    page_size: int
    held_size: int | None
    what: str
    applied: tuple[Applied, ...] = ()
    nothing_fits: str | None = None


class AccountStream(Upcoming[T]):
    """Reads a collection from a mark on, a page at a time and only when asked to."""

    def __init__(self, collection: Collection[T], mark: Mark) -> None:
        super().__init__(mark, collection.nothing_fits)
        self.collection = collection
        self._odd: dict[tuple[str | None, int], OddRecord] = {}
        self._pages_read = 0
        self._count: int | None = 0 if self.remark else None
        self._used_whole = False
        self._arranged = False

    @property
    def account(self) -> ConnectedAccount:
        return self.collection.account

    @property
    def odd(self) -> list[OddRecord]:
        """Records of the pages read that could not be understood."""
        return list(self._odd.values())

    @property
    def applied(self) -> tuple[Applied, ...]:
        """Who applied the filters and the order to what was read."""
        if not self.remark and self.fetched_at is None:
            return ()
        here = {ORDER} if self._arranged else set()
        told = self.collection.applied
        return tuple(each.here() if self.remark or self._used_whole or each.argument in here else each for each in told)

    @property
    def what(self) -> str:
        return self.collection.what

    @property
    def page_size(self) -> int:
        return self.collection.page_size

    @property
    def held_size(self) -> int | None:
        return self.collection.held_size

    async def fill(self) -> None:
        """Read until a record is ready or the stream has stopped. A failure is kept in ``error``."""
        try:
            while not self._ready and not self.stopped:
                await self._advance()
        except ProviderError as error:
            self.error = error

    async def count(self) -> int | None:
        """How many records the whole filtered collection has; None if only a full walk would tell, or on failure."""
        if self._count is None and self.error is None:
            try:
                whole = await self._whole()
                self._note(whole or await self.collection.filtered(None), None, whole=whole is not None)
            except ProviderError as error:
                self.error = error
        return self._count

    async def _advance(self) -> None:
        match self.mark:
            case KeyMark():
                await self._hold(self.mark)
            case HeldMark(id_):
                self._take_held(await self.collection.holding() or await self.collection.hold(), id_)
            case PageMark(None, 0, False) if self.collection.ordering is not None:
                await self._open_ordered()
            case PageMark(None, 0, False) if await self.collection.held():
                self.mark = PageMark(whole=True)
            case PageMark(None, 0, False) if holding := await self.collection.holding():
                self._take_held(holding, None)
            case PageMark():
                await self._read_page(self.mark)
            case EndMark():
                pass

    async def _whole(self) -> FetchedPage[T] | None:
        """Everything asked for, and perhaps more, as one page; None if it is not held."""
        held = await self.collection.held()
        if held is not None:
            return held
        kept = await self.collection.holding()
        return None if kept is None else Kept(kept.value.page(), kept.fetched_at, kept.error)

    def _take_held(self, kept: Kept, after: str | None) -> None:
        """Make about a page of what is held ready, in the order of ids."""
        holding: Holding[T] = kept.value
        self._used_whole = True
        self._note_source(kept, None, holding.odd)
        for id_, record in holding.after(after):
            if self.collection.keeps(record):
                if len(self._ready) >= self.collection.page_size:
                    return
                self.mark = HeldMark(id_)
                self._ready.append((record, self.mark, None))
        self._end_after_ready()

    async def _open_ordered(self) -> None:
        """A collection that fits one page is put in order here; a longer one must come in order, or be held."""
        held = await self._whole()
        first = self._note(held or await self.collection.filtered(None), None, whole=held is not None)
        if first.next is not None and self.collection.ordered and self._comes_in_order(first):
            self._take_page(first, PageMark())
        else:
            await self._hold(None, None if first.next else list(first.items))

    def _comes_in_order(self, page: Page[T]) -> bool:
        """Whether the PMS really ordered its page: some know an order by name only, and ignore it.

        A few neighbours may be the other way round: PMSs order names by rules of their own.
        """
        ordering = self.collection.ordering
        if ordering is None:
            return True
        keys = [key for key in map(ordering.key, page.items) if key[0] is not None]
        swapped = sum(1 for a, b in pairwise(keys) if a[0] != b[0] and ordering.before(b, a))
        return swapped <= len(keys) // 10

    async def _hold(self, after: KeyMark | None, records: list[T] | None = None) -> None:
        """Read all of a bounded collection, put it in order, and make ready what comes after a key."""
        ordering = self.collection.ordering
        if ordering is None:
            raise NotSupported("This cursor needs the order that it was made with.")
        self._arranged = True
        if records is None:
            held = await self._whole()
            records = list(self._note(held, None, whole=True).items) if held else await self._read_all()
        # A record that moved while the pages were read is on two of them.
        once = {ordering.key(record)[1]: record for record in records}
        kept = ordering.arranged(record for record in once.values() if self.collection.keeps(record))
        self._count = len(kept)
        for record in kept:
            key = ordering.key(record)
            if after is None or ordering.before((after.value, after.id), key):
                self._ready.append((record, KeyMark(*key), key))
        self._end_after_ready()

    async def _read_all(self) -> list[T]:
        records: list[T] = []
        position: str | None = None
        for _ in range(MAX_PAGES):
            page = self._note(await self.collection.filtered(position), position)
            records.extend(page.items)
            if page.next is None:
                return records
            position = page.next
        raise NotSupported(
            f"This provider cannot order {self.collection.what}, and the account has more than "
            f"{len(records)} that fit the filter: narrow the filter, or use the order PROVIDER."
        )

    async def _read_page(self, mark: PageMark) -> None:
        if self._pages_read >= MAX_PAGES:
            self.cut_short = True
            return
        fetch = self.collection.whole if mark.whole else self.collection.filtered
        self._take_page(self._note(await fetch(mark.position), mark.position, whole=mark.whole), mark)

    def _take_page(self, page: Page[T], mark: PageMark) -> None:
        self._pages_read += 1
        keys = self._merge_keys(page)
        for index, record in enumerate(page.items[mark.index :], start=mark.index):
            if self.collection.keeps(record):
                self._ready.append((record, PageMark(mark.position, index + 1, mark.whole), keys[index]))
        if page.next is None:
            self._end_after_ready()
        else:
            self.mark = PageMark(page.next, 0, mark.whole)
            self._close_last(self.mark)

    def _merge_keys(self, page: Page[T]) -> list[SortKey | None]:
        """The keys to merge a page by that came in order.

        A record without the value stands somewhere among the others all the same, and must not hold back what comes
        behind it: it goes with the record before it on its page, or the first there that has a value.
        """
        ordering = self.collection.ordering
        if ordering is None:
            return [None] * len(page.items)
        own = [ordering.key(record) for record in page.items]
        carried = next((key for key in own if key[0] is not None), None)
        keys: list[SortKey | None] = []
        for key in own:
            if key[0] is not None:
                carried = key
            keys.append(carried or key)
        return keys

    def _end_after_ready(self) -> None:
        self.mark = EndMark()
        self._close_last(self.mark)

    def _close_last(self, mark: Mark) -> None:
        """Behind the last record of a page stands the next page, so that no page is read again for nothing."""
        if self._ready:
            record, _, key = self._ready.pop()
            self._ready.append((record, mark, key))

    def _note(self, fetched: FetchedPage[T], position: str | None, *, whole: bool = False) -> Page[T]:
        """Remember what a page tells beside its records: its age, what was odd, and how many records there are."""
        page = fetched.value
        self._used_whole = self._used_whole or whole
        self._note_source(fetched, position, page.odd)
        if position is None and page.next is None:
            self._count = sum(1 for record in page.items if self.collection.keeps(record))
        elif self.collection.exact and not whole and page.total is not None:
            self._count = page.total
        return page

    def _note_source(self, fetched: FetchedPage[T] | Kept, position: str | None, odd: Sequence[OddRecord]) -> None:
        self.stale = fetched.error or self.stale
        self.fetched_at = min(filter(None, (self.fetched_at, fetched.fetched_at)))
        # By place: a page may be looked at twice, and odd records need not have an id.
        self._odd |= {(position, place): each for place, each in enumerate(odd)}
