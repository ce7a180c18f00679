"""Servers: sockets had at once or not at all, started together, stopped together in time."""

import asyncio
import logging
import os
import signal
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from graph.cli.failures import CommandError, ExitCode
from graph.cli.servers import Site, listen, serve_all, stop_signal

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


@pytest.fixture(autouse=True)
def uvicorn_log_level() -> Iterator[None]:
    logger = logging.getLogger("uvicorn.error")
    kept = logger.level
    yield
    logger.setLevel(kept)


async def hello(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Answers at once on /, never on /hang, without end on /stream."""
    assert scope["type"] == "http"
    if scope["path"] == "/hang":
        await asyncio.Event().wait()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    while scope["path"] == "/stream":
        await send({"type": "http.response.body", "body": b"x", "more_body": True})
        await asyncio.sleep(0.05)
    await send({"type": "http.response.body", "body": b"hello"})


async def broken_lifespan(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    raise RuntimeError("no start today")


async def ask(url: str, path: str = "/") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    return reader, writer


def site(app: Any, **options: Any) -> Site:
    return Site(app, listen("127.0.0.1", 0), {"lifespan": "off"} | options)


async def test_sites_are_up_when_ready_is_called_and_down_after_stop() -> None:
    sites = [site(hello), site(hello)]
    urls = [each.url for each in sites]
    stop, ready = asyncio.Event(), asyncio.Event()
    serving = asyncio.create_task(serve_all(sites, stop, ready.set))
    await asyncio.wait_for(ready.wait(), 5)
    for url in urls:
        reader, writer = await ask(url)
        assert b"200 OK" in await reader.readline()
        writer.close()
    stop.set()
    await asyncio.wait_for(serving, 2)
    for url in urls:
        with pytest.raises(ConnectionRefusedError):
            await ask(url)


async def test_open_connections_do_not_keep_it_up_beyond_two_seconds(caplog: pytest.LogCaptureFixture) -> None:
    here = site(hello)
    stop, ready = asyncio.Event(), asyncio.Event()
    serving = asyncio.create_task(serve_all([here], stop, ready.set))
    await asyncio.wait_for(ready.wait(), 5)
    opened = [await ask(here.url, path) for path in ("/", "/hang", "/stream")]
    await opened[2][0].readline()
    started = time.monotonic()
    stop.set()
    await serving
    assert time.monotonic() - started < 2.0
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
    for _, writer in opened:
        writer.close()


async def test_stop_before_all_are_up_never_calls_ready() -> None:
    stop = asyncio.Event()
    stop.set()
    called: list[bool] = []
    await asyncio.wait_for(serve_all([site(hello)], stop, lambda: called.append(True)), 5)
    assert called == []


async def test_a_site_that_cannot_start_ends_all_with_a_plain_failure() -> None:
    good, bad = site(hello), site(broken_lifespan, lifespan="on")
    url, called = good.url, list[bool]()
    with pytest.raises(CommandError, match="could not start"):
        await asyncio.wait_for(serve_all([good, bad], asyncio.Event(), lambda: called.append(True)), 5)
    assert called == []
    with pytest.raises(ConnectionRefusedError):
        await ask(url)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_signals_set_the_stop_event_and_are_given_back_afterwards(number: signal.Signals) -> None:
    before = signal.getsignal(signal.SIGTERM)
    with stop_signal() as stop:
        os.kill(os.getpid(), number)
        await asyncio.wait_for(stop.wait(), 5)
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_port_in_use_is_one_clear_line() -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CommandError, match=f"Port {port} is in use") as caught:
            listen("127.0.0.1", port)
    assert caught.value.code is ExitCode.USAGE


@pytest.mark.parametrize("host", ["no such host", "203.0.113.7"])
def test_an_address_of_another_machine_is_refused(host: str) -> None:
    with pytest.raises(CommandError) as caught:
        listen(host, 0)
    assert caught.value.code is ExitCode.USAGE


def test_the_shown_address_is_one_a_browser_can_open() -> None:
    with listen("0.0.0.0", 0) as listener:
        assert Site(hello, listener, {}).url == f"http://127.0.0.1:{listener.getsockname()[1]}"
    if socket.has_ipv6:
        with listen("::1", 0) as listener:
            assert Site(hello, listener, {}).url == f"http://[::1]:{listener.getsockname()[1]}"
