"""After a change nothing from before it is served as an answer of now, and nothing is read that it did not touch."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.gateway.held_values import ListingReservations, PartValue
from graph.gateway.keeper import Keeper, Kept, Loaded
from graph.gateway.operation import Freshness
from graph.gateway.outdating import UNREAD, touches
from graph.gateway.spans import KnownDays
from graph.gateway.store import Held, Key, Store
from graph.gateway.touched import Touched
from providers.errors import ProviderError, UpstreamUnavailable
from providers.model import Calendar, CalendarDay, DayStatus, PriceDetails, PriceSource, Reservation, ReservationStatus
from tests.graph.gateway.held_world import HandClock, Query, World

START = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
STAY = Touched(reservations=frozenset({"r1"}), nights_of=frozenset({"7"}))
RATES = Touched(rates_of=frozenset({"7"}))


def key(kind: str, name: str = "", account: str = "acc") -> Key:
    return Key("t", account, f"v1:{kind}", name)


def stay(id_: str, listing_id: str) -> Reservation:
    return Reservation(
        provider="FAKE",
        account_id="acc",
        provider_id=id_,
        listing_id=listing_id,
        status=ReservationStatus.CONFIRMED,
        arrival=None,
        departure=None,
        nights=None,
    )


def days(listing_id: str, *stays: Reservation, start: date = date(2027, 1, 1), length: int = 1) -> KnownDays:
    entries = [
        CalendarDay(date=start + timedelta(days=number), status=DayStatus.RESERVED, reservations=list(stays))
        for number in range(length)
    ]
    end = start + timedelta(days=length)
    calendar = Calendar(
        provider="FAKE", account_id="acc", listing_id=listing_id, start=start, end=end, currency="EUR", days=entries
    )
    return KnownDays.of(calendar, START)


def price(listing_id: str) -> PriceDetails:
    return PriceDetails(
        provider="FAKE",
        account_id="acc",
        listing_id=listing_id,
        arrival=date(2027, 1, 1),
        departure=date(2027, 1, 2),
        nights=1,
        adults=1,
        children=0,
        total=None,
        components=[],
        source=PriceSource.PMS,
        quoted_at=START,
    )


@pytest.mark.parametrize(
    ("kind", "name", "value", "by_stay", "by_rates"),
    [
        ("reservation", "r1", stay("r1", "7"), True, False),
        ("reservation", "r2", stay("r2", "7"), True, False),
        ("reservation", "r3", stay("r3", "8"), False, False),
        ("reservation", "r3", UNREAD, True, False),
        ("reservation-page", "abc", None, True, False),
        ("reservation-held", "abc", None, True, False),
        ("reservation-counted", "abc", True, True, False),
        ("reservations-of-listing:abc", "7", ListingReservations((), ()), True, False),
        ("reservations-of-listing:abc", "8", ListingReservations((stay("r3", "8"),), ()), False, False),
        # It moved here from listing 7, say.
        ("reservations-of-listing:abc", "8", ListingReservations((stay("r1", "8"),), ()), True, False),
        ("calendar", "7", days("7"), True, True),
        ("calendar", "8", days("8"), False, False),
        ("calendar:2027-01-01:2027-02-01", "7", UNREAD, True, True),
        ("calendar:2027-01-01:2027-02-01", "8", UNREAD, False, False),
        ("calendar-with-reservations", "8", days("8", stay("r3", "8")), False, False),
        ("calendar-with-reservations", "8", days("8", stay("r1", "8")), True, False),
        ("price", "abc", price("7"), True, True),
        ("price", "abc", price("8"), False, False),
        ("price", "abc", UNREAD, True, True),
        ("free-listings~3f", "abc", None, True, True),
        ("listing~3f", "7", None, False, False),
        ("listing-page", "abc", None, False, False),
        ("listing-held", "abc", None, False, False),
        ("part:fees", "7", PartValue([], ()), False, False),
        ("cancellation-policies", "", None, False, False),
        ("dictionary", "AMENITIES", None, False, False),
        ("account", "", None, False, False),
    ],
)
def test_a_change_touches_what_it_is_about(kind: str, name: str, value: Any, by_stay: bool, by_rates: bool) -> None:
    assert touches(STAY, key(kind, name), value) is by_stay
    assert touches(RATES, key(kind, name), value) is by_rates
    assert touches(Touched(everything=True), key(kind, name), value)
    assert not touches(Touched(), key(kind, name), value)


def test_changes_of_listings_parts_and_policies_touch_theirs() -> None:
    listing = Touched(listings=frozenset({"7"}))
    assert touches(listing, key("listing~3f", "7"), None)
    assert not touches(listing, key("listing", "8"), None)
    assert touches(listing, key("listing-page", "x"), None)
    assert touches(listing, key("calendar", "7"), days("7"))
    assert touches(listing, key("part:fees", "7"), None)
    assert not touches(listing, key("reservation-page", "x"), None)
    parts = Touched(parts_of=frozenset({"7"}))
    assert touches(parts, key("part:taxes", "7"), None)
    assert touches(parts, key("price", "x"), price("7"))
    assert not touches(parts, key("part:taxes", "8"), None)
    assert not touches(parts, key("calendar", "7"), days("7"))
    assert touches(Touched(policies=True), key("cancellation-policies"), None)


class Pms:
    """One value that changes. A read sees it as it is when it begins, and answers when the gate opens."""

    def __init__(self, clock: HandClock) -> None:
        self.clock = clock
        self.version = 0
        self.reads = 0
        self.error: ProviderError | None = None
        self.gates: list[asyncio.Event] = []
        self.held_up = False

    async def load(self, keys: Sequence[Key]) -> Loaded:
        self.reads += 1
        seen = self.version
        if self.held_up:
            gate = asyncio.Event()
            self.gates.append(gate)
            await gate.wait()
        if self.error:
            raise self.error
        return {each: Held(seen + 1, self.clock.now()) for each in keys}


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def pms(clock: HandClock) -> Pms:
    return Pms(clock)


@pytest.fixture
def keeper(clock: HandClock) -> Keeper:
    return Keeper(Store(100), clock, lambda _: 1)


RECORD = key("reservation", "r1")


async def read(keeper: Keeper, pms: Pms, wanted: Freshness) -> Kept:
    outcome = (await keeper.many([RECORD], wanted, pms.load))[RECORD]
    assert isinstance(outcome, Kept), outcome
    return outcome


def freshness(clock: HandClock, max_age: float = 60, *, strict: bool = False) -> Freshness:
    return Freshness(max_age=max_age, since=clock.now(), stale_for=600, strict=strict)


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.mark.parametrize("later", [0, 61])
async def test_what_was_changed_is_served_neither_as_fresh_nor_as_stale(
    keeper: Keeper, pms: Pms, clock: HandClock, later: int
) -> None:
    operation = freshness(clock)
    assert (await read(keeper, pms, operation)).value == 1
    pms.version = 1
    await keeper.outdate("acc", STAY)
    clock.at += timedelta(seconds=later)
    # Not within the operation that made the change, either: what it read since it began is from before.
    assert (await read(keeper, pms, operation)).value == 2
    assert (await read(keeper, pms, freshness(clock))).value == 2
    assert pms.reads == 2


async def test_what_was_changed_is_the_last_resort_while_the_pms_is_away(
    keeper: Keeper, pms: Pms, clock: HandClock
) -> None:
    before = (await read(keeper, pms, freshness(clock))).fetched_at
    await keeper.outdate("acc", STAY)
    pms.error = UpstreamUnavailable("The PMS could not be reached.")
    clock.at += timedelta(seconds=1)
    kept = await read(keeper, pms, freshness(clock))
    assert (kept.value, kept.fetched_at, kept.error) == (1, before, pms.error)
    strict = (await keeper.many([RECORD], freshness(clock, strict=True), pms.load))[RECORD]
    assert isinstance(strict, UpstreamUnavailable)


async def test_other_accounts_and_other_things_stay(keeper: Keeper, pms: Pms, clock: HandClock) -> None:
    others = [key("reservation", "r1", "another"), key("listing", "7"), key("calendar", "8")]
    await keeper.many(others, freshness(clock), pms.load)
    await keeper.outdate("acc", STAY)
    await keeper.many(others, freshness(clock), pms.load)
    assert pms.reads == 1


async def test_a_load_from_before_the_change_is_neither_joined_nor_kept_as_an_answer(
    keeper: Keeper, pms: Pms, clock: HandClock
) -> None:
    pms.held_up = True
    early = asyncio.create_task(read(keeper, pms, freshness(clock)))
    await settled()
    pms.version = 1
    await keeper.outdate("acc", STAY)
    late = asyncio.create_task(read(keeper, pms, freshness(clock)))
    await settled()
    assert pms.reads == 2
    clock.at += timedelta(seconds=1)
    # The later one lands first: the earlier one, though it came in last, does not take its place.
    for gate in reversed(pms.gates):
        gate.set()
        await settled()
    assert (await early).value == 1
    assert (await late).value == 2
    assert (await read(keeper, pms, freshness(clock))).value == 2
    assert pms.reads == 2


async def test_a_refresh_in_the_background_brings_nothing_from_before_back(
    keeper: Keeper, pms: Pms, clock: HandClock
) -> None:
    await read(keeper, pms, freshness(clock))
    clock.at += timedelta(seconds=61)
    pms.held_up = True
    await read(keeper, pms, freshness(clock))  # stale: served, and refreshed
    await settled()
    assert pms.reads == 2
    pms.version = 1
    await keeper.outdate("acc", STAY)
    pms.held_up = False
    pms.gates[0].set()
    await settled()
    assert (await read(keeper, pms, freshness(clock))).value == 2


async def test_what_came_with_a_change_is_kept_unless_another_change_overtook_it(
    keeper: Keeper, pms: Pms, clock: HandClock
) -> None:
    with keeper.watching() as first, keeper.watching() as second:
        await keeper.outdate("acc", STAY, but=second)
        await keeper.keep({RECORD: Held("second", clock.now())}, second)
        assert (await read(keeper, pms, freshness(clock))).value == "second"
        await keeper.outdate("acc", STAY, but=first)
        await keeper.keep({RECORD: Held("first", clock.now())}, first)
    # Which of the two the PMS made last is not known.
    assert (await read(keeper, pms, freshness(clock))).value == 1


steps = st.lists(
    st.sampled_from(["read", "strict read", "write", "land first", "land last", "later", "much later"]), max_size=40
)


@given(steps)
def test_no_interleaving_serves_what_is_older_than_a_change_that_had_ended(plan: list[str]) -> None:
    async def run() -> None:
        clock = HandClock()
        pms, keeper = Pms(clock), Keeper(Store(100), clock, lambda _: 1)
        pms.held_up = True
        reads: list[tuple[int, asyncio.Task[Kept]]] = []
        for step in plan:
            match step:
                case "read" | "strict read":
                    wanted = freshness(clock, strict=step != "read")
                    reads.append((pms.version, asyncio.create_task(read(keeper, pms, wanted))))
                case "write":
                    pms.version += 1
                    await keeper.outdate("acc", STAY)
                case "land first" | "land last" if pms.gates:
                    pms.gates.pop(0 if step == "land first" else -1).set()
                case "later":
                    clock.at += timedelta(seconds=1)
                case "much later":
                    clock.at += timedelta(seconds=90)
            await settled()
        pms.held_up = False
        for gate in pms.gates:
            gate.set()
        for ended, task in reads:
            assert (await task).value >= ended + 1
        await keeper.aclose()

    asyncio.run(run())


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9), st.integers(1, 5)), max_size=12))
def test_days_from_before_a_change_hide_none_from_after_it(reads: list[tuple[bool, int, int]]) -> None:
    known: KnownDays | None = None
    good: set[date] = set()
    for overtaken, offset, length in reads:
        start = date(2027, 1, 1) + timedelta(days=offset)
        one = days("7", start=start, length=length)
        if overtaken:
            known = known.filled(one.outdated()) if known else one.outdated()
        else:
            known = known.joined(one) if known else one
            good |= {start + timedelta(days=number) for number in range(length)}
    found = {day.date for span in (known.spans if known else ()) if not span.outdated for day in span.days}
    assert found == good


async def held_world() -> World:
    world = World(latest_first=True)
    for id_ in range(1, 10):
        world.pms.put(id_, id_)
    # Past the margin for clocks that differ: else all of it would be told again as changed.
    world.clock.at += timedelta(hours=1)
    await world.all(Query())
    world.clock.at += timedelta(hours=1)
    world.pms.calls.clear()
    return world


def records(*ids: str) -> Touched:
    return Touched(reservations=frozenset(ids))


@pytest.fixture(autouse=True)
def _records_are_reservations(monkeypatch: pytest.MonkeyPatch) -> None:
    """The collections of ``held_world`` are taken for those of reservations."""
    original = World._kind
    monkeypatch.setattr(World, "_kind", lambda self: replace(original(self), entity="reservation"))


async def test_a_held_collection_is_brought_up_to_date_by_one_call_after_a_create() -> None:
    world = await held_world()
    await world.all(Query(), max_age=7200)
    assert not world.pms.calls
    world.pms.put(10, 10)
    await world.keeper.outdate("acc", records("10"))
    assert len(await world.all(Query(), max_age=7200)) == 10
    assert [query.since is not None for query in world.pms.calls] == [True]
    assert not world.pms.looked_up


async def test_what_we_deleted_leaves_what_is_held_though_the_pms_does_not_tell() -> None:
    world = await held_world()
    world.pms.tells_deleted = False
    world.pms.delete(4)
    await world.keeper.outdate("acc", records("4"))
    found = await world.all(Query(), max_age=7200)
    assert [row.provider_id for row in found] == ["1", "2", "3", "5", "6", "7", "8", "9"]
    assert world.pms.looked_up == [["4"]]
    await world.all(Query(), max_age=7200)
    assert len(world.pms.calls) == 1


async def test_a_change_that_the_pms_tells_late_is_looked_up() -> None:
    world = await held_world()
    # As if it did not count as a change.
    world.pms.rows["4"] = replace(world.pms.rows["4"], value=44)
    await world.keeper.outdate("acc", records("4"))
    assert 44 in [row.value for row in await world.all(Query(), max_age=7200)]
    assert world.pms.looked_up == [["4"]]


async def test_while_the_pms_is_away_what_is_held_is_shown_as_old() -> None:
    world = await held_world()
    await world.keeper.outdate("acc", records("4"))
    world.pms.failing = True
    page = await world.read(Query(), max_age=7200)
    assert page.sources[0].error is not None
