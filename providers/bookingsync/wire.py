"""What BookingSync sends, field by field, as far as StayGraph reads it.

Sources: BookingSync documentation, endpoint pages Accounts, Bookings, Clients, Payments, Booking comments,
Availabilities, Change overs, Nightly rate maps, Rates, Rentals search. Parts (``client``, ``payments``…) are
nested here, however they came. Rentals are in ``rental_records``, settings of prices in ``setting_records``.
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
    LenientId,
    LenientInstant,
    LenientInt,
    LenientList,
    LenientObject,
    LenientStr,
    OddValue,
    SentRecord,
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


class Account(SentRecord):
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


class Email(WireModel):
    email: LenientStr = None
    canceled_at: LenientInstant = None


class PhoneNumber(WireModel):
    number: LenientStr = None
    canceled_at: LenientInstant = None


class ClientAddress(WireModel):
    address1: LenientStr = None
    address2: LenientStr = None
    city: LenientStr = None
    state: LenientStr = None
    zip: LenientStr = None
    country_code: LenientStr = None
    canceled_at: LenientInstant = None


class Client(WireModel):
    id: LenientId = None
    fullname: LenientStr = None
    firstname: LenientStr = None
    lastname: LenientStr = None
    company: LenientStr = None
    notes: LenientStr = None
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
    links: Links = Field(default_factory=dict)
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


class Payment(WireModel):
    """Money paid or to be paid. Amounts are whole cents (BookingSync documentation, Payments)."""

    id: Identity
    amount_in_cents: LenientInt = None
    currency: LenientStr = None
    kind: LenientStr = None
    paid_at: LenientInstant = None
    canceled_at: LenientInstant = None
    rejected_at: LenientInstant = None


class BookingComment(WireModel):
    id: Identity
    content: LenientStr = None
    created_at: LenientInstant = None


class Tag(WireModel):
    name: Translations = Field(default_factory=dict)


class Booking(Record, SentRecord):
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
    downpayment: LenientDecimal = None
    commission: LenientDecimal = None
    damage_deposit: LenientDecimal = None
    balance_due_at: LenientInstant = None
    tentative_expires_at: LenientInstant = None
    cancelation_reason: LenientStr = None
    door_key_code: LenientStr = None
    imported: LenientBool = None
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
    payments: LenientList[Payment] = None
    booking_comments: LenientList[BookingComment] = None
    bookings_tags: LenientList[Tag] = None


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
    taxable_type: LenientStr = None
    taxable_id: LenientId = None
    percentage: LenientDecimal = None
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


class SearchResult(Record, SentRecord):
    """A rental that may be booked for the dates asked for, and at which price."""

    currency: LenientStr = None
    initial_price: LenientDecimal = None
    final_price: LenientDecimal = None
    price_to_pay_now: LenientDecimal = None
    damage_deposit: LenientDecimal = None
    price_details: LenientObject[PriceBreakdown] = None
