"""What commands work with: settings, the database, and everything that hangs on it."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graph.accounts.accounts import Accounts
from graph.accounts.connections import Connections
from graph.accounts.consent import Consents
from graph.accounts.creation import AccountCreation
from graph.accounts.definitions import Definitions
from graph.accounts.delivery import HttpDelivery
from graph.accounts.health import Health
from graph.accounts.keyring import fitting_vault
from graph.accounts.keys import ApiKeys
from graph.accounts.lifecycle import AccountLifecycle
from graph.accounts.notifications import Notifications, Signer
from graph.accounts.renewals import Renewals
from graph.accounts.states import States
from graph.accounts.tokens import StoredTokens
from graph.accounts.underway import Underway
from graph.accounts.vault import Vault
from graph.cli.screen import note, warn
from graph.events.account_webhooks import AccountWebhooks
from graph.events.subscribing import Subscribing
from graph.logs import configure_logging
from graph.settings import Settings, load_settings
from graph.storage.database import Database
from providers.upstream.accounts import UpstreamSettings
from providers.upstream.clock import SystemClock
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Local:
    """The accounts, and what can be done with them."""

    accounts: Accounts
    keys: ApiKeys
    creation: AccountCreation
    lifecycle: AccountLifecycle
    health: Health
    definitions: Definitions


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Local]:
    """Accounts and what can be done with them. Checks first that the vault's keys fit what is stored."""
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        database, vault = await stack.enter_async_context(opened_vault(settings))
        accounts = Accounts(database, vault)
        health = Health(database, clock)
        stack.push_async_callback(health.aclose)
        accounts.when_removed(health.forget)
        tokens = StoredTokens(database, vault)
        definitions = Definitions(database, vault)
        upstream = Upstream(
            tokens=tokens,
            settings=UpstreamSettings(connect_timeout=settings.connect_timeout, call_timeout=settings.call_timeout),
            concluded=health.note,
            partner_keys=definitions,
        )
        stack.push_async_callback(upstream.aclose)
        delivery = HttpDelivery(allow_private=settings.allow_private_urls)
        stack.push_async_callback(delivery.aclose)
        # Before all that it uses: what was begun comes to its end.
        underway = Underway(clock)
        stack.push_async_callback(underway.aclose)
        connections = Connections(settings, accounts, upstream)
        renewals = Renewals(database, clock)
        webhooks = AccountWebhooks(settings, database, vault, accounts, connections, clock=clock)
        subscribing = Subscribing(settings, database, accounts, connections, webhooks, clock)
        consents = Consents(
            settings,
            accounts,
            connections,
            Notifications(database, Signer(vault), delivery, clock),
            States(database, vault, clock),
            renewals,
            clock,
            shown_id=str,
        )
        private = settings.allow_private_urls
        yield Local(
            accounts=accounts,
            keys=ApiKeys(database),
            creation=AccountCreation(
                accounts,
                connections,
                consents,
                renewals,
                health,
                underway,
                definitions,
                allow_private=private,
                connected=subscribing.connected,
            ),
            lifecycle=AccountLifecycle(
                accounts, connections, tokens, underway, allow_private=private, leaving=subscribing.leave
            ),
            health=health,
            definitions=definitions,
        )


def announce_key_file(path: Path) -> None:
    """Tell the operator about a key file made just now."""
    note(f"New key file {path}: stored credentials can only be read with it, so keep a copy.")
