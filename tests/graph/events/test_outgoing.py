"""Events reach tenants' own servers: signed, in order, tried again, each with an id that never changes."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from graph.accounts.delivery import PAUSES
from graph.events.event import EventType
from graph.events.outgoing_turns import DISABLED_AFTER
from graph.storage.endpoint_tables import EndpointDeliveryRow, WebhookEndpointRow
from graph.storage.event_tables import ReservationEventRow
from tests.graph.events.event_world import Hostaway, learn, settle
from tests.graph.events.happenings import until
from tests.graph.events.outgoing_world import DELETE, REPLAY, UPDATE, Sent, sending, signatures

DAY = 86_400


@pytest.fixture
async def sent(tmp_path: Path) -> AsyncIterator[Sent]:
    async with sending(tmp_path) as running:
        yield running


async def next_try(sent: Sent, id_: str) -> bool:
    """Go on to the next try of what failed, and send; False if there is none."""
    waiting = [each["nextAttemptAt"] for each in await sent.deliveries(id_) if each["nextAttemptAt"]]
    if not waiting:
        return False
    wait = datetime.fromisoformat(min(waiting)) - sent.world.clock.now()
    sent.world.clock.advance(max(wait.total_seconds(), 0) + 0.1)
    await sent.drain()
    return True


async def test_a_change_at_the_pms_arrives_signed_with_what_changed(sent: Sent) -> None:
    running = sent.world
    await learn(running)
    hostaway = await Hostaway.of(running)
    _, secret = await sent.endpoint()
    await running.services.processing.aclose()
    await hostaway.send(hostaway.change(hostaway.ids[0], adults=9))
    await settle(running)
    await sent.drain()
    ((path, headers, body),) = sent.server.got
    assert path == "/hook"
    assert headers["staygraph-signature"] == signatures(secret, headers, body)
    assert headers["content-type"] == "application/json"
    assert abs(int(headers["staygraph-timestamp"]) - running.clock.now().timestamp()) < 10
    told = json.loads(body)
    assert headers["staygraph-event-id"] == told["id"]
    data = await running.data(
        "{ reservationEvents { nodes { id cursor type occurredAt receivedAt changes { field old new }"
        " account { id provider accountIdentifier } reservation { id version listing { id } providerId"
        " status arrival departure"
        " guest { name email } party { adults } total { amount currency } updatedAt"
        " financeLines { amount { amount } } } } } }"
    )
    (shown,) = data["reservationEvents"]["nodes"]
    assert told["reservation"]["party"]["adults"] == 9
    assert_within(shown, told)


def assert_within(part: Any, whole: Any) -> None:
    """Whatever the API shows is in the message, in the same words."""
    match part:
        case dict():
            for name, value in part.items():
                assert_within(value, whole[name])
        case list():
            assert len(part) == len(whole)
            for one, other in zip(part, whole, strict=True):
                assert_within(one, other)
        case _:
            assert part == whole


async def test_a_message_has_every_plain_field_of_a_reservation_and_nothing_else(sent: Sent) -> None:
    await sent.endpoint()
    await sent.happened("1")
    await sent.drain()
    ((_, _, body),) = sent.server.got
    fields = await sent.world.data('{ __type(name: "Reservation") { fields { name } } }')
    names = {each["name"] for each in fields["__type"]["fields"]}
    assert set(json.loads(body)["reservation"]) == names - {"account", "raw"}


async def test_only_what_happens_from_now_on_and_is_wanted_is_sent(sent: Sent) -> None:
    await sent.happened("before")
    await sent.endpoint()
    await sent.endpoint("/some", types=["CANCELLED", "DELETED"])
    account = (await sent.world.data("{ accounts { nodes { id } } }"))["accounts"]["nodes"][0]["id"]
    await sent.endpoint("/mine", accountIds=[account])
    await sent.happened("1")
    await sent.happened("2", type_=EventType.CANCELLED)
    await sent.drain()
    assert sent.server.reservations() == sent.server.reservations("/mine") == ["1", "2"]
    assert sent.server.reservations("/some") == ["2"]


async def test_what_fails_is_tried_again_and_keeps_its_place(sent: Sent) -> None:
    id_, _ = await sent.endpoint()
    await sent.happened("1", "2", "3")
    sent.server.answers.extend([500, 302])
    await sent.drain()
    await sent.drain()
    assert sent.server.reservations() == ["1"]
    (waiting,) = await sent.deliveries(id_)
    assert (waiting["status"], waiting["attempts"], waiting["lastStatus"]) == ("PENDING", 1, 500)
    assert waiting["lastError"] == "It answered with HTTP 500."
    assert (await sent.show(id_))["failingSince"] is not None
    sent.world.clock.advance(PAUSES[0] * 1.2)
    await sent.drain()
    assert sent.server.reservations() == ["1", "1"]
    sent.world.clock.advance(PAUSES[1] * 1.2)
    await sent.drain()
    assert sent.server.reservations() == ["1", "1", "1", "2", "3"]
    assert len(set(sent.server.event_ids())) == 3
    assert [(each["status"], each["attempts"], each["lastStatus"]) for each in await sent.deliveries(id_)] == [
        ("DELIVERED", 1, 204),
        ("DELIVERED", 1, 204),
        ("DELIVERED", 3, 204),
    ]
    assert (await sent.show(id_))["failingSince"] is None


async def test_what_arrived_is_not_sent_again_when_the_next_one_fails(sent: Sent) -> None:
    id_, _ = await sent.endpoint()
    await sent.happened("1", "2")
    sent.server.answers.extend([204, 500])
    await sent.drain()
    await next_try(sent, id_)
    assert sent.server.reservations() == ["1", "2", "2"]


async def test_what_was_tried_for_a_day_is_set_aside_and_the_next_goes_on(sent: Sent) -> None:
    id_, _ = await sent.endpoint()
    await sent.happened("poison", "2")
    began = sent.world.clock.now()
    sent.server.answers.extend([500] * 8)
    await sent.drain()
    while await next_try(sent, id_):
        pass
    assert sent.server.reservations() == ["poison"] * 8 + ["2"]
    assert timedelta(hours=20) < sent.world.clock.now() - began < timedelta(hours=30)
    times = [int(headers["staygraph-timestamp"]) for _, headers, _ in sent.server.got]
    waits = [later - earlier for earlier, later in pairwise(times)][:7]
    assert all(least - 1 <= wait <= least * 1.2 + 2 for wait, least in zip(waits, PAUSES, strict=True))
    (done, given_up) = await sent.deliveries(id_)
    assert (done["status"], given_up["status"], given_up["attempts"]) == ("DELIVERED", "FAILED", 8)
    assert given_up["nextAttemptAt"] is None
    assert given_up["settledAt"] is not None


async def test_an_endpoint_that_fails_for_days_is_disabled_and_goes_on_where_it_was(sent: Sent) -> None:
    id_, _ = await sent.endpoint()
    events = [str(number) for number in range(9)]
    await sent.happened(*events)
    sent.server.status = 500
    await sent.drain()
    while await next_try(sent, id_):
        pass
    shown = await sent.show(id_)
    assert shown["state"] == "DISABLED"
    assert sent.world.clock.now() - datetime.fromisoformat(shown["failingSince"]) >= DISABLED_AFTER
    assert shown["disabledReason"].startswith("Nothing arrived for 3 days.")
    assert "HTTP 500" in shown["disabledReason"]
    sent.server.status = 204
    sent.server.got.clear()
    sent.world.clock.advance(DAY)
    await sent.drain()
    assert sent.server.got == []
    enabled = await sent.change(UPDATE, id=id_, input={"enabled": True})
    assert (enabled["endpoint"]["state"], enabled["endpoint"]["disabledReason"]) == ("ENABLED", None)
    await sent.drain()
    # The one that it was disabled at was not set aside.
    failed = len(await sent.deliveries(id_, statuses=["FAILED"]))
    assert sent.server.reservations() == events[failed:]
    assert failed >= 2


async def test_what_was_no_longer_kept_when_it_was_enabled_again_is_said(sent: Sent) -> None:
    id_, _ = await sent.endpoint()
    await sent.change(UPDATE, id=id_, input={"enabled": False})
    await sent.happened("old")
    sent.world.clock.advance(31 * DAY)
    await sent.happened("new")
    await sent.world.services.events.clear()
    off = await sent.show(id_)
    assert (off["state"], off["skippedAt"]) == ("DISABLED", None)
    await sent.change(UPDATE, id=id_, input={"enabled": True})
    await sent.drain()
    assert sent.server.reservations() == ["new"]
    assert (await sent.show(id_))["skippedAt"] is not None


async def test_a_quiet_endpoint_has_skipped_nothing(sent: Sent) -> None:
    id_, _ = await sent.endpoint(types=["DELETED"])
    await sent.happened("1", "2")
    await sent.drain()
    sent.world.clock.advance(31 * DAY)
    await sent.world.services.events.clear()
    await sent.happened("3", type_=EventType.DELETED)
    await sent.drain()
    assert sent.server.reservations() == ["3"]
    assert (await sent.show(id_))["skippedAt"] is None


async def test_a_slow_endpoint_keeps_no_other_waiting(sent: Sent) -> None:
    await sent.endpoint("/slow")
    await sent.endpoint()
    sent.server.gate = asyncio.Event()
    await sent.happened("1", "2", "3")
    working = asyncio.create_task(sent.drain())
    await until(lambda: len(sent.server.reservations()) == 3)
    assert sent.server.reservations("/slow") == ["1"]
    sent.server.gate.set()
    await working
    assert sent.server.reservations("/slow") == ["1", "2", "3"]


async def test_events_are_sent_by_themselves(sent: Sent) -> None:
    await sent.endpoint()
    worker: Any = sent.world.services.outgoing
    worker.start()
    try:
        await sent.happened("1")
        await until(lambda: sent.server.reservations() == ["1"])
        await sent.happened("2")
        await until(lambda: sent.server.reservations() == ["1", "2"])
    finally:
        await worker.aclose()


async def test_where_names_and_addresses_lead_is_looked_at_each_time(tmp_path: Path) -> None:
    async with sending(tmp_path, allow_private_urls=False) as sent:
        made = await sent.change(
            'mutation { createWebhookEndpoint(input: { url: "https://hooks.example.com/" }) { endpoint { id } } }'
        )
        id_ = made["endpoint"]["id"]
        async with sent.world.services.database.session() as session:
            await session.execute(update(WebhookEndpointRow).values(url="https://127.0.0.1/hook"))
        await sent.happened("1")
        await sent.drain()
        (failed,) = await sent.deliveries(id_)
        assert failed["lastError"] == "It leads to this machine or into a private network."
        assert failed["lastStatus"] is None


async def test_an_event_that_cannot_be_written_is_set_aside_like_others(
    sent: Sent, monkeypatch: pytest.MonkeyPatch
) -> None:
    from graph.events import outgoing_body

    def broken(_: Any) -> Any:
        raise ZeroDivisionError

    id_, _ = await sent.endpoint()
    await sent.happened("1")
    monkeypatch.setattr(outgoing_body, "_shown", broken)
    await sent.drain()
    assert (await sent.deliveries(id_))[0]["lastError"] == "It could not be written: ZeroDivisionError."
    monkeypatch.undo()
    sent.world.clock.advance(PAUSES[0] * 1.2)
    await sent.drain()
    assert sent.server.reservations() == ["1"]


async def test_an_event_whose_text_was_lost_is_told_without_it(sent: Sent) -> None:
    await sent.endpoint()
    await sent.happened("1")
    async with sent.world.services.database.session() as session:
        await session.execute(update(ReservationEventRow).values(body=b"spoilt"))
    await sent.drain()
    (body,) = sent.server.bodies()
    assert (body["type"], body["reservation"], body["changes"]) == ("UPDATED", None, None)


async def test_what_was_changed_meanwhile_is_not_sent_the_former_way(sent: Sent) -> None:
    id_, _ = await sent.endpoint("/slow")
    sent.server.gate = asyncio.Event()
    await sent.happened("1", "2")
    working = asyncio.create_task(sent.drain())
    await until(lambda: len(sent.server.got) == 1)
    await sent.change(UPDATE, id=id_, input={"url": f"{sent.server.url}/hook"})
    sent.server.gate.set()
    await working
    await sent.drain()
    assert sent.server.reservations("/slow") == ["1"]
    assert sent.server.reservations() == ["1", "2"]


@pytest.mark.parametrize("status", [204, 500])
async def test_an_endpoint_that_is_deleted_while_it_is_sent_to_leaves_nothing_behind(
    sent: Sent, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    id_, _ = await sent.endpoint("/slow")
    sent.server.gate, sent.server.status = asyncio.Event(), status
    await sent.happened("1", "2")
    working = asyncio.create_task(sent.drain())
    await until(lambda: len(sent.server.got) == 1)
    assert (await sent.change(DELETE, id=id_))["deletedId"] == id_
    sent.server.gate.set()
    await working
    await sent.drain()
    assert sent.server.reservations("/slow") == ["1"]
    async with sent.world.services.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(EndpointDeliveryRow)) == 0
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_what_is_no_longer_wanted_is_not_tried_again(sent: Sent) -> None:
    id_, _ = await sent.endpoint()
    await sent.happened("1")
    await sent.happened("2", type_=EventType.CANCELLED)
    sent.server.answers.append(500)
    await sent.drain()
    await sent.change(UPDATE, id=id_, input={"types": ["CANCELLED"]})
    sent.world.clock.advance(2 * DAY)
    await sent.drain()
    assert sent.server.reservations() == ["1", "2"]
    assert [each["status"] for each in await sent.deliveries(id_)] == ["DELIVERED"]


async def test_single_deliveries_are_replayed_with_the_ids_they_have(sent: Sent) -> None:
    id_, _ = await sent.endpoint()
    await sent.happened("1", "2", "3")
    await sent.drain()
    third, second, first = await sent.deliveries(id_)
    replayed = await sent.change(REPLAY, id=id_, ids=[first["id"], third["id"]])
    assert replayed["userErrors"] == []
    assert [each["status"] for each in await sent.deliveries(id_)] == ["PENDING", "DELIVERED", "PENDING"]
    sent.server.answers.append(503)
    await sent.drain()
    # One that fails is tried again on its own; what comes in its turn does not wait for it.
    await sent.happened("4")
    await sent.drain()
    assert sent.server.reservations() == ["1", "2", "3", "1", "3", "4"]
    sent.world.clock.advance(PAUSES[0] * 1.2)
    await sent.drain()
    assert sent.server.reservations()[-1] == "1"
    ids = sent.server.event_ids()
    assert ids[0] == ids[3] == ids[6] == first["eventId"]
    assert {each["status"] for each in await sent.deliveries(id_)} == {"DELIVERED"}
    assert second["attempts"] == 1


async def test_everything_behind_a_cursor_is_replayed_in_order(sent: Sent) -> None:
    await sent.happened("before")
    id_, _ = await sent.endpoint()
    await sent.happened("1", "2", "3")
    await sent.drain()
    cursors = await sent.world.data("{ reservationEvents { nodes { cursor } } }")
    _, first, _, third = [each["cursor"] for each in cursors["reservationEvents"]["nodes"]]
    replayed = await sent.change(REPLAY, id=id_, after=first)
    assert replayed["endpoint"]["cursor"] == first
    await sent.drain()
    assert sent.server.reservations() == ["1", "2", "3", "2", "3"]
    assert (await sent.show(id_))["cursor"] == third
    nothing = await sent.change(REPLAY, id=id_, after=third)
    assert [error["code"] for error in nothing["userErrors"]] == ["CONFLICT"]
    assert [each["attempts"] for each in await sent.deliveries(id_)] == [1, 1, 1]


async def test_what_is_no_longer_kept_cannot_be_replayed(sent: Sent) -> None:
    id_, _ = await sent.endpoint()
    await sent.happened("1")
    await sent.drain()
    (old,) = await sent.deliveries(id_)
    cursors = await sent.world.data("{ reservationEvents { nodes { cursor } } }")
    (cursor,) = [each["cursor"] for each in cursors["reservationEvents"]["nodes"]]
    await sent.change(REPLAY, id=id_, ids=[old["id"]])
    sent.world.clock.advance(31 * DAY)
    await sent.happened("2", "3")
    await sent.world.services.events.clear()
    await sent.drain()
    assert sent.server.reservations() == ["1", "2", "3"]
    (failed,) = await sent.deliveries(id_, statuses=["FAILED"])
    assert failed["lastError"] == "The event is no longer kept."
    refused = await sent.change(REPLAY, id=id_, ids=[old["id"], "ogd_unknown"])
    assert [(error["field"], error["code"]) for error in refused["userErrors"]] == [(["deliveryIds"], "NOT_FOUND")] * 2
    sent.world.clock.advance(31 * DAY)
    await sent.world.services.events.clear()
    too_old = await sent.change(REPLAY, id=id_, after=cursor)
    assert [(error["field"], error["code"]) for error in too_old["userErrors"]] == [(["after"], "OUT_OF_RANGE")]


async def test_deliveries_are_kept_as_long_as_events(sent: Sent) -> None:
    id_, _ = await sent.endpoint()
    await sent.happened("1")
    await sent.drain()
    sent.world.clock.advance(29 * DAY)
    await sent.happened("2")
    await sent.drain()
    sendings = sent.world.services.administration.sendings
    assert await sendings.clear() == 0
    sent.world.clock.advance(2 * DAY)
    assert await sendings.clear() == 1
    assert len(await sent.deliveries(id_)) == 1
