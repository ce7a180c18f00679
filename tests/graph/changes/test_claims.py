"""Nights are claimed by one at a time, in both kinds of database."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import pytest

from graph.changes.claims import TAKEN_SECONDS, Claim, NightClaims, Nights
from graph.rejections import Rejected
from graph.storage.database import Database
from providers.queries import Days
from providers.upstream.caller import Caller, calling
from tests.gateway_world import ShiftedClock
from tests.graph.changes.test_ledger import ledger_of

FIRST = date(2030, 5, 1)


def nights(start: int, end: int, listing: str = "1", account: str = "a", place: str = "p") -> Nights:
    days = Days(FIRST + timedelta(days=start), FIRST + timedelta(days=end))
    return Nights(tenant_id="t", account_id=account, place=place, listing_id=listing, days=days)


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    with calling(Caller("test", asyncio.get_running_loop().time() + seconds)):
        yield


@pytest.fixture
async def clock(database: Database) -> ShiftedClock:
    clock = ShiftedClock()
    await ledger_of(database, clock)
    return clock


async def test_a_claim_waits_for_another_of_the_same_nights(database: Database, clock: ShiftedClock) -> None:
    claims = NightClaims(database, clock)
    first = await claims.claim(nights(0, 3), "one", 30)
    waiting = asyncio.create_task(claims.claim(nights(2, 4), "two", 30))
    await asyncio.sleep(0.01)
    assert not waiting.done()
    await first.release()
    assert isinstance(await waiting, Claim)


async def test_stays_that_touch_do_not_meet(database: Database, clock: ShiftedClock) -> None:
    claims = NightClaims(database, clock)
    await claims.claim(nights(0, 3), "one", 30)
    await claims.claim(nights(3, 5), "two", 30)
    await claims.claim(nights(0, 3, listing="2"), "three", 30)


async def test_taken_nights_are_refused_for_some_minutes(database: Database, clock: ShiftedClock) -> None:
    claims = NightClaims(database, clock)
    await (await claims.claim(nights(0, 3), "one", 30)).taken()
    with pytest.raises(Rejected, match="2030-05-03"):
        await claims.claim(nights(2, 4), "two", 30)
    clock.advance(TAKEN_SECONDS)
    await claims.claim(nights(2, 4), "two", 30)


async def test_nights_that_were_freed_can_be_claimed(database: Database, clock: ShiftedClock) -> None:
    claims = NightClaims(database, clock)
    await (await claims.claim(nights(0, 3), "one", 30)).taken()
    await claims.freed(nights(0, 3))
    await claims.claim(nights(0, 3), "two", 30)


async def test_another_process_waits_and_then_takes_over_from_one_that_died(
    database: Database, clock: ShiftedClock
) -> None:
    await NightClaims(database, clock).claim(nights(0, 3), "dead", 30)
    before = clock.now()
    await NightClaims(database, clock).claim(nights(0, 3), "heir", 30)
    assert (clock.now() - before).total_seconds() >= 29.9


async def test_the_same_holder_goes_on_with_its_claim_in_another_process(
    database: Database, clock: ShiftedClock
) -> None:
    await NightClaims(database, clock).claim(nights(0, 3), "one", 30)
    before = clock.now()
    await NightClaims(database, clock).claim(nights(0, 3), "one", 30)
    assert (clock.now() - before).total_seconds() < 1


async def test_nobody_waits_beyond_the_deadline(database: Database, clock: ShiftedClock) -> None:
    claims = NightClaims(database, clock)
    await claims.claim(nights(0, 3), "one", 30)
    with patience(0.02), pytest.raises(Rejected, match="moment"):
        await claims.claim(nights(0, 3), "two", 30)
    other = NightClaims(database, clock)
    with patience(-1), pytest.raises(Rejected, match="moment"):
        await other.claim(nights(0, 3), "three", 30)


async def test_a_claim_of_unknown_end_holds_until_its_time_is_over(database: Database, clock: ShiftedClock) -> None:
    claims = NightClaims(database, clock)
    (await claims.claim(nights(0, 3), "one", 30)).keep()
    before = clock.now()
    await claims.claim(nights(0, 3), "two", 30)
    assert (clock.now() - before).total_seconds() >= 29.9


async def test_of_two_processes_one_gets_the_nights(database_url: str, clock: ShiftedClock, database: Database) -> None:
    other = Database(database_url)
    try:
        one, two = NightClaims(database, clock), NightClaims(other, clock)
        for number in range(20):
            stay = nights(number * 3, number * 3 + 3)
            claims = await asyncio.gather(_soon(one, stay, f"a{number}"), _soon(two, stay, f"b{number}"))
            assert sum(claim is not None for claim in claims) == 1
    finally:
        await other.aclose()


async def _soon(claims: NightClaims, stay: Nights, holder: str) -> Claim | None:
    with patience(0.0):
        try:
            return await claims.claim(stay, holder, 1000.0)
        except Rejected:
            return None
