"""A client of graphql-transport-ws for tests: over a real socket, and able to send what no client should."""

import json
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

PROTOCOL = "graphql-transport-ws"
Message = dict[str, Any]


class SocketClient:
    """One connection."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def send(self, *messages: Mapping[str, Any] | str | bytes) -> None:
        """Send messages, or frames as they are."""
        for message in messages:
            raw = message if isinstance(message, str | bytes) else json.dumps(message)
            await self.connection.send(raw)

    async def receive(self) -> Message:
        """The next message."""
        received = await self.connection.recv()
        assert isinstance(received, str), "messages are texts"
        message: Message = json.loads(received)
        return message

    async def init(self, **payload: Any) -> None:
        """Be let in."""
        await self.send({"type": "connection_init", "payload": payload})
        assert await self.receive() == {"type": "connection_ack"}

    async def subscribe(self, id_: str, query: str, **variables: Any) -> None:
        await self.send({"id": id_, "type": "subscribe", "payload": {"query": query, "variables": variables}})

    async def ask(self, query: str, **variables: Any) -> Message:
        """The answer to a query or mutation."""
        await self.subscribe("ask", query, **variables)
        answer = await self.receive()
        assert (answer["id"], answer["type"]) == ("ask", "next"), answer
        assert await self.receive() == {"id": "ask", "type": "complete"}
        payload: Message = answer["payload"]
        return payload

    async def closed(self) -> tuple[int, str]:
        """The code and reason of the server's close; what came before it is passed over."""
        with suppress(ConnectionClosed):
            while True:
                await self.connection.recv()
        code, reason = self.connection.close_code, self.connection.close_reason
        assert code not in (None, 1006), "the socket was dropped"
        return code, reason or ""


@asynccontextmanager
async def connected(
    url: str,
    *,
    protocols: tuple[str, ...] = (PROTOCOL,),
    origin: str | None = None,
    narrow: bool = False,
    deflated: bool = False,
    query: str = "",
    **headers: str,
) -> AsyncIterator[SocketClient]:
    """A connection to the gateway at ``url`` (http), not let in yet. A ``narrow`` one holds little that is not read.

    A ``deflated`` one offers to take compressed frames, as browsers do.
    """
    sent = headers | ({"Origin": origin} if origin else {})
    wanted = [Subprotocol(each) for each in protocols] or None
    # No pings: a client that is slow on purpose would miss the answers.
    async with connect(
        f"ws{url[4:]}/graphql?{query}",
        subprotocols=wanted,
        additional_headers=sent,
        proxy=None,
        ping_interval=None,
        # One that did not read all does not see the end of what it closes.
        close_timeout=0.2,
        max_queue=1,
        compression="deflate" if deflated else None,
        sock=_narrow_socket(url) if narrow else None,
    ) as connection:
        yield SocketClient(connection)


def _narrow_socket(url: str) -> socket.socket:
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
    made.connect(("127.0.0.1", int(url.rpartition(":")[2])))
    return made
