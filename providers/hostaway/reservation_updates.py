"""Changes of reservations: the whole update set, and whether all of it arrived.

Whether an update empties what it leaves out is not documented, so everything is sent: what changes, and the rest as it
was read (Hostaway documentation, Update a reservation).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from providers.changes import ChangeRefused, Omitted, Problem, ProblemKind, ReservationChange
from providers.hostaway.finance_writes import changed_lines, sum_of
from providers.hostaway.paging import id_of
from providers.hostaway.reservation_bodies import (
    FIELD_NAMES,
    UPDATE_SET,
    Asked,
    Body,
    as_read,
    asked,
    complete_name,
    complete_party,
    custom_values,
    private_texts,
)
from providers.hostaway.reservation_extras import HostawayReservationExtras
from providers.hostaway.sending import Attempt
from providers.hostaway.wishes import json_number
from providers.queries import Days
from providers.wire import OddValue
from providers.wire.values import read_date, read_decimal

_LINES = "financeField"
_NOT_COMPARED = frozenset({"channelId", "listingMapId", "couponName", _LINES, "customFieldValues"})
_LINE_COMPARED = ("total", "isDeleted", "isIncludedInTotalPrice")


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """A change of a reservation: what was, what is sent, and which of its fields are to become others."""

    before: Mapping[str, Any]
    body: Body
    named: frozenset[str]

    def attempt(self, *, forced: bool) -> Attempt:
        """What a refusal may be about. Nights that it holds already need not be free."""
        listing = self.before.get("listingMapId")
        return Attempt(
            listing_id=None if listing is None else str(listing),
            nights=None if forced else self._new_nights(),
            private=private_texts(self.body),
        )

    def warnings(self, after: Mapping[str, Any]) -> list[str]:
        """What the reservation shows otherwise than it should, by unified names and without values."""
        named = {name: value for name, value in self.body.items() if name in self.named}
        found = not_taken_over(named, after)
        lost = [name for name in UPDATE_SET if name not in self.named and _is_lost(self.before, after, name)]
        return [*found, *(f"Hostaway emptied {_called(name)}, which was not to change." for name in lost)]

    def is_made(self, after: Mapping[str, Any]) -> bool:
        """Whether the reservation shows all that was to change, and nothing lost.

        A new price line may be like one that was there: as many lines as were sent must be shown.
        """
        if any(name not in after for name in self.named) or self.warnings(after):
            return False
        return _LINES not in self.named or len(after[_LINES] or ()) >= len(self.body[_LINES])

    def _new_nights(self) -> Days | None:
        """The stretch of nights that the reservation does not hold yet; None where there is none, or more than one."""
        old, new = _stay(self.before), _stay(self.body)
        if new is None or old is None or old.end <= new.start or new.end <= old.start:
            return new
        earlier = Days(new.start, old.start) if new.start < old.start else None
        later = Days(old.end, new.end) if new.end > old.end else None
        return earlier or later


def update_of(before: Mapping[str, Any], change: ReservationChange) -> Update:
    """The update of a reservation as it was read. Raises ``ChangeRefused``."""
    found = asked(change)
    _check(change, found)
    complete_name(found.body, before)
    complete_party(found.body, before)
    stored = before.get("customFieldValues")
    values = custom_values(change.custom_fields, stored if isinstance(stored, list) else (), found)
    if values is not None:
        found.body["customFieldValues"] = values
    body = {name: as_read(before[name]) for name in UPDATE_SET if name in before} | found.body
    named = set(found.body)
    lines = before.get(_LINES)
    known = lines if isinstance(lines, list) else []
    changes = () if isinstance(change.finance_lines, Omitted) else change.finance_lines
    if known or changes:
        body[_LINES] = changed_lines(known, changes, found)
    if changes:
        named |= {_LINES, "totalPrice"}
        if isinstance(change.total, Omitted):
            body["totalPrice"] = _new_total(before, known, body[_LINES], found)
    stay = _stay(body)
    if stay is None and named & {"arrivalDate", "departureDate"}:
        found.wrong(ProblemKind.INVALID, "The day of departure must come after the day of arrival.", "departure")
    if found.problems:
        raise ChangeRefused(*found.problems)
    return Update(before=before, body=body, named=frozenset(named))


def not_taken_over(sent: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Which of the fields that were sent a record shows otherwise, or not at all where it should."""
    names = [
        name for name in sent if name in after and name not in _NOT_COMPARED and not _same(sent[name], after[name])
    ]
    if not _has_values(sent.get("customFieldValues"), after.get("customFieldValues")):
        names.append("customFieldValues")
    wrong = [f"Hostaway shows {_called(name)} otherwise than it was sent." for name in names]
    if not _has_lines(sent.get(_LINES), after.get(_LINES)):
        wrong.append("Hostaway shows some of financeLines otherwise than they were sent.")
    return wrong


def _check(change: ReservationChange, found: Asked) -> None:
    if change.source is not None and not isinstance(change.source, Omitted):
        message = "Hostaway writes it for new reservations only."
        found.problems.append(Problem(kind=ProblemKind.NOT_SUPPORTED, message=message, field=("source",)))
    extras = change.extras
    if isinstance(extras, HostawayReservationExtras) and not isinstance(extras.is_initial, Omitted):
        found.wrong(ProblemKind.NOT_SUPPORTED, "It is for new reservations only.", "hostaway", "is_initial")


def _new_total(
    before: Mapping[str, Any], old: Sequence[Any], lines: Sequence[Body], found: Asked
) -> int | float | None:
    """The sum of the lines. Hostaway keeps none in step, so it is right only where it was right before."""
    total = _decimal(before.get("totalPrice"))
    if old and total is not None and total != sum_of(old):
        message = "Its price lines do not add up to its total, so the new total has to be named."
        found.wrong(ProblemKind.REQUIRED, message, "total")
        return None
    return json_number(sum_of(lines))


def _stay(record: Mapping[str, Any]) -> Days | None:
    arrival, departure = _date(record.get("arrivalDate")), _date(record.get("departureDate"))
    return Days(arrival, departure) if arrival and departure and arrival < departure else None


def _date(value: Any) -> date | None:
    try:
        return read_date(value)
    except OddValue:
        return None


def _decimal(value: Any) -> Decimal | None:
    try:
        return read_decimal(value)
    except OddValue:
        return None


def _same(sent: Any, shown: Any) -> bool:
    """Whether two values say the same: 1 and "1" do, and null, an empty text and an empty list do."""
    if _is_empty(sent) or _is_empty(shown):
        return _is_empty(sent) and _is_empty(shown)
    if isinstance(sent, bool | int | float | Decimal) or isinstance(shown, bool | int | float | Decimal):
        return _decimal(_numeric(sent)) == _decimal(_numeric(shown)) is not None
    return bool(sent == shown)


def _numeric(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    return str(value) if isinstance(value, float) else value


def _is_empty(value: Any) -> bool:
    return value is None or value in ("", [])


def _is_lost(before: Mapping[str, Any], after: Mapping[str, Any], name: str) -> bool:
    return name in after and _is_empty(after[name]) and not _is_empty(before.get(name))


def _has_values(sent: Any, shown: Any) -> bool:
    if not isinstance(sent, list) or not isinstance(shown, list):
        return True
    values = {str(each.get("customFieldId")): each.get("value") for each in shown if isinstance(each, Mapping)}
    return all(_same(each["value"], values.get(str(each["customFieldId"]))) for each in sent)


def _has_lines(sent: Any, shown: Any) -> bool:
    """Whether every line that was sent is there with its amount: by its id, a new one by its name."""
    if not isinstance(sent, list) or not isinstance(shown, list):
        return True
    by_id = {id_of(line): line for line in shown}
    return all(_has_line(line, by_id, shown) for line in sent)


def _has_line(line: Body, by_id: Mapping[str | None, Any], shown: Iterable[Any]) -> bool:
    if line.get("isDeleted"):
        found = by_id.get(id_of(line))
        return found is None or bool(_decimal(found.get("isDeleted")))
    if (line_id := id_of(line)) is not None:
        return line_id in by_id and _equal(line, by_id[line_id])
    return any(isinstance(each, Mapping) and each.get("name") == line["name"] and _equal(line, each) for each in shown)


def _equal(line: Body, shown: Mapping[str, Any]) -> bool:
    return all(_same(line[name], shown.get(name)) for name in _LINE_COMPARED if name in line)


def _called(name: str) -> str:
    return FIELD_NAMES.get(name, name)
