"""Answers that break off, and answers that never come."""

import asyncio
from collections.abc import Awaitable, Callable

import httpx
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from providers.simulation.faults import LONGEST

CUT_AFTER = 10
"""Bytes of the answer that get through before a cut."""

Part = Callable[[bytes], bytes]


def first_bytes(body: bytes) -> bytes:
    return body[:CUT_AFTER] if len(body) > CUT_AFTER else b""


def first_half(body: bytes) -> bytes:
    return body[: len(body) // 2]


async def break_off(app: ASGIApp, scope: Scope, receive: Receive, send: Send, part: Part) -> None:
    """Send the app's headers with the full content-length, then only ``part`` of its body, and close.

    Under a real server the connection ends before the promised length. In process there is no connection:
    ``httpx.RemoteProtocolError`` is raised, which is what the caller would have seen.
    """
    start, body = await _whole_answer(app, scope, receive)
    headers = [(name, value) for name, value in start["headers"] if name.lower() != b"content-length"]
    headers.append((b"content-length", str(max(len(body), 1)).encode()))
    await send({**start, "headers": headers})
    await send({"type": "http.response.body", "body": part(body), "more_body": True})
    if _in_process(scope):
        raise httpx.RemoteProtocolError("peer closed connection without sending complete message body")


async def never_answer(scope: Scope, receive: Receive, send: Send, sleep: Callable[[float], Awaitable[None]]) -> None:
    """Answer nothing until the caller has gone, or for 120 seconds; then close the connection."""
    gone = asyncio.ensure_future(_gone(receive))
    patience = asyncio.ensure_future(sleep(LONGEST))
    try:
        await asyncio.wait((gone, patience), return_when=asyncio.FIRST_COMPLETED)
    finally:
        gone.cancel()
        patience.cancel()
    if not gone.done() or gone.cancelled():
        await break_off(_empty, scope, receive, send, first_bytes)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _empty(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def _whole_answer(app: ASGIApp, scope: Scope, receive: Receive) -> tuple[Message, bytes]:
    start: Message = {}
    body = bytearray()

    async def collect(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        elif message["type"] == "http.response.body":
            body.extend(message.get("body", b""))

    await app(scope, receive, collect)
    return start, bytes(body)


def _in_process(scope: Scope) -> bool:
    """Servers name the version of the ASGI specification that they follow; in-process transports do not."""
    return "spec_version" not in scope.get("asgi", {})
