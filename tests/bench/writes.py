"""Calls that changes take, and the reads after them: ``python -m tests.bench.writes``.

A listing gets another price for each of 365 nights, in one change: once after the account was connected, then again.
Then, over Hostaway, a reservation is made in an account whose year is held, and the reads of a dashboard follow.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from graph.accounts.keys import Permission
from providers.catalogue import plugin
from providers.changes import CalendarChange
from tests.changes import LISTINGS, YEAR, walk, year_from
from tests.conformance.connection import all_listings, connected
from tests.conformance.writing import DAY, priceable_place
from tests.gateway_world import World, world
from tests.virtual_time import run_virtually

NIGHTS = 365

MAKE = """mutation ($input: CreateReservationInput!) { createReservation(input: $input) {
  reservation { id } userErrors { code message } cost { calls } } }"""

CALENDAR = """query($id: ID!, $from: Date!, $to: Date!) {
  listing(id: $id) { calendar(from: $from, to: $to) { days { date available } } } }"""


async def prices(code: str) -> tuple[int, int]:
    """The writes that 365 prices take the first time, and another day; reads are not counted."""
    async with connected(plugin(code), start=datetime.now(UTC)) as there:
        listing = (await priceable_place(there, await all_listings(there))).listing
        writes = []
        for cents in (10_000, 20_000):
            changes = [
                CalendarChange(
                    start=there.today + number * DAY,
                    end=there.today + (number + 1) * DAY,
                    price=Decimal(cents + number) / 100,
                )
                for number in range(NIGHTS)
            ]
            await there.forget_calls()
            await there.client.change_calendar(listing.provider_id, changes)
            writes.append(sum(call["method"] != "GET" for call in await there.calls()))
        return writes[0], writes[1]


async def reads_after_a_write() -> dict[str, int]:
    """The calls of each read that follows a create, everything having been read before."""
    today = datetime.now(UTC).date()
    stays = year_from(today)
    arrival = today + timedelta(days=200)
    nights = {"from": str(arrival), "to": str(arrival + timedelta(days=30))}
    with TemporaryDirectory() as folder:
        async with world(
            Path(folder), hostaway_accounts=1, bookingsync_accounts=0, listings=20, today=today
        ) as running:
            homes = [node["id"] for node in await walk(running, LISTINGS)]
            await walk(running, YEAR, **stays)
            running.clock.advance(3600)
            await walk(running, YEAR, **stays)
            await walk(running, LISTINGS)
            for home in homes[:2]:
                await running.data(CALENDAR, id=home, **nights)
            given = {
                "listingId": homes[0],
                "arrival": str(arrival),
                "departure": str(arrival + timedelta(days=3)),
                "guest": {"firstName": "Ada", "lastName": "Lovelace", "email": "ada@example.org"},
                "party": {"adults": 2},
                "total": "300.00",
                "forceOverbooking": True,
            }
            payload = await running.change(MAKE, Permission.WRITE, input=given)
            if payload["userErrors"]:
                raise RuntimeError(str(payload["userErrors"]))
            return {
                "the year's reservations": await calls_of(running, walk(running, YEAR, **stays)),
                "the same again": await calls_of(running, walk(running, YEAR, **stays)),
                "all listings": await calls_of(running, walk(running, LISTINGS)),
                "the listing's calendar": await calls_of(running, running.data(CALENDAR, id=homes[0], **nights)),
                "another listing's calendar": await calls_of(running, running.data(CALENDAR, id=homes[1], **nights)),
            }


async def calls_of(running: World, read: Any) -> int:
    running.calls.clear()
    await read
    return len(running.data_calls())


def main() -> None:
    print(f"{NIGHTS} prices of one listing in one change      writes  again")
    for code in ("HOSTAWAY", "BOOKINGSYNC"):
        first, again = run_virtually(prices(code))
        print(f"{code:45} {first:6} {again:6}")
    print()
    print("Reads after a create, all read before         calls")
    for name, calls in asyncio.run(reads_after_a_write()).items():
        print(f"{name:45} {calls:6}")


if __name__ == "__main__":
    main()
