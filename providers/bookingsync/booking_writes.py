"""Making, finding, changing and cancelling bookings."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from providers.bookingsync.booking_bodies import BOOKING_NAMES, Hours, check_draft, draft_body
from providers.bookingsync.booking_changes import BookingChanges, Present, present
from providers.bookingsync.booking_money import priced, text
from providers.bookingsync.booking_reads import BookingReads
from providers.bookingsync.bookings import reservation
from providers.bookingsync.client_writes import CLOCKS_APART, ClientWrites
from providers.bookingsync.nights import TakenNights
from providers.bookingsync.parts import Reading
from providers.bookingsync.rental_records import Rental
from providers.bookingsync.resources import Resources, is_id
from providers.bookingsync.sending import BOOKINGS_WRITE, ScopeMissing, Sender, refused_by_field, sent_id
from providers.bookingsync.source_writes import Sources
from providers.bookingsync.wire import Booking
from providers.changes import (
    Cancellation,
    ProblemKind,
    Progress,
    ReservationChange,
    ReservationDraft,
    Written,
    given,
    or_none,
    refused,
)
from providers.errors import NotFound, PermissionDenied, UpstreamRefused
from providers.model import Reservation
from providers.queries import DateRange, ReservationQuery
from providers.wire import OddValue, parse_records, read_records
from providers.wire.values import read_decimal

_BY_REASON = ("reason", "message_to_guest", "message_to_channel")


class BookingWrites:
    """The bookings of one account, written."""

    def __init__(
        self,
        resources: Resources,
        sender: Sender,
        reads: BookingReads,
        account_id: str,
        now: Callable[[], datetime],
    ) -> None:
        self._resources = resources
        self._sender = sender
        self._reads = reads
        self._account_id = account_id
        self._now = now
        self._sources = Sources(resources, sender)
        self._clients = ClientWrites(resources, sender, now)
        self._nights = TakenNights(reads)
        self._changes = BookingChanges(sender, self._sources, self._nights)

    async def create(self, draft: ReservationDraft, progress: Progress) -> Written[Reservation]:
        """Make a booking: the rental's hours are read, then client, source and booking are made, each if needed.

        A booking without a guest and a channel takes two calls, one with both four, or five with a new source.
        """
        check_draft(draft, self._now())
        money = priced(or_none(draft.finance_lines), or_none(draft.total))
        body = draft_body(draft, await self._hours(draft.listing_id), money)
        if "source_id" not in body and (source := await self._sources.source_id(draft, progress)) is not None:
            body["source_id"] = sent_id(source)
        if "client_id" not in body and (client := await self._client(draft, progress)) is not None:
            body["client_id"] = sent_id(client)
        path = f"rentals/{draft.listing_id}/bookings"
        try:
            made = await self._sender.create(path, "bookings", body, scopes=BOOKINGS_WRITE)
        except UpstreamRefused as error:
            raise await self._nights.refusal(error, draft.listing_id, _stay(draft), BOOKING_NAMES) from None
        warnings = [*(money.warnings if money else ()), *_differing(made.record, body)]
        return Written(id=made.id, warnings=warnings)

    async def find(self, draft: ReservationDraft, since: datetime) -> Reservation | None:
        """By our reference; where the client set its own, by that, the days, and when it was booked."""
        stay = DateRange(or_none(draft.arrival), or_none(draft.departure))
        reading = await self._reads.walk(ReservationQuery(stay=stay), [draft.listing_id])
        given_reference = or_none(draft.channel_reference)
        for each in self._read(reading):
            if each.listing_id != draft.listing_id or each.channel_reference is None:
                continue
            if given_reference is None and each.channel_reference == draft.reference:
                return each
            same_days = (each.arrival, each.departure) == (draft.arrival, draft.departure)
            is_new = each.created_at is not None and each.created_at >= since - CLOCKS_APART
            if each.channel_reference == given_reference and same_days and is_new:
                return each
        return None

    async def update(self, id_: str, change: ReservationChange) -> Written[Reservation]:
        """Change a booking, which is read first."""
        return await self._changes.make(await self._present(id_), change)

    async def cancel(self, id_: str, cancellation: Cancellation) -> Written[Reservation]:
        """Cancel a booking, which keeps its record. It is read first: two calls."""
        there = await self._present(id_)
        there.check_open()
        said = {name: value for name, value in given(cancellation).items() if name in _BY_REASON and value}
        body = {"bookings": [{f"cancelation_{name}": value for name, value in said.items()}]} if said else None
        try:
            await self._sender.remove(f"bookings/{id_}", body, scopes=BOOKINGS_WRITE)
        except UpstreamRefused as error:
            raise refused_by_field(error, BOOKING_NAMES) from None
        except ScopeMissing:
            raise
        except PermissionDenied:
            raise there.locked() from None
        unkept = "BookingSync does not keep who cancelled a booking: say so in the reason."
        return Written(id=id_, warnings=[unkept] if or_none(cancellation.by) is not None else [])

    async def _present(self, id_: str) -> Present:
        reading = await self._reads.by_ids([id_]) if is_id(id_) else None
        records = reading.records if reading is not None else []
        found = [each for each in read_records(Booking, records)[0] if each.id == id_]
        if not found:
            raise NotFound("BookingSync has no such booking.")
        return present(found[0])

    async def _hours(self, rental_id: str) -> Hours:
        if not is_id(rental_id):
            raise refused(ProblemKind.NOT_FOUND, "BookingSync has no such rental.", "listing_id")
        pages = await self._resources.by_ids("rentals", [rental_id], ())
        rentals = read_records(Rental, [record for page in pages for record in page.records])[0]
        rental = next((each for each in rentals if each.id == rental_id), None)
        if rental is None:
            raise refused(ProblemKind.NOT_FOUND, "BookingSync has no such rental.", "listing_id")
        return hours_of(rental)

    async def _client(self, draft: ReservationDraft, progress: Progress) -> str | None:
        guest = or_none(draft.guest)
        return None if guest is None else await self._clients.make(guest, progress)

    def _read(self, reading: Reading | None) -> list[Reservation]:
        if reading is None:
            return []
        read_at = reading.received_at or self._now()
        return parse_records(Booking, reading.records, lambda each: reservation(each, self._account_id, read_at))[0]


def _stay(draft: ReservationDraft) -> tuple[date, date] | None:
    arrival, departure = or_none(draft.arrival), or_none(draft.departure)
    return None if arrival is None or departure is None else (arrival, departure)


def hours_of(rental: Rental) -> Hours:
    """The rental's hours; midnight, as BookingSync itself takes a bare day, where it has none."""
    return Hours(check_in=_hour(rental.checkin_time), check_out=_hour(rental.checkout_time))


def _hour(value: int | None) -> int:
    return value if value is not None and 0 <= value < 24 else 0


def _differing(record: Mapping[str, Any], body: Mapping[str, Any]) -> list[str]:
    """A warning where BookingSync came to another total than the one that was sent."""
    wanted, answered = _amount(body, "final_price"), _amount(record, "final_price")
    if wanted is None or answered is None or wanted == answered:
        return []
    return [f"BookingSync holds a total of {text(answered)} instead of {text(wanted)}."]


def _amount(record: Mapping[str, Any], name: str) -> Decimal | None:
    try:
        return read_decimal(record.get(name))
    except OddValue:
        return None
