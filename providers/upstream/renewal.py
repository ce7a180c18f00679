"""The token of one account: found, renewed once for all who wait, kept before it is used."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack, asynccontextmanager
from copy import copy
from math import inf
from typing import TypeVar

from providers.contract import Dialect, Send
from providers.errors import AuthenticationFailed, ProviderError, UpstreamUnavailable
from providers.upstream.caller import Caller, calling
from providers.upstream.calls import Token
from providers.upstream.clock import Clock
from providers.upstream.tokens import TokenStore

log = logging.getLogger(__name__)
T = TypeVar("T")

REMEMBERED = 60.0
"""Seconds for which a renewal that failed or did not help is not repeated."""

PAUSE = 10.0
"""Seconds until an early renewal that failed is tried again while the old token is still good."""

STORE_TIMEOUT = 10.0

SPARE = 20.0
"""Seconds that holding the right to renew may take beyond the token call: two reads and writes of the store."""

_LOOKS = (0.0, 0.25, 0.75, 1.0)
"""Seconds before each look for a token that another process is about to save."""


class TokenShelf:
    """One account's place in the token store, and the lock that lets one renewal happen at a time.

    All sessions of the account share it, also those with older credentials.
    """

    def __init__(self, account_id: str, store: TokenStore) -> None:
        self.account_id = account_id
        self.lock = asyncio.Lock()
        self._store = store
        self._unsaved: Token | None = None

    async def load(self) -> Token | None:
        """The newest token. Raises ``UpstreamUnavailable`` where the store fails."""
        if self._unsaved is not None:
            await self.save(self._unsaved)
        return await self._guarded(self._store.load(self.account_id), "read")

    async def save(self, token: Token) -> None:
        """Keep ``token``. Raises ``UpstreamUnavailable`` where the store fails; it is then saved before the next load.

        The token may hold the only refresh token that is still good, so it must not be dropped.
        """
        self._unsaved = token
        await self._guarded(self._store.save(self.account_id, token), "saved")
        self._unsaved = None

    @asynccontextmanager
    async def renewing(self, patience: float) -> AsyncIterator[None]:
        """The right to renew the token, for a call that takes ``patience`` seconds at most, among all processes.

        Raises ``UpstreamUnavailable`` where it cannot be had: the store fails.
        """
        seconds = patience + SPARE
        async with AsyncExitStack() as stack:
            right = stack.enter_async_context(self._store.renewing(self.account_id, seconds))
            # Longer than the right lasts: whoever holds it may have died just now.
            await self._guarded(right, "renewed", seconds + STORE_TIMEOUT)
            yield

    async def _guarded(self, work: Awaitable[T], what: str, seconds: float = STORE_TIMEOUT) -> T:
        try:
            async with asyncio.timeout(seconds):
                return await work
        except Exception as failure:  # noqa: BLE001 - any storage may be behind it; callers know ProviderError only
            log.warning("token of account %s could not be %s: %s", self.account_id, what, type(failure).__name__)
            raise UpstreamUnavailable(f"The account's token could not be {what}.", retry_after=PAUSE) from None


class TokenKeeper:
    """Hands out the token of one session and renews it when its time comes or the PMS rejects it.

    A renewal runs in a task of its own: no caller that is cancelled can stop it for the others.
    """

    def __init__(self, dialect: Dialect, shelf: TokenShelf, send: Send, clock: Clock, *, patience: float) -> None:
        self._dialect = dialect
        self._shelf = shelf
        self._send = send
        self._clock = clock
        self._patience = patience
        self._token: Token | None = None
        self._usable_from = self._renew_from = self._dead_from = -inf
        self._fruitless_at = -inf
        self._failure: AuthenticationFailed | None = None
        self._failed_at = -inf
        self._task: asyncio.Task[None] | None = None

    async def token(self) -> Token | None:
        """A token fit for use, waiting until it may be used. None where the account works without tokens.

        Raises ``AuthenticationFailed`` where none can be had, and what the token call raises.
        """
        if self._clock.monotonic() >= self._renew_from:
            await self._renewed_in_time()
        await self._settled()
        return self._token

    def newest(self, token: Token | None) -> Token | None:
        """The token that has replaced ``token`` meanwhile, if it may be used already; else ``token``."""
        if self._token is None or self._clock.monotonic() < self._usable_from:
            return token
        return self._token

    async def replace(self, rejected: Token) -> Token | None:
        """A token instead of ``rejected``. None if a new token did not help lately.

        Raises ``AuthenticationFailed`` where the credentials cannot make another one.
        """
        if self._holds(rejected):
            if self._clock.monotonic() - self._fruitless_at < REMEMBERED:
                return None
            await self._renew(rejected)
            if self._holds(rejected):  # the renewal that was under way was for something else
                await self._renew(rejected)
        await self._settled()
        return self._token

    async def held(self) -> Token | None:
        """The token that is there once the renewal under way, if any, has ended. Begins none, so it fails not.

        A renewal has a patience of its own: this may outlast the deadline of whoever asked.
        """
        if self._task is not None and not self._task.done():
            await asyncio.wait({self._task})
        return self._token

    def did_not_help(self) -> None:
        """A new token was rejected like the old one: the PMS means something else, and tokens would be made in vain.

        A renewal that did help is not remembered: a PMS may well end two tokens within a minute.
        """
        self._fruitless_at = self._clock.monotonic()

    def forget_refusals(self) -> None:
        """What goes with calls has changed: the PMS may accept now what it refused before."""
        self._failure = None
        self._fruitless_at = -inf

    async def aclose(self, patience: float) -> None:
        """Let a renewal end, since it may have spent the old refresh token; cancel it after ``patience`` seconds."""
        task = self._task
        if task is not None and not task.done():
            await asyncio.wait({task}, timeout=patience)
            task.cancel()

    def cancel(self) -> None:
        """Give up a renewal: the account is gone."""
        if self._task is not None:
            self._task.cancel()

    def _holds(self, token: Token) -> bool:
        return self._token is not None and self._token.access == token.access

    async def _settled(self) -> None:
        wait = self._usable_from - self._clock.monotonic()
        if wait > 0:
            await self._clock.sleep(wait)

    async def _renewed_in_time(self) -> None:
        try:
            await self._renew(None)
        except ProviderError:
            if self._token is None or self._clock.monotonic() >= self._dead_from:
                raise
            self._renew_from = self._clock.monotonic() + PAUSE

    async def _renew(self, rejected: Token | None) -> None:
        if self._failure is not None and self._clock.monotonic() - self._failed_at < REMEMBERED:
            raise copy(self._failure)
        task = self._task
        if task is None or task.done():
            task = self._task = asyncio.ensure_future(self._obtain(rejected))
            task.add_done_callback(_seen)
        await asyncio.wait({task})
        if task.cancelled():
            raise UpstreamUnavailable("The token's renewal was given up.")
        failure = task.exception()
        if isinstance(failure, ProviderError):
            raise copy(failure)
        task.result()

    async def _obtain(self, rejected: Token | None) -> None:
        try:
            async with self._shelf.lock:
                await self._find_or_issue(rejected)
        except AuthenticationFailed as failure:
            self._failure, self._failed_at = failure, self._clock.monotonic()
            raise
        self._failure = None

    async def _find_or_issue(self, rejected: Token | None) -> None:
        if self._adopts(await self._shelf.load(), rejected):
            return
        async with self._shelf.renewing(self._patience):
            # Whoever had the right before may have renewed the token.
            stored = await self._shelf.load()
            if not self._adopts(stored, rejected):
                await self._issue(stored, rejected)

    def _adopts(self, stored: Token | None, rejected: Token | None) -> bool:
        """Take the newest token that is known into use, unless it was rejected. True if it is good for a while."""
        current = self._newest(stored)
        if current is None or (rejected is not None and current.access == rejected.access):
            return False
        self._adopt(current)
        return self._clock.monotonic() < self._renew_from

    def _newest(self, stored: Token | None) -> Token | None:
        return stored or self._token or self._dialect.initial_token()

    async def _issue(self, stored: Token | None, rejected: Token | None) -> None:
        current = self._newest(stored)
        who = Caller(f"token:{self._shelf.account_id}", self._clock.monotonic() + self._patience)
        try:
            with calling(who):
                fresh = await self._dialect.issue(self._send, current)
        except AuthenticationFailed:
            other = await self._stored_by_another(stored)
            if other is None:
                raise
            self._adopt(other)
            return
        if fresh is None:
            self._keep_fixed(current, rejected)
            return
        await self._shelf.save(fresh)
        self._adopt(fresh, fresh=True)

    async def _stored_by_another(self, stored: Token | None) -> Token | None:
        """The token of another process that was faster and has spent the refresh token; it may still be saving it."""
        for pause in _LOOKS:
            await self._clock.sleep(pause if stored is not None and stored.refresh else 0.0)
            found = await self._shelf.load()
            if found is not None and (stored is None or found.access != stored.access):
                return found
        return None

    def _keep_fixed(self, current: Token | None, rejected: Token | None) -> None:
        """The credentials make no tokens: the one they hold is all there is."""
        if current is not None and rejected is not None:
            raise AuthenticationFailed("The PMS does not accept the account's token, which cannot be renewed.")
        if current is not None and self._clock.monotonic() >= self._dead_from:
            raise AuthenticationFailed("The account's token has expired and cannot be renewed.")
        self._renew_from = self._dead_from if current is not None else inf

    def _adopt(self, token: Token, *, fresh: bool = False) -> None:
        """Use ``token`` from now on.

        The life of a fresh token is measured from its arrival on our own clock: a PMS whose clock differs from ours
        must not make it look expired at birth. One that lives shorter than the notice is renewed at half its life.
        """
        now, wall = self._clock.monotonic(), self._clock.now()
        age = 0.0 if fresh else (wall - token.issued_at).total_seconds()
        rest = self._dialect.settle_seconds - age
        self._token = token
        self._usable_from = now + min(max(rest, 0.0), self._dialect.settle_seconds)
        self._renew_from = self._dead_from = inf
        if token.expires_at is not None:
            life = (token.expires_at - token.issued_at).total_seconds()
            left = life if fresh else (token.expires_at - wall).total_seconds()
            self._dead_from = now + left
            self._renew_from = self._dead_from - min(self._dialect.renew_before, max(life, 0.0) / 2)


def _seen(task: "asyncio.Task[None]") -> None:
    """All who waited may be gone: asyncio must not report the failure as never seen."""
    if not task.cancelled():
        task.exception()
