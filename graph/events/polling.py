"""Looks now and then for what changed at the PMSs, so that a webhook that never came is made up for."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import structlog
from sqlalchemy import or_, select, update

from graph.accounts.accounts import Accounts, AccountStatus, ConnectedAccount
from graph.accounts.ids import new_id
from graph.events.account_webhooks import AccountWebhooks, WebhookState
from graph.events.completing import Answers, Completing, touched_by
from graph.events.course import Course
from graph.events.pacing import Budget, Pace
from graph.events.poll_pages import PollPages
from graph.events.settling import SettledElsewhereError, Settlement, States
from graph.events.states import Sighting
from graph.gateway.holdings import OVERLAP
from graph.gateway.reading import Reading
from graph.gateway.reservations import RESERVATIONS
from graph.storage.database import Database
from graph.storage.event_tables import AccountPollRow
from graph.storage.failures import StorageError
from graph.storage.tables import AccountRow
from graph.storage.upsert import upsert
from providers.errors import ErrorCode, ProviderError
from providers.model import Reservation
from providers.queries import Page, ReservationQuery
from providers.upstream.accounts import WindowUsage
from providers.upstream.clock import Clock

log = structlog.get_logger(__name__)

LOOK_SECONDS = 1.0
"""How often it is looked for accounts that are due."""

LEASE = timedelta(seconds=180)
"""After this long without a sign of life another process may poll an account."""

HOLD_SECONDS = 60.0
"""How often a process that waits for its turn gives that sign."""

WALK_AGAIN = timedelta(hours=24)
"""How often everything is read where the PMS does not tell what it deleted, to find that out."""

AT_ONCE = 8
"""Accounts of one PMS that a process polls at a time. Most wait for their turn at the PMS's budget."""

TAKEN_AT_ONCE = 25
"""Reservations of a page that are judged and written before others have their turn."""

MOST_GONE = 100
"""Reservations that are looked for by their ids after a walk that did not meet them."""

_MOST_CLASHES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """Where the polling of an account stands; None for what never happened. Instants are aware UTC."""

    mark: datetime | None
    learned_at: datetime | None
    failures: int


class Polling:
    """Polls the accounts of all tenants, each by one process at a time. ``usage`` tells how full the windows are."""

    def __init__(
        self,
        database: Database,
        accounts: Accounts,
        reading: Reading,
        webhooks: AccountWebhooks,
        states: States,
        completing: Completing,
        clock: Clock,
        usage: Callable[[], Iterable[WindowUsage]],
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._reading = reading
        self._webhooks = webhooks
        self._states = states
        self._completing = completing
        self._clock = clock
        self._usage = usage
        self._pages = PollPages(accounts, reading, clock, Budget(usage, clock.now))
        self._holder = new_id("pol", clock.now())
        self._task: asyncio.Task[None] | None = None
        self._polls: dict[asyncio.Task[None], str] = {}
        """What is under way, and of which PMS."""

    def start(self) -> None:
        """Poll until ``aclose``."""
        self._task = asyncio.create_task(self._run())

    async def aclose(self) -> None:
        """Stop. A poll that was begun is begun again later."""
        tasks = [*self._polls] if self._task is None else [self._task, *self._polls]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def poll_due(self) -> int:
        """Poll what is due, some accounts at once. How many that were."""
        claimed = await self._claim()
        await asyncio.gather(*(self._poll(account, poll) for account, poll in claimed))
        return len(claimed)

    async def _run(self) -> None:
        while True:
            claimed: list[tuple[ConnectedAccount, Poll]] = []
            try:
                claimed = await self._claim()
            except StorageError:
                pass
            except Exception as error:  # noqa: BLE001 - nothing that goes wrong must end this
                log.error("accounts could not be polled", error=type(error).__name__)
            for account, poll in claimed:
                task = asyncio.create_task(self._poll(account, poll))
                self._polls[task] = account.provider
                task.add_done_callback(self._polled_one)
            if not claimed:
                await asyncio.sleep(LOOK_SECONDS)

    def _polled_one(self, task: "asyncio.Task[None]") -> None:
        del self._polls[task]
        if task.cancelled() or (error := task.exception()) is None or isinstance(error, StorageError):
            return  # where the database is away, another process takes over, or this one again
        log.error("an account could not be polled", error=type(error).__name__)

    async def _claim(self) -> list[tuple[ConnectedAccount, Poll]]:
        """Some of the accounts that are due: no PMS's take the places of another's."""
        now = self._clock.now()
        busy = Counter(self._polls.values())
        row = AccountPollRow
        free = or_(row.account_id.is_(None), row.lease_until.is_(None), row.lease_until <= now)
        due = or_(row.account_id.is_(None), row.due_at <= now)
        chosen = (
            select(AccountRow.tenant_id, AccountRow.id, AccountRow.provider, row.mark, row.learned_at, row.failures)
            .outerjoin(row, row.account_id == AccountRow.id)
            .where(AccountRow.status == AccountStatus.ACTIVE.value, free, due)
            .where(AccountRow.provider.not_in([code for code, polls in busy.items() if polls >= AT_ONCE]))
            .order_by(row.due_at, AccountRow.id)
            .limit(AT_ONCE)
        )
        async with self._database.reading() as session:
            if not (await session.execute(chosen)).all():
                return []
        async with self._database.session() as session:
            found = []
            for each in (await session.execute(chosen)).all():
                tenant_id, account_id, provider, *_ = each
                if busy[provider] == AT_ONCE:
                    continue
                busy[provider] += 1
                found.append(each)
                values = {"holder": self._holder, "lease_until": now + LEASE}
                made = {"tenant_id": tenant_id, "due_at": now}
                await upsert(session, row, {"account_id": account_id}, values, when_new=made)
        claimed = []
        for tenant_id, account_id, _, mark, learned_at, failures in found:
            account = await self._accounts.get(tenant_id, account_id)
            if account is not None:
                claimed.append((account, Poll(mark=mark, learned_at=learned_at, failures=failures or 0)))
        return claimed

    async def _poll(self, account: ConnectedAccount, poll: Poll) -> None:
        """Poll an account and write down when to do so again. Raises what the database raises."""
        try:
            async with self._holding(account):
                done = await self._polled(account, poll)
        except SettledElsewhereError:
            # Another process took over, or is quicker again and again: it is as good as polled.
            await self._end(account, {})
            return
        except ProviderError as error:
            await self._put_off(account, poll, error.message, never=error.code is ErrorCode.NOT_SUPPORTED)
        except StorageError:
            raise
        except Exception as error:  # noqa: BLE001 - one account must not stop the others
            log.error("an account could not be polled", account=account.id, error=type(error).__name__)
            await self._put_off(account, poll, type(error).__name__)
        else:
            due = self._clock.now() + await self._pause(account, 0)
            await self._end(account, {**done, "failures": 0, "last_error": None, "due_at": due})

    @asynccontextmanager
    async def _holding(self, account: ConnectedAccount) -> AsyncIterator[None]:
        """In the block no other process takes the account over, however long it waits for its turn."""
        task = asyncio.create_task(self._hold(account))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _hold(self, account: ConnectedAccount) -> None:
        while True:
            await asyncio.sleep(HOLD_SECONDS)
            # Whoever lost it, or the database, hears of it when something is to be settled.
            with suppress(SettledElsewhereError, StorageError):
                await self._states.settle(Settlement(account=account, holder=self._holder, poll=self._held()))

    def _held(self) -> dict[str, Any]:
        return {"lease_until": self._clock.now() + LEASE}

    async def _put_off(self, account: ConnectedAccount, poll: Poll, reason: str, *, never: bool = False) -> None:
        pause = WALK_AGAIN if never else await self._pause(account, poll.failures + 1)
        failed = {"failures": poll.failures + 1, "last_error": reason, "due_at": self._clock.now() + pause}
        await self._end(account, failed)

    async def _end(self, account: ConnectedAccount, values: dict[str, Any]) -> None:
        released = {"holder": None, "lease_until": None, "polled_at": self._clock.now(), **values}
        row = AccountPollRow
        async with self._database.session() as session:
            mine = (row.account_id == account.id, row.holder == self._holder)
            await session.execute(update(row).where(*mine).values(released))

    async def _pause(self, account: ConnectedAccount, failures: int) -> timedelta:
        receives = (await self._webhooks.of(account)).state is WebhookState.RECEIVING
        return Pace(receives, failures, self._usage()).interval(account.id)

    async def _polled(self, account: ConnectedAccount, poll: Poll) -> dict[str, Any]:
        """Take in what changed since the last poll. Returns what is to be noted of it."""
        by_changes = RESERVATIONS.tells_changes(account)
        if poll.mark is None or not by_changes:
            return await self._walk(account, poll)
        query = RESERVATIONS.changes(poll.mark - OVERLAP, account)
        first: Page[Reservation] | None = None
        async for page in self._pages.changes(account, query):
            first = first or page
            await self._take(account, poll, page.items, page.deleted or (), page.fetched_at)
            if self._is_behind(page, query):
                break
        told = first is not None and first.deleted is not None
        learned_at = poll.learned_at or self._clock.now()
        if not told and self._clock.now() - learned_at >= WALK_AGAIN:
            return await self._walk(account, poll)
        return {"mark": first.fetched_at if first is not None else poll.mark}

    async def _walk(self, account: ConnectedAccount, poll: Poll) -> dict[str, Any]:
        """Take in everything. The first time that is how states are learned; later, how deletions are found."""
        query = RESERVATIONS.unordered(RESERVATIONS.native(RESERVATIONS.whole_query, account))
        begun: datetime | None = None
        met: set[str] = set()
        async for page in self._pages.walk(account, query):
            begun = begun or page.fetched_at
            met.update(record.provider_id for record in page.items)
            met.update(odd.id for odd in page.odd if odd.id is not None)
            await self._take(account, poll, page.items, (), page.fetched_at)
        if poll.learned_at is not None:
            await self._look_for(account, poll, await self._states.present(account, besides=met, most=MOST_GONE))
        return {"mark": begun, "learned_at": self._clock.now()}

    async def _look_for(self, account: ConnectedAccount, poll: Poll, missing: Collection[str]) -> None:
        """Ask for reservations that a walk did not meet: rows may have moved between its pages."""
        if not missing:
            return
        answers = await self._completing.read(account, missing, self._clock.now())
        gone = [id_ for id_, (record, _) in answers.found.items() if record is None]
        there = [record for record, _ in answers.found.values() if record is not None]
        await self._take(account, poll, there, gone, self._clock.now())

    async def _take(
        self,
        account: ConnectedAccount,
        poll: Poll,
        records: Collection[Reservation],
        gone: Collection[str],
        read_at: datetime,
    ) -> None:
        """Judge what the PMS showed and settle it, some at a time."""
        shown: dict[str, Reservation | None] = {**dict.fromkeys(gone), **{each.provider_id: each for each in records}}
        ids = list(shown)
        for start in range(0, max(1, len(ids)), TAKEN_AT_ONCE):
            await self._take_some(
                account, poll, {id_: shown[id_] for id_ in ids[start : start + TAKEN_AT_ONCE]}, read_at
            )

    async def _take_some(
        self, account: ConnectedAccount, poll: Poll, shown: Mapping[str, Reservation | None], read_at: datetime
    ) -> None:
        """Settle it, again if another process settled some of it meanwhile."""
        for _ in range(_MOST_CLASHES):
            with suppress(SettledElsewhereError):
                await self._settle(account, poll, shown, read_at)
                return
        raise SettledElsewhereError

    async def _settle(
        self, account: ConnectedAccount, poll: Poll, shown: Mapping[str, Reservation | None], read_at: datetime
    ) -> None:
        now = self._clock.now()
        known = await self._states.of(account, shown.keys())
        courses: dict[str, Course] = {}
        for id_, record in shown.items():
            course = Course(account=account, known=known.get(id_), learned=poll.learned_at is not None)
            course.take(Sighting(since=now, record=record, read_at=read_at))
            if course.moved:
                courses[id_] = course
        told = {id_: course for id_, course in courses.items() if course.events}
        mark = None
        if told:
            before = {id_: each.before.reservation for id_, each in told.items() if each.before is not None}
            after = {id_: each.known.reservation for id_, each in told.items() if each.known is not None}
            answers = Answers({id_: (shown[id_], read_at) for id_ in told})
            mark = await self._completing.outdate(account, touched_by(before, after), answers)
        await self._states.settle(
            Settlement(
                account=account,
                holder=self._holder,
                states={id_: course.known for id_, course in courses.items() if course.known is not None},
                events=[event for course in courses.values() for event in course.events],
                poll=self._held(),
                mark=mark,
            )
        )

    def _is_behind(self, page: Page[Reservation], query: ReservationQuery) -> bool:
        """Whether a page that comes with the latest changes first reaches behind the instant asked for."""
        stamps = [record.updated_at for record in page.items if record.updated_at is not None]
        if not stamps or len(stamps) < len(page.items) or query.updated_since is None:
            return False
        return stamps[-1] < query.updated_since and all(one >= other for one, other in pairwise(stamps))
