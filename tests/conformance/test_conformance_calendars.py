"""Calendars: a row for every day, in agreement with the reservations."""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

import pytest

from providers.capabilities import Capability
from providers.contract import Plugin
from providers.model import Calendar, CalendarDay, DayStatus, ReservationStatus
from providers.queries import Days
from tests.conformance.connection import connected, ids_of, with_capabilities
from tests.conformance.known import Known
from tests.virtual_time import in_virtual_time

TAKES = {ReservationStatus.CONFIRMED, ReservationStatus.BLOCKED}
MAY_TAKE = TAKES | {ReservationStatus.PENDING, ReservationStatus.UNKNOWN}


def nights(known: Known, statuses: set[ReservationStatus]) -> dict[str, set[date]]:
    """The nights of every listing that reservations of these statuses lie on."""
    taken: dict[str, set[date]] = {each.provider_id: set() for each in known.listings}
    for stay in known.reservations:
        if stay.status in statuses and stay.arrival and stay.departure and stay.listing_id in taken:
            taken[stay.listing_id].update(Days(stay.arrival, stay.departure))
    return taken


def of_one_unit(calendar: Calendar) -> bool:
    return all(day.units_total in (None, 1) for day in calendar.days)


@pytest.mark.parametrize(("first", "length"), [(0, 1), (0, 60), (30, 1), (-10, 30), (0, 366), (300, 500)])
@with_capabilities(Capability.LISTINGS, Capability.CALENDAR)
@in_virtual_time
async def test_a_calendar_has_a_row_for_each_day_in_order(
    plugin: Plugin, known: Known, first: int, length: int
) -> None:
    start = known.today + timedelta(days=first)
    days = Days(start, start + timedelta(days=length))
    ids = ids_of(known.listings)
    async with connected(plugin) as there:
        batch = await there.client.calendars(ids, days)
    assert batch.failed == {}
    assert batch.found.keys() == set(ids)
    for key, calendar in batch.found.items():
        assert (calendar.listing_id, calendar.start, calendar.end) == (key, days.start, days.end)
        assert [day.date for day in calendar.days] == list(days)


@with_capabilities(Capability.LISTINGS, Capability.CALENDAR)
@in_virtual_time
async def test_the_same_day_reads_the_same_in_every_range(plugin: Plugin, known: Known) -> None:
    ids = ids_of(known.listings)
    start = known.today
    async with connected(plugin) as there:
        whole = (await there.client.calendars(ids, Days(start, start + timedelta(days=40)))).found
        part = (await there.client.calendars(ids, Days(start + timedelta(days=9), start + timedelta(days=21)))).found
        alone = (await there.client.calendars(ids[:1], Days(start, start + timedelta(days=40)))).found
    assert alone == {ids[0]: whole[ids[0]]}
    for key in ids:
        assert part[key].days == whole[key].days[9:21]


@with_capabilities(Capability.LISTINGS, Capability.RESERVATIONS, Capability.CALENDAR)
@in_virtual_time
async def test_calendars_agree_with_reservations(plugin: Plugin, known: Known) -> None:
    taken, perhaps = nights(known, TAKES), nights(known, MAY_TAKE)
    seen: Counter[str] = Counter()
    async with connected(plugin) as there:
        days = Days(known.today, known.today + timedelta(days=120))
        calendars = (await there.client.calendars(ids_of(known.listings), days)).found
    for key, calendar in calendars.items():
        if not of_one_unit(calendar):
            continue
        for day in calendar.days:
            if day.date in taken[key]:
                assert day.status is not DayStatus.AVAILABLE, (key, day)
                assert day.available is not True, (key, day)
                seen["taken"] += 1
            elif day.date not in perhaps[key]:
                assert day.status not in (DayStatus.RESERVED, DayStatus.PENDING), (key, day)
                seen["free"] += 1
    assert min(seen["taken"], seen["free"]) > 100, "too little was compared"


@with_capabilities(Capability.LISTINGS, Capability.CALENDAR)
@in_virtual_time
async def test_the_fields_of_a_day_do_not_contradict_each_other(plugin: Plugin, known: Known) -> None:
    async with connected(plugin) as there:
        days = Days(known.today, known.today + timedelta(days=120))
        calendars = (await there.client.calendars(ids_of(known.listings), days)).found
    rows = [day for calendar in calendars.values() for day in calendar.days]
    for day in rows:
        assert_sound(day)
    statuses = {day.status for day in rows}
    assert {DayStatus.AVAILABLE, DayStatus.RESERVED} <= statuses
    assert any(day.price for day in rows if day.status is DayStatus.AVAILABLE)


def assert_sound(day: CalendarDay) -> None:
    assert day.price is None or (isinstance(day.price, Decimal) and day.price >= 0), day
    if day.status is DayStatus.AVAILABLE:
        assert day.available is True, day
    elif day.status is not DayStatus.UNKNOWN:
        assert day.available is False, day
    if day.units_total is not None and day.units_available is not None:
        assert 0 <= day.units_available <= day.units_total, day
    for stay in (day.minimum_stay, day.maximum_stay):
        assert stay is None or stay >= 0, day
