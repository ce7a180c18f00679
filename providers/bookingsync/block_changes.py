"""Blocking nights and freeing them: blocks are bookings without a guest."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from typing import Any

from providers.bookingsync.booking_bodies import Hours, wall_time
from providers.bookingsync.night_wishes import NightWish
from providers.bookingsync.nights import stretches
from providers.bookingsync.wire import Booking, WallTime
from providers.changes import ProblemKind, refused

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockCall:
    """A call that blocks nights or frees some: ``method`` POST, or PUT or DELETE of one that is there."""

    method: str
    block_id: str | None
    body: Mapping[str, Any] | None
    what: str


@dataclass(slots=True)
class BlockChanges:
    """The calls to make, in order, and what could not be as wished."""

    calls: list[BlockCall] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def block_changes(wishes: Mapping[date, NightWish], holders: Sequence[Booking], hours: Hours) -> BlockChanges:
    """What makes the nights as wished, given the bookings that hold some of them.

    Only free nights are blocked, and only blocks are freed: a guest's nights stay. Exactly the wished nights change: a
    block that is longer is cut. Raises ``ChangeRefused`` where a block is locked by another application.
    """
    freed = {night for night, wish in wishes.items() if wish.available is True}
    wanted = [night for night, wish in wishes.items() if wish.available is False]
    changes = BlockChanges()
    guests = set()
    taken = set()
    for booking in holders:
        nights = set(nights_of(booking))
        taken |= nights
        if not _is_block(booking):
            guests |= nights
        elif nights & freed:
            _check_ours(booking)
            changes.calls += _cut(booking, freed)
    for note, free in _by_note(wishes, [night for night in wanted if night not in taken]):
        changes.calls += [_block(first, end, hours, note) for first, end in stretches(free)]
    if kept := len(guests & (freed | set(wanted))):
        changes.warnings.append(f"Guests hold {kept} of the nights: those stay as they are.")
    return changes


def nights_of(booking: Booking) -> Iterator[date]:
    """The nights that a booking holds."""
    if booking.start_at is not None and booking.end_at is not None:
        first = booking.start_at.day
        yield from (first + _DAY * number for number in range((booking.end_at.day - first).days))


def _is_block(booking: Booking) -> bool:
    return (booking.status or "").strip().lower() in ("unavailable", "locked")


def _check_ours(booking: Booking) -> None:
    locked = (booking.status or "").strip().lower() == "locked" or bool(booking.sent.get("locked"))
    if locked and booking.sent.get("owned_by_app") is not True:
        said = "Another application has locked a block of these nights: it can be freed there only."
        raise refused(ProblemKind.CONFLICT, said)


def _cut(booking: Booking, freed: set[date]) -> Iterator[BlockCall]:
    """Free nights of a block: shorten it, and make another of each further part that stays blocked."""
    nights = list(nights_of(booking))
    kept = stretches([night for night in nights if night not in freed])
    if not kept:
        yield BlockCall(method="DELETE", block_id=booking.id, body=None, what=_what(nights[0], nights[-1], "freed"))
        return
    start, end = _clock(booking.start_at), _clock(booking.end_at)
    first, *others = [{"start_at": wall_time(one, start), "end_at": wall_time(after, end)} for one, after in kept]
    yield BlockCall(method="PUT", block_id=booking.id, body=first, what=f"a block now {kept[0][0]} to {kept[0][1]}")
    for other, (one, after) in zip(others, kept[1:], strict=True):
        body = {"unavailable": True, **other, **({"notes": booking.notes} if booking.notes else {})}
        yield BlockCall(method="POST", block_id=None, body=body, what=_what(one, after - _DAY, "blocked again"))


def _by_note(wishes: Mapping[date, NightWish], nights: Sequence[date]) -> Iterator[tuple[str | None, list[date]]]:
    for note in dict.fromkeys(wishes[night].note for night in nights):
        yield note, [night for night in nights if wishes[night].note == note]


def _block(first: date, end: date, hours: Hours, note: str | None) -> BlockCall:
    body: dict[str, Any] = {"unavailable": True, "start_at": hours.start(first), "end_at": hours.end(end)}
    if note:
        body["notes"] = note
    return BlockCall(method="POST", block_id=None, body=body, what=_what(first, end - _DAY, "blocked"))


def _what(first: date, last: date, done: str) -> str:
    return f"nights {first} to {last} {done}"


def _clock(moment: WallTime | None) -> time:
    return (moment.clock if moment else None) or time()
