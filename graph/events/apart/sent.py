"""Events on their way to the process that serves clients: as they are kept, which is less work than as objects."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

import orjson

from graph.events.event import Dumps, ReservationEvent, body_of, load_body
from graph.events.log import Appended

_PLAIN = (
    "cursor", "id", "tenant_id", "account_id", "listing_id", "reservation_id", "type", "occurred_at", "received_at",
    "content_key",
)  # fmt: skip
_plain = attrgetter(*_PLAIN)

Sent = tuple[tuple[Any, ...], bytes]
"""What an event is made of, but for changes and reservation, and those in JSON."""


def sent(appended: Appended) -> list[Sent]:
    """Events that were written, to be sent."""
    dumps = Dumps()
    return [(_plain(event), orjson.dumps(body_of(event, dumps))) for event in appended.events]


def taken(events: Sequence[Sent]) -> Appended:
    """Events that were sent, as they are read back from the log."""
    return Appended([_event(plain, body) for plain, body in events])


def _event(plain: tuple[Any, ...], body: bytes) -> ReservationEvent:
    changes, reservation = load_body(orjson.loads(body))
    return ReservationEvent(changes=changes, reservation=reservation, **dict(zip(_PLAIN, plain, strict=True)))
