"""What Hostaway took over of what was sent, by the records that it shows afterwards."""

from collections.abc import Mapping, Sequence
from typing import Any

from providers.hostaway.wire import WireListing
from providers.wire import read_records

_BY_ALIAS = {field.alias or name: name for name, field in WireListing.model_fields.items()}
_ITEM = {
    "listingAmenities": ("amenityId",),
    "listingBedTypes": ("bedTypeId", "quantity"),
    "customFieldValues": ("customFieldId", "value"),
    "listingImages": ("caption", "sortOrder"),
}
"""What tells the items of an array from each other. The address of a picture is Hostaway's own once it has it."""


def not_taken(sent: Mapping[str, Any], record: Mapping[str, Any]) -> list[str]:
    """A warning that names the properties which an answer shows with another value than was sent.

    Arrays are left out: answers need not hold them. Values are compared as they are read, so 1 is true and "5" is 5.
    """
    shown = {name for name in sent if name in record and not isinstance(sent[name], list)}
    before, after = _read({name: sent[name] for name in shown}), _read({name: record[name] for name in shown})
    if before is None or after is None:
        return []
    other = [name for name in sorted(shown) if _value(before, name) != _value(after, name)]
    return [f"Hostaway did not take over as sent: {', '.join(other)}."] if other else []


def shows_all(sent: Mapping[str, Any], record: Mapping[str, Any]) -> bool:
    """Whether a whole listing shows every property as it was sent. One that it does not hold is none it shows."""
    if any(name not in record for name in sent) or not_taken(sent, record):
        return False
    plain = [name for name in sent if not isinstance(sent[name], list) and name not in _BY_ALIAS]
    arrays = [name for name in sent if isinstance(sent[name], list)]
    return all(sent[name] == record[name] for name in plain) and all(
        _items(name, sent[name]) == _items(name, record[name]) for name in arrays
    )


def _items(name: str, items: Any) -> Sequence[Any] | None:
    """The items of an array without what Hostaway adds, in an order of their own; None where it is no array."""
    if not isinstance(items, list) or not all(isinstance(each, Mapping) for each in items):
        return None
    return sorted(tuple(str(each.get(part) or "").strip() for part in _ITEM.get(name, ())) for each in items)


def _read(record: Mapping[str, Any]) -> WireListing | None:
    found, _ = read_records(WireListing, [{"id": "0", **record}])
    return found[0] if found else None


def _value(wire: WireListing, name: str) -> Any:
    value = getattr(wire, _BY_ALIAS[name]) if name in _BY_ALIAS else None
    return value.strip() if isinstance(value, str) else value
