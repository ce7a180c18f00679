"""Looking up names of servers that tenants chose, in threads that nothing else needs.

The system's resolver blocks a thread for as long as a name server says nothing, and the event loop has few of them for
the names of PMSs and for what is written to the database. Whoever owns a name decides how long it takes.
"""

import asyncio
import socket
import threading
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult

MOST = 200
"""Names that are looked up at a time. A thread may be kept for half a minute, long after who asked gave up."""

_Found = list[tuple[Any, ...]]
_Asked = tuple[str, socket.AddressFamily]


class OwnThreads(AbstractResolver):
    """The system's resolver. All who ask for a name wait for one look-up of it; beyond ``most`` names wait their turn.

    The threads do not keep the process from ending.
    """

    def __init__(self, most: int = MOST) -> None:
        self._free = asyncio.Semaphore(most)
        self._under_way: dict[_Asked, asyncio.Task[_Found]] = {}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of ``host``. Raises ``OSError`` where it has none, or nobody knows them."""
        asked = (host, family)
        task = self._under_way.get(asked)
        if task is None:
            task = self._under_way[asked] = asyncio.create_task(self._look_up(*asked))
            task.add_done_callback(lambda done: self._answered(asked, done))
        # Whoever gives up waiting must not take the answer from the others.
        found = await asyncio.shield(task)
        numeric = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
        return [
            ResolveResult(hostname=host, host=address[0], port=port, family=kind, proto=protocol, flags=numeric)
            for kind, _, protocol, _, address in found
        ]

    async def close(self) -> None:
        """Wait for nothing any more."""
        tasks = tuple(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _answered(self, asked: _Asked, task: "asyncio.Task[_Found]") -> None:
        del self._under_way[asked]
        if not task.cancelled():
            # If nobody waits any more, an error has no hearer.
            task.exception()

    async def _look_up(self, host: str, family: socket.AddressFamily) -> _Found:
        async with self._free:
            loop = asyncio.get_running_loop()
            answer: asyncio.Future[_Found] = loop.create_future()
            arguments = (loop, answer, host, family)
            try:
                threading.Thread(target=_ask, args=arguments, name="names", daemon=True).start()
            except RuntimeError as error:
                raise OSError("There is no thread left.") from error
            return await answer


def _ask(
    loop: asyncio.AbstractEventLoop, answer: "asyncio.Future[_Found]", host: str, family: socket.AddressFamily
) -> None:
    found: _Found | OSError
    try:
        found = list(socket.getaddrinfo(host, None, family=family, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG))
    except OSError as error:
        found = error
    except UnicodeError:
        found = OSError("It is not a name.")
    try:
        loop.call_soon_threadsafe(_hand_over, answer, found)
    except RuntimeError:
        return  # the process is ending


def _hand_over(answer: "asyncio.Future[_Found]", found: _Found | OSError) -> None:
    if answer.done():
        return
    if isinstance(found, OSError):
        answer.set_exception(found)
    else:
        answer.set_result(found)
