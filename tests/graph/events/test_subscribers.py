"""Subscribers of a real log: whoever is let go is told a cursor from which nothing is missed or repeated."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from graph.events import subscribers
from graph.events.event import ReservationEvent
from graph.events.lifetime import Ending, Lifetime
from graph.events.log import EVERYTHING
from graph.events.subscribers import LetGoError, Subscribers, Told
from graph.storage.database import Database
from graph.storage.tables import AccountRow
from tests.gateway_world import ShiftedClock
from tests.graph.events.happenings import until
from tests.graph.events.test_log import Log, event, with_accounts

MOST_WAITING = 3
OVER = Ending("OVER", "It is over.")


class Stage:
    """A log, its subscribers, and a reader that can be held back while subscribers replay the log."""

    def __init__(self, log: Log, start: int) -> None:
        self.log = log
        self.start = start
        self.subscribers = Subscribers(log.log, self._see, most_waiting=MOST_WAITING)
        self.reading = asyncio.Event()
        self.reading.set()
        self.followers: list[Follower] = []

    async def _see(self, _: str, events: Sequence[ReservationEvent]) -> Sequence[ReservationEvent]:
        if asyncio.current_task() not in [each.task for each in self.followers]:
            await self.reading.wait()
        return events

    async def step(self, what: str, number: int) -> None:
        follower = self.followers[number % len(self.followers)]
        match what:
            case "write":
                await self.write(number)
            case "hold":
                self.reading.clear()
            case "read":
                self.reading.set()
            case "follow":
                self.follow()
            case "take":
                follower.take(number)
            case "end":
                follower.end()
            case "pass":
                # The others go on meanwhile.
                await self.written()

    async def write(self, count: int) -> None:
        """Append events, and before each one of another tenant."""
        await self.log.add(*[event(tenant_id="other", account_id="acc_3"), event()] * count)

    async def written(self) -> list[int]:
        return [each.cursor for each in await self.log.log.after("default", self.start)]

    def follow(self) -> "Follower":
        """Somebody who follows all that was written since the start."""
        self.followers.append(Follower(self))
        return self.followers[-1]


class Follower:
    """Takes events while it may, and comes back behind the cursor where it was let go."""

    def __init__(self, stage: Stage) -> None:
        self.heard: list[int] = []
        self.let_go: list[tuple[int, list[int]]] = []
        """The cursors that it was told, and what it had heard by then."""
        self.task = asyncio.create_task(self._follow())
        self._stage = stage
        self._lifetime = Lifetime()
        self._left = 0
        self._more = asyncio.Event()

    def take(self, count: int) -> None:
        """Take so many more events. One is always taken before this is asked."""
        self._left += count
        self._more.set()

    def end(self) -> None:
        """Let it go."""
        self._lifetime.end(OVER)

    async def _follow(self) -> None:
        cursor = self._stage.start
        while True:
            try:
                await self._listen(cursor)
            except LetGoError as error:
                cursor = error.cursor
                self.let_go.append((cursor, list(self.heard)))
                self._lifetime = Lifetime()

    async def _listen(self, cursor: int) -> None:
        following = self._stage.subscribers.follow("default", EVERYTHING, cursor, self._lifetime, self._at_once)
        async with aclosing(following):
            async for told in following:
                self._hear(told)
                while self._left <= 0:
                    self._more.clear()
                    await self._more.wait()

    def _at_once(self, told: Told) -> bool:
        if self._left <= 0:
            return False
        self._hear(told)
        return True

    def _hear(self, told: Told) -> None:
        self._left -= 1
        self.heard.append(told.event.cursor)


@asynccontextmanager
async def staged(log: Log) -> AsyncIterator[Stage]:
    """What was written before is nobody's concern."""
    stage = Stage(log, await log.log.newest("default"))
    try:
        yield stage
    finally:
        for each in stage.followers:
            each.task.cancel()
        await asyncio.gather(*(each.task for each in stage.followers), return_exceptions=True)


@pytest.fixture
async def log(database: Database) -> AsyncIterator[Log]:
    await with_accounts(database)
    made = Log(database, ShiftedClock())
    yield made
    await made.log.aclose()


async def test_one_that_has_more_than_the_reader_is_let_go_where_it_is(log: Log) -> None:
    async with staged(log) as stage:
        stage.follow()
        await until(lambda: stage.subscribers.count == 1)
        stage.reading.clear()
        await stage.write(5)
        written = await stage.written()
        ahead = stage.follow()
        ahead.take(100)
        await until(lambda: ahead.heard == written and stage.subscribers.count == 2)
        ahead.end()
        await until(lambda: ahead.let_go)
        assert ahead.let_go == [(written[-1], written)]
        stage.reading.set()
        await stage.write(1)
        written = await stage.written()
        await until(lambda: len(ahead.heard) >= len(written))
        assert ahead.heard == written


STEPS = st.one_of(
    st.tuples(st.just("write"), st.integers(1, 2 * MOST_WAITING)),
    st.tuples(st.sampled_from(["hold", "read", "follow", "pass"]), st.just(0)),
    st.tuples(st.sampled_from(["take", "end"]), st.integers(0, 9)),
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, min_size=5, max_size=30))
async def test_whoever_comes_back_misses_nothing_and_repeats_nothing(
    log: Log, steps: Sequence[tuple[str, int]]
) -> None:
    async with staged(log) as stage:
        stage.follow()
        for what, number in steps:
            await stage.step(what, number)
        stage.reading.set()
        await stage.write(1)
        written = await stage.written()
        for each in stage.followers:
            each.take(len(written))
        await until(lambda: all(len(each.heard) >= len(written) or each.task.done() for each in stage.followers))
        for each in stage.followers:
            assert not each.task.done(), each.task
            assert each.heard == written
            for cursor, heard in each.let_go:
                assert heard == [other for other in written if other <= cursor], "the cursor is not its place"


async def test_what_went_with_its_account_before_it_was_read_is_not_looked_for_without_end(
    log: Log, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Log(database, ShiftedClock())
    await log.add(event())
    async with staged(log) as stage:
        await other.add(event(account_id="acc_2"))
        assert await log.log.wait("default", stage.start, 5)
        async with database.session() as session:
            await session.execute(delete(AccountRow).where(AccountRow.id == "acc_2"))
        looks = 0
        after = log.log.after

        async def counted(*given: Any, **named: Any) -> list[ReservationEvent]:
            nonlocal looks
            looks += 1
            return await after(*given, **named)

        monkeypatch.setattr(log.log, "after", counted)
        monkeypatch.setattr(subscribers, "_GONE_SECONDS", 1.0)
        follower = stage.follow()
        await until(lambda: stage.subscribers.count == 1)
        for _ in range(20):
            await log.log.oldest("default")
        assert looks <= 3
        await other.add(event(2))
        await until(lambda: follower.heard)
        assert follower.heard == await stage.written()
