"""Fields of listings that are switched off: null everywhere, not asked for, not kept, not filtered or ordered by."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from graph.accounts.keys import Permission, Scope
from graph.gateway.reading import key_of
from providers.bookingsync.simulator.readings import BookingsyncReadings, IncludeStyle
from providers.model import ListingField
from tests.gateway_world import World, world
from tests.graph.schema.definition_world import EVERY_KEY, another_process, queries_at, switch, switch_off

SELECTED: Mapping[ListingField, str] = {
    ListingField.NAME: "name",
    ListingField.TYPE: "propertyType providerPropertyType roomType providerRoomType",
    ListingField.ROOMS: "rooms { providerId } beds bedsByType { quantity }",
    ListingField.RATING: "rating reviewsCount starRating",
    ListingField.ADDRESS: "address { city } publicAddress",
    ListingField.CHECK_IN: "checkInFrom checkInUntil",
    ListingField.CONTACT: "contact { firstName } invoicingContact { firstName } owner { firstName }",
    ListingField.CHECK_OUT: "checkOutUntil",
    ListingField.CURRENCY: "currency",
    ListingField.LATITUDE: "location { latitude }",
    ListingField.PICTURES: "images { url }",
    ListingField.TIME_ZONE: "timeZone",
    ListingField.AMENITIES: "amenities { providerId }",
    ListingField.LONGITUDE: "location { latitude }",
    ListingField.PROVIDER_ID: "providerId",
    ListingField.START_PRICE: "basePrice { amount } originalBasePrice { amount } basePricePeriod "
    "minimumPrice { amount } maximumPrice { amount }",
    ListingField.DESCRIPTION: "description summary headline texts { description }",
    ListingField.BEDROOM_COUNT: "bedrooms",
    ListingField.INTERNAL_NAME: "internalName",
    ListingField.MAX_OCCUPANCY: "maxGuests guestsIncluded maxChildren maxInfants maxPets",
    ListingField.BATHROOM_COUNT: "bathrooms guestBathrooms bathroomType",
    ListingField.MAXIMUM_NIGHTS: "maximumNights",
    ListingField.MINIMUM_NIGHTS: "minimumNights",
    ListingField.LISTING_DETAILS: "houseRules access { instructions } area floor tags customFields { value } "
    "cancellationPolicy bookingEngineUrls websiteUrl cleaningFee { amount } damageDeposit { amount }",
}
ALWAYS = "id provider status updatedAt"
FIELDS = " ".join(dict.fromkeys([ALWAYS, *SELECTED.values()]))
LISTINGS = f"{{ listings(first: 20) {{ nodes {{ {FIELDS} }} sources {{ fieldsOff status note }} }} }}"
ONE = f"query($id: ID!, $age: Int) {{ listing(id: $id, maxAge: $age) {{ {FIELDS} }} }}"
RAW = "{ listings(first: 20) { nodes { id raw } } }"
DAY = datetime.now(UTC).date() + timedelta(days=280)
"""Nothing is booked so far ahead."""
STAY = f'arrival: "{DAY}", departure: "{DAY + timedelta(days=4)}", adults: 2'


@pytest.fixture(params=["HOSTAWAY", "BOOKINGSYNC"])
async def provided(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[tuple[World, str]]:
    """One account of one PMS with three listings."""
    provider: str = request.param
    counts = {"hostaway_accounts": int(provider == "HOSTAWAY"), "bookingsync_accounts": int(provider != "HOSTAWAY")}
    async with world(tmp_path, **counts, listings=3) as running:
        yield running, provider


@pytest.fixture
async def hostaway(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, hostaway_accounts=1, bookingsync_accounts=0, listings=3) as running:
        yield running


@pytest.fixture
async def bookingsync(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, hostaway_accounts=0, bookingsync_accounts=1, listings=3) as running:
        yield running


async def listed(running: World) -> Any:
    return (await running.data(LISTINGS))["listings"]


def names(selection: str) -> list[str]:
    """The fields of a selection, without what is selected below them."""
    plain = " ".join(part.partition("}")[2] if n else part for n, part in enumerate(selection.split("{")))
    return plain.split()


async def test_what_is_off_is_null_in_lists_and_by_id_and_all_else_as_before(provided: tuple[World, str]) -> None:
    running, provider = provided
    before = (await listed(running))["nodes"]
    for off in [*([key] for key in SELECTED), list(ListingField)]:
        await switch_off(running, provider, *off)
        after = await listed(running)
        empty = {name for key in off for name in names(SELECTED.get(key, ""))}
        for was, node in zip(before, after["nodes"], strict=True):
            assert node == {name: None if name in empty else value for name, value in was.items()}
        by_id = await running.data(ONE, id=before[-1]["id"], age=0)
        assert by_id["listing"] == after["nodes"][-1]
        assert [each["fieldsOff"] for each in after["sources"]] == [[key.value for key in ListingField if key in off]]


async def test_thumbnails_are_switched_within_pictures(bookingsync: World) -> None:
    query = "{ listings(first: 1) { nodes { images { url thumbnailUrl } } } }"
    (before,) = (await bookingsync.data(query))["listings"]["nodes"]
    assert any(image["thumbnailUrl"] for image in before["images"])
    await switch_off(bookingsync, "BOOKINGSYNC", "thumbnailUrl")
    (after,) = (await bookingsync.data(query))["listings"]["nodes"]
    assert after["images"] == [{**image, "thumbnailUrl": None} for image in before["images"]]


async def test_names_among_texts_go_with_the_name(hostaway: World) -> None:
    query = "{ listings(first: 1) { nodes { texts { channel name description } } } }"
    (before,) = (await hostaway.data(query))["listings"]["nodes"]
    assert any(text["name"] for text in before["texts"])
    await switch_off(hostaway, "HOSTAWAY", "name")
    (after,) = (await hostaway.data(query))["listings"]["nodes"]
    assert after["texts"]
    assert {text["name"] for text in after["texts"]} == {None}


async def test_raw_records_hold_nothing_of_it(provided: tuple[World, str]) -> None:
    running, provider = provided
    running.key = await running.key_with(Permission.READ, "default", Scope.RAW)
    before = [node["raw"] for node in (await running.data(RAW))["listings"]["nodes"]]
    gone = {"HOSTAWAY": {"address", "city", "street"}, "BOOKINGSYNC": {"address1", "city", "zip"}}[provider]
    assert gone <= before[0].keys()
    await switch_off(running, provider, "address")
    after = [node["raw"] for node in (await running.data(RAW))["listings"]["nodes"]]
    assert not any(gone & raw.keys() for raw in after)
    for was, now in zip(before, after, strict=True):
        assert now == {name: value for name, value in was.items() if name in now}
        assert len(now) > len(was) // 2
    await switch(running, provider, name=True)
    (least, *_) = [node["raw"] for node in (await running.data(RAW))["listings"]["nodes"]]
    expected = {"HOSTAWAY": {"specialStatus", "latestActivityOn"}, "BOOKINGSYNC": {"published_at", "position"}}
    assert {"name"} | expected[provider] <= least.keys()
    assert not {"id", "description", "links", "houseRules", "price", "currency"} & least.keys()


async def test_hostaway_is_not_asked_for_resources_that_are_off(hostaway: World) -> None:
    await listed(hostaway)
    (full,) = queries_at(hostaway, "HOSTAWAY", "/listings")
    assert full["includeResources"] == "1"
    assert full["attachObjects[]"] == "bookingEngineUrls"
    await switch_off(hostaway, "HOSTAWAY", "pictures", "amenities", "rooms")
    await listed(hostaway)
    assert "includeResources" in queries_at(hostaway, "HOSTAWAY", "/listings")[-1]  # custom fields are on
    await switch_off(hostaway, "HOSTAWAY", "pictures", "amenities", "rooms", "listingDetails")
    await listed(hostaway)
    least = queries_at(hostaway, "HOSTAWAY", "/listings")[-1]
    assert not {"includeResources", "attachObjects[]"} & least.keys()


async def test_dictionaries_of_what_is_off_are_not_read(hostaway: World) -> None:
    await switch_off(hostaway, "HOSTAWAY", "type", "amenities", "rooms")
    await hostaway.data("{ listings { nodes { propertyType amenities { kind } bedsByType { type } } } }")
    await hostaway.data("{ listings(filter: { propertyTypes: [HOUSE] }) { nodes { id } } }")
    assert [call.path for call in hostaway.data_calls()] == ["/v1/listings"]


async def test_bookingsync_is_asked_for_what_is_on_alone(bookingsync: World) -> None:
    await switch_off(bookingsync, "BOOKINGSYNC", "pictures", "rooms", "name", "currency", "startPrice")
    await listed(bookingsync)
    (asked,) = queries_at(bookingsync, "BOOKINGSYNC", "/rentals")
    assert asked["include"] == "rentals_amenities,rentals_tags"
    attributes = asked["fields"].split(",")
    assert {"id", "links", "city", "description", "currency"} <= set(attributes)  # of the damage deposit
    assert not {"name", "base_rate", "photos", "bedrooms"} & set(attributes)
    await switch(bookingsync, "BOOKINGSYNC", address=True)
    await listed(bookingsync)
    asked = queries_at(bookingsync, "BOOKINGSYNC", "/rentals")[-1]
    assert "include" not in asked
    assert "currency" not in asked["fields"].split(",")


async def test_bookingsync_is_asked_anew_for_all_where_a_choice_costs_the_links(tmp_path: Path) -> None:
    readings = {"BOOKINGSYNC": BookingsyncReadings(fields_keep_links=False)}
    async with world(tmp_path, hostaway_accounts=0, listings=3, readings=readings) as running:
        before = (await listed(running))["nodes"]
        await switch_off(running, "BOOKINGSYNC", "name")
        after = (await listed(running))["nodes"]
        assert after == [{**node, "name": None} for node in before]


async def test_parts_that_are_off_save_their_calls(tmp_path: Path) -> None:
    """Where BookingSync includes nothing, each part of rentals is a call."""
    readings = {"BOOKINGSYNC": BookingsyncReadings(include=IncludeStyle.IGNORED)}
    async with world(tmp_path, hostaway_accounts=0, listings=3, readings=readings) as running:
        await listed(running)
        with_all = len(running.data_calls())
        await switch_off(running, "BOOKINGSYNC", "pictures", "amenities", "rooms", "listingDetails")
        running.calls.clear()
        await listed(running)
        assert with_all == 7  # rentals, and six kinds of parts
        assert len(running.data_calls()) == 1


async def test_nothing_of_it_stays_in_the_cache_and_switching_on_reads_again(hostaway: World) -> None:
    (node, *_) = (await listed(hostaway))["nodes"]
    (account,) = await hostaway.services.accounts.list("default")
    keeper = hostaway.services.gateway.reading.keeper
    kept = key_of(account, "listing", node["providerId"])
    assert await keeper.recall(kept) is not None
    await switch_off(hostaway, "HOSTAWAY", "name")
    hostaway.calls.clear()
    assert {each["name"] for each in (await listed(hostaway))["nodes"]} == {None}
    assert len(hostaway.data_calls()) == 1
    await listed(hostaway)
    assert len(hostaway.data_calls()) == 1
    assert await keeper.recall(kept) is None
    await switch(hostaway, "HOSTAWAY", **EVERY_KEY)
    assert all(each["name"] for each in (await listed(hostaway))["nodes"])
    assert len(hostaway.data_calls()) == 2


async def test_another_process_leaves_it_out_within_a_second(hostaway: World) -> None:
    async with another_process(hostaway) as (other, clock):
        assert all(node["name"] for node in (await listed(other))["nodes"])
        await switch_off(hostaway, "HOSTAWAY", "name")
        clock.leap(1.0)
        assert {node["name"] for node in (await listed(other))["nodes"]} == {None}


async def test_other_providers_are_not_concerned(tmp_path: Path) -> None:
    async with world(tmp_path, hostaway_accounts=1, listings=2) as running:
        await switch_off(running, "HOSTAWAY", "name")
        nodes = (await listed(running))["nodes"]
        assert {node["provider"] for node in nodes if node["name"] is None} == {"HOSTAWAY"}
        assert {node["provider"] for node in nodes if node["name"]} == {"BOOKINGSYNC"}


@pytest.mark.parametrize(
    ("filter_", "off", "argument"),
    [
        ('{ city: "Barcelona" }', ["address"], "filter.city"),
        ('{ countryCode: "ES" }', ["address"], "filter.countryCode"),
        ("{ minGuests: 1 }", ["maxOccupancy"], "filter.minGuests"),
        ('{ text: "a" }', ["name", "internalName"], "filter.text"),
        ('{ providerPropertyType: "1" }', ["type"], "filter.providerPropertyType"),
        ('{ contactName: "a" }', ["contact"], "filter.contactName"),
    ],
)
async def test_a_filter_on_what_is_off_finds_nothing_and_says_why(
    hostaway: World, filter_: str, off: list[str], argument: str
) -> None:
    await switch_off(hostaway, "HOSTAWAY", *off)
    found = await hostaway.data(f"{{ listings(filter: {filter_}) {{ nodes {{ id }} sources {{ status note }} }} }}")
    (source,) = found["listings"]["sources"]
    assert found["listings"]["nodes"] == []
    assert source["status"] == "OK"
    assert argument in source["note"]
    assert all(key in source["note"] for key in off)
    free = f"{{ availableListings({STAY}, filter: {filter_}) {{ nodes {{ basis }} sources {{ note }} }} }}"
    assert (await hostaway.data(free))["availableListings"]["nodes"] == []
    assert hostaway.data_calls() == []


async def test_text_is_sought_in_the_name_that_is_left(hostaway: World) -> None:
    (node, *_) = (await listed(hostaway))["nodes"]
    await switch_off(hostaway, "HOSTAWAY", "name")
    query = "query($text: String!) { listings(filter: { text: $text }) { nodes { id } } }"
    assert (await hostaway.data(query, text=node["name"]))["listings"]["nodes"] == []
    assert {"id": node["id"]} in (await hostaway.data(query, text=node["internalName"]))["listings"]["nodes"]


async def test_an_order_by_what_is_off_knows_no_value(hostaway: World) -> None:
    await switch_off(hostaway, "HOSTAWAY", "name")
    query = "{ listings(orderBy: { field: NAME }) { nodes { id } sources { applied { argument by } } } }"
    found = (await hostaway.data(query))["listings"]
    assert len(found["nodes"]) == 3
    assert found["sources"] == [{"applied": [{"argument": "orderBy", "by": "GATEWAY"}]}]
    assert "sortOrder" not in queries_at(hostaway, "HOSTAWAY", "/listings")[-1]


async def test_free_listings_are_without_it_and_whether_they_fit_is_not_known(hostaway: World) -> None:
    shown = "fitsParty listing { name maxGuests address { city } }"
    query = f"{{ availableListings({STAY}) {{ nodes {{ {shown} }} }} }}"
    assert (await hostaway.data(query))["availableListings"]["nodes"]
    await switch_off(hostaway, "HOSTAWAY", "name", "maxOccupancy")
    nodes = (await hostaway.data(query))["availableListings"]["nodes"]
    assert nodes
    for node in nodes:
        assert node["fitsParty"] is node["listing"]["name"] is node["listing"]["maxGuests"] is None
    assert any(node["listing"]["address"] for node in nodes)


async def test_prices_have_their_currency_even_so(hostaway: World) -> None:
    (node, *_) = (await listed(hostaway))["nodes"]
    await switch_off(hostaway, "HOSTAWAY", "currency")
    query = f"query($id: ID!) {{ listing(id: $id) {{ currency priceDetails({STAY}) {{ total {{ currency }} }} }} }}"
    found = (await hostaway.data(query, id=node["id"]))["listing"]
    assert found == {"currency": None, "priceDetails": {"total": {"currency": node["currency"]}}}


async def test_ids_work_while_the_id_in_the_pms_is_not_shown(hostaway: World) -> None:
    (node, *_) = (await listed(hostaway))["nodes"]
    await switch_off(hostaway, "HOSTAWAY", "providerID")
    query = """query($id: ID!) { listing(id: $id) {
      id providerId name calendar(from: "2027-03-01", to: "2027-03-02") { days { date } }
    } }"""
    found = (await hostaway.data(query, id=node["id"]))["listing"]
    assert (found["id"], found["providerId"], found["name"]) == (node["id"], None, node["name"])
    assert len(found["calendar"]["days"]) == 1
