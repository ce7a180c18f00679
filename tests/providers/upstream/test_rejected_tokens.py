"""Tokens that the PMS rejects: renewed once for all, and never in vain."""

import asyncio

import httpx
import pytest

from providers.errors import AuthenticationFailed, PermissionDenied, ProviderError
from providers.manifest import Limit, LimitScope
from providers.upstream.caller import calling
from providers.upstream.calls import Call
from providers.upstream.tokens import MemoryTokens
from tests.providers.upstream.doubles import account, caller, get, post
from tests.providers.upstream.renewing_pms import Pms, Renewable, create, open_session, token
from tests.virtual_time import in_virtual_time


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
