"""Works on what was received, until it is in the event log: in this process and in any number of others."""

import asyncio
from collections.abc import Sequence
from functools import partial

import structlog
from sqlalchemy import select

from graph.accounts.accounts import Accounts, ConnectedAccount
from graph.accounts.connections import Connections
from graph.accounts.ids import new_id
from graph.accounts.vault import Vault
from graph.events.batch import Batch, failed
from graph.events.claiming import Claimed, Claims
from graph.events.completing import Completing
from graph.events.settling import SettledElsewhereError, Settlement, States
from graph.storage.database import Database
from graph.storage.event_tables import AccountPollRow
from graph.storage.failures import StorageError
from providers import catalogue
from providers.errors import ProviderError
from providers.manifest import LimitScope
from providers.upstream.clock import Clock

log = structlog.get_logger(__name__)

LOOK_SECONDS = 1.0
"""How often it is looked for what another process received, and for what is to be tried again."""

ACCOUNTS_AT_ONCE = 16

_SOON = 0.002


class Processing:
    """Claims deliveries that are due and settles them."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        accounts: Accounts,
        connections: Connections,
        states: States,
        completing: Completing,
        clock: Clock,
    ) -> None:
        self._database = database
        self._vault = vault
        self._accounts = accounts
        self._connections = connections
        self._states = states
        self._completing = completing
        self._clock = clock
        self._claims = Claims(database, clock, new_id("prc", clock.now()))
        self._learned: set[str] = set()
        self._woken = asyncio.Event()
        self._working: dict[str, asyncio.Task[None]] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Work until ``aclose``."""
        self._task = asyncio.create_task(self._run())

    async def aclose(self) -> None:
        """Stop. What was begun is given up: it is worked on again later, by whoever is there."""
        tasks = [*self._working.values(), *([self._task] if self._task is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def wake(self) -> None:
        """Something was received."""
        self._woken.set()

    async def drain(self) -> None:
        """Work until nothing is due."""
        while claimed := await self._claims.claim():
            await asyncio.gather(*(self._work_on(*each) for each in claimed.items()))

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
        claimed = await self._claims.claim(list(self._working))
        for account_id, deliveries in claimed.items():
            task = asyncio.create_task(self._work_on(account_id, deliveries))
            self._working[account_id] = task
            task.add_done_callback(partial(self._worked, account_id))
        # What is due and could not be claimed is of an account that another process works on.
        return _SOON if claimed else LOOK_SECONDS

    def _worked(self, account_id: str, task: "asyncio.Task[None]") -> None:
        del self._working[account_id]
        self._woken.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("received webhooks could not be worked on", account=account_id, error=type(error).__name__)

    async def _work_on(self, account_id: str, deliveries: Sequence[Claimed]) -> None:
        account = await self._accounts.get(deliveries[0].tenant_id, account_id)
        if account is None:
            # They go with their account.
            return
        async with self._claims.held([each.id for each in deliveries]):
            await self._work(account, deliveries)

    async def _work(self, account: ConnectedAccount, deliveries: Sequence[Claimed]) -> None:
        try:
            await self._settle(account, deliveries)
        except SettledElsewhereError:
            await self._claims.release([each.id for each in deliveries])
        except StorageError:
            raise
        except Exception as error:  # noqa: BLE001 - whichever of them it is, it must not stop the others
            log.warning("received webhooks are tried one by one", account=account.id, error=type(error).__name__)
            await self._one_by_one(account, deliveries)

    async def _one_by_one(self, account: ConnectedAccount, deliveries: Sequence[Claimed]) -> None:
        for delivery in deliveries:
            try:
                await self._settle(account, [delivery])
            except SettledElsewhereError:
                await self._claims.release([delivery.id])
            except StorageError:
                raise
            except Exception as error:  # noqa: BLE001 - it is this one, and it is told why
                outcome = failed(delivery, type(error).__name__, self._clock.now())
                given_up = Settlement(account=account, holder=self._claims.holder, deliveries={delivery.id: outcome})
                await self._states.settle(given_up)

    async def _settle(self, account: ConnectedAccount, deliveries: Sequence[Claimed]) -> None:
        batch = Batch(
            account=account,
            own_id=await self._own_id(account),
            states=self._states,
            completing=self._completing,
            vault=self._vault,
            now=self._clock.now(),
            learned=await self._has_learned(account),
        )
        await self._states.settle(await batch.settlement(deliveries, self._claims.holder))

    async def _own_id(self, account: ConnectedAccount) -> str | None:
        """The PMS's own id of the account, where its credentials tell it."""
        try:
            config = await self._connections.config(account)
            return catalogue.plugin(account.provider).identity(LimitScope.ACCOUNT, config)
        except (ProviderError, catalogue.UnknownProvider):
            return None

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
