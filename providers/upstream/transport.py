"""The one place where HTTP clients are made.

The API is httpx's; below it works aiohttp's connection pool, which stays cheap with hundreds of calls in flight where
httpx's own does not. The adapter between the two reports a connection that broke after the call was sent as one that
was never made; here each failure gets the httpx name that says whether the PMS may have seen the call.
"""

import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport, HttpxAiohttpClient

from providers.upstream.accounts import UpstreamSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

KEEP_ALIVE = 15.0
"""Seconds an idle connection is kept: longer than a 10 s limit window, shorter than the minute servers often grant."""

DEFAULT_LIMITS = httpx.Limits(max_connections=100)

Verify = ssl.SSLContext | str | bool
Certificate = str | tuple[str, str] | tuple[str, str, str] | None

ACCEPTED_ENCODINGS = "gzip, deflate"

on_headers_sent: ContextVar[Callable[[], None] | None] = ContextVar("staygraph_on_headers_sent", default=None)
"""Called when the head of a call has left for the PMS: the moment from which the PMS may count it."""


class _ConnectionLost(aiohttp.ClientError):
    """The connection broke after the call may have been sent."""


def _version() -> str:
    try:
        return version("staygraph")
    except PackageNotFoundError:
        return "0"


@cache
def tls_context() -> ssl.SSLContext:
    """What connections are checked with. Reading the certificates of all authorities takes long: once is enough."""
    return httpx.create_ssl_context()


async def _send_once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Keep aiohttp from repeating a call by itself on a stale connection: each sending needs a permit of its own."""
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as broken:
        raise _ConnectionLost("connection lost") from broken


async def _report_headers_sent(_session: aiohttp.ClientSession, _context: object, _params: object) -> None:
    report = on_headers_sent.get()
    if report is not None:
        report()


def _translated(failure: BaseException) -> httpx.TransportError:  # noqa: PLR0911
    """The httpx exception that tells whether anything was sent. Its text holds no address and no body."""
    match failure:
        case aiohttp.ConnectionTimeoutError():
            return httpx.ConnectTimeout("connecting took too long")
        case aiohttp.ClientConnectorError() | aiohttp.ServerFingerprintMismatch():
            return httpx.ConnectError("no connection")
        case aiohttp.ClientHttpProxyError():
            return httpx.ProxyError("the proxy refused the connection")
        case TimeoutError():
            return httpx.ReadTimeout("no answer in time")
        case aiohttp.InvalidURL() | aiohttp.NonHttpUrlClientError():
            return httpx.UnsupportedProtocol("not an HTTP address")
        case aiohttp.ClientPayloadError():
            return httpx.RemoteProtocolError("the answer was cut off")
        case aiohttp.ClientResponseError():
            return httpx.RemoteProtocolError("not an HTTP answer")
        case _:
            return httpx.ReadError("connection lost")


@contextmanager
def _translating() -> "Iterator[None]":
    try:
        yield
    except (httpx.TransportError, aiohttp.ClientError, OSError) as failure:
        cause = failure.__cause__ if isinstance(failure, httpx.TransportError) else failure
        raise _translated(cause or failure) from None


class _Body(httpx.AsyncByteStream):
    """The adapter's body stream with its failures translated."""

    def __init__(self, stream: httpx.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _translating():
            async for chunk in self._stream:
                yield chunk

    async def aclose(self) -> None:
        with _translating():
            await self._stream.aclose()


class PooledTransport(AiohttpTransport):
    """aiohttp's pool without cookies, redirects, silent repeats or unpacking, and with exact failures."""

    def __init__(self, *, limits: httpx.Limits, proxy: httpx.Proxy | None = None, **options: Any) -> None:
        super().__init__(limits=limits, proxy=proxy, client=self._open, **options)

    def _open(self) -> aiohttp.ClientSession:
        tracing = aiohttp.TraceConfig()
        tracing.on_request_headers_sent.append(_report_headers_sent)
        connector = aiohttp.TCPConnector(
            limit=self.limits.max_connections or 0, keepalive_timeout=KEEP_ALIVE, ssl=self.ssl_context
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            middlewares=(_send_once,),
            trace_configs=[tracing],
            skip_auto_headers=("User-Agent", "Accept-Encoding"),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        with _translating():
            response = await super().handle_async_request(request)
        stream = response.stream
        assert isinstance(stream, httpx.AsyncByteStream)  # noqa: S101 - narrows the type; the adapter makes no other
        response.stream = _Body(stream)
        return response


class _Client(HttpxAiohttpClient):
    """An httpx client on ``PooledTransport``, also behind the proxies that the environment names."""

    def _init_transport(
        self,
        verify: Verify = True,
        cert: Certificate = None,
        trust_env: bool = True,
        http1: bool = True,
        http2: bool = False,
        limits: httpx.Limits = DEFAULT_LIMITS,
        transport: httpx.AsyncBaseTransport | None = None,
        **kwargs: Any,
    ) -> httpx.AsyncBaseTransport:
        if transport is not None:
            return transport
        return PooledTransport(verify=verify, cert=cert, trust_env=trust_env, limits=limits)

    def _init_proxy_transport(
        self,
        proxy: httpx.Proxy,
        verify: Verify = True,
        cert: Certificate = None,
        trust_env: bool = True,
        http1: bool = True,
        http2: bool = False,
        limits: httpx.Limits = DEFAULT_LIMITS,
        **kwargs: Any,
    ) -> httpx.AsyncBaseTransport:
        return PooledTransport(verify=verify, cert=cert, trust_env=trust_env, limits=limits, proxy=proxy)


def create_client(settings: UpstreamSettings, transport: httpx.AsyncBaseTransport | None = None) -> httpx.AsyncClient:
    """A client for all accounts: redirects off, cookies never kept, proxies as the environment says.

    ``transport`` replaces the network, for instance by a simulator.
    """
    timeout = httpx.Timeout(settings.call_timeout, connect=settings.connect_timeout, pool=settings.connect_timeout)
    return _Client(
        verify=tls_context() if transport is None else False,
        transport=transport,
        timeout=timeout,
        limits=httpx.Limits(
            max_connections=settings.max_connections, max_keepalive_connections=settings.max_connections
        ),
        follow_redirects=False,
        cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])),
        headers={
            "User-Agent": f"StayGraph/{_version()}",
            "Accept": "application/json",
            "Accept-Encoding": ACCEPTED_ENCODINGS,
        },
    )
