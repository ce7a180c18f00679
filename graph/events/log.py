"""The event log: written in the order of commits, read from a cursor on, let go when it is old."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, cast

import structlog
from sqlalchemy import ColumnElement, Connection, Select, Table, bindparam, delete, func, insert, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from graph.accounts.ids import new_id
from graph.accounts.sealed import event_context
from graph.accounts.vault import Vault, VaultError
from graph.events.differences import without_raw
from graph.events.event import Dumps, EventType, NewEvent, ReservationEvent, body_of, compressed, expanded, load_body
from graph.events.waking import Waking
from graph.gateway.refs import Ref
from graph.storage.database import Database
from graph.storage.event_tables import EventFloorRow, ReservationEventRow
from graph.storage.prepared import Prepared
from graph.storage.small_reads import small_reads
from graph.storage.upsert import upsert
from providers.upstream.clock import Clock

log = structlog.get_logger(__name__)

MOST = 1_000
"""Events that are read at once."""

_CLEARED_AT_ONCE = 500

_EVENT = cast("Table", ReservationEventRow.__table__)
_COLUMNS = (
    "id", "tenant_id", "account_id", "listing_id", "reservation_id", "type", "occurred_at", "received_at",
    "content_key", "body",
)  # fmt: skip
_INSERT = Prepared(insert(_EVENT).values({name: bindparam(name) for name in _COLUMNS}).returning(_EVENT.c.cursor))
_KNOWN = Prepared(
    select(_EVENT.c.id).where(
        _EVENT.c.account_id == bindparam("account_id"), _EVENT.c.content_key == bindparam("content_key")
    )
)
_NEWEST = Prepared(
    select(_EVENT.c.tenant_id, func.max(_EVENT.c.cursor))
    .where(_EVENT.c.cursor > bindparam("behind"))
    .group_by(_EVENT.c.tenant_id)
)


class CursorTooOldError(ValueError):
    """Events behind this cursor were let go. ``oldest`` is the first that can be read on from without a gap."""

    def __init__(self, oldest: int) -> None:
        super().__init__("The events behind this cursor are no longer kept.")
        self.oldest = oldest


class CursorAheadError(ValueError):
    """The log has never come this far: it was restored from a backup, or the cursor is another server's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Which events of a tenant are wanted; None leaves all. Accounts are by our ids."""

    accounts: frozenset[str] | None = None
    listings: frozenset[Ref] | None = None
    types: frozenset[EventType] | None = None

    def keeps(self, event: NewEvent) -> bool:
        """Whether an event is wanted."""
        if self.accounts is not None and event.account_id not in self.accounts:
            return False
        if self.types is not None and event.type not in self.types:
            return False
        return self.listings is None or (
            event.listing_id is not None and Ref(event.account_id, event.listing_id) in self.listings
        )


EVERYTHING = EventFilter()


@dataclass(frozen=True, slots=True)
class Appended:
    """Events that were written, in the order of their cursors, as they are read back.

    ``bodies`` are their changes and reservations in JSON, in the process that wrote them.
    """

    events: Sequence[ReservationEvent] = ()
    bodies: Sequence[bytes] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """An event that is to be written, its row, and its changes and reservation in JSON."""

    event: NewEvent
    row: Mapping[str, Any]
    body: bytes


class EventLog:
    """The log of all tenants. A tenant's cursor is good for its own events alone.

    ``days``: how long events are kept.
    """

    def __init__(self, database: Database, vault: Vault, clock: Clock, *, days: int) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        self._age = timedelta(days=days)
        self._waking = Waking(self._look)
        self._recent: OrderedDict[int, ReservationEvent] = OrderedDict()
        self._told: list[Callable[[], None]] = []

    def entries(self, events: Sequence[NewEvent], dumps: Dumps) -> "list[Entry]":
        """What is written of events. It takes a while: better before the lock of all writers is held."""
        bodies = [body_of(event, dumps) for event in events]
        return [Entry(event, self._row(event, body), body) for event, body in zip(events, bodies, strict=True)]

    def append(self, connection: Connection, entries: "Sequence[Entry]") -> "Appended":
        """Write events, in this order, in a transaction that holds the lock of all writers.

        What is already there by its content key is left out. Give what is returned to ``wake`` once the transaction is
        committed. Touches nothing but the connection, so it may run in another thread.
        """
        new = _without_known(connection, entries)
        return Appended(
            [_appended(each.event, each.row["id"], _INSERT.one(connection, each.row)) for each in new],
            [each.body for each in new],
        )

    def wake(self, appended: "Appended") -> None:
        """Events were committed: whoever waits for them in this process goes on at once."""
        for event in appended.events:
            self._recent[event.cursor] = event
        while len(self._recent) > MOST:
            self._recent.popitem(last=False)
        self._waking.wake({event.tenant_id: event.cursor for event in appended.events})
        for told in self._told:
            told()

    def at_hand(self, tenant_id: str, cursor: int, limit: int) -> tuple[list[ReservationEvent], int]:
        """The tenant's first events behind ``cursor`` and the cursor behind them, without asking the database.

        Only as far as this process wrote all that lies behind ``cursor``, of whatever tenant: an event of another
        process may lie behind that.
        """
        found: list[ReservationEvent] = []
        while len(found) < limit and (event := self._recent.get(cursor + 1)) is not None:
            cursor = event.cursor
            if event.tenant_id == tenant_id:
                found.append(event)
        return found, cursor

    def when_appended(self, told: Callable[[], None]) -> None:
        """Have ``told`` called whenever this process has committed events."""
        self._told.append(told)

    async def wait(self, tenant_id: str, cursor: int, seconds: float | None = None) -> bool:
        """Wait until the tenant has an event behind ``cursor``; False if none came within ``seconds``.

        Events of this process are noticed at once, those of others within a second.
        """
        return await self._waking.wait(tenant_id, cursor, seconds)

    async def after(
        self, tenant_id: str, cursor: int, wanted: EventFilter = EVERYTHING, limit: int = MOST
    ) -> list[ReservationEvent]:
        """The tenant's first events behind ``cursor``, at most ``limit``, in their order.

        Raises ``CursorTooOldError`` or ``CursorAheadError``. Fewer than ``limit`` say that there are no more now.
        """
        async with self._database.reading() as session:
            await self._check(session, tenant_id, cursor)
            found = list(await session.scalars(_chosen(tenant_id, cursor, wanted).limit(limit)))
        return [self._event(row) for row in found]

    async def newest(self, tenant_id: str) -> int:
        """The cursor behind all of the tenant's events: whoever reads on from there sees only what is to come."""
        async with self._database.reading() as session:
            newest = select(func.max(ReservationEventRow.cursor)).where(ReservationEventRow.tenant_id == tenant_id)
            return max(await session.scalar(newest) or 0, await _cleared_to(session, tenant_id))

    async def oldest(self, tenant_id: str) -> int:
        """The cursor before all of the tenant's events that are kept."""
        async with self._database.reading() as session:
            return await _cleared_to(session, tenant_id)

    async def clear(self) -> int:
        """Let go of events that are too old, of all tenants, a part at a time. How many that were."""
        gone = 0
        while found := await self._clear_some():
            gone += found
        return gone

    async def aclose(self) -> None:
        """Stop looking for events of other processes."""
        await self._waking.aclose()

    async def _clear_some(self) -> int:
        old = (
            select(ReservationEventRow.cursor, ReservationEventRow.tenant_id)
            .where(ReservationEventRow.received_at < self._clock.now() - self._age)
            .order_by(ReservationEventRow.cursor)
            .limit(_CLEARED_AT_ONCE)
        )
        async with self._database.session() as session:
            found = (await session.execute(old)).all()
            cleared_to: dict[str, int] = {tenant_id: cursor for cursor, tenant_id in found}
            for tenant_id, cursor in cleared_to.items():
                cleared = max(cursor, await _cleared_to(session, tenant_id))
                await upsert(session, EventFloorRow, {"tenant_id": tenant_id}, {"cleared_to": cleared})
            if found:
                cursors = [cursor for cursor, _ in found]
                await session.execute(delete(ReservationEventRow).where(ReservationEventRow.cursor.in_(cursors)))
        return len(found)

    async def _check(self, session: AsyncSession, tenant_id: str, cursor: int) -> None:
        oldest = await _cleared_to(session, tenant_id)
        if cursor < oldest:
            raise CursorTooOldError(oldest)
        if cursor > await _issued(session):
            raise CursorAheadError("The log has never come this far.")

    async def _look(self, cursor: int) -> Mapping[str, int]:
        return dict(await small_reads(self._database).read(partial(_NEWEST.all, given={"behind": cursor})))

    def _row(self, event: NewEvent, body: bytes) -> dict[str, Any]:
        event_id = new_id("evt", event.received_at)
        context = event_context(event.tenant_id, event.account_id, event_id)
        return {
            "id": event_id,
            "tenant_id": event.tenant_id,
            "account_id": event.account_id,
            "listing_id": event.listing_id,
            "reservation_id": event.reservation_id,
            "type": event.type.value,
            "occurred_at": event.occurred_at,
            "received_at": event.received_at,
            "content_key": event.content_key,
            "body": self._vault.seal(compressed(body), context=context),
        }

    def _event(self, row: ReservationEventRow) -> ReservationEvent:
        try:
            context = event_context(row.tenant_id, row.account_id, row.id)
            changes, reservation = load_body(expanded(self._vault.open(row.body, context=context)))
        except (VaultError, ValueError) as error:
            # That it happened is still true, and whoever follows the log must get past it.
            log.error("an event cannot be opened", event_id=row.id, error=type(error).__name__)
            changes, reservation = None, None
        return ReservationEvent(
            cursor=row.cursor,
            id=row.id,
            tenant_id=row.tenant_id,
            account_id=row.account_id,
            listing_id=row.listing_id,
            reservation_id=row.reservation_id,
            type=EventType[row.type],
            occurred_at=row.occurred_at,
            received_at=row.received_at,
            changes=changes,
            reservation=reservation,
            content_key=row.content_key,
        )


def _appended(event: NewEvent, event_id: str, cursor: int) -> ReservationEvent:
    return ReservationEvent(
        cursor=cursor,
        id=event_id,
        tenant_id=event.tenant_id,
        account_id=event.account_id,
        listing_id=event.listing_id,
        reservation_id=event.reservation_id,
        type=event.type,
        occurred_at=event.occurred_at,
        received_at=event.received_at,
        changes=event.changes,
        reservation=None if event.reservation is None else without_raw(event.reservation),
        content_key=event.content_key,
    )


def _without_known(connection: Connection, entries: Sequence[Entry]) -> list[Entry]:
    met: set[tuple[str, str]] = set()
    new: list[Entry] = []
    for each in entries:
        event = each.event
        if event.content_key is not None:
            key = (event.account_id, event.content_key)
            given = {"account_id": event.account_id, "content_key": event.content_key}
            if key in met or _KNOWN.one(connection, given) is not None:
                continue
            met.add(key)
        new.append(each)
    return new


def _chosen(tenant_id: str, cursor: int, wanted: EventFilter) -> Select[ReservationEventRow]:
    row = ReservationEventRow
    where: list[ColumnElement[bool]] = [row.tenant_id == tenant_id, row.cursor > cursor]
    if wanted.accounts is not None:
        where.append(row.account_id.in_(wanted.accounts))
    if wanted.listings is not None:
        refs = [(ref.account_id, ref.provider_id) for ref in wanted.listings]
        where.append(tuple_(row.account_id, row.listing_id).in_(refs))
    if wanted.types is not None:
        where.append(row.type.in_([each.value for each in wanted.types]))
    return select(row).where(*where).order_by(row.cursor)


async def _cleared_to(session: AsyncSession, tenant_id: str) -> int:
    floor = select(EventFloorRow.cleared_to).where(EventFloorRow.tenant_id == tenant_id)
    return await session.scalar(floor) or 0


async def _issued(session: AsyncSession) -> int:
    """The last cursor that was ever given out, of whatever tenant; deleted events count as well."""
    if session.get_bind().dialect.name == "sqlite":
        statement = "SELECT seq FROM sqlite_sequence WHERE name = 'reservation_event'"
    else:
        statement = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM reservation_event_cursor_seq"
    return await session.scalar(text(statement)) or 0
