"""When Python looks through all its objects for garbage: while nobody waits for an answer.

Python does so whenever the number of objects has grown by a quarter. With tens of thousands of calendar days in the
cache that takes some tenths of a second, in which nothing else happens, and it falls into the middle of the answer that
made the objects. Almost nothing is found: what no one refers to is freed at once without it, and young cycles are found
by the small collections, which go on as ever.
"""

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

EVERY = 300.0
"""Seconds between two full collections."""

LOOK = 0.05
"""Seconds between two looks whether somebody waits."""

LOOKS = 12_000
"""Looks after which a server that is never idle is held up all the same: ten minutes."""

_YOUNG_TURNS = 2
"""Python looks through what is a little older at every tenth small collection, which takes up to six milliseconds: at
every third it has less to look through, and all in all the same.
"""

_NEVER = 1_000_000_000


@asynccontextmanager
async def collecting_when_idle(busy: Callable[[], bool]) -> AsyncIterator[None]:
    """Within the block, full collections happen while not ``busy``. What is there at its start is never looked at.

    This holds for the whole process.
    """
    young, middle, old = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(young, _YOUNG_TURNS, _NEVER)
    task = asyncio.create_task(collect_for_ever(busy))
    try:
        yield
    finally:
        task.cancel()
        gc.set_threshold(young, middle, old)
        gc.unfreeze()


async def collect_for_ever(
    busy: Callable[[], bool],
    *,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    collect: Callable[[], object] = gc.collect,
) -> None:
    """Collect every five minutes: at the first moment without a request, or ten minutes later."""
    while True:
        await sleep(EVERY)
        for _ in range(LOOKS):
            if not busy():
                break
            await sleep(LOOK)
        collect()
