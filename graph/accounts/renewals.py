"""The right to renew an account's token, held by one process at a time: a rotating refresh token is good once."""

import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from graph.storage.database import Database
from graph.storage.failures import StorageUnavailable
from graph.storage.tables import AccountRow, TokenRenewalRow
from providers.upstream.clock import Clock

log = logging.getLogger(__name__)

_FIRST_LOOK = 0.05
_LONGEST_PAUSE = 1.0


class Renewals:
    """The rights of all accounts, in the database. The clocks of its processes must agree to within some seconds."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    @asynccontextmanager
    async def hold(self, account_id: str, seconds: float) -> AsyncIterator[None]:
        """Wait until nobody else renews the account's token, then keep others from it until the block ends.

        After ``seconds`` others may go on: their holder died. An account that was removed needs no right.
        """
        holder = secrets.token_hex(8)
        try:
            pause = _FIRST_LOOK
            while not await self._take(account_id, holder, seconds):
                await self._clock.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
            yield
        finally:
            await self._release(account_id, holder)

    async def _take(self, account_id: str, holder: str, seconds: float) -> bool:
        try:
            return await self._try(account_id, holder, seconds)
        except IntegrityError:
            # Another process was faster, or the account has just been removed: the next look tells.
            return False

    async def _try(self, account_id: str, holder: str, seconds: float) -> bool:
        now = self._clock.now()
        until = now + timedelta(seconds=seconds)
        async with self._database.session() as session:
            tenant_id = await session.scalar(select(AccountRow.tenant_id).where(AccountRow.id == account_id))
            if tenant_id is None:
                return True
            row = await session.get(TokenRenewalRow, account_id)
            if row is None:
                session.add(TokenRenewalRow(account_id=account_id, tenant_id=tenant_id, holder=holder, until=until))
                return True
            if now < row.until:
                return False
            taken = await session.execute(
                update(TokenRenewalRow)
                .where(
                    TokenRenewalRow.account_id == account_id,
                    TokenRenewalRow.tenant_id == tenant_id,
                    TokenRenewalRow.holder == row.holder,
                )
                .values(holder=holder, until=until)
                .returning(TokenRenewalRow.account_id)
            )
            return taken.scalar_one_or_none() is not None

    async def _release(self, account_id: str, holder: str) -> None:
        try:
            async with self._database.session() as session:
                await session.execute(
                    delete(TokenRenewalRow).where(
                        TokenRenewalRow.account_id == account_id, TokenRenewalRow.holder == holder
                    )
                )
        except (DBAPIError, StorageUnavailable) as failure:
            # What was renewed is saved; others wait until this right has run out.
            log.warning("the right to renew account %s was not given back: %s", account_id, type(failure).__name__)
