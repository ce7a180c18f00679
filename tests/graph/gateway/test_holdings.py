"""Held collections follow what the PMS tells of its changes: nothing lost, nothing twice, nothing stale for ever."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.gateway.holding import Holding
from providers.queries import OddRecord, Page
from tests.graph.gateway.held_world import BY_VALUE, START, Query, Record, World

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


async def test_a_pms_that_does_not_count_is_not_asked_to() -> None:
    world = World(tells_deleted=False, counts=False)
    for number in range(12):
        world.pms.put(number, number)
    world.clock.at += timedelta(hours=1)
    await world.read(Query())
    world.clock.at += timedelta(hours=3)
    world.pms.calls.clear()
    assert len((await world.read(Query())).taken) == 12
    for _ in range(30):
        await asyncio.sleep(0)
    assert [query.since is None for query in world.pms.calls] == [False]


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
