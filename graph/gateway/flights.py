"""Loads in flight, shared: whoever wants a key that is being loaded waits for that load."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

import structlog

from graph.logs import place_of
from graph.storage.failures import StorageUnavailable
from providers.errors import ErrorCode, ProviderError, UpstreamInvalid
from providers.upstream.caller import current_caller

log = structlog.get_logger(__name__)

V = TypeVar("V")
Outcomes = Mapping[str, V | ProviderError]
Load = Callable[[Sequence[str]], Awaitable[Outcomes[V]]]

_DEADLINE_CODES = {ErrorCode.RATE_LIMITED, ErrorCode.UPSTREAM_TIMEOUT}


class _Flight:
    """One load of several keys. It is cancelled when nobody waits for it any more."""

    def __init__(self, task: "asyncio.Task[Outcomes[Any]]", deadline: float) -> None:
        self.task = task
        self.deadline = deadline
        self.waiting = 0
        self.abandoned = False

    @property
    def joinable(self) -> bool:
        return not self.abandoned and not self.task.done()

    async def wait(self) -> Outcomes[Any]:
        self.waiting += 1
        try:
            return await asyncio.shield(self.task)
        finally:
            self.waiting -= 1
            if not self.waiting and not self.task.done():
                # Marked first: whoever asks before the cancellation arrives must start a load of their own.
                self.abandoned = True
                self.task.cancel()


class Flights:
    """Runs loads so that a key is loaded once at a time."""

    def __init__(self) -> None:
        self._flights: dict[str, _Flight] = {}

    async def run(self, keys: Sequence[str], load: Load[V]) -> dict[str, V | ProviderError]:
        """The outcome of every key: keys already in flight are waited for, the others loaded together.

        A flight that ended by its starter's deadline is no answer for a caller with more time: those keys are loaded
        once more.
        """
        deadline = current_caller().deadline
        joined = {key: flight for key in keys if (flight := self._flights.get(key)) and flight.joinable}
        mine = [key for key in dict.fromkeys(keys) if key not in joined]
        flights = set(joined.values())
        if mine:
            flights.add(self._start(mine, load, deadline))
        landed = await asyncio.gather(*(flight.wait() for flight in flights))
        outcomes: dict[str, V | ProviderError] = {}
        for outcome in landed:
            outcomes.update({key: value for key, value in outcome.items() if key in keys})
        hurried = [key for key, flight in joined.items() if _hurried(outcomes.get(key), flight, deadline)]
        if hurried:
            outcomes.update(await self.run(hurried, load))
        return outcomes

    def part(self, keys: Callable[[str], bool]) -> None:
        """Whoever asks for such keys from now on starts a load anew. Those who wait already are served."""
        for key in [key for key in self._flights if keys(key)]:
            del self._flights[key]

    def _start(self, keys: Sequence[str], load: Load[V], deadline: float) -> _Flight:
        task: asyncio.Task[Outcomes[Any]] = asyncio.create_task(_guarded(keys, load))
        flight = _Flight(task, deadline)
        for key in keys:
            self._flights[key] = flight
        task.add_done_callback(lambda _: self._land(keys, flight))
        return flight

    def _land(self, keys: Sequence[str], flight: _Flight) -> None:
        for key in keys:
            if self._flights.get(key) is flight:
                del self._flights[key]


async def _guarded(keys: Sequence[str], load: Load[V]) -> Outcomes[Any]:
    """Run a load; a failure of the whole is the outcome of each key.

    A plugin that trips over an answer nobody foresaw is a failure of that PMS alone.
    """
    try:
        return await load(keys)
    except ProviderError as error:
        return dict.fromkeys(keys, error)
    except StorageUnavailable:
        # It is not the PMS that failed.
        raise
    except Exception as error:  # noqa: BLE001  # whatever a plugin does must not take the other accounts down
        log.error("a load failed", error=type(error).__name__, place=place_of(error))
        failure = UpstreamInvalid("The PMS's answer could not be processed; the server's log says where.")
        return dict.fromkeys(keys, failure)


def _hurried(outcome: object, flight: _Flight, deadline: float) -> bool:
    return isinstance(outcome, ProviderError) and outcome.code in _DEADLINE_CODES and deadline > flight.deadline + 0.5
