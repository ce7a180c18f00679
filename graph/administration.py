"""What mutations, the command line and the callback routes change: one place to find the parts that keep it."""

from dataclasses import dataclass

from graph.accounts.accounts import Accounts
from graph.accounts.connections import Connections
from graph.accounts.consent import Consents
from graph.accounts.keys import ApiKeys
from graph.accounts.notifications import Signer
from graph.events.account_webhooks import AccountWebhooks
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
    webhooks: AccountWebhooks
