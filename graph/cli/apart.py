"""Servers in a thread and an event loop of their own, that others of the process need not wait for."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Sequence

from graph.cli.servers import Site, loop_factory, serve_all

LAST_SECONDS = 0.2
"""How long the thread may take to end after all others have: it was told to stop when they were."""


class _Apart:
    """The thread. ``up`` is done once all sites are, ``ended`` when none is any more, with what ended them."""

    def __init__(self, sites: Sequence[Site]) -> None:
        self._sites = sites
        self._outside = asyncio.get_running_loop()
        self._inside = loop_factory()()
        self._stop = asyncio.Event()
        self.up: asyncio.Future[None] = self._outside.create_future()
        self.ended: asyncio.Future[None] = self._outside.create_future()
        # A daemon: what it computes at the end must not keep the process alive.
        self._thread = threading.Thread(target=self._work, name="apart", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        _tell(self._inside, self._stop.set)

    def check(self) -> None:
        """Raises what ended the servers, if that was a failure."""
        if self.ended.done():
            self.ended.result()

    def _work(self) -> None:
        failure: BaseException | None = None
        try:
            with asyncio.Runner(loop_factory=lambda: self._inside) as runner:
                runner.run(serve_all(self._sites, self._stop, self._ready, collecting=False))
        except BaseException as error:  # noqa: BLE001 - it is raised where the servers were asked for
            failure = error
        _tell(self._outside, lambda: self._settle(failure))

    def _ready(self) -> None:
        _tell(self._outside, self._up)

    def _up(self) -> None:
        if not self.up.done():
            self.up.set_result(None)

    def _settle(self, failure: BaseException | None) -> None:
        if self.ended.done():
            return
        if failure is None:
            self.ended.set_result(None)
        else:
            self.ended.set_exception(failure)


def _tell(loop: asyncio.AbstractEventLoop, what: Callable[[], object]) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens any more
        loop.call_soon_threadsafe(what)


@contextlib.asynccontextmanager
async def served_apart(sites: Sequence[Site], stop: asyncio.Event) -> AsyncIterator[None]:
    """Serve ``sites`` beside this event loop: they are up when the block begins, and down after it.

    They stop as soon as ``stop`` is set, at the end of the block at the latest; if they end before, they set it.
    Raises ``CommandError`` if one cannot start.
    """
    apart = _Apart(sites)
    apart.ended.add_done_callback(lambda _: stop.set())
    apart.start()
    watching = asyncio.create_task(stop.wait())
    watching.add_done_callback(lambda _: apart.stop())
    try:
        await asyncio.wait([apart.up, apart.ended], return_when=asyncio.FIRST_COMPLETED)
        apart.check()
        yield
    finally:
        watching.cancel()
        apart.stop()
        await asyncio.wait([apart.ended], timeout=LAST_SECONDS)
        apart.check()
