"""A gateway, BookingSync's simulator and a tenant's own server, between which consents go back and forth."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from graph.accounts.accounts import AccountOptions, AccountStatus, ConnectedAccount
from providers.bookingsync.manifest import OAuthConfig
from providers.manifest import AuthType
from tests.gateway_world import World, serving, world

PUBLIC_URL = "http://127.0.0.1:8000"
CLIENT_URL = "https://app.example.com/connected?tab=pms#/done"


@dataclass
class Receiver:
    """A tenant's server: what was posted to it. ``statuses`` are its answers in order, the last one for ever."""

    url: str = ""
    statuses: list[int] = field(default_factory=lambda: [204])
    posts: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def app(self) -> Starlette:
        async def receive(request: Request) -> Response:
            self.posts.append((dict(request.headers), await request.body()))
            self.arrived.set()
            status = self.statuses[0] if len(self.statuses) == 1 else self.statuses.pop(0)
            return Response(status_code=status, headers={"Location": "/elsewhere"} if status == 302 else {})

        return Starlette(routes=[Route("/{path:path}", receive, methods=["POST", "GET"])])


@dataclass
class ConsentWorld:
    gateway: World
    receiver: Receiver

    @property
    def simulation(self) -> Any:
        return self.gateway.simulations["BOOKINGSYNC"]

    async def add(self, tenant: str = "default", **options: Any) -> ConnectedAccount:
        """An account that awaits its owner's consent."""
        chosen = {"client_redirect_url": CLIENT_URL, "notification_url": f"{self.receiver.url}/hook"} | options
        config = OAuthConfig.model_validate(self.simulation.client_credentials_config())
        return await self.gateway.services.accounts.add(
            tenant,
            "BOOKINGSYNC",
            "Alps",
            AuthType.OAUTH,
            config,
            options=AccountOptions(name="Alps", **chosen),
            status=AccountStatus.AWAITING_AUTHORIZATION,
        )

    async def begin(self, account: ConnectedAccount) -> str:
        """The address of the consent page."""
        return (await self.gateway.services.administration.consents.begin(account)).url

    async def decide(self, url: str, decision: str = "allow", account: int = 0) -> str:
        """Press a button on the consent page; the query that the browser takes back."""
        parts = urlsplit(url)
        async with httpx.AsyncClient() as browser:
            form = {**dict(parse_qsl(parts.query)), "decision": decision, "account": str(account)}
            answer = await browser.post(parts._replace(query="").geturl(), data=form)
        location = urlsplit(answer.headers["location"])
        assert location._replace(query="").geturl() == f"{PUBLIC_URL}/oauth/callback"
        return location.query

    async def callback(self, query: str, method: str = "GET") -> httpx.Response:
        """What the browser meets when it comes back, without any key."""
        return await self.gateway.client.request(method, f"/oauth/callback?{query}")

    async def consent(self, account: ConnectedAccount, decision: str = "allow", number: int = 0) -> httpx.Response:
        """The whole way."""
        return await self.callback(await self.decide(await self.begin(account), decision, number))

    async def lift_faults(self) -> None:
        async with httpx.AsyncClient(base_url=self.gateway.urls["BOOKINGSYNC"]) as control:
            assert (await control.delete("/_control/faults")).is_success

    async def now(self, account: ConnectedAccount) -> ConnectedAccount | None:
        return await self.gateway.services.accounts.newest(account.tenant_id, account.id)

    async def status(self, account: ConnectedAccount) -> str:
        found = await self.now(account)
        assert found is not None
        return found.status.value

    async def credentials(self, account: ConnectedAccount) -> dict[str, Any]:
        return await self.gateway.services.accounts.credentials(account)

    def sent_back(self, answer: httpx.Response, account: ConnectedAccount) -> dict[str, str]:
        """What the client's page is told, the account's id checked and left out."""
        assert answer.status_code == 303, answer.text
        location = urlsplit(answer.headers["location"])
        told = dict(parse_qsl(location.query))
        assert location._replace(query="").geturl() == "https://app.example.com/connected#/done"
        assert told.pop("tab") == "pms"
        assert told.pop("accountId") == shown_id(account)
        return told


def shown_id(account: ConnectedAccount) -> str:
    from graph.schema import ids

    return str(ids.GlobalId(ids.ACCOUNT, account.id).text())


@asynccontextmanager
async def consent_world(folder: Path, **options: Any) -> AsyncIterator[ConsentWorld]:
    """Two accounts in the simulator; nothing is connected."""
    receiver = Receiver()
    async with serving(receiver.app()) as url:
        receiver.url = url
        chosen = {"public_url": PUBLIC_URL, "allow_private_urls": True} | options
        async with world(folder, hostaway_accounts=0, bookingsync_accounts=2, listings=2, **chosen) as gateway:
            for account in await gateway.services.accounts.list("default"):
                await gateway.services.accounts.remove("default", account.id)
            yield ConsentWorld(gateway, receiver)
