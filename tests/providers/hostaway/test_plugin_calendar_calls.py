"""Changes of calendars: call by call as documented, and any of them one after the other."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.changes import CalendarChange, ChangeRefused
from providers.changes import given as given_of
from providers.hostaway.client import HostawayClient
from providers.hostaway.intervals import intervals
from providers.hostaway.nights import wanted_nights
from providers.model import CalendarDay
from providers.queries import Days
from tests.providers.hostaway.calendar_world import FIRST, READINGS, a_change, days_of, prices
from tests.providers.hostaway.plugin_session import FakeSession, success
from tests.providers.hostaway.writing_world import DAY, writing
from tests.virtual_time import in_virtual_time


def a_day(day: date, **more) -> dict:
    """A day as in the documented sample."""
    return {
        "id": 46253,
        "date": f"{day}",
        "isAvailable": 1,
        "isProcessed": 1,
        "status": "available",
        "price": 225.25,
        "minimumStay": 2,
        "maximumStay": 1125,
        "closedOnArrival": None,
        "closedOnDeparture": 1,
        "note": None,
        "countAvailableUnits": None,
        "availableUnitsToSell": None,
        "countPendingUnits": None,
        "countBlockingReservations": None,
        "countBlockedUnits": None,
        "desiredUnitsToSell": None,
        "reservations": [],
        **more,
    }


@pytest.mark.parametrize("told", [True, False])
async def test_an_interval_is_written_with_all_its_fields_as_in_the_documented_sample(told):
    """Where the answer tells nothing of the days, they are looked at once more."""
    stored = {"price": Decimal("225.25")}

    def route(call):
        if call.method == "GET":
            return success([a_day(FIRST + n * DAY, price=float(stored["price"])) for n in range(3)])
        stored["price"] = Decimal(str(call.json["price"]))
        days = [a_day(FIRST + n * DAY, price=call.json["price"]) for n in range(2)]
        return success(days) if told else {"status": "success"}

    session = FakeSession(route)
    change = a_change(FIRST, FIRST + 2 * DAY, price=Decimal("210.10"))
    written = await HostawayClient(session, "10450").change_calendar("40160", [change])
    assert [call.method for call in session.calls] == (["GET", "PUT"] if told else ["GET", "PUT", "GET"])
    put = session.calls[1]
    assert (put.path, put.is_safe) == ("/v1/listings/40160/calendar", False)
    assert put.json == {
        "startDate": f"{FIRST}",
        "endDate": f"{FIRST + DAY}",
        "isAvailable": 1,
        "price": 210.1,
        "minimumStay": 2,
        "maximumStay": 1125,
        "closedOnArrival": None,
        "closedOnDeparture": 1,
        "note": None,
    }
    assert not written.warnings


async def test_a_night_that_hostaway_does_not_tell_of_is_not_written():
    session = FakeSession(lambda call: success([a_day(FIRST)]))
    with pytest.raises(ChangeRefused) as refused:
        await HostawayClient(session, "10450").change_calendar("40160", prices(FIRST, 2))
    assert f"{FIRST + DAY}" in refused.value.problems[0].message
    assert [call.method for call in session.calls] == ["GET"]


async def test_nights_that_are_shown_late_are_warned_of_and_not_written_otherwise():
    """A yes, and the old prices: that proves nothing about the end of intervals."""

    def route(call):
        if call.method == "GET":
            return success([a_day(FIRST + n * DAY) for n in range(5)])
        if call.path.endswith("Intervals"):
            return success([])
        return success([a_day(date.fromisoformat(call.json["startDate"]))])

    session = FakeSession(route)
    written = await HostawayClient(session, "10450").change_calendar("40160", prices(FIRST, 3))
    assert len(written.warnings) == 1
    assert f"{FIRST} to {FIRST + 2 * DAY}" in written.warnings[0]
    ends = {
        (each["startDate"], each["endDate"])
        for call in session.calls
        if call.method == "PUT"
        for each in (call.json if isinstance(call.json, list) else [call.json])
    }
    assert all(start == end for start, end in ends)


some_fields = st.fixed_dictionaries(
    {},
    optional={
        "price": st.integers(1, 3).map(Decimal),
        "minimum_stay": st.integers(1, 4),
        "maximum_stay": st.sampled_from([7, 14]),
        "closed_to_arrival": st.booleans(),
        "closed_to_departure": st.booleans(),
        "note": st.sampled_from(["a", "b", None]),
        "available": st.booleans(),
    },
)
some_changes = st.lists(
    st.builds(
        lambda start, length, fields: a_change(FIRST + start * DAY, FIRST + (start + length) * DAY, **fields),
        st.integers(0, 25),
        st.integers(1, 8),
        some_fields,
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=40, deadline=None)
@given(st.lists(some_changes, min_size=1, max_size=3), st.sampled_from(READINGS))
def test_any_changes_one_after_the_other_leave_what_they_say(rounds, readings):
    @in_virtual_time
    async def run():
        async with writing(readings, listings=1) as there:
            row = there.listing()
            span = (FIRST - 2 * DAY, FIRST + 40 * DAY)
            expected = await days_of(there, row.id, *span)
            for changes in rounds:
                written = await there.client.change_calendar(str(row.id), changes)
                assert not [each for each in written.warnings if "stay taken" not in each]
                for change in changes:
                    for night in Days(change.start, change.end):
                        expected[night] = as_changed(expected[night], change, held=night in row.nights)
            after = await days_of(there, row.id, *span)
            assert {day: told(each) for day, each in after.items()} == {
                day: told(each) for day, each in expected.items()
            }

    run()


def as_changed(day: CalendarDay, change: CalendarChange, *, held: bool) -> CalendarDay:
    """A day after a change: a night that is held stays taken."""
    named = {name: value for name, value in given_of(change).items() if name not in ("start", "end", "extras")}
    if "available" in named and held:
        del named["available"]
    return replace(day, **named)


def told(day: CalendarDay) -> tuple:
    rules = (day.minimum_stay, day.maximum_stay, day.closed_to_arrival, day.closed_to_departure)
    return (day.available, day.price, *rules, day.note)


nights = st.integers(0, 30)
changes = st.builds(
    lambda start, length, price, stay: a_change(
        FIRST + timedelta(days=start),
        FIRST + timedelta(days=start + length),
        price=Decimal(price),
        **({"minimum_stay": stay} if stay else {}),
    ),
    nights,
    st.integers(1, 12),
    st.integers(1, 3),
    st.integers(0, 2),
)


@settings(max_examples=200)
@given(st.lists(changes, max_size=12))
def test_intervals_hold_each_night_once_with_what_the_last_change_said(asked):
    naive: dict[date, dict] = {}
    for change in asked:
        for night in Days(change.start, change.end):
            naive.setdefault(night, {})["price"] = change.price
            if isinstance(change.minimum_stay, int):
                naive[night]["minimum_stay"] = change.minimum_stay
    wanted = wanted_nights(asked)
    assert wanted == naive
    made = list(intervals(wanted))
    assert {night: each.fields for each in made for night in each.nights} == naive
    assert sum(len(each.nights) for each in made) == len(naive)
    assert all(one.last < other.first for one, other in pairwise(made))
    touching = [(one, other) for one, other in pairwise(made) if one.last + DAY == other.first]
    assert all(one.fields != other.fields for one, other in touching)
