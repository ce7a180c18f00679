"""What BookingSync sends about rentals, field by field, as far as StayGraph reads it.

Sources: BookingSync documentation, endpoint pages Rentals, Photos, Bathrooms, Bedrooms, Living rooms, Rentals
amenities, Rentals tags. Parts (``photos``, ``bedrooms``…) are nested here, however they came.
"""

from pydantic import Field

from providers.bookingsync.wire import Links, Record, Tag, Translations
from providers.wire import (
    LenientBool,
    LenientDate,
    LenientDecimal,
    LenientFloat,
    LenientId,
    LenientInstant,
    LenientInt,
    LenientList,
    LenientStr,
    SentRecord,
    WireModel,
)


class Photo(WireModel):
    id: LenientId = None
    description: Translations = Field(default_factory=dict)
    position: LenientInt = None
    giant_url: LenientStr = None
    grande_url: LenientStr = None
    large_url: LenientStr = None
    medium_url: LenientStr = None
    compact_url: LenientStr = None
    small_url: LenientStr = None
    thumb_url: LenientStr = None
    micro_url: LenientStr = None


class RentalsAmenity(Record):
    """One amenity of one rental; the amenity itself is an id in the links, seldom a nested record."""

    amenity: Links = Field(default_factory=dict)
    details: Translations = Field(default_factory=dict)


class Bathroom(WireModel):
    id: LenientId = None
    name: Translations = Field(default_factory=dict)
    bath_count: LenientInt = None
    shower_count: LenientInt = None
    wc_count: LenientInt = None


class SleepingRoom(WireModel):
    """A bedroom or living room: how many beds of each kind. Living rooms have no name."""

    id: LenientId = None
    name: Translations = Field(default_factory=dict)
    bunk_beds_count: LenientInt = None
    double_beds_count: LenientInt = None
    kingsize_beds_count: LenientInt = None
    queensize_beds_count: LenientInt = None
    single_beds_count: LenientInt = None
    sofa_beds_count: LenientInt = None
    futon_beds_count: LenientInt = None
    floor_mattress_beds_count: LenientInt = None
    toddler_beds_count: LenientInt = None
    crib_beds_count: LenientInt = None
    air_mattress_beds_count: LenientInt = None


class Rental(Record, SentRecord):
    name: LenientStr = None
    headline: Translations = Field(default_factory=dict)
    summary: Translations = Field(default_factory=dict)
    description: Translations = Field(default_factory=dict)
    price_public_notes: Translations = Field(default_factory=dict)
    public_notes: LenientStr = None
    checkin_details: Translations = Field(default_factory=dict)
    checkin_type: LenientStr = None
    website_url: Translations = Field(default_factory=dict)
    contact_name: LenientStr = None
    owner_fullname: LenientStr = None
    owner_email: LenientStr = None
    owner_notes: LenientStr = None
    position: LenientInt = None
    floor: LenientStr = None
    stories_count: LenientInt = None
    min_price: LenientDecimal = None
    max_price: LenientDecimal = None
    downpayment: LenientDecimal = None
    balance_due: LenientInt = None
    bookable_online: LenientBool = None
    bookable_on_request: LenientBool = None
    permit_issue_date: LenientDate = None
    certifications: Links = Field(default_factory=dict)
    rental_type: LenientStr = None
    sleeps: LenientInt = None
    sleeps_max: LenientInt = None
    bedrooms_count: LenientInt = None
    bathrooms_count: LenientFloat = None
    vr_bathrooms_count: LenientFloat = None
    surface: LenientFloat = None
    surface_unit: LenientStr = None
    lat: LenientFloat = None
    lng: LenientFloat = None
    address1: LenientStr = None
    address2: LenientStr = None
    city: LenientStr = None
    state: LenientStr = None
    zip: LenientStr = None
    country_code: LenientStr = None
    checkin_time: LenientInt = None
    checkin_end_time: LenientInt = None
    checkout_time: LenientInt = None
    currency: LenientStr = None
    base_rate: LenientDecimal = None
    base_rate_kind: LenientStr = None
    absolute_min_stay: LenientInt = None
    damage_deposit: LenientDecimal = None
    instantly_bookable: LenientBool = None
    reviews_count: LenientInt = None
    reviews_average_rating: LenientDecimal = None
    permit_number: LenientStr = None
    published_at: LenientInstant = None
    created_at: LenientInstant = None
    updated_at: LenientInstant = None
    photos: LenientList[Photo] = None
    rentals_amenities: LenientList[RentalsAmenity] = None
    rentals_tags: LenientList[Tag] = None
    bathrooms: LenientList[Bathroom] = None
    bedrooms: LenientList[SleepingRoom] = None
    living_rooms: LenientList[SleepingRoom] = None
