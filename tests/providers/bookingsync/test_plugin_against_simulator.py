"""The plugin through the real upstream layer against the simulated BookingSync, under the readings left open."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from providers.bookingsync.simulator import (
    BookingsyncSimulation,
    ErrorStyle,
    IncludeStyle,
    UnknownStyle,
)
from providers.errors import AuthenticationFailed, UpstreamRefused
from providers.manifest import AuthType
from providers.model import DayStatus, ReservationStatus
from providers.queries import DateRange, Days, ListingQuery, ReservationQuery
from tests.providers.bookingsync.connected_world import (
    ALL,
    NESTED,
    all_reads,
    application,
    connected,
    everything,
    plain,
    quote_requests,
    stay_in,
)
from tests.virtual_time import in_virtual_time

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
