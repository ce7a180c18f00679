"""Full collections of garbage wait for a moment in which nobody waits for an answer."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import pytest

from graph.cli import servers
from graph.cli.garbage import EVERY, LOOK, LOOKS, collect_for_ever, collecting_when_idle
from tests.graph.cli.test_servers import ask, hello, site


class Stop(Exception):
    """Ends a run that has no end."""


async def collections(busy: Iterator[bool], times: int) -> tuple[list[float], list[int]]:
    """The pauses made, and after how many of them a collection came, until ``times`` collections."""
    slept: list[float] = []
    collected: list[int] = []

    async def sleep(seconds: float) -> None:
        if len(collected) == times:
            raise Stop
        slept.append(seconds)

    with pytest.raises(Stop):
        await collect_for_ever(lambda: next(busy), sleep=sleep, collect=lambda: collected.append(len(slept)))
    return slept, collected


async def test_an_idle_server_collects_every_five_minutes() -> None:
    assert await collections(iter([False] * 9), 2) == ([EVERY, EVERY], [1, 2])


async def test_a_busy_one_waits_for_the_first_moment_without_a_request() -> None:
    assert await collections(iter([True, True, False]), 1) == ([EVERY, LOOK, LOOK], [3])


async def test_one_that_is_never_idle_collects_all_the_same() -> None:
    slept, collected = await collections(iter(lambda: True, False), 1)
    assert (len(slept), collected) == (1 + LOOKS, [1 + LOOKS])


async def test_within_the_block_python_makes_no_full_collection_by_itself() -> None:
    kept = gc.get_threshold()

    def full() -> int:
        return int(gc.get_stats()[2]["collections"])

    async with collecting_when_idle(lambda: False):
        before = full()
        cells = [[number] for number in range(300_000)]  # without the block: several full collections
        assert full() == before
        assert gc.get_freeze_count() > 0
    assert len(cells) == 300_000
    assert gc.get_threshold() == kept
    assert gc.get_freeze_count() == 0


async def test_a_request_under_way_keeps_collections_off(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Callable[[], bool]] = []

    @asynccontextmanager
    async def watch(busy: Callable[[], bool]) -> AsyncIterator[None]:
        asked.append(busy)
        yield

    monkeypatch.setattr(servers, "collecting_when_idle", watch)
    served = site(hello)
    stop, ready = asyncio.Event(), asyncio.Event()
    serving = asyncio.create_task(servers.serve_all([served], stop, ready.set))
    await ready.wait()
    await asyncio.sleep(0)
    (busy,) = asked
    assert not busy()
    _, writer = await ask(served.url, "/hang")
    async with asyncio.timeout(5):
        while not busy():  # noqa: ASYNC110  # uvicorn tells nobody
            await asyncio.sleep(0.001)
    writer.close()
    stop.set()
    await serving
