"""Mutations of the tax settings of listings."""

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
from providers.changes import TaxChange, TaxDraft, Written

CreateListingTaxInput = input_of(TaxDraft, "CreateListingTaxInput")
UpdateListingTaxInput = input_of(TaxChange, "UpdateListingTaxInput")

TaxId = Annotated[str, strawberry.argument(description="Id of the tax setting in the PMS: providerId of a tax.")]


@strawberry.type(description="What became of a tax setting that was to be made or changed.")
class ListingTaxPayload(ChangePayload):
    changed: strawberry.Private[tuple[Ref, str] | None]

    @strawberry.field(
        description="The tax setting as the PMS tells it now; null if nothing was changed.",
        graphql_type=exposed(model.ListingTax | None),
    )
    async def tax(self, info: Info) -> Any:
        return None if self.changed is None else await record_of(info, self.changed[0], Part.TAXES, self.changed[1])


@strawberry.type(description="What became of a tax setting that was to be removed.")
class DeleteListingTaxPayload(ChangePayload):
    deleted_id: str | None = strawberry.field(
        description="Id, in the PMS, of the tax setting that is gone now; null if it is still there."
    )


@strawberry.type
class TaxChanges:
    """The mutations; ``graph.schema.mutation`` puts them into the schema."""

    @strawberry.mutation(description="Add a tax setting to a listing. Needs WRITE.", graphql_type=ListingTaxPayload)
    async def create_listing_tax(
        self,
        info: Info,
        listing_id: ListingId,
        input: Annotated[  # noqa: A002  # the schema's name
            Any,
            strawberry.argument(description="The tax: an amount or a percentage.", graphql_type=CreateListingTaxInput),
        ],
        idempotency_key: IdempotencyKey = None,
        dry_run: DryRun = False,
    ) -> Any:
        require(info, Permission.WRITE)

        async def work() -> Done[Written[model.ListingTax]]:
            ref, draft = given_ref(listing_id, "listingId", ids.LISTING), changed_model(input, TaxDraft)
            return await _service(info).create_tax(
                info.context.operation, ref, draft, key=idempotency_key, dry_run=dry_run
            )

        return _payload(await carried_out(info, work(), listing_id), listing_id)

    @strawberry.mutation(
        description="Change a tax setting of a listing; what is left out stays as it is. Needs WRITE.",
        graphql_type=ListingTaxPayload,
    )
    async def update_listing_tax(
        self,
        info: Info,
        listing_id: ListingId,
        tax_id: TaxId,
        input: Annotated[  # noqa: A002  # the schema's name
            Any, strawberry.argument(description="What to change.", graphql_type=UpdateListingTaxInput)
        ],
        dry_run: DryRun = False,
    ) -> Any:
        require(info, Permission.WRITE)

        async def work() -> Done[Written[model.ListingTax]]:
            ref, change = given_ref(listing_id, "listingId", ids.LISTING), changed_model(input, TaxChange)
            return await _service(info).update_tax(info.context.operation, ref, tax_id, change, dry_run=dry_run)

        return _payload(await carried_out(info, work(), listing_id), listing_id)

    @strawberry.mutation(
        description="Remove a tax setting of a listing. Needs WRITE.", graphql_type=DeleteListingTaxPayload
    )
    async def delete_listing_tax(
        self, info: Info, listing_id: ListingId, tax_id: TaxId, dry_run: DryRun = False
    ) -> Any:
        require(info, Permission.WRITE)

        async def work() -> Done[None]:
            ref = given_ref(listing_id, "listingId", ids.LISTING)
            return await _service(info).delete_tax(info.context.operation, ref, tax_id, dry_run=dry_run)

        carried = await carried_out(info, work(), listing_id)
        return DeleteListingTaxPayload(deleted_id=tax_id if carried.was_made else None, **carried.fields())


def _service(info: Info) -> PartChanges:
    return info.context.administration.catalog.parts


def _payload(carried: Carried[Written[model.ListingTax]], listing_id: str) -> ListingTaxPayload:
    ref = ref_in(listing_id, ids.LISTING)
    changed = (ref, carried.value.id) if ref and carried.value else None
    return ListingTaxPayload(changed=changed, **carried.fields())
