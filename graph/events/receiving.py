"""Receiving webhooks: whose address it is, whether the PMS sent it, and keeping it before saying so."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from functools import partial
from typing import cast

import structlog
from pydantic import BaseModel
from sqlalchemy import Table, bindparam, select

from graph.accounts.accounts import Accounts, ConnectedAccount
from graph.accounts.connections import Connections
from graph.events.account_webhooks import AccountWebhooks, token_digest, webhook_row, webhooks_of
from graph.events.deliveries import Deliveries
from graph.events.delivery_rows import Kept
from graph.storage.database import Database
from graph.storage.prepared import Prepared
from graph.storage.small_reads import small_reads
from graph.storage.snapshots import SNAPSHOT_SECONDS, Snapshots
from graph.storage.tables import AccountWebhookRow
from providers import catalogue
from providers.errors import ProviderError
from providers.manifest import LimitScope
from providers.upstream.clock import Clock
from providers.webhooks import WebhookLogin, WebhookNote, WebhookRequest, Webhooks

log = structlog.get_logger(__name__)

NO_LOGIN = WebhookLogin("", "")

STRANGERS_AT_ONCE = 4
"""Tokens that were never right here, and are looked up at a time."""

MAX_KNOWN = 10_000
"""Tokens that are looked up without waiting for those."""

_COUNT_SECONDS = 10.0
_MAX_TOKEN = 200

_WEBHOOK = cast("Table", AccountWebhookRow.__table__)
_BY_TOKEN = Prepared(
    select(_WEBHOOK.c.tenant_id, _WEBHOOK.c.account_id, _WEBHOOK.c.sealed).where(
        _WEBHOOK.c.token_digest == bindparam("digest")
    )
)


class Receipt(Enum):
    """What became of a request to an address of webhooks."""

    KEPT = auto()
    """It is stored, or was before."""

    UNKNOWN = auto()
    """There is no such address."""

    UNPROVED = auto()
    """The PMS did not send it."""


@dataclass(frozen=True, slots=True, repr=False)
class _Address:
    """An address that was made, and what proves that something sent there is the PMS's."""

    account: ConnectedAccount
    webhooks: Webhooks
    login: WebhookLogin
    config: BaseModel
    provider_account: str | None

    def proved(self, request: WebhookRequest) -> bool:
        return self.webhooks.proved(request, self.login, self.config)


@dataclass(slots=True)
class _Refusals:
    count: int
    last_at: datetime


class Receiving:
    """Takes what PMSs send. Tokens that were replaced by another process work for a second more at most."""

    def __init__(
        self,
        database: Database,
        accounts: Accounts,
        connections: Connections,
        account_webhooks: AccountWebhooks,
        deliveries: Deliveries,
        *,
        clock: Clock,
        snapshot_seconds: float = SNAPSHOT_SECONDS,
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._connections = connections
        self._account_webhooks = account_webhooks
        self._deliveries = deliveries
        self._clock = clock
        self._addresses = Snapshots(self._find, clock=clock, max_age=snapshot_seconds)
        self._known: OrderedDict[bytes, None] = OrderedDict()
        self._strangers = asyncio.Semaphore(STRANGERS_AT_ONCE)
        account_webhooks.when_replaced(self._addresses.drop)
        self._siblings = Snapshots(self._find_siblings, clock=clock, max_age=snapshot_seconds)
        self._refused: dict[tuple[str, str], _Refusals] = {}
        self._task: asyncio.Task[None] | None = None
        self.unknown = 0
        """Requests to addresses that are not there, since this process began."""

    def start(self) -> None:
        """Write down every few seconds what was refused, until ``aclose``."""
        self._task = asyncio.create_task(self._run())

    async def aclose(self) -> None:
        """Stop, and write down the rest."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            await self._note_or_say_so()

    async def receive(self, provider: str, token: str, request: WebhookRequest) -> Receipt:
        """Keep what was sent to an address, if the PMS sent it.

        The token is found by its hash, so how long this takes tells nothing of how much of a token is right. Raises
        ``ProviderError`` where the account's credentials cannot be opened, ``TooMuchWaitingError``, or what the
        database raises: nothing is stored then, and the sender should come again.
        """
        digest = token_digest(token[:_MAX_TOKEN])
        address = await self._look_up(digest)
        if address is None or address.account.provider != provider.upper():
            self.unknown += 1
            return Receipt.UNKNOWN
        if not address.proved(request):
            self._count_refusal(address.account)
            return Receipt.UNPROVED
        note = address.webhooks.read(request.body)
        account = await self._account_of(address, note, request)
        kept = await self._deliveries.keep(account, note, request.body)
        if kept is Kept.ACCOUNT_GONE:
            self._addresses.drop(digest)
            return Receipt.UNKNOWN
        return Receipt.KEPT

    async def _account_of(self, address: _Address, note: WebhookNote, request: WebhookRequest) -> ConnectedAccount:
        """Whose delivery it is: one address may serve all accounts of an application.

        Another account of the tenant has it if the PMS names that account, and its own credentials prove the delivery
        as well. Otherwise it stays with the account of the address, and ``provider_account`` tells whose it is.
        """
        if note.account_id is None or note.account_id == address.provider_account:
            return address.account
        siblings = await self._siblings.get((address.account.tenant_id, address.account.provider))
        named = siblings.get(note.account_id)
        return named.account if named is not None and named.proved(request) else address.account

    async def _look_up(self, digest: bytes) -> _Address | None:
        """The address of a token. Those who try many keep only each other waiting."""
        if digest in self._known:
            return await self._addresses.get(digest)
        async with self._strangers:
            address = await self._addresses.get(digest)
        if address is not None:
            self._known[digest] = None
            if len(self._known) > MAX_KNOWN:
                self._known.popitem(last=False)
        return address

    async def _find(self, digest: bytes) -> _Address | None:
        rows = await small_reads(self._database).read(partial(_BY_TOKEN.all, given={"digest": digest}))
        if not rows:
            return None
        tenant_id, account_id, sealed = rows[0]
        account = await self._accounts.get(tenant_id, account_id)
        if account is None:
            return None
        return await self._address(account, self._account_webhooks.login_of(tenant_id, account_id, sealed))

    async def _find_siblings(self, whose: tuple[str, str]) -> Mapping[str, _Address]:
        """The accounts of a tenant at a provider by the PMS's own ids of them, as far as those are known."""
        tenant_id, provider = whose
        found: dict[str, _Address] = {}
        for account in await self._accounts.list(tenant_id):
            if account.provider != provider:
                continue
            try:
                address = await self._address(account, NO_LOGIN)
            except ProviderError:
                continue
            if address is not None and address.provider_account is not None:
                found.setdefault(address.provider_account, address)
        return found

    async def _address(self, account: ConnectedAccount, login: WebhookLogin) -> _Address | None:
        webhooks = webhooks_of(account.provider)
        if webhooks is None:
            return None
        config = await self._connections.config(account)
        identity = catalogue.plugin(account.provider).identity(LimitScope.ACCOUNT, config)
        return _Address(account, webhooks, login, config, identity)

    def _count_refusal(self, account: ConnectedAccount) -> None:
        now = self._clock.now()
        counted = self._refused.setdefault((account.tenant_id, account.id), _Refusals(0, now))
        counted.count += 1
        counted.last_at = now

    async def note_refusals(self) -> None:
        """Add what was refused since the last time to what is stored. One row an account, however many there were."""
        counted, self._refused = self._refused, {}
        if not counted:
            return
        try:
            async with self._database.session() as session:
                for (tenant_id, account_id), refusals in counted.items():
                    row = await webhook_row(session, tenant_id, account_id)
                    if row is not None:
                        row.refused += refusals.count
                        row.last_refused_at = refusals.last_at
        except BaseException:
            self._put_back(counted)
            raise
        for (tenant_id, account_id), refusals in counted.items():
            log.warning("webhooks without a proof of the PMS were refused", account=account_id, count=refusals.count)
            self._account_webhooks.changed(tenant_id)

    def _put_back(self, counted: Mapping[tuple[str, str], _Refusals]) -> None:
        for whose, refusals in counted.items():
            since = self._refused.setdefault(whose, _Refusals(0, refusals.last_at))
            since.count += refusals.count

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(_COUNT_SECONDS)
            await self._note_or_say_so()

    async def _note_or_say_so(self) -> None:
        try:
            await self.note_refusals()
        except Exception as error:  # noqa: BLE001 - a database that is away must not end this: the next time may work
            log.warning("refused webhooks could not be counted", error=type(error).__name__)
