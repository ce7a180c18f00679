"""Which webhooks wait for those about earlier changes, and for how long."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.events.reordering import RECENT, WAIT, Reordering
from providers.webhooks import NOTHING_READ, WebhookNote
from tests.gateway_world import World, world
from tests.graph.events.event_world import Hostaway, learn
from tests.graph.events.webhook_world import address, rows, send, send_signed

NOW = datetime(2027, 5, 1, 15, 30, 19, 123456, tzinfo=UTC)
NOTES = st.builds(
    lambda seconds: WebhookNote(changed_at=None if seconds is None else NOW - timedelta(seconds=seconds)),
    st.none() | st.floats(-1e6, 1e6),
)


@given(NOTES, st.floats(0, 600))
def test_whoever_chooses_has_every_webhook_wait_for_as_long(note: WebhookNote, seconds: float) -> None:
    assert Reordering(seconds).wait(note, NOW) == Reordering(seconds).longest == timedelta(seconds=seconds)


@given(NOTES)
def test_nothing_waits_for_longer_than_the_longest(note: WebhookNote) -> None:
    assert Reordering(None).wait(note, NOW) in (timedelta(), Reordering(None).longest)


@pytest.mark.parametrize("sign", [1, -1])
def test_what_tells_of_a_change_a_moment_ago_does_not_wait(sign: int) -> None:
    def wait(ago: timedelta) -> timedelta:
        return Reordering(None).wait(WebhookNote(changed_at=NOW - sign * ago), NOW)

    assert wait(timedelta()) == wait(RECENT) == timedelta()
    assert wait(RECENT + timedelta(microseconds=1)) == WAIT
    assert Reordering(None).wait(NOTHING_READ, NOW) == WAIT


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[World]:
    """One Hostaway account of two listings, whose webhooks nobody works on."""
    async with world(tmp_path, hostaway_accounts=1, bookingsync_accounts=1, listings=2) as made:
        await made.services.processing.aclose()
        await learn(made)
        yield made


async def waits(running: World) -> list[timedelta]:
    return [row.due_at - row.received_at for row in await rows(running) if row.due_at is not None]


async def test_at_hostaway_it_is_told_by_the_record(running: World) -> None:
    hostaway = await Hostaway.of(running)
    # Its times have whole seconds, and a test may be held up.
    now = running.clock.now() + timedelta(seconds=1)
    hostaway.clock = now
    fresh = hostaway.change(hostaway.ids[0], seconds=0, guestNote="Now")
    hostaway.clock = now - timedelta(minutes=1)
    stale = hostaway.change(hostaway.ids[1], seconds=0, guestNote="Before")
    thin = {"object": "reservation", "objectId": hostaway.ids[2], "event": "reservation.updated"}
    written = {"date": f"{now:%Y-%m-%d %H:%M:%S}"}
    for each in (fresh, stale, thin, hostaway.message(hostaway.ids[0], **written), hostaway.message(hostaway.ids[1])):
        assert (await send(running, hostaway.to.path, each, hostaway.to.basic)).status_code == 200
    assert await waits(running) == [timedelta(), WAIT, WAIT, timedelta(), WAIT]


async def test_what_has_to_be_read_anyway_waits_for_others(running: World) -> None:
    to = await address(running, "BOOKINGSYNC")
    sent = {"id": 1, "updated_at": running.clock.now().isoformat()}
    booking = {"account_id": 1, "event": "booking_updated", "resource": {"links": {}, "booking": sent}}
    assert (await send_signed(running, to, booking)).status_code == 200
    assert await waits(running) == [WAIT]
