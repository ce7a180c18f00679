"""Tokens and credentials: renewed once when they die, refused in plain words, never shown."""

import asyncio
import logging
import traceback
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from providers.capabilities import Capability
from providers.contract import Plugin
from providers.errors import AuthenticationFailed, ErrorCode
from providers.queries import ListingQuery
from providers.upstream.accounts import UpstreamSettings
from providers.upstream.calls import Answer, Token
from tests.conformance.connection import (
    Connection,
    CountingTokens,
    connected,
    every_plugin,
    failures,
    patience,
    secret_fields,
    with_capabilities,
)
from tests.conformance.known import Known
from tests.conformance.requests import every_read
from tests.virtual_time import in_virtual_time

DEAD = "d" * 40
"""A token that no PMS ever issued."""


async def token_of(there: Connection) -> Token:
    token = await there.session.token()
    if token is None or not there.tokens.saved:
        pytest.skip("these credentials make no tokens")
    return token


@with_capabilities(Capability.LISTINGS)
@in_virtual_time
async def test_an_expired_token_is_renewed_before_its_end_and_nobody_notices(plugin: Plugin) -> None:
    async with connected(plugin, listings=2) as there:
        token = await token_of(there)
        if token.expires_at is None:
            pytest.skip("these tokens do not expire")
        await there.clock.sleep((token.expires_at - there.clock.now()).total_seconds() + 60)
        await there.forget_calls()
        with patience(60):
            page = await there.client.listing_page(ListingQuery(), None)
        assert len(page.items) == 2
        assert len(there.tokens.saved) == 2
        assert {call["status"] for call in await there.calls()} == {200}


@with_capabilities(Capability.LISTINGS)
@in_virtual_time
async def test_a_token_that_the_pms_has_forgotten_is_replaced_once(plugin: Plugin, known: Known) -> None:
    """The stored token is dead, as after a revocation: all reads that meet it together wait for one new one."""
    async with connected(plugin) as there:
        token = await token_of(there)
        tokens = CountingTokens()
        await tokens.save(there.session.account_id, replace(token, access=DEAD))
        tokens.saved.clear()
        async with there.again(tokens) as after:
            await after.forget_calls()
            reads = every_read(after, known)
            results = await asyncio.gather(*(read() for read in reads.values()))
            assert not any(getattr(result, "failed", None) for result in results)
            assert len(tokens.saved) == 1
            assert tokens.saved[0].access not in (DEAD, token.access)
            before = await after.call_count()
            await after.client.check()
            assert await after.call_count() == before + 1


@pytest.mark.parametrize("status", [401, 403])
@with_capabilities(Capability.LISTINGS)
@in_virtual_time
async def test_a_token_refused_in_the_middle_is_replaced_once(plugin: Plugin, status: int) -> None:
    async with connected(plugin, listings=2) as there:
        await token_of(there)
        dialect = there.session.account.dialect
        if not dialect.token_rejected(Answer(status=status, headers={}, body=b"{}", received_at=there.clock.now())):
            pytest.skip("this PMS means something else by this status")
        await there.client.check()
        await there.forget_calls()
        await there.fault(kind="status", status=status, times=1)
        page = await there.client.listing_page(ListingQuery(), None)
        assert len(page.items) == 2
        assert len(there.tokens.saved) == 2
        assert [call["status"] for call in await there.calls()] == [status, 200, 200]


@every_plugin
@in_virtual_time
async def test_wrong_credentials_fail_the_check_without_telling_them(plugin: Plugin) -> None:
    async with connected(plugin, listings=1) as there:
        secrets = secret_fields(there.config)
    assert secrets, "an account has something secret"
    for name, secret in secrets.items():
        wrong = secret[::-1] if secret[::-1] != secret else f"{secret}x"
        async with connected(plugin, listings=1, changed={name: wrong}) as there:
            with pytest.raises(AuthenticationFailed) as caught:
                await there.client.check()
            error = caught.value
            assert (error.provider, error.account_id) == (plugin.manifest.code, there.session.account_id)
            assert error.code is ErrorCode.AUTHENTICATION_FAILED
            shown = "".join(traceback.format_exception(error)) + repr(error) + error.message
            assert not any(each in shown for each in (wrong, *secrets.values()))
            _, calls = await there.cost(failures(there.client.check()))
            assert calls == 0, "credentials that were just refused are not tried again and again"


async def shown_by(there: Connection, read: Any) -> Iterator[str]:
    """All that a failed read shows to whoever looks: texts, representations and tracebacks of its errors."""
    return (
        text
        for error in await failures(read)
        for text in (str(error), repr(error), error.message, *traceback.format_exception(error))
    )


def secrets_of(there: Connection) -> set[str]:
    tokens = [secret for token in there.tokens.saved for secret in (token.access, token.refresh) if secret]
    return {*secret_fields(there.config).values(), *tokens}


FAULTS: list[dict[str, Any]] = [
    {"kind": "status", "status": 400},
    {"kind": "status", "status": 401},
    {"kind": "status", "status": 403},
    {"kind": "status", "status": 422},
    {"kind": "status", "status": 503},
    {"kind": "garbage"},
    {"kind": "html"},
    {"kind": "fail"},
    {"kind": "storm"},
    {"kind": "timeout"},
    {"kind": "cut"},
]


@every_plugin
@in_virtual_time
async def test_no_secret_is_shown_in_errors_logs_or_representations(
    plugin: Plugin, known: Known, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    shown: list[str] = []
    async with connected(plugin, listings=2, settings=UpstreamSettings(attempts=1, breaker_failures=10_000)) as there:
        for read in every_read(there, known).values():
            await read()
        for fault in FAULTS:
            await there.mend()
            await there.fault(**fault)
            for read in every_read(there, known).values():
                shown += await shown_by(there, read())
        await there.mend()
        parts = (there.config, there.client, there.session, there.session.account, there.tokens.saved, there.outcomes)
        shown += [text for part in parts for text in (repr(part), str(part))]
        shown += [str(plugin.identity(scope, there.config)) for scope in there.session.account.identities]
        secrets = secrets_of(there)
    assert caplog.records, "nothing was logged: the case looks at nothing"
    shown += [text for record in caplog.records for text in (record.getMessage(), repr(record.args))]
    shown.append(caplog.text)
    assert len(shown) > 100
    for secret in secrets:
        assert not any(secret in text for text in shown)


class EchoingPms(httpx.AsyncBaseTransport):
    """Refuses every call by repeating, in every place that a reason may stand in, what it was sent."""

    def __init__(self, inner: httpx.AsyncBaseTransport, status: int, *, tokens_too: bool) -> None:
        self._inner = inner
        self._status = status
        self._tokens_too = tokens_too

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        authorized = "authorization" in request.headers
        if not authorized and not self._tokens_too:
            return await self._inner.handle_async_request(request)
        sent = f"bad: {request.headers.get('authorization', '')} {request.content.decode()}"
        names = ("error", "error_description", "message", "result", "detail", "title", "reason")
        body = {"status": "fail", "errors": {"base": [sent]}, **dict.fromkeys(names, sent)}
        return httpx.Response(self._status, json=body)


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 422, 500])
@pytest.mark.parametrize("tokens_too", [True, False], ids=["token call too", "data calls"])
@every_plugin
@in_virtual_time
async def test_a_pms_that_repeats_what_it_was_sent_makes_no_secret_public(
    plugin: Plugin, known: Known, status: int, tokens_too: bool
) -> None:
    settings = UpstreamSettings(attempts=1, breaker_failures=10_000)
    async with connected(plugin, listings=2, settings=settings) as there:
        await there.session.token()
        assert there.answers is not None
        tokens = CountingTokens() if tokens_too else there.tokens
        transport = EchoingPms(there.answers, status, tokens_too=tokens_too)
        async with there.again(tokens, transport=transport) as echoed:
            shown = [text for read in every_read(echoed, known).values() for text in await shown_by(echoed, read())]
            secrets = secrets_of(there) | secrets_of(echoed)
    assert shown or status in (200, 404)
    for secret in secrets:
        assert not any(secret in text for text in shown), "a secret is shown"
