"""Hostaway's limits, in the profiles that its documentation has had (Hostaway documentation, Rate limits)."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from starlette.responses import Response
from starlette.types import Scope

from providers.hostaway.simulator.envelope import json_response
from providers.hostaway.simulator.readings import HostawayReadings
from providers.simulation.windows import Charge, Refusal, Windows

MESSAGE = (
    "This error occurs because a server detects that your application has exceeded the rate limits "
    "or has made too many requests in a given period of time."
)
STORM_SECONDS = 1.0
"""How far ahead the refusals of a simulated storm say to try again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Calls per 10 seconds. ``quotes`` and ``creates`` (of reservations) are None where they have none."""

    ip: int
    account: int
    quotes: int | None
    creates: int | None
    headers: bool


DOCUMENTED = Profile(ip=15, account=20, quotes=None, creates=None, headers=False)
PROFILES: dict[str, Profile | None] = {
    "documented": DOCUMENTED,
    "seed": DOCUMENTED,
    "2026-08": Profile(ip=200, account=200, quotes=400, creates=200, headers=True),
    "off": None,
}
SECONDS = 10.0


class Limits:
    """Enforces one profile. Raises ``ValueError`` for an unknown one."""

    def __init__(
        self,
        profile: str,
        readings: HostawayReadings,
        now: Callable[[], datetime],
        account_of: Callable[[Scope], str | None],
    ) -> None:
        if profile not in PROFILES:
            raise ValueError(f"Unknown limit profile {profile!r}. Known: {', '.join(sorted(PROFILES))}.")
        self._profile = PROFILES[profile]
        self._readings = readings
        self._now = now
        self._account_of = account_of
        self.windows = Windows(lambda: now().timestamp(), count_refused=readings.refused_calls_count)

    def admit(self, scope: Scope) -> Response | None:
        """Count a call. None: let it in; else the refusal."""
        refusal = self.windows.charge_all(self._charges(scope))
        return None if refusal is None else self._refused(refusal)

    def storm(self, scope: Scope) -> Response:
        """A refusal out of the blue, as another program on the same account would cause it."""
        calls = 0 if self._profile is None else self._profile.account
        return self._refused(Refusal(Charge("account", calls, SECONDS), STORM_SECONDS))

    def _charges(self, scope: Scope) -> Sequence[Charge]:
        profile = self._profile
        if profile is None:
            return ()
        client = scope.get("client") or ("unknown", 0)
        by_ip = Charge(f"ip:{client[0]}", profile.ip, SECONDS)
        if scope["path"].rstrip("/") == "/v1/accessTokens":
            return (by_ip,) if self._readings.token_calls_count else ()
        account = self._account_of(scope)
        if account is None:
            return (by_ip,)
        if profile.quotes is not None and _is_quote(scope):
            return (Charge(f"endpoint:{account}", profile.quotes, SECONDS),)
        if profile.creates is not None and _is_create(scope):
            return (Charge(f"endpoint:creates:{account}", profile.creates, SECONDS),)
        return (by_ip, Charge(f"account:{account}", profile.account, SECONDS))

    def _refused(self, refusal: Refusal) -> Response:
        headers = self._headers(refusal) if self._profile is not None and self._profile.headers else {}
        return json_response({"status": "fail", "message": MESSAGE}, status=429, headers=headers)

    def _headers(self, refusal: Refusal) -> dict[str, str]:
        """``X-RateLimit-Retry-After`` is an instant, not a delay."""
        return {
            "X-RateLimit-Limit": str(refusal.charge.calls),
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-Retry-After": str(math.ceil(self._now().timestamp() + refusal.seconds)),
            "X-RateLimit-Applied": refusal.charge.key.partition(":")[0],
        }


def _is_quote(scope: Scope) -> bool:
    path: str = scope["path"]
    return scope["method"] == "POST" and path.rstrip("/").endswith("/calendar/priceDetails")


def _is_create(scope: Scope) -> bool:
    path: str = scope["path"]
    return scope["method"] == "POST" and path.rstrip("/") == "/v1/reservations"
