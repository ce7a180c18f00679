"""Kept values that are more than a record or a page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from providers.errors import ProviderError
from providers.model import DictionaryEntry, Reservation
from providers.queries import OddRecord


@dataclass(frozen=True, slots=True)
class ListingReservations:
    """The reservations of one listing, and those of its records that could not be read."""

    reservations: Sequence[Reservation]
    odd: Sequence[OddRecord]


@dataclass(frozen=True, slots=True)
class PartValue:
    """What belongs to a listing or an account (a list of fees, say).

    ``odd`` are those of its records that could not be understood, ``failed`` why others are missing or not whole.
    """

    value: Any
    odd: Sequence[OddRecord]
    failed: Sequence[ProviderError] = ()


@dataclass(frozen=True, slots=True)
class Words:
    """A dictionary as its PMS gave it, and its entries by id."""

    entries: Sequence[DictionaryEntry]
    by_id: Mapping[str, DictionaryEntry] = field(repr=False)

    @classmethod
    def of(cls, entries: Sequence[DictionaryEntry]) -> "Words":
        return cls(entries, {entry.provider_id: entry for entry in entries})
