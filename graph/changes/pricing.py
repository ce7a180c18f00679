"""A quote as the money of a reservation, and whether it is still what the guest agreed to."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal

from providers.changes import OMITTED, FinanceLineChange
from providers.model import FinanceLineType, PriceComponent, PriceDetails, PriceSource, smallest_unit

_ZERO = Decimal(0)
_EXACT = Context(prec=200, rounding=ROUND_HALF_UP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """How far a price may be from the agreed one: ``amount``, or ``percentage`` of the agreed one, the larger."""

    amount: Decimal = _ZERO
    percentage: Decimal = _ZERO

    def allows(self, agreed: Decimal, now: Decimal) -> bool:
        """Whether a price may be taken for the agreed one, be it lower or higher."""
        share = _EXACT.multiply(abs(agreed), self.percentage).scaleb(-2, _EXACT)
        return abs(_EXACT.subtract(now, agreed)) <= max(self.amount, share)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """A quote as the money of a reservation: the lines that the total counts add up to it, to the smallest unit.

    ``priced_by_us`` says that the PMS did not name this total.
    """

    currency: str
    total: Decimal
    lines: Sequence[FinanceLineChange]
    priced_by_us: bool


def bill_of(price: PriceDetails) -> Bill | None:
    """What a quote makes of a reservation; None if it names no total.

    Every component becomes a line; amounts finer than the currency are rounded so that their sum stays right: each by
    less than one smallest unit. What no component explains becomes a line of its own.
    """
    if price.total is None:
        return None
    currency, unit = price.total.currency, smallest_unit(price.total.currency)
    total = _EXACT.quantize(price.total.amount, unit)
    counted = [each for each in price.components if _counts(each, currency)]
    amounts = _rounded([each.amount.amount for each in counted], unit)
    lines = []
    by_component = dict(zip(map(id, counted), amounts, strict=True))
    # Amounts of another currency cannot be said in a reservation's.
    for each in [one for one in price.components if one.amount.currency == currency]:
        counts = id(each) in by_component
        amount = by_component[id(each)] if counts else _EXACT.quantize(each.amount.amount, unit)
        lines.append(_line(each, amount, counts=counts))
    if rest := _EXACT.subtract(total, exact_sum(amounts)):
        lines.append(_rest(rest))
    if price.damage_deposit is not None and price.damage_deposit.currency == currency:
        lines.append(_deposit(_EXACT.quantize(price.damage_deposit.amount, unit)))
    by_us = price.source is PriceSource.COMPUTED or price.price_modifications is not None
    return Bill(currency=currency, total=total, lines=tuple(lines), priced_by_us=by_us)


def total_of(lines: Sequence[FinanceLineChange]) -> Decimal:
    """The sum of the lines that the total counts."""
    return exact_sum([each.amount for each in lines if _is_counted(each) and isinstance(each.amount, Decimal)])


def _is_counted(line: FinanceLineChange) -> bool:
    return line.included_in_total is not False and line.deleted is not True


def _counts(component: PriceComponent, currency: str) -> bool:
    return component.included_in_total and not component.deleted and component.amount.currency == currency


def _rounded(amounts: Sequence[Decimal], unit: Decimal) -> list[Decimal]:
    """Amounts in whole units whose sum is that of the exact ones, rounded half up: the largest rests are raised."""
    floors = [_EXACT.quantize(_floor(each, unit), unit) for each in amounts]
    short = _EXACT.subtract(_EXACT.quantize(exact_sum(amounts), unit), exact_sum(floors))
    raised = sorted(range(len(amounts)), key=lambda n: (floors[n] - amounts[n], n))[: int(short / unit)]
    return [each + unit if n in raised else each for n, each in enumerate(floors)]


def _floor(amount: Decimal, unit: Decimal) -> Decimal:
    return amount.quantize(unit, rounding=ROUND_FLOOR, context=_EXACT)


def exact_sum(amounts: Sequence[Decimal]) -> Decimal:
    """The sum, without losing a digit."""
    total = _ZERO
    for each in amounts:
        total = _EXACT.add(total, each)
    return total


def _line(component: PriceComponent, amount: Decimal, *, counts: bool) -> FinanceLineChange:
    return FinanceLineChange(
        type=component.type,
        setting_id=component.provider_id,
        name=component.name,
        title=component.title,
        quantity=component.quantity,
        amount=amount,
        included_in_total=counts,
        mandatory=component.mandatory,
        overridden=component.overridden,
        deleted=component.deleted,
        booked_with=OMITTED if component.booked_with is None else component.booked_with,
    )


def _rest(amount: Decimal) -> FinanceLineChange:
    return FinanceLineChange(
        type=FinanceLineType.OTHER, name="notItemised", title="Not itemised", amount=amount, included_in_total=True
    )


def _deposit(amount: Decimal) -> FinanceLineChange:
    return FinanceLineChange(
        type=FinanceLineType.DEPOSIT,
        name="damageDeposit",
        title="Refundable deposit",
        amount=amount,
        included_in_total=False,
    )
