"""The writes of BookingSync for one account."""

from collections.abc import Sequence
from datetime import datetime

from providers.bookingsync.booking_writes import BookingWrites
from providers.bookingsync.calendar_writes import CalendarWrites
from providers.changes import CalendarChange, Cancellation, Progress, ReservationChange, ReservationDraft, Written
from providers.contract import ProviderClient
from providers.model import Reservation


class BookingsyncWrites(ProviderClient):
    """What can be changed at BookingSync. Bookings are never removed there, only cancelled."""

    _booking_writes: BookingWrites
    _calendar_writes: CalendarWrites

    async def create_reservation(self, draft: ReservationDraft, progress: Progress) -> Written[Reservation]:
        return await self._booking_writes.create(draft, progress)

    async def find_reservation(self, draft: ReservationDraft, since: datetime) -> Reservation | None:
        return await self._booking_writes.find(draft, since)

    async def update_reservation(self, id_: str, change: ReservationChange) -> Written[Reservation]:
        return await self._booking_writes.update(id_, change)

    async def cancel_reservation(self, id_: str, cancellation: Cancellation) -> Written[Reservation]:
        return await self._booking_writes.cancel(id_, cancellation)

    async def change_calendar(self, listing_id: str, changes: Sequence[CalendarChange]) -> Written[None]:
        return await self._calendar_writes.change(listing_id, changes)
