"""Kept values that are more than a record or a page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from providers.model import DictionaryEntry, Reservation
from providers.queries import OddRecord


@dataclass(frozen=True, slots=True)
class ListingReservations:
    """The reservations of one listing, and those of its records that could not be read."""

    reservations: Sequence[Reservation]
    odd: Sequence[OddRecord]


@dataclass(frozen=True, slots=True)
class PartValue:
    """A part of one listing (a list of fees, say), and those of its records that could not be read."""

    value: Any
    odd: Sequence[OddRecord]


@dataclass(frozen=True, slots=True)
class Words:
    """A dictionary as its PMS gave it, and its entries by id."""

    entries: Sequence[DictionaryEntry]
    by_id: Mapping[str, DictionaryEntry] = field(repr=False)

    @classmethod
    def of(cls, entries: Sequence[DictionaryEntry]) -> "Words":
        return cls(entries, {entry.provider_id: entry for entry in entries})
