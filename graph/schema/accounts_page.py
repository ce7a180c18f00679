"""Pages of connected accounts: they come from our own storage, so that there are no sources to report."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import strawberry

from graph.accounts.accounts import AccountStatus, ConnectedAccount
from graph.gateway.cursors import fingerprint
from graph.gateway.marks import KeyMark
from graph.schema.account import Account
from graph.schema.arguments import check_list, check_texts
from graph.schema.connection import PageInfo
from graph.schema.context import Info
from graph.schema.paging import check_providers, on_cursor

T = TypeVar("T")


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


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChoice:
    """Which accounts are listed; None leaves all."""

    providers: frozenset[str] | None
    statuses: frozenset[AccountStatus] | None
    identifiers: frozenset[str] | None

    def keeps(self, account: ConnectedAccount) -> bool:
        return (
            (self.providers is None or account.provider in self.providers)
            and (self.statuses is None or account.status in self.statuses)
            and (self.identifiers is None or account.identifier in self.identifiers)
        )


def account_choice(
    providers: Sequence[str] | None, statuses: Sequence[AccountStatus] | None, identifiers: Sequence[str] | None
) -> AccountChoice:
    """The arguments of the field, checked. Raises ``BadInput``."""
    return AccountChoice(
        providers=_set(check_providers(providers, "providers")),
        statuses=_set(check_list(statuses, "statuses")),
        identifiers=_set(check_texts(identifiers, "accountIdentifiers")),
    )


async def accounts_page(info: Info, first: int, after: str | None, choice: AccountChoice) -> AccountConnection:
    """The tenant's accounts behind the cursor ``after``, oldest first."""
    known = await info.context.gateway.reading.known_accounts(info.context.operation)
    chosen = [account for account in known.values() if choice.keeps(account)]
    name = fingerprint("accounts", info.context.operation.tenant_id, choice)
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


def _set(values: Iterable[T] | None) -> frozenset[T] | None:
    return None if values is None else frozenset(values)


def _key(account: ConnectedAccount) -> tuple[str, str]:
    return account.created_at.isoformat(), account.id
