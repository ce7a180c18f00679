"""Authorization codes: exchanged once, and soon (documentation, Authorization)."""

import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

LIFE = timedelta(minutes=10)
"""The longest life that RFC 6749, section 4.1.2, recommends; BookingSync's is not documented."""

MOST_CODES = 1_000


@dataclass(frozen=True, slots=True)
class Consented:
    """What an owner has agreed to, and where the code was sent."""

    account: int
    scopes: frozenset[str]
    redirect_uri: str
    expires_at: datetime


class Codes:
    """The codes that were issued and not exchanged yet; the oldest are forgotten first."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._issued: OrderedDict[str, Consented] = OrderedDict()

    def issue(self, account: int, scopes: frozenset[str], redirect_uri: str) -> str:
        """A new code."""
        code = secrets.token_hex(32)
        self._issued[code] = Consented(account, scopes, redirect_uri, self._now() + LIFE)
        while len(self._issued) > MOST_CODES:
            self._issued.popitem(last=False)
        return code

    def spend(self, code: str) -> Consented | None:
        """What a code stands for; None if it is not known, was used, or is too old. It is used up in any case."""
        consented = self._issued.pop(code, None)
        return consented if consented is not None and self._now() < consented.expires_at else None
