"""What fees and taxes amount to (BookingSync documentation, Fees, Taxes, Tax rules and the guide on pricing).

What the documentation leaves open is refused with ``NotSupported``, never guessed.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from providers.bookingsync.quotes import Stay
from providers.bookingsync.setting_records import AppliedTax, RentalsFee, TaxRule
from providers.bookingsync.settings import fee_rate_kind
from providers.errors import NotSupported

_CENT = Decimal("0.01")
_WHOLE = frozenset({"JPY"})
"""BookingSync's currencies without a smaller unit (ISO 4217)."""
_HUNDRED = Decimal(100)
_COMPARATORS: Mapping[str, Callable[[int, int], bool]] = {
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    "==": lambda left, right: left == right,
    ">=": lambda left, right: left >= right,
    ">": lambda left, right: left > right,
}


@dataclass(frozen=True, slots=True)
class FeeTerms:
    """How a fee is charged. ``most`` caps percentages."""

    rate: Decimal
    rate_kind: str
    most: Decimal | None

    @classmethod
    def of(cls, fee: RentalsFee, currency: str) -> "FeeTerms":
        """The terms for a price in ``currency``.

        Raises ``NotSupported`` where BookingSync does not tell the rate, or tells amounts in another currency: fees
        are the account's, currencies the rentals'.
        """
        rate = fee.rate if fee.rate is not None or fee.fee is None else fee.fee.rate
        rate_kind = fee_rate_kind(fee)
        if rate is None or rate_kind is None:
            raise NotSupported("BookingSync does not tell how a fee of this listing is charged.")
        most = fee.fee.maximum_possible_rate if fee.fee else None
        own = (fee.fee.currency or currency).upper() if fee.fee else currency
        if own != currency and (most is not None or "percentage" not in rate_kind):
            raise NotSupported(f"A fee of this listing is in {own}; what it is in {currency} cannot be computed.")
        return cls(rate, rate_kind, most)


def fee_amount(terms: FeeTerms, rent: Decimal, stay: Stay, currency: str) -> Decimal:
    """One unit of a fee for a stay. Raises ``NotSupported`` for an unknown way to charge."""
    heads = {
        "": 1,
        "_per_person": stay.adults + stay.children,
        "_per_adult": stay.adults,
        "_per_child": stay.children,
    }
    base, _, rest = terms.rate_kind.partition("_")
    who = f"_{rest}" if rest else ""
    nightly = who == "_per_night" or who.endswith("_per_night")
    who = who.removesuffix("_per_night")
    if base not in ("fixed", "percentage") or who not in heads or (nightly and base == "percentage"):
        raise NotSupported(f"Fees that are charged as {terms.rate_kind} cannot be computed.")
    if base == "fixed":
        return terms.rate * heads[who] * (stay.nights if nightly else 1)
    share = rent * terms.rate / _HUNDRED
    capped = share if terms.most is None else min(share, terms.most)
    return rounded(capped * heads[who], currency)


def is_due(fee: RentalsFee, stay: Stay) -> bool:
    """Whether a fee is charged at all for a stay. Raises ``NotSupported`` where that cannot be told."""
    if fee.always_applied:
        return True
    if fee.link_list("seasons") or (fee.start_date is None and fee.end_date is None):
        raise NotSupported("A fee of this listing is charged in seasons; that cannot be computed.")
    return covers(fee.start_date, fee.end_date, stay, "fee")


def tax_amount(tax: AppliedTax, base: Decimal, currency: str) -> Decimal:
    """A tax on ``base``: on top of it, or the part of it that is tax already."""
    percentage = tax.tax.percentage if tax.tax else None
    if percentage is None or tax.tax_included_in_rate is None:
        raise NotSupported("BookingSync does not tell the percentage of a tax of this listing, or what holds it.")
    whole = _HUNDRED + percentage if tax.tax_included_in_rate else _HUNDRED
    return rounded(base * percentage / whole, currency)


def applying_taxes(taxes: Iterable[AppliedTax], rules: Sequence[TaxRule], stay: Stay) -> list[AppliedTax]:
    """The taxes that a stay must pay. Raises ``NotSupported`` where that cannot be told."""
    return [tax for tax in taxes if _in_force(tax, stay) and all(_holds(rule, stay) for rule in _of(tax, rules))]


def _of(tax: AppliedTax, rules: Sequence[TaxRule]) -> list[TaxRule]:
    """The conditions of a tax: of its use on rentals, or of the tax itself."""
    owners = {("RentalsTax", tax.id), ("Tax", tax.link("tax"))} if tax.link("rental") else {("Tax", tax.link("tax"))}
    return [rule for rule in rules if (rule.ruleable_type, rule.ruleable_id) in owners]


def _holds(rule: TaxRule, stay: Stay) -> bool:
    compare = _COMPARATORS.get(rule.comparator or "")
    if rule.compared_attribute != "length_of_stay" or compare is None:
        raise NotSupported("A tax of this listing has a condition that cannot be computed.")
    try:
        return compare(stay.nights, int(Decimal(rule.value or "")))
    except (InvalidOperation, ValueError):
        raise NotSupported("A tax of this listing has a condition that cannot be computed.") from None


def _in_force(tax: AppliedTax, stay: Stay) -> bool:
    return tax.tax is None or covers(tax.tax.start_date, tax.tax.end_date, stay, "tax")


def covers(start: date | None, end: date | None, stay: Stay, what: str) -> bool:
    """Whether a period holds for the whole stay; False where it holds for none of it.

    Whether the last day of a period belongs to it is not documented, so a stay that touches an edge, or that a period
    covers in part, raises ``NotSupported``.
    """
    last_night = stay.departure - timedelta(days=1)
    if (start is None or start <= stay.arrival) and (end is None or last_night < end):
        return True
    if (start is not None and stay.departure <= start) or (end is not None and stay.arrival > end):
        return False
    raise NotSupported(f"A {what} of this listing holds for a part of the stay only; that cannot be computed.")


def rounded(amount: Decimal, currency: str) -> Decimal:
    """Half up to the currency's smallest unit; how BookingSync rounds is not documented."""
    return amount.quantize(Decimal(1) if currency in _WHOLE else _CENT, ROUND_HALF_UP)
