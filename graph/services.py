"""Everything a running gateway consists of, put together and taken apart again."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import httpx
import strawberry

from graph.accounts.accounts import Accounts
from graph.accounts.connections import Connections
from graph.accounts.consent import Consents
from graph.accounts.delivery import HttpDelivery
from graph.accounts.keyring import fitting_vault, watch_of
from graph.accounts.keys import ApiKeys
from graph.accounts.notifications import Notifications, Signer
from graph.accounts.renewals import Renewals
from graph.accounts.states import States
from graph.accounts.tokens import StoredTokens
from graph.accounts.vault import Vault
from graph.administration import Administration
from graph.events.account_webhooks import AccountWebhooks
from graph.events.deliveries import Deliveries, Retention
from graph.events.receiving import Receiving
from graph.gateway.cursors import Cursors
from graph.gateway.gateway import Gateway, build_gateway
from graph.gateway.keeper import Keeper
from graph.gateway.reading import Ages, Reading, weigh
from graph.gateway.store import Store
from graph.gateway.warming import Warming
from graph.schema import ids
from graph.schema.guards import SizeLimits
from graph.schema.schema import build_schema
from graph.settings import Settings
from graph.storage.database import Database
from graph.storage.durable import DurableWrites
from providers.upstream.accounts import UpstreamSettings
from providers.upstream.attempt import Observe
from providers.upstream.clock import Clock
from providers.upstream.upstream import Upstream

CURSOR_KEY = "cursors"


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The parts that requests need, alive together."""

    settings: Settings
    clock: Clock
    database: Database
    vault: Vault
    keys: ApiKeys
    accounts: Accounts
    connections: Connections
    upstream: Upstream
    gateway: Gateway
    administration: Administration
    cursors: Cursors
    receiving: Receiving
    schema: strawberry.Schema


@asynccontextmanager
async def running(
    settings: Settings,
    *,
    clock: Clock,
    transport: httpx.AsyncBaseTransport | None = None,
    observe: Observe | None = None,
) -> AsyncIterator[Services]:
    """The services of ``settings``, until the block ends.

    Raises ``StorageError`` or ``VaultError`` where the database or the keys cannot be used.
    """
    async with AsyncExitStack() as stack:
        database = Database(settings.database)
        stack.push_async_callback(database.aclose)
        await database.migrate()
        vault = await fitting_vault(settings, database)
        if (watch := watch_of(settings, vault)) is not None:
            watch.start()
            stack.push_async_callback(watch.aclose)
        accounts = Accounts(database, vault, clock=clock)
        upstream = Upstream(
            tokens=StoredTokens(database, vault, clock=clock),
            settings=UpstreamSettings(connect_timeout=settings.connect_timeout, call_timeout=settings.call_timeout),
            clock=clock,
            transport=transport,
            observe=observe,
        )
        stack.push_async_callback(upstream.aclose)
        keeper = Keeper(Store(settings.cache_entries), clock, weigh)
        stack.push_async_callback(keeper.aclose)
        accounts.when_removed(keeper.forget)
        if settings.background_refresh:
            warming = Warming(keeper, clock, upstream.usage)
            warming.start()
            stack.push_async_callback(warming.aclose)
        connections = Connections(settings, accounts, upstream)
        cursors = Cursors(*vault.derived(CURSOR_KEY))
        keys = ApiKeys(database, clock=clock)
        signer = Signer(vault)
        delivery = HttpDelivery(allow_private=settings.allow_private_urls)
        stack.push_async_callback(delivery.aclose)
        notifications = Notifications(database, signer, delivery, clock)
        notifications.start()
        stack.push_async_callback(notifications.aclose)
        consents = Consents(
            settings,
            accounts,
            connections,
            notifications,
            States(database, vault, clock),
            Renewals(database, clock),
            clock,
            shown_id=lambda account_id: ids.GlobalId(ids.ACCOUNT, account_id).text(),
        )
        webhooks = AccountWebhooks(settings, database, vault, accounts, connections, clock=clock)
        deliveries = Deliveries(DurableWrites(database), vault, clock)
        stack.push_async_callback(deliveries.aclose)
        receiving = Receiving(database, accounts, connections, webhooks, deliveries, clock=clock)
        receiving.start()
        stack.push_async_callback(receiving.aclose)
        retention = Retention(database, clock, settings.webhook_days)
        retention.start()
        stack.push_async_callback(retention.aclose)
        administration = Administration(
            settings=settings,
            clock=clock,
            database=database,
            accounts=accounts,
            connections=connections,
            keys=keys,
            consents=consents,
            signer=signer,
            webhooks=webhooks,
        )
        reading = Reading(accounts=accounts, connections=connections, keeper=keeper, ages=_ages(settings), clock=clock)
        yield Services(
            settings=settings,
            clock=clock,
            database=database,
            vault=vault,
            keys=keys,
            accounts=accounts,
            connections=connections,
            upstream=upstream,
            gateway=build_gateway(reading, cursors),
            administration=administration,
            cursors=cursors,
            receiving=receiving,
            schema=build_schema(
                max_tokens=settings.max_query_tokens,
                limits=SizeLimits(
                    records=settings.max_query_cost,
                    depth=settings.max_query_depth,
                    aliases=settings.max_query_aliases,
                ),
            ),
        )


def _ages(settings: Settings) -> Ages:
    return Ages(
        account=settings.account_max_age,
        listing=settings.listing_max_age,
        reservation=settings.reservation_max_age,
        calendar=settings.calendar_max_age,
        price=settings.price_max_age,
        part=settings.part_max_age,
        dictionary=settings.dictionary_max_age,
        stale_for=settings.stale_for,
    )
