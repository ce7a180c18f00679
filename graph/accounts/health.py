"""How the calls of each account go: remembered in memory, written down in the background, read without any call."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from graph.accounts.accounts import AccountStatus, ConnectedAccount
from graph.accounts.tokens import TRIAL_PREFIX
from graph.storage.database import Database
from graph.storage.snapshots import Snapshots
from graph.storage.tables import AccountHealthRow, AccountRow
from providers.errors import ErrorCode, ProviderError
from providers.model.described import Described
from providers.upstream.clock import Clock

log = structlog.get_logger(__name__)

FLUSH_SECONDS = 5.0
"""Seconds between two writes; what a process that dies has not written yet is lost."""

MAX_ACCOUNTS = 10_000
"""Accounts that are remembered; the one without calls for longest leaves first."""

MAX_WRITES = 500
"""Accounts written in one transaction."""

MAX_MESSAGE = 500

_NO_FAILURE = {
    ErrorCode.NOT_FOUND,
    ErrorCode.NOT_SUPPORTED,
    ErrorCode.ACCOUNT_PAUSED,
    ErrorCode.ACCOUNT_NOT_AUTHORIZED,
}
"""Answers about what was asked for, which say nothing of the account."""

_ANSWERED = {ErrorCode.UPSTREAM_REFUSED, ErrorCode.PERMISSION_DENIED}
"""Refusals of one call by a PMS that works and knows the account."""


class HealthStatus(Described):
    """How an account does."""

    HEALTHY = "HEALTHY", "Its PMS answers, and accepts the credentials."
    FAILING = "FAILING", "The last call failed: see lastErrorCode."
    NEEDS_AUTHORIZATION = "NEEDS_AUTHORIZATION", "Its PMS wants the account to be connected again."
    PAUSED = "PAUSED", "It is paused: its PMS is not asked."
    UNKNOWN = "UNKNOWN", "Its PMS was not asked for anything yet."


@dataclass(frozen=True, slots=True, kw_only=True)
class CallHistory:
    """When an account's calls last went well and ill (aware UTC), and what was wrong then."""

    last_success_at: datetime | None = None
    last_error_at: datetime | None = None
    last_error_code: ErrorCode | None = None
    last_error_message: str | None = None

    def joined(self, other: "CallHistory") -> "CallHistory":
        """The newer of both in each respect."""
        failed = self if _later(self.last_error_at, other.last_error_at) else other
        succeeded = self if _later(self.last_success_at, other.last_success_at) else other
        return replace(failed, last_success_at=succeeded.last_success_at)

    def status(self, account: ConnectedAccount) -> HealthStatus:
        """How the account does, by its own status and its calls."""
        match account.status:
            case AccountStatus.PAUSED:
                return HealthStatus.PAUSED
            case AccountStatus.AWAITING_AUTHORIZATION:
                return HealthStatus.NEEDS_AUTHORIZATION
        if self.last_success_at is None and self.last_error_at is None:
            return HealthStatus.UNKNOWN
        if self.last_error_code in _ANSWERED or not _later(self.last_error_at, self.last_success_at):
            return HealthStatus.HEALTHY
        if self.last_error_code is ErrorCode.AUTHENTICATION_FAILED:
            return HealthStatus.NEEDS_AUTHORIZATION
        return HealthStatus.FAILING


NOTHING = CallHistory()


class Health:
    """The call histories of all accounts. Several processes may write: the newest of each is kept."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._noted: OrderedDict[str, CallHistory] = OrderedDict()
        self._unwritten: set[str] = set()
        self._stored = Snapshots(self._load, clock=clock)
        self._task: asyncio.Task[None] | None = None

    def note(self, account_id: str, error: ProviderError | None) -> None:
        """A call of an account ended; ``error`` None: well. Waits for nothing."""
        if account_id.startswith(TRIAL_PREFIX) or (error is not None and error.code in _NO_FAILURE):
            return
        now = self._clock.now()
        known = self._noted.pop(account_id, NOTHING)
        self._noted[account_id] = replace(known, last_success_at=now) if error is None else _failed(known, error, now)
        self._unwritten.add(account_id)
        if len(self._noted) > MAX_ACCOUNTS:
            left, _ = self._noted.popitem(last=False)
            self._unwritten.discard(left)

    def forget(self, account_id: str) -> None:
        """The account is gone."""
        self._noted.pop(account_id, None)
        self._unwritten.discard(account_id)

    async def of(self, account: ConnectedAccount) -> CallHistory:
        """An account's history, over all processes; of the others as they wrote it down. Asks no PMS."""
        stored = await self._stored.get(account.tenant_id)
        return self._noted.get(account.id, NOTHING).joined(stored.get(account.id, NOTHING))

    def start(self) -> None:
        """Write down what is noted, every few seconds, until ``aclose``."""
        self._task = asyncio.create_task(self._run())

    async def aclose(self) -> None:
        """Stop, and write down what is left."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._flush_or_say_so()

    async def flush(self) -> None:
        """Write down what was noted since the last time."""
        while self._unwritten:
            chosen = {id_: self._noted[id_] for id_ in list(self._unwritten)[:MAX_WRITES]}
            self._unwritten -= chosen.keys()
            try:
                async with self._database.session() as session:
                    await _write(session, chosen)
            except BaseException:
                self._unwritten |= chosen.keys() & self._noted.keys()
                raise

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            await self._flush_or_say_so()

    async def _flush_or_say_so(self) -> None:
        try:
            await self.flush()
        except Exception as error:  # noqa: BLE001 - a database that is away must not end this: the next time may work
            log.warning("health of accounts could not be written", error=type(error).__name__)

    async def _load(self, tenant_id: str) -> Mapping[str, CallHistory]:
        async with self._database.reading() as session:
            rows = await session.scalars(select(AccountHealthRow).where(AccountHealthRow.tenant_id == tenant_id))
            return {row.account_id: _history(row) for row in rows}


async def _write(session: AsyncSession, noted: Mapping[str, CallHistory]) -> None:
    """Join histories with those that are stored. Accounts that are gone are left out."""
    tenants = await _tenants(session, noted)
    rows = await session.scalars(select(AccountHealthRow).where(AccountHealthRow.account_id.in_(tenants)))
    stored = {row.account_id: row for row in rows}
    for account_id, tenant_id in tenants.items():
        row = stored.get(account_id)
        if row is None:
            row = AccountHealthRow(account_id=account_id, tenant_id=tenant_id)
            session.add(row)
        joined = noted[account_id].joined(_history(row))
        row.last_success_at = joined.last_success_at
        row.last_error_at = joined.last_error_at
        row.last_error_code = joined.last_error_code.value if joined.last_error_code else None
        row.last_error_message = joined.last_error_message


async def _tenants(session: AsyncSession, account_ids: Iterable[str]) -> dict[str, str]:
    found = await session.execute(
        select(AccountRow.id, AccountRow.tenant_id).where(AccountRow.id.in_(list(account_ids)))
    )
    return {row.id: row.tenant_id for row in found}


def _history(row: AccountHealthRow) -> CallHistory:
    code = row.last_error_code or ""
    return CallHistory(
        last_success_at=row.last_success_at,
        last_error_at=row.last_error_at,
        last_error_code=ErrorCode[code] if code in ErrorCode.__members__ else None,
        last_error_message=row.last_error_message,
    )


def _failed(known: CallHistory, error: ProviderError, now: datetime) -> CallHistory:
    return replace(known, last_error_at=now, last_error_code=error.code, last_error_message=error.message[:MAX_MESSAGE])


def _later(one: datetime | None, other: datetime | None) -> bool:
    return one is not None and (other is None or one > other)
