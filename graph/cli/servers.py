"""Runs web servers in one event loop and stops them together, quickly and quietly."""

import asyncio
import contextlib
import errno
import logging
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import uvicorn

from graph.cli.failures import CommandError, ExitCode
from graph.cli.garbage import collecting_when_idle

T = TypeVar("T")

GRACE_SECONDS = 1
"""How long open requests may go on after a stop signal."""

_STOP_SECONDS = 0.7
"""How long closing databases and clients may take after that."""

_BACKLOG = 2048

_SWITCH_SECONDS = 0.0005
"""How long the event loop may go on while a thread waits for its turn. A transaction waits for one after each
statement: Python's 5 ms add up to more than the disk takes.
"""


@dataclass(frozen=True, slots=True)
class Site:
    """An ASGI app and the socket it is served on. ``options`` are uvicorn's.

    ``stopping`` is called when the server is about to stop, while all connections are still there.
    """

    app: Any
    socket: socket.socket
    options: dict[str, Any]
    stopping: Callable[[], None] = lambda: None

    @property
    def url(self) -> str:
        """Where a browser on this machine finds it."""
        host, port = self.socket.getsockname()[:2]
        if host in ("0.0.0.0", "::"):  # noqa: S104  # shown, not bound
            host = "127.0.0.1"
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def listen(host: str, port: int, *, option: str = "--port") -> socket.socket:
    """A listening socket; port 0 takes any free one. ``option`` is how the user chose the port.

    Raises ``CommandError`` where the address cannot be had.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except OSError:
        raise CommandError(f"{host} is not an address of this machine.", ExitCode.USAGE) from None
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        # At once: two programs may bind the same port, but only one may listen on it.
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        reasons = {
            errno.EADDRINUSE: f"Port {port} is in use. Choose another with {option}, or 0 for any free one.",
            errno.EACCES: f"Port {port} needs more rights than this user has. Choose one above 1023 with {option}.",
        }
        text = reasons.get(error.errno or 0, f"Cannot listen on {host} port {port}: {error.strerror}.")
        raise CommandError(text, ExitCode.USAGE) from None
    return listener


class Server(uvicorn.Server):
    """A server that leaves signals to ``serve_all`` and says when it is up."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        except SystemExit:
            raise CommandError("The server could not start; the log above says why.", ExitCode.STORAGE) from None
        self.up.set()


@contextlib.contextmanager
def stop_signal() -> Iterator[asyncio.Event]:
    """An event that Ctrl-C and SIGTERM set, in place of ending the program where it stands."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    try:
        for each in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(each, stop.set)
    except (NotImplementedError, RuntimeError):
        # Not the main thread, or Windows: Ctrl-C then arrives as KeyboardInterrupt.
        yield stop
        return
    try:
        yield stop
    finally:
        for each in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(each)


async def serve_all(
    sites: Sequence[Site], stop: asyncio.Event, ready: Callable[[], None], *, collecting: bool = True
) -> None:
    """Serve until ``stop`` is set; ``ready`` is called once all are up. If one ends, all end.

    Raises ``CommandError`` if one cannot start. After ``stop`` it returns within two seconds, whoever is connected.
    ``collecting`` puts off Python's garbage collection until nobody waits for ``sites``; one event loop of a process
    may do so.
    """
    servers = [Server(_config(site)) for site in sites]
    tasks = [
        asyncio.create_task(server.serve(sockets=[site.socket])) for server, site in zip(servers, sites, strict=True)
    ]
    stopping = asyncio.create_task(stop.wait())
    up = asyncio.gather(*(server.up.wait() for server in servers))
    try:
        awaited: list[asyncio.Future[Any]] = [up, stopping, *tasks]
        await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
        if up.done() and not stop.is_set():
            ready()
            async with _collecting(servers) if collecting else contextlib.nullcontext():
                await asyncio.wait(awaited[1:], return_when=asyncio.FIRST_COMPLETED)
    finally:
        up.cancel()
        stopping.cancel()
        for site in sites:
            site.stopping()
        await _stop(servers, tasks)
        await asyncio.gather(up, stopping, return_exceptions=True)
    for task in tasks:
        if not task.cancelled() and (error := task.exception()):
            raise error


def _collecting(servers: Sequence[Server]) -> contextlib.AbstractAsyncContextManager[None]:
    return collecting_when_idle(lambda: any(server.server_state.tasks for server in servers))


async def _stop(servers: Sequence[Server], tasks: Sequence["asyncio.Task[None]"]) -> None:
    # What is cut off from here on is cut off on purpose: no lines about it.
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    for server in servers:
        server.should_exit = True
    _, late = await asyncio.wait(tasks, timeout=GRACE_SECONDS + _STOP_SECONDS)
    for task in late:
        task.cancel()
    if late:
        await asyncio.wait(late, timeout=0.1)


def _config(site: Site) -> uvicorn.Config:
    return uvicorn.Config(
        site.app,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        **site.options,
    )


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run ``work`` in the quickest event loop there is, with threads that get their turn soon."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_SECONDS)
    try:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            return runner.run(work)
    finally:
        sys.setswitchinterval(before)


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """What makes the quickest event loop there is."""
    return uvicorn.Config("", log_config=None).get_loop_factory() or asyncio.new_event_loop
