"""The Hostaway simulator: writing reservations, their price lines, and calendars."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest

from providers.contract import SimulatorOptions
from providers.hostaway.simulator import HostawayReadings, HostawaySimulation, odd, simulator
from providers.hostaway.simulator.accounts import ListingRow
from providers.hostaway.simulator.availability import are_open
from providers.hostaway.simulator.cards import DECLINED_CARD, GOOD_CARD

TODAY = date(2027, 3, 4)
NOW = datetime(2027, 3, 4, 9, tzinfo=UTC)
DAY = timedelta(days=1)


class There:
    """A simulation and a caller with a token of its first account."""

    def __init__(self, simulation: HostawaySimulation, client: httpx.AsyncClient) -> None:
        self.account = simulation.accounts[0]
        self.client = client

    def listing(self, number: int = 1) -> ListingRow:
        return list(self.account.listings.values())[number - 1]

    def body(self, row: ListingRow, nights: int = 3, **more: Any) -> dict[str, Any]:
        arrival = TODAY + DAY
        while not are_open(row, arrival - DAY, arrival + (nights + 1) * DAY):
            arrival += DAY
        return {
            "channelId": 2000,
            "listingMapId": row.id,
            "arrivalDate": f"{arrival}",
            "departureDate": f"{arrival + nights * DAY}",
            "guestName": "Ada Byron",
            "numberOfGuests": 2,
            "totalPrice": 720.5,
            **more,
        }

    async def made(self, body: dict[str, Any], **query: Any) -> dict[str, Any]:
        answer = await self.client.post("/reservations", json=body, params=query)
        assert answer.json()["status"] == "success", answer.text
        record: dict[str, Any] = answer.json()["result"]
        return record

    async def day(self, row: ListingRow, day: date | str) -> dict[str, Any]:
        params = {"startDate": f"{day}", "endDate": f"{day}", "includeResources": 1}
        found: dict[str, Any] = (await self.client.get(f"/listings/{row.id}/calendar", params=params)).json()["result"][
            0
        ]
        return found


@asynccontextmanager
async def running(limits: str = "off", **readings: Any) -> AsyncIterator[There]:
    options = SimulatorOptions(limits=limits, listings=12)
    simulation = simulator(options, today=TODAY, now=lambda: NOW, readings=HostawayReadings(**readings))
    headers = {"Authorization": f"Bearer {simulation.access_token()}"}
    transport = httpx.ASGITransport(simulation.app)
    async with httpx.AsyncClient(transport=transport, base_url="https://api.test/v1", headers=headers) as client:
        yield There(simulation, client)


async def test_a_made_reservation_is_in_every_read() -> None:
    async with running() as there:
        row = there.listing()
        made = await there.made(there.body(row, customerUserId="ext-1"), provider="x" * 80)
        assert (made["status"], made["source"], made["nights"]) == ("new", "x" * 65, 3)
        single = (await there.client.get(f"/reservations/{made['id']}")).json()["result"]
        assert single["guestName"] == "Ada Byron"
        newest = (await there.client.get("/reservations", params={"limit": 1})).json()["result"]
        assert [each["id"] for each in newest] == [made["id"]]
        listed = (await there.client.get("/reservations", params={"customerUserId": "ext-1"})).json()["result"]
        assert [each["id"] for each in listed] == [made["id"]]
        since = {"latestActivityStart": f"{TODAY}"}
        changed = (await there.client.get("/reservations", params=since)).json()["result"]
        assert made["id"] in [each["id"] for each in changed]
        day = await there.day(row, made["arrivalDate"])
        assert (day["status"], day["isAvailable"], day["reservations"][0]["id"]) == ("reserved", 0, made["id"])


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"channelId": 2003}, "channel"),
        ({"channelId": None}, "channelId"),
        ({"arrivalDate": None}, "arrivalDate"),
        ({"departureDate": "2027-01-01"}, "departureDate"),
        ({"arrivalDate": "2027-03-01", "departureDate": "2027-03-03"}, "past"),
        ({"guestName": None}, "guestName"),
        ({"totalPrice": -1}, "totalPrice"),
        ({"currency": "XAF"}, "currency"),
        ({"status": "confirmed"}, "status"),
        ({"couponName": "GONE"}, "Coupon"),
        ({"customFieldValues": [{"customFieldId": 168, "value": "x"}]}, "168"),
        ({"financeField": [{"name": "x"}]}, "financeField.type"),
    ],
)
async def test_a_bad_reservation_is_refused_and_takes_nothing(change: dict[str, Any], text: str) -> None:
    async with running() as there:
        before = dict(there.account.reservations)
        answer = await there.client.post("/reservations", json={**there.body(there.listing()), **change})
        assert answer.status_code == 422
        assert text in answer.json()["result"]
        assert there.account.reservations == before


@pytest.mark.parametrize("status", [200, 400])
async def test_taken_nights_are_refused_unless_forced(status: int) -> None:
    async with running(clash_status=status) as there:
        row = there.listing()
        body = there.body(row)
        await there.made(body)
        again = await there.client.post("/reservations", json=body)
        assert (again.status_code, again.json()["status"]) == (status, "fail")
        forced = await there.made(body, forceOverbooking=1)
        day = await there.day(row, body["arrivalDate"])
        assert len(day["reservations"]) == 2
        await there.client.delete(f"/reservations/{forced['id']}")
        assert (await there.day(row, body["arrivalDate"]))["status"] == "reserved"


async def test_an_archived_listing_and_an_unknown_one_refuse() -> None:
    async with running() as there:
        archived = there.listing(odd.ARCHIVED_LISTING)
        body = there.body(archived)
        answers = [
            await there.client.post("/reservations", json=body),
            await there.client.post("/reservations", json={**body, "listingMapId": 1}),
            await there.client.put(
                f"/listings/{archived.id}/calendar", json={"startDate": "2027-05-01", "endDate": "2027-05-02"}
            ),
        ]
        assert [each.status_code for each in answers] == [422, 404, 422]


async def test_several_units_take_as_many_stays_as_there_are_units() -> None:
    async with running() as there:
        row = there.listing(odd.MULTI_UNIT_LISTING)
        body = there.body(row)
        left = (await there.day(row, body["arrivalDate"]))["availableUnitsToSell"]
        for _ in range(left):
            await there.made(body | {"departureDate": f"{date.fromisoformat(body['arrivalDate']) + DAY}"})
        full = await there.client.post("/reservations", json=body)
        assert full.json()["status"] == "fail"
        day = await there.day(row, body["arrivalDate"])
        assert (day["status"], day["availableUnitsToSell"]) == ("reserved", 0)


@pytest.mark.parametrize(
    ("card", "made", "text"),
    [
        ({"ccNumber": GOOD_CARD}, True, ""),
        ({"ccNumber": DECLINED_CARD}, False, "declined"),
        ({"ccNumber": None}, False, "no credit card"),
    ],
)
async def test_a_card_is_charged_at_once_and_a_failed_one_leaves_nothing(
    card: dict[str, Any], made: bool, text: str
) -> None:
    async with running() as there:
        row = there.listing()
        whole = {"ccName": "Ada", "ccExpirationYear": "2030", "ccExpirationMonth": "12", "cvc": "423", **card}
        body = there.body(row, **whole)
        answer = await there.client.post("/reservations", json=body, params={"validatePaymentMethod": 1})
        assert (answer.json()["status"] == "success") == made
        assert text in str(answer.json()["result"])
        assert (await there.day(row, body["arrivalDate"]))["isAvailable"] == int(not made)
        assert "423" not in str(answer.json()["result"])


async def test_without_a_payment_rule_no_card_is_charged() -> None:
    async with running(charges_cards=False) as there:
        whole = {"ccName": "A", "ccExpirationYear": "2030", "ccExpirationMonth": "12", "cvc": "423"}
        body = there.body(there.listing(), ccNumber=DECLINED_CARD, **whole)
        assert (await there.made(body, validatePaymentMethod=1))["isPaid"] is None


async def test_a_coupon_loses_a_use_to_a_reservation() -> None:
    async with running() as there:
        made = await there.made(there.body(there.listing(), couponName="ONCE"))
        coupons = {each["name"]: each for each in (await there.client.get("/coupons")).json()["result"]}
        assert coupons["ONCE"]["numberOfUsesUsed"] == 1
        used = (await there.client.get("/reservationCoupons")).json()["result"]
        assert [(each["id"], each["reservationId"]) for each in used] == [(made["reservationCouponId"], made["id"])]
        again = await there.client.post("/reservations", json=there.body(there.listing(2), couponName="ONCE"))
        assert again.status_code == 422


@pytest.mark.parametrize("replaces", [True, False])
async def test_an_update_empties_or_keeps_what_it_leaves_out(replaces: bool) -> None:
    async with running(put_replaces=replaces) as there:
        made = await there.made(there.body(there.listing(), hostNote="note"))
        answer = await there.client.put(f"/reservations/{made['id']}", json={"guestName": "Zoe"})
        record = answer.json()["result"]
        assert (record["guestName"], record["hostNote"]) == ("Zoe", None if replaces else "note")
        assert record["arrivalDate"] == made["arrivalDate"]


async def test_an_update_cannot_move_a_reservation_to_another_listing() -> None:
    async with running() as there:
        made = await there.made(there.body(there.listing()))
        answer = await there.client.put(f"/reservations/{made['id']}", json={"listingMapId": there.listing(2).id})
        assert answer.status_code == 422


LINE = {
    "type": "fee",
    "name": "petFee",
    "title": "Pets",
    "alias": "Dog",
    "value": 20,
    "total": 20,
    "isIncludedInTotalPrice": 1,
    "isOverriddenByUser": 1,
    "isMandatory": 0,
    "isDeleted": 0,
}


@pytest.mark.parametrize("drops", [True, False])
@pytest.mark.parametrize("resets", [True, False])
async def test_lines_and_properties_that_are_left_out_go_or_stay(drops: bool, resets: bool) -> None:
    async with running(finance_drops_lines=drops, finance_resets_properties=resets) as there:
        made = await there.made(there.body(there.listing(), financeField=[LINE, {**LINE, "name": "parkingFee"}]))
        first, second = made["financeField"]
        update = {"financeField": [{"id": first["id"], "value": 25, "isOverriddenByUser": 1}], "totalPrice": 25}
        record = (await there.client.put(f"/reservations/{made['id']}", json=update)).json()["result"]
        one, two = record["financeField"]
        assert (one["value"], one["total"], one["alias"]) == (25, 25, None if resets else "Dog")
        assert (two["isDeleted"], two["total"]) == ((1, 0) if drops else (0, 20))
        assert two["id"] == second["id"]
        assert record["totalPrice"] == 25


async def test_one_line_is_changed_without_the_total() -> None:
    async with running() as there:
        made = await there.made(there.body(there.listing(), financeField=[LINE]))
        path = f"/financeField/{made['id']}/{made['financeField'][0]['id']}"
        line = (await there.client.put(path, json={"value": 1000, "isOverriddenByUser": 1})).json()["result"]
        assert (line["total"], line["alias"]) == (1000, "Dog")
        assert (await there.client.get(f"/reservations/{made['id']}")).json()["result"]["totalPrice"] == 720.5
        assert (await there.client.put(f"/financeField/{made['id']}/1", json={})).status_code == 404


@pytest.mark.parametrize("error", [True, False])
async def test_a_cancellation_frees_the_nights_and_a_second_one_may_be_refused(error: bool) -> None:
    async with running(cancelling_twice_is_error=error) as there:
        row = there.listing()
        made = await there.made(there.body(row))
        path = f"/reservations/{made['id']}/statuses/cancelled"
        bad = await there.client.put(path, json={"cancelledBy": "dog"})
        record = (await there.client.put(path, json={"cancelledBy": "guest"})).json()["result"]
        assert (bad.status_code, record["status"], record["cancelledBy"]) == (422, "cancelled", "guest")
        assert (await there.day(row, made["arrivalDate"]))["isAvailable"] == 1
        assert (await there.client.put(path, json={"cancelledBy": "host"})).is_success != error


async def test_only_a_guest_of_booking_com_can_be_reported() -> None:
    async with running() as there:
        row = there.listing()
        direct = await there.made(there.body(row))
        booking = await there.made(there.body(row, channelId=2005))
        answers = [
            await there.client.put(f"/reservations/{each['id']}/statuses/noShow", json={"waivedFees": True})
            for each in (direct, booking)
        ]
        assert [each.status_code for each in answers] == [422, 200]
        assert answers[1].json()["result"]["bookingcomNoShowFeeWaived"] is True


# Calendars.


@pytest.mark.parametrize("inclusive", [True, False])
async def test_an_interval_answers_the_days_that_it_changed(inclusive: bool) -> None:
    async with running(interval_end_inclusive=inclusive) as there:
        row = there.listing()
        body = {"startDate": "2027-10-01", "endDate": "2027-10-03", "price": 210.5, "minimumStay": 4, "note": "fair"}
        days = (await there.client.put(f"/listings/{row.id}/calendar", json=body)).json()["result"]
        expected = ["2027-10-01", "2027-10-02", "2027-10-03"][: 3 if inclusive else 2]
        assert [each["date"] for each in days] == expected
        assert {(each["price"], each["minimumStay"], each["note"]) for each in days} == {(210.5, 4, "fair")}
        assert (await there.day(row, "2027-10-02"))["price"] == 210.5


@pytest.mark.parametrize("resets", [True, False])
async def test_fields_that_an_interval_leaves_out_stay_or_go_back(resets: bool) -> None:
    async with running(interval_resets_left_out=resets) as there:
        row = there.listing()
        own = (await there.day(row, "2027-10-01"))["price"]
        span = {"startDate": "2027-10-01", "endDate": "2027-10-01"}
        for body in ({"isAvailable": 0, "price": 999}, {"note": "x"}):
            await there.client.put(f"/listings/{row.id}/calendar", json={**span, **body})
        day = await there.day(row, "2027-10-01")
        assert (day["price"], day["status"]) == ((own, "available") if resets else (999, "blocked"))


@pytest.mark.parametrize("atomic", [True, False])
async def test_a_bad_interval_spoils_the_batch_or_ends_it(atomic: bool) -> None:
    async with running(batch_is_atomic=atomic) as there:
        row = there.listing()
        days = ("2027-10-01", "2027-10-02", "2027-10-03")
        body = [
            {"startDate": day, "endDate": day, "price": price} for day, price in zip(days, (11, -1, 13), strict=True)
        ]
        answer = await there.client.put(f"/listings/{row.id}/calendarIntervals", json=body)
        assert answer.status_code == 422
        prices = [(await there.day(row, day))["price"] for day in days]
        assert [price == 11 for price in prices] == [not atomic, False, False]
        assert 13 not in prices


async def test_200_intervals_are_taken_and_201_are_not() -> None:
    async with running() as there:
        row = there.listing()
        days = [date(2027, 10, 1) + n * DAY for n in range(201)]
        body = [{"startDate": f"{day}", "endDate": f"{day}", "price": 50} for day in days]
        path = f"/listings/{row.id}/calendarIntervals"
        statuses = [
            (await there.client.put(path, json=each)).status_code for each in (body, body[:200], [], {"x": 1}, "no")
        ]
        assert statuses == [422, 200, 422, 422, 422]


@pytest.mark.parametrize("error", [True, False])
async def test_a_reserved_night_cannot_be_freed(error: bool) -> None:
    async with running(freeing_taken_is_error=error) as there:
        row = there.listing()
        made = await there.made(there.body(row))
        span = {"startDate": made["arrivalDate"], "endDate": made["arrivalDate"], "isAvailable": 1}
        answer = await there.client.put(f"/listings/{row.id}/calendar", json=span)
        assert answer.is_success != error
        assert (await there.day(row, made["arrivalDate"]))["status"] == "reserved"


async def test_units_are_blocked_by_the_number_to_sell() -> None:
    async with running() as there:
        row = there.listing(odd.MULTI_UNIT_LISTING)
        body = there.body(row)
        path = f"/listings/{row.id}/calendar"
        span = {"startDate": body["arrivalDate"], "endDate": body["arrivalDate"]}
        left = (await there.day(row, body["arrivalDate"]))["availableUnitsToSell"]
        day = (await there.client.put(path, json={**span, "desiredUnitsToSell": 1})).json()["result"][0]
        assert (day["availableUnitsToSell"], day["countBlockedUnits"]) == (1, left - 1)
        assert (await there.client.put(path, json={**span, "isAvailable": 0})).status_code == 422
        single = f"/listings/{there.listing().id}/calendar"
        assert (await there.client.put(single, json={**span, "desiredUnitsToSell": 1})).status_code == 422


async def test_a_written_price_is_quoted_and_a_block_is_not_for_sale() -> None:
    async with running(quote_checks_calendar=True) as there:
        row = there.listing()
        body = there.body(row)
        span = {"startDate": body["arrivalDate"], "endDate": body["departureDate"]}
        stay = {
            "startingDate": body["arrivalDate"],
            "endingDate": body["departureDate"],
            "numberOfGuests": 1,
            "version": 2,
        }
        quote = f"/listings/{row.id}/calendar/priceDetails"
        await there.client.put(f"/listings/{row.id}/calendar", json={**span, "price": 77, "isAvailable": 1})
        lines = (await there.client.post(quote, json=stay)).json()["result"]["components"]
        assert next(each["total"] for each in lines if each["name"] == "baseRate") == 3 * 77
        await there.client.put(f"/listings/{row.id}/calendar", json={**span, "isAvailable": 0})
        assert (await there.client.post(quote, json=stay)).status_code == 422
        assert (await there.client.post("/reservations", json=body)).json()["status"] == "fail"


async def test_writes_use_up_the_limits() -> None:
    async with running(limits="seed") as there:
        row = there.listing()
        span = {"startDate": "2027-10-01", "endDate": "2027-10-01", "price": 50}
        statuses = [(await there.client.put(f"/listings/{row.id}/calendar", json=span)).status_code for _ in range(16)]
        assert statuses == [200] * 15 + [429]


async def test_new_reservations_have_a_limit_of_their_own_since_2026_08() -> None:
    async with running(limits="2026-08") as there:
        bad = [(await there.client.post("/reservations", json={})).status_code for _ in range(201)]
        assert bad == [422] * 200 + [429]
        assert (await there.client.get("/reservations")).status_code == 200
