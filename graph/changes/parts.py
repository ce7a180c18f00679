"""Changes to what PMSs keep beside a listing: fees, taxes, rental agreements, how prices are made."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from graph.changes.ledger import Creation, checked_key
from graph.changes.new_parts import Making, MakingPlan, Record, making_agreement, making_fee, making_tax
from graph.changes.once import Once
from graph.changes.part_checks import check_agreement, check_channels, check_fee, check_tax
from graph.changes.problems import check_id
from graph.changes.targets import ListingTarget, Targets, record_of
from graph.changes.writing import Done, Writing
from graph.gateway.operation import Operation
from graph.gateway.refs import Ref
from graph.gateway.touched import Touched
from graph.rejections import Rejected, RejectionCode, rejected
from providers.capabilities import Capability
from providers.changes import (
    AgreementChange,
    FeeChange,
    FeeDraft,
    PricingSettingsChange,
    TaxChange,
    TaxDraft,
    Written,
)
from providers.contract import ProviderClient
from providers.model import ListingFee, ListingTax, PricingSettings, RentalAgreement

T = TypeVar("T")
R = TypeVar("R", bound=Record)

_ID = "listingId"
_FEE_ID = "feeId"
_TAX_ID = "taxId"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartChanges:
    """Changes parts of listings. All raise ``Rejected``; in a dry run nothing is changed.

    What has a ``key`` is made once for it: with it two reads more are needed, one of them after a failure only.
    """

    writing: Writing
    targets: Targets
    once: Once

    async def create_fee(
        self, operation: Operation, ref: Ref, draft: FeeDraft, *, key: str | None = None, dry_run: bool = False
    ) -> Done[Written[ListingFee]]:
        checked_key(key)
        target = await self.targets.listing(operation, ref, _ID, Capability.CHANGE_FEES)
        check_fee(draft, target.listing.currency, new=True)
        return await self._make(target, making_fee(target.id, draft), key, f"fee {target.id} {draft!r}", dry_run)

    async def update_fee(
        self, operation: Operation, ref: Ref, fee_id: str, change: FeeChange, *, dry_run: bool = False
    ) -> Done[Written[ListingFee]]:
        target = await self.targets.listing(operation, ref, _ID, Capability.CHANGE_FEES)
        check_id(fee_id, _FEE_ID)
        check_fee(change, target.listing.currency)
        return await self._change(
            target, lambda client: client.update_fee(target.id, fee_id, change), dry_run=dry_run, named_by=_FEE_ID
        )

    async def delete_fee(self, operation: Operation, ref: Ref, fee_id: str, *, dry_run: bool = False) -> Done[None]:
        target = await self.targets.listing(operation, ref, _ID, Capability.CHANGE_FEES)
        check_id(fee_id, _FEE_ID)
        return await self._change(
            target, lambda client: client.delete_fee(target.id, fee_id), dry_run=dry_run, named_by=_FEE_ID
        )

    async def create_tax(
        self, operation: Operation, ref: Ref, draft: TaxDraft, *, key: str | None = None, dry_run: bool = False
    ) -> Done[Written[ListingTax]]:
        checked_key(key)
        target = await self.targets.listing(operation, ref, _ID, Capability.CHANGE_TAXES)
        check_tax(draft, target.listing.currency, new=True)
        return await self._make(target, making_tax(target.id, draft), key, f"tax {target.id} {draft!r}", dry_run)

    async def update_tax(
        self, operation: Operation, ref: Ref, tax_id: str, change: TaxChange, *, dry_run: bool = False
    ) -> Done[Written[ListingTax]]:
        target = await self.targets.listing(operation, ref, _ID, Capability.CHANGE_TAXES)
        check_id(tax_id, _TAX_ID)
        check_tax(change, target.listing.currency)
        return await self._change(
            target, lambda client: client.update_tax(target.id, tax_id, change), dry_run=dry_run, named_by=_TAX_ID
        )

    async def delete_tax(self, operation: Operation, ref: Ref, tax_id: str, *, dry_run: bool = False) -> Done[None]:
        target = await self.targets.listing(operation, ref, _ID, Capability.CHANGE_TAXES)
        check_id(tax_id, _TAX_ID)
        return await self._change(
            target, lambda client: client.delete_tax(target.id, tax_id), dry_run=dry_run, named_by=_TAX_ID
        )

    async def create_agreement(
        self, operation: Operation, ref: Ref, change: AgreementChange, *, key: str | None = None, dry_run: bool = False
    ) -> Done[Written[RentalAgreement]]:
        checked_key(key)
        check_agreement(change)
        target = await self.targets.listing(operation, ref, _ID, Capability.CHANGE_AGREEMENTS)
        content = f"agreement {target.id} {change!r}"
        return await self._make(target, making_agreement(target.id, change), key, content, dry_run)

    async def update_agreement(
        self, operation: Operation, ref: Ref, change: AgreementChange, *, dry_run: bool = False
    ) -> Done[Written[RentalAgreement]]:
        check_agreement(change)
        target = await self.targets.listing(operation, ref, _ID, Capability.CHANGE_AGREEMENTS)
        return await self._change(target, lambda client: client.update_agreement(target.id, change), dry_run=dry_run)

    async def delete_agreement(self, operation: Operation, ref: Ref, *, dry_run: bool = False) -> Done[None]:
        target = await self.targets.listing(operation, ref, _ID, Capability.CHANGE_AGREEMENTS)
        return await self._change(target, lambda client: client.delete_agreement(target.id), dry_run=dry_run)

    async def copies(
        self, operation: Operation, source: ListingTarget, copies: Sequence[Ref]
    ) -> Mapping[Ref, ListingTarget | Rejected]:
        """Which of ``copies`` can be given the agreement of ``source``: others of the same account, once each."""
        needed = Capability.CHANGE_AGREEMENTS
        found = dict(await self.targets.listings(operation, copies, "toListingIds", needed))
        for ref, each in found.items():
            if isinstance(each, ListingTarget) and each.account.id != source.account.id:
                message = "It belongs to another account than the listing whose agreement it is to have."
                found[ref] = rejected("toListingIds", RejectionCode.INVALID, message)
            elif ref == source.ref:
                message = "It is the listing whose agreement is to be copied."
                found[ref] = rejected("toListingIds", RejectionCode.INVALID, message)
        return found

    async def duplicate_agreement(
        self, source: ListingTarget, copies: Sequence[ListingTarget], *, dry_run: bool = False
    ) -> Done[None]:
        """Give other listings of the account the agreement of ``source``, with one call."""
        ids = [each.id for each in copies]
        return await self.writing.carry_out(
            source.account,
            lambda client: client.duplicate_agreement(source.id, ids),
            lambda _: _parts_of(*ids),
            dry_run=dry_run,
        )

    async def update_pricing_settings(
        self, operation: Operation, ref: Ref, change: PricingSettingsChange, *, dry_run: bool = False
    ) -> Done[Written[PricingSettings]]:
        check_channels(change.length_of_stay_channels)
        target = await self.targets.listing(operation, ref, _ID, Capability.CHANGE_PRICING_SETTINGS)
        return await self._change(
            target, lambda client: client.update_pricing_settings(target.id, change), dry_run=dry_run
        )

    async def _make(
        self, target: ListingTarget, making: Making[R], key: str | None, content: str, dry_run: bool
    ) -> Done[Written[R]]:
        if key is None or dry_run:
            return await self._change(target, making.make, dry_run=dry_run)
        account = target.account
        creation = Creation(tenant_id=account.tenant_id, account_id=account.id, key=key, content=content)
        plan = MakingPlan(making, _parts_of(target.id))
        return await self.once.make(account, creation, plan, record=record_of(target.id))

    async def _change(
        self,
        target: ListingTarget,
        work: Callable[[ProviderClient], Awaitable[T]],
        *,
        dry_run: bool,
        named_by: str | None = None,
    ) -> Done[T]:
        return await self.writing.carry_out(
            target.account,
            work,
            lambda _: _parts_of(target.id),
            dry_run=dry_run,
            record=record_of(target.id),
            named_by=named_by,
        )


def _parts_of(*ids: str) -> Touched:
    """Fees, taxes and settings are part of what stays cost; listings may show them, too."""
    touched = frozenset(ids)
    return Touched(listings=touched, parts_of=touched, rates_of=touched)
