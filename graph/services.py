"""Everything a running gateway consists of, put together and taken apart again."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

import httpx
import strawberry

from graph.accounts.access_tokens import AccessTokens, Expected
from graph.accounts.accounts import Accounts
from graph.accounts.approvals import Approvals
from graph.accounts.authentication import Authentication
from graph.accounts.connections import Connections
from graph.accounts.consent import Consents
from graph.accounts.creation import AccountCreation
from graph.accounts.definitions import Definitions
from graph.accounts.delivery import HttpDelivery
from graph.accounts.health import Health
from graph.accounts.imports import Imports
from graph.accounts.jwks import KeySets
from graph.accounts.keyring import fitting_vault, watch_of
from graph.accounts.keys import ApiKeys
from graph.accounts.lifecycle import AccountLifecycle
from graph.accounts.notifications import Notifications, Signer
from graph.accounts.renewals import Renewals
from graph.accounts.states import States
from graph.accounts.tenants import Tenants
from graph.accounts.tokens import StoredTokens
from graph.accounts.underway import Underway
from graph.accounts.vault import Vault
from graph.administration import Administration
from graph.changes.beginning import begin_changes
from graph.changes.change_marks import ChangeMarks
from graph.changes.cost import counted
from graph.events.account_webhooks import AccountWebhooks
from graph.events.log import EventLog
from graph.events.outgoing import Outgoing
from graph.events.outgoing_body import Naming
from graph.events.outgoing_parts import begin_outgoing
from graph.events.parts import begin_events
from graph.events.polling import Polling
from graph.events.processing import Processing
from graph.events.received import ReceivedWebhooks
from graph.events.receiving import Receiving
from graph.events.seeing import Seeing
from graph.events.subscribers import Subscribers
from graph.events.subscribing import Subscribing
from graph.gateway.choosing import Choosing
from graph.gateway.cursors import Cursors
from graph.gateway.gateway import Gateway, build_gateway
from graph.gateway.keeper import Keeper
from graph.gateway.reading import Ages, Reading, weigh
from graph.gateway.store import Store
from graph.gateway.visibility import Visibility
from graph.gateway.warming import Warming
from graph.schema import ids
from graph.schema.guards import SizeLimits
from graph.schema.reservation_event import written_cursor
from graph.schema.schema import build_schema
from graph.settings import Settings
from graph.storage.database import Database
from graph.storage.durable import DurableWrites
from graph.web.guests import Guests
from providers.model import variant
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
    tenants: Tenants
    authentication: Authentication
    accounts: Accounts
    connections: Connections
    upstream: Upstream
    gateway: Gateway
    administration: Administration
    cursors: Cursors
    receiving: Receiving
    events: EventLog
    subscribers: Subscribers
    guests: Guests
    processing: Processing
    polling: Polling
    outgoing: Outgoing
    change_marks: ChangeMarks
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
        _watch(settings, vault, stack)
        accounts = Accounts(database, vault, clock=clock)
        health = Health(database, clock)
        stack.push_async_callback(health.aclose)
        accounts.when_removed(health.forget)
        tokens = StoredTokens(database, vault, clock=clock)
        definitions = Definitions(database, vault, clock=clock)
        definitions.when_changed(accounts.reread)
        upstream = Upstream(
            tokens=tokens,
            settings=UpstreamSettings(connect_timeout=settings.connect_timeout, call_timeout=settings.call_timeout),
            clock=clock,
            transport=transport,
            observe=counted(observe),
            concluded=health.note,
            partner_keys=definitions,
        )
        health.start()
        stack.push_async_callback(upstream.aclose)
        keeper = _keeper(settings, accounts, clock)
        stack.push_async_callback(keeper.aclose)
        _warm(keeper, upstream, settings, clock, stack)
        connections = Connections(settings, accounts, upstream)
        cursors = Cursors(*vault.derived(CURSOR_KEY))
        keys = ApiKeys(database, clock=clock)
        tenants = Tenants(database, clock=clock)
        signer = Signer(vault)
        notifications = _notifications(database, signer, settings, clock, stack)
        webhooks = AccountWebhooks(settings, database, vault, accounts, connections, clock=clock)
        subscribing = Subscribing(settings, database, accounts, connections, webhooks, clock)
        renewals = Renewals(database, clock)
        consents = Consents(
            settings,
            accounts,
            connections,
            notifications,
            States(database, vault, clock),
            renewals,
            clock,
            shown_id=_account_id,
            connected=subscribing.connected,
        )
        underway = Underway(clock)
        stack.push_async_callback(underway.aclose)
        approvals = _approvals(database, accounts, clock, stack)
        imports = Imports(database, accounts, clock)
        visibility = Visibility(accounts, approvals, imports)
        reading = Reading(
            accounts=accounts,
            connections=connections,
            keeper=keeper,
            ages=_ages(settings),
            clock=clock,
            visibility=visibility,
        )
        gateway = build_gateway(reading, cursors)
        writes = DurableWrites(database)
        change_marks = ChangeMarks(database, writes, keeper, upstream.part, clock)
        events = begin_events(
            stack, settings, database, writes, vault, reading, webhooks, change_marks, upstream.part, upstream.usage
        )
        outgoing = begin_outgoing(
            stack, settings, database, vault, events, accounts, visibility, _naming(cursors), clock
        )
        changes = begin_changes(
            stack, settings, database, vault, accounts, connections, gateway, keeper, underway, change_marks, clock
        )
        authentication = Authentication(keys, tenants, _access_tokens(settings, clock, stack))
        guests = _guests(settings, authentication, stack)
        administration = Administration(
            settings=settings,
            clock=clock,
            database=database,
            accounts=accounts,
            connections=connections,
            keys=keys,
            tenants=tenants,
            consents=consents,
            signer=signer,
            creation=AccountCreation(
                accounts,
                connections,
                consents,
                renewals,
                health,
                underway,
                definitions,
                allow_private=settings.allow_private_urls,
                connected=subscribing.connected,
            ),
            lifecycle=AccountLifecycle(
                accounts,
                connections,
                tokens,
                underway,
                allow_private=settings.allow_private_urls,
                leaving=subscribing.leave,
            ),
            health=health,
            tokens=tokens,
            underway=underway,
            definitions=definitions,
            approvals=approvals,
            visibility=visibility,
            choosing=Choosing(accounts, approvals, imports, visibility, gateway.listings),
            webhooks=webhooks,
            events=events.log,
            received=ReceivedWebhooks(database, clock),
            endpoints=outgoing.endpoints,
            sendings=outgoing.sendings,
            writing=changes.writing,
            once=changes.once,
            reservations=changes.reservations,
            catalog=changes.catalog,
            subscribing=subscribing,
        )
        yield Services(
            settings=settings,
            clock=clock,
            database=database,
            vault=vault,
            keys=keys,
            tenants=tenants,
            authentication=authentication,
            accounts=accounts,
            connections=connections,
            upstream=upstream,
            gateway=gateway,
            administration=administration,
            cursors=cursors,
            receiving=events.receiving,
            events=events.log,
            subscribers=Subscribers(events.log, Seeing(visibility), most_waiting=settings.max_waiting_events),
            guests=guests,
            processing=events.processing,
            polling=events.polling,
            outgoing=outgoing.worker,
            change_marks=change_marks,
            schema=build_schema(
                max_tokens=settings.max_query_tokens,
                limits=SizeLimits(
                    records=settings.max_query_cost,
                    depth=settings.max_query_depth,
                    aliases=settings.max_query_aliases,
                ),
            ),
        )


def _guests(settings: Settings, authentication: Authentication, stack: AsyncExitStack) -> Guests:
    """Those who stay connected, asked about until the end."""
    guests = Guests(authentication, per_key=settings.max_connections_per_key)
    guests.start()
    stack.push_async_callback(guests.aclose)
    return guests


def _watch(settings: Settings, vault: Vault, stack: AsyncExitStack) -> None:
    """Notice other keys in the key file from now on, where there is one."""
    if (watch := watch_of(settings, vault)) is not None:
        watch.start()
        stack.push_async_callback(watch.aclose)


def _access_tokens(settings: Settings, clock: Clock, stack: AsyncExitStack) -> AccessTokens | None:
    """What checks the tokens of the identity provider; None where none is set up."""
    issuer, audience, url = settings.jwt_issuer, settings.jwt_audience, settings.jwt_jwks_url
    if issuer is None or audience is None or url is None:
        return None
    keys = KeySets(url, clock)
    stack.push_async_callback(keys.aclose)
    expected = Expected(
        issuer=issuer,
        audience=audience,
        tenant_claim=settings.jwt_tenant_claim,
        permission_claim=settings.jwt_permission_claim,
    )
    return AccessTokens(expected, keys, clock)


def _notifications(
    database: Database, signer: Signer, settings: Settings, clock: Clock, stack: AsyncExitStack
) -> Notifications:
    """What tells tenants' own servers."""
    delivery = HttpDelivery(allow_private=settings.allow_private_urls)
    stack.push_async_callback(delivery.aclose)
    notifications = Notifications(database, signer, delivery, clock)
    notifications.start()
    stack.push_async_callback(notifications.aclose)
    return notifications


def _warm(keeper: Keeper, upstream: Upstream, settings: Settings, clock: Clock, stack: AsyncExitStack) -> None:
    """Renew in the background what is asked for often, where that is switched on."""
    if settings.background_refresh:
        warming = Warming(keeper, clock, upstream.usage)
        warming.start()
        stack.push_async_callback(warming.aclose)


def _approvals(database: Database, accounts: Accounts, clock: Clock, stack: AsyncExitStack) -> Approvals:
    """What was decided about listings, without those of accounts that are gone."""
    approvals = Approvals(database, clock)
    stack.push_async_callback(approvals.aclose)
    accounts.when_removed(approvals.forget)
    return approvals


def _keeper(settings: Settings, accounts: Accounts, clock: Clock) -> Keeper:
    """A cache that forgets what accounts take with them."""
    keeper = Keeper(Store(settings.cache_entries), clock, weigh)
    accounts.when_removed(keeper.forget)
    accounts.when_idle(keeper.forget)
    accounts.when_fields_change(lambda account: keeper.keep_variant(account.id, variant(account.fields_off)))
    return keeper


def _account_id(account_id: str) -> str:
    return ids.GlobalId(ids.ACCOUNT, account_id).text()


def _naming(cursors: Cursors) -> Naming:
    return Naming(
        account=_account_id,
        listing=lambda ref: ids.GlobalId(ids.LISTING, *ref).text(),
        reservation=lambda ref: ids.GlobalId(ids.RESERVATION, *ref).text(),
        cursor=partial(written_cursor, cursors),
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
