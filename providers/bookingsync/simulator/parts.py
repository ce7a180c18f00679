"""What belongs to one rental: photos, rooms, amenities, fees, taxes, rate rows - and the ids of all that."""

from collections.abc import Iterator
from typing import Any

from providers.bookingsync.simulator import ids
from providers.bookingsync.simulator.amenities import amenity_id
from providers.bookingsync.simulator.fees import rental_fee_ids
from providers.bookingsync.simulator.formats import instant
from providers.bookingsync.simulator.rates import rate_ids
from providers.bookingsync.simulator.units import Unit
from providers.bookingsync.simulator.view import Fixed, Record

PHOTO_SIZES = {
    "micro": (48, 32),
    "thumb": (96, 64),
    "small": (192, 128),
    "compact": (384, 256),
    "medium": (768, 512),
    "large": (1200, 800),
    "grande": (1536, 1024),
    "giant": (2400, 1600),
}
PHOTO_KINDS = ("outside", "livingroom", "bedroom", "kitchen", "bathroom", "surroundings")
BEDS = ("queensize_beds_count", "double_beds_count", "single_beds_count")
NO_BEDS = dict.fromkeys(
    (
        "bunk_beds_count",
        "double_beds_count",
        "kingsize_beds_count",
        "queensize_beds_count",
        "single_beds_count",
        "sofa_beds_count",
    ),
    0,
)


def part_ids(unit: Unit) -> Record:
    """The ids of a rental's parts, under the names of its links."""
    house = unit.house
    return {
        "photos": _ids(unit, ids.PHOTOS, len(house.images)),
        "rentals_amenities": _ids(unit, ids.RENTALS_AMENITIES, len(house.amenities)),
        "bathrooms": _ids(unit, ids.BATHROOMS, len(_bathroom_counts(unit))),
        "bedrooms": _ids(unit, ids.BEDROOMS, house.bedrooms),
        "living_rooms": _ids(unit, ids.LIVING_ROOMS, 1),
        "rates": rate_ids(unit),
        "rentals_fees": rental_fee_ids(unit),
    }


def photos(unit: Unit) -> Iterator[Fixed]:
    """A rental's pictures, each in eight sizes."""
    for number, image in enumerate(unit.house.images):
        folder, _, name = image.rpartition("/")
        yield _part(
            unit,
            unit.part_id(ids.PHOTOS, number),
            {
                "kind": PHOTO_KINDS[number % len(PHOTO_KINDS)],
                "description": {"en": f"Picture {number + 1}"} if number % 2 == 0 else {},
                "position": number + 1,
                "width": 2400,
                "height": 1600,
                "ratio": "1.5",
                **{f"{size}_url": f"{folder}/{size}_{name}" for size in PHOTO_SIZES},
            },
        )


def rentals_amenities(unit: Unit) -> Iterator[Fixed]:
    """Which amenities a rental has."""
    for number, word in enumerate(unit.house.amenities):
        yield _part(
            unit,
            unit.part_id(ids.RENTALS_AMENITIES, number),
            {"details": {"en": "100 Mbit/s"} if word == "wifi" else {}},
            amenity=amenity_id(word),
        )


def bathrooms(unit: Unit) -> Iterator[Fixed]:
    """A rental's bathrooms; half a one is a toilet of its own."""
    for number, (baths, showers) in enumerate(_bathroom_counts(unit)):
        yield _part(
            unit,
            unit.part_id(ids.BATHROOMS, number),
            {
                "name": {"en": f"Bathroom {number + 1}"},
                "bath_count": baths,
                "shower_count": showers,
                "wc_count": 1,
            },
        )


def bedrooms(unit: Unit) -> Iterator[Fixed]:
    """A rental's bedrooms with their beds; the last one holds what is left."""
    house = unit.house
    for number in range(house.bedrooms):
        beds = 1 if number < house.bedrooms - 1 else max(1, house.beds - house.bedrooms + 1)
        kind = BEDS[number % len(BEDS)]
        yield _part(
            unit,
            unit.part_id(ids.BEDROOMS, number),
            {"name": {"en": f"Bedroom {number + 1}"}, **NO_BEDS, kind: beds},
        )


def living_rooms(unit: Unit) -> Iterator[Fixed]:
    """A rental's living room; where there is no bedroom, the beds are sofas in it."""
    sofas = unit.house.beds if unit.house.bedrooms == 0 else 0
    yield _part(unit, unit.part_id(ids.LIVING_ROOMS, 0), {**NO_BEDS, "sofa_beds_count": sofas})


def _bathroom_counts(unit: Unit) -> list[tuple[int, int]]:
    full, half = int(unit.house.bathrooms), unit.house.bathrooms % 1 > 0
    return [(int(number == 0), 1) for number in range(full)] + ([(0, 0)] if half else [])


def _ids(unit: Unit, first: int, count: int) -> list[int]:
    return [unit.part_id(first, number) for number in range(count)]


def _part(unit: Unit, ident: int, attributes: dict[str, Any], **links: int) -> Fixed:
    updated_at = unit.house.updated_at
    record = {
        "links": {"rental": unit.id, **links},
        "id": ident,
        **attributes,
        "created_at": instant(unit.house.created_at),
        "updated_at": instant(updated_at),
    }
    return Fixed(ident, unit, updated_at, record)
