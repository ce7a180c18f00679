"""Messages between two processes of this program that trust each other: over a pair of sockets that nobody else has."""

import asyncio
import pickle
import struct
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, cast

_LENGTH = struct.Struct("<I")

_CALL, _ANSWER, _FAILURE, _NOTE = range(4)

Answers = Mapping[str, Callable[..., Awaitable[Any]]]
"""What the other side may ask for, by name."""

Hears = Mapping[str, Callable[..., None]]
"""What is done at once about what the other side tells, by name."""


class ChannelClosedError(ConnectionError):
    """The other process is gone: whether it did what it was asked is not known."""


class Channel(asyncio.Protocol):
    """One end. Messages come in the order in which they were sent; each question is answered when its answer is there.

    Values go as Python's own (pickle): it is for nothing but the two processes of one program.
    """

    def __init__(self, answers: Answers, hears: Hears) -> None:
        self._answers = answers
        self._hears = hears
        self._transport: asyncio.Transport | None = None
        self._came = bytearray()
        self._unsent: list[bytes] = []
        self._asked = 0
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._answering: set[asyncio.Task[None]] = set()
        self.closed = asyncio.Event()

    async def call(self, name: str, *given: Any) -> Any:
        """What the other side answers. Raises what it raises, and ``ChannelClosedError``."""
        number = self._asked = self._asked + 1
        waiting = self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            self._send(_CALL, number, name, given)
            return await waiting
        finally:
            del self._waiting[number]

    def tell(self, name: str, *given: Any) -> None:
        """Tell the other side something, if it is there."""
        if not self.closed.is_set():
            self._send(_NOTE, 0, name, given)

    def tell_at_once(self, name: str, *given: Any) -> None:
        """As ``tell``, for what somebody waits for: before anything else that this side does."""
        self.tell(name, *given)
        self._write()

    async def closes_within(self, seconds: float) -> bool:
        """Wait for so long, or until the other side is gone; whether it is."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.closed.wait()
        return self.closed.is_set()

    def abort(self) -> None:
        """End it: the other side sees that, if it still looks."""
        if self._transport is not None:
            self._transport.abort()

    def pause(self) -> None:
        """Hear nothing more for now: the other side waits, once the sockets are full."""
        if self._transport is not None and self._transport.is_reading():
            self._transport.pause_reading()

    def resume(self) -> None:
        """Hear on."""
        if self._transport is not None and not self._transport.is_reading() and not self._transport.is_closing():
            self._transport.resume_reading()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._came += data
        start = 0
        while len(self._came) - start >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._came, start)
            end = start + _LENGTH.size + length
            if len(self._came) < end:
                break
            message = bytes(self._came[start + _LENGTH.size : end])
            start = end
            self._take(message)
        del self._came[:start]

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed.set()
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(ChannelClosedError())
        for task in self._answering:
            task.cancel()

    def _send(self, kind: int, number: int, name: str, value: Any) -> None:
        if self._transport is None or self.closed.is_set():
            raise ChannelClosedError
        message = pickle.dumps((kind, number, name, value), pickle.HIGHEST_PROTOCOL)
        if not self._unsent:
            # What is told at a time goes together: each writing wakes the other side.
            asyncio.get_running_loop().call_soon(self._write)
        self._unsent += (_LENGTH.pack(len(message)), message)

    def _write(self) -> None:
        unsent, self._unsent = self._unsent, []
        if unsent and self._transport is not None and not self.closed.is_set():
            self._transport.write(b"".join(unsent))

    def _take(self, message: bytes) -> None:
        kind, number, name, value = pickle.loads(message)  # noqa: S301  # nobody else has this socket
        if kind == _NOTE:
            self._hears[name](*value)
        elif kind == _CALL:
            task = asyncio.create_task(self._answer(number, name, value))
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)
        elif (waiting := self._waiting.get(number)) is not None and not waiting.done():
            if kind == _ANSWER:
                waiting.set_result(value)
            else:
                waiting.set_exception(value)

    async def _answer(self, number: int, name: str, given: tuple[Any, ...]) -> None:
        try:
            kind, value = _ANSWER, await self._answers[name](*given)
        except Exception as error:  # noqa: BLE001 - it is raised where it was asked for
            kind, value = _FAILURE, _sendable(error)
        with suppress(ChannelClosedError):
            try:
                self._send(kind, number, name, value)
            except (pickle.PicklingError, TypeError, AttributeError) as error:
                # Whoever waits must hear of it.
                self._send(_FAILURE, number, name, RuntimeError(f"{name}: {type(error).__name__}"))


def _sendable(error: Exception) -> Exception:
    """The error, if it can be made again on the other side."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301  # it was ours a moment ago
    except Exception:  # noqa: BLE001 - whatever its class cannot do
        return RuntimeError(type(error).__name__)
    return error
