"""What Hostaway did not take over although it said yes."""

from collections.abc import Mapping
from typing import Any

from providers.hostaway.wire import WireListing
from providers.wire import read_records

_BY_ALIAS = {field.alias or name: name for name, field in WireListing.model_fields.items()}


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


def _read(record: Mapping[str, Any]) -> WireListing | None:
    found, _ = read_records(WireListing, [{"id": "0", **record}])
    return found[0] if found else None


def _value(wire: WireListing, name: str) -> Any:
    value = getattr(wire, _BY_ALIAS[name]) if name in _BY_ALIAS else None
    return value.strip() if isinstance(value, str) else value
