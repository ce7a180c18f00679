"""Whose turn it is to send to which endpoint, and what came of it: claimed for a while, by one process at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from graph.accounts.delivery import DeliveryError, next_try
from graph.accounts.ids import new_id
from graph.accounts.sealed import endpoint_secret_context
from graph.accounts.tenants import TenantStatus
from graph.accounts.vault import Vault, VaultError
from graph.events.event import ReservationEvent
from graph.events.outgoing_endpoints import Endpoint, EndpointState, endpoint_of
from graph.events.outgoing_log import SendingStatus
from graph.storage.database import Database
from graph.storage.endpoint_tables import EndpointDeliveryRow, WebhookEndpointRow
from graph.storage.event_tables import ReservationEventRow
from graph.storage.prepared import Prepared
from graph.storage.small_reads import small_reads
from graph.storage.tables import TenantRow, UtcDateTime
from providers.upstream.clock import Clock

LEASE = timedelta(seconds=30)
"""After this long without a note of its holder others may send to an endpoint; longer than a delivery takes."""

DISABLED_AFTER = timedelta(days=3)
"""How long nothing must have arrived before an endpoint is switched off."""

_REPLAYS = 20


class TurnLostError(Exception):
    """Somebody changed the endpoint, or took over: nothing was noted, and nothing more is to be sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """The right to send to an endpoint. ``secrets`` sign; none if they cannot be opened."""

    endpoint: Endpoint
    holder: str
    due: bool
    """Whether the next event may be tried now."""

    secrets: tuple[str, ...] = field(repr=False)


class Turns:
    """Gives turns, and notes what came of each delivery. Every note is a sign of life."""

    def __init__(self, database: Database, vault: Vault, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        self.nobody = False
        """Whether there was no endpoint to send anything to when ``claim`` last looked."""

    async def claim(self, most: int) -> Sequence[Turn]:
        """Turns at endpoints that have something to get now, at most so many; those that waited longest first."""
        now = self._clock.now()
        # The lock of all writers is taken only where there is something to do.
        self.nobody, due = await small_reads(self._database).read(partial(_look, now))
        if not due:
            return []
        async with self._database.session() as session:
            rows = (await session.scalars(_DUE.limit(most), {"now": now})).all()
            turns = [self._turn(row, now) for row in rows]
            for row, turn in zip(rows, turns, strict=True):
                row.holder, row.lease_until = turn.holder, now + LEASE
        return turns

    async def replays(self, turn: Turn) -> Sequence[int]:
        """The cursors of events that are to be sent once more, beside those that come in their turn."""
        row = EndpointDeliveryRow
        due = (row.endpoint_id == turn.endpoint.id, _replayed(self._clock.now()))
        behind = row.event_cursor <= turn.endpoint.cursor
        async with self._database.reading() as session:
            chosen = select(row.event_cursor).where(*due, behind).order_by(row.event_cursor).limit(_REPLAYS)
            return (await session.scalars(chosen)).all()

    async def delivered(self, turn: Turn, event: ReservationEvent, status: int, *, moves: bool) -> None:
        """It arrived. ``moves``: it was the endpoint's next one. Raises ``TurnLostError``, like all that follow."""
        now = self._clock.now()
        async with self._database.session() as session:
            await self._hold(session, turn, failing_since=None, **({"cursor": event.cursor} if moves else {}))
            row = await self._row(session, turn, event)
            row.attempts += 1
            row.status, row.last_status, row.last_error = SendingStatus.DELIVERED.value, status, None
            row.attempted_at, row.settled_at, row.next_attempt_at = now, now, None

    async def failed(self, turn: Turn, event: ReservationEvent, failure: DeliveryError, *, moves: bool) -> bool:
        """It did not arrive; whether the next one may be sent: this one was tried often enough and is set aside.

        Where nothing arrived for days the endpoint is switched off instead, and this one stays the next.
        """
        now = self._clock.now()
        async with self._database.session() as session:
            # First of all: an endpoint that was deleted meanwhile has no rows any more.
            await self._hold(session, turn)
            row = await self._row(session, turn, event)
            row.attempts += 1
            row.last_status, row.last_error, row.attempted_at = failure.status, str(failure), now
            row.next_attempt_at = due = next_try(row.attempts, now)
            values: dict[str, Any] = {"failing_since": func.coalesce(WebhookEndpointRow.failing_since, now)}
            silent = await _silent_for(session, turn.endpoint.id, now)
            off = due is None and moves and silent >= DISABLED_AFTER
            if off:
                reason = f"Nothing arrived for {silent.days} days. The last time: {failure}"
                values |= {"state": EndpointState.DISABLED.value, "disabled_reason": reason}
            elif due is None:
                row.status, row.settled_at = SendingStatus.FAILED.value, now
                values |= {"cursor": event.cursor} if moves else {}
            elif moves:
                values["due_at"] = due
            await self._hold(session, turn, **values)
        return due is None and not off

    async def unsendable(self, turn: Turn, cursor: int, reason: str) -> None:
        """What was to be sent once more cannot be."""
        row = EndpointDeliveryRow
        this = (row.endpoint_id == turn.endpoint.id, row.event_cursor == cursor)
        given_up = {
            "status": SendingStatus.FAILED.value,
            "last_error": reason,
            "settled_at": self._clock.now(),
            "next_attempt_at": None,
        }
        async with self._database.session() as session:
            await self._hold(session, turn)
            await session.execute(update(row).where(*this).values(given_up))

    async def skipped(self, turn: Turn, cursor: int) -> None:
        """Events up to ``cursor`` are no longer kept: the endpoint goes on behind it."""
        async with self._database.session() as session:
            await self._hold(session, turn, cursor=cursor, skipped_at=self._clock.now())

    async def end(self, turn: Turn, cursor: int | None = None) -> None:
        """Give the turn back; up to ``cursor`` nothing more is to be sent."""
        ended = {"holder": None, "lease_until": None, "served_at": self._clock.now()}
        async with self._database.session() as session:
            await self._hold(session, turn, **ended, **({} if cursor is None else {"cursor": cursor}))

    def _turn(self, row: WebhookEndpointRow, now: datetime) -> Turn:
        context = endpoint_secret_context(row.tenant_id, row.id)
        sealed = [row.secret]
        if row.former_secret is not None and row.former_until is not None and row.former_until > now:
            sealed.append(row.former_secret)
        try:
            secrets = tuple(self._vault.open(each, context=context).decode() for each in sealed)
        except VaultError:
            secrets = ()
        return Turn(endpoint=endpoint_of(row), holder=new_id("trn", now), due=row.due_at <= now, secrets=secrets)

    async def _hold(self, session: AsyncSession, turn: Turn, **values: Any) -> None:
        row = WebhookEndpointRow
        held = (row.id == turn.endpoint.id, row.tenant_id == turn.endpoint.tenant_id, row.holder == turn.holder)
        noted = {"lease_until": self._clock.now() + LEASE, **values}
        changed: Any = await session.execute(update(row).where(*held).values(noted))
        if not changed.rowcount:
            raise TurnLostError

    async def _row(self, session: AsyncSession, turn: Turn, event: ReservationEvent) -> EndpointDeliveryRow:
        """The row of an event at an endpoint, made if it is new; one that was settled begins anew."""
        row, now = EndpointDeliveryRow, self._clock.now()
        found: EndpointDeliveryRow | None = await session.scalar(
            select(row).where(row.endpoint_id == turn.endpoint.id, row.event_cursor == event.cursor)
        )
        if found is None:
            found = EndpointDeliveryRow(
                id=new_id("ogd", now),
                tenant_id=turn.endpoint.tenant_id,
                endpoint_id=turn.endpoint.id,
                event_cursor=event.cursor,
                event_id=event.id,
                event_type=event.type.value,
                status=SendingStatus.PENDING.value,
                attempts=0,
                created_at=now,
                attempted_at=now,
            )
            session.add(found)
        elif found.status != SendingStatus.PENDING.value:
            found.status, found.attempts, found.settled_at = SendingStatus.PENDING.value, 0, None
        return found


async def _silent_for(session: AsyncSession, endpoint_id: str, now: datetime) -> timedelta:
    since = await session.scalar(select(WebhookEndpointRow.failing_since).where(WebhookEndpointRow.id == endpoint_id))
    return timedelta() if since is None else now - since


def _has_something(now: ColumnElement[datetime]) -> ColumnElement[bool]:
    row, event, delivery = WebhookEndpointRow, ReservationEventRow, EndpointDeliveryRow
    news = select(event.cursor).where(event.tenant_id == row.tenant_id, event.cursor > row.cursor).exists()
    behind = (delivery.endpoint_id == row.id, delivery.event_cursor <= row.cursor)
    again = select(delivery.id).where(*behind, _replayed(now)).exists()
    active = select(TenantRow.id).where(TenantRow.id == row.tenant_id, TenantRow.status == TenantStatus.ACTIVE.value)
    return and_(
        row.state == EndpointState.ENABLED.value,
        or_(row.lease_until.is_(None), row.lease_until <= now),
        or_(and_(row.due_at <= now, news), again),
        active.exists(),
    )


def _replayed(now: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    row = EndpointDeliveryRow
    return and_(row.status == SendingStatus.PENDING.value, row.next_attempt_at <= now)


# Put together once: they are asked at every event.
_DUE = (
    select(WebhookEndpointRow)
    .where(_has_something(bindparam("now", type_=UtcDateTime())))
    .order_by(WebhookEndpointRow.served_at)
)
_ANY_DUE = Prepared(select(WebhookEndpointRow.id).where(_has_something(bindparam("now", type_=UtcDateTime()))).limit(1))
_ANY_ENABLED = Prepared(
    select(WebhookEndpointRow.id).where(WebhookEndpointRow.state == EndpointState.ENABLED.value).limit(1)
)


def _look(now: datetime, connection: Connection) -> tuple[bool, bool]:
    """Whether there is nobody to send to, and whether something is due."""
    if _ANY_ENABLED.one(connection, {}) is None:
        return True, False
    return False, _ANY_DUE.one(connection, {"now": now}) is not None
