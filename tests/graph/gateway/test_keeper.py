"""The cache's rules: fresh is served, stale is served while it is refreshed, missing is loaded once."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from graph.gateway.keeper import Keeper, Kept, Loaded
from graph.gateway.operation import Freshness
from graph.gateway.store import Held, Key, Store, variant_kind
from providers.errors import NotFound, ProviderError, RateLimited, UpstreamUnavailable
from providers.upstream.caller import Caller, calling

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


class HandClock:
    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class Source:
    """Counts what it is asked for; can be held up, and can fail."""

    def __init__(self, clock: HandClock) -> None:
        self.clock = clock
        self.asked: list[list[str]] = []
        self.started = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()
        self.error: ProviderError | None = None

    async def load(self, keys: Sequence[Key]) -> Loaded:
        self.asked.append([key.name for key in keys])
        self.started.set()
        await self.gate.wait()
        if self.error:
            raise self.error
        return {key: Held(f"{key.name}{len(self.asked)}", self.clock.now()) for key in keys}


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def source(clock: HandClock) -> Source:
    return Source(clock)


@pytest.fixture
def keeper(clock: HandClock) -> Keeper:
    return Keeper(Store(10), clock, lambda _: 1)


def key(name: str, tenant: str = "t") -> Key:
    return Key(tenant, "acc", "kind", name)


def freshness(clock: HandClock, max_age: float = 60, stale_for: float = 600, *, strict: bool = False) -> Freshness:
    return Freshness(max_age=max_age, since=clock.now(), stale_for=stale_for, strict=strict)


async def value(keeper: Keeper, source: Source, wanted: Freshness, name: str = "a") -> Any:
    outcome = (await keeper.many([key(name)], wanted, source.load))[key(name)]
    return outcome.value if isinstance(outcome, Kept) else outcome


async def test_what_is_fresh_is_served_without_asking(keeper: Keeper, source: Source, clock: HandClock) -> None:
    assert await value(keeper, source, freshness(clock)) == "a1"
    clock.at += timedelta(seconds=59)
    assert await value(keeper, source, freshness(clock)) == "a1"
    assert source.asked == [["a"]]


async def test_what_is_stale_is_served_while_it_is_refreshed(keeper: Keeper, source: Source, clock: HandClock) -> None:
    await value(keeper, source, freshness(clock))
    clock.at += timedelta(seconds=61)
    source.gate.clear()
    assert await value(keeper, source, freshness(clock)) == "a1"
    assert await value(keeper, source, freshness(clock)) == "a1"
    source.gate.set()
    await asyncio.sleep(0.01)
    assert source.asked == [["a"], ["a"]]
    assert await value(keeper, source, freshness(clock)) == "a2"


async def test_what_is_served_stale_tells_why_its_refresh_failed(
    keeper: Keeper, source: Source, clock: HandClock
) -> None:
    await value(keeper, source, freshness(clock))
    clock.at += timedelta(seconds=61)
    source.error = UpstreamUnavailable("The PMS could not be reached.")
    await value(keeper, source, freshness(clock))
    await asyncio.sleep(0.01)
    outcome = (await keeper.many([key("a")], freshness(clock), source.load))[key("a")]
    assert isinstance(outcome, Kept)
    assert (outcome.value, outcome.error) == ("a1", source.error)
    source.error = None
    await asyncio.sleep(0.01)
    assert await value(keeper, source, freshness(clock)) != "a1"


async def test_a_named_age_never_gets_anything_older(keeper: Keeper, source: Source, clock: HandClock) -> None:
    await value(keeper, source, freshness(clock))
    clock.at += timedelta(seconds=61)
    assert await value(keeper, source, freshness(clock, strict=True)) == "a2"
    source.error = UpstreamUnavailable("The PMS could not be reached.")
    clock.at += timedelta(seconds=61)
    assert isinstance(await value(keeper, source, freshness(clock, strict=True)), UpstreamUnavailable)


async def test_age_0_asks_once_per_operation(keeper: Keeper, source: Source, clock: HandClock) -> None:
    operation = freshness(clock, 0, strict=True)
    assert await value(keeper, source, operation) == "a1"
    assert await value(keeper, source, operation) == "a1"
    clock.at += timedelta(seconds=1)
    assert await value(keeper, source, freshness(clock, 0, strict=True)) == "a2"


async def test_a_hundred_callers_make_one_load(keeper: Keeper, source: Source, clock: HandClock) -> None:
    source.gate.clear()
    waiting = [asyncio.create_task(value(keeper, source, freshness(clock))) for _ in range(100)]
    await asyncio.sleep(0)
    source.gate.set()
    assert set(await asyncio.gather(*waiting)) == {"a1"}
    assert len(source.asked) == 1


async def test_only_what_is_missing_is_loaded(keeper: Keeper, source: Source, clock: HandClock) -> None:
    await value(keeper, source, freshness(clock))
    await keeper.many([key("a"), key("b"), key("c")], freshness(clock), source.load)
    assert source.asked == [["a"], ["b", "c"]]


async def test_old_data_is_better_than_none_while_the_pms_is_away(
    keeper: Keeper, source: Source, clock: HandClock
) -> None:
    await value(keeper, source, freshness(clock))
    clock.at += timedelta(days=2)
    source.error = UpstreamUnavailable("The PMS could not be reached.")
    outcome = (await keeper.many([key("a")], freshness(clock), source.load))[key("a")]
    assert isinstance(outcome, Kept)
    assert (outcome.value, outcome.fetched_at, outcome.error) == ("a1", START, source.error)
    source.error = NotFound("No such object.")
    assert isinstance(await value(keeper, source, freshness(clock)), NotFound)


async def test_a_caller_that_leaves_does_not_hurt_the_others(keeper: Keeper, source: Source, clock: HandClock) -> None:
    source.gate.clear()
    first = asyncio.create_task(value(keeper, source, freshness(clock)))
    second = asyncio.create_task(value(keeper, source, freshness(clock)))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    source.gate.set()
    assert await second == "a1"
    assert first.cancelled()


async def test_a_load_nobody_waits_for_is_given_up_and_the_next_caller_starts_anew(
    keeper: Keeper, source: Source, clock: HandClock
) -> None:
    source.gate.clear()
    first = asyncio.create_task(value(keeper, source, freshness(clock)))
    await source.started.wait()
    first.cancel()
    second = asyncio.create_task(value(keeper, source, freshness(clock)))
    await asyncio.sleep(0)
    source.gate.set()
    assert await second == "a2"


async def test_who_has_more_time_does_not_inherit_anothers_deadline(
    keeper: Keeper, source: Source, clock: HandClock
) -> None:
    now = asyncio.get_running_loop().time()
    source.gate.clear()
    source.error = RateLimited("No permit in time.", retry_after=9)
    with calling(Caller("hurried", now + 1)):
        hurried = asyncio.create_task(value(keeper, source, freshness(clock)))
    await asyncio.sleep(0)
    with calling(Caller("patient", now + 30)):
        patient = asyncio.create_task(value(keeper, source, freshness(clock)))
    await asyncio.sleep(0)
    source.gate.set()
    assert isinstance(await hurried, RateLimited)
    await patient
    assert len(source.asked) == 2


async def test_the_least_recently_used_leave_first(keeper: Keeper, source: Source, clock: HandClock) -> None:
    for number in range(10):
        await value(keeper, source, freshness(clock), str(number))
    await value(keeper, source, freshness(clock), "0")
    await value(keeper, source, freshness(clock), "new")
    assert await keeper.recall(key("0")) is not None
    assert await keeper.recall(key("1")) is None


async def test_tenants_never_share(keeper: Keeper, source: Source, clock: HandClock) -> None:
    await keeper.many([key("a", "one")], freshness(clock), source.load)
    await keeper.many([key("a", "two")], freshness(clock), source.load)
    assert len(source.asked) == 2


async def test_a_removed_account_leaves_nothing_behind(keeper: Keeper, source: Source, clock: HandClock) -> None:
    await value(keeper, source, freshness(clock))
    keeper.forget("acc")
    await asyncio.sleep(0.01)
    assert await keeper.recall(key("a")) is None


async def test_an_older_answer_never_replaces_a_newer_one(keeper: Keeper, clock: HandClock) -> None:
    await keeper.keep({key("a"): Held("new", START)})
    await keeper.keep({key("a"): Held("old", START - timedelta(seconds=1))})
    held = await keeper.recall(key("a"))
    assert held is not None
    assert held.value == "new"


async def test_what_was_read_with_another_choice_of_fields_goes_and_does_not_come_back(
    keeper: Keeper, source: Source, clock: HandClock
) -> None:
    former, present = (Key("t", "acc", variant_kind("listing", name), "1") for name in ("", "3f"))
    calendar, elsewhere = Key("t", "acc", "calendar", "1"), former._replace(account="other")
    await keeper.many([former, calendar, elsewhere], freshness(clock), source.load)
    source.gate.clear()
    source.started.clear()
    late = asyncio.create_task(keeper.many([former], freshness(clock, max_age=0, strict=True), source.load))
    clock.at += timedelta(seconds=1)
    late_too = asyncio.create_task(keeper.many([former._replace(name="2")], freshness(clock, strict=True), source.load))
    await source.started.wait()
    keeper.keep_variant("acc", "3f")
    source.gate.set()
    assert all(isinstance(kept, Kept) for kept in ((await late) | (await late_too)).values())
    await keeper.many([present], freshness(clock), source.load)
    assert await keeper.recall(former) is None
    assert await keeper.recall(former._replace(name="2")) is None
    for kept_on in (present, calendar, elsewhere):
        assert await keeper.recall(kept_on) is not None
