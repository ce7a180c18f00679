"""Sends what happens to tenants' own servers: each follows the log by its own cursor, from one event to the next."""

import asyncio
from urllib.parse import urlsplit

import structlog

from graph.accounts.delivery import Deliver, DeliveryError
from graph.accounts.signing import signed_headers
from graph.events.event import ReservationEvent
from graph.events.log import CursorAheadError, CursorTooOldError, EventLog
from graph.events.outgoing_body import Bodies
from graph.events.outgoing_turns import Turn, TurnLostError, Turns
from graph.events.seeing import Seeing
from graph.storage.failures import StorageError
from providers.upstream.clock import Clock

log = structlog.get_logger(__name__)

EVENT_ID_HEADER = "StayGraph-Event-Id"

ENDPOINTS_AT_ONCE = 100
"""Endpoints that a process sends to at a time, to each one event at a time: five times as many as a tenant may have."""

TURN_SECONDS = 5.0
"""After this long others have their turn, if they wait."""

BATCH = 50
"""Events that are read at once."""

LOOK_SECONDS = 1.0
"""How often it is looked for what other processes have written, and for what is to be tried again."""

SOONEST = 0.1
"""Seconds between two looks that find nothing: many events in a row are looked for together."""


class Outgoing:
    """Sends events in the order of the log: to an endpoint the next one only when the one before arrived, or was
    tried often enough and is set aside.

    What was sent by a process that died before it could note so is sent again: the event's id tells.
    """

    def __init__(
        self, turns: Turns, events: EventLog, seeing: Seeing, bodies: Bodies, deliver: Deliver, clock: Clock
    ) -> None:
        self._turns = turns
        self._events = events
        self._seeing = seeing
        self._bodies = bodies
        self._deliver = deliver
        self._clock = clock
        self._woken = asyncio.Event()
        self._nobody_until = float("-inf")
        self._serving: set[asyncio.Task[None]] = set()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Send until ``aclose``."""
        self._task = asyncio.create_task(self._run())

    def wake(self) -> None:
        """There may be something to send."""
        self._woken.set()

    def appended(self) -> None:
        """Events were written. Where there is nobody to send them to, they are no reason to look sooner."""
        if self._clock.monotonic() >= self._nobody_until:
            self._woken.set()

    async def aclose(self) -> None:
        """Stop. What was on its way is sent again later, by whichever process comes first."""
        tasks = [*self._serving, *([] if self._task is None else [self._task])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def drain(self) -> None:
        """Send until nothing is due."""
        while turns := await self._turns.claim(ENDPOINTS_AT_ONCE):
            await asyncio.gather(*(self._serve(turn) for turn in turns))

    async def _run(self) -> None:
        while True:
            self._woken.clear()
            pause = SOONEST
            try:
                pause = 0.0 if await self._begin() else SOONEST
            except StorageError:
                pass  # It is told once, by the database.
            except Exception as error:  # noqa: BLE001 - nothing that goes wrong must end this
                log.error("events could not be sent", error=type(error).__name__)
            await asyncio.sleep(pause)
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._woken.wait()
            except TimeoutError:
                pass

    async def _begin(self) -> bool:
        """Begin to send where something is due; False if nothing was."""
        free = ENDPOINTS_AT_ONCE - len(self._serving)
        begun = self._clock.monotonic()
        turns = await self._turns.claim(free) if free else ()
        self._nobody_until = begun + LOOK_SECONDS if self._turns.nobody else begun
        for turn in turns:
            task = asyncio.create_task(self._serve(turn))
            self._serving.add(task)
            task.add_done_callback(self._served)
        return bool(turns)

    def _served(self, task: "asyncio.Task[None]") -> None:
        self._serving.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            # There may be more for it, or for those that had to wait.
            self._woken.set()
        elif not isinstance(error, StorageError):
            log.error("events could not be sent", error=type(error).__name__)

    async def _serve(self, turn: Turn) -> None:
        until = self._clock.monotonic() + TURN_SECONDS
        try:
            await self._replay(turn, until)
            await self._turns.end(turn, await self._follow(turn, until) if turn.due else None)
        except TurnLostError:
            # Whoever changed the endpoint, or took over, has the next turn.
            return

    async def _replay(self, turn: Turn, until: float) -> None:
        tenant_id = turn.endpoint.tenant_id
        for cursor in await self._turns.replays(turn):
            try:
                found = await self._events.after(tenant_id, cursor - 1, limit=1)
            except (CursorTooOldError, CursorAheadError):
                found = []
            if not found or found[0].cursor != cursor:
                await self._turns.unsendable(turn, cursor, "The event is no longer kept.")
            elif not await self._seeing(tenant_id, found):
                await self._turns.unsendable(turn, cursor, "It is of a listing that you do not see at present.")
            else:
                await self._send(turn, found[0], moves=False)
            if self._clock.monotonic() > until:
                return

    async def _follow(self, turn: Turn, until: float) -> int | None:
        """Send the next events, one at least; up to where nothing is left to be sent, if all were."""
        tenant_id = turn.endpoint.tenant_id
        newest = await self._events.newest(tenant_id)
        try:
            found = await self._events.after(tenant_id, turn.endpoint.cursor, turn.endpoint.wanted, BATCH)
        except (CursorTooOldError, CursorAheadError) as error:
            oldest = error.oldest if isinstance(error, CursorTooOldError) else newest
            log.warning("events were no longer kept and could not be sent", endpoint=turn.endpoint.id)
            await self._turns.skipped(turn, oldest)
            return None
        seen = await self._seeing(tenant_id, found)
        for event in seen:
            if not await self._send(turn, event, moves=True):
                return None
            if self._clock.monotonic() > until and event is not seen[-1]:
                return None
        return found[-1].cursor if len(found) == BATCH else max([newest, *(each.cursor for each in found)])

    async def _send(self, turn: Turn, event: ReservationEvent, *, moves: bool) -> bool:
        """Send one event; whether the next one may be sent."""
        try:
            status = await self._post(turn, event)
        except DeliveryError as failure:
            endpoint = turn.endpoint
            log.warning(
                "an event could not be sent",
                endpoint=endpoint.id,
                event_id=event.id,
                host=urlsplit(endpoint.url).hostname,
                reason=str(failure),
            )
            return await self._turns.failed(turn, event, failure, moves=moves)
        await self._turns.delivered(turn, event, status, moves=moves)
        return True

    async def _post(self, turn: Turn, event: ReservationEvent) -> int:
        if not turn.secrets:
            raise DeliveryError("Its secret cannot be opened with the server's keys: rotate it.")
        try:
            body = await self._bodies.of(event)
        except StorageError:
            raise
        except Exception as error:
            raise DeliveryError(f"It could not be written: {type(error).__name__}.") from error
        headers = signed_headers(turn.secrets, body, self._clock.now())
        return await self._deliver(turn.endpoint.url, {EVENT_ID_HEADER: event.id, **headers}, body)
