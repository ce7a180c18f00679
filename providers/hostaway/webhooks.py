"""Hostaway's unified webhooks: HTTP Basic with a login of ours, and no id of a delivery.

Sources: Hostaway documentation, Webhooks and Unified webhook logs, as of 2026-07; the envelope is not documented. Two
projects with live traffic agree on ``object``, ``event``, ``accountId`` and ``data``; the log object has ``objectId``.
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, ClassVar

from pydantic import BaseModel

from providers.hostaway.reservations import build_reservation
from providers.hostaway.wire import WireReservation
from providers.model import Reservation
from providers.webhooks import (
    MAX_ACCOUNT_ID,
    MAX_EVENT,
    MAX_RECORD_ID,
    MessageReceived,
    ReservationChange,
    Told,
    WebhookLogin,
    WebhookNote,
    WebhookRequest,
    Webhooks,
    json_object,
    same,
    short_text,
)
from providers.wire import OddValue, parse_records
from providers.wire.values import read_bool, read_instant

CHANGE_TIMES = ("updatedOn", "latestActivityOn", "date")
"""Fields that tell when a reservation last changed, or a message was written."""


class HostawayWebhooks(Webhooks):
    """Deliveries prove themselves with the login and password that were entered beside the address."""

    uses_login: ClassVar[bool] = True
    challenge: ClassVar[str | None] = 'Basic realm="StayGraph webhooks", charset="UTF-8"'
    setup: ClassVar[str] = (
        "In the Hostaway dashboard under Settings, Integrations, Webhooks: add a unified webhook with this URL, login "
        "and password."
    )

    def provable(self, config: BaseModel) -> bool:
        return True

    def proved(self, request: WebhookRequest, login: WebhookLogin, config: BaseModel) -> bool:
        sent = _basic(request.headers.get("authorization", ""))
        # Both are compared, whatever the first comparison says.
        return same(sent.login, login.login) & same(sent.password, login.password)

    def read(self, body: bytes) -> WebhookNote:
        sent = json_object(body)
        found = _contents(sent)
        return WebhookNote(
            event=short_text(sent.get("event") or sent.get("eventType"), MAX_EVENT),
            account_id=short_text(sent.get("accountId") or found.record.get("accountId"), MAX_ACCOUNT_ID),
            key=_key(found.record, body),
            subject=found.reservation_id,
            changed_at=_changed_at(found.record),
        )

    def told(self, body: bytes, account_id: str) -> Sequence[Told]:
        """A message without its record names no reservation, and there is no way to ask for one by its id alone."""
        found = _contents(json_object(body))
        if found.reservation_id is None:
            return []
        if found.of_message:
            return _message(found.record, found.reservation_id)
        record = _whole(found.record, account_id)
        changed_at = record.updated_at if record is not None else None
        return [
            ReservationChange(
                reservation_id=found.reservation_id,
                changed_at=changed_at,
                record=record,
                made=found.event == "reservation.created",
            )
        ]


@dataclass(frozen=True, slots=True, repr=False)
class _Contents:
    """What a body holds, in whichever form. ``record`` is empty where it holds none."""

    event: str
    record: dict[str, Any]
    of_message: bool
    reservation_id: str | None


def _contents(sent: dict[str, Any]) -> _Contents:
    """The envelope is not documented: ``{object, event, accountId, data}``, ``{object, objectId, event}``, or the bare
    record. When an address is entered, ``data`` is a word.
    """
    event = short_text(sent.get("event") or sent.get("eventType"), MAX_EVENT) or ""
    data = sent.get("data")
    enveloped = any(name in sent for name in ("data", "objectId", "event", "eventType"))
    record = data if isinstance(data, dict) else {} if enveloped else sent
    kind = str(sent.get("object") or event.partition(".")[0]) or _kind(record)
    of_message = kind in _MESSAGES
    if not of_message and kind != "reservation":
        return _Contents(event, record, False, None)
    named = record.get("reservationId") if of_message else record.get("id") or sent.get("objectId")
    return _Contents(event, record, of_message, short_text(named, MAX_RECORD_ID))


_MESSAGES = frozenset({"conversationMessage", "message"})


def _kind(record: dict[str, Any]) -> str:
    """A message names its conversation, a reservation its nights."""
    if "conversationId" in record:
        return "message"
    return "reservation" if "arrivalDate" in record else ""


def _message(record: dict[str, Any], reservation_id: str) -> list[Told]:
    """Whether it is fired for messages of the host, too, is not documented: those are left out."""
    message_id = short_text(record.get("id"), MAX_RECORD_ID)
    if message_id is None or _incoming(record) is False:
        return []
    return [MessageReceived(reservation_id=reservation_id, message_id=message_id, written_at=_instant(record))]


def _incoming(record: dict[str, Any]) -> bool | None:
    try:
        return read_bool(record.get("isIncoming"))
    except OddValue:
        return None


def _changed_at(record: dict[str, Any]) -> datetime | None:
    return max(filter(None, (_instant(record, name) for name in CHANGE_TIMES)), default=None)


def _instant(record: dict[str, Any], name: str = "date") -> datetime | None:
    try:
        return read_instant(record.get(name))
    except OddValue:
        return None


_NEEDED = ("listingMapId", "status", "arrivalDate", "departureDate")


def _whole(record: dict[str, Any], account_id: str) -> Reservation | None:
    """The reservation, if it says enough to go by: where, when, in which state, and since when."""
    if not all(record.get(name) for name in _NEEDED):
        return None
    items, _ = parse_records(WireReservation, [record], lambda wire: build_reservation(wire, account_id))
    return items[0] if items and items[0].updated_at is not None else None


def _basic(header: str) -> WebhookLogin:
    """Login and password of an ``Authorization`` header (RFC 7617); empty ones where there are none."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return WebhookLogin("", "")
    try:
        login, _, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return WebhookLogin("", "")
    return WebhookLogin(login, password)


def _key(record: dict[str, Any], body: bytes) -> str | None:
    """The same bytes are the same delivery, if they say when the change was made: else they may be two changes."""
    if not any(isinstance(record.get(name), str) and record[name] for name in CHANGE_TIMES):
        return None
    return sha256(body).hexdigest()
