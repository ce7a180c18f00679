"""The plugin, connected to the simulated BookingSync through the real upstream layer, and all that it can read."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx

from providers.bookingsync import PLUGIN
from providers.bookingsync.client import BookingsyncClient
from providers.bookingsync.simulator import (
    BookingsyncReadings,
    BookingsyncSimulation,
    simulator,
)
from providers.contract import SimulatorOptions
from providers.manifest import AuthType, LimitScope
from providers.quality.reads import records_of
from providers.queries import AvailabilityQuery, Days, ListingQuery, QuoteRequest, ReservationQuery
from providers.upstream.accounts import CallOutcome, UpstreamAccount
from providers.upstream.caller import Caller, Priority, calling
from providers.upstream.tokens import MemoryTokens
from providers.upstream.upstream import Upstream
from tests.virtual_time import VirtualClock

ALL = ReservationQuery()
SOME_TIME = datetime(2000, 1, 1, tzinfo=UTC)
NESTED = BookingsyncReadings()


@dataclass
class Connected:
    """A client, the simulator behind it, and how often it was called by which status."""

    client: BookingsyncClient
    simulation: BookingsyncSimulation
    statuses: Counter[int | None]
    paths: list[str]
    today: date

    @property
    def week(self) -> Days:
        return Days(self.today, self.today + timedelta(days=7))

    def count(self) -> int:
        """Calls since the last count, those for tokens left out."""
        calls = [path for path in self.paths if path != "/oauth/token"]
        self.paths.clear()
        return len(calls)

    async def switch(self, name: str, value: Any) -> None:
        transport = httpx.ASGITransport(app=self.simulation.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://simulator") as direct:
            assert (await direct.post("/_control/odd", json={name: value})).is_success


def owner(simulation: BookingsyncSimulation) -> tuple[AuthType, dict[str, Any]]:
    return simulation.credentials()[0][0], simulation.credentials()[0][1]


def application(simulation: BookingsyncSimulation) -> tuple[AuthType, dict[str, Any]]:
    return AuthType.OAUTH, simulation.client_credentials_config()


@asynccontextmanager
async def connected(
    readings: BookingsyncReadings = NESTED, *, listings: int = 8, accounts: int = 1, config: Any = owner, **more: Any
) -> AsyncIterator[Connected]:
    clock = VirtualClock()
    today = clock.now().date()
    options = SimulatorOptions(listings=listings, accounts=accounts)
    simulation = simulator(options, today=today, now=clock.now, readings=readings, sleep=clock.sleep)
    auth_type, plain = config(simulation)
    method = next(each for each in PLUGIN.manifest.auth_methods if each.type is auth_type)
    parsed = method.config.model_validate(plain | more)
    statuses: Counter[int | None] = Counter()
    paths: list[str] = []

    def observe(outcome: CallOutcome) -> None:
        statuses[outcome.status] += 1
        paths.append(outcome.path)

    upstream = Upstream(
        tokens=MemoryTokens(), clock=clock, transport=httpx.ASGITransport(app=simulation.app), observe=observe
    )
    identity = PLUGIN.identity(LimitScope.APPLICATION, parsed)
    account = UpstreamAccount(
        account_id="acc-1",
        provider="BOOKINGSYNC",
        base_url=PLUGIN.manifest.base_url,
        dialect=PLUGIN.dialect(auth_type, parsed),
        limits=PLUGIN.manifest.limits[PLUGIN.manifest.default_limits],
        identities={LimitScope.APPLICATION: identity or ""},
    )
    reads = BookingsyncClient(upstream.session(account), parsed, now=clock.now)
    with calling(Caller("test", clock.monotonic() + 600, Priority.INTERACTIVE)):
        yield Connected(reads, simulation, statuses, paths, today)
    await upstream.aclose()


async def everything(read: Any, query: Any) -> tuple[list[Any], list[Any]]:
    items, odd, position = [], [], None
    while True:
        page = await read(query, position)
        items += page.items
        odd += page.odd
        if (position := page.next) is None:
            return items, odd


def quote_requests(ids: list[str], today: date, weeks: tuple[int, ...] = (4, 8, 12)) -> list[QuoteRequest]:
    """Three nights of each listing in each of ``weeks`` from today."""
    arrivals = [today + timedelta(weeks=week) for week in weeks]
    return [
        QuoteRequest(listing_id=each, arrival=arrival, departure=arrival + timedelta(days=3), adults=1)
        for arrival in arrivals
        for each in ids
    ]


async def all_reads(there: Connected) -> dict[str, Any]:
    """What every read brings, without the times of reading."""
    client = there.client
    await client.check()
    listings, odd = await everything(client.listing_page, ListingQuery())
    bookings, odd_bookings = await everything(client.reservation_page, ALL)
    ids = [each.provider_id for each in listings]
    some = [each.provider_id for each in bookings[:120]]
    quotes = await client.quotes(quote_requests(ids, there.today))
    free = await client.free_listings(stay_in(there.today, weeks=27))
    accounts = await client.provider_accounts(None)
    batches = [
        await client.listings([*ids, "999999999"]),
        await client.reservations([*some, "999999999"]),
        await client.reservations_by_listing(ids, ALL),
        await client.calendars([*ids, "999999999"], there.week, reservations=True),
        await client.fees([*ids, "999999999"]),
        await client.taxes([*ids, "999999999"]),
        await client.pricing_settings([*ids, "999999999"]),
        await client.agreements([*ids, "999999999"]),
    ]
    assert (odd, odd_bookings) == ([], [])
    assert [batch.failed for batch in (*batches, quotes)] == [{}] * 9
    return {
        "account": await client.account(),
        "listings": sorted(listings, key=lambda each: each.provider_id),
        "bookings": {each.provider_id: each for each in bookings},
        "policies": records_of(await client.cancellation_policies([])),
        "dictionaries": [await client.dictionary(kind) for kind in sorted(client.dictionaries)],
        "free": sorted(each.listing_id for each in free.items),
        "accounts": accounts.items,
        "quotes": {key: replace(quote, quoted_at=SOME_TIME) for key, quote in quotes.found.items()},
        "batches": [{key: _ordered(value) for key, value in batch.found.items()} for batch in batches],
    }


def stay_in(today: date, *, weeks: int) -> AvailabilityQuery:
    arrival = today + timedelta(weeks=weeks)
    return AvailabilityQuery(arrival=arrival, departure=arrival + timedelta(days=3), adults=1)


def plain(value: Any) -> Any:
    """The value without the records as sent, whose parts nest in some readings only."""
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if hasattr(value, "days"):
        return replace(value, days=[replace(day, reservations=plain(day.reservations)) for day in value.days])
    return replace(value, raw=None) if hasattr(value, "raw") else value


def _ordered(value: Any) -> Any:
    return sorted(value, key=lambda each: each.provider_id) if isinstance(value, list) else value
