"""A listing: one place that guests can book."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Annotated, Any

from annotated_doc import Doc

from providers.model.described import Described
from providers.model.dictionary import CustomFieldValue
from providers.model.money import Money
from providers.model.parts import PolicyRef
from providers.model.price import PriceModifications
from providers.model.vocabulary import AmenityKind, Channel, PropertyType


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
    OTHER = "OTHER", "Something else; see providerRoomType."


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
    kind: Annotated[
        AmenityKind | None, Doc("StayGraph's word for it; null if the PMS's dictionary could not be read.")
    ] = None
    name: Annotated[str | None, Doc("The PMS's own name for it; null if its dictionary could not be read.")] = None
    details: Annotated[str | None, Doc("A remark on it, in the account's main language.")] = None


@dataclass(slots=True, kw_only=True)
class Bed:
    """Beds of one kind."""

    type_id: Annotated[str | None, Doc("The kind's id in the PMS's dictionary of bed types, where it has one.")] = None
    type: Annotated[str | None, Doc("The PMS's own word for the kind, for example king or sofa.")] = None
    quantity: Annotated[int, Doc("How many.")]


class RoomKind(Described):
    """What a room is for."""

    BEDROOM = "BEDROOM", "A bedroom."
    BATHROOM = "BATHROOM", "A bathroom."
    LIVING_ROOM = "LIVING_ROOM", "A living room, with or without beds."


@dataclass(slots=True, kw_only=True)
class Room:
    """One room of a listing."""

    provider_id: Annotated[str, Doc("The room's id in the PMS.")]
    kind: Annotated[RoomKind, Doc("What it is for.")]
    name: Annotated[str | None, Doc("Name, in the account's main language.")] = None
    beds: Annotated[list[Bed] | None, Doc("Its beds.")] = None
    baths: Annotated[int | None, Doc("Number of bath tubs.")] = None
    showers: Annotated[int | None, Doc("Number of showers.")] = None
    toilets: Annotated[int | None, Doc("Number of toilets.")] = None


@dataclass(slots=True, kw_only=True)
class Contact:
    """A person or business to turn to."""

    first_name: Annotated[str | None, Doc("First name, or the whole name where the PMS does not part it.")] = None
    last_name: Annotated[str | None, Doc("Last name.")] = None
    phone: Annotated[str | None, Doc("Phone number.")] = None
    phone2: Annotated[str | None, Doc("Second phone number.")] = None
    email: Annotated[str | None, Doc("E-mail address.")] = None
    address: Annotated[str | None, Doc("Address on one line.")] = None
    city: Annotated[str | None, Doc("City.")] = None
    postal_code: Annotated[str | None, Doc("Postal code.")] = None
    country: Annotated[str | None, Doc("Country, in the PMS's own words.")] = None
    language: Annotated[str | None, Doc("Language to write in.")] = None
    notes: Annotated[str | None, Doc("The business's notes; not meant for guests.")] = None


@dataclass(slots=True, kw_only=True)
class License:
    """The licence or registration that a listing is let under."""

    number: Annotated[str | None, Doc("Number.")] = None
    type: Annotated[str | None, Doc("Kind of licence, in the PMS's own words.")] = None
    issued_on: Annotated[date | None, Doc("Day it was issued.")] = None
    expires_on: Annotated[date | None, Doc("Day it ends.")] = None


@dataclass(slots=True, kw_only=True)
class ChannelLink:
    """Where a listing is found on a channel."""

    channel: Annotated[Channel, Doc("The channel.")]
    url: Annotated[str, Doc("Address of the listing there.")]


@dataclass(slots=True, kw_only=True)
class ChannelMarkup:
    """By how much a channel's prices differ. The PMS does not say whether it is a factor or per cent."""

    channel: Annotated[Channel, Doc("The channel.")]
    value: Annotated[Decimal, Doc("The value as the PMS holds it.")]


@dataclass(slots=True, kw_only=True)
class ListingText:
    """Texts of a listing for one language or one channel."""

    locale: Annotated[str | None, Doc("Language tag; null if the PMS does not tell.")] = None
    channel: Annotated[Channel | None, Doc("The channel they are for; null for all.")] = None
    name: Annotated[str | None, Doc("Title.")] = None
    headline: Annotated[str | None, Doc("One-line description.")] = None
    summary: Annotated[str | None, Doc("Short description.")] = None
    description: Annotated[str | None, Doc("Long description.")] = None
    space: Annotated[str | None, Doc("About the rooms.")] = None
    access: Annotated[str | None, Doc("About what guests may use.")] = None
    interaction: Annotated[str | None, Doc("About how much guests see of the host.")] = None
    neighborhood: Annotated[str | None, Doc("About the neighbourhood.")] = None
    transit: Annotated[str | None, Doc("About getting around.")] = None
    notes: Annotated[str | None, Doc("What else there is to know.")] = None
    price_notes: Annotated[str | None, Doc("Remarks on the prices.")] = None


@dataclass(slots=True, kw_only=True)
class Access:
    """How guests get in. For guests with a confirmed stay; never for public pages."""

    key_pickup: Annotated[str | None, Doc("Where the key is.")] = None
    instructions: Annotated[str | None, Doc("What guests must know to get in.")] = None
    door_code: Annotated[str | None, Doc("Code of the door.")] = None
    wifi_name: Annotated[str | None, Doc("Name of the wireless network.")] = None
    wifi_password: Annotated[str | None, Doc("Password of the wireless network.")] = None


@dataclass(slots=True, kw_only=True)
class Cleaning:
    """Whether a place is clean."""

    status: Annotated[str | None, Doc("The PMS's own word or code.")] = None
    updated_at: Annotated[datetime | None, Doc("When that last changed, UTC.")] = None
    instructions: Annotated[str | None, Doc("What cleaners must know.")] = None


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
    provider_status: Annotated[str | None, Doc("The PMS's own word for that.")] = None
    property_type: Annotated[
        PropertyType | None, Doc("Kind of building, in StayGraph's vocabulary; null if the PMS does not say.")
    ] = None
    provider_property_type: Annotated[str | None, Doc("The PMS's own word or code for the kind of building.")] = None
    room_type: Annotated[RoomType | None, Doc("How much of the place a guest has alone.")] = None
    provider_room_type: Annotated[str | None, Doc("The PMS's own word for that.")] = None
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
    base_price: Annotated[
        Money | None, Doc("Price before seasons, rules, fees and taxes, by the account's terms. Exact.")
    ] = None
    # These two are the gateway's: plugins leave them out. The other prices are settings of the PMS, and stay.
    original_base_price: Money | None = None
    base_price_modifications: Annotated[
        PriceModifications | None, Doc("What the account's terms add to the base price; null if it has none.")
    ] = None
    base_price_period: Annotated[RatePeriod | None, Doc("What the base price pays for.")] = None
    cleaning_fee: Annotated[Money | None, Doc("Flat cleaning fee for a stay.")] = None
    damage_deposit: Annotated[Money | None, Doc("Refundable deposit.")] = None
    instant_bookable: Annotated[bool | None, Doc("True if a guest can book without being approved.")] = None
    cancellation_policy: Annotated[str | None, Doc("The PMS's own name of the cancellation policy.")] = None
    cancellation_policies: list[PolicyRef] | None = None
    license: Annotated[License | None, Doc("Licence or registration it is let under.")] = None
    summary: Annotated[str | None, Doc("Short description for guests.")] = None
    texts: Annotated[list[ListingText] | None, Doc("Texts by language and channel; null if there are none.")] = None
    house_rules: Annotated[str | None, Doc("What guests may and may not do.")] = None
    public_address: Annotated[str | None, Doc("Address fit for public pages, on one line.")] = None
    access: Annotated[Access | None, Doc("How guests get in; not for public pages.")] = None
    contact: Annotated[Contact | None, Doc("Who to turn to about it.")] = None
    invoicing_contact: Annotated[Contact | None, Doc("Who invoices come from or go to.")] = None
    owner: Annotated[Contact | None, Doc("Its owner.")] = None
    cleaning: Annotated[Cleaning | None, Doc("Whether it is clean.")] = None
    rooms: Annotated[list[Room] | None, Doc("Its rooms; null if the PMS did not send them.")] = None
    beds_by_type: Annotated[list[Bed] | None, Doc("Its beds by kind; null if the PMS did not send them.")] = None
    bathroom_type: Annotated[str | None, Doc("Whether bathrooms are shared, in the PMS's own word.")] = None
    guest_bathrooms: Annotated[int | None, Doc("Number of guest bathrooms.")] = None
    floor: Annotated[str | None, Doc("Floor, in the PMS's own words.")] = None
    stories: Annotated[int | None, Doc("Number of storeys.")] = None
    max_children: Annotated[int | None, Doc("Most children it may hold.")] = None
    max_infants: Annotated[int | None, Doc("Most infants it may hold.")] = None
    max_pets: Annotated[int | None, Doc("Most pets it may hold.")] = None
    extra_guest_price: Annotated[Money | None, Doc("For each guest beyond guestsIncluded and each night.")] = None
    weekly_discount: Annotated[Decimal | None, Doc("Factor on prices of a week or more: 0.9 is 10 % off.")] = None
    monthly_discount: Annotated[Decimal | None, Doc("Factor on prices of a month or more: 0.8 is 20 % off.")] = None
    minimum_price: Annotated[Money | None, Doc("Least price of the base price's period.")] = None
    maximum_price: Annotated[Money | None, Doc("Greatest price of the base price's period.")] = None
    downpayment_percentage: Annotated[Decimal | None, Doc("Part of the price due when booking, in per cent.")] = None
    balance_due_days: Annotated[int | None, Doc("Days before arrival on which the rest is due.")] = None
    markups: Annotated[list[ChannelMarkup] | None, Doc("Markups of channels; null if there are none.")] = None
    channel_links: Annotated[list[ChannelLink] | None, Doc("Where channels show it; null if nowhere.")] = None
    booking_engine_urls: Annotated[
        list[str] | None, Doc("Addresses on the business's own booking engines; null if the PMS did not send them.")
    ] = None
    website_url: Annotated[str | None, Doc("Its page on the business's web site.")] = None
    bookable_online: Annotated[bool | None, Doc("True if it can be booked online.")] = None
    bookable_on_request: Annotated[bool | None, Doc("True if guests may ask to book it.")] = None
    lead_time_hours: Annotated[int | None, Doc("Hours before arrival until which it can be booked.")] = None
    same_day_booking: Annotated[bool | None, Doc("True if it can be booked for the same day.")] = None
    agreement_required: Annotated[bool | None, Doc("True if guests must accept a rental agreement.")] = None
    insurance_eligible: Annotated[bool | None, Doc("True if stays can be insured through the PMS.")] = None
    custom_fields: Annotated[
        list[CustomFieldValue] | None, Doc("Values of the business's own fields; null if the PMS did not send them.")
    ] = None
    tags: Annotated[list[str] | None, Doc("The business's own labels; null if the PMS did not send them.")] = None
    position: Annotated[int | None, Doc("Place among the business's listings; lower comes first.")] = None
    star_rating: Annotated[Decimal | None, Doc("Stars of an official rating, 0 to 5.")] = None
    language: Annotated[str | None, Doc("Language of its texts.")] = None
    published_at: Annotated[datetime | None, Doc("When it was first offered to guests, UTC.")] = None
    rating: Annotated[Decimal | None, Doc("Average review rating, 0 to 5.")] = None
    reviews_count: Annotated[int | None, Doc("Number of reviews.")] = None
    time_zone: Annotated[str | None, Doc("IANA time zone of its dates and times; null if the PMS does not say.")] = None
    created_at: Annotated[datetime | None, Doc("When the PMS created it, UTC.")] = None
    updated_at: Annotated[datetime | None, Doc("When the PMS last changed it, UTC.")] = None
    raw: Mapping[str, Any] | None = None
    fields_off: frozenset[str] = frozenset()
