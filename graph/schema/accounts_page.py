"""Pages of connected accounts: they come from our own storage, so that there are no sources to report."""

from collections.abc import Sequence
from typing import Any

import strawberry

from graph.accounts.accounts import ConnectedAccount
from graph.gateway.cursors import fingerprint
from graph.gateway.marks import KeyMark
from graph.schema.account import Account
from graph.schema.connection import PageInfo
from graph.schema.context import Info
from graph.schema.paging import check_providers, on_cursor


@strawberry.type(description="An account and its place in the list.")
class AccountEdge:
    node: Account = strawberry.field(description="The account.")
    cursor: str = strawberry.field(description="Cursor behind this account.")


@strawberry.type(description="One page of connected accounts.")
class AccountConnection:
    edges: list[AccountEdge] = strawberry.field(description="The accounts with their cursors.")
    nodes: list[Account] = strawberry.field(description="The accounts alone.")
    page_info: PageInfo = strawberry.field(description="Where the page lies in the list.")
    total_count: int = strawberry.field(description="How many accounts the whole list has.")


async def accounts_page(
    info: Info, first: int, after: str | None, providers: Sequence[str] | None
) -> AccountConnection:
    """The tenant's accounts behind the cursor ``after``, oldest first."""
    known = await info.context.gateway.reading.known_accounts(info.context.operation)
    codes = check_providers(providers, "providers")
    chosen = [account for account in known.values() if codes is None or account.provider in codes]
    name = fingerprint("accounts", info.context.operation.tenant_id, codes)
    with on_cursor():
        marks = info.context.cursors.read(name, after) if after else {}
    mark = marks.get("")
    start = 0
    if isinstance(mark, KeyMark):
        start = next((n for n, each in enumerate(chosen) if _key(each) > (mark.value, mark.id)), len(chosen))
    page = chosen[start : start + first]
    cursors = [info.context.cursors.write(name, {"": KeyMark(*_key(account))}) for account in page]
    nodes: Any = page
    return AccountConnection(
        edges=[AccountEdge(node=node, cursor=cursor) for node, cursor in zip(nodes, cursors, strict=True)],
        nodes=nodes,
        page_info=PageInfo(
            has_next_page=start + len(page) < len(chosen),
            has_previous_page=after is not None,
            start_cursor=cursors[0] if cursors else None,
            end_cursor=cursors[-1] if cursors else None,
        ),
        total_count=len(chosen),
    )


def _key(account: ConnectedAccount) -> tuple[str, str]:
    return account.created_at.isoformat(), account.id
