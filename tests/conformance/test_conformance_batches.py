"""Records by id: the same as in pages, and nothing for ids that name nothing."""

from typing import Any

from providers.capabilities import Capability
from providers.contract import Plugin
from providers.quality.comparing import says_as_much
from providers.queries import Batch, QuoteRequest, ReservationQuery
from tests.conformance.connection import by_id, connected, ids_of, with_capabilities
from tests.conformance.known import Known
from tests.conformance.requests import a_week, unknown_id
from tests.virtual_time import in_virtual_time

NO_IDS = [
    *("", " ", ".", "..", "/", "*", "-1", "+1", "1.0", "1e3", "0x1", "1\n", "\x00", "\uff11\uff12", "null"),
    *("../users", "1/../../users", "1/calendar", "%2e%2e", "1%2f..", "1?a=b", "1#a", "1;2", "1,2", "<script>"),
    *("9" * 400, "a" * 5000),
]
"""Texts of clients that must neither find anything nor lead a call astray."""


def stays_of(known: Known, listing_id: str) -> set[str]:
    return {each.provider_id for each in known.reservations if each.listing_id == listing_id}


@with_capabilities(Capability.LISTINGS)
@in_virtual_time
async def test_listings_by_id_are_those_of_the_pages(plugin: Plugin, known: Known) -> None:
    async with connected(plugin) as there:
        for ids in (ids_of(known.listings)[:1], ids_of(known.listings)):
            batch = await there.client.listings(ids)
            assert batch.failed == {}
            assert_same(batch, {key: by_id(known.listings)[key] for key in ids})


@with_capabilities(Capability.RESERVATIONS)
@in_virtual_time
async def test_reservations_by_id_are_those_of_the_pages(plugin: Plugin, known: Known) -> None:
    """Of every status, cancelled and past ones too."""
    first_of_status = {each.status: each for each in reversed(known.reservations)}
    several = [*ids_of(list(first_of_status.values())), *ids_of(known.reservations[:20])]
    async with connected(plugin) as there:
        for ids in (several[:1], several):
            batch = await there.client.reservations(ids)
            assert batch.failed == {}
            assert_same(batch, {key: by_id(known.reservations)[key] for key in ids})


@with_capabilities(Capability.LISTINGS, Capability.RESERVATIONS)
@in_virtual_time
async def test_the_same_id_twice_is_one_record_and_no_id_none(plugin: Plugin, known: Known) -> None:
    listing, stay = known.listings[0], known.reservations[0]
    async with connected(plugin) as there:
        await there.warm_up()
        assert (await there.client.listings([])).found == {}
        assert (await there.client.reservations([])).found == {}
        assert (await there.client.reservations_by_listing([], ReservationQuery())).found == {}
        assert await there.calls() == []
        assert_same(await there.client.listings([listing.provider_id] * 2), {listing.provider_id: listing})
        assert_same(await there.client.reservations([stay.provider_id] * 2), {stay.provider_id: stay})


@with_capabilities(Capability.LISTINGS)
@in_virtual_time
async def test_unknown_listings_are_absent_and_known_ones_beside_them_served(plugin: Plugin, known: Known) -> None:
    ids = ids_of(known.listings)
    unknown = unknown_id(ids)
    async with connected(plugin) as there:
        for asked in ([unknown], [unknown, ids[0]], [*ids, unknown]):
            assert_found(await there.client.listings(asked), set(asked) - {unknown}, "unknown")


@with_capabilities(Capability.RESERVATIONS)
@in_virtual_time
async def test_unknown_reservations_are_absent_and_known_ones_beside_them_served(plugin: Plugin, known: Known) -> None:
    ids = ids_of(known.reservations)
    unknown = unknown_id(ids)
    async with connected(plugin) as there:
        for asked in ([unknown], [unknown, ids[0]], [*ids[:5], unknown]):
            assert_found(await there.client.reservations(asked), set(asked) - {unknown}, "unknown")


@with_capabilities(Capability.LISTINGS, Capability.RESERVATIONS)
@in_virtual_time
async def test_unknown_listings_have_no_reservations(plugin: Plugin, known: Known) -> None:
    ids = ids_of(known.listings)
    unknown = unknown_id(ids)
    async with connected(plugin) as there:
        for asked in ([unknown], [unknown, ids[0]], [*ids, unknown]):
            batch = await there.client.reservations_by_listing(asked, ReservationQuery())
            assert batch.failed == {}
            for key in asked:
                assert set(ids_of(batch.found.get(key, []))) == stays_of(known, key)


@with_capabilities(Capability.LISTINGS, Capability.CALENDAR)
@in_virtual_time
async def test_unknown_listings_have_no_calendar(plugin: Plugin, known: Known) -> None:
    ids = ids_of(known.listings)
    unknown = unknown_id(ids)
    async with connected(plugin) as there:
        for asked in ([unknown], [unknown, ids[0]], [*ids, unknown]):
            calendars = await there.client.calendars(asked, a_week(there.today))
            assert_found(calendars, set(asked) - {unknown}, "unknown")


@with_capabilities(Capability.LISTINGS, Capability.RESERVATIONS)
@in_virtual_time
async def test_texts_that_are_no_ids_find_nothing_and_lead_no_call_astray(plugin: Plugin, known: Known) -> None:
    listing, stay = known.listings[0], known.reservations[0]
    async with connected(plugin) as there:
        client = there.client
        await there.warm_up()
        for key in NO_IDS:
            assert_found(await client.listings([key, listing.provider_id]), {listing.provider_id}, key)
            assert_found(await client.reservations([key, stay.provider_id]), {stay.provider_id}, key)
            page = await client.reservation_page(ReservationQuery(listing_ids=(key,)), None)
            assert not page.items, key
            assert page.next is None, key
        assert_in_the_api(plugin, await there.calls())
        await there.forget_calls()
        for key in NO_IDS:
            assert_found(await client.listings([key]), set(), key)
            assert_found(await client.reservations([key]), set(), key)
            grouped = await client.reservations_by_listing([key], ReservationQuery())
            assert not any(grouped.found.values()), key
            assert not grouped.failed, key
        assert await there.calls() == [], "what can name nothing is not asked for"


@with_capabilities(Capability.LISTINGS, Capability.RESERVATIONS)
@in_virtual_time
async def test_texts_that_are_no_ids_hide_no_reservations_of_other_listings(plugin: Plugin, known: Known) -> None:
    listing = known.listings[0].provider_id
    async with connected(plugin) as there:
        batch = await there.client.reservations_by_listing([*NO_IDS, listing], ReservationQuery())
        assert not batch.failed
        assert set(ids_of(batch.found.pop(listing))) == stays_of(known, listing)
        assert not any(batch.found.values())


@with_capabilities(Capability.CALENDAR, Capability.LISTINGS)
@in_virtual_time
async def test_texts_that_are_no_ids_have_no_calendar(plugin: Plugin, known: Known) -> None:
    listing, days = known.listings[0].provider_id, a_week(known.today)
    async with connected(plugin) as there:
        await there.warm_up()
        for key in NO_IDS:
            assert_found(await there.client.calendars([key], days), set(), key)
        assert await there.calls() == [], "what can name nothing is not asked for"
        assert_found(await there.client.calendars([*NO_IDS, listing], days), {listing}, "all together")
        assert_in_the_api(plugin, await there.calls())


@with_capabilities(Capability.PRICE_DETAILS, Capability.LISTINGS)
@in_virtual_time
async def test_texts_that_are_no_ids_have_no_price(plugin: Plugin, known: Known) -> None:
    listing, days = known.listings[0], a_week(known.today)
    asked = [
        QuoteRequest(listing_id=each, arrival=days.start, departure=days.end, adults=1, currency=listing.currency)
        for each in (*NO_IDS, listing.provider_id)
    ]
    async with connected(plugin) as there:
        await there.warm_up()
        assert_found(await there.client.quotes(asked[:-1]), set(), "no ids")
        assert await there.calls() == [], "what can name nothing is not asked for"
        assert_found(await there.client.quotes(asked), {str(len(NO_IDS))}, "beside one that exists")
        assert_in_the_api(plugin, await there.calls())


def assert_same(batch: Batch[Any], records: dict[str, Any]) -> None:
    """Just these records, and all that pages say of them; a read by id may say more."""
    assert batch.found.keys() == records.keys()
    for key, record in records.items():
        assert says_as_much(record, batch.found[key]), key


def assert_found(batch: Batch[Any], keys: set[str], question: str) -> None:
    assert batch.found.keys() == keys, repr(question)
    assert batch.failed == {}, repr(question)


def assert_in_the_api(plugin: Plugin, calls: list[dict[str, object]]) -> None:
    """No call left the API's prefix, nor made the PMS fail."""
    for call in calls:
        path = str(call["path"])
        assert path.startswith(f"{plugin.manifest.api_prefix}/"), path
        assert ".." not in path
        assert call["status"] == 200, call
