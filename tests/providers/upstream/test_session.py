"""What a session does with one call: send, judge, retry, give up."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from email.utils import format_datetime

import httpx
import pytest

from providers.errors import (
    AuthenticationFailed,
    NotFound,
    PermissionDenied,
    ProviderError,
    RateLimited,
    UpstreamInvalid,
    UpstreamRefused,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from providers.manifest import Limit, LimitScope
from providers.upstream.accounts import CallOutcome
from providers.upstream.caller import calling
from tests.providers.upstream.doubles import HOSTAWAY, ScriptedPms, account, answers, caller, get, post
from tests.providers.upstream.sessions import OK, create, failure_of, now
from tests.virtual_time import START, in_virtual_time


@in_virtual_time
async def test_an_answer_comes_back_parsed_with_exact_decimals() -> None:
    session = create(answers(httpx.Response(200, content=b'{"price": 12.30}', headers={"X-Total": "7"}))).session(
        account()
    )
    answer = await session.send(get(query=[("a", "1"), ("b[]", "x y")]))
    assert answer.json() == {"price": Decimal("12.30")}
    assert str(answer.json()["price"]) == "12.30"
    assert answer.headers["x-total"] == "7"
    assert answer.received_at == START


@in_virtual_time
async def test_a_call_is_sent_as_it_was_written() -> None:
    pms = ScriptedPms()
    session = create(pms).session(account())
    await session.send(get("/v1/things/7", query=[("a", "1"), ("a", "2"), ("b[]", "x y")]))
    await session.send(replace(post(), json={"price": Decimal("12.30"), "nights": Decimal(3), "day": START.date()}))
    await session.send(replace(post(), json=None, form=[("grant", "a&b")], headers={"X-Extra": "1"}))
    first, second, third = pms.requests
    assert str(first.url) == "https://pms.test/v1/things/7?a=1&a=2&b%5B%5D=x+y"
    assert first.headers["user-agent"].startswith("StayGraph/")
    assert json.loads(second.content) == {"price": 12.3, "nights": 3, "day": "2026-03-14"}
    assert second.headers["content-type"] == "application/json"
    assert third.content == b"grant=a%26b"
    assert third.headers["content-type"] == "application/x-www-form-urlencoded"
    assert third.headers["x-extra"] == "1"


@pytest.mark.parametrize(
    "path",
    [
        "/v1/things/../tokens",
        "//evil.test/x",
        "/v1/things/1?admin=1",
        "/v1/a b",
        "v1",
        "/v1/./x",
        "/a\\b",
        "/v1/..",
        "/v1//x",
        "/",
        "/a\x7f/../b",
    ],
)
def test_an_id_cannot_lead_a_call_elsewhere(path: str) -> None:
    @in_virtual_time
    async def run() -> None:
        pms = ScriptedPms()
        assert isinstance(await failure_of(pms, get(path)), NotFound)
        assert pms.requests == []

    run()


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (301, UpstreamInvalid),
        (304, UpstreamInvalid),
        (400, UpstreamRefused),
        (401, AuthenticationFailed),
        (403, PermissionDenied),
        (404, NotFound),
        (409, UpstreamRefused),
        (418, UpstreamRefused),
        (422, UpstreamRefused),
        (500, UpstreamUnavailable),
        (503, UpstreamUnavailable),
    ],
)
def test_each_status_has_its_error(status: int, error: type[ProviderError]) -> None:
    @in_virtual_time
    async def run() -> None:
        failure = await failure_of(answers(httpx.Response(status, json={"message": "Because."})))
        assert type(failure) is error
        assert (failure.provider, failure.account_id, failure.upstream_status) == ("pms", "one", status)
        says_why = status in (400, 401, 403, 409, 418, 422)
        assert ("Because." in failure.message) is says_why

    run()


@pytest.mark.parametrize("content", [b"", b"{}"])
def test_an_accepted_change_may_have_no_body(content: bytes) -> None:
    @in_virtual_time
    async def run() -> None:
        session = create(answers(httpx.Response(204 if not content else 201, content=content))).session(account())
        assert (await session.send(post())).body == content

    run()


@pytest.mark.parametrize(
    ("body", "text"),
    [(b"<!DOCTYPE html><p>secret", "HTML"), (b'{"name": "secret', "cut off"), (b"secret", "not JSON")],
)
def test_a_body_that_is_not_json_is_tried_again_and_then_named(body: bytes, text: str) -> None:
    @in_virtual_time
    async def run() -> None:
        pms = answers(httpx.Response(200, content=body))
        failure = await failure_of(pms)
        assert isinstance(failure, UpstreamInvalid)
        assert text in failure.message
        assert "secret" not in failure.message
        assert failure.upstream_status == 200
        assert len(pms.requests) == 3

    run()


@in_virtual_time
async def test_a_reason_repeats_no_token_address_or_number_of_a_person() -> None:
    said = (
        "guest ada@example.com (+49 151 1234 5678) has card 4111 1111 1111 1111; listing 40160 is archived"
        " for Bearer short-1 and 0123456789abcdef0123456789abcdef"
    )
    failure = await failure_of(answers(httpx.Response(400, json={"message": said})))
    assert "listing 40160 is archived" in failure.message
    for private in ("ada@", "example.com", "1234", "4111", "short-1", "abcdef"):
        assert private not in failure.message


@in_virtual_time
async def test_a_reason_is_passed_on_in_one_short_line() -> None:
    failure = await failure_of(answers(httpx.Response(422, json={"message": "Too\n many\twords " * 100})))
    assert "Too many words Too many" in failure.message
    assert len(failure.message) < 350


@in_virtual_time
async def test_a_refusal_without_json_is_still_a_refusal() -> None:
    assert isinstance(await failure_of(answers(httpx.Response(400, content=b"<html>no"))), UpstreamRefused)


class TestRetries:
    @in_virtual_time
    async def test_reads_are_repeated_with_growing_pauses_and_a_permit_each(self) -> None:
        pms = answers(httpx.Response(502), httpx.ReadError("x"), OK)
        upstream = create(pms)
        session = upstream.session(account(limits=HOSTAWAY))
        assert (await session.send(get())).ok
        first, second = pms.times[1] - pms.times[0], pms.times[2] - pms.times[1]
        assert 0.125 <= first <= 0.25 <= second <= 0.5
        assert [usage.used for usage in upstream.usage()] == [3, 3]

    @in_virtual_time
    async def test_writes_are_not_repeated_after_they_may_have_been_done(self) -> None:
        for step in (
            httpx.Response(503),
            httpx.ReadError("x"),
            httpx.ReadTimeout("x"),
            httpx.Response(200, content=b"<"),
        ):
            pms = answers(step, OK)
            await failure_of(pms, post())
            assert len(pms.requests) == 1

    @in_virtual_time
    async def test_writes_are_repeated_where_nothing_was_sent(self) -> None:
        for step in (httpx.ConnectError("x"), httpx.ConnectTimeout("x"), httpx.PoolTimeout("x"), httpx.Response(429)):
            pms = answers(step, OK)
            session = create(pms).session(account())
            assert (await session.send(post())).ok
            assert len(pms.requests) == 2

    @in_virtual_time
    async def test_a_call_declared_safe_is_repeated_whatever_its_method(self) -> None:
        pms = answers(httpx.Response(502), OK)
        assert (await create(pms).session(account()).send(post(safe=True))).ok

    @in_virtual_time
    async def test_a_call_that_never_left_costs_no_permit(self) -> None:
        upstream = create(answers(httpx.ConnectError("refused")))
        with pytest.raises(UpstreamUnavailable):
            await upstream.session(account(limits=HOSTAWAY)).send(get())
        assert [usage.used for usage in upstream.usage()] == [0, 0]

    @in_virtual_time
    async def test_retries_are_a_bounded_share_of_calls(self) -> None:
        pms = answers(httpx.Response(200, content=b"not json"))
        session = create(pms).session(account())
        for _ in range(100):
            with pytest.raises(UpstreamInvalid):
                await session.send(get())
        assert 110 <= len(pms.requests) <= 135  # 10 saved up, 20 % of 100, a few regained in the pauses

    @in_virtual_time
    async def test_there_is_no_retry_beyond_the_deadline(self) -> None:
        pms = answers(httpx.Response(503, headers={"Retry-After": "20"}))
        session = create(pms).session(account())
        with calling(caller(deadline=10)), pytest.raises(UpstreamUnavailable) as failure:
            await session.send(get())
        assert (now(), len(pms.requests), failure.value.retry_after) == (0, 1, 20)


class TestRateLimitsOfThePms:
    @in_virtual_time
    async def test_a_429_waits_for_the_told_time_and_holds_others_back(self) -> None:
        pms = answers(httpx.Response(429, headers={"Retry-After": "7"}), OK)
        session = create(pms).session(account(limits=HOSTAWAY))
        first = asyncio.create_task(session.send(get("/1")))
        await asyncio.sleep(1)
        await asyncio.gather(first, session.send(get("/2")))
        assert pms.times == pytest.approx([0, 7.25, 7.25], abs=0.01)

    @in_virtual_time
    async def test_retry_after_may_be_a_date(self) -> None:
        date = format_datetime(START + timedelta(seconds=9), usegmt=True)
        pms = answers(httpx.Response(429, headers={"Retry-After": date}), OK)
        await create(pms).session(account(limits=HOSTAWAY)).send(get())
        assert pms.times[1] == pytest.approx(9.25, abs=0.01)

    @in_virtual_time
    async def test_a_429_holds_back_an_account_without_known_limits_too(self) -> None:
        pms = answers(httpx.Response(429, headers={"Retry-After": "7"}), OK)
        await create(pms).session(account()).send(get())
        assert pms.times[1] == pytest.approx(7.25, abs=0.01)

    @in_virtual_time
    async def test_if_the_told_time_is_too_late_the_caller_learns_it_at_once(self) -> None:
        pms = answers(httpx.Response(429, headers={"Retry-After": "60"}))
        session = create(pms).session(account(limits=HOSTAWAY))
        with pytest.raises(RateLimited) as failure:
            await session.send(get())
        assert now() == 0
        assert failure.value.retry_after == pytest.approx(60.25)
        assert failure.value.upstream_status == 429
        assert (failure.value.provider, failure.value.account_id) == ("pms", "one")

    @in_virtual_time
    async def test_attempts_end(self) -> None:
        pms = answers(httpx.Response(429, headers={"Retry-After": "1"}))
        with pytest.raises(RateLimited) as failure:
            await create(pms).session(account(limits=HOSTAWAY)).send(get())
        assert len(pms.requests) == 3
        assert failure.value.upstream_status == 429

    @in_virtual_time
    async def test_a_charge_of_its_own_uses_only_its_own_windows(self) -> None:
        own = Limit(scope=LimitScope.ACCOUNT, calls=2, seconds=60, charge="messages")
        pms = ScriptedPms()
        upstream = create(pms)
        session = upstream.session(account(limits=(*HOSTAWAY, own)))
        await session.send(get("/m", charge="messages"))
        await session.send(get("/x", charge="unknown"))
        assert {(u.scope, u.charge): u.used for u in upstream.usage()} == {
            (LimitScope.IP, None): 1,
            (LimitScope.ACCOUNT, None): 1,
            (LimitScope.ACCOUNT, "messages"): 1,
        }


class TestDeadlines:
    @in_virtual_time
    async def test_a_silent_pms_costs_one_attempt_its_time_and_is_tried_again(self) -> None:
        pms = answers(100.0, OK)
        session = create(pms).session(account())
        assert (await session.send(get())).ok
        assert pms.times[1] == pytest.approx(10.25, abs=0.25)

    @in_virtual_time
    async def test_the_callers_deadline_ends_the_call(self) -> None:
        seen: list[CallOutcome] = []
        pms = answers(100.0, OK)
        session = create(pms, seen.append).session(account())
        with calling(caller(deadline=3)), pytest.raises(UpstreamTimeout) as failure:
            await session.send(get())
        assert now() == pytest.approx(3, abs=0.02)
        assert failure.value.account_id == "one"
        await asyncio.sleep(0)
        assert [outcome.error for outcome in seen] == ["CANCELLED"]

    @in_virtual_time
    async def test_a_change_whose_fate_is_unknown_says_so(self) -> None:
        session = create(answers(100.0, OK)).session(account())
        with calling(caller(deadline=3)), pytest.raises(UpstreamTimeout, match="not known"):
            await session.send(post())

    @in_virtual_time
    async def test_a_deadline_that_is_over_sends_nothing(self) -> None:
        pms = ScriptedPms()
        await asyncio.sleep(5)
        with calling(caller(deadline=4)), pytest.raises(UpstreamTimeout):
            await create(pms).session(account()).send(get())
        assert pms.requests == []
