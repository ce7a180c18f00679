"""Who asks, since when, and how old an answer may be."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid4

from graph.accounts.keys import Viewer


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One GraphQL operation. ``key`` names it as a caller towards the limits; ``started_at`` is aware UTC."""

    viewer: Viewer
    started_at: datetime
    key: str = field(default_factory=lambda: uuid4().hex)

    @property
    def tenant_id(self) -> str:
        return self.viewer.tenant_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How old an answer may be: ``max_age`` seconds, or what was fetched since ``since`` (the operation's start).

    With ``strict`` (the client named the age) nothing older is ever served. Without, an older answer may be served for
    ``stale_for`` seconds while a new one is fetched, or when the PMS fails.
    """

    max_age: float
    since: datetime
    stale_for: float = 0.0
    strict: bool = False

    def accepts(self, fetched_at: datetime, now: datetime) -> bool:
        """Whether something fetched then is fresh now."""
        return fetched_at >= self.since or (now - fetched_at).total_seconds() < self.max_age

    def serves(self, fetched_at: datetime, now: datetime) -> bool:
        """Whether it may be served: fresh, or stale by no more than is allowed."""
        if self.accepts(fetched_at, now):
            return True
        return not self.strict and (now - fetched_at).total_seconds() < self.max_age + self.stale_for
