"""Records by their unified values: without ``raw``, which changes with every new field, the moment of a quote, and what
a plugin notes for itself.
"""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

RAW = "raw"
_PASSING = frozenset({RAW, "quoted_at", "booked_with"})


def unified(value: Any) -> list[tuple[str, Any]]:
    """All values that a result says something by, each with its path, and no ``raw``."""
    return list(leaves(value, ""))


def says_as_much(less: Any, more: Any) -> bool:
    """Whether ``more`` says all that ``less`` does, in the same words: reads by id may know more than pages."""
    names = [each.name for each in fields(less) if each.name not in _PASSING]
    said = [name for name in names if getattr(less, name) is not None]
    return all(unified(getattr(less, name)) == unified(getattr(more, name)) for name in said)


def leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every value that is not None by its path; places in lists are not told apart."""
    if is_dataclass(value):
        for each in fields(value):
            if each.name not in _PASSING:
                yield from leaves(getattr(value, each.name), f"{path}.{each.name}" if path else each.name)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from leaves(item, path)
    elif value is not None:
        yield path, value.value if isinstance(value, Enum) else value
