"""Tokens: found, renewed once for all before they expire, kept before use."""

import asyncio
from datetime import datetime, timedelta

import httpx
import pytest

from providers.contract import Send
from providers.errors import AuthenticationFailed, ProviderError, UpstreamUnavailable
from providers.upstream.caller import calling
from providers.upstream.calls import Token
from providers.upstream.tokens import MemoryTokens
from providers.upstream.upstream import Upstream
from tests.providers.upstream.doubles import HOSTAWAY, ScriptedPms, account, caller, get
from tests.providers.upstream.renewing_pms import Pms, Renewable, create, now, open_session, token
from tests.virtual_time import VirtualClock, in_virtual_time


class TestHeld:
    @in_virtual_time
    async def test_a_renewal_under_way_is_waited_for_beyond_the_deadline_of_whoever_asked(self) -> None:
        pms = Pms(latency=20.0)
        session = open_session(pms)
        with calling(caller(deadline=now() + 5)), pytest.raises(ProviderError):
            await session.send(get())
        assert now() < 6
        held = await session.held_token()
        assert held is not None
        assert held.refresh == "r1"
        assert pms.issued == 1

    @in_virtual_time
    async def test_without_a_renewal_nothing_is_asked(self) -> None:
        pms = Pms()
        assert await open_session(pms).held_token() is None
        assert pms.transport.requests == []


class TestFinding:
    @in_virtual_time
    async def test_the_first_token_is_issued_once_for_all(self) -> None:
        pms = Pms()
        session = open_session(pms)
        await asyncio.gather(*(session.send(get(f"/{i}")) for i in range(10)))
        assert pms.issued == 1

    @in_virtual_time
    async def test_the_stored_token_is_preferred_to_the_one_in_the_credentials(self) -> None:
        pms = Pms()
        pms.good = {"stored", "initial"}
        store = MemoryTokens()
        await store.save("one", token("stored"))
        answer = await open_session(pms, store, initial=token("initial")).send(get())
        assert answer.json() == {"token": "stored"}

    @in_virtual_time
    async def test_the_credentials_token_is_used_while_it_is_good(self) -> None:
        pms = Pms()
        pms.good = {"initial"}
        session = open_session(pms, initial=token("initial"))
        assert (await session.send(get())).json() == {"token": "initial"}
        found = await session.token()
        assert found is not None
        assert found.access == "initial"
        assert pms.issued == 0

    @in_virtual_time
    async def test_a_pms_without_tokens_gets_none(self) -> None:
        pms = ScriptedPms()
        session = Upstream(tokens=MemoryTokens(), clock=VirtualClock(), transport=pms).session(account())
        await session.send(get())
        assert "authorization" not in pms.requests[0].headers
        assert await session.token() is None

    @in_virtual_time
    async def test_a_call_that_needs_no_token_gets_none(self) -> None:
        pms = Pms()
        pms.good = {""}
        await open_session(pms).send(get(authorized=False))
        assert pms.issued == 0

    @in_virtual_time
    async def test_the_token_call_takes_a_permit(self) -> None:
        pms = Pms()
        upstream = create(pms)
        await upstream.session(account(dialect=Renewable(pms), limits=HOSTAWAY)).send(get())
        assert [usage.used for usage in upstream.usage()] == [2, 2]


class TestExpiry:
    @in_virtual_time
    async def test_a_token_is_renewed_before_it_expires_and_saved_before_it_is_used(self) -> None:
        pms = Pms(life=7200)
        saved: list[tuple[str, int]] = []

        class Store(MemoryTokens):
            async def save(self, account_id: str, token: Token) -> None:
                await asyncio.sleep(0.5)
                saved.append((token.access, len(pms.used)))
                await super().save(account_id, token)

        session = open_session(pms, Store())
        await session.send(get())
        await asyncio.sleep(7200 - 61)
        await session.send(get())
        assert pms.issued == 1
        await asyncio.sleep(3)
        await asyncio.gather(*(session.send(get(f"/{i}")) for i in range(5)))
        assert pms.issued == 2
        assert saved == [("t1", 0), ("t2", 2)]
        assert pms.spent == ["refresh=none", "refresh=r1"]

    @in_virtual_time
    async def test_a_token_that_lives_shorter_than_the_notice_is_not_renewed_for_each_call(self) -> None:
        pms = Pms(life=30)
        session = open_session(pms)
        for _ in range(5):
            await session.send(get())
        assert pms.issued == 1
        await asyncio.sleep(16)
        await session.send(get())
        assert pms.issued == 2

    @in_virtual_time
    async def test_a_pms_whose_clock_is_behind_does_not_cause_endless_renewals(self) -> None:
        pms = Pms(life=3600)
        clock = VirtualClock()

        class Behind(Renewable):
            async def issue(self, send: Send, current: Token | None) -> Token | None:
                fresh = await super().issue(send, current)
                assert fresh is not None
                past: datetime = fresh.issued_at - timedelta(hours=2)
                return Token(access=fresh.access, issued_at=past, expires_at=past + timedelta(hours=1))

        session = create(pms, clock=clock).session(account(dialect=Behind(pms)))
        for _ in range(3):
            await session.send(get())
        assert pms.issued == 1

    @in_virtual_time
    async def test_if_an_early_renewal_fails_the_old_token_serves_on(self) -> None:
        pms = Pms()
        pms.good = {"old"}
        pms.token_answer = lambda: httpx.Response(503)
        session = open_session(pms, initial=token("old", age=3600, left=50))
        for _ in range(3):
            assert (await session.send(get())).json() == {"token": "old"}
        assert [request.url.path for request in pms.transport.requests].count("/tokens") == 1
        await asyncio.sleep(51)
        with pytest.raises(UpstreamUnavailable):
            await session.send(get())

    @in_virtual_time
    async def test_an_expired_token_that_cannot_be_renewed_is_not_sent(self) -> None:
        pms = Pms()
        session = open_session(pms, initial=token("old", age=7200, left=-1), fixed=True)
        with pytest.raises(AuthenticationFailed, match="expired"):
            await session.send(get())
        assert pms.transport.requests == []

    @in_virtual_time
    async def test_a_fixed_token_is_used_until_the_moment_it_expires(self) -> None:
        pms = Pms()
        pms.good = {"fixed"}
        session = open_session(pms, initial=token("fixed", age=7000, left=30), fixed=True)
        assert (await session.send(get())).ok
        await asyncio.sleep(31)
        with pytest.raises(AuthenticationFailed):
            await session.send(get())

    @in_virtual_time
    async def test_a_fresh_token_rests_before_its_first_use(self) -> None:
        pms = Pms()
        dialect = Renewable(pms)
        dialect.settle_seconds = 1.0
        session = create(pms).session(account(dialect=dialect))
        await session.send(get())
        assert pms.used[0][0] == pytest.approx(1.2)  # two ways of 0.1 s and one second of rest
        await session.send(get())
        assert pms.used[1][0] == pytest.approx(1.3)

    @in_virtual_time
    async def test_a_fresh_token_rests_fully_even_if_the_pms_dates_it_back(self) -> None:
        pms = Pms()

        class Behind(Renewable):
            settle_seconds = 1.0

            async def issue(self, send: Send, current: Token | None) -> Token | None:
                fresh = await super().issue(send, current)
                assert fresh is not None
                return Token(access=fresh.access, issued_at=fresh.issued_at - timedelta(hours=1))

        await create(pms).session(account(dialect=Behind(pms))).send(get())
        assert pms.used[0][0] == pytest.approx(1.2)

    @in_virtual_time
    async def test_a_stored_token_rests_only_for_what_is_left(self) -> None:
        pms = Pms()
        pms.good = {"stored"}
        store = MemoryTokens()
        await store.save("one", token("stored", age=0.75))
        dialect = Renewable(pms)
        dialect.settle_seconds = 1.0
        await create(pms, store).session(account(dialect=dialect)).send(get())
        assert pms.used[0][0] == pytest.approx(0.35)
