"""How many calls a change took."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from providers.upstream.accounts import CallOutcome
from providers.upstream.attempt import Observe


@dataclass(slots=True)
class Calls:
    """Calls to PMSs that were sent, repeated ones included; ``changes`` of them may have changed something."""

    count: int = 0
    changes: int = 0


_counting: ContextVar[tuple[Calls, ...]] = ContextVar("staygraph_calls", default=())


@contextmanager
def counting() -> Iterator[Calls]:
    """Count the calls that are sent in the block, and in tasks started there. Blocks around it count them, too."""
    calls = Calls()
    mark = _counting.set((*_counting.get(), calls))
    try:
        yield calls
    finally:
        _counting.reset(mark)


def counted(observe: Observe | None) -> Observe:
    """An observer of calls that counts them, and tells ``observe``."""

    def note(outcome: CallOutcome) -> None:
        for calls in _counting.get():
            calls.count += 1
            calls.changes += outcome.changes
        if observe is not None:
            observe(outcome)

    return note
