"""What is told of the calls of a session: each attempt to an observer, each conclusion to listeners."""

import asyncio
from random import Random

import httpx
import pytest

from providers.errors import ErrorCode, ProviderError, UpstreamUnavailable
from providers.upstream.accounts import CallOutcome
from providers.upstream.tokens import MemoryTokens
from providers.upstream.upstream import Upstream
from tests.providers.upstream.doubles import HOSTAWAY, ScriptedPms, account, answers, get
from tests.providers.upstream.sessions import OK, create
from tests.virtual_time import VirtualClock, in_virtual_time


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
