"""Which deliveries are worked on by whom: claimed for a while, an account's by one process at a time."""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, cast

from sqlalchemy import ColumnElement, Table, case, func, or_, select, tuple_, update

from graph.events.inbox_records import Row
from graph.storage.database import Database
from graph.storage.failures import StorageError
from graph.storage.prepared import Prepared
from graph.storage.small_reads import small_reads
from graph.storage.tables import UtcDateTime, WebhookDeliveryRow
from providers.model.described import Described
from providers.upstream.clock import Clock
from providers.webhooks import Told

AT_ONCE = 100
"""Deliveries that are claimed together."""

LEASE = timedelta(seconds=5)
"""After this long without a sign of life others may take over what a process claimed: it died."""

RENEWED_EVERY = 1.5
"""Seconds between two signs of life, while the work goes on."""


class DeliveryStatus(Described):
    """What became of a delivery of a PMS."""

    PENDING = "PENDING", "It waits to be worked on, or to be tried again."
    DONE = "DONE", "What it told is in the event log, or was known already."
    IGNORED = "IGNORED", "It is about nothing that StayGraph follows, or about another account; see reason."
    SET_ASIDE = "SET_ASIDE", "It failed again and again; see reason. It stays until somebody replays it."


_DELIVERY = cast("Table", WebhookDeliveryRow.__table__)
_ITS_TIME = func.coalesce(_DELIVERY.c.due_at, _DELIVERY.c.received_at)
_FREE_AT = case((_DELIVERY.c.lease_until > _ITS_TIME, _DELIVERY.c.lease_until), else_=_ITS_TIME)
_DUE = Prepared(
    select(_DELIVERY.c.account_id, func.min(_FREE_AT, type_=UtcDateTime))
    .where(_DELIVERY.c.status == DeliveryStatus.PENDING.value)
    .group_by(_DELIVERY.c.account_id)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A delivery to be worked on. ``early``: only if it is about a change before one whose turn has come."""

    id: str
    tenant_id: str
    account_id: str
    event: str | None
    provider_account: str | None
    received_at: datetime
    tries: int
    early: bool
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """A delivery that was claimed by this process, to be worked on from ``due_at`` on.

    ``told`` is what it tells, where that was found out before its turn. ``unstored`` is its row, where an inbox has it
    and the database does not yet: it is stored with what it leads to.
    """

    claimed: Claimed
    due_at: datetime
    subject: str | None
    unstored: Row | None = field(default=None, repr=False)
    told: Sequence[Told] | None = field(default=None, repr=False)


class Claims:
    """Claims what is due. ``holder`` names this process among all that work on the database."""

    def __init__(self, database: Database, clock: Clock, holder: str) -> None:
        self._database = database
        self._clock = clock
        self.holder = holder

    async def claim(self, busy: Collection[str] = ()) -> dict[str, list[Handed]]:
        """Deliveries that are due, by account, and those of the same reservations that are about to be.

        Nothing of the accounts in ``busy``, nor of those that another process works on: what happened to a
        reservation is told in its order.
        """
        now = self._clock.now()
        row = WebhookDeliveryRow
        free = (row.status == DeliveryStatus.PENDING.value, or_(row.lease_until.is_(None), row.lease_until <= now))
        elsewhere = select(row.account_id).where(
            row.status == DeliveryStatus.PENDING.value, row.lease_until > now, row.holder != self.holder
        )
        theirs = (row.account_id.not_in(elsewhere), row.account_id.not_in(busy))
        due = (*free, or_(row.due_at.is_(None), row.due_at <= now), *theirs)
        async with self._database.session() as session:
            chosen = select(row).where(*due).order_by(row.received_at, row.id).limit(AT_ONCE)
            found = list(await session.scalars(chosen))
            early = list(await session.scalars(select(row).where(*free, _early(found, now)))) if found else []
            ids = [each.id for each in (*found, *early)]
            if ids:
                lease = {"holder": self.holder, "lease_until": now + LEASE}
                await session.execute(update(row).where(row.id.in_(ids)).values(lease))
        claimed: dict[str, list[Handed]] = {}
        for each in found:
            claimed.setdefault(each.account_id, []).append(_handed(each, early=False))
        for each in early:
            claimed.setdefault(each.account_id, []).append(_handed(each, early=True))
        return claimed

    async def next_due(self, busy: Collection[str] = ()) -> datetime | None:
        """When the first of the deliveries can be claimed, none of the accounts in ``busy``; None if there are none.

        It only reads: a process with nothing to do keeps nobody from writing.
        """
        found = await small_reads(self._database).read(partial(_DUE.all, given={}))
        return min((due for account_id, due in found if account_id not in busy), default=None)

    @asynccontextmanager
    async def held(self, ids: Collection[str]) -> AsyncIterator[None]:
        """Keep what was claimed until the block ends, however long that takes."""
        renewing: list[asyncio.Task[None]] = []
        # Work is mostly over before that.
        later = asyncio.get_running_loop().call_later(
            RENEWED_EVERY, lambda: renewing.append(asyncio.create_task(self._renew(ids)))
        )
        try:
            yield
        finally:
            later.cancel()
            for task in renewing:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    async def _renew(self, ids: Collection[str]) -> None:
        row = WebhookDeliveryRow
        mine = (row.id.in_(ids), row.holder == self.holder, row.status == DeliveryStatus.PENDING.value)
        while True:
            # A database that is away is noticed by the work itself.
            with suppress(StorageError):
                async with self._database.session() as session:
                    await session.execute(update(row).where(*mine).values(lease_until=self._clock.now() + LEASE))
            await asyncio.sleep(RENEWED_EVERY)

    async def release(self, ids: Collection[str]) -> None:
        """Give back what was claimed and not finished."""
        row = WebhookDeliveryRow
        mine = (row.id.in_(ids), row.holder == self.holder, row.status == DeliveryStatus.PENDING.value)
        async with self._database.session() as session:
            await session.execute(update(row).where(*mine).values(RELEASED))


async def give_back(database: Database, holder: str) -> None:
    """Give back all that a holder has claimed that works no more: nobody waits until its lease is over.

    Raises ``StorageUnavailable``.
    """
    row = WebhookDeliveryRow
    async with database.session() as session:
        claimed = (row.holder == holder, row.status == DeliveryStatus.PENDING.value)
        await session.execute(update(row).where(*claimed).values(RELEASED))


RELEASED: dict[str, Any] = {"holder": None, "lease_until": None}
"""The values of a delivery that waits for its turn again."""


def _early(found: Sequence[WebhookDeliveryRow], now: datetime) -> ColumnElement[bool]:
    row = WebhookDeliveryRow
    subjects = {(each.account_id, each.subject) for each in found if each.subject is not None}
    return (row.due_at > now) & tuple_(row.account_id, row.subject).in_(subjects)


def _handed(row: WebhookDeliveryRow, *, early: bool) -> Handed:
    claimed = Claimed(
        id=row.id,
        tenant_id=row.tenant_id,
        account_id=row.account_id,
        event=row.event,
        provider_account=row.provider_account,
        received_at=row.received_at,
        tries=row.tries,
        early=early,
        body=row.body,
    )
    return Handed(claimed=claimed, due_at=row.due_at or row.received_at, subject=row.subject)
