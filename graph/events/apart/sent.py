"""Events on their way to the process that serves clients: as they are kept, which is less work than as objects."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from graph.events.event import ReservationEvent, load_body
from graph.events.log import Appended

_PLAIN = (
    "cursor", "id", "tenant_id", "account_id", "listing_id", "reservation_id", "type", "occurred_at", "received_at",
    "content_key",
)  # fmt: skip
_plain = attrgetter(*_PLAIN)

Sent = tuple[tuple[Any, ...], bytes]
"""What an event is made of, but for changes and reservation, and those in JSON."""


def sent(appended: Appended) -> list[Sent]:
    """Events that this process wrote, to be sent."""
    return [(_plain(event), body) for event, body in zip(appended.events, appended.bodies, strict=True)]


def taken(events: Sequence[Sent]) -> Appended:
    """Events that were sent, as they are read back from the log."""
    return Appended([_event(plain, body) for plain, body in events])


def _event(plain: tuple[Any, ...], body: bytes) -> ReservationEvent:
    changes, reservation = load_body(body)
    return ReservationEvent(changes=changes, reservation=reservation, **dict(zip(_PLAIN, plain, strict=True)))
