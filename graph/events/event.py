"""What happened to a reservation, as it is kept and told."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from pydantic import TypeAdapter

from providers.model import Reservation
from providers.model.described import Described

_RESERVATION: TypeAdapter[Reservation] = TypeAdapter(Reservation)

# Level, method, and how far back and in how much memory repetitions are looked for: a reservation is some kilobytes.
# The library's own choice is no smaller, and getting and clearing its 256 kB takes longer than the work itself.
_COMPRESSION = (3, zlib.DEFLATED, 13, 6)


class EventType(Described):
    """What happened to a reservation."""

    CREATED = "CREATED", "It was made, or came to life again after it was deleted."
    UPDATED = "UPDATED", "Something about it changed."
    CANCELLED = "CANCELLED", "It was called off."
    DELETED = "DELETED", "The PMS no longer has it."
    MESSAGE_RECEIVED = "MESSAGE_RECEIVED", "A message was written in its conversation, by the guest or to the guest."


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field of a reservation that changed, in the words of the API.

    ``field`` is its name, with points where it lies within another one (``guest.email``); ``old`` and ``new`` are
    JSON: amounts of money are objects, days and instants texts.
    """

    field: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """An event that is about to be written. Ids of listings and reservations are the PMS's own; instants aware UTC.

    ``changes`` is None where it is not known what changed, ``occurred_at`` where the PMS does not say when.
    ``content_key``: of events of an account with the same one only the first is kept. ``reservation`` is as it was
    behind the change; a deleted one as it was last known.
    """

    tenant_id: str
    account_id: str
    listing_id: str | None
    reservation_id: str
    type: EventType
    occurred_at: datetime | None
    received_at: datetime
    changes: Sequence[FieldChange] | None = None
    reservation: Reservation | None = field(default=None, repr=False)
    content_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationEvent(NewEvent):
    """An event of the log. ``cursor`` grows from event to event of all tenants; ``id`` names it for ever."""

    cursor: int
    id: str


class Dumps:
    """Reservations in JSON, every digit kept; without what the PMS sent beyond the unified model.

    It makes each once: what is known of a reservation is mostly what its event shows.
    """

    def __init__(self) -> None:
        self._made: dict[int, tuple[Reservation, orjson.Fragment]] = {}

    def of(self, reservation: Reservation) -> orjson.Fragment:
        """For ``packed``."""
        # By identity, which is its own as long as it is kept here.
        made = self._made.get(id(reservation))
        if made is None:
            text = _RESERVATION.dump_json(reservation, exclude={"raw"}, exclude_defaults=True)
            made = self._made[id(reservation)] = (reservation, orjson.Fragment(text))
        return made[1]


def load_reservation(kept: Any) -> Reservation:
    """A reservation of the JSON values that ``Dumps`` gave, by this version or an older one.

    Later ones only add to the model. Raises ``ValueError`` for anything else.
    """
    return _RESERVATION.validate_python(kept)


def body_of(event: NewEvent, dumps: Dumps) -> bytes:
    """Changes and reservation of an event, in JSON."""
    changes = event.changes
    return orjson.dumps(
        {
            "changes": None if changes is None else [[each.field, each.old, each.new] for each in changes],
            "reservation": None if event.reservation is None else dumps.of(event.reservation),
        }
    )


def load_body(body: bytes) -> tuple[list[FieldChange] | None, Reservation | None]:
    """Changes and reservation of a body. Raises ``ValueError`` for what ``body_of`` did not give."""
    kept = orjson.loads(body)
    changes = kept["changes"]
    return (
        None if changes is None else [FieldChange(field=name, old=old, new=new) for name, old, new in changes],
        None if kept["reservation"] is None else load_reservation(kept["reservation"]),
    )


def packed(value: Any) -> bytes:
    """JSON values, or what ``Dumps`` gave, as few bytes."""
    return compressed(orjson.dumps(value))


def unpacked(body: bytes) -> Any:
    """What ``packed`` gave. Raises ``ValueError``."""
    return orjson.loads(expanded(body))


def compressed(text: bytes) -> bytes:
    """JSON as few bytes."""
    work = zlib.compressobj(*_COMPRESSION)
    return work.compress(text) + work.flush()


def expanded(body: bytes) -> bytes:
    """What was ``compressed``. Raises ``ValueError``."""
    try:
        return zlib.decompress(body)
    except zlib.error as error:
        raise ValueError("not packed") from error
