"""Coupons, and the records by which a quote names one: ``/v1/coupons`` and ``/v1/reservationCoupons``."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from providers.hostaway.simulator.accounts import SimulatedAccount
from providers.hostaway.simulator.envelope import RefusedError, number, success
from providers.hostaway.simulator.parameters import FIRST_DAY, LAST_DAY
from providers.hostaway.simulator.readings import HostawayReadings

LARGEST_BODY = 10_000
FIRST_COUPON = 900


@dataclass(frozen=True, slots=True, kw_only=True)
class Coupon:
    """A coupon: ``amount`` percent of the base price, or flat, in the listing's currency."""

    id: int
    name: str
    percent: bool
    amount: Decimal
    minimum_nights: int = 0
    active: bool = True
    expired: bool = False
    uses: int = -1
    """How often it can be used; -1: without end."""

    def record(self, account_id: int, used: int) -> dict[str, Any]:
        return {
            "id": self.id,
            "accountId": account_id,
            "userId": None,
            "isActive": int(self.active),
            "isExpired": int(self.expired),
            "name": self.name,
            "type": "percentage" if self.percent else "flatFee",
            "amount": number(self.amount),
            "minimumNights": self.minimum_nights,
            "checkInDateStart": None,
            "checkInDateEnd": None,
            "validityDateStart": None,
            "validityDateEnd": None,
            "numberOfUsesInitial": self.uses,
            "numberOfUsesUsed": used,
        }


COUPONS = (
    Coupon(id=FIRST_COUPON + 1, name="WELCOME10", percent=True, amount=Decimal(10)),
    Coupon(id=FIRST_COUPON + 2, name="TWENTYOFF", percent=False, amount=Decimal(20)),
    Coupon(id=FIRST_COUPON + 3, name="LONGSTAY", percent=True, amount=Decimal(15), minimum_nights=7),
    Coupon(id=FIRST_COUPON + 4, name="GONE", percent=True, amount=Decimal(50), active=False),
    Coupon(id=FIRST_COUPON + 5, name="ONCE", percent=True, amount=Decimal(5), uses=1),
    Coupon(id=FIRST_COUPON + 6, name="PAST", percent=True, amount=Decimal(5), expired=True),
)
"""The coupons of every account."""


class CouponBody(BaseModel):
    """The body of a new reservation coupon."""

    model_config = ConfigDict(extra="ignore")

    name: Annotated[str, Field(validation_alias="couponName", min_length=1, max_length=100)]
    listing_id: Annotated[int, Field(validation_alias="listingMapId")]
    arrival: Annotated[date, Field(validation_alias="startingDate", ge=FIRST_DAY, le=LAST_DAY)]
    departure: Annotated[date | None, Field(validation_alias="endingDate", ge=FIRST_DAY, le=LAST_DAY)] = None


class Coupons:
    """The calls about coupons. What they make is kept with the account."""

    def __init__(self, readings: HostawayReadings) -> None:
        self._readings = readings

    async def many(self, request: Request, account: SimulatedAccount) -> Response:
        return success([coupon.record(account.id, _uses(coupon, account)) for coupon in COUPONS])

    async def used(self, request: Request, account: SimulatedAccount) -> Response:
        return success(list(self._records(account)))

    async def create(self, request: Request, account: SimulatedAccount) -> Response:
        """A record that ties a coupon to a listing and its days. It takes none of the coupon's uses."""
        body = await _body(request)
        if body.listing_id not in account.listings:
            raise RefusedError(404, "Listing not found")
        coupon = usable(body.name, account)
        if not _long_enough(coupon, body):
            raise RefusedError(422, "Coupon is not valid.")
        number_of_it = tied(coupon, body.listing_id, account)
        found = {"reservationCouponId": number_of_it}
        return success([found] if self._readings.coupon_in_list else found)

    def _records(self, account: SimulatedAccount) -> Iterator[dict[str, Any]]:
        for record_id, (listing_id, coupon_id) in account.reservation_coupons.items():
            yield {
                "id": record_id,
                "userId": None,
                "listingMapId": listing_id,
                "reservationId": account.reservations_with_coupons.get(record_id, 0),
                "couponId": coupon_id,
                "couponName": coupon_of(coupon_id).name,
                "reservationBasePrice": None,
                "couponPrice": None,
            }


def usable(name: str, account: SimulatedAccount) -> Coupon:
    """The coupon of that name. Raises ``RefusedError`` where there is none, or it can no longer be used."""
    coupon = next((each for each in COUPONS if each.active and each.name == name.upper()), None)
    if coupon is None or coupon.expired or 0 <= coupon.uses <= _uses(coupon, account):
        raise RefusedError(422, "Coupon is not valid.")
    return coupon


def tied(coupon: Coupon, listing_id: int, account: SimulatedAccount) -> int:
    """The id of a new record that ties a coupon to a listing."""
    number_of_it = account.id * 1000 + len(account.reservation_coupons) + 1
    account.reservation_coupons[number_of_it] = (listing_id, coupon.id)
    return number_of_it


def _uses(coupon: Coupon, account: SimulatedAccount) -> int:
    """How many reservations were made with it."""
    used = account.reservations_with_coupons
    return sum(account.reservation_coupons[record_id][1] == coupon.id for record_id in used)


def coupon_of(coupon_id: int) -> Coupon:
    return COUPONS[coupon_id - FIRST_COUPON - 1]


def _long_enough(coupon: Coupon, body: CouponBody) -> bool:
    return body.departure is None or (body.departure - body.arrival).days >= coupon.minimum_nights


async def _body(request: Request) -> CouponBody:
    raw = await request.body()
    try:
        return CouponBody.model_validate(orjson.loads(raw if len(raw) <= LARGEST_BODY else b""))
    except orjson.JSONDecodeError:
        raise RefusedError(400, "The request body is not valid JSON.") from None
    except ValidationError:
        raise RefusedError(422, "A parameter is missing or invalid.") from None
