"""One attempt at a call: sent with a permit in hand, judged, and accounted for in every book."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from providers.contract import Dialect
from providers.errors import ProviderError, RateLimited, UpstreamInvalid, UpstreamTimeout
from providers.upstream.accounts import CallOutcome, UpstreamAccount, UpstreamSettings
from providers.upstream.breaker import Breaker
from providers.upstream.calls import Answer, Call
from providers.upstream.classify import budget, check_body, server_error
from providers.upstream.clock import Clock
from providers.upstream.exchange import ExchangeFailed, exchange
from providers.upstream.partner import PartnerKey, PartnerKeys, masked
from providers.upstream.permits import Permits
from providers.upstream.retry import AttemptFailed
from providers.upstream.turns import Turns
from providers.upstream.windows import Permit

log = logging.getLogger(__name__)
Observe = Callable[[CallOutcome], None]
Conclude = Callable[[str, ProviderError | None], None]
"""Told of each call's account, and how the call ended for whoever asked: after renewals and retries."""

TOO_MANY_REQUESTS = 429
SERVER_ERRORS = range(500, 600)

LONG_ANSWER = 32_768
"""Bytes beyond which answers are read one after the other, each in a turn of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """What it takes to send the calls of one account."""

    account: UpstreamAccount
    client: httpx.AsyncClient
    permits: Permits
    breaker: Breaker
    settings: UpstreamSettings
    clock: Clock
    observe: Observe | None
    turns: Turns
    partner_keys: PartnerKeys
    concluded: Conclude | None = None

    @property
    def dialect(self) -> Dialect:
        return self.account.dialect

    def patience(self, call: Call) -> float:
        """Seconds that one attempt at ``call`` may take."""
        spends_a_token = not call.authorized and not call.is_safe
        return self.settings.token_timeout if spends_a_token else self.settings.call_timeout

    def conclude(self, error: ProviderError | None) -> None:
        """Tell how a call of the account ended. What listens must never be able to fail it."""
        if self.concluded is None:
            return
        try:
            self.concluded(self.account.account_id, error)
        except Exception:
            log.warning("the observer of upstream calls failed", exc_info=True)

    async def send(
        self, request: httpx.Request, call: Call, permit: Permit, number: int, partner_key: PartnerKey
    ) -> Answer:
        """The answer to ``request``: 2xx with JSON or nothing, 3xx or 4xx. Settles ``permit`` in any case.

        The ``partner_key`` that the request carries is struck out of the answer.

        Raises ``AttemptFailed`` for everything else, and ``UpstreamUnavailable`` while the circuit is open.
        """
        try:
            probe = self.breaker.enter()
        except ProviderError:
            self.permits.give_back(permit)
            raise
        attempt = _Attempt(self, call, permit, number, probe, self.clock.monotonic())
        self.permits.sent(permit)
        try:
            async with asyncio.timeout(self.patience(call)):
                answer = await exchange(
                    self.client,
                    request,
                    clock=self.clock,
                    max_bytes=self.settings.max_answer_bytes,
                    on_sent=lambda: self.permits.sent(permit),
                )
        except TimeoutError:
            raise attempt.failed(UpstreamTimeout("The PMS did not answer in time."), sent=True) from None
        except ExchangeFailed as failure:
            raise attempt.failed(failure.error, sent=failure.sent) from None
        except BaseException:
            attempt.abandoned()
            raise
        return await attempt.judged(masked(answer, partner_key))


@dataclass(slots=True)
class _Attempt:
    sender: Sender
    call: Call
    permit: Permit
    number: int
    probe: bool
    started: float

    def failed(self, error: ProviderError, *, sent: bool) -> AttemptFailed:
        """There is no whole answer.

        A permit of a call that never left is given back: without a connection there was no HTTP call that a PMS could
        count. Back-off and circuit, not the permit, hold repeated attempts in check.
        """
        if sent:
            self.sender.permits.lost(self.permit)
        else:
            self.sender.permits.give_back(self.permit)
        if isinstance(error, UpstreamInvalid):
            self.sender.breaker.abandoned(probe=self.probe)
        else:
            self.sender.breaker.failed(probe=self.probe)
        self._report(error.upstream_status, error.code)
        return AttemptFailed(error, sent=sent)

    def abandoned(self) -> None:
        """Whoever asked is gone. A PMS that has kept silent for half the time allowed counts as failing.

        Otherwise callers with short deadlines would go on asking a dead PMS for ever.
        """
        self.sender.permits.lost(self.permit)
        if self._seconds() >= self.sender.settings.call_timeout / 2:
            self.sender.breaker.failed(probe=self.probe)
        else:
            self.sender.breaker.abandoned(probe=self.probe)
        self._report(None, "CANCELLED")

    async def judged(self, answer: Answer) -> Answer:
        """``answer`` itself if it needs no other attempt. Raises ``AttemptFailed`` otherwise."""
        quota = budget(answer, self.sender.dialect)
        if answer.status == TOO_MANY_REQUESTS:
            wait = self.sender.permits.refused(self.permit, quota)
            self.sender.breaker.succeeded()
            error: ProviderError = RateLimited(
                "The PMS's rate limit was reached.", retry_after=wait, upstream_status=answer.status
            )
            raise self._rejected(answer, AttemptFailed(error, refused=True))
        self.sender.permits.answered(self.permit, quota)
        if answer.status in SERVER_ERRORS:
            self.sender.breaker.failed(probe=self.probe)
            raise self._rejected(answer, AttemptFailed(server_error(answer)))
        self.sender.breaker.succeeded()
        if answer.ok:
            try:
                await self._read(answer)
            except UpstreamInvalid as invalid:
                raise self._rejected(answer, AttemptFailed(invalid)) from None
            except BaseException:
                self._report(answer.status, "CANCELLED")
                raise
        self._report(answer.status, None)
        return answer

    async def _read(self, answer: Answer) -> None:
        if len(answer.body) > LONG_ANSWER:
            await self.sender.turns.take(lambda: check_body(answer))
        else:
            check_body(answer)

    def _rejected(self, answer: Answer, failure: AttemptFailed) -> AttemptFailed:
        self._report(answer.status, failure.error.code)
        return failure

    def _seconds(self) -> float:
        return self.sender.clock.monotonic() - self.started

    def _report(self, status: int | None, error: str | None) -> None:
        if self.sender.observe is None:
            return
        outcome = CallOutcome(
            provider=self.sender.account.provider,
            account_id=self.sender.account.account_id,
            method=self.call.method,
            path=self.call.path,
            status=status,
            error=None if error is None else str(error),
            seconds=self._seconds(),
            waited=self.permit.waited,
            attempt=self.number,
            changes=not self.call.is_safe,
        )
        try:
            self.sender.observe(outcome)
        except Exception:
            # What watches calls must never be able to fail them.
            log.warning("the observer of upstream calls failed", exc_info=True)
