"""What the upstream layer must know about an account, and its own settings, as plain data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from providers.contract import Dialect
from providers.manifest import Limit, LimitScope, WindowKind


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamAccount:
    """One account at one PMS.

    ``base_url`` holds scheme, host and port. ``identities`` names, for each scope, whose budget is used up: accounts
    with the same identity share a window. A scope without one counts for this account alone, except ``IP``, which is
    then this machine. ``margin`` (seconds) lengthens each window for the time that a call travels.
    ``credentials_version`` changes whenever anything else here or behind ``dialect`` does.
    """

    account_id: str
    provider: str
    base_url: str
    dialect: Dialect
    limits: tuple[Limit, ...] = ()
    identities: Mapping[LimitScope, str] = field(default_factory=dict)
    margin: float = 0.25
    credentials_version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamSettings:
    """How patient and how generous the upstream layer is. Times are in seconds.

    ``call_timeout`` bounds one attempt from its start to the last byte of the answer. ``attempts`` is the most that
    one call is sent. ``max_answer_bytes`` counts the body as sent and as unpacked. ``max_waiting`` bounds the calls of
    one account that wait for a permit. ``breaker_failures`` failures in a row open an account's circuit for
    ``breaker_seconds``. ``token_timeout`` bounds a token call that may spend a refresh token: its answer holds the only
    way back in, so it is waited for long after its callers gave up. Retries may be ``retry_ratio`` of an account's
    calls, with ``retry_floor`` saved up at most.
    """

    connect_timeout: float = 5.0
    call_timeout: float = 10.0
    attempts: int = 3
    max_answer_bytes: int = 32 * 1024 * 1024
    max_connections: int = 100
    max_waiting: int = 2000
    breaker_failures: int = 5
    breaker_seconds: float = 15.0
    retry_ratio: float = 0.2
    retry_floor: float = 10.0
    backoff_base: float = 0.25
    backoff_cap: float = 5.0
    token_timeout: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOutcome:
    """How one attempt at a call ended, for logs, metrics and counts. Holds no query, body, header or token.

    ``status`` is the HTTP status if there was an answer; ``error`` is an ``ErrorCode`` or ``CANCELLED``, None where the
    answer was accepted. ``seconds`` is the time from sending to the end, ``waited`` the time queued for a permit.
    ``changes`` says that the call may have changed something: it is not safe to send it twice.
    """

    provider: str
    account_id: str
    method: str
    path: str
    status: int | None
    error: str | None
    seconds: float
    waited: float
    attempt: int
    changes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowUsage:
    """How full one window is.

    ``used`` of ``limit`` calls per ``seconds``; ``waiting`` calls are queued for it. ``next_permit_at`` is when the
    next call could go (now or earlier: at once); ``blocked_until`` is set while the PMS refuses calls. Aware UTC.
    """

    provider: str
    scope: LimitScope
    identity: str
    charge: str | None
    kind: WindowKind
    account_ids: tuple[str, ...]
    limit: int
    seconds: int
    used: int
    waiting: int
    next_permit_at: datetime
    blocked_until: datetime | None
