"""What a stay costs (documentation, Rentals search, and the guide to pricing concepts)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from providers.bookingsync.simulator.fees import (
    applied_fee_id,
    current_fees,
    current_taxes,
    fee_id,
)
from providers.bookingsync.simulator.formats import decimal_text, instant, number_option
from providers.bookingsync.simulator.maps import SATURDAY
from providers.bookingsync.simulator.price_rules import TAXED_NIGHTS, long_stay_change
from providers.bookingsync.simulator.rental_records import BALANCE_DUE, DOWNPAYMENT
from providers.bookingsync.simulator.stays import AnyBooking, marks
from providers.bookingsync.simulator.terms import FeeTerms, TaxTerms
from providers.bookingsync.simulator.units import MAP_DAYS, Unit
from providers.bookingsync.simulator.view import Record, View
from providers.simulation.portfolio import rounded

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class StayDates:
    """The nights from ``arrival`` up to, and not including, ``departure``."""

    arrival: date
    departure: date

    @property
    def nights(self) -> Sequence[date]:
        count = (self.departure - self.arrival).days
        return [self.arrival + timedelta(days=night) for night in range(count)]


def is_free(bookings: Sequence[AnyBooking], dates: StayDates, view: View, *, tentative_too: bool) -> bool:
    """Whether no booking holds any of the nights; with ``tentative_too`` holds do not count."""
    days = (dates.departure - dates.arrival).days
    nights = marks(bookings, dates.arrival.toordinal(), days, view.now)
    return set(nights) <= ({"0", "2"} if tentative_too else {"0"})


def is_bookable(unit: Unit, dates: StayDates, view: View, started: date) -> bool:
    """Whether rates and rules of the rental allow the stay."""
    today = view.now.date()
    last = unit.rates_from(today, started) + timedelta(days=MAP_DAYS)
    return (
        today <= dates.arrival
        and all(unit.rate(night) > 0 for night in dates.nights)
        and dates.departure <= last
        and len(dates.nights) >= _minimum_stay(unit, dates, view)
        and (not unit.saturdays or dates.arrival.weekday() == dates.departure.weekday() == SATURDAY)
    )


def without_quote(unit: Unit) -> Record:
    """The light record of a rental that nobody asked a price of."""
    return {**_light(unit), "initial_price": None, "final_price": None, "price_to_pay_now": None}


def quote(unit: Unit, dates: StayDates, view: View) -> Record:
    """The light record with the price. Totals are JSON numbers, amounts inside are text.

    final price = rent + required fees + taxes that are not inside of the rent; the damage deposit comes extra.
    """
    currency = unit.house.town.currency
    rent = sum((unit.rate(night) for night in dates.nights), Decimal(0))
    rent += long_stay_change(unit, rent, len(dates.nights))
    fees = [_charged(terms, rent, dates, view) for terms in current_fees(unit) if terms.required]
    taxes = [(terms, _tax_amount(terms, rent, currency)) for terms in _due(unit, len(dates.nights))]
    total = rent + sum((fee.price * fee.quantity for fee in fees), Decimal(0))
    total += sum((amount for terms, amount in taxes if not terms.included), Decimal(0))
    return {
        **_light(unit),
        "initial_price": float(rent),
        "final_price": float(total),
        "price_to_pay_now": float(_due_now(total, dates, view)),
        "damage_deposit": float(unit.house.damage_deposit),
        "taxes": [_tax_line(terms, amount) for terms, amount in taxes],
        "price_details": {
            "taxes": [
                {
                    **_tax_line(terms, amount),
                    "taxable_type": "Rental",
                    "taxable_id": unit.id,
                    "tax_id": terms.tax_id,
                    "included": terms.included,
                }
                for terms, amount in taxes
            ],
            "fees": [_fee_line(unit, fee) for fee in fees],
        },
    }


def _due(unit: Unit, nights: int) -> list[TaxTerms]:
    """The taxes of a stay; those on top are for shorter stays only."""
    return [terms for terms in current_taxes(unit) if terms.included or terms.for_all_stays or nights <= TAXED_NIGHTS]


def _light(unit: Unit) -> Record:
    required = [applied_fee_id(unit, terms) for terms in current_fees(unit) if terms.required]
    return {
        "links": {"rentals_fees": required},
        "id": unit.id,
        "currency": unit.currency,
        "updated_at": instant(unit.house.updated_at),
    }


def _minimum_stay(unit: Unit, dates: StayDates, view: View) -> int:
    if view.readings.minimum_stay_of_every_night:
        return max(unit.minimum_stay(night) for night in dates.nights)
    return unit.minimum_stay(dates.arrival)


def _tax_amount(terms: TaxTerms, rent: Decimal, currency: str) -> Decimal:
    base = 100 + terms.percentage if terms.included else Decimal(100)
    return rounded(rent * terms.percentage / base, currency)


def _tax_line(terms: TaxTerms, amount: Decimal) -> Record:
    return {
        "name": {"en": terms.name},
        "percentage": decimal_text(terms.percentage),
        "amount": decimal_text(amount),
    }


@dataclass(frozen=True, slots=True)
class Charged:
    """A fee of a stay: what it costs, and how often."""

    terms: FeeTerms
    price: Decimal
    quantity: int


def _charged(terms: FeeTerms, rent: Decimal, dates: StayDates, view: View) -> Charged:
    """What a fee comes to for a stay, by its kind (documentation, Fees)."""
    adults, children = number_option(view.options, "adults") or 1, number_option(view.options, "children") or 0
    people = {"person": adults + children, "adult": adults, "child": children}
    times = 1
    for word, count in people.items():
        if f"_per_{word}" in terms.rate_kind:
            times *= count
    if terms.rate_kind.endswith("per_night"):
        times *= len(dates.nights)
    price = terms.rate
    if "percentage" in terms.rate_kind:
        price = (rent * terms.rate / 100).quantize(CENT, ROUND_HALF_UP)
    return Charged(terms, price, times)


def _fee_line(unit: Unit, fee: Charged) -> Record:
    terms = fee.terms
    return {
        "name": {"en": terms.name},
        "required": True,
        "price": decimal_text(fee.price),
        "quantity": fee.quantity,
        "id": fee_id(unit, terms.part) if terms.fee_id is None else terms.fee_id,
        "rentals_fee_id": applied_fee_id(unit, terms),
    }


def _due_now(total: Decimal, dates: StayDates, view: View) -> Decimal:
    """The down payment, or everything once the balance is due."""
    if dates.arrival <= view.now.date() + timedelta(days=BALANCE_DUE):
        return total
    return (total * DOWNPAYMENT / 100).quantize(CENT, ROUND_HALF_UP)
