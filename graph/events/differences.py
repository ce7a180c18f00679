"""What differs between two views of a reservation, in the words of the API."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import date, time
from decimal import Decimal
from enum import Enum
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
    """``sent`` with what it does not say as it was known. ``partial``: it says nothing of what is None in it.

    A list that is empty in a partial one says nothing either, where the PMS leaves it out as a rule.
    """
    filled: dict[str, Any] = {}
    for each in fields(sent):
        value, before = getattr(sent, each.name), getattr(known, each.name)
        if each.name == "raw" or before is None:
            continue
        if _says_nothing(each.name, value, partial):
            filled[each.name] = before
        elif partial and each.name in _NESTED:
            filled[each.name] = _filled(before, value)
    return replace(sent, **filled)


def _says_nothing(name: str, value: Any, partial: bool) -> bool:
    if name in SENT_OR_NOT:
        return value is None or (partial and not value)
    return partial and value is None


def _filled(known: Any, sent: Any) -> Any:
    missing = {each.name: getattr(known, each.name) for each in fields(sent) if getattr(sent, each.name) is None}
    return replace(sent, **missing)


def _changes(old: D, new: D, prefix: str) -> Iterator[FieldChange]:
    for each in fields(new):
        before, after = getattr(old, each.name), getattr(new, each.name)
        if (each.name in _SILENT and not prefix) or _same(before, after):
            continue
        if each.name in SENT_OR_NOT and not prefix and (before is None or after is None):
            continue
        if each.name in _NESTED and before is not None and after is not None:
            yield from _changes(before, after, f"{to_camel(each.name)}.")
        else:
            name = _NAMES.get(each.name) or to_camel(each.name)
            yield FieldChange(field=f"{prefix}{name}", old=public(before), new=public(after))


def _same(one: Any, other: Any) -> bool:
    """Lists are the same in whatever order: PMSs promise none."""
    if one == other:
        return True
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
        return {to_camel(each.name): public(getattr(value, each.name)) for each in fields(value) if each.name != "raw"}
    return value
