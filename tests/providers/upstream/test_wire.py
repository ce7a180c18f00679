"""The real transport against real, misbehaving servers on loopback."""

import asyncio
import gzip
import ssl
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from providers.errors import (
    ErrorCode,
    NotFound,
    ProviderError,
    UpstreamInvalid,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from providers.manifest import Limit, LimitScope
from providers.upstream.accounts import CallOutcome, UpstreamSettings
from providers.upstream.tokens import MemoryTokens
from providers.upstream.upstream import AccountSession, Upstream
from tests.providers.upstream.doubles import account, get, post

Serve = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]
LIMITS = [Limit(scope=LimitScope.ACCOUNT, calls=100, seconds=10)]


class Server:
    """Reads requests and lets ``serve`` write what it likes. Counts connections and requests."""

    def __init__(self, serve: Serve) -> None:
        self.serve = serve
        self.connections = 0
        self.heads: list[bytes] = []
        self.port = 0
        self.first = asyncio.Event()

    async def asked(self) -> None:
        """Wait until the first request has arrived."""
        await self.first.wait()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                for line in head.lower().split(b"\r\n"):
                    if line.startswith(b"content-length:"):
                        await reader.readexactly(int(line.split(b":")[1]))
                self.heads.append(head)
                self.first.set()
                await self.serve(head, writer)
                if writer.is_closing():
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()


@asynccontextmanager
async def serving(serve: Serve, tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    server = Server(serve)
    listener = await asyncio.start_server(server.connected, "127.0.0.1", 0, ssl=tls)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()


@asynccontextmanager
async def session_to(
    port: int,
    scheme: str = "http",
    host: str = "127.0.0.1",
    observe: Callable[[CallOutcome], None] | None = None,
    **options: Any,
) -> AsyncIterator[tuple[AccountSession, Upstream]]:
    settings = UpstreamSettings(**{"call_timeout": 2.0, "attempts": 1, "backoff_base": 0.001, **options})
    upstream = Upstream(tokens=MemoryTokens(), settings=settings, random=Random(1), observe=observe)
    try:
        yield upstream.session(account(base_url=f"{scheme}://{host}:{port}", limits=LIMITS)), upstream
    finally:
        await upstream.aclose()


def reply(body: bytes, *headers: str, status: str = "200 OK", length: int | None = None) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def always(data: bytes, *, close: bool = False) -> Serve:
    async def serve(head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        if close:
            writer.close()

    return serve


async def failure_of(serve: Serve, call: Any = None, **options: Any) -> tuple[ProviderError, Server, int]:
    """The error, the server, and how many permits are used after it."""
    async with serving(serve) as server, session_to(server.port, **options) as (session, upstream):
        with pytest.raises(ProviderError) as failure:
            await session.send(call or get())
        assert "127.0.0.1" not in failure.value.message
        return failure.value, server, upstream.usage()[0].used


async def test_a_connection_serves_many_calls_and_keeps_no_cookies() -> None:
    async with serving(always(reply(b"{}", "Set-Cookie: session=one; Path=/"))) as server:
        # By name: cookie jars ignore hosts that are numbers.
        async with session_to(server.port, host="localhost") as (session, _):
            for number in range(3):
                assert (await session.send(get(f"/{number}"))).json() == {}
        assert server.connections == 1
        heads = b"".join(server.heads).lower()
        assert b"cookie" not in heads
        assert heads.count(b"user-agent: staygraph/") == 3
        assert heads.count(b"accept-encoding: gzip, deflate\r\n") == 3


async def test_a_refused_connection_is_unavailable_and_costs_nothing() -> None:
    async with serving(always(b"")) as server:
        port = server.port
    async with session_to(port, attempts=3) as (session, upstream):
        with pytest.raises(UpstreamUnavailable, match="could not be reached"):
            await session.send(post())
        assert upstream.usage()[0].used == 0


async def test_a_host_that_does_not_exist_is_unavailable() -> None:
    upstream = Upstream(tokens=MemoryTokens(), settings=UpstreamSettings(attempts=1))
    session = upstream.session(account(base_url="http://nowhere.invalid", limits=LIMITS))
    with pytest.raises(UpstreamUnavailable, match="could not be reached") as failure:
        await session.send(get())
    assert "nowhere" not in failure.value.message
    assert upstream.usage()[0].used == 0
    await upstream.aclose()


async def test_a_change_cut_off_before_the_answer_is_not_sent_again() -> None:
    failure, server, used = await failure_of(always(b"", close=True), post(), attempts=3)
    assert isinstance(failure, UpstreamUnavailable)
    assert (len(server.heads), used) == (1, 1)


async def test_a_read_cut_off_before_the_answer_is_sent_again_with_a_permit_each() -> None:
    failure, server, used = await failure_of(always(b"", close=True), attempts=3)
    assert isinstance(failure, UpstreamUnavailable)
    assert (len(server.heads), used) == (3, 3)


@pytest.mark.parametrize("call", [get(), get().__class__(method="DELETE", path="/v1/things/1")])
async def test_a_stale_connection_causes_no_silent_second_sending(call: Any) -> None:
    """The server closes a connection it kept, just as the next call arrives on it."""

    async def serve(head: bytes, writer: asyncio.StreamWriter) -> None:
        if b"/warm" in head:
            writer.write(reply(b"{}"))
        else:
            writer.close()

    async with serving(serve) as server, session_to(server.port) as (session, upstream):
        await session.send(get("/warm"))
        with pytest.raises(UpstreamUnavailable):
            await session.send(call)
        assert len(server.heads) == 2
        assert upstream.usage()[0].used == 2


@pytest.mark.parametrize(
    "data",
    [
        reply(b'{"a": 1', length=500),
        b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"a":\r\n',
    ],
)
async def test_a_cut_body_is_invalid(data: bytes) -> None:
    failure, server, used = await failure_of(always(data, close=True), attempts=2)
    assert isinstance(failure, UpstreamInvalid)
    assert failure.upstream_status == 200
    assert (len(server.heads), used) == (2, 2)


@pytest.mark.parametrize(
    "data", [b"SSH-2.0-OpenSSH_9.6\r\n\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n"]
)
async def test_what_is_not_http_is_a_failure_like_others(data: bytes) -> None:
    failure, server, used = await failure_of(always(data, close=True), post(), attempts=3)
    assert failure.code in (ErrorCode.UPSTREAM_INVALID, ErrorCode.UPSTREAM_UNAVAILABLE)
    assert (len(server.heads), used) == (1, 1)


async def test_silence_times_out() -> None:
    failure, _, used = await failure_of(always(b""), call_timeout=0.05)
    assert isinstance(failure, UpstreamTimeout)
    assert used == 1


async def test_a_body_that_never_ends_times_out_in_total() -> None:
    async def drip(head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(reply(b"", length=1000))
        while not writer.is_closing():
            writer.write(b" ")
            await asyncio.sleep(0.01)

    failure, _, _ = await failure_of(drip, call_timeout=0.08)
    assert isinstance(failure, UpstreamTimeout)


async def test_no_free_connection_times_out_without_cost() -> None:
    async with (
        serving(always(b"")) as server,
        session_to(server.port, max_connections=1, connect_timeout=0.05) as (session, upstream),
    ):
        blocker = asyncio.create_task(session.send(get("/blocker")))
        await server.asked()
        with pytest.raises(UpstreamTimeout, match="No connection"):
            await session.send(post())
        assert upstream.usage()[0].used == 1
        blocker.cancel()
        await asyncio.wait([blocker])


@pytest.mark.parametrize("announced", [True, False])
async def test_an_answer_that_is_too_large_is_dropped_early(announced: bool) -> None:
    written = 0

    async def flood(head: bytes, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        kind = "Content-Length: 100000000" if announced else "Connection: close"
        writer.write(f"HTTP/1.1 200 OK\r\n{kind}\r\n\r\n".encode())
        for _ in range(1500):
            writer.write(b"x" * 65536)
            await writer.drain()
            written += 65536

    failure, _, _ = await failure_of(flood, max_answer_bytes=100_000)
    assert isinstance(failure, UpstreamInvalid)
    assert "too large" in failure.message
    assert written < 50_000_000


async def test_a_gzip_bomb_meets_the_same_bound() -> None:
    bomb = gzip.compress(b"0" * 20_000_000)
    tracemalloc.start()
    try:
        failure, _, _ = await failure_of(always(reply(bomb, "Content-Encoding: gzip")), max_answer_bytes=1_000_000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 6_000_000
    assert isinstance(failure, UpstreamInvalid)
    assert "too large" in failure.message


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [("gzip", gzip.compress), ("deflate", zlib.compress), ("deflate", raw_deflate), ("identity", bytes)],
)
async def test_packed_answers_are_unpacked(encoding: str, pack: Callable[[bytes], bytes]) -> None:
    text = b'{"a": "' + b"x" * 200_000 + b'"}'
    packed = always(reply(pack(text), f"Content-Encoding: {encoding}"))
    async with serving(packed) as server, session_to(server.port) as (session, _):
        assert (await session.send(get())).body == text


@pytest.mark.parametrize("encoding", ["gzip", "br"])
async def test_a_packing_that_cannot_be_read_is_invalid(encoding: str) -> None:
    failure, _, _ = await failure_of(always(reply(b"not packed at all", f"Content-Encoding: {encoding}")))
    assert isinstance(failure, UpstreamInvalid)


async def test_html_instead_of_json_is_named() -> None:
    failure, _, _ = await failure_of(always(reply(b"<html>Login", "Content-Type: text/html")))
    assert isinstance(failure, UpstreamInvalid)
    assert "HTML" in failure.message


async def test_a_redirect_is_not_followed() -> None:
    async with serving(always(reply(b"{}"))) as other:
        location = f"Location: http://127.0.0.1:{other.port}/elsewhere"
        failure, server, _ = await failure_of(always(reply(b"", location, status="302 Found")))
        assert isinstance(failure, UpstreamInvalid)
        assert failure.upstream_status == 302
        assert (len(server.heads), len(other.heads)) == (1, 0)


async def test_cancellation_frees_the_connection() -> None:
    async def serve(head: bytes, writer: asyncio.StreamWriter) -> None:
        if b"/hang" not in head:
            writer.write(reply(b"{}"))

    async with serving(serve) as server, session_to(server.port, max_connections=1) as (session, _):
        hanging = asyncio.create_task(session.send(get("/hang")))
        await server.asked()
        hanging.cancel()
        await asyncio.wait([hanging])
        assert (await session.send(get("/next"))).ok


async def test_the_call_counts_from_when_its_head_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening the connection takes time, in which the PMS does not see the call."""
    loop = asyncio.get_running_loop()
    resolve = loop.getaddrinfo

    async def slow(*args: Any, **options: Any) -> Any:
        await asyncio.sleep(0.1)
        return await resolve(*args, **options)

    monkeypatch.setattr(loop, "getaddrinfo", slow)
    async with serving(always(reply(b"{}"))) as server:
        limits = [Limit(scope=LimitScope.ACCOUNT, calls=1, seconds=1)]
        upstream = Upstream(tokens=MemoryTokens())
        session = upstream.session(account(base_url=f"http://localhost:{server.port}", limits=limits, margin=0.0))
        began = datetime.now(UTC)
        await session.send(get())
        assert upstream.usage()[0].next_permit_at - began >= timedelta(seconds=1.095)
        await upstream.aclose()


async def test_a_certificate_that_cannot_be_trusted_is_not_accepted(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    today = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "server.pem"
    pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(pem)
    async with serving(always(reply(b"{}")), tls) as server, session_to(server.port, "https") as (session, _):
        with pytest.raises(UpstreamUnavailable, match="could not be reached"):
            await session.send(get())
        assert server.heads == []


async def test_a_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(always(reply(b"{}", status="404 Not Found"))) as proxy:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("no_proxy", "")
        upstream = Upstream(tokens=MemoryTokens())
        with pytest.raises(NotFound):
            await upstream.session(account(base_url="http://pms.invalid")).send(get("/v1/x"))
        assert proxy.heads[0].startswith(b"GET http://pms.invalid/v1/x HTTP/1.1")
        await upstream.aclose()
