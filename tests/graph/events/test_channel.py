"""Messages between the process that serves and the one for events: whole, in order, and never waited for in vain."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from select import select
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.events.apart.channel import Channel, ChannelClosedError
from graph.events.deliveries import TooMuchWaitingError
from graph.storage.failures import StorageUnavailable
from providers.errors import ErrorCode, RateLimited


class OfTwoError(Exception):
    """One that Python cannot make again of what it keeps of it."""

    def __init__(self, one: str, two: str) -> None:
        super().__init__(one + two)


class Other:
    """The other side: it answers, and remembers what it heard."""

    def __init__(self) -> None:
        self.heard: list[Any] = []
        self.free = asyncio.Event()
        self.channel = Channel(
            {"twice": self._twice, "fail": self._fail, "wait": self._wait, "odd": self._odd, "of_two": self._of_two},
            {"hear": self.heard.append},
        )

    async def _twice(self, value: Any) -> Any:
        return value, value

    async def _fail(self, error: Exception) -> None:
        raise error

    async def _wait(self) -> str:
        await self.free.wait()
        return "free"

    async def _of_two(self) -> None:
        raise OfTwoError("one", "two")

    async def _odd(self) -> Any:
        return lambda: None


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[Channel, Other]]:
    loop = asyncio.get_running_loop()
    ours, theirs = socket.socketpair()
    other, channel = Other(), Channel({}, {})
    await loop.create_unix_connection(lambda: other.channel, sock=theirs)
    await loop.create_unix_connection(lambda: channel, sock=ours)
    try:
        yield channel, other
    finally:
        for each in (channel, other.channel):
            each.abort()
        await asyncio.gather(channel.closed.wait(), other.channel.closed.wait())


VALUES = st.recursive(
    st.none() | st.integers() | st.text() | st.binary(max_size=100_000), lambda each: st.lists(each, max_size=3)
)


@given(st.lists(VALUES, max_size=5))
async def test_values_come_back_as_they_were(values: list[Any]) -> None:
    async with connected() as (channel, _):
        found = await asyncio.gather(*(channel.call("twice", value) for value in values))
    assert found == [(value, value) for value in values]


async def test_what_is_told_is_heard_in_its_order_and_before_later_questions_are_answered() -> None:
    async with connected() as (channel, other):
        told = [bytes([number]) * 50_000 for number in range(40)]
        for each in told:
            channel.tell("hear", each)
        await channel.call("twice", None)
        assert other.heard == told


async def test_what_is_told_at_once_is_sent_before_anything_else_is_done_with_what_was_told_before() -> None:
    loop, (ours, theirs) = asyncio.get_running_loop(), socket.socketpair()
    channel, other = Channel({}, {}), Other()
    await loop.create_unix_connection(lambda: channel, sock=ours)
    channel.tell("hear", 1)
    assert select([theirs], [], [], 0)[0] == []
    channel.tell_at_once("hear", 2)
    assert select([theirs], [], [], 0)[0] == [theirs]
    await loop.create_unix_connection(lambda: other.channel, sock=theirs)
    channel.abort()
    await other.channel.closed.wait()
    assert other.heard == [1, 2]


async def test_while_it_is_paused_nothing_is_heard_and_nothing_is_lost() -> None:
    async with connected() as (channel, other):
        other.channel.pause()
        told = [bytes([number]) * 50_000 for number in range(40)]
        for each in told:
            channel.tell("hear", each)
        answered = asyncio.create_task(channel.call("twice", None))
        await asyncio.sleep(0.02)
        assert other.heard == []
        assert not answered.done()
        other.channel.resume()
        await answered
        assert other.heard == told
    # It is over: there is nothing to hear.
    other.channel.resume()


async def test_an_answer_waits_for_no_other() -> None:
    async with connected() as (channel, other):
        waiting = asyncio.create_task(channel.call("wait"))
        assert await channel.call("twice", 1) == (1, 1)
        assert not waiting.done()
        other.free.set()
        assert await waiting == "free"


@pytest.mark.parametrize("error", [StorageUnavailable(), TooMuchWaitingError(), ValueError("no")])
async def test_what_fails_there_is_raised_here(error: Exception) -> None:
    async with connected() as (channel, _):
        with pytest.raises(type(error)) as caught:
            await channel.call("fail", error)
    assert str(caught.value) == str(error)


async def test_errors_of_a_pms_keep_what_they_tell() -> None:
    error = RateLimited("Later.", retry_after=3.5, upstream_status=429, account_id="acc_1", was_sent=True)
    async with connected() as (channel, _):
        with pytest.raises(RateLimited) as caught:
            await channel.call("fail", error)
    assert vars(caught.value) == vars(error)
    assert caught.value.code is ErrorCode.RATE_LIMITED


async def test_what_cannot_be_sent_back_is_an_error_and_not_waited_for_for_ever() -> None:
    async with connected() as (channel, _):
        with pytest.raises(RuntimeError, match="odd"):
            await channel.call("odd")
        with pytest.raises(KeyError):
            await channel.call("unknown")
        with pytest.raises(RuntimeError, match="OfTwoError"):
            await channel.call("of_two")
        assert await channel.call("twice", 1) == (1, 1)


async def test_whoever_waits_hears_that_the_other_side_is_gone() -> None:
    async with connected() as (channel, other):
        waiting = asyncio.create_task(channel.call("wait"))
        await channel.call("twice", None)
        other.channel.abort()
        with pytest.raises(ChannelClosedError):
            await waiting
        with pytest.raises(ChannelClosedError):
            await channel.call("twice", 1)
        channel.tell("hear", 1)
        assert channel.closed.is_set()


async def test_a_question_that_is_given_up_leaves_nothing_behind() -> None:
    async with connected() as (channel, other):
        waiting = asyncio.create_task(channel.call("wait"))
        await channel.call("twice", None)
        waiting.cancel()
        other.free.set()
        await channel.call("twice", None)
        assert waiting.cancelled()
        assert await channel.call("twice", 2) == (2, 2)
