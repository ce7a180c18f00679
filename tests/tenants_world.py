"""One gateway, three tenants that connected the same PMS accounts, and what each must never see of the others."""

import base64
import binascii
import zlib
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graph.accounts.connections import auth_method
from graph.accounts.keys import Permission, Scope
from graph.accounts.tenants import DEFAULT_TENANT
from graph.schema import ids
from graph.services import Services
from providers.catalogue import plugin
from tests.gateway_world import World, world

TENANTS = ("alpha", "beta", "default")
_FIRST_PAGES = """
{
  accounts(first: 1) { pageInfo { endCursor } }
  listings(first: 1, orderBy: { field: NAME }) { nodes { id } pageInfo { endCursor } }
  reservations(first: 1) { nodes { id } pageInfo { endCursor } }
}
"""
_SIGNATURE = 10


@dataclass(frozen=True)
class Side:
    """One tenant: a key of it, and what belongs to it."""

    name: str
    tenant_id: str
    key_id: str
    secret: str
    account_id: str
    listing_id: str
    reservation_id: str
    cursors: Mapping[str, str]
    marks: frozenset[str]
    """Texts that stand in nobody else's data."""


@dataclass(frozen=True)
class Apart:
    """The gateway and its tenants."""

    gateway: World
    sides: Mapping[str, Side]

    async def ask(self, side: Side, query: str, variables: Mapping[str, Any], **headers: str) -> tuple[int, Any]:
        """Status and answer, which was looked through for what belongs to others."""
        answer = await self.gateway.post(query, variables, Authorization=f"Bearer {side.secret}", **headers)
        body = answer.json()
        said = set(texts(variables))
        for other in self.sides.values():
            if other is not side:
                crossed = [
                    mark for text in texts(body) if text not in said for mark in other.marks if mark in opened(text)
                ]
                assert not crossed, (side.name, other.name, query, body)
        return answer.status_code, body

    def nothing_like(self, id_: str) -> str:
        """An id of the same form that belongs to nobody."""
        found = ids.parse(id_, "id")
        return str(ids.GlobalId(found.kind, "acc_" + "0" * 20, found.provider_id).text())


def texts(value: Any) -> Iterator[str]:
    """Every text in an answer."""
    match value:
        case str():
            yield value
        case Mapping():
            for each in value.values():
                yield from texts(each)
        case list():
            for each in value:
                yield from texts(each)


def opened(text: str) -> str:
    """A text with what is inside, if it is an id or a cursor."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return text
    inside = raw.decode(errors="replace")
    with suppress(zlib.error):
        inside += zlib.decompress(raw[_SIGNATURE:]).decode()
    return text + inside


@asynccontextmanager
async def apart(folder: Path) -> AsyncIterator[Apart]:
    """Alpha and beta with keys that may do everything, the default tenant with one that may write."""
    async with world(folder, hostaway_accounts=2, bookingsync_accounts=3, listings=2) as gateway:
        services = gateway.services
        for account in await services.accounts.list(DEFAULT_TENANT):
            await services.accounts.remove(DEFAULT_TENANT, account.id)
        sides = {name: await _side(gateway, number, name) for number, name in enumerate(TENANTS)}
        yield Apart(gateway, sides)


async def _side(gateway: World, number: int, name: str) -> Side:
    services = gateway.services
    tenant_id = name if name == DEFAULT_TENANT else (await services.tenants.create(f"Tenant {name}")).id
    permission = Permission.WRITE if name == DEFAULT_TENANT else Permission.ADMIN
    key, secret = await services.keys.create(tenant_id, f"{name}-key", permission=permission, scopes=[Scope.RAW])
    accounts = await _connect(gateway, number, name, tenant_id)
    answer = await gateway.post(_FIRST_PAGES, None, Authorization=f"Bearer {secret}")
    data = answer.json()["data"]
    (listing,), (reservation,) = data["listings"]["nodes"], data["reservations"]["nodes"]
    marks = {key.id, f"{name}-", *accounts}
    return Side(
        name=name,
        tenant_id=tenant_id,
        key_id=key.id,
        secret=secret,
        account_id=str(ids.GlobalId(ids.ACCOUNT, accounts[0]).text()),
        listing_id=listing["id"],
        reservation_id=reservation["id"],
        cursors={field: page["pageInfo"]["endCursor"] for field, page in data.items()},
        marks=frozenset(marks if name == DEFAULT_TENANT else {*marks, tenant_id, f"Tenant {name}"}),
    )


async def _connect(gateway: World, number: int, name: str, tenant_id: str) -> list[str]:
    """Connect all Hostaway accounts, as all tenants do, and a BookingSync account, of which tokens are used up."""
    services: Services = gateway.services
    connected = []
    for code, simulation in gateway.simulations.items():
        credentials = simulation.credentials()
        for auth_type, config in credentials if code == "HOSTAWAY" else [credentials[number]]:
            checked = auth_method(plugin(code), auth_type).config.model_validate(config)
            account = await services.accounts.add(tenant_id, code, f"{name}-{code}", auth_type, checked)
            connected.append(account.id)
    return connected
