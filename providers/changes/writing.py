"""What a plugin's writes take beside their input, and what they answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Written(Generic[T]):
    """What became of a write. ``record`` is there where the PMS's answer shows the object as it is now.

    ``is_reduced`` says that a read of it would tell more: the record is shown, but never kept in place of a read.
    ``warnings`` say, for people, what the PMS did not take over although it said yes, or what else has to be known.
    """

    id: str
    record: T | None = None
    is_reduced: bool = False
    warnings: Sequence[str] = ()


class Progress(Protocol):
    """What earlier attempts at the same write already made at the PMS, kept over crashes.

    A write of several calls notes what each made, so that another attempt does not make it again.
    """

    def made(self, step: str) -> str | None:
        """The id that an earlier attempt noted under ``step``."""
        ...

    async def note(self, step: str, id_: str) -> None:
        """``step`` made the object ``id_``: durable when this returns."""
        ...


class NoProgress:
    """Nothing was made before, and nothing is noted."""

    def made(self, step: str) -> str | None:
        return None

    async def note(self, step: str, id_: str) -> None:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What a plugin's writes take beyond the unified fields: dataclasses like those of ``providers.changes``.

    Each becomes one field, named like the provider in lower case, of the unified input; instances come as ``extras``.
    """

    reservation: type | None = None
    cancellation: type | None = None
    calendar: type | None = None
    listing: type | None = None
