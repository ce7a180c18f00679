"""Where a walk stands in one account: what a cursor remembers of it."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class PageMark:
    """The record at ``index`` of the page at ``position`` is next.

    ``whole`` says that the pages are those of the whole, unfiltered collection, not of the PMS's own filtering.
    """

    position: str | None = None
    index: int = 0
    whole: bool = False


@dataclass(frozen=True, slots=True)
class KeyMark:
    """The first record whose sort key comes after this one is next."""

    value: str | None
    id: str


@dataclass(frozen=True, slots=True)
class HeldMark:
    """In a collection that is held, by id: the first record behind this id is next."""

    id: str


@dataclass(frozen=True, slots=True)
class EndMark:
    """Nothing is left."""


Mark = PageMark | KeyMark | HeldMark | EndMark


def dump(mark: Mark) -> list[Any]:
    """The mark as a short JSON array."""
    match mark:
        case PageMark(position, index, whole):
            return ["a" if whole else "p", position, index]
        case KeyMark(value, id_):
            return ["k", value, id_]
        case HeldMark(id_):
            return ["h", id_]
        case EndMark():
            return ["e"]


def load(raw: Any) -> Mark:
    """The mark that was dumped. Raises ``ValueError``."""
    match raw:
        case ["a" | "p" as kind, str() | None as position, int() as index] if index >= 0:
            return PageMark(position, index, kind == "a")
        case ["k", str() | None as value, str() as id_]:
            return KeyMark(value, id_)
        case ["h", str() as id_]:
            return HeldMark(id_)
        case ["e"]:
            return EndMark()
    raise ValueError("not a mark")
