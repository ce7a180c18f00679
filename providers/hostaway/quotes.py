"""Hostaway's price quotes in the unified model."""

from collections.abc import Sequence
from typing import Any

from providers.errors import NotSupported, UpstreamInvalid
from providers.hostaway.finance import counts, line_type
from providers.hostaway.manifest import CODE, QUOTE
from providers.hostaway.wire import WireFinanceLine, WireQuote
from providers.hostaway.wishes import Body, check_heeded, json_number
from providers.model import Money, PriceComponent, PriceDetails, PriceSource
from providers.queries import QuoteRequest
from providers.upstream.calls import Answer, Call
from providers.wire import parse_records

_VERSION = 2


def quote_call(request: QuoteRequest, *, coupon_id: int | None = None, components: Sequence[Body] = ()) -> Call:
    """The quote of one stay: a POST that changes nothing (Hostaway documentation, Price details, version 2).

    Raises ``NotSupported`` for a markup below 1. One of exactly 1 is left out: it must be above.
    """
    body: Body = {
        "startingDate": request.arrival.isoformat(),
        "endingDate": request.departure.isoformat(),
        "numberOfGuests": request.adults + request.children,
        "version": _VERSION,
    }
    if request.markup is not None and request.markup != 1:
        if request.markup < 1:
            raise NotSupported("Hostaway's quotes take a markup above 1 only: it is a factor on the price.")
        body["markup"] = json_number(request.markup)
    if coupon_id is not None:
        body["reservationCouponId"] = coupon_id
    if components:
        body["components"] = list(components)
    path = f"/v1/listings/{request.listing_id}/calendar/priceDetails"
    return Call(method="POST", path=path, json=body, safe=True, charge=QUOTE)


def build_quote(raw: dict[str, Any], request: QuoteRequest, answer: Answer, account_id: str) -> PriceDetails:
    """The quote as everyone sees quotes. It says nothing about availability, so neither do we.

    The total is the PMS's own. A damage deposit is one of its components and inside the total, so it is not named
    apart. Raises ``UpstreamInvalid`` where the total cannot be read or the currency is not known, and
    ``NotSupported`` where Hostaway did not heed a wish.
    """
    currency = request.currency
    quotes, _ = parse_records(WireQuote, [raw], lambda wire: wire)
    total = quotes[0].total_price if quotes else None
    if total is None:
        raise UpstreamInvalid("Hostaway's quote has no total.", upstream_status=answer.status)
    if not currency:
        raise UpstreamInvalid("Hostaway's quote names no currency, and the listing's is not known.")
    lines = quotes[0].components or []
    check_heeded(request.components, lines)
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
        total=Money(amount=total, currency=currency),
        components=[each for line in lines if (each := _component(line, currency)) is not None],
        source=PriceSource.PMS,
        coupon=request.coupon,
        quoted_at=answer.received_at,
        raw=raw,
    )


def _component(line: WireFinanceLine, currency: str) -> PriceComponent | None:
    """One line; None for one without an amount, which no sum could use."""
    if line.total is None:
        return None
    return PriceComponent(
        type=line_type(line),
        provider_type=line.type,
        provider_id=line.listing_fee_setting_id,
        name=line.name,
        title=line.alias or line.title,
        quantity=line.quantity,
        amount=Money(amount=line.total, currency=currency),
        included_in_total=bool(counts(line)),
        mandatory=line.is_mandatory,
        overridden=bool(line.is_overridden_by_user),
        deleted=bool(line.is_deleted),
        quantity_selectable=line.is_quantity_selectable,
    )
