"""How many prices may be asked for of a PMS that takes a call for each: no more than its limits let through in time."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from graph.gateway.prices import let_through
from providers.manifest import Limit, LimitScope
from tests.gateway_world import World, world

ARRIVAL = date.today() + timedelta(days=250)  # noqa: DTZ011
STAY = f'arrival: "{ARRIVAL}", departure: "{ARRIVAL + timedelta(days=3)}"'
PRICE = f"priceDetails({STAY}) {{ source }}"
NOWHERE = 'filter: { city: "Nowhere at all" }'


@pytest.fixture
async def limited(tmp_path: Path) -> AsyncIterator[World]:
    """One account of each PMS, under the documented limits: Hostaway's are 15 calls in 10 seconds from one address."""
    async with world(tmp_path, hostaway_accounts=1, limits="documented") as running:
        yield running


async def refused(running: World, query: str, **variables: Any) -> dict[str, Any]:
    before = len(running.calls)
    body = await running.ask(query, **variables)
    assert len(running.calls) == before
    (error,) = body["errors"]
    assert error["extensions"]["code"] == "BAD_INPUT"
    assert "HOSTAWAY" in error["message"]
    extensions: dict[str, Any] = error["extensions"]
    return extensions


@pytest.mark.parametrize(
    "query",
    [
        f"{{ availableListings({STAY}, first: 31) {{ nodes {{ price {{ source }} }} }} }}",
        f"{{ availableListings({STAY}, first: 31) {{ edges {{ node {{ cost: price {{ source }} }} }} }} }}",
        f"{{ availableListings({STAY}) {{ nodes {{ price {{ source }} }} }} }}",
        f"{{ availableListings({STAY}, first: 31) {{ nodes {{ listing {{ {PRICE} }} }} }} }}",
        f"{{ listings(first: 31) {{ nodes {{ {PRICE} }} }} }}",
        f"{{ listings(first: 31) {{ ...Page }} }} fragment Page on ListingConnection {{ nodes {{ {PRICE} }} }}",
        f"{{ reservations(first: 31) {{ nodes {{ listing {{ {PRICE} }} }} }} }}",
    ],
)
async def test_a_page_with_more_prices_than_can_be_had_is_refused_before_any_call(limited: World, query: str) -> None:
    extensions = await refused(limited, query)
    assert (extensions["argument"], extensions["allowed"]) == ("first", "30 at most where prices are asked for")


async def test_each_price_of_a_listing_counts_but_the_same_one_once(limited: World) -> None:
    twice = f"{{ listings(first: 16) {{ nodes {{ a: {PRICE} b: {PRICE} }} }} }}"
    assert (await refused(limited, twice))["allowed"].startswith("15 at most")
    again = f"{{ listings(first: 30, {NOWHERE}) {{ nodes {{ {PRICE} }} edges {{ node {{ {PRICE} }} }} }} }}"
    await limited.data(again)


async def test_as_many_as_can_be_had_are_served_and_pages_without_prices_are_not_bounded(limited: World) -> None:
    for query in (
        f"{{ availableListings({STAY}, first: 30, {NOWHERE}) {{ nodes {{ price {{ source }} }} }} }}",
        f"{{ listings(first: 30, {NOWHERE}) {{ nodes {{ {PRICE} }} }} }}",
        f"{{ availableListings({STAY}, first: 500, {NOWHERE}) {{ nodes {{ basis }} }} }}",
        f'{{ listings(first: 500, filter: {{ providers: ["BOOKINGSYNC"], city: "x" }}) {{ nodes {{ {PRICE} }} }} }}',
        f"query($no: Boolean! = false) {{ listings(first: 500, {NOWHERE}) {{ nodes {{ "
        f"priceDetails({STAY}) @include(if: $no) {{ source }} }} }} }}",
    ):
        await limited.data(query)
    page = await limited.data(f"{{ availableListings({STAY}, first: 2) {{ nodes {{ price {{ source }} }} }} }}")
    assert [node["price"]["source"] for node in page["availableListings"]["nodes"]] == ["PMS", "PMS"]


async def test_stays_and_ids_are_bounded_by_account(limited: World) -> None:
    found = await limited.data("{ listings(first: 12) { nodes { id provider } } }")
    ids = {node["provider"]: node["id"] for node in found["listings"]["nodes"]}
    query = "query($inputs: [PriceDetailsInput!]!) { priceDetails(inputs: $inputs) { source } }"

    def stays(listing: str, count: int) -> list[dict[str, Any]]:
        days = [ARRIVAL + timedelta(days=n) for n in range(count + 1)]
        return [{"listingId": listing, "arrival": str(a), "departure": str(b)} for a, b in pairwise(days)]

    extensions = await refused(limited, query, inputs=stays(ids["HOSTAWAY"], 31))
    assert (extensions["argument"], extensions["allowed"]) == ("inputs", "at most 30 stays of an account of HOSTAWAY")
    await limited.data(query, inputs=[stays(ids["HOSTAWAY"], 1)[0]] * 31)
    prices = " ".join(f"p{n}: {PRICE}" for n in range(16))
    by_ids = f"query($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on Listing {{ {prices} }} }} }}"
    hostaway = [node["id"] for node in found["listings"]["nodes"] if node["provider"] == "HOSTAWAY"]
    assert (await refused(limited, by_ids, ids=hostaway[:2]))["argument"] == "ids"


@pytest.mark.parametrize(
    ("calls", "window", "seconds", "most"),
    [(15, 10, 30.0, 30), (400, 10, 30.0, 800), (15, 10, 10.0, 7), (15, 10, 20.5, 30), (1, 60, 30.0, 1)],
)
def test_one_window_is_left_to_others(calls: int, window: int, seconds: float, most: int) -> None:
    limit = Limit(scope=LimitScope.IP, calls=calls, seconds=window)
    assert let_through(limit, seconds, 0.25) == most
