"""Mutations that decide which listings of an account that asks for approval are shown."""

from collections.abc import Sequence
from typing import Any

import strawberry

from graph.accounts.accounts import AccountStatus
from graph.accounts.approvals import ListingApproval
from graph.accounts.keys import Permission
from graph.rejections import RejectionCode, rejected
from graph.schema.context import Info
from graph.schema.listing_changes import ERRORS, ListingIds, of_each
from graph.schema.permissions import require
from graph.schema.user_errors import UserError
from providers.errors import ProviderError


@strawberry.type(description="What was decided about one listing.")
class ListingDecision:
    id: strawberry.ID = strawberry.field(description="The id that was given.")
    approval: ListingApproval | None = strawberry.field(
        description="What holds for the listing now; null if nothing could be decided."
    )
    user_errors: list[UserError] = strawberry.field(description=ERRORS)


@strawberry.type(description="What was decided about several listings.")
class ListingDecisionsPayload:
    decisions: list[ListingDecision] = strawberry.field(description="One for each id, in the order given.")


@strawberry.type
class ApprovalChanges:
    """The mutations; ``graph.schema.mutation`` puts them into the schema."""

    @strawberry.mutation(
        description="Show listings of accounts that ask for approval, also such as were rejected. One that was never "
        "read is asked for at its PMS. Needs WRITE."
    )
    async def approve_listings(self, info: Info, ids: ListingIds) -> ListingDecisionsPayload:
        return await _decide(info, ids, ListingApproval.APPROVED)

    @strawberry.mutation(
        description="Hide listings of accounts that ask for approval, also such as were approved: from you at once, "
        "from tenants that imported them within a second. Reservations stay. Needs WRITE."
    )
    async def reject_listings(self, info: Info, ids: ListingIds) -> ListingDecisionsPayload:
        return await _decide(info, ids, ListingApproval.REJECTED)


async def _decide(info: Info, given: Sequence[strawberry.ID], decision: ListingApproval) -> ListingDecisionsPayload:
    require(info, Permission.WRITE)
    context = info.context

    def result(text: strawberry.ID, errors: list[UserError]) -> ListingDecision:
        return ListingDecision(id=text, approval=None if errors else decision, user_errors=errors)

    return ListingDecisionsPayload(
        decisions=await of_each(
            given, lambda refs: context.administration.choosing.decide(context.operation, refs, decision), result
        )
    )


async def keep_listings_shown(info: Info, account_id: str, changed: dict[str, Any]) -> None:
    """Where ``changed`` makes an account in use ask for approval, approve the listings that it has.

    Raises ``Rejected`` where they cannot be read: they would be hidden all at once.
    """
    if not changed.get("require_listing_approval"):
        return
    context = info.context
    account = await context.administration.accounts.get(context.operation.tenant_id, account_id)
    if account is None or account.require_listing_approval or account.status is AccountStatus.AWAITING_AUTHORIZATION:
        return
    field = "requireListingApproval"
    if account.status is not AccountStatus.ACTIVE:
        message = "The listings that the account has cannot be read now, to stay shown: resume it first."
        raise rejected(field, RejectionCode.CONFLICT, message)
    try:
        await context.administration.choosing.keep_shown(context.operation, account)
    except ProviderError as error:
        message = f"The listings that the account has could not be read, to stay shown: {error.message}"
        raise rejected(field, RejectionCode.UNAVAILABLE, message) from None
