"""Facts that do not hold still or do not exist: words that are away, time zones, clocks that change, moving pages."""

from datetime import date, timedelta
from typing import Any

import pytest

from providers.hostaway.simulator.simulation import HostawaySimulation
from tests.gateway_world import World

LISTINGS = (
    "query($filter: ListingFilter) { listings(first: 100, filter: $filter) { nodes { name propertyType"
    " providerPropertyType account { name } } sources { account { name } status error { code } } } }"
)


def hostaway(running: World) -> HostawaySimulation:
    simulation = running.simulations["HOSTAWAY"]
    assert isinstance(simulation, HostawaySimulation)
    return simulation


async def test_a_missing_dictionary_costs_the_labels_of_its_account_alone(running: World) -> None:
    await running.fault("HOSTAWAY", account="10450", path="/v1/propertyTypes", kind="status", status=404)
    body = await running.ask(LISTINGS)
    page = body["data"]["listings"]
    assert len(page["nodes"]) == 18
    assert {source["status"] for source in page["sources"]} == {"OK"}
    labelled = {node["account"]["name"] for node in page["nodes"] if node["propertyType"]}
    assert labelled == {"HOSTAWAY 2", "BOOKINGSYNC 1"}
    unlabelled = [node for node in page["nodes"] if node["account"]["name"] == "HOSTAWAY 1"]
    assert len(unlabelled) == 6
    assert any(node["providerPropertyType"] for node in unlabelled)
    (error,) = body["errors"]
    assert error["path"][-1] == "propertyType"
    assert error["extensions"]["provider"] == "HOSTAWAY"


async def test_a_filter_that_needs_a_missing_dictionary_fails_for_its_account_alone(running: World) -> None:
    await running.fault("HOSTAWAY", account="10450", path="/v1/propertyTypes", kind="status", status=503)
    kinds = ["APARTMENT", "HOUSE", "VILLA", "COTTAGE", "CABIN"]
    page = (await running.ask(LISTINGS, filter={"propertyTypes": kinds}))["data"]["listings"]
    assert [(source["account"]["name"], source["status"]) for source in page["sources"]] == [
        ("HOSTAWAY 1", "FAILED"),
        ("HOSTAWAY 2", "OK"),
        ("BOOKINGSYNC 1", "OK"),
    ]
    assert page["sources"][0]["error"] == {"code": "UPSTREAM_UNAVAILABLE"}
    assert {node["account"]["name"] for node in page["nodes"]} == {"HOSTAWAY 2", "BOOKINGSYNC 1"}
    assert {node["propertyType"] for node in page["nodes"]} <= set(kinds)


FREE = (
    "query($arrival: Date!, $departure: Date!) { availableListings(arrival: $arrival, departure: $departure, first: 99)"
    " { nodes { listing { id timeZone } } sources { status } } }"
)


@pytest.mark.parametrize("zone", ["Mars/Olympus_Mons", "../../etc/passwd", "", None])
async def test_a_time_zone_that_does_not_exist_hides_no_free_listing(running: World, zone: str | None) -> None:
    arrival = date.today() + timedelta(days=250)  # noqa: DTZ011
    stay = {"arrival": str(arrival), "departure": str(arrival + timedelta(days=2))}
    before = (await running.data(FREE, **stay))["availableListings"]
    for row in hostaway(running).accounts[0].listings.values():
        row.record = {**row.record, "timeZoneName": zone}
    running.clock.advance(100_000)
    after = (await running.data(FREE, **stay))["availableListings"]
    assert {source["status"] for source in after["sources"]} == {"OK"}
    assert [node["listing"]["id"] for node in after["nodes"]] == [node["listing"]["id"] for node in before["nodes"]]
    # The PMS's own word is shown, as long as it says one.
    shown = {node["listing"]["timeZone"] for node in after["nodes"]}
    assert shown - {node["listing"]["timeZone"] for node in before["nodes"]} <= {zone or None}


def change_of_clocks(month: int) -> date:
    """The next last Sunday of a month, on which European clocks change in March and in October."""
    today = date.today()  # noqa: DTZ011
    for year in (today.year, today.year + 1):
        last = date(year, month, 31)
        sunday = last - timedelta(days=(last.weekday() + 1) % 7)
        if sunday > today:
            return sunday
    raise AssertionError("one of two years has a Sunday to come")


@pytest.mark.parametrize("month", [3, 10])
async def test_a_day_on_which_clocks_change_is_one_day_and_one_night(running: World, month: int) -> None:
    sunday = change_of_clocks(month)
    days = [sunday + timedelta(days=n) for n in (-1, 0, 1)]
    data = await running.data(
        "query($from: Date!, $to: Date!, $arrival: Date!, $departure: Date!) { listings(first: 99) { nodes {"
        " calendar(from: $from, to: $to) { days { date } }"
        " priceDetails(arrival: $arrival, departure: $departure) { nights } } } }",
        **{"from": str(days[0]), "to": str(days[-1] + timedelta(days=1))},
        arrival=str(days[0]),
        departure=str(days[1]),
    )
    assert len(data["listings"]["nodes"]) == 18
    for node in data["listings"]["nodes"]:
        assert [each["date"] for each in node["calendar"]["days"]] == [str(day) for day in days]
        assert node["priceDetails"]["nights"] == 1


RESERVATIONS = (
    "query($after: String) { reservations(first: 60, after: $after, maxAge: 0) { nodes { id providerId status }"
    " pageInfo { hasNextPage endCursor } sources { status } } }"
)


async def test_reservations_that_change_between_two_pages_are_neither_lost_nor_repeated(running: World) -> None:
    everything = await pages(running)
    second = hostaway(running).accounts[1]
    shown = [node["providerId"] for page in everything[1:] for node in page if node["status"] == "CONFIRMED"]
    cancelled = next(id_ for id_ in second.reservations if str(id_) in shown)
    walked = await pages(running, lambda: second.change_reservation(cancelled, running.clock.now(), status="cancelled"))
    ids = [node["id"] for page in walked for node in page]
    assert len(ids) == len(set(ids))
    assert set(ids) == {node["id"] for page in everything for node in page}
    # What is read after the change shows it: maxAge 0 takes no page from the cache.
    (told,) = [node["status"] for page in walked for node in page if node["providerId"] == str(cancelled)]
    assert told == "CANCELLED"


async def pages(running: World, change: Any = None) -> list[list[dict[str, Any]]]:
    """All pages, with a change made behind the first."""
    found: list[list[dict[str, Any]]] = []
    after = None
    while True:
        page = (await running.data(RESERVATIONS, after=after))["reservations"]
        assert {source["status"] for source in page["sources"]} <= {"OK", "NOT_ASKED"}
        found.append(page["nodes"])
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        if change and len(found) == 1:
            change()
