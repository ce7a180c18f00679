"""Hostaway's deliveries: who is believed, and what is read of every body that the sources allow."""

import base64
import json
from datetime import UTC, datetime
from decimal import Decimal
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


WHOLE = {
    **DATA,
    "status": "modified",
    "arrivalDate": "2027-05-19",
    "departureDate": "2027-05-22",
    "totalPrice": 720.5,
    "currency": "EUR",
}


def told(body: Any) -> Any:
    return WEBHOOKS.told(json.dumps(body).encode(), "acc_1")


@pytest.mark.parametrize(
    "body",
    [
        {"object": "reservation", "event": "reservation.updated", "accountId": 10450, "data": WHOLE},
        {"object": "reservation", "eventType": "reservation.updated", "data": WHOLE},
        {"event": "reservation.updated", "data": WHOLE},
        WHOLE,
    ],
)
def test_a_whole_reservation_is_followed_in_every_envelope(body: Any) -> None:
    (change,) = told(body)
    assert (change.reservation_id, change.made) == ("20001", False)
    assert change.changed_at == change.record.updated_at == datetime(2027, 5, 1, 15, 30, 19, tzinfo=UTC)
    assert change.record.total.amount == Decimal("720.5")
    assert WEBHOOKS.read(json.dumps(body).encode()).subject == "20001"


@pytest.mark.parametrize(
    "body",
    [
        {"object": "reservation", "objectId": 20001, "event": "reservation.updated"},
        {"object": "reservation", "event": "reservation.updated", "data": DATA},
        {"object": "reservation", "event": "reservation.updated", "data": {**WHOLE, "arrivalDate": "soon"}},
        {"object": "reservation", "event": "reservation.updated", "data": {**WHOLE, "updatedOn": None}},
    ],
)
def test_one_that_says_too_little_is_to_be_read(body: Any) -> None:
    (change,) = told(body)
    assert (change.reservation_id, change.record) == ("20001", None)


def test_a_new_one_is_called_so() -> None:
    (change,) = told({"object": "reservation", "event": "reservation.created", "data": WHOLE})
    assert change.made


MESSAGE = {"id": 7, "reservationId": 20001, "conversationId": 3, "isIncoming": 1, "date": "2027-05-01 15:30:19"}


def test_messages_of_guests_are_told_and_those_of_the_host_are_not() -> None:
    for body in ({"object": "conversationMessage", "event": "message.received", "data": MESSAGE}, MESSAGE):
        (message,) = told(body)
        assert (message.reservation_id, message.message_id) == ("20001", "7")
        assert message.written_at == datetime(2027, 5, 1, 15, 30, 19, tzinfo=UTC)
    assert told({"object": "conversationMessage", "data": {**MESSAGE, "isIncoming": 0}}) == []
    # Without its record it names no reservation.
    assert told({"object": "conversationMessage", "objectId": 7, "event": "message.received"}) == []


@pytest.mark.parametrize(
    "body",
    [
        {"object": "reservation", "event": "reservation.created", "data": "test"},
        {"object": "task", "event": "task.created", "data": {"id": 1}},
        {"event": "reservation.updated"},
        {"data": [1]},
        {},
        [],
    ],
)
def test_anything_else_tells_nothing(body: Any) -> None:
    assert told(body) == []


@given(st.binary() | st.builds(lambda value: json.dumps(value).encode(), st.dictionaries(st.text(), st.text())))
def test_no_body_is_a_fault(body: bytes) -> None:
    WEBHOOKS.told(body, "acc_1")
    WEBHOOKS.read(body)
