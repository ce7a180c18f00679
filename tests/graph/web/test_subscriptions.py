"""Following reservation events over a WebSocket: replay, what happens now, resuming, and being let go."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from graph.accounts.keys import Permission
from graph.accounts.tenants import TenantStatus
from graph.events.event import EventType
from graph.schema import ids
from graph.schema.plain import PlainExecutor
from tests.gateway_world import World, serving, world
from tests.graph.events.happenings import LISTING, happened, until
from tests.graph.web.socket_client import Message, SocketClient, connected
from tests.listing_choices import OPTIONS

FOLLOW = """subscription($after: String, $accounts: [ID!], $listings: [ID!], $types: [EventType!]) {
  reservationEvents(after: $after, accountIds: $accounts, listingIds: $listings, types: $types) {
    id cursor type reservation { providerId } account { name } } }"""


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, bookingsync_accounts=0, max_waiting_events=20) as running:
        yield running


@pytest.fixture
async def url(running: World) -> AsyncIterator[str]:
    async with serving(running.app) as address:
        yield address


@pytest.fixture
async def client(running: World, url: str) -> AsyncIterator[SocketClient]:
    async with connected(url) as client:
        await client.init(apiKey=running.key)
        yield client


def live(running: World, count: int = 1) -> Callable[[], bool]:
    return lambda: running.services.subscribers.count == count


async def told(client: SocketClient, count: int = 1, id_: str = "a") -> list[Message]:
    """The next events of a subscription."""
    events = []
    for _ in range(count):
        message = await client.receive()
        assert (message["type"], message["id"]) == ("next", id_), message
        assert "errors" not in message["payload"], message
        events.append(message["payload"]["data"]["reservationEvents"])
    return events


def numbers(events: list[Message]) -> list[str]:
    return [event["reservation"]["providerId"] for event in events]


async def refusal(client: SocketClient, id_: str = "a") -> Message:
    """The error that ends a subscription."""
    message = await client.receive()
    assert (message["type"], message["id"]) == ("error", id_), message
    (error,) = message["payload"]
    return {"message": error["message"], **error["extensions"]}


async def test_what_is_known_of_the_fields_is_found_out_once_not_for_every_event(
    running: World, client: SocketClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    plans = 0
    plan = PlainExecutor._plan

    def counted(self: PlainExecutor, *given: Any) -> Any:
        nonlocal plans
        plans += 1
        return plan(self, *given)

    monkeypatch.setattr(PlainExecutor, "_plan", counted)
    await client.subscribe("a", FOLLOW)
    await until(live(running))
    await happened(running, "1")
    await told(client)
    known = plans
    assert known > 0
    await happened(running, *map(str, range(2, 12)))
    assert len(numbers(await told(client, 10))) == 10
    assert plans == known


async def test_what_happens_is_told_at_once(running: World, client: SocketClient) -> None:
    await happened(running, "before")
    await client.subscribe("a", FOLLOW)
    await until(live(running))

    await happened(running, "1", "2")
    await happened(running, "3", type_=EventType.CANCELLED)

    events = await told(client, 3)
    assert numbers(events) == ["1", "2", "3"]
    assert [event["type"] for event in events] == ["UPDATED", "UPDATED", "CANCELLED"]
    assert {event["account"]["name"] for event in events} == {"HOSTAWAY 1"}
    assert len({event["id"] for event in events} | {event["cursor"] for event in events}) == 6


async def test_resuming_misses_nothing_and_repeats_nothing(running: World, client: SocketClient) -> None:
    await client.subscribe("a", FOLLOW)
    await until(live(running))
    await happened(running, "1")
    (first,) = await told(client)
    await client.send({"id": "a", "type": "complete"})
    await until(live(running, 0))
    await happened(running, "2", "3")

    await client.subscribe("b", FOLLOW, after=first["cursor"])
    assert numbers(await told(client, 2, "b")) == ["2", "3"]
    await until(live(running))
    await happened(running, "4")

    assert numbers(await told(client, 1, "b")) == ["4"]


async def test_writing_while_subscribers_join_loses_and_repeats_nothing(running: World, client: SocketClient) -> None:
    await happened(running, "0")
    await client.subscribe("start", FOLLOW)
    await until(live(running))
    await happened(running, "1")
    (first,) = await told(client, 1, "start")
    await client.send({"id": "start", "type": "complete"})
    # Until the server has heard that, it may tell of what is written.
    await until(live(running, 0))

    async def write() -> None:
        for number in range(2, 60):
            await happened(running, str(number))

    async with asyncio.TaskGroup() as group:
        group.create_task(write())
        for number in range(8):
            await client.subscribe(f"s{number}", FOLLOW, after=first["cursor"])
            await asyncio.sleep(0.01)
        heard: dict[str, list[str]] = {f"s{number}": [] for number in range(8)}
        while any(len(each) < 58 for each in heard.values()):
            message = await client.receive()
            if message["type"] == "error":
                # On a busy machine more may happen while one replays the log than may wait for it.
                (error,) = message["payload"]
                assert error["extensions"]["code"] == "SUBSCRIBER_TOO_SLOW"
                await client.subscribe(message["id"], FOLLOW, after=error["extensions"]["cursor"])
                continue
            assert message["type"] == "next", message
            heard[message["id"]].append(message["payload"]["data"]["reservationEvents"]["reservation"]["providerId"])

    assert all(each == [str(number) for number in range(2, 60)] for each in heard.values())


async def test_only_what_is_wanted_is_told(running: World, client: SocketClient) -> None:
    first, second = await running.services.accounts.list("default")
    shown = ids.GlobalId(ids.ACCOUNT, first.id).text()
    listing = ids.GlobalId(ids.LISTING, first.id, LISTING).text()
    await client.subscribe("accounts", FOLLOW, accounts=[shown])
    await client.subscribe("listings", FOLLOW, listings=[listing])
    await client.subscribe("types", FOLLOW, types=["DELETED", "CREATED"])
    await until(live(running, 3))

    await happened(running, "1", account_id=second.id, type_=EventType.CREATED)
    await happened(running, "2", account_id=first.id, listing_id="other")
    await happened(running, "3", account_id=first.id)
    await happened(running, "4", account_id=first.id, type_=EventType.DELETED)

    heard: dict[str, list[str]] = {"accounts": [], "listings": [], "types": []}
    for _ in range(7):
        message = await client.receive()
        heard[message["id"]].append(message["payload"]["data"]["reservationEvents"]["reservation"]["providerId"])
    assert heard == {"accounts": ["2", "3", "4"], "listings": ["3", "4"], "types": ["1", "4"]}


# Large frames fill what lies between a server and a client that reads nothing.
ALIASES = " ".join(f"a{number}: providerId" for number in range(90))
LARGE = f"""subscription($after: String) {{
  reservationEvents(after: $after) {{ cursor reservation {{ providerId {ALIASES} }} }} }}"""


@pytest.fixture
async def narrow_url(running: World) -> AsyncIterator[str]:
    async with serving(running.app, sent_ahead=16_384) as address:
        yield address


async def test_a_subscriber_that_takes_nothing_is_told_to_resume(running: World, narrow_url: str) -> None:
    subscribers = running.services.subscribers
    async with connected(narrow_url, narrow=True) as slow, connected(narrow_url) as quick:
        for client, query in ((slow, LARGE), (quick, FOLLOW)):
            await client.init(apiKey=running.key)
            await client.subscribe("a", query)
        await until(live(running, 2))
        # Nobody reads what is sent to the slow client meanwhile.
        sent: list[str] = []
        while subscribers.count == 2:
            batch = [f"{number:0200}" for number in range(len(sent), len(sent) + 10)]
            await happened(running, *batch)
            assert numbers(await told(quick, 10)) == batch
            sent += batch
            assert len(sent) < 1_000, "it was never let go"

        heard = []
        while (message := await slow.receive())["type"] == "next":
            heard.append(message["payload"]["data"]["reservationEvents"])
        (error,) = message["payload"]
        assert error["extensions"]["code"] == "SUBSCRIBER_TOO_SLOW"

        await slow.subscribe("again", LARGE, after=error["extensions"]["cursor"])
        heard += await told(slow, len(sent) - len(heard), "again")
        assert numbers(heard) == sent
        await happened(running, "last")
        assert numbers(await told(quick)) == ["last"]


@pytest.mark.parametrize("how", ["revoked", "expired", "tenant"])
async def test_a_key_that_ends_ends_its_subscriptions(running: World, url: str, how: str) -> None:
    services = running.services
    tenant = await services.tenants.create("Harbour")
    key, secret = await services.keys.create(tenant.id, "k", expires_at=running.clock.now() + timedelta(days=1))
    async with connected(url) as client, connected(url) as other:
        await client.init(apiKey=secret)
        await client.subscribe("a", FOLLOW)
        await other.init(apiKey=running.key)
        await other.subscribe("a", FOLLOW)
        await until(live(running, 2))
        match how:
            case "revoked":
                await services.keys.revoke(tenant.id, key.id)
            case "expired":
                running.clock.advance(86_401)
            case "tenant":
                await services.tenants.set_status(tenant.id, TenantStatus.INACTIVE)

        async with asyncio.timeout(2):
            error = await refusal(client)
            assert (await client.closed())[0] == 4401
        assert error["code"] == "UNAUTHENTICATED"
        assert "revoked" in error["message"]
        assert error["cursor"]
        await until(live(running, 1))
        await happened(running, "1")
        assert numbers(await told(other)) == ["1"]


async def test_a_tenant_acted_for_ends_it_too(running: World, url: str) -> None:
    tenant = await running.services.tenants.create("Harbour")
    admin = await running.key_with(Permission.ADMIN)
    async with connected(url) as client:
        await client.init(apiKey=admin, **{"X-Tenant-Id": tenant.id})
        await client.subscribe("a", FOLLOW)
        await until(live(running))
        await running.services.tenants.set_status(tenant.id, TenantStatus.INACTIVE)

        assert (await refusal(client))["code"] == "FORBIDDEN"
        assert (await client.closed())[0] == 4403


async def test_a_server_that_stops_says_so(running: World, client: SocketClient) -> None:
    await client.subscribe("a", FOLLOW)
    await until(live(running))
    await happened(running, "1")
    (last,) = await told(client)
    running.services.guests.stop()

    error = await refusal(client)

    assert (error["code"], error["cursor"]) == ("SERVER_STOPPING", last["cursor"])
    assert (await client.closed())[0] == 1012


async def test_a_cursor_of_another_tenant_is_refused(running: World, client: SocketClient, url: str) -> None:
    services = running.services
    tenant = await services.tenants.create("Harbour")
    _, secret = await services.keys.create(tenant.id, "k")
    await client.subscribe("a", FOLLOW)
    await until(live(running))
    await happened(running, "1")
    (mine,) = await told(client)

    async with connected(url) as other:
        await other.init(apiKey=secret)
        await other.subscribe("a", FOLLOW, after=mine["cursor"])
        error = await refusal(other)

    assert (error["code"], error["argument"]) == ("BAD_INPUT", "after")


async def test_a_cursor_that_is_too_old_says_where_to_go_on(running: World, client: SocketClient) -> None:
    await client.subscribe("a", FOLLOW)
    await until(live(running))
    await happened(running, "1")
    await happened(running, "2")
    first, _ = await told(client, 2)
    running.clock.advance(40 * 86_400)
    await happened(running, "3")
    await told(client)
    assert await running.services.events.clear() == 2

    await client.subscribe("b", FOLLOW, after=first["cursor"])
    error = await refusal(client, "b")
    assert (error["code"], error["argument"]) == ("CURSOR_TOO_OLD", "after")

    await client.subscribe("c", FOLLOW, after=error["oldest"])
    assert numbers(await told(client, 1, "c")) == ["3"]


@pytest.mark.parametrize(
    ("variables", "argument"),
    [
        ({"after": "nonsense"}, "after"),
        ({"after": ""}, "after"),
        ({"accounts": []}, "accountIds"),
        ({"accounts": ["x"]}, "accountIds[0]"),
        ({"listings": ["x"]}, "listingIds[0]"),
        ({"listings": [str(ids.GlobalId(ids.LISTING, "acc_0", "1").text())]}, "listingIds[0]"),
        ({"types": []}, "types"),
    ],
)
async def test_bad_arguments_are_named(client: SocketClient, variables: dict[str, Any], argument: str) -> None:
    await client.subscribe("a", FOLLOW, **variables)

    error = await refusal(client)

    assert (error["code"], error["argument"]) == ("BAD_INPUT", argument)
    assert error["allowed"]


async def test_what_was_subscribed_to_alike_is_made_once(running: World, client: SocketClient) -> None:
    query = "subscription { reservationEvents { id cursor type receivedAt } }"
    for number in range(5):
        await client.subscribe(str(number), query)
    await client.subscribe("other", "subscription { reservationEvents { id } }")
    await until(live(running, 6))
    await happened(running, "1")

    messages = [await client.receive() for _ in range(6)]

    payloads = {message["id"]: message["payload"] for message in messages}
    assert payloads["other"]["data"]["reservationEvents"].keys() == {"id"}
    assert all(payloads[str(number)] == payloads["0"] for number in range(5))
    assert payloads["0"]["data"]["reservationEvents"].keys() == {"id", "cursor", "type", "receivedAt"}


async def test_an_event_of_a_listing_that_waits_for_approval_is_not_told(running: World, client: SocketClient) -> None:
    first, second = await running.services.accounts.list("default")
    account = ids.GlobalId(ids.ACCOUNT, first.id).text()
    answer = await running.change(OPTIONS, id=account, input={"requireListingApproval": True})
    assert answer["userErrors"] == []
    await client.subscribe("a", FOLLOW)
    await until(live(running))

    await happened(running, "hidden", account_id=first.id)
    await happened(running, "shown", account_id=second.id)

    assert numbers(await told(client)) == ["shown"]
