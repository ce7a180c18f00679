"""What differs between two views of a reservation, in the words of the API."""

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from datetime import date, time
from decimal import Decimal
from enum import Enum
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar

from pydantic.alias_generators import to_camel

from graph.events.event import FieldChange
from providers.model import Guest, Party, Reservation

D = TypeVar("D", Reservation, Guest, Party)

SENT_OR_NOT = frozenset(
    {"cancellation_policy", "comments", "custom_fields", "fees", "finance_lines", "payments", "tags", "units"}
)
"""Fields that are None where the PMS did not send them: going to or from None they have not changed."""

_SILENT = frozenset({"provider", "account_id", "provider_id", "updated_at", "raw"})
"""What names a reservation, and the time of the change itself."""

_NESTED = frozenset({"guest", "party"})
_NAMES = {"listing_id": "listing"}


def changes(old: Reservation, new: Reservation) -> list[FieldChange]:
    """The fields that changed; empty if nothing that the API shows did."""
    return list(_changes(old, new, ""))


def completed(known: Reservation, sent: Reservation, *, partial: bool) -> Reservation:
    """``sent`` with what it does not say as it was known, and without ``raw``. ``partial``: None in it says nothing.

    A list that is empty in a partial one says nothing either, where the PMS leaves it out as a rule.
    """
    filled = _by_name(sent)
    if partial:
        for name, before in zip(_names(Reservation), _values(known), strict=True):
            if filled[name] is None:
                filled[name] = before
        for name in _NESTED:
            before, value = getattr(known, name), getattr(sent, name)
            if before is not None and value is not None:
                filled[name] = _filled(before, value)
    for name in SENT_OR_NOT:
        if (before := getattr(known, name)) is not None and _says_nothing(filled[name], partial):
            filled[name] = before
    filled["raw"] = None
    return Reservation(**filled)


def without_raw(reservation: Reservation) -> Reservation:
    """A reservation without what the PMS sent beyond the unified model."""
    if reservation.raw is None:
        return reservation
    return Reservation(**{**_by_name(reservation), "raw": None})


def _says_nothing(value: Any, partial: bool) -> bool:
    return value is None or (partial and not value)


def _filled(known: D, sent: D) -> D:
    if known == sent:
        return known
    before = _by_name(known)
    return type(sent)(**{name: before[name] if value is None else value for name, value in _by_name(sent).items()})


def _changes(old: D, new: D, prefix: str) -> Iterator[FieldChange]:
    model: type = type(new)
    for name, before, after in zip(_names(model), _values(old), _values(new), strict=True):
        # Most are one object, or small and equal. Lists may still be the same.
        if before is after or before == after or (name in _SILENT and not prefix) or _same_list(before, after):
            continue
        if name in SENT_OR_NOT and not prefix and (before is None or after is None):
            continue
        if name in _NESTED and before is not None and after is not None:
            yield from _changes(before, after, f"{_camel(name)}.")
        else:
            shown = _NAMES.get(name) or _camel(name)
            yield FieldChange(field=f"{prefix}{shown}", old=public(before), new=public(after))


def _same_list(one: Any, other: Any) -> bool:
    """Whether both are lists of the same, in whatever order: PMSs promise none."""
    if not isinstance(one, list) or not isinstance(other, list) or len(one) != len(other):
        return False
    return sorted(map(repr, map(public, one))) == sorted(map(repr, map(public, other)))


def public(value: Any) -> Any:
    """A value of the model as JSON, as clients read it."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, list):
        return [public(each) for each in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {_camel(name): public(getattr(value, name)) for name in _names(type(value)) if name != "raw"}
    return value


# A webhook has a hundred fields looked at, several times: what they are called is found out once for each class.


@cache
def _names(model: type) -> tuple[str, ...]:
    return tuple(each.name for each in fields(model))


@cache
def _reader(model: type) -> Callable[[Any], tuple[Any, ...]]:
    return attrgetter(*_names(model))


@cache
def _camel(name: str) -> str:
    return to_camel(name)


def _values(record: Any) -> tuple[Any, ...]:
    """The values of all fields, in the order of ``_names``."""
    model: type = type(record)
    return _reader(model)(record)


def _by_name(record: Any) -> dict[str, Any]:
    model: type = type(record)
    return dict(zip(_names(model), _reader(model)(record), strict=True))
