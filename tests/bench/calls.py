"""Upstream calls of representative operations over the demo's 170 listings: ``python -m tests.bench.calls``.

Each operation starts with a cold cache, then is asked again. ``least`` is what the documented APIs allow.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from tests.gateway_world import DEMO, World, world

TODAY = date(2026, 11, 22)
MONTH = {"from": str(TODAY), "to": str(TODAY + timedelta(days=30))}

LISTINGS = """{ listings(first: 200) { nodes {
  id name provider maxGuests bedrooms bathrooms address { city } basePrice { amount currency } } } }"""

RESERVATIONS = """query($from: Date!, $to: Date!) { listings(first: 200) { nodes { id
  reservations(first: 50, filter: {stay: {from: $from, to: $to}}) { nodes { id arrival departure status } } } } }"""

CALENDARS = """query($ids: [ID!]!, $from: Date!, $to: Date!) { calendars(listingIds: $ids, from: $from, to: $to) {
  days { date status price } } }"""

FREE = """query($arrival: Date!, $departure: Date!) { availableListings(first: 200, arrival: $arrival,
  departure: $departure, adults: 2) { nodes { basis listing { name maxGuests } } } }"""

FREE_PRICED = """query($arrival: Date!, $departure: Date!) { availableListings(first: 20, arrival: $arrival,
  departure: $departure, adults: 2, filter: {providers: ["BOOKINGSYNC"]}) { nodes { listing { name }
  price { total { amount currency } } } } }"""

QUOTES = """query($inputs: [PriceDetailsInput!]!) { priceDetails(inputs: $inputs) { total { amount currency } } }"""

WORDS = """{ listings(first: 200) { nodes { name propertyType amenities { kind name } } } }"""

HOSTAWAY_PARTS = """{ listings(first: 10, filter: {providers: ["HOSTAWAY"]}) { nodes { name
  fees { title amount { amount } } taxes { title percentage } agreements { text } } } }"""

BOOKINGSYNC_PARTS = """{ listings(first: 200, filter: {providers: ["BOOKINGSYNC"]}) { nodes { name
  fees { title amount { amount } } taxes { title percentage } agreements { text }
  pricingSettings { lengthOfStayChannels } cancellationPolicies { name } } } }"""


@dataclass(frozen=True, slots=True)
class Measured:
    """How many data calls an operation made when cold, how many again, the least there can be, and the cold time."""

    name: str
    least: int
    cold: int
    again: int
    seconds: float


async def measure() -> list[Measured]:
    """The calls of each operation, and the seconds it took when cold, simulated PMSs included."""
    with TemporaryDirectory() as folder:
        async with world(Path(folder), today=TODAY, call_timeout=30.0, **DEMO) as running:
            data = await running.data(LISTINGS)
            nodes: Sequence[dict[str, Any]] = data["listings"]["nodes"]
            hostaway = [node["id"] for node in nodes if node["provider"] == "HOSTAWAY"][:20]
            bookingsync = [node["id"] for node in nodes if node["provider"] == "BOOKINGSYNC"]
            stay = {"arrival": str(TODAY + timedelta(days=200)), "departure": str(TODAY + timedelta(days=204))}
            quotes = [{"listingId": id_, **stay} for id_ in [*hostaway[:10], *bookingsync[:10]]]
            return [
                await _count(running, "170 listings of 5 accounts, 8 fields", 5, LISTINGS),
                await _count(
                    running, "the same with their reservations of 30 days", await _pages(running), RESERVATIONS, **MONTH
                ),
                await _count(
                    running, "calendars of 20 Hostaway listings, 30 days", 20, CALENDARS, ids=hostaway, **MONTH
                ),
                await _count(
                    running, "calendars of 50 BookingSync rentals, 30 days", 2, CALENDARS, ids=bookingsync, **MONTH
                ),
                await _count(
                    running, "quotes of 10 + 10 listings, listings held", 11, QUOTES, warm=LISTINGS, inputs=quotes
                ),
                await _count(running, "free of 170 listings, listings held", 5, FREE, warm=LISTINGS, **stay),
                await _count(running, "free of 170 listings", 7, FREE, **stay),
                await _count(
                    running, "20 free BookingSync rentals, priced, held", 1, FREE_PRICED, warm=LISTINGS, **stay
                ),
                # Hostaway: amenities and property types of 3 accounts; BookingSync: two pages of amenities of 2.
                await _count(running, "170 listings with the words of dictionaries", 5 + 3 * 2 + 2 * 2, WORDS),
                # Each part of each listing is a call of its own; the account's taxes are one more.
                await _count(running, "10 Hostaway listings, fees, taxes, agreements", 1 + 10 * 3 + 1, HOSTAWAY_PARTS),
                # For each of 2 accounts: the rentals with all that they can include, the catalogue's fees, the rules
                # of rates, taxes of rents and of fees, policies.
                await _count(running, "50 BookingSync rentals with all their parts", 2 * 6, BOOKINGSYNC_PARTS),
            ]


async def _count(
    running: World, name: str, least: int, query: str, *, warm: str | None = None, **variables: Any
) -> Measured:
    for account in await running.services.accounts.list("default"):
        running.services.gateway.reading.keeper.forget(account.id)
    await asyncio.sleep(0.01)
    if warm:
        await running.data(warm)
    counts, seconds = [], []
    for _ in range(2):
        running.calls.clear()
        started = perf_counter()
        await running.data(query, **variables)
        seconds.append(perf_counter() - started)
        counts.append(len(running.data_calls()))
    return Measured(name, least, *counts, seconds[0])


async def _pages(running: World) -> int:
    """Listing pages, and as many pages of 100 reservations per account as its stays of the month really need."""
    needed = 5
    data = await running.data(
        "query($from: Date!, $to: Date!) { accounts { nodes { reservations(first: 500, filter: {stay: {from: $from,"
        " to: $to}}) { nodes { id } } } } }",
        **MONTH,
    )
    for account in data["accounts"]["nodes"]:
        needed += -(-len(account["reservations"]["nodes"]) // 100)
    return needed


def main() -> None:
    """Print the table."""
    print(f"{'upstream calls':<48}{'least':>7}{'cold':>7}{'ratio':>7}{'again':>7}{'seconds':>9}")
    for each in asyncio.run(measure()):
        print(
            f"{each.name:<48}{each.least:>7}{each.cold:>7}{each.cold / each.least:>7.2f}{each.again:>7}"
            f"{each.seconds:>9.2f}"
        )


if __name__ == "__main__":
    main()
