"""The writes of reservations of a Hostaway account."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from providers.changes import (
    Cancellation,
    NoShow,
    Omitted,
    ProblemKind,
    Progress,
    ReservationChange,
    ReservationDraft,
    Written,
    refused,
)
from providers.contract import ProviderClient
from providers.errors import NotFound, ProviderError, UpstreamInvalid, UpstreamRefused
from providers.hostaway.drafts import SECRETS, UNVALIDATED, attempt_of, create_call, reference_of, stay_of
from providers.hostaway.paging import Walk, id_of, is_id
from providers.hostaway.parameters import flag
from providers.hostaway.reading import RESERVATIONS, Reader
from providers.hostaway.reservation_filters import EVERY_FIELD, reservation_parameters
from providers.hostaway.reservation_updates import Update, not_taken_over, update_of
from providers.hostaway.reservations import build_reservation
from providers.hostaway.sending import Attempt, refusal, send
from providers.hostaway.wire import WireReservation
from providers.hostaway.writer import looked, may_be_made
from providers.model import CancelledBy, Reservation, ReservationStatus
from providers.queries import ReservationQuery
from providers.upstream.calls import Call
from providers.wire import parse_records

_BOOKING_COM = "2005"
_ENDED = frozenset({ReservationStatus.CANCELLED, ReservationStatus.DECLINED, ReservationStatus.EXPIRED})
_CLOCKS_APART = timedelta(minutes=2)
"""How much earlier than ours Hostaway's clock may be."""

_CANCELLED_BY = {CancelledBy.GUEST: "guest", CancelledBy.HOST: "host"}


class ReservationWrites(ProviderClient):
    """Making, changing, calling off and removing reservations."""

    _reader: Reader
    _now: Callable[[], datetime]

    async def create_reservation(self, draft: ReservationDraft, progress: Progress) -> Written[Reservation]:
        """One call. After a refusal up to two reads tell why."""
        call = create_call(draft)

        async def unmade() -> bool:
            return await self.find_reservation(draft, self._now()) is None

        if draft.card is None:  # a charge may be what was refused: it is not tried twice
            call = replace(call, unmade=unmade)
        try:
            raw, answer = await send(self._reader, call)
        except NotFound:
            raise refused(ProblemKind.NOT_FOUND, "Hostaway has no such listing.", "listing_id") from None
        except UpstreamRefused as error:
            raise await refusal(self._reader, error, attempt_of(draft, call)) from None
        record_id = id_of(raw)
        if raw is None or record_id is None:
            with self._reader.signing():
                raise UpstreamInvalid("Hostaway does not say what it made.", upstream_status=answer.status)
        # Whether this answer fills the lists is not documented: an empty one says nothing.
        shown = {name: value for name, value in raw.items() if value != []}
        warnings = not_taken_over(call.json, shown)
        if draft.card is not None:
            warnings = [*warnings, UNVALIDATED]
        return Written(id=record_id, record=self._read(raw), is_reduced=True, warnings=warnings)

    async def find_reservation(self, draft: ReservationDraft, since: datetime) -> Reservation | None:
        """One call a page of those with this reference that changed since; the newest change comes first."""
        reference = reference_of(draft)
        if not is_id(draft.listing_id):
            return None
        query = ReservationQuery(
            listing_ids=(draft.listing_id,), customer_reference=reference, updated_since=since - _CLOCKS_APART
        )
        only = (("listingId", draft.listing_id),)
        walk = Walk(self._reader.rows(RESERVATIONS), (*reservation_parameters(query), *only), cursor=True)
        while not walk.done:
            with self._reader.signing():
                rows = await walk.next()
            for reservation in filter(None, map(self._read, rows)):
                if reservation.customer_reference == reference and _is_made_of(draft, reservation, since):
                    return reservation
        return None

    async def update_reservation(self, id_: str, change: ReservationChange) -> Written[Reservation]:
        """Three calls: the reservation is read, written whole, and read again, also where the answer is lost."""
        before = await self._raw(id_)
        update = update_of(before, change)
        call = Call(
            method="PUT",
            path=f"{RESERVATIONS}/{id_}",
            query=flag("forceOverbooking", change.force_overbooking or None),
            json=update.body,
            safe=False,
            secrets=SECRETS,
        )
        try:
            answered, _ = await send(self._reader, call)
        except UpstreamRefused as error:
            raise await refusal(self._reader, error, update.attempt(forced=change.force_overbooking)) from None
        except ProviderError as error:
            return await self._settled(id_, error, update.is_made)
        return await self._compared(id_, update, answered)

    async def cancel_reservation(self, id_: str, cancellation: Cancellation) -> Written[Reservation]:
        """Two calls: the status is read first, for what happens to one that is called off already is not documented."""
        by = _canceller(cancellation)
        await self._check_alive(id_)
        path = f"{RESERVATIONS}/{id_}/statuses/cancelled"
        try:
            raw, _ = await send(self._reader, Call(method="PUT", path=path, json={"cancelledBy": by}, safe=False))
        except UpstreamRefused as error:
            await self._check_alive(id_)
            raise await refusal(self._reader, error, Attempt(listing_id=None)) from None
        except ProviderError as error:
            return await self._settled(id_, error, self._is_cancelled)
        return await self._shown(id_, raw)

    async def delete_reservation(self, id_: str) -> None:
        """One call. After a refusal, or without an answer, a read tells whether it is gone."""
        if not is_id(id_):
            return
        try:
            await send(self._reader, Call(method="DELETE", path=f"{RESERVATIONS}/{id_}", safe=False))
        except NotFound:
            return
        except UpstreamRefused as error:
            if await self._is_gone(id_, error):
                return
            raise refused(ProblemKind.REFUSED, error.message) from None
        except ProviderError as error:
            if not (may_be_made(error) and await self._is_gone(id_, error)):
                raise

    async def report_no_show(self, id_: str, no_show: NoShow) -> Written[Reservation]:
        """Two calls: only reservations of Booking.com can be reported, so the channel is read first."""
        before = await self._raw(id_)
        if str(before.get("channelId")) != _BOOKING_COM:
            raise refused(ProblemKind.NOT_SUPPORTED, "Hostaway reports no-shows of Booking.com's reservations only.")
        path = f"{RESERVATIONS}/{id_}/statuses/noShow"
        body = {"waivedFees": no_show.waived_fees}
        try:
            raw, _ = await send(self._reader, Call(method="PUT", path=path, json=body, safe=False))
        except UpstreamRefused as error:
            raise refused(ProblemKind.REFUSED, error.message) from None
        except ProviderError as error:
            return await self._settled(id_, error, lambda after: _is_reported(before, after, no_show))
        return await self._shown(id_, raw)

    async def _raw(self, id_: str) -> dict[str, Any]:
        if not is_id(id_):
            with self._reader.signing():
                raise NotFound("Hostaway has no such reservation.")
        raw, _ = await self._reader.record(RESERVATIONS, id_, EVERY_FIELD)
        return raw

    def _read(self, raw: Mapping[str, Any]) -> Reservation | None:
        """The record in unified words; None where it cannot be understood."""
        found, _ = parse_records(WireReservation, [raw], lambda wire: build_reservation(wire, self._reader.account_id))
        return found[0] if found else None

    async def _compared(self, id_: str, update: Update, answered: dict[str, Any] | None) -> Written[Reservation]:
        """What became of an update: read back, for a yes is no proof that all of it was taken over."""
        try:
            after = await self._raw(id_)
        except ProviderError as error:
            after = answered or {}
            unread = f"It was changed, but could not be read again: {error.message}"
            shown = self._read(after) if answered else None
            return Written(id=id_, record=shown, is_reduced=True, warnings=[unread])
        return Written(id=id_, record=self._read(after), warnings=update.warnings(after))

    async def _settled(
        self, id_: str, error: ProviderError, is_made: Callable[[Mapping[str, Any]], bool]
    ) -> Written[Reservation]:
        """What became of a change whose answer was lost. Raises ``error`` where nothing shows that it was made."""

        async def look() -> Mapping[str, Any] | None:
            after = await self._raw(id_)
            return after if is_made(after) else None

        found = await looked(error, look)
        if found is None:
            raise error
        return Written(id=id_, record=self._read(found))

    def _is_cancelled(self, raw: Mapping[str, Any]) -> bool:
        reservation = self._read(raw)
        return reservation is not None and reservation.status is ReservationStatus.CANCELLED

    async def _shown(self, id_: str, raw: dict[str, Any] | None) -> Written[Reservation]:
        """The outcome of a change of the status; where the answer lacks the record, who asked reads it."""
        record = self._read(raw) if raw is not None and id_of(raw) == id_ else None
        return Written(id=id_, record=record, is_reduced=True)

    async def _check_alive(self, id_: str) -> None:
        """Raises ``ChangeRefused`` for a reservation that has ended."""
        reservation = self._read(await self._raw(id_))
        if reservation is not None and reservation.status in _ENDED:
            message = f"It has ended already: Hostaway says {reservation.provider_status}."
            raise refused(ProblemKind.CONFLICT, message)

    async def _is_gone(self, id_: str, error: ProviderError) -> bool:
        """Whether there is no such reservation (any more). A server that says so with a refusal says it twice."""
        try:
            await self._raw(id_)
        except NotFound:
            return True
        except UpstreamRefused as again:
            said_so = not isinstance(error, UpstreamRefused) or again.message == error.message
            return said_so and "not found" in again.message.lower()
        except ProviderError:
            if isinstance(error, UpstreamRefused):
                raise
        return False


def _canceller(cancellation: Cancellation) -> str:
    """Who calls it off; the host, where it is not said: who writes here works for the host."""
    for name in ("reason", "message_to_guest", "message_to_channel"):
        value = getattr(cancellation, name)
        if value is not None and not isinstance(value, Omitted):
            raise refused(ProblemKind.NOT_SUPPORTED, "Hostaway takes no texts with a cancellation.", name)
    by = CancelledBy.HOST if isinstance(cancellation.by, Omitted) else cancellation.by
    if by not in _CANCELLED_BY:
        raise refused(ProblemKind.INVALID, "Hostaway knows two who call off.", "by", allowed="GUEST, HOST")
    return _CANCELLED_BY[by]


def _is_reported(before: Mapping[str, Any], after: Mapping[str, Any], no_show: NoShow) -> bool:
    """Whether a reservation shows this report: it has another time than the one that was there, if any."""
    at = after.get("bookingcomNoShowReportedAt")
    waived = bool(after.get("bookingcomNoShowFeeWaived"))
    return bool(at) and at != before.get("bookingcomNoShowReportedAt") and waived == no_show.waived_fees


def _is_made_of(draft: ReservationDraft, reservation: Reservation, since: datetime) -> bool:
    """Whether a reservation with the draft's reference is the one it made.

    A reference of ours is enough. Of the client's own there may be many: listing, days and time must be the same.
    """
    if reference_of(draft) == draft.reference:
        return True
    stay = stay_of(draft)
    days = None if stay is None else (stay.start, stay.end)
    booked = reservation.booked_at
    return (
        reservation.listing_id == draft.listing_id
        and (reservation.arrival, reservation.departure) == days
        and booked is not None
        and booked >= since - _CLOCKS_APART
    )
