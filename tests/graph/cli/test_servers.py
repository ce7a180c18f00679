"""Servers: sockets had at once or not at all, started together, stopped together in time."""

import asyncio
import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from graph.cli.apart import served_apart
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


async def test_what_a_site_computes_apart_holds_up_no_other() -> None:
    working, done = threading.Event(), threading.Event()

    async def computing(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        working.set()
        assert done.wait(20)
        await hello(scope, receive, send)

    slow, quick, stop, ready = site(computing), site(hello), asyncio.Event(), asyncio.Event()
    urls = [slow.url, quick.url]
    async with served_apart([slow], stop):
        serving = asyncio.create_task(serve_all([quick], stop, ready.set))
        await asyncio.wait_for(ready.wait(), 5)
        computed, writer = await ask(urls[0])
        assert await asyncio.to_thread(working.wait, 5)
        answered, other = await ask(urls[1])
        assert b"200 OK" in await answered.readline()
        done.set()
        assert b"200 OK" in await computed.readline()
        writer.close()
        other.close()
        stop.set()
        await serving
    for url in urls:
        with pytest.raises(ConnectionRefusedError):
            await ask(url)


async def test_sites_apart_stop_with_the_others_and_in_the_same_time() -> None:
    here, there, stop, ready = site(hello), site(hello), asyncio.Event(), asyncio.Event()
    async with served_apart([there], stop):
        serving = asyncio.create_task(serve_all([here], stop, ready.set))
        await asyncio.wait_for(ready.wait(), 5)
        opened = [await ask(url, path) for url in (here.url, there.url) for path in ("/hang", "/stream")]
        started = time.monotonic()
        stop.set()
        await serving
    assert time.monotonic() - started < 2.0
    for _, writer in opened:
        writer.close()


async def test_a_site_apart_that_cannot_start_stops_all_with_a_plain_failure() -> None:
    good, bad, stop = site(hello), site(broken_lifespan, lifespan="on"), asyncio.Event()
    url = good.url
    with pytest.raises(CommandError, match="could not start"):
        async with served_apart([good, bad], stop):
            pytest.fail("the block began")
    assert stop.is_set()
    with pytest.raises(ConnectionRefusedError):
        await ask(url)


async def test_sites_apart_are_down_after_a_block_that_failed() -> None:
    there = site(hello)
    url = there.url
    with pytest.raises(ValueError, match="of the block"):
        async with served_apart([there], asyncio.Event()):
            raise ValueError("of the block")
    with pytest.raises(ConnectionRefusedError):
        await ask(url)
