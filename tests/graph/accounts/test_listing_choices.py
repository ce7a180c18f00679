"""What is stored about single listings, by two processes at once: approvals and imports, on both kinds of database."""

import asyncio
from typing import Any

import pytest

from graph.accounts.accounts import AccountOptions, Accounts, AccountStatus, ConnectedAccount
from graph.accounts.approvals import Approvals, ListingApproval
from graph.accounts.imports import Imports
from graph.storage.database import Database
from graph.storage.tables import TenantRow
from providers.manifest import AuthType

PENDING, APPROVED, REJECTED = ListingApproval


@pytest.fixture
async def account(accounts: Accounts, config: Any) -> ConnectedAccount:
    options = AccountOptions(name="Acme", require_listing_approval=True, allow_import=True)
    return await accounts.add("default", "acme", "Acme", AuthType.OAUTH, config, options=options)


@pytest.fixture
def approvals(database: Database, clock: Any) -> list[Approvals]:
    """Those of two processes that remember nothing."""
    return [Approvals(database, clock, snapshot_seconds=0) for _ in range(2)]


@pytest.fixture
async def other(database: Database, clock: Any) -> str:
    async with database.session() as session:
        session.add(TenantRow(id="other", name="Other", created_at=clock.now(), updated_at=clock.now()))
    return "other"


async def test_processes_that_see_the_same_listings_write_each_down_once(
    account: ConnectedAccount, approvals: list[Approvals]
) -> None:
    for each in approvals:
        each.watch(account)
    await asyncio.gather(*(each.saw(account.id, ["1", "2", "2"]) for each in approvals for _ in range(3)))
    await approvals[0].saw(account.id, ["2", "3"])
    for each in approvals:
        assert (await each.of(account)).known == {"1": PENDING, "2": PENDING, "3": PENDING}


async def test_what_one_process_decided_the_other_does_not_undo(
    account: ConnectedAccount, approvals: list[Approvals]
) -> None:
    one, two = approvals
    one.watch(account)
    await one.decide(account, ["1"], APPROVED)
    await two.decide(account, ["2", "1"], REJECTED)
    await one.saw(account.id, ["1", "2", "3"])
    await two.keep_shown(account, ["1", "3", "4"])
    decisions = await one.of(account)
    assert decisions.known == {"1": REJECTED, "2": REJECTED, "3": APPROVED, "4": APPROVED}
    assert decisions.approved == {"3", "4"}
    assert (decisions.of("9"), decisions.count(REJECTED)) == (PENDING, 2)


async def test_nothing_is_written_down_of_accounts_that_do_not_ask(
    accounts: Accounts, account: ConnectedAccount, approvals: list[Approvals]
) -> None:
    one = approvals[0]
    await one.saw(account.id, ["1"])
    one.watch(account)
    one.forget(account.id)
    await one.saw(account.id, ["1"])
    assert (await one.of(account)).known == {}


async def test_more_listings_than_one_statement_holds_are_decided_together(
    account: ConnectedAccount, approvals: list[Approvals]
) -> None:
    ids = [str(number) for number in range(1_201)]
    await approvals[0].keep_shown(account, ids)
    await approvals[1].keep_shown(account, ids)
    assert (await approvals[0].of(account)).approved == set(ids)


async def test_decisions_go_with_their_account(
    accounts: Accounts,
    account: ConnectedAccount,
    approvals: list[Approvals],
    database: Database,
    clock: Any,
    other: str,
) -> None:
    imports = Imports(database, accounts, clock, snapshot_seconds=0)
    await approvals[0].decide(account, ["1"], APPROVED)
    await imports.add(other, account.id, ["1"])
    await accounts.remove("default", account.id)
    assert (await approvals[1].of(account)).known == {}
    assert await imports.accounts_of(other) == []
    assert await imports.remove(other, account.id, ["1"]) == set()


async def test_imports_are_a_tenants_own_and_hold_while_they_are_offered(
    accounts: Accounts, account: ConnectedAccount, database: Database, clock: Any, other: str
) -> None:
    one, two = (Imports(database, accounts, clock, snapshot_seconds=0) for _ in range(2))
    await one.add(other, account.id, ["1", "2", "2"])
    await two.add(other, account.id, ["2", "3"])
    (seen,) = await one.accounts_of(other)
    assert (seen.id, seen.tenant_id, seen.listing_ids, seen.imported) == (account.id, "default", {"1", "2", "3"}, True)
    assert not account.imported
    assert await one.accounts_of("default") == []
    assert [each.id for each in await one.offering(other)] == [account.id]
    assert await one.offering("default") == []
    assert await two.remove("default", account.id, ["1"]) == set()
    assert await two.remove(other, account.id, ["1", "9"]) == {"1"}
    await accounts.set_status("default", account.id, AccountStatus.PAUSED)
    assert (await one.accounts_of(other), await one.offering(other)) == ([], [])
    await accounts.set_status("default", account.id, AccountStatus.ACTIVE)
    assert [each.listing_ids for each in await two.accounts_of(other)] == [{"2", "3"}]
