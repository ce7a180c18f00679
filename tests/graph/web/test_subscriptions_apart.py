"""Tenants never meet in subscriptions: each is told its own events, and what is another's is as if it were not there."""

from pathlib import Path
from random import Random

from tests.gateway_world import serving
from tests.graph.events.happenings import happened, until
from tests.graph.web.socket_client import Message, SocketClient, connected
from tests.tenants_world import apart, opened, texts

FOLLOW = """subscription($after: String, $accounts: [ID!], $listings: [ID!]) {
  reservationEvents(after: $after, accountIds: $accounts, listingIds: $listings) {
    id cursor reservation { id providerId } account { id name } changes { field old new } } }"""


async def test_each_tenant_is_told_its_own_events_alone(tmp_path: Path) -> None:
    chance = Random(6)
    async with apart(tmp_path) as stage, serving(stage.gateway.app) as url:
        running, sides = stage.gateway, list(stage.sides.values())
        clients = {side.name: (connected(url), side) for side in sides}
        opened_clients: dict[str, SocketClient] = {}
        for name, (opening, side) in clients.items():
            client = opened_clients[name] = await opening.__aenter__()
            await client.init(apiKey=side.secret)
            await client.subscribe("a", FOLLOW)
        await until(lambda: running.services.subscribers.count == len(sides))

        written: dict[str, list[str]] = {side.name: [] for side in sides}
        for number in range(40):
            side = chance.choice(sides)
            await happened(running, str(number), tenant=side.tenant_id)
            written[side.name].append(str(number))

        cursors = {}
        for side in sides:
            heard = []
            for _ in written[side.name]:
                message = await opened_clients[side.name].receive()
                _crosses_nothing(message, [each.marks for each in sides if each is not side])
                event = message["payload"]["data"]["reservationEvents"]
                heard.append(event["reservation"]["providerId"])
                cursors[side.name] = event["cursor"]
            assert heard == written[side.name]

        for side in sides:
            for other in sides:
                if side is not other:
                    client = opened_clients[side.name]
                    for variables, nothing in (
                        ({"accounts": [other.account_id]}, {"accounts": [stage.nothing_like(other.account_id)]}),
                        ({"listings": [other.listing_id]}, {"listings": [stage.nothing_like(other.listing_id)]}),
                        ({"after": cursors[other.name]}, None),
                    ):
                        error = await _refusal(client, variables)
                        assert error["extensions"]["code"] == "BAD_INPUT"
                        if nothing is not None:
                            assert error == await _refusal(client, nothing)
        for opening, _ in clients.values():
            await opening.__aexit__(None, None, None)


async def _refusal(client: SocketClient, variables: dict[str, object]) -> Message:
    await client.subscribe("b", FOLLOW, **variables)
    message = await client.receive()
    assert (message["type"], message["id"]) == ("error", "b"), message
    (error,) = message["payload"]
    return {"message": error["message"], "extensions": error["extensions"]}


def _crosses_nothing(message: Message, others: list[frozenset[str]]) -> None:
    crossed = [mark for text in texts(message) for marks in others for mark in marks if mark in opened(text)]
    assert not crossed, message
