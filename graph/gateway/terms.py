"""What an account's discount and markups make of what its PMS asks: worked out for each answer, and never kept.

The cache holds what the PMS said. So a change of the terms acts at once and without a call, and tenants that share an
account's records see each their own prices. What was agreed (reservations) and the PMS's own settings (fees, least
prices) stay as they are. ``providers.model.PriceModifications`` says what is taken of what, and why.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from decimal import ROUND_HALF_UP, Context, Decimal
from operator import attrgetter
from typing import Any, NamedTuple

from graph.accounts.accounts import ConnectedAccount
from graph.gateway.keeper import Kept
from graph.gateway.operation import Operation
from graph.gateway.reading import Outcome
from providers.model import (
    Calendar,
    CalendarDay,
    ComponentSource,
    FinanceLineType,
    Listing,
    Money,
    PriceComponent,
    PriceDetails,
    PriceModification,
    PriceModifications,
    PriceStep,
    smallest_unit,
)

_ZERO = Decimal(0)
_ONE = Decimal(1)
_EXACT = Context(prec=200, rounding=ROUND_HALF_UP)
"""Digits enough that no amount which the wire lets in loses one to a percentage."""


_DAY_FIELDS = tuple(each.name for each in fields(CalendarDay))
_read_day = attrgetter(*_DAY_FIELDS)


class _Term(NamedTuple):
    """One percentage: which field of ``PriceModifications`` it fills, and the component that it becomes."""

    name: str
    percentage: Decimal
    sign: int
    type: FinanceLineType
    component: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Percentages of what the PMS asks, none below 0; a discount above 100 would make prices negative."""

    default_discount: Decimal = _ZERO
    markup: Decimal = _ZERO
    distribution_markup: Decimal = _ZERO

    @classmethod
    def of(cls, account: ConnectedAccount, *, imported: bool) -> "Terms":
        """The terms of an account. ``imported``: for a tenant that imported its listings, who pays one markup more."""
        return cls(
            default_discount=account.default_discount_percentage,
            markup=account.markup_percentage,
            distribution_markup=account.distribution_markup_percentage if imported else _ZERO,
        )

    @property
    def change_nothing(self) -> bool:
        return not (self.default_discount or self.markup or self.distribution_markup)

    def price(self, price: PriceDetails) -> PriceDetails:
        """The price of a stay by these terms: the same object where they, or a missing total, change nothing."""
        if self.change_nothing or price.total is None:
            return price
        currency = price.total.currency
        base = _base(price, price.total)
        parts, steps, changes = [], [], {}
        total = price.total.amount
        for term in self._terms():
            value = _value(base, term, smallest_unit(currency))
            total = _EXACT.add(total, value)
            changes[term.name] = PriceModification(percentage=term.percentage, value=value)
            parts.append(_component(term, Money(amount=value, currency=currency)))
            steps.append(PriceStep(text=f"{term.title}, {term.percentage:f} % of {base:f}", amount=value))
        return replace(
            price,
            total=Money(amount=total, currency=currency),
            due_now=None,
            components=[*price.components, *parts],
            original_total=price.total,
            price_modifications=PriceModifications(**changes),
            steps=None if price.steps is None else [*price.steps, *steps],
        )

    def calendar(self, calendar: Calendar) -> Calendar:
        """The calendar with the price of each night by these terms, exact."""
        if self.change_nothing:
            return calendar
        known: dict[Decimal, _Rate] = {}
        return replace(calendar, days=[self._day(day, known) for day in calendar.days])

    def listing(self, listing: Listing) -> Listing:
        """The listing with its base price by these terms, exact."""
        if self.change_nothing or listing.base_price is None:
            return listing
        rate = self._rate(listing.base_price.amount)
        return replace(
            listing,
            base_price=Money(amount=rate.amount, currency=listing.base_price.currency),
            original_base_price=listing.base_price,
            base_price_modifications=rate.modifications,
        )

    def _day(self, day: CalendarDay, known: dict[Decimal, "_Rate"]) -> CalendarDay:
        """``known`` are rates worked out before: many nights cost the same."""
        if day.price is None:
            return day
        rate = known.get(day.price)
        if rate is None:
            rate = known[day.price] = self._rate(day.price)
        # As ``replace`` would, in a quarter of its time: a calendar may have a thousand days.
        values = dict(zip(_DAY_FIELDS, _read_day(day), strict=True))
        values.update(price=rate.amount, original_price=day.price, price_modifications=rate.modifications)
        return CalendarDay(**values)

    def _rate(self, original: Decimal) -> "_Rate":
        amount, changes = original, {}
        for term in self._terms():
            value = _value(max(original, _ZERO), term)
            amount = _EXACT.add(amount, value)
            changes[term.name] = PriceModification(percentage=term.percentage, value=value)
        return _Rate(amount, PriceModifications(**changes))

    def _terms(self) -> Iterator[_Term]:
        """Those that change something."""
        discount, markup = FinanceLineType.DISCOUNT, FinanceLineType.MARKUP
        for term in (
            _Term("default_discount", self.default_discount, -1, discount, "defaultDiscount", "Discount"),
            _Term("markup", self.markup, 1, markup, "markup", "Markup"),
            _Term(
                "distribution_markup", self.distribution_markup, 1, markup, "distributionMarkup", "Distribution markup"
            ),
        ):
            if term.percentage:
                yield term


class _Rate(NamedTuple):
    """A night's or a base price by an account's terms. Shared by all that cost the same."""

    amount: Decimal
    modifications: PriceModifications


def terms_of(account: ConnectedAccount, operation: Operation) -> Terms:
    """The terms under which the operation's tenant sees an account's prices."""
    return Terms.of(account, imported=account.tenant_id != operation.tenant_id)


def changed(outcome: Outcome, change: Callable[[Any], Any]) -> Outcome:
    """The outcome of a read with its value changed; a failure, or nothing found, as it is."""
    if not isinstance(outcome, Kept) or outcome.value is None:
        return outcome
    value = change(outcome.value)
    return outcome if value is outcome.value else replace(outcome, value=value)


def _base(price: PriceDetails, total: Money) -> Decimal:
    """What the percentages of a stay are taken of: never below 0."""
    counted = [each for each in price.components if each.included_in_total and each.amount.currency == total.currency]
    nights = [each for each in counted if each.type in (FinanceLineType.RENT, FinanceLineType.DISCOUNT)]
    if any(each.type is FinanceLineType.RENT for each in nights):
        return max(_sum(nights), _ZERO)
    return max(_EXACT.subtract(total.amount, _sum(counted)), _ZERO)


def _sum(components: list[PriceComponent]) -> Decimal:
    total = _ZERO
    for each in components:
        total = _EXACT.add(total, each.amount.amount)
    return total


def _value(base: Decimal, term: _Term, unit: Decimal | None = None) -> Decimal:
    """What a term adds to ``base``, signed; in whole ``unit`` where one is given, else exact."""
    exact = _EXACT.multiply(base, term.percentage).scaleb(-2, _EXACT)
    share = _without_idle_zeros(exact) if unit is None else _EXACT.quantize(exact, unit)
    return share if term.sign > 0 or not share else _EXACT.minus(share)


def _without_idle_zeros(amount: Decimal) -> Decimal:
    """The same number without zeros at its end behind the point, and without an exponent."""
    plain = amount.normalize(_EXACT)
    return plain if int(plain.as_tuple().exponent) <= 0 else _EXACT.quantize(plain, _ONE)


def _component(term: _Term, amount: Money) -> PriceComponent:
    return PriceComponent(
        type=term.type,
        name=term.component,
        title=term.title,
        amount=amount,
        included_in_total=True,
        mandatory=True,
        source=ComponentSource.ACCOUNT_TERMS,
    )
