"""The arrays of a listing, as they are written: each that is sent replaces the whole of what was there."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from providers.hostaway.simulator.body_checks import is_count, is_text, refused_value
from providers.hostaway.simulator.envelope import RefusedError
from providers.hostaway.simulator.readings import HostawayReadings
from providers.hostaway.simulator.references import CUSTOM_FIELDS

CAPTIONS = ("caption", "bookingEngineCaption", "airbnbCaption", "vrboCaption")

_OWN_FIELDS = frozenset(each["id"] for each in CUSTOM_FIELDS if each["objectType"] == "listing")

Rows = Sequence[dict[str, Any]]


def arrays(
    body: Mapping[str, Any], record: Mapping[str, Any], ids: Iterator[int], readings: HostawayReadings
) -> dict[str, Any]:
    """The arrays that ``body`` replaces, with an id for each new row. Raises ``RefusedError``."""
    makers: dict[str, Callable[[Rows], list[dict[str, Any]]]] = {
        "listingAmenities": lambda rows: _amenities(rows, ids, readings),
        "listingBedTypes": lambda rows: _beds(rows, ids, readings),
        "listingImages": lambda rows: _images(rows, record["listingImages"], ids, readings),
        "customFieldValues": lambda rows: _custom_values(rows, readings),
    }
    return {name: make(_rows(name, body[name], readings)) for name, make in makers.items() if name in body}


def new_image(row: Mapping[str, Any], image_id: int) -> dict[str, Any]:
    """A picture as listings show it. Its captions are null unless sent, its place is 0."""
    return {
        "id": image_id,
        "url": row["url"],
        **{name: row.get(name) for name in CAPTIONS},
        "sortOrder": row.get("sortOrder", 0),
    }


def is_address(value: Any) -> bool:
    return isinstance(value, str) and urlsplit(value).scheme in ("http", "https") and bool(urlsplit(value).netloc)


def _rows(name: str, sent: Any, readings: HostawayReadings) -> Rows:
    if not isinstance(sent, list) or not all(isinstance(each, dict) for each in sent):
        raise refused_value(name, readings)
    return sent


def _amenities(rows: Rows, ids: Iterator[int], readings: HostawayReadings) -> list[dict[str, Any]]:
    if not all(is_count(each.get("amenityId")) for each in rows):
        raise refused_value("listingAmenities", readings)
    return [{"id": next(ids), "amenityId": number} for number in dict.fromkeys(each["amenityId"] for each in rows)]


def _beds(rows: Rows, ids: Iterator[int], readings: HostawayReadings) -> list[dict[str, Any]]:
    if not all(is_count(each.get("bedTypeId")) and is_count(each.get("quantity")) for each in rows):
        raise refused_value("listingBedTypes", readings)
    return [{"id": next(ids), "bedTypeId": each["bedTypeId"], "quantity": each["quantity"]} for each in rows]


def _images(rows: Rows, there: Rows, ids: Iterator[int], readings: HostawayReadings) -> list[dict[str, Any]]:
    """One with an id stays and keeps it; one without is a new one. What an entry does not say is null."""
    known = {each["id"] for each in there}
    images = []
    for index, row in enumerate(rows):
        if not is_address(row.get("url")):
            raise RefusedError(422, f'Image at index {index} is missing the required "url" field.')
        if row.get("id") is not None and row["id"] not in known:
            raise refused_value("listingImages", readings)
        images.append(new_image(row, row.get("id") or next(ids)))
    return images


def _custom_values(rows: Rows, readings: HostawayReadings) -> list[dict[str, Any]]:
    """The fields must exist beforehand."""
    for row in rows:
        if row.get("customFieldId") not in _OWN_FIELDS or not (row.get("value") is None or is_text(row["value"])):
            raise refused_value("customFieldValues", readings)
    return [{"customFieldId": each["customFieldId"], "value": each.get("value")} for each in rows]
