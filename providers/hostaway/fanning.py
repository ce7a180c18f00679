"""Many calls at once, each of which may fail on its own."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from typing import Generic, TypeVar

from providers.errors import AuthenticationFailed, NotFound, ProviderError

K = TypeVar("K")
V = TypeVar("V")

_AT_ONCE = 32


class Fan(Generic[K, V]):
    """What many single reads brought: values by key and failures by key. A key in neither does not exist."""

    def __init__(self) -> None:
        self.found: dict[K, V] = {}
        self.failed: dict[K, ProviderError] = {}
        self.oldest: datetime | None = None

    async def read(self, keys: Iterable[K], read: Callable[[K], Awaitable[tuple[V, datetime]]]) -> "Fan[K, V]":
        """Reads every key with at most 32 reads on their way at a time.

        Once the credentials are refused the rest is not even tried: it could not end otherwise.
        """
        distinct = list(dict.fromkeys(keys))
        waiting = iter(distinct)

        async def work() -> None:
            for key in waiting:
                await self._one(key, read)

        async with asyncio.TaskGroup() as tasks:
            for _ in range(min(_AT_ONCE, len(distinct))):
                tasks.create_task(work())
                await asyncio.sleep(0)  # opening many connections at once would hold up everybody else
        return self

    def fail(self, failures: Mapping[K, ProviderError]) -> None:
        """Takes keys back that were found but cannot be made use of."""
        self.failed.update(failures)
        for key in failures:
            self.found.pop(key, None)

    async def _one(self, key: K, read: Callable[[K], Awaitable[tuple[V, datetime]]]) -> None:
        refused = next((each for each in self.failed.values() if isinstance(each, AuthenticationFailed)), None)
        if refused is not None:
            self.failed[key] = refused
            return
        try:
            self.found[key], at = await read(key)
        except NotFound:
            return
        except ProviderError as error:
            self.failed[key] = error
            return
        self.oldest = at if self.oldest is None else min(self.oldest, at)
