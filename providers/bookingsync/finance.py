"""What a booking's total is made of."""

from collections.abc import Iterator
from decimal import Decimal

from providers.bookingsync.texts import best_text
from providers.bookingsync.wire import Booking, BookingsFee, BookingsTax
from providers.model import FinanceLine, FinanceLineType, money


def finance_lines(booking: Booking, currency: str | None) -> list[FinanceLine] | None:
    """Rent, discount, fees and taxes in ``currency``; None where BookingSync does not tell them all.

    The lines with ``included_in_total`` add up to ``final_price``: rent after discount, plus fees that are
    included in the price, plus taxes that are not (BookingSync documentation, Bookings).
    ``included_in_price`` of a fee means that the total counts it; ``tax_included_in_price`` of a tax means
    that the taxed price holds it already, so that the total must not count it again.
    """
    if not booking.model_fields_set & {"final_price", "initial_price", "initial_rental_price"}:
        return None
    if _untold(booking, "bookings_fees") or _untold(booking, "bookings_taxes"):
        return None
    return [
        *_rent(booking, currency),
        *(_fee(fee, currency) for fee in booking.bookings_fees or ()),
        *(_tax(tax, currency) for tax in booking.bookings_taxes or ()),
    ]


def _untold(booking: Booking, name: str) -> bool:
    """Whether the booking has fees or taxes that could not be read: a part of them would be a wrong sum."""
    return getattr(booking, name) is None and (bool(booking.link_list(name)) or name in booking.model_fields_set)


def final_rent(booking: Booking) -> Decimal | None:
    """The rent after discount. A booking made with dates only has none, yet answers "0.0"."""
    priced = booking.initial_price is not None or booking.initial_rental_price is not None
    return booking.final_rental_price if priced else booking.final_rental_price or None


def _rent(booking: Booking, currency: str | None) -> Iterator[FinanceLine]:
    initial = booking.initial_price if booking.initial_price is not None else booking.initial_rental_price
    final = booking.final_rental_price
    if initial is None:
        # A booking made with dates only has no price, yet answers a final rental price of "0.0".
        initial = final or None
    if initial is None:
        return
    discount = final - initial if final is not None and final < initial else None
    rent = initial if final is None or discount is not None else final
    yield _line(FinanceLineType.RENT, rent, currency, name="rent")
    if discount is not None:
        yield _line(FinanceLineType.DISCOUNT, discount, currency, name="discount", title=booking.discount)


def _line(
    kind: FinanceLineType, amount: Decimal, currency: str | None, *, name: str, title: str | None = None
) -> FinanceLine:
    return FinanceLine(type=kind, name=name, title=title, amount=money(amount, currency), included_in_total=True)


def _fee(fee: BookingsFee, currency: str | None) -> FinanceLine:
    times = Decimal(1) if fee.times_booked is None else fee.times_booked
    return FinanceLine(
        provider_id=fee.id,
        type=FinanceLineType.FEE,
        title=best_text(fee.name),
        quantity=fee.times_booked,
        unit_amount=money(fee.price, currency),
        amount=money(None if fee.price is None else fee.price * times, currency),
        included_in_total=fee.included_in_price if fee.canceled_at is None else False,
        mandatory=fee.required,
        deleted=fee.canceled_at is not None,
    )


def _tax(tax: BookingsTax, currency: str | None) -> FinanceLine:
    included = tax.tax_included_in_price
    return FinanceLine(
        provider_id=tax.id,
        type=FinanceLineType.TAX,
        title=best_text(tax.name),
        amount=money(tax.amount, currency),
        included_in_total=None if included is None else not included,
    )
