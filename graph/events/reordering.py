"""How long a webhook waits for those about earlier changes, which may have been sent before it and come after it.

A PMS that sends as things happen seldom sends in disorder, and a wait would be most of the time from a change to its
subscribers. What it could not send for a while, as during an outage of its own or of this server, it sends all at once.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from providers.webhooks import WebhookNote

RECENT = timedelta(seconds=2)
"""So long ago a change was at most that is told of as it happens. The times of some PMSs have whole seconds."""

WAIT = timedelta(milliseconds=20)
"""How long the others wait, if nothing else was chosen. Those about one change mostly come together within it."""


@dataclass(frozen=True, slots=True)
class Reordering:
    """``seconds``: how long each webhook waits; None: ``WAIT``, and not at all where the change was a moment ago."""

    seconds: float | None

    @property
    def longest(self) -> timedelta:
        """How long any of them waits."""
        return WAIT if self.seconds is None else timedelta(seconds=self.seconds)

    def wait(self, note: WebhookNote, now: datetime) -> timedelta:
        """How long the webhook waits that came ``now``."""
        if self.seconds is None and note.changed_at is not None and abs(now - note.changed_at) <= RECENT:
            return timedelta()
        return self.longest
