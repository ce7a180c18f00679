"""Quotes with all that they depend on: coupons, which need a record of their own, and fee settings."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from providers.errors import NotFound, ProviderError, UpstreamInvalid, UpstreamRefused
from providers.hostaway.envelope import read_object
from providers.hostaway.fanning import Fan
from providers.hostaway.paging import is_id
from providers.hostaway.quotes import build_quote, quote_call
from providers.hostaway.reading import Reader
from providers.hostaway.wire_parts import WireFee
from providers.hostaway.wishes import Body, component_bodies
from providers.model import PriceDetails
from providers.queries import QuoteRequest
from providers.upstream.calls import Call
from providers.wire import OddValue, parse_records
from providers.wire.values import read_int

CouponKey = tuple[str, str, date, date]

COUPONS = "/v1/reservationCoupons"
FEES = "/v1/listingFeeSettings"


class Pricing:
    """The quotes of one batch.

    Calls: one for each distinct request, one for each coupon of a listing and stay, one for the fee settings of each
    listing of which a component is wished for.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._coupons: Fan[CouponKey, int] = Fan()
        self._fees: Fan[str, list[WireFee]] = Fan()

    async def quotes(self, requests: Sequence[QuoteRequest]) -> Fan[QuoteRequest, PriceDetails]:
        """A quote for each distinct request; a listing that does not exist has none."""
        possible = [each for each in requests if is_id(each.listing_id)]
        await self._coupons.read((key for each in possible if (key := _coupon_key(each))), self._coupon)
        await self._fees.read((each.listing_id for each in possible if each.components), self._fee_settings)
        return await Fan[QuoteRequest, PriceDetails]().read(possible, self._quote)

    async def _quote(self, request: QuoteRequest) -> tuple[PriceDetails, datetime]:
        with self._reader.signing():
            call = quote_call(request, coupon_id=self._coupon_id(request), components=self._components(request))
        answer = await self._reader.session.send(call)
        with self._reader.signing():
            quote = build_quote(read_object(answer), request, answer, self._reader.account_id)
        return quote, answer.received_at

    def _coupon_id(self, request: QuoteRequest) -> int | None:
        key = _coupon_key(request)
        if key is None:
            return None
        if key in self._coupons.failed:
            raise self._coupons.failed[key]
        return self._coupons.found[key]

    def _components(self, request: QuoteRequest) -> list[Body]:
        """Raises ``NotFound`` for a listing without fee settings to read: that listing does not exist."""
        if not request.components:
            return []
        if request.listing_id in self._fees.failed:
            raise self._fees.failed[request.listing_id]
        if request.listing_id not in self._fees.found:
            raise NotFound("Hostaway has no such listing.")
        return component_bodies(request.components, self._fees.found[request.listing_id])

    async def _fee_settings(self, listing_id: str) -> tuple[list[WireFee], datetime]:
        sent = await self._reader.some(f"{FEES}/{listing_id}")
        return parse_records(WireFee, sent.rows, lambda wire: wire)[0], sent.received_at

    async def _coupon(self, key: CouponKey) -> tuple[int, datetime]:
        """The id by which a quote names the coupon.

        Asking for it makes a record at Hostaway. So it is asked for once for all quotes of a listing and stay, and
        never again after a failure that may have come too late. It uses up none of the coupon's uses: a reservation
        made with the coupon does.
        """
        listing_id, coupon, arrival, departure = key
        body = {
            "couponName": coupon,
            "listingMapId": int(listing_id),
            "startingDate": arrival.isoformat(),
            "endingDate": departure.isoformat(),
        }
        try:
            answer = await self._reader.session.send(Call(method="POST", path=COUPONS, json=body, safe=False))
            return _coupon_id_in(read_object(answer)), answer.received_at
        except NotFound as unknown:
            text = "Hostaway does not know this coupon for this listing."
            raise self._signed(UpstreamRefused(text, upstream_status=unknown.upstream_status)) from None

    def _signed(self, error: ProviderError) -> ProviderError:
        self._reader.sign(error)
        return error


def _coupon_key(request: QuoteRequest) -> CouponKey | None:
    if request.coupon is None:
        return None
    return request.listing_id, request.coupon, request.arrival, request.departure


def _coupon_id_in(record: dict[str, Any]) -> int:
    try:
        found = read_int(record.get("reservationCouponId"))
    except OddValue:
        found = None
    if found is None:
        raise UpstreamInvalid("Hostaway took the coupon but did not name it.")
    return found
