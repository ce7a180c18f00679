"""Hostaway's calendars in the unified model, and how a range is cut into calls."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from providers.hostaway.listings import NO_MAXIMUM_STAY
from providers.hostaway.manifest import CODE
from providers.hostaway.paging import Query, id_of
from providers.hostaway.reservations import build_reservation
from providers.hostaway.wire import WireDay, WireReservation
from providers.model import Calendar, CalendarDay, DayStatus, Reservation
from providers.queries import Days
from providers.wire import parse_records

LONGEST_READ = 365
"""Days asked for in one call. No maximum is documented; other clients read a year."""

ROWS_AT_ONCE = 200
"""Days read before others have their turn."""

# Hostaway documentation, Calendar day. mblocked, mreserved and conflicted are deprecated; hardBlock is announced.
_STATUSES = {
    "available": DayStatus.AVAILABLE,
    "reserved": DayStatus.RESERVED,
    "mreserved": DayStatus.RESERVED,
    "conflicted": DayStatus.RESERVED,
    "pending": DayStatus.PENDING,
    "blocked": DayStatus.BLOCKED,
    "mblocked": DayStatus.BLOCKED,
    "hardblock": DayStatus.BLOCKED,
}


def pieces(days: Days) -> Iterator[Days]:
    """``days`` in stretches that one call may ask for."""
    start = days.start
    while start < days.end:
        end = min(days.end, start + timedelta(days=LONGEST_READ))
        yield Days(start, end)
        start = end


def calendar_parameters(days: Days, *, reservations: bool) -> Query:
    """``endDate`` is the day after the last one: whether it is inclusive is not documented, and surplus is dropped."""
    bounds = (("startDate", days.start.isoformat()), ("endDate", days.end.isoformat()))
    return (*bounds, ("includeResources", "1")) if reservations else bounds


async def build_calendar(
    rows: Sequence[Any], listing_id: str, account_id: str, days: Days, *, reservations: bool
) -> Calendar:
    """A calendar of exactly ``days``: days outside are dropped, missing or unreadable ones are ``UNKNOWN``.

    Three years of days take a while: others have their turn in between.

    Of a day that was sent twice the last one holds. ``reservations`` says that those of each night were asked for;
    without that Hostaway sends empty lists, which mean nothing.
    """
    stays = _Stays(account_id)
    by_date: dict[date, CalendarDay] = {}
    for start in range(0, len(rows), ROWS_AT_ONCE):
        some = rows[start : start + ROWS_AT_ONCE]
        read, _ = parse_records(WireDay, some, lambda wire: _day(wire, stays if reservations else None))
        by_date |= {day.date: day for day in read if day is not None}
        await asyncio.sleep(0)
    return Calendar(
        provider=CODE,
        account_id=account_id,
        listing_id=listing_id,
        start=days.start,
        end=days.end,
        days=[by_date.get(each) or _unsaid(each) for each in days],
    )


def _unsaid(day: date) -> CalendarDay:
    return CalendarDay(date=day, status=DayStatus.UNKNOWN)


class _Stays:
    """The reservations in the days of a calendar. One that holds many nights is read once and shared by them."""

    def __init__(self, account_id: str) -> None:
        self._account_id = account_id
        self._known: dict[str, tuple[Any, Reservation]] = {}

    def of(self, wire: WireDay) -> list[Reservation] | None:
        if wire.reservations is None:
            return None
        return [stay for row in wire.reservations if (stay := self._read(row)) is not None]

    def _read(self, row: Any) -> Reservation | None:
        """Reduced objects, without money lines among others; one that cannot be read is left out."""
        key = id_of(row) or ""
        sent, known = self._known.get(key, (None, None))
        if known is not None and sent == row:
            return known
        found, _ = parse_records(WireReservation, [row], lambda wire: build_reservation(wire, self._account_id))
        for stay in found:
            self._known[key] = (row, stay)
        return found[0] if found else None


def _day(wire: WireDay, stays: _Stays | None) -> CalendarDay | None:
    if wire.date is None:
        return None
    status = _status(wire)
    return CalendarDay(
        date=wire.date,
        status=status,
        provider_status=wire.status,
        available=_available(wire, status),
        price=wire.price,
        minimum_stay=wire.minimum_stay if wire.minimum_stay and wire.minimum_stay > 0 else None,
        maximum_stay=_maximum_stay(wire.maximum_stay),
        # Null means open (Hostaway documentation, Calendar day).
        closed_to_arrival=bool(wire.closed_on_arrival),
        closed_to_departure=bool(wire.closed_on_departure),
        units_total=wire.count_available_units,
        units_available=wire.available_units_to_sell,
        units_pending=wire.count_pending_units,
        units_blocked=wire.count_blocked_units,
        units_reserved=_first_said(wire.count_reserved_units, wire.count_blocking_reservations),
        note=wire.note,
        reservations=stays.of(wire) if stays else None,
    )


def _status(wire: WireDay) -> DayStatus:
    """The word's meaning; a day called available that cannot be booked is not understood.

    Of a listing with several units the counter decides: which word is sent when some of them are taken is not
    documented, and ``isAvailable`` is for single units (Hostaway documentation, Calendar day).
    """
    said = DayStatus.UNKNOWN if wire.status is None else _STATUSES.get(wire.status.lower(), DayStatus.UNKNOWN)
    if wire.available_units_to_sell is not None:
        if wire.available_units_to_sell > 0:
            return DayStatus.AVAILABLE
        return DayStatus.RESERVED if said in (DayStatus.AVAILABLE, DayStatus.UNKNOWN) else said
    if wire.status is None and wire.is_available:
        return DayStatus.AVAILABLE
    return DayStatus.UNKNOWN if said is DayStatus.AVAILABLE and wire.is_available is False else said


def _available(wire: WireDay, status: DayStatus) -> bool | None:
    """Both must say so: a day that is called blocked is not for sale, whatever its flag says."""
    if wire.available_units_to_sell is not None:
        return wire.available_units_to_sell > 0
    if status is DayStatus.UNKNOWN:
        return wire.is_available
    return status is DayStatus.AVAILABLE and wire.is_available is not False


def _maximum_stay(nights: int | None) -> int | None:
    return nights if nights and 0 < nights < NO_MAXIMUM_STAY else None


def _first_said(announced: int | None, deprecated: int | None) -> int | None:
    """``countReservedUnits`` is announced in the place of ``countBlockingReservations``, which is deprecated."""
    return deprecated if announced is None else announced
