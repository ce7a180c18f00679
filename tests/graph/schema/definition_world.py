"""What tests of integration definitions ask and change."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

import httpx

from graph.accounts.keys import Permission
from graph.app import create_app
from providers.model import ListingField
from providers.upstream.accounts import CallOutcome
from tests.gateway_world import ShiftedClock, World

UPDATE = """
mutation($provider: String!, $input: UpdateIntegrationDefinitionInput!) {
  updateIntegrationDefinition(provider: $provider, input: $input) {
    integrationDefinition { ...all }
    userErrors { field code message allowed }
  }
}
"""

ALL = f"""
fragment all on IntegrationDefinition {{
  id provider name icon createdAt updatedAt
  partnerKey {{ headers queryParams }}
  oauthApplication {{ clientId clientSecret scopes }}
  fieldsToSync {{ listing {{ {" ".join(ListingField)} }} }}
}}
"""

EVERY_KEY = dict.fromkeys((key.value for key in ListingField), True)


async def update(world: World, provider: str = "ACME", **fields: Any) -> Any:
    """The payload of the mutation, by an administrator of the default tenant."""
    return await world.change(UPDATE + ALL, Permission.ADMIN, provider=provider, input=fields)


async def switch(world: World, provider: str, **switches: bool) -> None:
    """Name these keys of ``fieldsToSync.listing``; the mutation must do it."""
    payload = await update(world, provider, fieldsToSync={"listing": switches})
    assert payload["userErrors"] == []


async def switch_off(world: World, provider: str, *keys: str) -> None:
    """Switch these keys off and all others on."""
    await switch(world, provider, **{**EVERY_KEY, **dict.fromkeys(keys, False)})


async def read(world: World, permission: Permission = Permission.ADMIN, tenant: str = "default") -> Any:
    """All definitions, as somebody sees them."""
    secret = await world.key_with(permission, tenant)
    answer = await world.post("{ integrationDefinitions { ...all } }" + ALL, Authorization=f"Bearer {secret}")
    return answer.json()


class LeapingClock(ShiftedClock):
    """The clock of another process on the same machine. Its monotonic time can be moved on: what this process
    remembers for a second is old at once."""

    def __init__(self, shared: ShiftedClock) -> None:
        super().__init__()
        self._shared = shared
        self._leapt = 0.0

    def now(self) -> datetime:
        return self._shared.now()

    def monotonic(self) -> float:
        return super().monotonic() + self._leapt

    def advance(self, seconds: float) -> None:
        self._shared.advance(seconds)

    def leap(self, seconds: float) -> None:
        self._leapt += seconds
        self.advance(seconds)


@asynccontextmanager
async def another_process(world: World) -> AsyncIterator[tuple[World, LeapingClock]]:
    """A second gateway over the same data folder and the same PMSs."""
    clock = LeapingClock(world.clock)
    calls: list[CallOutcome] = []
    app = create_app(world.services.settings, clock=clock, observe=calls.append)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway.test") as client,
    ):
        yield (
            World(app, client, app.state.services, clock, world.simulations, world.urls, world.key, calls),
            clock,
        )


async def demand(world: World, provider: str, **demanded: Any) -> None:
    """Have a simulator refuse every call without these headers and query parameters."""
    await world.control(provider, "partner", demanded)


def queries_at(world: World, provider: str, ending: str) -> list[dict[str, str]]:
    """The query parameters of the calls that a simulator had for paths with this ending, oldest first."""
    simulated: Any = world.simulations[provider].app
    return [dict(parse_qsl(call.query)) for call in simulated.calls if call.path.endswith(ending)]
