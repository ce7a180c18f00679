"""Receiving webhooks over HTTP: what is kept, what is refused, and what happens on bad days."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import event
from sqlalchemy.pool import Pool

from graph.accounts.keys import Permission
from graph.events.account_webhooks import token_digest
from graph.events.receiving import STRANGERS_AT_ONCE
from graph.storage import durable
from tests.gateway_world import World, world
from tests.graph.events.webhook_world import (
    BOOKING,
    RESERVATION,
    ROTATE,
    account_ids,
    accounts,
    address,
    basic,
    opened,
    rows,
    send,
    send_signed,
    webhook,
)


async def test_a_delivery_with_the_right_password_is_kept_as_it_came(running: World) -> None:
    to = await address(running)
    body = b'{"event": "reservation.updated" , "accountId":10450,"data":{"guestName":"Ada Byron"}}'
    answer = await send(running, to.path, body, to.basic)
    assert (answer.status_code, answer.content) == (200, b"")
    (row,) = await rows(running)
    (account, _) = await accounts(running, "HOSTAWAY")
    assert (row.tenant_id, row.account_id) == ("default", account.id)
    assert (row.event, row.provider_account) == ("reservation.updated", "10450")
    assert opened(running, row) == body


async def test_a_delivery_with_the_right_signature_is_kept(running: World) -> None:
    to = await address(running, "BOOKINGSYNC")
    assert (to.login, to.password) == (None, None)
    assert (await send_signed(running, to, BOOKING)).status_code == 200
    (row,) = await rows(running)
    assert row.event == "booking_updated"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", None),
        (b"hello", None),
        (b"{", None),
        (b"[]", None),
        (b"[" * 100_000, None),
        (b'{"event": ' + b"9" * 6000 + b"}", None),
        (b'{"event": "\\ud800"}', None),
        (b"\xff\x00\xfe", None),
        (b'{"event": "moon.landed", "accountId": 7, "data": {}}', "moon.landed"),
        (b'{"object": "reservation", "event": "reservation.created", "data": "test"}', "reservation.created"),
    ],
)
async def test_whatever_the_pms_sends_is_kept_also_what_nobody_understands(
    running: World, body: bytes, kind: str | None
) -> None:
    to = await address(running)
    assert (await send(running, to.path, body, to.basic)).status_code == 200
    (row,) = await rows(running)
    assert row.event == kind
    assert opened(running, row) == body


async def test_without_the_pms_proof_nothing_is_stored_and_it_is_counted(running: World) -> None:
    to = await address(running)
    refused: list[dict[str, str]] = [{}, basic("staygraph", "wrong"), basic("x", to.password or "")]
    for headers in refused:
        answer = await send(running, to.path, RESERVATION, headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Basic ")
        assert answer.content == b""
    signed = await address(running, "BOOKINGSYNC")
    for headers in ({}, {"X-Content-Signature": "0" * 40}, to.basic):
        answer = await send(running, signed.path, BOOKING, headers)
        assert answer.status_code == 401
        assert "www-authenticate" not in answer.headers
    assert await rows(running) == []
    await running.services.receiving.note_refusals()
    for id_ in (to.id, signed.id):
        seen = await webhook(running, id_)
        assert (seen["state"], seen["deliveries"], seen["refused"]) == ("WAITING", 0, 3)
        assert seen["lastRefusedAt"] is not None
        assert seen["lastDeliveryAt"] is None


async def test_addresses_that_are_not_there_are_all_answered_alike(running: World) -> None:
    to = await address(running)
    token = to.path.rsplit("/", 1)[1]
    wrong = [
        f"/webhooks/hostaway/{token[:-1]}",
        f"/webhooks/hostaway/{token}x",
        f"/webhooks/hostaway/{'x' * 5000}",
        "/webhooks/hostaway/%00%ff",
        f"/webhooks/bookingsync/{token}",
        f"/webhooks/acme/{token}",
    ]
    answers = [await send(running, path, RESERVATION, to.basic) for path in wrong]
    assert {(each.status_code, each.content, tuple(sorted(each.headers))) for each in answers} == {
        (404, b"", ("content-length",))
    }
    assert running.services.receiving.unknown == len(wrong)
    assert await rows(running) == []
    # The provider's name is written in any case.
    assert (await send(running, f"/webhooks/HostAway/{token}", RESERVATION, to.basic)).status_code == 200


async def test_only_post_is_answered(running: World) -> None:
    to = await address(running)
    assert (await send(running, to.path, b"", to.basic, method="GET")).status_code == 405
    assert (await send(running, to.path, RESERVATION, to.basic, method="PUT")).status_code == 405


async def test_a_body_beyond_the_limit_is_refused_wherever_it_is_sent(running: World) -> None:
    to = await address(running)
    assert (await send(running, to.path, b"x" * 1_048_576, to.basic)).status_code == 200
    for path in (to.path, "/webhooks/hostaway/unknown"):
        assert (await send(running, path, b"x" * 10_000_000, to.basic)).status_code == 413
    assert len(await rows(running)) == 1


async def test_the_same_delivery_is_stored_once_and_counted_once(running: World) -> None:
    to = await address(running)
    for _ in range(3):
        assert (await send(running, to.path, RESERVATION, to.basic)).status_code == 200
    together = await asyncio.gather(*(send(running, to.path, RESERVATION | {"x": 1}, to.basic) for _ in range(10)))
    assert {each.status_code for each in together} == {200}
    assert len(await rows(running)) == 2
    assert (await webhook(running, to.id))["deliveries"] == 2


async def test_what_may_be_two_changes_is_stored_twice(running: World) -> None:
    to = await address(running)
    for _ in range(2):
        await send(running, to.path, {"event": "reservation.updated", "objectId": 1, "accountId": 10450}, to.basic)
    assert len(await rows(running)) == 2


async def test_the_same_bytes_for_two_accounts_are_two_deliveries(running: World) -> None:
    for index in (0, 1):
        to = await address(running, index=index)
        assert (await send(running, to.path, RESERVATION, to.basic)).status_code == 200
    assert len({row.account_id for row in await rows(running)}) == 2


async def test_a_new_secret_ends_the_former_at_once(running: World) -> None:
    old = await address(running)
    await send(running, old.path, RESERVATION, old.basic)
    assert (await webhook(running, old.id))["state"] == "RECEIVING"
    running.clock.advance(1)
    new = await address(running)
    assert (new.url, new.password) != (old.url, old.password)
    assert (await send(running, old.path, RESERVATION, old.basic)).status_code == 404
    assert (await send(running, new.path, RESERVATION, old.basic)).status_code == 401
    assert (await webhook(running, old.id))["state"] == "WAITING"
    running.clock.advance(1)
    assert (await send(running, new.path, RESERVATION, new.basic)).status_code == 200
    assert (await webhook(running, old.id))["state"] == "RECEIVING"


async def test_one_address_serves_all_accounts_of_an_application(tmp_path: Path) -> None:
    async with world(tmp_path, hostaway_accounts=0, bookingsync_accounts=2) as running:
        to = await address(running, "BOOKINGSYNC")
        first, second = await accounts(running, "BOOKINGSYNC")
        numbers = [config["accountId"] for _, config in running.simulations["BOOKINGSYNC"].credentials()]
        for number in (numbers[0], numbers[1], "999"):
            assert (await send_signed(running, to, BOOKING | {"account_id": int(number)})).status_code == 200
        stored = {row.provider_account: row.account_id for row in await rows(running)}
        assert stored == {numbers[0]: first.id, numbers[1]: second.id, "999": first.id}
        _, other = await account_ids(running, "BOOKINGSYNC")
        assert (await webhook(running, other))["state"] == "RECEIVING"


async def test_an_account_that_cannot_prove_a_delivery_does_not_get_it(running: World) -> None:
    """Hostaway's accounts have passwords of their own: naming another account does not reach it."""
    to = await address(running)
    first, second = await accounts(running, "HOSTAWAY")
    number = running.simulations["HOSTAWAY"].credentials()[1][1]["accountId"]
    assert (await send(running, to.path, RESERVATION | {"accountId": number}, to.basic)).status_code == 200
    (row,) = await rows(running)
    assert (row.account_id, row.provider_account) == (first.id, str(number))
    assert second.id != first.id


async def test_another_tenants_account_is_not_reached(running: World) -> None:
    async with running.services.database.session() as session:
        from graph.storage.tables import TenantRow

        now = running.clock.now()
        session.add(TenantRow(id="other", name="Other", created_at=now, updated_at=now))
    to = await address(running, "BOOKINGSYNC")
    (account,) = await accounts(running, "BOOKINGSYNC")
    (auth_type, config), *_ = running.simulations["BOOKINGSYNC"].credentials()
    from graph.accounts.connections import auth_method
    from providers.catalogue import plugin

    foreign = auth_method(plugin("BOOKINGSYNC"), auth_type).config.model_validate(config | {"accountId": "777"})
    await running.services.accounts.add("other", "BOOKINGSYNC", "Theirs", auth_type, foreign)
    assert (await send_signed(running, to, BOOKING | {"account_id": 777})).status_code == 200
    (row,) = await rows(running)
    assert (row.tenant_id, row.account_id) == ("default", account.id)


async def test_those_who_try_tokens_keep_no_known_address_waiting(
    running: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    to = await address(running)
    await send(running, to.path, RESERVATION, to.basic)
    running.clock.advance(2)
    known = token_digest(to.path.rsplit("/", 1)[1])
    addresses: Any = running.services.receiving._addresses
    find, gate, strangers = addresses._load, asyncio.Event(), 0

    async def gated(digest: bytes) -> Any:
        nonlocal strangers
        if digest != known:
            strangers += 1
            await gate.wait()
        return await find(digest)

    monkeypatch.setattr(addresses, "_load", gated)
    guesses = [
        asyncio.create_task(send(running, f"/webhooks/hostaway/{number:043}", RESERVATION, to.basic))
        for number in range(30)
    ]
    assert (await send(running, to.path, RESERVATION | {"x": 1}, to.basic)).status_code == 200
    assert strangers == STRANGERS_AT_ONCE
    gate.set()
    assert {answer.status_code for answer in await asyncio.gather(*guesses)} == {404}


async def test_an_account_that_is_deleted_is_unknown_at_once_and_so_is_what_it_kept(running: World) -> None:
    to = await address(running)
    await send(running, to.path, RESERVATION, to.basic)
    (account, _) = await accounts(running, "HOSTAWAY")
    await running.services.accounts.remove("default", account.id)
    assert (await send(running, to.path, RESERVATION | {"x": 1}, to.basic)).status_code == 404
    assert await rows(running) == []


async def test_guests_and_secrets_are_nowhere_in_clear(running: World, tmp_path: Path, caplog: Any) -> None:
    to = await address(running)
    await send(running, to.path, RESERVATION, to.basic)
    await send(running, to.path, RESERVATION, basic("staygraph", "guessed-password"))
    await running.services.receiving.note_refusals()
    stored = all_bytes(tmp_path)
    assert b"reservation.updated" in stored
    planted = ("Ada Byron", to.password or "", to.path.rsplit("/", 1)[1], "guessed-password")
    assert not [secret for secret in planted if secret.encode() in stored]
    assert not [secret for secret in planted if secret in caplog.text]


def all_bytes(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


@contextmanager
def pragma(text: str) -> Iterator[None]:
    """Every connection that is opened meanwhile has it."""

    def prepare(connection: Any, _: Any) -> None:
        connection.execute(f"PRAGMA {text}")

    event.listen(Pool, "connect", prepare)
    try:
        yield
    finally:
        event.remove(Pool, "connect", prepare)


async def test_a_full_disk_is_answered_with_try_later_and_mends_by_itself(running: World) -> None:
    to = await address(running)
    with pragma("max_page_count=1"):
        for number in range(2):
            answer = await send(running, to.path, {"data": "x" * 500_000, "n": number}, to.basic)
            assert answer.status_code == 503
            assert int(answer.headers["retry-after"]) > 0
            assert answer.content == b""
    assert (await send(running, to.path, RESERVATION, to.basic)).status_code == 200
    assert len(await rows(running)) == 1


async def test_a_database_that_is_locked_is_answered_with_try_later(
    running: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(durable, "BUSY_SECONDS", 0.01)
    to = await address(running)
    other = sqlite3.connect(tmp_path / "staygraph.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert (await send(running, to.path, RESERVATION, to.basic)).status_code == 503
    other.execute("ROLLBACK")
    other.close()
    assert (await send(running, to.path, RESERVATION, to.basic)).status_code == 200


async def test_a_database_that_is_gone_is_answered_with_try_later(running: World, tmp_path: Path) -> None:
    to = await address(running)
    assert (await send(running, to.path, RESERVATION, to.basic)).status_code == 200
    (tmp_path / "staygraph.db").rename(tmp_path / "elsewhere")
    assert (await send(running, to.path, RESERVATION | {"x": 1}, to.basic)).status_code == 503


async def test_a_delivery_that_did_not_arrive_whole_is_to_come_again(running: World) -> None:
    to = await address(running)
    headers = [(name.lower().encode(), value.encode()) for name, value in to.basic.items()]
    scope = {"type": "http", "method": "POST", "path": to.path, "query_string": b"", "headers": headers}
    sent: list[Any] = []
    parts = iter([{"type": "http.request", "body": b'{"event"', "more_body": True}, {"type": "http.disconnect"}])

    async def receive() -> Any:
        return next(parts)

    async def note(message: Any) -> None:
        sent.append(message)

    await running.app(scope, receive, note)
    assert sent[0]["status"] == 503
    assert await rows(running) == []


async def test_a_key_that_may_only_read_sees_how_it_goes_and_no_secret(running: World) -> None:
    to = await address(running)
    query = "query($id: ID!) { account(id: $id) { webhook { state address { url login password } } } }"
    body = await running.ask(query, id=to.id)
    assert body["data"]["account"]["webhook"] == {"state": "WAITING", "address": None}
    (error,) = body["errors"]
    assert error["extensions"] == {"code": "FORBIDDEN"}
    assert to.password not in str(body)
    writer = await running.key_with(Permission.WRITE)
    answer = await running.post(query, {"id": to.id}, Authorization=f"Bearer {writer}")
    assert answer.json()["data"]["account"]["webhook"]["address"] == {
        "url": to.url,
        "login": to.login,
        "password": to.password,
    }


async def test_an_account_begins_without_an_address(running: World) -> None:
    (id_, _) = await account_ids(running, "HOSTAWAY")
    seen = await webhook(running, id_)
    assert (seen["state"], seen["issuedAt"], seen["deliveries"]) == ("NOT_SET_UP", None, 0)
    assert "Hostaway" in seen["setup"]
    writer = await running.key_with(Permission.WRITE)
    query = "query($id: ID!) { account(id: $id) { webhook { address { url } } } }"
    answer = await running.post(query, {"id": id_}, Authorization=f"Bearer {writer}")
    assert answer.json() == {"data": {"account": {"webhook": {"address": None}}}}


async def test_the_address_is_under_the_public_url(tmp_path: Path) -> None:
    async with world(tmp_path, bookingsync_accounts=0, public_url="https://graph.example.com/pms/") as running:
        to = await address(running)
        assert to.url.startswith("https://graph.example.com/pms/webhooks/hostaway/")


async def test_making_an_address_needs_write(running: World) -> None:
    (id_, _) = await account_ids(running, "HOSTAWAY")
    answer = await running.post(ROTATE, {"id": id_})
    (error,) = answer.json()["errors"]
    assert error["extensions"] == {"code": "FORBIDDEN"}
    assert (await webhook(running, id_))["state"] == "NOT_SET_UP"


async def test_an_address_for_an_account_that_is_not_there_is_refused(running: World) -> None:
    (id_, _) = await account_ids(running, "HOSTAWAY")
    (account, _) = await accounts(running, "HOSTAWAY")
    await running.services.accounts.remove("default", account.id)
    payload = await running.change(ROTATE, Permission.WRITE, id=id_)
    assert payload["address"] is None
    assert [(each["field"], each["code"]) for each in payload["userErrors"]] == [(["id"], "NOT_FOUND")]


async def test_an_account_without_the_secret_of_the_signatures_gets_no_address(running: World) -> None:
    from providers.bookingsync.manifest import AccessTokenConfig
    from providers.manifest import AuthType

    config = AccessTokenConfig.model_validate({"accessToken": "t", "accountId": "5"})
    await running.services.accounts.add("default", "BOOKINGSYNC", "Token", AuthType.ACCESS_TOKEN, config)
    *_, id_ = await account_ids(running, "BOOKINGSYNC")
    payload = await running.change(ROTATE, Permission.WRITE, id=id_)
    assert [(each["field"], each["code"]) for each in payload["userErrors"]] == [(["id"], "NOT_SUPPORTED")]


async def test_bad_bytes_in_the_headers_are_no_fault(running: World) -> None:
    to = await address(running)
    for value in (b"Basic \xff\xfe", b"Basic " + b"A" * 20_000, b"\x80"):
        request = httpx.Request("POST", f"http://gateway.test{to.path}", headers=[(b"Authorization", value)])
        assert (await running.client.send(request)).status_code == 401
