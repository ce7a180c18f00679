"""Access tokens: made from account id and secret, alive side by side, revocable (Hostaway documentation)."""

import asyncio
import base64
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from urllib.parse import parse_qs

import orjson

from providers.hostaway.simulator.accounts import SimulatedAccount
from providers.hostaway.simulator.envelope import RefusedError
from providers.hostaway.simulator.readings import HostawayReadings

MOST_TOKENS = 10_000
REFUSED = "The resource owner or authorization server denied the request."


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedToken:
    """A token that was issued. Instants are aware UTC."""

    account: SimulatedAccount
    issued_at: datetime
    usable_at: datetime
    expires_at: datetime


class Tokens:
    """Issues and checks tokens. The oldest is forgotten beyond 10,000 of them."""

    def __init__(
        self,
        accounts: Mapping[int, SimulatedAccount],
        readings: HostawayReadings,
        now: Callable[[], datetime],
        seed: int,
    ) -> None:
        self._accounts = accounts
        self._readings = readings
        self._now = now
        self._seed = seed
        self._numbers = count(1)
        self._alive: OrderedDict[str, IssuedToken] = OrderedDict()

    async def granted(self, form: bytes) -> str:
        """A new token for a form. Raises ``RefusedError``: 400 for a bad form, 401 for bad credentials."""
        fields = {name: values[-1] for name, values in parse_qs(form.decode("utf-8", "replace")).items()}
        if fields.get("grant_type") != "client_credentials":
            raise RefusedError(400, "The authorization grant type is not supported.")
        if fields.get("scope") != "general":
            raise RefusedError(400, "The requested scope is invalid, unknown, or malformed.")
        account = self._accounts.get(_account_id(fields.get("client_id", "")))
        if account is None or fields.get("client_secret") != account.secret:
            raise RefusedError(401, "Client authentication failed.")
        for _ in account.preparing():
            # Calls of other accounts must arrive, and be counted, when they are made.
            await asyncio.sleep(0)
        return self.issue(account)

    def issue(self, account: SimulatedAccount, *, settled: bool = False, life: float | None = None) -> str:
        """A new token, usable after the settling time, or at once if ``settled``. ``life`` is in seconds."""
        now = self._now()
        settling = 0.0 if settled else self._readings.settle_seconds
        expires_at = now + timedelta(seconds=self._readings.token_life if life is None else life)
        token = self._written(account, now, expires_at)
        self._alive[token] = IssuedToken(
            account=account, issued_at=now, usable_at=now + timedelta(seconds=settling), expires_at=expires_at
        )
        while len(self._alive) > MOST_TOKENS:
            self._alive.popitem(last=False)
        return token

    def revoke(self, token: str | None) -> None:
        """End a token. Raises ``RefusedError`` without one; an unknown token is as good as revoked."""
        if not token:
            raise RefusedError(400, 'The "token" parameter is required.')
        self._alive.pop(token, None)

    def account(self, authorization: str | None) -> SimulatedAccount:
        """Whose call it is. ``RefusedError`` 403: the token is unknown, expired, revoked or too young."""
        if not authorization:
            raise RefusedError(self._readings.missing_token_status, "Missing Authorization header.")
        issued = self._issued(authorization)
        if issued is None or not issued.usable_at <= self._now() < issued.expires_at:
            raise RefusedError(403, REFUSED)
        return issued.account

    def account_id(self, authorization: str | None) -> str | None:
        """The account that a token belongs to, usable or not."""
        issued = self._issued(authorization or "")
        return None if issued is None else str(issued.account.id)

    def _issued(self, authorization: str) -> IssuedToken | None:
        scheme, _, token = authorization.partition(" ")
        return self._alive.get(token.strip()) if scheme.lower() == "bearer" else None

    def _written(self, account: SimulatedAccount, now: datetime, expires_at: datetime) -> str:
        """In the form of the documented tokens. The simulator looks tokens up and never decodes them."""
        issued = int(now.timestamp())
        jti = hashlib.blake2b(
            f"{self._seed}/{account.id}/{next(self._numbers)}/{now}".encode(), digest_size=32
        ).hexdigest()
        claims = {
            "aud": str(account.id),
            "jti": jti,
            "iat": issued,
            "nbf": issued,
            "exp": int(expires_at.timestamp()),
            "sub": "",
            "scopes": ["general"],
            "secretId": account.index + 1,
        }
        signature = hashlib.blake2b(jti.encode(), digest_size=32).digest()
        parts = (orjson.dumps({"typ": "JWT", "alg": "RS256"}), orjson.dumps(claims), signature)
        return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def _account_id(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        return -1
