"""PROVISIONAL until the log's own schema is merged."""

from datetime import datetime

import strawberry

from graph.events.event import EventType, ReservationEvent as Event
from graph.gateway.cursors import CursorError, fingerprint
from graph.gateway.marks import HeldMark
from graph.schema import ids
from graph.schema.context import Info
from graph.schema.exposing import expose_enum
from graph.schema.account import Account

expose_enum(EventType)


@strawberry.type(description="Something that happened to a reservation.")
class ReservationEvent:
    source: strawberry.Private[Event]
    id: strawberry.ID = strawberry.field(description="Names the event for ever.")
    cursor: str = strawberry.field(description="Resume behind this.")
    type: EventType = strawberry.field(description="What happened.")
    reservation_id: str = strawberry.field(description="Tmp.")
    received_at: datetime = strawberry.field(description="When, UTC.")

    @strawberry.field(description="The account.")
    async def account(self, info: Info) -> Account:
        return await info.context.loaders(info).account_by_id.load(self.source.account_id)


def public_cursor(context, tenant_id: str, cursor: int) -> str:
    return context.cursors.write(fingerprint("events", tenant_id), {"": HeldMark(str(cursor))})


def private_cursor(context, tenant_id: str, cursor: str) -> int:
    mark = context.cursors.read(fingerprint("events", tenant_id), cursor).get("")
    assert isinstance(mark, HeldMark)
    return int(mark.id)


def shown_event(context, event: Event) -> ReservationEvent:
    return ReservationEvent(
        source=event,
        id=strawberry.ID(event.id),
        cursor=public_cursor(context, event.tenant_id, event.cursor),
        type=event.type,
        reservation_id=event.reservation_id,
        received_at=event.received_at,
    )
