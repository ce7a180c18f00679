"""Subscribers who wait are told where the log is read: the same messages, in the same order, each once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing
from pathlib import Path
from typing import Any

import pytest

from graph.accounts.keys import Permission
from graph.events.lifetime import Lifetime
from graph.events.log import EVERYTHING
from graph.events.subscribers import Told
from graph.schema import telling
from graph.schema.plain import PlainExecutor
from graph.web.socket_messages import Complete
from graph.web.websocket import SocketClient as Server
from tests.gateway_world import World, serving, world
from tests.graph.events.happenings import happened, until
from tests.graph.web.socket_client import SocketClient, connected
from tests.graph.web.test_subscriptions import LARGE, live, numbers, refusal, told

PLAIN = """subscription($after: String) {
  reservationEvents(after: $after) { cursor type reservation { providerId } } }"""
RENAMED = "subscription { event: reservationEvents { number: reservation { providerId } } }"
WITH_ACCOUNT = "subscription { reservationEvents { reservation { providerId } account { name } } }"


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, bookingsync_accounts=0, max_waiting_events=200) as running:
        yield running


@pytest.fixture
async def url(running: World) -> AsyncIterator[str]:
    async with serving(running.app, sent_ahead=16_384) as address:
        yield address


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


async def joined(stack: AsyncExitStack, url: str, key: str, query: str, **how: bool) -> SocketClient:
    """A client that follows what happens as "a"."""
    client = await stack.enter_async_context(connected(url, **how))
    await client.init(apiKey=key)
    await client.subscribe("a", query)
    return client


class Counted:
    """How many answers were made, and how many of them by the executor."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made = 0
        self.executed = 0
        written, execute = telling.written, PlainExecutor.execute_root_grouped_field_set

        def write(*given: Any) -> str:
            self.made += 1
            return written(*given)

        def run(executor: PlainExecutor, *given: Any) -> Any:
            self.executed += 1
            return execute(executor, *given)

        monkeypatch.setattr(telling, "written", write)
        monkeypatch.setattr(PlainExecutor, "execute_root_grouped_field_set", run)


async def test_an_answer_is_made_once_for_all_who_ask_alike(
    running: World, url: str, stack: AsyncExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = await running.key_with(Permission.ADMIN)
    alike = [await joined(stack, url, running.key, PLAIN) for _ in range(10)]
    more_rights = await joined(stack, url, more, PLAIN)
    renamed = await joined(stack, url, running.key, RENAMED)
    await until(live(running, 12))
    counted = Counted(monkeypatch)

    await happened(running, "1")

    frames = [await client.connection.recv() for client in (*alike, more_rights)]
    assert len(set(frames)) == 1
    assert (await renamed.receive())["payload"] == {"data": {"event": {"number": {"providerId": "1"}}}}
    # One for each kind of right, one for the other fields; none needs more than the event.
    assert (counted.made, counted.executed) == (3, 0)


async def test_what_needs_more_than_the_event_is_asked_for_once_for_all_who_ask_alike(
    running: World, url: str, stack: AsyncExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    alike = [await joined(stack, url, running.key, WITH_ACCOUNT) for _ in range(10)]
    await until(live(running, 10))
    counted = Counted(monkeypatch)

    await happened(running, "1", "2")

    for client in alike:
        events = await told(client, 2)
        assert numbers(events) == ["1", "2"]
        assert {event["account"]["name"] for event in events} == {"HOSTAWAY 1"}
    assert counted.executed == 2


async def test_one_that_ends_while_it_asks_for_all_leaves_nobody_waiting(
    running: World, url: str, stack: AsyncExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await joined(stack, url, running.key, WITH_ACCOUNT)
    await until(live(running))
    others = [await joined(stack, url, running.key, WITH_ACCOUNT) for _ in range(3)]
    await until(live(running, 4))
    asked, goes_on = 0, asyncio.Event()
    execute = PlainExecutor.execute_root_grouped_field_set

    def run(executor: PlainExecutor, *given: Any) -> Any:
        nonlocal asked
        asked += 1
        return execute(executor, *given) if asked > 1 else held(executor, *given)

    async def held(executor: PlainExecutor, *given: Any) -> Any:
        await goes_on.wait()
        return await execute(executor, *given)

    monkeypatch.setattr(PlainExecutor, "execute_root_grouped_field_set", run)
    await happened(running, "1")
    await until(lambda: asked)
    for client in (first, *others):
        await client.send({"type": "ping"})
        assert await client.receive() == {"type": "pong"}
    assert asked == 1
    # Whichever of them it is: all end, one after the other, but the last.
    for client in (first, *others[:-1]):
        await client.send({"id": "a", "type": "complete"})
    await until(live(running, 1))
    goes_on.set()

    assert numbers(await told(others[-1])) == ["1"]


async def test_slow_and_quick_clients_are_told_the_same(running: World, url: str, stack: AsyncExitStack) -> None:
    slow = await joined(stack, url, running.key, LARGE, narrow=True)
    quick = await joined(stack, url, running.key, PLAIN)
    deflated = await joined(stack, url, running.key, PLAIN, deflated=True)
    large = await joined(stack, url, running.key, LARGE)
    clients = (quick, deflated, large)
    await until(live(running, 4))
    written = []
    for start in range(0, 150, 10):
        # The slow one reads nothing meanwhile: its frames are larger than what lies between.
        batch = [f"{number:0200}" for number in range(start, start + 10)]
        await happened(running, *batch)
        for client in clients:
            assert numbers(await told(client, 10)) == batch
        written += batch

    assert numbers(await told(slow, len(written))) == written
    await happened(running, "last")
    for client in (slow, *clients):
        assert numbers(await told(client)) == ["last"]


async def test_operations_of_one_socket_are_each_told_in_order(running: World, url: str, stack: AsyncExitStack) -> None:
    client = await joined(stack, url, running.key, PLAIN)
    await client.subscribe("b", WITH_ACCOUNT)
    await client.subscribe("c", PLAIN)
    await until(live(running, 3))
    written = [str(number) for number in range(30)]
    for number in written:
        await happened(running, number)

    heard: dict[str, list[str]] = {"a": [], "b": [], "c": []}
    for _ in range(90):
        message = await client.receive()
        heard[message["id"]].append(message["payload"]["data"]["reservationEvents"]["reservation"]["providerId"])
    assert heard == dict.fromkeys(heard, written)


async def test_an_operation_that_its_client_ended_says_nothing_more(
    running: World, url: str, stack: AsyncExitStack
) -> None:
    client = await joined(stack, url, running.key, PLAIN)
    await joined(stack, url, running.key, PLAIN)
    await until(live(running, 2))

    async def write() -> None:
        for number in range(40):
            await happened(running, str(number))

    async with asyncio.TaskGroup() as group:
        writing = group.create_task(write())
        await told(client, 5)
        await client.send({"id": "a", "type": "complete"}, {"type": "ping"})
        while (await client.receive())["type"] != "pong":
            pass
        await client.subscribe("a", RENAMED)
        await writing
    await happened(running, "last")
    payload: Any = {}
    while payload != {"data": {"event": {"number": {"providerId": "last"}}}}:
        payload = (await client.receive())["payload"]
        assert payload["data"].keys() == {"event"}


async def test_a_key_that_is_revoked_amid_events_is_told_no_more_and_can_be_resumed(
    running: World, url: str, stack: AsyncExitStack
) -> None:
    key, secret = await running.services.keys.create("default", "k")
    client = await joined(stack, url, secret, PLAIN)
    await until(live(running))
    written = [str(number) for number in range(60)]
    for number in written[:30]:
        await happened(running, number)
    await running.services.keys.revoke("default", key.id)
    await running.services.guests.look()
    for number in written[30:]:
        await happened(running, number)

    events = await told(client, 30)
    error = await refusal(client)
    assert error["code"] == "UNAUTHENTICATED"
    assert (await client.closed())[0] == 4401
    other = await stack.enter_async_context(connected(url))
    await other.init(apiKey=running.key)
    await other.subscribe("a", PLAIN, after=error["cursor"])
    assert numbers(events + await told(other, 30)) == written


async def test_an_event_in_the_moment_of_ending_is_not_told(
    running: World, url: str, stack: AsyncExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await joined(stack, url, running.key, PLAIN)
    await until(live(running))
    await happened(running, "1")
    await told(client)
    (reader,) = running.services.subscribers._readers.values()
    (event,) = await running.services.events.after("default", 0)
    take = Server._take

    async def take_and_tell(server: Server, message: Any) -> None:
        await take(server, message)
        if isinstance(message, Complete):
            # Its task has not heard yet that it is over.
            assert reader._hand(Told(event)) == 1

    monkeypatch.setattr(Server, "_take", take_and_tell)
    # The first message is still taken by the method as it was.
    await client.send({"type": "ping"}, {"id": "a", "type": "complete"}, {"type": "ping"})

    assert await client.receive() == {"type": "pong"}
    assert await client.receive() == {"type": "pong"}


async def test_what_cannot_be_told_at_once_is_told_before_what_comes_behind_it(running: World) -> None:
    heard: list[str] = []

    def at_once(told: Told) -> bool:
        if told.event.reservation_id == "1":
            return False
        heard.append(told.event.reservation_id)
        return True

    async def follow() -> None:
        following = running.services.subscribers.follow("default", EVERYTHING, None, Lifetime(), at_once)
        async with aclosing(following):
            async for told in following:
                heard.append(told.event.reservation_id)  # noqa: PERF401  # the other one adds to it meanwhile

    following = asyncio.create_task(follow())
    await until(live(running))
    await happened(running, "1", "2", "3")
    await until(lambda: len(heard) == 3)
    await happened(running, "4")
    await until(lambda: len(heard) == 4)
    following.cancel()

    assert heard == ["1", "2", "3", "4"]
