"""A client of the simulated Hostaway that writes, and the account behind it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import httpx

from providers.changes import OMITTED, GuestChange, NoProgress, PartyChange, ReservationDraft
from providers.contract import SimulatorOptions
from providers.hostaway import PLUGIN
from providers.hostaway.client import HostawayClient
from providers.hostaway.simulator import HostawayReadings, HostawaySimulation, simulator
from providers.hostaway.simulator.accounts import ListingRow, SimulatedAccount
from providers.hostaway.simulator.availability import are_open
from providers.manifest import LimitScope
from providers.upstream.accounts import CallOutcome, UpstreamAccount
from providers.upstream.caller import Caller, Priority, calling
from providers.upstream.tokens import MemoryTokens
from providers.upstream.upstream import Upstream
from tests.virtual_time import VirtualClock

TODAY = date(2026, 3, 14)
DAY = timedelta(days=1)
NO_PROGRESS = NoProgress()


@dataclass
class Writing:
    """A client, the calls that it made, and what they changed."""

    client: HostawayClient
    simulation: HostawaySimulation
    clock: VirtualClock
    outcomes: list[CallOutcome] = field(default_factory=list)

    @property
    def account(self) -> SimulatedAccount:
        return self.simulation.accounts[0]

    @property
    def calls(self) -> list[tuple[str, str]]:
        """The calls since the last look, but for the token's, as method and path."""
        made = [(each.method, each.path) for each in self.outcomes if each.path != "/v1/accessTokens"]
        self.outcomes.clear()
        return made

    def listing(self, number: int = 1) -> ListingRow:
        return list(self.account.listings.values())[number - 1]

    def free(self, row: ListingRow, nights: int, *, from_: date = TODAY + 10 * DAY) -> date:
        """The first arrival from a day on with so many free nights, and one free night on both sides."""
        day = from_
        while not are_open(row, day - DAY, day + (nights + 1) * DAY):
            day += DAY
        return day

    def stay(self, row: ListingRow, nights: int = 3, **more: Any) -> ReservationDraft:
        """A draft for free nights of a listing."""
        arrival = more.pop("arrival", None) or self.free(row, nights)
        given = {
            "guest": GuestChange(first_name="Ada", last_name="Byron", email="ada@example.com"),
            "party": PartyChange(adults=2),
            "total": Decimal("720.50"),
            "currency": row.record["currencyCode"],
            "reference": "sg-1",
        } | more
        named = {name: value for name, value in given.items() if value is not OMITTED}
        return ReservationDraft(listing_id=str(row.id), arrival=arrival, departure=arrival + nights * DAY, **named)


@asynccontextmanager
async def writing(readings: HostawayReadings | None = None, listings: int = 12) -> AsyncIterator[Writing]:
    clock = VirtualClock()
    options = SimulatorOptions(listings=listings, limits="off")
    simulation = simulator(options, today=TODAY, now=clock.now, readings=readings)
    auth_type, found = simulation.credentials()[0]
    parsed = PLUGIN.manifest.auth_methods[0].config.model_validate(found)
    outcomes: list[CallOutcome] = []
    upstream = Upstream(
        tokens=MemoryTokens(),
        clock=clock,
        transport=httpx.ASGITransport(app=simulation.app),
        observe=outcomes.append,
    )
    account = UpstreamAccount(
        account_id="acc-1",
        provider="HOSTAWAY",
        base_url=PLUGIN.manifest.base_url,
        dialect=PLUGIN.dialect(auth_type, parsed),
        limits=PLUGIN.manifest.limits["off"],
        identities={scope: PLUGIN.identity(scope, parsed) for scope in (LimitScope.IP, LimitScope.ACCOUNT)},
    )
    with calling(Caller("test", clock.monotonic() + 600, Priority.INTERACTIVE)):
        client = PLUGIN.client(upstream.session(account), parsed)
        assert isinstance(client, HostawayClient)
        yield Writing(client, simulation, clock, outcomes)
    await upstream.aclose()
