"""What mutations, the command line and the callback routes change: one place to find the parts that keep it."""

from dataclasses import dataclass

from graph.accounts.accounts import Accounts
from graph.accounts.approvals import Approvals
from graph.accounts.connections import Connections
from graph.accounts.consent import Consents
from graph.accounts.creation import AccountCreation
from graph.accounts.definitions import Definitions
from graph.accounts.health import Health
from graph.accounts.keys import ApiKeys
from graph.accounts.lifecycle import AccountLifecycle
from graph.accounts.notifications import Signer
from graph.accounts.tenants import Tenants
from graph.accounts.tokens import StoredTokens
from graph.accounts.underway import Underway
from graph.changes.catalog import Catalog
from graph.changes.once import Once
from graph.changes.reservations import ReservationChanges
from graph.changes.writing import Writing
from graph.events.account_webhooks import AccountWebhooks
from graph.events.log import EventLog
from graph.events.received import ReceivedWebhooks
from graph.events.subscribing import Subscribing
from graph.gateway.choosing import Choosing
from graph.gateway.visibility import Visibility
from graph.settings import Settings
from graph.storage.database import Database
from providers.upstream.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Administration:
    """The parts that keep accounts, keys and what belongs to them."""

    settings: Settings
    clock: Clock
    database: Database
    accounts: Accounts
    connections: Connections
    keys: ApiKeys
    consents: Consents
    signer: Signer
    creation: AccountCreation
    lifecycle: AccountLifecycle
    health: Health
    tokens: StoredTokens
    underway: Underway
    tenants: Tenants
    definitions: Definitions
    approvals: Approvals
    visibility: Visibility
    choosing: Choosing
    webhooks: AccountWebhooks
    events: EventLog
    received: ReceivedWebhooks
    subscribing: Subscribing
    writing: Writing
    catalog: Catalog
    once: Once
    reservations: ReservationChanges
