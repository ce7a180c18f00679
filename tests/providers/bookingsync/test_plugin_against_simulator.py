"""The plugin through the real upstream layer against the simulated BookingSync, under the readings left open."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest

from providers.bookingsync import PLUGIN
from providers.bookingsync.client import BookingsyncClient
from providers.bookingsync.simulator import (
    BookingsyncReadings,
    BookingsyncSimulation,
    ErrorStyle,
    IncludeStyle,
    UnknownStyle,
    simulator,
)
from providers.contract import SimulatorOptions
from providers.errors import AuthenticationFailed, UpstreamRefused
from providers.manifest import AuthType, LimitScope
from providers.model import DayStatus, ReservationStatus
from providers.quality.reads import records_of
from providers.queries import AvailabilityQuery, DateRange, Days, ListingQuery, QuoteRequest, ReservationQuery
from providers.upstream.accounts import CallOutcome, UpstreamAccount
from providers.upstream.caller import Caller, Priority, calling
from providers.upstream.tokens import MemoryTokens
from providers.upstream.upstream import Upstream
from tests.virtual_time import VirtualClock, in_virtual_time

ALL = ReservationQuery()
SOME_TIME = datetime(2000, 1, 1, tzinfo=UTC)
NESTED = BookingsyncReadings()
READINGS = {
    "beside the main key": replace(NESTED, include=IncludeStyle.TOP_LEVEL),
    "under linked": replace(NESTED, include=IncludeStyle.LINKED),
    "includes ignored": replace(NESTED, include=IncludeStyle.IGNORED),
    "pages told in headers only": replace(NESTED, paging_in_meta=False),
    "pages told in meta only": replace(NESTED, paging_in_headers=False, meta_everywhere=True),
    "pages not told": replace(NESTED, paging_in_headers=False, paging_in_meta=False),
    "unknown ids hide known ones": replace(NESTED, unknown_ids_left_out=False),
    "defaults lifted by filters": replace(NESTED, from_now_despite_other_filters=False),
    "status excludes cancelled": replace(NESTED, status_filter_admits_canceled=False),
    "nulls for what is taken": replace(NESTED, quote_of_unavailable_has_nulls=True),
    "meta everywhere": replace(NESTED, meta_everywhere=True, updated_since_inclusive=False),
    "other errors": replace(NESTED, errors=ErrorStyle.HTML, token_refusal_status=400),
    "strict parameters": replace(
        NESTED, unknown_parameters=UnknownStyle.BAD_REQUEST, unknown_include=UnknownStyle.BAD_REQUEST
    ),
}


EXPECTED: dict[str, Any] = {}
"""What all reads bring under the likeliest reading, read once."""


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


@in_virtual_time
async def test_every_read_brings_what_it_should():
    async with connected() as there:
        found = await all_reads(there)
        listings, bookings = found["listings"], found["bookings"]
        by_id, by_booking, by_listing, calendars, fees, taxes, pricing, agreements = found["batches"]
        assert len(listings) == len(by_id) == len(calendars) == 8
        assert all(each.images and each.amenities and each.beds for each in listings)
        assert {each.status for each in bookings.values()} >= {
            ReservationStatus.CONFIRMED,
            ReservationStatus.BLOCKED,
            ReservationStatus.CANCELLED,
        }
        assert any(each.arrival < there.today for each in bookings.values())
        assert any(each.guest and each.guest.name and each.channel for each in bookings.values())
        assert len(by_booking) == min(120, len(bookings))
        assert sum(map(len, by_listing.values())) == len(bookings)
        days = [day for each in calendars.values() for day in each.days]
        assert DayStatus.UNKNOWN not in {day.status for day in days}
        assert {DayStatus.AVAILABLE, DayStatus.RESERVED} <= {day.status for day in days}
        assert len(days) == 8 * 7
        assert {quote.bookable for quote in found["quotes"].values()} == {True, False}
        assert all(each.rooms and each.cancellation_policies and each.raw for each in listings)
        assert any(each.tags for each in listings)
        assert any(each.payments for each in bookings.values())
        assert any(each.comments for each in bookings.values())
        assert any(each.tags for each in bookings.values())
        assert any(day.reservations for day in days)
        assert [set(each) == set(by_id) for each in (fees, taxes, pricing, agreements)] == [True] * 4
        assert all(fees.values())
        assert any(taxes.values())
        assert any(each.rules for each in pricing.values())
        assert any(agreements.values())
        assert {policy.provider_id for policy in found["policies"]} >= {
            policy.policy_id for each in listings for policy in each.cancellation_policies
        }
        assert 0 < len(found["free"]) < 8
        assert len(found["accounts"]) == 1


@pytest.mark.parametrize("reading", READINGS)
@in_virtual_time
async def test_every_reading_of_the_documentation_brings_the_same(reading):
    if not EXPECTED:
        async with connected() as there:
            EXPECTED.update(await all_reads(there))
    async with connected(READINGS[reading]) as there:
        found = await all_reads(there)
    for name, value in EXPECTED.items():
        assert plain(found[name]) == plain(value), name


@in_virtual_time
async def test_finance_lines_and_quotes_add_up():
    async with connected() as there:
        bookings, _ = await everything(there.client.reservation_page, ALL)
        priced = [each for each in bookings if each.total and each.finance_lines]
        assert len(priced) > 20
        for each in priced:
            counted = [line.amount.amount for line in each.finance_lines if line.included_in_total]
            assert sum(counted) == each.total.amount, each.provider_id
        listings, _ = await everything(there.client.listing_page, ListingQuery())
        quotes = await there.client.quotes(quote_requests([each.provider_id for each in listings], there.today))
        sold = [each for each in quotes.found.values() if each.bookable]
        assert sold
        for quote in sold:
            counted = [part.amount.amount for part in quote.components if part.included_in_total]
            assert sum(counted) == quote.total.amount, quote.listing_id


@in_virtual_time
async def test_calendar_agrees_with_the_bookings():
    async with connected() as there:
        listings, _ = await everything(there.client.listing_page, ListingQuery())
        ids = [each.provider_id for each in listings]
        days = Days(there.today, there.today + timedelta(days=60))
        calendars = (await there.client.calendars(ids, days)).found
        stays = (await there.client.reservations_by_listing(ids, ALL)).found
        holding = {ReservationStatus.CONFIRMED, ReservationStatus.PENDING, ReservationStatus.BLOCKED}
        for key in ids:
            taken = {
                night
                for stay in stays[key]
                if stay.status in holding | {ReservationStatus.UNKNOWN}
                for night in Days(stay.arrival, stay.departure)
            }
            held = {
                day.date
                for day in calendars[key].days
                if day.status in {DayStatus.RESERVED, DayStatus.PENDING, DayStatus.BLOCKED}
            }
            assert held == {day for day in taken if days.start <= day < days.end}, key


@in_virtual_time
async def test_no_filter_of_dates_or_statuses_loses_a_reservation():
    async with connected() as there:
        bookings, _ = await everything(there.client.reservation_page, ALL)
        start, end = there.today - timedelta(days=20), there.today + timedelta(days=20)
        span = DateRange(start, end)
        wanted = {
            "stay": (ReservationQuery(stay=span), lambda each: each.arrival < end and each.departure > start),
            "arrival": (ReservationQuery(arrival=span), lambda each: span.holds(each.arrival)),
            "departure": (ReservationQuery(departure=span), lambda each: span.holds(each.departure)),
            **{
                status: (
                    ReservationQuery(statuses=frozenset({status})),
                    lambda each, status=status: each.status is status,
                )
                for status in {each.status for each in bookings}
            },
        }
        for name, (query, keeps) in wanted.items():
            found, _ = await everything(there.client.reservation_page, query)
            expected = {each.provider_id for each in bookings if keeps(each)}
            assert expected <= {each.provider_id for each in found}, name
            assert expected, name


@in_virtual_time
async def test_changed_reservations_are_found_with_cancelled_and_past_ones():
    async with connected() as there:
        bookings, _ = await everything(there.client.reservation_page, ALL)
        since = sorted(each.updated_at for each in bookings)[len(bookings) // 2]
        found, _ = await everything(there.client.reservation_page, ReservationQuery(updated_since=since))
        expected = {each.provider_id for each in bookings if each.updated_at >= since}
        assert expected <= {each.provider_id for each in found}
        assert len(found) < len(bookings)


@in_virtual_time
async def test_reads_take_as_few_calls_as_the_api_allows():
    async with connected(listings=60) as there:
        client = there.client
        listings, _ = await everything(client.listing_page, ListingQuery())
        assert there.count() == 2
        ids = [each.provider_id for each in listings]
        await client.listings(ids)
        assert there.count() == 2
        await client.calendars(ids, Days(there.today, there.today + timedelta(days=365)))
        assert there.count() == 2
        await client.quotes(quote_requests(ids, there.today))
        assert there.count() == 2 * 3
        soon = ReservationQuery(stay=DateRange(there.today, there.today + timedelta(days=21)))
        bookings, _ = await everything(client.reservation_page, soon)
        pages = -(-len(bookings) // 100)
        assert there.count() == pages
        await client.reservations_by_listing(ids, soon)
        assert there.count() == pages
        await client.reservations([each.provider_id for each in bookings[:150]])
        assert there.count() == 2
        await client.check()
        await client.account()
        assert there.count() == 2
        await client.fees(ids)
        assert there.count() == 2 + 3  # fifty rentals have more than a hundred fees
        await client.pricing_settings(ids)
        assert there.count() == 2 + 2
        await client.agreements(ids)
        assert there.count() == 2
        await client.free_listings(stay_in(there.today, weeks=27))
        assert there.count() == 2  # more than fifty are free
        await client.provider_accounts(None)
        assert there.count() == 1
        await client.cancellation_policies([])
        assert there.count() == 1
        assert there.statuses.keys() == {200}


@pytest.mark.parametrize("style", [UnknownStyle.IGNORED, UnknownStyle.FORBIDDEN, UnknownStyle.UNPROCESSABLE])
@in_virtual_time
async def test_bare_token_of_few_scopes_reads_what_it_may(style):
    def bare(simulation: BookingsyncSimulation) -> tuple[AuthType, dict[str, Any]]:
        scopes = ("public", "bookings_read", "rentals_read")
        return AuthType.ACCESS_TOKEN, {"accessToken": simulation.access_token(0, scopes=scopes)}

    async with connected() as there:
        whole, _ = await everything(there.client.reservation_page, ALL)
    async with connected(replace(NESTED, include_beyond_scope=style), config=bare) as there:
        bookings, _ = await everything(there.client.reservation_page, ALL)
        assert len(bookings) == len(whole)
        assert any(each.channel for each in bookings)
        assert any(each.finance_lines for each in bookings)
        assert {each.guest.name for each in bookings if each.guest} == {None}
        listings, _ = await everything(there.client.listing_page, ListingQuery())
        calendars = await there.client.calendars([each.provider_id for each in listings], there.week)
        assert len(calendars.found) == 8
        days = [day for each in calendars.found.values() for day in each.days]
        assert any(day.status is DayStatus.AVAILABLE and day.price for day in days)


@in_virtual_time
async def test_bare_public_token_reads_reduced_bookings_and_public_prices():
    def bare(simulation: BookingsyncSimulation) -> tuple[AuthType, dict[str, Any]]:
        return AuthType.ACCESS_TOKEN, {"accessToken": simulation.access_token(0, scopes=("public",))}

    async with connected(replace(NESTED, include_beyond_scope=UnknownStyle.FORBIDDEN), config=bare) as there:
        bookings, _ = await everything(there.client.reservation_page, ALL)
        assert bookings
        assert all(each.departure >= there.today and each.guest is None for each in bookings)
        assert ReservationStatus.CANCELLED not in {each.status for each in bookings}
        listings, _ = await everything(there.client.listing_page, ListingQuery())
        calendars = await there.client.calendars([each.provider_id for each in listings], there.week)
        assert any(day.price for each in calendars.found.values() for day in each.days)


@in_virtual_time
async def test_application_serves_the_chosen_account_alone():
    async with connected(accounts=3, config=application) as there:
        with pytest.raises(UpstreamRefused) as failure:
            await there.client.check()
        ids = [config["accountId"] for _, config in there.simulation.credentials()]
        assert all(each in failure.value.message for each in ids)
    async with connected(accounts=3) as there:
        own, _ = await everything(there.client.listing_page, ListingQuery())
    async with connected(accounts=3, config=application, accountId=ids[0]) as there:
        await there.client.check()
        assert (await there.client.account()).provider_id == ids[0]
        public, odd = await everything(there.client.listing_page, ListingQuery())
        assert odd == []
        assert {each.provider_id for each in public} < {each.provider_id for each in own}
        bookings, _ = await everything(there.client.reservation_page, ALL)
        assert {each.listing_id for each in bookings} <= {each.provider_id for each in own}
        asked = [each.provider_id for each in public]
        quotes = await there.client.quotes(quote_requests(asked, there.today))
        assert len(quotes.found) == len(asked) * 3
        calendars = await there.client.calendars(asked, there.week)
        assert any(day.price for each in calendars.found.values() for day in each.days)
        assert there.statuses.keys() == {200}


@in_virtual_time
async def test_revoked_access_token_is_renewed_once_and_the_read_succeeds():
    async with connected() as there:
        await there.client.check()
        there.simulation.revoke(0)
        await there.client.check()
        assert there.statuses[401] == 1
        assert there.paths.count("/oauth/token") == 2


@in_virtual_time
async def test_refused_refresh_token_asks_to_connect_again():
    async with connected(refreshToken="long gone") as there:
        with pytest.raises(AuthenticationFailed, match="Connect the account again") as failure:
            await there.client.check()
        assert "long gone" not in str(failure.value)


@in_virtual_time
async def test_broken_records_are_reported_and_the_others_are_served():
    async with connected() as there:
        listings, _ = await everything(there.client.listing_page, ListingQuery())
        whole, _ = await everything(there.client.reservation_page, ALL)
        await there.switch("broken_records", True)
        still, _ = await everything(there.client.listing_page, ListingQuery())
        assert {each.provider_id for each in still} == {each.provider_id for each in listings}
        bookings, odd = await everything(there.client.reservation_page, ALL)
        assert len(odd) == 1
        assert {each.provider_id for each in whole} - {each.provider_id for each in bookings} == {odd[0].id}
