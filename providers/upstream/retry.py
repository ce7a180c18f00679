"""Whether and when a failed attempt is repeated."""

from dataclasses import dataclass
from random import Random

from providers.errors import ProviderError, RateLimited
from providers.upstream.accounts import UpstreamSettings
from providers.upstream.clock import Clock


class AttemptFailed(Exception):
    """One attempt failed in a way that another may not.

    ``sent`` is False if the PMS cannot have seen the call; ``refused`` if it said so by a rate limit (429).
    """

    def __init__(self, error: ProviderError, *, sent: bool = True, refused: bool = False) -> None:
        super().__init__(error.message)
        self.error = error
        self.sent = sent
        self.refused = refused


class RetryBudget:
    """Bounds retries to a share of an account's calls: a PMS in trouble must not get many times the load.

    Each call saves up ``ratio`` of a retry, up to ``floor``, with which it also begins; in quiet times a retry is saved
    up every ``REGAIN`` seconds, so that an account with few calls may retry, too.
    """

    REGAIN = 10.0

    def __init__(self, clock: Clock, *, ratio: float, floor: float) -> None:
        self._clock = clock
        self._ratio = ratio
        self._floor = floor
        self._saved = floor
        self._counted_at: float | None = None

    def call(self) -> None:
        """A call is made for the first time."""
        self._saved = min(self._floor, self._saved + self._ratio)

    def spend(self) -> bool:
        """Take one retry. False if there is none."""
        now = self._clock.monotonic()
        if self._counted_at is not None:
            self._saved = min(self._floor, self._saved + (now - self._counted_at) / self.REGAIN)
        self._counted_at = now
        if self._saved < 1:
            return False
        self._saved -= 1
        return True


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """The rules: safe calls are repeated after any failure, others only where nothing was done."""

    settings: UpstreamSettings
    random: Random

    def delay(self, failure: AttemptFailed, *, attempt: int, safe: bool, budget: RetryBudget) -> float | None:
        """Seconds to wait before attempt ``attempt + 1``, or None if there shall be none.

        After a 429 there is nothing to wait here: the next permit comes when the window opens. It costs no retry
        budget either, since the closed window already slows us down.
        """
        if attempt >= self.settings.attempts:
            return None
        if failure.refused:
            return 0.0
        if (failure.sent and not safe) or isinstance(failure.error, RateLimited):
            return None
        if not budget.spend():
            return None
        most = min(self.settings.backoff_cap, self.settings.backoff_base * 2.0 ** (attempt - 1))
        return max(self.random.uniform(most / 2, most), failure.error.retry_after or 0.0)
