"""People who work in the PMSs, as clients see them."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from graph.access.loaders import settled
from graph.gateway.refs import Ref
from graph.schema import ids
from graph.schema.arguments import First, check_first
from graph.schema.context import Info
from graph.schema.exposing import exposes
from graph.schema.plain import pure
from graph.schema.price_bounds import check_listings
from providers import model

if TYPE_CHECKING:
    from graph.schema.listing import Listing


@dataclass(slots=True, kw_only=True)
class AccountUser(model.ProviderUser):
    """A user with the connected account that told about it."""

    account_id: str


@exposes(model.ProviderUser)
class User(model.ProviderUser):
    @strawberry.field(
        name="listingIds",
        description="Ids of the listings the user may see; null if the PMS does not tell.",
        graphql_type=list[strawberry.ID] | None,
    )
    @pure
    def listing_ids(self) -> Any:
        return [ids.GlobalId(ids.LISTING, *ref).text() for ref in _refs(self)] if self.listing_ids is not None else None

    @strawberry.field(
        description="The first of the listings the user may see. One that cannot be read, or is gone, is null.",
        graphql_type=list[Annotated["Listing", strawberry.lazy("graph.schema.listing")] | None] | None,
    )
    async def listings(self, info: Info, first: First = 50) -> Any:
        if self.listing_ids is None:
            return None
        loaders = info.context.loaders(info)
        refs = _refs(self)[: check_first(first)]
        await check_listings(info, refs, "first")
        return await settled(loaders.listing_by_id, refs)


def users_of(account_id: str, users: Sequence[model.ProviderUser]) -> list[AccountUser]:
    """The users of a connected account."""
    return [
        AccountUser(account_id=account_id, **{each.name: getattr(user, each.name) for each in fields(user)})
        for user in users
    ]


def _refs(user: Any) -> list[Ref]:
    return [Ref(user.account_id, id_) for id_ in user.listing_ids or ()]
