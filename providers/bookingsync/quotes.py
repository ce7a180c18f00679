"""Prices of stays: BookingSync's rentals search with dates is its live quote.

Sources: BookingSync documentation, Rentals search and the guide on pricing; that a rental which cannot be
booked is left out of the answer was recorded.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from providers.bookingsync.booking_money import tax_terms
from providers.bookingsync.manifest import CODE, RENTALS_PER_PAGE
from providers.bookingsync.resources import Options
from providers.bookingsync.texts import best_text
from providers.bookingsync.wire import PriceBreakdown, QuotedFee, QuotedTax, SearchResult
from providers.model import FinanceLineType, Money, PriceComponent, PriceDetails, PriceSource, money
from providers.queries import QuoteRequest

SEARCH = "rentals/search"
"""The documented form, a GET with a query; the official client sends the same as a POST."""


@dataclass(frozen=True, slots=True)
class Stay:
    """What one search asks about: dates and party. All rentals asked about at once share them."""

    arrival: date
    departure: date
    adults: int
    children: int

    @classmethod
    def of(cls, request: QuoteRequest) -> "Stay":
        return cls(request.arrival, request.departure, request.adults, request.children)

    @property
    def nights(self) -> int:
        return (self.departure - self.arrival).days

    def request(self, listing_id: str) -> QuoteRequest:
        """What this stay costs at one listing."""
        return QuoteRequest(
            listing_id=listing_id,
            arrival=self.arrival,
            departure=self.departure,
            adults=self.adults,
            children=self.children,
        )


def search_options(stay: Stay, ids: Sequence[str] = ()) -> Options:
    """The search for a stay at some rentals; without ``ids`` at all of them."""
    return (
        *((("rental_id", ",".join(ids)),) if ids else ()),
        ("start_at", stay.arrival.isoformat()),
        ("end_at", stay.departure.isoformat()),
        ("adults", str(stay.adults)),
        ("children", str(stay.children)),
        ("per_page", str(RENTALS_PER_PAGE)),
    )


def by_stay(requests: Mapping[str, QuoteRequest]) -> dict[Stay, dict[str, list[str]]]:
    """The keys of the requests, by stay and listing: one search serves all listings of a stay."""
    groups: dict[Stay, dict[str, list[str]]] = {}
    for key, request in requests.items():
        groups.setdefault(Stay.of(request), {}).setdefault(request.listing_id, []).append(key)
    return groups


def price_details(
    request: QuoteRequest, result: SearchResult | None, account_id: str, quoted_at: datetime
) -> PriceDetails:
    """The price of one stay; ``result`` None or without prices means that BookingSync does not sell it.

    The total is BookingSync's, never a sum of ours. Special offers and discounts are inside the rent:
    quotes have no lines for them.
    """
    price = unpriced(request, account_id, PriceSource.PMS, quoted_at)
    price.bookable = result is not None and result.final_price is not None
    price.raw = None if result is None else result.sent
    if result is not None and price.bookable:
        currency = (result.currency or request.currency or "").upper() or None
        price.total = money(result.final_price, currency)
        price.due_now = money(result.price_to_pay_now, currency)
        price.damage_deposit = money(result.damage_deposit, currency)
        price.components = list(_components(result, currency))
    return price


def unpriced(request: QuoteRequest, account_id: str, source: PriceSource, quoted_at: datetime) -> PriceDetails:
    """What is asked about, without an answer yet."""
    return PriceDetails(
        provider=CODE,
        account_id=account_id,
        listing_id=request.listing_id,
        arrival=request.arrival,
        departure=request.departure,
        nights=(request.departure - request.arrival).days,
        adults=request.adults,
        children=request.children,
        bookable=None,
        components=[],
        source=source,
        quoted_at=quoted_at,
    )


def _components(result: SearchResult, currency: str | None) -> Iterator[PriceComponent]:
    details = result.price_details or PriceBreakdown()
    rent = money(result.initial_price, currency)
    if rent is not None:
        yield PriceComponent(type=FinanceLineType.RENT, name="rent", amount=rent, included_in_total=True)
    for fee in details.fees or ():
        price = _fee_price(fee, currency)
        if price is not None:
            yield _fee(fee, price)
    for tax in details.taxes or ():
        amount = money(tax.amount, currency)
        if amount is not None:
            yield _tax(tax, amount)


def _fee_price(fee: QuotedFee, currency: str | None) -> Money | None:
    quantity = Decimal(1) if fee.quantity is None else fee.quantity
    return money(None if fee.price is None else fee.price * quantity, currency)


def _fee(fee: QuotedFee, amount: Money) -> PriceComponent:
    """Only required fees are part of the total."""
    return PriceComponent(
        type=FinanceLineType.FEE,
        provider_id=fee.rentals_fee_id or fee.id,
        title=best_text(fee.name),
        quantity=fee.quantity,
        amount=amount,
        included_in_total=fee.required is not False,
        mandatory=fee.required,
    )


def _tax(tax: QuotedTax, amount: Money) -> PriceComponent:
    """A tax that the rent or a fee holds already adds nothing to the total. Nobody can leave a tax out.

    What it is charged on, and its percentage, have to be copied from the quote into the booking (BookingSync
    documentation, Bookings, Create).
    """
    return PriceComponent(
        type=FinanceLineType.TAX,
        provider_id=tax.tax_id,
        title=best_text(tax.name),
        amount=amount,
        included_in_total=tax.included is not True,
        mandatory=True,
        booked_with=tax_terms(tax.taxable_type, tax.taxable_id, tax.percentage),
    )
