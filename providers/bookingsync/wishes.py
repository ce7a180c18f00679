"""Wishes about a price: which can be heeded, and what they add to it.

BookingSync's search takes no wishes. Optional fees can be added to its price by their terms; markups, coupons,
changed amounts and struck-out components cannot (BookingSync documentation, Rentals search and Rentals fees).
"""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from providers.bookingsync.booking_money import tax_terms
from providers.bookingsync.fee_amounts import FeeTerms, fee_amount, is_due, tax_amount
from providers.bookingsync.quotes import Stay
from providers.bookingsync.setting_records import AppliedTax, RentalsFee
from providers.bookingsync.settings import fee_rate_kind
from providers.bookingsync.texts import best_text
from providers.errors import NotSupported
from providers.model import FinanceLineType, Money, PriceComponent, PriceDetails, PriceSource, PriceStep
from providers.queries import QuoteComponent, QuoteRequest


def refusal(request: QuoteRequest) -> NotSupported | None:
    """Why a request cannot be heeded, whatever the listing; None where it may be."""
    if request.markup is not None:
        return NotSupported("markup: BookingSync's quotes know none. Leave it out.")
    if request.coupon is not None:
        return NotSupported("coupon: BookingSync's quotes know none. Leave it out.")
    if any(wish.fee_id is None or wish.amount is not None or wish.deleted for wish in request.components):
        return NotSupported(
            "components: BookingSync's quotes can only be added to. Name optional fees by feeId, with a quantity."
        )
    ids = [wish.fee_id for wish in request.components]
    if len(set(ids)) < len(ids):
        return NotSupported("components: a fee is named twice. Name it once, with a quantity.")
    return None


def wished(request: QuoteRequest, fees: Sequence[RentalsFee]) -> list[tuple[RentalsFee, int]]:
    """The fees that a request adds, with their quantities. Raises ``NotSupported`` for those that cannot be added."""
    optional = {fee.id: fee for fee in fees if fee.required is False and fee.public and not fee.archived}
    found = []
    for wish in request.components:
        fee = optional.get(wish.fee_id or "")
        if fee is None:
            allowed = ", ".join(optional) or "none"
            raise NotSupported(f"components: this listing has no such optional fee. Its optional fees: {allowed}.")
        if not is_due(fee, Stay.of(request)):
            raise NotSupported(f"components: fee {fee.id} is not offered for these days.")
        found.append((fee, _quantity(wish, fee)))
    return found


def _quantity(wish: QuoteComponent, fee: RentalsFee) -> int:
    quantity = 1 if wish.quantity is None else wish.quantity
    most = fee.maximum_bookable
    if quantity < 1 or (most is not None and quantity > most):
        raise NotSupported(f"components: quantity must be at least 1{f' and at most {most}' if most else ''}.")
    return quantity


def with_fee(
    price: PriceDetails, fee: RentalsFee, quantity: int, rent: Decimal, taxes: Sequence[AppliedTax]
) -> PriceDetails:
    """The price with one more fee, and the taxes on it. ``taxes`` are those that apply to this stay."""
    if price.total is None:
        return price
    stay = Stay(price.arrival, price.departure, price.adults, price.children)
    currency = price.total.currency
    amount = fee_amount(FeeTerms.of(fee, currency), rent, stay, currency) * quantity
    title = best_text(fee.name) or (best_text(fee.fee.name) if fee.fee else None)
    parts = [fee_component(fee, amount, price.total.currency, quantity)]
    steps = [PriceStep(text=f"{title or 'Fee'}, {quantity} x {fee_rate_kind(fee)}", amount=amount)]
    for tax in taxes:
        part, step = tax_parts(tax, amount, price.total.currency)
        parts.append(part)
        steps += step
    added = sum((step.amount for step in steps), Decimal(0))
    return replace(
        price,
        total=Money(amount=price.total.amount + added, currency=price.total.currency),
        due_now=None,
        components=[*price.components, *parts],
        source=PriceSource.COMPUTED,
        steps=[*(price.steps or [quoted_step(price)]), *steps],
    )


def quoted_step(price: PriceDetails) -> PriceStep:
    """The price that BookingSync quoted, as the first step."""
    return PriceStep(text="Quoted by BookingSync", amount=price.total.amount if price.total else Decimal(0))


def fee_component(fee: RentalsFee, amount: Decimal, currency: str, quantity: int | None) -> PriceComponent:
    return PriceComponent(
        type=FinanceLineType.FEE,
        provider_type=fee.fee.kind if fee.fee else None,
        provider_id=fee.id,
        title=best_text(fee.name) or (best_text(fee.fee.name) if fee.fee else None),
        quantity=None if quantity is None else Decimal(quantity),
        amount=Money(amount=amount, currency=currency),
        included_in_total=True,
        mandatory=fee.required,
    )


def tax_parts(tax: AppliedTax, base: Decimal, currency: str) -> tuple[PriceComponent, list[PriceStep]]:
    """A tax on ``base``, and the step by which it adds to the total: none where it is inside already."""
    amount = tax_amount(tax, base, currency)
    title = best_text(tax.tax.name) if tax.tax else None
    percentage = tax.tax.percentage if tax.tax else None
    part = PriceComponent(
        type=FinanceLineType.TAX,
        provider_type=tax.tax.kind if tax.tax else None,
        provider_id=tax.link("tax"),
        title=title,
        amount=Money(amount=amount, currency=currency),
        included_in_total=tax.tax_included_in_rate is False,
        mandatory=True,
        booked_with=tax_terms(*_taxable(tax), percentage),
    )
    step = PriceStep(text=f"{title or 'Tax'}, {percentage} % of {base}", amount=amount)
    return part, [step] if tax.tax_included_in_rate is False else []


def _taxable(tax: AppliedTax) -> tuple[str | None, str | None]:
    """What the tax is charged on, in the words of quotes: a fee of the catalogue, or a rental."""
    fee = tax.link("fee")
    return ("Fee", fee) if fee is not None else ("Rental", tax.link("rental"))
