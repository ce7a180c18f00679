"""Changing nights: prices and minimum stays by the rental's map, availability by blocks."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from providers.bookingsync.block_changes import BlockCall, block_changes
from providers.bookingsync.booking_bodies import BOOKING_NAMES, LONGEST_NOTES
from providers.bookingsync.booking_writes import hours_of
from providers.bookingsync.calendars import CALENDAR_PARTS
from providers.bookingsync.night_wishes import NightWish, check_within, is_whole, night_wishes, written_map
from providers.bookingsync.nights import TakenNights
from providers.bookingsync.parts import PartsReader
from providers.bookingsync.rental_records import Rental
from providers.bookingsync.resources import Resources, is_id
from providers.bookingsync.sending import BOOKINGS_WRITE, RATES_WRITE, Sender, lacking
from providers.bookingsync.steps import Steps
from providers.bookingsync.wire import CalendarRental
from providers.changes import CalendarChange, ProblemKind, Written, refused
from providers.errors import NotFound, UpstreamRefused
from providers.wire import read_records

_MAP = tuple(part for part in CALENDAR_PARTS if part.name == "nightly_rate_map")
_NAMES: Mapping[str, tuple[str | int, ...]] = {
    "rates_map": ("price",),
    "minimum_stays_map": ("minimum_stay",),
    "notes": ("note",),
}
_NOT_OURS = (
    "BookingSync makes this rental's prices from its own seasons. Let programs write them first: updateListing with "
    "bookingsync: { nightlyRatesManagedExternally: true }. It takes seasons and periods away from the owner."
)


@dataclass(frozen=True, slots=True)
class _Rental:
    """A rental as its nights are changed."""

    rental: Rental
    priced: CalendarRental


class CalendarWrites:
    """The nights of one account's rentals, written."""

    def __init__(
        self,
        resources: Resources,
        parts: PartsReader,
        sender: Sender,
        nights: TakenNights,
        now: Callable[[], datetime],
    ) -> None:
        self._resources = resources
        self._parts = parts
        self._sender = sender
        self._nights = nights
        self._now = now
        self._map_ids: dict[str, str] = {}

    async def change(self, listing_id: str, changes: Sequence[CalendarChange]) -> Written[None]:
        """Prices and minimum stays of all nights are one PUT of the rental's map.

        The map is read before, since both of its lists have to be sent, gaps included: two calls. Where every night
        from today or yesterday (UTC) on has both, and the id of the map is known from before, one call is enough.
        Availability takes one read of the bookings, and a call for each stretch of nights or block.
        """
        if not is_id(listing_id):
            raise NotFound("BookingSync has no such rental.")
        wishes = night_wishes(changes)
        _check_notes(wishes)
        today = self._now().date()
        priced = {night: wish for night, wish in wishes.items() if wish.is_priced}
        check_within(priced, today)
        is_blocking = any(wish.available is not None for wish in wishes.values())
        steps = Steps({**BOOKING_NAMES, **_NAMES})
        if priced and not is_blocking and is_whole(priced) and min(priced) <= today and listing_id in self._map_ids:
            await self._write_map(self._map_ids[listing_id], written_map(priced, None, today), steps)
            return Written(id=listing_id)
        found = await self._read(listing_id, with_map=bool(priced))
        map_id = self._writable_map(listing_id, found) if priced else None
        warnings: list[str] = []
        if is_blocking:
            warnings = await self._write_blocks(listing_id, found, wishes, steps)
        if map_id is not None:
            body = written_map(priced, found.priced.nightly_rate_map, today)
            await self._write_map(map_id, body, steps)
            self._map_ids[listing_id] = map_id
        return Written(id=listing_id, warnings=warnings)

    async def _read(self, listing_id: str, *, with_map: bool) -> _Rental:
        reading = await self._parts.read(
            lambda include: self._resources.by_ids("rentals", [listing_id], include), _MAP if with_map else ()
        )
        rentals = {each.id: each for each in read_records(Rental, reading.records)[0]}
        priced = {each.id: each for each in read_records(CalendarRental, reading.records)[0]}
        if listing_id not in rentals or listing_id not in priced:
            raise NotFound("BookingSync has no such rental.")
        return _Rental(rentals[listing_id], priced[listing_id])

    def _writable_map(self, listing_id: str, found: _Rental) -> str:
        """The id of the map that may be written. Raises ``ChangeRefused`` where the owner's seasons make it."""
        if found.priced.nightly_rates_managed_externally is not True:
            raise refused(ProblemKind.CONFLICT, _NOT_OURS)
        map_id = found.priced.link("nightly_rate_map")
        if map_id is None or found.priced.nightly_rate_map is None:
            raise lacking(RATES_WRITE)
        return map_id

    async def _write_map(self, map_id: str, body: Mapping[str, str], steps: Steps) -> None:
        first = body["start_date"]
        path = f"nightly_rate_maps/{map_id}"
        await steps.take(
            f"prices and minimum stays from {first}",
            self._sender.change(path, "nightly_rate_maps", body, scopes=RATES_WRITE),
        )

    async def _write_blocks(
        self, listing_id: str, found: _Rental, wishes: Mapping[date, NightWish], steps: Steps
    ) -> list[str]:
        asked = [night for night, wish in wishes.items() if wish.available is not None]
        first, last = min(asked), max(asked)
        holders = await self._nights.holders(listing_id, first, date.fromordinal(last.toordinal() + 1))
        changes = block_changes(wishes, holders, hours_of(found.rental))
        for call in changes.calls:
            await steps.take(call.what, self._send(listing_id, call))
        return changes.warnings

    async def _send(self, listing_id: str, call: BlockCall) -> None:
        path = f"rentals/{listing_id}/bookings" if call.block_id is None else f"bookings/{call.block_id}"
        body = None if call.body is None else {"bookings": [call.body]}
        try:
            await self._sender.send(call.method, path, body, scopes=BOOKINGS_WRITE, imagined={})
        except UpstreamRefused as error:
            stay = None
            if call.body is not None:
                stay = date.fromisoformat(call.body["start_at"][:10]), date.fromisoformat(call.body["end_at"][:10])
            raise await self._nights.refusal(error, listing_id, stay, BOOKING_NAMES, own=call.block_id or "") from None


def _check_notes(wishes: Mapping[date, NightWish]) -> None:
    if any(len(wish.note or "") > LONGEST_NOTES for wish in wishes.values()):
        allowed = f"0 to {LONGEST_NOTES} characters"
        raise refused(ProblemKind.OUT_OF_RANGE, f"It must be {allowed}.", "note", allowed=allowed)
