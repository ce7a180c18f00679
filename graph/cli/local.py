"""What commands work with: settings, the database, and everything that hangs on it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graph.accounts.accounts import Accounts
from graph.accounts.connections import Connections
from graph.accounts.definitions import Definitions
from graph.accounts.keyring import fitting_vault
from graph.accounts.keys import ApiKeys
from graph.accounts.tokens import StoredTokens
from graph.accounts.vault import Vault
from graph.cli.screen import note, warn
from graph.logs import configure_logging
from graph.settings import Settings, load_settings
from graph.storage.database import Database
from providers.upstream.accounts import UpstreamSettings
from providers.upstream.upstream import Upstream


def prepare_settings(**overrides: Any) -> Settings:
    """The settings in force, with logging set up and odd variables reported. Overrides of None count for nothing."""
    settings = load_settings(**{name: value for name, value in overrides.items() if value is not None})
    configure_logging(settings.log_format, settings.log_level)
    for warning in settings.warnings:
        warn(warning)
    return settings


@asynccontextmanager
async def opened_database(settings: Settings) -> AsyncIterator[Database]:
    """The database, up to date."""
    database = Database(settings.database)
    try:
        await database.migrate()
        yield database
    finally:
        await database.aclose()


@asynccontextmanager
async def opened_keys(settings: Settings) -> AsyncIterator[ApiKeys]:
    """The API keys."""
    async with opened_database(settings) as database:
        yield ApiKeys(database)


@asynccontextmanager
async def opened_vault(settings: Settings) -> AsyncIterator[tuple[Database, Vault]]:
    """The database and the vault whose keys fit it."""
    async with opened_database(settings) as database:
        yield database, await fitting_vault(settings, database, made=announce_key_file)


@dataclass(frozen=True, slots=True)
class Local:
    """The accounts and the way to their PMSs."""

    accounts: Accounts
    connections: Connections
    keys: ApiKeys
    definitions: Definitions


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Local]:
    """Accounts and connections. Checks first that the vault's keys fit what is stored."""
    async with opened_vault(settings) as (database, vault):
        accounts = Accounts(database, vault)
        definitions = Definitions(database, vault)
        upstream = Upstream(
            tokens=StoredTokens(database, vault),
            settings=UpstreamSettings(connect_timeout=settings.connect_timeout, call_timeout=settings.call_timeout),
            partner_keys=definitions,
        )
        try:
            yield Local(accounts, Connections(settings, accounts, upstream), ApiKeys(database), definitions)
        finally:
            await upstream.aclose()


def announce_key_file(path: Path) -> None:
    """Tell the operator about a key file made just now."""
    note(f"New key file {path}: stored credentials can only be read with it, so keep a copy.")
