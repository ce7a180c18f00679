"""What was read from the PMSs, kept in memory: bounded, never across tenants."""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from aiocache import SimpleMemoryCache

_VARIANT = "~"


def variant_kind(kind: str, variant: str) -> str:
    """A kind of values that are read with one choice of fields among several."""
    return f"{kind}{_VARIANT}{variant}"


class Key(NamedTuple):
    """Where something is kept. The tenant comes first, so that no key can name another tenant's data by accident."""

    tenant: str
    account: str
    kind: str
    name: str

    def __str__(self) -> str:
        return "\x1f".join(self)

    @classmethod
    def named(cls, text: str) -> "Key":
        """The key whose text this is."""
        return cls(*text.split("\x1f", 3))

    @property
    def variant(self) -> str | None:
        """Which choice of fields the value was read with; None for what has all fields always."""
        _, mark, variant = self.kind.partition(_VARIANT)
        return variant if mark else None


@dataclass(frozen=True, slots=True)
class Held:
    """A kept value and when the PMS gave it (aware UTC).

    One that is not ``lasting`` lacks something that the next read may bring: it is served, but not kept. One that is
    ``outdated`` is from before a change: it is no answer of now.
    """

    value: Any
    fetched_at: datetime
    lasting: bool = True
    outdated: bool = False

    def replaces(self, kept: "Held") -> bool:
        """Whether it is kept instead: what is up to date before what is not, then the later."""
        if self.outdated != kept.outdated:
            return kept.outdated
        return kept.fetched_at <= self.fetched_at


class Store:
    """An aiocache memory cache with a bound: the least recently used entries leave when ``max_weight`` is passed.

    aiocache keeps no bound of its own. Values are shared, never copied: nobody may change them.
    """

    def __init__(self, max_weight: int) -> None:
        self._cache = SimpleMemoryCache(timeout=0)
        self._weights: OrderedDict[Key, int] = OrderedDict()
        self._weight = 0
        self._max_weight = max_weight

    @property
    def weight(self) -> int:
        """How much is kept, in objects."""
        return self._weight

    @property
    def max_weight(self) -> int:
        """How much may be kept, in objects."""
        return self._max_weight

    async def get(self, key: Key) -> Held | None:
        held: Held | None = await self._cache.get(str(key))
        if held is not None and key in self._weights:
            self._weights.move_to_end(key)
        return held

    async def put(self, entries: Iterable[tuple[Key, Held, int]]) -> None:
        """Keep each entry, counted with its weight in objects, unless what is kept is newer."""
        fresh = []
        for key, held, weight in entries:
            kept = await self._cache.get(str(key))
            if kept is None or held.replaces(kept):
                fresh.append((key, held, weight))
        if not fresh:
            return
        await self._cache.multi_set([(str(key), held) for key, held, _ in fresh])
        for key, _, weight in fresh:
            self._weight += weight - self._weights.pop(key, 0)
            self._weights[key] = weight
        await self._shrink()

    async def revise(self, account: str, revised: Callable[[Key, Held], Held]) -> None:
        """Put what ``revised`` makes of it, of the same weight, in the place of everything of one account."""
        for key in self._of(account):
            held: Held | None = await self._cache.get(str(key))
            if held is not None and (after := revised(key, held)) is not held:
                await self._cache.set(str(key), after)

    async def forget(self, account: str) -> None:
        """Drop everything of one account."""
        for key in self._of(account):
            await self._drop(key)

    async def forget_variants(self, account: str, but: str) -> None:
        """Drop what of one account was read with another choice of fields than ``but``."""
        for key in self._of(account):
            if key.variant not in (None, but):
                await self._drop(key)

    def accounts(self) -> set[str]:
        """The accounts of which anything is kept."""
        return {key.account for key in self._weights}

    def _of(self, account: str) -> list[Key]:
        return [key for key in self._weights if key.account == account]

    async def aclose(self) -> None:
        self._weights.clear()
        self._weight = 0
        await self._cache.clear()
        await self._cache.close()

    async def _shrink(self) -> None:
        while self._weight > self._max_weight and self._weights:
            await self._drop(next(iter(self._weights)))

    async def _drop(self, key: Key) -> None:
        self._weight -= self._weights.pop(key, 0)
        await self._cache.delete(str(key))
