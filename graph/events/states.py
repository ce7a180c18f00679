"""What is known of a reservation, and what news of it means: never an older state after a newer one."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum, auto

from graph.events.differences import changes, completed, without_raw
from graph.events.event import EventType, FieldChange
from providers.model import Reservation, ReservationStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A reservation as it was last known. Instants are aware UTC.

    ``changed_at`` is the PMS's time of its last known change, ``read_at`` when the PMS last answered with it (None:
    known from deliveries alone). ``revision`` is that of the stored row, 0 before it is stored.
    """

    reservation: Reservation = field(repr=False)
    changed_at: datetime | None = None
    read_at: datetime | None = None
    deleted: bool = False
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """News of one reservation.

    With ``read_at`` it is the PMS's answer at that instant: ``record`` is whole, or None if there is no such
    reservation. Without, a delivery said so: ``record`` is partial, or None where it holds too little. ``since`` is
    when the news came. ``made``: somebody calls the reservation new.
    """

    since: datetime
    record: Reservation | None = field(default=None, repr=False)
    changed_at: datetime | None = None
    read_at: datetime | None = None
    made: bool = False

    @property
    def when(self) -> datetime | None:
        """The PMS's time of the change."""
        return self.record.updated_at if self.record is not None else self.changed_at


class Outcome(Enum):
    """What news are worth."""

    ASK = auto()
    """It takes a look at the PMS to know."""

    OLD = auto()
    """Something newer is known."""

    SAME = auto()
    """Nothing that the API shows has changed."""

    NEWS = auto()
    """Something happened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """Something that happened to a reservation. ``changes`` is None where it is not known what changed."""

    type: EventType
    reservation: Reservation = field(repr=False)
    occurred_at: datetime | None
    changes: Sequence[FieldChange] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What to make of news: what is known from now on (None: as before), and what happened."""

    outcome: Outcome
    known: Known | None = None
    happened: Happened | None = None


ASK = Verdict(outcome=Outcome.ASK)
OLD = Verdict(outcome=Outcome.OLD)
SAME = Verdict(outcome=Outcome.SAME)


def judge(known: Known | None, sighting: Sighting, *, new_from: datetime, learned: bool) -> Verdict:
    """What a sighting means after what is known.

    What a reservation that was never seen had become before ``new_from`` is learned, and none of the news. It is new
    if it was made from then on, if somebody calls it new, or, where its PMS does not say when it was made, if all
    others are ``learned``. Else it is one that changed, nobody knows how.
    """
    if sighting.read_at is None:
        if (verdict := _told(known, sighting)) is not None:
            return verdict
    elif known is not None and _read_before(known, sighting.read_at, sighting.when):
        return OLD
    record = sighting.record
    if record is None:
        return _gone(known, sighting)
    if known is not None:
        return _compared(known, sighting, record)
    if record.updated_at is None or record.updated_at < new_from:
        return Verdict(outcome=Outcome.SAME, known=_as_seen(sighting, record))
    return _first_seen(sighting, record, _is_new(sighting, record, new_from, learned))


def _told(known: Known | None, sighting: Sighting) -> Verdict | None:
    """The verdict on a delivery that has no record, or none that can be placed; None for one that can be followed."""
    if known is None:
        return ASK if sighting.record is None else None
    when, before = sighting.when, known.changed_at
    if _was_there(known, sighting) or (when is not None and before is not None and when < before):
        return OLD
    if sighting.record is None or when is None or before is None or known.deleted:
        return ASK
    if when == before:
        # Two changes within the PMS's smallest unit of time cannot be put in order by their deliveries.
        same = not changes(known.reservation, completed(known.reservation, sighting.record, partial=True))
        return SAME if same else ASK
    return None


def _was_there(known: Known, sighting: Sighting) -> bool:
    """Whether the PMS has answered since the delivery came, and showed whatever it is about."""
    if known.read_at is None or known.read_at < sighting.since:
        return False
    return sighting.when is None or (known.changed_at is not None and known.changed_at >= sighting.when)


def _read_before(known: Known, read_at: datetime, when: datetime | None) -> bool:
    """Whether an answer of the PMS is older than what is known."""
    if when is not None and known.changed_at is not None and when != known.changed_at:
        return when < known.changed_at
    return known.read_at is not None and read_at <= known.read_at


def _gone(known: Known | None, sighting: Sighting) -> Verdict:
    if known is None or known.deleted:
        return SAME
    happened = Happened(type=EventType.DELETED, reservation=known.reservation, occurred_at=None)
    return Verdict(
        outcome=Outcome.NEWS, known=replace(known, deleted=True, read_at=sighting.read_at), happened=happened
    )


def _is_new(sighting: Sighting, record: Reservation, new_from: datetime, learned: bool) -> bool:
    made_at = record.created_at or record.booked_at
    return sighting.made or (learned if made_at is None else made_at >= new_from)


def _first_seen(sighting: Sighting, record: Reservation, new: bool) -> Verdict:
    type_ = EventType.CREATED if new else EventType.UPDATED
    if record.status is ReservationStatus.CANCELLED:
        type_ = EventType.CANCELLED
    return Verdict(
        outcome=Outcome.NEWS,
        known=_as_seen(sighting, record),
        happened=Happened(type=type_, reservation=record, occurred_at=record.updated_at),
    )


def _as_seen(sighting: Sighting, record: Reservation) -> Known:
    return Known(reservation=without_raw(record), changed_at=record.updated_at, read_at=sighting.read_at)


def _compared(known: Known, sighting: Sighting, record: Reservation) -> Verdict:
    before = known.reservation
    after = completed(before, record, partial=sighting.read_at is None)
    now = Known(
        reservation=after,
        changed_at=max(filter(None, (known.changed_at, sighting.when)), default=None),
        read_at=known.read_at if sighting.read_at is None else sighting.read_at,
        revision=known.revision,
    )
    found = changes(before, after)
    cancelled = after.status is ReservationStatus.CANCELLED
    if known.deleted and not cancelled:
        happened = Happened(type=EventType.CREATED, reservation=after, occurred_at=after.updated_at)
        return Verdict(outcome=Outcome.NEWS, known=now, happened=happened)
    if not found:
        return Verdict(outcome=Outcome.SAME, known=now if _worth_keeping(known, now) else None)
    called_off = cancelled and before.status is not ReservationStatus.CANCELLED
    happened = Happened(
        type=EventType.CANCELLED if called_off else EventType.UPDATED,
        reservation=after,
        occurred_at=after.updated_at,
        changes=found,
    )
    return Verdict(outcome=Outcome.NEWS, known=now, happened=happened)


def _worth_keeping(known: Known, now: Known) -> bool:
    """That it was read once more, and nothing was new, is not."""
    return (known.changed_at, known.deleted, known.reservation) != (now.changed_at, now.deleted, now.reservation)
