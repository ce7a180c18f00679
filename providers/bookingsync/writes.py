"""The writes of BookingSync for one account."""

from collections.abc import Sequence
from datetime import datetime

from providers.bookingsync.booking_writes import BookingWrites
from providers.bookingsync.calendar_writes import CalendarWrites
from providers.bookingsync.rental_writes import RentalWrites
from providers.bookingsync.setting_writes import SettingWrites
from providers.changes import (
    CalendarChange,
    Cancellation,
    FeeChange,
    FeeDraft,
    ImageDraft,
    ListingChange,
    ListingDraft,
    Progress,
    ReservationChange,
    ReservationDraft,
    TaxChange,
    TaxDraft,
    Written,
)
from providers.contract import ProviderClient
from providers.model import Listing, ListingFee, ListingTax, Reservation


class BookingsyncWrites(ProviderClient):
    """What can be changed at BookingSync. Bookings are never removed there, only cancelled."""

    _booking_writes: BookingWrites
    _calendar_writes: CalendarWrites
    _rental_writes: RentalWrites
    _setting_writes: SettingWrites

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

    async def create_listing(self, draft: ListingDraft) -> Written[Listing]:
        return await self._rental_writes.create(draft)

    async def find_listing(self, draft: ListingDraft, since: datetime) -> Listing | None:
        found = await self._rental_writes.find(draft, since)
        return None if found is None else (await self.listings([found])).found.get(found)

    async def update_listing(self, id_: str, change: ListingChange) -> Written[Listing]:
        return await self._rental_writes.update(id_, change)

    async def delete_listing(self, id_: str) -> None:
        await self._rental_writes.delete(id_)

    async def add_images(self, listing_id: str, images: Sequence[ImageDraft]) -> Written[Listing]:
        return await self._rental_writes.add_images(listing_id, images)

    async def create_fee(self, listing_id: str, draft: FeeDraft) -> Written[ListingFee]:
        return await self._setting_writes.create_fee(listing_id, draft)

    async def update_fee(self, listing_id: str, fee_id: str, change: FeeChange) -> Written[ListingFee]:
        return await self._setting_writes.update_fee(listing_id, fee_id, change)

    async def delete_fee(self, listing_id: str, fee_id: str) -> None:
        await self._setting_writes.delete_fee(listing_id, fee_id)

    async def create_tax(self, listing_id: str, draft: TaxDraft) -> Written[ListingTax]:
        return await self._setting_writes.create_tax(listing_id, draft)

    async def update_tax(self, listing_id: str, tax_id: str, change: TaxChange) -> Written[ListingTax]:
        return await self._setting_writes.update_tax(listing_id, tax_id, change)

    async def delete_tax(self, listing_id: str, tax_id: str) -> None:
        await self._setting_writes.delete_tax(listing_id, tax_id)
