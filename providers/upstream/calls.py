"""A call to a PMS and its answer, as plain data: what plugins write and read."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from providers.errors import UpstreamInvalid
from providers.manifest import LimitScope

Query = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One HTTP call, not yet sent.

    ``path`` begins with a slash and holds the API's prefix. ``safe`` says that sending it twice changes nothing: such
    calls are shared while in flight and retried (None: GET and HEAD are safe). ``json`` and ``form`` exclude each
    other. ``charge`` names the limit it counts towards, if the PMS has one of its own for this kind of call.
    ``authorized`` is False for calls that carry no token. ``imagined`` is what a dry run takes for the JSON that the
    PMS would answer; without it a dry run ends at this call. ``unmade`` looks whether what the call makes is missing:
    asked where the PMS may have made it although it refused the token.
    """

    method: str
    path: str
    query: Query = ()
    json: Any = None
    form: Query | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    safe: bool | None = None
    charge: str | None = None
    authorized: bool = True
    imagined: Any = None
    secrets: frozenset[str] = frozenset()
    unmade: Callable[[], Awaitable[bool]] | None = None

    @property
    def is_safe(self) -> bool:
        return self.method in ("GET", "HEAD") if self.safe is None else self.safe


@dataclass(slots=True, kw_only=True)
class Answer:
    """What came back: status, headers with lower-case names, the bounded body, and when it was complete (UTC)."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime
    parsed: Any = None

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    def json(self) -> Any:
        """The body as JSON. Raises ``UpstreamInvalid`` where it is something else. Numbers with a point are Decimal."""
        if self.parsed is None and self.body:
            self.parsed = parse_json(self.body, self.status)
        return self.parsed


def parse_json(body: bytes, status: int) -> Any:
    """``body`` as JSON with exact decimals. Raises ``UpstreamInvalid`` without quoting the body."""
    try:
        return json.loads(body, parse_float=Decimal)
    except (ValueError, RecursionError):
        raise UpstreamInvalid("The PMS's answer is not JSON.", upstream_status=status) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """An access token and what is known about it. Both instants are aware UTC. Never shown, never logged."""

    access: str = field(repr=False)
    issued_at: datetime
    expires_at: datetime | None = None
    refresh: str | None = field(default=None, repr=False)
    scopes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """What an answer says about the budget: how much is left of which window, or until when nothing will be served.

    ``scope`` None means: whichever windows the call was charged to. ``blocked_until`` is set on refusals (429).
    """

    scope: LimitScope | None = None
    limit: int | None = None
    remaining: int | None = None
    reset_at: datetime | None = None
    blocked_until: datetime | None = None
