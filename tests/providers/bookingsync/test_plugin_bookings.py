"""BookingSync: bookings as reservations."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest

from providers.errors import PermissionDenied, UpstreamInvalid, UpstreamRefused
from providers.model import FinanceLine, FinanceLineType, Guest, Money, Party, Reservation, ReservationStatus
from providers.queries import DateRange, ReservationQuery
from tests.providers.bookingsync.plugin_canned import (
    NOW,
    CannedSession,
    Reply,
    application,
    client,
    last_page,
)

BOOKING: dict[str, Any] = {
    "links": {
        "account": 3837,
        "rental": 5117,
        "client": 77703,
        "source": 1874,
        "inquiry": None,
        "bookings_fees": [1, 2],
        "bookings_taxes": [3, 4],
        "payments": [],
    },
    "id": 829165,
    "start_at": "2016-12-14T16:00:00Z",
    "end_at": "2016-12-24T10:00:00Z",
    "status": "Booked",
    "updated_at": "2016-12-09T10:31:03Z",
    "reference": "00HRSD",
    "booked": True,
    "initial_price": "3000.0",
    "initial_rental_price": "3000.0",
    "discount": "10%",
    "final_rental_price": "2700.0",
    "final_price": "2900.0",
    "paid_amount": "900.0",
    "payment_left_to_collect": "2000.0",
    "currency": "eur",
    "notes": "Late",
    "damage_deposit": "250.0",
    "adults": 2,
    "children": None,
    "created_at": "2016-12-09T10:31:03Z",
    "canceled_at": None,
    "expected_checkin_time": "14:45",
    "expected_checkout_time": "",
    "external_reference": "HMABC123",
    "client": {
        "id": 77703,
        "fullname": "Zoë Müller",
        "firstname": "",
        "lastname": "",
        "preferred_locale": "",
        "emails": [
            {"label": "old", "email": "old@example.com", "canceled_at": "2016-01-01T00:00:00Z"},
            {"label": "default", "email": "zoe@example.com"},
        ],
        "phones": [{"label": "mobile", "number": "+49 1"}],
        "addresses": [{"city": "Köln", "country_code": "DE"}],
    },
    "source": {"id": 1874, "name": "Airbnb"},
    "bookings_fees": [
        {
            "id": 1,
            "name": {"en": "Linen"},
            "price": "50.0",
            "times_booked": 2,
            "required": True,
            "included_in_price": True,
        },
        {
            "id": 2,
            "name": {"en": "Bike"},
            "price": "30.0",
            "times_booked": 1,
            "required": False,
            "included_in_price": False,
        },
    ],
    "bookings_taxes": [
        {"id": 3, "name": {"en": "City"}, "amount": "100.0", "tax_included_in_price": False},
        {"id": 4, "name": {"en": "VAT"}, "amount": "245.45", "tax_included_in_price": True},
    ],
}
REDUCED = {
    "links": {"account": 3837, "rental": 5117, "bookings_tags": []},
    "id": 1,
    "start_at": "2027-01-14T16:00:00Z",
    "end_at": "2027-01-24T10:00:00Z",
    "status": "Booked",
    "updated_at": "2016-12-09T10:31:03Z",
}
PUBLIC = frozenset({"public"})
ALL = ReservationQuery()


def euros(text: str) -> Money:
    return Money(amount=Decimal(text), currency="EUR")


async def one(**changes: Any) -> Reservation:
    session = CannedSession({"bookings": last_page(bookings=[BOOKING | changes])})
    (found,) = (await client(session).reservation_page(ALL, None)).items
    return found


async def test_booking_becomes_a_reservation_with_everything_it_says():
    found = await one()
    assert (found.provider, found.account_id, found.provider_id) == ("BOOKINGSYNC", "acc_1", "829165")
    assert (found.listing_id, found.status, found.provider_status) == ("5117", ReservationStatus.CONFIRMED, "Booked")
    assert (found.arrival, found.departure, found.nights) == (date(2016, 12, 14), date(2016, 12, 24), 10)
    assert (found.provider_channel, found.channel_reference, found.confirmation_code) == (
        "Airbnb",
        "HMABC123",
        "00HRSD",
    )
    assert found.party == Party(guests=2, adults=2)
    assert (found.total, found.paid, found.balance) == (euros("2900.0"), euros("900.0"), euros("2000.0"))
    assert (found.damage_deposit, found.is_paid, found.host_note) == (euros("250.0"), False, "Late")
    assert found.booked_at == found.updated_at == datetime(2016, 12, 9, 10, 31, 3, tzinfo=UTC)
    assert (found.cancelled_at, found.cancelled_by) == (None, None)


async def test_guest_is_the_client_with_the_first_address_that_is_still_good():
    assert (await one()).guest == Guest(
        provider_id="77703",
        name="Zoë Müller",
        email="zoe@example.com",
        phone="+49 1",
        city="Köln",
        country="DE",
    )


@pytest.mark.parametrize(
    ("field", "at", "is_hidden"),
    [
        ("processing_restricted_at", "2026-12-10T00:00:00Z", True),
        ("forget_me_at", "2026-12-09T10:00:00Z", True),
        ("forget_me_at", "2026-12-10T00:00:00Z", False),
    ],
)
async def test_person_who_must_be_forgotten_is_only_an_id(field, at, is_hidden):
    guest = (await one(client=BOOKING["client"] | {field: at})).guest
    assert (guest == Guest(provider_id="77703")) is is_hidden


async def test_days_and_hours_are_read_as_written_and_never_shifted():
    found = await one(start_at="2016-12-14T23:30:00Z", end_at="2016-12-24T00:30:00+14:00")
    assert (found.arrival, found.departure) == (date(2016, 12, 14), date(2016, 12, 24))
    assert found.check_out_time == time(0, 30)


async def test_expected_hours_come_first_and_midnight_is_no_hour():
    found = await one(expected_checkin_time="12", expected_checkout_time=None, end_at="2016-12-24T00:00:00Z")
    assert (found.check_in_time, found.check_out_time) == (time(12), None)
    assert (await one(expected_checkin_time="25:99")).check_in_time == time(16)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"status": "Booked"}, ReservationStatus.CONFIRMED),
        ({"status": "Tentative"}, ReservationStatus.PENDING),
        ({"status": "Unavailable"}, ReservationStatus.BLOCKED),
        ({"status": "Canceled"}, ReservationStatus.CANCELLED),
        ({"status": "Booked", "canceled_at": "2016-12-10T00:00:00Z"}, ReservationStatus.CANCELLED),
        ({"status": "Locked"}, ReservationStatus.BLOCKED),
        ({"status": "Brand new"}, ReservationStatus.UNKNOWN),
        ({"status": None}, ReservationStatus.UNKNOWN),
    ],
)
async def test_statuses_and_the_time_of_cancellation_decide_together(changes, status):
    found = await one(**changes)
    assert (found.status, found.provider_status) == (status, changes["status"])


async def test_finance_lines_that_count_add_up_to_the_total():
    found = await one()
    assert found.finance_lines is not None
    assert [(line.type, line.amount, line.included_in_total) for line in found.finance_lines] == [
        (FinanceLineType.RENT, euros("3000.0"), True),
        (FinanceLineType.DISCOUNT, euros("-300.0"), True),
        (FinanceLineType.FEE, euros("100.0"), True),
        (FinanceLineType.FEE, euros("30.0"), False),
        (FinanceLineType.TAX, euros("100.0"), True),
        (FinanceLineType.TAX, euros("245.45"), False),
    ]
    counted = [line.amount.amount for line in found.finance_lines if line.included_in_total and line.amount]
    assert found.total is not None
    assert sum(counted) == found.total.amount


async def test_fee_line_keeps_quantity_and_price_of_one():
    lines = (await one()).finance_lines or []
    assert lines[2] == FinanceLine(
        provider_id="1",
        type=FinanceLineType.FEE,
        title="Linen",
        quantity=Decimal(2),
        unit_amount=euros("50.0"),
        amount=euros("100.0"),
        included_in_total=True,
        mandatory=True,
    )


async def test_flat_fee_with_a_plain_name_that_was_struck_out_counts_for_nothing():
    fee = {"id": 5, "name": "Linen", "price": 50, "times_booked": 1, "canceled_at": "2016-12-10T00:00:00Z"}
    (line,) = [line for line in (await one(bookings_fees=[fee])).finance_lines or [] if line.title == "Linen"]
    assert line.deleted


async def test_booking_made_with_dates_only_has_no_rent_line():
    found = await one(
        initial_price=None,
        initial_rental_price=None,
        discount="",
        final_rental_price="0.0",
        final_price=None,
        bookings_fees=[],
        bookings_taxes=[],
    )
    assert (found.finance_lines, found.total, found.is_paid) == ([], None, None)


async def test_part_of_the_fees_is_not_passed_off_as_all():
    bare = {key: value for key, value in BOOKING.items() if key != "bookings_fees"}
    routes = {"bookings": last_page(bookings=[bare]), "bookings_fees/1,2": Reply(status=403)}
    (found,) = (await client(CannedSession(routes)).reservation_page(ALL, None)).items
    assert found.finance_lines is None
    assert found.total == euros("2900.0")


async def test_reduced_shape_is_served_with_nulls():
    session = CannedSession({"bookings": last_page(bookings=[REDUCED])}, scopes=PUBLIC)
    (found,) = (await client(session).reservation_page(ALL, None)).items
    assert (found.arrival, found.nights, found.status) == (date(2027, 1, 14), 10, ReservationStatus.CONFIRMED)
    assert (found.guest, found.party, found.total, found.finance_lines) == (None, None, None, None)


async def test_booking_with_unreadable_dates_is_reported_and_the_others_are_served():
    session = CannedSession({"bookings": last_page(bookings=[BOOKING | {"id": 2, "start_at": "soon"}, BOOKING])})
    page = await client(session).reservation_page(ALL, None)
    assert [item.provider_id for item in page.items] == ["829165"]
    assert [(odd.id, "start_at" in odd.reason, "soon" in odd.reason) for odd in page.odd] == [("2", True, False)]


async def test_booking_asked_by_id_that_cannot_be_read_has_failed():
    session = CannedSession({"bookings/2,3": last_page(bookings=[BOOKING | {"id": 2, "end_at": []}])})
    batch = await client(session).reservations(["2", "3"])
    assert batch.found == {}
    assert list(batch.failed) == ["2"]
    assert isinstance(batch.failed["2"], UpstreamInvalid)


async def test_all_times_and_statuses_are_asked_for_unless_filtered():
    session = CannedSession({"bookings": last_page(bookings=[])})
    await client(session).reservation_page(ALL, None)
    assert session.query() == {
        "from": "2000-01-01T00:00:00Z",
        "include_canceled": "true",
        "per_page": "100",
        "include": "client,source,bookings_fees,bookings_taxes,booking_comments,bookings_tags",
    }


async def sent(query: ReservationQuery, scopes: frozenset[str] | None = None) -> dict[str, str]:
    """The filters that went out for ``query``."""
    session = CannedSession({"bookings": last_page(bookings=[])}, **({"scopes": scopes} if scopes else {}))
    await client(session).reservation_page(query, None)
    return {key: value for key, value in session.query().items() if key not in ("per_page", "include")}


async def test_stay_range_becomes_an_overlap_one_day_wider():
    query = ReservationQuery(stay=DateRange(date(2027, 1, 10), date(2027, 1, 20)))
    assert await sent(query) == {
        "from": "2027-01-09T00:00:00Z",
        "until": "2027-01-21T00:00:00Z",
        "include_canceled": "true",
    }


async def test_arrival_and_departure_ranges_meet_in_the_widest_overlap_that_loses_nothing():
    query = ReservationQuery(arrival=DateRange(date(2027, 1, 10), None), departure=DateRange(None, date(2027, 3, 1)))
    assert await sent(query) == {
        "from": "2027-01-09T00:00:00Z",
        "until": "2027-03-02T00:00:00Z",
        "include_canceled": "true",
    }
    narrowed = await sent(
        ReservationQuery(
            stay=DateRange(date(2027, 1, 10), date(2027, 2, 1)),
            arrival=DateRange(date(2027, 1, 15), date(2027, 3, 1)),
        )
    )
    assert (narrowed["from"], narrowed["until"]) == ("2027-01-14T00:00:00Z", "2027-02-02T00:00:00Z")
    assert (await sent(ReservationQuery(departure=DateRange(None, date.max))))["until"] == "9999-12-31T00:00:00Z"


@pytest.mark.parametrize("edge", [date(2027, 1, 10), date(2027, 1, 12)])
async def test_overlap_keeps_every_booking_that_an_arrival_range_wants(edge):
    """A booking of one night at either end of the range, by BookingSync's own rule for ``from`` and ``until``."""
    options = await sent(ReservationQuery(arrival=DateRange(date(2027, 1, 10), date(2027, 1, 13))))
    start, end = f"{edge}T23:59:00Z", f"{date.fromordinal(edge.toordinal() + 1)}T00:00:00Z"
    assert end > options["from"]
    assert start < options["until"]


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ({"CONFIRMED", "PENDING"}, {"status": "booked,tentative"}),
        ({"PENDING", "DECLINED"}, {"status": "tentative"}),
        ({"BLOCKED", "PENDING"}, {}),
        ({"CONFIRMED", "CANCELLED"}, {"include_canceled": "true"}),
        ({"UNKNOWN"}, {"include_canceled": "true"}),
    ],
)
async def test_statuses_are_sent_only_where_bookingsync_has_a_word_for_all_of_them(statuses, expected):
    query = ReservationQuery(statuses=frozenset(ReservationStatus(each) for each in statuses))
    assert await sent(query) == {"from": "2000-01-01T00:00:00Z"} | expected


async def test_statuses_that_bookingsync_does_not_have_take_no_call():
    session = CannedSession({})
    declined = ReservationQuery(statuses=frozenset({ReservationStatus.DECLINED, ReservationStatus.INQUIRY}))
    page = await client(session).reservation_page(declined, None)
    batch = await client(session).reservations_by_listing(["5117"], declined)
    assert (page.items, page.next, page.total) == ([], None, 0)
    assert batch.found == {"5117": []}
    assert session.calls == []


async def test_changes_are_asked_for_with_an_explicit_from_so_that_past_stays_are_not_missed():
    assert await sent(ReservationQuery(updated_since=NOW)) == {
        "from": "2000-01-01T00:00:00Z",
        "include_canceled": "true",
        "updated_since": "2026-12-09T10:59:58Z",
    }


async def test_public_token_is_not_sent_what_it_would_be_refused():
    assert await sent(ALL, PUBLIC) == {}
    assert await sent(ReservationQuery(stay=DateRange(date(2027, 1, 10), None)), PUBLIC) == {
        "from": "2027-01-09T00:00:00Z"
    }


async def test_owned_write_scope_sees_parts_but_no_cancelled_bookings():
    scopes = frozenset({"public", "bookings_write_owned"})
    session = CannedSession({"bookings": last_page(bookings=[])}, scopes=scopes)
    await client(session).reservation_page(ALL, None)
    assert session.query() == {"per_page": "100", "include": "source,bookings_fees,bookings_taxes,booking_comments"}


async def test_token_of_unknown_scopes_is_tried_and_its_refusals_are_remembered():
    def bookings(query):
        return Reply(status=403) if {"include", "include_canceled"} & query.keys() else last_page(bookings=[REDUCED])

    session = CannedSession({"bookings": bookings}, scopes=frozenset())
    reads = client(session)
    first = await reads.reservation_page(ALL, None)
    tries = len(session.calls)
    assert [item.provider_id for item in first.items] == ["1"]
    await reads.reservation_page(ALL, None)
    assert (tries, len(session.calls) - tries) == (4, 1)


async def test_account_without_any_bookings_scope_is_a_permission_problem():
    with pytest.raises(PermissionDenied):
        await client(CannedSession({"bookings": Reply(status=403)})).reservation_page(ALL, None)


async def test_page_of_many_listings_walks_their_groups_one_after_another():
    ids = tuple(str(n) for n in range(1, 151))

    def bookings(query):
        first = query["rental_id"].split(",")[0]
        return Reply({"bookings": [BOOKING | {"id": int(first)}]}, {"x-total-pages": "2" if first == "1" else "1"})

    session = CannedSession({"bookings": bookings})
    query, positions, position = ReservationQuery(listing_ids=ids), [], None
    while True:
        page = await client(session).reservation_page(query, position)
        assert page.total is None
        position = page.next
        if position is None:
            break
        positions.append(position)
    assert positions == ["2", "1:1"]
    assert [call.query[0][1].count(",") + 1 for call in session.calls] == [100, 100, 50]


async def test_page_of_no_possible_listing_is_empty_and_free():
    session = CannedSession({})
    page = await client(session).reservation_page(ReservationQuery(listing_ids=("x",)), None)
    assert (page.items, page.next, session.calls) == ([], None, [])


async def test_reservations_by_id_ask_for_cancelled_and_past_ones():
    cancelled = BOOKING | {"status": "Canceled", "canceled_at": "2016-12-10T00:00:00Z"}
    session = CannedSession({"bookings/829165,7": last_page(bookings=[cancelled])})
    batch = await client(session).reservations(["829165", "7"])
    assert batch.found["829165"].status is ReservationStatus.CANCELLED
    assert ("7" in batch.found, batch.failed) == (False, {})
    assert (session.query()["include_canceled"], session.query()["from"]) == ("true", "2000-01-01T00:00:00Z")
    assert len(session.calls) == 1


async def test_reservations_of_many_listings_take_one_call_a_page_of_bookings():
    def bookings(query):
        number = int(query.get("page", "1"))
        record = BOOKING | {"id": number, "links": BOOKING["links"] | {"rental": 10 + number % 2}}
        repeated = BOOKING | {"id": 1, "links": BOOKING["links"] | {"rental": 11}}
        foreign = BOOKING | {"id": 99, "links": BOOKING["links"] | {"rental": 4711}}
        return Reply({"bookings": [record, repeated, foreign]}, {"x-total-pages": "3"})

    session = CannedSession({"bookings": bookings})
    batch = await client(session).reservations_by_listing(["10", "11", "12"], ALL)
    assert {key: [each.provider_id for each in found] for key, found in batch.found.items()} == {
        "10": ["2"],
        "11": ["1", "3"],
        "12": [],
    }
    assert session.query(0)["rental_id"] == "10,11,12"
    assert len(session.calls) == 3


async def test_failure_while_reading_by_listing_is_told_for_each_listing():
    batch = await client(CannedSession({"bookings": Reply(status=422)})).reservations_by_listing(["1", "2"], ALL)
    assert (batch.found, set(batch.failed)) == ({}, {"1", "2"})
    assert isinstance(batch.failed["1"], UpstreamRefused)


async def test_bookings_of_other_accounts_are_left_out():
    foreign = REDUCED | {"id": 2, "links": {"account": 9, "rental": 5117}}
    session = CannedSession({"bookings": last_page(bookings=[REDUCED, foreign])}, scopes=PUBLIC)
    config = application(accountId=3837)
    page = await client(session, config).reservation_page(ALL, None)
    assert [item.provider_id for item in page.items] == ["1"]
    batch = await client(session, config).reservations_by_listing(["5117"], ALL)
    assert [item.provider_id for item in batch.found["5117"]] == ["1"]


async def test_mirrored_booking_of_a_linked_rental_stays_a_reservation_of_its_own():
    mirror = BOOKING | {"id": 829166, "links": BOOKING["links"] | {"rental": 5118}}
    session = CannedSession({"bookings": last_page(bookings=[BOOKING, mirror])})
    batch = await client(session).reservations_by_listing(["5117", "5118"], ALL)
    assert {key: [each.provider_id for each in found] for key, found in batch.found.items()} == {
        "5117": ["829165"],
        "5118": ["829166"],
    }
