"""The parts that send events to tenants' own servers, put together."""

from contextlib import AsyncExitStack
from dataclasses import dataclass

from graph.accounts.accounts import Accounts
from graph.accounts.delivery import HttpDelivery
from graph.accounts.vault import Vault
from graph.events.outgoing import ENDPOINTS_AT_ONCE, Outgoing
from graph.events.outgoing_body import Bodies, Naming
from graph.events.outgoing_endpoints import Endpoints
from graph.events.outgoing_log import Sendings
from graph.events.outgoing_turns import Turns
from graph.events.parts import EventParts
from graph.events.seeing import Seeing
from graph.gateway.visibility import Visibility
from graph.settings import Settings
from graph.storage.database import Database
from providers.upstream.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingParts:
    """From the log to tenants' servers."""

    endpoints: Endpoints
    sendings: Sendings
    worker: Outgoing


def begin_outgoing(
    stack: AsyncExitStack,
    settings: Settings,
    database: Database,
    vault: Vault,
    events: EventParts,
    accounts: Accounts,
    visibility: Visibility,
    naming: Naming,
    clock: Clock,
) -> OutgoingParts:
    """The parts, at work until ``stack`` ends."""
    log, private = events.log, settings.allow_private_urls
    # Connections of its own: servers that are slow to take events must not keep other messages waiting.
    delivery = HttpDelivery(allow_private=private, connections=ENDPOINTS_AT_ONCE)
    stack.push_async_callback(delivery.aclose)
    endpoints = Endpoints(database, vault, log, clock, allow_private=private)
    sendings = Sendings(database, log, clock, days=settings.event_days)
    worker = Outgoing(Turns(database, vault, clock), log, Seeing(visibility), Bodies(accounts, naming), delivery, clock)
    for changes in (endpoints.when_changed, sendings.when_changed):
        changes(worker.wake)
    log.when_appended(worker.appended)
    worker.start()
    events.retention.also(sendings.clear)
    stack.push_async_callback(worker.aclose)
    return OutgoingParts(endpoints=endpoints, sendings=sendings, worker=worker)
