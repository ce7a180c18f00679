"""Those who follow the event log: what was missed is read from the log, what happens now is handed round in memory.

One reader of the log serves all subscribers of a tenant in this process. A subscriber that does not keep up is let go
with the cursor to resume from; it never holds up the reader or anybody else.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import structlog

from graph.events.audience import Audience
from graph.events.event import ReservationEvent
from graph.events.lifetime import Ending, Lifetime
from graph.events.log import CursorTooOldError, EventFilter, EventLog

log = structlog.get_logger(__name__)

AT_ONCE = 500
"""Events that are read from the log at once."""

_RETRY_SECONDS = 1.0

_GONE_SECONDS = 0.2
"""Seconds until the log is read again when it no longer had what it was read for."""

See = Callable[[str, Sequence[ReservationEvent]], Awaitable[Sequence[ReservationEvent]]]
"""Which of a tenant's events it may see at present."""


AT_A_TIME = 200
"""Times that events are handed to somebody before others have their turn."""


class LetGoError(Exception):
    """A subscription is over before its client ended it. Resume behind ``cursor`` to miss nothing."""

    def __init__(self, ending: Ending, cursor: int) -> None:
        super().__init__(ending.message)
        self.ending = ending
        self.cursor = cursor


SUBSCRIBER_TOO_SLOW = "SUBSCRIBER_TOO_SLOW"

_TOO_SLOW = Ending(SUBSCRIBER_TOO_SLOW, "Events came faster than they were taken. Subscribe again after this cursor.")


@dataclass(slots=True, eq=False)
class Told:
    """One event, as all subscribers of this process are told it.

    ``results`` and ``texts`` keep what operations made of it, by the names of operations that answer the same: it is
    made once, and goes when the last of them has it. ``begun`` are set when the first of them has made it, or failed.
    """

    event: ReservationEvent
    results: dict[str, Any] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    begun: dict[str, asyncio.Event] = field(default_factory=dict)

    def begin(self, name: str) -> None:
        """An operation of this name answers it: others of the name wait until ``end``."""
        self.begun.setdefault(name, asyncio.Event())

    def end(self, name: str) -> None:
        """The answer is there, or there is none: then all others make their own, beside each other."""
        self.begun[name].set()

    async def made(self, name: str) -> None:
        """Wait for the first operation of this name, if one has begun."""
        if name in self.begun:
            await self.begun[name].wait()


TellAtOnce = Callable[[Told], bool]
"""Tells a subscriber of an event if nothing has to be waited for; False if something has. It never raises."""


def _not_at_once(_: Told) -> bool:
    return False


class Subscribers:
    """All subscribers of this process. ``most_waiting`` events may wait for one of them."""

    def __init__(self, events: EventLog, see: See, *, most_waiting: int) -> None:
        self._log = events
        self._see = see
        self._most_waiting = most_waiting
        self._readers: dict[str, _Reader] = {}

    @property
    def count(self) -> int:
        """How many are being told what happens now."""
        return sum(reader.count for reader in self._readers.values())

    async def follow(
        self,
        tenant_id: str,
        wanted: EventFilter,
        after: int | None,
        lifetime: Lifetime,
        at_once: TellAtOnce = _not_at_once,
    ) -> AsyncGenerator[Told, None]:
        """The events behind ``after``, or from now on without one: all of them, each once, in their order.

        What happens while the next event is waited for is handed to ``at_once`` first; what that tells does not come
        this way.

        Raises ``CursorTooOldError`` or ``CursorAheadError`` where the log cannot be read on from there,
        ``StorageUnavailable``, and ``LetGoError`` when it is over.
        """
        with self._reader(tenant_id) as reader:
            await reader.ready()
            member = _Member(wanted, self._most_waiting, at_once)
            lifetime.when_ended(member.wake.set)
            try:
                position = after
                if position is not None:
                    async for told in self._missed(tenant_id, wanted, position, None, lifetime):
                        yield told
                        position = told.event.cursor
                # From here on nothing is missed: what is written comes through the reader.
                joined_at = reader.join(member)
                if position is not None:
                    async for told in self._missed(tenant_id, wanted, position, joined_at, lifetime):
                        yield told
                        position = told.event.cursor
                if position is not None:
                    member.has(position)
                while True:
                    yield await _next(member, reader, lifetime)
            finally:
                reader.leave(member)
                lifetime.forget(member.wake.set)

    async def _missed(
        self, tenant_id: str, wanted: EventFilter, position: int, end: int | None, lifetime: Lifetime
    ) -> AsyncGenerator[Told, None]:
        """What the log has behind ``position``, up to ``end``, or all of it."""
        while end is None or position < end:
            found = await self._log.after(tenant_id, position, wanted, AT_ONCE)
            for event in await self._see(tenant_id, found):
                if end is not None and event.cursor > end:
                    return
                if lifetime.ending is not None:
                    raise LetGoError(lifetime.ending, position)
                yield Told(event)
                position = event.cursor
            if len(found) < AT_ONCE:
                return
            position = found[-1].cursor

    @contextmanager
    def _reader(self, tenant_id: str) -> Iterator["_Reader"]:
        """The reader of a tenant's events: it reads while anybody uses it."""
        reader = self._readers.get(tenant_id)
        if reader is None:
            reader = self._readers[tenant_id] = _Reader(self._log, self._see, tenant_id)
        reader.users += 1
        try:
            yield reader
        finally:
            reader.users -= 1
            if not reader.users:
                del self._readers[tenant_id]
                reader.stop()


class _Member:
    """A subscriber that is told what happens now. ``lost_at`` is set when it is to be told no more, but to resume."""

    def __init__(self, wanted: EventFilter, most_waiting: int, at_once: TellAtOnce) -> None:
        self.wanted = wanted
        self.waiting: deque[Told] = deque()
        self.wake = asyncio.Event()
        self.lost_at: int | None = None
        self._most_waiting = most_waiting
        self._at_once = at_once
        self._resting = False
        self._has = 0

    def has(self, position: int) -> None:
        """It was told all up to here from the log. The reader may be behind that."""
        self._has = position
        self.waiting = deque(told for told in self.waiting if told.event.cursor > position)

    async def rest(self) -> None:
        """Wait until there is something to do for its task. Meanwhile it is told at once what can be."""
        self.wake.clear()
        self._resting = True
        try:
            await self.wake.wait()
        finally:
            self._resting = False

    def offer(self, told: Told) -> bool:
        """Have it told. False if too much waits for it already: it is lost then."""
        if told.event.cursor <= self._has:
            return True
        # Once it is woken, its task tells: what waits, or that it is over.
        if self._resting and not self.wake.is_set() and self._at_once(told):
            return True
        if len(self.waiting) >= self._most_waiting:
            self.lose(told.event.cursor - 1)
            return False
        self.waiting.append(told)
        self.wake.set()
        return True

    def reached(self, position: int) -> int:
        """The cursor up to which it has all that it wants, if the reader is at ``position``."""
        return self.waiting[0].event.cursor - 1 if self.waiting else max(position, self._has)

    def lose(self, position: int) -> None:
        """It cannot be told everything: what waits for it is let go."""
        self.lost_at = self.reached(position)
        self.waiting.clear()
        self.wake.set()


class _Reader:
    """Reads the events of one tenant and hands each to those who want it, without waiting for any of them."""

    def __init__(self, events: EventLog, see: See, tenant_id: str) -> None:
        self.users = 0
        self.position = 0
        self._log = events
        self._see = see
        self._tenant_id = tenant_id
        self._members: Audience[_Member] = Audience()
        self._starting: asyncio.Task[None] | None = None
        self._reading: asyncio.Task[None] | None = None

    @property
    def count(self) -> int:
        return len(self._members)

    async def ready(self) -> None:
        """Wait until it knows where the log ends. Raises ``StorageUnavailable``."""
        if self._starting is None or (self._starting.done() and self._starting.exception() is not None):
            self._starting = asyncio.create_task(self._start())
        await asyncio.shield(self._starting)

    def join(self, member: _Member) -> int:
        """Tell ``member`` all that comes behind the cursor that is returned."""
        self._members.add(member)
        return self.position

    def leave(self, member: _Member) -> None:
        self._members.discard(member)

    def stop(self) -> None:
        """Stop reading: nobody is there any more."""
        for task in (self._starting, self._reading):
            if task is not None:
                task.cancel()

    async def _start(self) -> None:
        self.position = await self._log.newest(self._tenant_id)
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        while True:
            try:
                await self._log.wait(self._tenant_id, self.position)
                await self._hand_on()
            except CursorTooOldError as error:
                # It was away for longer than events are kept: nobody here can be told what is gone.
                for member in self._members:
                    member.lose(self.position)
                self._members.clear()
                self.position = error.oldest
            except Exception as error:  # noqa: BLE001 - a database that is away must not end this: the next time may work
                log.warning("the event log could not be read", error=type(error).__name__)
                await asyncio.sleep(_RETRY_SECONDS)

    async def _hand_on(self) -> None:
        found, position = self._log.at_hand(self._tenant_id, self.position, AT_ONCE)
        if position == self.position:
            found = await self._log.after(self._tenant_id, self.position, limit=AT_ONCE)
            if not found:
                # It went with its account. How far that was is not known, and there is no end of waking for it.
                await asyncio.sleep(_GONE_SECONDS)
                return
            position = found[-1].cursor
        seen = await self._see(self._tenant_id, found)
        handed = 0
        for event in seen:
            # No waiting within an event: whoever joins sees either none or all of those behind it.
            handed += self._hand(Told(event))
            self.position = event.cursor
            if handed >= AT_A_TIME:
                handed = 0
                await asyncio.sleep(0)
        self.position = position

    def _hand(self, told: Told) -> int:
        """Hand an event to all who want it. How many that were."""
        members = self._members.of(told.event)
        for member in members:
            if not member.offer(told):
                self._members.discard(member)
        return len(members)


async def _next(member: _Member, reader: _Reader, lifetime: Lifetime) -> Told:
    """What ``member`` is to be told next. Raises ``LetGoError``."""
    while True:
        if lifetime.ending is not None:
            reached = member.reached(reader.position) if member.lost_at is None else member.lost_at
            raise LetGoError(lifetime.ending, reached)
        if member.lost_at is not None:
            raise LetGoError(_TOO_SLOW, member.lost_at)
        if member.waiting:
            return member.waiting.popleft()
        await member.rest()
