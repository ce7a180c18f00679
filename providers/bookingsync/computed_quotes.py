"""Reading what prices are computed from: where BookingSync does not serve its search, and for wishes on top of it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from providers.bookingsync.batches import Piece
from providers.bookingsync.calendars import CALENDAR_PARTS
from providers.bookingsync.computing import computed_price
from providers.bookingsync.fee_amounts import applying_taxes
from providers.bookingsync.quotes import Stay
from providers.bookingsync.setting_reads import (
    FEE,
    RATES_RULES,
    RATES_TABLE,
    RENTALS_FEES,
    SPECIAL_OFFERS,
    SettingReads,
    Taxes,
)
from providers.bookingsync.setting_records import PricedRental, RentalSettings, RentalsFee, TaxRule
from providers.bookingsync.wishes import wished, with_fee
from providers.errors import NotSupported, ProviderError
from providers.model import FinanceLineType, PriceDetails
from providers.queries import QuoteRequest

Requests = Mapping[str, QuoteRequest]

_PARTS = (*CALENDAR_PARTS, RENTALS_FEES, SPECIAL_OFFERS, RATES_TABLE)
_WITHIN = (("rentals_fees", FEE), ("rates_table", RATES_RULES))


class ComputedQuotes:
    """Prices of one account that StayGraph computes."""

    def __init__(self, settings: SettingReads, account_id: str, now: Callable[[], datetime]) -> None:
        self._settings = settings
        self._account_id = account_id
        self._now = now

    async def prices(self, asked: Requests, *, instead_of: ProviderError) -> Piece[PriceDetails]:
        """Computed prices of at most a page of rentals.

        Where what they are made of cannot be read, ``instead_of`` is raised: BookingSync's refusal to quote.
        """
        ids = list(dict.fromkeys(request.listing_id for request in asked.values()))
        try:
            rentals = await self._settings.rentals(PricedRental, ids, _PARTS, _WITHIN)
            taxes = await self._settings.applied_taxes()
            rules = await self._settings.tax_rules()
        except ProviderError:
            raise instead_of from None
        piece: Piece[PriceDetails] = Piece(received_at=rentals.received_at)
        for key, request in asked.items():
            rental = rentals.found.get(request.listing_id)
            if request.listing_id in rentals.failed:
                piece.failed[key] = rentals.failed[request.listing_id]
            elif rental is not None:
                self._compute(piece, key, request, rental, taxes, rules)
        return piece

    def _compute(
        self,
        piece: Piece[PriceDetails],
        key: str,
        request: QuoteRequest,
        rental: PricedRental,
        taxes: Taxes,
        rules: Sequence[TaxRule],
    ) -> None:
        at = piece.received_at or self._now()
        try:
            price = computed_price(request, rental, taxes, rules, self._account_id, at)
            piece.found[key] = _heeded(price, request, rental.rentals_fees or (), taxes, rules)
        except NotSupported as error:
            piece.failed[key] = error

    async def with_wishes(self, quoted: Piece[PriceDetails], asked: Requests) -> Piece[PriceDetails]:
        """The quotes with the fees that were wished for: no call where there is no wish, else four or five."""
        keys = [key for key in quoted.found if asked[key].components]
        if not keys:
            return quoted
        for key, outcome in (await self._wishes(keys, quoted.found, asked)).items():
            if isinstance(outcome, ProviderError):
                del quoted.found[key]
                quoted.failed[key] = outcome
            else:
                quoted.found[key] = outcome
        return quoted

    async def _wishes(
        self, keys: Sequence[str], quoted: Mapping[str, PriceDetails], asked: Requests
    ) -> dict[str, PriceDetails | ProviderError]:
        ids = list(dict.fromkeys(asked[key].listing_id for key in keys))
        try:
            rentals = await self._settings.rentals(RentalSettings, ids, (RENTALS_FEES,), (("rentals_fees", FEE),))
            taxes = await self._settings.fee_taxes()
            rules = await self._settings.tax_rules() if taxes.on_fee else []
        except ProviderError as error:
            return dict.fromkeys(keys, error)
        found: dict[str, PriceDetails | ProviderError] = {}
        for key in keys:
            rental = rentals.found.get(asked[key].listing_id)
            fees = rental.rentals_fees or () if rental else ()
            try:
                found[key] = _heeded(quoted[key], asked[key], fees, taxes, rules)
            except NotSupported as error:
                found[key] = error
        return found


def _heeded(
    price: PriceDetails, request: QuoteRequest, fees: Sequence[RentalsFee], taxes: Taxes, rules: Sequence[TaxRule]
) -> PriceDetails:
    """The price with the wished fees. Wishes that cannot be heeded are refused even where nothing is for sale."""
    rent = sum((part.amount.amount for part in price.components if part.type is FinanceLineType.RENT), Decimal(0))
    for fee, quantity in wished(request, fees):
        due = applying_taxes(taxes.on_fee.get(fee.link("fee") or "", ()), rules, Stay.of(request))
        price = with_fee(price, fee, quantity, rent, due)
    return price
