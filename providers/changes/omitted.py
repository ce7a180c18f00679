"""The difference between leaving a field as it is and emptying it."""

import dataclasses
from enum import Enum
from typing import Any, Final, Literal, TypeVar

T = TypeVar("T")


class Omitted(Enum):
    """The type of ``OMITTED``."""

    OMITTED = "OMITTED"

    def __bool__(self) -> Literal[False]:
        return False


OMITTED: Final = Omitted.OMITTED
"""A field that was not named: it stays as it is at the PMS, or is the PMS's own choice where something is made."""


def or_none(value: T | Omitted) -> T | None:
    """The value; None if it was left out."""
    return None if isinstance(value, Omitted) else value


def given(change: Any) -> dict[str, Any]:
    """The fields of an input that were named, by name, None included."""
    fields = dataclasses.fields(change)
    return {each.name: value for each in fields if not isinstance(value := getattr(change, each.name), Omitted)}
