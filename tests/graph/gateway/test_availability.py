"""Searching for free listings over several accounts: what is found, in which order, at which number of calls."""

import asyncio
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.gateway.applied import Applied, AppliedBy
from graph.gateway.cursors import CursorError
from graph.gateway.finders import MAX_CALENDARS
from graph.gateway.free_stream import AvailabilityBasis
from graph.gateway.reports import SourceStatus
from providers.errors import ErrorCode, UpstreamUnavailable
from providers.model import Address, ListingStatus
from providers.queries import AvailabilityQuery, ListingOrderField, ListingQuery, OddRecord, OrderDirection
from tests.graph.gateway.free_world import STAY, FakeClient, FreeWorld, ids

BY_NAME = ListingQuery(order=ListingOrderField.NAME)


async def test_a_search_costs_one_call_and_its_details_one_batch() -> None:
    world = FreeWorld()
    client = world.searching("a", taken={"2"}).has("1", "2", "3", max_guests=4)
    page = await world.page()
    assert ids(page) == ["1", "3"]
    assert client.calls == {"search": 1, "batch": 1}
    assert {each.record.basis for each in page.taken} == {AvailabilityBasis.PMS_SEARCH}
    assert (page.total, page.has_next) == (2, False)
    await world.page()
    assert client.calls == {"search": 1, "batch": 1}


async def test_details_that_the_search_brings_cost_no_call() -> None:
    world = FreeWorld()
    client = world.searching("a", brings_listings=True, brings_prices=True).has("1", "2", max_guests=4)
    page = await world.page(listings=BY_NAME, priced=True)
    assert client.calls == {"search": 1}
    assert all(each.record.price is not None for each in page.taken)


async def test_a_large_page_of_a_search_is_one_page() -> None:
    world = FreeWorld()
    client = world.searching("a").has(*(f"{n:03}" for n in range(260)))
    page = await world.page(500)
    assert (len(page.taken), page.total) == (260, 260)
    assert client.calls == {"search": 1, "batch": 6}


async def test_listings_that_are_held_cost_no_call() -> None:
    world = FreeWorld()
    client = world.searching("a").has("1", "2", max_guests=4)
    await world.gateway.listings.page(world.operation(), world.accounts, ListingQuery(), first=9)
    assert ids(await world.page()) == ["1", "2"]
    assert client.calls == {"page": 1, "search": 1}


async def test_where_there_is_no_search_listings_and_calendars_are_read() -> None:
    world = FreeWorld()
    client = world.reading_calendars("a", taken={"2"}).has("1", "2", max_guests=4).has("3", max_guests=1)
    page = await world.page()
    assert ids(page) == ["1"]
    assert client.calls == {"page": 1, "calendars": 1, "calendar listings": 2}
    assert page.taken[0].record.basis is AvailabilityBasis.CALENDAR


async def test_where_the_search_is_closed_calendars_are_read_instead() -> None:
    world = FreeWorld()
    client = world.searching("a", closed=True, taken={"2"}).has("1", "2", max_guests=4)
    page = await world.page()
    assert (ids(page), page.sources[0].status) == (["1"], SourceStatus.OK)
    assert client.calls == {"search": 1, "page": 1, "calendars": 1, "calendar listings": 2}
    assert page.taken[0].record.basis is AvailabilityBasis.CALENDAR


async def test_old_results_of_a_search_that_was_closed_since_give_way_to_calendars() -> None:
    world = FreeWorld()
    client = world.searching("a", brings_listings=True).has("1", "2")
    await world.page()
    client.closed, client.taken = True, {"2"}
    world.later(400)
    await world.page()
    for _ in range(9):
        await asyncio.sleep(0)  # the refresh behind a stale answer
    page = await world.page()
    assert (ids(page), page.taken[0].record.basis) == (["1"], AvailabilityBasis.CALENDAR)


async def test_as_many_calendars_are_read_together_as_one_call_brings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeClient, "calendars_per_call", 50)
    world = FreeWorld()
    client = world.reading_calendars("a").has(*(f"{n:03}" for n in range(90)))
    await world.page(5)
    assert (client.calls["calendars"], client.calls["calendar listings"]) == (1, 50)


async def test_only_as_many_calendars_are_read_as_the_page_needs() -> None:
    world = FreeWorld()
    client = world.reading_calendars("a").has(*(f"{n:03}" for n in range(90)))
    page = await world.page(5)
    assert len(page.taken) == 5
    assert client.calls["calendar listings"] == 20
    assert page.has_next


async def test_calendars_are_read_up_to_a_bound_and_the_search_goes_on_from_there() -> None:
    world = FreeWorld()
    names = [f"{n:03}" for n in range(300)]
    client = world.reading_calendars("a", taken=names[:-1]).has(*names)
    page = await world.page()
    assert (ids(page), page.has_next) == ([], True)
    assert client.calls["calendar listings"] == MAX_CALENDARS
    (source,) = page.sources
    assert source.status is SourceStatus.PARTIAL
    assert "goes on" in (source.note or "")
    assert await world.walk(50) == names[-1:]


@pytest.mark.parametrize(
    ("rules", "free"),
    [
        ({}, True),
        ({"2026-12-11": {"available": False}}, False),
        ({"2026-12-13": {"available": False}}, True),
        ({"2026-12-11": {"available": None, "status": "UNKNOWN"}}, False),
        ({"2026-12-11": {"available": None}}, True),
        ({"2026-12-10": {"minimum_stay": 3}}, True),
        ({"2026-12-10": {"minimum_stay": 4}}, False),
        ({"2026-12-11": {"minimum_stay": 4}}, True),
        ({"2026-12-10": {"maximum_stay": 2}}, False),
        ({"2026-12-10": {"maximum_stay": 0}}, True),
        ({"2026-12-10": {"closed_to_arrival": True}}, False),
        ({"2026-12-10": {"closed_to_departure": True}}, True),
        ({"2026-12-13": {"closed_to_departure": True}}, False),
        ({"2026-12-13": {"closed_to_arrival": True}}, True),
    ],
)
async def test_a_calendar_decides_by_its_nights_and_its_rules(rules: dict[str, Any], free: bool) -> None:
    world = FreeWorld()
    world.reading_calendars("a", days={"1": rules}).has("1")
    assert ids(await world.page()) == (["1"] if free else [])


async def test_a_listings_own_limits_hold_where_the_calendar_has_none() -> None:
    world = FreeWorld()
    world.reading_calendars("a", days={"2": {"2026-12-10": {"minimum_stay": 1}}}).has("1", "2", minimum_nights=5)
    assert ids(await world.page()) == ["2"]


async def test_adults_and_children_must_fit_and_unknown_capacity_is_kept_and_said() -> None:
    world = FreeWorld()
    world.searching("a").has("1", max_guests=3).has("2", max_guests=2).has("3")
    page = await world.page(stay=replace(STAY, adults=2, children=1))
    assert [(each.record.listing.provider_id, each.record.fits_party) for each in page.taken] == [
        ("1", True),
        ("3", None),
    ]


async def test_filters_hold_and_archived_listings_are_left_out() -> None:
    world = FreeWorld()
    client = world.searching("a").has("1", "2", address=Address(city="Nice"))
    client.has("2", address=Address(city="Nice"), status=ListingStatus.ARCHIVED).has("3", address=Address(city="Rome"))
    page = await world.page(listings=ListingQuery(city="nice"))
    assert ids(page) == ["1"]
    assert page.sources[0].applied == (Applied("filter.city", AppliedBy.GATEWAY),)


@pytest.mark.parametrize(
    ("zone", "arrival", "kept"),
    [
        ("Pacific/Auckland", date(2026, 11, 22), False),  # where it is the 23rd already
        ("Pacific/Auckland", date(2026, 11, 23), True),
        ("Europe/Paris", date(2026, 11, 22), True),
        ("Mars/Olympus_Mons", date(2026, 11, 22), True),
        ("../../etc/passwd", date(2026, 11, 22), True),
        ("a\0b", date(2026, 11, 22), True),
        (None, date(2026, 11, 22), True),
    ],
)
async def test_a_day_of_arrival_that_is_over_at_the_listing_is_not_free(
    zone: str | None, arrival: date, kept: bool
) -> None:
    world = FreeWorld()
    world.searching("a").has("1", time_zone=zone)
    stay = AvailabilityQuery(arrival=arrival, departure=date(2026, 11, 25), adults=1)
    assert ids(await world.page(stay=stay)) == (["1"] if kept else [])


@pytest.mark.parametrize("arrival", [date(2027, 3, 27), date(2027, 10, 30)])
async def test_a_night_on_which_clocks_change_is_one_night(arrival: date) -> None:
    world = FreeWorld()
    days = {"1": {str(arrival): {"minimum_stay": 2}}, "2": {str(arrival): {"minimum_stay": 3}}}
    world.reading_calendars("a", days=days).has("1", "2", time_zone="Europe/Paris")
    stay = AvailabilityQuery(arrival=arrival, departure=arrival.replace(day=arrival.day + 1), adults=1)
    assert ids(await world.page(stay=stay)) == []
    two = replace(stay, arrival=arrival.replace(day=arrival.day - 1), departure=stay.departure)
    days["1"] = {str(two.arrival): {"minimum_stay": 2}}
    days["2"] = {str(two.arrival): {"minimum_stay": 3}}
    assert ids(await world.page(stay=two)) == ["1"]


async def test_an_account_that_fails_is_reported_and_the_others_are_served() -> None:
    world = FreeWorld()
    world.searching("a", failure=UpstreamUnavailable("The PMS could not be reached.")).has("1")
    world.reading_calendars("b").has("2")
    page = await world.page()
    assert ids(page) == ["2"]
    failed, served = page.sources
    assert (failed.status, served.status) == (SourceStatus.FAILED, SourceStatus.OK)
    assert failed.error is not None
    assert (failed.error.code, failed.error.account_id) == (ErrorCode.UPSTREAM_UNAVAILABLE, "a")
    assert page.total is None
    world.clients["a"].failure = None
    assert ids(await world.page(after=page.end_cursor())) == ["1"]


async def test_records_that_could_not_be_read_make_the_source_partial() -> None:
    world = FreeWorld()
    world.searching("a", odd=[OddRecord("7", "id: not a number")]).has("1")
    (source,) = (await world.page()).sources
    assert (source.status, source.skipped) == (SourceStatus.PARTIAL, 1)


async def test_old_results_are_served_while_the_pms_is_away_and_marked() -> None:
    world = FreeWorld()
    world.searching("a").has("1")
    await world.page()
    world.later(100_000)
    world.clients["a"].failure = UpstreamUnavailable("The PMS could not be reached.")
    page = await world.page()
    assert (ids(page), page.sources[0].status) == (["1"], SourceStatus.STALE)
    strict = await world.page(max_age=0)
    assert (ids(strict), strict.sources[0].status) == ([], SourceStatus.FAILED)


async def test_prices_are_as_fresh_as_prices_must_be() -> None:
    world = FreeWorld()
    client = world.searching("a", brings_listings=True, brings_prices=True).has("1")
    await world.page()
    world.later(100)
    await world.page()
    assert client.calls == {"search": 1}
    await world.page(priced=True)
    for _ in range(9):
        await asyncio.sleep(0)  # the refresh behind a stale answer
    assert client.calls == {"search": 2}


async def test_accounts_behind_a_full_page_are_not_asked() -> None:
    world = FreeWorld()
    clients = [world.searching(name, brings_listings=True).has(*"12345") for name in "abcd"]
    page = await world.page(5)
    assert ids(page) == list("12345")
    assert sum(client.calls["search"] for client in clients) == 1
    assert page.sources[-1].status is SourceStatus.NOT_ASKED


async def test_a_cursor_of_another_stay_is_refused() -> None:
    world = FreeWorld()
    world.searching("a").has("1", "2")
    cursor = (await world.page(1)).end_cursor()
    with pytest.raises(CursorError, match="belongs to another query"):
        await world.page(1, cursor, stay=replace(STAY, adults=1))


@settings(deadline=None)  # the machine may be busy
@given(
    sizes=st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=3),
    taken=st.sets(st.integers(0, 12)),
    order=st.sampled_from([ListingOrderField.PROVIDER, ListingOrderField.NAME, ListingOrderField.POSITION]),
    direction=st.sampled_from(OrderDirection),
    first=st.integers(1, 9),
)
async def test_a_walk_finds_everything_free_once_and_in_order(
    sizes: list[tuple[int, bool]],
    taken: set[int],
    order: ListingOrderField,
    direction: OrderDirection,
    first: int,
) -> None:
    world = FreeWorld()
    expected: list[tuple[str, int]] = []
    for number, (size, searches) in enumerate(sizes):
        add = world.searching if searches else world.reading_calendars
        client = add(f"a{number}", taken={f"{number}-{n}" for n in taken})
        for n in range(size):
            client.has(f"{number}-{n}", name=f"House {n:02}", position=n)
        expected += [(f"{number}-{n}", n) for n in range(size) if n not in taken]
    found = await world.walk(first, listings=ListingQuery(order=order, direction=direction))
    assert sorted(found) == sorted(id_ for id_, _ in expected)
    if order is ListingOrderField.PROVIDER:
        assert [id_.split("-")[0] for id_ in found] == sorted(id_.split("-")[0] for id_ in found)
    else:
        places = [int(id_.split("-")[1]) for id_ in found]
        assert places == sorted(places, reverse=direction is OrderDirection.DESC)


@settings(deadline=None)  # the machine may be busy
@given(
    first=st.integers(1, 5),
    searches=st.booleans(),
    order=st.sampled_from([ListingOrderField.PROVIDER, ListingOrderField.NAME]),
    changes=st.lists(st.tuples(st.booleans(), st.integers(0, 19)), max_size=12),
)
async def test_what_is_booked_or_freed_between_pages_moves_nobody_else(
    first: int, searches: bool, order: ListingOrderField, changes: list[tuple[bool, int]]
) -> None:
    world = FreeWorld()
    taken = {f"{n:02}" for n in range(0, 20, 4)}
    names = [f"{n:02}" for n in range(20)]
    (world.searching if searches else world.reading_calendars)("a", taken=taken).has(*names)
    touched = {f"{n:02}" for _, n in changes}
    steady = [name for name in names if name not in touched and name not in taken]
    found: list[str] = []
    after = None
    waiting = list(changes)
    for _ in range(100):
        page = await world.page(first, after, listings=ListingQuery(order=order), max_age=0)
        found += ids(page)
        after = page.end_cursor()
        if not page.has_next:
            break
        if waiting:
            frees, number = waiting.pop()
            (taken.discard if frees else taken.add)(f"{number:02}")
        world.later(1)
    assert len(found) == len(set(found))
    assert [name for name in found if name in steady] == steady
