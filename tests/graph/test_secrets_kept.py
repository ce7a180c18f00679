"""Every secret that passes through StayGraph, planted at once and looked for in all that it says and keeps."""

import asyncio
import io
import logging
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr

from graph.accounts.connections import auth_method
from graph.accounts.keys import Permission
from graph.logs import configure_logging
from providers.catalogue import plugin
from providers.manifest import AuthType
from tests.gateway_world import World, world
from tests.graph.events.happenings import happened
from tests.graph.events.outgoing_world import ROTATE
from tests.graph.events.webhook_world import RESERVATION, address, basic, send
from tests.graph.schema.definition_world import ALL, UPDATE
from tests.graph.schema.test_account_creation import CREATE, REAUTHORIZE

KEYS_FILE = "secret.key"
"""The one file that must hold a secret in clear: it opens the others, and only its owner may read it."""

SHOWN = {"state", "code"}
"""What an answer may hold: the page after a consent that failed offers to try the same address again."""

ACCOUNTS = """{ accounts { nodes { id provider name status providerAccount { name } rateLimits { scope remaining }
  health { status lastErrorCode lastErrorMessage tokenExpiresAt rateLimits { scope remaining } }
  webhook { state setup deliveries refused } } } }"""
EVERYTHING = """{ listings(first: 50) { nodes { id name } sources { status note } }
  reservations(first: 50) { nodes { id status } sources { status note } } }"""

ENDPOINT = """mutation { createWebhookEndpoint(input: { url: "http://127.0.0.1:1/hook" }) {
  endpoint { id } secret userErrors { message } } }"""
SENT = "{ webhookEndpoints { id url state failingSince } reservationEvents { nodes { id type } } }"


@dataclass
class Planted:
    """Secrets by what they are, and everything that was said to clients."""

    running: World
    said: list[str] = field(default_factory=list)
    secrets: dict[str, str] = field(default_factory=dict)

    async def ask(self, query: str, permission: Permission = Permission.ADMIN, **variables: Any) -> Any:
        """The answer's body. Its headers and text are kept to be searched."""
        secret = await self.running.key_with(permission)
        self.secrets[f"API key {len(self.secrets)}"] = secret
        answer = await self.running.post(query, variables, Authorization=f"Bearer {secret}")
        self.said += [answer.text, str(answer.headers)]
        return answer.json()

    async def account_ids(self) -> Mapping[str, str]:
        """The newest account of each provider."""
        body = await self.ask("{ accounts { nodes { id provider } } }")
        return {node["provider"]: node["id"] for node in body["data"]["accounts"]["nodes"]}


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """All that the product's own logging writes at its most talkative."""
    root = logging.getLogger()
    before, level, stderr = root.handlers, root.level, sys.stderr
    sys.stderr = io.StringIO()
    configure_logging("json", "debug")
    try:
        yield sys.stderr
    finally:
        root.handlers, sys.stderr = before, stderr
        root.setLevel(level)


@pytest.fixture
async def planted(tmp_path: Path, logged: io.StringIO) -> AsyncIterator[Planted]:
    async with world(tmp_path, hostaway_accounts=1, bookingsync_accounts=1, allow_private_urls=True) as running:
        yield Planted(running)


async def test_no_secret_is_in_an_answer_a_log_line_or_the_database(
    planted: Planted, tmp_path: Path, logged: io.StringIO
) -> None:
    await credentials_are_used_refused_and_replaced(planted)
    await an_owner_is_asked_to_consent(planted)
    await a_partner_key_goes_along(planted)
    await webhooks_arrive(planted)
    await events_are_sent(planted)
    await planted.ask(SENT)
    await tokens_are_tried(planted)
    planted.secrets["notifications"] = planted.running.services.administration.signer.secret("default")
    await asyncio.sleep(0)

    assert len(planted.secrets) > 20
    said, lines, kept = "\n".join(planted.said), logged.getvalue(), all_bytes(tmp_path)
    assert "HOSTAWAY" in said
    assert lines.count("\n") > 3
    assert b"reservation.updated" in kept
    assert "an event could not be sent" in lines
    for what, secret in planted.secrets.items():
        assert len(secret) > 7, what
        assert what in SHOWN or secret not in said, f"{what} was said to a client"
        assert secret not in lines, f"{what} was logged"
        assert secret.encode() not in kept, f"{what} is stored in clear"


async def credentials_are_used_refused_and_replaced(planted: Planted) -> None:
    """Accounts are made, read, refused, made again, troubled and removed."""
    for provider, simulation in planted.running.simulations.items():
        auth_type, config = simulation.credentials()[0]
        planted.secrets |= secrets_of(provider, auth_type, config)
        wrong = {**config, **dict.fromkeys(secret_names(provider, auth_type), f"pl4nted-wrong-{provider}")}
        planted.secrets[f"wrong {provider}"] = f"pl4nted-wrong-{provider}"
        fields = {"name": "Again", "provider": provider, "authType": auth_type.value}
        refused = await planted.ask(CREATE, input={**fields, "authConfig": wrong})
        assert refused["data"]["createIntegrationAccount"]["userErrors"]
        unfit = await planted.ask(CREATE, input={**fields, "authConfig": {**wrong, "unknown": "pl4nted-unknown"}})
        assert unfit["data"]["createIntegrationAccount"]["userErrors"]
        id_ = (await planted.account_ids())[provider]
        again = await planted.ask(REAUTHORIZE, id=id_, input={"authConfig": wrong})
        assert again["data"]["reauthorizeIntegrationAccount"]["userErrors"]
    planted.secrets["unknown field"] = "pl4nted-unknown"
    await planted.ask(ACCOUNTS)
    await planted.ask(EVERYTHING)
    for account in await planted.running.services.accounts.list("default"):
        token = await planted.running.services.administration.tokens.load(account.id)
        assert token is not None
        planted.secrets[f"access token {account.provider}"] = token.access
        if token.refresh is not None:
            planted.secrets[f"refresh token {account.provider}"] = token.refresh
    for provider in planted.running.simulations:
        for fault in ({"kind": "status", "status": 503}, {"kind": "garbage"}, {"kind": "fail"}):
            await planted.running.fault(provider, times=3, **fault)
        planted.running.clock.advance(7200)
        await planted.ask(EVERYTHING)
        await planted.ask(ACCOUNTS)


async def an_owner_is_asked_to_consent(planted: Planted) -> None:
    """What comes back from the PMS's page with a code is forged."""
    input_ = {"clientRedirectUrl": "https://shop.example/back", "notificationUrl": "https://shop.example/told"}
    id_ = (await planted.account_ids())["BOOKINGSYNC"]
    secret = await planted.running.key_with(Permission.WRITE)
    answer = await planted.running.post(
        REAUTHORIZE, {"id": id_, "input": input_}, Authorization=f"Bearer {secret}"
    )  # this one answer has to show the state, within the address
    result = answer.json()["data"]["reauthorizeIntegrationAccount"]["result"]
    (state,) = parse_qs(urlsplit(result["authorizationUrl"]).query)["state"]
    planted.secrets |= {"state": state, "code": "pl4nted-code"}
    for query in (f"code=pl4nted-code&state={state}", f"code=pl4nted-code&state={state}x"):
        back = await planted.running.client.get(f"/oauth/callback?{query}")
        planted.said += [back.text, str(back.headers)]


async def a_partner_key_goes_along(planted: Planted) -> None:
    key = {"headers": {"X-Partner": "pl4nted-header"}, "queryParams": {"partner": "pl4nted-query"}}
    planted.secrets |= {"partner header": "pl4nted-header", "partner query": "pl4nted-query"}
    application = {"clientId": "shop", "clientSecret": "pl4nted-application"}
    planted.secrets["application"] = application["clientSecret"]
    for provider in planted.running.simulations:
        more = {"oauthApplication": application} if provider == "BOOKINGSYNC" else {}
        body = await planted.ask(UPDATE + ALL, provider=provider, input={"partnerKey": key, **more})
        assert body["data"]["updateIntegrationDefinition"]["userErrors"] == []
    await planted.running.fault("HOSTAWAY", kind="status", status=403, times=2)
    planted.running.clock.advance(7200)
    await planted.ask(EVERYTHING)
    await planted.ask(ACCOUNTS)


async def webhooks_arrive(planted: Planted) -> None:
    to = await address(planted.running)
    planted.secrets |= {
        "webhook token": to.path.rsplit("/", 1)[1],
        "webhook password": to.password or "",
        "guest": RESERVATION["data"]["guestName"],  # type: ignore[index]  # a literal of ours
        "guessed password": "pl4nted-guess",
    }
    for headers in (to.basic, basic("staygraph", "pl4nted-guess"), {}):
        answer = await send(planted.running, to.path, RESERVATION, headers)
        planted.said += [answer.text, str(answer.headers)]


async def events_are_sent(planted: Planted) -> None:
    """To a server that is not there. The answers themselves have to show the secrets."""
    headers = {"Authorization": f"Bearer {await planted.running.key_with(Permission.WRITE)}"}
    created = await planted.running.post(ENDPOINT, None, **headers)
    made = created.json()["data"]["createWebhookEndpoint"]
    planted.secrets["former secret of an endpoint"] = made["secret"]
    rotated = await planted.running.post(ROTATE, {"id": made["endpoint"]["id"]}, **headers)
    planted.secrets["secret of an endpoint"] = rotated.json()["data"]["rotateWebhookEndpointSecret"]["secret"]
    planted.secrets["guest of an event"] = "Ada Byron"
    await planted.running.services.outgoing.aclose()
    await happened(planted.running, "20001")
    await planted.running.services.outgoing.drain()


async def tokens_are_tried(planted: Planted) -> None:
    for number, token in enumerate(("sg_pl4nted-unknown-key", "eyJpl4.nted.jwt-of-nobody")):
        planted.secrets[f"foreign token {number}"] = token
        answer = await planted.running.post(ACCOUNTS, Authorization=f"Bearer {token}")
        planted.said += [answer.text, str(answer.headers)]


def secret_names(provider: str, auth_type: AuthType) -> list[str]:
    """The names, in ``authConfig``, of the fields that hold secrets."""
    model = auth_method(plugin(provider), auth_type).config
    return [info.alias or name for name, info in model.model_fields.items() if SecretStr in types_of(info.annotation)]


def types_of(annotation: Any) -> set[Any]:
    return {annotation, *getattr(annotation, "__args__", ())}


def secrets_of(provider: str, auth_type: AuthType, config: Mapping[str, Any]) -> dict[str, str]:
    found = {f"{provider} {name}": str(config[name]) for name in secret_names(provider, auth_type) if config.get(name)}
    assert found, provider
    return found


def all_bytes(folder: Path) -> bytes:
    files = [file for file in folder.rglob("*") if file.is_file() and file.name != KEYS_FILE]
    assert any(file.suffix == ".db" for file in files)
    return b"".join(file.read_bytes() for file in files)
