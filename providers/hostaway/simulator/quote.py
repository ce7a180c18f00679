"""``POST /v1/listings/{id}/calendar/priceDetails``: what a stay costs, line by line."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from providers.hostaway.simulator.accounts import ListingRow, SimulatedAccount
from providers.hostaway.simulator.availability import are_open, minimum_stay, nights, price
from providers.hostaway.simulator.coupons import Coupon, coupon_of
from providers.hostaway.simulator.envelope import RefusedError, number, success
from providers.hostaway.simulator.listings import listing
from providers.hostaway.simulator.parameters import FIRST_DAY, LAST_DAY
from providers.hostaway.simulator.price_lines import PriceLine, QuotedStay, UnknownWishError, Wish, priced
from providers.hostaway.simulator.readings import HostawayReadings

MOST_NIGHTS = 1000
LARGEST_BODY = 100_000
MOST_MONEY = 10**9


class WishBody(BaseModel):
    """One of ``components``, as sent. Other properties are ignored, so that whole lines can be sent back."""

    model_config = ConfigDict(extra="ignore")

    fee_id: Annotated[int | None, Field(validation_alias="listingFeeSettingId")] = None
    name: str
    quantity: Annotated[int | None, Field(ge=1, le=1000)] = None
    value: Annotated[Decimal | None, Field(ge=-MOST_MONEY, le=MOST_MONEY)] = None
    overridden: Annotated[bool | None, Field(validation_alias="isOverriddenByUser")] = None
    deleted: Annotated[bool | None, Field(validation_alias="isDeleted")] = None

    def wish(self) -> Wish:
        return Wish(
            fee_id=self.fee_id,
            name=self.name,
            quantity=self.quantity,
            value=self.value,
            overridden=bool(self.overridden),
            deleted=bool(self.deleted),
        )


class QuoteBody(BaseModel):
    """The body of a quote, version 2. Whole numbers may come as text, as in the documented samples."""

    model_config = ConfigDict(extra="ignore")

    arrival: Annotated[date, Field(validation_alias="startingDate", ge=FIRST_DAY, le=LAST_DAY)]
    departure: Annotated[date, Field(validation_alias="endingDate", ge=FIRST_DAY, le=LAST_DAY)]
    guests: Annotated[int, Field(validation_alias="numberOfGuests", ge=1, le=1000)]
    version: Annotated[int, Field(ge=2, le=2)]
    markup: Annotated[Decimal | None, Field(ge=1, le=100)] = None
    coupon_id: Annotated[int | None, Field(validation_alias="reservationCouponId")] = None
    components: Annotated[list[WishBody] | None, Field(max_length=100)] = None


class Quotes:
    """The call for a price."""

    def __init__(self, readings: HostawayReadings) -> None:
        self._readings = readings

    async def price(self, request: Request, account: SimulatedAccount) -> Response:
        row = listing(request, account)
        body = await self._body(request)
        if self._readings.quote_checks_calendar:
            _check(row, body)
        stay = QuotedStay(
            house=row.house,
            terms=row.terms,
            arrival=body.arrival,
            departure=body.departure,
            guests=body.guests,
            prices=[price(row, night) for night in nights(body.arrival, body.departure)],
            markup=body.markup or Decimal(1),
            coupon=_coupon(body, row, account),
        )
        wishes = [each.wish() for each in body.components or ()]
        try:
            lines = priced(stay, wishes, tax_by_apply_to=self._readings.tax_by_apply_to)
        except UnknownWishError:
            raise RefusedError(422, "A component does not belong to this listing.") from None
        return success(self._result(lines))

    def _result(self, lines: list[PriceLine]) -> dict[str, Any]:
        shown = [line for line in lines if self._readings.quote_keeps_deleted or not line.deleted]
        return {
            "totalPrice": number(sum((line.total for line in lines), Decimal(0))),
            "originalTotalPrice": 0,
            "selectedComponentsAmount": 0,
            "components": [line.record() for line in shown],
            "extraComponents": [],
            "selectedComponents": [],
        }

    async def _body(self, request: Request) -> QuoteBody:
        """The body as JSON, whatever its declared type. Raises ``RefusedError`` 400 or 422."""
        raw = await request.body()
        try:
            body = QuoteBody.model_validate(orjson.loads(raw if len(raw) <= LARGEST_BODY else b""))
        except orjson.JSONDecodeError:
            raise RefusedError(400, "The request body is not valid JSON.") from None
        except ValidationError as error:
            field = error.errors(include_input=False, include_url=False)[0]["loc"][:1] or ("body",)
            raise RefusedError(422, f'The "{field[0]}" parameter is missing or invalid.') from None
        if not 0 < (body.departure - body.arrival).days <= MOST_NIGHTS:
            raise RefusedError(422, 'The "endingDate" parameter must be after "startingDate".')
        return body


def _coupon(body: QuoteBody, row: ListingRow, account: SimulatedAccount) -> Coupon | None:
    """The coupon behind the record that the body names. Raises ``RefusedError`` where it is of another listing."""
    if body.coupon_id is None:
        return None
    listing_id, coupon_id = account.reservation_coupons.get(body.coupon_id, (None, 0))
    if listing_id != row.id:
        raise RefusedError(422, "Reservation coupon not found.")
    return coupon_of(coupon_id)


def _check(row: ListingRow, body: QuoteBody) -> None:
    if body.guests > row.house.max_guests:
        raise RefusedError(422, "The number of guests exceeds the capacity of the listing.")
    if (body.departure - body.arrival).days < minimum_stay(row, body.arrival):
        raise RefusedError(422, "The stay is shorter than the minimum stay.")
    if not are_open(row, body.arrival, body.departure):
        raise RefusedError(422, "The listing is not available for these dates.")
