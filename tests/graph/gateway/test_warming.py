"""What is asked for often is renewed before it is too old, and nobody waits for that."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from graph.gateway.keeper import Keeper, Kept, Loaded
from graph.gateway.operation import Freshness
from graph.gateway.store import Held, Key, Store
from graph.gateway.warming import AT_ONCE, MAX_KEYS, Warming
from providers.manifest import Limit, LimitScope
from providers.upstream.accounts import UpstreamAccount
from providers.upstream.caller import Caller, calling, current_caller
from providers.upstream.calls import Call
from providers.upstream.session import AccountSession
from providers.upstream.tokens import MemoryTokens
from providers.upstream.upstream import Upstream
from tests.bench.permits import _NoToken
from tests.gateway_world import World, world
from tests.virtual_time import VirtualClock, in_virtual_time

MAX_AGE = 60.0


def key(name: str) -> Key:
    return Key("tenant", "acc", "1:listing-page", name)


class Pms:
    """One account with ten calls in ten seconds, read through a keeper that is kept warm."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.upstream = Upstream(tokens=MemoryTokens(), clock=self.clock, transport=httpx.MockTransport(self._answer))
        self.session: AccountSession = self.upstream.session(
            UpstreamAccount(
                account_id="acc",
                provider="hostaway",
                base_url="https://api.hostaway.test",
                dialect=_NoToken(),
                limits=(Limit(scope=LimitScope.ACCOUNT, calls=10, seconds=10),),
                identities={LimitScope.ACCOUNT: "10450"},
            )
        )
        self.keeper = Keeper(Store(1_000), self.clock, lambda _: 1)
        self.warming = Warming(self.keeper, self.clock, self.upstream.usage)
        self.keeper.when_asked(self.warming.note)
        self.loads: list[tuple[str, int]] = []
        self.on_their_way = 0
        self.most_on_their_way = 0
        self.number = 0

    async def _answer(self, _: httpx.Request) -> httpx.Response:
        self.on_their_way += 1
        self.most_on_their_way = max(self.most_on_their_way, self.on_their_way)
        await asyncio.sleep(0.1)
        self.on_their_way -= 1
        return httpx.Response(200, json={})

    async def call(self) -> None:
        self.number += 1
        await self.session.send(Call(method="GET", path=f"/v1/listings/{self.number}"))

    async def load(self, keys: Sequence[Key]) -> Loaded:
        self.loads.append((keys[0].name, current_caller().priority))
        await self.call()
        return {each: Held(each.name, self.clock.now()) for each in keys}

    async def keep(self, keys: Sequence[Key]) -> Loaded:
        return {each: Held(each.name, self.clock.now()) for each in keys}

    async def ask(self, name: str, *, strict: bool = False) -> Kept:
        freshness = Freshness(max_age=MAX_AGE, since=self.clock.now(), stale_for=600, strict=strict)
        with calling(Caller("client", deadline=self.clock.monotonic() + 30)):
            kept = (await self.keeper.many([key(name)], freshness, self.load))[key(name)]
        assert isinstance(kept, Kept)
        return kept

    async def aclose(self) -> None:
        await self.warming.aclose()
        await self.keeper.aclose()
        await self.upstream.aclose()


@in_virtual_time
async def test_what_is_asked_often_never_grows_too_old_and_what_is_not_is_left_alone() -> None:
    pms = Pms()
    pms.warming.start()
    await pms.ask("cold")
    for _ in range(40):
        await pms.ask("hot")
        await asyncio.sleep(10)
    hot = [priority for name, priority in pms.loads if name == "hot"]
    # The first was waited for, all others were made in the background, once in 48 seconds.
    assert hot == [0] + [1] * len(hot[1:])
    assert 7 <= len(hot) <= 9
    assert [name for name, _ in pms.loads].count("cold") == 1
    before = len(pms.loads)
    await asyncio.sleep(3600)
    # Nobody asks any more: soon it is left alone.
    assert len(pms.loads) - before <= 4
    settled = len(pms.loads)
    await asyncio.sleep(3600)
    assert len(pms.loads) == settled
    await pms.aclose()


@in_virtual_time
async def test_windows_that_are_half_full_are_left_to_those_who_wait() -> None:
    pms = Pms()
    for _ in range(5):
        await pms.ask("hot")
    await asyncio.sleep(50)
    for _ in range(6):
        await pms.call()
    await pms.warming.renew_due()
    assert len(pms.loads) == 1
    await asyncio.sleep(11)
    await pms.warming.renew_due()
    assert len(pms.loads) == 2
    await pms.aclose()


@in_virtual_time
async def test_no_interactive_call_waits_for_a_renewal() -> None:
    pms = Pms()
    for _ in range(5):
        await asyncio.gather(*(pms.ask(f"hot{number}") for number in range(8)))
    await asyncio.sleep(50)
    renewal = asyncio.create_task(pms.warming.renew_due())
    await asyncio.sleep(0.01)
    began = pms.clock.monotonic()
    # As many as the half that the renewals leave free.
    await asyncio.gather(*(pms.call() for _ in range(5)))
    assert pms.clock.monotonic() - began < 0.2
    await renewal
    assert [priority for _, priority in pms.loads[8:]] == [1] * AT_ONCE
    await pms.aclose()


@in_virtual_time
async def test_few_are_renewed_at_once_and_few_are_counted() -> None:
    pms = Pms()
    for _ in range(5):
        for number in range(8):
            await pms.ask(f"hot{number}")
    await asyncio.sleep(50)
    pms.most_on_their_way = 0
    await pms.warming.renew_due()
    assert pms.most_on_their_way == AT_ONCE
    freshness = Freshness(max_age=MAX_AGE, since=pms.clock.now())
    for number in range(2 * MAX_KEYS):
        await pms.keeper.many([key(str(number))], freshness, pms.keep)
    assert len(pms.warming._asked) == MAX_KEYS
    await pms.aclose()


@in_virtual_time
async def test_an_age_that_the_client_names_is_not_kept_to() -> None:
    pms = Pms()
    pms.warming.start()
    for _ in range(5):
        await pms.ask("strict", strict=True)
    await asyncio.sleep(120)
    assert len(pms.loads) == 1
    await pms.aclose()


CALENDARS = """query($ids: [ID!]!, $from: Date!, $to: Date!) {
  calendars(listingIds: $ids, from: $from, to: $to) { days { date status } } }"""


async def asking_often(running: World, days: int) -> tuple[Warming, dict[str, Any]]:
    """Three listings of each of two accounts, whose calendars were asked for six times, and are nearly too old."""
    keeper = running.services.gateway.reading.keeper
    warming = Warming(keeper, running.clock, running.services.upstream.usage)
    keeper.when_asked(warming.note)
    nodes = (await running.data("{ listings(first: 500) { nodes { id } } }"))["listings"]["nodes"]
    today = running.clock.now().date()
    asked = {"ids": [each["id"] for each in nodes], "from": str(today), "to": str(today + timedelta(days=days))}
    for _ in range(6):
        await running.data(CALENDARS, **asked)
    running.clock.advance(250)
    running.calls.clear()
    return warming, asked


async def test_calendars_that_are_asked_for_often_are_renewed_a_call_for_as_many_as_come_in_one(
    tmp_path: Path,
) -> None:
    async with world(tmp_path, hostaway_accounts=1, bookingsync_accounts=1, listings=3) as running:
        warming, asked = await asking_often(running, 30)
        await warming.renew_due()
        assert 1 <= len(running.data_calls()) <= AT_ONCE
        for _ in range(5):
            await warming.renew_due()
        # One call a listing at Hostaway, one for all at BookingSync.
        assert sorted(running.counted().values()) == [1, 3]
        running.clock.advance(100)
        running.calls.clear()
        answer = await running.data(CALENDARS, **asked)
        assert [len(each["days"]) for each in answer["calendars"]] == [30] * 6
        assert not running.calls


async def test_calendars_of_years_are_not_renewed(tmp_path: Path) -> None:
    async with world(tmp_path, hostaway_accounts=1, bookingsync_accounts=1, listings=3) as running:
        warming, _ = await asking_often(running, 400)
        await warming.renew_due()
        assert not running.data_calls()


async def test_it_runs_with_the_services_unless_a_setting_says_no(tmp_path: Path) -> None:
    def loops() -> int:
        return sum("Warming._run" in repr(task.get_coro()) for task in asyncio.all_tasks())

    async with world(tmp_path / "on", hostaway_accounts=1, bookingsync_accounts=0, background_refresh=True):
        assert loops() == 1
    assert loops() == 0
    async with world(tmp_path / "off", hostaway_accounts=1, bookingsync_accounts=0, background_refresh=False):
        assert loops() == 0
