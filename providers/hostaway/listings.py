"""Hostaway's listings in the unified model, and the filters and orders of its listing list."""

from decimal import Decimal

from providers.hostaway.listing_blocks import (
    access_of,
    cleaning_of,
    contact_of,
    custom_values,
    invoicing_contact_of,
    license_of,
    links_of,
    markups_of,
    policy_refs,
    said,
    texts_of,
)
from providers.hostaway.listing_names import completed
from providers.hostaway.manifest import CODE
from providers.hostaway.paging import Query, is_id
from providers.hostaway.parameters import flag, given
from providers.hostaway.times import active_since, active_until, hour
from providers.hostaway.wire import WireImage, WireListing
from providers.model import (
    Address,
    Amenity,
    Bed,
    FieldsOff,
    GeoPoint,
    Image,
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
    (ListingOrderField.POSITION, OrderDirection.ASC): "order",
    (ListingOrderField.POSITION, OrderDirection.DESC): "orderReversed",
    (ListingOrderField.CONTACT_NAME, OrderDirection.ASC): "contactName",
    (ListingOrderField.CONTACT_NAME, OrderDirection.DESC): "contactNameReversed",
}


def listing_parameters(query: ListingQuery, off: FieldsOff) -> Query:
    """Query parameters of ``GET /v1/listings``, for all that is not ``off``."""
    order = _ORDERS.get((query.order, query.direction))
    return (
        *completed(off),
        *active_since(query.updated_since),
        *active_until(query.updated_until),
        *given("propertyTypeId", query.provider_property_type),
        *given("userId", query.user_id),
        *flag("isBookingEngineActive", query.booking_engine_active),
        *given("sortOrder", order),
    )


def no_listing_fits(query: ListingQuery) -> bool:
    """Whether a filter names what cannot be an id of Hostaway, so that no call need be made."""
    return any(value is not None and not is_id(value) for value in (query.provider_property_type, query.user_id))


def build_listing(wire: WireListing, account_id: str) -> Listing:
    """A listing of Hostaway as everyone sees listings.

    Names of amenities, kinds of beds and of building are words of dictionaries: only their ids are here.
    """
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
        status=ListingStatus.ARCHIVED if (wire.special_status or "").lower() == "archived" else None,
        provider_status=wire.special_status,
        provider_property_type=wire.property_type_id,
        room_type=_ROOM_TYPES.get(wire.room_type.lower(), RoomType.OTHER) if wire.room_type else None,
        provider_room_type=wire.room_type,
        address=_address(wire),
        location=_location(wire),
        max_guests=wire.person_capacity if wire.person_capacity and wire.person_capacity > 0 else None,
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
        cancellation_policies=policy_refs(wire),
        license=license_of(wire),
        texts=texts_of(wire),
        house_rules=wire.house_rules,
        public_address=wire.public_address,
        access=access_of(wire),
        contact=contact_of(wire),
        invoicing_contact=invoicing_contact_of(wire),
        cleaning=cleaning_of(wire),
        beds_by_type=_beds(wire),
        bathroom_type=wire.bathroom_type,
        guest_bathrooms=wire.guest_bathrooms_number,
        max_children=wire.max_children_allowed,
        max_infants=wire.max_infants_allowed,
        max_pets=wire.max_pets_allowed,
        extra_guest_price=money(wire.price_for_extra_person, currency),
        weekly_discount=_factor(wire.weekly_discount),
        monthly_discount=_factor(wire.monthly_discount),
        markups=markups_of(wire),
        channel_links=links_of(wire),
        booking_engine_urls=wire.booking_engine_urls,
        # That of Airbnb and that of same-day bookings are of narrower meaning, and stay in the record as sent.
        lead_time_hours=wire.instant_bookable_lead_time,
        same_day_booking=wire.allow_same_day_booking,
        agreement_required=wire.is_rental_agreement_active,
        insurance_eligible=wire.insurance_eligibility_status,
        custom_fields=custom_values(wire.custom_field_values),
        star_rating=_stars(wire.star_rating),
        language=wire.language,
        rating=_rating(wire.average_review_rating),
        time_zone=wire.time_zone_name,
        updated_at=wire.latest_activity_on,
        raw=wire.sent,
    )


def _address(wire: WireListing) -> Address | None:
    code = (wire.country_code or "").strip().upper()
    return said(
        Address(
            full=wire.address,
            line1=wire.street,
            city=wire.city,
            state=wire.state,
            postal_code=wire.zipcode,
            country=wire.country,
            country_code=code if len(code) == 2 and code.isascii() and code.isalpha() else None,
        )
    )


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


def _stars(value: Decimal | None) -> Decimal | None:
    return value if value is not None and 0 <= value <= 5 else None


def _factor(value: Decimal | None) -> Decimal | None:
    """Discounts are multipliers; a zero would give stays away, so it stands for none."""
    return value if value is not None and value > 0 else None


def _beds(wire: WireListing) -> list[Bed] | None:
    if wire.listing_bed_types is None:
        return None
    return [
        Bed(type_id=each.bed_type_id, quantity=each.quantity)
        for each in wire.listing_bed_types
        if each.quantity is not None and each.quantity >= 0
    ]
