"""One call on the wire and its bounded answer; each failure says whether the PMS may have seen the call."""

import re
import zlib
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from json import dumps
from typing import Any
from urllib.parse import urlencode

import httpx

from providers.errors import NotFound, ProviderError, UpstreamInvalid, UpstreamTimeout, UpstreamUnavailable
from providers.upstream.calls import Answer, Call
from providers.upstream.clock import Clock
from providers.upstream.transport import on_headers_sent

JSON_TYPE = "application/json"
FORM_TYPE = "application/x-www-form-urlencoded"


_PATH = re.compile(r"(?:/(?!\.{1,2}(?:/|$))[^\x00-\x20/?#\\]+)+/?")
"""Segments that are neither empty nor dots, of any characters but those that end a path; perhaps a slash at the end."""


class ExchangeFailed(Exception):
    """No whole answer came back. ``sent`` is False only if the PMS cannot have seen the call."""

    def __init__(self, error: ProviderError, *, sent: bool) -> None:
        super().__init__(error.message)
        self.error = error
        self.sent = sent


def check_path(call: Call) -> None:
    """Raises ``NotFound`` for a path that would leave its place in the API.

    Paths are made with ids that clients send: one with dots, a query or an escape in it names no object.
    """
    if not _PATH.fullmatch(call.path):
        raise NotFound("The PMS has no such object.")


def _plain(value: object) -> object:
    """JSON for what the standard encoder does not know. A float prints the shortest text that a decimal came from."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot be sent as JSON")


def content(call: Call) -> tuple[bytes | None, dict[str, str]]:
    """The body of ``call`` and the header that names its type."""
    if call.json is not None:
        return dumps(call.json, default=_plain, separators=(",", ":")).encode(), {"Content-Type": JSON_TYPE}
    if call.form is not None:
        return urlencode(list(call.form)).encode(), {"Content-Type": FORM_TYPE}
    return None, {}


def build(
    client: httpx.AsyncClient, base_url: str, call: Call, headers: dict[str, str], *, patience: float
) -> httpx.Request:
    """The request for ``call``. Headers of the call win over ``headers``, those over the client's.

    ``patience`` is how many seconds reading and writing may take.
    """
    body, typed = content(call)
    return client.build_request(
        call.method,
        httpx.URL(base_url.rstrip("/") + call.path, params=list(call.query) or None),
        content=body,
        headers={**typed, **headers, **call.headers},
        timeout=httpx.Timeout(patience, connect=client.timeout.connect, pool=client.timeout.pool),
    )


async def exchange(
    client: httpx.AsyncClient,
    request: httpx.Request,
    *,
    clock: Clock,
    max_bytes: int,
    on_sent: Callable[[], None],
) -> Answer:
    """Send ``request`` and read its answer, of any status. Raises ``ExchangeFailed``.

    ``on_sent`` is called when the call leaves (or about to, where the transport does not tell).
    """
    mark = on_headers_sent.set(on_sent)
    response: httpx.Response | None = None
    try:
        response = await client.send(request, stream=True)
        body = await _body(response, max_bytes)
        return Answer(
            status=response.status_code,
            headers={name.lower(): value for name, value in response.headers.items()},
            body=body,
            received_at=clock.now(),
        )
    except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL) as failure:
        status = None if response is None else response.status_code
        raise _failed(failure, status) from None
    finally:
        on_headers_sent.reset(mark)
        if response is not None:
            await _close(response)


async def _close(response: httpx.Response) -> None:
    try:
        await response.aclose()
    except httpx.TransportError:
        # The answer is complete or already given up: a connection that breaks while it is put back changes nothing.
        return


def _failed(failure: Exception, status: int | None) -> ExchangeFailed:
    if isinstance(failure, httpx.ConnectTimeout | httpx.PoolTimeout):
        return ExchangeFailed(UpstreamTimeout("No connection to the PMS in time."), sent=False)
    if isinstance(failure, httpx.ConnectError | httpx.ProxyError):
        return ExchangeFailed(UpstreamUnavailable("The PMS could not be reached."), sent=False)
    if isinstance(failure, httpx.TimeoutException):
        return ExchangeFailed(UpstreamTimeout("The PMS did not answer in time."), sent=True)
    if isinstance(failure, httpx.RemoteProtocolError) and status is not None:
        return ExchangeFailed(UpstreamInvalid("The PMS's answer was cut off.", upstream_status=status), sent=True)
    if isinstance(failure, httpx.NetworkError | httpx.RemoteProtocolError):
        error = UpstreamUnavailable("The connection to the PMS broke.", upstream_status=status)
        return ExchangeFailed(error, sent=True)
    return ExchangeFailed(UpstreamInvalid("The PMS's answer is not HTTP.", upstream_status=status), sent=True)


async def _body(response: httpx.Response, max_bytes: int) -> bytes:
    if response.is_stream_consumed:  # a transport that answers from memory
        whole = response.content
        if len(whole) > max_bytes:
            raise _too_large(response.status_code)
        return whole
    length = response.headers.get("content-length", "")
    if response.request.method != "HEAD" and length.isdigit() and int(length[:20]) > max_bytes:
        raise _too_large(response.status_code)
    unpack = _unpacker(response)
    parts: list[bytes] = []
    packed = size = 0
    try:
        async for chunk in response.aiter_raw():
            packed += len(chunk)
            part = unpack(chunk, max_bytes - size + 1)
            size += len(part)
            if size > max_bytes or packed > max_bytes:
                raise _too_large(response.status_code)
            parts.append(part)
    except zlib.error:
        raise _unreadable(response.status_code) from None
    return b"".join(parts)


def _too_large(status: int) -> ExchangeFailed:
    return ExchangeFailed(UpstreamInvalid("The PMS's answer is too large.", upstream_status=status), sent=True)


def _unreadable(status: int) -> ExchangeFailed:
    error = UpstreamInvalid("The PMS's answer is packed in a way that cannot be read.", upstream_status=status)
    return ExchangeFailed(error, sent=True)


def _unpacker(response: httpx.Response) -> Callable[[bytes, int], bytes]:
    """Unpacks chunks, never to more than the bytes asked for: a few packed bytes may hold gigabytes."""
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding in ("", "identity"):
        return lambda chunk, _most: chunk
    if encoding in ("gzip", "x-gzip"):
        return _Inflated(zlib.MAX_WBITS | 16)
    if encoding == "deflate":
        return _Inflated(zlib.MAX_WBITS)
    raise _unreadable(response.status_code)


class _Inflated:
    """Inflates chunk by chunk; servers send "deflate" both with and without the zlib header."""

    def __init__(self, bits: int) -> None:
        self._bits = bits
        self._inflate: Any = zlib.decompressobj(bits)
        self._begun = False

    def __call__(self, chunk: bytes, most: int) -> bytes:
        try:
            part: bytes = self._inflate.decompress(chunk, most)
        except zlib.error:
            if self._begun or self._bits != zlib.MAX_WBITS:
                raise
            self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)
            part = self._inflate.decompress(chunk, most)
        self._begun = True
        return part
