"""A gateway with a BookingSync account whose guests change: records of their own, with webhooks of their own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from graph.events.event import ReservationEvent
from providers.bookingsync.simulator.oauth import FULL_SCOPES
from providers.bookingsync.simulator.readings import BookingsyncReadings
from providers.bookingsync.simulator.stays import Booking
from providers.bookingsync.simulator.units import FIRST_ACCOUNT
from providers.bookingsync.simulator.view import Grant, Oddities, View
from providers.simulation.portfolio import StayKind
from tests.gateway_world import World, world
from tests.graph.events.event_world import learn, settle
from tests.graph.events.webhook_world import Address, address, send_signed


@dataclass
class Guests:
    """The clients of a simulated BookingSync account, their changes and the webhooks about them."""

    world: World
    to: Address
    estate: Any
    touching: bool

    @property
    def now(self) -> datetime:
        return self.world.clock.now().replace(microsecond=0)

    @property
    def upcoming(self) -> list[Booking]:
        """Confirmed bookings that are to come."""
        today = self.now.date()
        return [each for each in self.estate.bookings if each.stay.kind is StayKind.CONFIRMED and each.arrival > today]

    @property
    def client(self) -> int:
        """A client with a booking that is to come."""
        found = self.upcoming[-1].client_id
        assert found is not None
        return found

    def ids_of(self, client_id: int) -> list[str]:
        """The bookings of a client."""
        return sorted(str(each.id) for each in self.estate.bookings if each.client_id == client_id)

    def change(self, client_id: int, **facts: Any) -> dict[str, Any]:
        """Change a client some time after the last change, and return the webhook about it."""
        self.world.clock.advance(5)
        self.estate.change_client(client_id, self.now, touching=self.touching, **facts)
        return self.webhook(client_id)

    def webhook(self, client_id: int, event: str = "client_updated") -> dict[str, Any]:
        """A webhook in the form of the documentation's example, with the client as it is now."""
        item = self.estate.items("clients").get(client_id)
        grant = Grant(account=0, scopes=FULL_SCOPES)
        readings, oddities = BookingsyncReadings(), Oddities()
        view = View(grant=grant, now=self.now, readings=readings, oddities=oddities, options={}, base_url="")
        record = {"id": client_id, "links": {"account": FIRST_ACCOUNT}} if item is None else item.record(view)
        return {"account_id": FIRST_ACCOUNT, "event": event, "resource": {"links": {}, "client": record}}

    async def send(self, *webhooks: dict[str, Any]) -> None:
        """Send webhooks and have them worked on."""
        for each in webhooks:
            assert (await send_signed(self.world, self.to, each)).status_code == 200
        await settle(self.world)


@asynccontextmanager
async def guests_of(
    folder: Path, *, touching: bool = False, working: bool = False, **settings: Any
) -> AsyncIterator[Guests]:
    """``working``: the gateway works on webhooks by itself; else tests say when."""
    readings = {"BOOKINGSYNC": BookingsyncReadings(bookings_change_with_clients=touching)}
    options = {"hostaway_accounts": 0, "bookingsync_accounts": 1, "readings": readings, "early": True} | settings
    async with world(folder, **options) as running:
        if not working:
            await running.services.processing.aclose()
        simulation: Any = running.simulations["BOOKINGSYNC"]
        yield Guests(running, await address(running, "BOOKINGSYNC"), simulation.estates[0], touching)


async def known(guests: Guests) -> None:
    """Learn all reservations; calls count from then on."""
    await learn(guests.world)
    guests.world.calls.clear()


def changed(event: ReservationEvent) -> dict[str, tuple[Any, Any]]:
    assert event.changes is not None
    return {each.field: (each.old, each.new) for each in event.changes}


def changed_booking(booking: Booking, at: datetime) -> dict[str, Any]:
    """The webhook about a booking that changed ``at``."""
    record = {"id": booking.id, "updated_at": at.strftime("%Y-%m-%dT%H:%M:%SZ")}
    resource = {"links": {}, "booking": record}
    return {"account_id": FIRST_ACCOUNT, "event": "booking_updated", "resource": resource}
