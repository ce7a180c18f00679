"""One change of a record at a time, over all processes.

Many writes are made of what is there: the whole set is sent so that nothing of it is lost, or a version is compared
first. What was read for that must still be so when it is sent.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from secrets import token_hex
from weakref import WeakValueDictionary

import structlog
from sqlalchemy import delete, select

from graph.accounts.accounts import ConnectedAccount
from graph.changes.leases import lease_seconds
from graph.changes.places import Places
from graph.rejections import Rejected, RejectionCode, rejected
from graph.storage.database import Database
from graph.storage.failures import StorageUnavailable
from graph.storage.tables import RecordTurnRow
from providers.upstream.caller import current_caller
from providers.upstream.clock import Clock

log = structlog.get_logger(__name__)

_FIRST_LOOK = 0.05
_LONGEST_PAUSE = 0.5


class RecordTurns:
    """The turns of all accounts. ``call_timeout`` is how many seconds a call to a PMS may take.

    The clocks of its processes must agree to within some seconds.
    """

    def __init__(self, database: Database, places: Places, clock: Clock, call_timeout: float) -> None:
        self._database = database
        self._places = places
        self._clock = clock
        self._call_timeout = call_timeout
        # In this process they stand in line here; so one of them at a time looks into the database.
        self._lines: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def of(self, account: ConnectedAccount, record: str) -> AsyncIterator[None]:
        """Be the only one that changes ``record``, a name of something at the PMS, in the block.

        Raises ``Rejected`` with ``UNAVAILABLE`` where the caller's deadline comes first, and ``ProviderError`` where
        the account cannot be used.
        """
        place = await self._places.of(account)
        line = self._lines.setdefault((place, record), asyncio.Lock())
        try:
            async with asyncio.timeout_at(current_caller().deadline):
                await line.acquire()
        except TimeoutError:
            raise _busy() from None
        try:
            holder = await self._taken(account, place, record)
            try:
                yield
            finally:
                await self._given(place, record, holder)
        finally:
            line.release()

    async def clear(self) -> None:
        """Forget turns of processes that died."""
        async with self._database.session() as session:
            await session.execute(delete(RecordTurnRow).where(RecordTurnRow.until <= self._clock.now()))

    async def _taken(self, account: ConnectedAccount, place: str, record: str) -> str:
        holder, pause = token_hex(8), _FIRST_LOOK
        while not await self._try(account, place, record, holder):
            left = current_caller().deadline - self._clock.monotonic()
            if left <= 0:
                raise _busy()
            await self._clock.sleep(min(pause, left))
            pause = min(pause * 2, _LONGEST_PAUSE)
        return holder

    async def _try(self, account: ConnectedAccount, place: str, record: str, holder: str) -> bool:
        now = self._clock.now()
        until = now + timedelta(seconds=lease_seconds(self._clock, self._call_timeout))
        this = (RecordTurnRow.place == place) & (RecordTurnRow.record == record)
        async with self._database.session() as session:
            other = await session.scalar(select(RecordTurnRow.until).where(this))
            if other is not None and other > now:
                return False
            await session.execute(delete(RecordTurnRow).where(this))
            row = RecordTurnRow(place=place, record=record, account_id=account.id, holder=holder, until=until)
            session.add(row)
        return True

    async def _given(self, place: str, record: str, holder: str) -> None:
        """Without the database others wait until the turn's time is over: what was done must be told all the same."""
        mine = (RecordTurnRow.place == place) & (RecordTurnRow.record == record) & (RecordTurnRow.holder == holder)
        try:
            async with self._database.session() as session:
                await session.execute(delete(RecordTurnRow).where(mine))
        except StorageUnavailable:
            log.warning("the turn of a change could not be ended", record=record)


def _busy() -> Rejected:
    message = "Another change of this is being made at the moment. Try again in a moment."
    return rejected("", RejectionCode.UNAVAILABLE, message)
