"""The maps: availability, change-overs, nightly rates, and the summary of rates."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from providers.bookingsync.simulator import BookingsyncReadings
from tests.providers.bookingsync.test_simulator_setup import TODAY, Caller, caller

MONTH_START = date(2026, 3, 1)
DAYS = 1096
MARKS = {"Booked": "1", "Tentative": "2", "Unavailable": "3", "Locked": "3"}


async def by_rental(calls: Caller, name: str, **params: Any) -> dict[int, dict[str, Any]]:
    return {each["links"]["rental"]: each for each in await calls.records(name, **params)}


def day(text: str) -> date:
    return date.fromisoformat(text[:10])


async def test_availability_marks_the_nights_of_bookings_from_the_start_of_the_month() -> None:
    calls = caller()
    expected = {rental["id"]: ["0"] * DAYS for rental in await calls.records("rentals")}
    for booking in await calls.records("bookings", **{"from": "2026-01-01"}):
        night = max(day(booking["start_at"]), MONTH_START)
        while night < day(booking["end_at"]):
            expected[booking["links"]["rental"]][(night - MONTH_START).days] = MARKS[booking["status"]]
            night += timedelta(days=1)
    maps = await by_rental(calls, "availabilities")
    assert {each["start_date"] for each in maps.values()} == {"2026-03-01"}
    assert {rental: each["map"] for rental, each in maps.items()} == {
        rental: "".join(nights) for rental, nights in expected.items()
    }
    assert set("".join(each["map"] for each in maps.values())) == set("0123")


async def test_change_overs_follow_from_the_nights_around_a_day() -> None:
    calls = caller()
    nights = await by_rental(calls, "availabilities", **{"from": "2026-02-28"})
    letters = {(False, False): "C", (True, False): "I", (False, True): "O", (True, True): "X"}
    ruled = 0
    for rental, record in (await by_rental(calls, "change_overs")).items():
        taken = [mark != "0" for mark in nights[rental]["map"]]
        derived = [letters[before, tonight] for before, tonight in pairwise(taken)]
        assert len(record["map"]) == DAYS
        assert record["start_date"] == "2026-03-01"
        if "".join(derived) == record["map"][:-1]:
            continue
        ruled += 1
        for number, letter in enumerate(record["map"][:-1]):
            saturday = (MONTH_START + timedelta(days=number)).weekday() == 5
            assert letter == (derived[number] if saturday else "X")
    assert ruled == 1


async def test_check_out_after_a_tentative_night_is_allowed_by_reading() -> None:
    usual, lenient = caller(), caller(readings=BookingsyncReadings(tentative_night_allows_check_out=True))
    strict_maps, lenient_maps = await by_rental(usual, "change_overs"), await by_rental(lenient, "change_overs")
    hold = next(
        each
        for each in await usual.records("bookings")
        if each["status"] == "Tentative" and "C" in strict_maps[each["links"]["rental"]]["map"][20:40]
    )
    inside = (day(hold["start_at"]) - MONTH_START).days + 1
    rental = hold["links"]["rental"]
    assert strict_maps[rental]["map"][inside] == "X"
    assert lenient_maps[rental]["map"][inside] == "O"


async def test_availability_options_change_the_map() -> None:
    calls = caller()
    plain = await by_rental(calls, "availabilities")
    without_holds = await by_rental(calls, "availabilities", include_tentative="false")
    flat = await by_rental(calls, "availabilities", boolean="true")
    later = await by_rental(calls, "availabilities", **{"from": "2026-03-10"})
    for rental, record in plain.items():
        assert without_holds[rental]["map"] == record["map"].replace("2", "0")
        assert flat[rental]["map"] == record["map"].replace("2", "1").replace("3", "1")
        assert later[rental]["start_date"] == "2026-03-10"
        assert later[rental]["map"][:-9] == record["map"][9:]
        assert len(later[rental]["map"]) == DAYS
    single = await calls.get(f"availabilities/{plain[5116]['id']}", boolean="true")
    assert single.json()["availabilities"] == [flat[5116]]
    assert (await calls.get("availabilities", **{"from": "soon"})).status_code == 422


async def test_start_of_availability_ignores_from_by_reading() -> None:
    calls = caller(readings=BookingsyncReadings(availability_starts_at_from=False))
    assert (await by_rental(calls, "availabilities", **{"from": "2026-03-10"}))[5116]["start_date"] == "2026-03-01"


async def test_priced_only_closes_the_draft_that_has_no_rates() -> None:
    calls = caller()
    draft = next(rental for rental in await calls.records("rentals") if rental["currency"] is None)["id"]
    assert set((await by_rental(calls, "availabilities"))[draft]["map"]) == {"0"}
    closed = await by_rental(calls, "availabilities", priced_only="true")
    assert set(closed[draft]["map"]) == {"3"}
    assert "0" in closed[5116]["map"]


async def test_rate_maps_start_yesterday_or_where_an_outside_program_left_them() -> None:
    calls = caller()
    rentals = {rental["id"]: rental for rental in await calls.records("rentals")}
    maps = await by_rental(calls, "nightly_rate_maps")
    for rental, record in maps.items():
        outside = rentals[rental]["nightly_rates_managed_externally"]
        start = date(2026, 1, 24) if outside else TODAY - timedelta(days=1)
        assert record["start_date"] == start.isoformat()
        assert len(record["rates_map"].split(",")) == DAYS
        assert len(record["minimum_stays_map"].split(",")) == DAYS
    assert {rental["nightly_rates_managed_externally"] for rental in rentals.values()} == {True, False}
    calls.clock.advance(days=1)
    calls.use()
    moved = await by_rental(calls, "nightly_rate_maps")
    for rental, record in maps.items():
        if rentals[rental]["nightly_rates_managed_externally"]:
            assert moved[rental] == record
        else:
            assert moved[rental]["start_date"] == TODAY.isoformat()
            assert moved[rental]["rates_map"].split(",")[:-1] == record["rates_map"].split(",")[1:]


async def test_rates_are_positive_numbers_but_a_drafts_are_zero() -> None:
    calls = caller()
    rentals = {rental["id"]: rental for rental in await calls.records("rentals")}
    for rental, record in (await by_rental(calls, "nightly_rate_maps")).items():
        rates = [Decimal(rate) for rate in record["rates_map"].split(",")]
        if rentals[rental]["currency"] is None:
            assert set(rates) == {0}
        else:
            assert min(rates) > 0
        assert int(record["minimum_stays_map"].split(",")[0]) == rentals[rental]["absolute_min_stay"]


async def test_the_three_maps_come_with_the_rentals_in_one_call() -> None:
    calls = caller()
    names = {
        "availability": "availabilities",
        "change_over": "change_overs",
        "nightly_rate_map": "nightly_rate_maps",
    }
    rentals = await calls.records("rentals/5116,5118", include=",".join(names), **{"from": "2027-01-01"})
    assert [rental["id"] for rental in rentals] == [5116, 5118]
    for include, name in names.items():
        alone = await by_rental(calls, name)
        assert [rental[include] for rental in rentals] == [alone[5116], alone[5118]]


async def test_rates_summarise_the_months_ahead_of_the_rentals_asked_for() -> None:
    calls = caller()
    rows = await calls.records("rates", rental_id="5116,5118")
    assert {row["links"]["rental"] for row in rows} == {5116, 5118}
    assert len(rows) == 24
    first, second = rows[:2]
    assert (first["start_date"], first["end_date"]) == ("2026-03-10", "2026-04-01")
    assert second["start_date"] == first["end_date"]
    rates = (await by_rental(calls, "nightly_rate_maps"))[5116]["rates_map"].split(",")
    april = [Decimal(rate) for rate in rates[23:53]]
    assert abs(Decimal(second["initial_nightly_rate"]) - sum(april, Decimal(0)) / 30) < Decimal("0.01")
    inclusive = caller(readings=BookingsyncReadings(rates_end_inclusive=True))
    assert (await inclusive.records("rates", rental_id="5116"))[0]["end_date"] == "2026-03-31"
