"""Hostaway's listings in the unified model, and the filters and orders of its listing list."""

from decimal import Decimal

from providers.hostaway.manifest import CODE
from providers.hostaway.paging import Query
from providers.hostaway.times import active_since, hour
from providers.hostaway.wire import WireImage, WireListing
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
from providers.queries import ListingOrderField, ListingQuery, OrderDirection

NO_MAXIMUM_STAY = 1125
"""Stands for "no limit" in ``maxNights`` (Hostaway documentation, Listing object)."""

_ROOM_TYPES = {
    "entire_home": RoomType.ENTIRE_HOME,
    "private_room": RoomType.PRIVATE_ROOM,
    "shared_room": RoomType.SHARED_ROOM,
}

_ORDERS = {
    (ListingOrderField.NAME, OrderDirection.ASC): "name",
    (ListingOrderField.NAME, OrderDirection.DESC): "nameReversed",
    (ListingOrderField.UPDATED, OrderDirection.ASC): "latestActivity",
    (ListingOrderField.UPDATED, OrderDirection.DESC): "latestActivityDesc",
}


def listing_parameters(query: ListingQuery) -> Query:
    """Query parameters of ``GET /v1/listings``; pictures and amenities are left out unless asked for."""
    order = _ORDERS.get((query.order, query.direction))
    return (
        ("includeResources", "1"),
        *active_since(query.updated_since),
        *((("sortOrder", order),) if order else ()),
    )


def build_listing(wire: WireListing, account_id: str) -> Listing:
    """A listing of Hostaway as everyone sees listings."""
    currency = wire.currency_code.strip().upper() if wire.currency_code else None
    base_price = money(wire.price, currency)
    return Listing(
        provider=CODE,
        account_id=account_id,
        provider_id=wire.id,
        name=wire.name or wire.external_listing_name,
        internal_name=wire.internal_listing_name,
        description=wire.description,
        # There is no flag for "offered to guests"; only archiving is told.
        status=ListingStatus.ARCHIVED if wire.special_status == "archived" else None,
        provider_property_type=wire.property_type_id,
        room_type=_ROOM_TYPES.get(wire.room_type or ""),
        address=_address(wire),
        location=_location(wire),
        max_guests=wire.person_capacity,
        guests_included=wire.guests_included,
        bedrooms=wire.bedrooms_number,
        beds=wire.beds_number,
        bathrooms=wire.bathrooms_number,
        area=wire.square_meters,
        amenities=_amenities(wire),
        images=None if wire.listing_images is None else _images(wire.listing_images),
        check_in_from=hour(wire.check_in_time_start),
        check_in_until=hour(wire.check_in_time_end),
        check_out_until=hour(wire.check_out_time),
        minimum_nights=wire.min_nights or None,
        maximum_nights=None if wire.max_nights == NO_MAXIMUM_STAY else wire.max_nights or None,
        currency=currency,
        base_price=base_price,
        base_price_period=RatePeriod.NIGHT if base_price else None,
        cleaning_fee=money(wire.cleaning_fee, currency),
        damage_deposit=money(wire.refundable_damage_deposit, currency),
        instant_bookable=wire.instant_bookable,
        cancellation_policy=wire.cancellation_policy,
        license=License(number=wire.property_license_number) if wire.property_license_number else None,
        rating=_rating(wire.average_review_rating),
        time_zone=wire.time_zone_name,
        updated_at=wire.latest_activity_on,
    )


def _address(wire: WireListing) -> Address | None:
    code = (wire.country_code or "").strip().upper()
    address = Address(
        full=wire.address,
        line1=wire.street,
        city=wire.city,
        state=wire.state,
        postal_code=wire.zipcode,
        country=wire.country,
        country_code=code if len(code) == 2 and code.isascii() and code.isalpha() else None,
    )
    return None if address == Address() else address


def _location(wire: WireListing) -> GeoPoint | None:
    if wire.lat is None or wire.lng is None or abs(wire.lat) > 90 or abs(wire.lng) > 180:
        return None
    return GeoPoint(latitude=wire.lat, longitude=wire.lng)


def _amenities(wire: WireListing) -> list[Amenity] | None:
    if wire.listing_amenities is None:
        return None
    return [Amenity(provider_id=each.amenity_id, name=each.amenity_name) for each in wire.listing_amenities]


def _images(wire: list[WireImage]) -> list[Image]:
    """In gallery order; those without a place come last, in the order they were sent."""
    images = [
        Image(provider_id=each.id, url=each.url, caption=each.caption, position=each.sort_order)
        for each in wire
        if each.url
    ]
    return sorted(images, key=lambda image: (image.position is None, image.position or 0))


def _rating(value: Decimal | None) -> Decimal | None:
    """From Hostaway's 0 to 10 to the model's 0 to 5."""
    return value / 2 if value is not None and 0 <= value <= 10 else None
