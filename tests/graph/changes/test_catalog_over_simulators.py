"""Calendars and listings of both PMSs changed over the public face, against their simulators."""

import json
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from graph.accounts.keys import Permission
from graph.explorer.change_examples import LISTING_ID
from graph.explorer.examples import example_tabs
from graph.schema import ids
from tests.gateway_world import World, world
from tests.graph.changes.test_calendar_changes import MANY, codes, nights
from tests.graph.changes.test_listing_edits import CREATE, UPDATE

LISTINGS = """query($from: Date!, $to: Date!) { listings(first: 50) { nodes {
  id provider name currency version calendar(from: $from, to: $to) { days { date status price } } } } }"""


@pytest.fixture
async def simulated(tmp_path: Path) -> AsyncIterator[World]:
    """A Hostaway and a BookingSync account with six listings each, without limits."""
    async with world(tmp_path, hostaway_accounts=1, bookingsync_accounts=1) as running:
        yield running


async def free(running: World, provider: str, start: date, count: int) -> tuple[dict[str, Any], list[date]]:
    """A listing of the PMS and days in a row, from ``start`` on, on which it is free."""
    data = await running.data(LISTINGS, **{"from": str(start), "to": str(start + timedelta(days=300))})
    for node in data["listings"]["nodes"]:
        run: list[date] = []
        for day in node["calendar"]["days"] if node["provider"] == provider else ():
            run = [*run, date.fromisoformat(day["date"])] if day["status"] == "AVAILABLE" else []
            if len(run) == count:
                return node, run
    raise LookupError(provider)


async def test_nights_of_both_pmss_are_blocked_and_freed_in_one_mutation(simulated: World) -> None:
    start = simulated.clock.now().date() + timedelta(days=3)
    chosen = [await free(simulated, provider, start, 3) for provider in ("HOSTAWAY", "BOOKINGSYNC")]

    async def set_all(available: bool, *, dry: bool = False) -> Any:
        inputs = [
            {"listingId": node["id"], "ranges": [nights(days[0], 2, available=available)]} for node, days in chosen
        ]
        return await simulated.change(MANY, Permission.WRITE, inputs=inputs, dry=dry)

    before = len(simulated.data_calls())
    dry = await set_all(available=False, dry=True)
    reads = simulated.data_calls()[before:]
    assert [each["userErrors"] for each in dry["results"]] == [[], []]
    assert all(each["planned"] for each in dry["results"])
    assert {call.method for call in reads} <= {"GET"}

    blocked = await set_all(available=False)
    assert [each["userErrors"] for each in blocked["results"]] == [[], []]
    for each in blocked["results"]:
        assert [day["status"] for day in each["calendar"]["days"]] == ["BLOCKED", "BLOCKED"]
    again = [
        await simulated.data(LISTINGS, **{"from": str(days[2]), "to": str(days[2] + timedelta(days=1))})
        for _, days in chosen
    ]
    for (node, _), data in zip(chosen, again, strict=True):
        (after,) = [each for each in data["listings"]["nodes"] if each["id"] == node["id"]]
        assert after["calendar"]["days"][0]["status"] == "AVAILABLE"

    freed = await set_all(available=True)
    assert [each["userErrors"] for each in freed["results"]] == [[], []]
    for each in freed["results"]:
        assert [day["status"] for day in each["calendar"]["days"]] == ["AVAILABLE", "AVAILABLE"]
        assert each["cost"]["calls"] > 0


async def test_prices_of_both_pmss_are_set_exactly(simulated: World) -> None:
    start = simulated.clock.now().date() + timedelta(days=3)
    chosen = [await free(simulated, provider, start, 2) for provider in ("HOSTAWAY", "BOOKINGSYNC")]
    managed = {"bookingsync": {"nightlyRatesManagedExternally": True}}
    opened = await simulated.change(UPDATE, Permission.WRITE, id=chosen[1][0]["id"], input=managed)
    assert opened["userErrors"] == []

    inputs = [
        {"listingId": node["id"], "ranges": [nights(days[0], 1, price="123.45"), nights(days[1], 1, price="99")]}
        for node, days in chosen
    ]
    payload = await simulated.change(MANY, Permission.WRITE, inputs=inputs)

    assert [each["userErrors"] for each in payload["results"]] == [[], []]
    for each in payload["results"]:
        assert [float(day["price"]) for day in each["calendar"]["days"]] == [123.45, 99]


async def test_what_a_pms_cannot_do_with_nights_is_told_by_field_and_hides_nothing(simulated: World) -> None:
    start = simulated.clock.now().date() + timedelta(days=3)
    chosen = [await free(simulated, provider, start, 2) for provider in ("HOSTAWAY", "BOOKINGSYNC")]
    inputs = [{"listingId": node["id"], "ranges": [nights(days[0], 1, closedToArrival=True)]} for node, days in chosen]
    payload = await simulated.change(MANY, Permission.WRITE, inputs=inputs)

    hostaway, bookingsync = payload["results"]
    assert hostaway["userErrors"] == []
    assert codes(bookingsync) == [("ranges.0.closedToArrival", "NOT_SUPPORTED")]


@pytest.mark.parametrize("provider", ["HOSTAWAY", "BOOKINGSYNC"])
async def test_a_listing_is_made_once_changed_and_guarded_by_its_version(simulated: World, provider: str) -> None:
    (account,) = [each for each in await simulated.services.accounts.list("default") if each.provider == provider]
    new = {
        "name": "Old mill",
        "maxGuests": 4,
        "currency": "EUR",
        "basePrice": "140",
        "propertyType": "HOUSE",
        "guestsIncluded": 2,
        "bedrooms": 2,
        "bathrooms": 1,
        "address": {"countryCode": "FR", "city": "Lyon", "line1": "Rue 1", "postalCode": "69000"},
    }
    asked: dict[str, Any] = {
        "account": str(ids.GlobalId(ids.ACCOUNT, account.id).text()),
        "input": new,
        "key": "mill-1",
    }
    made = await simulated.change(CREATE, Permission.WRITE, **asked)
    again = await simulated.change(CREATE, Permission.WRITE, **asked)
    assert made["userErrors"] == []
    assert (made["listing"]["name"], again["id"]) == ("Old mill", made["id"])

    day = simulated.clock.now().date()
    listed_then = await simulated.data(LISTINGS, **{"from": str(day), "to": str(day + timedelta(days=1))})
    nodes = listed_then["listings"]["nodes"]
    (listed,) = [each for each in nodes if each["id"] == made["id"]]
    assert listed["version"] == made["listing"]["version"]

    change = {"id": made["id"], "input": {"maxGuests": 5}, "version": listed["version"]}
    changed = await simulated.change(UPDATE, Permission.WRITE, **change)
    stale = await simulated.change(UPDATE, Permission.WRITE, **change)
    assert (changed["userErrors"], changed["listing"]["maxGuests"]) == ([], 5)
    assert codes(stale) == [("version", "STALE")]
    assert stale["listing"]["version"] == changed["listing"]["version"]


@pytest.mark.parametrize("provider", ["HOSTAWAY", "BOOKINGSYNC"])
async def test_the_examples_of_changes_are_rehearsed_once_they_have_a_listing(simulated: World, provider: str) -> None:
    today = simulated.clock.now().date()
    node, days = await free(simulated, provider, today + timedelta(days=14), 9)
    if provider == "BOOKINGSYNC":
        managed = {"bookingsync": {"nightlyRatesManagedExternally": True}}
        await simulated.change(UPDATE, Permission.WRITE, id=node["id"], input=managed)
    before = len(simulated.data_calls())
    tabs = [tab for tab in example_tabs(days[0] - timedelta(days=14)) if "dryRun" in tab.query]
    for tab in tabs:
        variables = json.loads(json.dumps(tab.variables).replace(LISTING_ID, node["id"]))
        payload = await simulated.change(tab.query, Permission.WRITE, **variables)
        assert payload["userErrors"] == [], tab.query
        assert payload["planned"]

    assert len(tabs) == 3
    assert {call.method for call in simulated.data_calls()[before:]} <= {"GET"}


async def test_versions_in_lists_are_those_that_a_change_compares_with(simulated: World) -> None:
    day = simulated.clock.now().date()
    nodes = (await simulated.data(LISTINGS, **{"from": str(day), "to": str(day + timedelta(days=1))}))["listings"]
    for node in nodes["nodes"]:
        one = await simulated.data("query($id: ID!) { listing(id: $id, maxAge: 0) { version } }", id=node["id"])
        assert one["listing"]["version"] == node["version"]
