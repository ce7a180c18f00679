"""What callers made and changed beside the records of listings and reservations, one account's."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

FIRST_MADE = 60_000_000
MADE_BY_AN_ACCOUNT = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A picture that was handed over for a listing and is there from ``ready_at`` on."""

    listing_id: int
    ready_at: datetime
    image: dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Changed:
    """``ids`` are those of records to come: none is given twice. A listing that is not in a map is as it was made."""

    ids: Iterator[int]
    policies: dict[int, dict[str, Any]]
    agreements: dict[int, dict[str, Any] | None] = field(default_factory=dict)
    length_of_stay: dict[int, dict[str, int]] = field(default_factory=dict)
    uploads: list[Upload] = field(default_factory=list)
    exports: list[int] = field(default_factory=list)
    """Listings whose export to Airbnb was asked for."""
    houses_made: int = 0
