"""BookingSync: rentals as listings."""

from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any

import pytest

from providers.errors import UpstreamRefused
from providers.model import Address, Amenity, GeoPoint, Listing, ListingStatus, Money, RatePeriod, RoomType
from providers.queries import ListingQuery
from tests.providers.bookingsync.plugin_canned import (
    NOW,
    CannedSession,
    Reply,
    application,
    client,
    last_page,
    oauth,
)

RENTAL: dict[str, Any] = {
    "links": {
        "account": 3837,
        "photos": [5775, 5777],
        "rentals_amenities": [6128, 6129],
        "bedrooms": [7364, 7365],
        "living_rooms": [22306],
    },
    "id": 5116,
    "name": "Villa Boubouki",
    "headline": {"en": "Seafront villa", "fr": "Villa face à la mer"},
    "description": {"fr": "Au calme", "de": "Ruhig"},
    "rental_type": "villa",
    "bedrooms_count": 6,
    "bathrooms_count": 5,
    "sleeps": 4,
    "sleeps_max": 5,
    "surface": 75,
    "surface_unit": "metric",
    "lat": 45.019215,
    "lng": 6.604901,
    "city": "Nevache",
    "state": "",
    "country_code": "fr",
    "address1": "58 Ville Haute",
    "address2": "",
    "zip": "05100",
    "currency": "USD",
    "reviews_count": 2,
    "reviews_average_rating": "5.0",
    "checkin_time": 16,
    "checkin_end_time": 22,
    "checkout_time": 10,
    "base_rate": "2085.0",
    "base_rate_kind": "weekly",
    "absolute_min_stay": 3,
    "damage_deposit": "0.0",
    "instantly_bookable": False,
    "permit_number": "AB-12",
    "published_at": "2016-07-07T07:36:35Z",
    "created_at": "2014-08-08T18:21:14Z",
    "updated_at": "2016-12-12T02:28:45Z",
    "photos": [
        {"id": 5777, "position": 2, "giant_url": "https://img/2g", "thumb_url": "https://img/2t", "description": {}},
        {"id": 5775, "position": 1, "large_url": "https://img/1l", "description": {"en": "Sea"}},
        {"id": 5778, "position": 3},
    ],
    "rentals_amenities": [{"id": 6128, "links": {"amenity": 11}}, {"id": 6129, "links": {"amenity": 12}}],
    "bedrooms": [{"id": 1, "double_beds_count": 1}, {"id": 2, "single_beds_count": 2, "crib_beds_count": None}],
    "living_rooms": [{"id": 3, "sofa_beds_count": 1}],
}


async def one(record: dict[str, Any]) -> Listing:
    page = await client(CannedSession({"rentals": last_page(rentals=[record])})).listing_page(ListingQuery(), None)
    (found,) = page.items
    return found


async def test_rental_becomes_a_listing_with_everything_it_says():
    found = await one(RENTAL)
    assert (found.provider, found.account_id, found.provider_id) == ("BOOKINGSYNC", "acc_1", "5116")
    assert (found.name, found.internal_name) == ("Villa Boubouki", None)
    assert found.status is ListingStatus.PUBLISHED
    assert (found.provider_property_type, found.room_type) == ("villa", None)
    assert found.address == Address(line1="58 Ville Haute", city="Nevache", postal_code="05100", country_code="FR")
    assert found.location == GeoPoint(latitude=45.019215, longitude=6.604901)
    assert (found.max_guests, found.guests_included, found.bedrooms, found.bathrooms) == (5, 4, 6, 5.0)
    assert (found.check_in_from, found.check_in_until, found.check_out_until) == (time(16), time(22), time(10))
    assert (found.minimum_nights, found.maximum_nights) == (3, None)
    assert (found.base_price, found.base_price_period) == (
        Money(amount=Decimal("2085.0"), currency="USD"),
        RatePeriod.WEEK,
    )
    assert found.damage_deposit == Money(amount=Decimal("0.0"), currency="USD")
    assert (found.instant_bookable, found.license and found.license.number) == (False, "AB-12")
    assert (found.rating, found.reviews_count) == (Decimal("5.0"), 2)
    assert (found.time_zone, found.cancellation_policy, found.cleaning_fee) == (None, None, None)
    assert found.updated_at == datetime(2016, 12, 12, 2, 28, 45, tzinfo=UTC)


async def test_texts_are_english_or_else_the_first_that_is_there():
    found = await one(RENTAL)
    assert (found.headline, found.description) == ("Seafront villa", "Au calme")
    empty = await one(RENTAL | {"headline": {"en": " ", "fr": ""}, "description": None})
    assert (empty.headline, empty.description) == (None, None)


async def test_photos_are_in_gallery_order_with_the_largest_size():
    images = (await one(RENTAL)).images
    assert images is not None
    assert [(image.provider_id, image.url, image.thumbnail_url, image.caption) for image in images] == [
        ("5775", "https://img/1l", None, "Sea"),
        ("5777", "https://img/2g", "https://img/2t", None),
    ]


async def test_amenities_are_ids_of_the_dictionary_and_beds_are_counted_over_the_rooms():
    found = await one(RENTAL)
    assert found.amenities == [Amenity(provider_id="11"), Amenity(provider_id="12")]
    assert found.beds == 4


async def test_parts_that_were_not_sent_are_null_and_not_empty():
    bare = {key: RENTAL[key] for key in ("id", "name")} | {"links": {"account": 3837}}
    found = await one(bare)
    assert (found.images, found.amenities, found.beds, found.status) == (None, None, None, None)
    assert (found.address, found.location, found.area, found.currency) == (None, None, None, None)


async def test_null_publication_means_unpublished():
    assert (await one(RENTAL | {"published_at": None})).status is ListingStatus.UNPUBLISHED


@pytest.mark.parametrize(
    ("surface", "unit", "area"),
    [(75, "metric", 75.0), (1000, "imperial", 92.9), (75, "", None), (None, "metric", None)],
)
async def test_area_is_in_square_metres_or_unknown(surface, unit, area):
    assert (await one(RENTAL | {"surface": surface, "surface_unit": unit})).area == area


async def test_private_rooms_are_told_apart_and_nothing_else_is_guessed():
    assert (await one(RENTAL | {"rental_type": "private-room-in-house"})).room_type is RoomType.PRIVATE_ROOM
    assert (await one(RENTAL | {"rental_type": "spaceship"})).room_type is None


async def test_half_bathrooms_are_counted_where_they_are_told():
    assert (await one(RENTAL | {"vr_bathrooms_count": 5.5})).bathrooms == 5.5


async def test_odd_values_of_a_rental_cost_only_themselves():
    found = await one(
        RENTAL | {"sleeps_max": {"odd": 1}, "lat": 999, "checkin_time": 24, "reviews_average_rating": "11"}
    )
    assert (found.max_guests, found.location, found.check_in_from, found.rating) == (None, None, None, None)
    assert found.guests_included == 4


async def test_record_without_identity_is_reported_and_the_others_are_served():
    session = CannedSession({"rentals": last_page(rentals=[RENTAL, {"name": "no id"}, "text", RENTAL | {"id": 9}])})
    page = await client(session).listing_page(ListingQuery(), None)
    assert [item.provider_id for item in page.items] == ["5116", "9"]
    assert len(page.odd) == 2


async def test_listing_page_asks_for_fifty_with_parts_and_walks_by_page_number():
    session = CannedSession({"rentals": Reply({"rentals": [RENTAL]}, {"x-total-pages": "3", "x-total-count": "114"})})
    page = await client(session).listing_page(ListingQuery(), "2")
    assert session.query() == {
        "per_page": "50",
        "include": "photos,rentals_amenities,bathrooms,bedrooms,living_rooms,rentals_tags",
        "page": "2",
    }
    assert (page.next, page.total, page.fetched_at) == ("3", 114, NOW)
    assert (await client(session).listing_page(ListingQuery(), "3")).next is None
    assert len(session.calls) == 2


async def test_listings_changed_since_are_asked_for_with_a_margin():
    session = CannedSession({"rentals": last_page(rentals=[])})
    await client(session).listing_page(ListingQuery(updated_since=NOW), None)
    assert session.query()["updated_since"] == "2026-12-09T10:59:58Z"


@pytest.mark.parametrize("position", ["", "0", "-1", "x", "1:", "1:0", "9" * 30])
async def test_position_that_is_none_is_refused_without_a_call(position):
    session = CannedSession({})
    with pytest.raises(UpstreamRefused):
        await client(session).listing_page(ListingQuery(), position)
    assert session.calls == []


def group(query_free_ids: range) -> dict[str, Reply]:
    ids = [str(n) for n in query_free_ids]
    return {f"rentals/{','.join(ids)}": last_page(rentals=[RENTAL | {"id": int(n)} for n in ids])}


async def test_listings_by_id_take_one_call_for_fifty():
    session = CannedSession(group(range(1, 51)) | group(range(51, 71)))
    batch = await client(session).listings([str(n) for n in range(1, 71)])
    assert len(session.calls) == 2
    assert sorted(map(int, batch.found)) == list(range(1, 71))
    assert batch.failed == {}


async def test_ids_that_cannot_be_ids_never_reach_a_path():
    session = CannedSession({"rentals/5116": last_page(rentals=[RENTAL])})
    batch = await client(session).listings(["5116", "../accounts", "1,2", "", "٣", "5116", "9" * 40])
    assert session.paths == ["rentals/5116"]
    assert list(batch.found) == ["5116"]


async def test_chunk_that_fails_fails_only_its_own_listings():
    session = CannedSession(group(range(1, 51)) | {"rentals/51,52": Reply(status=422)})
    batch = await client(session).listings([str(n) for n in range(1, 53)])
    assert len(batch.found) == 50
    assert set(batch.failed) == {"51", "52"}
    assert all(isinstance(error, UpstreamRefused) for error in batch.failed.values())


async def test_unknown_listing_is_in_neither_part_of_the_batch():
    batch = await client(CannedSession({})).listings(["404"])
    assert (batch.found, batch.failed, batch.fetched_at) == ({}, {}, NOW)


async def test_no_listings_take_no_call():
    session = CannedSession({})
    assert (await client(session).listings([])).found == {}
    assert session.calls == []


async def test_only_rentals_of_the_configured_account_are_served():
    foreign, unsaid = RENTAL | {"id": 2, "links": {"account": 9}}, RENTAL | {"id": 3, "links": {}}
    records = last_page(rentals=[RENTAL, foreign, unsaid])
    shared = await client(CannedSession({"rentals": records}), application(accountId=3837)).listing_page(
        ListingQuery(), None
    )
    assert [item.provider_id for item in shared.items] == ["5116"]
    assert [record.id for record in shared.odd] == ["3"]
    single = await client(CannedSession({"rentals": records}), oauth(accountId=3837)).listing_page(ListingQuery(), None)
    assert [item.provider_id for item in single.items] == ["5116", "3"]


async def test_count_that_covers_other_accounts_is_not_given_as_total():
    routes = {"rentals": Reply({"rentals": [RENTAL]}, {"x-total-count": "114", "x-total-pages": "1"})}
    page = await client(CannedSession(routes), application(accountId=3837)).listing_page(ListingQuery(), None)
    assert page.total is None


async def test_foreign_rental_asked_by_id_does_not_exist():
    session = CannedSession({"rentals/2": last_page(rentals=[RENTAL | {"id": 2, "links": {"account": 9}}])})
    batch = await client(session, application(accountId=3837)).listings(["2"])
    assert (batch.found, batch.failed) == ({}, {})
