"""Messages to tenants' own servers: kept until they arrive, signed so that the receiver can tell who sent them.

A message is stored in the transaction that makes it true and sent afterwards, by any process, until the receiver
answers with a 2xx or it was tried often enough. It may arrive twice: its id tells.
"""

import asyncio
import contextlib
import json
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import delete, func, select, update

from graph.accounts.accounts import ConnectedAccount
from graph.accounts.delivery import Deliver, DeliveryError, next_try
from graph.accounts.ids import new_id
from graph.accounts.signing import secret_text, signed_headers
from graph.accounts.vault import Vault
from graph.storage.database import Database
from graph.storage.tables import NotificationRow
from providers.model.described import Described
from providers.upstream.clock import Clock

log = logging.getLogger(__name__)

ID_HEADER = "StayGraph-Notification-Id"

CLAIM = 60.0
"""Seconds that a claimed message is left to its process; longer than a delivery takes. Then others try it."""

BATCH = 20
KEPT = timedelta(days=30)
"""How long messages are kept that arrived, or were given up."""

IDLE = 15.0
"""Seconds between looks for messages of other processes, and of ones that died."""


class NotificationEvent(Described):
    """What a notification tells."""

    ACCOUNT_AUTHORIZED = "integrationAccount.authorized", "The account's owner consented, and it is in use."


@dataclass(frozen=True, slots=True)
class _Claimed:
    id: str
    tenant_id: str
    url: str
    body: str
    attempts: int


class Signer:
    """Signs messages with a secret of their tenant, made from the keys of the vault."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def secret(self, tenant_id: str) -> str:
        """What the tenant's server checks signatures with; it changes when the first key of the vault is replaced."""
        return secret_text(self._vault.derive(_purpose(tenant_id)))

    def headers(self, tenant_id: str, notification_id: str, body: bytes, sent_at: datetime) -> dict[str, str]:
        """The headers of a message sent at that moment, with a signature for each key of the vault."""
        secrets = map(secret_text, self._vault.derived(_purpose(tenant_id)))
        return {ID_HEADER: notification_id, **signed_headers(secrets, body, sent_at)}


class Notifications:
    """The messages of all tenants, and the worker that sends them."""

    def __init__(self, database: Database, signer: Signer, deliver: Deliver, clock: Clock) -> None:
        self._database = database
        self._signer = signer
        self._deliver = deliver
        self._clock = clock
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def row(self, event: NotificationEvent, account: ConnectedAccount, shown_id: str) -> NotificationRow | None:
        """A message about ``account`` as it is from now on, to be stored together with what it tells.

        None for an account without a notification URL. ``shown_id`` is the account's id as clients know it. Call
        ``wake`` once it is stored.
        """
        if account.notification_url is None:
            return None
        now = self._clock.now()
        notification_id = new_id("ntf", now)
        body = {
            "event": event.value,
            "id": notification_id,
            "account": {
                "id": shown_id,
                "identifier": account.identifier,
                "provider": account.provider,
                "status": account.status.value,
            },
            "occurredAt": now.isoformat().replace("+00:00", "Z"),
        }
        return NotificationRow(
            id=notification_id,
            tenant_id=account.tenant_id,
            account_id=account.id,
            url=account.notification_url,
            body=json.dumps(body, ensure_ascii=False, separators=(",", ":")),
            attempts=0,
            next_attempt_at=now,
            created_at=now,
        )

    def start(self) -> None:
        """Send what is due, now and whenever something is, until ``aclose``."""
        self._task = asyncio.create_task(self._work())

    def wake(self) -> None:
        """Something is due now."""
        self._woken.set()

    async def aclose(self) -> None:
        """Stop. What was on its way is sent again later, by whichever process comes first."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def send_due(self) -> int:
        """Try everything that is due once; how many messages that were."""
        claimed = await self._claim()
        ended = await asyncio.gather(*(self._try(each) for each in claimed), return_exceptions=True)
        for failure in ended:
            if isinstance(failure, BaseException):
                raise failure
        return len(claimed)

    async def _work(self) -> None:
        forgot_at: datetime | None = None
        while True:
            self._woken.clear()
            try:
                if forgot_at is None or self._clock.now() - forgot_at > timedelta(days=1):
                    forgot_at = await self.forget_old()
                while await self.send_due() == BATCH:
                    pass
                wait = await self._until_next()
            except Exception as failure:  # noqa: BLE001  # no fault may end the worker; what is due is tried again
                log.warning("notifications could not be sent: %s", type(failure).__name__)
                wait = IDLE
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._woken.wait()

    async def forget_old(self) -> datetime:
        """Delete the messages that are done with and were kept long enough; when that was."""
        now = self._clock.now()
        async with self._database.session() as session:
            await session.execute(
                delete(NotificationRow).where(
                    NotificationRow.next_attempt_at.is_(None), NotificationRow.created_at < now - KEPT
                )
            )
        return now

    async def _until_next(self) -> float:
        async with self._database.reading() as session:
            due = await session.scalar(
                select(func.min(NotificationRow.next_attempt_at)).where(NotificationRow.next_attempt_at.is_not(None))
            )
        seconds = IDLE if due is None else (due - self._clock.now()).total_seconds()
        return min(max(seconds, 0.0), IDLE)

    async def _claim(self) -> list[_Claimed]:
        """Take what is due, so that no other process does: each row is taken by its former time."""
        now = self._clock.now()
        claimed = []
        async with self._database.session() as session:
            due = await session.scalars(
                select(NotificationRow)
                .where(NotificationRow.next_attempt_at <= now)
                .order_by(NotificationRow.next_attempt_at)
                .limit(BATCH)
            )
            for row in due.all():
                taken = await session.scalar(
                    update(NotificationRow)
                    .where(
                        NotificationRow.id == row.id,
                        NotificationRow.tenant_id == row.tenant_id,
                        NotificationRow.attempts == row.attempts,
                        NotificationRow.next_attempt_at == row.next_attempt_at,
                    )
                    .values(attempts=row.attempts + 1, next_attempt_at=now + timedelta(seconds=CLAIM))
                    .returning(NotificationRow.id)
                    .execution_options(synchronize_session=False)
                )
                if taken is not None:
                    claimed.append(_Claimed(row.id, row.tenant_id, row.url, row.body, row.attempts + 1))
        return claimed

    async def _try(self, message: _Claimed) -> None:
        body = message.body.encode()
        headers = self._signer.headers(message.tenant_id, message.id, body, self._clock.now())
        try:
            await self._deliver(message.url, headers, body)
        except DeliveryError as failure:
            await self._failed(message, str(failure))
        else:
            now = self._clock.now()
            await self._settle(message, next_attempt_at=None, delivered_at=now, last_error=None)

    async def _failed(self, message: _Claimed, reason: str) -> None:
        """Plan the next try; after the last one the message is kept, with the reason, and not tried any more."""
        due = next_try(message.attempts, self._clock.now())
        log.warning(
            "notification %s to %s failed at try %d: %s",
            message.id,
            urlsplit(message.url).hostname,
            message.attempts,
            reason,
        )
        await self._settle(message, next_attempt_at=due, delivered_at=None, last_error=reason)

    async def _settle(self, message: _Claimed, **values: datetime | str | None) -> None:
        async with self._database.session() as session:
            await session.execute(
                update(NotificationRow)
                .where(
                    NotificationRow.id == message.id,
                    NotificationRow.tenant_id == message.tenant_id,
                    NotificationRow.attempts == message.attempts,
                )
                .values(**values)
            )


def _purpose(tenant_id: str) -> str:
    return f"notifications/{tenant_id}"
