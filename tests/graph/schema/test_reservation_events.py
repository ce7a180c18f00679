"""Reading events back, over the real app and a simulated PMS."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from graph.accounts.keys import Permission
from graph.storage.tables import AccountRow
from providers.hostaway.webhooks import HostawayWebhooks
from tests.gateway_world import World, world
from tests.graph.events.event_world import Hostaway, learn, settle

EVENTS = """query($accountIds: [ID!], $listingIds: [ID!], $types: [EventType!], $first: Int = 50, $after: String) {
  reservationEvents(accountIds: $accountIds, listingIds: $listingIds, types: $types, first: $first, after: $after) {
    nodes { id cursor type changes { field old new } occurredAt receivedAt
      reservation { id providerId status total { amount currency } party { adults } }
      account { id } listing { id name } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""

RECEIVED = """query($statuses: [DeliveryStatus!], $first: Int = 50, $after: String) {
  receivedWebhooks(statuses: $statuses, first: $first, after: $after) {
    nodes { id event status reason tries receivedAt settledAt account { id } }
    pageInfo { hasNextPage endCursor } } }"""

REPLAY = """mutation($ids: [ID!]!) { replayReceivedWebhooks(ids: $ids) { ids userErrors { field code message } } }"""


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, hostaway_accounts=2, bookingsync_accounts=0) as running:
        await running.services.processing.aclose()
        await learn(running)
        yield running


@pytest.fixture
async def hostaway(one: World) -> Hostaway:
    return await Hostaway.of(one)


async def page(world: World, **variables: Any) -> Any:
    return (await world.data(EVENTS, **variables))["reservationEvents"]


async def test_an_event_shows_what_changed_and_the_reservation_behind_it(one: World, hostaway: Hostaway) -> None:
    id_ = hostaway.ids[0]
    record = hostaway.account.reservations[id_].record
    await hostaway.send(hostaway.change(id_, adults=9, totalPrice=1234.5))
    found = await page(one)
    (node,) = found["nodes"]
    assert node["type"] == "UPDATED"
    currency = record["currency"]
    changes = {each["field"]: (each["old"], each["new"]) for each in node["changes"]}
    assert changes["party.adults"] == (record["adults"], 9)
    assert changes["total"][1] == {"amount": "1234.5", "currency": currency}
    assert node["reservation"]["providerId"] == str(id_)
    assert node["reservation"]["total"] == {"amount": "1234.5", "currency": currency}
    assert node["account"]["id"] == hostaway.to.id
    assert node["listing"]["name"]
    assert node["occurredAt"].startswith(f"{hostaway.clock:%Y-%m-%dT%H:%M:%S}")
    assert found["pageInfo"]["endCursor"] == node["cursor"]


async def test_pages_follow_each_other_without_gap_or_repeat(one: World, hostaway: Hostaway) -> None:
    ids = hostaway.ids[:5]
    for id_ in ids:
        await hostaway.send(hostaway.change(id_, guestNote="Paged"))
    seen: list[str] = []
    after = None
    while True:
        found = await page(one, first=2, after=after)
        seen += [node["reservation"]["providerId"] for node in found["nodes"]]
        after = found["pageInfo"]["endCursor"]
        if not found["pageInfo"]["hasNextPage"]:
            break
    assert seen == [str(id_) for id_ in ids]
    assert (await page(one, after=after))["nodes"] == []
    await hostaway.send(hostaway.change(ids[0], guestNote="Later"))
    assert len((await page(one, after=after))["nodes"]) == 1


async def test_filters_leave_what_they_name(one: World, hostaway: Hostaway) -> None:
    first, second = hostaway.ids[:2]
    await hostaway.send(hostaway.change(first, guestNote="One"), hostaway.change(second, status="cancelled"))
    nodes = (await page(one))["nodes"]
    listing = nodes[0]["listing"]["id"]
    (cancelled,) = (await page(one, types=["CANCELLED"]))["nodes"]
    assert cancelled["reservation"]["providerId"] == str(second)
    assert listing in {node["listing"]["id"] for node in (await page(one, listingIds=[listing]))["nodes"]}
    assert len((await page(one, accountIds=[hostaway.to.id]))["nodes"]) == 2
    data = await one.data("{ accounts { nodes { id } } }")
    (other,) = [node["id"] for node in data["accounts"]["nodes"] if node["id"] != hostaway.to.id]
    assert (await page(one, accountIds=[other]))["nodes"] == []


@pytest.mark.parametrize(
    ("variables", "argument"),
    [
        ({"first": 0}, "first"),
        ({"after": "nonsense"}, "after"),
        ({"accountIds": ["nonsense"]}, "accountIds[0]"),
        ({"listingIds": ["nonsense"]}, "listingIds[0]"),
        ({"types": []}, "types"),
    ],
)
async def test_bad_arguments_are_named(one: World, variables: dict[str, Any], argument: str) -> None:
    (error,) = (await one.ask(EVENTS, **variables))["errors"]
    assert error["extensions"]["code"] == "BAD_INPUT"
    assert error["extensions"]["argument"] == argument


async def test_a_cursor_is_good_for_its_own_tenant_alone(one: World, hostaway: Hostaway) -> None:
    await hostaway.send(hostaway.change(hostaway.ids[0], guestNote="Mine"))
    cursor = (await page(one))["pageInfo"]["endCursor"]
    tenant = await one.services.tenants.create("Other")
    secret = await one.key_with(Permission.READ, tenant.id)
    answer = await one.post(EVENTS, {"after": cursor}, Authorization=f"Bearer {secret}")
    assert answer.json()["errors"][0]["extensions"]["argument"] == "after"
    answer = await one.post(EVENTS, {}, Authorization=f"Bearer {secret}")
    assert answer.json()["data"]["reservationEvents"]["nodes"] == []


async def test_a_cursor_that_is_too_old_names_the_oldest_there_is(one: World, hostaway: Hostaway) -> None:
    first, second = hostaway.ids[:2]
    await hostaway.send(hostaway.change(first, guestNote="Old"))
    cursor = (await page(one))["pageInfo"]["endCursor"]
    await hostaway.send(hostaway.change(second, guestNote="Old as well"))
    one.clock.advance(timedelta(days=31).total_seconds())
    await one.services.events.clear()
    (error,) = (await one.ask(EVENTS, after=cursor))["errors"]
    assert error["extensions"]["code"] == "CURSOR_TOO_OLD"
    oldest = error["extensions"]["oldest"]
    assert (await page(one, after=oldest))["nodes"] == []
    # Without a cursor it begins with what is kept.
    assert (await page(one))["nodes"] == []


async def test_events_of_a_listing_that_waits_for_approval_are_not_shown(one: World, hostaway: Hostaway) -> None:
    await hostaway.send(hostaway.change(hostaway.ids[0], guestNote="Hidden"))
    assert len((await page(one))["nodes"]) == 1
    async with one.services.database.session() as session:
        await session.execute(update(AccountRow).values(require_listing_approval=True))
    one.services.accounts.reread()
    assert (await page(one))["nodes"] == []


async def test_operators_see_what_was_set_aside_and_replay_it(
    one: World, hostaway: Hostaway, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> Any:
        raise ZeroDivisionError

    admin = await one.key_with(Permission.ADMIN)
    id_ = hostaway.ids[0]
    with monkeypatch.context() as patch:
        patch.setattr(HostawayWebhooks, "told", fail)
        await hostaway.send(hostaway.change(id_, guestNote="Poison"))
        for _ in range(6):
            one.clock.advance(600)
            await settle(one)
    answer = await one.post(RECEIVED, {"statuses": ["SET_ASIDE"]}, Authorization=f"Bearer {admin}")
    (node,) = answer.json()["data"]["receivedWebhooks"]["nodes"]
    assert (node["event"], node["status"], node["reason"], node["tries"]) == (
        "reservation.updated",
        "SET_ASIDE",
        "ZeroDivisionError",
        5,
    )
    assert node["settledAt"] is not None
    assert (await page(one))["nodes"] == []
    refused = await one.change(REPLAY, ids=[node["id"], "whd_none"])
    assert (refused["ids"], refused["userErrors"][0]["code"]) == ([], "NOT_FOUND")
    await settle(one)
    assert (await page(one))["nodes"] == []
    assert (await one.change(REPLAY, ids=[node["id"]]))["userErrors"] == []
    await settle(one)
    assert len((await page(one))["nodes"]) == 1
    # Once more tells nothing.
    await one.change(REPLAY, ids=[node["id"]])
    await settle(one)
    assert len((await page(one))["nodes"]) == 1


async def test_received_webhooks_are_for_admins_and_paged(one: World, hostaway: Hostaway) -> None:
    answer = await one.ask(RECEIVED)
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    for id_ in hostaway.ids[:3]:
        await hostaway.send(hostaway.change(id_, guestNote="Listed"))
    admin = await one.key_with(Permission.ADMIN)
    seen: list[str] = []
    after = None
    for _ in range(2):
        sent = await one.post(RECEIVED, {"first": 2, "after": after}, Authorization=f"Bearer {admin}")
        found = sent.json()["data"]["receivedWebhooks"]
        seen += [node["id"] for node in found["nodes"]]
        after = found["pageInfo"]["endCursor"]
    assert len(set(seen)) == len(seen) == 3
    assert seen == sorted(seen, reverse=True)
