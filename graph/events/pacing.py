"""How often an account is polled: by its budget, by whether its webhooks arrive, and by how the last polls went."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from providers.upstream.accounts import WindowUsage

ALONE = timedelta(seconds=60)
"""Between two polls of an account whose PMS sends no webhooks, or none that arrive."""

BESIDE_WEBHOOKS = timedelta(minutes=10)
"""The same where webhooks arrive: polling finds what got lost."""

RARELY = timedelta(hours=1)
"""Never less often, whatever failed."""

SHARE = 0.1
"""The part of a PMS's limit that polling may take, of all accounts that share it."""

_FULL = 0.5


@dataclass(frozen=True, slots=True)
class Pace:
    """What the interval depends on. ``windows`` are those of all accounts; ``failures`` are of polls in a row."""

    receives: bool
    failures: int
    windows: Iterable[WindowUsage]

    def interval(self, account_id: str) -> timedelta:
        """How long to wait before the account is polled again."""
        pause = BESIDE_WEBHOOKS if self.receives else ALONE
        for window in self.windows:
            if account_id in window.account_ids:
                pause = max(pause, _fair(window))
                if window.used > window.limit * _FULL or window.waiting or window.blocked_until is not None:
                    # Others need it now.
                    pause *= 2
        longer: timedelta = pause * (1 << min(self.failures, 10))
        return min(longer, max(RARELY, pause))


def _fair(window: WindowUsage) -> timedelta:
    """One call of each account in this time takes the ``SHARE`` of the window."""
    return timedelta(seconds=window.seconds * max(1, len(window.account_ids)) / (window.limit * SHARE))
