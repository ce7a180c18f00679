"""Peak memory, and the longest time that the event loop was held: ``python -m tests.bench.memory``.

Memory is what Python allocated (tracemalloc), over what was there before. The loop is watched by a task that ticks.
"""

import asyncio
import time
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from graph.accounts.accounts import ConnectedAccount
from graph.accounts.keys import Viewer
from graph.gateway.cursors import Cursors
from graph.gateway.keeper import Keeper
from graph.gateway.listings import Listings
from graph.gateway.operation import Operation
from graph.gateway.reading import Ages, Reading, weigh
from graph.gateway.store import Store
from providers.manifest import AuthType
from providers.model import Listing
from providers.queries import ListingQuery, Page
from providers.upstream.clock import SystemClock
from tests.gateway_world import World, world

TICK = 0.001

CALENDARS = """query($ids: [ID!]!, $from: Date!, $to: Date!) { calendars(listingIds: $ids, from: $from, to: $to) {
  days { date status price minimumStay } } }"""


@dataclass
class Watch:
    """The longest time between two ticks, in seconds."""

    longest: float = 0.0


@asynccontextmanager
async def watched() -> AsyncIterator[Watch]:
    """Watch the event loop for as long as the block runs."""
    watch = Watch()

    async def tick() -> None:
        last = time.perf_counter()
        while True:
            await asyncio.sleep(TICK)
            now = time.perf_counter()
            watch.longest = max(watch.longest, now - last - TICK)
            last = now

    task = asyncio.create_task(tick())
    await asyncio.sleep(0)
    try:
        yield watch
    finally:
        await asyncio.sleep(2 * TICK)  # so that the last hold is seen, too
        task.cancel()


class ManyListings:
    """A PMS with ``count`` listings, made as they are asked for."""

    def __init__(self, count: int) -> None:
        self.count = count

    async def listing_page(self, query: ListingQuery, position: str | None) -> Page[Listing]:
        start = int(position or 0)
        end = min(start + 100, self.count)
        return Page(
            items=[
                Listing(
                    provider="HOSTAWAY",
                    account_id="acc",
                    provider_id=str(number),
                    name=f"House {number}",
                    description=f"The house with the number {number}. " * 20,
                )
                for number in range(start, end)
            ],
            next=str(end) if end < self.count else None,
            total=self.count,
            fetched_at=datetime.now(UTC),
        )


async def peak_of_walk(count: int, cache_entries: int) -> int:
    """Walk ``count`` listings, 500 a page. Peak bytes over what was allocated before."""
    pms = ManyListings(count)
    clock = SystemClock()

    class Connected:
        async def client(self, account: ConnectedAccount) -> Any:
            return pms

    reading = Reading(
        accounts=None,  # type: ignore[arg-type]  # pages name their accounts
        connections=Connected(),  # type: ignore[arg-type]  # only `client` is used
        keeper=Keeper(Store(cache_entries), clock, weigh),
        ages=Ages(),
        clock=clock,
    )
    now = clock.now()
    account = ConnectedAccount("acc", "tenant", "HOSTAWAY", "acc", AuthType.API_KEY, now, now, "1")
    listings = Listings(reading, Cursors(b"k" * 32))
    found = 0
    after: str | None = None
    tracemalloc.start()
    try:
        while found < count:
            operation = Operation(viewer=Viewer(tenant_id="tenant", key_id="key"), started_at=clock.now())
            page = await listings.page(operation, [account], ListingQuery(), first=500, after=after)
            found += len(page.taken)
            after = page.end_cursor()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@dataclass(frozen=True, slots=True)
class Calendars:
    """What reading calendars took, and how long the loop was held at most, in seconds."""

    seconds: float
    longest: float


async def calendars(running: World, listings: int, days: int, *, per_field: int) -> Calendars:
    """Read the calendars of ``listings`` over ``days``, ``per_field`` listings at a time."""
    data = await running.data("{ listings(first: 500) { nodes { id } } }")
    ids = [node["id"] for node in data["listings"]["nodes"]][:listings]
    today = datetime.now(UTC).date()
    spread = {"from": str(today), "to": str(today + timedelta(days=days))}
    await running.data(CALENDARS, ids=ids[:1], **{**spread, "to": str(today + timedelta(days=2))})
    longest = 0.0
    began = time.perf_counter()
    for start in range(0, len(ids), per_field):
        async with watched() as watch:
            answer = await running.data(CALENDARS, ids=ids[start : start + per_field], **spread)
        assert len(answer["calendars"][0]["days"]) == days
        longest = max(longest, watch.longest)
    return Calendars(time.perf_counter() - began, longest)


async def _calendars(listings: int, days: int, *, per_field: int, traced: bool) -> tuple[Calendars, int]:
    with TemporaryDirectory() as folder:
        async with world(
            Path(folder), hostaway_accounts=0, bookingsync_accounts=1, listings=listings, call_timeout=60.0
        ) as running:
            if not traced:
                return await calendars(running, listings, days, per_field=per_field), 0
            tracemalloc.start()
            try:
                measured = await calendars(running, listings, days, per_field=per_field)
                return measured, tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()


def main() -> None:
    """Print the figures. The simulated PMS runs in the same process: what it takes is in them."""
    print(f"{'walk of listings, 500 a page, 5,000 kept':<48}{'peak MB':>10}")
    for count in (10_000, 100_000):
        print(f"{f'  {count:,} listings':<48}{asyncio.run(peak_of_walk(count, 5_000)) / 1e6:>10.1f}")
    print(f"{'calendars':<48}{'seconds':>10}{'held ms':>10}{'peak MB':>10}")
    for listings, days, per_field in ((30, 1096, 30), (500, 365, 100)):
        timed, _ = asyncio.run(_calendars(listings, days, per_field=per_field, traced=False))
        _, peak = asyncio.run(_calendars(listings, days, per_field=per_field, traced=True))
        row = f"  {listings} x {days} days, {per_field} a field"
        print(f"{row:<48}{timed.seconds:>10.2f}{timed.longest * 1000:>10.0f}{peak / 1e6:>10.1f}")


if __name__ == "__main__":
    main()
