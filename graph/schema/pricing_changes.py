"""The mutation of how a listing's prices are made."""

from typing import Annotated, Any

import strawberry

from graph.accounts.keys import Permission
from graph.changes.writing import Done
from graph.gateway.parts import Part
from graph.gateway.refs import Ref
from graph.schema import ids
from graph.schema.change_payloads import ChangePayload, DryRun, carried_out, given_ref, ref_in
from graph.schema.context import Info
from graph.schema.exposing import exposed
from graph.schema.inputs import changed_model, input_of
from graph.schema.listing_edits import ListingId
from graph.schema.permissions import require
from graph.schema.read_back import part_of
from providers import model
from providers.changes import PricingSettingsChange, Written

PricingSettingsInput = input_of(PricingSettingsChange, "PricingSettingsInput")


@strawberry.type(description="What became of the pricing settings of a listing.")
class PricingSettingsPayload(ChangePayload):
    changed: strawberry.Private[Ref | None]

    @strawberry.field(
        description="The settings as the PMS tells them now; null if nothing was changed.",
        graphql_type=exposed(model.PricingSettings | None),
    )
    async def pricing_settings(self, info: Info) -> Any:
        return None if self.changed is None else await part_of(info, self.changed, Part.PRICING_SETTINGS)


@strawberry.type
class PricingChanges:
    """The mutation; ``graph.schema.mutation`` puts it into the schema."""

    @strawberry.mutation(
        description="Change how a listing's prices are made; what is left out stays as it is. Needs WRITE.",
        graphql_type=PricingSettingsPayload,
    )
    async def update_pricing_settings(
        self,
        info: Info,
        listing_id: ListingId,
        input: Annotated[  # noqa: A002  # the schema's name
            Any, strawberry.argument(description="What to change.", graphql_type=PricingSettingsInput)
        ],
        dry_run: DryRun = False,
    ) -> Any:
        require(info, Permission.WRITE)

        async def work() -> Done[Written[model.PricingSettings]]:
            ref = given_ref(listing_id, "listingId", ids.LISTING)
            change = changed_model(input, PricingSettingsChange)
            parts = info.context.administration.catalog.parts
            return await parts.update_pricing_settings(info.context.operation, ref, change, dry_run=dry_run)

        carried = await carried_out(info, work(), listing_id)
        changed = ref_in(listing_id, ids.LISTING) if carried.was_made else None
        return PricingSettingsPayload(changed=changed, **carried.fields())
