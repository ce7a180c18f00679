"""What time it is for simulators: the machine's time, unless a test holds it in its hands.

Plugins make their simulators from plain options (``Plugin.simulator``), so that a suite which knows no plugin cannot
hand each of them a clock.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

Now = Callable[[], datetime]


def _machine_time() -> datetime:
    return datetime.now(UTC)


_now: ContextVar[Now] = ContextVar("staygraph_simulated_now", default=_machine_time)


def utc_now() -> datetime:
    """The present, as aware UTC."""
    return _now.get()()


@contextmanager
def simulated_time(now: Now) -> Iterator[None]:
    """Let ``now`` (aware UTC) tell the time in this context and in the tasks that are started in the block."""
    mark = _now.set(now)
    try:
        yield
    finally:
        _now.reset(mark)
