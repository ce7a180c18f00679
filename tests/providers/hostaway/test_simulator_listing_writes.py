"""The Hostaway simulator: listings made, changed, removed, given pictures and sent to Airbnb."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest

from providers.contract import SimulatorOptions
from providers.hostaway.simulator import HostawayReadings, HostawaySimulation, simulator

START = datetime(2027, 3, 4, 9, tzinfo=UTC)
LISTING = "/listings/40001"
WHOLE = "?includeResources=1"


class Clock:
    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at


class Hostaway:
    """A caller, and the clock and the switches behind the API."""

    def __init__(self, client: httpx.AsyncClient, clock: Clock, simulation: HostawaySimulation) -> None:
        self.client = client
        self.clock = clock
        self.simulation = simulation

    async def get(self, path: str) -> Any:
        answer = await self.client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()["result"]

    async def send(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        answer = await self.client.request(method, path, json=body)
        assert answer.status_code == status, answer.text
        return answer.json().get("result") if answer.content else None


def hostaway(**readings: Any) -> Hostaway:
    clock = Clock()
    simulation = simulator(
        SimulatorOptions(limits="off", listings=8),
        today=date(2027, 3, 4),
        now=clock,
        readings=HostawayReadings(settle_seconds=0, **readings),
    )
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(simulation.app),
        base_url="https://api.test/v1",
        headers={"Authorization": f"Bearer {simulation.access_token()}"},
    )
    return Hostaway(client, clock, simulation)


@pytest.fixture
async def there() -> AsyncIterator[Hostaway]:
    found = hostaway()
    yield found
    await found.client.aclose()


async def test_what_is_sent_is_changed_and_all_else_stays(there: Hostaway) -> None:
    before = await there.get(LISTING + WHOLE)
    there.clock.at += timedelta(hours=1)
    answered = await there.send("PUT", LISTING, {"personCapacity": 9, "houseRules": None, "color": "red", "id": 7})
    after = await there.get(LISTING + WHOLE)
    assert {name for name in after if after[name] != before[name]} == {
        "personCapacity",
        "houseRules",
        "latestActivityOn",
    }
    assert (after["personCapacity"], after["houseRules"], after["latestActivityOn"]) == (9, None, "2027-03-04 10:00:00")
    assert answered["personCapacity"] == 9


async def test_a_name_is_changed_under_both_its_names(there: Hostaway) -> None:
    await there.send("PUT", LISTING, {"name": "Harbour loft"})
    assert (await there.get(LISTING))["externalListingName"] == "Harbour loft"
    assert [each["id"] for each in await there.get("/listings?match=harbour loft")] == [40001]


async def test_quotes_search_and_calendar_go_by_what_was_changed(there: Hostaway) -> None:
    change = {"price": 211.62, "personCapacity": 40, "guestsIncluded": 40, "minNights": 3, "weeklyDiscount": None}
    await there.send("PUT", LISTING, {**change, "cleaningFee": 40.32, "refundableDamageDeposit": None})
    stay = {"startingDate": "2027-11-08", "endingDate": "2027-11-10", "numberOfGuests": 2, "version": 2}
    quote = await there.send("POST", f"{LISTING}/calendar/priceDetails", stay)
    lines = {each["name"]: each["total"] for each in quote["components"]}
    assert (lines["cleaningFee"], "damageDeposit" in lines) == (40.32, False)
    day = (await there.get(f"{LISTING}/calendar?startDate=2027-11-08&endDate=2027-11-08"))[0]
    assert day["minimumStay"] == 3
    assert 40001 in [each["id"] for each in await there.get("/listings?availabilityGuestNumber=40")]
    assert (await there.get("/listings?sortOrder=latestActivityDesc"))[0]["id"] == 40001


async def test_an_array_is_replaced_as_a_whole(there: Hostaway) -> None:
    before = await there.get(LISTING + WHOLE)
    await there.send("PUT", LISTING, {"listingAmenities": [{"amenityId": 2}, {"amenityId": 3}, {"amenityId": 3}]})
    await there.send("PUT", LISTING, {"listingBedTypes": [{"bedTypeId": 33, "quantity": 1}]})
    after = await there.get(LISTING + WHOLE)
    assert [each["amenityId"] for each in after["listingAmenities"]] == [2, 3]
    assert [(each["bedTypeId"], each["quantity"]) for each in after["listingBedTypes"]] == [(33, 1)]
    assert after["listingImages"] == before["listingImages"]
    await there.send("PUT", LISTING, {"customFieldValues": []})
    assert (await there.get(LISTING + WHOLE))["customFieldValues"] == []


async def test_images_with_their_id_stay_and_those_without_are_new(there: Hostaway) -> None:
    first, *_ = (await there.get(LISTING + WHOLE))["listingImages"]
    new = {"url": "https://img.example.com/new.jpg", "caption": "Hall", "sortOrder": 1}
    await there.send("PUT", LISTING, {"listingImages": [{**first, "sortOrder": 2}, new]})
    kept, added = (await there.get(LISTING + WHOLE))["listingImages"]
    assert (kept["id"], kept["url"], kept["sortOrder"]) == (first["id"], first["url"], 2)
    assert (added["url"], added["caption"], added["airbnbCaption"]) == (new["url"], "Hall", None)
    assert added["id"] != first["id"]
    for bad in ({"id": first["id"]}, {"id": 1, "url": new["url"]}):
        await there.send("PUT", LISTING, {"listingImages": [bad]}, 422 if "url" not in bad else 400)


@pytest.mark.parametrize(
    "body",
    [
        {"roomType": "castle"},
        {"checkInTimeStart": 24},
        {"checkOutTime": "11:00"},
        {"price": -1},
        {"price": "much"},
        {"name": None},
        {"name": " "},
        {"cancellationPolicy": "super"},
        {"propertyLicenseIssueDate": "01.02.2027"},
        {"instantBookable": 2},
        {"listingAmenities": {"amenityId": 2}},
        {"listingBedTypes": [{"bedTypeId": 1}]},
        {"customFieldValues": [{"customFieldId": 167, "value": "of reservations"}]},
    ],
)
async def test_bad_values_change_nothing(there: Hostaway, body: dict[str, Any]) -> None:
    before = await there.get(LISTING + WHOLE)
    await there.send("PUT", LISTING, body, 400)
    assert await there.get(LISTING + WHOLE) == before


async def test_a_bad_value_may_be_ignored() -> None:
    there = hostaway(bad_value=None)
    answered = await there.send("PUT", LISTING, {"price": "much", "minNights": 4})
    assert (answered["price"], answered["minNights"]) == ((await there.get("/listings/40001"))["price"], 4)


async def test_a_listing_is_made_with_its_name_alone_and_is_read_like_all_others(there: Hostaway) -> None:
    keys = set(await there.get("/listings/40002" + WHOLE))
    made = await there.send("POST", "/listings", {"name": "Harbour loft", "externalListingName": "Harbour loft"})
    assert (made["id"], made["latestActivityOn"]) == (40009, "2027-03-04 09:00:00")
    read = await there.get(f"/listings/{made['id']}{WHOLE}")
    assert set(read) == keys
    assert {name: value for name, value in read.items() if value not in (None, [])} == {
        "id": 40009,
        "name": "Harbour loft",
        "externalListingName": "Harbour loft",
        "latestActivityOn": "2027-03-04 09:00:00",
    }
    assert (await there.get("/listings?limit=1&offset=8"))[0]["id"] == 40009
    assert await there.get("/listingFeeSettings/40009") == []
    assert len(await there.get("/listings/40009/calendar?startDate=2027-04-01&endDate=2027-04-03")) == 3


@pytest.mark.parametrize(
    "body", [{}, {"name": "A"}, {"externalListingName": "A"}, {"name": "", "externalListingName": ""}]
)
async def test_a_listing_needs_its_names(there: Hostaway, body: dict[str, Any]) -> None:
    await there.send("POST", "/listings", body, 422)
    assert len(await there.get("/listings")) == 8


async def test_ids_are_not_given_twice(there: Hostaway) -> None:
    names = {"name": "A", "externalListingName": "A"}
    first = await there.send("POST", "/listings", names)
    await there.send("DELETE", f"/listings/{first['id']}")
    assert (await there.send("POST", "/listings", names))["id"] == first["id"] + 1


async def test_a_removed_listing_is_gone_and_its_reservations_stay(there: Hostaway) -> None:
    assert await there.send("DELETE", LISTING) == []
    await there.send("DELETE", LISTING, status=404)
    for path in (LISTING, "/listingFeeSettings/40001", f"{LISTING}/calendar"):
        assert (await there.client.get(path)).status_code == 404
    assert 40001 not in [each["id"] for each in await there.get("/listings")]
    stay, *_ = await there.get("/reservations?listingId=40001")
    await there.send("DELETE", f"/reservations/{stay['id']}")


async def test_pictures_that_were_handed_over_appear_minutes_later(there: Hostaway) -> None:
    before = (await there.get(LISTING + WHOLE))["listingImages"]
    picture = {"url": "https://img.example.com/1.jpg", "vrboCaption": "Bay"}
    answered = await there.send("POST", f"{LISTING}/images", {"images": [picture]})
    assert answered["imagesCount"] == 1
    assert (await there.get(LISTING + WHOLE))["listingImages"] == before
    there.clock.at += timedelta(minutes=2)
    *kept, added = (await there.get(LISTING + WHOLE))["listingImages"]
    assert kept == before
    assert (added["url"], added["vrboCaption"], added["caption"], added["sortOrder"]) == (
        picture["url"],
        "Bay",
        None,
        0,
    )
    assert len((await there.get(LISTING + WHOLE))["listingImages"]) == len(before) + 1


@pytest.mark.parametrize(
    ("images", "text"),
    [
        ([], 'The "images" parameter is required and must be a non-empty array.'),
        (["x"], "Image at index 0 must be an object."),
        ([{}], 'Image at index 0 is missing the required "url" field.'),
        ([{"url": "not-a-valid-url"}], "Image at index 0 has an invalid URL: not-a-valid-url"),
    ],
)
async def test_pictures_are_refused_in_the_documented_words(there: Hostaway, images: Any, text: str) -> None:
    assert await there.send("POST", f"{LISTING}/images", {"images": images}, 400) == text


@pytest.mark.parametrize("form", ["list", "object", "bare", "nothing"])
async def test_an_export_is_answered_with_nothing_in_any_form(form: Any) -> None:
    there = hostaway(empty_success=form)
    answered = await there.send("POST", f"{LISTING}/export/airbnb")
    assert answered == {"list": [], "object": {}, "bare": None, "nothing": None}[form]
    assert there.simulation.accounts[0].changed.exports == [40001]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/listings/40007", {"price": 9}),
        ("POST", "/listings/40007/images", {"images": [{"url": "https://img.example.com/1.jpg"}]}),
        ("POST", "/listings/40007/export/airbnb", None),
    ],
)
async def test_an_archived_listing_takes_no_changes(method: str, path: str, body: Any) -> None:
    there = hostaway(archived_status=422)
    assert await there.send(method, path, body, 422) == "The listing is archived."


async def test_pictures_cannot_be_handed_over_to_an_older_version() -> None:
    there = hostaway(knows_image_upload=False)
    await there.send("POST", f"{LISTING}/images", {"images": [{"url": "https://img.example.com/1.jpg"}]}, 404)
