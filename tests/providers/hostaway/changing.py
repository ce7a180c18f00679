"""The plugin's writes against the simulated Hostaway: what was sent, and the switches of the simulator."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import httpx
import orjson

from providers.changes import ChangeRefused
from providers.contract import SimulatorOptions
from providers.hostaway import PLUGIN
from providers.hostaway.client import HostawayClient
from providers.hostaway.simulator import HostawayReadings, HostawaySimulation, simulator
from providers.upstream.accounts import UpstreamAccount
from providers.upstream.caller import Caller, Priority, calling
from providers.upstream.dry_run import DryRunSession
from providers.upstream.tokens import MemoryTokens
from providers.upstream.upstream import Upstream
from tests.virtual_time import VirtualClock

READINGS = [
    HostawayReadings(),
    HostawayReadings(refusals_with_200=True, empty_success="object"),
    HostawayReadings(empty_success="nothing", fee_update_path="listing", agreement_in_list=True),
    HostawayReadings(empty_success="bare", archived_status=422, knows_image_upload=False, bad_value=422),
    HostawayReadings(archived_status=403, activity_has_time=False, policy_keeps_steps=True, settle_seconds=0),
    HostawayReadings(refusals_with_200=True, fee_update_path="listing", knows_image_upload=False),
]

ARCHIVED = "40007"


class Watched(httpx.ASGITransport):
    """Notes every call with its method, its path and the bytes of its body."""

    def __init__(self, simulation: HostawaySimulation) -> None:
        super().__init__(app=simulation.app)
        self.calls: list[tuple[str, str, bytes]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if not request.url.path.startswith("/v1/accessTokens"):
            self.calls.append((request.method, request.url.path.removeprefix("/v1"), await request.aread()))
        return await super().handle_async_request(request)


@dataclass
class Changing:
    client: HostawayClient
    dry: HostawayClient
    dry_session: DryRunSession
    simulation: HostawaySimulation
    clock: VirtualClock
    watched: Watched

    @property
    def calls(self) -> list[str]:
        """Methods and paths of all calls so far; they are forgotten then."""
        told = [f"{method} {path}" for method, path, _ in self.watched.calls]
        self.watched.calls.clear()
        return told

    @property
    def body(self) -> Any:
        """The body of the latest call that changes something."""
        return orjson.loads(self.raw_body)

    @property
    def raw_body(self) -> bytes:
        return next(body for method, _, body in reversed(self.watched.calls) if method != "GET")

    async def listing(self, id_: str = "40001") -> Any:
        batch = await self.client.listings([id_])
        return batch.found.get(id_)


@asynccontextmanager
async def changing(readings: HostawayReadings | None = None, listings: int = 8) -> AsyncIterator[Changing]:
    clock = VirtualClock(datetime(2026, 3, 14, 9, tzinfo=UTC))
    options = SimulatorOptions(listings=listings, limits="off")
    simulation = simulator(options, today=date(2026, 3, 14), now=clock.now, readings=readings)
    auth_type, config = simulation.credentials()[0]
    parsed = PLUGIN.manifest.auth_methods[0].config.model_validate(config)
    watched = Watched(simulation)
    upstream = Upstream(tokens=MemoryTokens(), clock=clock, transport=watched)
    account = UpstreamAccount(
        account_id="acc-1",
        provider="HOSTAWAY",
        base_url=PLUGIN.manifest.base_url,
        dialect=PLUGIN.dialect(auth_type, parsed),
        limits=PLUGIN.manifest.limits["off"],
        identities={},
    )
    dry_session = upstream.rehearsal(account)
    clients = [PLUGIN.client(session, parsed) for session in (upstream.session(account), dry_session)]
    client, dry = (each for each in clients if isinstance(each, HostawayClient))
    with calling(Caller("test", clock.monotonic() + 1_000_000, Priority.INTERACTIVE)):
        yield Changing(client, dry, dry_session, simulation, clock, watched)
    await upstream.aclose()


def told(refusal: ChangeRefused) -> list[tuple[str, str]]:
    """The problems of a refusal: kind and field."""
    return [(each.kind.value, ".".join(map(str, each.field))) for each in refusal.problems]
