"""Free nights of a simulated account, and drafts for them that nothing is wrong with."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from providers.changes import (
    CalendarChange,
    ChangeRefused,
    GuestChange,
    NoProgress,
    PartyChange,
    ReservationDraft,
    Written,
)
from providers.model import Calendar, CalendarDay, Listing, ListingStatus, Reservation
from providers.queries import Days
from providers.upstream.dry_run import DryRunEndedError, DryRunSession
from tests.conformance.connection import Connection

DAY = timedelta(days=1)
NO_PROGRESS = NoProgress()
YEAR = 365


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Free nights of a listing, and one free night on either side: ``start`` is the first of them."""

    listing: Listing
    start: date
    nights: int

    @property
    def end(self) -> date:
        return self.start + self.nights * DAY


async def days_of(there: Connection, listing_id: str, start: date, end: date) -> dict[date, CalendarDay]:
    """The nights of a listing as the PMS has them now."""
    batch = await there.client.calendars([listing_id], Days(start, end))
    calendar: Calendar = batch.found[listing_id]
    return {day.date: day for day in calendar.days}


async def priceable_place(there: Connection, listings: Sequence[Listing], nights: int = 3) -> Place:
    """Free nights of a listing whose prices the PMS lets programs set."""
    session = DryRunSession(there.session, there.clock)
    rehearsing = there.plugin.client(session, there.config)
    for listing in listings:
        try:
            place = await free_place(there, [listing], nights)
            change = CalendarChange(start=place.start, end=place.end, price=Decimal(100))
            await rehearsing.change_calendar(listing.provider_id, [change])
        except DryRunEndedError:
            return place
        except (ChangeRefused, LookupError):
            continue
        return place
    raise LookupError("the simulated account has no nights to price")


async def free_place(there: Connection, listings: Sequence[Listing], nights: int = 3) -> Place:
    """The first free nights, some weeks ahead, of a listing that is in use and stands for one unit."""
    start = there.today + 20 * DAY
    for listing in listings:
        if listing.status is ListingStatus.ARCHIVED:
            continue
        known = await days_of(there, listing.provider_id, start, start + YEAR * DAY)
        if any((day.units_total or 1) > 1 for day in known.values()):
            continue
        for offset in range(YEAR - nights - 2):
            stretch = [known[start + (offset + number) * DAY] for number in range(nights + 2)]
            if all(day.available for day in stretch):
                return Place(listing=listing, start=start + (offset + 1) * DAY, nights=nights)
    raise LookupError("the simulated account has no free nights")


def draft(place: Place, **more: Any) -> ReservationDraft:
    """A reservation of a place."""
    given: dict[str, Any] = {
        "guest": GuestChange(first_name="Ada", last_name="Byron", email="ada@example.org"),
        "party": PartyChange(adults=2, children=0),
        "currency": place.listing.currency,
        "total": Decimal("720.50"),
        "reference": "sg-conformance-1",
        "arrival": place.start,
        "departure": place.end,
    }
    return ReservationDraft(listing_id=place.listing.provider_id, **given | more)


async def made(there: Connection, place: Place, **more: Any) -> Written[Reservation]:
    return await there.client.create_reservation(draft(place, **more), NO_PROGRESS)


async def present(there: Connection, id_: str) -> Reservation | None:
    """A reservation as the PMS has it now; None where it has none."""
    return (await there.client.reservations([id_])).found.get(id_)
