"""BookingSync's webhooks: signed with the application's secret, one subscription for all of its accounts.

Source: BookingSync documentation, Webhook subscriptions. That its Base64 breaks lines after 60 characters is Ruby's
way, which the documentation's sample code relies on.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, ClassVar

from pydantic import BaseModel

from providers.bookingsync.envelope import linked_ids
from providers.bookingsync.manifest import OAuthConfig
from providers.webhooks import (
    MAX_ACCOUNT_ID,
    MAX_EVENT,
    MAX_RECORD_ID,
    GuestNews,
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
from providers.wire import OddValue
from providers.wire.values import read_instant

SIGNATURE_HEADER = "x-content-signature"

_LINE = 60
_NOT_RECORDS = frozenset({"links", "meta"})


def signature(secret: str, body: bytes) -> str:
    """What BookingSync sends in ``X-Content-Signature`` with ``body``: lower-case hexadecimal digits."""
    encoded = base64.b64encode(body)
    lines = b"".join(encoded[start : start + _LINE] + b"\n" for start in range(0, len(encoded), _LINE))
    return hmac.new(secret.encode(), lines, hashlib.sha1).hexdigest()


class BookingsyncWebhooks(Webhooks):
    """Deliveries are signed with the Client Secret of the application."""

    uses_login: ClassVar[bool] = False
    setup: ClassVar[str] = (
        "In BookingSync's partner panel, at the application, under Webhooks: enter this URL and choose the events of "
        "bookings, booking comments, bookings fees, bookings tags items, clients, payments and inbox messages. Once is "
        "enough for all accounts of the application; the Client Secret signs what is sent."
    )

    def provable(self, config: BaseModel) -> bool:
        return isinstance(config, OAuthConfig)

    def proved(self, request: WebhookRequest, login: WebhookLogin, config: BaseModel) -> bool:
        if not isinstance(config, OAuthConfig):
            return False
        expected = signature(config.client_secret.get_secret_value(), request.body)
        return same(request.headers.get(SIGNATURE_HEADER, "").strip(), expected)

    def read(self, body: bytes) -> WebhookNote:
        sent = json_object(body)
        return WebhookNote(
            event=short_text(sent.get("event"), MAX_EVENT),
            account_id=short_text(sent.get("account_id"), MAX_ACCOUNT_ID),
            key=_key(sent.get("resource"), body),
            subject=_subject(sent),
        )

    def told(self, body: bytes, account_id: str) -> Sequence[Told]:
        """Which booking is to be read: a delivery shows it without guest and source, and perhaps only in part.

        Whether a booking that was called off comes as destroyed or updated is not documented: reading it tells. A
        client does not name its bookings.
        """
        sent = json_object(body)
        kind, action = _event(sent)
        if kind == _CLIENT:
            return _clients(sent.get("resource"), dated=action != _DESTROYED)
        told: list[Told] = []
        for record, booking_id in _bookings(kind, sent.get("resource")):
            if kind == _MESSAGE:
                message_id = short_text(record.get("id"), MAX_RECORD_ID)
                if message_id is not None and action == "created":
                    written_at = _instant(record.get("created_at"))
                    told.append(
                        MessageReceived(reservation_id=booking_id, message_id=message_id, written_at=written_at)
                    )
            else:
                # The time of a part says nothing of its booking; of a booking that is gone, nothing of its end.
                dated = kind == _BOOKING and action != _DESTROYED
                changed_at = _instant(record.get("updated_at")) if dated else None
                told.append(ReservationChange(reservation_id=booking_id, changed_at=changed_at, made=_made(sent)))
        return told


_BOOKING = "booking"
_CLIENT = "client"
_MESSAGE = "inbox_message"
_DESTROYED = "destroyed"
_PARTS = frozenset(
    {
        "booking_comment",
        "booking_discount_code",
        "booking_discount_code_usage",
        "bookings_fee",
        "bookings_payment",
        "bookings_tags_item",
        "payment",
    }
)
_MOST_BOOKINGS = 100
"""How many bookings one record is believed to be about."""

_MOST_CLIENTS = 100
"""How many clients one delivery is believed to be about."""

_EVENT = re.compile(r"([a-z_]+)_(created|updated|destroyed)")


def _event(sent: dict[str, Any]) -> tuple[str, str]:
    """What an event is about and what happened to it; empty texts for one of another form."""
    found = _EVENT.fullmatch(short_text(sent.get("event"), MAX_EVENT) or "")
    return (found[1], found[2]) if found else ("", "")


def _made(sent: dict[str, Any]) -> bool:
    return _event(sent) == (_BOOKING, "created")


def _bookings(kind: str, resource: Any) -> Iterator[tuple[dict[str, Any], str]]:
    """The records of a delivery, each with every booking that it is about: a payment may be for several."""
    for record in _records(resource):
        for booking_id in _booking_ids(kind, record):
            yield record, booking_id


def _booking_ids(kind: str, record: dict[str, Any]) -> list[str]:
    if kind == _BOOKING:
        found = [short_text(record.get("id"), MAX_RECORD_ID)]
    elif kind in _PARTS or kind == _MESSAGE:
        linked: list[Any] = [*linked_ids(record, "booking"), *linked_ids(record, "bookings")][:_MOST_BOOKINGS]
        found = [short_text(each, MAX_RECORD_ID) for each in linked or [record.get("booking_id")]]
    else:
        found = []
    return list(dict.fromkeys(each for each in found if each is not None))


def _clients(resource: Any, *, dated: bool) -> list[Told]:
    """Each client once. The time of one that is gone, not ``dated``, says nothing of its end."""
    found: dict[str, datetime | None] = {}
    for record in _records(resource):
        client_id = short_text(record.get("id"), MAX_RECORD_ID)
        if client_id is not None and len(found) < _MOST_CLIENTS:
            found.setdefault(client_id, _instant(record.get("updated_at")) if dated else None)
    return [GuestNews(guest_id=id_, changed_at=changed_at) for id_, changed_at in found.items()]


def _subject(sent: dict[str, Any]) -> str | None:
    kind, _ = _event(sent)
    return next((booking_id for _, booking_id in _bookings(kind, sent.get("resource"))), None)


def _records(resource: Any) -> Iterator[dict[str, Any]]:
    """A single record by the documentation; a list of one elsewhere in the API."""
    if not isinstance(resource, dict):
        return
    for name, value in resource.items():
        if name not in _NOT_RECORDS:
            yield from (each for each in (value if isinstance(value, list) else [value]) if isinstance(each, dict))


def _instant(value: Any) -> datetime | None:
    try:
        return read_instant(value)
    except OddValue:
        return None


def _key(resource: Any, body: bytes) -> str | None:
    """The same bytes are the same delivery, if the record says when it changed: else they may be two changes."""
    times = (each.get("updated_at") for each in _records(resource))
    return sha256(body).hexdigest() if any(isinstance(time, str) and time for time in times) else None
