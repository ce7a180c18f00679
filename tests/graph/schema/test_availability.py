"""The search for free listings over real simulators: it agrees with calendars, and prices only what it returns."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from providers.bookingsync.simulator.readings import BookingsyncReadings
from tests.gateway_world import World, world

FOUND = """nodes { basis fitsParty listing { id provider maxGuests minimumNights } }
  pageInfo { hasNextPage endCursor } totalCount sources { account { provider } status error { code } }"""

SEARCH = (
    "query($arrival: Date!, $departure: Date!, $adults: Int! = 1, $first: Int! = 500, $after: String,"
    " $filter: ListingFilter, $order: ListingOrder, $age: Int) { availableListings(arrival: $arrival,"
    " departure: $departure, adults: $adults, first: $first, after: $after, filter: $filter, orderBy: $order,"
    " maxAge: $age) { " + FOUND + " } }"
)

PRICED = (
    "query($arrival: Date!, $departure: Date!, $first: Int!, $after: String) { availableListings(arrival: $arrival,"
    " departure: $departure, adults: 2, first: $first, after: $after) { edges { node { listing { id provider } price {"
    " total { amount currency } listing { id } } } } pageInfo { hasNextPage endCursor } } }"
)

CALENDARS = (
    "query($from: Date!, $to: Date!) { listings(first: 500) { nodes { id provider maxGuests minimumNights maximumNights"
    " calendar(from: $from, to: $to) { days { date available minimumStay maximumStay closedToArrival"
    " closedToDeparture } } } } }"
)


def stay(ahead: int, nights: int) -> dict[str, str]:
    arrival = date.today() + timedelta(days=ahead)  # noqa: DTZ011
    return {"arrival": str(arrival), "departure": str(arrival + timedelta(days=nights))}


QUIET = stay(250, 3)
"""Days that the simulated businesses have no bookings for yet."""


@pytest.mark.parametrize(("ahead", "nights", "adults"), [(5, 2, 1), (30, 3, 4), (60, 7, 2), (120, 1, 2), (250, 3, 2)])
async def test_what_is_found_agrees_with_the_calendars(running: World, ahead: int, nights: int, adults: int) -> None:
    days = stay(ahead, nights)
    page = (await running.data(SEARCH, **days, adults=adults))["availableListings"]
    found = {node["listing"]["id"]: node for node in page["nodes"]}
    end = date.fromisoformat(days["departure"]) + timedelta(days=1)
    data = await running.data(CALENDARS, **{"from": days["arrival"], "to": str(end)})
    by_calendar = {node["listing"]["provider"] for node in page["nodes"] if node["basis"] == "CALENDAR"}
    for listing in data["listings"]["nodes"]:
        rows = listing["calendar"]["days"]
        open_nights = all(row["available"] for row in rows[:-1])
        fits = listing["maxGuests"] is None or listing["maxGuests"] >= adults
        if listing["id"] in found:
            assert open_nights
            assert fits
        elif listing["provider"] in by_calendar:
            assert not (open_nights and fits) or _barred(listing, rows, nights)
    assert page["totalCount"] == len(found)


def _barred(listing: dict[str, Any], rows: list[dict[str, Any]], nights: int) -> bool:
    fewest = rows[0]["minimumStay"] if rows[0]["minimumStay"] is not None else listing["minimumNights"]
    most = rows[0]["maximumStay"] if rows[0]["maximumStay"] is not None else listing["maximumNights"]
    return bool(
        (fewest and nights < fewest)
        or (most and nights > most)
        or rows[0]["closedToArrival"]
        or rows[-1]["closedToDeparture"]
    )


async def test_a_page_costs_no_more_calls_than_the_apis_need(running: World) -> None:
    """One search per account, one batch of details at most; or listings and calendars where there is no search."""
    data = await running.data(SEARCH, **stay(60, 3))
    by_search = {source["account"]["provider"] for source in data["availableListings"]["sources"]}
    assert by_search == {"HOSTAWAY", "BOOKINGSYNC"}
    bases = {node["listing"]["provider"]: node["basis"] for node in data["availableListings"]["nodes"]}
    for account, count in running.counted().items():
        provider = next(call.provider for call in running.data_calls() if call.account_id == account)
        bound = 2 if bases.get(provider) == "PMS_SEARCH" else 8
        assert count <= bound
    before = len(running.data_calls())
    await running.data(SEARCH, **stay(60, 3))
    assert len(running.data_calls()) == before


async def test_where_the_search_is_closed_calendars_are_read_and_it_is_asked_once(tmp_path: Path) -> None:
    days = stay(30, 3)
    found = []
    for served in (True, False):
        readings = {"BOOKINGSYNC": BookingsyncReadings(search_served=served)}
        async with world(tmp_path / str(served), hostaway_accounts=0, listings=25, readings=readings) as running:
            page = (await running.data(SEARCH, **days))["availableListings"]
            found.append({node["listing"]["id"] for node in page["nodes"]})
            assert {node["basis"] for node in page["nodes"]} == {"PMS_SEARCH" if served else "CALENDAR"}
            assert [source["status"] for source in page["sources"]] == ["OK"]
            asked = [call.path.removeprefix("/api/v3/").split(",")[0] for call in running.data_calls()]
            await running.data(SEARCH, **stay(60, 3))
            searches = [call for call in running.data_calls() if call.path.endswith("/search")]
    assert asked == ["rentals/search", "rentals", asked[-1]]  # the last reads all calendars
    assert len(searches) == 1
    assert len(found[0]) == len(found[1]) > 0


async def test_one_cursor_walks_all_that_is_free_in_any_order(running: World) -> None:
    whole = [node["listing"]["id"] for node in (await running.data(SEARCH, **QUIET))["availableListings"]["nodes"]]
    assert len(whole) >= 6
    for order in (None, {"field": "NAME", "direction": "DESC"}):
        found: list[str] = []
        after = None
        while True:
            page = (await running.data(SEARCH, **QUIET, first=2, after=after, order=order))["availableListings"]
            found += [node["listing"]["id"] for node in page["nodes"]]
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                break
        assert sorted(found) == sorted(whole)
        assert order is not None or found == whole


async def test_only_what_is_returned_is_priced(running: World) -> None:
    await running.data(SEARCH, **QUIET, adults=2)
    before = len(running.data_calls())
    page = (await running.data(PRICED, **QUIET, first=2))["availableListings"]
    for edge in page["edges"]:
        assert edge["node"]["price"]["total"]["amount"]
        assert edge["node"]["price"]["listing"]["id"] == edge["node"]["listing"]["id"]
    assert len(page["edges"]) == 2
    # Two quotes where each is a call of its own; and the search again where prices must be fresher than it was.
    assert len(running.data_calls()) - before <= 3


async def test_filters_narrow_what_is_found(running: World) -> None:
    everything = (await running.data(SEARCH, **QUIET))["availableListings"]["nodes"]
    only = (await running.data(SEARCH, **QUIET, filter={"providers": ["HOSTAWAY"]}))["availableListings"]["nodes"]
    assert only == [node for node in everything if node["listing"]["provider"] == "HOSTAWAY"]


async def test_one_account_in_trouble_leaves_the_others(running: World) -> None:
    everything = (await running.data(SEARCH, **QUIET))["availableListings"]
    await running.fault("HOSTAWAY", account="10450", path="/v1/", kind="status", status=500)
    body = await running.ask(SEARCH, **QUIET, age=0)
    page = body["data"]["availableListings"]
    assert [source["status"] for source in page["sources"]] == ["FAILED", "OK", "OK"]
    assert page["totalCount"] is None
    assert 0 < len(page["nodes"]) <= len(everything["nodes"])
    assert body["errors"][0]["path"] == ["availableListings"]


async def test_a_price_that_cannot_be_had_fails_alone(running: World) -> None:
    await running.data(SEARCH, **QUIET, adults=2)
    await running.fault("HOSTAWAY", path="/v1/listings", kind="status", status=500, method="POST")
    body = await running.ask(PRICED, **QUIET, first=3)
    edges = body["data"]["availableListings"]["edges"]
    failed = [edge for edge in edges if edge["node"]["price"] is None]
    assert failed
    assert {edge["node"]["listing"]["provider"] for edge in failed} == {"HOSTAWAY"}
    assert [error["path"][-1] for error in body["errors"]] == ["price"] * len(failed)


async def test_a_search_counts_towards_the_size_of_an_operation(running: World) -> None:
    body = await running.ask(
        "query($a: Date!, $d: Date!) { availableListings(arrival: $a, departure: $d, first: 500) { nodes { listing {"
        " reservations(first: 500) { nodes { id } } } } } }",
        a=QUIET["arrival"],
        d=QUIET["departure"],
    )
    assert body["errors"][0]["extensions"]["code"] == "OPERATION_TOO_LARGE"
    assert not running.calls
