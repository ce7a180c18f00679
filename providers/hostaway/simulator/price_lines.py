"""The lines of a quote, and the rules by which they add up (Hostaway documentation, price details)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from providers.hostaway.simulator.coupons import Coupon
from providers.hostaway.simulator.envelope import number
from providers.hostaway.simulator.finance import discount_name
from providers.hostaway.simulator.terms import Fee, Tax, Terms
from providers.simulation.portfolio import House, rounded

BASE = ("price", "discount")


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotedStay:
    """What is asked for. ``prices`` are those of the nights; ``markup`` multiplies the base rate."""

    house: House
    terms: Terms
    arrival: date
    departure: date
    guests: int
    prices: Sequence[Decimal]
    markup: Decimal = Decimal(1)
    coupon: Coupon | None = None

    @property
    def nights(self) -> int:
        return (self.departure - self.arrival).days

    def rounded(self, amount: Decimal) -> Decimal:
        return rounded(amount, self.house.town.currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the caller says of one line: add it, how many, at what price, or leave it out."""

    fee_id: int | None
    name: str
    quantity: int | None = None
    value: Decimal | None = None
    overridden: bool = False
    deleted: bool = False


@dataclass(slots=True, kw_only=True)
class PriceLine:
    """One line of a quote. ``chosen``: an optional extra that the caller added."""

    type: str
    name: str
    title: str
    value: Decimal | None
    total: Decimal
    fee_id: int | None = None
    alias: str | None = None
    quantity: int | None = None
    overridden: bool = False
    quantity_selectable: bool = False
    mandatory: bool | None = None
    deleted: bool = False
    chosen: bool = False

    def record(self) -> dict[str, Any]:
        return {
            "id": None,
            "listingFeeSettingId": self.fee_id,
            "type": self.type,
            "name": self.name,
            "title": self.title,
            "alias": self.alias,
            "quantity": self.quantity,
            "value": number(self.value),
            "total": number(self.total),
            "isIncludedInTotalPrice": 1,
            "isOverriddenByUser": int(self.overridden),
            "isQuantitySelectable": int(self.quantity_selectable),
            "isMandatory": None if self.mandatory is None else int(self.mandatory),
            "isDeleted": int(self.deleted),
        }


class UnknownWishError(ValueError):
    """A wish names a line that this listing does not have."""


def priced(stay: QuotedStay, wishes: Sequence[Wish], *, tax_by_apply_to: bool) -> list[PriceLine]:
    """All lines of a stay, wishes applied; deleted ones have the total 0. Raises ``UnknownWishError``."""
    lines = [*_base(stay), *_charges(stay), *_fees(stay, wishes)]
    _apply(lines, wishes)
    taxes = [_tax(stay, tax, lines, by_apply_to=tax_by_apply_to) for tax in stay.terms.taxes]
    _apply(taxes, wishes)
    known = {(line.fee_id, line.name.casefold()) for line in (*lines, *taxes)}
    for wish in wishes:
        if (wish.fee_id, wish.name.casefold()) not in known:
            raise UnknownWishError(wish.name)
    return lines + taxes


def _base(stay: QuotedStay) -> Iterator[PriceLine]:
    rent = stay.rounded(sum(stay.prices, Decimal(0)) * stay.markup)
    yield PriceLine(type="price", name="baseRate", title="Base rate", value=rent, total=rent)
    extra = max(0, stay.guests - stay.house.guests_included)
    if extra:
        amount = stay.rounded(stay.terms.extra_person * extra * stay.nights)
        yield PriceLine(
            type="price", name="priceForExtraPerson", title="Price for extra person", value=amount, total=amount
        )
    discount = discount_name(stay.nights, stay.terms)
    if discount is not None:
        name, multiplier = discount
        off = stay.rounded(rent * (multiplier - 1))
        title = "Weekly discount" if name == "weeklyDiscount" else "Monthly discount"
        yield PriceLine(type="discount", name=name, title=title, value=off, total=off)
    if stay.coupon is not None:
        amount = rent * stay.coupon.amount / 100 if stay.coupon.percent else min(stay.coupon.amount, rent)
        off = -stay.rounded(amount)
        yield PriceLine(type="discount", name="couponDiscount", title="Coupon", value=off, total=off)


def _charges(stay: QuotedStay) -> Iterator[PriceLine]:
    """Built-in lines. The deposit is a fee and part of the total, as in the documented samples."""
    built_in = (
        ("cleaningFee", "Cleaning fee", stay.house.cleaning_fee),
        ("damageDeposit", "Damage deposit", stay.house.damage_deposit),
    )
    for name, title, amount in built_in:
        if amount:
            yield PriceLine(type="fee", name=name, title=title, value=amount, total=amount)


def _fees(stay: QuotedStay, wishes: Iterable[Wish]) -> Iterator[PriceLine]:
    """Mandatory fees come by themselves, optional ones only if they are wished for."""
    wanted = {wish.fee_id: wish for wish in wishes if wish.fee_id is not None}
    for fee in stay.terms.fees:
        wish = wanted.get(fee.id)
        if fee.mandatory or (wish is not None and wish.name.casefold() == fee.type.casefold()):
            yield _fee(stay, fee, wish)


def _fee(stay: QuotedStay, fee: Fee, wish: Wish | None) -> PriceLine:
    quantity = (wish.quantity or 1) if fee.quantity_selectable and wish is not None else 1
    return PriceLine(
        type="fee",
        name=fee.type,
        title=fee.title or fee.type,
        fee_id=fee.id,
        alias="",
        quantity=quantity if fee.quantity_selectable else None,
        value=fee.amount,
        total=stay.rounded(_fee_amount(stay, fee) * quantity),
        quantity_selectable=fee.quantity_selectable,
        mandatory=fee.mandatory,
        chosen=not fee.mandatory,
    )


def _fee_amount(stay: QuotedStay, fee: Fee) -> Decimal:
    if fee.percent:
        base = sum((line.total for line in _base(stay) if line.name == "baseRate"), Decimal(0))
        return base * fee.amount / 100
    times = {"person": stay.guests, "night": stay.nights, "person_per_night": stay.guests * stay.nights}
    return fee.amount * times.get(fee.applied_per, 1)


def _tax(stay: QuotedStay, tax: Tax, lines: Sequence[PriceLine], *, by_apply_to: bool) -> PriceLine:
    base = sum((line.total for line in lines if _is_taxed(line, tax, by_apply_to=by_apply_to)), Decimal(0))
    amount = stay.rounded(base * tax.amount / 100) if tax.percent else tax.amount
    title = "VAT" if tax.type == "vat" else "City tax"
    return PriceLine(type="tax", name=tax.type, title=title, value=amount, total=amount)


def _is_taxed(line: PriceLine, tax: Tax, *, by_apply_to: bool) -> bool:
    if line.type in BASE:
        return "baseRate" in tax.apply_to or not by_apply_to
    return line.name in tax.apply_to if by_apply_to else line.chosen


def _apply(lines: Sequence[PriceLine], wishes: Sequence[Wish]) -> None:
    by_key = {(wish.fee_id, wish.name.casefold()): wish for wish in wishes}
    for line in lines:
        wish = by_key.get((line.fee_id, line.name.casefold()))
        if wish is None:
            continue
        if wish.overridden and wish.value is not None:
            line.value = line.total = wish.value
            line.overridden, line.mandatory, line.alias = True, None, None
        if wish.deleted:
            line.deleted, line.value, line.total = True, None, Decimal(0)
