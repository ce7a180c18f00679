"""Windows of the PMS's clock: counted across their ends, corrected by what the PMS says."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.manifest import LimitScope, WindowKind
from providers.upstream.calls import Quota
from providers.upstream.permits import MemoryPermits
from tests.providers.upstream.doubles import caller, window
from tests.virtual_time import START, VirtualClock, in_virtual_time

FULL_HOUR = datetime(2026, 3, 14, 10, tzinfo=UTC)
TO_FULL_HOUR = (FULL_HOUR - START).total_seconds()
HOURLY = window("app", 5, 3600, scope=LimitScope.APPLICATION, kind=WindowKind.CLOCK)


def create() -> MemoryPermits:
    return MemoryPermits(VirtualClock(), max_waiting=2000)


def now() -> float:
    return asyncio.get_running_loop().time()


async def take(permits: MemoryPermits, quota: Quota | None = None) -> float:
    permit = await permits.acquire("x", [HOURLY], caller())
    permits.answered(permit, quota)
    return permit.at


def used(permits: MemoryPermits) -> tuple[int, int]:
    usage = permits.usage()[0]
    return usage.used, usage.limit


@in_virtual_time
async def test_the_budget_comes_back_at_the_full_hour_after_the_margin() -> None:
    permits = create()
    times = [await take(permits) for _ in range(6)]
    assert times[:5] == [0.0] * 5
    assert times[5] == pytest.approx(TO_FULL_HOUR + 0.25, abs=0.01)


@settings(max_examples=50, deadline=None)
@given(
    asked=st.lists(st.floats(TO_FULL_HOUR - 3, TO_FULL_HOUR + 3), min_size=1, max_size=20),
    way=st.floats(0, 0.2),
    skew=st.floats(-0.2, 0.2),
)
@in_virtual_time
async def test_calls_around_the_change_fit_whatever_side_they_are_counted_on(
    asked: list[float], way: float, skew: float
) -> None:
    """The PMS's clock differs by less than the margin, and calls take their time to arrive."""
    permits = create()
    arrived: list[float] = []

    async def call(at: float) -> None:
        await asyncio.sleep(at)
        permit = await permits.acquire("x", [HOURLY], caller())
        await asyncio.sleep(way)
        arrived.append(now() + skew)
        await asyncio.sleep(way)
        permits.answered(permit, None)

    await asyncio.gather(*(call(at) for at in asked))
    for hour in range(6):
        begin = TO_FULL_HOUR + 3600 * (hour - 1)
        assert sum(begin <= moment < begin + 3600 for moment in arrived) <= 5


@in_virtual_time
async def test_calls_of_other_programs_count() -> None:
    permits = create()
    await take(permits, Quota(limit=5, remaining=2, reset_at=FULL_HOUR))
    assert used(permits) == (3, 5)
    await take(permits)
    await take(permits)
    assert await take(permits) > 2000


@in_virtual_time
async def test_calls_on_their_way_are_added_to_the_count_until_they_arrive() -> None:
    permits = create()
    spec = window("app", 1000, 3600, scope=LimitScope.APPLICATION, kind=WindowKind.CLOCK)
    under_way = [await permits.acquire("x", [spec], caller()) for _ in range(10)]
    for number, permit in enumerate(under_way, start=1):
        permits.answered(permit, Quota(limit=1000, remaining=1000 - 50 - number, reset_at=FULL_HOUR))
        assert used(permits) == (60, 1000)


@in_virtual_time
async def test_a_higher_and_a_lower_limit_are_learnt() -> None:
    permits = create()
    await take(permits, Quota(limit=1000, remaining=999, reset_at=FULL_HOUR))
    assert used(permits) == (1, 1000)
    await take(permits, Quota(limit=3, remaining=1, reset_at=FULL_HOUR))
    assert used(permits) == (2, 3)


@in_virtual_time
async def test_the_told_end_moves_the_window_but_not_beyond_its_length() -> None:
    permits = create()
    await take(permits, Quota(limit=1, remaining=0, reset_at=START + timedelta(seconds=100)))
    assert await take(permits) == pytest.approx(100.25, abs=0.01)
    permits = create()
    began = now()
    await take(permits, Quota(limit=1, remaining=0, reset_at=START + timedelta(days=9)))
    assert await take(permits) - began == pytest.approx(3600.25, abs=0.01)


@in_virtual_time
async def test_an_answer_about_a_window_that_is_over_changes_nothing() -> None:
    permits = create()
    late = await permits.acquire("x", [HOURLY], caller())
    await asyncio.sleep(TO_FULL_HOUR + 1)
    permits.answered(late, Quota(limit=5, remaining=0, reset_at=FULL_HOUR))
    assert used(permits) == (1, 5)  # on its way at the change, it may count in the new window


@in_virtual_time
async def test_a_pms_whose_clock_is_ahead_has_begun_its_next_window() -> None:
    permits = create()
    for _ in range(4):
        await take(permits)
    await asyncio.sleep(TO_FULL_HOUR - 10)
    await take(permits, Quota(limit=5, remaining=4, reset_at=FULL_HOUR + timedelta(hours=1)))
    assert used(permits)[0] <= 2


@in_virtual_time
async def test_a_machine_clock_that_is_set_back_does_not_close_the_window_for_longer() -> None:
    clock = VirtualClock()
    permits = MemoryPermits(clock, max_waiting=10)
    for _ in range(5):
        await take(permits)
    clock.start -= timedelta(hours=5)
    assert await take(permits) <= 3600.5


@in_virtual_time
async def test_idle_hours_are_skipped() -> None:
    permits = create()
    for _ in range(5):
        await take(permits)
    await asyncio.sleep(5 * 3600)
    assert used(permits)[0] == 0
    before = now()
    for _ in range(5):
        await take(permits)
    assert now() == before
