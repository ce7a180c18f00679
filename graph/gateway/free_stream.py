"""One account's free listings as a stream: what may be free is found first, then looked at a few at a time."""

from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Protocol

from annotated_doc import Doc

from graph.accounts.accounts import ConnectedAccount
from graph.gateway.applied import Applied
from graph.gateway.marks import EndMark, KeyMark, Mark
from graph.gateway.ordering import Ordering, SortKey
from graph.gateway.upcoming import Upcoming
from providers.errors import ProviderError
from providers.model import Listing, PriceDetails
from providers.model.described import Described
from providers.queries import AvailabilityQuery, OddRecord


class AvailabilityBasis(Described):
    """Why a listing counts as free for a stay."""

    PMS_SEARCH = (
        "PMS_SEARCH",
        "The PMS's own search names it. Whether that search minds shortest stays and days of arrival is the PMS's "
        "affair: its quote or a booking decides.",
    )
    CALENDAR = (
        "CALENDAR",
        "The PMS has no such search, or does not open it to these credentials: its calendar says that each night can "
        "be booked, and allows a stay of that length, with that day of arrival and of departure.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Available:
    """A listing that is free for a whole stay."""

    listing: Annotated[Listing, Doc("The listing.")]
    basis: Annotated[AvailabilityBasis, Doc("Why it counts as free.")]
    fits_party: Annotated[
        bool | None,
        Doc("True if it holds adults and children together; null if the PMS does not say."),
    ]
    stay: AvailabilityQuery
    price: PriceDetails | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A listing that may be free: its place in the order, and what is known of it already."""

    key: SortKey
    listing_id: str
    listing: Listing | None = None
    price: PriceDetails | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What a look at the PMS brought: ``found`` in order, its age, and what went wrong beside it."""

    fetched_at: datetime
    stale: ProviderError | None = None
    odd: Sequence[OddRecord] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates(Looked):
    """All that may be free, in order, and who applied which filters to find it."""

    found: Sequence[Candidate]
    applied: tuple[Applied, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged(Looked):
    """Which of some candidates are free, by the listing's id in the PMS."""

    found: Mapping[str, Available] = field(default_factory=dict)


class Finder(Protocol):
    """A way to find an account's free listings. Both methods raise ``ProviderError``."""

    @property
    def chunk(self) -> int:
        """How many candidates are worth looking at together."""
        ...

    @property
    def most(self) -> int:
        """How many candidates one operation may look at."""
        ...

    async def candidates(self) -> Candidates: ...
    async def judge(self, candidates: Sequence[Candidate]) -> Judged: ...


class FreeStream(Upcoming[Available]):
    """Reads what is free in one account, from a mark on and only as far as it is asked to.

    ``nothing_fits`` says why there is nothing to read, and ``applied`` then which filters say so.
    """

    what = "free listings"
    page_size = 20
    held_size: int | None = None

    def __init__(
        self,
        account: ConnectedAccount,
        finder: Callable[[], Awaitable[Finder]],
        ordering: Ordering[Listing],
        mark: Mark,
        *,
        nothing_fits: str | None = None,
        applied: tuple[Applied, ...] = (),
    ) -> None:
        super().__init__(mark, nothing_fits)
        self.account = account
        self.odd: list[OddRecord] = []
        self.applied = applied
        self._open = finder
        self._ordering = ordering
        self._finder: Finder | None = None
        self._left: deque[Candidate] = deque()
        self._looked_at = 0

    async def fill(self) -> None:
        """Look on until something free is ready or the stream has stopped. A failure is kept in ``error``."""
        try:
            finder = self._finder or await self._begin()
            while not self._ready and not self.stopped:
                await self._look(finder)
        except ProviderError as error:
            self.error = error

    async def _begin(self) -> Finder:
        finder = await self._open()
        candidates = await finder.candidates()
        self._note(candidates)
        self.applied = candidates.applied
        behind = self.mark
        self._left.extend(
            each
            for each in candidates.found
            if not isinstance(behind, KeyMark) or self._ordering.before((behind.value, behind.id), each.key)
        )
        if not self._left:
            self.mark = EndMark()
        self._finder = finder
        return finder

    async def _look(self, finder: Finder) -> None:
        if self._looked_at >= finder.most:
            self.cut_short = True
            return
        chunk = [self._left.popleft() for _ in range(min(finder.chunk, len(self._left)))]
        judged = await finder.judge(chunk)
        self._note(judged)
        self._looked_at += len(chunk)
        for each in chunk:
            if each.listing_id in judged.found:
                self._ready.append((judged.found[each.listing_id], KeyMark(*each.key), each.key))
        # Behind the last of a chunk stands its end, so that what was looked at in vain is not looked at again.
        self.mark = KeyMark(*chunk[-1].key) if self._left else EndMark()
        if self._ready:
            last, _, key = self._ready.pop()
            self._ready.append((last, self.mark, key))

    def _note(self, looked: Looked) -> None:
        self.stale = looked.stale or self.stale
        self.fetched_at = min(filter(None, (self.fetched_at, looked.fetched_at)))
        self.odd += [each for each in looked.odd if each not in self.odd]
