"""What Hostaway sends, as far as the unified model needs it (Hostaway documentation, the object tables).

Ids, names and days are strict: a record in which they cannot be read is set aside. All else is lenient.
"""

from pydantic import ConfigDict
from pydantic.alias_generators import to_camel

from providers.wire import (
    Identity,
    LenientBool,
    LenientDecimal,
    LenientFloat,
    LenientId,
    LenientInstant,
    LenientInt,
    LenientList,
    LenientStr,
    StrictDate,
    StrictStr,
    WireModel,
)


class HostawayRecord(WireModel):
    """Hostaway's names are the model's in camel case."""

    model_config = ConfigDict(alias_generator=to_camel)


class WireAmenity(HostawayRecord):
    amenity_id: Identity
    amenity_name: LenientStr = None


class WireImage(HostawayRecord):
    id: LenientId = None
    url: StrictStr = None
    caption: LenientStr = None
    sort_order: LenientInt = None


class WireListing(HostawayRecord):
    id: Identity
    name: StrictStr = None
    external_listing_name: LenientStr = None
    internal_listing_name: LenientStr = None
    description: LenientStr = None
    special_status: LenientStr = None
    property_type_id: LenientId = None
    room_type: LenientStr = None
    address: LenientStr = None
    street: LenientStr = None
    city: LenientStr = None
    state: LenientStr = None
    zipcode: LenientStr = None
    country: LenientStr = None
    country_code: LenientStr = None
    lat: LenientFloat = None
    lng: LenientFloat = None
    person_capacity: LenientInt = None
    guests_included: LenientInt = None
    bedrooms_number: LenientInt = None
    beds_number: LenientInt = None
    bathrooms_number: LenientFloat = None
    square_meters: LenientFloat = None
    listing_amenities: LenientList[WireAmenity] = None
    listing_images: LenientList[WireImage] = None
    check_in_time_start: LenientInt = None
    check_in_time_end: LenientInt = None
    check_out_time: LenientInt = None
    min_nights: LenientInt = None
    max_nights: LenientInt = None
    currency_code: LenientStr = None
    price: LenientDecimal = None
    cleaning_fee: LenientDecimal = None
    refundable_damage_deposit: LenientDecimal = None
    instant_bookable: LenientBool = None
    cancellation_policy: LenientStr = None
    property_license_number: LenientStr = None
    average_review_rating: LenientDecimal = None
    time_zone_name: LenientStr = None
    latest_activity_on: LenientInstant = None


class WireFinanceLine(HostawayRecord):
    """A stored line of a reservation, or a component of a quote: the same but for ``units``."""

    id: LenientId = None
    listing_fee_setting_id: LenientId = None
    type: LenientStr = None
    name: LenientStr = None
    title: LenientStr = None
    alias: LenientStr = None
    quantity: LenientDecimal = None
    value: LenientDecimal = None
    total: LenientDecimal = None
    is_included_in_total_price: LenientBool = None
    is_overridden_by_user: LenientBool = None
    is_mandatory: LenientBool = None
    is_deleted: LenientBool = None


class WireReservation(HostawayRecord):
    id: Identity
    listing_map_id: LenientId = None
    channel_id: LenientId = None
    channel_name: LenientStr = None
    reservation_id: LenientStr = None
    channel_reservation_id: LenientStr = None
    confirmation_code: LenientStr = None
    reservation_date: LenientInstant = None
    status: LenientStr = None
    arrival_date: StrictDate = None
    departure_date: StrictDate = None
    is_dates_unspecified: LenientBool = None
    nights: LenientInt = None
    check_in_time: LenientInt = None
    check_out_time: LenientInt = None
    guest_name: LenientStr = None
    guest_first_name: LenientStr = None
    guest_last_name: LenientStr = None
    guest_email: LenientStr = None
    phone: LenientStr = None
    guest_locale: LenientStr = None
    guest_city: LenientStr = None
    guest_country: LenientStr = None
    number_of_guests: LenientInt = None
    adults: LenientInt = None
    children: LenientInt = None
    infants: LenientInt = None
    pets: LenientInt = None
    currency: LenientStr = None
    total_price: LenientDecimal = None
    remaining_balance: LenientDecimal = None
    security_deposit_fee: LenientDecimal = None
    is_paid: LenientBool = None
    finance_field: LenientList[WireFinanceLine] = None
    guest_note: LenientStr = None
    host_note: LenientStr = None
    cancellation_date: LenientInstant = None
    cancelled_by: LenientStr = None
    updated_on: LenientInstant = None
    latest_activity_on: LenientInstant = None


class WireDay(HostawayRecord):
    date: StrictDate = None
    is_available: LenientBool = None
    status: LenientStr = None
    price: LenientDecimal = None
    minimum_stay: LenientInt = None
    maximum_stay: LenientInt = None
    closed_on_arrival: LenientBool = None
    closed_on_departure: LenientBool = None
    note: LenientStr = None
    count_available_units: LenientInt = None
    available_units_to_sell: LenientInt = None


class WireQuote(HostawayRecord):
    total_price: LenientDecimal = None
    components: LenientList[WireFinanceLine] = None
