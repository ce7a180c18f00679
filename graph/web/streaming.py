"""Answers that go on: server-sent events and multipart subscriptions, over HTTP.

Server-sent events as graphql-sse has them in its distinct connections mode
(https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md); multipart as Apollo's clients want it
(https://www.apollographql.com/docs/graphos/routing/operations/subscriptions/multipart-protocol).
"""

import asyncio
from contextlib import aclosing, suppress
from typing import Protocol

from graphql import GraphQLError, OperationDefinitionNode, OperationType, parse
from starlette.types import Message, Receive, Send

from graph.web.guests import Guest
from graph.web.operations import Answer, OperationRequest, Operations

SEND_SECONDS = 30.0
"""How long a client may take no byte of what waits for it."""

_UNBUFFERED = {
    # Proxies must pass each part on as it comes, unchanged.
    "Cache-Control": "no-cache, no-transform",
    "X-Accel-Buffering": "no",
}


class Framing(Protocol):
    """How answers stand in a body that goes on. ``heartbeat_seconds``: how often it says that it is still there."""

    content_type: str
    heartbeat_seconds: float
    beginning: str
    heartbeat: str
    end: str

    def answer(self, answer: Answer) -> str:
        """One answer. Its JSON has no line breaks."""
        ...


class ServerSentEvents:
    """``text/event-stream``."""

    content_type = "text/event-stream; charset=utf-8"
    heartbeat_seconds = 12.0
    beginning = ":\n\n"
    heartbeat = ":\n\n"
    end = "event: complete\ndata: \n\n"

    def answer(self, answer: Answer) -> str:
        return f"event: next\ndata: {answer.text}\n\n"


class Multipart:
    """``multipart/mixed`` with ``subscriptionSpec=1.0``. Each part ends with the next one's boundary: it is whole."""

    content_type = 'multipart/mixed; boundary="graphql"; subscriptionSpec="1.0"'
    heartbeat_seconds = 5.0
    beginning = "--graphql"
    end = "--\r\n"

    def __init__(self) -> None:
        self.heartbeat = self._part("{}")

    def answer(self, answer: Answer) -> str:
        if answer.refused is not None:
            return self._part(f'{{"payload":null,"errors":{answer.refused}}}')
        return self._part(f'{{"payload":{answer.text}}}')

    def _part(self, text: str) -> str:
        return f"\r\nContent-Type: application/json; charset=utf-8\r\n\r\n{text}\r\n--graphql"


SERVER_SENT_EVENTS: Framing = ServerSentEvents()
MULTIPART: Framing = Multipart()


def wanted_framing(accept: str, request: OperationRequest) -> Framing | None:
    """How the answer is to go on; None for one answer in JSON.

    Clients that take JSON as well get a stream of subscriptions only.
    """
    ranges = [_media_range(part) for part in accept.split(",")]
    framings = [framing for media, spec in ranges if (framing := _framing(media, spec)) is not None]
    if not framings:
        return None
    takes_json = any(media in ("application/json", "application/graphql-response+json") for media, _ in ranges)
    return framings[0] if not takes_json or _subscribes(request) else None


def _media_range(part: str) -> tuple[str, str]:
    media, *parameters = (each.strip() for each in part.split(";"))
    named = dict(each.lower().partition("=")[::2] for each in parameters)
    return media.lower(), named.get("subscriptionspec", "").strip("'\" ")


def _framing(media: str, spec: str) -> Framing | None:
    if media == "text/event-stream":
        return SERVER_SENT_EVENTS
    return MULTIPART if media == "multipart/mixed" and spec.startswith("1.0") else None


MAX_TOKENS = 100_000


def _subscribes(request: OperationRequest) -> bool:
    try:
        document = parse(request.query, no_location=True, max_tokens=MAX_TOKENS)
    except (GraphQLError, RecursionError):
        return False
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    name = request.operation_name
    return any(
        each.operation is OperationType.SUBSCRIPTION and (name is None or (each.name and each.name.value == name))
        for each in operations
    )


class Stream:
    """A response that goes on until the operation, the client or the client's permission ends."""

    def __init__(self, operations: Operations, request: OperationRequest, framing: Framing) -> None:
        self._operations = operations
        self._request = request
        self._framing = framing
        self._sending = asyncio.Lock()

    async def run(self, guest: Guest, receive: Receive, send: Send) -> None:
        """Answer until one of these ends."""
        headers = {"Content-Type": self._framing.content_type, **_UNBUFFERED}
        raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": 200, "headers": raw})
        tasks = [asyncio.create_task(each) for each in (self._write(guest, send), self._beat(send), _gone(receive))]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            with suppress(TimeoutError):
                # A client that takes nothing is let go.
                task.result()

    async def _write(self, guest: Guest, send: Send) -> None:
        framing = self._framing
        await self._send(send, framing.beginning)
        async with aclosing(self._operations.answers(guest.viewer, guest.lifetime, self._request)) as answers:
            async for answer in answers:
                await self._send(send, framing.answer(answer))
        await self._send(send, framing.end, more=False)

    async def _beat(self, send: Send) -> None:
        while True:
            await asyncio.sleep(self._framing.heartbeat_seconds)
            await self._send(send, self._framing.heartbeat)

    async def _send(self, send: Send, text: str, *, more: bool = True) -> None:
        message: Message = {"type": "http.response.body", "body": text.encode(), "more_body": more}
        async with self._sending, asyncio.timeout(SEND_SECONDS):
            await send(message)


async def _gone(receive: Receive) -> None:
    """Wait until the client is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
