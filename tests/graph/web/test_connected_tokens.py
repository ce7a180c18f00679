"""Clients that follow events with an access token (JWT): they stay as long as it is good, and no longer."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from graph.accounts.access_tokens import LEEWAY
from graph.accounts.jwks import FRESH_SECONDS
from graph.web import guests
from tests.gateway_world import World, serving, world
from tests.graph.events.happenings import happened, until
from tests.graph.web.socket_client import connected
from tests.graph.web.test_streams import EVENTS, FOLLOW, MULTIPART, asked, event, part
from tests.identity_provider import AUDIENCE, ISSUER, IdentityProvider


@pytest.fixture
def provider() -> IdentityProvider:
    return IdentityProvider()


@pytest.fixture
async def running(tmp_path: Path, provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    monkeypatch.setattr(guests, "LOOK_SECONDS", 0.05)
    issuer: dict[str, Any] = {"jwt_issuer": ISSUER, "jwt_audience": AUDIENCE}
    async with (
        serving(provider) as address,
        world(tmp_path, hostaway_accounts=1, bookingsync_accounts=0, jwt_jwks_url=f"{address}/keys", **issuer) as made,
    ):
        yield made


@pytest.fixture
async def url(running: World) -> AsyncIterator[str]:
    async with serving(running.app) as address:
        yield address


@pytest.fixture
def token(running: World, provider: IdentityProvider) -> str:
    """Good for five minutes."""
    return provider.token(running.clock.now().timestamp(), kid="ec-1", alg="ES256")


def live(running: World) -> Any:
    return lambda: running.services.subscribers.count == 1


async def test_a_socket_ends_with_its_token(running: World, url: str, token: str) -> None:
    async with connected(url) as client:
        await client.init(Authorization=f"Bearer {token}")
        await client.subscribe("a", FOLLOW)
        await until(live(running))
        running.clock.advance(299)
        await happened(running, "1")
        told = await client.receive()
        running.clock.advance(LEEWAY + 2)

        async with asyncio.timeout(5):
            ended = await client.receive()
            assert await client.closed() == (4401, "The token has expired.")

    (error,) = ended["payload"]
    assert (ended["type"], error["message"]) == ("error", "The token has expired.")
    cursor = told["payload"]["data"]["reservationEvents"]["cursor"]
    assert error["extensions"] == {"code": "UNAUTHENTICATED", "cursor": cursor}


@pytest.mark.parametrize("accept", [EVENTS, MULTIPART])
async def test_a_stream_ends_with_its_token(running: World, url: str, token: str, accept: str) -> None:
    async with asked(running, url, FOLLOW, accept, token) as answer:
        await until(live(running))
        running.clock.advance(300 + LEEWAY + 1)
        async with asyncio.timeout(5):
            payload = (await event(answer))[1] if accept == EVENTS else await part(answer)
            rest = await answer.content.read()

    assert payload["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert rest == (b"event: complete\ndata: \n\n" if accept == EVENTS else b"--\r\n")


async def test_a_socket_ends_when_the_key_of_its_token_is_withdrawn(
    running: World, url: str, provider: IdentityProvider
) -> None:
    token = provider.token(running.clock.now().timestamp(), kid="ec-1", alg="ES256", exp=4_000_000_000)
    async with connected(url, Authorization=f"Bearer {token}") as client:
        await client.send({"type": "connection_init"})
        assert await client.receive() == {"type": "connection_ack"}
        provider.published.remove("ec-1")
        # The keys are as old as the process's own clock says.
        running.services.authentication._tokens._keys._fetched_at -= FRESH_SECONDS  # type: ignore[union-attr, operator]
        running.services.authentication._tokens._keys._tried_at -= FRESH_SECONDS  # type: ignore[union-attr, operator]

        async with asyncio.timeout(5):
            assert (await client.closed())[0] == 4401


async def test_an_expired_token_lets_nobody_in(running: World, url: str, token: str) -> None:
    running.clock.advance(300 + LEEWAY + 1)
    async with connected(url) as client:
        await client.send({"type": "connection_init", "payload": {"Authorization": f"Bearer {token}"}})
        assert await client.closed() == (4403, "The token has expired.")
    async with asked(running, url, FOLLOW, EVENTS, token) as answer:
        assert answer.status == 401
