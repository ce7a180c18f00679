"""Changing a booking that is there: what is left out stays."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from typing import Any

from providers.bookingsync.booking_bodies import (
    BOOKING_NAMES,
    check_written,
    extra_attributes,
    extras_of,
    hold,
    plain_attributes,
    wall_time,
)
from providers.bookingsync.booking_money import FeeLine, text
from providers.bookingsync.bookings import STATUSES
from providers.bookingsync.guests import changed_client, new_client
from providers.bookingsync.money_changes import MoneyChange, money_change
from providers.bookingsync.nights import TakenNights
from providers.bookingsync.sending import BOOKINGS_WRITE, CLIENTS_WRITE, ScopeMissing, Sender, first_record, sent_id
from providers.bookingsync.source_writes import Sources
from providers.bookingsync.steps import Steps, locked_by_others
from providers.bookingsync.wire import Booking, WallTime
from providers.changes import (
    ChangeRefused,
    NoProgress,
    ProblemKind,
    ReservationChange,
    Written,
    given,
    or_none,
    refused,
)
from providers.errors import PermissionDenied, UpstreamRefused
from providers.model import Reservation, ReservationStatus
from providers.upstream.calls import Answer
from providers.wire import OddValue
from providers.wire.values import read_decimal

_OPEN_TO_ALL = frozenset({"check_in_time", "check_out_time"})
_OPEN_EXTRAS = frozenset({"rental_payback_to_owner"})
_FEES = frozenset({"finance_lines", "total"})
"""What a booking that another application has locked still takes, beside more fees (BookingSync documentation, OAuth
scopes).
"""


@dataclass(frozen=True, slots=True)
class Present:
    """A booking as it is before the change."""

    booking: Booking
    is_cancelled: bool
    is_locked: bool

    def check_open(self, *, beside_locks: bool = False) -> None:
        """Raises ``ChangeRefused`` for one that is cancelled, and for one that others have locked."""
        if self.is_cancelled:
            raise refused(ProblemKind.CONFLICT, "This booking is cancelled already.")
        if self.is_locked and not beside_locks:
            raise locked_by_others()

    def locked(self) -> ChangeRefused:
        return locked_by_others()


def present(booking: Booking) -> Present:
    cancelled = booking.canceled_at is not None or (booking.status or "").strip().lower().startswith("cancel")
    return Present(
        booking=booking,
        is_cancelled=cancelled,
        is_locked=bool(booking.sent.get("locked")) and booking.sent.get("owned_by_app") is not True,
    )


class BookingChanges:
    """Changes of the bookings of one account."""

    def __init__(self, sender: Sender, sources: Sources, nights: TakenNights) -> None:
        self._sender = sender
        self._sources = sources
        self._nights = nights

    async def make(self, there: Present, change: ReservationChange) -> Written[Reservation]:
        """One call for the booking's own attributes, one for each fee to add or to strike out, one for the guest, one
        for a comment: each only where something of it changes.
        """
        check_written(change)
        booking = there.booking
        money = money_change(booking, change)
        there.check_open(beside_locks=_is_open(change, money))
        body = {**plain_attributes(change), **_days(booking, change), **_hold(booking, change), **money.attributes}
        if "channel_reference" in given(change):
            body["external_reference"] = or_none(change.channel_reference)
        _check_confirmed(booking, change)
        body |= extra_attributes(extras_of(change))
        steps = Steps(BOOKING_NAMES)
        if "source_id" not in body and "source" in given(change):
            source = await self._sources.source_id(change, NoProgress()) if change.source else None
            body["source_id"] = sent_id(source) if source is not None else None
        await self._new_client(booking, change, body, steps)
        if body:
            await steps.take("the booking's attributes", self._put(there, body, _stay(booking, body)))
        total = await self._fees(there, money, steps)
        wanted = money.total if money.names_total or money.attributes else None
        if wanted is not None and total not in (None, wanted) and not there.is_locked:
            await steps.take("the total", self._put(there, {"final_price": text(wanted)}, None))
        await self._known_client(booking, change, steps)
        if comment := or_none(change.comment):
            await steps.take("the comment", self._comment(booking.id, comment))
        return Written(id=booking.id, warnings=money.warnings)

    async def _put(self, there: Present, body: Mapping[str, Any], stay: tuple[date, date] | None) -> None:
        booking = there.booking
        try:
            await self._sender.change(f"bookings/{booking.id}", "bookings", body, scopes=BOOKINGS_WRITE)
        except UpstreamRefused as error:
            rental = booking.link("rental") or ""
            raise await self._nights.refusal(error, rental, stay, BOOKING_NAMES, own=booking.id) from None
        except ScopeMissing:
            raise
        except PermissionDenied:
            raise there.locked() from None

    async def _fees(self, there: Present, money: MoneyChange, steps: Steps) -> Decimal | None:
        """Add fees and strike them out, which moves the total: what it is after the last call.

        What replaces a fee is added first: once refused, the old one is still there.
        """
        total: Decimal | None = None
        path = f"bookings/{there.booking.id}"
        for fee in money.added:
            total = await steps.take("a fee added", self._fee(f"{path}/add_bookings_fee", fee))
        for fee_id in money.removed:
            total = await steps.take("a fee struck out", self._fee(f"{path}/remove_bookings_fee/{fee_id}", None))
        return total

    async def _fee(self, path: str, fee: FeeLine | None) -> Decimal | None:
        body = None if fee is None else {"bookings_fees": [fee.on_add()]}
        return _total(await self._sender.send("PATCH", path, body, scopes=BOOKINGS_WRITE, imagined={}))

    async def _new_client(
        self, booking: Booking, change: ReservationChange, body: dict[str, Any], steps: Steps
    ) -> None:
        guest = or_none(change.guest)
        if guest is None or "client_id" in body or booking.link("client") is not None:
            return
        client = new_client(guest)
        if client is not None:
            making = self._sender.create("clients", "clients", client, scopes=CLIENTS_WRITE)
            body["client_id"] = sent_id((await steps.take("the guest", making)).id)

    async def _known_client(self, booking: Booking, change: ReservationChange, steps: Steps) -> None:
        guest, client_id = or_none(change.guest), booking.link("client")
        if guest is None or client_id is None or or_none(extras_of(change).client_id) is not None:
            return
        sent = booking.sent.get("client")
        if not isinstance(sent, Mapping):
            # Without its lists they would be replaced by what was given.
            raise PermissionDenied("BookingSync does not show this booking's guest: the scope clients_read is missing.")
        body = changed_client(guest, sent)
        if body:
            changing = self._sender.change(f"clients/{client_id}", "clients", body, scopes=CLIENTS_WRITE)
            await steps.take("the guest", changing)

    async def _comment(self, booking_id: str, comment: str) -> None:
        body = {"booking_id": sent_id(booking_id), "booking_comments": [{"content": comment}]}
        await self._sender.send("POST", "booking_comments", body, scopes=BOOKINGS_WRITE, imagined={})


def _is_open(change: ReservationChange, money: MoneyChange) -> bool:
    """Whether the change is one that a booking takes whoever has locked it."""
    names = {name for name, value in given(change).items() if name not in ("extras", "force_overbooking") and value}
    extras = set(given(extras_of(change)))
    fees_only = not money.attributes and not money.removed
    return names <= _OPEN_TO_ALL | (_FEES if fees_only else frozenset()) and extras <= _OPEN_EXTRAS


def _days(booking: Booking, change: ReservationChange) -> dict[str, Any]:
    """The new days, with the hours that the booking has."""
    arrival, departure = or_none(change.arrival), or_none(change.departure)
    first = arrival or _day(booking.start_at)
    last = departure or _day(booking.end_at)
    if first is not None and last is not None and last <= first:
        field = "departure" if departure is not None else "arrival"
        raise refused(ProblemKind.OUT_OF_RANGE, "The departure must be after the arrival.", field)
    body = {}
    if arrival is not None:
        body["start_at"] = wall_time(arrival, _clock(booking.start_at))
    if departure is not None:
        body["end_at"] = wall_time(departure, _clock(booking.end_at))
    return body


def _hold(booking: Booking, change: ReservationChange) -> dict[str, Any]:
    if or_none(change.expires_at) is not None and booking.tentative_expires_at is None:
        raise refused(ProblemKind.CONFLICT, "Only a hold ends by itself, and this booking is none.", "expires_at")
    return hold(change)


def _check_confirmed(booking: Booking, change: ReservationChange) -> None:
    """Exactly one of its words sets a booking's status (BookingSync documentation, Bookings)."""
    if extras_of(change).confirmed is not True:
        return
    at = ("bookingsync", "confirmed")
    if STATUSES.get((booking.status or "").strip().lower()) is not ReservationStatus.PENDING:
        raise refused(ProblemKind.CONFLICT, "Only a hold can be confirmed, and this booking is none.", *at)
    if or_none(change.expires_at) is not None:
        raise refused(ProblemKind.INVALID, "What is agreed does not end by itself: leave out expiresAt.", *at)


def _stay(booking: Booking, body: Mapping[str, Any]) -> tuple[date, date] | None:
    """The nights that the booking would have; None where they stay as they are."""
    if not {"start_at", "end_at"} & body.keys():
        return None
    first = date.fromisoformat(body["start_at"][:10]) if "start_at" in body else _day(booking.start_at)
    last = date.fromisoformat(body["end_at"][:10]) if "end_at" in body else _day(booking.end_at)
    return None if first is None or last is None else (first, last)


def _day(moment: WallTime | None) -> date | None:
    return moment.day if moment else None


def _clock(moment: WallTime | None) -> time:
    return (moment.clock if moment else None) or time()


def _total(answer: Answer) -> Decimal | None:
    record = first_record(answer, "bookings") or {}
    try:
        return read_decimal(record.get("final_price"))
    except OddValue:
        return None
