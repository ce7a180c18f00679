"""Reservations in calendar days: read only when asked for, and never mixed with days that were read without them."""

import pytest

from tests.acme_world import Estate
from tests.gateway_world import World

CALENDAR = (
    'query($age: Int) { listings(first: 100, maxAge: $age) { nodes { calendar(from: "2027-01-01", to: "2027-01-08")'
    " { days { %s } } } } }"
)
PLAIN = CALENDAR % "date note"
RICH = CALENDAR % "date note reservations { id status listing { providerId } }"


def calendar_calls(estate: Estate) -> list[tuple[int, bool]]:
    return [call[1:] for call in estate.calls if call[0] == "calendars"]


async def test_days_show_their_reservations(acme: World, estate: Estate) -> None:
    data = await acme.data(RICH)
    for number, node in enumerate(data["listings"]["nodes"], start=1):
        for day in node["calendar"]["days"]:
            assert [stay["listing"]["providerId"] for stay in day["reservations"]] == [str(number)]
    assert calendar_calls(estate) == [(7, True)]


async def test_they_are_not_read_unless_asked_for(acme: World, estate: Estate) -> None:
    await acme.data(PLAIN)
    listings = CALENDAR % "date } listing { reservations(first: 1) { nodes { id } }"
    await acme.data(listings)
    await acme.data(CALENDAR % "date reservations @include(if: false) { id }")
    assert calendar_calls(estate) == [(7, False)]


async def test_days_read_with_them_serve_reads_without(acme: World, estate: Estate) -> None:
    rich = await acme.data(RICH)
    plain = await acme.data(PLAIN)
    assert calendar_calls(estate) == [(7, True)]
    for node, other in zip(plain["listings"]["nodes"], rich["listings"]["nodes"], strict=True):
        assert [day["note"] for day in node["calendar"]["days"]] == [day["note"] for day in other["calendar"]["days"]]


async def test_days_read_without_them_never_serve_reads_with_them(acme: World, estate: Estate) -> None:
    await acme.data(PLAIN)
    data = await acme.data(RICH)
    assert all(day["reservations"] for node in data["listings"]["nodes"] for day in node["calendar"]["days"])
    assert calendar_calls(estate) == [(7, False), (7, True)]


async def test_both_in_one_operation_cost_one_call(acme: World, estate: Estate) -> None:
    await acme.data(
        '{ listings(first: 9) { nodes { a: calendar(from: "2027-01-01", to: "2027-01-08") { days { date } }'
        ' b: calendar(from: "2027-01-01", to: "2027-01-08") { days { reservations { id } } } } } }'
    )
    assert calendar_calls(estate) == [(7, True)]


async def test_several_calendars_by_id_show_them_too(acme: World, estate: Estate) -> None:
    ids = [node["id"] for node in (await acme.data("{ listings(first: 9) { nodes { id } } }"))["listings"]["nodes"]]
    data = await acme.data(
        'query($ids: [ID!]!) { calendars(listingIds: $ids, from: "2027-01-01", to: "2027-01-03") { ...C } }'
        " fragment C on Calendar { days { ...D } } fragment D on CalendarDay { reservations { providerId } }",
        ids=ids,
    )
    assert [each["days"][0]["reservations"] for each in data["calendars"]] == [
        [{"providerId": f"s{n}"}] for n in (1, 2, 3)
    ]
    assert calendar_calls(estate) == [(2, True)]


@pytest.mark.parametrize("rich_first", [True, False])
@pytest.mark.parametrize("pause", [10, 400, 4_000, 100_000])
async def test_whatever_was_read_before_a_read_with_them_has_them(
    acme: World, estate: Estate, rich_first: bool, pause: int
) -> None:
    """Fresh, stale and forgotten days alike."""
    for number in range(4):
        rich = (number % 2 == 0) is rich_first
        data = await acme.data(RICH if rich else PLAIN)
        days = [day for node in data["listings"]["nodes"] for day in node["calendar"]["days"]]
        assert len(days) == 21
        if rich:
            assert all(day["reservations"] for day in days)
        acme.clock.advance(pause)
    await acme.data(PLAIN, age=0)
    fresh = [day["note"] for node in (await acme.data(PLAIN))["listings"]["nodes"] for day in node["calendar"]["days"]]
    assert set(fresh) == {str(len(estate.calls))}
