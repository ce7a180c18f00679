"""Log lines: of faults nobody foresaw they tell kind and place, of clients nothing."""

import asyncio
import io
import json
import logging
import sys
from collections.abc import Iterator
from typing import Any, Literal

import pytest
import structlog

from graph.logs import configure_logging
from tests.gateway_world import serving
from tests.graph.web.socket_client import connected

GUEST = "ada@example.com"


@pytest.fixture
def written(form: Literal["console", "json"]) -> Iterator[io.StringIO]:
    """All that is logged at INFO."""
    root = logging.getLogger()
    before, level, stderr = root.handlers, root.level, sys.stderr
    levels = {name: logging.getLogger(name).level for name in ("uvicorn.error", "asyncio")}
    sys.stderr = io.StringIO()
    configure_logging(form, "info")
    try:
        yield sys.stderr
    finally:
        root.handlers, sys.stderr = before, stderr
        root.setLevel(level)
        for name, former in levels.items():
            logging.getLogger(name).setLevel(former)
        structlog.reset_defaults()


def fail(value: str) -> None:
    raise ValueError(f"{value} is odd")


async def faulty(scope: Any, receive: Any, send: Any) -> None:
    fail(GUEST)


@pytest.mark.parametrize("form", ["console", "json"])
async def test_an_unforeseen_fault_is_told_by_kind_and_place(written: io.StringIO, form: str) -> None:
    async with serving(faulty) as url:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"500" in await reader.readline()
        writer.close()
    structlog.get_logger("graph.x").warning("that went wrong", exc_info=_raised())

    lines = written.getvalue()
    assert lines.count("ValueError") == 2
    assert "test_logs" in lines
    assert "Exception in ASGI application" in lines
    assert GUEST not in lines
    assert "Traceback" not in lines
    if form == "json":
        found = [line for line in map(json.loads, lines.splitlines()) if "error" in line]
        assert [line["error"] for line in found] == ["ValueError", "ValueError"]
        assert all(line["place"][-1].endswith(" fail") for line in found)


def _raised() -> ValueError:
    try:
        fail(GUEST)
    except ValueError as error:
        return error
    raise AssertionError


@pytest.mark.parametrize("form", ["json"])
async def test_a_task_that_nobody_waited_for_tells_no_text_of_its_fault(written: io.StringIO) -> None:
    context = {"message": "Task exception was never retrieved", "exception": _raised(), "future": GUEST}
    asyncio.get_running_loop().call_exception_handler(context)

    (line,) = written.getvalue().splitlines()
    assert json.loads(line)["event"] == "Task exception was never retrieved"
    assert GUEST not in line


async def closing(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "websocket.accept", "subprotocol": "graphql-transport-ws"})
    await send({"type": "websocket.close"})


@pytest.mark.parametrize("form", ["json"])
async def test_addresses_of_sockets_are_not_logged(written: io.StringIO) -> None:
    async with serving(closing) as url, connected(url, query="key=sg_secret") as client:
        await client.closed()

    assert "graphql" not in written.getvalue()
