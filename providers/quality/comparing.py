"""Records without what was sent: ``raw`` changes with every new field, the unified values must not."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

RAW = "raw"


def unified(value: Any) -> list[tuple[str, Any]]:
    """All values that a result says something by, each with its path, and no ``raw``."""
    return list(leaves(value, ""))


def leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every value that is not None by its path; places in lists are not told apart."""
    if is_dataclass(value):
        for each in fields(value):
            if each.name != RAW:
                yield from leaves(getattr(value, each.name), f"{path}.{each.name}" if path else each.name)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from leaves(item, path)
    elif value is not None:
        yield path, value.value if isinstance(value, Enum) else value
