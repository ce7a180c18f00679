"""BookingSync's deliveries: the signature as documented, and what is read."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.bookingsync.manifest import AccessTokenConfig, OAuthConfig
from providers.bookingsync.webhooks import BookingsyncWebhooks, signature
from providers.webhooks import NOTHING_READ, GuestNews, WebhookLogin, WebhookRequest

WEBHOOKS = BookingsyncWebhooks()
LOGIN = WebhookLogin("", "")
CONFIG = OAuthConfig.model_validate({"clientId": "app", "clientSecret": "s3cr3t"})
TOKEN_ONLY = AccessTokenConfig.model_validate({"accessToken": "t"})

BODY = (
    b'{"account_id":3837,"event":"booking_created","resource":{"links":{},"booking":{"id":829165,"status":"Booked"}}}'
)
SIGNATURE = "2720c6edf6f12b1654b0dff4ee62db0ce634e445"


def proved(sent: str | None, body: bytes = BODY, config: Any = CONFIG) -> bool:
    headers = {} if sent is None else {"x-content-signature": sent}
    return WEBHOOKS.proved(WebhookRequest(headers, body), LOGIN, config)


def test_the_documented_signature_is_believed() -> None:
    assert signature("s3cr3t", BODY) == SIGNATURE
    assert proved(SIGNATURE)


@pytest.mark.parametrize("sent", [None, "", SIGNATURE[:-1], SIGNATURE[:-1] + "6", SIGNATURE.upper(), "é" * 40])
def test_no_other_signature_is_believed(sent: str | None) -> None:
    assert not proved(sent)


def test_the_signature_is_of_the_bytes_as_they_came() -> None:
    assert not proved(SIGNATURE, BODY.replace(b",", b", "))


def test_credentials_without_the_applications_secret_prove_nothing() -> None:
    assert WEBHOOKS.provable(CONFIG)
    assert not WEBHOOKS.provable(TOKEN_ONLY)
    assert not proved(SIGNATURE, config=TOKEN_ONLY)


@given(st.binary(), st.text())
def test_only_the_right_signature_is_believed_for_any_body(body: bytes, other: str) -> None:
    right = signature("s3cr3t", body)
    assert proved(right, body)
    assert proved(other, body) == (other.strip() == right)


def key(resource: Any) -> str | None:
    return WEBHOOKS.read(json.dumps({"account_id": 1, "event": "booking_updated", "resource": resource}).encode()).key


def test_event_and_account_are_read() -> None:
    note = WEBHOOKS.read(BODY)
    assert (note.event, note.account_id) == ("booking_created", "3837")
    # The documentation prints the number as a text in one place.
    assert WEBHOOKS.read(BODY.replace(b"3837", b'"3837"')).account_id == "3837"


def test_the_same_bytes_are_one_delivery_only_if_the_record_says_when_it_changed() -> None:
    one = {"links": {}, "booking": {"id": 1, "updated_at": "2027-01-01T00:00:00Z"}}
    assert key(one) is not None
    assert key(one) == key(one)
    assert key(one) != key({**one, "booking": {"id": 1, "updated_at": "2027-01-01T00:00:01Z"}})
    assert key({"bookings": [one["booking"]]}) is not None
    assert key({"links": {"updated_at": "x"}, "booking": {"id": 1}}) is None
    assert key("text") is None


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'{"account_id": ' + b"9" * 6000 + b"}", b"[" * 100_000])
def test_what_is_not_understood_is_no_fault(body: bytes) -> None:
    assert WEBHOOKS.read(body) == NOTHING_READ


def told(event: str, **record: Any) -> Any:
    kind = event.rpartition("_")[0]
    body = {"account_id": 1, "event": event, "resource": {"links": {}, kind: {"id": 7, **record}}}
    return WEBHOOKS.told(json.dumps(body).encode(), "acc_1")


def test_a_booking_is_to_be_read_whatever_happened_to_it() -> None:
    (made,) = told("booking_created", updated_at="2027-05-01T15:30:19Z")
    assert (made.reservation_id, made.record, made.made) == ("7", None, True)
    assert made.changed_at == datetime(2027, 5, 1, 15, 30, 19, tzinfo=UTC)
    (gone,) = told("booking_destroyed", updated_at="2027-05-01T15:30:19Z")
    # Its time is of the last change before it went.
    assert (gone.changed_at, gone.made) == (None, False)


def test_a_part_tells_of_its_booking() -> None:
    for event in ("bookings_fee_created", "payment_updated", "booking_comment_destroyed"):
        (change,) = told(event, links={"booking": 829165}, updated_at="2027-05-01T15:30:19Z")
        assert (change.reservation_id, change.changed_at) == ("829165", None)
    assert told("payment_created") == []
    assert told("payment_created", links={"bookings": []}) == []


def test_a_payment_tells_of_all_bookings_that_it_is_for() -> None:
    changes = told("payment_created", links={"account": 1, "bookings": [829165, 829166, 829165]}, order_id="x")
    assert [each.reservation_id for each in changes] == ["829165", "829166"]
    body = {"event": "payment_created", "resource": {"links": {}, "payment": {"links": {"bookings": [829165]}}}}
    assert WEBHOOKS.read(json.dumps(body).encode()).subject == "829165"


def test_lists_in_lists_are_no_ids() -> None:
    deep = "[" * 900 + "829165" + "]" * 900
    body = b'{"event":"payment_created","resource":{"payment":{"links":{"bookings":%s}}}}' % deep.encode()
    assert WEBHOOKS.told(body, "acc_1") == []


def test_a_message_is_told_where_it_names_its_booking() -> None:
    (message,) = told("inbox_message_created", links={"booking": 829165}, created_at="2027-05-01T15:30:19Z")
    assert (message.reservation_id, message.message_id) == ("829165", "7")
    assert told("inbox_message_updated", links={"booking": 829165}) == []
    assert told("inbox_message_created") == []


DOCUMENTED_CLIENT = (
    b'{"account_id":1059638630,"event":"client_created","resource":{"links":{"clients.account":'
    b'"https://www.bookingsync.com/api/v3/accounts/{clients.account}"},"client":{"links":{"account":1059638630},'
    b'"id":995923932,"emails":[{"label":"default","email":"client_5@example.com"}],"phones":[],"addresses":[],'
    b'"created_at":"2017-10-10T11:00:00Z","updated_at":"2017-10-10T11:00:00Z","fullname":"Robt Braun","firstname":"",'
    b'"lastname":"","notes":null,"preferred_locale":null,"passport":null,"company":"","vat_number":""}}}'
)
"""The example of the documentation, Webhook subscriptions."""


@pytest.mark.parametrize(("action", "dated"), [("created", True), ("updated", True), ("destroyed", False)])
def test_a_client_is_told_whatever_happened_to_it(action: str, dated: bool) -> None:
    body = DOCUMENTED_CLIENT.replace(b"client_created", f"client_{action}".encode())
    # The time of one that is gone is of the last change before it went.
    changed_at = datetime(2017, 10, 10, 11, tzinfo=UTC) if dated else None
    assert WEBHOOKS.told(body, "acc_1") == [GuestNews(guest_id="995923932", changed_at=changed_at)]
    note = WEBHOOKS.read(body)
    assert (note.event, note.account_id, note.subject) == (f"client_{action}", "1059638630", None)
    assert note.key is not None


def test_clients_in_a_list_are_each_told_once() -> None:
    records = [{"id": 7}, {"id": "8", "updated_at": "odd"}, {"id": 7}, {"id": None}, {"id": {}}, "text"]
    body = json.dumps({"event": "client_updated", "resource": {"clients": records}}).encode()
    assert WEBHOOKS.told(body, "acc_1") == [GuestNews(guest_id="7"), GuestNews(guest_id="8")]
    many = {"event": "client_updated", "resource": {"clients": [{"id": id_} for id_ in range(1000)]}}
    assert len(WEBHOOKS.told(json.dumps(many).encode(), "acc_1")) == 100


@pytest.mark.parametrize("event", ["rental_updated", "client_exploded", "booking", "", "account_destroyed"])
def test_anything_else_tells_nothing(event: str) -> None:
    assert told(event) == []


@given(st.binary() | st.builds(lambda value: json.dumps(value).encode(), st.dictionaries(st.text(), st.text())))
def test_no_body_is_a_fault(body: bytes) -> None:
    WEBHOOKS.told(body, "acc_1")
    WEBHOOKS.read(body)
