"""Changes to listings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from graph.changes.ledger import Creation, checked_key, new_reference
from graph.changes.listing_checks import check_images, check_listing
from graph.changes.listing_version import listing_version
from graph.changes.new_listings import ListingPlan
from graph.changes.once import Once
from graph.changes.problems import Problems
from graph.changes.targets import ListingTarget, Targets, record_of
from graph.changes.writing import Done, Writing
from graph.gateway.operation import Operation
from graph.gateway.refs import Ref
from graph.gateway.touched import Touched
from graph.rejections import RejectionCode, rejected
from providers.capabilities import Capability
from providers.changes import ImageDraft, ListingChange, ListingDraft, Written
from providers.contract import ProviderClient
from providers.model import Channel, Listing


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingChanges:
    """Makes, changes and removes listings. All raise ``Rejected``; in a dry run nothing is changed."""

    writing: Writing
    targets: Targets
    once: Once

    async def create(
        self,
        operation: Operation,
        account_id: str,
        draft_of: Callable[[str, str], ListingDraft],
        *,
        key: str | None = None,
        dry_run: bool = False,
    ) -> Done[Written[Listing]]:
        """Make a listing, once for each ``key``. ``draft_of`` answers the draft for a provider and a reference."""
        checked_key(key)
        account = await self.writing.account(operation.tenant_id, account_id, "accountId", Capability.CREATE_LISTINGS)
        draft = draft_of(account.provider, "")
        check_listing(draft, None, account.provider, new=True)
        if dry_run:
            shown = replace(draft, reference=new_reference())
            return await self.writing.rehearse(account, lambda client: client.create_listing(shown))
        creation = Creation(tenant_id=operation.tenant_id, account_id=account.id, key=key, content=f"listing {draft!r}")
        return await self.once.make(account, creation, ListingPlan(draft))

    async def update(
        self,
        operation: Operation,
        ref: Ref,
        change_of: Callable[[str], ListingChange],
        *,
        version: str | None = None,
        dry_run: bool = False,
    ) -> Done[Written[Listing]]:
        """Change a listing, if it is still what ``version`` says. ``change_of`` answers the change for a provider."""
        target = await self.targets.listing(operation, ref, "id", Capability.UPDATE_LISTINGS)
        change = change_of(target.account.provider)
        check_listing(change, target.listing.currency, target.account.provider)
        sent = False

        async def work(client: ProviderClient) -> Written[Listing]:
            nonlocal sent
            if version is not None:
                await self._check_version(operation, ref, version)
            sent = True
            return await client.update_listing(target.id, change)

        return await self.writing.carry_out(
            target.account,
            work,
            lambda _: _all_of(target.id) if sent else Touched(),
            dry_run=dry_run,
            record=record_of(target.id),
        )

    async def _check_version(self, operation: Operation, ref: Ref, version: str) -> None:
        """Read the listing now, while nobody else changes it. Raises ``Rejected``."""
        present = await self.targets.listing(operation, ref, "id", Capability.UPDATE_LISTINGS, anew=True)
        if version != listing_version(present.listing):
            message = "The listing is no longer what it was when this version of it was read."
            raise rejected("version", RejectionCode.STALE, message)

    async def delete(self, operation: Operation, ref: Ref, *, dry_run: bool = False) -> Done[None]:
        """Remove a listing, or put it away where the PMS knows no removal."""
        account = await self.targets.shown(operation, ref, "id", Capability.DELETE_LISTINGS)
        return await self.writing.carry_out(
            account,
            lambda client: client.delete_listing(ref.provider_id),
            lambda _: _gone(ref.provider_id),
            dry_run=dry_run,
            record=record_of(ref.provider_id),
        )

    async def add_images(
        self, operation: Operation, ref: Ref, images: Sequence[ImageDraft], *, dry_run: bool = False
    ) -> Done[Written[Listing]]:
        """Add pictures to a listing."""
        problems = Problems()
        for index, image in enumerate(images):
            problems.sane(image, "images", index)
        check_images(images, problems, "images", new=True)
        problems.check()
        target = await self._changeable(operation, ref, Capability.ADD_IMAGES)
        return await self.writing.carry_out(
            target.account,
            lambda client: client.add_images(target.id, images),
            lambda _: Touched(listings=frozenset({target.id})),
            dry_run=dry_run,
            record=record_of(target.id),
        )

    async def export(
        self, operation: Operation, ref: Ref, channel: Channel, *, dry_run: bool = False
    ) -> Done[Written[None]]:
        """Have the PMS send a listing to a channel."""
        target = await self._changeable(operation, ref, Capability.EXPORT_LISTINGS)
        return await self.writing.carry_out(
            target.account,
            lambda client: client.export_listing(target.id, channel),
            lambda _: Touched(listings=frozenset({target.id})),
            dry_run=dry_run,
        )

    async def _changeable(self, operation: Operation, ref: Ref, needed: Capability) -> ListingTarget:
        return await self.targets.listing(operation, ref, "listingId", needed)


def _all_of(listing_id: str) -> Touched:
    """A change of a listing may change its prices, rules and parts, too."""
    ids = frozenset({listing_id})
    return Touched(listings=ids, rates_of=ids, parts_of=ids)


def _gone(listing_id: str) -> Touched:
    ids = frozenset({listing_id})
    return Touched(listings=ids, nights_of=ids, parts_of=ids)
