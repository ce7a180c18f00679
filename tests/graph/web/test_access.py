"""Who may come in, and what a request must look like."""

import json

import pytest

from tests.gateway_world import World


async def test_every_operation_needs_a_key(running: World) -> None:
    for query in ("{ accounts { totalCount } }", "{ __schema { queryType { name } } }"):
        answer = await running.client.post("/graphql", json={"query": query})
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_wrong_key_and_a_revoked_key_are_refused(running: World) -> None:
    wrong = await running.post("{ accounts { totalCount } }", None, Authorization="Bearer sg_wrong")
    assert wrong.status_code == 401
    key, secret = await running.services.keys.create("default", "second")
    bearer = f"Bearer {secret}"
    assert (await running.post("{ accounts { totalCount } }", None, Authorization=bearer)).status_code == 200
    await running.services.keys.revoke("default", key.id)
    assert (await running.post("{ accounts { totalCount } }", None, Authorization=bearer)).status_code == 401


async def test_the_key_may_come_in_a_header_of_its_own(running: World) -> None:
    answer = await running.client.post(
        "/graphql", json={"query": "{ accounts { totalCount } }"}, headers={"X-API-Key": running.key}
    )
    assert answer.json() == {"data": {"accounts": {"totalCount": 3}}}


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        (b"{", 400, "not JSON"),
        (b"[]", 400, "not a JSON object"),
        (b"{}", 400, "query is missing"),
        (b'{"query": 7}', 400, "query is missing"),
        (b'{"query": "{a}", "variables": []}', 400, "variables is not an object"),
        (b'{"query": "{a}", "operationName": 3}', 400, "operationName is not a text"),
        (b"\xff\xfe", 400, "not JSON"),
        (b"[" * 100_000, 400, "not JSON"),
        (b'{"query": "' + b"x" * 2_000_000 + b'"}', 413, "larger than"),
    ],
)
async def test_a_body_that_is_no_operation_is_refused(running: World, body: bytes, status: int, says: str) -> None:
    headers = {"Authorization": f"Bearer {running.key}", "Content-Type": "application/json"}
    answer = await running.client.post("/graphql", content=body, headers=headers)
    assert answer.status_code == status
    assert says in answer.json()["errors"][0]["message"]


async def test_only_json_by_post_is_accepted(running: World) -> None:
    headers = {"Authorization": f"Bearer {running.key}", "Content-Type": "text/plain"}
    body = json.dumps({"query": "{ accounts { totalCount } }"})
    assert (await running.client.post("/graphql", content=body, headers=headers)).status_code == 415
    assert (await running.client.get("/graphql?query={accounts{totalCount}}")).status_code == 405
    assert (await running.client.put("/graphql", content=body)).status_code == 405


TWO = "query A { accounts { totalCount } } query B { providers { code } }"


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
@pytest.mark.parametrize(
    ("query", "name", "problem"),
    [
        (TWO, "C", "no operation of the name"),
        (TWO, "", "no operation of the name"),
        (TWO, None, "operationName must name one"),
        ("{ providers { code } }", "A", "no operation of the name"),
        ("fragment A on Query { providers { code } }", None, "holds no operation"),
        ("subscription A { reservationEvents { id } }", "B", "no operation of the name"),
    ],
)
async def test_which_operation_is_meant_must_be_clear(
    running: World, query: str, name: str | None, problem: str, accept: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await running.client.post(
        "/graphql",
        json={"query": query, "operationName": name},
        headers={"Authorization": f"Bearer {running.key}", "Accept": accept},
    )

    assert answer.status_code == 200
    text = answer.text.partition("data: ")[2].partition("\n")[0] if "event" in accept else answer.text
    (error,) = json.loads(text)["errors"]
    assert error["extensions"]["code"] == "INVALID_OPERATION"
    assert problem in error["message"]
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_one_of_several_operations_is_run_by_its_name(running: World) -> None:
    answer = await running.client.post(
        "/graphql",
        json={"query": TWO, "operationName": "B"},
        headers={"Authorization": f"Bearer {running.key}"},
    )
    assert answer.json()["data"].keys() == {"providers"}


async def test_browsers_get_the_explorer_without_a_key_in_it(running: World) -> None:
    answer = await running.client.get("/graphql", headers={"Accept": "text/html"})
    assert answer.status_code == 200
    assert "StayGraph" in answer.text
    assert "Content-Security-Policy" in answer.headers
    assert running.key not in answer.text


async def test_health_asks_nobody(running: World) -> None:
    assert (await running.client.get("/health")).json() == {"status": "ok"}
    assert not running.calls
