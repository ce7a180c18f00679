"""The cache's rules: what is fresh is served, what is stale is refreshed, what is missing is loaded once."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import structlog

from graph.gateway.flights import Flights
from graph.gateway.operation import Freshness
from graph.gateway.outdating import UNREAD, Watch, Watches, outdated, touches
from graph.gateway.store import Held, Key, Store
from graph.gateway.touched import Touched
from providers.errors import ErrorCode, ProviderError
from providers.upstream.caller import Caller, Priority, calling
from providers.upstream.clock import Clock

log = structlog.get_logger(__name__)

V = TypeVar("V")
Loaded = Mapping[Key, Held | ProviderError]
Loader = Callable[[Sequence[Key]], Awaitable[Loaded]]
Together = Callable[[Sequence[Key], Watch], Awaitable[Mapping[Key, V | ProviderError]]]


@dataclass(frozen=True, slots=True)
class Renewal:
    """An answer that can be renewed: when it was read (aware UTC; None: it is not kept), and how to read it again."""

    read_at: Callable[[], Awaitable[datetime | None]]
    renew: Callable[[], Awaitable[object]]


Asked = Callable[[Key, Renewal, Freshness], None]

MAX_REFRESHES = 64
"""Background refreshes at once; beyond it stale answers are served without one."""

MAX_REFUSALS = 10_000

REFRESH_SECONDS = 60.0
"""How long a background refresh may wait for its permits."""

_OUTAGES = {
    ErrorCode.RATE_LIMITED,
    ErrorCode.UPSTREAM_UNAVAILABLE,
    ErrorCode.UPSTREAM_TIMEOUT,
    ErrorCode.UPSTREAM_INVALID,
}


@dataclass(frozen=True, slots=True)
class Kept:
    """A value to serve: when the PMS gave it, and the failure that kept it from being newer, if any."""

    value: Any
    fetched_at: datetime
    error: ProviderError | None = None


class Keeper:
    """Reads through the store.

    ``loader`` is asked for the keys that are missing or too old, all together, and answers with a value or an error
    for each; it may answer with more keys than it was asked for: those are kept as well.
    """

    def __init__(self, store: Store, clock: Clock, weigh: Callable[[Any], int]) -> None:
        self._store = store
        self._clock = clock
        self._weigh = weigh
        self._flights = Flights()
        self._watches = Watches()
        self._refreshes: set[asyncio.Task[object]] = set()
        # Why the last refresh of a key failed: what is served stale meanwhile says so.
        self._refusals: dict[str, ProviderError] = {}
        self._asked: Asked | None = None
        # By account, once its choice of fields has changed.
        self._variants: dict[str, str] = {}

    def when_asked(self, asked: Asked) -> None:
        """Tell ``asked`` of each single key that is read, how to renew it, and how fresh it had to be."""
        self._asked = asked

    def note(self, key: Key, renewal: Renewal, freshness: Freshness) -> None:
        """Tell that an answer was read that its reader pieces together from several keys."""
        if self._asked is not None:
            self._asked(key, renewal, freshness)

    @property
    def capacity(self) -> int:
        """How many objects may be kept."""
        return self._store.max_weight

    async def peek(self, key: Key, freshness: Freshness) -> Kept | None:
        """What is kept and fresh, without asking anybody."""
        held = await self._store.get(key)
        if held is None or held.outdated or not freshness.accepts(held.fetched_at, self._clock.now()):
            return None
        return Kept(held.value, held.fetched_at)

    async def recall(self, key: Key) -> Held | None:
        """What is kept, whatever its age, also if a change made it outdated."""
        return await self._store.get(key)

    def watching(self) -> AbstractContextManager[Watch]:
        """Note the changes that end in the block: what is read in it may be from before them."""
        return self._watches.watching()

    async def keep(self, entries: Mapping[Key, Held], seen: Watch | None = None) -> None:
        """Keep values that came along with others. That something does not exist is not kept: it may come to be.

        ``seen`` has been open since before they were read: what was overtaken by a change is kept as outdated.
        """
        await self._store.put(
            [
                (key, held if seen is None else seen.applied(key, held), self._weigh(held.value))
                for key, held in entries.items()
                if held.value is not None and self._is_current(key)
            ]
        )

    def forget(self, account: str) -> None:
        """Drop everything kept of one account, soon."""
        self._variants.pop(account, None)
        self._start(lambda: self._store.forget(account), REFRESH_SECONDS)

    async def outdate(self, account: str, touched: Touched, *, but: Watch | None = None) -> None:
        """What was changed at an account's PMS is read anew from now on.

        What is kept is no longer served as an answer of now, neither as fresh nor as stale; loads under way are joined
        by nobody any more. ``but`` is the watch of whoever made the change.
        """
        self._watches.note(account, touched, but)
        self._flights.part(lambda name: _in_doubt(Key.named(name), account, touched))
        await self._store.revise(account, lambda key, held: outdated(touched, key, held))

    async def outdate_all(self) -> None:
        """Changes may have been missed: everything is read anew from now on."""
        for account in self._store.accounts():
            await self.outdate(account, Touched(everything=True))

    def keep_variant(self, account: str, variant: str) -> None:
        """From now on keep of one account only what is read with this choice of fields; the rest is dropped, soon.

        Reads under way with another choice still serve whoever asked.
        """
        self._variants[account] = variant
        self._start(lambda: self._store.forget_variants(account, variant), REFRESH_SECONDS)

    def _is_current(self, key: Key) -> bool:
        return key.variant is None or self._variants.get(key.account, key.variant) == key.variant

    async def one(self, key: Key, freshness: Freshness, load: Callable[[], Awaitable[Held]]) -> Kept:
        """The value of one key. Raises ``ProviderError``."""

        async def loader(keys: Sequence[Key]) -> Loaded:
            return {key: await load() for key in keys}

        outcome = (await self.many([key], freshness, loader))[key]
        if isinstance(outcome, ProviderError):
            raise outcome
        return outcome

    async def many(self, keys: Sequence[Key], freshness: Freshness, loader: Loader) -> dict[Key, Kept | ProviderError]:
        """The value or the failure of every key."""
        if len(keys) == 1:
            self.note(keys[0], self._renewal(keys[0], loader), freshness)
        now = self._clock.now()
        outcomes: dict[Key, Kept | ProviderError] = {}
        stale: dict[Key, Held] = {}
        missing: list[Key] = []
        for key in dict.fromkeys(keys):
            held = await self._store.get(key)
            if held is None or held.outdated:
                missing.append(key)
            elif freshness.accepts(held.fetched_at, now):
                outcomes[key] = Kept(held.value, held.fetched_at)
            elif freshness.serves(held.fetched_at, now):
                stale[key] = held
            else:
                missing.append(key)
        if missing:
            outcomes |= await self._load(missing, freshness, loader)
        if stale:
            outcomes |= {
                key: Kept(held.value, held.fetched_at, self._refusals.get(str(key))) for key, held in stale.items()
            }
            self._refresh(list(stale), loader)
        return outcomes

    async def _load(self, keys: Sequence[Key], freshness: Freshness, loader: Loader) -> dict[Key, Kept | ProviderError]:
        landed = await self.together(keys, self._storing(loader))
        outcomes: dict[Key, Kept | ProviderError] = {}
        for key in keys:
            outcome = landed[key]
            if isinstance(outcome, ProviderError):
                outcomes[key] = await self._fall_back(key, outcome, freshness)
            else:
                outcomes[key] = Kept(outcome.value, outcome.fetched_at)
        return outcomes

    async def _fall_back(self, key: Key, error: ProviderError, freshness: Freshness) -> Kept | ProviderError:
        """A value that is too old is better than none while the PMS is away, unless the client named an age."""
        if freshness.strict or error.code not in _OUTAGES:
            return error
        held = await self._store.get(key)
        return error if held is None else Kept(held.value, held.fetched_at, error)

    async def together(self, keys: Sequence[Key], load: Together[V]) -> dict[Key, V | ProviderError]:
        """What ``load`` gives for each key: those that are being loaded already are waited for.

        ``load`` gets a watch that is open while it runs. A load that began before a change is not waited for by whoever
        asks after it.
        """
        by_name = {str(key): key for key in keys}

        async def run(names: Sequence[str]) -> Mapping[str, V | ProviderError]:
            with self.watching() as seen:
                loaded = await load([by_name[name] for name in names], seen)
            return {str(key): outcome for key, outcome in loaded.items()}

        landed = await self._flights.run(list(by_name), run)
        return {by_name[name]: outcome for name, outcome in landed.items()}

    def _storing(self, loader: Loader) -> Together[Held]:
        async def load(keys: Sequence[Key], seen: Watch) -> Loaded:
            loaded = await loader(keys)
            lasting = {key: held for key, held in loaded.items() if isinstance(held, Held) and held.lasting}
            await self.keep(lasting, seen)
            return loaded

        return load

    def _refresh(self, keys: Sequence[Key], loader: Loader) -> None:
        self.in_background(lambda: self._renewed(keys, loader))

    def _renewal(self, key: Key, loader: Loader) -> Renewal:
        """How to load a key that is kept already. A failure changes nothing."""

        async def read_at() -> datetime | None:
            held = await self._store.get(key)
            return None if held is None else held.fetched_at

        return Renewal(read_at, lambda: self._renewed([key], loader))

    async def behind_all(self, work: Callable[[], Awaitable[V]]) -> V:
        """What ``work`` gives, which is done behind every interactive call."""
        with self._unhurried(REFRESH_SECONDS):
            return await work()

    async def _renewed(self, keys: Sequence[Key], loader: Loader) -> None:
        landed = await self.together(keys, self._storing(loader))
        for key, outcome in landed.items():
            self._refusals.pop(str(key), None)
            if isinstance(outcome, ProviderError) and len(self._refusals) < MAX_REFUSALS:
                self._refusals[str(key)] = outcome

    def _unhurried(self, seconds: float) -> AbstractContextManager[Caller]:
        deadline = self._clock.monotonic() + seconds
        return calling(Caller(key="refresh", deadline=deadline, priority=Priority.BACKGROUND))

    def in_background(self, work: Callable[[], Coroutine[Any, Any, object]], seconds: float = REFRESH_SECONDS) -> None:
        """Do work that nobody waits for, behind every interactive call; left undone when there is too much of it.

        It may wait ``seconds`` for its permits.
        """
        if len(self._refreshes) < MAX_REFRESHES:
            self._start(work, seconds)

    def _start(self, work: Callable[[], Coroutine[Any, Any, object]], seconds: float) -> None:
        with self._unhurried(seconds):
            task: asyncio.Task[object] = asyncio.create_task(work())
        self._refreshes.add(task)
        task.add_done_callback(self._refreshed)

    def _refreshed(self, task: "asyncio.Task[object]") -> None:
        self._refreshes.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("refresh failed", error=type(error).__name__)

    async def aclose(self) -> None:
        """End the refreshes and empty the store."""
        for task in list(self._refreshes):
            task.cancel()
        await asyncio.gather(*self._refreshes, return_exceptions=True)
        await self._store.aclose()


def _in_doubt(key: Key, account: str, touched: Touched) -> bool:
    return key.account == account and touches(touched, key, UNREAD)
