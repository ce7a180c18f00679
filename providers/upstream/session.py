"""One account's way to its PMS."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from providers.contract import Send
from providers.errors import PermissionDenied, ProviderError, RateLimited, UpstreamTimeout
from providers.manifest import LimitScope, WindowKind
from providers.upstream.accounts import UpstreamAccount
from providers.upstream.attempt import Sender
from providers.upstream.caller import current_caller
from providers.upstream.calls import Answer, Call, Token
from providers.upstream.classify import refusal
from providers.upstream.exchange import build, check_path
from providers.upstream.partner import NO_PARTNER_KEY, with_partner_key
from providers.upstream.renewal import TokenKeeper, TokenShelf
from providers.upstream.retry import AttemptFailed, RetryBudget, RetryPolicy
from providers.upstream.sharing import SPENT, Flight, Flights
from providers.upstream.windows import UNLIMITED, WindowKey, WindowSpec

UNAUTHORIZED = 401
_REPEATABLE = frozenset({"PUT", "DELETE"})
ANY_HOST = "this host"
T = TypeVar("T")


def window_specs(account: UpstreamAccount, charge: str | None) -> tuple[WindowSpec, ...]:
    """The windows that count a call with this ``charge``: its own if there are any, else the general ones.

    Without any, a window without limit stands in, so that a 429 still closes something.
    """
    own = [limit for limit in account.limits if charge is not None and limit.charge == charge]
    limits = own or [limit for limit in account.limits if limit.charge is None]
    specs = [
        WindowSpec(
            WindowKey(
                account.provider,
                limit.scope,
                _identity(account, limit.scope),
                limit.charge,
                limit.seconds,
                limit.kind,
            ),
            limit.calls,
            account.margin,
        )
        for limit in limits
    ]
    if specs:
        return tuple(specs)
    unknown = WindowKey(account.provider, LimitScope.ACCOUNT, account.account_id, charge, 10, WindowKind.SLIDING)
    return (WindowSpec(unknown, UNLIMITED, account.margin),)


def _identity(account: UpstreamAccount, scope: LimitScope) -> str:
    named = account.identities.get(scope)
    if named is not None:
        return named
    return ANY_HOST if scope is LimitScope.IP else account.account_id


class AccountSession:
    """Sends the calls of one account: shared, authorized, within the limits, retried where that is safe.

    The caller of the context (``current_caller``) decides on the turn, the priority and the deadline.
    """

    def __init__(self, sender: Sender, shelf: TokenShelf, budget: RetryBudget, policy: RetryPolicy) -> None:
        self._sender = sender
        self._budget = budget
        self._policy = policy
        self._flights = Flights(sender.clock, sender.permits.promote)
        self._keeper = TokenKeeper(
            sender.dialect, shelf, self._send_for_token, sender.clock, patience=sender.settings.token_timeout
        )
        self._partner_key = NO_PARTNER_KEY
        self._specs: dict[str | None, tuple[WindowSpec, ...]] = {}
        for charge in {None, *(limit.charge for limit in self.account.limits)}:
            self._windows(charge)

    @property
    def account(self) -> UpstreamAccount:
        return self._sender.account

    @property
    def account_id(self) -> str:
        return self.account.account_id

    async def send(self, call: Call) -> Answer:
        """The answer to ``call``: 2xx and, if it has a body, JSON. Treat it as read-only: others may have it, too.

        Raises a ``ProviderError`` for everything else: ``RateLimited`` at once where no permit can come before the
        caller's deadline, ``UpstreamUnavailable`` at once while the circuit is open.
        """
        try:
            answer = await self._flights.join(call, current_caller(), lambda flight: self._perform(call, flight))
        except ProviderError as error:
            if not self._flights.closed:  # a call that we gave up says nothing of the PMS
                self._sender.conclude(error)
            raise self._signed(error) from None
        self._sender.conclude(None)
        return answer

    async def token(self) -> Token | None:
        """The token in use (issued first if there is none). Raises like ``send``."""
        try:
            async with asyncio.timeout_at(current_caller().deadline):
                await self._notice_partner_key()
                return await self._keeper.token()
        except TimeoutError:
            raise self._signed(UpstreamTimeout(SPENT)) from None
        except ProviderError as error:
            raise self._signed(error) from None

    async def held_token(self) -> Token | None:
        """The newest token, after the renewal under way if there is one: never a call of its own, nor an error."""
        return await self._keeper.held()

    async def exchange(self, work: Callable[[Send], Awaitable[T]]) -> T:
        """What ``work`` makes of answers to calls without a token, refusals included. Raises like ``send``."""
        try:
            return await work(self._send_for_token)
        except ProviderError as error:
            raise self._signed(error) from None

    def part(self) -> None:
        """Something was changed, perhaps by another process: who asks from now on joins no call under way."""
        self._flights.part()

    def cancel(self) -> None:
        """Give up all calls: the account is gone."""
        self._flights.cancel()
        self._keeper.cancel()

    async def aclose(self) -> None:
        """Give up all calls; let a renewal of the token come to its end."""
        await self._flights.aclose()
        await self._keeper.aclose(self._sender.settings.call_timeout)

    def _signed(self, error: ProviderError) -> ProviderError:
        error.provider = error.provider or self.account.provider
        error.account_id = error.account_id or self.account_id
        return error

    def _windows(self, charge: str | None) -> Sequence[WindowSpec]:
        specs = self._specs.get(charge)
        if specs is None:
            specs = window_specs(self.account, charge)
            self._specs[charge] = specs
            self._sender.permits.register(self.account_id, specs)
        return specs

    async def _perform(self, call: Call, flight: Flight) -> Answer:
        check_path(call)  # before anything is spent on it
        self._budget.call()
        if call.authorized:
            answer = await self._authorized(call, flight)
        else:
            answer, _ = await self._attempts(call, flight, None)
        if not answer.ok:
            raise refusal(answer, self._sender.dialect)
        return answer

    async def _authorized(self, call: Call, flight: Flight) -> Answer:
        """Send with a token; where the PMS rejects it, renew it and send once more.

        A rejected call has done nothing, with one doubt: some PMSs say 403 both for a dead token and for other reasons
        ("a 403 on a write", Hostaway documentation, Authentication). So what makes something new is repeated after a
        403 only where a look finds that it is not there; replacing or removing something twice is as good as once.
        """
        self._sender.breaker.check()
        await self._notice_partner_key()
        token = await self._keeper.token()
        answer, used = await self._attempts(call, flight, token)
        if used is None or not self._sender.dialect.token_rejected(answer):
            return answer
        try:
            better = await self._keeper.replace(used)
        except ProviderError as error:
            error.upstream_status = error.upstream_status or answer.status
            raise
        if better is None:
            return answer
        if answer.status != UNAUTHORIZED and not await _may_repeat(call):
            raise PermissionDenied(
                "The PMS refused the token of this change. The token has been renewed: check and try again.",
                upstream_status=answer.status,
            )
        answer, _ = await self._attempts(call, flight, better)
        if self._sender.dialect.token_rejected(answer):
            self._keeper.did_not_help()
        return answer

    async def _notice_partner_key(self) -> None:
        """Where the partner key is another than before, refusals of credentials are no longer remembered."""
        key = await self._sender.partner_keys.partner_key(self.account.provider)
        if key != self._partner_key:
            self._partner_key = key
            self._keeper.forget_refusals()

    async def _send_for_token(self, call: Call) -> Answer:
        """For the dialect: any 2xx, 3xx or 4xx answer. Repeated where the call says that this is safe."""
        answer, _ = await self._attempts(call, Flight(current_caller()), None)
        return answer

    async def _attempts(self, call: Call, flight: Flight, token: Token | None) -> tuple[Answer, Token | None]:
        number = 0
        status: int | None = None
        while True:
            number += 1
            try:
                return await self._attempt(call, flight, token, number)
            except RateLimited as error:
                error.upstream_status = status
                raise
            except AttemptFailed as failure:
                delay = self._policy.delay(failure, attempt=number, safe=call.is_safe, budget=self._budget)
                now = self._sender.clock.monotonic()
                if delay is None or now + delay >= flight.caller.deadline:
                    failure.error.was_sent = failure.sent and not failure.refused and not call.is_safe
                    raise failure.error from None
                status = failure.error.upstream_status
                if delay > 0:
                    await self._sender.clock.sleep(delay)

    async def _attempt(
        self, call: Call, flight: Flight, token: Token | None, number: int
    ) -> tuple[Answer, Token | None]:
        self._sender.breaker.check()
        specs = self._windows(call.charge)
        permits = self._sender.permits
        flight.queued = lambda: permits.next_in(specs)
        try:
            permit = await permits.acquire(self.account_id, specs, flight.caller)
        finally:
            flight.queued = None
        try:
            used = self._keeper.newest(token) if call.authorized else None
            headers = self._sender.dialect.headers(used) if call.authorized else {}
            partner_key = await self._sender.partner_keys.partner_key(self.account.provider)
            whole, headers = with_partner_key(call, headers, partner_key)
            patience = self._sender.patience(call)
            request = build(self._sender.client, self.account.base_url, whole, headers, patience=patience)
        except BaseException:
            permits.give_back(permit)
            raise
        flight.was_sent = True
        return await self._sender.send(request, call, permit, number, partner_key), used


async def _may_repeat(call: Call) -> bool:
    """Whether a call that may have been carried out although its token was refused can be sent again."""
    if call.is_safe or call.method in _REPEATABLE:
        return True
    if call.unmade is None:
        return False
    try:
        return await call.unmade()
    except ProviderError:
        return False
