"""What BookingSync sends, field by field, as far as StayGraph reads it.

Sources: BookingSync documentation, endpoint pages Accounts, Rentals, Photos, Bedrooms, Bookings, Clients,
Availabilities, Change overs, Nightly rate maps, Rates, Rentals search. Parts (``photos``, ``client``…) are
nested here, however they came.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainValidator

from providers.bookingsync.envelope import linked_id, linked_ids
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
    OddValue,
    WireModel,
)
from providers.wire.values import read_date, read_text

_CLOCK = re.compile(r"\s*([0-9]{1,2})(?::([0-9]{2}))?(?![0-9])")


def _translations(value: Any) -> dict[str, str]:
    """Locale to text. A plain string, which some answers hold instead, stands under no locale."""
    if isinstance(value, str):
        value = {"": value}
    if not isinstance(value, Mapping):
        return {}
    return {str(locale): text for locale, text in value.items() if isinstance(text, str) and text.strip()}


def _mapping(value: Any) -> Any:
    return value if isinstance(value, Mapping) else {}


def _words(value: Any) -> list[str] | None:
    return [each for each in value if isinstance(each, str) and each] if isinstance(value, list) else None


def _text_or_list(value: Any) -> str | None:
    """A map as comma list, or as the array that one of the maps comes in."""
    if isinstance(value, list):
        return ",".join(str(each) for each in value)
    try:
        return read_text(value)
    except OddValue:
        return None


@dataclass(frozen=True, slots=True)
class WallTime:
    """A day, and the hour on that day's clocks if one was sent, both as written."""

    day: date
    clock: time | None


def _wall_time(value: Any) -> WallTime | None:
    day = read_date(value)
    return WallTime(day, read_clock(str(value).strip()[11:])) if day else None


def read_clock(text: str | None) -> time | None:
    """The hour that a text begins with (``16:00:00Z``, ``14:45``, ``12``); None where it begins with none."""
    found = _CLOCK.match(text or "")
    if found is None:
        return None
    hour, minute = int(found[1]), int(found[2] or 0)
    return time(hour, minute) if hour < 24 and minute < 60 else None


LocalStamp = Annotated[WallTime | None, PlainValidator(_wall_time)]
Translations = Annotated[dict[str, str], BeforeValidator(_translations)]
Words = Annotated[list[str] | None, BeforeValidator(_words)]
MapText = Annotated[str | None, BeforeValidator(_text_or_list)]
Links = Annotated[dict[str, Any], BeforeValidator(_mapping)]


class Record(WireModel):
    """Any record: its id, and the ids of others by the name of the association."""

    id: Identity
    links: Links = Field(default_factory=dict)

    def link(self, name: str) -> str | None:
        return linked_id({"links": self.links}, name)

    def link_list(self, name: str) -> list[str]:
        return linked_ids({"links": self.links}, name)


class Phones(WireModel):
    phone: LenientStr = None
    mobile: LenientStr = None
    fax: LenientStr = None


class BookingPreferences(WireModel):
    default_arrival_time: LenientInt = None
    default_arrival_end_time: LenientInt = None
    default_departure_time: LenientInt = None
    default_communication_locale: LenientStr = None


class Preferences(WireModel):
    bookings: LenientObject[BookingPreferences] = None
    privacy_policy: Translations = Field(default_factory=dict)


class Account(WireModel):
    """An account record. It has no links."""

    id: Identity
    business_name: LenientStr = None
    email: LenientStr = None
    website: LenientStr = None
    address1: LenientStr = None
    address2: LenientStr = None
    zip: LenientStr = None
    city: LenientStr = None
    state: LenientStr = None
    country_code: LenientStr = None
    default_locale: LenientStr = None
    selected_locales: Words = None
    status: LenientStr = None
    demo: LenientBool = None
    test: LenientBool = None
    inbox_email: Any = None
    phones: LenientObject[Phones] = None
    preferences: LenientObject[Preferences] = None
    created_at: LenientInstant = None
    updated_at: LenientInstant = None


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


class SleepingRoom(WireModel):
    """A bedroom or living room: how many beds of each kind."""

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


class Rental(Record):
    name: LenientStr = None
    headline: Translations = Field(default_factory=dict)
    description: Translations = Field(default_factory=dict)
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
    bedrooms: LenientList[SleepingRoom] = None
    living_rooms: LenientList[SleepingRoom] = None


class Email(WireModel):
    email: LenientStr = None
    canceled_at: LenientInstant = None


class PhoneNumber(WireModel):
    number: LenientStr = None
    canceled_at: LenientInstant = None


class ClientAddress(WireModel):
    city: LenientStr = None
    country_code: LenientStr = None
    canceled_at: LenientInstant = None


class Client(WireModel):
    id: LenientId = None
    fullname: LenientStr = None
    firstname: LenientStr = None
    lastname: LenientStr = None
    preferred_locale: LenientStr = None
    emails: LenientList[Email] = None
    phones: LenientList[PhoneNumber] = None
    addresses: LenientList[ClientAddress] = None
    forget_me_at: LenientInstant = None
    processing_restricted_at: LenientInstant = None


class Source(WireModel):
    name: LenientStr = None


class BookingsFee(WireModel):
    id: LenientId = None
    name: Translations = Field(default_factory=dict)
    price: LenientDecimal = None
    times_booked: LenientDecimal = None
    required: LenientBool = None
    included_in_price: LenientBool = None
    canceled_at: LenientInstant = None


class BookingsTax(WireModel):
    id: LenientId = None
    name: Translations = Field(default_factory=dict)
    amount: LenientDecimal = None
    tax_included_in_price: LenientBool = None


class Booking(Record):
    """A booking, whole or in the reduced shape of public tokens.

    ``start_at`` and ``end_at`` are local wall time labelled Z, so only their written day and clock are read.
    """

    start_at: LocalStamp = None
    end_at: LocalStamp = None
    status: LenientStr = None
    reference: LenientStr = None
    external_reference: LenientStr = None
    adults: LenientInt = None
    children: LenientInt = None
    currency: LenientStr = None
    initial_price: LenientDecimal = None
    initial_rental_price: LenientDecimal = None
    discount: LenientStr = None
    final_rental_price: LenientDecimal = None
    final_price: LenientDecimal = None
    paid_amount: LenientDecimal = None
    payment_left_to_collect: LenientDecimal = None
    damage_deposit: LenientDecimal = None
    notes: LenientStr = None
    expected_checkin_time: LenientStr = None
    expected_checkout_time: LenientStr = None
    created_at: LenientInstant = None
    updated_at: LenientInstant = None
    canceled_at: LenientInstant = None
    client: LenientObject[Client] = None
    source: LenientObject[Source] = None
    bookings_fees: LenientObject[list[BookingsFee]] = None
    bookings_taxes: LenientObject[list[BookingsTax]] = None


class DayMap(WireModel):
    """An availability or a change-over: one character per night."""

    map: LenientStr = None
    start_date: LenientDate = None


class NightlyRateMap(WireModel):
    """One number per night, comma-separated."""

    rates_map: MapText = None
    minimum_stays_map: MapText = None
    start_date: LenientDate = None


class CalendarRental(Record):
    """What the calendar needs of a rental, with the maps nested."""

    currency: LenientStr = None
    absolute_min_stay: LenientInt = None
    nightly_rates_managed_externally: LenientBool = None
    availability: LenientObject[DayMap] = None
    change_over: LenientObject[DayMap] = None
    nightly_rate_map: LenientObject[NightlyRateMap] = None


class Rate(Record):
    """A stretch of days with one price."""

    start_date: LenientDate = None
    end_date: LenientDate = None
    currency: LenientStr = None
    initial_nightly_rate: LenientDecimal = None
    final_nightly_rate: LenientDecimal = None
    minimum_stay: LenientInt = None


class QuotedTax(WireModel):
    tax_id: LenientId = None
    name: Translations = Field(default_factory=dict)
    amount: LenientDecimal = None
    included: LenientBool = None


class QuotedFee(WireModel):
    id: LenientId = None
    rentals_fee_id: LenientId = None
    name: Translations = Field(default_factory=dict)
    required: LenientBool = None
    price: LenientDecimal = None
    quantity: LenientDecimal = None


class PriceBreakdown(WireModel):
    taxes: LenientObject[list[QuotedTax]] = None
    fees: LenientObject[list[QuotedFee]] = None


class SearchResult(Record):
    """A rental that may be booked for the dates asked for, and at which price."""

    currency: LenientStr = None
    initial_price: LenientDecimal = None
    final_price: LenientDecimal = None
    price_to_pay_now: LenientDecimal = None
    damage_deposit: LenientDecimal = None
    price_details: LenientObject[PriceBreakdown] = None
