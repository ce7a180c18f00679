"""Bookings (documentation, Bookings): reservations of guests and blocks of the calendar alike."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import ClassVar, Protocol

from providers.bookingsync.simulator import ids
from providers.bookingsync.simulator.booking_parts import (
    Booked,
    bookings_payment_ids,
    comment_ids,
    payment_ids,
    tag_ids,
)
from providers.bookingsync.simulator.fees import CLEANING, LINEN, fee_terms, tax_terms
from providers.bookingsync.simulator.formats import decimal_text, instant, wall_clock
from providers.bookingsync.simulator.rental_records import BALANCE_DUE, DOWNPAYMENT
from providers.bookingsync.simulator.units import Unit, account_wide_id
from providers.bookingsync.simulator.view import Record, View
from providers.simulation.portfolio import Stay, StayKind, rounded

CANCELED = "Canceled"
NIGHT_MARKS = {"Booked": "1", "Tentative": "2", "Unavailable": "3", "Locked": "3"}
"""The availability map's character for a night of a booking with that status."""

LOCK = "doorkeeper/application-17"
HOLD = timedelta(days=5)
CENT = Decimal("0.01")


class AnyBooking(Protocol):
    """A booking, whether it was there from the beginning or written later."""

    @property
    def id(self) -> int: ...

    @property
    def unit(self) -> Unit: ...

    @property
    def client_id(self) -> int | None: ...

    @property
    def held_until(self) -> datetime | None: ...

    @property
    def start_at(self) -> datetime: ...

    @property
    def end_at(self) -> datetime: ...

    @property
    def arrival(self) -> date: ...

    @property
    def departure(self) -> date: ...

    def status(self, now: datetime) -> str: ...

    def canceled_at(self, now: datetime) -> datetime | None: ...

    def changed_at(self, now: datetime) -> datetime: ...

    def record(self, view: View) -> Record: ...

    def touch(self, at: datetime) -> None: ...


@dataclass(slots=True, kw_only=True, eq=False)
class Booking:
    """A booking. ``start_at`` and ``end_at`` are local wall time labelled UTC.

    ``held_until`` is when a tentative booking ends by itself; ``locked`` marks a block of another application,
    ``broken`` the one whose record cannot be understood while broken records are switched on.
    """

    unit: Unit
    stay: Stay
    client_id: int | None
    source_id: int | None
    held_until: datetime | None
    locked: bool = False
    broken: bool = False
    id: int = field(init=False)
    start_at: datetime = field(init=False)
    end_at: datetime = field(init=False)

    def __post_init__(self) -> None:
        stay = self.stay
        self.id = account_wide_id(ids.BOOKINGS, self.unit.account, stay.number)
        self.start_at = wall_clock(stay.arrival, stay.house.check_in_hour)
        self.end_at = wall_clock(stay.departure, stay.house.check_out_hour)

    @property
    def arrival(self) -> date:
        return self.stay.arrival

    @property
    def departure(self) -> date:
        return self.stay.departure

    @property
    def booked(self) -> Booked:
        """What its parts need of it."""
        return Booked(id=self.id, unit=self.unit, stay=self.stay)

    def status(self, now: datetime) -> str:
        """The word for it: a hold that has run out is cancelled."""
        if self.canceled_at(now) is not None:
            return CANCELED
        if self.held_until is not None:
            return "Tentative"
        if self.stay.kind is StayKind.BLOCKED:
            return "Locked" if self.locked else "Unavailable"
        return "Booked"

    def canceled_at(self, now: datetime) -> datetime | None:
        if self.held_until is not None and self.held_until <= now:
            return self.held_until
        return self.stay.cancelled_at

    def changed_at(self, now: datetime) -> datetime:
        return max(self.stay.updated_at, self.canceled_at(now) or self.stay.updated_at)

    def touch(self, at: datetime) -> None:
        """Nothing about it but the time of its last change is new."""
        self.stay = replace(self.stay, updated_at=at)

    def record(self, view: View) -> Record:
        """The full record, or the reduced one for those who may not read bookings."""
        shown = _reduced(self, view)
        if not view.grant.holds("bookings_read"):
            return shown
        return {
            **shown,
            "links": _links(self),
            "booked": self.held_until is None and self.stay.kind is not StayKind.BLOCKED,
            "unavailable": self.stay.kind is StayKind.BLOCKED,
            "tentative_expires_at": None if self.held_until is None else instant(self.held_until),
            "locked": LOCK if self.locked else None,
            "owned_by_app": False,
            "canceled_at": _optional(self.canceled_at(view.now)),
            "created_at": instant(self.stay.booked_at),
            "contract_updated_at": None,
            "cancelation_reason": None if self.canceled_at(view.now) is None else "payment_failed",
            "door_key_code": f"{self.stay.number * 7919 % 10000:04d}" if self.stay.number % 4 == 0 else None,
            "imported": self.stay.channel != "direct",
            **_party(self.stay),
            **_money(self),
        }


def fee_lines(booking: Booking) -> Iterator["FeeLine"]:
    """The fees of a booking: cleaning counts towards the price, linen paid at the house does not."""
    stay = booking.stay
    if stay.kind is StayKind.BLOCKED:
        return
    if stay.cleaning_fee > 0:
        yield FeeLine(booking, 0, CLEANING, "Cleaning", stay.cleaning_fee, 1, included=True)
    if stay.number % 6 == 0:
        linen = next(terms.rate for terms in fee_terms(booking.unit) if terms.part == LINEN)
        yield FeeLine(booking, 1, LINEN, "Bed linen", linen, stay.adults, included=False)


def tax_lines(booking: Booking) -> Iterator["TaxLine"]:
    """The taxes on a booking's rent."""
    rent = booking.stay.rent
    if booking.stay.kind is StayKind.BLOCKED:
        return
    for terms in tax_terms(booking.unit):
        inside = rounded(rent * terms.percentage / (100 + terms.percentage), booking.stay.house.town.currency)
        yield TaxLine(
            booking,
            terms.part,
            terms.tax_id,
            terms.name,
            terms.percentage,
            inside if terms.included else booking.stay.tax,
            included=terms.included,
        )


@dataclass(frozen=True, slots=True)
class _Line:
    """Number ``line`` of a booking's fees or taxes."""

    booking: Booking
    line: int
    kind: ClassVar[int]

    @property
    def id(self) -> int:
        return account_wide_id(self.kind, self.unit.account, self.booking.stay.number * 2 + self.line)

    @property
    def unit(self) -> Unit:
        return self.booking.unit

    def changed_at(self, now: datetime) -> datetime:
        return self.booking.stay.updated_at


@dataclass(frozen=True, slots=True)
class FeeLine(_Line):
    """A fee of a booking. ``included``: it is part of the booking's final price."""

    part: int
    name: str
    price: Decimal
    times: int
    included: bool

    kind = ids.BOOKINGS_FEES

    def record(self, view: View) -> Record:
        # Bookings of channels bring fees that the rental does not know.
        own = self.booking.stay.channel == "direct"
        return {
            "links": {
                "account": self.unit.account_id,
                "booking": self.booking.id,
                "fee": self.unit.part_id(ids.FEES, self.part) if own else None,
                "rentals_fee": self.unit.part_id(ids.RENTALS_FEES, self.part) if own else None,
                "bookings_taxes": [],
            },
            "id": self.id,
            "name": {"en": self.name},
            "price": decimal_text(self.price),
            "times_booked": self.times,
            "required": self.included if own else None,
            "included_in_price": self.included,
            "created_at": instant(self.booking.stay.booked_at),
            "updated_at": instant(self.booking.stay.updated_at),
        }


@dataclass(frozen=True, slots=True)
class TaxLine(_Line):
    """A tax on a booking's rent. ``included``: it is inside of the rent already."""

    tax_id: int
    name: str
    percentage: Decimal
    amount: Decimal
    included: bool

    kind = ids.BOOKINGS_TAXES

    def record(self, view: View) -> Record:
        return {
            "links": {
                "account": self.unit.account_id,
                "booking": self.booking.id,
                "tax": self.tax_id,
                "taxable": {"id": self.unit.id, "type": "Rental"},
            },
            "id": self.id,
            "name": {"en": self.name},
            "percentage": decimal_text(self.percentage),
            "amount": decimal_text(self.amount),
            "tax_included_in_price": self.included,
            "created_at": instant(self.booking.stay.booked_at),
            "updated_at": instant(self.booking.stay.updated_at),
        }


def marks(bookings: Sequence[AnyBooking], first_day: int, days: int, now: datetime) -> str:
    """One availability character for each of ``days`` nights from the day with the ordinal ``first_day`` on."""
    nights = bytearray(b"0" * days)
    for booking in bookings:
        status = booking.status(now)
        if status == CANCELED:
            continue
        start = max(0, booking.arrival.toordinal() - first_day)
        end = min(days, booking.departure.toordinal() - first_day)
        if start < end:
            nights[start:end] = NIGHT_MARKS[status].encode() * (end - start)
    return nights.decode()


def _reduced(booking: Booking, view: View) -> Record:
    broken = booking.broken and view.oddities.broken_records
    return {
        "links": {
            "account": booking.unit.account_id,
            "rental": booking.unit.id,
            "bookings_tags": [],
            "rentals_tags": [],
            "discount_code_usage": None,
        },
        "id": booking.id,
        "start_at": "soon" if broken else instant(booking.start_at),
        "end_at": instant(booking.end_at),
        "status": booking.status(view.now),
        "updated_at": instant(booking.changed_at(view.now)),
        "reference": booking.stay.reference[:6],
    }


def _links(booking: Booking) -> Record:
    return {
        "account": booking.unit.account_id,
        "rental": booking.unit.id,
        "client": booking.client_id,
        "source": booking.source_id,
        "rental_agreement": None,
        "inquiry": None,
        "booking_comments": comment_ids(booking.booked),
        "bookings_fees": [line.id for line in fee_lines(booking)],
        "bookings_taxes": [line.id for line in tax_lines(booking)],
        "payments": payment_ids(booking.booked),
        "bookings_payments": bookings_payment_ids(booking.booked),
        "bookings_tags": tag_ids(booking.booked),
        "rentals_tags": [],
        "discount_code_usage": None,
    }


def _party(stay: Stay) -> Record:
    children = stay.children + stay.infants
    guests = stay.guest is not None
    return {
        "adults": stay.adults if guests else None,
        "children": children if guests and (children or stay.number % 2) else None,
        "notes": stay.note if stay.note is not None or stay.number % 3 == 0 else "",
        "expected_checkin_time": "14:30" if stay.number % 5 == 0 else "",
        "expected_checkout_time": None,
        "external_reference": None if stay.channel == "direct" else f"HM{stay.reference}",
        "payment_url": None,
        "review_requests_count": 0,
        "bookings_payments_count": int(stay.paid > 0),
    }


def _money(booking: Booking) -> Record:
    stay = booking.stay
    if stay.kind is StayKind.BLOCKED:
        return {**_NO_MONEY, "currency": booking.unit.currency}
    initial, discount = _before_discount(stay)
    return {
        "currency": booking.unit.currency,
        "initial_price": decimal_text(initial),
        "initial_rental_price": decimal_text(initial),
        "discount": discount,
        "final_rental_price": decimal_text(stay.rent),
        "final_price": decimal_text(stay.total),
        "channel_price": None if stay.channel == "direct" else decimal_text(stay.total),
        "downpayment": decimal_text((stay.total * DOWNPAYMENT / 100).quantize(CENT, ROUND_HALF_UP)),
        "paid_amount": decimal_text(stay.paid),
        "payment_left_to_collect": decimal_text(stay.total - stay.paid),
        "damage_deposit": decimal_text(stay.house.damage_deposit),
        "charge_damage_deposit_on_arrival": True,
        "balance_due_at": instant(max(booking.start_at - timedelta(days=BALANCE_DUE), stay.booked_at)),
        "commission": None if stay.channel == "direct" else decimal_text((stay.rent / 10).quantize(CENT)),
        "rental_payback_to_owner": None,
        "final_payback_to_owner": "0.0",
    }


_NO_MONEY: Record = {
    "initial_price": None,
    "initial_rental_price": None,
    "discount": None,
    "final_rental_price": "0.0",
    "final_price": None,
    "channel_price": None,
    "downpayment": None,
    "paid_amount": "0.0",
    "payment_left_to_collect": "0.0",
    "damage_deposit": "0.0",
    "charge_damage_deposit_on_arrival": True,
    "balance_due_at": None,
    "commission": None,
    "rental_payback_to_owner": None,
    "final_payback_to_owner": "0.0",
}


def _before_discount(stay: Stay) -> tuple[Decimal, str | None]:
    """The rent before the discount that some direct guests got, and the discount as it was typed in."""
    if stay.channel != "direct" or stay.number % 4 == 0:
        return stay.rent, None if stay.number % 2 else ""
    if stay.number % 4 == 1:
        return (stay.rent / Decimal("0.9")).quantize(CENT, ROUND_HALF_UP), "10%"
    return stay.rent + 25, "25"


def _optional(moment: datetime | None) -> str | None:
    return None if moment is None else instant(moment)
