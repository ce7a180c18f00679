"""Reads the pages of polls: behind people's operations, which find room in the budget and on the machine."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable

from graph.accounts.accounts import Accounts, AccountStatus, ConnectedAccount
from graph.events.pacing import Budget
from graph.events.settling import SettledElsewhereError
from graph.gateway.reading import Reading
from graph.gateway.reservations import RESERVATIONS
from providers.model import Reservation
from providers.queries import Page, ReservationQuery
from providers.upstream.clock import Clock

CALLS_AT_ONCE = 4
"""Pages that a process reads for polls at a time, of all PMSs."""

LONGEST_REST = 1.0
"""Seconds of rest, at most, after a page of a walk: as long as reading it took."""

_LOOK_SECONDS = 1.0

ReadPage = Callable[[ConnectedAccount, ReservationQuery, str | None], Awaitable[Page[Reservation]]]


class PollPages:
    """The pages of reservations that polls look at, each read when the budget has room for it."""

    def __init__(self, accounts: Accounts, reading: Reading, clock: Clock, budget: Budget) -> None:
        self._accounts = accounts
        self._reading = reading
        self._clock = clock
        self._budget = budget
        self._calls = asyncio.Semaphore(CALLS_AT_ONCE)
        self._walking: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def changes(self, account: ConnectedAccount, query: ReservationQuery) -> AsyncIterator[Page[Reservation]]:
        """The pages of what changed.

        Raises ``ProviderError``, and ``SettledElsewhereError`` where the account is no longer in use.
        """
        return self._all(account, query, self._in_turn)

    def walk(self, account: ConnectedAccount, query: ReservationQuery) -> AsyncIterator[Page[Reservation]]:
        """The pages of all there is, which may be many.

        Of each PMS one page is read after the other, whatever the number of accounts, with rests in between: it takes
        no more than half of the machine. Raises as ``changes`` does.
        """
        return self._all(account, query, self._unhurried)

    async def _all(
        self, account: ConnectedAccount, query: ReservationQuery, read: ReadPage
    ) -> AsyncIterator[Page[Reservation]]:
        position: str | None = None
        seen: set[str] = set()
        while True:
            page = await read(account, query, position)
            yield page
            position = page.next
            if position is None or position in seen:
                return
            seen.add(position)

    async def _unhurried(
        self, account: ConnectedAccount, query: ReservationQuery, position: str | None
    ) -> Page[Reservation]:
        async with self._walking[account.provider]:
            await self._turn(account)
            begun = self._clock.monotonic()
            page = await self._read(account, query, position)
            await self._clock.sleep(min(self._clock.monotonic() - begun, LONGEST_REST))
            return page

    async def _in_turn(
        self, account: ConnectedAccount, query: ReservationQuery, position: str | None
    ) -> Page[Reservation]:
        await self._turn(account)
        return await self._read(account, query, position)

    async def _turn(self, account: ConnectedAccount) -> None:
        """Wait until the budget has room for a call of the account."""
        await self._reading.client(account)  # the windows of its calls are known from then on
        since = self._clock.now()
        while pause := self._budget.pause(account.id, since):
            await self._clock.sleep(min(pause.total_seconds(), _LOOK_SECONDS))
        known = await self._accounts.get(account.tenant_id, account.id)
        if known is None or known.status is not AccountStatus.ACTIVE:
            raise SettledElsewhereError

    async def _read(
        self, account: ConnectedAccount, query: ReservationQuery, position: str | None
    ) -> Page[Reservation]:
        with self._budget.calling(account.id):
            async with self._calls:
                return await self._reading.page_behind_all(RESERVATIONS, account, query, position)
