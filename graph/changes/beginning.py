"""What changes are made with, put together once."""

from contextlib import AsyncExitStack
from dataclasses import dataclass

from graph.accounts.accounts import Accounts
from graph.accounts.connections import Connections
from graph.accounts.underway import Underway
from graph.accounts.vault import Vault
from graph.changes.catalog import Catalog, build_catalog
from graph.changes.change_marks import ChangeMarks
from graph.changes.claims import NightClaims
from graph.changes.forgetting import Forgetting
from graph.changes.ledger import Ledger
from graph.changes.once import Once
from graph.changes.places import Places
from graph.changes.record_turns import RecordTurns
from graph.changes.reservations import ReservationChanges
from graph.changes.stays import Stays
from graph.changes.writing import Writing
from graph.gateway.gateway import Gateway
from graph.gateway.keeper import Keeper
from graph.settings import Settings
from graph.storage.database import Database
from providers.upstream.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """The services that change something at the PMSs, and the two ways below them of every change, and every create."""

    writing: Writing
    once: Once
    reservations: ReservationChanges
    catalog: Catalog


def begin_changes(
    stack: AsyncExitStack,
    settings: Settings,
    database: Database,
    vault: Vault,
    accounts: Accounts,
    connections: Connections,
    gateway: Gateway,
    keeper: Keeper,
    underway: Underway,
    marks: ChangeMarks,
    clock: Clock,
) -> Changes:
    """The services; what they remember is forgotten by and by, until ``stack`` is closed."""
    places = Places(connections, vault)
    accounts.when_removed(places.forget)
    turns = RecordTurns(database, places, clock, settings.call_timeout)
    ledger, claims = Ledger(database, vault, clock), NightClaims(database, clock)
    forgetting = Forgetting(ledger, claims, turns, settings.creation_days)
    forgetting.start()
    stack.push_async_callback(forgetting.aclose)
    writing = Writing(gateway.reading, connections, keeper, underway, marks, turns)
    once = Once(ledger, writing, clock, settings.call_timeout)
    stays = Stays(gateway, claims, places)
    return Changes(
        writing=writing,
        once=once,
        reservations=ReservationChanges(writing, once, gateway, stays, clock, settings.call_timeout),
        catalog=build_catalog(writing, once, gateway.listings, clock),
    )
