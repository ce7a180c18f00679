"""Other values for a field of a JSON document: close ones, and guesses for fields without a value."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

Variation = Callable[[Any], Any]

MISSING = object()
"""Stands for a field that is left out."""

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_NUMBER = re.compile(r"-?\d{1,12}(\.\d+)?")
_LONG = 100
_MAPS = str.maketrans("0123CIO", "1099XXX")

_GUESSES: tuple[Any, ...] = (
    "probe",
    1,
    0.5,
    "7",
    True,
    0,
    "2027-05-01",
    "2027-05-01T10:00:00Z",
    "2027-05-01 10:00:00",
    "https://probe.example/p",
    {"en": "probe"},
    ["probe"],
    "probe@example.com",
    "EUR",
    [],
    None,
)


def guesses() -> list[Variation]:
    """Values of every kind, for fields of which the simulator shows none that matters."""
    return [*(constant(guess) for guess in _GUESSES), lambda _: MISSING]


def constant(value: Any) -> Variation:
    return lambda _: value


def altered(value: Any) -> Any:
    """Another value of the same kind; of what says nothing, the same."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return 1 - value if value in (0, 1) else value + 1
    if isinstance(value, list):
        return value[1:]
    if isinstance(value, dict):
        return {name: altered(each) for name, each in value.items()}
    return _text(value) if isinstance(value, str) else value


def _text(value: str) -> str:
    if len(value) > _LONG and value.translate(_MAPS) != value:
        return value.translate(_MAPS)
    if _NUMBER.fullmatch(value):
        whole, _, rest = value.partition(".")
        return f"{int(whole) + 1}.{rest}" if rest else str(int(whole) + 1)
    if day := _DAY.match(value):
        later = date.fromisoformat(day[0]) + timedelta(days=1)
        return f"{later.isoformat()}{value[10:]}"
    return f"{value}x"
