"""BookingSync: bookings as reservations."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest

from providers.errors import UpstreamInvalid
from providers.model import FinanceLine, FinanceLineType, Guest, Money, Party, Reservation, ReservationStatus
from tests.providers.bookingsync.bookings_world import ALL, BOOKING, PUBLIC, REDUCED
from tests.providers.bookingsync.plugin_canned import (
    CannedSession,
    Reply,
    client,
    last_page,
)


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
