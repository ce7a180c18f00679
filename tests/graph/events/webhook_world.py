"""Sending webhooks to a gateway as the PMSs do, and looking at what it kept."""

import base64
import json
from dataclasses import dataclass
from typing import Any

import httpx
from sqlalchemy import select

from graph.accounts.accounts import ConnectedAccount
from graph.accounts.keys import Permission
from graph.accounts.sealed import delivery_context
from graph.storage.tables import WebhookDeliveryRow
from providers.bookingsync.webhooks import signature
from tests.gateway_world import World

ROTATE = """mutation($id: ID!) { rotateWebhookSecret(id: $id) {
  address { url login password } userErrors { field code message allowed } } }"""

WEBHOOK = """query($id: ID!) { account(id: $id) { webhook {
  state setup issuedAt lastDeliveryAt deliveries lastRefusedAt refused } } }"""

RESERVATION = {
    "object": "reservation",
    "event": "reservation.updated",
    "accountId": 10450,
    "data": {"id": 20001, "listingMapId": 40160, "guestName": "Ada Byron", "updatedOn": "2027-05-01 15:30:19"},
}
BOOKING = {
    "account_id": 1,
    "event": "booking_updated",
    "resource": {"links": {}, "booking": {"id": 829165, "updated_at": "2027-05-01T15:30:19Z"}},
}


@dataclass(frozen=True, slots=True)
class Address:
    """An account's address for webhooks, as the API gave it."""

    id: str
    url: str
    login: str | None
    password: str | None

    @property
    def path(self) -> str:
        return httpx.URL(self.url).path

    @property
    def basic(self) -> dict[str, str]:
        """The header that Hostaway sends."""
        assert self.login is not None
        assert self.password is not None
        return basic(self.login, self.password)


def basic(login: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{login}:{password}".encode()).decode()}


async def account_ids(world: World, provider: str) -> list[str]:
    data = await world.data("{ accounts { nodes { id provider } } }")
    return [node["id"] for node in data["accounts"]["nodes"] if node["provider"] == provider]


async def address(world: World, provider: str = "HOSTAWAY", index: int = 0) -> Address:
    """A new address of an account."""
    id_ = (await account_ids(world, provider))[index]
    payload = await world.change(ROTATE, Permission.WRITE, id=id_)
    assert payload["userErrors"] == []
    return Address(id_, **payload["address"])


async def send(
    world: World, path: str, body: Any, headers: dict[str, str] | None = None, *, method: str = "POST"
) -> httpx.Response:
    """``body`` as JSON, or as it is if it is bytes."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await world.client.request(method, path, content=content, headers=headers or {})


async def send_signed(world: World, to: Address, body: Any) -> httpx.Response:
    """As BookingSync sends it."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    secret = (world.simulations["BOOKINGSYNC"].credentials())[0][1]["clientSecret"]
    return await send(world, to.path, content, {"X-Content-Signature": signature(secret, content)})


async def rows(world: World) -> list[WebhookDeliveryRow]:
    async with world.services.database.reading() as session:
        found = select(WebhookDeliveryRow).order_by(WebhookDeliveryRow.received_at, WebhookDeliveryRow.id)
        return list(await session.scalars(found))


def opened(world: World, row: WebhookDeliveryRow) -> bytes:
    """The body of a stored delivery in clear."""
    vault = world.services.vault
    return vault.open(row.body, context=delivery_context(row.tenant_id, row.account_id, row.id))


async def webhook(world: World, id_: str) -> Any:
    return (await world.data(WEBHOOK, id=id_))["account"]["webhook"]


async def accounts(world: World, provider: str) -> list[ConnectedAccount]:
    return [each for each in await world.services.accounts.list("default") if each.provider == provider]
