"""The plugin through the real upstream layer against the simulated Hostaway, under the readings left open."""

from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, timedelta

import httpx
import pytest

from providers.contract import SimulatorOptions
from providers.errors import AuthenticationFailed
from providers.hostaway import PLUGIN
from providers.hostaway.client import HostawayClient
from providers.hostaway.simulator import HostawayReadings, simulator
from providers.manifest import LimitScope
from providers.model import DayStatus
from providers.queries import DateRange, Days, ListingQuery, QuoteRequest, ReservationQuery
from providers.upstream.accounts import UpstreamAccount
from providers.upstream.caller import Caller, Priority, calling
from providers.upstream.tokens import MemoryTokens
from providers.upstream.upstream import Upstream
from tests.virtual_time import VirtualClock, in_virtual_time

TODAY = date(2026, 3, 14)
WEEK = Days(TODAY, TODAY + timedelta(days=7))
ALL = ReservationQuery()

READINGS = [
    HostawayReadings(),
    HostawayReadings(settle_seconds=0, token_enveloped=True, missing_token_status=401),
    HostawayReadings(after_id=False),
    HostawayReadings(largest_page=17),
    HostawayReadings(date_bounds_inclusive=False, calendar_end_inclusive=False),
    HostawayReadings(sends_updated_on=False, activity_has_time=False),
    HostawayReadings(refusals_with_200=True, bad_value=422, oversized_page_is_error=True),
    HostawayReadings(quote_keeps_deleted=False, tax_by_apply_to=True, quote_checks_calendar=True),
]


@dataclass
class Connected:
    """A client, what it called, and the way to the simulator's switches."""

    client: HostawayClient
    calls: Counter[str]
    statuses: Counter[int | None]
    config: dict
    transport: httpx.ASGITransport

    async def switch(self, name, value):
        async with httpx.AsyncClient(transport=self.transport, base_url="http://simulator") as direct:
            assert (await direct.post("/_control/odd", json={name: value})).is_success


@asynccontextmanager
async def connected(readings=None, limits="off", listings=40, config=None):
    clock = VirtualClock()
    options = SimulatorOptions(listings=listings, limits=limits)
    simulation = simulator(options, today=TODAY, now=clock.now, readings=readings)
    auth_type, found = simulation.credentials()[0]
    config = found | (config or {})
    parsed = PLUGIN.manifest.auth_methods[0].config.model_validate(config)
    calls, statuses = Counter(), Counter()

    def observe(outcome):
        calls[outcome.path] += 1
        statuses[outcome.status] += 1

    transport = httpx.ASGITransport(app=simulation.app)
    upstream = Upstream(tokens=MemoryTokens(), clock=clock, transport=transport, observe=observe)
    account = UpstreamAccount(
        account_id="acc-1",
        provider="HOSTAWAY",
        base_url=PLUGIN.manifest.base_url,
        dialect=PLUGIN.dialect(auth_type, parsed),
        limits=PLUGIN.manifest.limits["seed"] if limits == "seed" else PLUGIN.manifest.limits["off"],
        identities={scope: PLUGIN.identity(scope, parsed) for scope in (LimitScope.IP, LimitScope.ACCOUNT)},
    )
    with calling(Caller("test", clock.monotonic() + 600, Priority.INTERACTIVE)):
        yield Connected(PLUGIN.client(upstream.session(account), parsed), calls, statuses, config, transport)
    await upstream.aclose()


async def everything(read, query):
    items, odd, position = [], [], None
    while True:
        page = await read(query, position)
        items += page.items
        odd += page.odd
        if (position := page.next) is None:
            return items, odd


@pytest.mark.parametrize("readings", READINGS, ids=range(len(READINGS)))
@in_virtual_time
async def test_everything_can_be_read_under_every_reading(readings):
    async with connected(readings, listings=20) as there:
        client = there.client
        await client.check()
        assert (await client.account()).provider_id == str(there.config["accountId"])
        listings, odd = await everything(client.listing_page, ListingQuery())
        assert (len({each.provider_id for each in listings}), odd) == (20, [])
        stays, odd = await everything(client.reservation_page, ALL)
        assert len({each.provider_id for each in stays}) == len(stays) > 20
        assert odd == []
        ids = [each.provider_id for each in listings]
        assert set((await client.listings(ids[:15])).found) == set(ids[:15])
        grouped = await client.reservations_by_listing(ids, ALL)
        assert sum(map(len, grouped.found.values())) == len([each for each in stays if each.listing_id in ids])
        some = [each.provider_id for each in stays[:5]]
        assert set((await client.reservations(some)).found) == set(some)
        calendars = await client.calendars(ids[:5], WEEK)
        assert calendars.failed == {}
        assert {len(each.days) for each in calendars.found.values()} == {7}
        known = {day.status for each in calendars.found.values() for day in each.days}
        assert DayStatus.UNKNOWN not in known
        asked = [
            QuoteRequest(
                listing_id=each.provider_id,
                arrival=TODAY + timedelta(days=60),
                departure=TODAY + timedelta(days=63),
                adults=1,
                currency=each.currency,
            )
            for each in listings[:5]
            if each.currency
        ]
        quotes = await client.quotes(asked)
        assert len(quotes.found) + len(quotes.failed) == len(asked)
        for quote in quotes.found.values():
            assert quote.total.amount == sum(each.amount.amount for each in quote.components if each.included_in_total)


@pytest.mark.parametrize("inclusive", [True, False])
@in_virtual_time
async def test_no_filter_of_dates_loses_a_reservation(inclusive):
    async with connected(HostawayReadings(date_bounds_inclusive=inclusive)) as there:
        stays, _ = await everything(there.client.reservation_page, ALL)
        dated = [each for each in stays if each.arrival and each.departure]
        month = DateRange(TODAY, TODAY + timedelta(days=30))
        cases = {
            "arrival": {each.provider_id for each in dated if month.holds(each.arrival)},
            "departure": {each.provider_id for each in dated if month.holds(each.departure)},
            "stay": {each.provider_id for each in dated if each.arrival < month.end and each.departure > month.start},
        }
        for name, wanted in cases.items():
            found, _ = await everything(there.client.reservation_page, ReservationQuery(**{name: month}))
            assert wanted, "the case is empty"
            assert wanted <= {each.provider_id for each in found}
            assert len(found) < len(stays), "nothing was filtered"


@in_virtual_time
async def test_changes_since_an_instant_are_all_found():
    async with connected() as there:
        stays, _ = await everything(there.client.reservation_page, ALL)
        since = sorted(each.updated_at for each in stays)[-10]
        found, _ = await everything(there.client.reservation_page, ReservationQuery(updated_since=since))
        assert {each.provider_id for each in stays if each.updated_at >= since} <= {each.provider_id for each in found}
        assert len(found) < len(stays)


@in_virtual_time
async def test_fifty_listings_with_calendars_and_quotes_cost_101_calls_and_no_refusal():
    async with connected(listings=50, limits="seed") as there:
        listings, _ = await everything(there.client.listing_page, ListingQuery())
        ids = [each.provider_id for each in listings]
        await there.client.calendars(ids, WEEK)
        arrival, departure = TODAY + timedelta(days=30), TODAY + timedelta(days=33)
        await there.client.quotes(
            [
                QuoteRequest(listing_id=each, arrival=arrival, departure=departure, adults=1, currency="EUR")
                for each in ids
            ]
        )
        assert there.calls.pop("/v1/accessTokens") == 1
        assert there.calls.total() == 101
        assert there.statuses[429] == 0
        assert there.statuses[403] == 0


@in_virtual_time
async def test_a_wrong_key_is_told_in_the_words_of_hostaway():
    async with connected(config={"apiKey": "wrong-key"}) as there:
        with pytest.raises(AuthenticationFailed) as caught:
            await there.client.check()
        assert "wrong-key" not in caught.value.message
        assert caught.value.upstream_status == 401


@in_virtual_time
async def test_broken_records_are_set_aside_and_all_others_served():
    async with connected(listings=20) as there:
        whole, _ = await everything(there.client.listing_page, ListingQuery())
        stays, _ = await everything(there.client.reservation_page, ALL)
        await there.switch("broken_records", True)
        for read, query, before, reason in (
            (there.client.listing_page, ListingQuery(), whole, "name: not a text"),
            (there.client.reservation_page, ALL, stays, "arrivalDate: not a date"),
        ):
            items, odd = await everything(read, query)
            assert [each.reason for each in odd] == [reason]
            assert {each.provider_id for each in before} == {each.provider_id for each in items} | {odd[0].id}
