from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest

from providers.errors import UpstreamInvalid
from providers.hostaway.client import HostawayClient
from providers.model import AgreementState, CancelledBy, Channel, FinanceLineType, Money, ReservationStatus
from providers.queries import (
    DateRange,
    OddRecord,
    OrderDirection,
    ReservationOrderField,
    ReservationQuery,
)
from tests.providers.hostaway.plugin_session import NOW, FakeList, FakeSession

PATH = "/v1/reservations"
ALL = ReservationQuery()
EVERY_FIELD = {"includeResources": "1", "includePayments": "1", "includeCancellationPolicy": "1"}

LINE = {
    "id": 1,
    "units": 1,
    "listingFeeSettingId": None,
    "type": "price",
    "name": "baseRate",
    "title": "Base rate",
    "alias": None,
    "value": 680.18,
    "total": 680.18,
    "isIncludedInTotalPrice": 1,
    "isOverriddenByUser": 0,
    "isMandatory": None,
    "isQuantitySelectable": 0,
    "isDeleted": 0,
}

# The sample of the documentation.
STAY = {
    "id": 20001,
    "hostawayReservationId": 20001,
    "listingMapId": 40160,
    "channelId": 2018,
    "channelName": "airbnbOfficial",
    "reservationId": "10450-40160-2018-887766",
    "channelReservationId": "10450-40160-2018-887766",
    "confirmationCode": "HMAB12CD34",
    "reservationDate": "2027-01-10 10:41:10",
    "guestName": "Ada Byron",
    "guestFirstName": "Ada",
    "guestLastName": "Byron",
    "guestEmail": "ada@example.com",
    "phone": "+4915112345678",
    "guestCountry": "GB",
    "numberOfGuests": 2,
    "adults": 2,
    "children": None,
    "infants": None,
    "pets": None,
    "arrivalDate": "2027-05-19",
    "departureDate": "2027-05-22",
    "isDatesUnspecified": 0,
    "nights": 3,
    "checkInTime": 15,
    "checkOutTime": 11,
    "totalPrice": 720.5,
    "remainingBalance": 100.25,
    "currency": "EUR",
    "securityDepositFee": None,
    "isPaid": 1,
    "status": "new",
    "cancellationDate": None,
    "cancelledBy": None,
    "latestActivityOn": "2027-01-10 10:41:12",
    "financeField": [
        LINE,
        LINE | {"id": 2, "type": "fee", "name": "cleaningFee", "value": 40.32, "total": 40.32},
    ],
}


def client(rows, **readings):
    session = FakeSession(FakeList(PATH, rows=rows, **readings))
    return HostawayClient(session, "10450", now=lambda: NOW), session


async def read(**changes):
    reads, _ = client([STAY | changes])
    return (await reads.reservation_page(ReservationQuery(), None)).items[0]


def stays(count, listings=1, first=1):
    return [{"id": first + each, "listingMapId": 1 + each % listings, "status": "new"} for each in range(count)]


async def test_a_reservation_is_told_in_unified_words():
    stay = await read()
    assert (stay.provider, stay.account_id, stay.provider_id, stay.listing_id) == (
        "HOSTAWAY",
        "acc-1",
        "20001",
        "40160",
    )
    assert (stay.status, stay.provider_status) == (ReservationStatus.CONFIRMED, "new")
    assert (stay.arrival, stay.departure, stay.nights) == (date(2027, 5, 19), date(2027, 5, 22), 3)
    assert (stay.check_in_time, stay.check_out_time) == (time(15), time(11))
    assert (stay.provider_channel, stay.confirmation_code) == ("airbnbOfficial", "HMAB12CD34")
    assert (stay.guest.name, stay.guest.email, stay.guest.country) == ("Ada Byron", "ada@example.com", "GB")
    assert (stay.party.guests, stay.party.adults, stay.party.children) == (2, 2, None)
    assert stay.total == Money(amount=Decimal("720.5"), currency="EUR")
    assert stay.booked_at == datetime(2027, 1, 10, 10, 41, 10, tzinfo=UTC)
    assert stay.updated_at == datetime(2027, 1, 10, 10, 41, 12, tzinfo=UTC)
    assert stay.is_paid is True


async def test_the_channels_own_id_is_not_the_id():
    stay = await read(channelReservationId=None)
    assert (stay.provider_id, stay.channel_reference) == ("20001", "10450-40160-2018-887766")


async def test_what_was_paid_is_the_total_without_the_balance():
    stay = await read()
    assert (stay.balance.amount, stay.paid.amount) == (Decimal("100.25"), Decimal("620.25"))
    assert (await read(remainingBalance=None)).paid is None
    above = await read(totalPrice=267, remainingBalance=4563.54)
    assert (above.paid, above.balance.amount) == (None, Decimal("4563.54"))


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("new", "CONFIRMED"),
        ("modified", "CONFIRMED"),
        ("confirmed", "CONFIRMED"),
        ("ownerStay", "BLOCKED"),
        ("awaitingPayment", "PENDING"),
        ("awaitingGuestVerification", "PENDING"),
        ("pending", "PENDING"),
        ("unconfirmed", "PENDING"),
        ("cancelled", "CANCELLED"),
        ("declined", "DECLINED"),
        ("expired", "EXPIRED"),
        ("inquiry", "INQUIRY"),
        ("inquiryPreapproved", "INQUIRY"),
        ("inquiryDenied", "INQUIRY"),
        ("inquiryTimedout", "INQUIRY"),
        ("inquiryTimeout", "INQUIRY"),
        ("inquiryNotPossible", "INQUIRY"),
        ("unknown", "UNKNOWN"),
        ("teleported", "UNKNOWN"),
        (None, "UNKNOWN"),
    ],
)
async def test_every_status_has_its_unified_word_and_keeps_its_own(word, status):
    stay = await read(status=word)
    assert (stay.status, stay.provider_status) == (status, word)


async def test_an_owners_stay_has_no_guest():
    assert (await read(status="ownerStay", financeField=[])).guest is None


async def test_dates_that_the_channel_did_not_name_are_not_made_up():
    stay = await read(isDatesUnspecified=1)
    assert (stay.arrival, stay.departure, stay.nights) == (None, None, None)


async def test_nights_follow_from_the_dates():
    assert (await read(nights=None)).nights == 3


async def test_the_channel_is_known_by_its_number_alone():
    assert (await read(channelName="", channelId=2005)).provider_channel == "bookingcom"
    assert (await read(channelName="", channelId=2999)).provider_channel is None


async def test_the_later_update_mark_holds():
    stay = await read(updatedOn="2027-01-11 08:00:00", latestActivityOn="2027-01-10")
    assert stay.updated_at == datetime(2027, 1, 11, 8, tzinfo=UTC)
    later = await read(updatedOn="2027-01-11 08:00:00", latestActivityOn="2027-01-12 09:00:00")
    assert later.updated_at == datetime(2027, 1, 12, 9, tzinfo=UTC)
    assert (await read(latestActivityOn="2027-01-10")).updated_at == datetime(2027, 1, 10, tzinfo=UTC)


async def test_a_cancellation_tells_when_and_by_whom():
    stay = await read(status="cancelled", cancellationDate="2027-02-01", cancelledBy="guest")
    assert (stay.cancelled_at, stay.cancelled_by) == (datetime(2027, 2, 1, tzinfo=UTC), CancelledBy.GUEST)


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ({"type": "price", "name": "baseRate"}, "RENT"),
        ({"type": "accomodation", "name": "pricePerExtraPerson"}, "RENT"),
        ({"type": "fee", "name": "petFee"}, "FEE"),
        ({"type": "tax", "name": "airbnbPassThroughTax"}, "TAX"),
        ({"type": "discount", "name": "weeklyDiscount"}, "DISCOUNT"),
        ({"type": "fee", "name": "damageDeposit"}, "DEPOSIT"),
        ({"type": "other", "name": "DamageDeposit"}, "DEPOSIT"),
        ({"type": "totals", "name": "totalPriceFromChannel"}, "TOTAL"),
        ({"type": "price", "name": "TotalPaid"}, "TOTAL"),
        ({"type": "commissions", "name": "hostChannelFee"}, "COMMISSION"),
        ({"type": "fee", "name": "guestChannelFee"}, "COMMISSION"),
        ({"type": "other", "name": "refundSum"}, "OTHER"),
        ({"type": "fee", "name": "refundSum"}, "OTHER"),
        ({"type": "fee", "name": "airbnbTransientOccupancyTax"}, "TAX"),
        ({"type": "novelty", "name": None}, "OTHER"),
    ],
)
async def test_every_kind_of_money_line_has_its_unified_type(line, kind):
    (found,) = (await read(financeField=[LINE | line])).finance_lines
    assert (found.type, found.provider_type) == (FinanceLineType(kind), line["type"])


async def test_money_lines_are_exact_and_signed():
    lines = [
        LINE,
        LINE | {"type": "discount", "name": "weeklyDiscount", "value": -70, "total": -70.05, "alias": "Week"},
    ]
    base, discount = (await read(financeField=lines)).finance_lines
    assert (base.amount.amount, base.included_in_total, base.mandatory, base.overridden) == (
        Decimal("680.18"),
        True,
        None,
        False,
    )
    assert (discount.amount.amount, discount.title) == (Decimal("-70.05"), "Week")


async def test_deleted_lines_are_shown_as_such_and_count_for_nothing():
    gone = LINE | {"isDeleted": 1, "value": None, "total": 0}
    (line,) = (await read(financeField=[gone])).finance_lines
    assert (line.deleted, line.included_in_total, line.amount.amount) == (True, False, Decimal(0))


async def test_the_value_is_a_unit_price_only_where_there_is_a_quantity():
    single, several = (await read(financeField=[LINE, LINE | {"quantity": 3, "value": 5, "total": 15}])).finance_lines
    assert (single.unit_amount, single.quantity) == (None, None)
    assert (several.unit_amount.amount, several.quantity) == (Decimal(5), Decimal(3))


async def test_a_reservation_without_money_lines_says_nothing_about_them():
    assert (await read(financeField=None)).finance_lines is None
    assert (await read(financeField=[])).finance_lines == []


async def test_a_reservation_without_readable_dates_is_reported_without_its_guest():
    reads, _ = client([STAY, STAY | {"id": 20002, "arrivalDate": "soon"}])
    page = await reads.reservation_page(ReservationQuery(), None)
    assert [stay.provider_id for stay in page.items] == ["20001"]
    assert page.odd == [OddRecord("20002", "arrivalDate: not a date")]


def test_no_filter_may_lose_what_is_wanted():
    """Exact are those by an id alone, and those that only Hostaway can answer."""
    from providers.hostaway.manifest import MANIFEST

    filters = {**MANIFEST.listing_filters, **MANIFEST.reservation_filters}
    assert not filters.keys() & {"text", "city", "country", "country_code", "min_guests", "contact_name", "statuses"}
    assert {name for name, precision in filters.items() if precision == "EXACT"} == {
        "provider_property_type",
        "user_id",
        "booking_engine_active",
        "assignee_id",
        "unread",
    }


MARCH = DateRange(date(2027, 3, 1), date(2027, 4, 1))


@pytest.mark.parametrize(
    ("query", "bounds"),
    [
        ({"arrival": MARCH}, {"arrivalStartDate": "2027-02-28", "arrivalEndDate": "2027-04-01"}),
        ({"departure": MARCH}, {"departureStartDate": "2027-02-28", "departureEndDate": "2027-04-01"}),
        ({"stay": MARCH}, {"arrivalEndDate": "2027-04-01", "departureStartDate": "2027-03-01"}),
        ({"stay": DateRange(date(2027, 3, 1), None)}, {"departureStartDate": "2027-03-01"}),
        ({"arrival": DateRange(date.min, None)}, {"arrivalStartDate": "0001-01-01"}),
        (
            {
                "stay": MARCH,
                "arrival": DateRange(None, date(2027, 3, 9)),
                "departure": DateRange(date(2027, 3, 5), None),
            },
            {"arrivalEndDate": "2027-03-09", "departureStartDate": "2027-03-04"},
        ),
        ({"updated_since": datetime(2027, 1, 10, 23, tzinfo=UTC)}, {"latestActivityStart": "2027-01-09"}),
        ({"updated_until": datetime(2027, 1, 10, 23, tzinfo=UTC)}, {"latestActivityEnd": "2027-01-12"}),
        ({"updated_until": datetime.max.replace(tzinfo=UTC)}, {"latestActivityEnd": "9999-12-31"}),
        ({"channels": frozenset({Channel.BOOKING_COM})}, {"channelId": "2005"}),
        ({"channels": frozenset({Channel.AIRBNB})}, {}),
        ({"channels": frozenset({Channel.BOOKING_COM, Channel.GOOGLE})}, {}),
        ({"channels": frozenset({Channel.OTHER})}, {}),
        ({"assignee_id": "77"}, {"assigneeUserId": "77"}),
        ({"customer_reference": "ext-1"}, {"customerUserId": "ext-1"}),
        ({"guest_email": "ada@example.com"}, {"guestEmail": "ada@example.com"}),
        ({"agreement": AgreementState.NOT_SIGNED}, {"reservationAgreement": "not_signed"}),
        ({"agreement": AgreementState.UNKNOWN}, {}),
        ({"starred": True, "archived": False, "pinned": True}, {"isStarred": "1", "isArchived": "0", "isPinned": "1"}),
        ({"unread": True}, {"hasUnreadConversationMessages": "1"}),
        ({"listing_ids": ("40160",)}, {"listingId": "40160"}),
        ({"listing_ids": ("40160", "40161")}, {}),
        ({"text": "Ada", "statuses": frozenset({ReservationStatus.PENDING})}, {}),
    ],
)
async def test_filters_are_bounds_that_lose_nothing(query, bounds):
    reads, session = client([])
    await reads.reservation_page(ReservationQuery(**query), None)
    assert session.queries == [EVERY_FIELD | {"limit": "100"} | bounds]


@pytest.mark.parametrize(
    ("field", "direction", "order"),
    [
        ("PROVIDER", "ASC", None),
        ("ARRIVAL", "ASC", "arrivalDate"),
        ("ARRIVAL", "DESC", "arrivalDateDesc"),
        ("UPDATED", "ASC", "updatedOn"),
        ("UPDATED", "DESC", None),
        ("MESSAGE_SENT", "ASC", "lastConversationMessageSent"),
        ("MESSAGE_SENT", "DESC", "lastConversationMessageSentDesc"),
        ("MESSAGE_RECEIVED", "ASC", "lastConversationMessageReceived"),
        ("MESSAGE_RECEIVED", "DESC", "lastConversationMessageReceivedDesc"),
    ],
)
async def test_orders_of_reservations_are_those_of_hostaway(field, direction, order):
    reads, session = client([])
    query = ReservationQuery(order=ReservationOrderField(field), direction=OrderDirection(direction))
    await reads.reservation_page(query, None)
    assert session.queries[0].get("sortOrder") == order


async def test_the_total_is_told_only_where_it_counts_what_was_asked_for():
    reads, _ = client(stays(3))
    assert (await reads.reservation_page(ReservationQuery(), None)).total == 3
    assert (await reads.reservation_page(ReservationQuery(listing_ids=("1",)), None)).total == 3
    assert (await reads.reservation_page(ReservationQuery(listing_ids=("1", "2")), None)).total is None
    wider = await reads.reservation_page(ReservationQuery(arrival=MARCH), None)
    assert (wider.total, wider.counted) == (None, 3)
    assert (await reads.reservation_page(ReservationQuery(starred=True), None)).total is None
    assert (await reads.reservation_page(ReservationQuery(unread=True, assignee_id="7"), None)).total == 3


@pytest.mark.parametrize("ids", [(), ("x",), ("../1",)])
async def test_reservations_of_no_possible_listing_are_none_and_cost_nothing(ids):
    reads, session = client(stays(3))
    page = await reads.reservation_page(ReservationQuery(listing_ids=ids), None)
    assert (page.items, page.next, page.total, page.fetched_at, session.calls) == ([], None, 0, NOW, [])


async def test_reservations_of_no_possible_user_are_none_and_cost_nothing():
    reads, session = client(stays(3))
    page = await reads.reservation_page(ReservationQuery(assignee_id="../1"), None)
    assert (page.items, page.total, session.calls) == ([], 0, [])


async def test_reservations_by_id_are_single_reads_and_unknown_ones_are_absent():
    reads, session = client(stays(3))
    batch = await reads.reservations(["2", "3", "99", "x"])
    assert (set(batch.found), batch.failed) == ({"2", "3"}, {})
    assert sorted(session.paths) == ["/v1/reservations/2", "/v1/reservations/3", "/v1/reservations/99"]
    assert session.queries[0]["includeResources"] == "1"


async def test_pages_replace_single_reads_where_they_are_known_to_be_fewer():
    reads, session = client(stays(120))
    await reads.reservation_page(ReservationQuery(), None)
    session.calls.clear()
    batch = await reads.reservations([str(each) for each in range(1, 61)])
    assert len(batch.found) == 60
    assert session.paths == [PATH]


async def by_listing(rows, wanted, query=ALL, **readings):
    reads, session = client(rows, **readings)
    return await reads.reservations_by_listing(wanted, query), session


async def test_reservations_of_one_listing_are_asked_for_by_listing():
    batch, session = await by_listing(stays(10, listings=5), ["2"])
    assert [stay.provider_id for stay in batch.found["2"]] == ["2", "7"]
    assert [query["listingId"] for query in session.queries] == ["2"]


async def test_reservations_of_fifty_listings_are_one_page_where_one_page_holds_them():
    batch, session = await by_listing(stays(90, listings=45), [str(each) for each in range(1, 51)])
    assert len(session.calls) == 1
    assert {len(found) for found in batch.found.values()} == {0, 2}
    assert len(batch.found) == 50


async def test_every_page_is_walked_where_pages_are_fewer_than_listings():
    batch, session = await by_listing(stays(430, listings=10), [str(each) for each in range(1, 11)])
    assert len(session.calls) == 5
    assert sum(map(len, batch.found.values())) == 430


async def test_listings_are_asked_one_by_one_where_they_are_fewer_than_pages():
    batch, session = await by_listing(stays(1000, listings=40), ["1", "2", "3"])
    assert [len(batch.found[each]) for each in "123"] == [25, 25, 25]
    assert len(session.calls) == 1 + 3


async def test_without_a_count_the_walk_through_everything_is_given_up_in_time():
    batch, session = await by_listing(stays(1000, listings=40), ["1", "2", "3"], counts=False)
    assert [len(batch.found[each]) for each in "123"] == [25, 25, 25]
    assert len(session.calls) <= 1 + 3 + 2 * 3


async def test_walks_through_everything_do_not_follow_the_order_by_update():
    _, session = await by_listing(stays(200, listings=3), ["1", "2", "3"], ReservationQuery(stay=MARCH))
    assert {query["sortOrder"] for query in session.queries} == {"arrivalDate"}
    assert {query["arrivalEndDate"] for query in session.queries} == {"2027-04-01"}


async def test_a_listing_that_cannot_exist_has_no_reservations_and_costs_nothing():
    batch, session = await by_listing(stays(3), ["x"])
    assert (batch.found, session.calls) == ({"x": []}, [])


async def test_a_row_that_comes_twice_is_told_once():
    batch, _ = await by_listing([*stays(3), *stays(3)], ["1"])
    assert [stay.provider_id for stay in batch.found["1"]] == ["1", "2", "3"]


async def test_a_listing_whose_pages_repeat_fails_alone_and_is_signed():
    rows = stays(150, listings=1)
    batch, _ = await by_listing(rows, ["1"], knows_cursor=False, knows_offset=False)
    assert batch.found == {}
    assert isinstance(batch.failed["1"], UpstreamInvalid)
    assert (batch.failed["1"].provider, batch.failed["1"].account_id) == ("HOSTAWAY", "acc-1")
