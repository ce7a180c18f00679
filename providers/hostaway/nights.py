"""The nights of a calendar that is to be changed: what is wanted of each, what is there, and what to write.

An interval carries every field of its nights: whether those it leaves out keep their values is not documented
(Hostaway documentation, Calendar).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from providers.changes import CalendarChange, ChangeRefused, Omitted, Problem, ProblemKind, given
from providers.hostaway.listings import NO_MAXIMUM_STAY
from providers.hostaway.reservation_bodies import Asked, as_read, plain
from providers.hostaway.reservations import build_reservation
from providers.hostaway.wire import WireDay, WireReservation
from providers.model import ReservationStatus
from providers.queries import Days
from providers.wire import parse_records

Body = dict[str, Any]

MOST_NIGHTS = 1100
"""Nights of one listing that one change may name."""

_DAY = timedelta(days=1)
_HOLDS = frozenset(
    {
        ReservationStatus.CONFIRMED,
        ReservationStatus.BLOCKED,
        ReservationStatus.PENDING,
        ReservationStatus.UNKNOWN,
    }
)
_TAKEN = frozenset({"reserved", "mreserved", "conflicted", "pending"})
_PLAIN = {
    "price": "price",
    "minimum_stay": "minimumStay",
    "maximum_stay": "maximumStay",
    "closed_to_arrival": "closedOnArrival",
    "closed_to_departure": "closedOnDeparture",
    "note": "note",
}
_NEVER_EMPTY = frozenset({"price", "minimumStay", "maximumStay"})


def wanted_nights(changes: Sequence[CalendarChange]) -> dict[date, dict[str, Any]]:
    """What is wanted of each night, by the fields of the model: later changes win, field by field.

    Raises ``ChangeRefused`` for a change that no calendar of Hostaway can take.
    """
    problems = [problem for index, change in enumerate(changes) for problem in _problems(change, index)]
    if problems:
        raise ChangeRefused(*problems)
    wanted: dict[date, dict[str, Any]] = {}
    for change in changes:
        named = {name: value for name, value in given(change).items() if name in _FIELDS}
        for night in Days(change.start, change.end):
            before = wanted.setdefault(night, {})
            # Units to sell and a yes or no are two ways to say one thing: the later one holds.
            if "available" in named or "units_to_sell" in named:
                before.pop("available", None)
                before.pop("units_to_sell", None)
            before |= named
    return {night: wanted[night] for night in sorted(wanted) if wanted[night]}


_FIELDS = frozenset({*_PLAIN, "available", "units_to_sell"})


def _problems(change: CalendarChange, index: int) -> Iterator[Problem]:
    def problem(kind: ProblemKind, name: str, message: str, allowed: str) -> Problem:
        return Problem(kind=kind, message=message, field=(index, name), allowed=allowed)

    if change.end <= change.start:
        yield problem(ProblemKind.INVALID, "end", "It must come after start.", "a day after start")
    elif (change.end - change.start).days > MOST_NIGHTS:
        yield problem(ProblemKind.OUT_OF_RANGE, "end", "These are too many nights.", f"up to {MOST_NIGHTS} nights")
    if isinstance(change.price, Decimal):
        found = Asked({}, [])
        plain(change.price, found, index, "price")
        yield from found.problems
        if not found.problems and change.price <= 0:
            yield problem(ProblemKind.OUT_OF_RANGE, "price", "Hostaway takes no such price.", "more than 0")
    for name in ("minimum_stay", "maximum_stay"):
        nights = getattr(change, name)
        if isinstance(nights, int) and not 1 <= nights <= NO_MAXIMUM_STAY:
            allowed = f"1 to {NO_MAXIMUM_STAY}, which means no limit"
            yield problem(ProblemKind.OUT_OF_RANGE, name, "Hostaway takes no such number of nights.", allowed)
    if isinstance(change.units_to_sell, int) and change.units_to_sell < 0:
        yield problem(ProblemKind.OUT_OF_RANGE, "units_to_sell", "There is no such number of units.", "0 or more")
    if not isinstance(change.available, Omitted) and not isinstance(change.units_to_sell, Omitted):
        message = "It says the same as available in another way: name one of them."
        yield problem(ProblemKind.INVALID, "units_to_sell", message, "available or unitsToSell")


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """A night as Hostaway has it."""

    wire: WireDay
    raw: Mapping[str, Any]
    held: bool
    """Whether a reservation holds it: a guest's, a request, or an owner's stay. Of several units: any of them."""

    @property
    def has_units(self) -> bool:
        return self.wire.count_available_units is not None or self.wire.available_units_to_sell is not None

    @property
    def is_free(self) -> bool:
        return bool(self.wire.is_available)

    @property
    def most_units(self) -> int | None:
        """How many units could be sold if none was blocked; None where the counters do not tell."""
        wire = self.wire
        reserved = (
            wire.count_reserved_units if wire.count_reserved_units is not None else wire.count_blocking_reservations
        )
        if wire.count_available_units is None or wire.count_pending_units is None or reserved is None:
            return None
        return max(0, wire.count_available_units - wire.count_pending_units - reserved)


def nights_of(rows: Sequence[Any], account_id: str) -> dict[date, Night]:
    """The nights of a calendar that was read with its reservations."""
    found: dict[date, Night] = {}
    for raw in rows:
        wires, _ = parse_records(WireDay, [raw], lambda wire: wire)
        for wire in wires:
            if wire.date is not None:
                found[wire.date] = Night(wire=wire, raw=raw, held=_is_held(wire, account_id))
    return found


def _is_held(wire: WireDay, account_id: str) -> bool:
    if (wire.status or "").lower() in _TAKEN:
        return True
    stays, _ = parse_records(WireReservation, wire.reservations or (), lambda each: build_reservation(each, account_id))
    return any(stay.status in _HOLDS for stay in stays)


def body_of(night: Night, wanted: Mapping[str, Any]) -> Body:
    """What to write into a night: every field, changed or as it was read."""
    body: Body = {}
    for name, wire in _PLAIN.items():
        value = wanted[name] if name in wanted else as_read(night.raw.get(wire))
        if value is not None or wire not in _NEVER_EMPTY:
            body[wire] = plain(value, Asked({}, []))
    return {**_openness(night, wanted), **body}


def _openness(night: Night, wanted: Mapping[str, Any]) -> Body:
    """Whether the night is for sale.

    A night that a reservation holds is never said to be free. Left out there, its own block is not set for good when
    it looks blocked only because of the reservation. Of several units it is the number to sell that is written; it
    need not be where none is blocked, and may then not undo what is sold meanwhile.
    """
    available = wanted.get("available")
    if night.has_units:
        if "units_to_sell" in wanted:
            return {"desiredUnitsToSell": wanted["units_to_sell"]}
        if available is not None:
            return {"desiredUnitsToSell": night.most_units if available else 0}
        to_sell = night.wire.available_units_to_sell
        return {} if night.wire.count_blocked_units == 0 or to_sell is None else {"desiredUnitsToSell": to_sell}
    if available is False:
        return {"isAvailable": 0}
    if night.held:
        return {}
    return {"isAvailable": 1 if available else int(night.is_free)}


def is_as_wanted(night: Night, wanted: Mapping[str, Any]) -> bool:
    """Whether a night shows what was wanted of it."""
    wire = night.wire
    shown: dict[str, Any] = {
        "price": wire.price,
        "minimum_stay": wire.minimum_stay,
        "maximum_stay": wire.maximum_stay,
        "closed_to_arrival": bool(wire.closed_on_arrival),
        "closed_to_departure": bool(wire.closed_on_departure),
        "note": wire.note or None,
        "units_to_sell": wire.available_units_to_sell,
        "available": (wire.available_units_to_sell or 0) > 0 if night.has_units else night.is_free,
    }
    if night.held and wanted.get("available") is True:
        shown["available"] = True
    return all(shown[name] == (value or None if name == "note" else value) for name, value in wanted.items())


def check_units(
    nights: Mapping[date, Night], wanted: Mapping[date, Mapping[str, Any]], changes: Sequence[CalendarChange]
) -> None:
    """Raises ``ChangeRefused`` where units are named of a single unit, or more of them than are left."""
    for night, fields in wanted.items():
        there = nights[night]
        if "units_to_sell" in fields and not there.has_units:
            message = "The listing is a single unit."
            raise ChangeRefused(
                Problem(
                    kind=ProblemKind.NOT_SUPPORTED,
                    message=message,
                    field=_told_in(changes, night, "units_to_sell"),
                    allowed="available",
                )
            )
        most = there.most_units
        if most is not None and fields.get("units_to_sell", 0) > most:
            message = f"So many units are not left on {night}."
            raise ChangeRefused(
                Problem(
                    kind=ProblemKind.OUT_OF_RANGE,
                    message=message,
                    field=_told_in(changes, night, "units_to_sell"),
                    allowed=f"0 to {most}",
                )
            )
        if there.has_units and most is None and fields.get("available"):
            message = "Hostaway does not tell how many units are left: name how many are to be sold."
            raise ChangeRefused(
                Problem(
                    kind=ProblemKind.INVALID,
                    message=message,
                    field=_told_in(changes, night, "available"),
                    allowed="unitsToSell",
                )
            )


def _told_in(changes: Sequence[CalendarChange], night: date, name: str) -> tuple[str | int, ...]:
    """The path of what holds for a night: that of the last change which says it."""
    told = [index for index, each in enumerate(changes) if night in Days(each.start, each.end) and name in given(each)]
    return (told[-1], name) if told else (name,)


def spans(nights: Sequence[date]) -> Iterator[Days]:
    """Nights, in order, as stretches without gaps."""
    start: date | None = None
    last: date | None = None
    for night in nights:
        if start is None or last is None:
            start = night
        elif night != last + _DAY:
            yield Days(start, last + _DAY)
            start = night
        last = night
    if start is not None and last is not None:
        yield Days(start, last + _DAY)


def stretches(nights: Sequence[date], longest: int) -> Iterator[Days]:
    """Nights, in order, in as few stretches of at most so many days as hold them all."""
    start: date | None = None
    last: date | None = None
    for night in nights:
        if start is None or (night - start).days >= longest:
            if start is not None and last is not None:
                yield Days(start, last + _DAY)
            start = night
        last = night
    if start is not None and last is not None:
        yield Days(start, last + _DAY)


def named(nights: Iterable[date]) -> str:
    """Nights in words: single ones, and first to last."""
    texts = []
    for span in spans(sorted(nights)):
        last = span.end - _DAY
        texts.append(f"{span.start}" if last == span.start else f"{span.start} to {last}")
    more = len(texts) - _STRETCHES_NAMED
    return "; ".join(texts[:_STRETCHES_NAMED]) + (f"; and {more} more stretches" if more > 0 else "")


_STRETCHES_NAMED = 20
