"""Clients that use up a server without asking it anything: each is dropped after a while, and costs little until then.

They speak over raw sockets: no library sends what they send.
"""

import asyncio
import base64
import io
import os
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from graph.web import connections
from graph.web.connections import HttpConnection
from tests.gateway_world import serving

PING, TEXT, CONTINUATION = 9, 1, 0
HANDSHAKE = (
    "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\n\r\n"
)
LARGE = 8 * 1024 * 1024


class Guestbook:
    """An app: answers requests at once, sends ``LARGE`` bytes on /large, keeps what sockets send."""

    def __init__(self) -> None:
        self.heard: list[Mapping[str, Any]] = []
        self.gone = asyncio.Event()
        self.send_at_once: Callable[[str], bool] = lambda _: False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            self.send_at_once = scope["extensions"][connections.SEND_AT_ONCE]
            assert not self.send_at_once("before it is open")
            await receive()
            await send({"type": "websocket.accept"})
            while (message := await receive())["type"] != "websocket.disconnect":
                self.heard.append(message)
            self.gone.set()
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        size = LARGE if scope["path"] == "/large" else 2
        await send({"type": "http.response.body", "body": b"x" * size, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
        self.gone.set()


@pytest.fixture
def book() -> Guestbook:
    return Guestbook()


@pytest.fixture
async def url(book: Guestbook) -> AsyncIterator[str]:
    async with serving(book, sent_ahead=16_384) as address:
        yield address


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.2)
    monkeypatch.setattr(connections, "STALL_SECONDS", 0.2)


@asynccontextmanager
async def client(url: str, said: str = "") -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection of a client that holds little of what it does not read."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
    made.connect(("127.0.0.1", int(url.rpartition(":")[2])))
    reader, writer = await asyncio.open_connection(sock=made, limit=1024)
    writer.write(said.encode())
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def ended(reader: asyncio.StreamReader) -> bytes:
    """All that the server says before it ends the connection."""
    said = io.BytesIO()
    async with asyncio.timeout(10):
        try:
            while found := await reader.read(65_536):
                said.write(found)
        except ConnectionError:
            pass
    return said.getvalue()


def frame(kind: int, payload: bytes = b"", *, last: bool = True) -> bytes:
    assert len(payload) < 126
    return bytes([last << 7 | kind, 0x80 | len(payload), 0, 0, 0, 0]) + payload


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("said", ["", "GET / HT", "\r\n", "GET / HTTP/1.1\r\nHost: x\r\n"])
async def test_who_sends_no_whole_head_of_a_request_is_let_go(url: str, said: str) -> None:
    async with client(url, said) as (reader, _):
        assert await ended(reader) == b""


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("said", ["\r\n", "GET / HT"])
async def test_who_begins_a_second_request_only_is_let_go(url: str, said: str) -> None:
    async with client(url, "GET / HTTP/1.1\r\nHost: x\r\n\r\n") as (reader, writer):
        await reader.readuntil(b"xx\r\n0\r\n\r\n")
        writer.write(said.encode())
        # Sooner than uvicorn lets go of idle connections.
        async with asyncio.timeout(3):
            assert await ended(reader) == b""


@pytest.mark.usefixtures("short")
async def test_who_goes_on_asking_stays(url: str) -> None:
    async with client(url) as (reader, writer):
        for _ in range(4):
            await asyncio.sleep(0.1)
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert await asyncio.wait_for(reader.readuntil(b"0\r\n\r\n"), 5)


async def test_a_head_that_comes_whole_needs_no_timer_of_its_own(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    timers: list[object] = []
    taken: asyncio.Queue[int] = asyncio.Queue()
    await_head, data_received = HttpConnection._await_head, HttpConnection.data_received

    def counted(here: HttpConnection) -> None:
        timers.append(here)
        await_head(here)

    def told(here: HttpConnection, data: bytes) -> None:
        data_received(here, data)
        taken.put_nowait(len(data))

    monkeypatch.setattr(HttpConnection, "_await_head", counted)
    monkeypatch.setattr(HttpConnection, "data_received", told)
    request = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    async with client(url) as (reader, writer), asyncio.timeout(10):
        for parts in ((request,), (request,), (request[:9], request[9:])):
            for part in parts:
                writer.write(part)
                assert await taken.get() == len(part)
            assert await reader.readuntil(b"0\r\n\r\n")
    # One for the connection, one for the head that came in two parts.
    assert len(timers) == 2


@pytest.mark.usefixtures("short")
async def test_an_answer_that_nobody_takes_is_not_kept(url: str, book: Guestbook) -> None:
    async with client(url, "GET /large HTTP/1.1\r\nHost: x\r\n\r\n") as (reader, _):
        async with asyncio.timeout(5):
            await book.gone.wait()
        assert len(await ended(reader)) < LARGE


@pytest.mark.usefixtures("short")
async def test_an_answer_that_is_taken_slowly_arrives(url: str) -> None:
    async with client(url, "GET /large HTTP/1.1\r\nHost: x\r\n\r\n") as (reader, _):
        taken = 0
        async with asyncio.timeout(20):
            for step in range(10):
                taken += len(await reader.readexactly(LARGE // 10))
                # All in all longer than a client may take nothing.
                await asyncio.sleep(0.05 if step < 9 else 0)
            taken += len(await reader.readuntil(b"0\r\n\r\n"))
    assert taken > LARGE


CHUNK = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
ENDLESS = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


async def send(writer: asyncio.StreamWriter, part: bytes, times: int, *, pause: float = 0) -> None:
    for _ in range(times):
        writer.write(part)
        await writer.drain()
        await asyncio.sleep(pause)


async def test_a_body_without_end_ends_with_its_answer(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MAX_UNREAD", 1_000_000)
    async with client(url, ENDLESS) as (reader, writer):
        await reader.readuntil(b"xx\r\n0\r\n\r\n")
        with pytest.raises(ConnectionError):
            await send(writer, CHUNK, 10_000)


@pytest.mark.usefixtures("short")
async def test_a_body_that_trickles_ends_after_its_answer(url: str) -> None:
    async with client(url, ENDLESS) as (reader, writer):
        await reader.readuntil(b"xx\r\n0\r\n\r\n")
        with pytest.raises(ConnectionError):
            await send(writer, b"1\r\nx\r\n", 200, pause=0.02)


async def test_a_large_body_may_still_come_after_its_answer(url: str) -> None:
    async with client(url, ENDLESS) as (reader, writer):
        await reader.readuntil(b"xx\r\n0\r\n\r\n")
        await send(writer, CHUNK, 300)
        writer.write(b"0\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert await asyncio.wait_for(reader.readuntil(b"xx\r\n0\r\n\r\n"), 5)


async def test_pings_whose_answers_nobody_reads_fill_no_memory(url: str, book: Guestbook) -> None:
    async with client(url, HANDSHAKE) as (reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        count = 40_000
        flood = b"".join(frame(PING, f"{number:0100}".encode()) for number in range(count))
        writer.write(flood + frame(TEXT, b"done"))
        async with asyncio.timeout(20):
            await writer.drain()
            while not book.heard:  # noqa: ASYNC110  # the app is only a list
                await asyncio.sleep(0.01)
            pongs = 0
            while True:
                head = await reader.readexactly(2)
                found = await reader.readexactly(head[1])
                pongs += 1
                if found == f"{count - 1:0100}".encode():
                    break
    # The most recent one is answered in any case.
    assert pongs < count / 2


async def test_empty_fragments_are_not_kept(url: str, book: Guestbook, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[Any] = []
    keep = WebSocketsSansIOProtocol.handle_cont
    monkeypatch.setattr(WebSocketsSansIOProtocol, "handle_cont", lambda here, event: kept.append(keep(here, event)))
    parts = frame(TEXT, b"a", last=False) + frame(CONTINUATION, last=False) * 10_000 + frame(CONTINUATION, b"b")
    async with client(url, HANDSHAKE) as (reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(parts)
        async with asyncio.timeout(10):
            while not book.heard:  # noqa: ASYNC110  # the app is only a list
                await asyncio.sleep(0.01)
    assert book.heard[0]["text"] == "ab"
    assert len(kept) == 1


@pytest.mark.parametrize("parts", [[b"\xff"], [b"\xc3", b"("]])
async def test_a_text_that_is_none_closes_the_socket_quietly(
    url: str, book: Guestbook, parts: list[bytes], caplog: pytest.LogCaptureFixture
) -> None:
    async with client(url, HANDSHAKE) as (reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        for number, part in enumerate(parts):
            writer.write(frame(CONTINUATION if number else TEXT, part, last=number == len(parts) - 1))
        assert await ended(reader) == b"\x88\x02" + (1007).to_bytes(2)
        await asyncio.wait_for(book.gone.wait(), 5)
    assert book.heard == []
    assert [record for record in caplog.records if record.exc_info] == []


async def test_nothing_is_sent_at_once_to_who_takes_nothing_or_is_gone(url: str, book: Guestbook) -> None:
    async with client(url, HANDSHAKE) as (reader, _):
        await reader.readuntil(b"\r\n\r\n")
        sent = 0
        while book.send_at_once("x" * 100):
            sent += 1
            assert sent < LARGE / 100, "it was never refused"
        await reader.readexactly(sent * 102)
        async with asyncio.timeout(10):
            while not book.send_at_once("again"):  # noqa: ASYNC110  # it tells nobody
                await asyncio.sleep(0.01)
        assert await reader.readexactly(7) == b"\x81\x05again"
    await asyncio.wait_for(book.gone.wait(), 5)
    assert not book.send_at_once("gone")
