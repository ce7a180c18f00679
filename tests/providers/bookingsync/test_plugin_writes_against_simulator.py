"""The plugin's writes against the simulated BookingSync, under the readings that the documentation leaves open."""

from asyncio import gather
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from providers.bookingsync.extras import RentalExtras
from providers.bookingsync.simulator import BookingsyncReadings, ErrorStyle, IncludeStyle, MapStart
from providers.changes import (
    CalendarChange,
    Cancellation,
    ChangeRefused,
    FinanceLineChange,
    GuestChange,
    ListingChange,
    NoProgress,
    PartyChange,
    ProblemKind,
    ReservationChange,
    ReservationDraft,
    ReservationKind,
)
from providers.model import CancelledBy, Channel, DayStatus, FinanceLineType, Listing, Reservation, ReservationStatus
from providers.queries import Days, ListingQuery, ReservationQuery
from tests.providers.bookingsync.connected_world import NESTED, Connected, connected, everything
from tests.virtual_time import in_virtual_time

LIKELIEST = NESTED
READINGS = {
    "as recorded": LIKELIEST,
    "created answers 200, updates nothing": replace(LIKELIEST, created_status=200, updates_answer_nothing=True),
    "taken nights are a conflict": replace(LIKELIEST, overlap_status=409, locked_status=403),
    "errors are pages": replace(LIKELIEST, errors=ErrorStyle.HTML),
    "errors are empty": replace(LIKELIEST, errors=ErrorStyle.EMPTY, overlap_status=409),
    "errors are objects": replace(LIKELIEST, errors=ErrorStyle.OBJECTS),
    "lapsed holds vanish": replace(LIKELIEST, lapsed_holds_vanish=True, statusless_booking_refused=False),
    "maps begin where sent": replace(LIKELIEST, map_start=MapStart.SENT),
    "maps begin where they did": replace(LIKELIEST, map_start=MapStart.UNCHANGED),
    "parts beside": replace(LIKELIEST, include=IncludeStyle.TOP_LEVEL),
    "includes ignored": replace(LIKELIEST, include=IncludeStyle.IGNORED, fields_keep_links=False),
}
GUEST = GuestChange(first_name="Ann", last_name="Lee", email="ann@example.com", phone="+41 1", city="Bern")
every_reading = pytest.mark.parametrize("readings", READINGS.values(), ids=READINGS.keys())


async def house(there: Connected, **wanted: Any) -> Listing:
    """A listing with that in its record, whose calls are not counted."""
    found = (await there.client.listing_page(ListingQuery(), None)).items
    chosen = next(each for each in found if each.raw and all(each.raw[name] == wanted[name] for name in wanted))
    there.count()
    return chosen


def far(there: Connected, day: int = 0) -> date:
    """A day after all bookings of the beginning."""
    return there.today + timedelta(days=250 + day)


def draft(there: Connected, listing: Listing, day: int = 0, nights: int = 4, **more: Any) -> ReservationDraft:
    plain = {
        "listing_id": listing.provider_id,
        "reference": "sg-1",
        "arrival": far(there, day),
        "departure": far(there, day + nights),
        "currency": listing.currency,
    }
    return ReservationDraft(**{**plain, **more})


def line(kind: FinanceLineType, amount: str, **more: Any) -> FinanceLineChange:
    return FinanceLineChange(type=kind, amount=Decimal(amount), **more)


LINES = (
    line(FinanceLineType.RENT, "400.10"),
    line(FinanceLineType.DISCOUNT, "-20.05"),
    line(FinanceLineType.FEE, "33.33", title="Linen", quantity=Decimal(3), unit_amount=Decimal("11.11")),
    line(FinanceLineType.TAX, "7.77", title="City tax", percentage=Decimal("2")),
    line(FinanceLineType.TAX, "36.37", title="VAT", percentage=Decimal("10"), included_in_total=False),
)


async def read(there: Connected, ident: str) -> Reservation:
    found = (await there.client.reservations([ident])).found[ident]
    there.count()
    return found


async def refusal(made: Any) -> ChangeRefused:
    with pytest.raises(ChangeRefused) as refused:
        await made
    return refused.value


def kinds(error: ChangeRefused) -> list[tuple[ProblemKind, str]]:
    return [(each.kind, ".".join(map(str, each.field))) for each in error.problems]


def lines_of(found: Reservation) -> list[tuple[FinanceLineType, Decimal, bool | None]]:
    return [
        (each.type, each.amount.amount, each.included_in_total)
        for each in found.finance_lines or ()
        if each.type is not None and each.amount is not None
    ]


def sum_of(found: Reservation) -> Decimal:
    return sum((amount for _, amount, counted in lines_of(found) if counted), Decimal(0))


class Notes:
    """Progress kept as in a database."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    def made(self, step: str) -> str | None:
        return self.kept.get(step)

    async def note(self, step: str, id_: str) -> None:
        self.kept[step] = id_


@every_reading
@in_virtual_time
async def test_a_booking_is_made_with_all_that_was_given(readings: BookingsyncReadings) -> None:
    async with connected(readings) as there:
        listing = await house(there)
        made = await there.client.create_reservation(
            draft(
                there,
                listing,
                guest=GUEST,
                party=PartyChange(adults=2, children=1),
                channel=Channel.AIRBNB,
                finance_lines=LINES,
                total=Decimal("421.15"),
                comment="Comes by train.",
                host_note="Regular guest",
                door_code="1234",
            ),
            NoProgress(),
        )
        assert list(made.warnings) == []
        assert there.count() == 4  # rental, sources, client, booking
        found = await read(there, made.id)
        assert found.status is ReservationStatus.CONFIRMED
        assert (found.arrival, found.departure) == (far(there), far(there, 4))
        assert (found.check_in_time, found.check_out_time) == (listing.check_in_from, listing.check_out_until)
        assert found.channel is Channel.AIRBNB
        assert found.channel_reference == "sg-1"
        assert found.guest is not None
        assert (found.guest.first_name, found.guest.email, found.guest.city) == ("Ann", "ann@example.com", "Bern")
        assert found.party is not None
        assert (found.party.adults, found.party.children) == (2, 1)
        assert (found.host_note, found.door_code) == ("Regular guest", "1234")
        assert [each.text for each in found.comments or ()] == ["Comes by train."]
        assert found.total is not None
        assert found.total.amount == Decimal("421.15") == sum_of(found)
        assert lines_of(found) == [(each.type, each.amount, each.included_in_total is not False) for each in LINES]


@every_reading
@in_virtual_time
async def test_taken_nights_are_told_whatever_the_refusal_looks_like(readings: BookingsyncReadings) -> None:
    async with connected(readings) as there:
        listing = await house(there)
        made = await there.client.create_reservation(draft(there, listing), NoProgress())
        error = await refusal(there.client.create_reservation(draft(there, listing, day=3), NoProgress()))
        assert kinds(error) == [(ProblemKind.NIGHTS_TAKEN, "arrival")]
        other = await there.client.create_reservation(draft(there, listing, day=4), NoProgress())
        moved = ReservationChange(departure=far(there, 5))
        error = await refusal(there.client.update_reservation(made.id, moved))
        assert kinds(error) == [(ProblemKind.NIGHTS_TAKEN, "arrival")]
        assert (await read(there, made.id)).departure == far(there, 4)
        assert other.id != made.id


@every_reading
@in_virtual_time
async def test_a_booking_is_changed_and_its_money_adds_up(readings: BookingsyncReadings) -> None:
    async with connected(readings) as there:
        listing = await house(there)
        made = await there.client.create_reservation(
            draft(there, listing, guest=GUEST, finance_lines=LINES, host_note="stays"), NoProgress()
        )
        fee = next(
            each for each in (await read(there, made.id)).finance_lines or () if each.type is FinanceLineType.FEE
        )
        change = ReservationChange(
            departure=far(there, 6),
            guest=GuestChange(email="new@example.com"),
            comment="Wants a cot.",
            finance_lines=[
                line(FinanceLineType.RENT, "600"),
                FinanceLineChange(provider_id=fee.provider_id, quantity=Decimal(4)),
                line(FinanceLineType.FEE, "5.55", title="Dog"),
            ],
        )
        await there.client.update_reservation(made.id, change)
        found = await read(there, made.id)
        assert found.total is not None
        assert (
            found.total.amount
            == sum_of(found)
            == Decimal("600") - Decimal("20.05") + Decimal("44.44") + Decimal("5.55") + Decimal("7.77")
        )
        assert found.departure == far(there, 6)
        assert found.host_note == "stays"
        assert found.guest is not None
        assert (found.guest.first_name, found.guest.email, found.guest.phone) == ("Ann", "new@example.com", "+41 1")
        assert [each.text for each in found.comments or ()] == ["Wants a cot."]


@every_reading
@in_virtual_time
async def test_a_booking_is_cancelled_once_with_its_reason(readings: BookingsyncReadings) -> None:
    async with connected(readings) as there:
        listing = await house(there)
        made = await there.client.create_reservation(draft(there, listing), NoProgress())
        how = Cancellation(by=CancelledBy.HOST, reason="payment_failed", message_to_guest="Sorry.")
        cancelled = await there.client.cancel_reservation(made.id, how)
        assert len(cancelled.warnings) == 1
        found = await read(there, made.id)
        assert (found.status, found.cancellation_reason) == (ReservationStatus.CANCELLED, "payment_failed")
        error = await refusal(there.client.cancel_reservation(made.id, Cancellation()))
        assert kinds(error) == [(ProblemKind.CONFLICT, "")]
        error = await refusal(there.client.update_reservation(made.id, ReservationChange(host_note="x")))
        assert kinds(error) == [(ProblemKind.CONFLICT, "")]
        await there.client.create_reservation(draft(there, listing), NoProgress())


@every_reading
@in_virtual_time
async def test_nights_are_blocked_beside_guests_and_freed_exactly(readings: BookingsyncReadings) -> None:
    async with connected(readings) as there:
        listing = await house(there)
        await there.client.create_reservation(draft(there, listing, day=2, nights=2), NoProgress())
        there.count()
        block = CalendarChange(start=far(there), end=far(there, 8), available=False, note="paint")
        written = await there.client.change_calendar(listing.provider_id, [block])
        assert there.count() == 2 + 2 or readings.include is not IncludeStyle.NESTED
        assert len(written.warnings) == 1
        free = CalendarChange(start=far(there, 1), end=far(there, 7), available=True)
        again = CalendarChange(start=far(there, 6), end=far(there, 7), available=False)
        await there.client.change_calendar(listing.provider_id, [free, again])
        days = Days(far(there), far(there, 9))
        calendar = (await there.client.calendars([listing.provider_id], days)).found[listing.provider_id]
        letters = {DayStatus.BLOCKED: "X", DayStatus.RESERVED: "b"}
        shown = "".join(letters.get(day.status, "-") for day in calendar.days)
        assert shown == "X-bb--XX-"


@every_reading
@in_virtual_time
async def test_prices_and_rules_are_written_and_all_else_stays(readings: BookingsyncReadings) -> None:
    async with connected(readings) as there:
        listing = await house(there, nightly_rates_managed_externally=True)
        days = Days(there.today, far(there))
        before = (await there.client.calendars([listing.provider_id], days)).found[listing.provider_id]
        there.count()
        first = there.today + timedelta(days=30)
        changes = [
            CalendarChange(start=first, end=first + timedelta(days=3), price=Decimal("123.45")),
            CalendarChange(start=first + timedelta(days=2), end=first + timedelta(days=10), minimum_stay=4),
            CalendarChange(start=first + timedelta(days=20), end=first + timedelta(days=21), price=Decimal(99)),
        ]
        await there.client.change_calendar(listing.provider_id, changes)
        assert there.count() == 2 or readings.include is not IncludeStyle.NESTED
        after = (await there.client.calendars([listing.provider_id], days)).found[listing.provider_id]
        expected = {}
        for day in before.days:
            number = (day.date - first).days
            price = Decimal("123.45") if 0 <= number < 3 else Decimal(99) if number == 20 else day.price
            expected[day.date] = (price, 4 if 2 <= number < 10 else day.minimum_stay)
        assert {day.date: (day.price, day.minimum_stay) for day in after.days} == expected


@in_virtual_time
async def test_a_year_of_single_days_is_one_write_and_later_one_call_in_all() -> None:
    async with connected() as there:
        listing = await house(there, nightly_rates_managed_externally=True)
        year = [
            CalendarChange(
                start=there.today + timedelta(days=number),
                end=there.today + timedelta(days=number + 1),
                price=Decimal(100 + number),
                minimum_stay=2,
            )
            for number in range(365)
        ]
        await there.client.change_calendar(listing.provider_id, year)
        assert there.count() == 2
        await there.client.change_calendar(listing.provider_id, year)
        assert there.count() == 1
        prices = [
            replace(each, minimum_stay=CalendarChange(start=each.start, end=each.end).minimum_stay) for each in year
        ]
        await there.client.change_calendar(listing.provider_id, prices)
        assert there.count() == 2


@in_virtual_time
async def test_a_rental_whose_owner_makes_the_prices_is_a_conflict_until_it_is_switched() -> None:
    async with connected() as there:
        listing = await house(there, nightly_rates_managed_externally=False)
        tomorrow = there.today + timedelta(days=1)
        change = CalendarChange(start=tomorrow, end=tomorrow + timedelta(days=1), price=Decimal(50))
        error = await refusal(there.client.change_calendar(listing.provider_id, [change]))
        assert kinds(error) == [(ProblemKind.CONFLICT, "")]
        assert "nightlyRatesManagedExternally: true" in error.problems[0].message
        switch = ListingChange(extras=RentalExtras(nightly_rates_managed_externally=True))
        await there.client.update_listing(listing.provider_id, switch)
        await there.client.change_calendar(listing.provider_id, [change])
        days = Days(tomorrow, tomorrow + timedelta(days=1))
        calendar = (await there.client.calendars([listing.provider_id], days)).found[listing.provider_id]
        assert calendar.days[0].price == 50


@in_virtual_time
async def test_a_block_of_another_application_is_not_freed() -> None:
    async with connected() as there:
        listing, locked = await locked_block(there)
        change = CalendarChange(start=locked.arrival, end=locked.departure, available=True)  # type: ignore[arg-type]
        error = await refusal(there.client.change_calendar(listing, [change]))
        assert kinds(error) == [(ProblemKind.CONFLICT, "")]
        error = await refusal(there.client.update_reservation(locked.provider_id, ReservationChange(host_note="x")))
        assert kinds(error) == [(ProblemKind.CONFLICT, "")]
        error = await refusal(there.client.cancel_reservation(locked.provider_id, Cancellation()))
        assert kinds(error) == [(ProblemKind.CONFLICT, "")]


async def locked_block(there: Connected) -> tuple[str, Reservation]:
    blocks = ReservationQuery(statuses=frozenset({ReservationStatus.BLOCKED}))
    items, _ = await everything(there.client.reservation_page, blocks)
    found = next(each for each in items if each.provider_status == "Locked")
    assert found.listing_id is not None
    return found.listing_id, found


@in_virtual_time
async def test_of_many_bookings_of_the_same_nights_one_is_made() -> None:
    async with connected() as there:
        listing = await house(there)
        wanted = [draft(there, listing, day=number % 3, reference=f"sg-{number}") for number in range(20)]
        made = [there.client.create_reservation(each, NoProgress()) for each in wanted]
        outcomes = await gather(*made, return_exceptions=True)
        refused = [kinds(each) for each in outcomes if isinstance(each, ChangeRefused)]
        assert refused == [[(ProblemKind.NIGHTS_TAKEN, "arrival")]] * 19


@in_virtual_time
async def test_a_hold_takes_its_nights_until_its_time() -> None:
    async with connected() as there:
        listing = await house(there)
        ends = there.client._now() + timedelta(hours=1)
        held = draft(there, listing, kind=ReservationKind.HOLD, expires_at=ends)
        made = await there.client.create_reservation(held, NoProgress())
        found = await read(there, made.id)
        assert (found.status, found.expires_at) == (ReservationStatus.PENDING, ends)
        later = ends + timedelta(hours=1)
        await there.client.update_reservation(made.id, ReservationChange(expires_at=later))
        assert (await read(there, made.id)).expires_at == later
        error = await refusal(
            there.client.create_reservation(draft(there, listing, kind=ReservationKind.HOLD), NoProgress())
        )
        assert kinds(error) == [(ProblemKind.REQUIRED, "expires_at")]


@in_virtual_time
async def test_a_block_is_a_booking_without_a_guest() -> None:
    async with connected() as there:
        listing = await house(there)
        block = draft(there, listing, kind=ReservationKind.BLOCK, host_note="roof")
        made = await there.client.create_reservation(block, NoProgress())
        found = await read(there, made.id)
        assert (found.status, found.total, found.host_note) == (ReservationStatus.BLOCKED, None, "roof")
        error = await refusal(
            there.client.create_reservation(replace(block, total=Decimal(10), guest=GUEST), NoProgress())
        )
        assert kinds(error) == [(ProblemKind.NOT_SUPPORTED, "total"), (ProblemKind.NOT_SUPPORTED, "guest")]
