"""The protocol graphql-transport-ws over a real socket: who is let in, and what each wrong frame leads to."""

import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from graph.accounts.keys import Permission
from tests.gateway_world import World, serving, world
from tests.graph.events.happenings import until
from tests.graph.web.socket_client import connected

LISTINGS = "{ listings(first: 2) { nodes { name } } }"
PING = {"type": "ping"}


@pytest.fixture
async def running(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> AsyncIterator[World]:
    """A gateway; when the test is over, nothing went wrong inside it."""
    settings = {"max_subscriptions_per_connection": 3, "max_connections_per_key": 2}
    with caplog.at_level(logging.INFO):
        async with world(tmp_path, bookingsync_accounts=0, max_body_bytes=20_000, **settings) as running:
            yield running
    assert [record for record in caplog.records if record.exc_info or _ours(record)] == []


def _ours(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.ERROR and record.name.startswith(("graph", "providers"))


@pytest.fixture
async def url(running: World) -> AsyncIterator[str]:
    async with serving(running.app) as address:
        yield address


async def test_a_query_is_answered_over_the_socket(running: World, url: str) -> None:
    async with connected(url) as client:
        await client.init(Authorization=f"Bearer {running.key}")

        answer = await client.ask(LISTINGS)

        assert len(answer["data"]["listings"]["nodes"]) == 2
        assert "errors" not in answer


@pytest.mark.parametrize("name", ["Authorization", "authorization", "apiKey", "X-API-Key"])
async def test_the_key_may_have_any_of_its_names(running: World, url: str, name: str) -> None:
    value = f"Bearer {running.key}" if name.lower() == "authorization" else running.key
    async with connected(url) as client:
        await client.init(**{name: value})


async def test_the_key_may_come_with_the_handshake(running: World, url: str) -> None:
    async with connected(url, Authorization=f"Bearer {running.key}") as client:
        await client.send({"type": "connection_init"})
        assert await client.receive() == {"type": "connection_ack"}

        await client.send({"type": "ping", "payload": {"at": 1}})
        assert await client.receive() == {"type": "pong", "payload": {"at": 1}}


@pytest.mark.parametrize(
    "payload",
    [None, {}, {"Authorization": "Bearer sg_" + "x" * 43}, {"apiKey": "nonsense"}, {"Authorization": "Basic eDp5"}],
)
async def test_without_a_valid_key_nobody_is_let_in(running: World, url: str, payload: object) -> None:
    async with connected(url) as client:
        await client.send({"type": "connection_init", "payload": payload})

        code, reason = await client.closed()

    assert code == 4403
    assert "key" in reason


async def test_a_tenant_that_the_key_may_not_act_for_is_refused(running: World, url: str) -> None:
    async with connected(url) as client:
        payload = {"apiKey": running.key, "X-Tenant-Id": "ten_other"}
        await client.send({"type": "connection_init", "payload": payload})

        assert await client.closed() == (4403, "X-Tenant-Id names no tenant that you may act for.")


async def test_an_administrator_acts_for_the_tenant_named(running: World, url: str) -> None:
    tenant = await running.services.tenants.create("Harbour")
    admin = await running.key_with(Permission.ADMIN)
    async with connected(url) as client:
        await client.init(apiKey=admin, **{"X-Tenant-Id": tenant.id})

        answer = await client.ask("{ accounts { nodes { name } } }")

    assert answer["data"]["accounts"]["nodes"] == []


async def test_who_says_nothing_is_let_go(tmp_path: Path) -> None:
    settings = {"connection_init_timeout": 0.5}
    async with (
        world(tmp_path, bookingsync_accounts=0, **settings) as running,
        serving(running.app) as url,
        connected(url) as client,
    ):
        await client.send(PING)
        assert await client.receive() == {"type": "pong"}

        assert await client.closed() == (4408, "Connection initialisation timeout")


async def test_who_says_nothing_makes_room_for_others(
    running: World, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lobby = running.services.guests.lobby
    monkeypatch.setattr(lobby, "_most", 2)
    async with connected(url) as one, connected(url) as two:
        await until(lambda: lobby.count == 2)
        async with connected(url) as three, connected(url) as four:
            for silent in (one, two):
                assert await silent.closed() == (4408, "Connection initialisation timeout")
            for client in (three, four):
                await client.init(apiKey=running.key)
            assert lobby.count == 0
            assert (await three.ask(LISTINGS))["data"]


async def test_only_so_many_connections_of_a_key(running: World, url: str) -> None:
    async with connected(url) as one, connected(url) as two, connected(url) as three:
        await one.init(apiKey=running.key)
        await two.init(apiKey=running.key)
        await three.send({"type": "connection_init", "payload": {"apiKey": running.key}})
        code, reason = await three.closed()
    assert code == 1013
    assert reason.startswith("This key has 2 open connections")

    async with connected(url) as again:
        await again.init(apiKey=running.key)


DEEP = '{"type":' * 1200 + "1" + "}" * 1200
BEFORE = [
    ("not JSON", "hello", 4400),
    ("empty", "", 4400),
    ("not an object", "[1]", 4400),
    ("null", "null", 4400),
    ("no type", "{}", 4400),
    ("unknown type", '{"type": "start"}', 4400),
    ("type is no text", '{"type": ["ping"]}', 4400),
    ("deep nesting", DEEP, 4400),
    ("a number of 6,000 digits", '{"type": "ping", "payload": {"n": ' + "9" * 6000 + "}}", 4400),
    ("a lone surrogate", '{"type": "ping", "payload": {"n": "\\ud800"}}', 4400),
    ("not a number", '{"type": "ping", "payload": {"n": NaN}}', 4400),
    ("binary", b'{"type": "ping"}', 4400),
    ("payload of ping is no object", '{"type": "ping", "payload": 1}', 4400),
    ("payload of pong is no object", '{"type": "pong", "payload": []}', 4400),
    ("payload of connection_init is no object", '{"type": "connection_init", "payload": "key"}', 4400),
    ("too large", json.dumps({"type": "ping", "payload": {"n": "x" * 20_000}}), 1009),
    ("key is no text", '{"type": "connection_init", "payload": {"apiKey": 5}}', 4400),
    ("subscribe before connection_init", '{"type": "subscribe", "id": "1", "payload": {"query": "{ a }"}}', 4401),
]
AFTER = [
    *BEFORE[:-2],
    ("connection_init again", '{"type": "connection_init"}', 4429),
    ("null payload", '{"type": "subscribe", "id": "1", "payload": null}', 4400),
    ("no payload", '{"type": "subscribe", "id": "1"}', 4400),
    ("no id", '{"type": "subscribe", "payload": {"query": "{ a }"}}', 4400),
    ("empty id", '{"type": "subscribe", "id": "", "payload": {"query": "{ a }"}}', 4400),
    ("id is a number", '{"type": "subscribe", "id": 1, "payload": {"query": "{ a }"}}', 4400),
    ("id is a list", '{"type": "subscribe", "id": ["1"], "payload": {"query": "{ a }"}}', 4400),
    ("id is too long", json.dumps({"type": "subscribe", "id": "1" * 201, "payload": {"query": "{ a }"}}), 4400),
    ("no query", '{"type": "subscribe", "id": "1", "payload": {}}', 4400),
    ("query is no text", '{"type": "subscribe", "id": "1", "payload": {"query": 1}}', 4400),
    ("variables are no object", '{"type": "subscribe", "id": "1", "payload": {"query": "{a}", "variables": []}}', 4400),
    ("name is no text", '{"type": "subscribe", "id": "1", "payload": {"query": "{a}", "operationName": 1}}', 4400),
    ("complete without id", '{"type": "complete"}', 4400),
    ("complete with a null id", '{"type": "complete", "id": null}', 4400),
]


@pytest.mark.parametrize(("frame", "code"), [each[1:] for each in BEFORE], ids=[each[0] for each in BEFORE])
async def test_a_wrong_frame_before_being_let_in(url: str, frame: str | bytes, code: int) -> None:
    async with connected(url) as client:
        await client.send(frame)

        found, reason = await client.closed()

    assert found == code
    assert reason


@pytest.mark.parametrize(("frame", "code"), [each[1:] for each in AFTER], ids=[each[0] for each in AFTER])
async def test_a_wrong_frame_after_being_let_in(running: World, url: str, frame: str | bytes, code: int) -> None:
    async with connected(url) as client:
        await client.init(apiKey=running.key)
        await client.send(frame)

        found, reason = await client.closed()

    assert found == code
    assert reason


async def test_a_text_frame_that_is_not_utf8(url: str) -> None:
    async with connected(url) as client:
        await client.connection.send(b"\xff\xfe", text=True)

        code, _ = await client.closed()

    assert code == 1007


async def test_an_id_in_use_closes_the_socket(running: World, url: str) -> None:
    async with connected(url) as client:
        await client.init(apiKey=running.key)
        await client.subscribe("a", "subscription { reservationEvents { id } }")
        await client.subscribe("a", LISTINGS)

        assert await client.closed() == (4409, "Subscriber for a already exists")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ listings {", "INVALID_OPERATION"),
        ("{ nothingOfTheKind }", "INVALID_OPERATION"),
        ("{" + "a{" * 400 + "b" + "}" * 400 + "}", "OPERATION_TOO_LARGE"),
        ("subscription { reservationEvents { id } other: reservationEvents { id } }", "INVALID_OPERATION"),
        ("query A { providers { code } } query B { providers { name } }", "INVALID_OPERATION"),
        ("fragment A on Query { providers { code } }", "INVALID_OPERATION"),
    ],
)
async def test_an_operation_that_cannot_begin_is_an_error_of_its_own(
    running: World, url: str, query: str, code: str
) -> None:
    async with connected(url) as client:
        await client.init(apiKey=running.key)
        await client.subscribe("a", query)
        answer = await client.receive()

        assert (answer["id"], answer["type"]) == ("a", "error")
        assert answer["payload"][0]["extensions"]["code"] == code
        assert "data" in await client.ask(LISTINGS)


async def test_fields_that_fail_stand_beside_the_data(running: World, url: str) -> None:
    async with connected(url) as client:
        await client.init(apiKey=running.key)

        answer = await client.ask('{ listing(id: "x") { name } accounts { nodes { name } } }')

    assert answer["data"]["accounts"]["nodes"]
    assert answer["errors"][0]["extensions"]["code"] == "BAD_INPUT"


async def test_mutations_need_their_permission_over_the_socket_too(running: World, url: str) -> None:
    mutation = 'mutation { createApiKey(input: {name: "x"}) { userErrors { code } secret } }'
    for key, allowed in ((running.key, False), (await running.key_with(Permission.ADMIN), True)):
        async with connected(url) as client:
            await client.init(apiKey=key)
            answer = await client.ask(mutation)
        assert bool((answer.get("data") or {}).get("createApiKey")) is allowed
        assert ("errors" in answer) is not allowed


async def test_only_so_many_operations_at_a_time(running: World, url: str) -> None:
    async with connected(url) as client:
        await client.init(apiKey=running.key)
        for id_ in "abc":
            await client.subscribe(id_, "subscription { reservationEvents { id } }")
        await client.subscribe("d", LISTINGS)
        refused = await client.receive()
        assert (refused["id"], refused["type"]) == ("d", "error")
        assert refused["payload"][0]["extensions"]["code"] == "TOO_MANY_SUBSCRIPTIONS"

        await client.send({"id": "a", "type": "complete"}, {"id": "unknown", "type": "complete"})
        assert "data" in await client.ask(LISTINGS)


@pytest.mark.parametrize("protocols", [(), ("graphql-ws",)])
async def test_another_protocol_is_not_spoken(url: str, protocols: tuple[str, ...]) -> None:
    async with connected(url, protocols=protocols) as client:
        assert (await client.closed())[0] == 4406


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", "nonsense"])
async def test_pages_of_a_foreign_origin_are_refused(url: str, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with connected(url, origin=origin):
            pass
    assert refused.value.response.status_code == 403


async def test_our_own_pages_may_connect(running: World, url: str) -> None:
    async with connected(url, origin=url) as client:
        await client.init(apiKey=running.key)


async def test_pages_of_allowed_origins_may_connect(tmp_path: Path) -> None:
    origins = ["https://app.example.com"]
    settings = {"allowed_origins": origins, "public_url": "https://graph.example.com/pms"}
    async with world(tmp_path, bookingsync_accounts=0, **settings) as running, serving(running.app) as url:
        for origin in (*origins, "https://graph.example.com"):
            async with connected(url, origin=origin) as client:
                await client.init(apiKey=running.key)
        with pytest.raises(InvalidStatus):
            async with connected(url, origin="https://app.example.com.evil.example"):
                pass


async def test_a_client_that_goes_away_leaves_nothing_behind(running: World, url: str) -> None:
    subscribers = running.services.subscribers
    async with connected(url) as client:
        await client.init(apiKey=running.key)
        await client.subscribe("a", "subscription { reservationEvents { id } }")
        await until(lambda: subscribers.count == 1)
        client.connection.transport.abort()
        await until(lambda: subscribers.count == 0)
