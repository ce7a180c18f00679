"""Following reservation events over HTTP: server-sent events, and multipart as Apollo's clients want it."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from graph.web import connections, streaming
from tests.gateway_world import World, serving, world
from tests.graph.events.happenings import happened, until

FOLLOW = "subscription($after: String) { reservationEvents(after: $after) { cursor reservation { providerId } } }"
MULTIPART = 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0,application/json'
EVENTS = "text/event-stream"


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[World]:
    settings = {"max_connections_per_key": 2, "max_waiting_events": 5}
    async with world(tmp_path, hostaway_accounts=1, bookingsync_accounts=0, **settings) as running:
        yield running


@pytest.fixture
async def url(running: World) -> AsyncIterator[str]:
    async with serving(running.app) as address:
        yield address


@asynccontextmanager
async def asked(
    running: World, url: str, query: str, accept: str, key: str | None = None, **variables: Any
) -> AsyncIterator[aiohttp.ClientResponse]:
    headers = {"Authorization": f"Bearer {key or running.key}", "Accept": accept}
    body = {"query": query, "variables": variables}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{url}/graphql", json=body, headers=headers) as answer,
    ):
        yield answer


async def event(answer: aiohttp.ClientResponse) -> tuple[str, Any]:
    """The next server-sent event; comments are passed over."""
    while True:
        block = (await answer.content.readuntil(b"\n\n")).decode()
        fields = dict(line.split(": ", 1) for line in block.strip("\n").split("\n") if line and line[0] != ":")
        if fields:
            data = fields["data"].strip()
            return fields["event"], json.loads(data) if data else None


async def part(answer: aiohttp.ClientResponse) -> Any:
    """The next part of a multipart body; heartbeats are passed over. None at its end."""
    while True:
        raw = await answer.content.readuntil(b"--graphql")
        if not (raw := raw.removesuffix(b"--graphql")):
            continue
        head, _, body = raw.partition(b"\r\n\r\n")
        assert head == b"\r\nContent-Type: application/json; charset=utf-8"
        if found := json.loads(body):
            return found


async def test_server_sent_events(running: World, url: str) -> None:
    async with asked(running, url, FOLLOW, EVENTS) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        assert answer.headers["Cache-Control"] == "no-cache, no-transform"
        assert answer.headers["X-Accel-Buffering"] == "no"
        await until(lambda: running.services.subscribers.count)
        await happened(running, "1", "2")

        first, second = await event(answer), await event(answer)

    assert [kind for kind, _ in (first, second)] == ["next", "next"]
    found = [each["data"]["reservationEvents"]["reservation"]["providerId"] for _, each in (first, second)]
    assert found == ["1", "2"]
    await until(lambda: not running.services.subscribers.count)


async def test_a_multipart_subscription(running: World, url: str) -> None:
    async with asked(running, url, FOLLOW, MULTIPART) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"] == 'multipart/mixed; boundary="graphql"; subscriptionSpec="1.0"'
        await until(lambda: running.services.subscribers.count)
        await happened(running, "1")

        payload = (await part(answer))["payload"]
        running.services.guests.stop()
        last = await part(answer)
        assert await answer.content.read() == b"--\r\n"

    assert payload["data"]["reservationEvents"]["reservation"]["providerId"] == "1"
    assert last["payload"] is None
    extensions = last["errors"][0]["extensions"]
    assert extensions == {"code": "SERVER_STOPPING", "cursor": payload["data"]["reservationEvents"]["cursor"]}


async def test_resuming_over_another_transport(running: World, url: str) -> None:
    async with asked(running, url, FOLLOW, EVENTS) as answer:
        await until(lambda: running.services.subscribers.count)
        await happened(running, "1", "2")
        _, first = await event(answer)

    after = first["data"]["reservationEvents"]["cursor"]
    async with asked(running, url, FOLLOW, MULTIPART, after=after) as answer:
        assert (await part(answer))["payload"]["data"]["reservationEvents"]["reservation"]["providerId"] == "2"


async def test_a_stream_ends_with_its_key(running: World, url: str) -> None:
    key, secret = await running.services.keys.create("default", "k")
    async with asked(running, url, FOLLOW, EVENTS, secret) as answer:
        await until(lambda: running.services.subscribers.count)
        await running.services.keys.revoke("default", key.id)
        async with asyncio.timeout(3):
            kind, payload = await event(answer)
            assert await event(answer) == ("complete", None)
            assert await answer.content.read() == b""

    assert kind == "next"
    assert payload["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_query_over_server_sent_events(running: World, url: str) -> None:
    async with asked(running, url, "{ accounts { nodes { name } } }", EVENTS) as answer:
        assert await event(answer) == ("next", {"data": {"accounts": {"nodes": [{"name": "HOSTAWAY 1"}]}}})
        assert await event(answer) == ("complete", None)


@pytest.mark.parametrize("accept", [f"{EVENTS}, application/json", MULTIPART, "application/json", "*/*"])
async def test_who_takes_json_gets_it_for_queries(running: World, url: str, accept: str) -> None:
    async with asked(running, url, "{ accounts { nodes { name } } }", accept) as answer:
        assert answer.headers["Content-Type"] == "application/json"
        assert (await answer.json())["data"]["accounts"]["nodes"]


async def test_errors_before_it_begins(running: World, url: str) -> None:
    unknown = 'subscription { reservationEvents(after: "x") { id } }'
    for query in ("subscription { nothing }", "subscription {", unknown):
        async with asked(running, url, query, EVENTS) as answer:
            kind, payload = await event(answer)
            assert kind == "next"
            assert payload["errors"][0]["extensions"]["code"] in ("INVALID_OPERATION", "BAD_INPUT")
            assert await event(answer) == ("complete", None)


async def test_a_subscription_for_one_answer_is_told_how_to_follow(running: World, url: str) -> None:
    async with asked(running, url, FOLLOW, "application/json") as answer:
        assert answer.status == 400
        assert "text/event-stream" in (await answer.json())["errors"][0]["message"]


async def test_nobody_is_streamed_to_without_a_key(running: World, url: str) -> None:
    async with asked(running, url, FOLLOW, EVENTS, "sg_" + "x" * 43) as answer:
        assert answer.status == 401
        assert (await answer.json())["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_streams_count_as_connections(running: World, url: str) -> None:
    async with asked(running, url, FOLLOW, EVENTS), asked(running, url, FOLLOW, MULTIPART):
        await until(lambda: running.services.subscribers.count == 2)
        async with asked(running, url, FOLLOW, EVENTS) as third:
            assert third.status == 429
            assert (await third.json())["errors"][0]["extensions"]["code"] == "TOO_MANY_CONNECTIONS"
    await until(lambda: not running.services.subscribers.count)
    async with asked(running, url, FOLLOW, EVENTS) as again:
        assert again.status == 200


@pytest.mark.parametrize(("accept", "beat"), [(EVENTS, b":\n\n"), (MULTIPART, b"\r\n\r\n{}\r\n--graphql")])
async def test_heartbeats_keep_it_open(
    running: World, url: str, accept: str, beat: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming.SERVER_SENT_EVENTS, "heartbeat_seconds", 0.01)
    monkeypatch.setattr(streaming.MULTIPART, "heartbeat_seconds", 0.01)
    async with asked(running, url, FOLLOW, accept) as answer:
        for _ in range(3):
            await answer.content.readuntil(beat)


ALIASES = " ".join(f"a{number}: providerId" for number in range(90))
LARGE = f"subscription {{ reservationEvents {{ cursor reservation {{ providerId {ALIASES} }} }} }}"


@asynccontextmanager
async def unread(running: World, url: str, accept: str) -> AsyncIterator[asyncio.StreamReader]:
    """The answer to a client that reads nothing yet, and holds little of what it does not read."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
    made.connect(("127.0.0.1", int(url.rpartition(":")[2])))
    reader, writer = await asyncio.open_connection(sock=made, limit=4096)
    body = json.dumps({"query": LARGE})
    head = f"POST /graphql HTTP/1.1\r\nHost: x\r\nX-API-Key: {running.key}\r\nAccept: {accept}\r\n"
    writer.write(f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
    try:
        yield reader
    finally:
        writer.transport.abort()


async def number_of(answer: aiohttp.ClientResponse) -> str:
    """The PMS's id of the reservation that the next event is about."""
    found: str = (await event(answer))[1]["data"]["reservationEvents"]["reservation"]["providerId"]
    return found


@pytest.mark.parametrize("accept", [EVENTS, MULTIPART])
async def test_a_stream_that_is_not_read_is_told_to_resume_and_holds_up_nobody(running: World, accept: str) -> None:
    async with (
        serving(running.app, sent_ahead=16_384) as url,
        unread(running, url, accept) as slow,
        asked(running, url, FOLLOW, EVENTS) as quick,
    ):
        await until(lambda: running.services.subscribers.count == 2)

        sent: list[str] = []
        while running.services.subscribers.count == 2:
            batch = [f"{number:0200}" for number in range(len(sent), len(sent) + 5)]
            await happened(running, *batch)
            assert [await number_of(quick) for _ in batch] == batch
            sent += batch
            assert len(sent) < 1_000, "it was never let go"

        said = (await all_of(slow)).decode()
        assert said.count("SUBSCRIBER_TOO_SLOW") == 1
        told = said.count('"providerId":')
        assert 0 < told < len(sent)
        cursor = said.partition("SUBSCRIBER_TOO_SLOW")[2].partition('"cursor":"')[2].partition('"')[0]
        async with asked(running, url, FOLLOW, EVENTS, after=cursor) as again:
            assert await number_of(again) == sent[told]
        await happened(running, "last")
        assert await number_of(quick) == "last"


async def all_of(reader: asyncio.StreamReader) -> bytes:
    """All of an answer in chunks."""
    said = b""
    async with asyncio.timeout(10):
        while not said.endswith(b"0\r\n\r\n"):
            said += await reader.read(65_536)
    return said


async def test_a_stream_that_is_never_read_is_dropped_quietly(
    running: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(connections, "STALL_SECONDS", 0.1)
    async with serving(running.app, sent_ahead=16_384) as url, unread(running, url, EVENTS):
        await until(lambda: running.services.subscribers.count == 1)
        async with asyncio.timeout(20):
            while running.services.guests._here:
                await happened(running, *(f"{number:0200}" for number in range(5)))
                await asyncio.sleep(0.01)
        assert [record for record in caplog.records if record.levelname == "ERROR"] == []
