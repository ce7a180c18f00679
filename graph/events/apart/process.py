"""The process for events, as the process that serves clients sees it: started, given work, started again."""

import asyncio
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress

import structlog

from graph.accounts.accounts import ConnectedAccount
from graph.events.apart.channel import Channel, ChannelClosedError
from graph.events.apart.sent import Sent, taken
from graph.events.claiming import Handed, give_back
from graph.events.completing import Answers, Completing
from graph.events.handing import MOST_WAITING
from graph.events.handover import Returns
from graph.events.log import EventLog
from graph.events.own_ids import OwnIds
from graph.events.settling import States
from graph.gateway.touched import Touched
from graph.settings import Settings
from graph.storage.database import Database
from graph.storage.failures import StorageError

log = structlog.get_logger(__name__)

STOP_SECONDS = 0.5
"""How long it may take to finish what it writes."""

STEADY_SECONDS = 30.0
"""A process that lived for so long is started again at once."""

LIVE_SECONDS = 5.0
"""How often it is asked for a sign of life."""

HANGS_SECONDS = 15.0
"""One that gives none for so long is ended."""

MOST_HEARD = 500
"""What it told and is not done yet; it is heard on when half of that is."""

_SHORTEST, _LONGEST = 0.2, 10.0


class EventsProcess:
    """Has deliveries worked on in another process. What that one has written becomes known here at once.

    It is handed what was claimed for it as it was stored. Whatever becomes of it, what is stored stays, and is claimed
    by the next one.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        events: EventLog,
        states: States,
        completing: Completing,
        own_ids: OwnIds,
        *,
        origin: str,
    ) -> None:
        """``origin`` names this process in marks."""
        self._settings = settings
        self._database = database
        self._origin = origin
        self._log = events
        self._states = states
        self._completing = completing
        self._own_ids = own_ids
        self._channel: Channel | None = None
        self.holder = ""
        self.pid: int | None = None
        """Of the process, while it is there."""
        self._handed: Counter[str] = Counter()
        self._waiting: dict[str, tuple[int, int]] = {}
        self._heard: asyncio.Queue[Callable[[], Awaitable[None]]] = asyncio.Queue()
        self.returns = Returns()
        self._tasks: list[asyncio.Task[None]] = []
        states.when_settled(self._tell_settled)

    def start(self) -> None:
        """Have the process run until ``aclose``."""
        self._tasks = [asyncio.create_task(self._run()), asyncio.create_task(self._work())]

    async def aclose(self) -> None:
        """Let it finish what it writes, and end it."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def takes(self, account_id: str) -> bool:
        """Whether a delivery of an account may be claimed for the process as it is stored."""
        taken, waiting = self._waiting.get(account_id, (0, 0))
        return self._channel is not None and self._handed[account_id] - taken + waiting < MOST_WAITING

    def take(self, handed: Sequence[Handed]) -> None:
        """Hand on what was claimed for it."""
        if handed and self._channel is not None:
            self._handed.update(each.claimed.account_id for each in handed)
            self._channel.tell("take", handed)

    def wake(self) -> None:
        """Something was stored that it was not given."""
        if self._channel is not None:
            self._channel.tell("wake")

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        pause = _SHORTEST
        while True:
            begun = loop.time()
            try:
                log.error("the process for events ended and is started again", code=await self._live())
            except Exception as error:  # noqa: BLE001 - nothing that goes wrong must end this
                log.error("the process for events cannot be started", error=type(error).__name__)
            pause = _SHORTEST if loop.time() - begun > STEADY_SECONDS else min(_LONGEST, pause * 2)
            await asyncio.sleep(pause)

    async def _live(self) -> int | None:
        """One life of it. What it ended with."""
        ours, theirs = socket.socketpair()
        try:
            process = await _started(theirs)
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        channel = Channel(
            {"read": self._completing.read, "of_guests": self._completing.of_guests, "own_id": self._own_ids.of},
            {
                "outdate": self._outdate,
                "appended": self._appended,
                "settled": self._states.forget,
                "waiting": self._note_waiting,
                "stored": self.returns.stored,
                "left": self.returns.left,
            },
        )
        try:
            await asyncio.get_running_loop().create_unix_connection(lambda: channel, sock=ours)
            await self._converse(channel, process.pid)
        finally:
            self._channel = self.pid = None
            channel.abort()
            await _end(process)
        # If not, the next one waits until its lease is over.
        with suppress(StorageError):
            await give_back(self._database, self.holder)
        return process.returncode

    async def _converse(self, channel: Channel, pid: int) -> None:
        """Until one of both has gone."""
        try:
            self.holder = await channel.call("begin", self._settings, self._origin)
            self._handed.clear()
            self._waiting.clear()
            self._channel, self.pid = channel, pid
            log.info("the process for events works", pid=pid)
            while not await channel.closes_within(LIVE_SECONDS):
                async with asyncio.timeout(HANGS_SECONDS):
                    await channel.call("live")
        except ChannelClosedError:
            pass
        except TimeoutError:
            log.error("the process for events hangs")

    def _note_waiting(self, account_id: str, taken: int, waiting: int) -> None:
        """So many of an account's are still to be worked on, of the first ``taken`` that were handed on."""
        self._waiting[account_id] = taken, waiting

    def _tell_settled(self, keys: Collection[str]) -> None:
        if self._channel is not None:
            self._channel.tell("settled", keys)

    def _outdate(self, account: ConnectedAccount, touched: Touched, answers: Answers) -> None:
        async def outdate() -> None:
            await self._completing.outdate(account, touched, answers)

        self._hear(outdate)

    def _appended(self, events: Sequence[Sent]) -> None:
        async def wake() -> None:
            self._log.wake(taken(events))

        self._hear(wake)

    def _hear(self, work: Callable[[], Awaitable[None]]) -> None:
        self._heard.put_nowait(work)
        if self._channel is not None and self._heard.qsize() >= MOST_HEARD:
            self._channel.pause()

    async def _work(self) -> None:
        """Do what was heard in its order: who is told of a change must find nothing from before it."""
        while True:
            work = await self._heard.get()
            if self._channel is not None and self._heard.qsize() <= MOST_HEARD // 2:
                self._channel.resume()
            try:
                await work()
            except Exception as error:  # noqa: BLE001 - nothing that goes wrong must end this
                log.error("what the process for events told could not be taken in", error=type(error).__name__)


async def _started(theirs: socket.socket) -> asyncio.subprocess.Process:
    """The process, with its end of the channel and nothing else of ours."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "graph.events.apart.worker", str(theirs.fileno())),
        pass_fds=[theirs.fileno()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        # Ctrl-C is not for it: it goes when this process has gone.
        start_new_session=True,
    )


async def _end(process: asyncio.subprocess.Process) -> None:
    """It ends by itself when the channel is closed; not if it hangs."""
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await process.wait()
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
