"""The limit on calls and the headers that tell of it (documentation, Rate limiting)."""

import math
from collections.abc import Callable, Iterable
from datetime import datetime

import orjson
from starlette.responses import Response
from starlette.types import Scope

from providers.bookingsync.simulator.access import Access
from providers.bookingsync.simulator.answers import JSON
from providers.bookingsync.simulator.readings import BookingsyncReadings, CountedBy
from providers.simulation.windows import Charge, Windows

CALLS = 1000
SECONDS = 3600
UNLIMITED = 1_000_000
"""What the headers tell where limits are off: applications with a larger budget see larger numbers."""

TOKEN_PATH = "/oauth/token"  # noqa: S105 (a path)
PROFILES = ("documented", "off")


class Budget:
    """1,000 calls in each hour of the clock for the application, whatever account they are for."""

    def __init__(
        self, profile: str, access: Access, readings: BookingsyncReadings, now: Callable[[], datetime]
    ) -> None:
        if profile not in PROFILES:
            raise ValueError(f"limits must be one of {', '.join(PROFILES)}")
        self._limited = profile != "off"
        self._access = access
        self._readings = readings
        self._now = now
        self._windows = Windows(lambda: now().timestamp(), count_refused=readings.refused_calls_count)

    def admit(self, scope: Scope) -> Response | None:
        """Count a call that carries a good token, or refuse it. Calls for tokens are free."""
        charge = self._charge(scope)
        if charge is None or not self._limited:
            return None
        return None if self._windows.charge_all([charge]) is None else self._too_many(charge)

    def storm(self, scope: Scope) -> Response:
        """The refusal of a call as if the budget were used up."""
        response = self._too_many(self._charge(scope) or self._window("application"))
        response.headers["X-RateLimit-Limit"] = str(CALLS)
        response.headers["X-RateLimit-Remaining"] = "0"
        return response

    def stamp(self, scope: Scope) -> Iterable[tuple[str, str]]:
        """The headers of every answer to a call with a good token."""
        bearer = self._access.bearer(scope)
        if bearer is None:
            return []
        charge = self._charge(scope) or self._window("application")
        left = max(0, self._windows.remaining(charge)) if self._limited else UNLIMITED
        return [
            ("X-RateLimit-Limit", str(CALLS if self._limited else UNLIMITED)),
            ("X-RateLimit-Remaining", str(left)),
            ("X-RateLimit-Reset", str(self._reset(charge))),
            ("X-Updated-Since-Request-Synced-At", self._now().strftime("%Y-%m-%d %H:%M:%S UTC")),
        ]

    def _charge(self, scope: Scope) -> Charge | None:
        """The window that the call counts in; None where it does not count."""
        if scope["path"] == TOKEN_PATH:
            return self._window("application") if self._readings.token_calls_count else None
        bearer = self._access.bearer(scope)
        if bearer is None:
            return None
        by_token = self._readings.counted_by is CountedBy.TOKEN
        return self._window(bearer[0] if by_token else "application")

    def _window(self, key: str) -> Charge:
        return Charge(key, CALLS, SECONDS, clock=not self._readings.sliding_window)

    def _too_many(self, charge: Charge) -> Response:
        headers = {"content-type": JSON, "X-RateLimit-Reset": str(self._reset(charge))}
        if self._readings.retry_after:
            headers["Retry-After"] = str(self._reset(charge) - math.floor(self._now().timestamp()))
        body = orjson.dumps({"error": "API v3 rate limit exceeded."})
        return Response(body, status_code=429, headers=headers)

    def _reset(self, charge: Charge) -> int:
        """Unix time at which the window is empty: the next full hour, unless windows slide."""
        now = self._now().timestamp()
        if charge.clock:
            return math.floor(now / SECONDS) * SECONDS + SECONDS
        return math.ceil(now + self._windows.resets_in(charge))
