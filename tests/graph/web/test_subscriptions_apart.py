"""Tenants never meet in subscriptions: each is told its own events, and another's are as if they were not there."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from itertools import permutations
from pathlib import Path
from random import Random

import pytest

from tests.gateway_world import serving
from tests.graph.events.happenings import happened, until
from tests.graph.web.socket_client import Message, SocketClient, connected
from tests.tenants_world import Apart, apart, opened, texts

FOLLOW = """subscription($after: String, $accounts: [ID!], $listings: [ID!]) {
  reservationEvents(after: $after, accountIds: $accounts, listingIds: $listings) {
    id cursor reservation { id providerId } account { id name } changes { field old new } } }"""

Stage = tuple[Apart, dict[str, SocketClient]]


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """The tenants, and a client of each that follows all it may."""
    async with apart(tmp_path) as world, serving(world.gateway.app) as url, AsyncExitStack() as stack:
        clients = {}
        for name, side in world.sides.items():
            clients[name] = await stack.enter_async_context(connected(url))
            await clients[name].init(apiKey=side.secret)
            await clients[name].subscribe("a", FOLLOW)
        await until(lambda: world.gateway.services.subscribers.count == len(clients))
        yield world, clients


async def test_each_tenant_is_told_its_own_events_alone(stage: Stage) -> None:
    world, clients = stage
    chance = Random(6)
    written: dict[str, list[str]] = {name: [] for name in clients}
    for number in range(40):
        name = chance.choice(list(clients))
        await happened(world.gateway, str(number), tenant=world.sides[name].tenant_id)
        written[name].append(str(number))

    for name, numbers in written.items():
        others = [side.marks for side in world.sides.values() if side.name != name]
        messages = [await clients[name].receive() for _ in numbers]
        heard = [each["payload"]["data"]["reservationEvents"]["reservation"]["providerId"] for each in messages]
        assert heard == numbers
        for message in messages:
            _crosses_nothing(message, others)


async def test_what_is_anothers_is_as_if_it_were_not_there(stage: Stage) -> None:
    world, clients = stage
    cursors = {}
    for name, side in world.sides.items():
        await happened(world.gateway, "1", tenant=side.tenant_id)
        cursors[name] = (await clients[name].receive())["payload"]["data"]["reservationEvents"]["cursor"]

    for one, other in permutations(world.sides.values(), 2):
        client = clients[one.name]
        for argument, id_ in (("accounts", other.account_id), ("listings", other.listing_id)):
            refused = await _refusal(client, {argument: [id_]})
            assert refused == await _refusal(client, {argument: [world.nothing_like(id_)]})
        error = await _refusal(client, {"after": cursors[other.name]})
        assert (error["extensions"]["code"], error["extensions"]["argument"]) == ("BAD_INPUT", "after")


async def _refusal(client: SocketClient, variables: dict[str, object]) -> Message:
    await client.subscribe("b", FOLLOW, **variables)
    message = await client.receive()
    assert (message["type"], message["id"]) == ("error", "b"), message
    (error,) = message["payload"]
    return {"message": error["message"], "extensions": error["extensions"]}


def _crosses_nothing(message: Message, others: list[frozenset[str]]) -> None:
    crossed = [mark for text in texts(message) for marks in others for mark in marks if mark in opened(text)]
    assert not crossed, message
