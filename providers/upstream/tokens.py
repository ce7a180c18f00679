"""Where tokens are kept between processes and restarts."""

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


class MemoryTokens:
    """A ``TokenStore`` that forgets everything when the process ends."""

    def __init__(self) -> None:
        self._tokens: dict[str, Token] = {}

    async def load(self, account_id: str) -> Token | None:
        return self._tokens.get(account_id)

    async def save(self, account_id: str, token: Token) -> None:
        self._tokens[account_id] = token
