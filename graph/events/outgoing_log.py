"""What became of each event at each endpoint, and sending some of them again."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, select, update

from graph.events.event import EventType
from graph.events.log import EventLog
from graph.rejections import Rejected, Rejection, RejectionCode, rejected
from graph.storage.database import Database
from graph.storage.endpoint_tables import EndpointDeliveryRow, WebhookEndpointRow
from graph.storage.event_tables import ReservationEventRow
from providers.model.described import Described
from providers.upstream.clock import Clock

_CLEARED_AT_ONCE = 500
_SHOWN_ID = 40


class SendingStatus(Described):
    """What became of an event at an endpoint."""

    PENDING = "PENDING", "It did not arrive yet, or is replayed: it is tried again at nextAttemptAt."
    DELIVERED = "DELIVERED", "The endpoint answered with a 2xx."
    FAILED = "FAILED", "It was tried often enough, or cannot be sent any more: see lastError. It may be replayed."


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """One event at one endpoint. ``cursor`` is the event's; instants are aware UTC.

    ``attempts`` are those since it was first sent, or last replayed; ``last_status`` is the HTTP status of the last.
    """

    id: str
    tenant_id: str
    endpoint_id: str
    event_id: str
    event_type: EventType
    cursor: int
    status: SendingStatus
    attempts: int
    last_status: int | None
    last_error: str | None
    created_at: datetime
    attempted_at: datetime
    settled_at: datetime | None
    next_attempt_at: datetime | None


class Sendings:
    """The deliveries of tenants' endpoints. ``days``: how long they are kept."""

    def __init__(self, database: Database, log: EventLog, clock: Clock, *, days: int) -> None:
        self._database = database
        self._log = log
        self._clock = clock
        self._age = timedelta(days=days)
        self._told: Callable[[], None] = lambda: None

    def when_changed(self, told: Callable[[], None]) -> None:
        """Have ``told`` called when there is something to send again."""
        self._told = told

    async def page(
        self,
        tenant_id: str,
        endpoint_id: str,
        statuses: Collection[SendingStatus] | None,
        *,
        first: int,
        before: int | None = None,
    ) -> Sequence[Sending]:
        """The ``first`` of the newest events, from behind the one of cursor ``before`` on to older ones."""
        row = EndpointDeliveryRow
        chosen = select(row).where(row.tenant_id == tenant_id, row.endpoint_id == endpoint_id)
        if statuses is not None:
            chosen = chosen.where(row.status.in_([each.value for each in statuses]))
        if before is not None:
            chosen = chosen.where(row.event_cursor < before)
        async with self._database.reading() as session:
            rows = await session.scalars(chosen.order_by(row.event_cursor.desc()).limit(first))
            return [_sending(each) for each in rows]

    async def replay(self, tenant_id: str, endpoint_id: str, ids: Collection[str]) -> None:
        """Send these again, beside the others. Raises ``Rejected`` for what is unknown, or no longer kept.

        Nothing is changed then.
        """
        row, event = EndpointDeliveryRow, ReservationEventRow
        theirs = (row.tenant_id == tenant_id, row.endpoint_id == endpoint_id, row.id.in_(ids))
        kept = select(event.cursor).where(event.tenant_id == tenant_id, event.cursor == row.event_cursor).exists()
        now = self._clock.now()
        async with self._database.session() as session:
            chosen = select(row.id, row.event_cursor, kept).where(*theirs)
            found = {id_: (cursor, there) for id_, cursor, there in await session.execute(chosen)}
            problems = [_unknown(id_, id_ in found) for id_ in ids if not found.get(id_, (0, False))[1]]
            if problems:
                raise Rejected(*problems)
            again = {"status": SendingStatus.PENDING.value, "attempts": 0, "next_attempt_at": now, "settled_at": None}
            await session.execute(update(row).where(*theirs).values(again))
            # The one that it waits with is tried at once.
            newest = max(cursor for cursor, _ in found.values())
            waiting = (*_mine(tenant_id, endpoint_id), WebhookEndpointRow.cursor < newest)
            await session.execute(update(WebhookEndpointRow).where(*waiting).values(due_at=now))
        self._told()

    async def rewind(self, tenant_id: str, endpoint_id: str, cursor: int) -> None:
        """Send everything behind ``cursor`` again, in order. Raises ``Rejected`` where nothing behind it was sent yet.

        Raises ``CursorTooOldError`` and ``CursorAheadError`` as the log does.
        """
        await self._log.after(tenant_id, cursor, limit=1)
        sent = (*_mine(tenant_id, endpoint_id), WebhookEndpointRow.cursor > cursor)
        # Whoever is sending to it gives up.
        back = {"cursor": cursor, "due_at": self._clock.now(), "holder": None, "lease_until": None}
        async with self._database.session() as session:
            changed: Any = await session.execute(update(WebhookEndpointRow).where(*sent).values(back))
            if not changed.rowcount:
                message = "Nothing behind this cursor was sent yet: it comes in its turn."
                raise rejected("after", RejectionCode.CONFLICT, message)
        self._told()

    async def clear(self) -> int:
        """Let go of deliveries that are too old, of all tenants, a part at a time. How many that were."""
        gone = 0
        while found := await self._clear_some():
            gone += found
        return gone

    async def _clear_some(self) -> int:
        row = EndpointDeliveryRow
        old = select(row.id).where(row.created_at < self._clock.now() - self._age).limit(_CLEARED_AT_ONCE)
        async with self._database.session() as session:
            ids = list(await session.scalars(old))
            if ids:
                await session.execute(delete(row).where(row.id.in_(ids)))
        return len(ids)


def _mine(tenant_id: str, endpoint_id: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return WebhookEndpointRow.tenant_id == tenant_id, WebhookEndpointRow.id == endpoint_id


def _unknown(id_: str, known: bool) -> Rejection:
    shown = id_[:_SHOWN_ID]
    message = f"The event of {shown} is no longer kept." if known else f"There is no delivery {shown}."
    return Rejection(field=("deliveryIds",), code=RejectionCode.NOT_FOUND, message=message)


def _sending(row: EndpointDeliveryRow) -> Sending:
    return Sending(
        id=row.id,
        tenant_id=row.tenant_id,
        endpoint_id=row.endpoint_id,
        event_id=row.event_id,
        event_type=EventType[row.event_type],
        cursor=row.event_cursor,
        status=SendingStatus[row.status],
        attempts=row.attempts,
        last_status=row.last_status,
        last_error=row.last_error,
        created_at=row.created_at,
        attempted_at=row.attempted_at,
        settled_at=row.settled_at,
        next_attempt_at=row.next_attempt_at,
    )
