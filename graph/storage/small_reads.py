"""Small reads that go on all the time: those that are asked for at once share one way to the database."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Connection

from graph.storage.database import Database
from graph.storage.durable import DurableWrites
from graph.storage.failures import StorageError

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class _Waiting:
    work: Callable[[Connection], Any]
    done: "asyncio.Future[Any]"


class SmallReads:
    """Runs what is asked for in the same turn of the event loop in one transaction, in another thread.

    What a busy process remembers grows old at about the same time, and each way to the database costs more than what
    is read there.
    """

    def __init__(self, writes: DurableWrites) -> None:
        self._writes = writes
        self._waiting: list[_Waiting] = []
        self._next: asyncio.Task[None] | None = None
        self._under_way: set[asyncio.Task[None]] = set()

    async def read(self, work: Callable[[Connection], T]) -> T:
        """What ``work`` returns, which only reads, and was not begun before this was called.

        It runs in another thread, and must touch nothing but the connection and what it was given. What goes wrong
        with others hurts it no more than if it were alone. Raises ``StorageUnavailable``.
        """
        waiting = _Waiting(work, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._next is None or self._next.done():
            self._next = task = asyncio.create_task(self._run())
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        found: T = await waiting.done
        return found

    async def _run(self) -> None:
        together, self._waiting = self._waiting, []
        # Who comes from now on goes with the next: this one may have looked already.
        self._next = None
        # Nobody waits any more for some, perhaps.
        await self._answer([each for each in together if not each.done.done()])

    async def _answer(self, together: Sequence[_Waiting]) -> None:
        try:
            found = await self._writes.read(partial(_all, [each.work for each in together]))
        except StorageError as error:
            _fail(together, error)
        except Exception as error:  # noqa: BLE001 - it is told to whoever waits for it
            if len(together) == 1:
                _fail(together, error)
                return
            for each in together:
                await self._answer([each])
        except BaseException:
            for each in together:
                each.done.cancel()
            raise
        else:
            for each, result in zip(together, found, strict=True):
                if not each.done.done():
                    each.done.set_result(result)


def small_reads(database: Database) -> SmallReads:
    """The one of a database, for all that read from it."""
    if database.small_reads is None:
        database.small_reads = SmallReads(DurableWrites(database))
    return database.small_reads


def _all(works: Sequence[Callable[[Connection], Any]], connection: Connection) -> list[Any]:
    return [work(connection) for work in works]


def _fail(together: Sequence[_Waiting], error: Exception) -> None:
    for each in together:
        if not each.done.done():
            each.done.set_exception(error)
