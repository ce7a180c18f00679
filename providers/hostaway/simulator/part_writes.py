"""Fee settings, rental agreements and pricing settings, made, changed and removed."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from providers.hostaway.simulator.accounts import ListingRow, SimulatedAccount
from providers.hostaway.simulator.body_checks import (
    Check,
    exact,
    is_amount,
    is_flag,
    is_named,
    is_text,
    is_whole,
    json_object,
    nothing,
    one_of,
    refused_value,
)
from providers.hostaway.simulator.envelope import RefusedError, success
from providers.hostaway.simulator.listing_writes import changeable, check_not_archived, touch
from providers.hostaway.simulator.listings import LENGTH_OF_STAY_FLAGS, agreement_of, listing
from providers.hostaway.simulator.readings import HostawayReadings
from providers.hostaway.simulator.terms import Fee, fee_record

# Hostaway documentation, Listing fee settings. "base_rate" is not in its table, but in each of its samples.
FEE_TYPES = (
    "additionalCleaningFee",
    "parkingFee",
    "towelChangeFee",
    "midstayCleaningFee",
    "roomRequestFee",
    "reservationChangeFee",
    "lateCheckoutFee",
    "otherFees",
    "creditCardFee",
    "kitchenLinenFee",
    "linenPackageFee",
    "transferFee",
    "wristbandFee",
    "extraBedsFee",
    "serviceFee",
    "bedLinenFee",
    "bookingFee",
    "petFee",
    "skiPassFee",
    "tourismFee",
    "childrenExtraFee",
    "resortFee",
)
APPLIED_PER = ("reservation", "person", "night", "person_per_night", "base_rate")

_REQUIRED: Mapping[str, Check] = {
    "feeType": one_of(FEE_TYPES),
    "feeAppliedPer": one_of(APPLIED_PER),
    "amount": is_amount,
    "amountType": one_of(("percent", "flat")),
    "isQuantitySelectable": is_flag,
}


class PartWrites:
    """The calls that change parts of listings."""

    def __init__(self, readings: HostawayReadings, now: Callable[[], datetime]) -> None:
        self._readings = readings
        self._now = now

    async def create_fee(self, request: Request, account: SimulatedAccount) -> Response:
        row = changeable(request, account, self._readings)
        fee = self._fee(await json_object(request), next(account.changed.ids), self._now())
        self._keep(row, (*row.terms.fees, fee))
        return success(fee_record(fee, account_id=account.id, listing_id=row.id))

    async def update_fee(self, request: Request, account: SimulatedAccount) -> Response:
        """By listing and fee."""
        if self._readings.fee_update_path == "listing":
            raise HTTPException(404)
        body = await json_object(request)
        return self._changed_fee(request, account, body, request.path_params["fee_id"])

    async def update_fee_of_listing(self, request: Request, account: SimulatedAccount) -> Response:
        """By listing, the fee in the body: the form that the heading shows."""
        if self._readings.fee_update_path == "both":
            raise HTTPException(404)
        body = await json_object(request)
        return self._changed_fee(request, account, body, body.get("id"))

    async def delete_fee(self, request: Request, account: SimulatedAccount) -> Response:
        """By the fee's id alone, whichever listing it is of."""
        fee_id = request.path_params["fee_id"]
        for row in account.listings.values():
            left = tuple(fee for fee in row.terms.fees if fee.id != fee_id)
            if len(left) < len(row.terms.fees):
                self._keep(row, left)
                return nothing(self._readings)
        raise RefusedError(404, "Listing fee setting not found")

    async def create_agreement(self, request: Request, account: SimulatedAccount) -> Response:
        row = changeable(request, account, self._readings)
        if agreement_of(row, account) is not None:
            raise RefusedError(422, "The listing has an agreement.")
        return self._agreed(row, account, await json_object(request), next(account.changed.ids))

    async def update_agreement(self, request: Request, account: SimulatedAccount) -> Response:
        row = changeable(request, account, self._readings)
        there = agreement_of(row, account)
        if there is None:
            raise RefusedError(404, "Listing agreement not found")
        return self._agreed(row, account, await json_object(request), there["id"])

    async def delete_agreement(self, request: Request, account: SimulatedAccount) -> Response:
        row = listing(request, account)
        if agreement_of(row, account) is None:
            raise RefusedError(404, "Listing agreement not found")
        account.changed.agreements[row.id] = None
        touch(row, self._now(), self._readings)
        return nothing(self._readings)

    async def duplicate_agreement(self, request: Request, account: SimulatedAccount) -> Response:
        """From the parent to its children, in place of what they had."""
        body = await json_object(request)
        parent, children = body.get("listingId"), body.get("listingIds")
        if not is_whole(parent):
            raise refused_value("listingId", self._readings)
        if not isinstance(children, list) or not children or not all(map(is_whole, children)):
            raise refused_value("listingIds", self._readings)
        rows = [account.listings.get(each) for each in (parent, *children)]
        source = agreement_of(rows[0], account) if rows[0] is not None else None
        targets = [row for row in rows[1:] if row is not None]
        if source is None or len(targets) < len(children):
            raise RefusedError(404, "Listing agreement not found")
        for row in targets:
            check_not_archived(row, self._readings)
        for row in targets:
            made = {"id": next(account.changed.ids), "listingMapId": row.id, "text": source["text"]}
            account.changed.agreements[row.id] = made
            touch(row, self._now(), self._readings)
        return self._told(source)

    async def update_pricing(self, request: Request, account: SimulatedAccount) -> Response:
        """All four flags, each time."""
        row = changeable(request, account, self._readings)
        body = await json_object(request)
        for name in LENGTH_OF_STAY_FLAGS:
            if not is_flag(body.get(name)):
                raise refused_value(name, self._readings)
        flags = {name: int(body[name]) for name in LENGTH_OF_STAY_FLAGS}
        account.changed.length_of_stay[row.id] = flags
        touch(row, self._now(), self._readings)
        return success({"listingMapId": row.id, **flags})

    def _changed_fee(self, request: Request, account: SimulatedAccount, body: dict[str, Any], fee_id: Any) -> Response:
        row = changeable(request, account, self._readings)
        there = next((fee for fee in row.terms.fees if fee.id == fee_id), None)
        if there is None:
            raise RefusedError(404, "Listing fee setting not found")
        changed = self._fee(body, there.id, there.created_at)
        self._keep(row, tuple(changed if fee.id == fee_id else fee for fee in row.terms.fees))
        return success(fee_record(changed, account_id=account.id, listing_id=row.id))

    def _fee(self, body: Mapping[str, Any], fee_id: int, created_at: datetime | None) -> Fee:
        """Raises ``RefusedError`` where the whole of a fee is not there: what an update leaves out is not kept."""
        for name, check in _REQUIRED.items():
            if not check(body.get(name)):
                raise refused_value(name, self._readings)
        if not (body.get("isMandatory") is None or is_flag(body["isMandatory"])):
            raise refused_value("isMandatory", self._readings)
        if not (body.get("feeTitle") is None or is_text(body["feeTitle"])):
            raise refused_value("feeTitle", self._readings)
        return Fee(
            id=fee_id,
            type=body["feeType"],
            title=body.get("feeTitle"),
            applied_per=body["feeAppliedPer"],
            amount=exact(body["amount"]),
            percent=body["amountType"] == "percent",
            mandatory=bool(body.get("isMandatory")),
            quantity_selectable=bool(body["isQuantitySelectable"]),
            created_at=created_at,
            updated_at=self._now(),
        )

    def _keep(self, row: ListingRow, fees: tuple[Fee, ...]) -> None:
        row.terms = replace(row.terms, fees=fees)
        touch(row, self._now(), self._readings)

    def _agreed(
        self, row: ListingRow, account: SimulatedAccount, body: Mapping[str, Any], agreement_id: int
    ) -> Response:
        if not is_named(body.get("text")):
            raise refused_value("text", self._readings)
        agreement = {"id": agreement_id, "listingMapId": row.id, "text": body["text"]}
        account.changed.agreements[row.id] = agreement
        touch(row, self._now(), self._readings)
        return self._told(agreement)

    def _told(self, agreement: dict[str, Any]) -> Response:
        return success([agreement] if self._readings.agreement_in_list else agreement)
