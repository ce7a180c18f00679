"""Hostaway's deliveries: who is believed, and what is read of every body that the sources allow."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.hostaway.manifest import ApiKeyConfig
from providers.hostaway.webhooks import HostawayWebhooks
from providers.webhooks import NOTHING_READ, WebhookLogin, WebhookNote, WebhookRequest

WEBHOOKS = HostawayWebhooks()
LOGIN = WebhookLogin("staygraph", "p:ässword")
CONFIG = ApiKeyConfig.model_validate({"accountId": 10450, "apiKey": "k"})


def basic(login: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{login}:{password}".encode()).decode()


def proved(authorization: str | None) -> bool:
    headers = {} if authorization is None else {"authorization": authorization}
    return WEBHOOKS.proved(WebhookRequest(headers, b"{}"), LOGIN, CONFIG)


def test_the_login_and_password_are_believed() -> None:
    assert proved(basic("staygraph", "p:ässword"))
    assert proved(basic("staygraph", "p:ässword").replace("Basic", "bASIC"))


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Basic",
        "Basic !!!",
        "Basic /w==",
        "Basic é",
        "Bearer staygraph",
        basic("staygraph", "p"),
        basic("staygraph", "p:ässword2"),
        basic("Staygraph", "p:ässword"),
        basic("", ""),
        basic("staygraph:p", "ässword2"),
    ],
)
def test_nothing_else_is_believed(authorization: str | None) -> None:
    assert not proved(authorization)


@given(st.text())
def test_no_header_is_a_fault(authorization: str) -> None:
    assert not proved(authorization)


DATA = {"id": 20001, "listingMapId": 40160, "updatedOn": "2027-05-01 15:30:19"}


@pytest.mark.parametrize(
    ("sent", "event", "account"),
    [
        ({"object": "reservation", "event": "reservation.updated", "accountId": 10450, "data": DATA}, True, True),
        ({"object": "reservation", "eventType": "reservation.updated", "accountId": "10450", "data": DATA}, True, True),
        ({"object": "reservation", "event": "reservation.updated", "data": DATA | {"accountId": 10450}}, True, True),
        (DATA | {"accountId": 10450}, False, True),
        (DATA, False, False),
    ],
)
def test_every_form_of_the_envelope_is_read(sent: dict[str, Any], event: bool, account: bool) -> None:
    note = WEBHOOKS.read(json.dumps(sent).encode())
    assert note.event == ("reservation.updated" if event else None)
    assert note.account_id == ("10450" if account else None)
    assert note.key is not None


def test_the_same_bytes_are_one_delivery_only_if_they_say_when_the_change_was_made() -> None:
    def key(**data: Any) -> str | None:
        return WEBHOOKS.read(json.dumps({"event": "reservation.updated", "data": data}).encode()).key

    assert key(id=1, updatedOn="2027-05-01 15:30:19") == key(id=1, updatedOn="2027-05-01 15:30:19")
    assert key(id=1, updatedOn="2027-05-01 15:30:19") != key(id=1, updatedOn="2027-05-01 15:30:20")
    assert key(id=1) is None
    assert WEBHOOKS.read(b'{"object": "reservation", "objectId": 1, "event": "reservation.updated"}').key is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"test",
        b"[]",
        b"null",
        b'"x"',
        b"{",
        b"\xff\xfe",
        b'{"event": ' + b"1" * 6000 + b"}",
        b'{"event": "\\ud800"}',
        b"[" * 100_000,
        b'{"event": [], "accountId": {}, "data": "test"}',
        b'{"event": "' + b"x" * 101 + b'", "accountId": true}',
        b'{"event": "a\\nb"}',
    ],
)
def test_what_is_not_understood_is_no_fault(body: bytes) -> None:
    assert WEBHOOKS.read(body) == NOTHING_READ


def test_a_probe_is_an_event_without_a_record() -> None:
    note = WEBHOOKS.read(b'{"object": "reservation", "event": "reservation.created", "accountId": 1, "data": "test"}')
    assert note == WebhookNote(event="reservation.created", account_id="1", key=None)
