"""Received webhooks, kept before anybody is told that they arrived, and let go when they are old."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

import structlog
from sqlalchemy import delete, select

from graph.accounts.accounts import ConnectedAccount
from graph.accounts.ids import new_id
from graph.accounts.sealed import delivery_context
from graph.accounts.vault import Vault
from graph.events.claiming import LEASE, Claimed, Handed
from graph.events.delivery_rows import Kept, Offer, Row, store
from graph.events.handing import FRESH
from graph.storage.database import Database
from graph.storage.durable import DurableWrites
from graph.storage.tables import WebhookDeliveryRow
from providers.upstream.clock import Clock
from providers.webhooks import WebhookNote

log = structlog.get_logger(__name__)

AT_ONCE = 100
"""Deliveries that are written in one transaction: they share one wait for the disk."""

MAX_WAITING_BYTES = 64 * 1024 * 1024
"""What may wait to be written; more is refused, so that a slow disk does not fill the memory."""

_DELETED_AT_ONCE = 500
_HOUR = 3600.0
_CLAIMED = ("id", "tenant_id", "account_id", "event", "provider_account", "received_at", "body")


class TooMuchWaitingError(Exception):
    """More waits to be written than is good for this process: the sender has to come again."""


@dataclass(slots=True, eq=False)
class _Waiting:
    row: Row
    done: "asyncio.Future[Kept]"


class Worker(Protocol):
    """Who works on deliveries, in this process or in one beside it."""

    @property
    def holder(self) -> str: ...

    def takes(self, account_id: str) -> bool:
        """Whether a delivery of an account may be claimed for it as it is stored."""
        ...

    def take(self, handed: Sequence[Handed]) -> None:
        """Work on what was claimed for it."""
        ...

    def wake(self) -> None:
        """Something was stored that it was not given."""
        ...


class Deliveries:
    """Keeps deliveries. All that wait at a time are written together.

    ``hold``: seconds that each waits for those about earlier changes before it is worked on.
    """

    def __init__(
        self, writes: DurableWrites, vault: Vault, clock: Clock, *, hold: float = 0.0, worker: Worker | None = None
    ) -> None:
        """``worker`` is given what it takes of the deliveries; the others are claimed by whoever comes first."""
        self._worker = worker
        self._writes = writes
        self._vault = vault
        self._clock = clock
        self._hold = timedelta(seconds=hold)
        self._waiting: deque[_Waiting] = deque()
        self._waiting_bytes = 0
        self._writer: asyncio.Task[None] | None = None

    async def keep(self, account: ConnectedAccount, note: WebhookNote, body: bytes) -> Kept:
        """Store a delivery for an account. When this returns it outlives the process and a loss of power.

        Raises ``TooMuchWaitingError``, or what the database raises: nothing is stored then.
        """
        row = self._row(account, note, body)
        if self._waiting_bytes + len(row["body"]) > MAX_WAITING_BYTES:
            raise TooMuchWaitingError
        waiting = _Waiting(row, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._waiting_bytes += len(row["body"])
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_all())
        return await waiting.done

    async def aclose(self) -> None:
        """Wait until what was begun is written."""
        if self._writer is not None:
            await asyncio.gather(self._writer, return_exceptions=True)

    def _row(self, account: ConnectedAccount, note: WebhookNote, body: bytes) -> Row:
        now = self._clock.now()
        delivery_id = new_id("whd", now)
        return {
            "id": delivery_id,
            "tenant_id": account.tenant_id,
            "account_id": account.id,
            "delivery_key": note.key,
            "event": note.event,
            "provider_account": note.account_id,
            "body": self._vault.seal(body, context=delivery_context(account.tenant_id, account.id, delivery_id)),
            "received_at": now,
            "subject": note.subject,
            "due_at": now + self._hold,
            "holder": None,
            "lease_until": None,
        }

    async def _write_all(self) -> None:
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(AT_ONCE, len(self._waiting)))]
            self._waiting_bytes -= sum(len(each.row["body"]) for each in batch)
            try:
                kept = await self._write(batch)
            except BaseException as error:
                _fail(batch, error)
                if not isinstance(error, Exception):
                    raise
            else:
                for each, outcome in zip(batch, kept, strict=True):
                    if not each.done.done():
                        each.done.set_result(outcome)

    async def _write(self, batch: Sequence[_Waiting]) -> list[Kept]:
        rows = [each.row for each in batch]
        kept = await self._writes.write(partial(store, rows, self._offer(rows)))
        if self._worker is not None:
            stored = [row for row, outcome in zip(rows, kept, strict=True) if outcome is Kept.NEW]
            self._worker.take([_handed(row) for row in stored if row["holder"] is not None])
            if any(row["holder"] is None for row in stored):
                self._worker.wake()
        return kept

    def _offer(self, rows: Sequence[Row]) -> Offer | None:
        """What is offered to the worker of this process; nothing that is to wait for long."""
        worker = self._worker
        if worker is None or self._hold > FRESH:
            return None
        accounts = frozenset(account for account in {row["account_id"] for row in rows} if worker.takes(account))
        return Offer(worker.holder, self._clock.now() + LEASE, accounts)


def _handed(row: Row) -> Handed:
    given = {name: row[name] for name in _CLAIMED}
    return Handed(claimed=Claimed(**given, tries=0, early=False), due_at=row["due_at"], subject=row["subject"])


def _fail(batch: Collection[_Waiting], error: BaseException) -> None:
    for each in batch:
        if each.done.done():
            continue
        if isinstance(error, Exception):
            each.done.set_exception(error)
        else:
            each.done.cancel()


class Retention:
    """Lets go of deliveries that are older than ``days``, and has ``others`` let go of what they keep."""

    def __init__(
        self, database: Database, clock: Clock, days: int, others: Sequence[Callable[[], Awaitable[int]]] = ()
    ) -> None:
        self._others = list(others)
        self._database = database
        self._clock = clock
        self._age = timedelta(days=days)
        self._task: asyncio.Task[None] | None = None

    def also(self, clear: Callable[[], Awaitable[int]]) -> None:
        """Have ``clear`` called from now on as well."""
        self._others.append(clear)

    def start(self) -> None:
        """Look every hour, until ``aclose``."""
        self._task = asyncio.create_task(self._run())

    async def aclose(self) -> None:
        """Stop."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def clear(self) -> int:
        """Delete what is too old, of all tenants, a part at a time so that nobody waits long. How many that were."""
        gone = 0
        while found := await self._clear_some(self._clock.now() - self._age):
            gone += found
        return gone

    async def _clear_some(self, before: datetime) -> int:
        old = select(WebhookDeliveryRow.id).where(WebhookDeliveryRow.received_at < before).limit(_DELETED_AT_ONCE)
        async with self._database.session() as session:
            ids = list(await session.scalars(old))
            if ids:
                await session.execute(delete(WebhookDeliveryRow).where(WebhookDeliveryRow.id.in_(ids)))
        return len(ids)

    async def _run(self) -> None:
        while True:
            try:
                await self.clear()
                for clear in self._others:
                    await clear()
            except Exception as error:  # noqa: BLE001 - a database that is away must not end this: the next time may work
                log.warning("old webhooks and events could not be deleted", error=type(error).__name__)
            await asyncio.sleep(_HOUR)
