"""Why a change cannot be made, field by field."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum


class ProblemKind(Enum):
    """What is wrong."""

    REQUIRED = "REQUIRED"
    INVALID = "INVALID"
    OUT_OF_RANGE = "OUT_OF_RANGE"
    UNKNOWN = "UNKNOWN"
    NOT_SUPPORTED = "NOT_SUPPORTED"
    """The PMS has no such field, or no way to write it."""
    NOT_FOUND = "NOT_FOUND"
    CONFLICT = "CONFLICT"
    """Its present state does not allow it: archived, cancelled already, locked by another program."""
    NIGHTS_TAKEN = "NIGHTS_TAKEN"
    """The PMS's protection against overbooking refused it."""
    PAYMENT_FAILED = "PAYMENT_FAILED"
    """The card was refused; the PMS kept nothing of the reservation."""
    REFUSED = "REFUSED"
    """The PMS's own no, for another reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong. ``field`` is the path in the input in the model's words, ("guest", "first_name"); empty: all.

    ``message`` is for people and holds no secret and no guest's detail.
    """

    kind: ProblemKind
    message: str
    field: tuple[str | int, ...] = ()
    allowed: str | None = None


class ChangeRefused(Exception):
    """A change that was not made, neither by us nor by the PMS."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(f"{'.'.join(map(str, each.field))}: {each.message}" for each in problems))
        self.problems: Sequence[Problem] = problems


def refused(kind: ProblemKind, message: str, *field: str | int, allowed: str | None = None) -> ChangeRefused:
    """A refusal for one reason."""
    return ChangeRefused(Problem(kind=kind, message=message, field=field, allowed=allowed))
