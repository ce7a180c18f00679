"""BookingSync's rentals in the unified model."""

from collections.abc import Mapping
from datetime import time
from decimal import Decimal
from typing import Any

from providers.bookingsync.amenities import AmenityWord, amenity_word
from providers.bookingsync.grants import PUBLIC, RENTALS
from providers.bookingsync.manifest import CODE
from providers.bookingsync.parts import Part
from providers.bookingsync.rental_records import Photo, Rental, RentalsAmenity
from providers.bookingsync.rooms import all_beds, beds_by_type, rooms
from providers.bookingsync.texts import best_text
from providers.model import (
    Access,
    Address,
    Amenity,
    Channel,
    Contact,
    GeoPoint,
    Image,
    License,
    Listing,
    ListingStatus,
    ListingText,
    PolicyRef,
    RatePeriod,
    RoomType,
    money,
)
from providers.vocabulary import property_type

RENTAL_PARTS = (
    Part(name="photos", resource="photos", scopes=PUBLIC, many=True),
    Part(name="rentals_amenities", resource="rentals_amenities", scopes=PUBLIC, many=True),
    Part(name="bathrooms", resource="bathrooms", scopes=PUBLIC, many=True),
    Part(name="bedrooms", resource="bedrooms", scopes=PUBLIC, many=True),
    Part(name="living_rooms", resource="living_rooms", scopes=PUBLIC, many=True),
    Part(name="rentals_tags", resource="rentals_tags", scopes=RENTALS, many=True),
)

_PRIVATE_ROOMS = frozenset({"private-room", "private-room-in-apartment", "private-room-in-house"})
_PERIODS = {"nightly": RatePeriod.NIGHT, "weekly": RatePeriod.WEEK}
_SQUARE_METRES_PER_SQUARE_FOOT = 0.09290304
_HIGHEST_RATING = Decimal(5)
_MOST_STARS = 5


def listing(rental: Rental, words: Mapping[str, AmenityWord], account_id: str) -> Listing:
    """The unified listing of one rental. ``words`` are amenities' words by id.

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
        summary=best_text(rental.summary),
        description=best_text(rental.description),
        texts=_texts(rental),
        status=_status(rental),
        published_at=rental.published_at,
        property_type=property_type(rental.rental_type),
        provider_property_type=rental.rental_type,
        room_type=RoomType.PRIVATE_ROOM if rental.rental_type in _PRIVATE_ROOMS else None,
        address=_address(rental),
        location=_location(rental),
        max_guests=rental.sleeps_max,
        guests_included=rental.sleeps,
        bedrooms=rental.bedrooms_count,
        beds=all_beds(rental),
        beds_by_type=beds_by_type(rental),
        bathrooms=rental.bathrooms_count if rental.vr_bathrooms_count is None else rental.vr_bathrooms_count,
        rooms=rooms(rental),
        floor=rental.floor,
        stories=rental.stories_count,
        area=_area(rental),
        amenities=_amenities(rental.rentals_amenities, words),
        images=_images(rental.photos),
        check_in_from=_hour(rental.checkin_time),
        check_in_until=_hour(rental.checkin_end_time),
        check_out_until=_hour(rental.checkout_time),
        minimum_nights=rental.absolute_min_stay,
        currency=currency,
        base_price=money(rental.base_rate, currency),
        base_price_period=_PERIODS.get(rental.base_rate_kind or ""),
        minimum_price=money(rental.min_price, currency),
        maximum_price=money(rental.max_price, currency),
        downpayment_percentage=rental.downpayment,
        balance_due_days=rental.balance_due,
        damage_deposit=money(rental.damage_deposit, currency),
        instant_bookable=rental.instantly_bookable,
        bookable_online=rental.bookable_online,
        bookable_on_request=rental.bookable_on_request,
        cancellation_policies=_policies(rental),
        license=_license(rental),
        star_rating=_stars(rental.certifications),
        access=_access(rental),
        contact=Contact(first_name=rental.contact_name) if rental.contact_name else None,
        owner=_owner(rental),
        tags=_tags(rental),
        position=rental.position,
        website_url=best_text(rental.website_url),
        rating=_rating(rental.reviews_average_rating),
        reviews_count=rental.reviews_count,
        created_at=rental.created_at,
        updated_at=rental.updated_at,
        raw=rental.sent,
    )


def _texts(rental: Rental) -> list[ListingText] | None:
    """One entry for each language that any text has, and one without a language for the public remark."""
    texts = (rental.headline, rental.summary, rental.description, rental.price_public_notes)
    found = [
        ListingText(
            locale=locale or None,
            headline=rental.headline.get(locale),
            summary=rental.summary.get(locale),
            description=rental.description.get(locale),
            price_notes=rental.price_public_notes.get(locale),
        )
        for locale in dict.fromkeys(locale for text in texts for locale in text)
    ]
    if rental.public_notes:
        found.append(ListingText(notes=rental.public_notes))
    return found or None


def _policies(rental: Rental) -> list[PolicyRef] | None:
    """The policy that holds for direct bookings; None where the record does not name its link."""
    policy = rental.link("rental_cancelation_policy")
    if policy is None:
        return [] if "rental_cancelation_policy" in rental.links else None
    return [PolicyRef(channel=Channel.DIRECT, policy_id=policy)]


def _license(rental: Rental) -> License | None:
    found = License(number=rental.permit_number, issued_on=rental.permit_issue_date)
    return None if found == License() else found


def _stars(certifications: Mapping[str, Any]) -> Decimal | None:
    """The French State's stars (``meubles_de_tourisme``: ``1_etoile`` to ``5_etoiles``); other labels have none."""
    sent = certifications.get("meubles_de_tourisme")
    marks = (
        [each[0] for each in sent if isinstance(each, str) and each[1:7] == "_etoil"] if isinstance(sent, list) else []
    )
    stars = [int(each) for each in marks if each.isascii() and each.isdigit() and 0 < int(each) <= _MOST_STARS]
    return Decimal(max(stars)) if stars else None


def _access(rental: Rental) -> Access | None:
    """How guests are let in: ``checkin_type`` (in person, lockbox…) says where the key is."""
    found = Access(key_pickup=rental.checkin_type, instructions=best_text(rental.checkin_details))
    return None if found == Access() else found


def _owner(rental: Rental) -> Contact | None:
    found = Contact(first_name=rental.owner_fullname, email=rental.owner_email, notes=rental.owner_notes)
    return None if found == Contact() else found


def _tags(rental: Rental) -> list[str] | None:
    if rental.rentals_tags is None:
        return None
    return [name for tag in rental.rentals_tags if (name := best_text(tag.name))]


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


def _amenities(sent: list[RentalsAmenity] | None, words: Mapping[str, AmenityWord]) -> list[Amenity] | None:
    """Each with the words that came along, else with those of the dictionary, where it could be read."""
    if sent is None:
        return None
    found = ((each, each.link("amenity") or _nested_id(each)) for each in sent)
    return [_amenity(each, amenity_id, words) for each, amenity_id in found if amenity_id]


def _amenity(sent: RentalsAmenity, amenity_id: str, words: Mapping[str, AmenityWord]) -> Amenity:
    word = words.get(amenity_id) or amenity_word(*_nested_names(sent))
    return Amenity(provider_id=amenity_id, kind=word.kind, name=word.name, details=best_text(sent.details))


def _nested_names(sent: RentalsAmenity) -> tuple[str | None, str | None]:
    key, title = sent.amenity.get("key"), sent.amenity.get("title")
    titles = (
        {str(locale): text for locale, text in title.items() if isinstance(text, str)}
        if isinstance(title, Mapping)
        else {}
    )
    return (key if isinstance(key, str) else None), best_text(titles)


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
