from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

import pytest

from providers.errors import NotFound, UpstreamInvalid, UpstreamRefused, UpstreamUnavailable
from providers.hostaway import calendar as calendars
from providers.hostaway.client import HostawayClient
from providers.model import DayStatus, FinanceLineType, Money, PriceSource
from providers.queries import Days, QuoteRequest
from tests.providers.hostaway.plugin_session import NOW, FakeSession, success
from tests.turns import counted_turns

JULY = Days(date(2027, 7, 1), date(2027, 7, 4))


def day(day_of_july, **changes):
    return {
        "id": 46253,
        "date": f"2027-07-{day_of_july:02}",
        "isAvailable": 1,
        "isProcessed": 1,
        "status": "available",
        "price": 225.5,
        "minimumStay": 2,
        "maximumStay": 1125,
        "closedOnArrival": None,
        "closedOnDeparture": None,
        "note": None,
        "countAvailableUnits": None,
        "availableUnitsToSell": None,
        "reservations": [],
    } | changes


def client(route):
    session = FakeSession(route)
    return HostawayClient(session, "10450", now=lambda: NOW), session


async def calendar(*rows, days=JULY):
    reads, _ = client(lambda call: success(list(rows)))
    return (await reads.calendars(["40160"], days)).found["40160"]


async def test_a_calendar_is_asked_for_up_to_the_day_after_its_last():
    reads, session = client(lambda call: success([day(1), day(2), day(3), day(4)]))
    batch = await reads.calendars(["40160"], JULY)
    found = batch.found["40160"]
    assert [(call.path, dict(call.query)) for call in session.calls] == [
        ("/v1/listings/40160/calendar", {"startDate": "2027-07-01", "endDate": "2027-07-04"})
    ]
    assert (found.provider, found.account_id, found.listing_id, found.currency) == ("HOSTAWAY", "acc-1", "40160", None)
    assert (found.start, found.end) == (JULY.start, JULY.end)
    assert [each.date for each in found.days] == list(JULY), "the end of the range came along and was dropped"


async def test_a_day_is_told_in_unified_words():
    first = (await calendar(day(1, note="painted"))).days[0]
    assert (first.status, first.provider_status, first.available) == (DayStatus.AVAILABLE, "available", True)
    assert (first.price, first.minimum_stay, first.note) == (Decimal("225.5"), 2, "painted")


async def test_days_in_any_order_and_missing_ones_make_a_whole_calendar():
    days = (await calendar(day(3), {"date": "soon"}, "junk", day(1))).days
    assert [(each.date.day, each.status) for each in days] == [(1, "AVAILABLE"), (2, "UNKNOWN"), (3, "AVAILABLE")]
    assert (days[1].available, days[1].price, days[1].closed_to_arrival) == (None, None, None)


@pytest.mark.parametrize(
    ("word", "is_available", "status", "available"),
    [
        ("available", 1, "AVAILABLE", True),
        ("available", None, "AVAILABLE", True),
        ("available", 0, "UNKNOWN", False),
        ("reserved", 0, "RESERVED", False),
        ("reserved", None, "RESERVED", False),
        ("mreserved", 0, "RESERVED", False),
        ("conflicted", 0, "RESERVED", False),
        ("pending", 0, "PENDING", False),
        ("blocked", 0, "BLOCKED", False),
        ("mblocked", 0, "BLOCKED", False),
        ("hardBlock", 0, "BLOCKED", False),
        ("haunted", 0, "UNKNOWN", False),
        ("haunted", None, "UNKNOWN", None),
        ("hardBlock", 1, "BLOCKED", False),
        (None, 1, "AVAILABLE", True),
        (None, None, "UNKNOWN", None),
    ],
)
async def test_every_word_for_a_day_has_its_unified_one(word, is_available, status, available):
    first = (await calendar(day(1, status=word, isAvailable=is_available))).days[0]
    assert (first.status, first.available, first.provider_status) == (status, available, word)


async def test_closed_to_arrival_and_departure_unsaid_means_open():
    unsaid, closed = (await calendar(day(1), day(2, closedOnArrival=1, closedOnDeparture="1"))).days[:2]
    assert (unsaid.closed_to_arrival, unsaid.closed_to_departure) == (False, False)
    assert (closed.closed_to_arrival, closed.closed_to_departure) == (True, True)


async def test_1125_nights_and_nonsense_are_no_limits_of_a_stay():
    first, second = (await calendar(day(1), day(2, minimumStay=0, maximumStay=30))).days[:2]
    assert (first.maximum_stay, second.maximum_stay, second.minimum_stay) == (None, 30, None)


async def test_units_are_counted_where_there_are_several():
    units = {"countAvailableUnits": 5, "availableUnitsToSell": 2}
    first, second = (await calendar(day(1, **units), day(2))).days[:2]
    assert (first.units_total, first.units_available) == (5, 2)
    assert (second.units_total, second.units_available) == (None, None)


@pytest.mark.parametrize(
    ("word", "is_available", "left", "status"),
    [
        ("reserved", 1, 2, "AVAILABLE"),
        ("pending", 0, 1, "AVAILABLE"),
        ("available", 1, 0, "RESERVED"),
        ("blocked", 0, 0, "BLOCKED"),
        ("haunted", None, 0, "RESERVED"),
    ],
)
async def test_of_several_units_those_left_decide(word, is_available, left, status):
    first = (await calendar(day(1, status=word, isAvailable=is_available, availableUnitsToSell=left))).days[0]
    assert (first.status, first.available) == (status, left > 0)


async def test_of_a_day_sent_twice_the_last_holds():
    assert (await calendar(day(1), day(1, status="blocked", isAvailable=0))).days[0].status is DayStatus.BLOCKED


async def test_a_long_calendar_is_read_in_years_and_put_together():
    def route(call):
        query = {name: date.fromisoformat(value) for name, value in call.query}
        asked = range((query["endDate"] - query["startDate"]).days + 1)
        assert len(asked) <= 366
        return success([{"date": str(query["startDate"] + timedelta(days=each)), "isAvailable": 1} for each in asked])

    reads, session = client(route)
    days = Days(date(2027, 1, 1), date(2029, 3, 1))
    found = (await reads.calendars(["1"], days)).found["1"]
    assert len(session.calls) == 3
    assert [each.date for each in found.days] == list(days)
    assert {each.status for each in found.days} == {DayStatus.AVAILABLE}


async def test_three_years_are_read_some_days_a_turn(monkeypatch):
    days = Days(date(2027, 1, 1), date(2029, 12, 1))
    read = Counter()
    parse = calendars.parse_records

    def route(call):
        first = date.fromisoformat(dict(call.query)["startDate"])
        return success([{"date": str(first + timedelta(days=each)), "isAvailable": 1} for each in range(366)])

    reads, _ = client(route)
    async with counted_turns() as turn:

        def counted(model, rows, build):
            read[turn()] += len(rows)
            return parse(model, rows, build)

        monkeypatch.setattr(calendars, "parse_records", counted)
        found = (await reads.calendars(["1", "2"], days)).found
    assert [[each.date for each in found[key].days] for key in ("1", "2")] == [list(days)] * 2
    assert {each.status for each in found["2"].days} == {DayStatus.AVAILABLE}
    assert sum(read.values()) >= 2 * len(days)
    assert max(read.values()) <= calendars.ROWS_AT_ONCE


async def test_half_a_calendar_is_none():
    def route(call):
        if dict(call.query)["startDate"] > "2028":
            raise UpstreamUnavailable("Down.")
        return success([day(1)])

    reads, _ = client(route)
    batch = await reads.calendars(["1"], Days(date(2027, 6, 1), date(2028, 7, 1)))
    assert (batch.found, set(batch.failed)) == ({}, {"1"})


async def test_one_calendar_that_fails_does_not_fail_the_others():
    down = UpstreamUnavailable("Down.")

    def route(call):
        if "/2/" in call.path:
            raise down
        if "/3/" in call.path:
            raise NotFound("No such listing.")
        return success({}) if "/4/" in call.path else success([day(1)])

    reads, session = client(route)
    batch = await reads.calendars(["1", "2", "3", "4", "1", "../x"], JULY)
    assert set(batch.found) == {"1"}
    assert set(batch.failed) == {"2", "4"}
    assert batch.failed["2"] is down
    assert isinstance(batch.failed["4"], UpstreamInvalid)
    assert len(session.calls) == 4


COMPONENT = {
    "id": None,
    "listingFeeSettingId": None,
    "type": "price",
    "name": "baseRate",
    "title": "Base rate",
    "alias": None,
    "quantity": None,
    "value": 700,
    "total": 700,
    "isIncludedInTotalPrice": 1,
    "isOverriddenByUser": 0,
    "isQuantitySelectable": 0,
    "isMandatory": None,
    "isDeleted": 0,
}

# The sample of the documentation, and a deposit.
QUOTE = {
    "totalPrice": 780.5,
    "originalTotalPrice": 0,
    "components": [
        COMPONENT,
        COMPONENT | {"type": "discount", "name": "weeklyDiscount", "total": -70},
        COMPONENT | {"type": "fee", "name": "cleaningFee", "total": 50},
        COMPONENT
        | {
            "type": "fee",
            "name": "parkingFee",
            "alias": "",
            "listingFeeSettingId": 17643,
            "total": 37.5,
            "isMandatory": 0,
        },
        COMPONENT | {"type": "tax", "name": "salesTax", "title": "Sales tax", "total": 63},
    ],
    "extraComponents": [],
    "selectedComponents": [],
}


def request(listing="40160", currency="EUR", **changes):
    stay = {"arrival": date(2027, 5, 19), "departure": date(2027, 5, 26), "adults": 2, "children": 1} | changes
    return QuoteRequest(listing_id=listing, currency=currency, **stay)


async def quote(body=QUOTE, asked=None):
    reads, _ = client(lambda call: success(body))
    return await reads.quotes([asked or request()])


async def test_a_quote_is_asked_for_as_documented_and_counts_towards_its_own_limit():
    reads, session = client(lambda call: success(QUOTE))
    await reads.quotes([request()])
    (call,) = session.calls
    assert (call.method, call.path) == ("POST", "/v1/listings/40160/calendar/priceDetails")
    assert call.json == {"startingDate": "2027-05-19", "endingDate": "2027-05-26", "numberOfGuests": 3, "version": 2}
    assert (call.is_safe, call.charge) == (True, "quote")


async def test_a_quote_is_told_in_unified_words():
    found = (await quote()).found["0"]
    assert (found.provider, found.account_id, found.listing_id) == ("HOSTAWAY", "acc-1", "40160")
    assert (found.nights, found.adults, found.children) == (7, 2, 1)
    assert found.total == Money(amount=Decimal("780.5"), currency="EUR")
    assert (found.source, found.quoted_at) == (PriceSource.PMS, NOW)
    assert [each.type for each in found.components] == ["RENT", "DISCOUNT", "FEE", "FEE", "TAX"]
    assert sum(each.amount.amount for each in found.components if each.included_in_total) == Decimal("780.5")
    parking = found.components[3]
    assert (parking.provider_id, parking.mandatory, parking.title) == ("17643", False, "Base rate")


async def test_a_quote_says_nothing_about_availability_and_invents_nothing():
    found = (await quote()).found["0"]
    assert (found.bookable, found.due_now, found.damage_deposit) == (None, None, None)


async def test_the_deposit_is_a_component_inside_the_total():
    deposit = COMPONENT | {"type": "fee", "name": "damageDeposit", "total": 150}
    found = (await quote({"totalPrice": 850, "components": [COMPONENT, deposit]})).found["0"]
    assert (found.components[1].type, found.components[1].included_in_total) == (FinanceLineType.DEPOSIT, True)
    assert found.total.amount == 850


async def test_the_total_is_the_one_of_hostaway_and_deleted_components_count_for_nothing():
    gone = COMPONENT | {"name": "petFee", "type": "fee", "total": 30, "isDeleted": 1}
    found = (await quote({"totalPrice": 700, "components": [COMPONENT, gone, {"name": "x", "total": None}, 5]})).found[
        "0"
    ]
    assert found.total.amount == 700
    assert [(each.name, each.deleted, each.included_in_total) for each in found.components] == [
        ("baseRate", False, True),
        ("petFee", True, False),
    ]


@pytest.mark.parametrize("body", [{"components": []}, {"totalPrice": "much"}, {"totalPrice": None}])
async def test_a_quote_without_a_total_is_invalid(body):
    assert isinstance((await quote(body)).failed["0"], UpstreamInvalid)


async def test_a_quote_needs_the_currency_of_its_listing():
    assert HostawayClient.quote_needs_currency is True
    assert isinstance((await quote(asked=request(currency=None))).failed["0"], UpstreamInvalid)


async def test_equal_requests_share_a_call_and_each_has_its_answer():
    reads, session = client(lambda call: success(QUOTE))
    batch = await reads.quotes([request(), request(adults=4), request()])
    assert set(batch.found) == {"0", "1", "2"}
    assert [batch.found[each].adults for each in "012"] == [2, 4, 2]
    assert len(session.calls) == 2


async def test_quotes_fail_alone():
    def route(call):
        if "/2/" in call.path:
            return {"status": "fail", "result": "Listing is not available for these dates"}
        if "/3/" in call.path:
            raise NotFound("No such listing.")
        return success(QUOTE)

    reads, _ = client(route)
    batch = await reads.quotes([request("1"), request("2"), request("3"), request("../users")])
    assert set(batch.found) == {"0"}
    assert isinstance(batch.failed["1"], UpstreamRefused)
    assert "not available" in batch.failed["1"].message
    assert set(batch.failed) == {"1"}
