"""How long somebody who was let in may stay, and how those who work for them hear that it is over."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ending:
    """Why it is over: a stable code and words for people."""

    code: str
    message: str


class Lifetime:
    """The stay of one client. It ends once, for one reason."""

    def __init__(self) -> None:
        self._ending: Ending | None = None
        self._hearing: set[Callable[[], None]] = set()

    @property
    def ending(self) -> Ending | None:
        """Why it is over; None while it lasts."""
        return self._ending

    def end(self, ending: Ending) -> None:
        """It is over. Only the first reason counts."""
        if self._ending is None:
            self._ending = ending
            for hear in tuple(self._hearing):
                hear()

    def when_ended(self, hear: Callable[[], None]) -> None:
        """Have ``hear`` called when it is over, at once if it is."""
        if self._ending is not None:
            hear()
        else:
            self._hearing.add(hear)

    def forget(self, hear: Callable[[], None]) -> None:
        """``hear`` need not be called any more."""
        self._hearing.discard(hear)

    async def over(self) -> Ending:
        """Wait until it is over."""
        ended = asyncio.Event()
        self.when_ended(ended.set)
        try:
            await ended.wait()
        finally:
            self.forget(ended.set)
        assert self._ending is not None  # noqa: S101  # that is what was waited for
        return self._ending
