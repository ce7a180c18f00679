"""The flow of a PMS that knows PKCE, unlike BookingSync."""

import json
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from pydantic import BaseModel, SecretStr

from graph.accounts.accounts import Accounts, AccountStatus, ConnectedAccount
from graph.accounts.connections import Connections
from graph.accounts.consent import ConsentProblem, Consents
from graph.accounts.notifications import Notifications, Signer
from graph.accounts.renewals import Renewals
from graph.accounts.states import States
from graph.accounts.tokens import StoredTokens
from graph.accounts.vault import Vault
from graph.settings import Settings
from graph.storage.database import Database
from graph.storage.tables import AuthorizationRow
from providers.consent import AuthorizationCode, ConsentFlow, ConsentRequest
from providers.contract import Send
from providers.errors import AuthenticationFailed
from providers.manifest import AuthType
from providers.upstream.calls import Call, Token
from providers.upstream.upstream import Upstream
from tests.graph.accounts.conftest import AcmeConfig, AcmePlugin, HandClock


class PkceFlow(ConsentFlow):
    authorize_path: ClassVar[str] = "/login"
    pkce: ClassVar[bool] = True

    def request(self, config: BaseModel) -> ConsentRequest:
        assert isinstance(config, AcmeConfig)
        return ConsentRequest(client_id=config.client_id, scope="all", parameters={"prompt": "consent"})

    async def exchange(self, send: Send, config: BaseModel, code: AuthorizationCode) -> Token:
        sent = {"code": code.code, "verifier": code.verifier, "redirect_uri": code.redirect_uri}
        answer = await send(Call(method="POST", path="/token", json=sent, safe=False, authorized=False))
        if not answer.ok:
            raise AuthenticationFailed("Acme says: no.", upstream_status=answer.status)
        return Token(access=answer.json()["access"], refresh=answer.json()["refresh"], issued_at=answer.received_at)

    def granted(self, config: BaseModel, token: Token, redirect_uri: str) -> BaseModel:
        return config.model_copy(update={"refresh_token": SecretStr(token.refresh or "")})

    def bound(self, asked: BaseModel, granted: BaseModel, provider_id: str | None) -> BaseModel:
        return granted


class PkcePlugin(AcmePlugin):
    consent: ClassVar[ConsentFlow | None] = PkceFlow()


@dataclass
class PkcePms:
    """Gives the token for a code to whoever knows the verifier of its challenge (RFC 7636, section 4.6)."""

    challenge: str = ""
    paths: list[str] = field(default_factory=list)

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.paths.append(request.url.path)
        if request.url.path == "/token":
            sent = json.loads(request.content)
            known = create_s256_code_challenge(sent["verifier"]) == self.challenge
            return httpx.Response(200 if known else 400, json={"access": "A", "refresh": "R"})
        return httpx.Response(200 if request.headers["Authorization"] == "Bearer A" else 401, json={})


async def nobody(*_: Any) -> None:
    raise AssertionError("nothing is to be delivered")


@pytest.fixture
def pkce_pms() -> PkcePms:
    return PkcePms()


@pytest.fixture
def consents(
    database: Database, vault: Vault, accounts: Accounts, clock: HandClock, tokens: StoredTokens, pkce_pms: PkcePms
) -> Consents:
    settings = Settings(provider_urls={"ACME": "https://acme.test"}, public_url="https://graph.example.com/pms")
    upstream = Upstream(tokens=tokens, transport=httpx.MockTransport(pkce_pms.answer))
    find: Any = lambda code: PkcePlugin()  # noqa: E731
    return Consents(
        settings,
        accounts,
        Connections(settings, accounts, upstream, find=find),
        Notifications(database, Signer(vault), nobody, clock),
        States(database, vault, clock),
        Renewals(database, clock),
        clock,
        shown_id=str.upper,
    )


@pytest.fixture
async def account(accounts: Accounts) -> ConnectedAccount:
    config = AcmeConfig.model_validate({"clientId": "c-1", "refreshToken": ""})
    waiting = AccountStatus.AWAITING_AUTHORIZATION
    return await accounts.add("default", "ACME", "Beach", AuthType.OAUTH, config, status=waiting)


async def asked(consents: Consents, account: ConnectedAccount) -> dict[str, list[str]]:
    return parse_qs(urlsplit((await consents.begin(account)).url).query)


async def test_code_is_exchanged_with_the_verifier_of_its_challenge(
    consents: Consents, account: ConnectedAccount, accounts: Accounts, pkce_pms: PkcePms
) -> None:
    request = await asked(consents, account)
    assert request["code_challenge_method"] == ["S256"]
    assert request["redirect_uri"] == ["https://graph.example.com/pms/oauth/callback"]
    assert request["prompt"] == ["consent"]
    (pkce_pms.challenge,) = request["code_challenge"]
    finished = await consents.finish([("code", "c"), ("state", request["state"][0])])
    assert finished.problem is None
    # Without a record of accounts the credentials are checked, in one call.
    assert pkce_pms.paths == ["/token", "/me"]
    stored = await accounts.newest("default", account.id)
    assert stored is not None
    assert stored.status is AccountStatus.ACTIVE
    assert (await accounts.credentials(stored))["refreshToken"] == "R"


async def test_each_consent_has_a_verifier_of_its_own_that_is_sealed(
    consents: Consents, account: ConnectedAccount, database: Database, pkce_pms: PkcePms
) -> None:
    first, second = await asked(consents, account), await asked(consents, account)
    assert first["code_challenge"] != second["code_challenge"]
    (pkce_pms.challenge,) = first["code_challenge"]
    finished = await consents.finish([("code", "c"), ("state", second["state"][0])])
    assert finished.problem is ConsentProblem.CREDENTIALS_REFUSED
    async with database.reading() as session:
        row = await session.get_one(AuthorizationRow, first["state"][0].partition(".")[0])
    assert row.verifier is not None
    assert len(row.verifier) > 64


async def test_consents_of_long_ago_are_forgotten(
    consents: Consents, account: ConnectedAccount, database: Database, clock: HandClock
) -> None:
    old = (await asked(consents, account))["state"][0].partition(".")[0]
    clock.elapsed += 2 * 86_400
    new = (await asked(consents, account))["state"][0].partition(".")[0]
    async with database.reading() as session:
        assert await session.get(AuthorizationRow, old) is None
        assert await session.get(AuthorizationRow, new) is not None
