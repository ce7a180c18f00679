"""Work that takes a while, one piece at a time: between two pieces everybody else has a turn."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Turns:
    """A queue for pieces of work that cannot be cut further, such as reading a long answer.

    Answers tend to arrive together. Without this they would be read in one go, and hold up everything else for the sum
    of their times.
    """

    def __init__(self) -> None:
        self._turn = asyncio.Lock()

    async def take(self, work: Callable[[], T]) -> T:
        """The result of ``work``, which runs once those before it are done and others had their turn."""
        async with self._turn:
            done = work()
            await asyncio.sleep(0)
        return done
