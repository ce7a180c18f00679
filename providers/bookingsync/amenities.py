"""What the amenities of rentals are called: rentals name them by the ids of a dictionary of their own.

Source: BookingSync documentation, Amenities and Rentals amenities. The dictionary is the same for all accounts.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import Field

from providers.bookingsync.envelope import all_records
from providers.bookingsync.resources import Options, Resources
from providers.bookingsync.texts import best_text
from providers.bookingsync.wire import Record, Translations
from providers.model import AmenityKind, DictionaryEntry
from providers.vocabulary import amenity_kind
from providers.wire import LenientStr, read_records

_PER_PAGE: Options = (("per_page", "100"),)
_MOST_PAGES = 20
_FRESH = timedelta(days=1)


class AmenityEntry(Record):
    """One entry of the dictionary."""

    key: LenientStr = None
    title: Translations = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AmenityWord:
    """What an amenity is called, and StayGraph's word for it."""

    name: str | None
    kind: AmenityKind | None


class AmenityNames:
    """The dictionary of amenities. Once read, it names the amenities of rentals for a day, without a call."""

    def __init__(self, resources: Resources, now: Callable[[], datetime]) -> None:
        self._resources = resources
        self._now = now
        self._read_at: datetime | None = None
        self._words: dict[str, AmenityWord] = {}

    @property
    def words(self) -> Mapping[str, AmenityWord]:
        """The words by id; empty while the dictionary was not read, or more than a day ago."""
        if self._read_at is None or self._now() - self._read_at > _FRESH:
            return {}
        return self._words

    async def dictionary(self) -> list[DictionaryEntry]:
        """All of it, in BookingSync's order: one call for each hundred entries."""
        pages = await self._resources.walk("amenities", _PER_PAGE, most=_MOST_PAGES)
        entries, _ = read_records(AmenityEntry, all_records(pages))
        self._words = {entry.id: amenity_word(entry.key, best_text(entry.title)) for entry in entries}
        self._read_at = self._now()
        return [_entry(entry, self._words[entry.id]) for entry in entries]


def amenity_word(key: str | None, title: str | None) -> AmenityWord:
    """The title, else the key, and StayGraph's word for whichever of the two it knows."""
    kinds = [kind for kind in (amenity_kind(key), amenity_kind(title)) if kind is not None]
    known = next((kind for kind in kinds if kind is not AmenityKind.OTHER), None)
    return AmenityWord(title or key, known or next(iter(kinds), None))


def _entry(entry: AmenityEntry, word: AmenityWord) -> DictionaryEntry:
    return DictionaryEntry(provider_id=entry.id, name=word.name, kind=word.kind, details=entry.key)
