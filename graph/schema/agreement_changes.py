"""Mutations of the rental agreements of listings."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any

import strawberry

from graph.accounts.keys import Permission
from graph.changes.parts import PartChanges
from graph.changes.targets import ListingTarget
from graph.changes.writing import Done
from graph.gateway.parts import Part
from graph.gateway.refs import Ref
from graph.rejections import Rejected, RejectionCode, rejected
from graph.schema import ids
from graph.schema.arguments import MAX_IDS, check_list
from graph.schema.change_payloads import Carried, ChangePayload, DryRun, IdempotencyKey, carried_out, given_ref, ref_in
from graph.schema.context import Info
from graph.schema.exposing import exposed
from graph.schema.inputs import changed_model, input_of
from graph.schema.listing_edits import ListingId
from graph.schema.permissions import require
from graph.schema.read_back import part_of
from graph.schema.user_errors import UserError, user_errors
from providers import model
from providers.capabilities import Capability
from providers.changes import AgreementChange, Written

AgreementInput = input_of(AgreementChange, "AgreementInput")

AgreementArgument = Annotated[Any, strawberry.argument(description="The agreement.", graphql_type=AgreementInput)]


async def _agreement(info: Info, ref: Ref | None) -> Any:
    found = None if ref is None else await part_of(info, ref, Part.AGREEMENTS)
    return found[0] if found else None


@strawberry.type(description="What became of the rental agreement of a listing.")
class AgreementPayload(ChangePayload):
    changed: strawberry.Private[Ref | None]

    @strawberry.field(
        description="The agreement as the PMS tells it now; null if nothing was changed, or there is none any more.",
        graphql_type=exposed(model.RentalAgreement | None),
    )
    async def agreement(self, info: Info) -> Any:
        return await _agreement(info, self.changed)


@strawberry.type(description="What became of one listing that was to have the agreement of another.")
class AgreementCopy:
    changed: strawberry.Private[Ref | None]
    listing_id: strawberry.ID = strawberry.field(description="The id that was given.")
    user_errors: list[UserError] = strawberry.field(
        description="What was wrong with this one; empty if it was done. The others are done all the same."
    )

    @strawberry.field(
        description="Its agreement as the PMS tells it now; null if nothing was changed.",
        graphql_type=exposed(model.RentalAgreement | None),
    )
    async def agreement(self, info: Info) -> Any:
        return await _agreement(info, self.changed)


@strawberry.type(description="What became of several listings that were to have the agreement of another.")
class AgreementCopiesPayload(ChangePayload):
    copies: list[AgreementCopy] = strawberry.field(
        description="One for each id, in the order given. What was wrong with the call as a whole is in userErrors."
    )


@strawberry.type
class AgreementChanges:
    """The mutations; ``graph.schema.mutation`` puts them into the schema."""

    @strawberry.mutation(
        description="Give a listing a rental agreement; one that has one is refused with CONFLICT. Needs WRITE.",
        graphql_type=AgreementPayload,
    )
    async def create_agreement(
        self,
        info: Info,
        listing_id: ListingId,
        input: AgreementArgument,  # noqa: A002  # the schema's name
        idempotency_key: IdempotencyKey = None,
        dry_run: DryRun = False,
    ) -> Any:
        require(info, Permission.WRITE)

        async def work() -> Done[Written[model.RentalAgreement]]:
            ref, change = given_ref(listing_id, "listingId", ids.LISTING), changed_model(input, AgreementChange)
            return await _service(info).create_agreement(
                info.context.operation, ref, change, key=idempotency_key, dry_run=dry_run
            )

        return _payload(await carried_out(info, work(), listing_id), listing_id)

    @strawberry.mutation(
        description="Change the rental agreement of a listing. Needs WRITE.", graphql_type=AgreementPayload
    )
    async def update_agreement(
        self,
        info: Info,
        listing_id: ListingId,
        input: AgreementArgument,  # noqa: A002  # the schema's name
        dry_run: DryRun = False,
    ) -> Any:
        require(info, Permission.WRITE)

        async def work() -> Done[Written[model.RentalAgreement]]:
            ref, change = given_ref(listing_id, "listingId", ids.LISTING), changed_model(input, AgreementChange)
            return await _service(info).update_agreement(info.context.operation, ref, change, dry_run=dry_run)

        return _payload(await carried_out(info, work(), listing_id), listing_id)

    @strawberry.mutation(
        description="Take the rental agreement from a listing; one that has none is no failure. Needs WRITE.",
        graphql_type=AgreementPayload,
    )
    async def delete_agreement(self, info: Info, listing_id: ListingId, dry_run: DryRun = False) -> Any:
        require(info, Permission.WRITE)

        async def work() -> Done[None]:
            ref = given_ref(listing_id, "listingId", ids.LISTING)
            return await _service(info).delete_agreement(info.context.operation, ref, dry_run=dry_run)

        return _payload(await carried_out(info, work(), listing_id), listing_id)

    @strawberry.mutation(
        description="Give other listings of the same account the rental agreement of a listing, with one call for all "
        "that can have it. Needs WRITE.",
        graphql_type=AgreementCopiesPayload,
    )
    async def duplicate_agreement(
        self,
        info: Info,
        listing_id: ListingId,
        to_listing_ids: Annotated[
            list[strawberry.ID],
            strawberry.argument(description=f"Ids of the other listings, 1 to {MAX_IDS}; each counts once."),
        ],
        dry_run: DryRun = False,
    ) -> Any:
        require(info, Permission.WRITE)
        texts = check_list(to_listing_ids, "toListingIds") or ()
        refused: dict[str, Rejected] = {}

        async def work() -> Done[None]:
            context, ref = info.context, given_ref(listing_id, "listingId", ids.LISTING)
            source = await context.administration.catalog.targets.listing(
                context.operation, ref, "listingId", Capability.CHANGE_AGREEMENTS
            )
            targets = await _copies(info, source, texts, refused)
            if not targets:
                message = "None of these listings can have it: see copies."
                raise rejected("toListingIds", RejectionCode.INVALID, message)
            return await _service(info).duplicate_agreement(source, targets, dry_run=dry_run)

        carried = await carried_out(info, work(), listing_id)
        return AgreementCopiesPayload(
            copies=[_copy(text, carried, refused.get(text), to_listing_ids.index(text)) for text in texts],
            **carried.fields(),
        )


def _service(info: Info) -> PartChanges:
    return info.context.administration.catalog.parts


def _payload(carried: Carried[Any], listing_id: str) -> AgreementPayload:
    changed = ref_in(listing_id, ids.LISTING) if carried.was_made else None
    return AgreementPayload(changed=changed, **carried.fields())


async def _copies(
    info: Info, source: ListingTarget, texts: Sequence[str], refused: dict[str, Rejected]
) -> list[ListingTarget]:
    """The listings that can have the agreement; why others cannot is put into ``refused``."""
    refs: dict[str, Ref] = {}
    for text in texts:
        try:
            refs[text] = given_ref(text, "toListingIds", ids.LISTING)
        except Rejected as refusal:
            refused[text] = refusal
    found: Mapping[Ref, Any] = await _service(info).copies(info.context.operation, source, list(refs.values()))
    refused |= {text: found[ref] for text, ref in refs.items() if isinstance(found[ref], Rejected)}
    return [found[ref] for text, ref in refs.items() if text not in refused]


def _copy(text: str, carried: Carried[None], refusal: Rejected | None, place: int) -> AgreementCopy:
    if refusal is not None:
        path = ("toListingIds", str(place))
        errors = user_errors(Rejected(*(replace(each, field=path) for each in refusal.rejections)))
    else:
        errors = user_errors(carried.refusal) if carried.refusal else []
    changed = ref_in(text, ids.LISTING) if carried.was_made and not errors else None
    return AgreementCopy(changed=changed, listing_id=strawberry.ID(text), user_errors=errors)
