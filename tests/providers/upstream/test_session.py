"""What a session does with one call: send, judge, retry, give up."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from email.utils import format_datetime
from random import Random
from typing import Any

import httpx
import pytest

from providers.errors import (
    AuthenticationFailed,
    ErrorCode,
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
from providers.upstream.accounts import CallOutcome, UpstreamSettings
from providers.upstream.caller import Priority, calling
from providers.upstream.tokens import MemoryTokens
from providers.upstream.upstream import Upstream
from tests.providers.upstream.doubles import HOSTAWAY, ScriptedPms, account, answers, caller, get, post, slow
from tests.virtual_time import START, VirtualClock, in_virtual_time

OK = httpx.Response(200, json={"ok": True})


def create(
    pms: httpx.AsyncBaseTransport, observe: Callable[[CallOutcome], None] | None = None, **options: Any
) -> Upstream:
    return Upstream(
        tokens=MemoryTokens(),
        settings=UpstreamSettings(**options),
        clock=VirtualClock(),
        transport=pms,
        random=Random(1),
        observe=observe,
    )


def now() -> float:
    return asyncio.get_running_loop().time()


async def failure_of(pms: httpx.AsyncBaseTransport, call: Any = None, **options: Any) -> ProviderError:
    session = create(pms, **options).session(account())
    with pytest.raises(ProviderError) as caught:
        await session.send(call or get())
    return caught.value


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


class TestSharing:
    @in_virtual_time
    async def test_identical_reads_in_flight_are_one_call(self) -> None:
        pms = answers(1.0, OK)
        session = create(pms).session(account())
        results = await asyncio.gather(*(session.send(get(query=[("a", "1")])) for _ in range(10)))
        assert len(pms.requests) == 1
        assert all(answer.json() == {"ok": True} for answer in results)
        await session.send(get(query=[("a", "1")]))
        assert len(pms.requests) == 2  # in flight only: this is no cache

    @in_virtual_time
    async def test_a_read_from_before_a_change_is_not_shared_with_who_asks_after_it(self) -> None:
        pms = answers(1.0, 0.1, OK)
        session = create(pms).session(account())
        early = asyncio.create_task(session.send(get()))
        await asyncio.sleep(0)
        await session.send(post())
        assert not early.done()
        await session.send(get())
        assert len(pms.requests) == 3
        await early

    @in_virtual_time
    async def test_a_change_that_another_process_made_parts_reads_too(self) -> None:
        pms = answers(1.0, OK)
        upstream = create(pms)
        session = upstream.session(account())
        early = asyncio.create_task(session.send(get()))
        await asyncio.sleep(0)
        upstream.part(session.account_id)
        await asyncio.gather(early, session.send(get()))
        assert len(pms.requests) == 2

    @in_virtual_time
    async def test_what_differs_is_not_shared(self) -> None:
        pms = ScriptedPms()
        upstream = create(pms)
        one, two = upstream.session(account()), upstream.session(account("two"))
        calls = [
            one.send(get()),
            two.send(get()),
            one.send(get(query=[("a", "1")])),
            one.send(get(headers={"X-A": "1"})),
            one.send(post(safe=True)),
            one.send(replace(post(safe=True), json={"name": "y"})),
            one.send(post()),
            one.send(post()),
        ]
        await asyncio.gather(*calls)
        assert len(pms.requests) == len(calls)

    @in_virtual_time
    async def test_who_leaves_does_not_hurt_who_stays(self) -> None:
        pms = answers(5.0, OK)
        session = create(pms).session(account())
        cancelled = asyncio.create_task(session.send(get()))
        with calling(caller("hasty", deadline=2)):
            hasty = asyncio.create_task(session.send(get()))
        with calling(caller("patient", deadline=20)):
            patient = asyncio.create_task(session.send(get()))
        await asyncio.sleep(1)
        cancelled.cancel()
        with pytest.raises(UpstreamTimeout):
            await hasty
        assert now() == pytest.approx(2, abs=0.02)
        assert (await patient).ok
        assert len(pms.requests) == 1

    @in_virtual_time
    async def test_a_latecomer_with_more_time_extends_the_wait_for_a_permit(self) -> None:
        pms = ScriptedPms()
        session = create(pms).session(account(limits=[Limit(scope=LimitScope.ACCOUNT, calls=1, seconds=10)]))
        await session.send(get("/first"))
        with calling(caller("hasty", 11, Priority.BACKGROUND)):
            hasty = asyncio.create_task(session.send(get("/wanted")))
        await asyncio.sleep(1)
        with calling(caller("patient", 1000, Priority.BACKGROUND)):
            patient = asyncio.create_task(session.send(get("/wanted")))
        await asyncio.sleep(1)
        with calling(caller("user")):  # takes the turn that "hasty" had counted on
            await session.send(get("/other"))
        with pytest.raises(RateLimited):
            await hasty
        assert now() == pytest.approx(11, abs=0.02)
        assert (await patient).ok
        assert [request.url.path for request in pms.requests] == ["/first", "/other", "/wanted"]

    @in_virtual_time
    async def test_an_interactive_latecomer_takes_a_background_call_out_of_the_background(self) -> None:
        pms = ScriptedPms()
        session = create(pms).session(account(limits=[Limit(scope=LimitScope.ACCOUNT, calls=1, seconds=10)]))
        await session.send(get("/first"))
        with calling(caller("sync", priority=Priority.BACKGROUND)):
            calls = [asyncio.create_task(session.send(get(path))) for path in ("/unwanted", "/wanted")]
        await asyncio.sleep(1)
        with calling(caller("user")):
            await session.send(get("/wanted"))
        assert now() == pytest.approx(10.25, abs=0.01)
        await asyncio.gather(*calls)
        assert len(pms.requests) == 3

    @in_virtual_time
    async def test_when_all_have_left_the_call_is_given_up(self) -> None:
        pms = answers(5.0, OK)
        session = create(pms).session(account())
        tasks = [asyncio.create_task(session.send(get())) for _ in range(3)]
        await asyncio.sleep(1)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        assert (await session.send(get())).ok  # a new call, not the one that is being given up
        assert len(pms.requests) == 2

    @in_virtual_time
    async def test_a_shared_failure_is_an_exception_for_each(self) -> None:
        session = create(answers(1.0, httpx.Response(404))).session(account())
        failures = await asyncio.gather(*(session.send(get()) for _ in range(3)), return_exceptions=True)
        assert [type(failure) for failure in failures] == [NotFound] * 3
        assert len({id(failure) for failure in failures}) == 3

    @in_virtual_time
    async def test_a_hasty_waiter_of_a_queued_call_is_told_when_to_come_back(self) -> None:
        session = create(ScriptedPms()).session(account(limits=[Limit(scope=LimitScope.ACCOUNT, calls=1, seconds=10)]))
        with calling(caller(deadline=1000)):
            await session.send(get("/first"))
            patient = asyncio.create_task(session.send(get()))
        await asyncio.sleep(0)
        with calling(caller("hasty", deadline=4)), pytest.raises(RateLimited) as failure:
            await session.send(get())
        assert failure.value.retry_after == pytest.approx(6.25, abs=0.05)
        assert (await patient).ok


class TestCircuit:
    @in_virtual_time
    async def test_it_opens_for_one_account_and_tries_again_with_one_call(self) -> None:
        down = True

        async def handler(request: httpx.Request) -> httpx.Response:
            await asyncio.sleep(0.1)
            return httpx.Response(503) if down and request.headers.get("x-who") != "two" else OK

        pms = ScriptedPms(handler)
        upstream = create(pms, attempts=1)
        one, two = upstream.session(account()), upstream.session(account("two"))
        for _ in range(5):
            with pytest.raises(UpstreamUnavailable):
                await one.send(get())
        sent = len(pms.requests)
        with pytest.raises(UpstreamUnavailable) as failure:
            await one.send(get())
        assert len(pms.requests) == sent
        assert 14 < (failure.value.retry_after or 0) <= 15
        assert (await two.send(get(headers={"x-who": "two"}))).ok

        await asyncio.sleep(15)
        before = len(pms.requests)
        results = await asyncio.gather(*(one.send(get(f"/{i}")) for i in range(5)), return_exceptions=True)
        assert len(pms.requests) == before + 1
        assert all(isinstance(result, UpstreamUnavailable) for result in results)

        down = False
        await asyncio.sleep(15)
        assert (await one.send(get())).ok
        assert all(answer.ok for answer in await asyncio.gather(*(one.send(get(f"/{i}")) for i in range(5))))

    @in_virtual_time
    async def test_refusals_keep_it_closed(self) -> None:
        for status in (400, 404, 422):
            session = create(answers(httpx.Response(status))).session(account())
            for _ in range(10):
                with pytest.raises(ProviderError) as failure:
                    await session.send(get())
                assert failure.value.upstream_status == status

    @in_virtual_time
    async def test_a_probe_that_is_cancelled_lets_the_next_one_through(self) -> None:
        steps: list[Any] = [httpx.Response(503)] * 5 + [4.0, OK]
        session = create(answers(*steps), attempts=1).session(account())
        for _ in range(5):
            with pytest.raises(UpstreamUnavailable):
                await session.send(get())
        await asyncio.sleep(15)
        probe = asyncio.create_task(session.send(get("/probe")))
        await asyncio.sleep(1)
        probe.cancel()
        await asyncio.wait([probe])
        await asyncio.sleep(0)
        assert (await session.send(get())).ok

    @in_virtual_time
    async def test_callers_with_short_deadlines_do_not_ask_a_silent_pms_for_ever(self) -> None:
        pms = slow(1000)
        session = create(pms).session(account())
        for _ in range(5):
            with calling(caller(deadline=now() + 6)), pytest.raises(UpstreamTimeout):
                await session.send(get())
            await asyncio.sleep(0)
        with pytest.raises(UpstreamUnavailable):
            await session.send(get())


class TestObservation:
    @in_virtual_time
    async def test_each_attempt_is_told_with_nothing_secret(self) -> None:
        seen: list[CallOutcome] = []
        pms = answers(httpx.Response(502), 0.5, OK)
        session = create(pms, seen.append).session(account(limits=HOSTAWAY))
        await session.send(get("/v1/things/7", query=[("token", "secret")], headers={"X-Key": "secret"}))
        assert [(o.method, o.path, o.status, o.error, o.attempt) for o in seen] == [
            ("GET", "/v1/things/7", 502, "UPSTREAM_UNAVAILABLE", 1),
            ("GET", "/v1/things/7", 200, None, 2),
        ]
        assert seen[1].seconds == pytest.approx(0.5)
        assert "secret" not in repr(seen)

    @in_virtual_time
    async def test_an_observer_that_fails_fails_nothing(self) -> None:
        def broken(outcome: CallOutcome) -> None:
            raise ValueError(outcome)

        assert (await create(ScriptedPms(), broken).session(account()).send(get())).ok


class TestConclusions:
    @staticmethod
    def concluding(pms: httpx.AsyncBaseTransport) -> tuple[Upstream, list[tuple[str, ErrorCode | None]]]:
        ends: list[tuple[str, ErrorCode | None]] = []
        upstream = Upstream(
            tokens=MemoryTokens(),
            clock=VirtualClock(),
            transport=pms,
            random=Random(1),
            concluded=lambda account_id, error: ends.append((account_id, error.code if error else None)),
        )
        return upstream, ends

    @in_virtual_time
    async def test_a_call_is_concluded_once_after_its_retries(self) -> None:
        upstream, ends = self.concluding(answers(httpx.Response(503), OK))
        await upstream.session(account()).send(get())
        assert ends == [("one", None)]

    @in_virtual_time
    async def test_a_refusal_is_concluded_with_what_it_means(self) -> None:
        upstream, ends = self.concluding(answers(httpx.Response(401, json={})))
        with pytest.raises(ProviderError):
            await upstream.session(account()).send(get())
        assert ends == [("one", ErrorCode.AUTHENTICATION_FAILED)]

    @in_virtual_time
    async def test_a_call_that_we_give_up_says_nothing_of_the_pms(self) -> None:
        upstream, ends = self.concluding(answers(50.0, OK))
        call = asyncio.create_task(upstream.session(account()).send(get()))
        await asyncio.sleep(1)
        upstream.forget("one")
        with pytest.raises(UpstreamUnavailable):
            await call
        assert ends == []

    @in_virtual_time
    async def test_a_listener_that_fails_fails_nothing(self) -> None:
        def broken(account_id: str, error: ProviderError | None) -> None:
            raise ValueError(account_id, error)

        upstream = Upstream(tokens=MemoryTokens(), clock=VirtualClock(), transport=ScriptedPms(), concluded=broken)
        assert (await upstream.session(account()).send(get())).ok


class TestLife:
    @in_virtual_time
    async def test_a_session_lasts_until_the_credentials_change(self) -> None:
        upstream = create(ScriptedPms())
        first = upstream.session(account())
        assert upstream.session(account()) is first
        assert upstream.session(account(version="2")) is not first

    @in_virtual_time
    async def test_a_removed_account_ends_its_calls_with_a_known_error(self) -> None:
        upstream = create(answers(50.0, OK))
        session = upstream.session(account(limits=HOSTAWAY))
        call = asyncio.create_task(session.send(get()))
        await asyncio.sleep(1)
        upstream.forget("one")
        with pytest.raises(UpstreamUnavailable):
            await call
        assert upstream.usage() == []
        with pytest.raises(UpstreamUnavailable):  # somebody still holds the old session
            await session.send(get())

    @in_virtual_time
    async def test_closing_ends_calls_of_all_sessions(self) -> None:
        upstream = create(slow(50))
        calls = [asyncio.create_task(upstream.session(account(version=v)).send(get())) for v in ("1", "2")]
        await asyncio.sleep(1)
        await upstream.aclose()
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert [type(result) for result in results] == [UpstreamUnavailable] * 2
