"""``/graphql`` as a WebSocket: operations of one client over the protocol graphql-transport-ws."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack, aclosing, suppress
from typing import Any

import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect

from graph.accounts.refusals import NotAllowed, NotAuthenticated
from graph.events.lifetime import Ending
from graph.schema.errors import FORBIDDEN, SERVER_STOPPING, TOO_MANY_SUBSCRIPTIONS
from graph.schema.telling import Repeat
from graph.services import Services
from graph.storage.failures import StorageUnavailable
from graph.web.connections import SEND_AT_ONCE
from graph.web.gate import TENANT_HEADER, secret_in, tenant_in
from graph.web.guests import Credentials, Guest, TooManyConnections
from graph.web.operations import Operations
from graph.web.origins import may_connect
from graph.web.socket_messages import (
    PROTOCOL,
    Close,
    Closing,
    Complete,
    Init,
    Message,
    Ping,
    Pong,
    Subscribe,
    complete_message,
    connection_ack,
    error_message,
    next_message,
    pong,
    read_message,
)

SEND_SECONDS = 30.0
"""How long a client may take no byte of what waits for it."""

PARTING_SECONDS = 0.5
"""How long the last words of operations may take when a client has to go."""


class SocketClient:
    """One client. Its frames are taken one after the other; its operations run beside each other."""

    def __init__(self, websocket: WebSocket, services: Services, operations: Operations) -> None:
        self._websocket = websocket
        self._services = services
        self._operations = operations
        self._settings = services.settings
        self._at_once: Callable[[str], bool] = websocket.scope.get("extensions", {}).get(SEND_AT_ONCE, _never)
        self._running: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._guest: Guest | None = None
        self._stay = AsyncExitStack()
        self._sending = asyncio.Lock()
        self._closed = False
        self._lost = asyncio.Event()

    async def serve(self) -> None:
        """Talk to the client until one of both ends it."""
        if not may_connect(self._websocket.headers, self._settings):
            # Before it is accepted, this is a 403.
            await self._websocket.close(code=Close.FORBIDDEN)
            return
        if PROTOCOL not in self._websocket.scope["subprotocols"]:
            await self._websocket.accept()
            await self._close(Closing(Close.SUBPROTOCOL_NOT_ACCEPTABLE, f"Only {PROTOCOL} is spoken here."))
            return
        await self._websocket.accept(subprotocol=PROTOCOL)
        async with self._stay:
            try:
                await self._talk()
            except Closing as closing:
                await self._close(closing)
            except WebSocketDisconnect:
                pass
            finally:
                self._closed = True
                await self._end_operations()

    async def _talk(self) -> None:
        try:
            async with self._services.guests.lobby.wait(self._settings.connection_init_timeout):
                while self._guest is None:
                    await self._take(await self._receive())
        except TimeoutError:
            raise Closing(Close.INITIALISATION_TIMEOUT, "Connection initialisation timeout") from None
        ends = [asyncio.create_task(each) for each in (self._listen(), self._part(self._guest), self._lost.wait())]
        try:
            done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in ends:
                task.cancel()
            await asyncio.gather(*ends, return_exceptions=True)
        for task in done:
            task.result()

    async def _listen(self) -> None:
        while True:
            await self._take(await self._receive())

    async def _receive(self) -> Message:
        received = await self._websocket.receive()
        if received["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(received.get("code", 1005))
        text = received.get("text")
        if text is None:
            raise Closing(Close.BAD_REQUEST, "The frame is binary; messages are texts.")
        if len(text) > self._settings.max_body_bytes:
            raise Closing(Close.TOO_LARGE, f"The message is larger than {self._settings.max_body_bytes} bytes.")
        return read_message(text)

    async def _take(self, message: Message) -> None:
        match message:
            case Init():
                await self._let_in(message.payload)
            case Ping():
                await self._send(pong(message.payload))
            case Pong():
                pass
            case Subscribe():
                await self._subscribe(message)
            case Complete():
                if task := self._running.pop(message.id, None):
                    task.cancel()

    async def _let_in(self, payload: Mapping[str, Any]) -> None:
        if self._guest is not None:
            raise Closing(Close.TOO_MANY_INITIALISATIONS, "Too many initialisation requests")
        try:
            self._guest = await self._stay.enter_async_context(
                self._services.guests.welcome(self._credentials(payload))
            )
        except (NotAuthenticated, NotAllowed) as error:
            raise Closing(Close.FORBIDDEN, str(error)) from None
        except TooManyConnections as error:
            raise Closing(Close.TRY_AGAIN_LATER, str(error)) from None
        except StorageUnavailable as error:
            raise Closing(Close.TRY_AGAIN_LATER, str(error)) from None
        await self._send(connection_ack())

    def _credentials(self, payload: Mapping[str, Any]) -> Credentials:
        """What ``connection_init`` shows, else the handshake: browsers can add no headers to one."""
        named = {name.lower(): value for name, value in payload.items()}
        given = {name: named[name] for name in _NAMES if named.get(name) is not None}
        if wrong := [name for name, value in given.items() if not isinstance(value, str)]:
            raise Closing(Close.BAD_REQUEST, f"connection_init: {wrong[0]} is not a text.")
        headers = self._websocket.headers
        secret = given.get("apikey") or secret_in(given) or secret_in(headers)
        if secret is None:
            raise Closing(Close.FORBIDDEN, 'Send an API key with connection_init: {"Authorization": "Bearer sg_…"}.')
        return Credentials(secret, given.get(TENANT_HEADER.lower()) or tenant_in(headers))

    async def _subscribe(self, message: Subscribe) -> None:
        if self._guest is None:
            raise Closing(Close.UNAUTHORIZED, "Unauthorized")
        if message.id in self._running:
            raise Closing(Close.SUBSCRIBER_EXISTS, f"Subscriber for {message.id} already exists")
        most = self._settings.max_subscriptions_per_connection
        if len(self._running) >= most:
            text = f"This connection runs {most} operations, and may run no more at a time."
            await self._send(error_message(_json(message.id), _errors(TOO_MANY_SUBSCRIPTIONS, text)))
            return
        task = self._running[message.id] = asyncio.create_task(self._run(self._guest, message))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, guest: Guest, message: Subscribe) -> None:
        id_ = _json(message.id)
        last = complete_message(id_)

        task = asyncio.current_task()

        async def repeat(text: str) -> None:
            await self._send(next_message(id_, text))

        def at_once(text: str) -> bool:
            # A client that has ended it may have begun another of the same id before this task hears of it.
            return self._running.get(message.id) is task and self._send_at_once(next_message(id_, text))

        repeating = Repeat(repeat, at_once)
        answers_of = self._operations.answers
        try:
            async with aclosing(answers_of(guest.viewer, guest.lifetime, message.request, repeating)) as answers:
                async for answer in answers:
                    if answer.refused is not None:
                        last = error_message(id_, answer.refused)
                        break
                    await self._send(next_message(id_, answer.text))
        except WebSocketDisconnect:
            return
        await self._finish(message.id, last)

    async def _finish(self, id_: str, last: str) -> None:
        # Its id is free again before the client hears that it is over.
        if self._running.get(id_) is asyncio.current_task():
            del self._running[id_]
        with suppress(WebSocketDisconnect):
            await self._send(last)

    async def _part(self, guest: Guest) -> None:
        """Once the client may not stay: let its operations say so, then raise ``Closing``."""
        ending = await guest.lifetime.over()
        if self._tasks:
            await asyncio.wait(tuple(self._tasks), timeout=PARTING_SECONDS)
        raise _closing(ending)

    async def _send(self, text: str) -> None:
        """Send a frame. Raises ``WebSocketDisconnect`` where the client is gone, or takes nothing."""
        if self._send_at_once(text):
            return
        async with self._sending:
            if self._closed:
                raise WebSocketDisconnect
            try:
                async with asyncio.timeout(SEND_SECONDS):
                    await self._websocket.send_text(text)
            except (TimeoutError, RuntimeError):
                self._closed = True
                self._lost.set()
                raise WebSocketDisconnect from None

    def _send_at_once(self, text: str) -> bool:
        """Send a frame if nothing has to be waited for, and nobody waits to send; False if it was not sent."""
        return not self._closed and not self._sending.locked() and self._at_once(text)

    async def _close(self, closing: Closing) -> None:
        if not self._closed:
            self._closed = True
            try:
                async with asyncio.timeout(PARTING_SECONDS):
                    await self._websocket.close(code=closing.code, reason=closing.reason)
            except (TimeoutError, RuntimeError, WebSocketDisconnect):
                pass  # it is gone already, or takes nothing: the server drops it when we return

    async def _end_operations(self) -> None:
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


_NAMES = ("authorization", "apikey", "x-api-key", TENANT_HEADER.lower())
"""What ``connection_init`` may carry, in lower case."""


def _closing(ending: Ending) -> Closing:
    match ending.code:
        case code if code == SERVER_STOPPING:
            return Closing(Close.SERVICE_RESTART, ending.message)
        case code if code == FORBIDDEN:
            return Closing(Close.FORBIDDEN, ending.message)
    return Closing(Close.UNAUTHORIZED, ending.message)


def _never(_: str) -> bool:
    """Servers other than ours have no way to send at once."""
    return False


def _json(text: str) -> str:
    return orjson.dumps(text).decode()


def _errors(code: str, message: str) -> str:
    return orjson.dumps([{"message": message, "extensions": {"code": code}}]).decode()
