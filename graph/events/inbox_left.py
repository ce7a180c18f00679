"""Taking in what processes that died had in their inboxes and not in the database."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import structlog
from sqlalchemy import select

from graph.events.deliveries import AT_ONCE
from graph.events.delivery_rows import store
from graph.events.inbox import SUPPORTED, LeftInbox, left_inboxes, set_aside_inboxes
from graph.events.inbox_records import Row, unpack
from graph.storage.database import Database
from graph.storage.durable import DurableWrites
from graph.storage.failures import StorageError
from graph.storage.tables import WebhookDeliveryRow

log = structlog.get_logger(__name__)

LOOK_SECONDS = 10.0
"""How often it is looked for files of processes that died since."""


class LeftInboxes:
    """Stores what is in the files of processes that are gone, and removes those. ``stored`` is told when some was."""

    def __init__(self, database: Path, writes: DurableWrites, stored: Callable[[], None]) -> None:
        self._database = database
        self._writes = writes
        self._stored = stored
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Take in what there is, and what is left later, until ``aclose``."""
        self._task = asyncio.create_task(self._run())

    async def aclose(self) -> None:
        """Stop. What was not taken in stays where it is."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def take_in(self) -> int:
        """Take in what there is. How many files that were. Raises ``OSError``, and ``StorageUnavailable``."""
        files = left_inboxes(self._database)
        number = 0
        while (left := await asyncio.to_thread(next, files, None)) is not None:
            try:
                await self._take_in(left)
            finally:
                left.close()
            number += 1
        return number

    async def _take_in(self, left: LeftInbox) -> None:
        whole = True
        for place in range(0, len(left.rows), AT_ONCE):
            whole &= await self._store(left.rows[place : place + AT_ONCE])
        if whole:
            left.remove()
        else:
            log.error("some webhooks of a process that died could not be stored", kept_in=left.set_aside().name)
        if left.rows:
            log.info("webhooks of a process that died were taken in", count=len(left.rows))
            self._stored()

    async def _store(self, rows: Sequence[Row]) -> bool:
        """Whether all of them could be stored."""
        try:
            await self._writes.write(partial(store, rows, None, again={row["id"] for row in rows}))
        except StorageError:
            raise
        except Exception as error:  # noqa: BLE001 - whichever of them it is, it must not stop the others
            if len(rows) > 1:
                return all([await self._store([row]) for row in rows])
            log.error("a webhook could not be stored", delivery=rows[0]["id"], error=type(error).__name__)
            return False
        return True

    async def _run(self) -> None:
        while True:
            try:
                await self.take_in()
            except StorageError:
                # It is told once, by the database.
                pass
            except Exception as error:  # noqa: BLE001 - nothing that goes wrong must end this
                log.error("what processes left could not be taken in", error=type(error).__name__)
            await asyncio.sleep(LOOK_SECONDS)


async def left_bodies(database: Database) -> list[bytes]:
    """The sealed bodies of webhooks that are in such files, also in ones that were set aside, and not in the database.

    Raises ``OSError``, and ``StorageUnavailable``.
    """
    if database.file is None or not SUPPORTED:
        return []
    bodies: dict[str, bytes] = await asyncio.to_thread(_left_bodies, database.file)
    ids = list(bodies)
    async with database.reading() as session:
        for place in range(0, len(ids), AT_ONCE):
            chosen = WebhookDeliveryRow.id.in_(ids[place : place + AT_ONCE])
            for stored in await session.scalars(select(WebhookDeliveryRow.id).where(chosen)):
                del bodies[stored]
    return list(bodies.values())


def _left_bodies(database: Path) -> dict[str, bytes]:
    found = {row["id"]: row["body"] for path in set_aside_inboxes(database) for row in unpack(path.read_bytes())}
    for left in left_inboxes(database):
        try:
            found |= {row["id"]: row["body"] for row in left.rows}
        finally:
            left.close()
    return found


async def take_in_left(database: Database) -> None:
    """Take in, now, what there is. Raises ``OSError``, and ``StorageUnavailable``."""
    if database.file is not None and SUPPORTED:
        await LeftInboxes(database.file, DurableWrites(database), lambda: None).take_in()
