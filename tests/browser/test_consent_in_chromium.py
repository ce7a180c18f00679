"""An owner's consent as the owner sees it: BookingSync's simulated page, and back to the client's own."""

import asyncio
import hmac
import json
import queue
import socket
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from graph.accounts.accounts import AccountOptions, AccountStatus, ConnectedAccount
from graph.app import create_app
from graph.services import Services
from graph.settings import Settings
from providers.bookingsync.manifest import OAuthConfig
from providers.bookingsync.simulator import BookingsyncSimulation, simulator
from providers.contract import SimulatorOptions
from providers.manifest import AuthType
from tests.browser.chromium import Chromium
from tests.browser.conftest import Serve

pytestmark = pytest.mark.browser

T = TypeVar("T")


@dataclass
class Client:
    """A tenant's web site and server: shows a page, and keeps what it is told."""

    posts: "queue.Queue[tuple[dict[str, str], bytes]]" = field(default_factory=queue.Queue)

    def app(self) -> Starlette:
        async def page(_: Request) -> Response:
            return HTMLResponse("<!DOCTYPE html><title>Client</title><h1>Welcome back</h1>")

        async def hook(request: Request) -> Response:
            self.posts.put((dict(request.headers), await request.body()))
            return Response(status_code=204)

        return Starlette(routes=[Route("/connected", page), Route("/hook", hook, methods=["POST"])])


@dataclass
class Site:
    """Everything that the consent goes through. ``run`` does work in the gateway's own event loop."""

    gateway: FastAPI
    url: str
    loop: asyncio.AbstractEventLoop
    simulation: BookingsyncSimulation
    client: Client
    client_url: str

    @property
    def services(self) -> Services:
        services: Services = self.gateway.state.services
        return services

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(30)

    async def begin(self) -> tuple[ConnectedAccount, str]:
        """An account that awaits consent, and where it is given."""
        options = AccountOptions(
            name="Alps", client_redirect_url=f"{self.client_url}/connected", notification_url=f"{self.client_url}/hook"
        )
        account = await self.services.accounts.add(
            "default",
            "BOOKINGSYNC",
            "Alps",
            AuthType.OAUTH,
            OAuthConfig.model_validate(self.simulation.client_credentials_config()),
            options=options,
            status=AccountStatus.AWAITING_AUTHORIZATION,
        )
        return account, (await self.services.administration.consents.begin(account)).url

    def ask(self, query: str) -> Any:
        _, secret = self.run(self.services.keys.create("default", "test"))
        headers = {"Authorization": f"Bearer {secret}"}
        return httpx.post(f"{self.url}/graphql", json={"query": query}, headers=headers, timeout=30).json()["data"]


@pytest.fixture
def site(serve: Serve, tmp_path: Path) -> Site:
    simulation = simulator(SimulatorOptions(accounts=2, listings=2, limits="off"))
    client = Client()
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    gateway = create_app(
        Settings(
            data_dir=tmp_path,
            public_url=url,
            allow_private_urls=True,
            background_refresh=False,
            provider_urls={"BOOKINGSYNC": serve(simulation.app)},
        )
    )
    loops: list[asyncio.AbstractEventLoop] = []
    alive = gateway.router.lifespan_context

    @asynccontextmanager
    async def noted(app: Any) -> AsyncIterator[Any]:
        loops.append(asyncio.get_running_loop())
        async with alive(app) as state:
            yield state

    gateway.router.lifespan_context = noted
    serve(gateway, listener)
    return Site(gateway, url, loops[0], simulation, client, serve(client.app()))


def test_owner_agrees_and_the_account_works(chromium: Chromium, site: Site) -> None:
    account, url = site.run(site.begin())
    chromium.open(url)
    assert "bookings_write" in chromium.text("ul")
    chromium.find("input[name=account][value='1']").click()
    chromium.find("button[value=allow]").click()
    chromium.wait_for_text("h1", "Welcome back")

    landed = urlsplit(chromium.driver.current_url)
    told = dict(parse_qsl(landed.query))
    assert landed._replace(query="").geturl() == f"{site.client_url}/connected"
    data = site.ask("{ accounts { nodes { id status providerAccount { providerId } } } }")
    (node,) = data["accounts"]["nodes"]
    assert node == {"id": told["accountId"], "status": "ACTIVE", "providerAccount": {"providerId": "3838"}}
    assert told["status"] == "success"
    assert set(told) == {"status", "accountId"}

    headers, body = site.client.posts.get(timeout=20)
    assert json.loads(body)["account"]["id"] == told["accountId"]
    secret = site.services.administration.signer.secret(account.tenant_id)
    signed = headers["staygraph-timestamp"].encode() + b"." + body
    assert headers["staygraph-signature"] == f"v1={hmac.new(secret.encode(), signed, sha256).hexdigest()}"
    assert chromium.outside() == []
    # The code stood in an address that no later page was told as where the browser came from.
    assert not chromium.driver.execute_script("return document.referrer")


def test_owner_who_has_agreed_before_is_not_asked_again(chromium: Chromium, site: Site) -> None:
    account, url = site.run(site.begin())
    chromium.open(url)
    chromium.find("input[name=account][value='0']").click()
    chromium.find("button[value=allow]").click()
    chromium.wait_for_text("h1", "Welcome back")
    chromium.open(site.run(site.services.administration.consents.begin(account)).url)
    chromium.wait_for_text("h1", "Welcome back")
    assert "status=success" in chromium.driver.current_url


def test_owner_does_not_agree(chromium: Chromium, site: Site) -> None:
    account, url = site.run(site.begin())
    chromium.open(url)
    chromium.find("button[value=deny]").click()
    chromium.wait_for_text("h1", "Welcome back")
    told = dict(parse_qsl(urlsplit(chromium.driver.current_url).query))
    assert (told["status"], told["error"]) == ("error", "CONSENT_DENIED")
    now = site.run(site.services.accounts.newest("default", account.id))
    assert now is not None
    assert now.status is AccountStatus.AWAITING_AUTHORIZATION
    assert site.client.posts.empty()


def test_page_says_that_a_consent_is_good_once(chromium: Chromium, site: Site) -> None:
    _, url = site.run(site.begin())
    chromium.open(url)
    chromium.find("input[name=account][value='0']").click()
    chromium.find("button[value=allow]").click()
    chromium.wait_for_text("h1", "Welcome back")
    (came_back,) = [each for each in chromium.requested() if "/oauth/callback" in each]
    chromium.open(came_back)
    chromium.wait_for_text("h1", "Not connected")
    assert "It was used before" in chromium.text("p")


def test_owner_tries_again_when_the_pms_was_down(chromium: Chromium, site: Site) -> None:
    _, url = site.run(site.begin())
    pms = site.services.settings.provider_urls["BOOKINGSYNC"]
    fault = {"kind": "status", "status": 503, "path": "/oauth/token", "times": 1}
    assert httpx.post(f"{pms}/_control/faults", json=fault).is_success
    chromium.open(url)
    chromium.find("input[name=account][value='0']").click()
    chromium.find("button[value=allow]").click()
    chromium.wait_for_text("h1", "Not connected yet")
    chromium.find("#again").click()
    chromium.wait_for_text("h1", "Welcome back")
    assert "status=success" in chromium.driver.current_url
