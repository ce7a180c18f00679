"""Held collections follow what the PMS tells of its changes: nothing lost, nothing twice, nothing stale for ever."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.accounts.accounts import ConnectedAccount
from graph.gateway.collector import Collected, Collector, Request
from graph.gateway.cursors import Cursors
from graph.gateway.holding import Holding
from graph.gateway.keeper import Keeper
from graph.gateway.kinds import Kind
from graph.gateway.operation import Freshness
from graph.gateway.ordering import Ordering
from graph.gateway.reading import Ages, Reading, weigh
from graph.gateway.store import Store
from providers.errors import UpstreamUnavailable
from providers.manifest import AuthType
from providers.queries import OddRecord, Page

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


@dataclass(frozen=True)
class Record:
    account_id: str
    provider_id: str
    value: int
    updated_at: datetime


@dataclass(frozen=True)
class Query:
    """Records of a parity, changed since, in the order of values or (``latest``) the latest change first."""

    parity: int | None = None
    since: datetime | None = None
    ordered: bool = False
    latest: bool = False


@dataclass
class FakePms:
    """An account that knows when its records changed, and may tell what was deleted.

    ``skew`` is how far its clock is ahead; ``by_day`` makes it filter by whole days, and the day before.
    """

    clock: HandClock
    page_size: int = 3
    tells_deleted: bool = True
    latest_first: bool = False
    skew: timedelta = timedelta()
    by_day: bool = False
    rows: dict[str, Record] = field(default_factory=dict)
    gone: dict[str, datetime] = field(default_factory=dict)
    odd: Sequence[OddRecord] = ()
    calls: list[Query] = field(default_factory=list)
    failing: bool = False

    def put(self, id_: int, value: int) -> None:
        self.gone.pop(str(id_), None)
        self.rows[str(id_)] = Record("acc", str(id_), value, self.clock.at + self.skew)

    def delete(self, id_: int) -> None:
        if self.rows.pop(str(id_), None):
            self.gone[str(id_)] = self.clock.at + self.skew

    def page(self, query: Query, position: str | None) -> Page[Record]:
        self.calls.append(query)
        if self.failing:
            raise UpstreamUnavailable("The PMS could not be reached.")
        asked = replace(query, since=query.since - timedelta(days=1)) if query.since and self.by_day else query
        rows = [row for row in self.rows.values() if keeps(asked, row)]
        if query.latest:
            rows.sort(key=lambda row: row.updated_at, reverse=True)
        start = int(position or 0)
        end = start + self.page_size
        told = [id_ for id_, at in self.gone.items() if query.since and at >= query.since]
        return Page(
            items=rows[start:end],
            next=str(end) if end < len(rows) else None,
            total=len(rows),
            fetched_at=self.clock.now(),
            odd=self.odd if position is None else (),
            deleted=told if query.since and self.tells_deleted and position is None else None,
        )


def keeps(query: Query, record: Record) -> bool:
    return (query.parity is None or record.value % 2 == query.parity) and (
        query.since is None or record.updated_at >= query.since
    )


BY_VALUE: Ordering[Record] = Ordering(
    key=lambda row: (f"{row.value:05}", f"{row.account_id}/{row.provider_id}"), descending=False
)


class World:
    """A collector over one such account."""

    def __init__(self, **pms: Any) -> None:
        self.clock = HandClock()
        self.pms = FakePms(self.clock, **pms)
        self.account = ConnectedAccount("acc", "tenant", "FAKE", "acc", AuthType.API_KEY, START, START, "1")
        self.keeper = Keeper(Store(10_000), self.clock, weigh)
        reading = Reading(
            accounts=None,  # type: ignore[arg-type]  # pages name their accounts
            connections=self,  # type: ignore[arg-type]  # only `client` is used
            keeper=self.keeper,
            ages=Ages(),
            clock=self.clock,
        )
        self.collector: Collector[Record, Query] = Collector(reading, Cursors(b"k" * 32), self._kind())

    async def client(self, account: ConnectedAccount) -> Any:
        return self.pms

    def _kind(self) -> Kind[Record, Query]:
        async def page(client: Any, query: Query, position: str | None) -> Page[Record]:
            return client.page(query, position)

        return Kind(
            what="records",
            entity="record",
            page=page,
            whole_query=Query(),
            native=lambda query, _: replace(query, ordered=False),
            exact=lambda *_: True,
            ordered=lambda query, _: not query.ordered,
            page_size=lambda _: self.pms.page_size,
            keeps=keeps,
            ordering=lambda query: BY_VALUE if query.ordered else None,
            local=lambda query: query.since is None,
            unordered=lambda query: replace(query, ordered=False, latest=False),
            changes=lambda instant, _: Query(since=instant, latest=self.pms.latest_first),
            tells_changes=lambda _: True,
        )

    async def read(
        self, query: Query, first: int = 500, after: str | None = None, *, later: float = 1.0, max_age: float = 0.0
    ) -> Collected[Record]:
        """A page as the PMS has it, or had it ``max_age`` seconds ago, ``later`` seconds from now."""
        self.clock.at += timedelta(seconds=later)
        return await self.collector.collect(
            Request(
                queries={"acc": query},
                accounts=[self.account],
                order=query,
                first=first,
                after=after,
                freshness=Freshness(max_age=max_age, since=self.clock.now(), strict=True),
                scope="tenant",
                count=True,
            )
        )

    async def all(self, query: Query, *, max_age: float = 0.0) -> list[Record]:
        page = await self.read(query, max_age=max_age)
        assert not page.has_next
        found = [each.record for each in page.taken]
        assert page.total == len(found)
        return found

    def truth(self, query: Query) -> list[Record]:
        return sorted((row for row in self.pms.rows.values() if keeps(query, row)), key=repr)


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(0, 30), st.integers(0, 9)),
        st.tuples(st.just("delete"), st.integers(0, 30), st.just(0)),
        st.tuples(st.just("wait"), st.integers(1, 2000), st.just(0)),
    ),
    max_size=6,
)
QUERIES = st.builds(Query, parity=st.sampled_from([None, 0, 1]), ordered=st.booleans())
SKEWS = st.integers(-240, 240).map(lambda seconds: timedelta(seconds=seconds))


def apply(world: World, actions: list[tuple[str, int, int]]) -> None:
    for action, number, value in actions:
        if action == "put":
            world.pms.put(number, value)
        elif action == "delete":
            world.pms.delete(number)
        else:
            world.clock.at += timedelta(seconds=number)


@given(
    first=QUERIES,
    rounds=st.lists(st.tuples(ACTIONS, QUERIES), min_size=1, max_size=6),
    latest=st.booleans(),
    skew=SKEWS,
    tells=st.booleans(),
)
async def test_what_is_held_is_the_pms_s_truth_after_every_read(
    first: Query, rounds: list[tuple[list[tuple[str, int, int]], Query]], latest: bool, skew: timedelta, tells: bool
) -> None:
    world = World(latest_first=latest, skew=skew, tells_deleted=tells)
    for number in range(12):
        world.pms.put(number, number % 10)
    world.clock.at += timedelta(hours=1)
    await world.all(first)
    for actions, query in rounds:
        apply(world, actions)
        found = await world.all(query)
        assert sorted(found, key=repr) == world.truth(query)
        if query.ordered:
            assert found == BY_VALUE.arranged(found)


@given(changes=st.lists(ACTIONS, min_size=1, max_size=8), first=st.integers(1, 5), query=QUERIES)
async def test_a_walk_over_what_is_held_loses_and_repeats_nothing_while_it_changes(
    changes: list[list[tuple[str, int, int]]], first: int, query: Query
) -> None:
    world = World()
    for number in range(20):
        world.pms.put(number, number % 10)
    await world.all(Query())
    always = {row.provider_id for row in world.truth(query)}
    moved: set[str] = set()
    found: list[str] = []
    after, rounds = None, 0
    while True:
        page = await world.read(query, first, after)
        found += [each.record.provider_id for each in page.taken]
        if not page.has_next:
            break
        after = page.end_cursor()
        if rounds < len(changes):
            apply(world, changes[rounds])
            moved |= {str(number) for action, number, _ in changes[rounds] if action == "put"}
        rounds += 1
        always &= {row.provider_id for row in world.truth(query)}
    # In the order of values, a record whose value changed has really moved; in the order of ids none does.
    steady = always - moved if query.ordered else always
    assert steady <= set(found)
    repeated = {id_ for id_ in found if found.count(id_) > 1}
    assert repeated <= (moved if query.ordered else set())


async def test_a_change_costs_one_call_whatever_the_size_and_readers_at_the_same_time_share_it() -> None:
    world = World(page_size=10)
    for number in range(90):
        world.pms.put(number, number)
    world.clock.at += timedelta(hours=1)
    await world.all(Query())
    world.pms.put(5, 500)
    world.clock.at += timedelta(seconds=1)
    world.pms.calls.clear()
    pages = await asyncio.gather(*(world.read(Query(parity=0), later=0.0) for _ in range(5)))
    assert len(world.pms.calls) == 1
    assert all(500 in {each.record.value for each in page.taken} for page in pages)
    world.pms.calls.clear()
    await world.all(Query(ordered=True))
    assert len(world.pms.calls) == 1


async def silent_about_deletions() -> World:
    """Twelve records, held, of a PMS that does not tell what it deletes."""
    world = World(tells_deleted=False)
    for number in range(12):
        world.pms.put(number, number)
    world.clock.at += timedelta(hours=1)
    await world.all(Query())
    world.clock.at += timedelta(minutes=10)
    world.pms.calls.clear()
    return world


async def ids_of(world: World, *, max_age: float) -> set[str]:
    return {row.provider_id for row in await world.all(Query(), max_age=max_age)}


@pytest.mark.parametrize(("hours", "calls"), [(3, 1), (8, 4)])
async def test_what_a_pms_does_not_tell_as_deleted_is_found_in_the_background(hours: int, calls: int) -> None:
    """After hours by a count, which costs one call; after many by a walk whatever the count says."""
    world = await silent_about_deletions()
    world.clock.at += timedelta(hours=hours)
    await ids_of(world, max_age=0.5)
    for _ in range(30):
        await asyncio.sleep(0)
    assert len([query for query in world.pms.calls if query.since is None]) == calls
    world.pms.delete(4)
    assert "4" in await ids_of(world, max_age=0.5)
    world.clock.at += timedelta(hours=hours)
    await ids_of(world, max_age=0.5)
    for _ in range(30):
        await asyncio.sleep(0)
    world.pms.calls.clear()
    assert "4" not in await ids_of(world, max_age=0.5)
    assert len(world.pms.calls) == 1


async def test_whoever_asks_the_pms_sees_a_deletion_at_once_and_pays_one_call_for_the_count() -> None:
    world = await silent_about_deletions()
    assert len(await ids_of(world, max_age=0)) == 12
    # What changed, and the count.
    assert [query.since is None for query in world.pms.calls] == [False, True]
    world.pms.delete(4)
    world.pms.calls.clear()
    assert "4" in await ids_of(world, max_age=0.5)
    assert [query.since is None for query in world.pms.calls] == [False]
    world.pms.calls.clear()
    assert "4" not in await ids_of(world, max_age=0)
    # What changed; the count, which is the first of four pages; what changed during that walk.
    assert [query.since is None for query in world.pms.calls] == [False, True, True, True, True, False]
    world.pms.calls.clear()
    assert "4" not in await ids_of(world, max_age=0)
    assert len(world.pms.calls) == 2


async def test_a_count_is_shared_by_those_who_ask_at_the_same_time() -> None:
    world = await silent_about_deletions()
    await asyncio.gather(*(world.read(Query(parity=0), later=0.0) for _ in range(5)))
    assert len(world.pms.calls) == 2


def test_a_count_of_more_than_was_asked_for_may_grow_but_not_shrink() -> None:
    def page(ids: Sequence[int], total: int | None, counted: int | None) -> Page[Record]:
        rows = [Record("acc", str(number), number, START) for number in ids]
        return Page(items=rows, next="1", total=total, counted=counted, fetched_at=START)

    wider = Holding.of([page([1, 2], None, 5), page([3], None, 5)], lambda _: True)
    assert [wider.agrees(page([], None, counted)) for counted in (4, 5, 6, None)] == [False, True, True, True]
    exact = Holding.of([page([1, 2], 3, None), page([3], 3, None)], lambda _: True)
    assert [exact.agrees(page([], total, None)) for total in (2, 3, 4, None)] == [False, True, False, True]
    grown = wider.changed([page([4], 1, None)], lambda _: True)
    assert [grown.agrees(page([], None, counted)) for counted in (5, 6)] == [False, True]
    uncounted = Holding.of([page([1], None, None), page([2], None, None)], lambda _: True)
    assert uncounted.agrees(page([], 9, None))


async def test_a_mark_that_is_too_old_is_not_asked_from() -> None:
    world = World()
    for number in range(12):
        world.pms.put(number, number)
    await world.all(Query())
    world.clock.at += timedelta(days=3)
    world.pms.calls.clear()
    assert sorted(await world.all(Query()), key=repr) == world.truth(Query())
    assert {query.since for query in world.pms.calls} == {None}


async def test_more_changes_than_half_of_the_pages_are_read_as_a_walk() -> None:
    world = World()
    for number in range(12):
        world.pms.put(number, number)
    await world.all(Query())
    world.clock.at += timedelta(hours=1)
    for number in range(40):
        world.pms.put(number, number + 1)
    world.pms.calls.clear()
    assert sorted(await world.all(Query()), key=repr) == world.truth(Query())
    assert [query.since is None for query in world.pms.calls[:2]] == [False, False]
    assert {query.since for query in world.pms.calls[2:]} == {None}


async def test_with_the_latest_changes_first_a_pms_is_asked_no_further_than_the_mark() -> None:
    world = World(latest_first=True, page_size=10, by_day=True)
    for number in range(90):
        world.pms.put(number, number)
        world.clock.at += timedelta(minutes=1)
    await world.all(Query())
    world.pms.put(3, 300)
    world.pms.calls.clear()
    found = await world.all(Query())
    assert sorted(found, key=repr) == world.truth(Query())
    # What changed in the five minutes before the mark, and since: one page of ten, although the day before has more.
    assert len(world.pms.calls) == 1


async def test_a_walk_goes_on_where_it_was_after_the_cache_dropped_everything() -> None:
    world = World()
    for number in range(20):
        world.pms.put(number, number)
    await world.all(Query())
    page = await world.read(Query(), 7)
    world.pms.delete(int(page.taken[-1].record.provider_id))
    world.keeper.forget("acc")
    await asyncio.sleep(0.01)
    rest = await world.read(Query(), 500, page.end_cursor())
    ids = [each.record.provider_id for each in [*page.taken, *rest.taken]]
    assert ids == [str(number) for number in range(20)]


async def test_a_pms_that_is_away_fails_a_strict_read_of_what_is_held() -> None:
    world = World()
    for number in range(12):
        world.pms.put(number, number)
    await world.all(Query())
    world.pms.failing = True
    page = await world.read(Query())
    assert page.sources[0].error
    assert not page.taken


def test_what_became_unreadable_is_left_out_and_reported_until_it_is_readable_or_gone() -> None:
    def page(ids: Sequence[int], odd: Sequence[OddRecord] = (), deleted: Sequence[str] | None = None) -> Page[Record]:
        rows = [Record("acc", str(number), number, START) for number in ids]
        return Page(items=rows, next=None, total=None, fetched_at=START, odd=odd, deleted=deleted)

    odd = OddRecord("2", "no such day")
    nameless = OddRecord(None, "not an object")
    held = Holding.of([page([1, 2]), page([3], [nameless])], lambda _: True)
    broken = held.changed([page([], [odd, nameless])], lambda _: True)
    assert broken.ids == ["1", "3"]
    assert broken.odd == [nameless, odd]
    assert broken.changed([page([2])], lambda _: True).odd == [nameless]
    assert broken.changed([page([], deleted=["2"])], lambda _: True).odd == [nameless]
    assert held.changed([page([3], deleted=["3", "1"])], lambda _: True).ids == ["2", "3"]
