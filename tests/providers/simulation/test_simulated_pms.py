import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Scope

from providers.simulation import control
from providers.simulation.simulated import SimulatedPms

BODY = {"rows": list(range(50))}


async def rows(request: Request) -> Response:
    return JSONResponse(BODY)


def account_of(scope: Scope) -> str | None:
    return {name: value.decode() for name, value in scope["headers"]}.get(b"x-account")


def pms(**options: Any) -> SimulatedPms:
    app = Starlette(routes=[Route("/rows", rows, methods=["GET", "POST"]), Route("/other", rows)])
    return SimulatedPms(
        app, account_of=account_of, now=lambda: datetime(2027, 3, 4, tzinfo=UTC), **{"sleep": Naps(), **options}
    )


class Naps:
    """A sleep that takes no time and remembers how long it would have been."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        await asyncio.sleep(0)


@asynccontextmanager
async def in_process(app: SimulatedPms) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://pms") as client:
        yield client


@asynccontextmanager
async def served(app: SimulatedPms) -> AsyncIterator[httpx.AsyncClient]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
        running = asyncio.create_task(server.serve(sockets=[listener]))
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        try:
            async with httpx.AsyncClient(base_url=address, timeout=5) as client:
                yield client
        finally:
            server.should_exit = True
            await running


Serving = Callable[[SimulatedPms], Any]
both_ways = pytest.mark.parametrize("serving", [in_process, served])


async def break_with(client: httpx.AsyncClient, **fault: Any) -> None:
    assert (await client.post("/_control/faults", json=fault)).status_code == 201


async def test_calls_are_recorded_with_account_and_status_and_without_secrets() -> None:
    app = pms()
    async with in_process(app) as client:
        await client.get("/rows?limit=2&token=s3cret", headers={"x-account": "7"})
        await client.get("/nowhere")
        told = (await client.get("/_control/calls")).json()
    assert told["count"] == app.call_count == 2
    first, second = told["calls"]
    assert first == {
        "method": "GET",
        "path": "/rows",
        "query": "limit=2&token=%2A%2A%2A",
        "account": "7",
        "status": 200,
        "at": "2027-03-04T00:00:00+00:00",
    }
    assert (second["path"], second["status"], second["account"]) == ("/nowhere", 404, None)


async def test_calls_can_be_forgotten() -> None:
    app = pms()
    async with in_process(app) as client:
        await client.get("/rows")
        assert (await client.delete("/_control/calls")).json() == {"count": 0, "calls": []}
    assert app.call_count == 0


async def test_the_record_of_calls_is_bounded_and_the_count_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "MOST_CALLS", 3)
    app = pms()
    async with in_process(app) as client:
        for number in range(5):
            await client.get(f"/rows?n={number}")
    assert app.call_count == 5
    assert [call.query for call in app.calls] == ["n=2", "n=3", "n=4"]


@both_ways
async def test_status_fault_hits_its_account_path_and_method_so_often(serving: Serving) -> None:
    async with serving(pms()) as client:
        await break_with(client, kind="status", status=503, account="7", path="/ro", method="get", times=2)
        here = {"x-account": "7"}
        assert (await client.get("/rows")).status_code == 200
        assert (await client.get("/other", headers=here)).status_code == 200
        assert (await client.post("/rows", headers=here)).status_code == 200
        assert (await client.get("/rows", headers=here)).status_code == 503
        assert (await client.get("/_control/faults")).json()["faults"][0]["times"] == 1
        assert (await client.get("/rows", headers=here)).status_code == 503
        assert (await client.get("/rows", headers=here)).status_code == 200
        assert (await client.get("/_control/faults")).json() == {"faults": []}


@both_ways
@pytest.mark.parametrize("kind", ["cut", "truncate"])
async def test_broken_off_answers_are_connection_errors(serving: Serving, kind: str) -> None:
    async with serving(pms()) as client:
        await break_with(client, kind=kind, times=1)
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get("/rows")
        assert (await client.get("/rows")).json() == BODY


async def bytes_until_the_end(answer: httpx.Response) -> int:
    received = 0
    try:
        async for chunk in answer.aiter_raw():
            received += len(chunk)
    except httpx.RemoteProtocolError:
        return received
    raise AssertionError("The answer was complete.")


async def test_cut_sends_a_few_bytes_and_truncate_half_of_the_json() -> None:
    received = {}
    async with served(pms()) as client:
        for kind in ("cut", "truncate"):
            await break_with(client, kind=kind, times=1)
            async with client.stream("GET", "/rows") as answer:
                assert int(answer.headers["content-length"]) == len(json.dumps(BODY, separators=(",", ":")))
                received[kind] = await bytes_until_the_end(answer)
    assert received["cut"] == 10
    assert received["truncate"] == len(json.dumps(BODY, separators=(",", ":"))) // 2


@both_ways
async def test_garbage_and_html_answer_200_without_json(serving: Serving) -> None:
    async with serving(pms()) as client:
        await break_with(client, kind="garbage", times=1)
        await break_with(client, kind="html", times=1)
        garbage, page = await client.get("/rows"), await client.get("/rows")
    assert (garbage.status_code, garbage.headers["content-type"]) == (200, "application/json")
    with pytest.raises(UnicodeDecodeError):
        garbage.json()
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")


async def test_fail_and_storm_take_the_form_of_the_pms() -> None:
    app = pms(
        fail=lambda scope: JSONResponse({"status": "fail"}),
        storm=lambda scope: JSONResponse({"slow": "down"}, status_code=429),
        refuse=lambda status: JSONResponse({"code": status}, status_code=status),
    )
    async with in_process(app) as client:
        for fault in ({"kind": "fail"}, {"kind": "storm"}, {"kind": "status", "status": 502}):
            await break_with(client, **fault, times=1)
        answers = [await client.get("/rows") for _ in range(3)]
    assert [(each.status_code, each.json()) for each in answers] == [
        (200, {"status": "fail"}),
        (429, {"slow": "down"}),
        (502, {"code": 502}),
    ]


async def test_latencies_add_to_each_other_and_to_other_faults() -> None:
    naps = Naps()
    async with in_process(pms(latency=0.5, sleep=naps)) as client:
        await break_with(client, kind="latency", seconds=2)
        await break_with(client, kind="latency", seconds=3, path="/rows")
        await break_with(client, kind="status", status=500, path="/rows")
        assert (await client.get("/rows")).status_code == 500
        assert (await client.get("/other")).status_code == 200
    assert naps.seconds == [5.5, 2.5]


async def test_timeout_never_answers_and_ends_when_the_caller_goes() -> None:
    app = pms(sleep=_for_ever)
    async with served(app) as client:
        await break_with(client, kind="timeout")
        with pytest.raises(httpx.ReadTimeout):
            await client.get("/rows", timeout=0.05)
    assert app.calls[0].status is None


async def test_timeout_closes_the_connection_after_its_longest_patience() -> None:
    naps = Naps()
    async with in_process(pms(sleep=naps)) as client:
        await break_with(client, kind="timeout")
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get("/rows")
    assert naps.seconds == [120.0]


async def test_a_cancelled_caller_is_let_go_in_process() -> None:
    async with in_process(pms(sleep=_for_ever)) as client:
        await break_with(client, kind="timeout")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await client.get("/rows")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "meltdown"}, "kind"),
        ({}, "kind"),
        ({"kind": "latency"}, "seconds"),
        ({"kind": "latency", "seconds": 0}, "seconds"),
        ({"kind": "latency", "seconds": 121}, "seconds"),
        ({"kind": "status"}, "status"),
        ({"kind": "status", "status": 700}, "status"),
        ({"kind": "html", "times": 0}, "times"),
        ({"kind": "html", "path": "rows"}, "path"),
        ({"kind": "html", "colour": "red"}, "colour"),
        ([], None),
    ],
)
async def test_bad_control_input_names_the_field(body: Any, field: str | None) -> None:
    app = pms()
    async with in_process(app) as client:
        answer = await client.post("/_control/faults", json=body)
    assert answer.status_code == 422
    assert answer.json()["field"] == field
    assert len(app.faults) == 0


async def test_control_input_that_is_not_json_or_too_long_is_refused() -> None:
    async with in_process(pms()) as client:
        assert (await client.post("/_control/faults", content=b"{")).status_code == 422
        assert (await client.post("/_control/faults", content=b" " * 20_000)).status_code == 422


async def test_faults_are_bounded() -> None:
    async with in_process(pms()) as client:
        for _ in range(100):
            await break_with(client, kind="html", path="/other")
        assert (await client.post("/_control/faults", json={"kind": "html"})).status_code == 409
        assert (await client.delete("/_control/faults")).json() == {"faults": []}
        assert (await client.get("/other")).status_code == 200


async def test_refused_calls_use_up_no_faults_and_the_control_address_is_not_limited() -> None:
    app = pms(admit=lambda scope: JSONResponse({}, status_code=429))
    async with in_process(app) as client:
        await break_with(client, kind="html", times=1)
        assert (await client.get("/rows")).status_code == 429
        assert len((await client.get("/_control/faults")).json()["faults"]) == 1
    assert [call.status for call in app.calls] == [429]


async def test_stamps_go_on_answers_but_not_on_faults() -> None:
    async with in_process(pms(stamp=lambda scope: [("X-Left", "9")])) as client:
        assert (await client.get("/rows")).headers["x-left"] == "9"
        await break_with(client, kind="status", status=500)
        assert "x-left" not in (await client.get("/rows")).headers


async def _for_ever(seconds: float) -> None:
    await asyncio.Event().wait()
