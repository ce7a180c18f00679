"""A tenant's own server that gets events, and a gateway that sends them when it is told to."""

import asyncio
import hmac
import json
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from graph.accounts.keys import Permission
from tests.gateway_world import World, serving, world
from tests.graph.events.happenings import happened

FIELDS = "id url description types accountIds state disabledReason cursor failingSince skippedAt formerSecretUntil"
ERRORS = "userErrors { field code message allowed }"
CREATE = f"""mutation($input: CreateWebhookEndpointInput!) {{
  createWebhookEndpoint(input: $input) {{ endpoint {{ {FIELDS} }} secret {ERRORS} }} }}"""
UPDATE = f"""mutation($id: ID!, $input: UpdateWebhookEndpointInput!) {{
  updateWebhookEndpoint(id: $id, input: $input) {{ endpoint {{ {FIELDS} }} {ERRORS} }} }}"""
ROTATE = f"""mutation($id: ID!) {{
  rotateWebhookEndpointSecret(id: $id) {{ endpoint {{ {FIELDS} }} secret {ERRORS} }} }}"""
DELETE = f"mutation($id: ID!) {{ deleteWebhookEndpoint(id: $id) {{ deletedId {ERRORS} }} }}"
REPLAY = f"""mutation($id: ID!, $after: String, $ids: [ID!]) {{
  replayWebhookDeliveries(endpointId: $id, after: $after, deliveryIds: $ids) {{
    endpoint {{ {FIELDS} }} {ERRORS} }} }}"""
ENDPOINT = f"query($id: ID!) {{ webhookEndpoint(id: $id) {{ {FIELDS} }} }}"
DELIVERIES = """query($id: ID!, $statuses: [WebhookDeliveryStatus!], $first: Int! = 50, $after: String) {
  webhookDeliveries(endpointId: $id, statuses: $statuses, first: $first, after: $after) {
    nodes { id eventId eventType cursor status attempts lastStatus lastError createdAt attemptedAt settledAt
      nextAttemptAt }
    pageInfo { hasNextPage endCursor } } }"""


@dataclass
class Receiver:
    """The server: answers with the next of ``answers``, else with ``status``, and keeps what it got."""

    url: str = ""
    status: int = 204
    answers: deque[int] = field(default_factory=deque)
    got: list[tuple[str, Mapping[str, str], bytes]] = field(default_factory=list)
    gate: asyncio.Event | None = None
    """Where set, requests to /slow are answered when it is."""

    async def take(self, request: Request) -> Response:
        self.got.append((request.url.path, dict(request.headers), await request.body()))
        if self.gate is not None and request.url.path == "/slow":
            await self.gate.wait()
        status = self.answers.popleft() if self.answers else self.status
        return Response("" if status == 204 else "x" * 100_000, status_code=status)

    def bodies(self, path: str = "/hook") -> list[dict[str, Any]]:
        return [json.loads(body) for at, _, body in self.got if at == path]

    def reservations(self, path: str = "/hook") -> list[str]:
        """The PMS's ids of the reservations whose events came, in the order they came in."""
        return [each["reservation"]["providerId"] for each in self.bodies(path)]

    def event_ids(self) -> list[str]:
        return [headers["staygraph-event-id"] for _, headers, _ in self.got]


@dataclass
class Sent:
    """A gateway with one account, whose worker sends when ``drain`` is called, and a server of the tenant's."""

    world: World
    server: Receiver

    async def endpoint(self, path: str = "/hook", **input_: Any) -> tuple[str, str]:
        """Id and secret of a new endpoint."""
        made = await self.change(CREATE, input={"url": f"{self.server.url}{path}", **input_})
        assert made["userErrors"] == []
        return made["endpoint"]["id"], made["secret"]

    async def change(self, mutation: str, **variables: Any) -> Any:
        return await self.world.change(mutation, Permission.WRITE, **variables)

    async def read(self, query: str, **variables: Any) -> Any:
        """The one field of a query."""
        return await self.world.change(query, Permission.WRITE, **variables)

    async def show(self, id_: str) -> Any:
        return await self.read(ENDPOINT, id=id_)

    async def deliveries(self, id_: str, **variables: Any) -> list[dict[str, Any]]:
        return list((await self.read(DELIVERIES, id=id_, **variables))["nodes"])

    async def happened(self, *reservations: str, **event: Any) -> None:
        await happened(self.world, *reservations, **event)

    async def drain(self) -> None:
        await self.world.services.outgoing.drain()


@asynccontextmanager
async def sending(folder: Path, **settings: Any) -> AsyncIterator[Sent]:
    """The gateway and the server."""
    receiver = Receiver()
    async with (
        serving(Starlette(routes=[Route("/{path:path}", receiver.take, methods=["POST"])])) as url,
        world(
            folder,
            **{
                "hostaway_accounts": 1,
                "bookingsync_accounts": 0,
                "listings": 1,
                "allow_private_urls": True,
                **settings,
            },
        ) as running,
    ):
        receiver.url = url
        await running.services.outgoing.aclose()
        yield Sent(running, receiver)


def signatures(secret: str, headers: Mapping[str, str], body: bytes) -> str:
    """The signature that a message must have, as its receiver computes it."""
    signed = headers["staygraph-timestamp"].encode() + b"." + body
    return "v1=" + hmac.new(secret.encode(), signed, sha256).hexdigest()
