"""Rentals search, which quotes."""

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from providers.bookingsync.simulator import BookingsyncReadings
from tests.providers.bookingsync.test_simulator_setup import TODAY, Caller, caller

FREE = {"start_at": "2026-11-07", "end_at": "2026-11-14"}
"""Saturday to Saturday, after all bookings."""


async def search(calls: Caller, **params: Any) -> list[dict[str, Any]]:
    return await calls.records("rentals/search", **params)


async def test_without_dates_all_rentals_come_without_prices() -> None:
    calls = caller()
    found = await search(calls)
    assert [each["id"] for each in found] == [each["id"] for each in await calls.records("rentals")]
    for each in found:
        assert each["initial_price"] is each["final_price"] is each["price_to_pay_now"] is None


async def test_a_quote_is_rent_required_fees_and_excluded_taxes() -> None:
    calls = caller(listings=24)
    maps = {each["links"]["rental"]: each for each in await calls.records("nightly_rate_maps")}
    found = await search(calls, **FREE, adults=2)
    assert len(found) > 15
    included = set()
    for each in found:
        rates = maps[each["id"]]["rates_map"].split(",")
        first = (date(2026, 11, 7) - date.fromisoformat(maps[each["id"]]["start_date"])).days
        rent = sum(Decimal(rate) for rate in rates[first : first + 7])
        details = each["price_details"]
        fees = sum(Decimal(fee["price"]) * fee["quantity"] for fee in details["fees"])
        taxes = sum(Decimal(tax["amount"]) for tax in details["taxes"] if not tax["included"])
        assert isinstance(each["initial_price"], float)
        assert Decimal(str(each["initial_price"])) == rent
        assert Decimal(str(each["final_price"])) == rent + fees + taxes
        assert [fee["rentals_fee_id"] for fee in details["fees"]] == each["links"]["rentals_fees"]
        assert all(fee["required"] for fee in details["fees"])
        included |= {tax["included"] for tax in details["taxes"]}
    assert included == {True, False}


async def test_search_has_no_meta_and_fifty_rentals_a_page() -> None:
    answer = await caller(listings=60).get("rentals/search", per_page=100)
    assert "meta" not in answer.json()
    assert answer.headers["x-per-page"] == "50"
    assert answer.headers["x-total-count"] == "60"


async def test_a_taken_rental_is_absent_and_back_to_back_stays_are_no_overlap() -> None:
    calls = caller()
    bookings = await calls.records("bookings")
    taken = next(each for each in bookings if each["status"] == "Booked" and each["start_at"] > "2026-04")
    rental = taken["links"]["rental"]
    inside = {"start_at": taken["start_at"], "end_at": taken["end_at"], "rental_id": rental}
    assert await search(calls, **inside) == []
    last = max(each["end_at"] for each in bookings if each["links"]["rental"] == rental)
    after = {"start_at": last[:10], "end_at": str(date.fromisoformat(last[:10]) + timedelta(days=7))}
    assert [each["id"] for each in await search(calls, **after, id=rental)] == [rental]


async def test_holds_count_as_taken_unless_they_may_be_overbooked() -> None:
    calls = caller()
    holds = [each for each in await calls.records("bookings") if each["status"] == "Tentative"]
    found = []
    for hold in holds:
        dates = {"start_at": hold["start_at"], "end_at": hold["end_at"], "rental_id": hold["links"]["rental"]}
        assert await search(calls, **dates) == []
        found += await search(calls, **dates, include_tentative="true")
    assert found


async def test_unavailable_rentals_come_without_price_when_asked_for_or_by_reading() -> None:
    year = {"start_at": "2026-03-11", "end_at": "2026-09-11"}
    for calls, extra in (
        (caller(), {"include_not_available": "true"}),
        (caller(readings=BookingsyncReadings(quote_of_unavailable_has_nulls=True)), {}),
    ):
        found = await search(calls, **year, **extra)
        assert len(found) == 12
        assert {each["final_price"] for each in found} == {None}
    assert await search(caller(), **year) == []


async def test_rules_of_the_rental_make_it_absent() -> None:
    calls = caller(listings=24)
    rentals = {rental["id"]: rental for rental in await calls.records("rentals")}
    weekly = {each["id"] for each in await search(calls, **FREE)}
    assert not any(rentals[ident]["currency"] is None for ident in weekly)
    midweek = {each["id"] for each in await search(calls, start_at="2026-11-03", end_at="2026-11-10")}
    assert len(weekly - midweek) == 3
    one_night = {each["id"] for each in await search(calls, start_at="2026-11-03", end_at="2026-11-04")}
    assert one_night == {ident for ident in midweek if rentals[ident]["absolute_min_stay"] == 1}
    assert await search(calls, start_at=str(TODAY - timedelta(days=3)), end_at=str(TODAY)) == []


async def test_minimum_stay_of_every_night_counts_by_reading() -> None:
    before_new_year = {"start_at": "2026-12-28", "end_at": "2026-12-30"}
    usual = {each["id"] for each in await search(caller(), **before_new_year)}
    strict = caller(readings=BookingsyncReadings(minimum_stay_of_every_night=True))
    assert {each["id"] for each in await search(strict, **before_new_year)} < usual


async def test_party_size_does_not_matter_unless_guests_says_so_or_by_reading() -> None:
    calls = caller()
    capacity = {rental["id"]: rental["sleeps_max"] for rental in await calls.records("rentals")}
    bookable = {each["id"] for each in await search(calls, **FREE)}
    assert {each["id"] for each in await search(calls, **FREE, adults=30)} == bookable
    enough = {ident for ident in bookable if capacity[ident] >= 6}
    assert {each["id"] for each in await search(calls, **FREE, guests=6)} == enough < bookable
    strict = caller(readings=BookingsyncReadings(search_checks_capacity=True))
    assert {each["id"] for each in await search(strict, **FREE, adults=4, children=2)} == enough


@pytest.mark.parametrize(("arrival", "whole"), [(TODAY + timedelta(days=3), True), (date(2026, 11, 7), False)])
async def test_all_is_due_within_thirty_days_of_arrival_else_thirty_percent(arrival: date, whole: bool) -> None:
    calls = caller(listings=40)
    dates = {"start_at": str(arrival), "end_at": str(arrival + timedelta(days=3))}
    quote = (await search(calls, **dates))[0]
    total = Decimal(str(quote["final_price"]))
    expected = total if whole else (total * 3 / 10).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert Decimal(str(quote["price_to_pay_now"])) == expected


async def test_flat_json_does_the_same_as_a_query_and_links_repeat_it() -> None:
    calls = caller()
    by_query = await calls.get("rentals/search", **FREE, rental_id="5116,5117,5118", adults=2)
    body = {**FREE, "rental_id": [5116, 5117, 5118], "adults": 2}
    by_body = await calls.send("POST", "/api/v3/rentals/search", json=body)
    assert by_body.json() == by_query.json()
    assert len(by_body.json()["rentals"]) == 3
    by_path = await calls.send(
        "POST", "/api/v3/rentals/5116,5117,5118/search", json={**FREE, "adults": 2, "per_page": 2}
    )
    assert [each["id"] for each in by_path.json()["rentals"]] == [5116, 5117]
    following = await calls.send("POST", by_path.links["next"]["url"], json={})
    assert [each["id"] for each in following.json()["rentals"]] == [5118]
    assert following.json()["rentals"][0]["final_price"] == by_query.json()["rentals"][2]["final_price"]


@pytest.mark.parametrize("body", [b"{", b"[1]", b'"text"'])
async def test_a_search_body_that_is_no_json_object_is_refused(body: bytes) -> None:
    assert (await caller().send("POST", "/api/v3/rentals/search", content=body)).status_code == 400


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"start_at": "2026-11-07", "end_at": "2026-11-07"}, "end_at"),
        ({"start_at": "2026-11-07", "end_at": "1999-01-01"}, "end_at"),
        ({"start_at": "whenever", "end_at": "2026-11-07"}, "start_at"),
        ({"guests": "many"}, "guests"),
        ({**FREE, "min_price": "cheap"}, "min_price"),
        ({**FREE, "max_price": "NaN"}, "max_price"),
    ],
)
async def test_search_parameters_that_make_no_sense_are_refused_by_name(params: dict[str, str], field: str) -> None:
    answer = await caller().get("rentals/search", **params)
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == [field]


async def test_search_sorts_and_filters_by_price() -> None:
    calls = caller()
    prices = [each["initial_price"] for each in await search(calls, **FREE, sort="price", direction="desc")]
    assert prices == sorted(prices, reverse=True)
    middle = sorted(prices)[len(prices) // 2]
    dear = await search(calls, **FREE, min_price=str(middle))
    assert sorted(each["initial_price"] for each in dear) == [price for price in sorted(prices) if price >= middle]


async def test_public_rights_suffice_and_client_credentials_quote_published_rentals_only() -> None:
    calls = caller()
    own = {each["id"] for each in await search(calls.use(0, ("public",)), **FREE)}
    everywhere = {each["id"] for each in await search(calls.use(None, ("public",)), **FREE)}
    unpublished = {rental["id"] for rental in await calls.use(0).records("rentals") if not rental["published_at"]}
    assert own & unpublished
    assert not everywhere & unpublished
    assert own - unpublished < everywhere
