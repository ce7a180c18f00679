"""The PMSs' own records of businesses, as clients see them."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from graph.accounts.accounts import ConnectedAccount
from graph.gateway.keeper import Kept
from graph.gateway.reports import SourceReport, report_of_list
from graph.schema.arguments import check_instant
from graph.schema.connection import Source, sources_of
from graph.schema.context import Info
from graph.schema.exposing import exposes
from graph.schema.paging import chosen_accounts
from providers import model

if TYPE_CHECKING:
    from graph.schema.account import Account


@exposes(model.ProviderAccount)
class ProviderAccount(model.ProviderAccount):
    pass


@strawberry.type(description="The business accounts that one connected account sees.")
class ProviderAccountGroup:
    source: strawberry.Private[ConnectedAccount]
    nodes: list[ProviderAccount] = strawberry.field(description="The business accounts.")
    deleted_ids: list[str] | None = strawberry.field(
        description="Ids, in the PMS, of business accounts that are gone since updatedSince; null if it does not tell."
    )

    @strawberry.field(
        description="The connected account.",
        graphql_type=Annotated["Account", strawberry.lazy("graph.schema.account")],
    )
    def account(self) -> Any:
        return self.source


@strawberry.type(description="The business accounts that your connected accounts see.")
class ProviderAccountList:
    groups: list[ProviderAccountGroup] = strawberry.field(description="What each connected account sees.")
    sources: list[Source] = strawberry.field(
        description="How each account contributed. The list is complete only if every source is OK."
    )


async def provider_account_list(
    info: Info, account_ids: Sequence[str] | None, updated_since: datetime | None, max_age: int | None
) -> ProviderAccountList:
    """What the tenant's accounts, or those named, see. Raises ``BadInput``."""
    since = check_instant(updated_since, "updatedSince")
    accounts = await chosen_accounts(info, account_ids, None, "accountIds")
    wanted = [account.id for account in accounts]
    outcomes = await info.context.gateway.businesses.seen(info.context.operation, wanted, since, max_age)
    groups: list[ProviderAccountGroup] = []
    reports: list[SourceReport] = []
    for account in accounts:
        outcome = outcomes[account.id]
        if isinstance(outcome, Kept):
            page = outcome.value
            groups.append(ProviderAccountGroup(source=account, nodes=list(page.items), deleted_ids=page.deleted))
            reports.append(report_of_list(account, fetched_at=outcome.fetched_at, error=outcome.error, odd=page.odd))
        else:
            reports.append(report_of_list(account, error=outcome))
    return ProviderAccountList(groups=groups, sources=sources_of(info, reports))
