"""Peak memory, and the longest time that the event loop was held: ``python -m tests.bench.memory``.

Memory is what Python allocated (tracemalloc), over what was there before. The loop is watched by a task that ticks, in
CPU time of the loop's thread, which other programs on the machine do not lengthen.
"""

import asyncio
import json
import time
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from graph.accounts.accounts import ConnectedAccount
from graph.accounts.keys import Viewer
from graph.cli.garbage import collecting_when_idle
from graph.cli.servers import run
from graph.gateway.cursors import Cursors
from graph.gateway.keeper import Keeper
from graph.gateway.listings import Listings
from graph.gateway.operation import Operation
from graph.gateway.reading import Ages, Reading, weigh
from graph.gateway.store import Store
from providers.contract import ProviderClient
from providers.manifest import AuthType
from providers.model import Listing
from providers.queries import ListingQuery, Page
from providers.upstream.clock import SystemClock
from tests.bench.apart import Gateway, gateway_apart

TICK = 0.001

LONGEST = 120.0
"""Seconds after which a measurement is given up."""

CALENDARS = """query($ids: [ID!]!, $from: Date!, $to: Date!) { calendars(listingIds: $ids, from: $from, to: $to) {
  days { date status price minimumStay } } }"""


@dataclass
class Watch:
    """The most CPU time between two ticks, in seconds."""

    longest: float = 0.0


@asynccontextmanager
async def watched() -> AsyncIterator[Watch]:
    """Watch the event loop for as long as the block runs."""
    watch = Watch()

    async def tick() -> None:
        last = time.thread_time()
        while True:
            await asyncio.sleep(TICK)
            now = time.thread_time()
            watch.longest = max(watch.longest, now - last)
            last = now

    task = asyncio.create_task(tick())
    await asyncio.sleep(0)
    try:
        yield watch
    finally:
        await asyncio.sleep(2 * TICK)  # so that the last hold is seen, too
        task.cancel()


class ManyListings(ProviderClient):
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
    """What reading calendars took: seconds, the longest hold of the loop (CPU seconds), and bytes if traced."""

    seconds: float
    longest: float
    peak: int
    kept: int


async def calendars(provider: str, listings: int, days: int, *, per_field: int, traced: bool = False) -> Calendars:
    """Read calendars of ``days`` from a cold cache over HTTP, ``per_field`` listings at a time, as a client pages."""
    with TemporaryDirectory() as folder:
        async with gateway_apart(Path(folder), provider, listings) as gateway, collecting_when_idle(lambda: False):
            ids = await _ids(gateway)
            today = datetime.now(UTC).date()
            spread = {"from": str(today), "to": str(today + timedelta(days=days))}
            # One small answer first, so that plans of the query and connections are there.
            await gateway.count_days(CALENDARS, ids=ids[:1], **spread | {"to": str(today + timedelta(days=1))})
            found = 0
            began = time.perf_counter()
            with _tracing(on=traced) as memory:
                async with watched() as watch, asyncio.timeout(LONGEST):
                    for start in range(0, len(ids), per_field):
                        found += await gateway.count_days(CALENDARS, ids=ids[start : start + per_field], **spread)
                seconds = time.perf_counter() - began
            assert found == listings * days
            return Calendars(seconds, watch.longest, memory.peak, memory.kept)


async def _ids(gateway: Gateway) -> list[str]:
    answer = json.loads(await gateway.ask("{ listings(first: 500) { nodes { id } } }"))
    return [node["id"] for node in answer["data"]["listings"]["nodes"]]


@dataclass
class _Memory:
    peak: int = 0
    kept: int = 0


@contextmanager
def _tracing(*, on: bool) -> Iterator[_Memory]:
    memory = _Memory()
    if on:
        tracemalloc.start()
    try:
        yield memory
        if on:
            memory.kept, memory.peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()


def main() -> None:
    """Print the figures."""
    print(f"{'walk of listings, 500 a page, 5,000 kept':<48}{'peak MB':>10}")
    for count in (10_000, 100_000):
        print(f"{f'  {count:,} listings':<48}{asyncio.run(peak_of_walk(count, 5_000)) / 1e6:>10.1f}")
    print(f"{'cold calendars, the PMS in another process':<48}{'seconds':>10}{'held ms':>10}{'of all':>10}")
    for provider in ("HOSTAWAY", "BOOKINGSYNC"):
        for listings, days, per_field in ((30, 1096, 30), (500, 365, 100)):
            timed = run(calendars(provider, listings, days, per_field=per_field))
            row = f"  {listings} x {days} days, {per_field} a field, {provider}"
            share = timed.longest / timed.seconds
            print(f"{row:<48}{timed.seconds:>10.2f}{timed.longest * 1000:>10.0f}{share:>10.1%}")
    print(f"{'the same, memory':<48}{'peak MB':>10}{'kept MB':>10}{'ratio':>10}")
    traced = run(calendars("BOOKINGSYNC", 500, 365, per_field=100, traced=True))
    ratio = traced.peak / traced.kept
    print(f"{'  500 x 365 days, 100 a field, BOOKINGSYNC':<48}{traced.peak / 1e6:>10.1f}", end="")
    print(f"{traced.kept / 1e6:>10.1f}{ratio:>10.2f}")


if __name__ == "__main__":
    main()
