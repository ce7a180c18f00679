"""Whose turn it is to get a permit: nobody is forgotten, nobody takes all."""

import asyncio
from collections.abc import Sequence

import pytest

from providers.manifest import LimitScope
from providers.upstream.caller import Priority
from providers.upstream.permits import Permits
from providers.upstream.windows import WindowSpec
from tests.providers.upstream.doubles import caller, window
from tests.providers.upstream.permit_world import C, create, now
from tests.virtual_time import in_virtual_time


async def order_of(permits: Permits, spec: WindowSpec, names: Sequence[tuple[str, str, Priority]]) -> list[str]:
    """The order in which calls, asked in the order of ``names`` (lane, caller, priority), are served."""
    served: list[str] = []

    async def call(lane: str, key: str, priority: Priority) -> None:
        permits.lost(await permits.acquire(lane, [spec], caller(key, priority=priority)))
        served.append(f"{lane}/{key}" if lane != "x" else key)

    tasks = []
    for name in names:
        tasks.append(asyncio.create_task(call(*name)))
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    return served


NOW, LATER = Priority.INTERACTIVE, Priority.BACKGROUND


@in_virtual_time
async def test_callers_of_a_lane_take_turns() -> None:
    names = [("x", "first", NOW)] + [("x", "greedy", NOW)] * 3 + [("x", "modest", NOW)]
    assert await order_of(create(), window(calls=1), names) == ["first", "greedy", "modest", "greedy", "greedy"]


@in_virtual_time
async def test_lanes_that_share_a_window_take_turns() -> None:
    names = [("x", "first", NOW)] + [("busy", "p", NOW)] * 3 + [("quiet", "q", NOW)]
    assert await order_of(create(), window(calls=1), names) == ["first", "busy/p", "quiet/q", "busy/p", "busy/p"]


@in_virtual_time
async def test_interactive_goes_before_background_which_gets_every_fifth() -> None:
    names = [("x", "first", NOW)] + [("x", "sync", LATER)] * 2 + [("x", f"user{i}", NOW) for i in range(9)]
    order = await order_of(create(), window(calls=1), names)
    assert [order.index("sync"), len(order) - 1 - order[::-1].index("sync")] == [5, 10]


@in_virtual_time
async def test_background_of_many_accounts_together_gets_every_fifth_of_a_shared_window() -> None:
    names = [("x", "first", NOW)]
    names += [(f"account{i}", "sync", LATER) for i in range(4)] + [("busy", f"user{i}", NOW) for i in range(12)]
    order = await order_of(create(), window(calls=1), names)
    assert [place for place, name in enumerate(order) if name.endswith("sync")][:3] == [5, 10, 15]


@in_virtual_time
async def test_a_call_that_needs_two_busy_windows_is_not_overtaken_for_ever() -> None:
    permits = create()
    left, right = window("l", 1, 10), window("r", 1, 7)
    stop = asyncio.Event()

    async def hammer(lane: str, spec: WindowSpec) -> None:
        while not stop.is_set():
            permits.lost(await permits.acquire(lane, [spec], caller()))

    hammers = [asyncio.create_task(hammer("left", left)), asyncio.create_task(hammer("right", right))]
    await asyncio.sleep(1)
    await permits.acquire("both", [left, right], caller())
    assert now() <= 31
    stop.set()
    await asyncio.wait(hammers)


@in_virtual_time
async def test_a_permit_kept_for_one_who_leaves_goes_to_the_next_at_once() -> None:
    permits = create()
    left, right = window("l", 1, 10), window("r", 1, 5)
    permits.lost(await permits.acquire("left", [left], caller()))
    both = asyncio.create_task(permits.acquire("both", [left, right], caller()))
    await asyncio.sleep(9)
    # A permit of "right" taken now would still count when "left" opens for the one who needs both.
    waiting = asyncio.create_task(permits.acquire("right", [right], caller()))
    await asyncio.sleep(0.5)
    assert not waiting.done()
    both.cancel()
    assert (await waiting).at == pytest.approx(9.5, abs=0.01)


@in_virtual_time
async def test_a_lane_blocked_by_its_own_window_does_not_hold_up_others() -> None:
    permits = create()
    shared = window("ip", 10, 10, scope=LimitScope.IP)
    await permits.acquire("full", [shared, window("full", 1, 3600)], caller())
    stuck = asyncio.create_task(permits.acquire("full", [shared, window("full", 1, 3600)], caller()))
    await asyncio.sleep(1)
    for _ in range(9):
        await permits.acquire("free", [shared, window("free", 100, 10)], caller())
    assert now() == 1
    stuck.cancel()


class HandleWithoutMoment(asyncio.Handle):
    """What uvloop gives for the shortest delays: a handle that can be cancelled, and does not know its moment."""

    def __init__(self, timer: asyncio.TimerHandle) -> None:
        super().__init__(lambda: None, (), asyncio.get_running_loop())
        self._inner = timer

    def cancel(self) -> None:
        self._inner.cancel()
        super().cancel()


@in_virtual_time
async def test_turns_come_on_a_loop_whose_handles_do_not_know_their_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = asyncio.get_running_loop()
    call_at = loop.call_at
    monkeypatch.setattr(loop, "call_at", lambda *given, **named: HandleWithoutMoment(call_at(*given, **named)))
    permits = create()
    given = await asyncio.gather(*(permits.acquire("x", [C], caller()) for _ in range(4)))
    assert [permit.at for permit in given] == pytest.approx([0, 3.25, 6.5, 9.75], abs=0.01)
