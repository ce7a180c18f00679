"""BookingSync: calendars from maps, and prices where a map does not speak."""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from providers.bookingsync import calendars
from providers.model import Calendar, DayStatus
from providers.queries import Days
from tests.providers.bookingsync.plugin_canned import CannedSession, Reply, application, client, last_page
from tests.turns import counted_turns

A, R, P, B, N, U = (
    DayStatus[name] for name in ("AVAILABLE", "RESERVED", "PENDING", "BLOCKED", "NOT_SELLABLE", "UNKNOWN")
)
PUBLIC = frozenset({"public"})
WEEK = Days(date(2027, 1, 10), date(2027, 1, 17))
RENTAL: dict[str, Any] = {
    "id": 5117,
    "links": {"account": 3837, "availability": 3467, "change_over": 3468, "nightly_rate_map": 3469, "rates": [1]},
    "currency": "EUR",
    "absolute_min_stay": 2,
    "nightly_rates_managed_externally": False,
}
# The maps begin on three different days; the week asked for is the 10th to the 16th.
AVAILABILITY = {"id": 3467, "start_date": "2027-01-08", "map": "11" + "0011230"}
CHANGE_OVER = {"id": 3468, "start_date": "2027-01-09", "map": "X" + "IOXXX?C"}
RATES = {
    "id": 3469,
    "start_date": "2027-01-10",
    "rates_map": "100,0,100.50,100,100,100,100",
    "minimum_stays_map": "1,1,3,1,1,1,7",
}
WHOLE = RENTAL | {"availability": AVAILABILITY, "change_over": CHANGE_OVER, "nightly_rate_map": RATES}


async def calendar(record: dict[str, Any], days: Days = WEEK, **routes: Any) -> Calendar:
    session = CannedSession({"rentals/5117": last_page(rentals=[record]), **routes})
    return (await client(session).calendars(["5117"], days)).found["5117"]


async def test_each_map_is_read_by_its_own_first_day():
    found = await calendar(WHOLE)
    assert [day.date.day for day in found.days] == [10, 11, 12, 13, 14, 15, 16]
    assert [day.status for day in found.days] == [A, N, R, R, P, B, A]
    assert [day.provider_status for day in found.days] == ["0", "0", "1", "1", "2", "3", "0"]
    assert [day.available for day in found.days] == [True, False, False, False, False, False, True]
    assert [day.closed_to_arrival for day in found.days] == [False, True, True, True, True, None, False]
    assert [day.closed_to_departure for day in found.days] == [True, False, True, True, True, None, False]
    assert [day.minimum_stay for day in found.days] == [2, 2, 3, 2, 2, 2, 7]
    assert [day.price for day in found.days][:3] == [Decimal(100), None, Decimal("100.50")]
    assert (found.currency, found.start, found.end, found.account_id) == ("EUR", WEEK.start, WEEK.end, "acc_1")


async def test_three_years_are_made_some_days_a_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    days = Days(WEEK.start, WEEK.start + timedelta(days=1_096))
    made: Counter[int] = Counter()
    rows = calendars.day_rows
    nights = ",".join(str(100 + night) for night in range(len(days)))
    record = WHOLE | {"nightly_rate_map": RATES | {"rates_map": nights, "minimum_stays_map": ""}}
    record["availability"] = {"start_date": str(days.start), "map": "0" * len(days)}
    async with counted_turns() as turn:

        def counted(rental: Any, rates: Any, some: Days) -> Any:
            made[turn()] += len(some)
            return rows(rental, rates, some)

        monkeypatch.setattr(calendars, "day_rows", counted)
        found = await calendar(record, days)
    assert [day.date for day in found.days] == list(days)
    assert [day.price for day in found.days] == [100 + night for night in range(len(days))]
    assert sum(made.values()) == len(days)
    assert max(made.values()) <= calendars.DAYS_AT_ONCE


async def test_day_of_departure_is_free_as_recorded():
    """Recorded: a booking from the 14th to the 24th marks the nights 14 to 23."""
    record = WHOLE | {
        "availability": {"start_date": "2016-12-01", "map": "1110000000000111111111100000"},
        "change_over": {"start_date": "2016-12-01", "map": "OXXICCCCCCCCCOXXXXXXXXXICCCC"},
        "nightly_rate_map": {"start_date": "2016-12-01", "rates_map": ",".join(["10"] * 28), "minimum_stays_map": ""},
    }
    found = await calendar(record, Days(date(2016, 12, 13), date(2016, 12, 26)))
    assert [day.status for day in found.days] == [A, *[R] * 10, A, A]
    assert [day.closed_to_arrival for day in found.days][9:] == [True, True, False, False]
    assert found.days[1].closed_to_departure is False


async def test_days_outside_the_maps_are_unknown():
    found = await calendar(WHOLE, Days(date(2027, 1, 1), date(2027, 2, 1)))
    assert len(found.days) == 31
    outside = [day for day in found.days if day.date.day < 8 or day.date.day > 16]
    assert {(day.status, day.available, day.price, day.closed_to_arrival) for day in outside} == {(U, None, None, None)}


async def test_free_day_that_no_rate_map_tells_of_is_unknown_unless_rates_come_from_outside():
    late = WHOLE | {"nightly_rate_map": RATES | {"start_date": "2027-01-11"}}
    assert (await calendar(late)).days[0].status is U
    assert (await calendar(late | {"nightly_rates_managed_externally": True})).days[0].status is N


@pytest.mark.parametrize("odd", [None, {}, "0000", {"start_date": "soon", "map": "0"}, {"map": {"odd": 1}}])
async def test_maps_that_make_no_sense_leave_days_unknown(odd):
    found = await calendar(WHOLE | {"availability": odd, "change_over": odd, "links": {"account": 3837}})
    assert {(day.status, day.closed_to_arrival) for day in found.days} == {(U, None)}


async def test_odd_entries_of_a_rate_map_cost_only_their_night():
    found = await calendar(WHOLE | {"nightly_rate_map": RATES | {"rates_map": "100,x,,-5,10.5,1e999,10"}})
    assert [day.price for day in found.days] == [Decimal(100), None, None, None, Decimal("10.5"), None, Decimal(10)]


async def test_character_of_tomorrow_is_unknown_but_kept():
    found = await calendar(WHOLE | {"availability": AVAILABILITY | {"map": "11" + "7011230"}})
    assert (found.days[0].status, found.days[0].provider_status) == (U, "7")


async def test_fifty_calendars_take_one_call():
    ids = [str(n) for n in range(1, 51)]
    session = CannedSession({f"rentals/{','.join(ids)}": last_page(rentals=[WHOLE | {"id": int(n)} for n in ids])})
    batch = await client(session).calendars(ids, WEEK)
    assert list(batch.found) == ids
    assert session.query()["include"] == "availability,change_over,nightly_rate_map"
    assert len(session.calls) == 1


async def test_maps_are_read_by_their_ids_where_includes_are_not_heeded():
    session = CannedSession(
        {
            "rentals/5117": last_page(rentals=[RENTAL]),
            "availabilities/3467": last_page(availabilities=[AVAILABILITY]),
            "change_overs/3468": last_page(change_overs=[CHANGE_OVER]),
            "nightly_rate_maps/3469": last_page(nightly_rate_maps=[RATES]),
        }
    )
    found = (await client(session).calendars(["5117"], WEEK)).found["5117"]
    assert found == await calendar(WHOLE)
    assert len(session.calls) == 4


async def test_unknown_rental_has_no_calendar():
    batch = await client(CannedSession({})).calendars(["404"], WEEK)
    assert (batch.found, batch.failed) == ({}, {})


async def test_public_token_gets_prices_from_rate_periods():
    periods = [
        {"id": 2, "links": {"rental": 5117}, "start_date": "2027-01-12", "end_date": "2027-01-14", "minimum_stay": 4,
         "initial_nightly_rate": "401.77", "final_nightly_rate": "361.59"},
        {"id": 1, "links": {"rental": 5117}, "start_date": "2027-01-01", "end_date": "2027-01-12", "minimum_stay": 1,
         "initial_nightly_rate": "90.0"},
        {"id": 3, "links": {"rental": 4711}, "start_date": "2027-01-01", "end_date": "2027-02-12",
         "initial_nightly_rate": "1.0"},
    ]  # fmt: skip
    free = RENTAL | {"availability": {"start_date": "2027-01-01", "map": "0" * 31}, "change_over": CHANGE_OVER}
    session = CannedSession(
        {"rentals/5117": last_page(rentals=[free]), "rates": last_page(rates=periods)}, scopes=PUBLIC
    )
    found = (await client(session).calendars(["5117"], WEEK)).found["5117"]
    assert [day.price for day in found.days] == [
        Decimal("90.0"), Decimal("90.0"), Decimal("401.77"), Decimal("401.77"), Decimal("401.77"), None, None,
    ]  # fmt: skip
    assert [day.status for day in found.days] == [A, A, A, A, A, N, N]
    assert [day.minimum_stay for day in found.days] == [2, 2, 4, 4, 4, 2, 2]
    assert session.query(0)["include"] == "availability,change_over"
    assert session.query(1) == {"rental_id": "5117", "per_page": "100"}
    assert len(session.calls) == 2


async def test_free_days_are_unknown_where_no_price_can_be_read():
    free = RENTAL | {"availability": AVAILABILITY, "change_over": CHANGE_OVER}
    session = CannedSession({"rentals/5117": last_page(rentals=[free]), "rates": Reply(status=403)}, scopes=PUBLIC)
    found = (await client(session).calendars(["5117"], WEEK)).found["5117"]
    assert [day.status for day in found.days] == [U, U, R, R, P, B, U]


async def test_internal_map_of_zeros_gives_way_to_the_rate_periods():
    zeros = WHOLE | {"nightly_rate_map": RATES | {"rates_map": "0,0.0,0,0,0,0,0"}}
    period = {"id": 1, "links": {"rental": 5117}, "start_date": "2027-01-01", "end_date": "2027-03-01",
              "initial_nightly_rate": "80.0"}  # fmt: skip
    rates = last_page(rates=[period])
    assert (await calendar(zeros, rates=rates)).days[0].price == Decimal("80.0")
    external = await calendar(zeros | {"nightly_rates_managed_externally": True}, rates=rates)
    assert (external.days[0].price, external.days[0].status) == (None, N)


async def test_calendar_of_another_accounts_rental_does_not_exist():
    session = CannedSession({"rentals/5117": last_page(rentals=[WHOLE])})
    assert (await client(session, application(accountId=9)).calendars(["5117"], WEEK)).found == {}


async def test_failed_call_fails_its_calendars_only():
    ids = [str(n) for n in range(1, 52)]
    session = CannedSession(
        {
            f"rentals/{','.join(ids[:50])}": last_page(rentals=[WHOLE | {"id": int(n)} for n in ids[:50]]),
            "rentals/51": Reply(status=422),
        }
    )
    batch = await client(session).calendars(ids, WEEK)
    assert (len(batch.found), list(batch.failed)) == (50, ["51"])
