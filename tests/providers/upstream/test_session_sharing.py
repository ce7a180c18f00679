"""What calls of one account do to each other: they are shared, held back by its circuit, and end with its session."""

import asyncio
from dataclasses import replace
from typing import Any

import httpx
import pytest

from providers.errors import NotFound, ProviderError, RateLimited, UpstreamTimeout, UpstreamUnavailable
from providers.manifest import Limit, LimitScope
from providers.upstream.caller import Priority, calling
from tests.providers.upstream.doubles import HOSTAWAY, ScriptedPms, account, answers, caller, get, post, slow
from tests.providers.upstream.sessions import OK, create, now
from tests.virtual_time import in_virtual_time


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
