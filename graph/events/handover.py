"""What the worker is given as it comes: stored together with what it leads to, not before.

That is for times when many come: with a transaction for each, and then another one for what it leads to, they would
wait for each other. What the worker does not get done is stored as everything else is.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from graph.events.claiming import Claimed, Handed
from graph.events.inbox import Inbox
from graph.events.inbox_records import Row

MANY, WITHIN = 5, 1.0
"""So many deliveries in so many seconds are many."""

OVERDUE_SECONDS = 2.0
"""After this long the worker may have more to do than it gets done, or wait for a PMS."""

LOOK_SECONDS = 1.0
"""How often it is looked for those."""

_CLAIMED = ("id", "tenant_id", "account_id", "event", "provider_account", "received_at", "body")


class Worker(Protocol):
    """Who works on deliveries, in this process or in one beside it."""

    @property
    def holder(self) -> str: ...

    def takes(self, account_id: str) -> bool:
        """Whether a delivery of an account may be claimed for it as it is stored."""
        ...

    def take(self, handed: Sequence[Handed]) -> None:
        """Work on what was claimed for it, and on what it is to store itself."""
        ...

    def wake(self) -> None:
        """Something was stored that it was not given."""
        ...


def _nobody(_: Collection[str]) -> None:
    pass


@dataclass(slots=True)
class Returns:
    """Who is told which rows that were handed over are ``stored`` now, and which were ``left`` unstored."""

    stored: Callable[[Collection[str]], None] = _nobody
    left: Callable[[Collection[str]], None] = _nobody


@dataclass(slots=True, eq=False)
class _Given:
    """A row that the worker was given. ``holder`` is who that was, ``at`` when.

    ``awaited``: its sender does not know yet whether it is kept. ``stored`` and ``left`` are what became of it.
    """

    row: Row
    holder: str
    at: float
    awaited: bool = True
    stored: bool = False
    left: bool = False


class Handover:
    """Gives rows to the worker, and knows those that are not in the database yet, as far as that is known here."""

    def __init__(
        self, worker: Worker, inbox: Inbox, time: Callable[[], float], *, left: Callable[[Sequence[Row]], None]
    ) -> None:
        """``left`` is called with rows that the worker may have stored, or still may: they are to be stored."""
        self._worker = worker
        self._inbox = inbox
        self._time = time
        self._left = left
        self._came: deque[float] = deque(maxlen=MANY)
        self._flowing: dict[str, str] = {}
        self._given: OrderedDict[str, _Given] = OrderedDict()
        self._overdue: asyncio.Task[None] | None = None
        self.bytes = 0
        """Of the bodies of those rows."""

    def __len__(self) -> int:
        return len(self._given)

    def takes(self, account_id: str) -> bool:
        """Whether one that comes now for an account is to be given on: many come, and none waits elsewhere."""
        now = self._time()
        self._came.append(now)
        many = len(self._came) == MANY and now - self._came[0] <= WITHIN
        return many and self._flowing.get(account_id) == self._worker.holder and self._worker.takes(account_id)

    def note_stored(self, account_id: str, holder: str | None) -> None:
        """One of an account was stored, and claimed by a holder as it was; by nobody if it waits for its turn."""
        if holder is None:
            self._flowing.pop(account_id, None)
        else:
            self._flowing[account_id] = holder

    async def give(self, row: Row) -> bool:
        """Give this one to the worker, and wait until it is kept: by the inbox, or by the worker if that is quicker.

        If not, neither could keep it so far, and it is the caller's again, though the worker may still store it.
        """
        given = _Given(row, self._worker.holder, self._time())
        self._add(given)
        try:
            self._worker.take([handed_of(row, unstored=row)])
            kept = await self._inbox.keep(row)
        except asyncio.CancelledError:
            # Its sender has gone, and was told nothing.
            self._inbox.let_go([row["id"]])
            raise
        finally:
            given.awaited = False
        if kept and given.left:
            self._left([row])
        elif not kept and not given.stored:
            self._take_back([row["id"]])
        return kept or given.stored

    def note_done(self, ids: Collection[str]) -> list[Row]:
        """The worker stored these: those of them that were out."""
        found = self._take_back(ids)
        for given in found:
            given.stored = True
        return [given.row for given in found]

    def note_left(self, ids: Collection[str]) -> None:
        """The worker gave these up."""
        self._leave(ids)

    async def aclose(self) -> None:
        """Leave all that are out."""
        self._leave(list(self._given))
        if self._overdue is not None:
            self._overdue.cancel()
            await asyncio.gather(self._overdue, return_exceptions=True)

    def _add(self, given: _Given) -> None:
        self._given[given.row["id"]] = given
        self.bytes += len(given.row["body"])
        if self._overdue is None or self._overdue.done():
            self._overdue = asyncio.create_task(self._look_after_overdue())

    async def _look_after_overdue(self) -> None:
        while self._given:
            await asyncio.sleep(LOOK_SECONDS)
            now, holder = self._time(), self._worker.holder
            overdue = [
                id_ for id_, given in self._given.items() if given.holder != holder or now - given.at >= OVERDUE_SECONDS
            ]
            self._leave(overdue)

    def _leave(self, ids: Collection[str]) -> None:
        """Have these stored. Those whose senders wait are seen to there."""
        found = self._take_back(ids)
        for given in found:
            given.left = True
        if rows := [given.row for given in found if not given.awaited]:
            self._left(rows)

    def _take_back(self, ids: Collection[str]) -> list[_Given]:
        found = [self._given.pop(id_) for id_ in ids if id_ in self._given]
        self.bytes -= sum(len(given.row["body"]) for given in found)
        return found


def handed_of(row: Row, *, unstored: Row | None = None) -> Handed:
    """A row as it is given to the worker. ``unstored``: the row again, if the worker is to store it."""
    given = {name: row[name] for name in _CLAIMED}
    claimed = Claimed(**given, tries=0, early=False)
    return Handed(claimed=claimed, due_at=row["due_at"], subject=row["subject"], unstored=unstored)
