"""A gateway whose events tests bring about: changes at the simulators, their webhooks, and what the log has then."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from graph.events.event import ReservationEvent
from graph.storage.event_tables import ReservationStateRow
from graph.storage.tables import WebhookDeliveryRow
from tests.gateway_world import World
from tests.graph.events.webhook_world import Address, address, send, send_signed


@dataclass
class Hostaway:
    """The first simulated Hostaway account, its changes and its webhooks."""

    world: World
    to: Address
    account: Any
    clock: datetime = field(init=False)

    def __post_init__(self) -> None:
        # Hostaway's times have whole seconds.
        self.clock = self.world.clock.now().replace(microsecond=0) + timedelta(seconds=5)

    @classmethod
    async def of(cls, world: World) -> "Hostaway":
        simulation: Any = world.simulations["HOSTAWAY"]
        return cls(world, await address(world), simulation.accounts[0])

    @property
    def ids(self) -> list[int]:
        """Its reservations of guests, by id."""
        return [row.id for row in self.account.reservations.values() if row.record["status"] in ("new", "modified")]

    def change(self, id_: int, *, seconds: float = 1, **fields: Any) -> dict[str, Any]:
        """Change a reservation ``seconds`` after the last change, and return the webhook about it."""
        self.clock += timedelta(seconds=seconds)
        self.account.change_reservation(id_, self.clock, **fields)
        return self.webhook(id_)

    def webhook(self, id_: int, event: str = "reservation.updated") -> dict[str, Any]:
        """A webhook with the reservation as it is now."""
        record = self.account.reservations[id_].record
        return {"object": "reservation", "event": event, "accountId": self.account.id, "data": dict(record)}

    def message(self, id_: int, message_id: int = 340_001, **fields: Any) -> dict[str, Any]:
        data = {"id": message_id, "reservationId": id_, "isIncoming": 1, "date": "2027-05-01 15:30:19", "body": "Hi"}
        return {
            "object": "conversationMessage",
            "event": "message.received",
            "accountId": self.account.id,
            "data": {**data, **fields},
        }

    async def send(self, *webhooks: Mapping[str, Any]) -> None:
        """Send webhooks and have them worked on."""
        for each in webhooks:
            answer = await send(self.world, self.to.path, each, self.to.basic)
            assert answer.status_code == 200
        await settle(self.world)


async def settle(world: World) -> None:
    """Work on what was received until nothing is due."""
    world.clock.advance(1)
    await world.services.processing.drain()


async def learn(world: World) -> None:
    """Poll all accounts for the first time."""
    while await world.services.polling.poll_due():
        pass


async def events(world: World, cursor: int = 0, tenant: str = "default") -> list[ReservationEvent]:
    return await world.services.events.after(tenant, cursor)


async def every_event(world: World) -> list[ReservationEvent]:
    """All of the log, page by page."""
    found: list[ReservationEvent] = []
    while page := await events(world, found[-1].cursor if found else 0):
        found += page
    return found


async def told(world: World) -> list[tuple[str, str]]:
    """Type and reservation of each event."""
    return [(str(each.type), each.reservation_id) for each in await events(world)]


async def deliveries(world: World) -> list[tuple[str, str | None]]:
    """Status and reason of each delivery."""
    async with world.services.database.reading() as session:
        found = select(WebhookDeliveryRow).order_by(WebhookDeliveryRow.received_at, WebhookDeliveryRow.id)
        return [(row.status, row.reason) for row in await session.scalars(found)]


async def states(world: World) -> Sequence[ReservationStateRow]:
    async with world.services.database.reading() as session:
        return list(await session.scalars(select(ReservationStateRow)))


__all__ = ["Hostaway", "deliveries", "events", "every_event", "learn", "send_signed", "settle", "states", "told"]
