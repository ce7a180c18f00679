"""Mutations that make, change and remove listings at their PMS."""

from typing import Annotated, Any

import strawberry

from graph.accounts.keys import Permission
from graph.changes.listing_checks import MAX_IMAGES
from graph.changes.listings import ListingChanges
from graph.changes.writing import Done
from graph.gateway.refs import Ref
from graph.rejections import Rejected, Rejection, RejectionCode
from graph.schema import ids
from graph.schema.change_payloads import (
    Carried,
    ChangePayload,
    DryRun,
    IdempotencyKey,
    below,
    carried_out,
    given_ref,
    ref_in,
)
from graph.schema.context import Info
from graph.schema.inputs import changed_model, input_of, list_of
from graph.schema.listing import Listing
from graph.schema.permissions import require
from providers.changes import ImageDraft, ListingChange, ListingDraft, Written
from providers.model import Channel

CreateListingInput = input_of(
    ListingDraft,
    "CreateListingInput",
    extras="listing",
    description="A listing to make; name is required. What is left out is the PMS's own choice.",
)
UpdateListingInput = input_of(ListingChange, "UpdateListingInput", extras="listing")
ImageInput = input_of(ImageDraft, "ImageInput")


@strawberry.type(description="What became of a listing that was to be made or changed.")
class ListingPayload(ChangePayload):
    shown: strawberry.Private[Ref | None]
    id: strawberry.ID | None = strawberry.field(description="The listing's id; null if none was made, or changed.")

    @strawberry.field(
        description="The listing as the PMS tells it now. Null if nothing was changed, or while it waits for approval; "
        "with STALE the present state.",
        graphql_type=Listing | None,
    )
    async def listing(self, info: Info) -> Any:
        return None if self.shown is None else await info.context.loaders(info).listing_by_id.load(self.shown)


@strawberry.type(description="What became of a listing that was to be removed.")
class DeleteListingPayload(ChangePayload):
    deleted_id: strawberry.ID | None = strawberry.field(
        description="Id of the listing that is gone now; null if it is still there."
    )


ListingId = Annotated[strawberry.ID, strawberry.argument(description="The listing's id.")]
AccountId = Annotated[strawberry.ID, strawberry.argument(description="The integration account's id.")]


@strawberry.type
class ListingEdits:
    """The mutations; ``graph.schema.mutation`` puts them into the schema."""

    @strawberry.mutation(
        description="Make a listing in an account's PMS. What is left out is the PMS's own choice. Where the account "
        "asks for approval, it waits like any other. Needs WRITE.",
        graphql_type=ListingPayload,
    )
    async def create_listing(
        self,
        info: Info,
        account_id: AccountId,
        input: Annotated[  # noqa: A002  # the schema's name
            Any, strawberry.argument(description="What it is like; name is required.", graphql_type=CreateListingInput)
        ],
        idempotency_key: IdempotencyKey = None,
        dry_run: DryRun = False,
    ) -> Any:
        require(info, Permission.WRITE)

        async def work() -> Done[Written[Any]]:
            return await _service(info).create(
                info.context.operation,
                given_ref(account_id, "accountId", ids.ACCOUNT).account_id,
                lambda provider, reference: changed_model(input, ListingDraft, provider=provider, reference=reference),
                key=idempotency_key,
                dry_run=dry_run,
            )

        carried = await carried_out(info, work(), account_id)
        account = ref_in(account_id, ids.ACCOUNT)
        made = Ref(account.account_id, carried.value.id) if account and carried.value else None
        return _payload(carried, made)

    @strawberry.mutation(
        description="Change a listing at its PMS. What is left out stays as it is; a list that is named replaces the "
        "whole list. Prices are the PMS's own, before the account's discount and markup. Needs WRITE.",
        graphql_type=ListingPayload,
    )
    async def update_listing(
        self,
        info: Info,
        id: ListingId,  # noqa: A002  # the schema's name
        input: Annotated[  # noqa: A002  # the schema's name
            Any, strawberry.argument(description="What to change.", graphql_type=UpdateListingInput)
        ],
        version: Annotated[
            str | None,
            strawberry.argument(
                description="The version that the change is based on: Listing.version. If the listing changed since, "
                "it is refused with STALE. Costs a read of the listing."
            ),
        ] = None,
        dry_run: DryRun = False,
    ) -> Any:
        require(info, Permission.WRITE)

        async def work() -> Done[Written[Any]]:
            return await _service(info).update(
                info.context.operation,
                given_ref(id, "id", ids.LISTING),
                lambda provider: changed_model(input, ListingChange, provider=provider),
                version=version,
                dry_run=dry_run,
            )

        return await _changed(info, id, work())

    @strawberry.mutation(
        description="Remove a listing from its PMS, or put it away where the PMS knows no removal. Needs WRITE.",
        graphql_type=DeleteListingPayload,
    )
    async def delete_listing(self, info: Info, id: ListingId, dry_run: DryRun = False) -> Any:  # noqa: A002  # the schema's name
        require(info, Permission.WRITE)

        async def work() -> Done[None]:
            return await _service(info).delete(
                info.context.operation, given_ref(id, "id", ids.LISTING), dry_run=dry_run
            )

        carried = await carried_out(info, work(), id)
        return DeleteListingPayload(deleted_id=id if carried.was_made else None, **carried.fields())

    @strawberry.mutation(
        description="Add pictures to a listing; those that are there stay. A PMS may take some minutes to fetch them, "
        "and show them only then. Needs WRITE.",
        graphql_type=ListingPayload,
    )
    async def add_listing_images(
        self,
        info: Info,
        listing_id: ListingId,
        images: Annotated[
            list[Any],
            strawberry.argument(
                description=f"The pictures, 1 to {MAX_IMAGES}, each with a url.", graphql_type=list_of(ImageInput)
            ),
        ],
        dry_run: DryRun = False,
    ) -> Any:
        require(info, Permission.WRITE)

        async def work() -> Done[Written[Any]]:
            drafts = _images(images)
            ref = given_ref(listing_id, "listingId", ids.LISTING)
            return await _service(info).add_images(info.context.operation, ref, drafts, dry_run=dry_run)

        return await _changed(info, listing_id, work())

    @strawberry.mutation(
        description="Have the PMS send a listing to a channel that is connected there. The PMS does it by and by; "
        "nothing tells when it is done. Needs WRITE.",
        graphql_type=ListingPayload,
    )
    async def export_listing(
        self,
        info: Info,
        listing_id: ListingId,
        channel: Annotated[Channel, strawberry.argument(description="The channel.")],
        dry_run: DryRun = False,
    ) -> Any:
        require(info, Permission.WRITE)

        async def work() -> Done[Written[None]]:
            ref = given_ref(listing_id, "listingId", ids.LISTING)
            return await _service(info).export(info.context.operation, ref, channel, dry_run=dry_run)

        return await _changed(info, listing_id, work())


def _service(info: Info) -> ListingChanges:
    return info.context.administration.catalog.listings


async def _changed(info: Info, id_: str, work: Any) -> ListingPayload:
    """The payload of a change to a listing that is there."""
    return _payload(await carried_out(info, work, id_), ref_in(id_, ids.LISTING))


def _payload(carried: Carried[Any], ref: Ref | None) -> ListingPayload:
    codes = {each.code for each in carried.refusal.rejections} if carried.refusal else set()
    shown = ref if carried.may_have_changed or RejectionCode.STALE in codes else None
    id_ = ids.GlobalId(ids.LISTING, *ref).text() if ref and carried.may_have_changed else None
    return ListingPayload(shown=shown, id=id_, **carried.fields())


def _images(images: list[Any]) -> list[ImageDraft]:
    drafts: list[ImageDraft] = []
    wrong: list[Rejection] = []
    for index, each in enumerate(images):
        try:
            drafts.append(changed_model(each, ImageDraft))
        except Rejected as refusal:
            wrong += below(refusal, "images", str(index)).rejections
    if wrong:
        raise Rejected(*wrong)
    return drafts
