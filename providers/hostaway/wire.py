"""What Hostaway sends, as far as the unified model needs it (Hostaway documentation, the object tables).

Ids, names and days are strict: a record in which they cannot be read is set aside. All else is lenient.
"""

from typing import Annotated, Any

from pydantic import ConfigDict, PlainValidator
from pydantic.alias_generators import to_camel

from providers.hostaway.nested import AnyText
from providers.wire import (
    Identity,
    LenientBool,
    LenientDate,
    LenientDecimal,
    LenientFloat,
    LenientId,
    LenientInstant,
    LenientInt,
    LenientList,
    LenientObject,
    LenientStr,
    SentRecord,
    StrictDate,
    StrictStr,
    WireModel,
)
from providers.wire.values import OddValue, read_text


class HostawayRecord(WireModel):
    """Hostaway's names are the model's in camel case."""

    model_config = ConfigDict(alias_generator=to_camel)


def _rows(value: Any) -> list[Any] | None:
    return value if isinstance(value, list) else None


LenientRows = Annotated[list[Any] | None, PlainValidator(_rows)]
"""Records within a record, left as they came."""


def _addresses(value: Any) -> list[str] | None:
    """Addresses of one booking engine or of several: a text and an array are both documented."""
    if value is None:
        return None
    found = []
    for each in value if isinstance(value, list) else [value]:
        try:
            text = read_text(each) if isinstance(each, str) else None
        except OddValue:
            text = None
        if text is not None:
            found.append(text.strip())
    return found


class WireAmenity(HostawayRecord):
    amenity_id: Identity
    amenity_name: LenientStr = None


class WireBedType(HostawayRecord):
    bed_type_id: Identity
    quantity: LenientInt = None


class WireCustomValue(HostawayRecord):
    custom_field_id: Identity
    value: AnyText = None


class WireImage(HostawayRecord):
    id: LenientId = None
    url: StrictStr = None
    caption: LenientStr = None
    sort_order: LenientInt = None


class WireListing(HostawayRecord, SentRecord):
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
    average_review_rating: LenientDecimal = None
    time_zone_name: LenientStr = None
    latest_activity_on: LenientInstant = None
    house_rules: LenientStr = None
    public_address: LenientStr = None
    language: LenientStr = None
    price_for_extra_person: LenientDecimal = None
    weekly_discount: LenientDecimal = None
    monthly_discount: LenientDecimal = None
    partners_listing_markup: LenientDecimal = None
    airbnb_official_listing_markup: LenientDecimal = None
    booking_engine_markup: LenientDecimal = None
    homeaway_api_markup: LenientDecimal = None
    marriott_listing_markup: LenientDecimal = None
    max_children_allowed: LenientInt = None
    max_infants_allowed: LenientInt = None
    max_pets_allowed: LenientInt = None
    guest_bathrooms_number: LenientInt = None
    bathroom_type: LenientStr = None
    listing_bed_types: LenientList[WireBedType] = None
    instant_bookable_lead_time: LenientInt = None
    allow_same_day_booking: LenientBool = None
    cancellation_policy_id: LenientId = None
    airbnb_cancellation_policy_id: LenientId = None
    air_bnb_cancellation_policy_id: LenientId = None
    booking_cancellation_policy_id: LenientId = None
    marriott_cancellation_policy_id: LenientId = None
    marriott_bnb_cancellation_policy_id: LenientId = None
    vrbo_cancellation_policy_id: LenientId = None
    star_rating: LenientDecimal = None
    contact_name: LenientStr = None
    contact_sur_name: LenientStr = None
    contact_phone1: LenientStr = None
    contact_phone2: LenientStr = None
    contact_email: LenientStr = None
    contact_language: LenientStr = None
    contact_address: LenientStr = None
    invoicing_contact_name: LenientStr = None
    invoicing_contact_sur_name: LenientStr = None
    invoicing_contact_phone1: LenientStr = None
    invoicing_contact_phone2: LenientStr = None
    invoicing_contact_email: LenientStr = None
    invoicing_contact_address: LenientStr = None
    invoicing_contact_city: LenientStr = None
    invoicing_contact_zipcode: LenientStr = None
    invoicing_contact_country: LenientStr = None
    invoicing_contact_language: LenientStr = None
    property_license_number: LenientStr = None
    property_license_type: LenientStr = None
    property_license_issue_date: LenientDate = None
    property_license_expiration_date: LenientDate = None
    key_pickup: LenientStr = None
    special_instruction: LenientStr = None
    door_security_code: LenientStr = None
    wifi_username: LenientStr = None
    wifi_password: LenientStr = None
    cleanness_status: LenientStr = None
    cleanness_status_updated_on: LenientInstant = None
    cleaning_instruction: LenientStr = None
    homeaway_property_name: LenientStr = None
    homeaway_property_headline: LenientStr = None
    homeaway_property_description: LenientStr = None
    bookingcom_property_name: LenientStr = None
    bookingcom_property_description: LenientStr = None
    airbnb_name: LenientStr = None
    airbnb_summary: LenientStr = None
    airbnb_space: LenientStr = None
    airbnb_access: LenientStr = None
    airbnb_interaction: LenientStr = None
    airbnb_neighborhood_overview: LenientStr = None
    airbnb_transit: LenientStr = None
    airbnb_notes: LenientStr = None
    airbnb_listing_url: LenientStr = None
    vrbo_listing_url: LenientStr = None
    google_vr_listing_url: LenientStr = None
    booking_engine_urls: Annotated[list[str] | None, PlainValidator(_addresses)] = None
    is_rental_agreement_active: LenientBool = None
    insurance_eligibility_status: LenientBool = None
    custom_field_values: LenientList[WireCustomValue] = None


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
    is_quantity_selectable: LenientBool = None
    is_deleted: LenientBool = None


class WirePolicyItem(HostawayRecord):
    """A step of a policy: its numbers are texts in policies, numbers in the snapshots of reservations."""

    id: LenientId = None
    refund_amount: LenientDecimal = None
    refund_type: LenientStr = None
    refund_field: LenientStr = None
    time_delta: LenientInt = None
    event: LenientStr = None


class WirePolicyDetails(HostawayRecord):
    name: LenientStr = None
    channel_specific_code: LenientStr = None
    cancellation_policy_item: LenientList[WirePolicyItem] = None


class WireReservationFee(HostawayRecord):
    id: LenientId = None
    name: LenientStr = None
    amount: LenientDecimal = None
    currency: LenientStr = None
    percentage: LenientDecimal = None
    is_included: LenientBool = None
    is_per_night: LenientBool = None
    is_per_person: LenientBool = None


class WireReservationUnit(HostawayRecord):
    id: LenientId = None
    listing_unit_id: LenientId = None
    external_reservation_unit_id: LenientStr = None
    external_reservation_id: LenientStr = None
    guest_name: LenientStr = None
    number_of_guests: LenientInt = None
    adults: LenientInt = None
    children: LenientInt = None
    infants: LenientInt = None
    pets: LenientInt = None
    total_price: LenientDecimal = None


class WireReservation(HostawayRecord, SentRecord):
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
    inserted_on: LenientInstant = None
    pending_expire_date: LenientInstant = None
    previous_arrival_date: LenientDate = None
    previous_departure_date: LenientDate = None
    source: LenientStr = None
    assignee_user_id: LenientId = None
    customer_user_id: LenientStr = None
    is_instant_booked: LenientBool = None
    is_starred: LenientBool = None
    is_archived: LenientBool = None
    is_pinned: LenientBool = None
    guest_address: LenientStr = None
    guest_zip_code: LenientStr = None
    guest_picture: LenientStr = None
    bookingcom_booker_company: LenientStr = None
    cleaning_fee: LenientDecimal = None
    tax_amount: LenientDecimal = None
    channel_commission_amount: LenientDecimal = None
    airbnb_expected_payout_amount: LenientDecimal = None
    payment_method: LenientStr = None
    cancellation_policy_id: LenientId = None
    cancellation_policy: LenientStr = None
    cancellation_policy_details: LenientObject[WirePolicyDetails] = None
    airbnb_cancellation_policy: LenientStr = None
    booking_cancellation_policy: LenientStr = None
    vrbo_cancellation_policy: LenientStr = None
    marriott_cancellation_policy: LenientStr = None
    reservation_agreement: LenientStr = None
    rental_agreement_file_url: LenientStr = None
    insurance_status: LenientStr = None
    claim_status: LenientStr = None
    door_code: LenientStr = None
    door_code_instruction: LenientStr = None
    custom_field_values: LenientList[WireCustomValue] = None
    reservation_fees: LenientList[WireReservationFee] = None
    reservation_unit: LenientList[WireReservationUnit] = None


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
    count_pending_units: LenientInt = None
    count_blocked_units: LenientInt = None
    count_reserved_units: LenientInt = None
    count_blocking_reservations: LenientInt = None
    reservations: LenientRows = None


class WireQuote(HostawayRecord):
    total_price: LenientDecimal = None
    components: LenientList[WireFinanceLine] = None
