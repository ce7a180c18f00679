"""Replacing keys: all that is sealed is sealed anew, beside writers, in steps that may be broken off."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import LargeBinary, select, update

from graph.accounts.accounts import Accounts
from graph.accounts.keyfile import KeyFileWatch, open_vault, read_keys
from graph.accounts.rotation import Counts, Rotation, use_new_key
from graph.accounts.sealed import (
    SEALED,
    oauth_application_context,
    partner_key_context,
    verifier_context,
)
from graph.accounts.tokens import StoredTokens
from graph.accounts.vault import Vault
from graph.settings import Settings
from graph.storage.database import Database
from graph.storage.tables import AccountRow, AuthorizationRow, IntegrationDefinitionRow, Table
from providers.manifest import AuthType
from providers.upstream.calls import Token

OLD, NEW, LOST = b"1" * 32, b"2" * 32, b"3" * 32


def token(number: int, clock: Any) -> Token:
    return Token(access=f"A{number}", refresh=f"R{number}", issued_at=clock.now())


async def fill(database: Database, accounts: Accounts, vault: Vault, config: Any, clock: Any, count: int = 1) -> None:
    """Rows with every kind of sealed value, ``count`` accounts among them."""
    for number in range(count):
        account = await accounts.add("default", "acme", f"{number}", AuthType.OAUTH, config, token=token(number, clock))
    now = clock.now()
    async with database.session() as session:
        session.add(
            AuthorizationRow(
                id="auth_1",
                tenant_id="default",
                account_id=account.id,
                verifier=vault.seal(b"verifier", context=verifier_context("default", account.id, "auth_1")),
                redirect_uri="https://app.test/",
                created_at=now,
                expires_at=now + timedelta(minutes=15),
            )
        )
        session.add(
            IntegrationDefinitionRow(
                provider="ACME",
                id="def_1",
                name="Acme",
                partner_key=vault.seal(b"partner", context=partner_key_context("ACME")),
                oauth_application=vault.seal(b"application", context=oauth_application_context("ACME")),
                revision="1",
                created_at=now,
                updated_at=now,
            )
        )
        session.add(
            IntegrationDefinitionRow(
                provider="BARE", id="def_2", name="Bare", revision="1", created_at=now, updated_at=now
            )
        )


async def opened(database: Database, vault: Vault) -> list[bytes]:
    """Every sealed value in clear, by column and key."""
    async with database.reading() as session:
        return [
            vault.open(getattr(row, sealed.column.key), context=sealed.context(row))
            for sealed in SEALED
            for row in await session.scalars(select(sealed.row).where(sealed.column.is_not(None)).order_by(sealed.key))
        ]


def test_every_binary_column_is_sealed_or_a_hash() -> None:
    """Whoever adds a sealed column has to add it to the list, or new keys would pass it by."""
    binary = {
        f"{table.name}.{column.name}"
        for table in Table.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    }
    hashed = {"api_key.digest", "account_webhook.token_digest", "creation.key_digest", "creation.fingerprint"}
    assert binary == {sealed.name for sealed in SEALED} | hashed


async def test_all_that_is_sealed_is_sealed_with_the_first_key(
    database: Database, accounts: Accounts, vault: Vault, config: Any, clock: Any
) -> None:
    await fill(database, accounts, vault, config, clock, count=2)
    before = await opened(database, vault)
    assert len(before) == 7
    ring = Vault([NEW, OLD])
    rotation = Rotation(database, ring)
    assert await rotation.count() == Counts(first=0, older=7, unreadable=0)
    assert (await rotation.reseal()).count == 7
    assert await rotation.count() == Counts(first=7, older=0, unreadable=0)
    assert await opened(database, Vault([NEW])) == before
    assert (await rotation.reseal()).count == 0


async def test_more_rows_than_are_looked_at_at_once_are_all_found(
    database: Database,
    accounts: Accounts,
    vault: Vault,
    config: Any,
    clock: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("graph.accounts.rotation._BATCH", 2)
    await fill(database, accounts, vault, config, clock, count=5)
    assert (await Rotation(database, Vault([NEW, OLD])).reseal()).count == 13


async def test_a_rotation_that_was_broken_off_is_finished_by_the_next(
    database: Database, accounts: Accounts, vault: Vault, config: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(database, accounts, vault, config, clock, count=3)
    before = await opened(database, vault)
    ring = Vault([NEW, OLD])
    left = 4

    def seal(plaintext: bytes, *, context: str) -> bytes:
        nonlocal left
        left -= 1
        if left < 0:
            raise KeyboardInterrupt
        return Vault([NEW]).seal(plaintext, context=context)

    monkeypatch.setattr(ring, "seal", seal)
    with pytest.raises(KeyboardInterrupt):
        await Rotation(database, ring).reseal()
    again = Rotation(database, Vault([NEW, OLD]))
    assert await again.count() == Counts(first=4, older=5, unreadable=0)
    assert await opened(database, Vault([NEW, OLD])) == before
    assert (await again.reseal()).count == 5
    assert await opened(database, Vault([NEW])) == before


async def test_writers_at_the_same_time_lose_nothing(
    database: Database, database_url: str, accounts: Accounts, vault: Vault, config: Any, clock: Any
) -> None:
    """A gateway of another process saves tokens with the old key first, while the rotation runs."""
    await fill(database, accounts, vault, config, clock, count=4)
    listed = await accounts.list("default")
    elsewhere = Database(database_url)
    tokens = StoredTokens(elsewhere, Vault([OLD, NEW]), clock=clock)
    rotation = Rotation(database, Vault([NEW, OLD]))

    async def write() -> None:
        for number in range(100, 110):
            for account in listed:
                await tokens.save(account.id, token(number, clock))

    async def rotate() -> None:
        for _ in range(5):
            await rotation.reseal()

    await asyncio.gather(write(), rotate())
    await rotation.reseal()
    assert (await rotation.count()).older == 0
    newest = StoredTokens(database, Vault([NEW]), clock=clock)
    assert [await newest.load(account.id) for account in listed] == [token(109, clock)] * 4
    await elsewhere.aclose()


async def test_a_value_that_no_key_opens_is_named_and_left_alone(
    database: Database, accounts: Accounts, vault: Vault, config: Any, clock: Any
) -> None:
    await fill(database, accounts, vault, config, clock)
    (account,) = await accounts.list("default")
    strange = Vault([LOST]).seal(b"{}", context="anything")
    async with database.session() as session:
        await session.execute(update(AccountRow).values(credentials=strange))
    rotation = Rotation(database, Vault([NEW, OLD]))
    done = await rotation.reseal()
    assert (done.count, done.unreadable) == (4, [f"account.credentials of {account.id}"])
    assert await rotation.count() == Counts(first=4, older=0, unreadable=1)
    async with database.reading() as session:
        assert await session.scalar(select(AccountRow.credentials)) == strange


async def test_running_gateways_learn_a_new_key_before_anything_is_sealed_with_it(
    database: Database, accounts: Accounts, config: Any, clock: Any, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path)
    gateway, operator = (open_vault(settings, made=lambda _: None) for _ in range(2))
    (old,) = read_keys(settings.key_file)
    accounts._vault = gateway
    watch = KeyFileWatch(gateway, settings.key_file)
    await fill(database, accounts, gateway, config, clock)
    before = await opened(database, gateway)
    seen = []

    async def pause() -> None:
        # Before it looks again it opens what whoever was quicker has sealed already.
        quicker = Vault(read_keys(settings.key_file))
        assert gateway.open(quicker.seal(b"x", context="c"), context="c") == b"x"
        await watch.look()
        seen.append(gateway.first)

    await use_new_key(settings, database, operator, pause=pause)
    new, *others = read_keys(settings.key_file)
    assert others == [old]
    assert seen == [old, new]
    assert (await Rotation(database, operator).reseal()).count == 5
    assert await opened(database, gateway) == before
    assert await opened(database, Vault([new])) == before


async def test_two_rotations_at_once_keep_each_others_key(database_url: str, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    vaults = [open_vault(settings, made=lambda _: None) for _ in range(2)]
    databases = [Database(database_url) for _ in range(2)]
    both = asyncio.Barrier(2)

    async def pause() -> None:
        await both.wait()

    waits: Callable[[], Awaitable[None]] = pause
    await asyncio.gather(
        *(
            use_new_key(settings, database, vault, pause=waits)
            for database, vault in zip(databases, vaults, strict=True)
        )
    )
    keys = read_keys(settings.key_file)
    assert len(keys) == len(set(keys)) == 3
    assert all(vault.first in keys for vault in vaults)
    for database in databases:
        await database.aclose()
