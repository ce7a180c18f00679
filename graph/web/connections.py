"""The connections of the server: uvicorn's, but for clients that say nothing, take nothing, or send what is no message.

The app is not asked about any of these: it has no request yet, or is done with it.
"""

import asyncio
from asyncio import BaseTransport, Transport, WriteTransport
from http import HTTPStatus
from typing import cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame
from websockets.http11 import Request
from websockets.protocol import State

HEAD_SECONDS = 20.0
"""How long a client may take to send the head of a request."""

STALL_SECONDS = 20.0
"""How long a client may take no byte of what waits for it before its connection is dropped."""

MAX_UNREAD = 16 * 1024 * 1024
"""Bytes of a request that may still come after its answer. Clients read an answer when they have sent all."""

_INVALID_DATA = 1007

SEND_AT_ONCE = "staygraph.send_at_once"
"""The extension of a WebSocket's ASGI scope: ``SocketConnection.send_at_once``."""


class Stall:
    """Drops a connection unless its client goes on taking what waits for it, until ``over``."""

    def __init__(self, transport: WriteTransport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._left = transport.get_write_buffer_size()
        self._timer = self._loop.call_later(STALL_SECONDS, self._look)

    def over(self) -> None:
        """Nothing waits any more."""
        self._timer.cancel()

    def _look(self) -> None:
        left = self._transport.get_write_buffer_size()
        if left >= self._left:
            self._transport.abort()
            return
        self._left = left
        self._timer = self._loop.call_later(STALL_SECONDS, self._look)


class HttpConnection(HttpToolsProtocol):
    """A connection for requests. One that sends the head of none in time, or a body without end, is closed."""

    _stall: Stall | None = None
    _head_timer: asyncio.TimerHandle | None = None
    _in_head = False
    _unread = 0

    def connection_made(self, transport: BaseTransport) -> None:
        # Of some event loops no transport is an instance of asyncio's.
        super().connection_made(cast(Transport, transport))
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_is_here()
        self._taken()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        # Whatever arrives ends uvicorn's own time for idle connections, also where it is no part of a request. Most
        # heads come whole: a timer for each would be a good part of what a request costs.
        if self._head_timer is None and (self._in_head or self._is_idle()):
            self._await_head()

    def on_body(self, body: bytes) -> None:
        if self.cycle is not None and self.cycle.response_complete:
            # Nobody reads it: its answer is given already.
            self._unread += len(body)
            if self._unread > MAX_UNREAD:
                self.transport.close()
        super().on_body(body)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._unread = 0
        self._in_head = True

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._head_is_here()
        super().on_headers_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stall = Stall(self.transport)

    def resume_writing(self) -> None:
        self._taken()
        super().resume_writing()

    def _is_idle(self) -> bool:
        if self.cycle is not None and not self.cycle.response_complete:
            return False
        if self.timeout_keep_alive_task is not None or self.transport.is_closing():
            return False
        # A WebSocket is somebody else's by now.
        return self.transport.get_protocol() is self

    def _await_head(self) -> None:
        self._head_timer = self.loop.call_later(HEAD_SECONDS, self._no_head)

    def _head_is_here(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _no_head(self) -> None:
        self._head_timer = None
        if self._is_idle():
            self.transport.close()

    def _taken(self) -> None:
        if self._stall is not None:
            self._stall.over()
            self._stall = None


class SocketConnection(WebSocketsSansIOProtocol):
    """A WebSocket."""

    _stall: Stall | None = None
    _pong = b""

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.response.status_code == HTTPStatus.SWITCHING_PROTOCOLS:
            cast(dict[str, object], self.scope["extensions"])[SEND_AT_ONCE] = self.send_at_once

    def send_at_once(self, text: str) -> bool:
        """Send a text frame if nothing has to be waited for; False, and nothing was sent, if something has.

        A socket that is not open, or takes no more at present, has to be waited for: what is sent the usual way waits,
        or hears that the client is gone.
        """
        if not self.writable.is_set() or self.disconnected or self.transport.is_closing():
            return False
        if not self.handshake_complete or self.close_sent or self.conn.state is not State.OPEN:
            return False
        self.conn.send_text(text.encode())
        self.transport.write(b"".join(self.conn.data_to_send()))
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self._taken()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stall = Stall(self.transport)

    def resume_writing(self) -> None:
        self._taken()
        super().resume_writing()
        if self._pong:
            pong, self._pong = self._pong, b""
            self.transport.write(pong)

    def handle_ping(self) -> None:
        """Of pings that a client sends without reading the answers, only the last is answered: RFC 6455, 5.5.3."""
        pongs = [each for each in self.conn.data_to_send() if each]
        if self.writable.is_set():
            self.transport.write(b"".join(pongs))
        elif pongs:
            self._pong = pongs[-1]

    def handle_cont(self, event: Frame) -> None:
        """Empty fragments add nothing but to a list, and the limit of a message's size does not count them."""
        if event.data or event.fin:
            super().handle_cont(event)

    def send_receive_event_to_app(self) -> None:
        if self.close_sent or self.curr_msg_data_type != "text" or _is_text(b"".join(self.frames)):
            super().send_receive_event_to_app()
            return
        # uvicorn does the same, with a traceback in the log.
        self.frames = []
        self.conn.fail(_INVALID_DATA)
        self.handle_parser_exception()

    def _taken(self) -> None:
        if self._stall is not None:
            self._stall.over()
            self._stall = None


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
