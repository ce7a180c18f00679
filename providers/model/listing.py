"""A listing: one place that guests can book."""

from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from typing import Annotated

from annotated_doc import Doc

from providers.model.described import Described
from providers.model.money import Money


class ListingStatus(Described):
    """Whether guests can see and book a listing, as far as the PMS says."""

    PUBLISHED = "PUBLISHED", "Offered to guests."
    UNPUBLISHED = "UNPUBLISHED", "Exists in the PMS but is not offered to guests."
    ARCHIVED = "ARCHIVED", "Put away; the PMS refuses changes to it."


class RoomType(Described):
    """How much of the place a guest has alone."""

    ENTIRE_HOME = "ENTIRE_HOME", "The whole place."
    PRIVATE_ROOM = "PRIVATE_ROOM", "A room of one's own in a shared place."
    SHARED_ROOM = "SHARED_ROOM", "A room shared with others."


class RatePeriod(Described):
    """What a base price pays for."""

    NIGHT = "NIGHT", "One night."
    WEEK = "WEEK", "Seven nights."


@dataclass(slots=True, kw_only=True)
class Address:
    """Where a listing is, in words."""

    full: Annotated[
        str | None, Doc("The exact address on one line, where the PMS composes it; not for public pages.")
    ] = None
    line1: Annotated[str | None, Doc("Street and number.")] = None
    line2: Annotated[str | None, Doc("Second address line.")] = None
    city: Annotated[str | None, Doc("City.")] = None
    state: Annotated[str | None, Doc("State, region or province.")] = None
    postal_code: Annotated[str | None, Doc("Postal code.")] = None
    country: Annotated[str | None, Doc("Country's name, in the PMS's own words.")] = None
    country_code: Annotated[str | None, Doc("ISO 3166-1 alpha-2 country code, upper case.")] = None


@dataclass(slots=True, kw_only=True)
class GeoPoint:
    """A position on the map (WGS 84)."""

    latitude: Annotated[float, Doc("Degrees north, -90 to 90.")]
    longitude: Annotated[float, Doc("Degrees east, -180 to 180.")]


@dataclass(slots=True, kw_only=True)
class Image:
    """A picture of a listing."""

    provider_id: Annotated[str | None, Doc("The picture's id in the PMS.")] = None
    url: Annotated[str, Doc("Address of the largest version the PMS offers.")]
    thumbnail_url: Annotated[str | None, Doc("Address of a small version.")] = None
    caption: Annotated[str | None, Doc("Caption, in the account's main language.")] = None
    position: Annotated[int | None, Doc("Place in the gallery; lower comes first.")] = None


@dataclass(slots=True, kw_only=True)
class Amenity:
    """Something a listing offers, such as a pool or wireless internet."""

    provider_id: Annotated[str, Doc("The amenity's id in the PMS's dictionary.")]
    name: Annotated[str | None, Doc("The PMS's own name for it, where it is sent along with the listing.")] = None


@dataclass(slots=True, kw_only=True)
class Listing:
    """One place that guests can book, whichever PMS it lives in. What the PMS does not say is null."""

    provider: Annotated[str, Doc("Code of the PMS the listing lives in, for example HOSTAWAY.")]
    account_id: str
    provider_id: Annotated[str, Doc("The listing's id in the PMS.")]
    name: Annotated[str | None, Doc("Title that guests see, or the name the business knows it by.")] = None
    internal_name: Annotated[str | None, Doc("Back-office name, not meant for guests.")] = None
    headline: Annotated[str | None, Doc("One-line description for guests.")] = None
    description: Annotated[str | None, Doc("Long description for guests.")] = None
    status: Annotated[ListingStatus | None, Doc("Whether it is offered to guests; null if the PMS does not say.")] = (
        None
    )
    property_type: Annotated[str | None, Doc("The PMS's own word or code for the kind of building.")] = None
    room_type: Annotated[RoomType | None, Doc("How much of the place a guest has alone.")] = None
    address: Annotated[Address | None, Doc("Where it is, in words.")] = None
    location: Annotated[GeoPoint | None, Doc("Where it is on the map.")] = None
    max_guests: Annotated[int | None, Doc("Most guests it may hold.")] = None
    guests_included: Annotated[int | None, Doc("Guests that the base price covers, or it holds in comfort.")] = None
    bedrooms: Annotated[int | None, Doc("Number of bedrooms.")] = None
    beds: Annotated[int | None, Doc("Number of beds.")] = None
    bathrooms: Annotated[float | None, Doc("Number of bathrooms; a half is one without bath or shower.")] = None
    area: Annotated[float | None, Doc("Floor area in square metres.")] = None
    amenities: Annotated[list[Amenity] | None, Doc("What it offers; null if the PMS did not send the list.")] = None
    images: Annotated[list[Image] | None, Doc("Pictures in gallery order; null if the PMS did not send them.")] = None
    check_in_from: Annotated[time | None, Doc("Earliest check-in, local time of the listing.")] = None
    check_in_until: Annotated[time | None, Doc("Latest check-in, local time of the listing.")] = None
    check_out_until: Annotated[time | None, Doc("Latest check-out, local time of the listing.")] = None
    minimum_nights: Annotated[int | None, Doc("Fewest nights of a stay, unless the calendar says otherwise.")] = None
    maximum_nights: Annotated[int | None, Doc("Most nights of a stay; null where there is no limit.")] = None
    currency: Annotated[str | None, Doc("ISO 4217 code of all its prices.")] = None
    base_price: Annotated[Money | None, Doc("Price before seasons, rules, fees and taxes.")] = None
    base_price_period: Annotated[RatePeriod | None, Doc("What the base price pays for.")] = None
    cleaning_fee: Annotated[Money | None, Doc("Flat cleaning fee for a stay.")] = None
    damage_deposit: Annotated[Money | None, Doc("Refundable deposit.")] = None
    instant_bookable: Annotated[bool | None, Doc("True if a guest can book without being approved.")] = None
    cancellation_policy: Annotated[str | None, Doc("The PMS's own name of the cancellation policy.")] = None
    license_number: Annotated[str | None, Doc("Licence or registration number.")] = None
    rating: Annotated[Decimal | None, Doc("Average review rating, 0 to 5.")] = None
    reviews_count: Annotated[int | None, Doc("Number of reviews.")] = None
    time_zone: Annotated[str | None, Doc("IANA time zone of its dates and times; null if the PMS does not say.")] = None
    created_at: Annotated[datetime | None, Doc("When the PMS created it, UTC.")] = None
    updated_at: Annotated[datetime | None, Doc("When the PMS last changed it, UTC.")] = None
