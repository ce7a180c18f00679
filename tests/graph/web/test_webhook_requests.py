"""Requests to addresses of webhooks, before anybody looks whether a PMS sent them: paths, methods, origins, bodies."""

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Scope

from graph.events.receiving import Receipt, Receiving
from graph.web import gate
from graph.web.connections import HttpConnection
from providers.webhooks import WebhookRequest
from tests.gateway_world import World, serving, world
from tests.graph.events.webhook_world import RESERVATION, address, basic, opened, rows, send

ADDRESS = "/webhooks/hostaway/some-token"
ORIGIN = "https://app.example.com"


@pytest.fixture
async def seen(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, WebhookRequest]]:
    """What reaches ``Receiving``, which keeps nothing."""
    seen: list[tuple[str, str, WebhookRequest]] = []

    async def receive(_: Receiving, provider: str, token: str, request: WebhookRequest) -> Receipt:
        seen.append((provider, token, request))
        return Receipt.KEPT

    monkeypatch.setattr(Receiving, "receive", receive)
    return seen


@pytest.fixture
async def open_to_pages(tmp_path: Path) -> AsyncIterator[World]:
    """A gateway whose API pages of one origin may use."""
    settings: dict[str, Any] = {"hostaway_accounts": 1, "bookingsync_accounts": 0, "listings": 1}
    async with world(tmp_path, allowed_origins=[ORIGIN], **settings) as running:
        yield running


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_other_methods_are_told_which_one_is_right(running: World, method: str) -> None:
    answer = await send(running, ADDRESS, b"", method=method)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert answer.content == (b"" if method == "HEAD" else b'{"detail":"Method Not Allowed"}')


@pytest.mark.parametrize(
    "path", ["/webhooks", "/webhooks/hostaway", "/webhooks//", "/webhooks//token", "/webhooks/a/b/c", "/x/webhooks/a/b"]
)
async def test_what_is_no_such_path_is_not_found(
    running: World, path: str, seen: list[tuple[str, str, WebhookRequest]]
) -> None:
    answer = await send(running, path, RESERVATION)
    assert (answer.status_code, answer.content) == (404, b'{"detail":"Not Found"}')
    assert seen == []


async def test_a_slash_too_many_is_pointed_out(running: World) -> None:
    answer = await send(running, f"{ADDRESS}/", RESERVATION)
    assert (answer.status_code, httpx.URL(answer.headers["location"]).path) == (307, ADDRESS)


async def test_provider_token_headers_and_body_are_handed_on(
    running: World, seen: list[tuple[str, str, WebhookRequest]]
) -> None:
    headers = [("X-Sign", "first"), ("X-SIGN", "second"), ("X-Bytes", "\xff\x80")]
    request = httpx.Request(
        "POST",
        "http://gateway.test/webhooks/Host%20away/a%2Bb?c=d",
        headers=[(name.encode(), value.encode("latin-1")) for name, value in headers],
        content=b"hello",
    )
    assert (await running.client.send(request)).status_code == 200
    ((provider, token, sent),) = seen
    assert (provider, token, sent.body) == ("Host away", "a+b", b"hello")
    # Of two headers with one name the first counts.
    assert (sent.headers["x-sign"], sent.headers["x-bytes"]) == ("first", "\xff\x80")


async def test_of_two_proofs_the_first_counts(running: World) -> None:
    to = await address(running)
    right, wrong = to.basic["Authorization"], basic("staygraph", "x")["Authorization"]
    for proofs, status in (((right, wrong), 200), ((wrong, right), 401)):
        answer = await running.client.post(to.path, content=b"{}", headers=[("Authorization", each) for each in proofs])
        assert answer.status_code == status


async def test_pages_of_allowed_origins_are_answered_as_everywhere(open_to_pages: World) -> None:
    to = await address(open_to_pages)
    for headers, status in ((to.basic, 200), ({}, 401)):
        answer = await send(open_to_pages, to.path, RESERVATION, headers | {"Origin": ORIGIN})
        assert answer.status_code == status
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        assert answer.headers["vary"] == "Origin"
    foreign = await send(open_to_pages, to.path, RESERVATION, to.basic | {"Origin": "https://other.example.com"})
    assert foreign.status_code == 200
    assert "access-control-allow-origin" not in foreign.headers
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
    assert (await send(open_to_pages, to.path, b"", asked, method="OPTIONS")).text == "OK"


async def test_a_fault_of_ours_is_answered_without_a_word_of_it(
    running: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> Receipt:
        raise ZeroDivisionError("secret words")

    monkeypatch.setattr(Receiving, "receive", fail)
    client = httpx.AsyncClient(transport=httpx.ASGITransport(running.app, raise_app_exceptions=False))
    async with client:
        answer = await client.post(f"http://gateway.test{ADDRESS}", content=b"{}")
    assert (answer.status_code, answer.text) == (500, "Internal Server Error")


def pieces(*bodies: bytes, last: Message | None = None) -> Iterator[Message]:
    """What a server hands over of a body that comes in pieces."""
    for number, body in enumerate(bodies, start=1):
        yield {"type": "http.request", "body": body, "more_body": last is not None or number < len(bodies)}
    if last is not None:
        yield last


async def answered(app: ASGIApp, path: str, headers: dict[str, str], parts: Iterator[Message]) -> int:
    """The status of the answer to a body in ``parts``; when there are no more, the sender is silent for ever."""
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": raw}
    sent: list[Message] = []

    async def receive() -> Message:
        # A server that has to wait, and is woken.
        await asyncio.sleep(0)
        for part in parts:
            return part
        for_ever: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        return await for_ever

    async def note(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, note)
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    return int(sent[0]["status"])


async def test_a_body_in_pieces_is_kept_whole(running: World) -> None:
    to = await address(running)
    parts = pieces(b'{"event"', b"", b': "reservation', b'.updated"}', b"")
    assert await answered(running.app, to.path, to.basic, parts) == 200
    (row,) = await rows(running)
    assert opened(running, row) == b'{"event": "reservation.updated"}'


async def test_a_body_in_pieces_is_refused_as_soon_as_it_is_too_large(running: World) -> None:
    to = await address(running)
    parts = pieces(*[b"x" * 300_000] * 10)
    assert await answered(running.app, to.path, to.basic, parts) == 413
    assert len(list(parts)) == 6


@pytest.mark.parametrize("begun", [(), (b'{"event"',), (b"", b"{", b"")])
@pytest.mark.parametrize("gone", [None, {"type": "http.disconnect"}])
async def test_a_body_that_does_not_come_whole_is_to_come_again(
    running: World, begun: tuple[bytes, ...], gone: Message | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "BODY_SECONDS", 0.02)
    to = await address(running)
    parts = pieces(*begun, last=gone or {"type": "http.request", "body": b"", "more_body": True})
    assert await answered(running.app, to.path, to.basic, parts) == 503
    assert await rows(running) == []


async def test_pieces_do_not_make_the_time_longer(running: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "BODY_SECONDS", 0.05)

    def trickling() -> Iterator[Message]:
        while True:
            yield {"type": "http.request", "body": b"", "more_body": True}

    async with asyncio.timeout(10):
        assert await answered(running.app, ADDRESS, {}, trickling()) == 503


async def test_who_is_let_go_while_the_body_is_awaited_leaves_nothing_behind(running: World) -> None:
    waiting: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
    left = asyncio.Event()

    async def receive() -> Message:
        try:
            return await waiting
        finally:
            left.set()

    async def note(_: Message) -> None: ...

    scope = {"type": "http", "method": "POST", "path": ADDRESS, "query_string": b"", "headers": []}
    task = asyncio.ensure_future(running.app(scope, receive, note))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert left.is_set()


async def test_over_a_socket_head_and_body_may_come_apart(running: World, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: asyncio.Queue[int] = asyncio.Queue()
    data_received = HttpConnection.data_received

    def told(here: HttpConnection, data: bytes) -> None:
        data_received(here, data)
        taken.put_nowait(len(data))

    to = await address(running)
    body = b'{"event": "reservation.updated"}'
    head = f"POST {to.path} HTTP/1.1\r\nHost: x\r\nAuthorization: {to.basic['Authorization']}\r\n".encode()
    async with serving(running.app) as url, asyncio.timeout(10):
        monkeypatch.setattr(HttpConnection, "data_received", told)
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        for length in (len(body), len(body) + 1):
            sent = body.ljust(length)
            for part in (head, f"Content-Length: {length}\r\n\r\n".encode(), sent[:9], sent[9:]):
                writer.write(part)
                assert await taken.get() == len(part)
            said = (await reader.readuntil(b"\r\n\r\n")).lower()
            assert said.startswith(b"http/1.1 200 ok\r\n")
            assert b"content-length: 0\r\n" in said
        writer.close()
        await writer.wait_closed()
    assert [opened(running, row) for row in await rows(running)] == [body, body + b" "]


async def calls(app: ASGIApp) -> int:
    """How many calls of functions a webhook takes through ``app``."""

    async def receive() -> Message:
        return {"type": "http.request", "body": b"{}", "more_body": False}

    async def note(_: Message) -> None: ...

    headers = [(name.encode(), b"some value") for name in ("host", "authorization", "content-type", "content-length")]
    counted: Counter[str] = Counter()

    def count(_: object, event: str, __: object) -> None:
        counted[event] += 1

    for turn in range(2):
        scope: Scope = {"type": "http", "method": "POST", "path": ADDRESS, "query_string": b"", "headers": headers}
        if turn:
            # What is made once is made by now.
            sys.setprofile(count)
        try:
            await app(scope, receive, note)
        finally:
            sys.setprofile(None)
    return counted["call"] + counted["c_call"]


@pytest.mark.usefixtures("seen")
async def test_the_way_of_a_webhook_is_no_longer_than_that_to_a_route_of_an_empty_app(running: World) -> None:
    async def take(request: Request) -> Response:
        await request.body()
        return Response(status_code=200)

    empty = FastAPI(openapi_url=None, routes=[Route("/webhooks/{provider}/{token}", take, methods=["POST"])])
    assert await calls(running.app) < await calls(empty)
