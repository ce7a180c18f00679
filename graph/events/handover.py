"""What the inbox has and the worker was given at once: stored together with what it leads to, not before.

That is for times when many come: with a transaction for each, and then another one for what it leads to, they would
wait for each other. What the worker does not get done is stored as everything else is.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Protocol

from graph.events.inbox_records import Row

MANY, WITHIN = 30, 1.0
"""So many deliveries in so many seconds are many."""

OVERDUE_SECONDS = 2.0
"""After this long the worker may have more to do than it gets done, or wait for a PMS."""


class Holder(Protocol):
    """Who works on deliveries."""

    @property
    def holder(self) -> str: ...

    def takes(self, account_id: str) -> bool: ...


def _nobody(_: Collection[str]) -> None:
    pass


@dataclass(slots=True)
class Returns:
    """Who is told which rows that were handed over are ``stored`` now, and which were ``left`` unstored."""

    stored: Callable[[Collection[str]], None] = _nobody
    left: Callable[[Collection[str]], None] = _nobody


class Handover:
    """The rows that the worker was given and that are not in the database yet, as far as is known here."""

    def __init__(self, worker: Holder, time: Callable[[], float]) -> None:
        self._worker = worker
        self._time = time
        self._came: deque[float] = deque(maxlen=MANY)
        self._flowing: dict[str, str] = {}
        self._given: OrderedDict[str, tuple[Row, str, float]] = OrderedDict()
        self.bytes = 0
        """Of the bodies of those rows."""

    def __len__(self) -> int:
        return len(self._given)

    def takes(self, account_id: str) -> bool:
        """Whether one that comes now for an account is to be given on: many come, and none waits elsewhere."""
        now = self._time()
        self._came.append(now)
        many = len(self._came) == MANY and now - self._came[0] <= WITHIN
        holder = self._worker.holder
        return many and self._flowing.get(account_id) == holder and self._worker.takes(account_id)

    def note_stored(self, account_id: str, holder: str | None) -> None:
        """One of an account was stored, and claimed by a holder as it was; by nobody if it waits for its turn."""
        if holder is None:
            self._flowing.pop(account_id, None)
        else:
            self._flowing[account_id] = holder

    def give(self, row: Row) -> None:
        """The worker is given this one."""
        self._given[row["id"]] = row, self._worker.holder, self._time()
        self.bytes += len(row["body"])

    def take_back(self, ids: Collection[str]) -> list[Row]:
        """Those of these that are still out."""
        found = [self._given.pop(id_)[0] for id_ in ids if id_ in self._given]
        self.bytes -= sum(len(row["body"]) for row in found)
        return found

    def take_back_overdue(self) -> list[Row]:
        """Those that take long, or whose worker has gone."""
        now, holder = self._time(), self._worker.holder
        return self.take_back(
            [id_ for id_, (_, whose, at) in self._given.items() if whose != holder or now - at >= OVERDUE_SECONDS]
        )

    def take_back_all(self) -> list[Row]:
        """All that are out."""
        return self.take_back(list(self._given))
