"""How long whoever works at something is left alone with it, should its process die meanwhile."""

from providers.upstream.caller import current_caller
from providers.upstream.clock import Clock

_CALLS_AFTER = 3
"""Calls that may be under way, one after the other, when the deadline has come: the last one, and looks for it."""

_SLACK = 5.0
"""Seconds by which clocks may differ, and that the database may take."""


def lease_seconds(clock: Clock, call_timeout: float) -> float:
    """Seconds from now until no call of the present caller can be under way any more."""
    left = max(0.0, current_caller().deadline - clock.monotonic())
    return left + _CALLS_AFTER * call_timeout + _SLACK
