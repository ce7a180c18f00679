"""The wrapper that every simulator is served through: it counts, limits, delays and breaks."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime

from starlette.datastructures import MutableHeaders
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from providers.simulation.broken import break_off, first_bytes, first_half, never_answer
from providers.simulation.clock import utc_now
from providers.simulation.control import PREFIX, CallLog, CallRecord, control_app, without_secrets
from providers.simulation.faults import Fault, FaultKind, Faults
from providers.simulation.partners import Partners

BAD_REQUEST = 400
GARBAGE = b'{"result": [\xff\xfe\x00 not JSON'
PAGE = "<!DOCTYPE html><html><head><title>Maintenance</title></head><body><h1>Back soon</h1></body></html>"

ScopeResponse = Callable[[Scope], Response]


def plain_status(status: int) -> Response:
    """A failure in no PMS's form."""
    return JSONResponse({"error": "Simulated failure."}, status_code=status)


class SimulatedPms:
    """An ASGI app around the app of a simulator. It works under a server and in process.

    - ``account_of`` tells from the scope (its headers) whose call it is, where that can be told.
    - ``admit`` enforces the limits: None lets the call in (and has counted it), else it is the refusal.
    - ``storm`` makes the PMS's refusal of too many calls, ``fail`` its own form of failure with status 200
      (without: status 500), ``refuse`` its answer with a given status.
    - ``stamp`` gives headers for every answer but those of faults, for PMSs that tell the budget.
    - ``latency`` delays every call, in seconds.
    - ``controls`` are further routes of the control address (paths with ``/_control``).

    The control address is never limited, delayed, broken or counted.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        account_of: Callable[[Scope], str | None] = lambda scope: None,
        admit: Callable[[Scope], Response | None] = lambda scope: None,
        storm: ScopeResponse = lambda scope: plain_status(429),
        fail: ScopeResponse = lambda scope: plain_status(500),
        refuse: Callable[[int], Response] = plain_status,
        stamp: Callable[[Scope], Iterable[tuple[str, str]]] = lambda scope: (),
        latency: float = 0.0,
        now: Callable[[], datetime] = utc_now,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        controls: Sequence[BaseRoute] = (),
    ) -> None:
        self.faults = Faults()
        self._log = CallLog()
        self._app = app
        self._account_of = account_of
        self._admit = admit
        self._storm = storm
        self._fail = fail
        self._refuse = refuse
        self._stamp = stamp
        self._latency = latency
        self._now = now
        self._sleep = sleep
        self._partners = Partners()
        self._control = control_app(self._log, self.faults, (*self._partners.routes(), *controls))

    @property
    def calls(self) -> deque[CallRecord]:
        """The newest calls (10,000 at most), the oldest first."""
        return self._log.calls

    @property
    def call_count(self) -> int:
        """All calls since the beginning or the last ``clear_calls``."""
        return self._log.count

    def clear_calls(self) -> None:
        self._log.clear()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["path"].startswith(PREFIX + "/"):
            await self._control(scope, receive, send)
        else:
            await self._serve(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        account = self._account_of(scope)
        record = self._recorded(scope, account)

        async def send_noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                record.status = message["status"]
            await send(message)

        async def send_stamped(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(dict(self._stamp(scope)))
            await send_noted(message)

        refusal = self._admit(scope)
        if refusal is None and not self._partners.admits(scope):
            refusal = self._refuse(BAD_REQUEST)
        if refusal is not None:
            await self._pause(self._latency)
            await refusal(scope, receive, send_stamped)
            return
        delay, fault = self.faults.take(account=account, path=scope["path"], method=scope["method"])
        await self._pause(self._latency + delay)
        if fault is None:
            await self._app(scope, receive, send_stamped)
        else:
            await self._spoil(fault, scope, receive, send_noted)

    async def _spoil(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        match fault.kind:
            case FaultKind.TIMEOUT:
                await never_answer(scope, receive, send, self._sleep)
            case FaultKind.CUT:
                await break_off(self._app, scope, receive, send, first_bytes)
            case FaultKind.TRUNCATE:
                await break_off(self._app, scope, receive, send, first_half)
            case _:
                await self._spoilt_answer(fault, scope)(scope, receive, send)

    def _spoilt_answer(self, fault: Fault, scope: Scope) -> Response:
        match fault.kind:
            case FaultKind.GARBAGE:
                return Response(GARBAGE, media_type="application/json")
            case FaultKind.HTML:
                return HTMLResponse(PAGE)
            case FaultKind.FAIL:
                return self._fail(scope)
            case FaultKind.STORM:
                return self._storm(scope)
            case _:
                return self._refuse(fault.status or 500)

    def _recorded(self, scope: Scope, account: str | None) -> CallRecord:
        record = CallRecord(
            method=scope["method"],
            path=scope["path"],
            query=without_secrets(scope.get("query_string", b"").decode("ascii", "replace")),
            account=account,
            status=None,
            at=self._now(),
        )
        self._log.add(record)
        return record

    async def _pause(self, seconds: float) -> None:
        if seconds > 0:
            await self._sleep(seconds)
