"""Changing the money of a booking that is there: its rent, discount and fees. Its taxes can be written once only."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from providers.bookingsync.booking_money import NOTHING, FeeLine, Priced, amount_of, fee_line, take, text
from providers.bookingsync.texts import best_text
from providers.bookingsync.wire import Booking, BookingsFee
from providers.changes import (
    OMITTED,
    ChangeRefused,
    FinanceLineChange,
    Problem,
    ProblemKind,
    ReservationChange,
    or_none,
    refused,
)
from providers.model import FinanceLineType

_TAX_ONCE = "BookingSync takes taxes only when a booking is made."


@dataclass(slots=True, kw_only=True)
class MoneyChange:
    """``attributes`` of the booking to send, fees to add and fees to strike out by their ids, in this order.

    BookingSync moves ``final_price`` by what each fee costs, so that the one in ``attributes`` leads to ``total`` once
    all fees are done: at every moment it is the sum of the lines that are there. What stays is not sent again: a
    discount in per cent would become an amount. ``names_total``: the change itself says what the total is to be.
    """

    attributes: dict[str, Any] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    added: list[FeeLine] = field(default_factory=list)
    total: Decimal | None = None
    names_total: bool = False
    warnings: list[str] = field(default_factory=list)


def money_change(booking: Booking, change: ReservationChange) -> MoneyChange:
    """What ``change`` means for the money of ``booking``. Raises ``ChangeRefused``."""
    lines, total = or_none(change.finance_lines), or_none(change.total)
    if not lines and total is None:
        return MoneyChange()
    for name in ("bookings_fees", "bookings_taxes"):
        if getattr(booking, name) is None and booking.link_list(name):
            raise refused(ProblemKind.REFUSED, "BookingSync does not show all fees and taxes of this booking.")
    fees = {fee.id: fee for fee in booking.bookings_fees or () if fee.id is not None and fee.canceled_at is None}
    made, new = MoneyChange(), Priced()
    struck_out: set[FinanceLineType] = set()
    problems: list[Problem] = []
    for index, line in enumerate(lines or ()):
        at = ("finance_lines", index)
        if (line_id := or_none(line.provider_id)) is not None:
            problems += _changed(made, fees, booking, line, line_id, at)
        elif line.deleted is True and line.type in (FinanceLineType.RENT, FinanceLineType.DISCOUNT):
            struck_out.add(line.type)
        elif line.type is FinanceLineType.TAX:
            problems.append(Problem(kind=ProblemKind.NOT_SUPPORTED, message=_TAX_ONCE, field=(*at, "type")))
        else:
            problems += take(new, line, at)
    if problems:
        raise ChangeRefused(*problems)
    made.added += new.fees
    made.warnings = new.warnings
    return _settled(made, new, booking, total, struck_out, fees)


def _settled(
    made: MoneyChange,
    new: Priced,
    booking: Booking,
    total: Decimal | None,
    struck_out: set[FinanceLineType],
    fees: dict[str, BookingsFee],
) -> MoneyChange:
    """The rent, the discount and the total that follow from all lines."""
    before = _rent(booking)
    rent = NOTHING if FinanceLineType.RENT in struck_out else new.initial if new.initial is not None else before
    cut = FinanceLineType.DISCOUNT in struck_out or bool(new.discount)
    discount = new.discount if cut else _discount(booking)
    added = sum((fee.cost for fee in made.added), NOTHING)
    removed = sum((_cost(fees[each]) for each in made.removed), NOTHING)
    on_top = sum((_cost(fee) for fee in fees.values()), NOTHING) + _taxes(booking) + added - removed
    if total is not None and (new.initial is None and FinanceLineType.RENT not in struck_out):
        rent = total - on_top + discount
    for name, amount in (("damage_deposit", new.deposit), ("commission", new.commission)):
        if amount is not None:
            made.attributes[name] = text(amount)
    if rent is None:
        return made
    made.total = rent - discount + on_top
    if total is not None and total != made.total:
        said = f"It is not the sum of the lines, {text(made.total)}. BookingSync keeps no total of its own."
        raise refused(ProblemKind.INVALID, said, "total")
    if rent < discount or rent < 0:
        said = "The rent must be 0 or more, and the discount no more than it."
        raise refused(ProblemKind.OUT_OF_RANGE, said, "finance_lines" if total is None else "total")
    made.names_total = total is not None
    attributes = {} if rent == before else {"initial_price": text(rent)}
    if rent != before or discount != _discount(booking):
        attributes["discount"] = text(discount) if discount else ""
    begun = made.total - added + removed
    if attributes or (made.names_total and begun != booking.final_price):
        attributes["final_price"] = text(begun)
    made.attributes |= attributes
    return made


def _changed(
    made: MoneyChange,
    fees: dict[str, BookingsFee],
    booking: Booking,
    line: FinanceLineChange,
    line_id: str,
    at: tuple[str | int, ...],
) -> Iterator[Problem]:
    """A fee is changed by striking it out and adding it anew: BookingSync has no other way."""
    if line_id not in fees:
        if any(tax.id == line_id for tax in booking.bookings_taxes or ()):
            yield Problem(kind=ProblemKind.NOT_SUPPORTED, message=_TAX_ONCE, field=(*at, "provider_id"))
        else:
            said = "This booking has no such line."
            yield Problem(kind=ProblemKind.NOT_FOUND, message=said, field=(*at, "provider_id"))
        return
    made.removed.append(line_id)
    if line.deleted is True:
        return
    if line.included_in_total is False:
        said = "BookingSync counts every fee of a booking in its total."
        yield Problem(kind=ProblemKind.NOT_SUPPORTED, message=said, field=(*at, "included_in_total"))
    merged = _merged(fees[line_id], line)
    amount = amount_of(merged)
    if amount is None or amount < 0:
        yield Problem(kind=ProblemKind.OUT_OF_RANGE, message="A fee is 0 or more.", field=(*at, "amount"))
        return
    made.added.append(fee_line(merged, amount))


def _merged(fee: BookingsFee, line: FinanceLineChange) -> FinanceLineChange:
    """The fee as the line wants it."""
    priced = or_none(line.amount) is not None
    unit = or_none(line.unit_amount)
    quantity = or_none(line.quantity)
    return FinanceLineChange(
        type=FinanceLineType.FEE,
        amount=line.amount if priced else OMITTED,
        unit_amount=unit if unit is not None or priced else fee.price,
        quantity=quantity if quantity is not None else fee.times_booked,
        title=or_none(line.title) or best_text(fee.name),
        setting_id=or_none(line.setting_id) or _setting(fee),
    )


def _setting(fee: BookingsFee) -> str | None:
    found = fee.links.get("rentals_fee")
    return str(found) if isinstance(found, int | str) and found else None


def _cost(fee: BookingsFee) -> Decimal:
    if fee.included_in_price is False or fee.price is None:
        return NOTHING
    return fee.price * (Decimal(1) if fee.times_booked is None else fee.times_booked)


def _taxes(booking: Booking) -> Decimal:
    on_top = (tax.amount for tax in booking.bookings_taxes or () if tax.tax_included_in_price is not True)
    return sum((amount for amount in on_top if amount is not None), NOTHING)


def _rent(booking: Booking) -> Decimal | None:
    """The rent before discount; None where the booking has no price."""
    if booking.initial_price is not None:
        return booking.initial_price
    return (
        booking.initial_rental_price if booking.initial_rental_price is not None else booking.final_rental_price or None
    )


def _discount(booking: Booking) -> Decimal:
    """What the discount takes off, in money."""
    before, after = _rent(booking), booking.final_rental_price
    return before - after if before is not None and after is not None and after < before else NOTHING
