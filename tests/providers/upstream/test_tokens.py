"""Tokens: found, renewed once for all, kept before use, never minted in vain."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any

import httpx
import pytest

from providers.contract import Send
from providers.errors import AuthenticationFailed, PermissionDenied, ProviderError, UpstreamUnavailable
from providers.manifest import Limit, LimitScope
from providers.upstream.accounts import UpstreamSettings
from providers.upstream.caller import calling
from providers.upstream.calls import Answer, Call, Token
from providers.upstream.tokens import MemoryTokens, TokenStore
from providers.upstream.upstream import AccountSession, Upstream
from tests.providers.upstream.doubles import HOSTAWAY, Keyless, ScriptedPms, account, caller, get, post
from tests.virtual_time import START, VirtualClock, in_virtual_time


class Pms:
    """Issues numbered tokens and accepts the newest ones of its choice."""

    def __init__(self, *, refusal: int = 401, life: float | None = None, latency: float = 0.1) -> None:
        self.refusal = refusal
        self.life = life
        self.latency = latency
        self.issued = 0
        self.good: set[str] = set()
        self.spent: list[str] = []
        self.token_answer: Callable[[], httpx.Response] | None = None
        self.accept_renewed = True
        self.used: list[tuple[float, str]] = []
        self.transport = ScriptedPms(self.handle)

    async def handle(self, request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(self.latency)
        if request.url.path == "/tokens":
            return self.issue(request)
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        self.used.append((asyncio.get_running_loop().time(), token))
        if token not in self.good:
            return httpx.Response(self.refusal, json={"message": "no"})
        return httpx.Response(200, json={"token": token})

    def issue(self, request: httpx.Request) -> httpx.Response:
        if self.token_answer is not None:
            return self.token_answer()
        self.spent.append(request.content.decode())
        self.issued += 1
        if self.accept_renewed:
            self.good = {f"t{self.issued}"}
        return httpx.Response(200, json={"access": f"t{self.issued}", "refresh": f"r{self.issued}"})


class Renewable(Keyless):
    settle_seconds = 0.0

    def __init__(self, pms: Pms, initial: Token | None = None, *, safe: bool = False, fixed: bool = False) -> None:
        self.pms = pms
        self.initial = initial
        self.safe = safe
        self.fixed = fixed

    def initial_token(self) -> Token | None:
        return self.initial

    async def issue(self, send: Send, current: Token | None) -> Token | None:
        if self.fixed:
            return None
        refresh = "none" if current is None else current.refresh or "none"
        call = Call(method="POST", path="/tokens", form=[("refresh", refresh)], safe=self.safe, authorized=False)
        answer: Answer = await send(call)
        if not answer.ok:
            raise AuthenticationFailed("The PMS refuses the credentials.", upstream_status=answer.status)
        data: Any = answer.json()
        issued = answer.received_at
        life = self.pms.life
        return Token(
            access=data["access"],
            refresh=data["refresh"],
            issued_at=issued,
            expires_at=None if life is None else issued + timedelta(seconds=life),
        )


def token(access: str, *, age: float = 0, left: float | None = None, refresh: str | None = None) -> Token:
    return Token(
        access=access,
        issued_at=START - timedelta(seconds=age),
        expires_at=None if left is None else START + timedelta(seconds=left),
        refresh=refresh,
    )


def create(pms: Pms, store: TokenStore | None = None, clock: VirtualClock | None = None) -> Upstream:
    return Upstream(
        tokens=store or MemoryTokens(),
        settings=UpstreamSettings(),
        clock=clock or VirtualClock(),
        transport=pms.transport,
        random=Random(1),
    )


def open_session(pms: Pms, store: TokenStore | None = None, **options: Any) -> AccountSession:
    return create(pms, store).session(account(dialect=Renewable(pms, **options), limits=HOSTAWAY))


def now() -> float:
    return asyncio.get_running_loop().time()


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


class TestRejection:
    @pytest.mark.parametrize("status", [401, 403])
    def test_a_rejected_token_is_renewed_once_for_all_and_the_calls_repeated(self, status: int) -> None:
        @in_virtual_time
        async def run() -> None:
            pms = Pms(refusal=status)
            session = open_session(pms, initial=token("dead"))
            answers = await asyncio.gather(*(session.send(get(f"/{i}")) for i in range(7)))
            assert {answer.json()["token"] for answer in answers} == {"t1"}
            assert pms.issued == 1

        run()

    @in_virtual_time
    async def test_sessions_of_one_account_renew_once_between_them(self) -> None:
        pms = Pms()
        upstream = create(pms)
        dialect = Renewable(pms, initial=token("dead"))
        sessions = [upstream.session(account(dialect=dialect, version=version)) for version in ("1", "2")]
        await asyncio.gather(*(session.send(get()) for session in sessions))
        assert pms.issued == 1

    @in_virtual_time
    async def test_a_late_rejection_of_a_token_that_is_gone_renews_nothing(self) -> None:
        pms = Pms()
        session = open_session(pms, initial=token("dead"))

        async def handle(request: httpx.Request) -> httpx.Response:
            if request.url.path == "/slow" and request.headers["authorization"] == "Bearer dead":
                await asyncio.sleep(5)
                return httpx.Response(401)
            return await pms.handle(request)

        pms.transport.handler = handle
        await asyncio.gather(session.send(get("/slow")), session.send(get("/quick")))
        assert pms.issued == 1

    @pytest.mark.parametrize(("status", "error"), [(401, AuthenticationFailed), (403, PermissionDenied)])
    def test_a_second_rejection_is_final_and_mints_no_more_for_a_minute(
        self, status: int, error: type[ProviderError]
    ) -> None:
        @in_virtual_time
        async def run() -> None:
            pms = Pms(refusal=status)
            pms.accept_renewed = False
            session = open_session(pms, initial=token("t0"))
            for _ in range(4):
                with pytest.raises(error) as failure:
                    await session.send(get())
                assert failure.value.upstream_status == status
            assert pms.issued == 1
            await asyncio.sleep(61)
            with pytest.raises(error):
                await session.send(get())
            assert pms.issued == 2

        run()

    @in_virtual_time
    async def test_a_call_that_waited_for_its_permit_uses_the_token_of_that_moment(self) -> None:
        pms = Pms()
        limit = Limit(scope=LimitScope.ACCOUNT, calls=1, seconds=10)
        session = create(pms).session(account(dialect=Renewable(pms, initial=token("dead")), limits=[limit]))
        with calling(caller(deadline=1000)):
            # The second is in line when the first is rejected; the third comes after the new token.
            await asyncio.gather(*(session.send(get(f"/{number}")) for number in range(3)))
        assert [used for _, used in pms.used] == ["dead", "dead", "t1", "t1", "t1"]

    @in_virtual_time
    async def test_a_change_is_repeated_after_401(self) -> None:
        session = open_session(Pms(refusal=401), initial=token("dead"))
        assert (await session.send(post())).ok

    @in_virtual_time
    async def test_a_change_is_not_repeated_after_403_but_the_token_is_renewed(self) -> None:
        pms = Pms(refusal=403)
        session = open_session(pms, initial=token("dead"))
        with pytest.raises(PermissionDenied, match="try again"):
            await session.send(post())
        assert len(pms.used) == 1
        assert (await session.send(post())).ok
        assert pms.issued == 1

    @pytest.mark.parametrize("method", ["PUT", "DELETE"])
    def test_a_change_that_may_be_made_twice_is_repeated_after_403(self, method: str) -> None:
        @in_virtual_time
        async def run() -> None:
            pms = Pms(refusal=403)
            session = open_session(pms, initial=token("dead"))
            assert (await session.send(Call(method=method, path="/v1/things/1", safe=False))).ok
            assert [used for _, used in pms.used] == ["dead", "t1"]

        run()

    @pytest.mark.parametrize("is_there", [False, True])
    def test_after_403_a_look_decides_whether_something_new_is_made_again(self, is_there: bool) -> None:
        @in_virtual_time
        async def run() -> None:
            pms = Pms(refusal=403)
            session = open_session(pms, initial=token("dead"))

            async def unmade() -> bool:
                assert (await session.send(get("/v1/things"))).ok
                return not is_there

            made = session.send(post(unmade=unmade))
            if is_there:
                with pytest.raises(PermissionDenied, match="try again"):
                    await made
            else:
                assert (await made).ok
            assert len(pms.used) == (2 if is_there else 3)

        run()

    @in_virtual_time
    async def test_what_is_refused_with_a_new_token_too_is_not_blamed_on_the_token(self) -> None:
        pms = Pms(refusal=403)
        pms.accept_renewed = False
        session = open_session(pms, initial=token("t0"))
        for _ in range(2):
            with pytest.raises(PermissionDenied, match="do not allow this"):
                await session.send(Call(method="PUT", path="/v1/things/1", safe=False))
        assert pms.issued == 1

    @in_virtual_time
    async def test_a_fixed_token_that_is_rejected_is_an_authentication_failure(self) -> None:
        pms = Pms(refusal=403)
        session = open_session(pms, initial=token("dead"), fixed=True)
        with pytest.raises(AuthenticationFailed) as failure:
            await session.send(get())
        assert (failure.value.upstream_status, failure.value.account_id) == (403, "one")

    @in_virtual_time
    async def test_another_process_renewed_already(self) -> None:
        pms = Pms()
        pms.good = {"theirs"}
        store = MemoryTokens()
        session = open_session(pms, store, initial=token("dead"))
        pms.token_answer = lambda: httpx.Response(401)
        with pytest.raises(AuthenticationFailed):
            await session.send(get("/before"))
        pms.transport.requests.clear()
        other = open_session(pms, store, initial=token("dead"))
        await store.save("one", token("theirs"))
        assert (await other.send(get())).json() == {"token": "theirs"}

    @in_virtual_time
    async def test_another_process_that_spent_the_refresh_token_meanwhile_has_saved_its_own(self) -> None:
        pms = Pms()
        pms.good = {"theirs"}
        store = MemoryTokens()
        await store.save("one", token("dead", refresh="r0"))

        def lost_race() -> httpx.Response:
            store._tokens["one"] = token("theirs")
            return httpx.Response(401, json={"error": "invalid_grant"})

        pms.token_answer = lost_race
        assert (await open_session(pms, store).send(get())).json() == {"token": "theirs"}


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
