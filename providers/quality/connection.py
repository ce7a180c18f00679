"""A plugin's client on the real upstream layer, connected to the plugin's own simulator. No provider is named here.

Time is virtual: the event loop, the upstream layer and the simulator share one clock that jumps over every wait.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel, SecretStr

from providers.contract import Plugin, ProviderClient, SimulatorOptions
from providers.errors import ProviderError
from providers.manifest import AuthType, ConfigModel, LimitScope
from providers.model import Listing, Reservation
from providers.quality.rewriting import Change, RewritingTransport
from providers.queries import Batch, ListingQuery, OddRecord, Page, ReservationQuery
from providers.simulation.clock import simulated_time
from providers.simulation.virtual_time import START, VirtualClock
from providers.upstream.accounts import CallOutcome, UpstreamAccount, UpstreamSettings
from providers.upstream.caller import Caller, Priority, calling
from providers.upstream.calls import Token
from providers.upstream.clock import Clock
from providers.upstream.tokens import MemoryTokens
from providers.upstream.upstream import AccountSession, Upstream

T = TypeVar("T")
Q = TypeVar("Q")

OFF = "off"
"""The profile without limits that each simulator and each manifest has."""

HOUSES = 8
"""Listings of the simulated account, unless a case needs more: enough for every oddity that simulators have."""

ACCOUNT = "conformance-account"
PATIENCE = 100_000.0
"""Seconds of virtual time that a caller waits: more than the longest window of any PMS."""


class CountingTokens(MemoryTokens):
    """A token store that remembers each token it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.saved: list[Token] = []

    async def save(self, account_id: str, token: Token) -> None:
        self.saved.append(token)
        await super().save(account_id, token)


@dataclass(kw_only=True)
class Connection:
    """One simulated account. ``today`` is the day around which its stays lie."""

    plugin: Plugin
    client: ProviderClient
    session: AccountSession
    auth_type: AuthType
    config: BaseModel
    clock: Clock
    tokens: CountingTokens
    direct: httpx.AsyncClient
    answers: RewritingTransport | None
    outcomes: list[CallOutcome] = field(default_factory=list)

    @property
    def today(self) -> date:
        return self.clock.now().date()

    async def warm_up(self) -> None:
        """Get the token, so that from now on every call is one for data."""
        await self.session.token()
        await self.forget_calls()

    async def calls(self) -> list[dict[str, Any]]:
        """The calls that the simulator had since the last ``forget_calls``, as it noted them."""
        noted: list[dict[str, Any]] = (await self._controlled("GET", "calls"))["calls"]
        return noted

    async def call_count(self) -> int:
        return int((await self._controlled("GET", "calls"))["count"])

    async def forget_calls(self) -> None:
        await self._controlled("DELETE", "calls")

    async def cost(self, read: Awaitable[T]) -> tuple[T, int]:
        """What ``read`` brings, and how many calls it took."""
        await self.forget_calls()
        result = await read
        return result, await self.call_count()

    async def fault(self, **fault: Any) -> None:
        """Switch a fault on."""
        await self._controlled("POST", "faults", fault)

    async def mend(self) -> None:
        """Lift all faults."""
        await self._controlled("DELETE", "faults")

    async def send_broken_records(self, sent: bool) -> None:
        await self._controlled("POST", "odd", {"broken_records": sent})

    @contextmanager
    def answering(self, change: Change) -> Iterator[None]:
        """Put every answer in the block through ``change``. In virtual time only."""
        if self.answers is None:
            raise RuntimeError("answers are rewritten in virtual time only")
        self.answers.change = change
        try:
            yield
        finally:
            self.answers.change = None

    @asynccontextmanager
    async def again(
        self, tokens: CountingTokens, *, transport: httpx.AsyncBaseTransport | None = None
    ) -> AsyncIterator["Connection"]:
        """The same account on a new upstream layer, as after a restart with these stored tokens."""
        async with on_upstream(
            self.plugin,
            self.auth_type,
            self.config,
            limits=OFF,
            clock=self.clock,
            direct=self.direct,
            transport=transport or self.answers,
            tokens=tokens,
            settings=UpstreamSettings(attempts=1, breaker_failures=10_000),
        ) as connection:
            yield connection

    async def _controlled(self, method: str, path: str, body: Any = None) -> Any:
        answer = await self.direct.request(method, f"/_control/{path}", json=body)
        if not answer.is_success:
            raise RuntimeError(f"the control address refuses {method} {path}: {answer.status_code}")
        return answer.json()


@asynccontextmanager
async def connected(
    plugin: Plugin,
    *,
    listings: int = HOUSES,
    limits: str = OFF,
    changed: Mapping[str, Any] | None = None,
    tokens: CountingTokens | None = None,
    settings: UpstreamSettings | None = None,
    start: datetime = START,
) -> AsyncIterator[Connection]:
    """A client for the first account of a new simulator. ``changed`` overrides parts of its ``authConfig``.

    ``start`` is the present (aware UTC): that of the machine where a client looks at its clock.
    """
    clock = VirtualClock(start)
    with simulated_time(clock.now):
        simulation = plugin.simulator(SimulatorOptions(listings=listings, limits=limits))
        auth_type, found = simulation.credentials()[0]
        transport = RewritingTransport(httpx.ASGITransport(simulation.app))
        async with (
            httpx.AsyncClient(
                transport=httpx.ASGITransport(simulation.app), base_url=plugin.manifest.base_url
            ) as direct,
            on_upstream(
                plugin,
                auth_type,
                config_model(plugin, auth_type).model_validate({**found, **(changed or {})}),
                limits=limits,
                clock=clock,
                direct=direct,
                transport=transport,
                tokens=tokens or CountingTokens(),
                settings=settings,
            ) as connection,
        ):
            yield connection


@asynccontextmanager
async def on_upstream(
    plugin: Plugin,
    auth_type: AuthType,
    config: BaseModel,
    *,
    limits: str,
    clock: Clock,
    direct: httpx.AsyncClient,
    tokens: CountingTokens,
    transport: httpx.AsyncBaseTransport | None = None,
    settings: UpstreamSettings | None = None,
) -> AsyncIterator[Connection]:
    """A client on an upstream layer of its own. ``direct`` reaches the simulator's control address."""
    manifest = plugin.manifest
    outcomes: list[CallOutcome] = []
    upstream = Upstream(tokens=tokens, clock=clock, transport=transport, settings=settings, observe=outcomes.append)
    named = {scope: plugin.identity(scope, config) for scope in LimitScope}
    account = UpstreamAccount(
        account_id=ACCOUNT,
        provider=manifest.code,
        base_url=str(direct.base_url),
        dialect=plugin.dialect(auth_type, config),
        limits=manifest.limits[limits],
        identities={scope: identity for scope, identity in named.items() if identity is not None},
        margin=manifest.margin,
    )
    session = upstream.session(account)
    try:
        with patience(PATIENCE):
            yield Connection(
                plugin=plugin,
                client=plugin.client(session, config),
                session=session,
                auth_type=auth_type,
                config=config,
                clock=clock,
                tokens=tokens,
                direct=direct,
                answers=transport if isinstance(transport, RewritingTransport) else None,
                outcomes=outcomes,
            )
    finally:
        await upstream.aclose()


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Calls in the block may take ``seconds`` from now, all together."""
    deadline = VirtualClock().monotonic() + seconds
    with calling(Caller("conformance", deadline, Priority.INTERACTIVE)):
        yield


def config_model(plugin: Plugin, auth_type: AuthType) -> ConfigModel:
    return next(method.config for method in plugin.manifest.auth_methods if method.type is auth_type)


def secret_fields(config: BaseModel) -> dict[str, str]:
    """The secrets of a configuration by the names that ``authConfig`` has for them."""
    return {
        info.alias or name: value.get_secret_value()
        for name, info in type(config).model_fields.items()
        if isinstance(value := getattr(config, name), SecretStr)
    }


@dataclass(slots=True, kw_only=True)
class Walked:
    """All pages of a collection, put together."""

    items: list[Any]
    odd: list[OddRecord]
    pages: list[Page[Any]]


async def walk(read: Callable[[Q, str | None], Awaitable[Page[Any]]], query: Q) -> Walked:
    """Every page of ``query``. Fails for a walk that does not end."""
    walked = Walked(items=[], odd=[], pages=[])
    position: str | None = None
    for _ in range(200):
        page = await read(query, position)
        walked.items += page.items
        walked.odd += page.odd
        walked.pages.append(page)
        position = page.next
        if position is None:
            return walked
    raise AssertionError("the walk does not end")


async def all_listings(there: Connection) -> list[Listing]:
    return (await walk(there.client.listing_page, ListingQuery())).items


async def all_reservations(there: Connection) -> list[Reservation]:
    return (await walk(there.client.reservation_page, ReservationQuery())).items


def ids_of(items: Sequence[Any]) -> list[str]:
    return [item.provider_id for item in items]


def by_id(items: Sequence[T]) -> dict[str, T]:
    return {item.provider_id: item for item in items}  # type: ignore[attr-defined]  # listings and reservations


async def failures(read: Awaitable[Any]) -> list[ProviderError]:
    """The errors that a read raises or reports key by key. Any other exception is the case's failure."""
    try:
        result = await read
    except ProviderError as error:
        return [error]
    return list(result.failed.values()) if isinstance(result, Batch) else []
