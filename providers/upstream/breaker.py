"""A circuit per account and address: after several failures in a row, calls fail at once instead of waiting in vain."""

from providers.errors import UpstreamUnavailable
from providers.upstream.clock import Clock


class Breaker:
    """Closed: calls pass. Open: calls fail. After ``seconds`` half-open: one call passes and decides.

    Failures are lost connections, time-outs and server errors; any other answer, a refusal too, proves the PMS alive.
    """

    def __init__(self, clock: Clock, *, failures: int, seconds: float) -> None:
        self._clock = clock
        self._threshold = failures
        self._seconds = seconds
        self._failures = 0
        self._opened_at: float | None = None
        self._probing = False

    @property
    def is_open(self) -> bool:
        return self._opened_at is not None

    def check(self) -> None:
        """Raises ``UpstreamUnavailable`` while the circuit is open, and while a probe is on its way."""
        if self._opened_at is None:
            return
        remaining = self._opened_at + self._seconds - self._clock.monotonic()
        if remaining > 0 or self._probing:
            # While a probe is under way its result is not known, but it will be in about a second.
            raise UpstreamUnavailable(
                "The PMS has failed repeatedly and is not called for a while.", retry_after=max(1.0, remaining)
            )

    def enter(self) -> bool:
        """To be called right before sending. Raises like ``check``; True if this call is the probe."""
        self.check()
        self._probing = self.is_open
        return self._probing

    def succeeded(self) -> None:
        """The PMS has answered."""
        self._failures = 0
        self._opened_at = None
        self._probing = False

    def failed(self, *, probe: bool) -> None:
        """The call that ``enter`` let pass has failed. ``probe`` is what ``enter`` returned."""
        self._failures += 1
        if probe:
            self._probing = False
        if probe or (self._opened_at is None and self._failures >= self._threshold):
            self._opened_at = self._clock.monotonic()

    def abandoned(self, *, probe: bool) -> None:
        """The call was given up before it could prove anything."""
        if probe:
            self._probing = False
