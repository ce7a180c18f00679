"""Access and refresh tokens, and what they allow (documentation, Authorization)."""

import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from providers.bookingsync.simulator.codes import Consented
from providers.bookingsync.simulator.readings import BookingsyncReadings, OldRefreshToken, SuspendedStyle
from providers.bookingsync.simulator.refusals import Unauthorized
from providers.bookingsync.simulator.view import Grant

LIFE = timedelta(hours=2)
MOST_TOKENS = 10_000
"""How many access tokens are remembered; the oldest is forgotten first."""

INVALID = "The access token is invalid"
EXPIRED = "The access token expired"
REVOKED = "The access token was revoked"


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """An access token's rights and times. ``generation`` is that of the refresh token that came with it."""

    grant: Grant
    expires_at: datetime
    generation: int


_REFRESHES = 24
"""Bits of a generation that count refreshes; those above say to which consent it belongs, 0 is the one of before."""


class Tokens:
    """Issues, rotates and checks tokens.

    Each consent of an account begins a line of refresh tokens of its own. A refresh token holds its account and
    generation, signed with ``key``: one that was issued before a restart of the simulator is still good, one that was
    used is not, and none has to be remembered. A restart forgets where consents were sent, though, and their scopes.
    """

    def __init__(
        self,
        *,
        key: str,
        readings: BookingsyncReadings,
        now: Callable[[], datetime],
        new_token: Callable[[], str],
    ) -> None:
        self._key = key.encode()
        self._readings = readings
        self._now = now
        self._new_token = new_token
        self._issued: OrderedDict[str, IssuedToken] = OrderedDict()
        self._revoked: OrderedDict[str, None] = OrderedDict()
        self._newest: dict[tuple[int, int], int] = {}
        self._oldest_valid: dict[tuple[int, int], int] = {}
        self._begun: OrderedDict[tuple[int, int], Consented] = OrderedDict()

    def issue(self, grant: Grant, *, life: timedelta = LIFE, generation: int = 0) -> str:
        """A new access token."""
        token = self._new_token()
        self._issued[token] = IssuedToken(grant, self._now() + life, generation)
        while len(self._issued) > MOST_TOKENS:
            self._issued.popitem(last=False)
        return token

    def check(self, token: str) -> Grant:
        """What an access token allows. Raises ``Unauthorized``."""
        issued = self._issued.get(token)
        if issued is None:
            raise Unauthorized(REVOKED if token in self._revoked else INVALID)
        if issued.expires_at <= self._now():
            raise Unauthorized(EXPIRED)
        account = issued.grant.account
        if account is not None:
            if self.refuses(account):
                raise Unauthorized(REVOKED)
            line = _line(account, issued.generation)
            self._oldest_valid[line] = max(issued.generation, self._oldest_valid.get(line, 0))
        return issued.grant

    def refuses(self, account: int) -> bool:
        """Whether the account is suspended in the way that ends its tokens."""
        readings = self._readings
        return account in readings.suspended_accounts and readings.suspended is SuspendedStyle.REFUSED

    def refresh_token(self, account: int, generation: int) -> str:
        """The refresh token of an account after that many refreshes."""
        head = f"{account:06x}{generation:010x}"
        return head + hmac.new(self._key, head.encode(), sha256).hexdigest()[:48]

    def begin(self, account: int, consented: Consented) -> int:
        """The first generation of a new consent."""
        number = 1 + secrets.randbelow(2**16 - 1)
        self._begun[(account, number)] = consented
        while len(self._begun) > MOST_TOKENS:
            self._begun.popitem(last=False)
        return number << _REFRESHES

    def begun(self, refresh_token: str) -> Consented | None:
        """The consent that a refresh token belongs to; None for the one of before, and for one that is not valid."""
        read = self._read(refresh_token)
        return self._begun.get(_line(*read)) if read else None

    def rotate(self, refresh_token: str) -> tuple[int, int] | None:
        """Use up a refresh token: the account it is of and the generation after it; None if it is not valid."""
        read = self._read(refresh_token)
        if read is None:
            return None
        account, generation = read
        line = _line(account, generation)
        if generation < self._oldest_valid.get(line, 0) or self.refuses(account):
            return None
        following = max(generation, self._newest.get(line, 0)) + 1
        self._newest[line] = following
        if self._readings.old_refresh_token is OldRefreshToken.DEAD_AT_ONCE:
            self._oldest_valid[line] = following
        if not self._readings.old_access_token_lives_on:
            self._revoke(lambda issued: _line(issued.grant.account or 0, issued.generation) == line)
        return account, following

    def _read(self, refresh_token: str) -> tuple[int, int] | None:
        """Account and generation of a refresh token; None if it was not made here."""
        try:
            account, generation = int(refresh_token[:6], 16), int(refresh_token[6:16], 16)
        except ValueError:
            return None
        expected = self.refresh_token(account, generation)
        return (account, generation) if hmac.compare_digest(expected.encode(), refresh_token.encode()) else None

    def revoke(self, account: int) -> None:
        """End all access tokens of an account."""
        self._revoke(lambda issued: issued.grant.account == account)

    def _revoke(self, ends: Callable[[IssuedToken], bool]) -> None:
        for token in [
            each for each, issued in self._issued.items() if issued.grant.account is not None and ends(issued)
        ]:
            del self._issued[token]
            self._revoked[token] = None
        while len(self._revoked) > MOST_TOKENS:
            self._revoked.popitem(last=False)


def _line(account: int, generation: int) -> tuple[int, int]:
    """The line of refresh tokens that a generation is in."""
    return account, generation >> _REFRESHES
