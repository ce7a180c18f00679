"""Records as their PMS sent them, for keys with the scope ``RAW``: secrets are masked even there."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import strawberry
from strawberry.scalars import JSON

from graph.accounts.keys import Scope
from graph.schema.context import Info
from graph.schema.errors import Forbidden

MASK = "********"

MAX_LEVELS = 60
"""Levels of a record that are shown; what lies deeper is masked unseen."""

_SECRET = re.compile(
    r"password|passwd|passcode|passphrase|secret|token|apikey|credential|authorization|privatekey"
    r"|door(security)?code|accesscode|gatecode|lockcode|keycode|pincode|^pin$|authhash|portalurl"
    r"|verificationcode|card|^v?cc(number|name|exp|$)|cvv|cvc|iban|accountnumber|passport|ical(key|url)"
)
_NAMES = ("name", "key", "varname", "title", "label")
_MAX_EXACT = 2**53
"""Whole numbers beyond it lose digits in JSON readers of the web: they are sent as text."""


def _raw(record: strawberry.Parent[Any], info: Info) -> Any:
    if Scope.RAW not in info.context.operation.viewer.scopes:
        raise Forbidden(
            "This API key or token may not read raw records: it lacks the scope RAW. Make a key that has it: "
            "staygraph keys create --raw."
        )
    return None if record.raw is None else redacted(record.raw)


def raw_field() -> Any:
    """The field ``raw`` of a type whose records keep what the PMS sent."""
    return strawberry.field(
        resolver=_raw,
        graphql_type=JSON | None,
        description="The record as the PMS sent it, in its own words; passwords, codes and other secrets are masked. "
        "Needs an API key with the scope RAW, else FORBIDDEN. Null if it was not kept.",
    )


def redacted(value: Any, level: int = 0) -> Any:
    """``value`` as JSON can hold it, with what looks like a secret by its name masked."""
    if level > MAX_LEVELS:
        return MASK
    match value:
        case Mapping():
            named = _names_secret(value) or any(_names_secret(each) for each in value.values())
            return {
                str(key): MASK
                if each is not None and (is_secret(key) or (named and _folded(key) == "value"))
                else redacted(each, level + 1)
                for key, each in value.items()
            }
        case str():
            return value
        case Sequence():
            return [redacted(each, level + 1) for each in value]
    return _scalar(value)


def plain_json(value: Any) -> Any:
    """``value`` as JSON can hold it: decimals, days and times as text, nothing masked."""
    match value:
        case Mapping():
            return {str(key): plain_json(each) for key, each in value.items()}
        case bool() | None | float() | str():
            return value
        case Sequence():
            return [plain_json(each) for each in value]
        case Decimal():
            return format(value, "f")
        case int() if abs(value) <= _MAX_EXACT:
            return value
    return str(value)


def _scalar(value: object) -> object:
    match value:
        case bool() | None | float():
            return value
        case Decimal():
            return float(value) if value.is_finite() else None
        case int() if abs(value) <= _MAX_EXACT:
            return value
    return str(value)


def _names_secret(value: Any) -> bool:
    """Whether this is, or describes, a field that somebody named like a secret: its value is one."""
    return isinstance(value, Mapping) and any(is_secret(value[key]) for key in value if _folded(key) in _NAMES)


def is_secret(name: object) -> bool:
    """Whether a key, or the name of a field of the business's own, promises a secret."""
    return isinstance(name, str) and _SECRET.search(_folded(name)) is not None


def _folded(name: object) -> str:
    return re.sub(r"[^a-z0-9]", "", str(name).lower())
