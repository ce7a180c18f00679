"""The Hostaway simulator: calendars and quotes."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from providers.contract import SimulatorOptions
from providers.hostaway.simulator import HostawayReadings, HostawaySimulation, odd, simulator

TODAY = date(2027, 3, 4)
NOW = datetime(2027, 3, 4, 9, tzinfo=UTC)
COUNTERS = (
    "countAvailableUnits",
    "availableUnitsToSell",
    "countPendingUnits",
    "countBlockedUnits",
    "countReservedUnits",
)
MULTI_UNIT = 40_000 + odd.MULTI_UNIT_LISTING


def simulated(**readings: Any) -> HostawaySimulation:
    options = SimulatorOptions(limits="off", listings=40)
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


async def days(client: httpx.AsyncClient, listing: int, start: date, end: date, **params: Any) -> list[dict[str, Any]]:
    answer = await client.get(
        f"/listings/{listing}/calendar", params={"startDate": str(start), "endDate": str(end), **params}
    )
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["result"]
    return found


async def quote(client: httpx.AsyncClient, listing: int, nights: int = 3, **body: Any) -> httpx.Response:
    arrival = date(2027, 9, 6)
    whole = {
        "startingDate": str(arrival),
        "endingDate": str(arrival + timedelta(days=nights)),
        "numberOfGuests": 1,
        "version": 2,
        **body,
    }
    return await client.post(f"/listings/{listing}/calendar/priceDetails", json=whole)


async def lines(client: httpx.AsyncClient, listing: int, nights: int = 3, **body: Any) -> dict[str, dict[str, Any]]:
    """Lines by name, after a check of the sum rule."""
    answer = await quote(client, listing, nights, **body)
    assert answer.status_code == 200, answer.text
    result = answer.json()["result"]
    counted = [each for each in result["components"] if each["isIncludedInTotalPrice"] and not each["isDeleted"]]
    assert sum((money(each["total"]) for each in counted), Decimal(0)) == money(result["totalPrice"])
    return {each["name"]: each for each in result["components"]}


def money(value: float) -> Decimal:
    return Decimal(str(value))


async def test_calendar_has_every_day_and_the_last_one_too(client: httpx.AsyncClient) -> None:
    found = await days(client, 40001, date(2027, 3, 10), date(2027, 3, 12))
    assert [day["date"] for day in found] == ["2027-03-10", "2027-03-11", "2027-03-12"]


async def test_calendar_leaves_the_last_day_out_under_that_reading() -> None:
    async with caller(simulated(calendar_end_inclusive=False)) as client:
        found = await days(client, 40001, date(2027, 3, 10), date(2027, 3, 12))
    assert [day["date"] for day in found] == ["2027-03-10", "2027-03-11"]


async def test_calendar_without_dates_begins_today(client: httpx.AsyncClient) -> None:
    found = (await client.get("/listings/40001/calendar")).json()["result"]
    assert (found[0]["date"], len(found)) == ("2027-03-04", 31)


@pytest.mark.parametrize(
    "span",
    [("2027-03-10", "2027-03-01"), ("2027-03-10", "2037-03-01"), ("x", "2027-03-01"), ("2027-3-1", "2027-03-02")],
)
async def test_calendar_refuses_bad_ranges(client: httpx.AsyncClient, span: tuple[str, str]) -> None:
    answer = await client.get("/listings/40001/calendar", params={"startDate": span[0], "endDate": span[1]})
    assert answer.status_code == 400


async def test_calendar_of_an_unknown_listing_is_not_found(client: httpx.AsyncClient) -> None:
    assert (await client.get("/listings/1/calendar")).status_code == 404


async def test_calendar_agrees_with_the_reservations(client: httpx.AsyncClient) -> None:
    holding = {"new": "reserved", "modified": "reserved", odd.UNKNOWN_STATUS: "reserved", "ownerStay": "blocked"}
    holding |= dict.fromkeys(("pending", "unconfirmed", "awaitingPayment"), "pending")
    seen = set()
    for listing in (40001, 40002, 40008, 40009, 40010):
        rows = (await client.get("/reservations", params={"listingId": listing})).json()
        assert rows["count"] <= 100
        taken = {
            str(date.fromisoformat(row["arrivalDate"]) + timedelta(days=night)): holding[row["status"]]
            for row in rows["result"]
            if row["status"] in holding
            for night in range(row["nights"])
        }
        found = await days(client, listing, TODAY - timedelta(days=180), TODAY + timedelta(days=200))
        assert {day["date"]: day["status"] for day in found if day["status"] != "available"} == taken
        assert all(day["isAvailable"] == (day["status"] == "available") for day in found)
        seen |= {day["status"] for day in found}
    assert seen == {"available", "reserved", "blocked", "pending"}


async def test_calendar_shows_reduced_reservations_on_request(client: httpx.AsyncClient) -> None:
    span = (TODAY, TODAY + timedelta(days=60))
    assert all(day["reservations"] == [] for day in await days(client, 40001, *span))
    full = await days(client, 40001, *span, includeResources=1)
    shown = [(day["date"], each) for day in full for each in day["reservations"]]
    assert shown
    for day, each in shown:
        assert each["arrivalDate"] <= day < each["departureDate"]
        assert not {"hostawayReservationId", "financeField", "confirmationCode", "source"} & set(each)
        assert "externalRuid" in each


async def test_unit_counters_are_for_multi_unit_listings_only(client: httpx.AsyncClient) -> None:
    span = (TODAY - timedelta(days=180), TODAY + timedelta(days=180))
    assert all(day[name] is None for day in await days(client, 40001, *span) for name in COUNTERS)
    found = await days(client, MULTI_UNIT, *span)
    for day in found:
        taken = day["countPendingUnits"] + day["countBlockedUnits"] + day["countReservedUnits"]
        assert day["countAvailableUnits"] == odd.UNITS
        assert day["availableUnitsToSell"] == odd.UNITS - taken
        assert day["isAvailable"] == int(day["availableUnitsToSell"] > 0)
    assert {day["availableUnitsToSell"] for day in found} == {0, 2, 3}


async def test_weekly_listing_closes_days_in_summer(client: httpx.AsyncClient) -> None:
    july = await days(client, 40007, date(2027, 7, 1), date(2027, 7, 31))
    for day in july:
        saturday = date.fromisoformat(day["date"]).weekday() == 5
        assert (day["closedOnArrival"], day["closedOnDeparture"], day["minimumStay"]) == (int(not saturday),) * 2 + (7,)
    assert {day["closedOnArrival"] for day in await days(client, 40007, TODAY, TODAY)} == {None}


async def test_quote_adds_up_the_nightly_prices_of_the_calendar(client: httpx.AsyncClient) -> None:
    found = await lines(client, 40001, nights=3)
    nights = await days(client, 40001, date(2027, 9, 6), date(2027, 9, 8))
    assert money(found["baseRate"]["total"]) == sum((money(day["price"]) for day in nights), Decimal(0))
    assert {each["id"] for each in found.values()} == {None}
    assert found["cleaningFee"]["type"] == "fee"
    assert "weeklyDiscount" not in found


async def test_quote_of_a_week_and_of_a_month_has_one_discount(client: httpx.AsyncClient) -> None:
    for nights, name, percent in ((7, "weeklyDiscount", 5), (27, "weeklyDiscount", 5), (28, "monthlyDiscount", 29)):
        found = await lines(client, 40001, nights=nights)
        discounts = {each["name"]: each for each in found.values() if each["type"] == "discount"}
        assert set(discounts) == {name}
        off = -money(found["baseRate"]["total"]) * percent / 100
        assert abs(money(discounts[name]["total"]) - off) <= Decimal("0.005")


async def test_quote_charges_guests_beyond_those_included(client: httpx.AsyncClient) -> None:
    rows = (await client.get("/listings")).json()["result"]
    row = next(each for each in rows[7:] if each["guestsIncluded"] < each["personCapacity"])
    included = row["guestsIncluded"]
    assert "priceForExtraPerson" not in await lines(client, row["id"], numberOfGuests=included)
    found = await lines(client, row["id"], nights=3, numberOfGuests=included + 1)
    assert money(found["priceForExtraPerson"]["total"]) == money(row["priceForExtraPerson"]) * 3


async def fees(client: httpx.AsyncClient, listing: int) -> dict[str, dict[str, Any]]:
    found = (await client.get(f"/listingFeeSettings/{listing}")).json()["result"]
    return {fee["feeType"]: fee for fee in found}


async def test_mandatory_fees_come_by_themselves(client: httpx.AsyncClient) -> None:
    linen = (await fees(client, 40002))["linenPackageFee"]
    assert linen["isMandatory"] == 1
    line = (await lines(client, 40002, numberOfGuests=2))["linenPackageFee"]
    assert (line["listingFeeSettingId"], line["isMandatory"]) == (linen["id"], 1)
    assert money(line["total"]) == money(linen["amount"]) * 2


async def test_percent_fee_is_of_the_base_rate(client: httpx.AsyncClient) -> None:
    found = await lines(client, 40001)
    share = money(found["baseRate"]["total"]) * 3 / 100
    assert abs(money(found["serviceFee"]["total"]) - share) <= Decimal("0.005")


async def test_optional_extra_is_added_by_name_and_quantity_multiplies(client: httpx.AsyncClient) -> None:
    pet = (await fees(client, 40001))["petFee"]
    wish = {"listingFeeSettingId": pet["id"], "name": "petFee"}
    assert "petFee" not in await lines(client, 40001)
    once = (await lines(client, 40001, components=[wish]))["petFee"]
    assert (once["isMandatory"], once["alias"], once["isQuantitySelectable"]) == (0, "", 1)
    twice = (await lines(client, 40001, components=[{**wish, "quantity": 2, "isQuantitySelectable": 1}]))["petFee"]
    assert (money(twice["total"]), twice["quantity"]) == (money(once["total"]) * 2, 2)


async def test_quantity_counts_only_where_it_may_be_chosen(client: httpx.AsyncClient) -> None:
    parking = (await fees(client, 40001))["parkingFee"]
    wish = {"listingFeeSettingId": parking["id"], "name": "parkingFee", "quantity": 5}
    line = (await lines(client, 40001, nights=3, components=[wish]))["parkingFee"]
    assert (money(line["total"]), line["quantity"]) == (money(parking["amount"]) * 3, None)


async def test_overridden_line_takes_the_given_value(client: httpx.AsyncClient) -> None:
    wish = {"listingFeeSettingId": None, "name": "cleaningFee", "isOverriddenByUser": 1, "value": 12.34}
    line = (await lines(client, 40001, components=[wish]))["cleaningFee"]
    assert (line["total"], line["value"], line["isOverriddenByUser"], line["isMandatory"]) == (12.34, 12.34, 1, None)


async def test_deleted_line_counts_for_nothing(client: httpx.AsyncClient) -> None:
    before = (await quote(client, 40001)).json()["result"]["totalPrice"]
    cleaning = (await lines(client, 40001))["cleaningFee"]["total"]
    wish = {"listingFeeSettingId": None, "name": "cleaningFee", "isDeleted": 1}
    line = (await lines(client, 40001, components=[wish]))["cleaningFee"]
    assert (line["isDeleted"], line["total"], line["value"]) == (1, 0, None)
    after = (await quote(client, 40001, components=[wish])).json()["result"]["totalPrice"]
    assert money(before) - money(after) == money(cleaning)


async def test_deleted_line_is_left_out_under_that_reading() -> None:
    async with caller(simulated(quote_keeps_deleted=False)) as client:
        wish = {"listingFeeSettingId": None, "name": "cleaningFee", "isDeleted": 1}
        assert "cleaningFee" not in await lines(client, 40001, components=[wish])


async def taxed_listing(client: httpx.AsyncClient, apply_to: str) -> tuple[int, dict[str, Any]]:
    for number in (*range(1, 3), *range(8, 41)):
        for tax in (await client.get(f"/listingTaxSettings/{40_000 + number}")).json()["result"]:
            if tax["applyTo"] == apply_to:
                return 40_000 + number, tax
    raise AssertionError(apply_to)


async def test_tax_is_of_the_base_rate_less_discount_and_of_chosen_extras(client: httpx.AsyncClient) -> None:
    listing, tax = await taxed_listing(client, '["baseRate", "cleaningFee"]')
    parking = (await fees(client, listing))["parkingFee"]
    wish = {"listingFeeSettingId": parking["id"], "name": "parkingFee"}
    found = await lines(client, listing, nights=7, components=[wish])
    base = [each for each in found.values() if each["type"] in ("price", "discount") or each["name"] == "parkingFee"]
    share = sum((money(each["total"]) for each in base), Decimal(0)) * money(tax["amount"]) / 100
    assert abs(money(found[tax["taxType"]]["total"]) - share) <= Decimal("0.5")


async def test_tax_is_of_what_it_applies_to_under_that_reading() -> None:
    async with caller(simulated(tax_by_apply_to=True)) as client:
        listing, tax = await taxed_listing(client, '["baseRate", "cleaningFee"]')
        found = await lines(client, listing)
        base = [each for each in found.values() if each["type"] == "price" or each["name"] == "cleaningFee"]
        share = sum((money(each["total"]) for each in base), Decimal(0)) * money(tax["amount"]) / 100
        assert abs(money(found[tax["taxType"]]["total"]) - share) <= Decimal("0.5")


async def test_every_listing_has_a_quote_that_adds_up(client: httpx.AsyncClient) -> None:
    for number in range(1, 41):
        for nights, guests in ((1, 1), (7, 4), (30, 9)):
            assert await lines(client, 40_000 + number, nights=nights, numberOfGuests=guests)


async def test_markup_raises_the_base_rate(client: httpx.AsyncClient) -> None:
    plain, raised = await lines(client, 40001), await lines(client, 40001, markup=1.2)
    expected = money(plain["baseRate"]["total"]) * Decimal("1.2")
    assert abs(money(raised["baseRate"]["total"]) - expected) <= Decimal("0.005")


async def test_guests_may_be_text_and_the_body_plain_text(client: httpx.AsyncClient) -> None:
    body = {"startingDate": "2027-09-06", "endingDate": "2027-09-09", "numberOfGuests": "1", "version": 2}
    answer = await client.post(
        "/listings/40001/calendar/priceDetails",
        content=json.dumps(body),
        headers={"Content-Type": "text/plain"},
    )
    assert answer.json() == (await quote(client, 40001)).json()


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"startingDate": None}, "startingDate"),
        ({"startingDate": "soon"}, "startingDate"),
        ({"endingDate": "2027-09-06"}, "endingDate"),
        ({"endingDate": "2199-09-06"}, "endingDate"),
        ({"numberOfGuests": 0}, "numberOfGuests"),
        ({"numberOfGuests": "two"}, "numberOfGuests"),
        ({"version": 1}, "version"),
        ({"version": None}, "version"),
        ({"markup": 0.5}, "markup"),
        ({"components": [{"listingFeeSettingId": 1}]}, "components"),
        ({"components": [{"listingFeeSettingId": 1, "name": "petFee"}]}, "component"),
        ({"components": [{"name": "cleaningFee", "isOverriddenByUser": 1, "value": 1e300}]}, "components"),
        ({"reservationCouponId": 7}, "coupon"),
    ],
)
async def test_bad_quotes_are_refused_with_the_field(
    client: httpx.AsyncClient, changed: dict[str, Any], field: str
) -> None:
    answer = await quote(client, 40001, **changed)
    assert answer.status_code == 422
    assert answer.json()["status"] == "fail"
    assert field in answer.json()["result"]


async def test_quote_body_must_be_json(client: httpx.AsyncClient) -> None:
    path = "/listings/40001/calendar/priceDetails"
    assert (await client.post(path, content=b"startingDate=x")).status_code == 400
    assert (await client.post(path, content=b"[" * 100_001)).status_code == 400
    assert (await client.post(path, json=[1])).status_code == 422


async def test_taken_stays_are_priced_unless_the_calendar_is_checked(simulation: HostawaySimulation) -> None:
    row = simulation.accounts[0].listings[40001]
    taken = next(day for day in sorted(row.nights) if day > TODAY)
    stay: dict[str, Any] = {"startingDate": str(taken), "endingDate": str(taken + timedelta(days=3))}
    free = next(
        day
        for day in (TODAY + timedelta(days=number) for number in range(1, 180))
        if not any(day + timedelta(days=night) in row.nights for night in range(3))
    )
    open_stay: dict[str, Any] = {"startingDate": str(free), "endingDate": str(free + timedelta(days=3))}
    async with caller(simulation) as client:
        assert (await quote(client, 40001, **stay)).status_code == 200
    async with caller(simulated(quote_checks_calendar=True)) as client:
        assert (await quote(client, 40001, **stay)).status_code == 422
        assert (await quote(client, 40001, **open_stay, numberOfGuests=99)).status_code == 422
        assert (await quote(client, 40001, **open_stay)).status_code == 200


@pytest.mark.parametrize(("in_list", "shape"), [(True, list), (False, dict)])
async def test_a_coupon_is_tied_to_a_listing_and_lowers_its_quote(in_list: bool, shape: type) -> None:
    async with caller(simulated(coupon_in_list=in_list)) as client:
        body = {"couponName": "welcome10", "listingMapId": 40001, "startingDate": "2027-09-06"}
        result = (await client.post("/reservationCoupons", json=body)).json()["result"]
        assert isinstance(result, shape)
        coupon = (result[0] if in_list else result)["reservationCouponId"]
        found = await lines(client, 40001, reservationCouponId=coupon)
        tenth = (money(found["baseRate"]["total"]) / 10).quantize(Decimal("0.01"))
        assert money(found["couponDiscount"]["total"]) == -tenth
        assert (await quote(client, 40002, reservationCouponId=coupon)).status_code == 422
        (used,) = (await client.get("/reservationCoupons")).json()["result"]
        assert (used["id"], used["reservationId"], used["couponName"]) == (coupon, 0, "WELCOME10")


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"couponName": "NOSUCH"}, 422),
        ({"couponName": "GONE"}, 422),
        ({"couponName": "LONGSTAY", "endingDate": "2027-09-08"}, 422),
        ({"startingDate": "soon"}, 422),
        ({"listingMapId": 1}, 404),
    ],
)
async def test_a_coupon_that_does_not_fit_is_refused(
    client: httpx.AsyncClient, changes: dict[str, Any], status: int
) -> None:
    body = {"couponName": "WELCOME10", "listingMapId": 40001, "startingDate": "2027-09-06"}
    assert (await client.post("/reservationCoupons", json=body | changes)).status_code == status
