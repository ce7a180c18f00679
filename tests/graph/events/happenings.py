"""Events of reservations, written to a running gateway's log as its processing would."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

from graph.events.event import Dumps, EventType, FieldChange, NewEvent
from graph.storage.durable import DurableWrites
from providers.model import Reservation, ReservationStatus
from tests.gateway_world import World

LISTING = "40160"
STAY = Reservation(
    provider="HOSTAWAY",
    account_id="",
    provider_id="",
    listing_id=LISTING,
    status=ReservationStatus.CONFIRMED,
    arrival=date(2027, 6, 1),
    departure=date(2027, 6, 4),
)


async def happened(
    running: World,
    *reservations: str,
    account_id: str | None = None,
    listing_id: str | None = LISTING,
    type_: EventType = EventType.UPDATED,
    tenant: str = "default",
) -> None:
    """Append one event for each of these reservation ids, committed and told."""
    if account_id is None:
        account_id = (await running.services.accounts.list(tenant))[0].id
    now = running.clock.now()
    events = [
        NewEvent(
            tenant_id=tenant,
            account_id=account_id,
            listing_id=listing_id,
            reservation_id=each,
            type=type_,
            occurred_at=now,
            received_at=now,
            reservation=replace(STAY, account_id=account_id, provider_id=each),
            changes=[FieldChange(field="guest.name", old="Ada", new="Ada Byron")],
        )
        for each in reservations
    ]
    log = running.services.events
    writes = DurableWrites(running.services.database)
    entries = log.entries(events, Dumps())
    log.wake(await writes.write(lambda connection: log.append(connection, entries)))


async def until(fulfilled: Callable[[], Any]) -> None:
    """Let others go on until it is so."""
    async with asyncio.timeout(10):
        while not fulfilled():  # noqa: ASYNC110  # what it waits for tells nobody
            await asyncio.sleep(0.002)
