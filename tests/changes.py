"""The demo's listings and a year of its reservations, read to the end, and three reservations that change."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from providers.bookingsync.simulator.simulation import BookingsyncSimulation
from providers.hostaway.simulator.simulation import HostawaySimulation
from tests.gateway_world import World

LISTINGS = """query($after: String, $age: Int) { page: listings(first: 200, after: $after, maxAge: $age) {
  nodes { id name } pageInfo { hasNextPage endCursor } sources { status note } } }"""

YEAR = """query($after: String, $age: Int, $from: Date, $to: Date) {
  page: reservations(first: 200, after: $after, maxAge: $age, filter: {stay: {from: $from, to: $to}}) {
    nodes { id providerId provider status arrival party { adults } } pageInfo { hasNextPage endCursor }
    sources { status note } } }"""


async def walk(running: World, query: str, **variables: Any) -> list[dict[str, Any]]:
    """All nodes, page by page."""
    nodes: list[dict[str, Any]] = []
    after = None
    while True:
        page = (await running.data(query, after=after, **variables))["page"]
        assert {source["status"] for source in page["sources"]} <= {"OK", "NOT_ASKED"}
        nodes += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return nodes
        after = page["pageInfo"]["endCursor"]


def year_from(day: Any) -> Mapping[str, str]:
    """Stays of a year, as variables."""
    return {"from": str(day), "to": str(day + timedelta(days=365))}


def change_three(running: World, nodes: list[dict[str, Any]]) -> dict[str, int | None]:
    """Change a Hostaway reservation's party, cancel another, change a BookingSync booking's party.

    Answers the adults by PMS id where they changed, None where it was cancelled.
    """
    hostaway = running.simulations["HOSTAWAY"]
    bookingsync = running.simulations["BOOKINGSYNC"]
    assert isinstance(hostaway, HostawaySimulation)
    assert isinstance(bookingsync, BookingsyncSimulation)
    at = running.clock.now()
    shown = {node["providerId"] for node in nodes if node["status"] == "CONFIRMED" and node["party"]}
    first = hostaway.accounts[0]
    ids = [id_ for id_ in first.reservations if str(id_) in shown][-2:]
    first.change_reservation(ids[0], at, adults=9, numberOfGuests=9)
    first.change_reservation(ids[1], at, status="cancelled")
    estate = bookingsync.estates[1]
    booking = next(each for each in estate.bookings if str(each.id) in shown)
    estate.change_booking(booking.id, at, adults=8)
    return {str(ids[0]): 9, str(ids[1]): None, str(booking.id): 8}
