"""The rooms of a rental and the beds in them (BookingSync documentation, Bathrooms, Bedrooms, Living rooms)."""

from collections import Counter

from providers.bookingsync.rental_records import Bathroom, Rental, SleepingRoom
from providers.bookingsync.texts import best_text
from providers.model import Bed, Room, RoomKind

_SUFFIX = "_beds_count"


def rooms(rental: Rental) -> list[Room] | None:
    """Bedrooms, bathrooms and living rooms; None where BookingSync sent none of the three lists."""
    if rental.bedrooms is None and rental.bathrooms is None and rental.living_rooms is None:
        return None
    found = [
        *(_sleeping(room, RoomKind.BEDROOM) for room in rental.bedrooms or ()),
        *(_bathroom(room) for room in rental.bathrooms or ()),
        *(_sleeping(room, RoomKind.LIVING_ROOM) for room in rental.living_rooms or ()),
    ]
    return [room for room in found if room is not None]


def all_beds(rental: Rental) -> int | None:
    """All beds of all rooms; None where BookingSync sent no bedrooms, or rooms without a single count."""
    if rental.bedrooms is None:
        return None
    counts = [count for room in _sleeping_rooms(rental) for count in _counts(room).values()]
    return sum(counts) if counts else None


def beds_by_type(rental: Rental) -> list[Bed] | None:
    """The rental's beds by kind, most frequent word order of BookingSync; None as for ``all_beds``."""
    if all_beds(rental) is None:
        return None
    total: Counter[str] = Counter()
    for room in _sleeping_rooms(rental):
        total.update(_counts(room))
    return [Bed(type=kind, quantity=count) for kind, count in total.items() if count]


def _sleeping_rooms(rental: Rental) -> list[SleepingRoom]:
    return [*(rental.bedrooms or ()), *(rental.living_rooms or ())]


def _counts(room: SleepingRoom) -> dict[str, int]:
    """How many beds of each kind a room has, by BookingSync's word for the kind, such as ``double``."""
    sent = room.model_dump(exclude={"id", "name"})
    return {name.removesuffix(_SUFFIX): count for name, count in sent.items() if isinstance(count, int) and count >= 0}


def _sleeping(room: SleepingRoom, kind: RoomKind) -> Room | None:
    if room.id is None:
        return None
    counts = _counts(room)
    beds = [Bed(type=word, quantity=count) for word, count in counts.items() if count]
    return Room(provider_id=room.id, kind=kind, name=best_text(room.name), beds=beds if counts else None)


def _bathroom(room: Bathroom) -> Room | None:
    if room.id is None:
        return None
    return Room(
        provider_id=room.id,
        kind=RoomKind.BATHROOM,
        name=best_text(room.name),
        baths=room.bath_count,
        showers=room.shower_count,
        toilets=room.wc_count,
    )
