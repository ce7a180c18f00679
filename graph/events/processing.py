"""Works on what was received, until it is in the event log: in this process and in any number of others."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import structlog
from sqlalchemy import select

from graph.accounts.accounts import Accounts, ConnectedAccount
from graph.accounts.ids import new_id
from graph.accounts.vault import Vault, VaultError
from graph.events.batch import Batch, failed
from graph.events.claiming import Claimed, Claims, Handed, give_back
from graph.events.completing import Completes
from graph.events.handing import FRESH, Handing
from graph.events.handover import Returns
from graph.events.inbox_records import Row
from graph.events.settling import SettledElsewhereError, Settlement, States
from graph.storage.database import Database
from graph.storage.event_tables import AccountPollRow
from graph.storage.failures import StorageError
from graph.storage.snapshots import SNAPSHOT_SECONDS, Snapshots
from providers.upstream.clock import Clock
from providers.webhooks import Told

log = structlog.get_logger(__name__)

LOOK_SECONDS = 1.0
"""How often it is looked for what another process received, and for what is to be tried again."""

ACCOUNTS_AT_ONCE = 16

GIVE_BACK_SECONDS = 0.3
"""How long the end of a process may wait for the database."""

_SOON = 0.01
"""Seconds between two looks for what is due next."""

_SHORTEST = 0.001
"""Seconds that are waited at least: timers are no finer."""

OwnId = Callable[[str, str], Awaitable[str | None]]
"""The PMS's own id of an account of a tenant, where its credentials tell it."""

_Told = dict[str, Sequence[Told]]
"""What deliveries tell, by their ids."""


class Processing:
    """Claims deliveries that are due and settles them."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        accounts: Accounts,
        own_id: OwnId,
        states: States,
        completing: Completes,
        clock: Clock,
    ) -> None:
        self._database = database
        self._vault = vault
        self._accounts = accounts
        self._states = states
        self._completing = completing
        self._clock = clock
        self._claims = Claims(database, clock, new_id("prc", clock.now()))
        self._own_ids: Snapshots[tuple[str, str], str | None] = Snapshots(
            lambda whose: own_id(*whose), clock=clock, max_age=SNAPSHOT_SECONDS
        )
        self._learned: set[str] = set()
        self._handing = Handing()
        self._unstored: dict[str, Row] = {}
        self.returns = Returns()
        self._woken = asyncio.Event()
        self._passed_over = False
        self._working: dict[str, asyncio.Task[None]] = {}
        self._worked_on: list[Callable[[str, int], None]] = []
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Work until ``aclose``."""
        self._task = asyncio.create_task(self._run())

    async def aclose(self) -> None:
        """Stop. What was begun is given up, and given back: it is worked on again by whoever is there."""
        self._handing.clear()
        tasks = [*self._working.values(), *([self._task] if self._task is not None else [])]
        self._task = None
        at_work = bool(self._working)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if at_work:
            # Without a database, or in time, it is given back by the end of its lease.
            with suppress(StorageError, TimeoutError):
                async with asyncio.timeout(GIVE_BACK_SECONDS):
                    await give_back(self._database, self.holder)

    def when_worked_on(self, told: Callable[[str, int], None]) -> None:
        """Have ``told`` called with an account when some of its deliveries were worked on, and with how many wait."""
        self._worked_on.append(told)

    def wake(self) -> None:
        """Something was received that is to be claimed."""
        self._passed_over = True
        self._woken.set()

    @property
    def holder(self) -> str:
        """Who this process is among those that claim deliveries."""
        return self._claims.holder

    def takes(self, account_id: str) -> bool:
        """Whether a delivery of an account may be claimed for this process as it is stored."""
        busy = len(self._working) >= ACCOUNTS_AT_ONCE and account_id not in self._working
        return self._task is not None and not busy and self._handing.has_room(account_id)

    def take(self, handed: Sequence[Handed]) -> None:
        """Work on what was claimed as it was stored, or is to be stored with what it leads to."""
        self._unstored |= {each.claimed.id: each.unstored for each in handed if each.unstored is not None}
        for account_id in self._handing.put(handed):
            if account_id not in self._working:
                self._begin(account_id, self._work_through(account_id))

    async def drain(self) -> None:
        """Work until nothing is due."""
        while True:
            while self._working:
                await asyncio.wait(self._working.values())
            claimed = await self._claims.claim(list(self._working))
            if not claimed and not self._working:
                return
            await self._begin_claimed(claimed)

    async def _run(self) -> None:
        while True:
            try:
                pause = await self._begin_what_is_due()
            except StorageError:
                # It is told once, by the database.
                pause = LOOK_SECONDS
            except Exception as error:  # noqa: BLE001 - nothing that goes wrong must end this
                log.error("received webhooks could not be worked on", error=type(error).__name__)
                pause = LOOK_SECONDS
            try:
                async with asyncio.timeout(pause):
                    await self._woken.wait()
            except TimeoutError:
                pass
            self._woken.clear()

    async def _begin_what_is_due(self) -> float:
        """Start on what is due, and tell how long to wait for more."""
        if len(self._working) >= ACCOUNTS_AT_ONCE:
            return LOOK_SECONDS
        due = await self._claims.next_due(list(self._working))
        if due is None:
            return LOOK_SECONDS
        wait = (due - self._clock.now()).total_seconds()
        if wait > 0:
            return min(max(wait, _SOON), LOOK_SECONDS)
        # What is of an account that is worked on has its turn afterwards.
        self._passed_over = bool(self._working)
        claimed = await self._claims.claim(list(self._working))
        await self._begin_claimed(claimed)
        # What is due and could not be claimed is of an account that another process works on.
        return _SOON if claimed else LOOK_SECONDS

    async def _begin_claimed(self, claimed: Mapping[str, Sequence[Handed]]) -> None:
        for account_id, handed in claimed.items():
            # What was stored meanwhile may be worked on already.
            if account_id in self._working:
                await self._claims.release([each.claimed.id for each in handed])
            else:
                self._begin(account_id, self._work_on_handed(account_id, handed))

    def _begin(self, account_id: str, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._working[account_id] = task
        task.add_done_callback(partial(self._worked, account_id))

    def _worked(self, account_id: str, task: "asyncio.Task[None]") -> None:
        del self._working[account_id]
        if self._passed_over:
            self._woken.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("received webhooks could not be worked on", account=account_id, error=type(error).__name__)
            self._give_up([each.claimed.id for each in self._handing.take_all(account_id)])
            self._tell_worked_on(account_id)
        elif self._handing.waits(account_id) and not task.cancelled():
            self._begin(account_id, self._work_through(account_id))

    async def _work_through(self, account_id: str) -> None:
        """Work on what waits of an account, and on what comes meanwhile."""
        while self._handing.waits(account_id):
            if unseen := self._handing.unseen(account_id):
                await self._look_ahead(account_id, unseen)
            wait = self._handing.due_in(account_id, self._clock.now()).total_seconds()
            if wait > 0:
                await asyncio.sleep(max(wait, _SHORTEST))
            elif late := self._handing.take_late(account_id, self._clock.now()):
                await self._release([each.claimed.id for each in late])
            else:
                await self._work_on_handed(account_id, self._handing.take_due(account_id, self._clock.now()))
                self._tell_worked_on(account_id)

    def _tell_worked_on(self, account_id: str) -> None:
        for told in self._worked_on:
            told(account_id, self._handing.waiting(account_id))

    async def _work_on_handed(self, account_id: str, handed: Sequence[Handed]) -> None:
        """Work on these. Early ones that were not needed wait before all that came after them.

        Those that are put off for longer, as after an outage, are claimed anew in their turn.
        """
        told = {each.claimed.id: each.told for each in handed if each.told is not None}
        try:
            ids = await self._work_on(account_id, [each.claimed for each in handed], told)
        except BaseException:
            self._give_up(each.claimed.id for each in handed)
            raise
        left = [each for each in handed if each.claimed.id in ids]
        until = self._clock.now() + FRESH
        self._handing.put_back([each for each in left if each.due_at <= until], told)
        if later := [each.claimed.id for each in left if each.due_at > until]:
            await self._release(later)

    async def _look_ahead(self, account_id: str, reservation_ids: Collection[str]) -> None:
        """Have at hand what is known of these when the turn of their deliveries comes."""
        # What goes wrong, goes wrong again when it is needed, and is dealt with there.
        with suppress(StorageError, VaultError, ValueError):
            await self._states.look_ahead(account_id, reservation_ids)

    async def _work_on(self, account_id: str, deliveries: Sequence[Claimed], told: _Told) -> set[str]:
        """Work on these. The ids of those that were early and not needed yet: they are still claimed.

        ``told`` is what is known of what they tell, and grows.
        """
        account = await self._accounts.get(deliveries[0].tenant_id, account_id)
        if account is None:
            # They go with their account.
            await self._release([each.id for each in deliveries])
            return set()
        async with self._claims.held([each.id for each in deliveries]):
            return await self._work(account, deliveries, told)

    async def _work(self, account: ConnectedAccount, deliveries: Sequence[Claimed], told: _Told) -> set[str]:
        try:
            return await self._settle(account, deliveries, told)
        except SettledElsewhereError:
            await self._leave(account.id, deliveries)
            return set()
        except StorageError:
            raise
        except Exception as error:  # noqa: BLE001 - whichever of them it is, it must not stop the others
            log.warning("received webhooks are tried one by one", account=account.id, error=type(error).__name__)
            return await self._one_by_one(account, deliveries, told)

    async def _leave(self, account_id: str, deliveries: Sequence[Claimed]) -> None:
        """Give these back, and what came after them: whoever claims them does so in their order."""
        waiting = self._handing.take_all(account_id)
        await self._release([each.id for each in (*deliveries, *(each.claimed for each in waiting))])
        self.wake()

    async def _release(self, ids: Collection[str]) -> None:
        """Give back what was claimed, and give up what is not stored."""
        self._give_up(ids)
        await self._claims.release(ids)

    def _give_up(self, ids: Iterable[str]) -> None:
        if left := [id_ for id_ in ids if self._unstored.pop(id_, None) is not None]:
            self.returns.left(left)

    async def _write(self, settlement: Settlement) -> None:
        await self._states.settle(settlement)
        if stored := [id_ for id_ in settlement.deliveries if self._unstored.pop(id_, None) is not None]:
            self.returns.stored(stored)

    def _rows(self, deliveries: Iterable[Claimed]) -> list[Row]:
        return [self._unstored[each.id] for each in deliveries if each.id in self._unstored]

    async def _one_by_one(self, account: ConnectedAccount, deliveries: Sequence[Claimed], told: _Told) -> set[str]:
        left: set[str] = set()
        for place, delivery in enumerate(deliveries):
            try:
                left |= await self._settle(account, [delivery], told)
            except SettledElsewhereError:
                await self._leave(account.id, deliveries[place:])
                break
            except StorageError:
                raise
            except Exception as error:  # noqa: BLE001 - it is this one, and it is told why
                outcome = failed(delivery, type(error).__name__, self._clock.now())
                given_up = Settlement(
                    account=account,
                    holder=self._claims.holder,
                    deliveries={delivery.id: outcome},
                    unstored=self._rows([delivery]),
                )
                await self._write(given_up)
        return left

    async def _settle(self, account: ConnectedAccount, deliveries: Sequence[Claimed], told: _Told) -> set[str]:
        batch = Batch(
            account=account,
            own_id=await self._own_ids.get((account.tenant_id, account.id)),
            states=self._states,
            completing=self._completing,
            vault=self._vault,
            now=self._clock.now(),
            learned=await self._has_learned(account),
            understood=told,
        )
        await self._write(await batch.settlement(deliveries, self._claims.holder, self._rows(deliveries)))
        return batch.left - batch.outcomes.keys()

    async def _has_learned(self, account: ConnectedAccount) -> bool:
        """Whether all its reservations were learned once: that stays so."""
        if account.id not in self._learned and await learned(self._database, account):
            self._learned.add(account.id)
        return account.id in self._learned


async def learned(database: Database, account: ConnectedAccount) -> bool:
    """Whether all reservations of the account were learned once."""
    chosen = select(AccountPollRow.learned_at).where(AccountPollRow.account_id == account.id)
    async with database.reading() as session:
        return await session.scalar(chosen) is not None
