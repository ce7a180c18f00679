"""Taking records from several accounts' streams: one account after the other, or merged in order."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from graph.accounts.accounts import ConnectedAccount
from graph.gateway.marks import Mark
from graph.gateway.ordering import LAST, Ordering, SortKey

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

PATIENCE = 2.0
"""Seconds after which an account that has not answered no longer keeps the accounts behind it from being asked."""


class Stream(Protocol[T_co]):
    """One account's records, read as they are needed.

    ``ready_count`` records can be taken without waiting; a ``stopped`` stream gives no more of them in this operation.
    ``page_size`` guesses how many one ``fill`` gives; ``held_size`` is how many there are, where all are held.
    """

    @property
    def account(self) -> ConnectedAccount: ...
    @property
    def what(self) -> str: ...
    @property
    def page_size(self) -> int: ...
    @property
    def held_size(self) -> int | None: ...
    @property
    def ready(self) -> bool: ...
    @property
    def ready_count(self) -> int: ...
    @property
    def stopped(self) -> bool: ...
    @property
    def head_key(self) -> SortKey | None: ...
    def pop(self) -> tuple[T_co, Mark]: ...
    async def fill(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Taken(Generic[T]):
    """A record, the account it came from, and the mark behind it there."""

    record: T
    account_id: str
    mark: Mark


async def take_in_turn(streams: Sequence[Stream[T]], first: int, totals: "Totals") -> list[Taken[T]]:
    """Up to ``first`` records, account by account.

    Accounts are asked ahead only as far as the records still wanted can be expected to need them.
    """
    taken: list[Taken[T]] = []
    pending: dict[asyncio.Task[None], Stream[T]] = {}
    slow: set[str] = set()
    try:
        while True:
            waiting = _drain_in_turn(streams, taken, first)
            if not waiting:
                return taken
            for stream in _worth_asking(waiting, first - len(taken), totals, slow):
                if stream not in pending.values():
                    pending[asyncio.create_task(stream.fill())] = stream
            done, _ = await asyncio.wait(pending, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
            if not done:
                slow |= {stream.account.id for stream in pending.values()}
            for task in done:
                totals.note(pending.pop(task))
                task.result()
    finally:
        await _cancel(pending)


def _drain_in_turn(streams: Sequence[Stream[T]], taken: list[Taken[T]], first: int) -> list[Stream[T]]:
    """Take what is ready at the front; answer the streams, in order, that must be waited for to go on."""
    for number, stream in enumerate(streams):
        while stream.ready and len(taken) < first:
            record, mark = stream.pop()
            taken.append(Taken(record, stream.account.id, mark))
        if len(taken) >= first:
            return []
        if not stream.stopped:
            return [each for each in streams[number:] if not each.stopped]
    return []


def _worth_asking(waiting: Sequence[Stream[T]], wanted: int, totals: "Totals", slow: set[str]) -> list[Stream[T]]:
    chosen = []
    for stream in waiting:
        if wanted <= 0:
            break
        if stream.ready:
            wanted -= stream.ready_count
            continue
        chosen.append(stream)
        if stream.account.id not in slow:
            wanted -= totals.expected(stream)
    return chosen


async def take_merged(streams: Sequence[Stream[T]], first: int, ordering: Ordering[T]) -> list[Taken[T]]:
    """Up to ``first`` records of all accounts in one order (a k-way merge)."""
    taken: list[Taken[T]] = []
    while len(taken) < first:
        empty = [stream for stream in streams if not stream.ready and not stream.stopped]
        if empty:
            await asyncio.gather(*(stream.fill() for stream in empty))
        heads = [stream for stream in streams if stream.ready]
        if not heads:
            break
        best = heads[0]
        for stream in heads[1:]:
            if ordering.before(stream.head_key or LAST, best.head_key or LAST):
                best = stream
        record, mark = best.pop()
        taken.append(Taken(record, best.account.id, mark))
    return taken


class Totals:
    """What is known of the size of accounts' collections from earlier reads, to ask ahead just enough."""

    def __init__(self, bound: int = 10_000) -> None:
        self._known: dict[tuple[str, str], int] = {}
        self._bound = bound

    def note(self, stream: Stream[T]) -> None:
        """Remember how much one fill of this account's stream gave."""
        if len(self._known) >= self._bound:
            self._known.clear()
        self._known[stream.account.id, stream.what] = stream.ready_count

    def expected(self, stream: Stream[T]) -> int:
        """How many records one fill, or one after the other without a call, will probably give."""
        if stream.held_size is not None:
            return stream.held_size
        return self._known.get((stream.account.id, stream.what), stream.page_size)


async def _cancel(tasks: dict[asyncio.Task[None], Stream[T]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
