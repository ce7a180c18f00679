"""What the amenities of rentals are called: rentals name them by the ids of a dictionary of their own.

Source: BookingSync documentation, Amenities and Rentals amenities. The dictionary is the same for all accounts.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import Field

from providers.bookingsync.envelope import linked_id, record_id
from providers.bookingsync.resources import Options, Resources
from providers.bookingsync.texts import best_text
from providers.bookingsync.wire import Record, Translations
from providers.errors import ProviderError
from providers.model import AmenityKind, DictionaryEntry
from providers.vocabulary import amenity_kind
from providers.wire import LenientStr, parse_records

_PER_PAGE: Options = (("per_page", "100"),)
_IDS_PER_CALL = 100
_GIVEN_UP = 25
_MOST_PAGES = 20
_FRESH = timedelta(days=1)
_RETRY = timedelta(minutes=10)


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
    """The part of the dictionary that was needed so far; each entry is read once a day."""

    def __init__(self, resources: Resources, now: Callable[[], datetime]) -> None:
        self._resources = resources
        self._now = now
        self._known: dict[str, tuple[datetime, AmenityWord | None]] = {}
        self._failed_at: datetime | None = None

    async def named(self, records: Iterable[Any]) -> Mapping[str, AmenityWord]:
        """The words for the amenities of raw rentals, by id: no call where all are known, else one for each
        hundred that are not.

        A dictionary that cannot be read costs its words, never the rentals; it is left alone for ten minutes then.
        """
        wanted = dict.fromkeys(each for record in records for each in _amenity_ids(record))
        missing = [each for each in wanted if not self._is_fresh(each)]
        if missing and not self._is_closed():
            await self._read(missing)
        found = {each: self._known[each][1] for each in wanted if each in self._known}
        return {key: word for key, word in found.items() if word is not None}

    async def dictionary(self) -> list[DictionaryEntry]:
        """All of it, in BookingSync's order."""
        pages = await self._resources.walk("amenities", _PER_PAGE, most=_MOST_PAGES)
        entries, _ = parse_records(AmenityEntry, (each for page in pages for each in page.records), lambda each: each)
        return [
            DictionaryEntry(provider_id=entry.id, name=(word := _word(entry)).name, kind=word.kind, details=entry.key)
            for entry in entries
        ]

    async def _read(self, ids: list[str]) -> None:
        now = self._now()
        try:
            for start in range(0, len(ids), _IDS_PER_CALL):
                chunk = ids[start : start + _IDS_PER_CALL]
                pages = await self._resources.by_ids("amenities", chunk, _PER_PAGE, smallest=_GIVEN_UP)
                entries, _ = parse_records(
                    AmenityEntry, (each for page in pages for each in page.records), lambda each: each
                )
                self._known |= dict.fromkeys(chunk, (now, None))
                self._known |= {entry.id: (now, _word(entry)) for entry in entries}
        except ProviderError:
            self._failed_at = now

    def _is_fresh(self, amenity_id: str) -> bool:
        known = self._known.get(amenity_id)
        return known is not None and self._now() - known[0] < _FRESH

    def _is_closed(self) -> bool:
        return self._failed_at is not None and self._now() - self._failed_at < _RETRY


def _amenity_ids(record: Any) -> list[str]:
    sent = record.get("rentals_amenities") if isinstance(record, Mapping) else None
    if not isinstance(sent, list):
        return []
    named = (linked_id(each, "amenity") for each in sent if not _nested(each))
    return [each for each in named if each is not None]


def _nested(sent: Any) -> bool:
    """Whether the amenity itself came along."""
    return isinstance(sent, Mapping) and record_id(sent.get("amenity")) is not None


def _word(entry: AmenityEntry) -> AmenityWord:
    """By the key, whose words are BookingSync's own; by the title where the key is of no known word."""
    return entry_word(entry.key, best_text(entry.title))


def entry_word(key: str | None, title: str | None) -> AmenityWord:
    """The title, else the key, and StayGraph's word for whichever of the two it knows."""
    kinds = [kind for kind in (amenity_kind(key), amenity_kind(title)) if kind is not None]
    known = next((kind for kind in kinds if kind is not AmenityKind.OTHER), None)
    return AmenityWord(title or key, known or next(iter(kinds), None))
