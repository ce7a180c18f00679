"""News of guests at a PMS where they are records of their own: which reservations show them, and each change once."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from graph.cli.live_changes import LivingAccount, change_one
from graph.events import guest_reads
from graph.events.batch import MOST_TRIES
from graph.events.event import EventType
from providers.bookingsync.client import BookingsyncClient
from providers.bookingsync.simulator.units import FIRST_ACCOUNT
from providers.errors import NotFound, ProviderError, UpstreamRefused
from providers.model import Reservation
from providers.queries import Page, ReservationQuery
from providers.simulation.changes import CANCELS
from providers.upstream.caller import Priority, current_caller
from tests.gateway_world import serving
from tests.graph.events.event_world import deliveries, events, learn, settle, told
from tests.graph.events.guest_world import Guests, changed, changed_booking, guests_of, known
from tests.graph.events.webhook_world import send_signed

UNKNOWN = 7_777_777


@pytest.fixture(params=[False, True], ids=["booking as it was", "booking touched"])
async def guests(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Guests]:
    """Under both readings: whether a booking's time of change moves with its client is not documented."""
    async with guests_of(tmp_path, touching=request.param) as found:
        yield found


async def test_what_changed_of_a_guest_is_told_of_each_of_their_reservations(guests: Guests) -> None:
    client = guests.client
    guests.upcoming[0].client_id = client
    await known(guests)
    before = guests.estate.items("clients")[client].person
    await guests.send(guests.change(client, email="new@example.com", first_name="Zoe", phone="+4112345678"))
    found = await events(guests.world)
    assert sorted(each.reservation_id for each in found) == guests.ids_of(client)
    assert len(found) > 1
    for event in found:
        assert event.type is EventType.UPDATED
        assert event.occurred_at == guests.estate.items("clients")[client].updated_at
        assert changed(event)["guest.email"] == (before.email, "new@example.com")
        assert set(changed(event)) <= {"guest.email", "guest.phone", "guest.name", "guest.firstName"}
        assert event.reservation is not None
        assert event.reservation.guest is not None
        assert event.reservation.guest.email == "new@example.com"
    assert len(guests.world.data_calls()) == 1
    assert await deliveries(guests.world) == [("DONE", None)]


async def test_repeats_and_what_comes_too_late_tell_nothing_twice(guests: Guests) -> None:
    client = guests.client
    await known(guests)
    first = guests.change(client, email="first@example.com")
    second = guests.change(client, email="second@example.com")
    again = {**second, "resource": {"client": second["resource"]["client"]}}
    await guests.send(second, again, second)
    await guests.send(first, guests.webhook(client, "client_created"))
    found = await events(guests.world)
    assert sorted(each.reservation_id for each in found) == guests.ids_of(client)
    assert {changed(each)["guest.email"][1] for each in found} == {"second@example.com"}
    assert {status for status, _ in await deliveries(guests.world)} == {"DONE"}


async def test_each_of_two_changes_is_told(guests: Guests) -> None:
    client = guests.client
    await known(guests)
    await guests.send(guests.change(client, email="first@example.com"))
    await guests.send(guests.change(client, email="second@example.com"))
    found = [each for each in await events(guests.world) if each.reservation_id == guests.ids_of(client)[0]]
    assert [changed(each)["guest.email"][1] for each in found] == ["first@example.com", "second@example.com"]


async def test_what_a_poll_found_already_is_not_told_again(guests: Guests) -> None:
    client = guests.client
    await known(guests)
    webhook = guests.change(client, email="new@example.com")
    for booking in guests.estate.bookings:
        if booking.client_id == client:
            booking.touch(guests.now)
    guests.world.clock.advance(3600)
    await learn(guests.world)
    polled = await events(guests.world)
    assert sorted(each.reservation_id for each in polled) == guests.ids_of(client)
    await guests.send(webhook)
    assert await events(guests.world) == polled
    assert await deliveries(guests.world) == [("DONE", None)]


async def test_what_a_webhook_told_is_not_told_again_by_a_poll(guests: Guests) -> None:
    client = guests.client
    await known(guests)
    await guests.send(guests.change(client, email="new@example.com"))
    before = await events(guests.world)
    for booking in guests.estate.bookings:
        if booking.client_id == client:
            booking.touch(guests.now)
    guests.world.clock.advance(3600)
    await learn(guests.world)
    assert await events(guests.world) == before


async def test_a_poll_sees_it_where_the_booking_changes_with_its_client(guests: Guests) -> None:
    client = guests.client
    await known(guests)
    guests.change(client, email="new@example.com")
    guests.world.clock.advance(3600)
    await learn(guests.world)
    assert sorted(id_ for _, id_ in await told(guests.world)) == (guests.ids_of(client) if guests.touching else [])


async def test_news_of_a_booking_and_its_client_together_are_one_event(guests: Guests) -> None:
    booking = guests.upcoming[-1]
    await known(guests)
    client = guests.change(guests.client, email="new@example.com")
    guests.estate.change_booking(booking.id, guests.now, adults=booking.stay.adults + 1)
    await guests.send(client, changed_booking(booking, guests.now))
    (event,) = [each for each in await events(guests.world) if each.reservation_id == str(booking.id)]
    assert {"guest.email", "party.adults"} <= set(changed(event))
    assert await deliveries(guests.world) == [("DONE", None), ("DONE", None)]


async def test_what_changed_with_a_booking_keeps_the_bookings_time(tmp_path: Path) -> None:
    async with guests_of(tmp_path) as guests:
        booking = guests.upcoming[-1]
        await known(guests)
        at = guests.now
        guests.estate.change_booking(booking.id, at, adults=booking.stay.adults + 1)
        await guests.send(guests.change(guests.client, email="new@example.com"))
        (event,) = [each for each in await events(guests.world) if each.reservation_id == str(booking.id)]
        assert {"guest.email", "party.adults"} <= set(changed(event))
        assert event.occurred_at == at


@pytest.mark.parametrize("event", ["client_created", "client_updated", "client_destroyed"])
async def test_a_client_that_is_unknown_or_has_no_bookings_tells_nothing(tmp_path: Path, event: str) -> None:
    async with guests_of(tmp_path) as guests:
        await known(guests)
        with_bookings = {each.client_id for each in guests.estate.bookings}
        idle = [id_ for id_ in guests.estate.items("clients") if id_ not in with_bookings]
        await guests.send(*(guests.webhook(each, event) for each in (UNKNOWN, *idle[:1])))
        assert await told(guests.world) == []
        assert set(await deliveries(guests.world)) == {("IGNORED", "No reservation of the account has this guest.")}


async def test_a_client_that_is_gone_is_shown_no_more(tmp_path: Path) -> None:
    async with guests_of(tmp_path) as guests:
        client = guests.client
        await known(guests)
        webhook = guests.webhook(client, "client_destroyed")
        guests.estate.remove("clients", client, guests.now)
        await guests.send(webhook)
        found = await events(guests.world)
        assert sorted(each.reservation_id for each in found) == guests.ids_of(client)
        assert all(changed(each)["guest.email"][1] is None for each in found)


async def test_another_accounts_client_is_not_looked_for(tmp_path: Path) -> None:
    async with guests_of(tmp_path) as guests:
        await known(guests)
        webhook = {**guests.change(guests.client, email="new@example.com"), "account_id": FIRST_ACCOUNT + 90}
        await guests.send(webhook)
        assert await told(guests.world) == []
        assert guests.world.data_calls() == []


async def test_while_the_pms_is_down_nothing_is_lost(guests: Guests) -> None:
    client = guests.client
    await known(guests)
    webhook = guests.change(client, email="new@example.com")
    await guests.world.fault("BOOKINGSYNC", kind="status", status=503, times=100)
    await guests.send(webhook)
    ((status, reason),) = await deliveries(guests.world)
    assert (status, bool(reason)) == ("PENDING", True)
    async with httpx.AsyncClient(base_url=guests.world.urls["BOOKINGSYNC"]) as http:
        await http.delete("/_control/faults")
    for _ in range(MOST_TRIES + 1):
        guests.world.clock.advance(60)
        await settle(guests.world)
    assert sorted(id_ for _, id_ in await told(guests.world)) == guests.ids_of(client)
    assert await deliveries(guests.world) == [("DONE", None)]


async def test_many_clients_take_one_call_for_each_group_of_them(tmp_path: Path) -> None:
    async with guests_of(tmp_path) as guests:
        await known(guests)
        clients = list(dict.fromkeys(each.client_id for each in guests.estate.bookings if each.client_id is not None))
        chosen = clients[: guest_reads.GUESTS_AT_ONCE + 5]
        assert len(chosen) > guest_reads.GUESTS_AT_ONCE
        await guests.send(*(guests.change(each, email=f"{each}@example.com") for each in chosen))
        expected = sorted(id_ for each in chosen for id_ in guests.ids_of(each))
        assert sorted(id_ for _, id_ in await told(guests.world)) == expected
        assert len(guests.world.data_calls()) == 2
        assert {status for status, _ in await deliveries(guests.world)} == {"DONE"}


async def test_the_gateway_works_on_many_clients_by_itself(tmp_path: Path) -> None:
    async with guests_of(tmp_path, working=True) as guests:
        await known(guests)
        clients = list(dict.fromkeys(each.client_id for each in guests.estate.bookings if each.client_id is not None))
        chosen = clients[: 2 * guest_reads.GUESTS_AT_ONCE]
        for webhook in [guests.change(each, email=f"{each}@example.com") for each in chosen]:
            assert (await send_signed(guests.world, guests.to, webhook)).status_code == 200
        expected = sorted(id_ for each in chosen for id_ in guests.ids_of(each))
        found = await events(guests.world)
        while len(found) < len(expected):
            cursor = found[-1].cursor if found else 0
            assert await guests.world.services.events.wait("default", cursor, 30)
            found = await events(guests.world)
        assert sorted(each.reservation_id for each in found) == expected


async def test_of_a_client_with_too_many_bookings_only_those_that_are_not_over_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a channel books everything under one name."""
    monkeypatch.setattr(guest_reads, "MOST_PAGES", 1)
    async with guests_of(tmp_path, listings=25) as guests:
        client, other = guests.client, guests.upcoming[0].client_id
        assert other is not None
        for booking in guests.estate.bookings:
            if booking.client_id not in (None, other):
                booking.client_id = client
        today = guests.now.date()
        assert len(guests.ids_of(client)) > 100
        await known(guests)
        await guests.send(
            guests.change(client, email="new@example.com"), guests.change(other, email="other@example.com")
        )
        found = {id_ for _, id_ in await told(guests.world)}
        over = {str(each.id) for each in guests.estate.bookings if each.departure < today and each.client_id == client}
        assert over
        assert not over & found
        assert set(guests.ids_of(other)) <= found
        assert 50 < len(found) <= 100 + len(guests.ids_of(other))
        # Both together, each alone, and what is to come of the one.
        assert len(guests.world.data_calls()) == 4


async def test_clients_are_asked_for_behind_everybody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def noted(self: BookingsyncClient, query: ReservationQuery, position: str | None) -> Page[Reservation]:
        asked.append((query.guest_ids, current_caller().priority))
        return await page(self, query, position)

    async with guests_of(tmp_path) as guests:
        await known(guests)
        asked: list[Any] = []
        page = BookingsyncClient.reservation_page
        monkeypatch.setattr(BookingsyncClient, "reservation_page", noted)
        await guests.send(guests.change(guests.client, email="new@example.com"))
        assert asked == [((str(guests.client),), Priority.BACKGROUND)]


@pytest.mark.parametrize(
    ("refusal", "outcome"),
    [
        (NotFound("No such client."), ("IGNORED", "No reservation of the account has this guest.")),
        (UpstreamRefused("client_id is invalid"), ("SET_ASIDE", "client_id is invalid")),
    ],
)
async def test_a_client_that_the_pms_refuses_stops_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refusal: ProviderError, outcome: tuple[str, str]
) -> None:
    async def strict(self: BookingsyncClient, query: ReservationQuery, position: str | None) -> Page[Reservation]:
        if query.guest_ids is not None and str(UNKNOWN) in query.guest_ids:
            raise refusal
        return await page(self, query, position)

    async with guests_of(tmp_path) as guests:
        await known(guests)
        page = BookingsyncClient.reservation_page
        monkeypatch.setattr(BookingsyncClient, "reservation_page", strict)
        client = guests.client
        await guests.send(guests.webhook(UNKNOWN), guests.change(client, email="new@example.com"))
        assert sorted(id_ for _, id_ in await told(guests.world)) == guests.ids_of(client)
        for _ in range(MOST_TRIES):
            guests.world.clock.advance(600)
            await settle(guests.world)
        assert await deliveries(guests.world) == [outcome, ("DONE", None)]
        assert len(await told(guests.world)) == len(guests.ids_of(client))


async def test_a_new_client_may_come_before_its_booking(tmp_path: Path) -> None:
    """They are two webhooks, in any order."""
    async with guests_of(tmp_path) as guests:
        booking = guests.upcoming[-1]
        client = guests.client
        for kept in (guests.estate.bookings, guests.estate.bookings_of(booking.unit)):
            kept.remove(booking)
        guests.estate.remove("bookings", booking.id, guests.now)
        await known(guests)
        guests.world.clock.advance(60)
        booking.stay = replace(booking.stay, booked_at=guests.now, updated_at=guests.now)
        guests.estate.put_booking(booking)
        await guests.send(guests.webhook(client, "client_created"))
        await guests.send({**changed_booking(booking, guests.now), "event": "booking_created"})
        assert await told(guests.world) == [("CREATED", str(booking.id))]


async def test_what_is_read_afterwards_shows_the_new_guest(tmp_path: Path) -> None:
    async with guests_of(tmp_path) as guests:
        client = guests.client
        await known(guests)
        query = "{ reservations(first: 500) { nodes { providerId guest { email } } } }"
        await guests.world.data(query)
        await guests.send(guests.change(client, email="new@example.com"))
        nodes = (await guests.world.data(query))["reservations"]["nodes"]
        shown = {each["providerId"]: each["guest"] for each in nodes}
        assert all(shown[id_] == {"email": "new@example.com"} for id_ in guests.ids_of(client))


async def test_the_simulator_changes_clients_and_sends_the_webhook(tmp_path: Path) -> None:
    """What a demo does: a change of its own, and the webhook that is ordered with it."""
    async with guests_of(tmp_path) as guests, serving(guests.world.app) as url:
        await known(guests)
        account = LivingAccount(guests.world.urls["BOOKINGSYNC"], 0, {"url": url + guests.to.path})
        async with httpx.AsyncClient(timeout=30) as http:
            made = [await change_one(http, account) for _ in range(CANCELS)]
        clients = [each["record"] for each in made if each is not None and each["event"] == "client_updated"]
        assert len(clients) == 1
        await settle(guests.world)
        of_client = [each for each in await events(guests.world) if each.reservation_id in guests.ids_of(clients[0])]
        assert any("guest.email" in changed(each) for each in of_client)
