"""BookingSync's rentals in the unified model."""

from datetime import time
from decimal import Decimal

from providers.bookingsync.grants import PUBLIC
from providers.bookingsync.manifest import CODE
from providers.bookingsync.parts import Part
from providers.bookingsync.texts import best_text
from providers.bookingsync.wire import Photo, Rental, RentalsAmenity, SleepingRoom
from providers.model import (
    Address,
    Amenity,
    GeoPoint,
    Image,
    License,
    Listing,
    ListingStatus,
    RatePeriod,
    RoomType,
    money,
)

RENTAL_PARTS = (
    Part(name="photos", resource="photos", scopes=PUBLIC, many=True),
    Part(name="rentals_amenities", resource="rentals_amenities", scopes=PUBLIC, many=True),
    Part(name="bedrooms", resource="bedrooms", scopes=PUBLIC, many=True),
    Part(name="living_rooms", resource="living_rooms", scopes=PUBLIC, many=True),
)

_PRIVATE_ROOMS = frozenset({"private-room", "private-room-in-apartment", "private-room-in-house"})
_PERIODS = {"nightly": RatePeriod.NIGHT, "weekly": RatePeriod.WEEK}
_SQUARE_METRES_PER_SQUARE_FOOT = 0.09290304
_HIGHEST_RATING = Decimal(5)


def listing(rental: Rental, account_id: str) -> Listing:
    """The unified listing of one rental.

    ``name`` is the name the business gave it and ``headline`` its title for guests: BookingSync has no
    second, internal name. Beds are counted over bedrooms and living rooms. Hours are local to the rental.
    """
    currency = rental.currency.upper() if rental.currency else None
    return Listing(
        provider=CODE,
        account_id=account_id,
        provider_id=rental.id,
        name=rental.name,
        headline=best_text(rental.headline),
        description=best_text(rental.description),
        status=_status(rental),
        provider_property_type=rental.rental_type,
        room_type=RoomType.PRIVATE_ROOM if rental.rental_type in _PRIVATE_ROOMS else None,
        address=_address(rental),
        location=_location(rental),
        max_guests=rental.sleeps_max,
        guests_included=rental.sleeps,
        bedrooms=rental.bedrooms_count,
        beds=_beds(rental),
        bathrooms=rental.bathrooms_count if rental.vr_bathrooms_count is None else rental.vr_bathrooms_count,
        area=_area(rental),
        amenities=_amenities(rental.rentals_amenities),
        images=_images(rental.photos),
        check_in_from=_hour(rental.checkin_time),
        check_in_until=_hour(rental.checkin_end_time),
        check_out_until=_hour(rental.checkout_time),
        minimum_nights=rental.absolute_min_stay,
        currency=currency,
        base_price=money(rental.base_rate, currency),
        base_price_period=_PERIODS.get(rental.base_rate_kind or ""),
        damage_deposit=money(rental.damage_deposit, currency),
        instant_bookable=rental.instantly_bookable,
        license=License(number=rental.permit_number) if rental.permit_number else None,
        rating=_rating(rental.reviews_average_rating),
        reviews_count=rental.reviews_count,
        created_at=rental.created_at,
        updated_at=rental.updated_at,
    )


def _status(rental: Rental) -> ListingStatus | None:
    """A null ``published_at`` means unpublished; a missing one means nothing."""
    if rental.published_at is not None:
        return ListingStatus.PUBLISHED
    return ListingStatus.UNPUBLISHED if "published_at" in rental.model_fields_set else None


def _address(rental: Rental) -> Address | None:
    address = Address(
        line1=rental.address1,
        line2=rental.address2,
        city=rental.city,
        state=rental.state,
        postal_code=rental.zip,
        country_code=rental.country_code.upper() if rental.country_code else None,
    )
    return None if address == Address() else address


def _location(rental: Rental) -> GeoPoint | None:
    if rental.lat is None or rental.lng is None or abs(rental.lat) > 90 or abs(rental.lng) > 180:
        return None
    return GeoPoint(latitude=rental.lat, longitude=rental.lng)


def _area(rental: Rental) -> float | None:
    if rental.surface is None:
        return None
    if rental.surface_unit == "metric":
        return rental.surface
    if rental.surface_unit == "imperial":
        return round(rental.surface * _SQUARE_METRES_PER_SQUARE_FOOT, 2)
    return None


def _beds(rental: Rental) -> int | None:
    """All beds of all rooms; None where BookingSync sent no bedrooms, or rooms without a single count."""
    if rental.bedrooms is None:
        return None
    counts = [count for room in (*rental.bedrooms, *(rental.living_rooms or ())) for count in _bed_counts(room)]
    return sum(counts) if counts else None


def _bed_counts(room: SleepingRoom) -> list[int]:
    return [count for count in room.model_dump().values() if isinstance(count, int) and count >= 0]


def _amenities(sent: list[RentalsAmenity] | None) -> list[Amenity] | None:
    """Ids of BookingSync's amenity dictionary, a collection of its own; names only where sent along."""
    if sent is None:
        return None
    found = ((each.link("amenity") or _nested_id(each), each.amenity.get("key")) for each in sent)
    return [
        Amenity(provider_id=amenity_id, name=key if isinstance(key, str) else None)
        for amenity_id, key in found
        if amenity_id
    ]


def _nested_id(sent: RentalsAmenity) -> str | None:
    value = sent.amenity.get("id")
    return str(value) if isinstance(value, int | str) and value else None


def _images(sent: list[Photo] | None) -> list[Image] | None:
    if sent is None:
        return None
    ordered = sorted(sent, key=lambda photo: (photo.position is None, photo.position or 0))
    images = (_image(photo) for photo in ordered)
    return [image for image in images if image is not None]


def _image(photo: Photo) -> Image | None:
    """BookingSync keeps no original: the largest of its sizes is 2400 by 1600 pixels."""
    sizes = (photo.giant_url, photo.grande_url, photo.large_url, photo.medium_url, photo.compact_url)
    url = next((size for size in (*sizes, photo.small_url, photo.thumb_url, photo.micro_url) if size), None)
    if url is None:
        return None
    return Image(
        provider_id=photo.id,
        url=url,
        thumbnail_url=photo.thumb_url or photo.small_url or photo.micro_url,
        caption=best_text(photo.description),
        position=photo.position,
    )


def _hour(value: int | None) -> time | None:
    return time(value) if value is not None and 0 <= value < 24 else None


def _rating(value: Decimal | None) -> Decimal | None:
    return value if value is not None and 0 <= value <= _HIGHEST_RATING else None
