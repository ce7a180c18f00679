"""How the processes on one database tell each other what they changed at the PMSs, so that each reads it anew."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import fields
from datetime import datetime, timedelta
from functools import partial
from secrets import token_hex
from typing import Any, cast

import structlog
from sqlalchemy import Connection, Table, bindparam, delete, insert, select

from graph.accounts.accounts import ConnectedAccount
from graph.gateway.keeper import Keeper
from graph.gateway.touched import Touched
from graph.storage.database import Database
from graph.storage.durable import DurableWrites
from graph.storage.failures import StorageUnavailable
from graph.storage.prepared import Prepared
from graph.storage.snapshots import Snapshots
from graph.storage.tables import ChangeMarkRow
from providers.upstream.clock import Clock

log = structlog.get_logger(__name__)

KEPT = timedelta(minutes=10)
"""How long a mark is there. The newest one stays until the next is made, so that its id tells what was missed."""

HEARD_SECONDS = 1.0
"""How long what another process changed may go unseen."""

MAX_IDS = 500
"""Ids that one mark holds; a change that touched more is told as one of everything."""

Mark = Mapping[str, Any]

_MARK = cast("Table", ChangeMarkRow.__table__)
_CLEAR = Prepared(delete(_MARK).where(_MARK.c.made_at < bindparam("before")))
_INSERT = Prepared(
    insert(_MARK).values(
        {name: bindparam(name) for name in ("tenant_id", "account_id", "origin", "touched", "made_at")}
    )
)

_NAMES = tuple(each.name for each in fields(Touched))
_SETS = tuple(each.name for each in fields(Touched) if each.type == frozenset[str])


class ChangeMarks:
    """Tells the other processes, and hears from them.

    ``part`` makes the calls of an account under way unfit for whoever asks from now on. A process that serves nothing
    asks nothing.
    """

    def __init__(
        self, database: Database, writes: DurableWrites, keeper: Keeper, part: Callable[[str], None], clock: Clock
    ) -> None:
        self._database = database
        self._writes = writes
        self._keeper = keeper
        self._part = part
        self._clock = clock
        self.origin = token_hex(8)
        """Names this process in its marks: it made outdated itself what they tell of."""
        self._last: int | None = None
        self._hearing: Snapshots[None, None] = Snapshots(self._hear, clock=clock, max_age=HEARD_SECONDS)

    async def tell(self, account: ConnectedAccount, touched: Touched) -> None:
        """Tell of a change that this process made. Without the database the others see it when their answers age."""
        mark = self.mark(account, touched)
        if mark is not None:
            with suppress(StorageUnavailable):  # the log has it
                await self._writes.write(partial(write_mark, mark))

    def mark(self, account: ConnectedAccount, touched: Touched) -> Mark | None:
        """What ``write_mark`` writes of a change that this process makes, to tell of it; None if nothing is touched."""
        return mark_of(account, touched, self.origin, self._clock.now())

    async def hear(self) -> None:
        """Make outdated what the other processes changed up to a second ago, at the latest.

        Called before each operation; asks the database once a second at most. Where marks went before they were heard,
        all that is kept is outdated. Raises ``StorageUnavailable``.
        """
        await self._hearing.get(None)

    async def _hear(self, _: None) -> None:
        told = select(ChangeMarkRow).where(ChangeMarkRow.id > (self._last or 0)).order_by(ChangeMarkRow.id)
        async with self._database.reading() as session:
            marks = (await session.scalars(told)).all()
        if marks and self._last is not None and marks[0].id > self._last + 1:
            await self._keeper.outdate_all()
        for mark in marks:
            if mark.origin != self.origin:
                self._part(mark.account_id)
                await self._keeper.outdate(mark.account_id, loaded(mark.touched))
            self._last = mark.id
        self._last = self._last or 0


def mark_of(account: ConnectedAccount, touched: Touched, origin: str, made_at: datetime) -> Mark | None:
    """What ``write_mark`` writes of a change; None if nothing is touched."""
    if touched == Touched():
        return None
    return {
        "tenant_id": account.tenant_id,
        "account_id": account.id,
        "origin": origin,
        "touched": dumped(touched),
        "made_at": made_at,
    }


def write_mark(mark: Mark, connection: Connection) -> None:
    """Write a mark, and let go of old ones, in a transaction that holds the lock of all writers."""
    _CLEAR.run(connection, [{"before": mark["made_at"] - KEPT}])
    _INSERT.run(connection, [mark])


def dumped(touched: Touched) -> dict[str, Any]:
    """What was touched as JSON of a bounded size."""
    if sum(len(getattr(touched, name)) for name in _SETS) > MAX_IDS:
        touched = Touched(everything=True)
    found = {name: value for name in _NAMES if (value := getattr(touched, name))}
    return {name: sorted(value) if name in _SETS else value for name, value in found.items()}


def loaded(stored: dict[str, Any]) -> Touched:
    """What was dumped. What another version wrote and this one does not know stands for everything."""
    if not stored.keys() <= set(_NAMES):
        return Touched(everything=True)
    values: dict[str, Any] = {name: frozenset(value) if name in _SETS else value for name, value in stored.items()}
    return Touched(**values)
