"""Subscribers are found by what they want, and none is overlooked."""

from dataclasses import dataclass
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from graph.events.audience import Audience
from graph.events.event import EventType, NewEvent
from graph.events.log import EventFilter
from graph.gateway.refs import Ref

ACCOUNTS = st.sampled_from(["acc_1", "acc_2", "acc_3"])
LISTINGS = st.sampled_from(["1", "2"])
REFS = st.builds(Ref, ACCOUNTS, LISTINGS)
FILTERS = st.builds(
    EventFilter,
    accounts=st.none() | st.frozensets(ACCOUNTS),
    listings=st.none() | st.frozensets(REFS),
    types=st.none() | st.frozensets(st.sampled_from(EventType)),
)
EVENTS = st.builds(
    NewEvent,
    tenant_id=st.just("default"),
    account_id=ACCOUNTS,
    listing_id=st.none() | LISTINGS,
    reservation_id=st.just("1"),
    type=st.sampled_from(EventType),
    occurred_at=st.none(),
    received_at=st.just(datetime(2027, 5, 1, tzinfo=UTC)),
    changes=st.none(),
    reservation=st.none(),
    content_key=st.none(),
)


@dataclass(eq=False)
class Member:
    wanted: EventFilter


@given(st.lists(FILTERS), st.lists(EVENTS), st.data())
def test_those_who_want_an_event_are_found_each_once(
    filters: list[EventFilter], events: list[NewEvent], data: st.DataObject
) -> None:
    members = [Member(each) for each in filters]
    audience: Audience[Member] = Audience()
    for member in members:
        audience.add(member)
    gone = set(data.draw(st.lists(st.sampled_from(members)))) if members else set()
    for member in gone:
        audience.discard(member)
        audience.discard(member)
    there = [member for member in members if member not in gone]
    assert len(audience) == len(there)
    assert set(audience) == set(there)
    for event in events:
        found = audience.of(event)
        assert len(found) == len(set(found))
        assert set(found) == {member for member in there if member.wanted.keeps(event)}
    for member in there:
        audience.discard(member)
    assert not audience._at, "nothing is kept of those who left"
