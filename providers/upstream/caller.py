"""Who is asking: the name by which turns are shared out, how long they can wait, how urgent it is."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import IntEnum

DEFAULT_PATIENCE = 30.0
"""Seconds that an unnamed caller waits."""


class Priority(IntEnum):
    """Lower goes first. ``BACKGROUND`` is for work that nobody is waiting for."""

    INTERACTIVE = 0
    BACKGROUND = 1


@dataclass(slots=True)
class Caller:
    """Who a call is made for.

    Calls with the same ``key`` stand in one line; lines with different keys take turns. ``deadline`` is a moment of
    the running loop's time after which the answer is of no use.
    """

    key: str
    deadline: float
    priority: Priority = Priority.INTERACTIVE


_current: ContextVar[Caller | None] = ContextVar("staygraph_caller", default=None)


def current_caller() -> Caller:
    """The caller of this context; without one an anonymous, interactive caller that waits 30 seconds from now."""
    caller = _current.get()
    if caller is not None:
        return caller
    return Caller(key="anonymous", deadline=asyncio.get_running_loop().time() + DEFAULT_PATIENCE)


@contextmanager
def calling(caller: Caller) -> Iterator[Caller]:
    """Make ``caller`` the current one in the block, and in tasks started there."""
    mark = _current.set(caller)
    try:
        yield caller
    finally:
        _current.reset(mark)
