"""The process that works on what PMSs sent: ``python -m graph.events.apart.worker SOCKET``.

It speaks to no PMS: what it takes a look at one for, it asks the process that serves clients, which has the cache, the
permits and the connections.
"""

import asyncio
import signal
import socket
import sys
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from functools import partial

from graph.accounts.accounts import Accounts, ConnectedAccount
from graph.accounts.keyfile import open_vault
from graph.accounts.keyring import watch_of
from graph.accounts.vault import Vault
from graph.changes.change_marks import Mark, mark_of
from graph.cli.garbage import collecting_when_idle
from graph.cli.servers import run
from graph.events.apart.channel import Channel
from graph.events.apart.sent import Sent, sent
from graph.events.claiming import Handed
from graph.events.completing import Answers
from graph.events.guest_reads import OfGuests
from graph.events.handover import Returns
from graph.events.log import Appended, EventLog
from graph.events.processing import Processing
from graph.events.settling import States
from graph.gateway.touched import Touched
from graph.logs import configure_logging
from graph.settings import Settings
from graph.storage.database import Database
from graph.storage.durable import DurableWrites
from providers import catalogue
from providers.upstream.clock import Clock, SystemClock


class _ToldLog(EventLog):
    """The log, whose readers are in the other process."""

    def __init__(
        self, database: Database, vault: Vault, clock: Clock, *, days: int, tell: Callable[[list[Sent]], None]
    ) -> None:
        super().__init__(database, vault, clock, days=days)
        self._tell = tell

    def wake(self, appended: Appended) -> None:
        if appended.events:
            self._tell(sent(appended))


class _CompletingElsewhere:
    """``Completes``, by the other process. ``origin`` is its name in marks."""

    def __init__(self, channel: Channel, origin: str, clock: Clock) -> None:
        self._channel = channel
        self._origin = origin
        self._clock = clock

    async def read(self, account: ConnectedAccount, reservation_ids: Collection[str], since: datetime) -> Answers:
        found: Answers = await self._channel.call("read", account, list(reservation_ids), since)
        return found

    async def of_guests(self, account: ConnectedAccount, guest_ids: Collection[str]) -> OfGuests:
        found: OfGuests = await self._channel.call("of_guests", account, list(guest_ids))
        return found

    async def outdate(self, account: ConnectedAccount, touched: Touched, answers: Answers) -> Mark | None:
        # It is heard before what happened is: messages keep their order.
        self._channel.tell("outdate", account, touched, answers)
        return mark_of(account, touched, self._origin, self._clock.now())


class Worker:
    """What works in this process, from the settings on until the other process is gone."""

    def __init__(self) -> None:
        self.channel = Channel(
            {"begin": self._begin, "live": self._live},
            {"take": self._take, "wake": self._wake, "settled": self._forget},
        )
        self._stack = AsyncExitStack()
        self._processing: Processing | None = None
        self._states: States | None = None
        self._taken: Counter[str] = Counter()

    async def aclose(self) -> None:
        """Stop. What was begun is given up: it is worked on again later, by whoever is there."""
        await self._stack.aclose()

    async def _begin(self, settings: Settings, origin: str) -> str:
        """Begin to work. The name under which this process claims deliveries."""
        configure_logging(settings.log_format, settings.log_level)
        # Now: the first webhooks would wait for it.
        catalogue.plugins()
        clock, stack, channel = SystemClock(), self._stack, self.channel
        database = Database(settings.database)
        stack.push_async_callback(database.aclose)
        vault = open_vault(settings, may_make=False)
        if (watch := watch_of(settings, vault)) is not None:
            watch.start()
            stack.push_async_callback(watch.aclose)
        log = _ToldLog(database, vault, clock, days=settings.event_days, tell=partial(channel.tell_at_once, "appended"))
        self._states = States(database, vault, log, DurableWrites(database, in_place=True))
        self._states.when_settled(partial(channel.tell, "settled"))
        accounts = Accounts(database, vault, clock=clock)
        completing = _CompletingElsewhere(channel, origin, clock)
        self._processing = Processing(
            database, vault, accounts, partial(channel.call, "own_id"), self._states, completing, clock
        )
        self._processing.when_worked_on(self._worked_on)
        self._processing.returns = Returns(stored=partial(channel.tell, "stored"), left=partial(channel.tell, "left"))
        self._processing.start()
        stack.push_async_callback(self._processing.aclose)
        await stack.enter_async_context(collecting_when_idle(lambda: False))
        return self._processing.holder

    async def _live(self) -> None:
        """Whoever answers does not hang."""

    def _take(self, handed: Sequence[Handed]) -> None:
        if self._processing is not None:
            self._taken.update(each.claimed.account_id for each in handed)
            self._processing.take(handed)

    def _worked_on(self, account_id: str, waiting: int) -> None:
        self.channel.tell("waiting", account_id, self._taken[account_id], waiting)

    def _wake(self) -> None:
        if self._processing is not None:
            self._processing.wake()

    def _forget(self, keys: Collection[str]) -> None:
        if self._states is not None:
            self._states.forget(keys)


async def _work(fd: int) -> None:
    worker = Worker()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        # They may be sent to all processes of a service: this one goes when the other has.
        loop.add_signal_handler(each, lambda: None)
    await loop.create_unix_connection(lambda: worker.channel, sock=socket.socket(fileno=fd))
    await worker.channel.closed.wait()
    await worker.aclose()


if __name__ == "__main__":
    run(_work(int(sys.argv[1])))
