"""Permits: never more than a window allows, in fair order, nothing lost. Independent of how they are counted."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.errors import RateLimited
from providers.manifest import LimitScope, WindowKind
from providers.upstream.caller import Priority
from providers.upstream.calls import Quota
from providers.upstream.windows import Permit, WindowKey, WindowSpec
from tests.bench.permits import measure
from tests.providers.upstream.doubles import caller, window
from tests.providers.upstream.permit_world import A, B, C, create, now
from tests.providers.upstream.test_permit_turns import LATER, NOW
from tests.virtual_time import START, VirtualClock, in_virtual_time

SETS = ((A,), (B,), (A, B), (C,), (A, C), (A, B, C))


class Book:
    """Every permit in force and when it was given, by window: an independent record."""

    def __init__(self) -> None:
        self.times: dict[WindowKey, list[float]] = defaultdict(list)

    def write(self, specs: Sequence[WindowSpec]) -> None:
        for spec in specs:
            self.times[spec.key].append(now())

    def check(self, specs: Sequence[WindowSpec]) -> None:
        for spec in specs:
            times = sorted(self.times[spec.key])
            for first, last in zip(times, times[spec.calls :], strict=False):
                assert last - first >= spec.key.seconds + spec.margin - 1e-6


@st.composite
def demands(draw: st.DrawFn) -> list[tuple[float, int, str, str, Priority, float | None, bool]]:
    """(when, which windows, lane, caller, priority, cancelled after, given back) for each call."""
    return draw(
        st.lists(
            st.tuples(
                st.floats(0, 30).map(lambda seconds: round(seconds, 2)),
                st.integers(0, len(SETS) - 1),
                st.sampled_from(["x", "y"]),
                st.sampled_from(["p", "q", "r"]),
                st.sampled_from(list(Priority)),
                st.one_of(st.none(), st.floats(0, 40).map(lambda seconds: round(seconds, 2))),
                st.booleans(),
            ),
            min_size=1,
            max_size=24,
        )
    )


@settings(max_examples=60, deadline=None)
@given(calls=demands())
@in_virtual_time
async def test_no_window_is_overdrawn_and_no_waiter_is_forgotten(calls: list[tuple]) -> None:  # type: ignore[type-arg]
    permits = create()
    book = Book()

    async def call(when: float, which: int, lane: str, key: str, priority: Priority, back: bool) -> None:
        await asyncio.sleep(when)
        permit = await permits.acquire(lane, SETS[which], caller(key, priority=priority))
        if back:
            permits.give_back(permit)
        else:
            book.write(SETS[which])
            await asyncio.sleep(0.1)
            permits.lost(permit)

    async def cancelled(task: "asyncio.Task[None]", after: float) -> None:
        await asyncio.sleep(after)
        task.cancel()

    tasks = []
    for when, which, lane, key, priority, cancel_after, back in calls:
        task = asyncio.create_task(call(when, which, lane, key, priority, back))
        tasks.append(task)
        if cancel_after is not None:
            tasks.append(asyncio.create_task(cancelled(task, cancel_after)))
    # Each call takes at most one turn of each of its windows: more time than this means that somebody starved.
    await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), timeout=60 + len(calls) * 11)
    book.check((A, B, C))
    assert sum(usage.waiting for usage in permits.usage()) == 0


@settings(max_examples=40, deadline=None)
@given(delays=st.lists(st.floats(0, 3), min_size=1, max_size=30), hold=st.integers(0, 5))
@in_virtual_time
async def test_cancelled_waiters_pass_their_turn_on(delays: list[float], hold: int) -> None:
    """The permits that cancelled callers did not use are there for the others at the earliest moment."""
    permits = create()
    spec = window(calls=5, seconds=10)
    for _ in range(hold):
        permits.lost(await permits.acquire("x", [spec], caller()))
    doomed = [asyncio.create_task(permits.acquire("x", [spec], caller(f"doomed {i}"))) for i in range(len(delays))]
    await asyncio.sleep(0)
    survivor = asyncio.create_task(permits.acquire("x", [spec], caller("survivor")))
    for task, delay in zip(doomed, delays, strict=True):
        asyncio.get_running_loop().call_later(delay, task.cancel)
    await survivor
    served_before = sum(not task.cancelled() and task.done() for task in doomed)
    rounds = (hold + served_before) // 5
    assert now() == pytest.approx(rounds * 10.25, abs=0.01)
    await asyncio.wait(doomed)


@in_virtual_time
async def test_a_permit_that_arrives_together_with_the_cancellation_is_not_lost() -> None:
    permits = create()
    spec = window(calls=1, seconds=10)
    permits.lost(await permits.acquire("x", [spec], caller()))
    unlucky = asyncio.create_task(permits.acquire("x", [spec], caller("unlucky")))
    await asyncio.sleep(0)
    next_one = asyncio.create_task(permits.acquire("x", [spec], caller("next")))
    meetings = []

    def cancel() -> None:
        meetings.append(permits.usage()[0].waiting)
        unlucky.cancel()

    # In the same round of the loop as the permit's timer and after it, but before the waiting task wakes up.
    asyncio.get_running_loop().call_at(10.25 + 5e-10, cancel)
    permit = await next_one
    assert meetings == [1]  # the permit had been given: only "next" was still in line
    assert permit.at == pytest.approx(10.25, abs=0.01)
    assert unlucky.cancelled()


@in_virtual_time
async def test_windows_with_different_keys_are_granted_together_or_not_at_all() -> None:
    permits = create()
    shared, narrow = window("ip", 5, 10, scope=LimitScope.IP), window("a", 1, 10)
    await permits.acquire("a", [shared, narrow], caller())
    waiting = asyncio.create_task(permits.acquire("a", [shared, narrow], caller()))
    await asyncio.sleep(1)
    used = {usage.identity: usage.used for usage in permits.usage()}
    assert used == {"ip": 1, "a": 1}  # the one who waits for "a" holds nothing of "ip"
    waiting.cancel()


@in_virtual_time
async def test_a_call_that_cannot_come_in_time_fails_at_once_and_says_when() -> None:
    permits = create()
    spec = window(calls=2, seconds=10)
    for _ in range(2):
        await permits.acquire("x", [spec], caller())
    await asyncio.sleep(1)
    with pytest.raises(RateLimited) as failure:
        await permits.acquire("x", [spec], caller(deadline=now() + 9))
    assert now() == 1
    assert failure.value.retry_after == pytest.approx(9.25)
    permit = await permits.acquire("x", [spec], caller(deadline=now() + 9.3))
    assert permit.waited == pytest.approx(9.25, abs=0.01)


@in_virtual_time
async def test_the_estimate_counts_those_ahead() -> None:
    permits = create()
    spec = window(calls=2, seconds=10)
    tasks = [asyncio.create_task(permits.acquire("x", [spec], caller(f"c{i}"))) for i in range(6)]
    await asyncio.sleep(0)
    with pytest.raises(RateLimited) as failure:
        await permits.acquire("x", [spec], caller("late", deadline=30))
    assert failure.value.retry_after == pytest.approx(30.75)
    await asyncio.gather(*tasks)


@in_virtual_time
async def test_another_accounts_long_queue_does_not_turn_a_newcomer_away() -> None:
    permits = create()
    spec = window("ip", 1, 10, scope=LimitScope.IP)
    crowd = [asyncio.create_task(permits.acquire("crowd", [spec], caller(f"c{i}"))) for i in range(20)]
    await asyncio.sleep(0)
    permit = await permits.acquire("newcomer", [spec], caller(deadline=25))
    assert permit.waited <= 20.51
    for task in crowd:
        task.cancel()
    await asyncio.wait(crowd)


@in_virtual_time
async def test_a_full_lane_refuses() -> None:
    permits = create(max_waiting=3)
    spec = window(calls=1)
    tasks = [asyncio.create_task(permits.acquire("x", [spec], caller())) for _ in range(4)]
    await asyncio.sleep(0)
    with pytest.raises(RateLimited, match="waiting") as failure:
        await permits.acquire("x", [spec], caller())
    assert failure.value.retry_after == pytest.approx(41)
    await permits.acquire("other", [window("other")], caller())  # another account's lane is its own
    await asyncio.gather(*tasks)


@in_virtual_time
async def test_a_waiter_overtaken_past_its_deadline_fails_then_and_not_later() -> None:
    permits = create()
    spec = window(calls=1, seconds=10)
    await permits.acquire("x", [spec], caller())
    slow = [asyncio.create_task(permits.acquire("x", [spec], caller("slow", deadline=21))) for _ in range(2)]
    await asyncio.sleep(0)
    await permits.acquire("x", [spec], caller("other"))  # takes a turn that the second of "slow" had counted on
    results = await asyncio.gather(*slow, return_exceptions=True)
    assert sum(isinstance(result, Permit) for result in results) == 1
    assert sum(isinstance(result, RateLimited) for result in results) == 1
    assert now() == pytest.approx(21, abs=0.01)


@in_virtual_time
async def test_a_deadline_that_is_moved_is_respected() -> None:
    permits = create()
    spec = window(calls=1, seconds=10)
    await permits.acquire("x", [spec], caller())
    patient = caller("patient", deadline=11)
    first = asyncio.create_task(permits.acquire("x", [spec], patient))
    await asyncio.sleep(0)
    eager = asyncio.create_task(permits.acquire("x", [spec], caller("eager", priority=NOW)))
    second = asyncio.create_task(permits.acquire("x", [spec], caller("patient", deadline=1e6)))
    await asyncio.sleep(1)
    patient.deadline = 100
    await asyncio.gather(first, eager, second)
    assert now() == pytest.approx(30.75, abs=0.01)


@in_virtual_time
async def test_a_promoted_call_leaves_the_background() -> None:
    permits = create()
    spec = window(calls=1, seconds=10)
    await permits.acquire("x", [spec], caller())
    wanted = caller("sync", priority=LATER)
    tasks = [
        asyncio.create_task(permits.acquire("x", [spec], caller("sync", priority=LATER))),
        asyncio.create_task(permits.acquire("x", [spec], wanted)),
        asyncio.create_task(permits.acquire("x", [spec], caller("user"))),
    ]
    await asyncio.sleep(0)
    permits.promote(wanted)
    first, second, third = await asyncio.gather(*tasks)
    assert third.at < second.at < first.at


@in_virtual_time
async def test_a_call_that_was_never_sent_gives_its_permit_back() -> None:
    permits = create()
    for spec in (window("s", 1), window("c", 1, 3600, kind=WindowKind.CLOCK)):
        permits.give_back(await permits.acquire("x", [spec], caller()))
        permit = await permits.acquire("x", [spec], caller())
        permits.give_back(permit)
        permits.give_back(permit)  # settled once only
    assert [usage.used for usage in permits.usage()] == [0, 0]
    assert now() == 0


@in_virtual_time
async def test_a_call_counts_from_when_it_left() -> None:
    """Connecting took a second: the PMS saw the call later than the permit was given."""
    permits = create()
    spec = window(calls=1, seconds=10)
    permit = await permits.acquire("x", [spec], caller())
    await asyncio.sleep(1)
    permits.sent(permit)
    permits.answered(permit, None)
    assert (await permits.acquire("x", [spec], caller())).at == pytest.approx(11.25, abs=0.01)


class TestRefusals:
    @in_virtual_time
    async def test_a_told_time_closes_the_window_for_all_accounts_that_share_it(self) -> None:
        permits = create()
        shared = window("ip", 10, 10, scope=LimitScope.IP)
        permit = await permits.acquire("x", [shared], caller())
        until = VirtualClock().now() + timedelta(seconds=40)
        assert permits.refused(permit, Quota(scope=LimitScope.IP, blocked_until=until)) == pytest.approx(40.25)
        with pytest.raises(RateLimited) as failure:
            await permits.acquire("y", [shared], caller(deadline=30))
        assert failure.value.retry_after == pytest.approx(40.25)
        assert permits.usage()[0].blocked_until == START + timedelta(seconds=40.25)
        assert (await permits.acquire("y", [shared], caller())).at == pytest.approx(40.25, abs=0.01)

    @in_virtual_time
    async def test_a_mad_time_is_clamped(self) -> None:
        permits = create()
        for spec, longest in ((window("s", 5), 120), (window("c", 5, 3600, kind=WindowKind.CLOCK), 3600.25)):
            permit = await permits.acquire("x", [spec], caller())
            far = VirtualClock().now() + timedelta(days=400)
            assert permits.refused(permit, Quota(blocked_until=far)) == pytest.approx(longest)

    @in_virtual_time
    async def test_without_a_time_each_refusal_closes_for_longer_until_one_is_accepted(self) -> None:
        permits = create()
        spec = window(calls=100, seconds=10)
        waits = []
        for _ in range(3):
            permit = await permits.acquire("x", [spec], caller())
            waits.append(permits.refused(permit, None))
        assert waits == pytest.approx([5, 10, 20])
        permits.answered(await permits.acquire("x", [spec], caller()), None)
        assert permits.refused(await permits.acquire("x", [spec], caller()), None) == pytest.approx(5)

    @in_virtual_time
    async def test_calls_refused_together_are_one_refusal(self) -> None:
        permits = create()
        spec = window(calls=100, seconds=10)
        together = [await permits.acquire("x", [spec], caller()) for _ in range(10)]
        await asyncio.sleep(0.1)
        assert [permits.refused(permit, None) for permit in together] == pytest.approx([5.0] * 10)

    @in_virtual_time
    async def test_only_the_named_scope_is_closed(self) -> None:
        permits = create()
        ip, own = window("ip", 10, scope=LimitScope.IP), window("a", 10)
        permit = await permits.acquire("x", [ip, own], caller())
        until = VirtualClock().now() + timedelta(seconds=30)
        permits.refused(permit, Quota(scope=LimitScope.ACCOUNT, blocked_until=until))
        assert (await permits.acquire("y", [ip], caller())).at == 0
        with pytest.raises(RateLimited):
            await permits.acquire("x", [ip, own], caller(deadline=10))

    @in_virtual_time
    async def test_those_who_can_no_longer_make_it_are_told_at_once(self) -> None:
        permits = create()
        spec = window(calls=1, seconds=10)
        permit = await permits.acquire("x", [spec], caller())
        hopeless = asyncio.create_task(permits.acquire("x", [spec], caller(deadline=30)))
        patient = asyncio.create_task(permits.acquire("x", [spec], caller("patient", deadline=100)))
        await asyncio.sleep(1)
        permits.refused(permit, Quota(blocked_until=VirtualClock().now() + timedelta(seconds=60)))
        with pytest.raises(RateLimited) as failure:
            await hopeless
        assert now() == 1
        assert failure.value.retry_after == pytest.approx(60.25)
        assert (await patient).at == pytest.approx(61.25, abs=0.01)

    @in_virtual_time
    async def test_a_lower_limit_is_learnt_and_a_higher_one_is_not_believed(self) -> None:
        permits = create()
        spec = window(calls=15)
        permit = await permits.acquire("x", [spec], caller())
        permits.refused(permit, Quota(scope=LimitScope.ACCOUNT, limit=200))
        assert permits.usage()[0].limit == 15
        permit = await permits.acquire("x", [spec], caller())
        permits.refused(permit, Quota(scope=LimitScope.ACCOUNT, limit=4))
        assert permits.usage()[0].limit == 4


@in_virtual_time
async def test_a_forgotten_account_leaves_what_it_used_in_shared_windows() -> None:
    permits = create()
    ip, own = window("ip", 2, scope=LimitScope.IP), window("gone", 5)
    permits.register("stays", [ip])
    for _ in range(2):
        permits.lost(await permits.acquire("gone", [ip, own], caller()))
    waiting = asyncio.create_task(permits.acquire("gone", [ip, own], caller()))
    await asyncio.sleep(0)
    permits.forget("gone")
    with pytest.raises(RateLimited):
        await waiting
    assert [(usage.identity, usage.account_ids, usage.used) for usage in permits.usage()] == [("ip", ("stays",), 2)]
    assert (await permits.acquire("stays", [ip], caller())).at == pytest.approx(10.25, abs=0.01)


@in_virtual_time
async def test_two_hundred_clients_use_the_whole_budget_without_one_refusal() -> None:
    minute = await measure(clients=200, seconds=60, seed=7)
    assert minute.refused == 0
    assert minute.share >= 0.97
    assert minute.longest_wait <= 2
    long_run = await measure(clients=40, seconds=600, seed=8)
    assert long_run.refused == 0
    assert long_run.share >= 0.97
    assert long_run.longest_wait <= 2
