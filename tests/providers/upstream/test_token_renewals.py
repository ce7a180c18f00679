"""Renewals of tokens that fail, are left alone, or meet those of other processes."""

import asyncio
import logging

import httpx
import pytest

from providers.errors import AuthenticationFailed, ProviderError, UpstreamUnavailable
from providers.upstream.caller import calling
from providers.upstream.calls import Token
from providers.upstream.tokens import MemoryTokens
from tests.providers.upstream.doubles import account, caller, get
from tests.providers.upstream.renewing_pms import Pms, Renewable, create, now, open_session, token
from tests.virtual_time import in_virtual_time


class TestFailures:
    @in_virtual_time
    async def test_refused_credentials_are_not_tried_again_for_a_minute(self) -> None:
        pms = Pms()
        pms.token_answer = lambda: httpx.Response(401)
        session = open_session(pms)
        for _ in range(5):
            with pytest.raises(AuthenticationFailed) as failure:
                await session.send(get())
            assert (failure.value.provider, failure.value.account_id) == ("pms", "one")
        assert len(pms.transport.requests) == 1
        await asyncio.sleep(61)
        pms.token_answer = None
        assert (await session.send(get())).ok

    @pytest.mark.parametrize(("safe", "sent"), [(True, 3), (False, 1)])
    def test_a_token_call_is_repeated_only_if_it_is_safe(self, safe: bool, sent: int) -> None:
        @in_virtual_time
        async def run() -> None:
            pms = Pms()
            pms.token_answer = lambda: httpx.Response(502)
            session = open_session(pms, safe=safe)
            with pytest.raises(UpstreamUnavailable):
                await session.send(get())
            assert len(pms.transport.requests) == sent

        run()

    @in_virtual_time
    async def test_who_started_the_renewal_may_be_cancelled(self) -> None:
        pms = Pms(latency=2)
        session = open_session(pms)
        starter = asyncio.create_task(session.send(get("/starter")))
        await asyncio.sleep(0.5)
        others = [asyncio.create_task(session.send(get(f"/{i}"))) for i in range(3)]
        await asyncio.sleep(0.5)
        starter.cancel()
        assert all(answer.ok for answer in await asyncio.gather(*others))
        assert pms.issued == 1

    @in_virtual_time
    async def test_a_removed_account_leaves_no_waiter_hanging(self) -> None:
        pms = Pms(latency=9)
        upstream = create(pms)
        session = upstream.session(account(dialect=Renewable(pms)))
        waiting = [asyncio.create_task(session.send(get(f"/{i}"))) for i in range(3)]
        asking = asyncio.create_task(session.token())
        await asyncio.sleep(1)
        upstream.forget("one")
        results = await asyncio.gather(*waiting, asking, return_exceptions=True)
        assert [type(result) for result in results] == [UpstreamUnavailable] * 4
        assert now() == 1

    @in_virtual_time
    async def test_closing_lets_a_renewal_end_and_be_saved(self) -> None:
        pms = Pms(latency=3)
        store = MemoryTokens()
        upstream = create(pms, store)
        waiting = asyncio.create_task(upstream.session(account(dialect=Renewable(pms))).send(get()))
        await asyncio.sleep(1)
        await upstream.aclose()
        with pytest.raises(UpstreamUnavailable):
            await waiting
        saved = await store.load("one")
        assert saved is not None
        assert saved.access == "t1"

    @in_virtual_time
    async def test_a_token_that_could_not_be_saved_is_saved_later_and_not_lost(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        pms = Pms()

        class Flaky(MemoryTokens):
            broken = True

            async def save(self, account_id: str, token: Token) -> None:
                if self.broken:
                    raise OSError(f"disk full while writing {token.access}")
                await super().save(account_id, token)

        store = Flaky()
        session = open_session(pms, store)
        with caplog.at_level(logging.DEBUG), pytest.raises(UpstreamUnavailable, match="saved"):
            await session.send(get())
        assert "t1" not in caplog.text
        assert pms.used == []
        store.broken = False
        assert (await session.send(get())).json() == {"token": "t1"}
        assert pms.issued == 1

    @in_virtual_time
    async def test_a_renewal_does_not_outlast_its_callers_deadline(self) -> None:
        session = open_session(Pms(latency=9))
        with calling(caller(deadline=2)), pytest.raises(ProviderError):
            await session.token()
        assert now() == pytest.approx(2, abs=0.02)


@in_virtual_time
async def test_another_process_may_be_about_to_save_its_token() -> None:
    pms = Pms()
    pms.token_answer = lambda: httpx.Response(400, json={"message": "invalid_grant"})
    store = MemoryTokens()
    await store.save("one", token("old", refresh="r0"))
    session = open_session(pms, store)
    asking = asyncio.create_task(session.send(get()))
    await asyncio.sleep(0.8)
    pms.good = {"theirs"}
    await store.save("one", token("theirs", refresh="r1"))
    assert (await asking).json() == {"token": "theirs"}


@in_virtual_time
async def test_a_pms_may_end_tokens_twice_within_a_minute() -> None:
    pms = Pms()
    session = open_session(pms)
    await session.send(get())
    for issued in (2, 3):
        pms.good = set()
        assert (await session.send(get(f"/{issued}"))).json() == {"token": f"t{issued}"}
    assert now() < 60


@in_virtual_time
async def test_the_answer_to_a_spent_refresh_token_is_waited_for_when_its_callers_have_left() -> None:
    """A rotating refresh token is gone once it was sent: the answer holds the only way back in."""
    pms = Pms(latency=25)
    store = MemoryTokens()
    session = open_session(pms, store)
    with calling(caller(deadline=now() + 12)), pytest.raises(ProviderError):
        await session.send(get())
    await asyncio.sleep(30)
    saved = await store.load("one")
    assert saved is not None
    assert saved.access == "t1"
