"""Mutations that import other tenants' listings, and give them back."""

from typing import Any

import strawberry

from graph.accounts.keys import Permission
from graph.schema.context import Info
from graph.schema.listing_changes import ERRORS, ListingIds, of_each
from graph.schema.permissions import require
from graph.schema.user_errors import UserError


@strawberry.type(description="What became of one listing that was to be imported, or given back.")
class ListingImport:
    id: strawberry.ID = strawberry.field(description="The id that was given.")
    imported: bool | None = strawberry.field(
        description="Whether the listing is imported now; null if nothing could be done."
    )
    user_errors: list[UserError] = strawberry.field(description=ERRORS)


@strawberry.type(description="What became of several listings that were to be imported, or given back.")
class ListingImportsPayload:
    imports: list[ListingImport] = strawberry.field(description="One for each id, in the order given.")


@strawberry.type
class ImportChanges:
    """The mutations; ``graph.schema.mutation`` puts them into the schema."""

    @strawberry.mutation(
        description="Import listings of other tenants' accounts: see importableListings. They are then among yours, "
        "with the owner's markup for distribution on their prices, for as long as the owner offers them. Needs WRITE."
    )
    async def import_listings(self, info: Info, ids: ListingIds) -> ListingImportsPayload:
        require(info, Permission.WRITE)
        context = info.context
        return ListingImportsPayload(
            imports=await of_each(
                ids, lambda refs: context.administration.choosing.take(context.operation, refs), _result(imported=True)
            )
        )

    @strawberry.mutation(description="Give imported listings back, also such as are no longer offered. Needs WRITE.")
    async def remove_imported_listings(self, info: Info, ids: ListingIds) -> ListingImportsPayload:
        require(info, Permission.WRITE)
        context = info.context
        return ListingImportsPayload(
            imports=await of_each(
                ids,
                lambda refs: context.administration.choosing.give_back(context.operation, refs),
                _result(imported=False),
            )
        )


def _result(*, imported: bool) -> Any:
    def result(text: strawberry.ID, errors: list[UserError]) -> ListingImport:
        return ListingImport(id=text, imported=None if errors else imported, user_errors=errors)

    return result
