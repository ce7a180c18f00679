"""Consents that are not given, or go wrong on the way: nothing is stored, used up or brought back that should not."""

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from sqlalchemy import select

from graph.storage.failures import StorageUnavailable
from graph.storage.tables import AccountTokenRow, AuthorizationRow, NotificationRow
from tests.graph.web.consent_told import notification
from tests.graph.web.consent_world import ConsentWorld


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"code": None}, "without what belongs to a consent"),
        ({"code": ""}, "without what belongs to a consent"),
        ({"code": "x" * 5000}, "without what belongs to a consent"),
    ],
)
async def test_callback_without_a_code_uses_nothing_up(
    pms: ConsentWorld, change: dict[str, str | None], text: str
) -> None:
    account = await pms.add()
    query = dict(parse_qsl(await pms.decide(await pms.begin(account))))
    wrong = {name: value for name, value in {**query, **change}.items() if value is not None}
    answer = await pms.callback(urlencode(wrong))
    assert answer.status_code == 400
    assert text in answer.text
    twice = await pms.callback(urlencode([*query.items(), ("code", "other")]))
    assert twice.status_code == 400
    assert (await pms.callback(urlencode(query))).status_code == 303


async def test_owner_who_does_not_agree_changes_nothing(pms: ConsentWorld) -> None:
    account = await pms.add()
    url = await pms.begin(account)
    query = await pms.decide(url, "deny")
    assert pms.sent_back(await pms.callback(query), account) == {"status": "error", "error": "CONSENT_DENIED"}
    assert await pms.status(account) == "AWAITING_AUTHORIZATION"
    assert pms.gateway.calls == []
    assert await notification(pms) is None
    assert (await pms.callback(query)).status_code == 400
    assert (await pms.callback(await pms.decide(await pms.begin(account)))).status_code == 303


async def test_other_errors_of_the_pms_are_told_apart_from_a_denial(pms: ConsentWorld) -> None:
    account = await pms.add()
    state = dict(parse_qsl(urlsplit(await pms.begin(account)).query))["state"]
    answer = await pms.callback(urlencode({"error": "server_error", "error_description": "<b>x</b>", "state": state}))
    assert pms.sent_back(answer, account) == {"status": "error", "error": "CONSENT_FAILED"}


@pytest.mark.parametrize(
    "fault", [{"kind": "status", "status": 503}, {"kind": "cut"}, {"kind": "garbage"}, {"kind": "html"}]
)
async def test_pms_that_fails_in_the_middle_may_be_tried_again(pms: ConsentWorld, fault: dict[str, Any]) -> None:
    account = await pms.add()
    query = await pms.decide(await pms.begin(account))
    await pms.gateway.fault("BOOKINGSYNC", path="/oauth/token", times=1, **fault)
    answer = await pms.callback(query)
    assert answer.status_code == 503
    assert "Try again" in answer.text
    assert await pms.status(account) == "AWAITING_AUTHORIZATION"
    again = await pms.callback(query)
    # A PMS that failed only afterwards has seen the code: then a fresh consent is what helps.
    if again.status_code != 303 or "success" not in again.headers["location"]:
        again = await pms.consent(account)
    assert pms.sent_back(again, account) == {"status": "success"}


async def test_unanswered_consent_can_be_tried_again_with_the_same_code(pms: ConsentWorld) -> None:
    account = await pms.add()
    query = await pms.decide(await pms.begin(account))
    await pms.gateway.fault("BOOKINGSYNC", kind="status", status=500, path="/oauth/token", times=1)
    page = await pms.callback(query)
    link = page.text.partition('id="again" href="?')[2].partition('"')[0].replace("&amp;", "&")
    assert link == query
    assert pms.sent_back(await pms.callback(link), account) == {"status": "success"}


async def test_code_that_the_pms_refuses_stores_nothing(pms: ConsentWorld) -> None:
    account = await pms.add()
    query = dict(parse_qsl(await pms.decide(await pms.begin(account))))
    answer = await pms.callback(urlencode({**query, "code": "guess"}))
    assert pms.sent_back(answer, account) == {"status": "error", "error": "CREDENTIALS_REFUSED"}
    assert await pms.status(account) == "AWAITING_AUTHORIZATION"
    assert "refreshToken" not in await pms.credentials(account)


async def test_account_that_was_deleted_meanwhile_is_not_brought_back(pms: ConsentWorld) -> None:
    account = await pms.add()
    query = await pms.decide(await pms.begin(account))
    await pms.gateway.services.accounts.remove("default", account.id)
    answer = await pms.callback(query)
    assert answer.status_code == 400
    assert "the account was removed" in answer.text
    assert await pms.now(account) is None
    async with pms.gateway.services.database.reading() as session:
        for table in (AccountTokenRow, AuthorizationRow, NotificationRow):
            assert (await session.scalars(select(table))).all() == []


async def test_account_that_is_deleted_while_the_pms_answers_is_not_brought_back(pms: ConsentWorld) -> None:
    account = await pms.add()
    query = await pms.decide(await pms.begin(account))
    connections = pms.gateway.services.connections
    seen = connections.seen

    async def deleted(*arguments: Any) -> Any:
        await pms.gateway.services.accounts.remove("default", account.id)
        return await seen(*arguments)

    connections.seen = deleted  # type: ignore[method-assign]
    answer = await pms.callback(query)
    assert answer.status_code == 400
    assert await notification(pms) is None


async def test_tokens_are_kept_also_where_the_pms_fails_right_after_it(pms: ConsentWorld) -> None:
    account = await pms.add()
    query = await pms.decide(await pms.begin(account))
    await pms.gateway.fault("BOOKINGSYNC", kind="status", status=503, path="/api/v3/accounts")
    assert pms.sent_back(await pms.callback(query), account) == {"status": "success"}
    assert await pms.status(account) == "ACTIVE"
    assert "refreshToken" in await pms.credentials(account)


async def test_refresh_token_that_the_check_spent_is_not_stored_but_its_successor(pms: ConsentWorld) -> None:
    account = await pms.add()
    query = await pms.decide(await pms.begin(account))
    await pms.gateway.fault("BOOKINGSYNC", kind="status", status=401, path="/api/v3/accounts", times=1)
    await pms.gateway.fault("BOOKINGSYNC", kind="status", status=503, path="/api/v3/accounts", times=20)
    assert pms.sent_back(await pms.callback(query), account) == {"status": "success"}
    assert sum(call.path == "/oauth/token" for call in pms.gateway.calls) == 2
    await pms.lift_faults()
    pms.simulation.revoke(0)
    data = await pms.gateway.data("{ listings(first: 1) { nodes { provider } sources { status } } }")
    assert data["listings"] == {"nodes": [{"provider": "BOOKINGSYNC"}], "sources": [{"status": "OK"}]}


async def test_database_that_is_gone_is_said_and_nothing_is_half_done(
    pms: ConsentWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = await pms.add()
    query = await pms.decide(await pms.begin(account))

    def gone(*_: Any) -> Any:
        raise StorageUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(pms.gateway.services.database, "session", gone)
        answer = await pms.callback(query)
    assert answer.status_code == 503
    assert "cannot store the connection" in answer.text
    assert pms.sent_back(await pms.callback(query), account) == {"status": "success"}
