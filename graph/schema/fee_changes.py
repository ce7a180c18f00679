"""Mutations of the fee settings of listings."""

from typing import Annotated, Any

import strawberry

from graph.accounts.keys import Permission
from graph.changes.parts import PartChanges
from graph.changes.writing import Done
from graph.gateway.parts import Part
from graph.gateway.refs import Ref
from graph.schema import ids
from graph.schema.change_payloads import Carried, ChangePayload, DryRun, IdempotencyKey, carried_out, given_ref, ref_in
from graph.schema.context import Info
from graph.schema.exposing import exposed
from graph.schema.inputs import changed_model, input_of
from graph.schema.listing_edits import ListingId
from graph.schema.permissions import require
from graph.schema.read_back import record_of
from providers import model
from providers.changes import FeeChange, FeeDraft, Written

CreateListingFeeInput = input_of(FeeDraft, "CreateListingFeeInput")
UpdateListingFeeInput = input_of(FeeChange, "UpdateListingFeeInput")

FeeId = Annotated[str, strawberry.argument(description="Id of the fee setting in the PMS: providerId of a fee.")]


@strawberry.type(description="What became of a fee setting that was to be made or changed.")
class ListingFeePayload(ChangePayload):
    changed: strawberry.Private[tuple[Ref, str] | None]

    @strawberry.field(
        description="The fee setting as the PMS tells it now; null if nothing was changed.",
        graphql_type=exposed(model.ListingFee | None),
    )
    async def fee(self, info: Info) -> Any:
        return None if self.changed is None else await record_of(info, self.changed[0], Part.FEES, self.changed[1])


@strawberry.type(description="What became of a fee setting that was to be removed.")
class DeleteListingFeePayload(ChangePayload):
    deleted_id: str | None = strawberry.field(
        description="Id, in the PMS, of the fee setting that is gone now; null if it is still there."
    )


@strawberry.type
class FeeChanges:
    """The mutations; ``graph.schema.mutation`` puts them into the schema."""

    @strawberry.mutation(description="Add a fee setting to a listing. Needs WRITE.", graphql_type=ListingFeePayload)
    async def create_listing_fee(
        self,
        info: Info,
        listing_id: ListingId,
        input: Annotated[  # noqa: A002  # the schema's name
            Any,
            strawberry.argument(description="The fee: an amount or a percentage.", graphql_type=CreateListingFeeInput),
        ],
        idempotency_key: IdempotencyKey = None,
        dry_run: DryRun = False,
    ) -> Any:
        require(info, Permission.WRITE)

        async def work() -> Done[Written[model.ListingFee]]:
            ref, draft = given_ref(listing_id, "listingId", ids.LISTING), changed_model(input, FeeDraft)
            return await _service(info).create_fee(
                info.context.operation, ref, draft, key=idempotency_key, dry_run=dry_run
            )

        return _payload(await carried_out(info, work(), listing_id), listing_id)

    @strawberry.mutation(
        description="Change a fee setting of a listing; what is left out stays as it is. Needs WRITE.",
        graphql_type=ListingFeePayload,
    )
    async def update_listing_fee(
        self,
        info: Info,
        listing_id: ListingId,
        fee_id: FeeId,
        input: Annotated[  # noqa: A002  # the schema's name
            Any, strawberry.argument(description="What to change.", graphql_type=UpdateListingFeeInput)
        ],
        dry_run: DryRun = False,
    ) -> Any:
        require(info, Permission.WRITE)

        async def work() -> Done[Written[model.ListingFee]]:
            ref, change = given_ref(listing_id, "listingId", ids.LISTING), changed_model(input, FeeChange)
            return await _service(info).update_fee(info.context.operation, ref, fee_id, change, dry_run=dry_run)

        return _payload(await carried_out(info, work(), listing_id), listing_id)

    @strawberry.mutation(
        description="Remove a fee setting of a listing. Needs WRITE.", graphql_type=DeleteListingFeePayload
    )
    async def delete_listing_fee(
        self, info: Info, listing_id: ListingId, fee_id: FeeId, dry_run: DryRun = False
    ) -> Any:
        require(info, Permission.WRITE)

        async def work() -> Done[None]:
            ref = given_ref(listing_id, "listingId", ids.LISTING)
            return await _service(info).delete_fee(info.context.operation, ref, fee_id, dry_run=dry_run)

        carried = await carried_out(info, work(), listing_id)
        return DeleteListingFeePayload(deleted_id=fee_id if carried.was_made else None, **carried.fields())


def _service(info: Info) -> PartChanges:
    return info.context.administration.catalog.parts


def _payload(carried: Carried[Written[model.ListingFee]], listing_id: str) -> ListingFeePayload:
    ref = ref_in(listing_id, ids.LISTING)
    changed = (ref, carried.value.id) if ref and carried.value else None
    return ListingFeePayload(changed=changed, **carried.fields())
