"""Prices of bookings that are written: BookingSync computes none.

The caller names the rent, the discount, the fees and the taxes, and the total that they come to: ``final_price`` is the
rent after discount, and the fees, and the taxes that are in no price already (BookingSync documentation, Bookings,
Create).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from providers.bookingsync.sending import sent_id
from providers.changes import ChangeRefused, FinanceLineChange, Problem, ProblemKind, or_none, refused
from providers.model import FinanceLineType

NOTHING = Decimal(0)
_RENTS = frozenset({FinanceLineType.RENT, FinanceLineType.MARKUP})


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeLine:
    """A fee of a booking: ``price`` for each of ``times``."""

    price: Decimal
    times: int
    name: str | None
    setting_id: str | None

    @property
    def cost(self) -> Decimal:
        return self.price * self.times

    def on_create(self) -> dict[str, Any]:
        """As it is written with a new booking: all values as text, as BookingSync's sample has them."""
        body: dict[str, Any] = {"price": text(self.price), "times_booked": str(self.times)}
        if self.setting_id is not None:
            body["rentals_fee_id"] = self.setting_id
        if self.name is not None:
            body["name"] = self.name
        return body

    def on_add(self) -> dict[str, Any]:
        """As it is added to a booking that is there: amounts as JSON numbers, as BookingSync's sample has them."""
        body: dict[str, Any] = {"price": self.price, "times_booked": self.times}
        if self.setting_id is not None:
            body["rentals_fee_id"] = sent_id(self.setting_id)
        if self.name is not None:
            body["name_en"] = self.name
        return body


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxLine:
    """A tax of a booking. ``included``: the price that is taxed holds it already, so that it adds nothing."""

    amount: Decimal
    percentage: Decimal | None
    name: str
    setting_id: str | None
    included: bool
    taxable_type: str | None = None
    taxable_id: str | None = None

    def on_create(self, rental_id: str) -> dict[str, Any]:
        body: dict[str, Any] = {
            "taxable_type": self.taxable_type or "Rental",
            "taxable_id": self.taxable_id or rental_id,
            "amount": text(self.amount),
            "included": self.included,
            "name": self.name,
        }
        if self.percentage is not None:
            body["percentage"] = text(self.percentage)
        if self.setting_id is not None:
            body["tax_id"] = self.setting_id
        return body


@dataclass(slots=True, kw_only=True)
class Priced:
    """The money of a booking that is made. ``initial`` is the rent before ``discount``; None: no price is known."""

    initial: Decimal | None = None
    discount: Decimal = NOTHING
    fees: list[FeeLine] = field(default_factory=list)
    taxes: list[TaxLine] = field(default_factory=list)
    deposit: Decimal | None = None
    commission: Decimal | None = None
    warnings: list[str] = field(default_factory=list)

    @property
    def extras(self) -> Decimal:
        """What comes on top of the rent."""
        taxes = (tax.amount for tax in self.taxes if not tax.included)
        return sum((fee.cost for fee in self.fees), NOTHING) + sum(taxes, NOTHING)

    @property
    def total(self) -> Decimal:
        return (self.initial or NOTHING) - self.discount + self.extras

    def attributes(self) -> dict[str, Any]:
        """The amounts of the booking itself, without its fees and taxes."""
        body: dict[str, Any] = {"initial_price": text(self.initial or NOTHING), "final_price": text(self.total)}
        if self.discount:
            body["discount"] = text(self.discount)
        if self.deposit is not None:
            body["damage_deposit"] = text(self.deposit)
        if self.commission is not None:
            body["commission"] = text(self.commission)
        return body


def text(amount: Decimal) -> str:
    """A decimal as BookingSync takes it, without exponent."""
    return f"{amount:f}"


def priced(lines: Sequence[FinanceLineChange] | None, total: Decimal | None) -> Priced | None:
    """What a new booking costs; None where nothing was said. Raises ``ChangeRefused``.

    Without lines all of ``total`` is rent; without a line of rent the rest of ``total`` is.
    """
    if lines is None and total is None:
        return None
    money = Priced()
    problems: list[Problem] = []
    has_rent = False
    for index, line in enumerate(lines or ()):
        has_rent = has_rent or or_none(line.type) in _RENTS
        problems += take(money, line, ("finance_lines", index))
    if problems:
        raise ChangeRefused(*problems)
    if not has_rent and total is not None:
        money.initial = total - money.total
    if total is not None and money.total != total:
        said = f"It is not the sum of financeLines, {text(money.total)}. BookingSync keeps no total of its own."
        raise refused(ProblemKind.INVALID, said, "total")
    if (money.initial or NOTHING) < money.discount:
        said = "The rent before discount must be 0 or more, and the discount no more than it."
        raise refused(ProblemKind.OUT_OF_RANGE, said, "total" if lines is None else "finance_lines")
    return money


def take(money: Priced, line: FinanceLineChange, at: tuple[str | int, ...]) -> Iterator[Problem]:
    """Put a line into the money; what is wrong with it is told."""
    if line.deleted is True or line.type is FinanceLineType.TOTAL:
        return
    kind = or_none(line.type)
    amount = amount_of(line)
    if kind is None or amount is None:
        yield Problem(
            kind=ProblemKind.REQUIRED, message="A new line needs it.", field=(*at, "amount" if kind else "type")
        )
        return
    counted = line.included_in_total is not False
    match kind:
        case FinanceLineType.TAX:
            money.taxes.append(tax_line(line, amount, counted=counted))
        case FinanceLineType.DEPOSIT if not counted:
            money.deposit = (money.deposit or NOTHING) + amount
        case FinanceLineType.COMMISSION if not counted:
            money.commission = (money.commission or NOTHING) + abs(amount)
        case FinanceLineType.DEPOSIT | FinanceLineType.COMMISSION:
            said = "BookingSync counts no deposit and no commission in a total."
            yield Problem(kind=ProblemKind.NOT_SUPPORTED, message=said, field=(*at, "included_in_total"))
        case _ if not counted:
            money.warnings.append(
                f"Line {at[-1]} of financeLines is outside the total: BookingSync keeps no such line, it was left out."
            )
        case _ if kind in _RENTS:
            money.initial = (money.initial or NOTHING) + amount
        case _ if kind is FinanceLineType.DISCOUNT or amount < 0:
            yield from _reduce(money, amount, kind, at)
        case _:
            money.fees.append(fee_line(line, amount))


def _reduce(money: Priced, amount: Decimal, kind: FinanceLineType, at: tuple[str | int, ...]) -> Iterator[Problem]:
    if amount > 0:
        yield Problem(kind=ProblemKind.OUT_OF_RANGE, message="A discount is negative.", field=(*at, "amount"))
    elif kind is FinanceLineType.FEE:
        yield Problem(kind=ProblemKind.OUT_OF_RANGE, message="A fee is 0 or more.", field=(*at, "amount"))
    else:
        money.discount -= amount


def amount_of(line: FinanceLineChange) -> Decimal | None:
    """What a line comes to: as said, else units times their price."""
    amount, unit = or_none(line.amount), or_none(line.unit_amount)
    if amount is None and unit is not None:
        quantity = or_none(line.quantity)
        return unit * (Decimal(1) if quantity is None else quantity)
    return amount


def fee_line(line: FinanceLineChange, amount: Decimal) -> FeeLine:
    """A fee that comes to ``amount`` exactly: several times its unit where that gives the same, else once."""
    quantity = or_none(line.quantity)
    price, times = amount, 1
    if quantity is not None and quantity >= 1 and quantity == quantity.to_integral_value():
        unit = or_none(line.unit_amount)
        unit = (amount / quantity).quantize(Decimal("0.01")) if unit is None else unit
        if unit * quantity == amount:
            price, times = unit, int(quantity)
    setting = or_none(line.setting_id)
    name = _label(line)
    if name is None and setting is None:
        name = "Fee"
    return FeeLine(price=price, times=times, name=name, setting_id=setting)


def tax_line(line: FinanceLineChange, amount: Decimal, *, counted: bool) -> TaxLine:
    """A tax that the total counts is one that no price includes. What a quote said of it is written as it was."""
    quoted = or_none(line.booked_with) or {}
    percentage = or_none(line.percentage)
    if percentage is None and "percentage" in quoted:
        percentage = Decimal(quoted["percentage"])
    return TaxLine(
        amount=amount,
        percentage=percentage,
        name=_label(line) or "Tax",
        setting_id=or_none(line.setting_id),
        included=not counted,
        taxable_type=quoted.get("taxable_type"),
        taxable_id=quoted.get("taxable_id"),
    )


def tax_terms(taxable_type: str | None, taxable_id: str | None, percentage: Decimal | None) -> dict[str, str]:
    """What a quoted tax is charged on and by how much, for the booking that is made of the quote."""
    terms = {"percentage": text(percentage)} if percentage is not None else {}
    if taxable_type is not None and taxable_id is not None:
        terms |= {"taxable_type": taxable_type, "taxable_id": taxable_id}
    return terms


def _label(line: FinanceLineChange) -> str | None:
    title, machine = or_none(line.title), or_none(line.name)
    return title or machine
