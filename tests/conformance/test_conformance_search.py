"""Availability search, calendars with their reservations, accounts, and what changed since a moment."""

from datetime import timedelta

import pytest

from providers.capabilities import Capability
from providers.contract import Plugin
from providers.model import Calendar, DayStatus, ReservationStatus
from providers.quality.claims import bounds_of
from providers.queries import AvailabilityQuery, Days, ListingQuery, ReservationQuery
from tests.conformance.connection import by_id, connected, ids_of, walk, with_capabilities
from tests.conformance.known import Known
from tests.conformance.samples import listing_samples, reservation_samples
from tests.conformance.test_conformance_calendars import nights
from tests.virtual_time import in_virtual_time

STAYS = [(3, 2), (20, 4), (45, 7), (90, 1)]
"""Days from today, and nights."""

HELD = {DayStatus.RESERVED, DayStatus.BLOCKED, DayStatus.PENDING}


def is_held(calendar: Calendar) -> bool:
    return any(day.status in HELD for day in calendar.days)


@with_capabilities(Capability.LISTINGS, Capability.CALENDAR, Capability.AVAILABILITY_SEARCH)
@in_virtual_time
async def test_a_search_finds_no_listing_that_its_calendar_does_not_call_free(plugin: Plugin, known: Known) -> None:
    sizes = []
    async with connected(plugin) as there:
        for first, length in STAYS:
            arrival = known.today + timedelta(days=first)
            query = AvailabilityQuery(arrival=arrival, departure=arrival + timedelta(days=length), adults=1)
            page = await there.client.free_listings(query)
            days = Days(query.arrival, query.departure)
            calendars = (await there.client.calendars(ids_of(known.listings), days)).found
            found = [each.listing_id for each in page.items]
            assert page.next is None
            assert list(page.odd) == []
            assert len(set(found)) == len(found)
            assert set(found) <= calendars.keys(), query
            assert [key for key in found if is_held(calendars[key])] == [], query
            sizes.append(len(found))
    assert max(sizes) > 0, "nothing is ever free"
    assert min(sizes) < len(known.listings), "everything is always free"


@with_capabilities(Capability.LISTINGS, Capability.CALENDAR, Capability.AVAILABILITY_SEARCH)
@in_virtual_time
async def test_a_search_takes_no_more_calls_than_declared(plugin: Plugin, known: Known) -> None:
    arrival = known.today + timedelta(days=20)
    query = AvailabilityQuery(arrival=arrival, departure=arrival + timedelta(days=4), adults=2)
    async with connected(plugin) as there:
        await there.warm_up()
        _, calls = await there.cost(there.client.free_listings(query))
        assert 1 <= calls <= bounds_of(plugin).search_calls


@with_capabilities(Capability.LISTINGS, Capability.AVAILABILITY_SEARCH)
@in_virtual_time
async def test_what_a_search_brings_along_is_of_the_listing_it_names(plugin: Plugin, known: Known) -> None:
    arrival = known.today + timedelta(days=20)
    query = AvailabilityQuery(arrival=arrival, departure=arrival + timedelta(days=4), adults=2)
    async with connected(plugin) as there:
        page = await there.client.free_listings(query)
    for each in page.items:
        if each.listing is not None:
            assert each.listing.provider_id == each.listing_id
        if each.price is not None:
            assert (each.price.listing_id, each.price.arrival) == (each.listing_id, query.arrival)
            assert (each.price.departure, each.price.adults) == (query.departure, query.adults)


@with_capabilities(Capability.LISTINGS, Capability.RESERVATIONS, Capability.CALENDAR)
@in_virtual_time
async def test_reservations_of_a_night_are_those_that_lie_on_it(plugin: Plugin, known: Known) -> None:
    days = Days(known.today, known.today + timedelta(days=60))
    ids = ids_of(known.listings)
    seen = 0
    async with connected(plugin) as there:
        plain = (await there.client.calendars(ids, days)).found
        filled = (await there.client.calendars(ids, days, reservations=True)).found
    stays = by_id(known.reservations)
    assert filled.keys() == plain.keys()
    for key, calendar in filled.items():
        for with_stays, day in zip(calendar.days, plain[key].days, strict=True):
            assert (with_stays.date, with_stays.status, with_stays.price) == (day.date, day.status, day.price)
            for stay in with_stays.reservations or []:
                seen += 1
                assert stay.provider_id in stays, "a reservation that no list has"
                whole = stays[stay.provider_id]
                assert whole.listing_id == key
                assert whole.arrival
                assert whole.departure
                assert whole.arrival <= day.date < whole.departure
    assert seen or all(day.reservations is None for each in filled.values() for day in each.days)


@with_capabilities(Capability.LISTINGS, Capability.RESERVATIONS, Capability.CALENDAR)
@in_virtual_time
async def test_nights_that_confirmed_reservations_lie_on_name_them(plugin: Plugin, known: Known) -> None:
    days = Days(known.today, known.today + timedelta(days=60))
    taken = nights(known, {ReservationStatus.CONFIRMED})
    async with connected(plugin) as there:
        filled = (await there.client.calendars(ids_of(known.listings), days, reservations=True)).found
    for key, calendar in filled.items():
        told = [day for day in calendar.days if day.reservations is not None]
        missing = [day.date for day in told if day.date in taken[key] and not day.reservations]
        assert missing == [], key


@with_capabilities(Capability.PROVIDER_ACCOUNTS)
@in_virtual_time
async def test_every_account_that_the_credentials_see_comes_once(plugin: Plugin) -> None:
    async with connected(plugin) as there:
        await there.warm_up()
        page, calls = await there.cost(there.client.provider_accounts(None))
        own = await there.client.account()
        assert calls == 1
    ids = [each.provider_id for each in page.items]
    assert page.next is None
    assert len(set(ids)) == len(ids)
    assert own.provider_id in ids


@with_capabilities(Capability.PROVIDER_ACCOUNTS)
@in_virtual_time
async def test_accounts_that_did_not_change_stay_away(plugin: Plugin) -> None:
    async with connected(plugin) as there:
        later = there.clock.now() + timedelta(days=2)
        page = await there.client.provider_accounts(later)
        assert list(page.items) == []
        assert page.deleted is None or list(page.deleted) == []


@with_capabilities(Capability.LISTINGS)
@in_virtual_time
async def test_what_changed_in_listings_shows_within_one_call(plugin: Plugin, known: Known) -> None:
    if "updated_since" not in plugin.manifest.listing_filters:
        pytest.skip("the PMS tells no changes")
    for since in listing_samples(known)["updated_since"]:
        async with connected(plugin) as there:
            await there.warm_up()
            page, calls = await there.cost(there.client.listing_page(ListingQuery(updated_since=since), None))
        changed = {each.provider_id for each in known.listings if each.updated_at and each.updated_at >= since}
        assert calls == 1
        assert changed <= set(ids_of(list(page.items)))
        assert page.deleted is None or not changed & set(page.deleted)


@with_capabilities(Capability.RESERVATIONS)
@in_virtual_time
async def test_what_changed_in_reservations_comes_whole_and_nothing_deleted_with_it(
    plugin: Plugin, known: Known
) -> None:
    if "updated_since" not in plugin.manifest.reservation_filters:
        pytest.skip("the PMS tells no changes")
    for since in reservation_samples(known)["updated_since"]:
        async with connected(plugin) as there:
            walked = await walk(there.client.reservation_page, ReservationQuery(updated_since=since))
        changed = {each.provider_id for each in known.reservations if each.updated_at and each.updated_at >= since}
        assert changed <= set(ids_of(walked.items))
        gone = {each for page in walked.pages for each in page.deleted or ()}
        assert not gone & set(ids_of(walked.items)), "a record is given and told as gone"


@with_capabilities(Capability.LISTINGS, Capability.RESERVATIONS)
@in_virtual_time
async def test_pages_of_everything_tell_no_deletions(plugin: Plugin) -> None:
    """Only an answer to "what changed" can; ``deleted`` is None where nobody asked."""
    async with connected(plugin) as there:
        listings = await there.client.listing_page(ListingQuery(), None)
        stays = await there.client.reservation_page(ReservationQuery(), None)
    assert (listings.deleted, stays.deleted) == (None, None)
