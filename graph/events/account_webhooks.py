"""Where the PMS of an account has to send its webhooks, with which proof, and how that goes."""

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from graph.accounts.accounts import AccountGoneError, Accounts, ConnectedAccount
from graph.accounts.connections import Connections
from graph.accounts.sealed import webhook_context
from graph.accounts.vault import Vault, VaultError
from graph.rejections import Rejected, RejectionCode, rejected
from graph.settings import Settings
from graph.storage.database import Database
from graph.storage.snapshots import SNAPSHOT_SECONDS, Snapshots
from graph.storage.tables import AccountRow, AccountWebhookRow
from providers import catalogue
from providers.catalogue import UnknownProvider
from providers.errors import ProviderError
from providers.model.described import Described
from providers.upstream.clock import Clock
from providers.webhooks import WebhookLogin, Webhooks

PATH = "/webhooks"
LOGIN = "staygraph"

_TOKEN_BYTES = 32


class WebhookState(Described):
    """Whether StayGraph hears from an account's PMS by itself."""

    NOT_AVAILABLE = "NOT_AVAILABLE", "The PMS sends no webhooks."
    NOT_SET_UP = "NOT_SET_UP", "No address was made for it yet, so the PMS has nowhere to send them."
    WAITING = "WAITING", "The address was made; nothing has arrived since."
    RECEIVING = "RECEIVING", "They arrive."


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountWebhook:
    """How an account's webhooks go. Instants are aware UTC.

    ``deliveries`` counts those that were kept, each once, ``refused`` those without a proof of the PMS. ``issued_at``
    is when the address in use was made, None if there is none. ``subscribed_at`` is when the PMS took it through its
    API, ``subscription_error`` why it last did not.
    """

    state: WebhookState
    issued_at: datetime | None = None
    last_delivery_at: datetime | None = None
    deliveries: int = 0
    last_refused_at: datetime | None = None
    refused: int = 0
    subscribed_at: datetime | None = None
    subscription_error: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class WebhookEntry:
    """What to enter in the PMS. Whoever knows it can send in the PMS's name: it is shown to those who may write.

    ``login`` is None where the PMS signs with a secret of the account's credentials.
    """

    url: str
    login: WebhookLogin | None


@dataclass(frozen=True, slots=True, repr=False)
class _Secrets:
    token: str
    login: WebhookLogin


class AccountWebhooks:
    """The webhooks of all tenants' accounts. Reads are at most a second behind another process."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        vault: Vault,
        accounts: Accounts,
        connections: Connections,
        *,
        clock: Clock,
        snapshot_seconds: float = SNAPSHOT_SECONDS,
    ) -> None:
        self._settings = settings
        self._database = database
        self._vault = vault
        self._accounts = accounts
        self._connections = connections
        self._clock = clock
        self._of_tenant = Snapshots(self._load, clock=clock, max_age=snapshot_seconds)
        self._when_replaced: list[Callable[[bytes], None]] = []

    def when_replaced(self, hear: Callable[[bytes], None]) -> None:
        """Have ``hear`` called with the digest of each token that stops working by what this process does."""
        self._when_replaced.append(hear)

    async def of(self, account: ConnectedAccount) -> AccountWebhook:
        """How the webhooks of an account go."""
        if webhooks_of(account.provider) is None:
            return AccountWebhook(state=WebhookState.NOT_AVAILABLE)
        found = await self._of_tenant.get(account.tenant_id)
        return found.get(account.id) or AccountWebhook(state=WebhookState.NOT_SET_UP)

    async def entry(self, account: ConnectedAccount) -> WebhookEntry | None:
        """What to enter in the PMS; None if nothing was made yet."""
        async with self._database.reading() as session:
            row = await session.get(AccountWebhookRow, account.id)
        if row is None or row.tenant_id != account.tenant_id or row.sealed is None:
            return None
        return self._entry(account, self._opened(row.sealed, account.tenant_id, account.id))

    async def subscription_id(self, account: ConnectedAccount) -> str | None:
        """The PMS's id of what it was told through its API; None if it was told nothing."""
        async with self._database.reading() as session:
            row = await session.get(AccountWebhookRow, account.id)
        return row.subscription_id if row is not None and row.tenant_id == account.tenant_id else None

    async def urls(self, account: ConnectedAccount) -> list[str]:
        """The address to enter in the PMS, made if there was none; empty where none could be believed."""
        try:
            entry = await self.entry(account) or await self.make(account.tenant_id, account.id)
        except (Rejected, AccountGoneError):
            return []
        return [entry.url]

    async def make(self, tenant_id: str, account_id: str) -> WebhookEntry:
        """A new address, with a new password where there is one; the former stop working at once.

        Raises ``AccountGoneError``, or ``Rejected`` where nothing that arrives there could be believed.
        """
        account = await self._accounts.get(tenant_id, account_id)
        if account is None:
            raise AccountGoneError(account_id)
        await self._check(account)
        made = _Secrets(secrets.token_urlsafe(_TOKEN_BYTES), WebhookLogin(LOGIN, secrets.token_urlsafe(_TOKEN_BYTES)))
        async with self._database.session() as session:
            row = await webhook_row(session, tenant_id, account_id)
            if row is None:
                raise AccountGoneError(account_id)
            former = row.token_digest
            row.token_digest = token_digest(made.token)
            row.sealed = self._vault.seal(_dump(made), context=webhook_context(tenant_id, account_id))
            row.issued_at = self._clock.now()
        self._of_tenant.drop(tenant_id)
        if former is not None:
            for hear in self._when_replaced:
                hear(former)
        return self._entry(account, made)

    def changed(self, tenant_id: str) -> None:
        """Something arrived for an account of this tenant."""
        self._of_tenant.drop(tenant_id)

    async def _check(self, account: ConnectedAccount) -> None:
        webhooks = webhooks_of(account.provider)
        if webhooks is None:
            raise rejected("id", RejectionCode.NOT_SUPPORTED, "Its PMS sends no webhooks.")
        try:
            config = await self._connections.config(account)
        except ProviderError as error:
            raise rejected("id", RejectionCode.CONFLICT, error.message) from None
        if not webhooks.provable(config):
            message = "Its credentials hold no secret with which its PMS signs: nobody could tell who sent a webhook."
            raise rejected("id", RejectionCode.NOT_SUPPORTED, message)

    def _entry(self, account: ConnectedAccount, made: _Secrets) -> WebhookEntry:
        webhooks = webhooks_of(account.provider)
        url = f"{self._settings.public_address}{PATH}/{account.provider.lower()}/{made.token}"
        return WebhookEntry(url, made.login if webhooks is not None and webhooks.uses_login else None)

    def login_of(self, tenant_id: str, account_id: str, sealed: bytes | None) -> WebhookLogin:
        """The login that an account's PMS has to send, by what its row has sealed. Raises ``VaultError``."""
        if sealed is None:
            raise VaultError("Nothing was made for this account.")
        return self._opened(sealed, tenant_id, account_id).login

    def _opened(self, sealed: bytes, tenant_id: str, account_id: str) -> _Secrets:
        kept = json.loads(self._vault.open(sealed, context=webhook_context(tenant_id, account_id)))
        return _Secrets(kept["token"], WebhookLogin(kept["login"], kept["password"]))

    async def _load(self, tenant_id: str) -> Mapping[str, AccountWebhook]:
        async with self._database.reading() as session:
            rows = await session.scalars(select(AccountWebhookRow).where(AccountWebhookRow.tenant_id == tenant_id))
            return {row.account_id: _shown(row) for row in rows}


def webhooks_of(provider: str) -> Webhooks | None:
    """How webhooks of a provider are proved; None if it is unknown or sends none."""
    try:
        return catalogue.plugin(provider).webhooks
    except UnknownProvider:
        return None


def token_digest(token: str) -> bytes:
    """What is kept of the token in an address to find it by."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


async def webhook_row(session: AsyncSession, tenant_id: str, account_id: str) -> AccountWebhookRow | None:
    """The row of an account, made if there was none; None if the tenant has no such account.

    The session must hold the writers' lock.
    """
    row = await session.get(AccountWebhookRow, account_id)
    if row is not None:
        return row if row.tenant_id == tenant_id else None
    account = select(AccountRow.id).where(AccountRow.tenant_id == tenant_id, AccountRow.id == account_id)
    if await session.scalar(account) is None:
        return None
    row = AccountWebhookRow(account_id=account_id, tenant_id=tenant_id, deliveries=0, refused=0)
    session.add(row)
    return row


def _dump(made: _Secrets) -> bytes:
    return json.dumps({"token": made.token, "login": made.login.login, "password": made.login.password}).encode()


def _shown(row: AccountWebhookRow) -> AccountWebhook:
    return AccountWebhook(
        state=_state(row),
        issued_at=row.issued_at,
        last_delivery_at=row.last_delivery_at,
        deliveries=row.deliveries,
        last_refused_at=row.last_refused_at,
        refused=row.refused,
        subscribed_at=row.subscribed_at,
        subscription_error=row.subscription_error,
    )


def _state(row: AccountWebhookRow) -> WebhookState:
    """An address that was made anew has to be entered anew: what arrived before says nothing of it."""
    last, issued = row.last_delivery_at, row.issued_at
    if last is not None and (issued is None or last >= issued):
        return WebhookState.RECEIVING
    return WebhookState.NOT_SET_UP if issued is None else WebhookState.WAITING
