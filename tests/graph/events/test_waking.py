"""Waiting for more in the log: it is looked for what other processes wrote, soon while there is some."""

import asyncio
from collections.abc import Mapping

import pytest

from graph.events.waking import LONGEST, SHORTEST, Waking


class Looks:
    """The log as it is looked at. Waiting between two looks takes no time: ``pauses`` are what it would have taken."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.newest = 0
        self.pauses: list[float] = []
        self._sleep = asyncio.sleep
        monkeypatch.setattr(asyncio, "sleep", self._pause)

    async def look(self, cursor: int) -> Mapping[str, int]:
        return {"default": self.newest} if self.newest > cursor else {}

    async def some(self, count: int) -> list[float]:
        """The next pauses."""
        self.pauses.clear()
        while len(self.pauses) < count:
            await self._sleep(0)
        return self.pauses[:count]

    async def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await self._sleep(0)


async def test_events_of_this_process_are_no_reason_to_look_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = Looks(monkeypatch)
    waking = Waking(looks.look)
    waiting = asyncio.create_task(waking.wait("default", 100))
    await looks.some(10)
    for cursor in range(1, 6):
        looks.newest = cursor
        waking.wake({"default": cursor})
        assert set(await looks.some(2)) == {LONGEST}
    waiting.cancel()
    await waking.aclose()


async def test_events_of_others_are_looked_for_sooner_while_there_are_some(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = Looks(monkeypatch)
    waking = Waking(looks.look)
    waiting = asyncio.create_task(waking.wait("default", 100))
    assert LONGEST in await looks.some(10)
    looks.newest = 7
    assert SHORTEST in await looks.some(2)
    assert not waiting.done()
    looks.newest = 101
    assert await waiting
    await waking.aclose()
