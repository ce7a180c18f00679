"""Messages are delivered to the address that was checked, and to no other."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from graph.accounts import delivery as module
from graph.accounts.delivery import DeliveryError, HttpDelivery
from tests.gateway_world import serving


class Names(AbstractResolver):
    """Resolves every name to the next of some addresses."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        return [
            ResolveResult(hostname=host, host=each, port=port, family=socket.AF_INET, proto=0, flags=0)
            for each in self.answers.pop(0)
        ]

    async def close(self) -> None: ...


@asynccontextmanager
async def receiving() -> AsyncIterator[tuple[str, list[Any]]]:
    """The address of a server, and what it got."""
    got: list[Any] = []

    async def take(request: Request) -> Response:
        got.append((request.method, request.url.path, dict(request.headers), await request.body()))
        if request.url.path == "/moved":
            return RedirectResponse("/", status_code=307)
        return Response(status_code=int(request.query_params.get("status", "204")))

    async with serving(Starlette(routes=[Route("/{path:path}", take, methods=["GET", "POST"])])) as url:
        yield url, got


@asynccontextmanager
async def delivering(resolver: AbstractResolver | None = None, *, allow_private: bool) -> AsyncIterator[HttpDelivery]:
    delivery = HttpDelivery(allow_private=allow_private, resolver=resolver)
    try:
        yield delivery
    finally:
        await delivery.aclose()


async def test_message_is_posted_as_it_is() -> None:
    async with receiving() as (url, got), delivering(allow_private=True) as deliver:
        await deliver(f"{url}/hook?a=1", {"X-One": "1", "Content-Type": "application/json"}, b'{"a":1}')
    ((method, path, headers, body),) = got
    assert (method, path, body) == ("POST", "/hook", b'{"a":1}')
    assert (headers["x-one"], headers["content-type"]) == ("1", "application/json")
    assert "cookie" not in headers


@pytest.mark.parametrize("status", [301, 400, 404, 410, 500])
async def test_other_answers_than_2xx_are_failures(status: int) -> None:
    async with receiving() as (url, _), delivering(allow_private=True) as deliver:
        with pytest.raises(DeliveryError, match=f"HTTP {status}"):
            await deliver(f"{url}/?status={status}", {}, b"")


async def test_redirects_are_not_followed() -> None:
    async with receiving() as (url, got), delivering(allow_private=True) as deliver:
        with pytest.raises(DeliveryError, match="HTTP 307"):
            await deliver(f"{url}/moved", {}, b"")
    assert [path for _, path, _, _ in got] == ["/moved"]


async def test_name_that_leads_inside_is_never_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    # http is let through here, so that nothing but the resolved address can be what is refused.
    monkeypatch.setattr(module, "check_address", lambda *_, **__: None)
    async with receiving() as (url, got):
        port = url.rpartition(":")[2]
        for addresses in (["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["169.254.169.254"], ["::1"]):
            names = Names(addresses)
            async with delivering(names, allow_private=False) as deliver:
                with pytest.raises(DeliveryError, match="private network"):
                    await deliver(f"http://hooks.example.com:{port}/", {}, b"")
            assert names.asked == ["hooks.example.com"]
    assert got == []


async def test_connection_is_made_to_what_was_checked_though_the_name_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first answer counts, taken for public here; a second look would find nothing and fail."""
    monkeypatch.setattr(module, "check_address", lambda *_, **__: None)
    monkeypatch.setattr(module, "is_public", lambda address: str(address) == "127.0.0.1")
    async with receiving() as (url, got):
        port = url.rpartition(":")[2]
        names = Names(["127.0.0.1"], ["10.0.0.1"])
        async with delivering(names, allow_private=False) as deliver:
            await deliver(f"http://hooks.example.com:{port}/", {}, b"")
            assert names.asked == ["hooks.example.com"]
            # Each message is checked anew: no address outlives its check.
            with pytest.raises(DeliveryError, match="private network"):
                await deliver(f"http://hooks.example.com:{port}/", {}, b"")
    assert len(got) == 1
    assert got[0][2]["host"] == f"hooks.example.com:{port}"


@pytest.mark.parametrize("url", ["https://127.0.0.1/", "https://[::1]/", "https://2130706433/", "http://8.8.8.8/"])
async def test_literal_addresses_are_checked_at_each_delivery(url: str) -> None:
    async with delivering(allow_private=False) as deliver:
        with pytest.raises(DeliveryError, match=r"private network|https"):
            await deliver(url, {}, b"")


async def test_server_that_is_not_there_is_a_failure() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    async with delivering(allow_private=True) as deliver:
        with pytest.raises(DeliveryError, match="reached"):
            await deliver(f"http://127.0.0.1:{port}/", {}, b"")


async def test_server_that_does_not_speak_http_is_a_failure() -> None:
    import asyncio

    async def gibberish(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\x00\x01nonsense\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(gibberish, "127.0.0.1", 0)
    async with server, delivering(allow_private=True) as deliver:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(DeliveryError, match="HTTP"):
            await deliver(f"http://127.0.0.1:{port}/", {}, b"")
