"""A vault, a clock in hand, and an invented PMS with two ways to authenticate."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from pydantic import BaseModel, ConfigDict, SecretStr
from pydantic.alias_generators import to_camel

from graph.accounts.accounts import Accounts
from graph.accounts.connections import Connections
from graph.accounts.tokens import StoredTokens
from graph.accounts.vault import Vault
from graph.settings import Settings
from graph.storage.database import Database
from providers.catalogue import UnknownProvider
from providers.contract import Dialect, Plugin, ProviderClient, Send, Session, Simulation, SimulatorOptions
from providers.errors import AuthenticationFailed
from providers.manifest import AuthMethod, AuthType, Limit, LimitScope, Manifest
from providers.upstream.accounts import UpstreamSettings
from providers.upstream.calls import Answer, Call, Token
from providers.upstream.upstream import Upstream


class HandClock:
    """A clock that only tests move; sleeping moves it."""

    def __init__(self) -> None:
        self.elapsed = 0.0

    def now(self) -> datetime:
        return datetime(2026, 3, 1, tzinfo=UTC) + timedelta(seconds=self.elapsed)

    def monotonic(self) -> float:
        return self.elapsed

    async def sleep(self, seconds: float) -> None:
        self.elapsed += seconds
        await asyncio.sleep(0)


class AcmeConfig(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid")

    client_id: str
    refresh_token: SecretStr
    note: str | None = None


class AcmeDialect(Dialect):
    """Every refresh token is good for one exchange."""

    def __init__(self, config: AcmeConfig) -> None:
        self.config = config

    def headers(self, token: Token | None) -> dict[str, str]:
        return {"Authorization": f"Bearer {token.access}"} if token else {}

    async def issue(self, send: Send, current: Token | None) -> Token | None:
        refresh = current.refresh if current else self.config.refresh_token.get_secret_value()
        answer = await send(Call(method="POST", path="/token", json={"refresh": refresh}, authorized=False))
        if not answer.ok:
            raise AuthenticationFailed("Acme says: unknown refresh token.", upstream_status=answer.status)
        body = answer.json()
        return Token(access=body["access"], refresh=body["refresh"], issued_at=answer.received_at)

    def initial_token(self) -> Token | None:
        return None

    def token_rejected(self, answer: Answer) -> bool:
        return answer.status == 401

    def reason(self, answer: Answer) -> str | None:
        return None


class AcmeClient(ProviderClient):
    provider = "ACME"

    def __init__(self, session: Session, config: BaseModel) -> None:
        self.session = session
        self.config = config

    async def check(self) -> None:
        await self.session.send(Call(method="GET", path="/me"))


class AcmePlugin(Plugin):
    manifest = Manifest(
        code="ACME",
        name="Acme",
        docs_url="https://acme.test/docs",
        base_url="https://api.acme.test",
        auth_methods=(AuthMethod(type=AuthType.OAUTH, config=AcmeConfig, description="A refresh token."),),
        limits={"slow": (Limit(scope=LimitScope.ACCOUNT, calls=1000, seconds=1),)},
        default_limits="slow",
    )
    client_class = AcmeClient

    def dialect(self, auth_type: AuthType, config: BaseModel) -> Dialect:
        assert isinstance(config, AcmeConfig)
        return AcmeDialect(config)

    def client(self, session: Session, config: BaseModel) -> ProviderClient:
        return AcmeClient(session, config)

    def identity(self, scope: LimitScope, config: BaseModel) -> str | None:
        assert isinstance(config, AcmeConfig)
        return config.client_id if scope is LimitScope.ACCOUNT else None

    def simulator(self, options: SimulatorOptions) -> Simulation:
        raise NotImplementedError


class AcmePms:
    """What answers behind the transport: rotates refresh tokens, and fails when told to."""

    def __init__(self) -> None:
        self.refresh = "R0"
        self.status = 200
        self.hosts: list[str] = []
        self.paths: list[str] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.hosts.append(request.url.host)
        self.paths.append(request.url.path)
        if request.url.path == "/token":
            return self._rotate(json.loads(request.content)["refresh"])
        if request.headers.get("Authorization") != f"Bearer A-{self.refresh}":
            return httpx.Response(401, json={})
        return httpx.Response(self.status, json={})

    def _rotate(self, refresh: str) -> httpx.Response:
        if refresh != self.refresh:
            return httpx.Response(400, json={"error": "invalid_grant"})
        self.refresh = f"R{int(self.refresh[1:]) + 1}"
        return httpx.Response(200, json={"access": f"A-{self.refresh}", "refresh": self.refresh})


def find_plugin(code: str) -> Plugin:
    if code != "ACME":
        raise UnknownProvider(code)
    return AcmePlugin()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def vault() -> Vault:
    return Vault([b"1" * 32])


@pytest.fixture
def config() -> AcmeConfig:
    return AcmeConfig.model_validate({"clientId": "c-1", "refreshToken": "R0"})


@pytest.fixture
def accounts(database: Database, vault: Vault, clock: HandClock) -> Accounts:
    return Accounts(database, vault, clock=clock)


@pytest.fixture
def tokens(database: Database, vault: Vault, clock: HandClock) -> StoredTokens:
    return StoredTokens(database, vault, clock=clock)


@pytest.fixture
def pms() -> AcmePms:
    return AcmePms()


@pytest.fixture
def settings() -> Settings:
    return Settings(provider_urls={"ACME": "http://localhost:9001"})


@pytest.fixture
async def upstream(tokens: StoredTokens, pms: AcmePms) -> AsyncIterator[Upstream]:
    upstream = Upstream(tokens=tokens, settings=UpstreamSettings(attempts=1), transport=httpx.MockTransport(pms.answer))
    yield upstream
    await upstream.aclose()


@pytest.fixture
def connections(settings: Settings, accounts: Accounts, upstream: Upstream) -> Connections:
    find: Any = find_plugin
    return Connections(settings, accounts, upstream, find=find)
