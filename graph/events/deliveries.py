"""Received webhooks, kept before anybody is told that they arrived."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import structlog

from graph.accounts.accounts import ConnectedAccount
from graph.accounts.ids import new_id
from graph.accounts.sealed import delivery_context
from graph.accounts.vault import Vault
from graph.events.claiming import LEASE
from graph.events.delivery_rows import Kept, Offer, store
from graph.events.handing import FRESH
from graph.events.handover import Handover, Worker, handed_of
from graph.events.inbox import Inbox
from graph.events.inbox_records import Row
from graph.events.reordering import Reordering
from graph.storage.durable import DurableWrites
from graph.storage.failures import StorageError
from providers.upstream.clock import Clock
from providers.webhooks import WebhookNote

log = structlog.get_logger(__name__)

AT_ONCE = 100
"""Deliveries that are written in one transaction: they share one wait for the disk."""

MAX_WAITING_BYTES = 64 * 1024 * 1024
"""What may wait to be written; more is refused, so that a slow disk does not fill the memory."""

GATHER_SECONDS = 0.003
"""So long rows that the inbox has wait for others, to share a transaction."""

AGAIN_SECONDS = 1.0
"""How often the database is tried while it takes nothing."""

NO_WAITING = Reordering(0)


class TooMuchWaitingError(Exception):
    """More waits to be written than is good for this process: the sender has to come again."""


@dataclass(slots=True, eq=False)
class _Waiting:
    """``covered``: the inbox is asked to have it. ``acknowledged``: it has it, and the sender knows that.

    ``given``: the worker has, or had, it as well.
    """

    row: Row
    done: "asyncio.Future[Kept]"
    covered: bool = False
    acknowledged: bool = False
    given: bool = False


class Deliveries:
    """Keeps deliveries. All that wait at a time are written together.

    What comes while others are written to the database goes to the ``inbox``, where there is one, and to the database
    afterwards. While the database takes nothing, nothing else is taken either.
    """

    def __init__(
        self,
        writes: DurableWrites,
        vault: Vault,
        clock: Clock,
        *,
        reordering: Reordering = NO_WAITING,
        worker: Worker | None = None,
        inbox: Inbox | None = None,
        stored: Callable[[str], None] | None = None,
    ) -> None:
        """``reordering``: how long each waits for those about earlier changes before it is worked on.

        ``worker`` is given what it takes of the deliveries; the others are claimed by whoever comes first. ``stored``
        is called with each tenant for which some were stored.
        """
        self._worker = worker
        self._writes = writes
        self._vault = vault
        self._clock = clock
        self._reordering = reordering
        self._inbox = inbox
        self._stored = stored
        self._handover: Handover | None = None
        if worker is not None and inbox is not None:
            self._handover = Handover(worker, inbox, time.monotonic, left=self._store_again)
        self._waiting: deque[_Waiting] = deque()
        self._waiting_bytes = 0
        self._writer: asyncio.Task[None] | None = None
        self._busy = False
        self._failing = False
        self._ending = asyncio.Event()

    async def keep(self, account: ConnectedAccount, note: WebhookNote, body: bytes) -> Kept:
        """Store a delivery for an account. When this returns it outlives the process and a loss of power.

        Raises ``TooMuchWaitingError``, or what the database raises: nothing is stored then.
        """
        row = self._row(account, note, body)
        if self._waiting_bytes + self._handed_bytes + len(row["body"]) > MAX_WAITING_BYTES:
            raise TooMuchWaitingError
        if self._handover is not None and not self._failing and self._takes_now(self._handover, row):
            if await self._handover.give(row):
                return Kept.FOR_LATER
            return await self._store(_Waiting(row, self._future(), given=True))
        return await self._keep(row)

    def note_settled(self, ids: Collection[str]) -> None:
        """The worker stored these with what they led to."""
        if self._handover is not None:
            self._done_with(self._handover.note_done(ids))

    def note_left(self, ids: Collection[str]) -> None:
        """The worker gave these up without having stored them."""
        if self._handover is not None:
            self._handover.note_left(ids)

    async def aclose(self) -> None:
        """Wait until what was begun is written, or is left to the next start."""
        self._ending.set()
        if self._handover is not None:
            await self._handover.aclose()
        if self._writer is not None:
            await asyncio.gather(self._writer, return_exceptions=True)
        if self._inbox is not None:
            await self._inbox.aclose()

    def _takes_now(self, handover: Handover, row: Row) -> bool:
        return self._reordering.longest <= FRESH and handover.takes(row["account_id"])

    async def _keep(self, row: Row) -> Kept:
        """Store it, or have the inbox keep it for as long as the database is busy."""
        waiting = _Waiting(row, self._future())
        if self._inbox is None or not self._busy or self._failing:
            return await self._store(waiting)
        self._enqueue([waiting])
        waiting.covered = True
        waiting.covered = await self._inbox.keep(row)
        if waiting.covered and not waiting.done.done():
            waiting.acknowledged = True
            return Kept.FOR_LATER
        return await waiting.done

    async def _store(self, waiting: _Waiting) -> Kept:
        self._enqueue([waiting])
        return await waiting.done

    @staticmethod
    def _future() -> "asyncio.Future[Kept]":
        return asyncio.get_running_loop().create_future()

    @property
    def _handed_bytes(self) -> int:
        return 0 if self._handover is None else self._handover.bytes

    def _enqueue(self, waiting: Sequence[_Waiting]) -> None:
        self._waiting.extend(waiting)
        self._waiting_bytes += sum(len(each.row["body"]) for each in waiting)
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_all())

    def _store_again(self, rows: Sequence[Row]) -> None:
        """Store what the worker may have stored, or still may."""
        again = [_Waiting(row, self._future(), covered=True, acknowledged=True, given=True) for row in rows]
        self._enqueue(again)

    def _done_with(self, rows: Sequence[Row]) -> None:
        """These are in the database."""
        if self._inbox is not None:
            self._inbox.let_go([row["id"] for row in rows])
        if self._stored is not None:
            for tenant_id in {row["tenant_id"] for row in rows}:
                self._stored(tenant_id)

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
            "due_at": now + self._reordering.wait(note, now),
            "holder": None,
            "lease_until": None,
        }

    async def _write_all(self) -> None:
        try:
            while self._waiting:
                if all(each.covered for each in self._waiting):
                    await asyncio.sleep(GATHER_SECONDS)
                self._busy = True
                if not await self._write_some():
                    return
                if self._inbox is not None and not self._waiting:
                    await self._inbox.clear()
        finally:
            self._busy = False

    async def _write_some(self) -> bool:
        """Write the first of those that wait. Whether to go on."""
        batch = [self._waiting.popleft() for _ in range(min(AT_ONCE, len(self._waiting)))]
        self._waiting_bytes -= sum(len(each.row["body"]) for each in batch)
        try:
            kept = await self._write(batch)
        except StorageError as error:
            return await self._put_off(batch, error)
        except Exception as error:  # noqa: BLE001 - it is told to whoever waits for it
            self._fail(batch, error)
            return await self._one_by_one([each for each in batch if each.acknowledged])
        except BaseException as error:
            self._fail(batch, error)
            raise
        else:
            self._failing = False
            self._tell(batch, kept)
        return True

    async def _put_off(self, batch: Sequence[_Waiting], error: StorageError) -> bool:
        """Whoever waits for these is told so; those that the inbox has are tried again."""
        again = [each for each in batch if each.acknowledged]
        self._fail(batch, error)
        if not again:
            return True
        self._failing = True
        # Those behind them would wait for as long as these do.
        self._fail(self._waiting, error)
        left = [*again, *(each for each in self._waiting if each.acknowledged)]
        self._waiting = deque(left)
        self._waiting_bytes = sum(len(each.row["body"]) for each in left)
        with suppress(TimeoutError):
            async with asyncio.timeout(AGAIN_SECONDS):
                await self._ending.wait()
        return not self._ending.is_set()

    async def _one_by_one(self, batch: Sequence[_Waiting]) -> bool:
        """Some of these could not be stored, and their senders have gone: whichever it is must not stop the others."""
        for place, each in enumerate(batch):
            try:
                kept = await self._write([each])
            except StorageError as error:
                return await self._put_off(batch[place:], error)
            except Exception as error:  # noqa: BLE001 - it stays in the inbox for the next start
                log.error("a webhook could not be stored", delivery=each.row["id"], error=type(error).__name__)
            else:
                self._tell([each], kept)
        return True

    def _tell(self, batch: Sequence[_Waiting], kept: Sequence[Kept]) -> None:
        for each, outcome in zip(batch, kept, strict=True):
            if not each.done.done():
                each.done.set_result(outcome)
        self._done_with([each.row for each in batch])

    def _fail(self, batch: Collection[_Waiting], error: BaseException) -> None:
        """Tell those of whose delivery nobody has said yet that it is kept."""
        failed = [each for each in batch if not each.acknowledged]
        for each in failed:
            if each.done.done():
                continue
            if isinstance(error, Exception):
                each.done.set_exception(error)
                # Whoever it is for may have gone.
                each.done.exception()
            else:
                each.done.cancel()
        if self._inbox is not None:
            self._inbox.let_go([each.row["id"] for each in failed])

    async def _write(self, batch: Sequence[_Waiting]) -> list[Kept]:
        rows = [each.row for each in batch]
        again = {each.row["id"] for each in batch if each.acknowledged or each.given}
        kept = await self._writes.write(partial(store, rows, self._offer(batch), again=again))
        self._tell_worker([row for row, outcome in zip(rows, kept, strict=True) if outcome is Kept.NEW])
        return kept

    def _tell_worker(self, stored: Sequence[Row]) -> None:
        if self._worker is None:
            return
        self._worker.take([handed_of(row) for row in stored if row["holder"] is not None])
        if any(row["holder"] is None for row in stored):
            self._worker.wake()
        if self._handover is not None:
            for row in stored:
                self._handover.note_stored(row["account_id"], row["holder"])

    def _offer(self, batch: Sequence[_Waiting]) -> Offer | None:
        """What is offered to the worker of this process; nothing that is to wait for long, or that it has."""
        worker = self._worker
        if worker is None or self._reordering.longest > FRESH:
            return None
        accounts = frozenset(id_ for id_ in {each.row["account_id"] for each in batch} if worker.takes(id_))
        given = frozenset(each.row["id"] for each in batch if each.given)
        return Offer(worker.holder, self._clock.now() + LEASE, accounts, given)
