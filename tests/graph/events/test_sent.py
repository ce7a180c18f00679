"""Events on their way from the process for events: they come as they are read back from the log."""

import pickle
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from graph.events.apart.sent import sent, taken
from graph.events.differences import changes
from graph.events.event import Dumps, EventType, ReservationEvent, body_of
from graph.events.log import Appended
from providers.model import Reservation
from tests.graph.events.test_differences import RESERVATIONS

TIMES = st.datetimes(timezones=st.just(UTC))


@given(RESERVATIONS, RESERVATIONS, st.sampled_from(EventType), st.none() | TIMES, TIMES, st.none() | st.text())
def test_an_event_comes_as_the_log_has_it(
    old: Reservation,
    new: Reservation,
    type_: EventType,
    occurred_at: datetime | None,
    received_at: datetime,
    content_key: str | None,
) -> None:
    whole = ReservationEvent(
        cursor=7,
        id="evt_1",
        tenant_id="default",
        account_id="acc_1",
        listing_id=new.listing_id,
        reservation_id="1",
        type=type_,
        occurred_at=occurred_at,
        received_at=received_at,
        changes=changes(old, new),
        reservation=new,
        content_key=content_key,
    )
    bare = replace(whole, cursor=8, changes=None, reservation=None)
    appended = Appended([whole, bare], [body_of(each, Dumps()) for each in (whole, bare)])
    came = taken(pickle.loads(pickle.dumps(sent(appended))))  # noqa: S301  # it is ours
    assert came.events == [replace(whole, reservation=replace(new, raw=None)), bare]
    assert came.events[0].reservation is not None
    assert repr(came.events[0].reservation.total) == repr(new.total)
