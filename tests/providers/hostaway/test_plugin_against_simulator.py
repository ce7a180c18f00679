"""The plugin through the real upstream layer against the simulated Hostaway, under the readings left open."""

from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import httpx
import pytest

from providers.contract import SimulatorOptions
from providers.errors import AuthenticationFailed
from providers.hostaway import PLUGIN
from providers.hostaway.client import HostawayClient
from providers.hostaway.simulator import HostawayReadings, simulator
from providers.manifest import LimitScope
from providers.model import AgreementState, AmenityKind, Channel, DayStatus, DictionaryKind
from providers.queries import (
    AvailabilityQuery,
    DateRange,
    Days,
    ListingQuery,
    QuoteComponent,
    QuoteRequest,
    ReservationQuery,
)
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
    HostawayReadings(coupon_in_list=False, users_list_tells_listings=False, availability_end_is_departure=False),
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


@pytest.mark.parametrize("readings", READINGS, ids=range(len(READINGS)))
@in_virtual_time
async def test_the_parts_of_an_account_can_be_read_under_every_reading(readings):
    async with connected(readings, listings=8) as there:
        client = there.client
        listings, _ = await everything(client.listing_page, ListingQuery())
        ids = [each.provider_id for each in listings]
        there.calls.clear()
        for read in (client.fees, client.units, client.agreements, client.pricing_settings, client.taxes):
            batch = await read(ids)
            assert (set(batch.found), batch.failed, batch.odd) == (set(ids), {}, {})
        assert there.calls.total() == 5 * len(ids) + 1
        assert all(fee.amount or fee.percentage for fees in (await client.fees(ids)).found.values() for fee in fees)
        lists = (await client.cancellation_policies([])).found.values()
        policies = {(each.channel, each.provider_id) for found in lists for each in found}
        named = {(ref.channel, ref.policy_id) for each in listings for ref in each.cancellation_policies}
        assert named <= policies
        owner, cleaner = (await client.users()).found.values()
        assert set(owner.listing_ids) == set(ids) > set(cleaner.listing_ids)
        assert (owner.is_admin, cleaner.permissions) == (True, ["readListing", "readTask", "updateTask"])
        assert len(await client.custom_fields()) == 3
        for kind in client.dictionaries:
            entries = {each.provider_id: each for each in await client.dictionary(kind)}
            assert entries
            assert all(each.name for each in entries.values())
            if kind is DictionaryKind.AMENITIES:
                assert {each.provider_id for listing in listings for each in listing.amenities} <= entries.keys()
                assert AmenityKind.OTHER not in {each.kind for each in entries.values()}


@pytest.mark.parametrize("readings", READINGS, ids=range(len(READINGS)))
@in_virtual_time
async def test_free_listings_are_those_whose_calendars_are_free(readings):
    async with connected(readings) as there:
        listings, _ = await everything(there.client.listing_page, ListingQuery())
        stay = Days(TODAY + timedelta(days=10), TODAY + timedelta(days=14))
        calendars = await there.client.calendars([each.provider_id for each in listings], stay)
        free = {key for key, calendar in calendars.found.items() if all(day.available for day in calendar.days)}
        found = await there.client.free_listings(AvailabilityQuery(arrival=stay.start, departure=stay.end, adults=1))
        assert {each.listing_id for each in found.items} == free
        assert 0 < len(free) < len(listings)


@pytest.mark.parametrize("readings", READINGS, ids=range(len(READINGS)))
@in_virtual_time
async def test_wishes_of_a_quote_are_heeded_under_every_reading(readings):
    async with connected(readings, listings=20) as there:
        listings, _ = await everything(there.client.listing_page, ListingQuery())
        fees = (await there.client.fees([each.provider_id for each in listings])).found
        free = await there.client.free_listings(
            AvailabilityQuery(arrival=TODAY + timedelta(days=60), departure=TODAY + timedelta(days=69), adults=1)
        )
        asked = [
            QuoteRequest(
                listing_id=each.listing_id,
                arrival=TODAY + timedelta(days=60),
                departure=TODAY + timedelta(days=69),
                adults=1,
                currency=each.listing.currency,
                markup=Decimal("1.1"),
                coupon="LONGSTAY",
                components=(
                    *(
                        QuoteComponent(fee_id=fee.provider_id, quantity=2 if fee.quantity_selectable else None)
                        for fee in fees[each.listing_id]
                    ),
                    QuoteComponent(name="cleaningFee", amount=Decimal("12.5")),
                    QuoteComponent(name="damageDeposit", deleted=True),
                ),
            )
            for each in free.items
        ]
        quotes = await there.client.quotes(asked)
        assert quotes.failed == {}
        for index, request in enumerate(asked):
            quote = quotes.found[str(index)]
            counted = [each for each in quote.components if each.included_in_total]
            assert quote.total.amount == sum(each.amount.amount for each in counted)
            by_name = {each.name: each for each in counted}
            assert by_name["couponDiscount"].amount.amount < 0
            assert by_name["cleaningFee"].amount.amount == Decimal("12.5")
            assert {fee.name for fee in fees[request.listing_id]} <= by_name.keys()
            assert "damageDeposit" not in by_name
        assert asked


@in_virtual_time
async def test_a_coupon_that_is_not_valid_fails_its_quote_in_the_words_of_hostaway():
    async with connected(listings=3) as there:
        arrival = TODAY + timedelta(days=60)
        stay = {"arrival": arrival, "departure": arrival + timedelta(days=2), "adults": 1, "currency": "EUR"}
        quotes = await there.client.quotes([QuoteRequest(listing_id="40001", coupon="LONGSTAY", **stay)])
        assert "Coupon is not valid" in quotes.failed["0"].message


@in_virtual_time
async def test_reservations_of_each_night_come_with_the_calendar_where_asked_for():
    async with connected() as there:
        listings, _ = await everything(there.client.listing_page, ListingQuery())
        ids = [each.provider_id for each in listings]
        there.calls.clear()
        batch = await there.client.calendars(ids, WEEK, reservations=True)
        assert there.calls.total() == len(ids)
        days = [(key, day) for key, calendar in batch.found.items() for day in calendar.days]
        stays = [(key, day, stay) for key, day in days for stay in day.reservations]
        assert stays
        for listing_id, day, stay in stays:
            assert stay.listing_id == listing_id
            assert stay.arrival <= day.date < stay.departure
        plain = await there.client.calendars(ids[:1], WEEK)
        assert [day.reservations for day in plain.found[ids[0]].days] == [None] * 7


@pytest.mark.parametrize("readings", READINGS, ids=range(len(READINGS)))
@in_virtual_time
async def test_filters_that_hostaway_applies_lose_nothing_that_fits(readings):
    async with connected(readings, listings=20) as there:
        stays, _ = await everything(there.client.reservation_page, ALL)
        until = sorted(each.updated_at for each in stays)[20]
        mail = next(each.guest.email for each in stays if each.guest and each.guest.email)
        cases = {
            "channels": (frozenset({Channel.BOOKING_COM}), lambda each: each.channel is Channel.BOOKING_COM),
            "assignee_id": ("5010450", lambda each: each.assignee_id == "5010450"),
            "customer_reference": ("ext-10", lambda each: each.customer_reference == "ext-10"),
            "agreement": (AgreementState.SIGNED, lambda each: each.agreement is AgreementState.SIGNED),
            "guest_email": (mail, lambda each: each.guest and each.guest.email == mail),
            "starred": (True, lambda each: each.is_starred),
            "archived": (True, lambda each: each.is_archived),
            "pinned": (False, lambda each: each.is_pinned is False),
            "updated_until": (until, lambda each: each.updated_at < until),
        }
        for name, (value, fits) in cases.items():
            found, _ = await everything(there.client.reservation_page, ReservationQuery(**{name: value}))
            wanted = {each.provider_id for each in stays if fits(each)}
            assert wanted, name
            assert wanted <= {each.provider_id for each in found}, name
            assert len(found) < len(stays), name
        unread, _ = await everything(there.client.reservation_page, ReservationQuery(unread=True))
        assert 0 < len(unread) < len(stays)
