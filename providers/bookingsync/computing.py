"""A price computed from rate map, rules, fees and taxes, for applications that BookingSync's search does not serve.

Source: BookingSync documentation, Rentals search and the guide on pricing concepts. A computed price never says that
a stay can be booked: rules that only BookingSync applies may forbid it. It says so where the maps prove that it cannot.

Limits: an application's own price increase is unknown to it; amounts of per cents are rounded half up to the currency's
smallest unit; two rules that both change the rent, seasons, periods that hold for a part of the stay, and prices of 31
nights and more (where the rental has its own for those) are refused.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import Never

from providers.bookingsync.day_rows import day_rows
from providers.bookingsync.fee_amounts import FeeTerms, applying_taxes, fee_amount, is_due, rounded
from providers.bookingsync.night_rates import map_rates, wants_periods
from providers.bookingsync.price_rules import Rent, change_of_rent
from providers.bookingsync.quotes import Stay, unpriced
from providers.bookingsync.setting_reads import Taxes
from providers.bookingsync.setting_records import AppliedTax, PricedRental, RatesRule, RentalsFee, TaxRule
from providers.bookingsync.texts import best_text
from providers.bookingsync.wishes import fee_component, tax_parts
from providers.errors import NotSupported
from providers.model import (
    CalendarDay,
    DayStatus,
    FinanceLineType,
    Money,
    PriceComponent,
    PriceDetails,
    PriceSource,
    PriceStep,
    money,
)
from providers.queries import Days, QuoteRequest

_TAKEN = frozenset({DayStatus.RESERVED, DayStatus.PENDING, DayStatus.BLOCKED, DayStatus.NOT_SELLABLE})
_MID_TERM = 31
_TEN = Decimal(10)


@dataclass(slots=True)
class _Sum:
    """What a price is made of so far."""

    currency: str
    components: list[PriceComponent] = field(default_factory=list)
    steps: list[PriceStep] = field(default_factory=list)


def computed_price(
    request: QuoteRequest, rental: PricedRental, taxes: Taxes, rules: Sequence[TaxRule], account_id: str, at: datetime
) -> PriceDetails:
    """The price of a stay as of ``at``. Raises ``NotSupported`` where it would be a guess."""
    stay = Stay.of(request)
    currency = (rental.currency or request.currency or "").upper()
    if not currency:
        raise NotSupported("This listing has no currency, so no price of it can be computed.")
    price = unpriced(request, account_id, PriceSource.COMPUTED, at)
    rows = _rows(rental, stay)
    if _is_closed(rows, stay):
        price.bookable, price.steps = False, []
        return price
    found = _Sum(currency)
    rent = _add_rent(found, rental, Rent(nights=_nights(rows), stay=stay, today=at.date()))
    _add_taxes(found, applying_taxes(taxes.on_rent.get(rental.id, ()), rules, stay), rent)
    for fee in _required(rental, stay):
        _add_fee(found, fee, rent, stay)
        _add_taxes(found, applying_taxes(taxes.on_fee.get(fee.link("fee") or "", ()), rules, stay), _last(found))
    price.components, price.steps = found.components, found.steps
    price.total = Money(amount=sum((step.amount for step in found.steps), Decimal(0)), currency=currency)
    price.damage_deposit = money(rental.damage_deposit, currency)
    return price


def _rows(rental: PricedRental, stay: Stay) -> list[CalendarDay]:
    """The days of the stay, that of departure included. Raises ``NotSupported`` where the maps do not tell them."""
    if stay.nights >= _MID_TERM and rental.mid_term_pricing_active:
        raise NotSupported("Prices of 31 nights and more are other ones at this listing; they cannot be computed.")
    days = Days(stay.arrival, stay.departure + timedelta(days=1))
    rates = None if wants_periods(rental) else map_rates(rental, days)
    if rates is None:
        raise NotSupported("The nightly rates of this listing cannot be read, so no price of it can be computed.")
    rows = list(day_rows(rental, rates, days))
    if any(row.status is DayStatus.UNKNOWN for row in rows[:-1]):
        raise NotSupported("BookingSync does not tell of every night of this stay, so its price cannot be computed.")
    return rows


def _is_closed(rows: Sequence[CalendarDay], stay: Stay) -> bool:
    first, last = rows[0], rows[-1]
    too_short = first.minimum_stay is not None and stay.nights < first.minimum_stay
    taken = any(row.status in _TAKEN for row in rows[:-1])
    return taken or too_short or bool(first.closed_to_arrival) or bool(last.closed_to_departure)


def _nights(rows: Sequence[CalendarDay]) -> dict[date, Decimal]:
    return {row.date: row.price for row in rows[:-1] if row.price is not None}


def _add_rent(found: _Sum, rental: PricedRental, rent: Rent) -> Decimal:
    """The rent after rules and rounding."""
    offers = rental.special_offers if rental.special_offers is not None else _none_linked(rental, "special_offers")
    steps = [PriceStep(text=f"{len(rent.nights)} nights from the nightly rate map", amount=rent.total)]
    change = change_of_rent(rent, _rules(rental), offers)
    if change is not None:
        steps.append(PriceStep(text=change.text, amount=rounded(change.amount, found.currency)))
    total = sum((step.amount for step in steps), Decimal(0))
    final = rounded_rent(total, rental.rounding_kind)
    if final != total:
        steps.append(PriceStep(text=f"Rounded, {rental.rounding_kind}", amount=final - total))
    found.steps += steps
    found.components.append(
        PriceComponent(
            type=FinanceLineType.RENT,
            name="rent",
            amount=Money(amount=final, currency=found.currency),
            included_in_total=True,
            mandatory=True,
        )
    )
    return final


def rounded_rent(amount: Decimal, kind: str | None) -> Decimal:
    """A rent rounded as the rental says. The documentation has an example for each kind and no rule: 362 becomes
    370 (``closest-exact``) or 369 (``closest-marketing``). Raises ``NotSupported`` for a kind it does not have.
    """
    if kind is None or kind == "no-rounding":
        return amount
    if kind == "round-up":
        return amount.to_integral_value(ROUND_CEILING)
    if kind == "closest-exact":
        return (amount / _TEN).to_integral_value(ROUND_CEILING) * _TEN
    if kind == "closest-marketing":
        return ((amount + 1) / _TEN).to_integral_value(ROUND_CEILING) * _TEN - 1
    raise NotSupported(f"Rents of this listing are rounded as {kind}; that cannot be computed.")


def _rules(rental: PricedRental) -> Sequence[RatesRule]:
    if rental.link("rates_table") is None:
        return ()
    table = rental.rates_table
    if table is None or (table.rates_rules is None and table.links.get("rates_rules") != []):
        raise NotSupported("The price rules of this listing cannot be read, so no price of it can be computed.")
    return table.rates_rules or ()


def _none_linked(rental: PricedRental, name: str) -> Sequence[Never]:
    """Nothing, where the rental says that it has none. Raises ``NotSupported`` where it has some, or does not say."""
    if rental.links.get(name) != []:
        raise NotSupported(f"The {name} of this listing cannot be read, so no price of it can be computed.")
    return ()


def _required(rental: PricedRental, stay: Stay) -> Iterator[RentalsFee]:
    fees = rental.rentals_fees if rental.rentals_fees is not None else _none_linked(rental, "rentals_fees")
    for fee in fees:
        if fee.required and not fee.archived and is_due(fee, stay):
            yield fee


def _add_fee(found: _Sum, fee: RentalsFee, rent: Decimal, stay: Stay) -> None:
    amount = fee_amount(FeeTerms.of(fee, found.currency), rent, stay, found.currency)
    component = fee_component(fee, amount, found.currency, None)
    found.components.append(component)
    found.steps.append(PriceStep(text=component.title or best_text(fee.name) or "Fee", amount=amount))


def _last(found: _Sum) -> Decimal:
    return found.components[-1].amount.amount


def _add_taxes(found: _Sum, taxes: Sequence[AppliedTax], base: Decimal) -> None:
    for tax in taxes:
        component, steps = tax_parts(tax, base, found.currency)
        found.components.append(component)
        found.steps += steps
