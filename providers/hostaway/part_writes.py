"""Fee settings, rental agreements and pricing settings of Hostaway's listings made, changed and removed.

A change whose answer is lost is looked for: what shows it is taken for made.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from providers.changes import (
    AgreementChange,
    FeeChange,
    FeeDraft,
    PricingSettingsChange,
    ProblemKind,
    Written,
    given,
    refused,
)
from providers.errors import ProviderError
from providers.hostaway.change_checks import Checks
from providers.hostaway.fee_bodies import fee_body, fee_change
from providers.hostaway.paging import is_id
from providers.hostaway.parts import LENGTH_OF_STAY, build_agreement, build_fee, build_pricing_settings, is_flat
from providers.hostaway.pricing import FEES
from providers.hostaway.wire_parts import WireAgreement, WireFee, WirePricingSettings
from providers.hostaway.wishes import json_number
from providers.hostaway.writer import (
    ARCHIVED,
    NOT_THERE,
    REFUSALS,
    WritingClient,
    known_id,
    looked,
    nothing_named,
)
from providers.model import ListingFee, PricingSettings, RentalAgreement
from providers.upstream.calls import Call
from providers.wire import read_records

AGREEMENTS = "/v1/listingAgreement"
PRICING_SETTINGS = "/v1/listing/pricingSettings"
_JUST_NOW = timedelta(minutes=6)
"""How long ago, by our clock, something can have been made that is made now: Hostaway's may be behind."""


class PartWrites(WritingClient):
    """One call a change, and one read before it where Hostaway does not say what it would do otherwise."""

    async def create_fee(self, listing_id: str, draft: FeeDraft) -> Written[ListingFee]:
        """One call."""
        known_id(listing_id, "listing")
        body = fee_body(draft)
        call = Call(method="POST", path=f"{FEES}/{listing_id}", json=body, safe=False)

        async def look() -> Mapping[str, Any] | None:
            found = await self._made_fee(listing_id, body)
            return None if found is None else found.sent

        return self._fee(listing_id, await self._writer.made(call, look, listing_id=listing_id))

    async def update_fee(self, listing_id: str, fee_id: str, change: FeeChange) -> Written[ListingFee]:
        """Two calls: whether a fee that is sent in part keeps the rest is not said, so all of it is sent.

        Where the address with both ids is unknown, the one that the heading shows is taken: a third call.
        """
        known_id(listing_id, "listing")
        changed = fee_change(change)
        fee = next((each for each in await self._fees(listing_id) if each.id == fee_id), None)
        if fee is None:
            raise refused(ProblemKind.NOT_FOUND, "The listing has no such fee in Hostaway.", "fee_id")
        body = _whole_fee(fee) | changed
        call = Call(method="PUT", path=f"{FEES}/{listing_id}/{known_id(fee_id, 'fee')}", json=body, safe=False)

        async def look() -> Mapping[str, Any] | None:
            return next(
                (each.sent for each in await self._fees(listing_id) if each.id == fee_id and _says(each, body)), None
            )

        try:
            return self._fee(listing_id, self._writer.record(await self._writer.attempt(call)))
        except REFUSALS as error:
            if error.upstream_status not in NOT_THERE:
                raise await self._writer.refusal(error, call, listing_id) from None
        except ProviderError as error:
            found = await looked(error, look)
            if found is None:
                raise
            return self._fee(listing_id, found)
        call = Call(method="PUT", path=f"{FEES}/{listing_id}", json={"id": int(fee_id), **body}, safe=False)
        return self._fee(listing_id, await self._writer.made(call, look, listing_id=listing_id))

    async def delete_fee(self, listing_id: str, fee_id: str) -> None:
        """Two calls: fees are removed by their own id alone, so it is looked whether this one is the listing's."""
        known_id(listing_id, "listing")
        if not await self._has_fee(listing_id, fee_id):
            return
        call = Call(method="DELETE", path=f"{FEES}/{known_id(fee_id, 'fee')}", safe=False)
        await self._writer.gone(call, lambda: self._has_fee(listing_id, fee_id), listing_id=listing_id)

    async def create_agreement(self, listing_id: str, change: AgreementChange) -> Written[RentalAgreement]:
        """Two calls: what becomes of an agreement that is there already is not said."""
        body = _agreement_body(change)
        if await self._agreement(listing_id) is not None:
            raise refused(ProblemKind.CONFLICT, "The listing has a rental agreement already: change that one.")
        return await self._agreed("POST", listing_id, body)

    async def update_agreement(self, listing_id: str, change: AgreementChange) -> Written[RentalAgreement]:
        """Two calls: whether one that is not there would be made is not said."""
        body = _agreement_body(change)
        await self._existing_agreement(listing_id)
        return await self._agreed("PUT", listing_id, body)

    async def delete_agreement(self, listing_id: str) -> None:
        """One call. After a refusal, or without an answer, it is looked whether there is one."""
        call = Call(method="DELETE", path=f"{AGREEMENTS}/{known_id(listing_id, 'listing')}", safe=False)

        async def is_there() -> bool:
            return await self._agreement(listing_id) is not None

        await self._writer.gone(call, is_there, listing_id=listing_id)

    async def duplicate_agreement(self, listing_id: str, to_listing_ids: Sequence[str]) -> None:
        """Two calls. Agreements that the others have are replaced."""
        checks = Checks()
        children = [checks.identity(each, ("to_listing_ids", index)) for index, each in enumerate(to_listing_ids)]
        if not children:
            checks.wrong(ProblemKind.REQUIRED, "Name at least one listing.", ("to_listing_ids",))
        if listing_id in to_listing_ids:
            checks.wrong(ProblemKind.INVALID, "The listing itself is among the others.", ("to_listing_ids",))
        checks.done()
        parent = await self._existing_agreement(listing_id)
        body = {"listingId": int(listing_id), "listingIds": list(dict.fromkeys(children))}
        call = Call(method="POST", path=f"{AGREEMENTS}/duplicate", json=body, safe=False)
        try:
            await self._writer.attempt(call)
        except REFUSALS as error:
            for index, child in enumerate(to_listing_ids):
                if await self._writer.is_archived(child):
                    raise refused(ProblemKind.CONFLICT, ARCHIVED, "to_listing_ids", index) from None
            raise await self._writer.refusal(error, call, None) from None
        except ProviderError as error:
            if await looked(error, lambda: self._copied(parent, to_listing_ids)) is None:
                raise

    async def update_pricing_settings(self, listing_id: str, change: PricingSettingsChange) -> Written[PricingSettings]:
        """One call. The settings hold nothing but which channels get prices by length of stay."""
        path = f"{PRICING_SETTINGS}/{known_id(listing_id, 'listing')}"
        channels = given(change).get("length_of_stay_channels")
        if channels is None:
            raise nothing_named()
        checks = Checks()
        for index, channel in enumerate(channels):
            if channel not in LENGTH_OF_STAY:
                allowed = ", ".join(each.value for each in LENGTH_OF_STAY)
                checks.unsupported("prices by length of stay for it", ("length_of_stay_channels", index), allowed)
        checks.done()
        body = {name: int(channel in channels) for channel, name in LENGTH_OF_STAY.items()}
        call = Call(method="PUT", path=path, json=body, safe=False)

        async def look() -> Mapping[str, Any] | None:
            rows = (await self._reader.some(path)).rows
            told = [each.model_dump() for each in read_records(WirePricingSettings, [*rows[:1], body])[0]]
            return rows[0] if len(told) == 2 and told[0] == told[1] else None

        record = await self._writer.made(call, look, listing_id=listing_id)
        found, _ = read_records(WirePricingSettings, [record])
        return Written(id=listing_id, record=build_pricing_settings(found[0]) if found else None)

    async def _fees(self, listing_id: str) -> list[WireFee]:
        return read_records(WireFee, (await self._reader.some(f"{FEES}/{listing_id}")).rows)[0]

    async def _has_fee(self, listing_id: str, fee_id: str) -> bool:
        return any(each.id == fee_id for each in await self._fees(listing_id))

    async def _made_fee(self, listing_id: str, body: Mapping[str, Any]) -> WireFee | None:
        """The newest fee of which all is as sent, unless it says that it was not made just now."""
        rows = await self._reader.some(f"{FEES}/{listing_id}")
        earliest = rows.received_at - _JUST_NOW
        made = [
            each
            for each in read_records(WireFee, rows.rows)[0]
            if _says(each, body) and (each.inserted_on is None or each.inserted_on >= earliest)
        ]
        return max(made, key=lambda each: int(each.id) if is_id(each.id) else 0, default=None)

    def _fee(self, listing_id: str, record: Mapping[str, Any]) -> Written[ListingFee]:
        """A fee is shown where it needs no currency, or the listing's is known."""
        found, _ = read_records(WireFee, [record])
        currency = self._currencies.get(listing_id)
        shown = [build_fee(each, currency) for each in found if currency is not None or not is_flat(each)]
        return Written(id=self._writer.id_in(record), record=shown[0] if shown else None)

    async def _agreement(self, listing_id: str) -> Mapping[str, Any] | None:
        rows = (await self._reader.some(f"{AGREEMENTS}/{known_id(listing_id, 'listing')}")).rows
        return rows[0] if rows else None

    async def _existing_agreement(self, listing_id: str) -> Mapping[str, Any]:
        found = await self._agreement(listing_id)
        if found is None:
            raise refused(ProblemKind.NOT_FOUND, "The listing has no rental agreement in Hostaway.")
        return found

    async def _copied(self, parent: Mapping[str, Any], listing_ids: Sequence[str]) -> Mapping[str, Any] | None:
        """The agreement of a listing, if all the others have its text."""
        for each in listing_ids:
            child = await self._agreement(each)
            if child is None or not _has_text(child, parent):
                return None
        return parent

    async def _agreed(self, method: str, listing_id: str, body: Mapping[str, Any]) -> Written[RentalAgreement]:
        call = Call(method=method, path=f"{AGREEMENTS}/{listing_id}", json=body, safe=False)

        async def look() -> Mapping[str, Any] | None:
            shown = await self._agreement(listing_id)
            return shown if shown is not None and _has_text(shown, body) else None

        record = await self._writer.made(call, look, listing_id=listing_id)
        found, _ = read_records(WireAgreement, [record])
        return Written(id=self._writer.id_in(record), record=build_agreement(found[0]) if found else None)


def _says(fee: WireFee, body: Mapping[str, Any]) -> bool:
    """Whether a fee is all that was sent. No title and an empty one are the same."""
    shown = _whole_fee(fee)
    return all(shown[name] == value or (not shown[name] and not value) for name, value in body.items())


def _has_text(agreement: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return str(agreement.get("text") or "").strip() == str(other.get("text") or "").strip()


def _whole_fee(fee: WireFee) -> dict[str, Any]:
    """All that an update takes, as it is. Without a word on whether it is mandatory, it is not."""
    return {
        "feeType": fee.fee_type,
        "feeTitle": fee.fee_title,
        "feeAppliedPer": fee.fee_applied_per,
        "amount": None if fee.amount is None else json_number(fee.amount),
        "amountType": fee.amount_type,
        "isMandatory": int(bool(fee.is_mandatory)),
        "isQuantitySelectable": int(bool(fee.is_quantity_selectable)),
    }


def _agreement_body(change: AgreementChange) -> dict[str, Any]:
    checks = Checks()
    body = {"text": checks.named(change.text, ("text",))}
    checks.done()
    return body
