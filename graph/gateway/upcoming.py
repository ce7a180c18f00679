"""What streams share: records that were read and wait to be taken, and why nothing more may come."""

from collections import deque
from datetime import datetime
from typing import Generic, TypeVar

from graph.gateway.marks import EndMark, Mark
from graph.gateway.ordering import SortKey
from providers.errors import ProviderError

T = TypeVar("T")


class Upcoming(Generic[T]):
    """One account's records in an operation, from ``mark`` on.

    ``remark`` says why there is nothing to read. ``error`` is what ended the reading, ``stale`` what kept older records
    from being renewed; ``cut_short`` is set where a bound did.
    """

    def __init__(self, mark: Mark, remark: str | None) -> None:
        self.remark = remark
        self.mark = EndMark() if remark else mark
        self.error: ProviderError | None = None
        self.stale: ProviderError | None = None
        self.fetched_at: datetime | None = None
        self.cut_short = False
        self._ready: deque[tuple[T, Mark, SortKey | None]] = deque()

    @property
    def asked(self) -> bool:
        """Whether the account's part of the answer is known in this operation."""
        return self.fetched_at is not None or self.error is not None or self.remark is not None

    @property
    def ready(self) -> bool:
        return bool(self._ready)

    @property
    def ready_count(self) -> int:
        return len(self._ready)

    @property
    def done(self) -> bool:
        """Whether nothing is left, as far as is known."""
        return isinstance(self.mark, EndMark) and not self._ready

    @property
    def stopped(self) -> bool:
        """Whether nothing more comes in this operation."""
        return self.done or self.error is not None or (self.cut_short and not self._ready)

    @property
    def head_key(self) -> SortKey | None:
        """What the next record is merged by; None in the PMS's own order."""
        return self._ready[0][2]

    def pop(self) -> tuple[T, Mark]:
        """The next record and the mark behind it."""
        record, mark, _ = self._ready.popleft()
        return record, mark
