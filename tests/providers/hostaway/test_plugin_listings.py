from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal

import pytest

from providers.errors import AuthenticationFailed, UpstreamInvalid, UpstreamRefused, UpstreamUnavailable
from providers.hostaway.client import HostawayClient
from providers.model import (
    Access,
    Amenity,
    Bed,
    Channel,
    ChannelLink,
    ChannelMarkup,
    Cleaning,
    Contact,
    CustomFieldValue,
    License,
    ListingStatus,
    ListingText,
    Money,
    PolicyRef,
    RatePeriod,
    RoomType,
)
from providers.queries import ListingOrderField, ListingQuery, OddRecord, OrderDirection
from tests.providers.hostaway.plugin_session import FakeList, FakeSession, success

PATH = "/v1/listings"

# The sample of the documentation, with the surprises that its text names: numbers as text, 0/1, unknown fields.
LOFT = {
    "id": 40160,
    "propertyTypeId": 1,
    "name": "Harbour loft",
    "externalListingName": "Harbour loft",
    "internalListingName": "HL-3",
    "description": "Bright loft.",
    "countryCode": "DE",
    "country": "Germany",
    "state": "Bremen",
    "city": "Bremerhaven",
    "street": "Hafenstr. 7",
    "zipcode": "27570",
    "address": "Hafenstr. 7, Bremerhaven, 27570, Germany",
    "lat": 53.5403,
    "lng": 8.5894,
    "price": 211.62,
    "currencyCode": "EUR",
    "cleaningFee": 40.32,
    "refundableDamageDeposit": 150,
    "guestsIncluded": 2,
    "personCapacity": "4",
    "bedroomsNumber": 2,
    "bedsNumber": 2,
    "bathroomsNumber": 1.5,
    "roomType": "entire_home",
    "minNights": 2,
    "maxNights": 1125,
    "checkInTimeStart": 15,
    "checkInTimeEnd": 21,
    "checkOutTime": 11,
    "timeZoneName": "Europe/Berlin",
    "instantBookable": 1,
    "cancellationPolicy": "moderate",
    "averageReviewRating": 9.2,
    "specialStatus": None,
    "latestActivityOn": "2027-01-10 10:41:12",
    "wifiPassword": "secret",
    "brandNewField": {"x": 1},
    "listingAmenities": [{"id": 3449, "amenityId": 2}],
    "listingImages": [
        {"id": 878, "caption": "", "url": "https://img.example.com/2.jpg", "sortOrder": None},
        {"id": 877, "caption": "Kitchen", "url": "https://img.example.com/1.jpg", "sortOrder": 1},
        {"id": 879, "url": ""},
    ],
}


def client(route):
    session = FakeSession(route)
    return HostawayClient(session, "10450"), session


async def read(record):
    page = await client(FakeList(PATH, rows=[record]))[0].listing_page(ListingQuery(), None)
    return page.items[0]


def many(count):
    return [{"id": 1000 + each, "name": f"L{each}"} for each in range(count)]


async def test_a_listing_is_told_in_unified_words():
    listing = await read(LOFT)
    assert (listing.provider, listing.account_id, listing.provider_id) == ("HOSTAWAY", "acc-1", "40160")
    assert (listing.name, listing.internal_name, listing.description) == ("Harbour loft", "HL-3", "Bright loft.")
    assert (listing.status, listing.provider_property_type, listing.room_type) == (None, "1", RoomType.ENTIRE_HOME)
    assert listing.address.line1 == "Hafenstr. 7"
    assert listing.address.full == "Hafenstr. 7, Bremerhaven, 27570, Germany"
    assert (listing.address.city, listing.address.postal_code, listing.address.country_code) == (
        "Bremerhaven",
        "27570",
        "DE",
    )
    assert (listing.location.latitude, listing.location.longitude) == (53.5403, 8.5894)
    assert (listing.max_guests, listing.guests_included, listing.bedrooms, listing.beds) == (4, 2, 2, 2)
    assert listing.bathrooms == 1.5
    assert (listing.check_in_from, listing.check_in_until, listing.check_out_until) == (time(15), time(21), time(11))
    assert listing.currency == "EUR"
    assert listing.base_price == Money(amount=Decimal("211.62"), currency="EUR")
    assert listing.base_price_period is RatePeriod.NIGHT
    assert listing.cleaning_fee.amount == Decimal("40.32")
    assert listing.damage_deposit.amount == Decimal(150)
    assert listing.instant_bookable is True
    assert listing.cancellation_policy == "moderate"
    assert listing.time_zone == "Europe/Berlin"
    assert listing.updated_at == datetime(2027, 1, 10, 10, 41, 12, tzinfo=UTC)
    assert listing.amenities == [Amenity(provider_id="2")]


async def test_every_block_of_a_listing_is_told():
    sent = LOFT | {
        "contactName": "Ada",
        "contactSurName": "Byron",
        "contactPhone1": "+49 1",
        "contactPhone2": "",
        "invoicingContactCity": "Bremen",
        "invoicingContactCountry": "UK",
        "propertyLicenseNumber": "L-1",
        "propertyLicenseType": "registration",
        "propertyLicenseIssueDate": "2025-01-01",
        "propertyLicenseExpirationDate": "0000-00-00",
        "keyPickup": "Box",
        "doorSecurityCode": "1234",
        "wifiUsername": "guest",
        "cleannessStatus": 1,
        "cleannessStatusUpdatedOn": "2027-01-09 08:00:00",
        "airbnbName": "Loft",
        "airbnbNeighborhoodOverview": "Harbour",
        "bookingcomPropertyDescription": "Bright",
        "homeawayPropertyHeadline": "By the sea",
        "airbnbListingUrl": "https://a.example/1",
        "googleVrListingUrl": "",
        "airbnbOfficialListingMarkup": 1.08,
        "homeawayApiMarkup": None,
        "listingBedTypes": [{"id": 1, "bedTypeId": 2, "quantity": 1}, {"bedTypeId": 3, "quantity": None}, {"id": 4}],
        "customFieldValues": [{"customFieldId": 168, "value": "shelf"}, {"value": "no id"}],
        "priceForExtraPerson": 15,
        "weeklyDiscount": 0.9,
        "monthlyDiscount": 0,
        "maxPetsAllowed": 1,
        "instantBookableLeadTime": 24,
        "allowSameDayBooking": 1,
        "starRating": 4,
        "isRentalAgreementActive": True,
        "insuranceEligibilityStatus": False,
        "houseRules": "No parties.",
        "publicAddress": "Bremerhaven, Germany",
        "language": "de",
    }
    listing = await read(sent)
    assert listing.contact == Contact(first_name="Ada", last_name="Byron", phone="+49 1")
    assert listing.invoicing_contact == Contact(city="Bremen", country="UK")
    assert listing.license == License(number="L-1", type="registration", issued_on=date(2025, 1, 1))
    assert listing.access == Access(key_pickup="Box", door_code="1234", wifi_name="guest", wifi_password="secret")
    assert listing.cleaning == Cleaning(status="1", updated_at=datetime(2027, 1, 9, 8, tzinfo=UTC))
    assert listing.texts == [
        ListingText(channel=Channel.AIRBNB, name="Loft", neighborhood="Harbour"),
        ListingText(channel=Channel.BOOKING_COM, description="Bright"),
        ListingText(channel=Channel.VRBO, headline="By the sea"),
    ]
    assert listing.channel_links == [ChannelLink(channel=Channel.AIRBNB, url="https://a.example/1")]
    assert listing.markups == [ChannelMarkup(channel=Channel.AIRBNB, value=Decimal("1.08"))]
    assert listing.beds_by_type == [Bed(type_id="2", quantity=1)]
    assert listing.custom_fields == [CustomFieldValue(field_id="168", value="shelf")]
    assert listing.extra_guest_price == Money(amount=Decimal(15), currency="EUR")
    assert (listing.weekly_discount, listing.monthly_discount) == (Decimal("0.9"), None)
    assert (listing.max_pets, listing.lead_time_hours, listing.same_day_booking) == (1, 24, True)
    assert (listing.star_rating, listing.agreement_required, listing.insurance_eligible) == (Decimal(4), True, False)
    assert (listing.house_rules, listing.public_address, listing.language) == (
        "No parties.",
        "Bremerhaven, Germany",
        "de",
    )
    assert listing.property_type is None
    assert listing.raw["brandNewField"] == {"x": 1}


async def test_blocks_of_which_nothing_is_said_are_not_there():
    listing = await read({"id": 1, "name": "Bare"})
    assert (listing.contact, listing.license, listing.access, listing.cleaning, listing.texts) == (None,) * 5
    assert (listing.markups, listing.channel_links, listing.booking_engine_urls, listing.beds_by_type) == (None,) * 4
    assert (listing.position, listing.custom_fields, listing.cancellation_policies) == (None, None, [])


@pytest.mark.parametrize("spelling", ["airbnbCancellationPolicyId", "airBnbCancellationPolicyId"])
async def test_both_spellings_of_the_policy_of_airbnb_are_read(spelling):
    listing = await read(LOFT | {spelling: 101, "cancellationPolicyId": 2, "vrboCancellationPolicyId": 0})
    assert listing.cancellation_policies == [
        PolicyRef(channel=Channel.DIRECT, policy_id="2"),
        PolicyRef(channel=Channel.AIRBNB, policy_id="101"),
    ]


@pytest.mark.parametrize(
    ("sent", "urls"),
    [
        (["https://b.example/1", None, 5, " "], ["https://b.example/1"]),
        ("https://b.example/1", ["https://b.example/1"]),
        ([], []),
        (None, None),
    ],
)
async def test_addresses_of_booking_engines_come_as_a_text_or_a_list(sent, urls):
    assert (await read(LOFT | {"bookingEngineUrls": sent})).booking_engine_urls == urls


@pytest.mark.parametrize(
    ("query", "sent"),
    [
        ({"provider_property_type": "6"}, {"propertyTypeId": "6"}),
        ({"user_id": "7"}, {"userId": "7"}),
        ({"booking_engine_active": False}, {"isBookingEngineActive": "0"}),
        ({"updated_until": datetime(2027, 1, 10, 23, tzinfo=UTC)}, {"latestActivityEnd": "2027-01-12"}),
        ({"text": "loft", "city": "Bremen", "country": "Germany", "contact_name": "Ada", "min_guests": 2}, {}),
        ({"order": ListingOrderField.POSITION}, {"sortOrder": "order"}),
        ({"order": ListingOrderField.POSITION, "direction": OrderDirection.DESC}, {"sortOrder": "orderReversed"}),
        ({"order": ListingOrderField.CONTACT_NAME}, {"sortOrder": "contactName"}),
        (
            {"order": ListingOrderField.CONTACT_NAME, "direction": OrderDirection.DESC},
            {"sortOrder": "contactNameReversed"},
        ),
    ],
)
async def test_filters_and_orders_of_listings_are_those_that_lose_nothing(query, sent):
    reads, session = client(FakeList(PATH, rows=[LOFT]))
    await reads.listing_page(ListingQuery(**query), None)
    page = {"includeResources": "1", "attachObjects[]": "bookingEngineUrls", "limit": "100", "offset": "0"}
    assert session.queries == [page | sent]


@pytest.mark.parametrize("query", [{"user_id": "me"}, {"provider_property_type": "villa"}])
async def test_a_filter_that_no_id_of_hostaway_fits_costs_nothing(query):
    reads, session = client(FakeList(PATH, rows=[LOFT]))
    page = await reads.listing_page(ListingQuery(**query), None)
    assert (page.items, page.total, page.next, session.calls) == ([], 0, None, [])


async def test_one_call_tells_what_changed_and_nothing_of_what_is_gone():
    reads, session = client(FakeList(PATH, rows=many(3)))
    page = await reads.listing_page(ListingQuery(updated_since=datetime(2027, 1, 1, tzinfo=UTC)), None)
    assert (len(page.items), page.next, page.deleted, len(session.calls)) == (3, None, None, 1)


async def test_no_maximum_stay_is_written_as_1125_nights():
    assert (await read(LOFT)).maximum_nights is None
    assert (await read(LOFT | {"maxNights": 28})).maximum_nights == 28


async def test_a_rating_of_ten_points_becomes_one_of_five():
    assert (await read(LOFT)).rating == Decimal("4.6")
    assert (await read(LOFT | {"averageReviewRating": 11})).rating is None


async def test_pictures_are_in_gallery_order_and_have_addresses():
    images = (await read(LOFT)).images
    assert [(image.provider_id, image.caption, image.position) for image in images] == [
        ("877", "Kitchen", 1),
        ("878", None, None),
    ]


async def test_an_archived_listing_says_so():
    assert (await read(LOFT | {"specialStatus": "archived"})).status is ListingStatus.ARCHIVED


async def test_a_listing_may_be_almost_empty():
    listing = await read({"id": "7", "name": "", "lat": "", "price": None, "currencyCode": "", "countryCode": "UKR"})
    assert (listing.provider_id, listing.name, listing.address, listing.location) == ("7", None, None, None)
    assert (listing.base_price, listing.base_price_period, listing.amenities, listing.images) == (None,) * 4


async def test_impossible_hours_and_places_are_not_told():
    listing = await read(LOFT | {"checkOutTime": 24, "lat": 99, "maxNights": "many"})
    assert (listing.check_out_until, listing.location, listing.maximum_nights) == (None, None, None)


async def test_a_listing_that_cannot_be_read_is_reported_and_the_others_are_served():
    rows = [LOFT, {"id": 40161, "name": {"x": 1}}, {"id": 40162, "name": "Barn"}]
    page = await client(FakeList(PATH, rows=rows))[0].listing_page(ListingQuery(), None)
    assert [listing.provider_id for listing in page.items] == ["40160", "40162"]
    assert page.odd == [OddRecord("40161", "name: not a text")]
    assert page.total == 3


@pytest.mark.parametrize(
    ("field", "direction", "order"),
    [
        (ListingOrderField.PROVIDER, OrderDirection.ASC, None),
        (ListingOrderField.NAME, OrderDirection.ASC, "name"),
        (ListingOrderField.NAME, OrderDirection.DESC, "nameReversed"),
        (ListingOrderField.UPDATED, OrderDirection.ASC, "latestActivity"),
        (ListingOrderField.UPDATED, OrderDirection.DESC, "latestActivityDesc"),
    ],
)
async def test_orders_of_listings_are_those_of_hostaway(field, direction, order):
    reads, session = client(FakeList(PATH, rows=[]))
    await reads.listing_page(ListingQuery(order=field, direction=direction), None)
    assert session.queries[0].get("sortOrder") == order


@pytest.mark.parametrize(
    ("since", "day"),
    [
        (datetime(2027, 1, 10, 23, tzinfo=UTC), "2027-01-09"),
        (datetime(2027, 1, 10, 1, tzinfo=timezone(timedelta(hours=14))), "2027-01-08"),
        (datetime.min.replace(tzinfo=UTC), "0001-01-01"),
    ],
)
async def test_changes_are_asked_for_from_the_day_before(since, day):
    reads, session = client(FakeList(PATH, rows=many(2)))
    page = await reads.listing_page(ListingQuery(updated_since=since), None)
    assert session.queries[0]["latestActivityStart"] == day
    assert page.total is None, "more is counted than was asked for"


async def test_one_listing_is_read_by_its_path():
    reads, session = client(FakeList(PATH, rows=[LOFT]))
    batch = await reads.listings(["40160"])
    assert batch.found["40160"].name == "Harbour loft"
    assert session.paths == ["/v1/listings/40160"]
    assert session.queries == [{"includeResources": "1", "attachObjects[]": "bookingEngineUrls"}]


@pytest.mark.parametrize("envelope", [lambda row: row, lambda row: [row]], ids=["bare", "in a list"])
async def test_a_single_record_comes_bare_or_in_a_list(envelope):
    reads, _ = client(lambda call: success(envelope(LOFT)))
    assert "40160" in (await reads.listings(["40160"])).found


async def test_fifty_listings_of_a_small_account_cost_one_call():
    reads, session = client(FakeList(PATH, rows=many(60)))
    batch = await reads.listings([str(1000 + each) for each in range(50)])
    assert len(batch.found) == 50
    assert session.paths == [PATH]


async def test_pages_are_read_only_as_long_as_they_are_cheaper_than_single_reads():
    reads, session = client(FakeList(PATH, rows=many(1000)))
    batch = await reads.listings(["1000", "1001", "1500"])
    assert set(batch.found) == {"1000", "1001", "1500"}
    assert session.paths == [PATH, "/v1/listings/1500"]


async def test_what_was_learnt_about_the_size_of_an_account_saves_the_page():
    reads, session = client(FakeList(PATH, rows=many(1000)))
    await reads.listing_page(ListingQuery(), None)
    await reads.listings(["1900", "1901", "1902"])
    assert session.paths[1:] == ["/v1/listings/1900", "/v1/listings/1901", "/v1/listings/1902"]


async def test_without_a_count_no_more_pages_are_read_than_listings_are_wanted():
    reads, session = client(FakeList(PATH, rows=many(1000), counts=False))
    batch = await reads.listings(["1999", "1998"])
    assert set(batch.found) == {"1999", "1998"}
    assert session.paths.count(PATH) <= 3
    assert len(session.calls) <= 5


async def test_a_listing_that_a_whole_walk_did_not_meet_does_not_exist():
    reads, session = client(FakeList(PATH, rows=many(150)))
    batch = await reads.listings([str(1000 + each) for each in range(150)] + ["9"])
    assert len(batch.found) == 150
    assert (batch.failed, session.paths) == ({}, [PATH, PATH])


async def test_an_unknown_listing_is_in_neither_half():
    reads, _ = client(FakeList(PATH, rows=[LOFT]))
    batch = await reads.listings(["7"])
    assert (batch.found, batch.failed) == ({}, {})


async def test_an_id_that_hostaway_cannot_have_costs_no_call():
    reads, session = client(FakeList(PATH, rows=[LOFT]))
    batch = await reads.listings(["../users", "40160/calendar", "040160", ""])
    assert (batch.found, batch.failed, session.calls) == ({}, {}, [])


async def test_a_single_read_that_fails_fails_alone():
    down = UpstreamUnavailable("Down.")
    server = FakeList(PATH, rows=many(1000), broken_singles={"1500": down})
    reads, _ = client(server)
    batch = await reads.listings(["1000", "1500", "1600"])
    assert set(batch.found) == {"1000", "1600"}
    assert batch.failed == {"1500": down}


async def test_an_odd_listing_fails_alone():
    reads, _ = client(FakeList(PATH, rows=[LOFT, {"id": 5, "name": []}]))
    batch = await reads.listings(["40160", "5"])
    assert set(batch.found) == {"40160"}
    assert isinstance(batch.failed["5"], UpstreamInvalid)
    assert batch.failed["5"].account_id == "acc-1"


async def test_refused_credentials_are_not_tried_on_every_listing():
    def route(call):
        raise AuthenticationFailed("No.")

    reads, session = client(route)
    reads._listing_count = 100_000
    batch = await reads.listings([str(1000 + each) for each in range(200)])
    assert len(batch.failed) == 200
    assert len(session.calls) <= 32


async def test_another_record_than_the_one_asked_for_is_invalid():
    reads, _ = client(lambda call: success({"id": 8, "name": "Other"}))
    assert isinstance((await reads.listings(["7"])).failed["7"], UpstreamInvalid)


async def test_a_failure_may_come_with_http_200():
    reads, _ = client(lambda call: {"status": "fail", "result": "Wrong sort order"})
    with pytest.raises(UpstreamRefused) as caught:
        await reads.listing_page(ListingQuery(), None)
    assert "Wrong sort order" in caught.value.message
    assert (caught.value.provider, caught.value.account_id, caught.value.upstream_status) == ("HOSTAWAY", "acc-1", 200)


@pytest.mark.parametrize("body", [success({}), success(None), {"status": "success"}, success("text"), [], None, "x"])
async def test_an_answer_without_its_list_is_not_an_empty_list(body):
    reads, _ = client(lambda call: body)
    with pytest.raises(UpstreamInvalid):
        await reads.listing_page(ListingQuery(), None)


async def test_the_check_asks_for_as_little_as_possible():
    reads, session = client(FakeList(PATH, rows=many(3)))
    await reads.check()
    assert [(call.path, call.query) for call in session.calls] == [(PATH, (("limit", "1"), ("offset", "0")))]
    with pytest.raises(UpstreamRefused):
        await client(lambda call: {"status": "fail", "result": "no"})[0].check()


async def test_the_account_is_its_number_and_costs_nothing():
    reads, session = client(lambda call: success([]))
    assert (await reads.account()).provider_id == "10450"
    assert not session.calls


async def test_the_account_of_a_bare_token_is_that_of_its_users():
    session = FakeSession(lambda call: success([{"id": 1, "accountId": None}, {"id": 2, "accountId": 10450}]))
    reads = HostawayClient(session, None)
    assert (await reads.account()).provider_id == "10450"
    assert (await reads.account()).provider_id == "10450"
    assert session.paths == ["/v1/users"]


async def test_users_that_do_not_name_their_account_are_an_error():
    with pytest.raises(UpstreamInvalid):
        await HostawayClient(FakeSession(lambda call: success([{"id": 1}])), None).account()
