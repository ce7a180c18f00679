"""The upstream layer as the rest of StayGraph sees it: sessions by account, and how full the windows are."""

import asyncio
from random import Random
from weakref import WeakSet

import httpx

from providers.upstream.accounts import CallOutcome, UpstreamAccount, UpstreamSettings, WindowUsage
from providers.upstream.attempt import Conclude, Observe, Sender
from providers.upstream.breaker import Breaker
from providers.upstream.calls import Token
from providers.upstream.clock import Clock, SystemClock
from providers.upstream.dry_run import DryRunSession
from providers.upstream.partner import NoPartnerKeys, PartnerKeys
from providers.upstream.permits import MemoryPermits, Permits
from providers.upstream.renewal import TokenShelf
from providers.upstream.retry import RetryBudget, RetryPolicy
from providers.upstream.session import AccountSession
from providers.upstream.tokens import MemoryTokens, TokenStore
from providers.upstream.transport import create_client
from providers.upstream.turns import Turns

__all__ = [
    "AccountSession",
    "CallOutcome",
    "MemoryTokens",
    "TokenStore",
    "Upstream",
    "UpstreamAccount",
    "UpstreamSettings",
    "WindowUsage",
]


class Upstream:
    """All calls to all PMSs of this process. Belongs to one event loop.

    ``transport`` replaces the network, ``observe`` is told of each attempt, ``concluded`` of the end of each call,
    ``random`` jitters the pauses, ``permits`` counts (in memory unless given). What ``partner_keys`` hold goes with
    every call, those for tokens included.
    """

    def __init__(
        self,
        *,
        tokens: TokenStore,
        settings: UpstreamSettings | None = None,
        clock: Clock | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        random: Random | None = None,
        observe: Observe | None = None,
        concluded: Conclude | None = None,
        permits: Permits | None = None,
        partner_keys: PartnerKeys | None = None,
    ) -> None:
        self._tokens = tokens
        self._settings = settings or UpstreamSettings()
        self._clock = clock or SystemClock()
        self._observe = observe
        self._concluded = concluded
        self._client = create_client(self._settings, transport)
        self._permits = permits or MemoryPermits(self._clock, max_waiting=self._settings.max_waiting)
        self._policy = RetryPolicy(self._settings, random or Random())  # noqa: S311 - jitter is no secret
        self._turns = Turns()
        self._partner_keys = partner_keys or NoPartnerKeys()
        self._sessions: dict[str, AccountSession] = {}
        self._open_sessions: WeakSet[AccountSession] = WeakSet()
        self._shelves: dict[str, TokenShelf] = {}
        self._budgets: dict[str, RetryBudget] = {}
        self._breakers: dict[tuple[str, str], Breaker] = {}

    def session(self, account: UpstreamAccount) -> AccountSession:
        """The session of ``account``: always the same one until its ``credentials_version`` changes.

        Calls under way on the former session come to their end there.
        """
        session = self._sessions.get(account.account_id)
        if session is None or session.account.credentials_version != account.credentials_version:
            self._permits.unregister(account.account_id)
            session = self._sessions[account.account_id] = self._open(account)
            self._open_sessions.add(session)
        return session

    def rehearsal(self, account: UpstreamAccount) -> DryRunSession:
        """A session of ``account`` that reads like the real one and notes what would change something."""
        return DryRunSession(self.session(account), self._clock)

    def _open(self, account: UpstreamAccount) -> AccountSession:
        settings = self._settings
        account_id = account.account_id
        breaker = self._breakers.setdefault(
            (account_id, account.base_url),
            Breaker(self._clock, failures=settings.breaker_failures, seconds=settings.breaker_seconds),
        )
        budget = self._budgets.setdefault(
            account_id,
            RetryBudget(self._clock, ratio=settings.retry_ratio, floor=settings.retry_floor),
        )
        shelf = self._shelves.setdefault(account_id, TokenShelf(account_id, self._tokens))
        sender = Sender(
            account=account,
            client=self._client,
            permits=self._permits,
            breaker=breaker,
            settings=settings,
            clock=self._clock,
            observe=self._observe,
            turns=self._turns,
            concluded=self._concluded,
            partner_keys=self._partner_keys,
        )
        return AccountSession(sender, shelf, budget, self._policy)

    async def begin_with(self, account_id: str, token: Token) -> None:
        """Keep a token that was made elsewhere for an account whose session is still to be opened."""
        await self._tokens.save(account_id, token)

    async def kept(self, account_id: str) -> Token | None:
        """The newest token of an account that was kept, also where the call that it was for failed."""
        return await self._tokens.load(account_id)

    def part(self, account_id: str) -> None:
        """An account was changed elsewhere: who reads it from now on joins no call under way."""
        for session in list(self._open_sessions):
            if session.account_id == account_id:
                session.part()

    def forget(self, account_id: str) -> None:
        """The account was removed: its calls are given up. What it has used of shared windows stays counted."""
        self._sessions.pop(account_id, None)
        for session in list(self._open_sessions):
            if session.account_id == account_id:
                session.cancel()
        self._shelves.pop(account_id, None)
        self._budgets.pop(account_id, None)
        for key in [key for key in self._breakers if key[0] == account_id]:
            del self._breakers[key]
        self._permits.forget(account_id)

    def usage(self) -> list[WindowUsage]:
        """How full each window is, for metrics and the ``rateLimits`` query."""
        return self._permits.usage()

    async def aclose(self) -> None:
        """Give up all calls and close all connections."""
        await asyncio.gather(*(session.aclose() for session in list(self._open_sessions)))
        self._sessions.clear()
        self._permits.close()
        await self._client.aclose()
