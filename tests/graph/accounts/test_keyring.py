"""Keys that do not fit what is stored are told at start, and nothing is made or overwritten."""

import base64
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import delete, select
from structlog.testing import capture_logs

from graph.accounts.accounts import Accounts
from graph.accounts.keyring import fitting_vault
from graph.accounts.sealed import partner_key_context
from graph.accounts.vault import Vault, VaultError
from graph.settings import Settings
from graph.storage.database import Database
from graph.storage.tables import AccountRow, AccountTokenRow, IntegrationDefinitionRow
from providers.manifest import AuthType
from providers.upstream.calls import Token

OURS, OTHER = b"1" * 32, b"2" * 32


def settings_with(folder: Path, *keys: bytes) -> Settings:
    return Settings(data_dir=folder, secret_keys=[SecretStr(base64.urlsafe_b64encode(key).decode()) for key in keys])


async def store_account(accounts: Accounts, config: Any, clock: Any) -> None:
    await accounts.add(
        "default", "acme", "Acme", AuthType.OAUTH, config, token=Token(access="A", issued_at=clock.now())
    )


async def store_definition(database: Database, vault: Vault, clock: Any) -> None:
    sealed = vault.seal(b"partner", context=partner_key_context("ACME"))
    async with database.session() as session:
        session.add(
            IntegrationDefinitionRow(
                provider="ACME",
                id="def_1",
                name="Acme",
                partner_key=sealed,
                revision="1",
                created_at=clock.now(),
                updated_at=clock.now(),
            )
        )


async def test_any_key_fits_an_empty_database(database: Database, tmp_path: Path) -> None:
    await fitting_vault(settings_with(tmp_path, OTHER), database)


async def test_a_ring_that_opens_nothing_is_refused_and_nothing_changes(
    database: Database, accounts: Accounts, config: Any, clock: Any, tmp_path: Path
) -> None:
    await store_account(accounts, config, clock)
    with pytest.raises(VaultError, match=r"stored credentials cannot be opened.*STAYGRAPH_SECRET_KEYS") as caught:
        await fitting_vault(settings_with(tmp_path, OTHER), database)
    assert base64.urlsafe_b64encode(OTHER).decode() not in str(caught.value)
    (account,) = await accounts.list("default")
    assert (await accounts.credentials(account))["refreshToken"] == "R0"
    await fitting_vault(settings_with(tmp_path, OTHER, OURS), database)


async def test_definitions_alone_are_looked_at_too(
    database: Database, vault: Vault, clock: Any, tmp_path: Path
) -> None:
    await store_definition(database, vault, clock)
    with pytest.raises(VaultError, match="all 1 sealed values"):
        await fitting_vault(settings_with(tmp_path, OTHER), database)


async def test_a_ring_that_opens_a_part_starts_and_says_so(
    database: Database, accounts: Accounts, config: Any, clock: Any, tmp_path: Path
) -> None:
    await store_account(accounts, config, clock)
    await store_definition(database, Vault([OTHER]), clock)
    with capture_logs() as logs:
        await fitting_vault(settings_with(tmp_path, OTHER), database)
    assert [(line["unreadable"], line["total"]) for line in logs] == [(2, 3)]


async def test_a_lost_key_file_is_not_made_anew_while_secrets_need_the_old_one(
    database: Database, accounts: Accounts, config: Any, clock: Any, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path / "keys")
    await store_account(accounts, config, clock)
    with pytest.raises(VaultError, match=r"cannot be opened.*secret\.key is not there. Put a copy of it back"):
        await fitting_vault(settings, database)
    assert not settings.data_dir.exists()


async def test_a_token_alone_is_looked_at_too(
    database: Database, accounts: Accounts, config: Any, clock: Any, tmp_path: Path
) -> None:
    await store_account(accounts, config, clock)
    other = Vault([OTHER])
    async with database.session() as session:
        row = (await session.scalars(select(AccountRow))).one()
        row.credentials = other.seal(b"{}", context="x")
    with capture_logs() as logs:
        await fitting_vault(settings_with(tmp_path, OTHER), database)
    assert [line["unreadable"] for line in logs] == [1]
    async with database.session() as session:
        await session.execute(delete(AccountTokenRow))
    with capture_logs() as logs:
        await fitting_vault(settings_with(tmp_path, OTHER), database)
    assert logs == []


async def test_the_key_file_of_a_first_start_is_told_of(database: Database, tmp_path: Path) -> None:
    made: list[Path] = []
    settings = Settings(data_dir=tmp_path / "keys")
    await fitting_vault(settings, database, made=made.append)
    assert made == [settings.key_file]
