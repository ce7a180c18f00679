"""Snapshots: how long they hold, who shares a load, and that a change is never overwritten by an older answer."""

import asyncio
from collections.abc import Collection
from datetime import UTC, datetime

import pytest

from graph.storage.snapshots import Snapshots


class HandClock:
    def __init__(self) -> None:
        self.time = 100.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.time, UTC)

    def monotonic(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += seconds


class Source:
    def __init__(self) -> None:
        self.value = 1
        self.loads = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def load(self, key: str) -> str:
        self.loads += 1
        seen = self.value
        await self.gate.wait()
        return f"{key}{seen}"


async def test_a_snapshot_holds_for_its_age_and_no_longer() -> None:
    clock, source = HandClock(), Source()
    snapshots = Snapshots(source.load, clock=clock, max_age=1.0)
    assert await snapshots.get("a") == "a1"
    source.value = 2
    clock.time += 0.99
    assert await snapshots.get("a") == "a1"
    clock.time += 0.01
    assert await snapshots.get("a") == "a2"
    assert source.loads == 2


async def test_what_is_asked_for_again_is_loaded_anew_while_its_value_is_still_given() -> None:
    clock, source = HandClock(), Source()
    snapshots = Snapshots(source.load, clock=clock, max_age=1.0)
    assert await snapshots.get("a") == "a1"
    clock.time += 0.4
    assert await snapshots.get("a") == "a1"
    assert source.loads == 1
    source.value = 2
    source.gate.clear()
    clock.time += 0.4
    for _ in range(2):
        async with asyncio.timeout(1):
            assert await snapshots.get("a") == "a1"
        await asyncio.sleep(0)
    assert source.loads == 2
    source.gate.set()
    for _ in range(3):
        await asyncio.sleep(0)
    # It is as old as its question.
    clock.time += 0.9
    assert await snapshots.get("a") == "a2"


async def test_age_counts_from_the_question_not_from_the_answer() -> None:
    clock, source = HandClock(), Source()
    snapshots = Snapshots(source.load, clock=clock, max_age=1.0)
    source.gate.clear()
    waiting = asyncio.create_task(snapshots.get("a"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    clock.time += 1.0
    source.gate.set()
    assert await waiting == "a1"
    source.value = 2
    assert await snapshots.get("a") == "a2"


async def test_callers_at_once_share_one_load_and_one_leaving_hurts_nobody() -> None:
    source = Source()
    snapshots = Snapshots(source.load, clock=HandClock())
    source.gate.clear()
    first, second = (asyncio.create_task(snapshots.get("a")) for _ in range(2))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    source.gate.set()
    assert await second == "a1"
    assert source.loads == 1


async def test_a_drop_during_a_load_makes_the_next_caller_load_anew() -> None:
    source = Source()
    snapshots = Snapshots(source.load, clock=HandClock())
    source.gate.clear()
    early = asyncio.create_task(snapshots.get("a"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    source.value = 2
    snapshots.drop("a")
    late = asyncio.create_task(snapshots.get("a"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    source.gate.set()
    assert (await early, await late) == ("a1", "a2")
    assert await snapshots.get("a") == "a2"


async def test_a_failed_load_is_told_to_all_and_not_kept() -> None:
    calls = 0

    async def load(key: str) -> str:
        nonlocal calls
        calls += 1
        await asyncio.sleep(0)
        if calls == 1:
            raise LookupError(key)
        return "fine"

    snapshots = Snapshots(load, clock=HandClock())
    failed = await asyncio.gather(snapshots.get("a"), snapshots.get("a"), return_exceptions=True)
    assert [type(each) for each in failed] == [LookupError, LookupError]
    assert await snapshots.get("a") == "fine"


@pytest.mark.parametrize("bound", [1, 3])
async def test_snapshots_are_bounded(bound: int) -> None:
    source = Source()
    snapshots = Snapshots(source.load, clock=HandClock(), max_entries=bound)
    for key in "abcde":
        await snapshots.get(key)
    source.loads = 0
    await snapshots.get("e")
    assert source.loads == 0
    await snapshots.get("a")
    assert source.loads == 1


async def test_looking_ahead_loads_together_what_would_be_loaded_anew() -> None:
    clock, source, asked = HandClock(), Source(), list[list[str]]()

    async def load_all(keys: Collection[str]) -> dict[str, str]:
        asked.append(list(keys))
        return {key: await source.load(key) for key in keys}

    snapshots = Snapshots(source.load, clock=clock, max_age=1.0, load_all=load_all)
    await snapshots.get("old")
    clock.time += 0.5
    await snapshots.get("new")
    source.value = 2
    await snapshots.look_ahead(["old", "new", "never", "old"])
    assert asked == [["old", "never"]]
    source.loads = 0
    assert [await snapshots.get(key) for key in ("old", "new", "never")] == ["old2", "new1", "never2"]
    await snapshots.look_ahead(["old", "new", "never"])
    assert source.loads == 0
    # It is as old as its question.
    clock.time += 0.99
    assert await snapshots.get("old") == "old2"
    clock.time += 0.01
    source.value = 3
    source.gate.clear()
    waiting = asyncio.create_task(snapshots.get("never"))
    for _ in range(3):
        await asyncio.sleep(0)
    assert not waiting.done()
    source.gate.set()
    assert await waiting == "never3"


async def test_who_asks_meanwhile_shares_what_is_looked_up_ahead_and_a_drop_is_heeded() -> None:
    source = Source()

    async def load_all(keys: Collection[str]) -> dict[str, str]:
        value = source.value
        await source.gate.wait()
        return {key: f"{key}{value}" for key in keys}

    snapshots = Snapshots(source.load, clock=HandClock(), load_all=load_all)
    source.gate.clear()
    ahead = asyncio.create_task(snapshots.look_ahead("ab"))
    for _ in range(3):
        await asyncio.sleep(0)
    waiting = asyncio.create_task(snapshots.get("a"))
    await asyncio.sleep(0)
    source.value = 2
    snapshots.drop("b")
    # Whoever leaves takes it from nobody.
    ahead.cancel()
    await asyncio.sleep(0)
    source.gate.set()
    assert await waiting == "a1"
    assert await snapshots.get("b") == "b2"
    assert await snapshots.get("a") == "a1"
    assert source.loads == 1


async def test_what_goes_wrong_ahead_is_told_to_all_and_not_kept() -> None:
    source, gate = Source(), asyncio.Event()

    async def load_all(keys: Collection[str]) -> dict[str, str]:
        await gate.wait()
        raise LookupError

    snapshots = Snapshots(source.load, clock=HandClock(), load_all=load_all)
    ahead = asyncio.create_task(snapshots.look_ahead("ab"))
    for _ in range(3):
        await asyncio.sleep(0)
    waiting = asyncio.create_task(snapshots.get("a"))
    await asyncio.sleep(0)
    gate.set()
    for each in (ahead, waiting):
        with pytest.raises(LookupError):
            await each
    assert await snapshots.get("a") == "a1"
