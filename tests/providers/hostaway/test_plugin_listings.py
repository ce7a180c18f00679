from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest

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
from tests.providers.hostaway.listings_world import LOFT, PATH, client, many, read
from tests.providers.hostaway.plugin_session import FakeList


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
