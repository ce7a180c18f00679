"""Having a PMS send its webhooks here, where its API can be told: on connecting, on repair, and its end."""

import asyncio

import structlog
from sqlalchemy import update

from graph.accounts.accounts import AccountGoneError, Accounts, ConnectedAccount
from graph.accounts.connections import Connections
from graph.events.account_webhooks import AccountWebhooks, WebhookEntry
from graph.rejections import Rejected, RejectionCode, rejected
from graph.settings import Settings
from graph.storage.database import Database
from graph.storage.tables import AccountWebhookRow
from providers.capabilities import Capability
from providers.contract import capabilities
from providers.errors import ProviderError
from providers.upstream.clock import Clock
from providers.webhooks import WebhookLogin, WebhookTarget

log = structlog.get_logger(__name__)

GOODBYE_SECONDS = 10.0
"""How long a PMS that is away may keep an account from being removed."""

_LONGEST_ERROR = 500


class Subscribing:
    """The webhooks of accounts whose PMS is told through its API where to send them.

    Nothing is done by itself unless ``public_url`` is set: without it nobody knows where a PMS reaches this server.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        accounts: Accounts,
        connections: Connections,
        webhooks: AccountWebhooks,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._database = database
        self._accounts = accounts
        self._connections = connections
        self._webhooks = webhooks
        self._clock = clock

    def possible(self, account: ConnectedAccount) -> bool:
        """Whether the account's PMS can be told."""
        try:
            client_class = self._connections.plugin_of(account).client_class
        except ProviderError:
            return False
        return Capability.SUBSCRIBE_WEBHOOKS in capabilities(client_class)

    async def connected(self, account: ConnectedAccount) -> None:
        """An account was connected, or connected again: have its PMS send webhooks. A failure is noted, not raised."""
        if self._settings.public_url is not None and self.possible(account):
            await self._try(account)

    async def _try(self, account: ConnectedAccount) -> None:
        try:
            await self._subscribe(account)
        except (ProviderError, Rejected, AccountGoneError) as error:
            log.warning("webhooks were not set up", account=account.id, error=type(error).__name__)

    async def renewed(self, tenant_id: str, account_id: str) -> None:
        """An account's address was made anew: a PMS that was told the former one is told. A failure is noted only."""
        account = await self._accounts.get(tenant_id, account_id)
        if account is not None and await self._webhooks.subscription_id(account) is not None:
            await self._try(account)

    async def repair(self, account: ConnectedAccount) -> None:
        """Tell the PMS again, with the address and password that hold now.

        Raises ``Rejected``: ``NOT_SUPPORTED`` where somebody has to enter them by hand, ``UNAVAILABLE`` or ``REFUSED``
        where the PMS did not take them.
        """
        if not self.possible(account):
            message = "Its PMS cannot be told by its API: enter the address in the PMS, as webhook.setup says."
            raise rejected("id", RejectionCode.NOT_SUPPORTED, message)
        try:
            await self._subscribe(account)
        except AccountGoneError:
            raise rejected("id", RejectionCode.NOT_FOUND, "There is no such account.") from None
        except ProviderError as error:
            code = RejectionCode.UNAVAILABLE if error.retry_after is not None else RejectionCode.REFUSED
            raise rejected("id", code, error.message) from None

    async def leave(self, account: ConnectedAccount) -> None:
        """An account is about to be removed: end what its PMS was told, as far as it can be asked."""
        known = await self._webhooks.subscription_id(account)
        if known is None:
            return
        try:
            async with asyncio.timeout(GOODBYE_SECONDS):
                client = await self._connections.client(account)
                await client.unsubscribe_webhooks(known)
        except (ProviderError, TimeoutError) as error:
            log.warning("webhooks were not taken back", account=account.id, error=type(error).__name__)

    async def _subscribe(self, account: ConnectedAccount) -> None:
        entry = await self._webhooks.entry(account) or await self._webhooks.make(account.tenant_id, account.id)
        try:
            client = await self._connections.client(account)
            known = await self._webhooks.subscription_id(account)
            id_ = await client.subscribe_webhooks(self._target(entry), known)
        except ProviderError as error:
            await self._note(account, {"subscription_error": error.message[:_LONGEST_ERROR]})
            raise
        values = {"subscription_id": id_, "subscribed_at": self._clock.now(), "subscription_error": None}
        await self._note(account, values)

    def _target(self, entry: WebhookEntry) -> WebhookTarget:
        return WebhookTarget(
            url=entry.url,
            login=entry.login or WebhookLogin("", ""),
            alert_email=self._settings.webhook_alert_email,
        )

    async def _note(self, account: ConnectedAccount, values: dict[str, object]) -> None:
        row = (AccountWebhookRow.tenant_id == account.tenant_id, AccountWebhookRow.account_id == account.id)
        async with self._database.session() as session:
            await session.execute(update(AccountWebhookRow).where(*row).values(values))
        self._webhooks.changed(account.tenant_id)
