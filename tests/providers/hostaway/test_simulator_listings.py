"""The Hostaway simulator: listings and what belongs to them."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest

from providers.contract import SimulatorOptions
from providers.hostaway.simulator import HostawayReadings, HostawaySimulation, odd, simulator

TODAY = date(2027, 3, 4)
NOW = datetime(2027, 3, 4, 9, tzinfo=UTC)
ARRAYS = ("listingAmenities", "listingBedTypes", "listingImages", "customFieldValues")


def simulated(listings: int = 40, **readings: Any) -> HostawaySimulation:
    options = SimulatorOptions(limits="off", listings=listings)
    return simulator(options, today=TODAY, now=lambda: NOW, readings=HostawayReadings(**readings))


def caller(simulation: HostawaySimulation) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {simulation.access_token()}"}
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(simulation.app), base_url="https://api.test/v1", headers=headers
    )


@pytest.fixture(scope="module")
def simulation() -> HostawaySimulation:
    return simulated()


@pytest.fixture
async def client(simulation: HostawaySimulation) -> AsyncIterator[httpx.AsyncClient]:
    async with caller(simulation) as client:
        yield client


async def found(client: httpx.AsyncClient, **params: Any) -> list[dict[str, Any]]:
    answer = await client.get("/listings", params=params)
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()["result"]
    return rows


def numbers(rows: list[dict[str, Any]]) -> list[int]:
    return [row["id"] - 40_000 for row in rows]


async def test_all_listings_come_on_one_page_with_their_counts(client: httpx.AsyncClient) -> None:
    body = (await client.get("/listings")).json()
    assert numbers(body.pop("result")) == list(range(1, 41))
    assert body == {"status": "success", "limit": 100, "offset": 0, "count": 40, "page": 1, "totalPages": 1}


async def test_offset_walks_the_pages_to_an_empty_end(client: httpx.AsyncClient) -> None:
    seen: list[int] = []
    for offset in (0, 15, 30):
        body = (await client.get("/listings", params={"limit": 15, "offset": offset})).json()
        assert (body["count"], body["page"], body["totalPages"]) == (40, offset // 15 + 1, 3)
        seen += numbers(body["result"])
    assert seen == list(range(1, 41))
    assert await found(client, limit=15, offset=45) == []


async def test_page_is_capped_at_a_hundred() -> None:
    async with caller(simulated(120)) as client:
        assert len(await found(client, limit=500)) == 100
        assert len(await found(client)) == 100
        assert (await client.get("/listings")).json()["totalPages"] == 2


async def test_page_size_follows_the_readings() -> None:
    async with caller(simulated(120, largest_page=None, listings_page=None)) as client:
        assert len(await found(client)) == 120
        assert len(await found(client, limit=110)) == 110
    async with caller(simulated(120, largest_page=50, oversized_page_is_error=True)) as client:
        assert (await client.get("/listings?limit=51")).status_code == 400
        assert len(await found(client, limit=50)) == 50


async def test_listing_has_about_120_fields_of_the_documented_kinds(client: httpx.AsyncClient) -> None:
    listing = (await client.get("/listings/40002?includeResources=1")).json()["result"]
    assert 120 <= len(listing) <= 135
    assert listing["name"] == listing["externalListingName"]
    assert isinstance(listing["price"], int | float)
    assert listing["instantBookable"] in (0, 1)
    assert listing["airbnbCancellationPolicyId"] == listing["airBnbCancellationPolicyId"]
    assert listing["maxNights"] in (28, 1125)
    assert datetime.strptime(listing["latestActivityOn"], "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 (the PMS sends no zone)
    assert all(listing[name] for name in ARRAYS)


async def test_arrays_are_empty_without_include_resources(client: httpx.AsyncClient) -> None:
    for params in ({}, {"includeResources": 0}):
        rows = await found(client, **params)
        assert all(row[name] == [] for row in rows for name in ARRAYS)
    single = (await client.get("/listings/40001")).json()["result"]
    assert all(single[name] == [] for name in ARRAYS)
    assert any(row["listingImages"] for row in await found(client, includeResources=1))


async def test_booking_engine_urls_come_on_request(client: httpx.AsyncClient) -> None:
    assert (await found(client))[0]["bookingEngineUrls"] == []
    assert (await found(client, **{"attachObjects[]": "bookingEngineUrls"}))[0]["bookingEngineUrls"]


async def test_single_listing_equals_the_listed_one(client: httpx.AsyncClient) -> None:
    listed = (await found(client, includeResources=1))[7]
    assert (await client.get(f"/listings/{listed['id']}?includeResources=1")).json() == {
        "status": "success",
        "result": listed,
    }


@pytest.mark.parametrize("order", ["name", "contactName", "order", "latestActivity"])
async def test_every_order_has_its_reverse(client: httpx.AsyncClient, order: str) -> None:
    back = "latestActivityDesc" if order == "latestActivity" else f"{order}Reversed"
    forwards, backwards = await found(client, sortOrder=order), await found(client, sortOrder=back)
    assert numbers(forwards) == numbers(backwards)[::-1]


async def test_orders_sort_by_their_field(client: httpx.AsyncClient) -> None:
    names = [row["name"].casefold() for row in await found(client, sortOrder="name")]
    assert names == sorted(names)
    activity = [row["latestActivityOn"] for row in await found(client, sortOrder="latestActivity")]
    known = [each for each in activity if each is not None]
    assert known == sorted(known)


async def test_text_filters_match_their_fields(client: httpx.AsyncClient) -> None:
    rows = await found(client)
    sample = rows[9]
    for params, wanted in (
        ({"city": sample["city"].upper()}, {row["id"] for row in rows if row["city"] == sample["city"]}),
        ({"country": sample["country"]}, {row["id"] for row in rows if row["country"] == sample["country"]}),
        ({"country": sample["countryCode"]}, {row["id"] for row in rows if row["country"] == sample["country"]}),
        ({"match": sample["name"].lower()}, {sample["id"]}),
        (
            {"propertyTypeId": sample["propertyTypeId"]},
            {row["id"] for row in rows if row["propertyTypeId"] == sample["propertyTypeId"]},
        ),
        (
            {"contactName": sample["contactName"]},
            {row["id"] for row in rows if row["contactName"] == sample["contactName"]},
        ),
        ({"contactName": "Nobody"}, set()),
        ({"userId": 1}, set()),
        ({"isBookingEngineActive": 0}, {number for number in range(40001, 40041) if (number - 40000) % 3 == 0}),
    ):
        assert {row["id"] for row in await found(client, **params)} == wanted, params
    assert 0 < len(await found(client, city=sample["city"])) < 40


async def test_activity_filter_includes_both_days(client: httpx.AsyncClient) -> None:
    days = sorted(row["latestActivityOn"][:10] for row in await found(client) if row["latestActivityOn"])
    start, end = days[10], days[20]
    rows = await found(client, latestActivityStart=start, latestActivityEnd=end)
    assert sorted(row["latestActivityOn"][:10] for row in rows) == [day for day in days if start <= day <= end]


async def test_availability_filter_agrees_with_the_calendar(
    client: httpx.AsyncClient, simulation: HostawaySimulation
) -> None:
    start, end = TODAY + timedelta(days=20), TODAY + timedelta(days=23)
    params = {"availabilityDateStart": str(start), "availabilityDateEnd": str(end)}
    free = set(numbers(await found(client, **params)))
    assert 0 < len(free) < 40
    for listing_id in simulation.accounts[0].listings:
        span = {"startDate": str(start), "endDate": str(end - timedelta(days=1))}
        days = (await client.get(f"/listings/{listing_id}/calendar", params=span)).json()["result"]
        assert all(day["isAvailable"] for day in days) == (listing_id - 40_000 in free)


async def test_availability_filter_knows_the_capacity(client: httpx.AsyncClient) -> None:
    rows = await found(client, availabilityGuestNumber=6)
    assert rows
    assert all(row["personCapacity"] is None or int(row["personCapacity"]) >= 6 for row in rows)


async def test_last_night_reading_of_the_availability_filter_wants_one_night_more() -> None:
    params = {"availabilityDateStart": "2027-04-01", "availabilityDateEnd": "2027-04-04"}
    async with caller(simulated()) as client:
        until_departure = numbers(await found(client, **params))
        longer = numbers(await found(client, **{**params, "availabilityDateEnd": "2027-04-05"}))
    async with caller(simulated(availability_end_is_departure=False)) as client:
        assert numbers(await found(client, **params)) == longer
    assert set(longer) < set(until_departure)


async def test_odd_listings_are_there(client: httpx.AsyncClient) -> None:
    rows = {row["id"] - 40_000: row for row in await found(client, includeResources=1)}
    sparse = rows[odd.NULLS_LISTING]
    assert (sparse["name"], sparse["city"], sparse["personCapacity"], sparse["lat"]) != ("", "x", 0, 0)
    assert [sparse["city"], sparse["personCapacity"], sparse["listingImages"]] == ["", None, []]
    assert sparse["name"]
    assert sparse["currencyCode"]
    assert isinstance(rows[odd.TEXT_NUMBERS_LISTING]["price"], str)
    assert rows[odd.TEXT_NUMBERS_LISTING]["instantBookable"] == "1"
    assert rows[odd.ARCHIVED_LISTING]["specialStatus"] == "archived"
    assert any(isinstance(row["bathroomsNumber"], float) for row in rows.values())
    assert any("futureSettings" in row for row in rows.values())
    assert any("futureSettings" not in row for row in rows.values())
    assert {row["bookingcomPropertyHasVat"] for row in rows.values()} == {True, False}


async def test_broken_listing_appears_only_when_switched_on() -> None:
    async with caller(simulated()) as client:
        assert all(isinstance(row["name"], str) for row in await found(client))
        control = "https://api.test/_control/odd"
        assert (await client.get(control)).json() == {"broken_records": False}
        assert (await client.post(control, json={"broken_records": "on"})).json()["field"] == "broken_records"
        assert (await client.post(control, json={"broken_records": True})).json() == {"broken_records": True}
        broken = [row for row in await found(client) if not isinstance(row["name"], str)]
        assert [(row["id"], row["name"]) for row in broken] == [(40_000 + odd.BROKEN_LISTING, {"x": 1})]
        await client.post(control, json={"broken_records": False})
        assert all(isinstance(row["name"], str) for row in await found(client))


async def test_activity_without_time_under_that_reading() -> None:
    async with caller(simulated(activity_has_time=False)) as client:
        assert {len(row["latestActivityOn"]) for row in await found(client) if row["latestActivityOn"]} == {10}


async def test_only_the_multi_unit_listing_has_units(client: httpx.AsyncClient) -> None:
    units = (await client.get(f"/listingUnits/{40_000 + odd.MULTI_UNIT_LISTING}")).json()["result"]
    assert len(units) == odd.UNITS
    assert {type(unit["unitNumber"]) for unit in units} == {str}
    assert (await client.get("/listingUnits/40001")).json()["result"] == []
    assert (await client.get("/listingUnits/39999")).status_code == 404


async def test_fee_settings_have_documented_words(client: httpx.AsyncClient) -> None:
    fees = [
        fee
        for number in range(1, 41)
        for fee in (await client.get(f"/listingFeeSettings/{40_000 + number}")).json()["result"]
    ]
    words = {"reservation", "person", "night", "person_per_night", "base_rate"}
    assert {fee["feeAppliedPer"] for fee in fees} == words
    assert {fee["amountType"] for fee in fees} == {"flat", "percent"}
    assert {fee["isMandatory"] for fee in fees} == {0, 1, None}
    assert len({fee["id"] for fee in fees}) == len(fees)


async def test_tax_settings_hold_json_inside_json(client: httpx.AsyncClient) -> None:
    applied = {
        tax["applyTo"]
        for number in range(1, 41)
        for tax in (await client.get(f"/listingTaxSettings/{40_000 + number}")).json()["result"]
    }
    assert applied == {'["baseRate"]', '["baseRate", "cleaningFee"]'}
    (general,) = (await client.get("/accountTaxSettings")).json()["result"]
    assert "listingMapId" not in general


async def test_single_side_objects_come_as_arrays(client: httpx.AsyncClient) -> None:
    settings = (await client.get("/listing/pricingSettings/40001")).json()["result"]
    assert [set(each) & {"id", "listingMapId"} for each in settings] == [{"listingMapId"}]
    assert len((await client.get("/listingAgreement/40001")).json()["result"]) == 1
    user_id = (await client.get("/users")).json()["result"][0]["id"]
    user = (await client.get(f"/user/{user_id}", params={"includeResources": 1})).json()["result"]
    assert len(user[0]["listingMapIds"]) == 40
    assert (await client.get(f"/user/{user_id}")).json()["result"][0]["listingMapIds"] is None
    assert (await client.get("/user/1")).status_code == 404


@pytest.mark.parametrize("name", ["amenities", "propertyTypes", "bedTypes"])
async def test_id_dictionaries_cover_the_listings(client: httpx.AsyncClient, name: str) -> None:
    ids = {each["id"] for each in (await client.get(f"/{name}")).json()["result"]}
    rows = await found(client, includeResources=1)
    used = {
        "amenities": {each["amenityId"] for row in rows for each in row["listingAmenities"]},
        "propertyTypes": {row["propertyTypeId"] for row in rows} - {None},
        "bedTypes": {each["bedTypeId"] for row in rows for each in row["listingBedTypes"]},
    }[name]
    assert used
    assert used <= ids


async def test_name_dictionaries_have_their_documented_forms(client: httpx.AsyncClient) -> None:
    async def result(name: str) -> dict[str, Any]:
        body: dict[str, Any] = (await client.get(f"/{name}")).json()["result"]
        return body

    assert (await result("countries"))["DE"] == "Germany"
    assert (await result("currencies"))["EUR"] == "EUR - Euro"
    assert (await result("languages"))["de"] == "German"
    assert (await result("timezones"))["Europe/Berlin"] == {"value": "(UTC +01:00) Europe/Berlin", "diff": "+01:00"}
    assert (await result("timezones"))["America/New_York"]["diff"] == "-05:00"


async def test_custom_fields_filter_and_page(client: httpx.AsyncClient) -> None:
    body = (await client.get("/customFields", params={"limit": 1, "offset": 1})).json()
    assert (len(body["result"]), body["count"], body["limit"], body["offset"]) == (1, 3, 1, 1)
    listing_fields = (await client.get("/customFields?objectType=listing")).json()["result"]
    assert {each["objectType"] for each in listing_fields} == {"listing"}


async def test_cancellation_policies_send_numbers_as_text(client: httpx.AsyncClient) -> None:
    own = (await client.get("/cancellationPolicies")).json()["result"]
    items = [item for policy in own for item in policy["cancellationPolicyItem"]]
    assert {type(item["refundAmount"]) for item in items} == {type(item["timeDelta"]) for item in items} == {str}
    for channel in ("airbnb", "booking", "marriott", "vrbo"):
        assert (await client.get(f"/cancellationPolicies/{channel}")).json()["result"]
    assert (await client.get("/cancellationPolicies/2")).json()["result"] == own[0]
    assert (await client.get("/cancellationPolicies/99")).status_code == 404
