"""Integration accounts: kept per tenant, sealed, ordered, fresh, and gone when removed."""

import asyncio
import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from graph.accounts.accounts import AccountGoneError, Accounts, ConnectedAccount
from graph.accounts.tokens import StoredTokens
from graph.accounts.vault import Vault, VaultError
from graph.storage.database import Database
from graph.storage.small_reads import SmallReads
from graph.storage.tables import AccountRow, TenantRow
from providers.manifest import AuthType
from providers.upstream.calls import Token


async def connect(accounts: Accounts, config: Any, name: str = "Acme", tenant: str = "default", **more: Any):
    return await accounts.add(tenant, "acme", name, AuthType.OAUTH, config, **more)


@pytest.fixture
async def other_tenant(database: Database, clock: Any) -> str:
    async with database.session() as session:
        session.add(TenantRow(id="other", name="Other", created_at=clock.now(), updated_at=clock.now()))
    return "other"


async def test_an_account_comes_back_as_it_was_added(accounts: Accounts, config: Any, clock: Any) -> None:
    added = await connect(accounts, config)
    assert await accounts.list("default") == [added]
    assert await accounts.get("default", added.id) == added
    assert re.fullmatch(r"acc_[a-z0-9]{20}", added.id)
    assert (added.provider, added.auth_type, added.created_at) == ("ACME", AuthType.OAUTH, clock.now())


async def test_accounts_are_listed_in_order_of_creation(accounts: Accounts, config: Any, clock: Any) -> None:
    added = []
    for name in ("c", "a", "b"):
        added.append(await connect(accounts, config, name))
        clock.elapsed += 0.5
    listed = await accounts.list("default")
    assert listed == added
    assert sorted(each.id for each in listed) == [each.id for each in listed]


async def test_tenants_never_see_each_others_accounts(accounts: Accounts, config: Any, other_tenant: str) -> None:
    mine = await connect(accounts, config)
    assert await accounts.list(other_tenant) == []
    assert await accounts.get(other_tenant, mine.id) is None
    assert not await accounts.remove(other_tenant, mine.id)
    assert await accounts.list("default") == [mine]


async def test_credentials_are_given_in_clear_and_stored_sealed(
    accounts: Accounts, config: Any, database: Database
) -> None:
    account = await connect(accounts, config)
    assert await accounts.credentials(account) == {"clientId": "c-1", "refreshToken": "R0"}
    async with database.reading() as session:
        row = (await session.execute(text("SELECT * FROM account"))).one()
    assert "R0" not in str(tuple(row))
    assert "c-1" not in str(tuple(row))


async def test_credentials_copied_to_another_row_are_refused(
    accounts: Accounts, config: Any, database: Database
) -> None:
    victim, thief = [await connect(accounts, config, name) for name in ("victim", "thief")]
    async with database.session() as session:
        stolen = await session.scalar(select(AccountRow.credentials).where(AccountRow.id == victim.id))
        row = await session.get(AccountRow, thief.id)
        assert row is not None
        assert stolen is not None
        row.credentials = stolen
    with pytest.raises(VaultError, match="another place"):
        await accounts.credentials(thief)


async def test_a_wrong_key_is_noticed_and_changes_nothing(accounts: Accounts, config: Any, database: Database) -> None:
    account = await connect(accounts, config)
    strangers = Accounts(database, Vault([b"2" * 32]))
    with pytest.raises(VaultError, match="not among those in use"):
        await strangers.credentials(account)
    assert (await accounts.credentials(account))["refreshToken"] == "R0"


async def test_removal_takes_credentials_and_token_and_tells_who_listens(
    accounts: Accounts, config: Any, tokens: StoredTokens, clock: Any
) -> None:
    removed: list[str] = []
    accounts.when_removed(removed.append)
    account = await connect(accounts, config, token=Token(access="A", issued_at=clock.now()))
    assert await tokens.load(account.id) is not None
    assert await accounts.remove("default", account.id)
    assert removed == [account.id]
    assert await accounts.list("default") == []
    assert await tokens.load(account.id) is None
    with pytest.raises(AccountGoneError):
        await accounts.credentials(account)
    assert not await accounts.remove("default", account.id)
    assert removed == [account.id]


async def test_lists_come_from_a_snapshot_for_a_second_and_own_writes_show_at_once(
    accounts: Accounts, config: Any, database: Database, vault: Vault, clock: Any
) -> None:
    elsewhere = Accounts(database, vault, clock=clock)
    mine = await connect(accounts, config)
    assert await accounts.list("default") == [mine]
    theirs = await connect(elsewhere, config)
    assert await accounts.list("default") == [mine]
    clock.elapsed += 1.0
    assert {each.id for each in await accounts.list("default")} == {mine.id, theirs.id}


async def test_an_account_removed_by_another_process_is_noticed_within_a_second(
    accounts: Accounts, config: Any, database: Database, vault: Vault, clock: Any
) -> None:
    removed: list[str] = []
    accounts.when_removed(removed.append)
    gone = await connect(accounts, config)
    await accounts.list("default")
    await Accounts(database, vault, clock=clock).remove("default", gone.id)
    clock.elapsed += 1.0
    assert await accounts.list("default") == []
    assert removed == [gone.id]


async def test_a_list_that_a_caller_changes_is_only_their_own(accounts: Accounts, config: Any) -> None:
    account = await connect(accounts, config)
    (await accounts.list("default")).clear()
    assert await accounts.list("default") == [account]


async def test_many_readers_at_once_ask_the_database_once(
    accounts: Accounts, config: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = await connect(accounts, config)
    asked = 0
    read = SmallReads.read

    async def counted(self: SmallReads, work: Any) -> Any:
        nonlocal asked
        asked += 1
        return await read(self, work)

    monkeypatch.setattr(SmallReads, "read", counted)
    lists = await asyncio.gather(*(accounts.list("default") for _ in range(50)))
    assert lists == [[account]] * 50
    assert asked == 1


async def test_a_token_is_saved_replaced_and_survives_a_restart(
    accounts: Accounts, config: Any, database: Database, vault: Vault, tokens: StoredTokens, clock: Any
) -> None:
    account = await connect(accounts, config)
    assert await tokens.load(account.id) is None
    for number in (1, 2):
        token = Token(
            access=f"A{number}",
            refresh=f"R{number}",
            issued_at=clock.now(),
            expires_at=clock.now() + timedelta(hours=number),
            scopes=frozenset({"read", "write"}),
        )
        await tokens.save(account.id, token)
        assert await StoredTokens(database, vault).load(account.id) == token
    async with database.reading() as session:
        rows = (await session.execute(text("SELECT * FROM account_token"))).all()
    assert len(rows) == 1
    assert "R2" not in str(rows)


async def test_the_token_of_a_removed_account_is_let_go(
    accounts: Accounts, config: Any, tokens: StoredTokens, clock: Any
) -> None:
    account: ConnectedAccount = await connect(accounts, config)
    await accounts.remove("default", account.id)
    await tokens.save(account.id, Token(access="A", issued_at=clock.now()))
    assert await tokens.load(account.id) is None
