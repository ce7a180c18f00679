"""The fields of listings that an operator can switch off for a whole PMS: 26 keys of one vocabulary.

The keys are those of ``fieldsToSync.listing`` as products in the field know them. Each governs some of our fields; a
field that no key governs says which listing it is and where it stands, and is always there.
"""

from collections.abc import Mapping
from dataclasses import fields, replace
from functools import cache
from typing import Any

from providers.model.described import Described
from providers.model.listing import Image, Listing, ListingText


class ListingField(Described):
    """A key of ``fieldsToSync.listing``."""

    NAME = "name", "name, and the names among texts."
    TYPE = "type", "propertyType, providerPropertyType, roomType, providerRoomType."
    ROOMS = "rooms", "rooms, beds, bedsByType."
    RATING = "rating", "rating, reviewsCount, starRating."
    ADDRESS = "address", "address, publicAddress."
    CHECK_IN = "checkIn", "checkInFrom, checkInUntil."
    CONTACT = "contact", "contact, invoicingContact, owner."
    CHECK_OUT = "checkOut", "checkOutUntil."
    CURRENCY = (
        "currency",
        "currency, also of calendars that name none themselves. Amounts name their own: they mean nothing without.",
    )
    LATITUDE = "latitude", "location, which needs longitude as well: half a position is none."
    PICTURES = "pictures", "images."
    TIME_ZONE = "timeZone", "timeZone."
    AMENITIES = "amenities", "amenities."
    LONGITUDE = "longitude", "location, which needs latitude as well: half a position is none."
    PROVIDER_ID = "providerID", "providerId. The id of the listing stays as it is."
    START_PRICE = (
        "startPrice",
        "basePrice, originalBasePrice, basePriceModifications, basePricePeriod, minimumPrice, maximumPrice.",
    )
    DESCRIPTION = "description", "description, summary, headline, texts."
    BEDROOM_COUNT = "bedroomCount", "bedrooms."
    INTERNAL_NAME = "internalName", "internalName."
    MAX_OCCUPANCY = "maxOccupancy", "maxGuests, guestsIncluded, maxChildren, maxInfants, maxPets."
    THUMBNAIL_URL = "thumbnailUrl", "thumbnailUrl of the images."
    BATHROOM_COUNT = "bathroomCount", "bathrooms, guestBathrooms, bathroomType."
    MAXIMUM_NIGHTS = "maximumNights", "maximumNights."
    MINIMUM_NIGHTS = "minimumNights", "minimumNights."
    LISTING_DETAILS = (
        "listingDetails",
        "all that has no key of its own: houseRules, access, cleaning, license, area, floor, terms, fees, discounts, "
        "policies, channels, customFields, tags.",
    )
    PARENT_PROPERTY_ID = "parentPropertyID", "nothing: no PMS here tells of a listing above a listing."


FieldsOff = frozenset[ListingField]

NOTHING_OFF: FieldsOff = frozenset()

RawNames = Mapping[str, tuple[ListingField, ...]]
"""By which keys each name at the top of a raw record is switched: it is there while all of them are on. A name that is
not listed belongs to ``LISTING_DETAILS``; one without keys is always there."""

ALWAYS_ON = frozenset(
    {
        "provider",
        "account_id",
        "provider_id",
        "status",
        "provider_status",
        "position",
        "published_at",
        "created_at",
        "updated_at",
        "raw",
        "fields_off",
    }
)
"""Fields of ``Listing`` that no key governs as they stand. ``provider_id`` is kept, for ids; the API does not show it
while it is off. ``raw`` is trimmed with what the plugin knows of it."""

_OWN: Mapping[ListingField, tuple[str, ...]] = {
    ListingField.NAME: ("name",),
    ListingField.TYPE: ("property_type", "provider_property_type", "room_type", "provider_room_type"),
    ListingField.ROOMS: ("rooms", "beds", "beds_by_type"),
    ListingField.RATING: ("rating", "reviews_count", "star_rating"),
    ListingField.ADDRESS: ("address", "public_address"),
    ListingField.CHECK_IN: ("check_in_from", "check_in_until"),
    ListingField.CONTACT: ("contact", "invoicing_contact", "owner"),
    ListingField.CHECK_OUT: ("check_out_until",),
    ListingField.CURRENCY: ("currency",),
    ListingField.LATITUDE: ("location",),
    ListingField.PICTURES: ("images",),
    ListingField.TIME_ZONE: ("time_zone",),
    ListingField.AMENITIES: ("amenities",),
    ListingField.LONGITUDE: ("location",),
    ListingField.START_PRICE: (
        "base_price",
        "original_base_price",
        "base_price_modifications",
        "base_price_period",
        "minimum_price",
        "maximum_price",
    ),
    ListingField.DESCRIPTION: ("description", "summary", "headline", "texts"),
    ListingField.BEDROOM_COUNT: ("bedrooms",),
    ListingField.INTERNAL_NAME: ("internal_name",),
    ListingField.MAX_OCCUPANCY: ("max_guests", "guests_included", "max_children", "max_infants", "max_pets"),
    ListingField.BATHROOM_COUNT: ("bathrooms", "guest_bathrooms", "bathroom_type"),
    ListingField.MAXIMUM_NIGHTS: ("maximum_nights",),
    ListingField.MINIMUM_NIGHTS: ("minimum_nights",),
}

_OF_DETAILS = (ListingField.LISTING_DETAILS,)

_NAMED = frozenset(name for names in _OWN.values() for name in names)

GOVERNED: Mapping[ListingField, tuple[str, ...]] = {
    **_OWN,
    ListingField.LISTING_DETAILS: tuple(
        each.name for each in fields(Listing) if each.name not in _NAMED and each.name not in ALWAYS_ON
    ),
}
"""The fields of ``Listing`` that each key switches."""


@cache
def variant(off: FieldsOff) -> str:
    """A short name for what is off; empty where nothing is."""
    bits = sum(1 << place for place, key in enumerate(ListingField) if key in off)
    return format(bits, "x") if bits else ""


def trimmed(listing: Listing, off: FieldsOff, raw_names: RawNames | None) -> Listing:
    """``listing`` without what is ``off``. Without ``raw_names`` it keeps no raw record: nobody knows what is in it."""
    if not off:
        return listing
    emptied: dict[str, Any] = {name: None for key in off for name in GOVERNED.get(key, ())}
    if ListingField.THUMBNAIL_URL in off and listing.images and "images" not in emptied:
        emptied["images"] = [_without_thumbnail(image) for image in listing.images]
    if ListingField.NAME in off and listing.texts and "texts" not in emptied:
        emptied["texts"] = [text for each in listing.texts if (text := _without_name(each)) is not None] or None
    return replace(listing, **emptied, raw=_raw(listing.raw, off, raw_names), fields_off=off)


def _without_thumbnail(image: Image) -> Image:
    return replace(image, thumbnail_url=None)


def _without_name(text: ListingText) -> ListingText | None:
    """None where the name was all there was."""
    left = replace(text, name=None)
    return None if left == ListingText(locale=text.locale, channel=text.channel) else left


def _raw(raw: Mapping[str, Any] | None, off: FieldsOff, names: RawNames | None) -> Mapping[str, Any] | None:
    if raw is None or names is None:
        return None
    return {key: value for key, value in raw.items() if off.isdisjoint(names.get(key, _OF_DETAILS))}
