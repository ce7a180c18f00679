"""What becomes of received webhooks: over the real app, with simulated PMSs."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from graph.events.batch import MOST_TRIES
from graph.events.event import EventType, FieldChange
from providers.bookingsync.simulator.units import FIRST_ACCOUNT
from providers.hostaway.webhooks import HostawayWebhooks
from providers.simulation.portfolio import StayKind
from tests.gateway_world import World, world
from tests.graph.events.event_world import Hostaway, deliveries, events, learn, settle, states, told
from tests.graph.events.webhook_world import address, send, send_signed


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, hostaway_accounts=1, bookingsync_accounts=1) as running:
        # Tests say when something is worked on.
        await running.services.processing.aclose()
        yield running


@pytest.fixture
async def hostaway(one: World) -> Hostaway:
    await learn(one)
    one.calls.clear()
    return await Hostaway.of(one)


async def test_a_change_is_told_with_what_changed(one: World, hostaway: Hostaway) -> None:
    id_ = hostaway.ids[0]
    before = hostaway.account.reservations[id_].record
    await hostaway.send(hostaway.change(id_, adults=9, guestEmail="new@example.com"))
    (event,) = await events(one)
    assert event.type is EventType.UPDATED
    assert event.occurred_at == hostaway.clock
    assert event.changes is not None
    assert {each.field: (each.old, each.new) for each in event.changes} == {
        "party.adults": (before["adults"], 9),
        "guest.email": (before["guestEmail"], "new@example.com"),
    }
    assert event.reservation is not None
    assert event.reservation.party is not None
    assert event.reservation.party.adults == 9
    assert one.data_calls() == []
    assert await deliveries(one) == [("DONE", None)]


async def test_a_cancellation_is_an_event_of_its_own(one: World, hostaway: Hostaway) -> None:
    id_ = hostaway.ids[0]
    await hostaway.send(hostaway.change(id_, status="cancelled", cancelledBy="guest"))
    (event,) = await events(one)
    assert event.type is EventType.CANCELLED
    assert event.changes is not None
    old, new = "CONFIRMED", "CANCELLED"
    assert FieldChange(field="status", old=old, new=new) in event.changes


async def test_a_new_reservation_is_created_and_one_only_changed_is_not(one: World, hostaway: Hostaway) -> None:
    account = hostaway.account
    id_ = hostaway.ids[0]
    row = account.reservations[id_]
    made = {**row.record, "id": 29_999_999, "insertedOn": "2099-01-01 00:00:00", "updatedOn": "2099-01-01 00:00:00"}
    webhook = {"object": "reservation", "event": "reservation.updated", "accountId": account.id, "data": made}
    await hostaway.send(webhook)
    assert await told(one) == [("CREATED", "29999999")]


async def test_repeated_webhooks_tell_nothing_twice(one: World, hostaway: Hostaway) -> None:
    webhook = hostaway.change(hostaway.ids[0], adults=9)
    again = {**webhook, "data": {**webhook["data"], "isSeen": 1}}
    await hostaway.send(webhook, webhook, again)
    await hostaway.send(again, webhook)
    assert await told(one) == [("UPDATED", str(hostaway.ids[0]))]
    # The second is not even stored, the others are known already.
    assert await deliveries(one) == [("DONE", None), ("DONE", None)]
    assert one.data_calls() == []


async def test_webhooks_that_come_together_are_told_in_the_order_of_the_changes(one: World, hostaway: Hostaway) -> None:
    id_ = hostaway.ids[0]
    first, second, third = (hostaway.change(id_, adults=adults) for adults in (7, 8, 9))
    await hostaway.send(third, first, second)
    found = await events(one)
    assert [each.changes[0].new for each in found if each.changes] == [7, 8, 9]


async def test_what_comes_too_late_is_never_told_backwards(one: World, hostaway: Hostaway) -> None:
    id_ = hostaway.ids[0]
    first, second = hostaway.change(id_, adults=8), hostaway.change(id_, guestNote="Late")
    await hostaway.send(second)
    await hostaway.send(first)
    (event,) = await events(one)
    assert event.changes is not None
    assert {each.field for each in event.changes} == {"party.adults", "guestNote"}


async def test_a_webhook_waits_for_those_about_earlier_changes(tmp_path: Path) -> None:
    async with world(tmp_path, hostaway_accounts=1, bookingsync_accounts=0, event_reorder_seconds=30) as running:
        await running.services.processing.aclose()
        await learn(running)
        hostaway = await Hostaway.of(running)
        id_ = hostaway.ids[0]
        first, second, third = (hostaway.change(id_, adults=adults) for adults in (7, 8, 9))
        await hostaway.send(second)
        running.clock.advance(28.5)
        await hostaway.send(first)
        await hostaway.send(third)
        running.clock.advance(1)
        await settle(running)
        # The third is newer than what was due, and waits on.
        assert [each.changes[0].new for each in await events(running) if each.changes] == [7, 8]
        running.clock.advance(30)
        await settle(running)
        assert [each.changes[0].new for each in await events(running) if each.changes] == [7, 8, 9]


async def test_two_changes_of_one_second_are_settled_by_a_look_at_the_pms(one: World, hostaway: Hostaway) -> None:
    id_ = hostaway.ids[0]
    first = hostaway.change(id_, adults=8)
    second = hostaway.change(id_, seconds=0, adults=9)
    await hostaway.send(second, first)
    found = await events(one)
    assert found[-1].reservation is not None
    assert found[-1].reservation.party is not None
    assert found[-1].reservation.party.adults == 9
    assert len(one.data_calls()) <= 1


async def test_a_thin_webhook_is_completed_by_one_call(one: World, hostaway: Hostaway) -> None:
    id_ = hostaway.ids[0]
    hostaway.change(id_, adults=9)
    thin = {"object": "reservation", "objectId": id_, "event": "reservation.updated"}
    await hostaway.send(thin, {**thin, "sent": 2})
    assert await told(one) == [("UPDATED", str(id_))]
    assert len(one.data_calls()) == 1


async def test_many_thin_webhooks_take_one_call_together(one: World, hostaway: Hostaway) -> None:
    ids = hostaway.ids[:20]
    for id_ in ids:
        hostaway.change(id_, guestNote="Together")
    await hostaway.send(*({"object": "reservation", "objectId": id_, "event": "reservation.updated"} for id_ in ids))
    assert sorted(await told(one)) == sorted(("UPDATED", str(id_)) for id_ in ids)
    assert len(one.data_calls()) == 1


async def test_a_guests_message_is_told_once(one: World, hostaway: Hostaway) -> None:
    id_ = hostaway.ids[0]
    await hostaway.send(hostaway.message(id_), hostaway.message(id_, isSeen=1))
    await hostaway.send(hostaway.message(id_, 340_002), hostaway.message(id_, 340_003, isIncoming=0))
    found = await events(one)
    assert [(each.type, each.reservation_id, each.changes) for each in found] == [
        (EventType.MESSAGE_RECEIVED, str(id_), None)
    ] * 2
    assert found[0].reservation is not None
    assert found[0].listing_id is not None


async def test_what_is_about_nothing_is_kept_and_ignored(one: World, hostaway: Hostaway) -> None:
    probe = {"object": "reservation", "event": "reservation.created", "accountId": hostaway.account.id, "data": "test"}
    await hostaway.send(
        probe, {"event": "moon.landed", "data": {"id": 1}}, {"object": "reservation"}, {}, {"data": [1]}
    )
    assert await told(one) == []
    assert {status for status, _ in await deliveries(one)} == {"IGNORED"}


@pytest.mark.parametrize("body", [b"not json", b"[]", b'"test"', b"\xff\xfe", b"{" * 5000, b'{"data":' + b"9" * 6000])
async def test_what_cannot_be_read_is_kept_and_ignored(one: World, hostaway: Hostaway, body: bytes) -> None:
    await hostaway.send(body)  # type: ignore[arg-type]
    assert await deliveries(one) == [("IGNORED", "It tells nothing about a reservation.")]


async def test_an_event_of_another_account_is_not_applied_to_this_one(one: World, hostaway: Hostaway) -> None:
    id_ = hostaway.ids[0]
    named = hostaway.change(id_, adults=9)
    await hostaway.send({**named, "accountId": 99})
    strange = {**named["data"], "id": 77, "listingMapId": 88_888}
    await hostaway.send({"object": "reservation", "event": "reservation.created", "data": strange})
    assert await told(one) == []
    # The second names no account: the PMS was asked whether the reservation is this one's.
    assert len(one.data_calls()) == 1


def booking_webhook(id_: int, event: str, **record: Any) -> dict[str, Any]:
    sent = {"id": id_, **record}
    return {
        "account_id": FIRST_ACCOUNT,
        "event": event,
        "resource": {"links": {}, event.rpartition("_")[0]: sent},
    }


async def test_bookingsyncs_webhooks_are_completed_by_reading(one: World) -> None:
    await learn(one)
    to = await address(one, "BOOKINGSYNC")
    simulation: Any = one.simulations["BOOKINGSYNC"]
    estate = simulation.estates[0]
    changed, called_off = [each for each in estate.bookings if each.stay.kind is StayKind.CONFIRMED][-2:]
    one.clock.advance(60)
    at = one.clock.now()
    estate.change_booking(changed.id, at, adults=8)
    estate.change_booking(called_off.id, at, kind=StayKind.CANCELLED, cancelled_at=at)
    one.calls.clear()
    time = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    await send_signed(one, to, booking_webhook(changed.id, "booking_updated", updated_at=time))
    await send_signed(one, to, booking_webhook(called_off.id, "booking_destroyed", updated_at=time))
    await send_signed(one, to, booking_webhook(5, "payment_created", booking_id=changed.id))
    await settle(one)
    assert sorted(await told(one)) == [("CANCELLED", str(called_off.id)), ("UPDATED", str(changed.id))]
    assert len(one.data_calls()) == 1
    # What is older than what is known costs nothing, and what another account's webhook says is not applied.
    await send_signed(one, to, booking_webhook(changed.id, "booking_updated", updated_at="2020-05-01T15:30:19Z"))
    await send_signed(one, to, {**booking_webhook(changed.id, "booking_updated"), "account_id": 99})
    await settle(one)
    assert len(await told(one)) == 2
    assert len(one.data_calls()) == 1


async def test_the_gateway_works_on_webhooks_by_itself(tmp_path: Path) -> None:
    async with world(tmp_path, hostaway_accounts=1, bookingsync_accounts=0, listings=2) as running:
        await learn(running)
        hostaway = await Hostaway.of(running)
        webhook = hostaway.change(hostaway.ids[0], guestNote="By itself")
        assert (await send(running, hostaway.to.path, webhook, hostaway.to.basic)).status_code == 200
        assert await running.services.events.wait("default", 0, 30)
        assert await told(running) == [("UPDATED", str(hostaway.ids[0]))]


async def test_after_an_event_the_reservation_is_read_anew(tmp_path: Path) -> None:
    async with world(tmp_path, hostaway_accounts=1, bookingsync_accounts=0, listings=2) as running:
        await running.services.processing.aclose()
        await learn(running)
        hostaway = await Hostaway.of(running)
        query = "{ reservations(first: 500) { nodes { providerId guestNote } } }"

        async def note() -> Any:
            nodes = (await running.data(query))["reservations"]["nodes"]
            return next(each["guestNote"] for each in nodes if each["providerId"] == str(hostaway.ids[0]))

        await note()
        await hostaway.send(hostaway.change(hostaway.ids[0], guestNote="Anew"))
        assert await note() == "Anew"


async def test_while_the_pms_is_down_nothing_is_lost(one: World, hostaway: Hostaway) -> None:
    id_ = hostaway.ids[0]
    hostaway.change(id_, adults=9)
    await one.fault("HOSTAWAY", kind="status", status=503, times=100)
    await hostaway.send({"object": "reservation", "objectId": id_, "event": "reservation.updated"})
    ((status, reason),) = await deliveries(one)
    assert (status, bool(reason)) == ("PENDING", True)
    async with httpx.AsyncClient(base_url=one.urls["HOSTAWAY"]) as client:
        await client.delete("/_control/faults")
    for _ in range(MOST_TRIES + 1):
        one.clock.advance(60)
        await settle(one)
    assert await told(one) == [("UPDATED", str(id_))]
    assert await deliveries(one) == [("DONE", None)]


async def test_one_that_fails_again_and_again_is_set_aside_and_the_others_go_on(
    one: World, hostaway: Hostaway, monkeypatch: pytest.MonkeyPatch
) -> None:
    def odd(self: HostawayWebhooks, body: bytes, account_id: str) -> Any:
        if b"poison" in body:
            raise ZeroDivisionError
        return read(self, body, account_id)

    read = HostawayWebhooks.told
    monkeypatch.setattr(HostawayWebhooks, "told", odd)
    id_ = hostaway.ids[0]
    poison = {**hostaway.webhook(id_), "poison": True}
    await hostaway.send(poison, hostaway.change(id_, adults=9))
    assert await told(one) == [("UPDATED", str(id_))]
    assert [status for status, _ in await deliveries(one)] == ["PENDING", "DONE"]
    for _ in range(MOST_TRIES):
        one.clock.advance(600)
        await settle(one)
    assert await deliveries(one) == [("SET_ASIDE", "ZeroDivisionError"), ("DONE", None)]


async def test_nothing_readable_of_a_guest_is_kept(one: World, hostaway: Hostaway) -> None:
    id_ = hostaway.ids[0]
    await hostaway.send(hostaway.change(id_, guestName="Ada Plain", guestEmail="ada.plain@example.com"))
    assert any(row.reservation_id == str(id_) for row in await states(one))
    async with one.services.database.reading() as session:
        for table in ("reservation_state", "reservation_event", "webhook_delivery", "account_poll"):
            stored = repr((await session.execute(text(f"SELECT * FROM {table}"))).all())  # noqa: S608 - names of ours
            assert "Plain" not in stored
            assert "ada.plain" not in stored
