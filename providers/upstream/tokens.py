"""Where tokens are kept between processes and restarts."""

import asyncio
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from providers.upstream.calls import Token


class TokenStore(Protocol):
    """Keeps the newest token of each account.

    A store must forget an account's token when the account's credentials change: a stored token is preferred to what
    the credentials hold, because a refresh token in the credentials is spent by the first renewal.
    """

    async def load(self, account_id: str) -> Token | None:
        """The newest saved token, or None."""
        ...

    async def save(self, account_id: str, token: Token) -> None:
        """Keep ``token`` durably. It is used only after this has returned."""
        ...

    def renewing(self, account_id: str, seconds: float) -> AbstractAsyncContextManager[None]:
        """The right to renew an account's token: entered by one of all that share the store, the others wait.

        A holder that died loses it after ``seconds``.
        """
        ...


class MemoryTokens:
    """A ``TokenStore`` that forgets everything when the process ends."""

    def __init__(self) -> None:
        self._tokens: dict[str, Token] = {}
        self._renewals: dict[str, asyncio.Lock] = {}

    async def load(self, account_id: str) -> Token | None:
        return self._tokens.get(account_id)

    async def save(self, account_id: str, token: Token) -> None:
        self._tokens[account_id] = token

    def renewing(self, account_id: str, seconds: float) -> AbstractAsyncContextManager[None]:
        return self._renewals.setdefault(account_id, asyncio.Lock())
