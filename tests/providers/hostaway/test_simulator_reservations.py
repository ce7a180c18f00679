"""The Hostaway simulator: reservations."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from providers.contract import SimulatorOptions
from providers.hostaway.simulator import HostawayReadings, HostawaySimulation, odd, simulator

TODAY = date(2027, 3, 4)
YESTERDAY = "2027-03-03"
NOW = datetime(2027, 3, 4, 9, tzinfo=UTC)


def simulated(**readings: Any) -> HostawaySimulation:
    options = SimulatorOptions(limits="off", listings=12)
    return simulator(options, today=TODAY, now=lambda: NOW, readings=HostawayReadings(**readings))


def caller(simulation: HostawaySimulation) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {simulation.access_token()}"}
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(simulation.app), base_url="https://api.test/v1", headers=headers
    )


@pytest.fixture(scope="module")
def simulation() -> HostawaySimulation:
    return simulated()


@pytest.fixture
async def client(simulation: HostawaySimulation) -> AsyncIterator[httpx.AsyncClient]:
    async with caller(simulation) as client:
        yield client


async def walked(client: httpx.AsyncClient, **params: Any) -> list[dict[str, Any]]:
    """All rows of a filter, by cursor, to the empty page."""
    rows: list[dict[str, Any]] = []
    while True:
        after = {"afterId": rows[-1]["id"]} if rows else {}
        answer = await client.get("/reservations", params={**params, **after})
        assert answer.status_code == 200, answer.text
        page = answer.json()["result"]
        if not page:
            return rows
        rows += page


async def ids(client: httpx.AsyncClient, **params: Any) -> set[int]:
    return {row["id"] for row in await walked(client, **params)}


async def test_newest_change_comes_first_and_the_higher_id_before_the_lower(client: httpx.AsyncClient) -> None:
    body = (await client.get("/reservations")).json()
    keys = [(row["updatedOn"], row["id"]) for row in body["result"]]
    assert keys == sorted(keys, reverse=True)
    assert (len(keys), body["limit"], body["offset"]) == (100, 100, 0)


@pytest.mark.parametrize("order", [None, "arrivalDate", "arrivalDateDesc", "latestActivity", "updatedOn"])
async def test_cursor_walks_every_row_once_in_any_order(
    client: httpx.AsyncClient, simulation: HostawaySimulation, order: str | None
) -> None:
    rows = await walked(client, limit=77, **({"sortOrder": order} if order else {}))
    assert len(rows) == len({row["id"] for row in rows}) == len(simulation.accounts[0].reservations)


async def test_cursor_beats_offset_and_counts_all_rows(client: httpx.AsyncClient) -> None:
    first = (await client.get("/reservations", params={"limit": 10})).json()
    after = {"limit": 10, "afterId": first["result"][-1]["id"]}
    second = (await client.get("/reservations", params={**after, "offset": 500})).json()
    assert second["result"] == (await client.get("/reservations", params={"limit": 10, "offset": 10})).json()["result"]
    assert second["count"] == first["count"]


async def test_cursor_of_no_reservation_gives_an_empty_page(client: httpx.AsyncClient) -> None:
    assert (await client.get("/reservations", params={"afterId": 5})).json()["result"] == []


async def test_cursor_is_ignored_where_it_is_unknown() -> None:
    async with caller(simulated(after_id=False)) as client:
        first = (await client.get("/reservations", params={"limit": 5})).json()
        again = (await client.get("/reservations", params={"limit": 5, "afterId": first["result"][-1]["id"]})).json()
        assert again == first


async def test_arrival_order_runs_both_ways(client: httpx.AsyncClient) -> None:
    for order, reverse in (("arrivalDate", False), ("arrivalDateDesc", True)):
        days = [row["arrivalDate"] for row in await walked(client, sortOrder=order)]
        assert days == sorted(days, reverse=reverse)


async def test_day_ranges_include_both_ends(client: httpx.AsyncClient) -> None:
    rows = await walked(client)
    for start, end, field in (
        ("arrivalStartDate", "arrivalEndDate", "arrivalDate"),
        ("departureStartDate", "departureEndDate", "departureDate"),
        ("latestActivityStart", "latestActivityEnd", "latestActivityOn"),
    ):
        days = sorted({row[field][:10] for row in rows})
        low, high = days[len(days) // 2], days[len(days) // 2 + 6]
        wanted = {row["id"] for row in rows if low <= row[field][:10] <= high}
        assert await ids(client, **{start: low, end: high}) == wanted
        assert wanted
        assert await ids(client, **{start: low}) == {row["id"] for row in rows if row[field][:10] >= low}


async def test_day_ranges_exclude_the_end_under_that_reading() -> None:
    async with caller(simulated(date_bounds_inclusive=False)) as client:
        bounds = {"arrivalStartDate": "2027-03-10", "arrivalEndDate": "2027-03-20"}
        days = {row["arrivalDate"] for row in await walked(client, **bounds)}
        assert days
        assert max(days) < "2027-03-20"


async def test_filters_match_their_fields(client: httpx.AsyncClient) -> None:
    rows = await walked(client)
    sample = next(row for row in rows if row["guestName"])
    for params, wanted in (
        ({"listingId": 40003}, {row["id"] for row in rows if row["listingMapId"] == 40003}),
        ({"channelId": 2018}, {row["id"] for row in rows if row["channelId"] == 2018}),
        ({"match": "müll"}, {row["id"] for row in rows if "Müller" in row["guestName"]}),
        (
            {"guestEmail": sample["guestEmail"]},
            {row["id"] for row in rows if row["guestEmail"] == sample["guestEmail"]},
        ),
        ({"isStarred": 1}, {row["id"] for row in rows if row["isStarred"] == 1}),
        ({"isPinned": 0}, {row["id"] for row in rows if row["isPinned"] == 0}),
        ({"hasUnreadConversationMessages": 1, "customerUserId": "nobody"}, set()),
        ({"reservationAgreement": "signed"}, {row["id"] for row in rows if row["rentalAgreementFileUrl"]}),
        ({"customerUserId": "nobody"}, set()),
        ({"status": "cancelled"}, {row["id"] for row in rows}),
    ):
        assert await ids(client, **params) == wanted, params
    assert 0 < len(await ids(client, listingId=40003, channelId=2018)) < len(await ids(client, channelId=2018))


async def test_resources_come_only_on_request(client: httpx.AsyncClient) -> None:
    plain, full = await walked(client), await walked(client, includeResources=1)
    for name, empty in (
        ("customFieldValues", []),
        ("reservationFees", []),
        ("reservationUnit", []),
        ("hostProxyEmail", None),
    ):
        assert all(row[name] == empty for row in plain), name
        assert any(row[name] != empty for row in full), name
    assert all("bookingcomIsGeniusMember" not in row for row in full)
    assert all("cancellationPolicyDetails" not in row and "remainingBalance" not in row for row in full)


async def test_policies_and_payments_come_on_request(client: httpx.AsyncClient) -> None:
    rows = await walked(client, includeCancellationPolicy=1, includePayments=1)
    details = [row["cancellationPolicyDetails"] for row in rows if row["cancellationPolicyDetails"]]
    assert {type(item["refundAmount"]) for each in details for item in each["cancellationPolicyItem"]} == {int}
    assert any(row["remainingBalance"] for row in rows)


async def test_single_reservation_is_richer(client: httpx.AsyncClient) -> None:
    listed = (await client.get("/reservations", params={"channelId": 2005})).json()["result"][0]
    single = (await client.get(f"/reservations/{listed['id']}")).json()["result"]
    assert single["hostProxyEmail"]
    assert "bookingCancellationPolicy" in single
    assert "bookingcomIsGeniusMember" not in single
    extra = (await client.get(f"/reservations/{listed['id']}?includeResources=1")).json()["result"]
    assert extra["bookingcomIsGeniusMember"] in (0, 1)
    assert len(extra) >= 119
    assert (await client.get("/reservations/1")).status_code == 404


async def test_price_lines_that_count_make_up_the_total_to_the_cent(client: httpx.AsyncClient) -> None:
    kinds, deleted = set(), 0
    for row in await walked(client):
        lines = row["financeField"]
        counted = [each for each in lines if each["isIncludedInTotalPrice"] and not each["isDeleted"]]
        total = sum((Decimal(str(each["total"])) for each in counted), Decimal(0))
        assert total == Decimal(str(row["totalPrice"] or 0))
        kinds |= {each["type"] for each in lines}
        deleted += sum(each["isDeleted"] for each in lines)
        assert all(each["total"] < 0 for each in lines if each["type"] == "discount")
        assert all((each["total"], each["value"]) == (0, None) for each in lines if each["isDeleted"])
    assert kinds == {"price", "fee", "tax", "discount", "totals", "commissions"}
    assert deleted > 0


async def test_price_lines_can_be_read_alone(client: httpx.AsyncClient) -> None:
    row = (await client.get("/reservations?channelId=2018")).json()["result"][0]
    assert (await client.get(f"/financeField/{row['id']}")).json()["result"] == row["financeField"] != []
    assert (await client.get("/financeField/1")).status_code == 404


async def test_statuses_cover_the_documented_words_and_one_unknown(client: httpx.AsyncClient) -> None:
    rows = await walked(client)
    words = {row["status"] for row in rows}
    assert {"new", "modified", "ownerStay", "cancelled", "inquiry", odd.UNKNOWN_STATUS} <= words
    assert words & {"pending", "unconfirmed", "awaitingPayment"}
    assert sum(row["status"] == odd.UNKNOWN_STATUS for row in rows) == 1
    for row in rows:
        assert (row["cancellationDate"] is not None) == (row["status"] in {"cancelled", "declined", "expired"})


async def test_owner_stays_have_neither_guest_nor_money(client: httpx.AsyncClient) -> None:
    blocks = [row for row in await walked(client) if row["status"] == "ownerStay"]
    assert blocks
    for row in blocks:
        assert (row["guestName"], row["totalPrice"], row["financeField"]) == ("", None, [])


async def test_one_reservation_has_no_dates_and_shows_yesterday(client: httpx.AsyncClient) -> None:
    dateless = [row for row in await walked(client) if row["isDatesUnspecified"]]
    assert [(row["arrivalDate"], row["departureDate"]) for row in dateless] == [(YESTERDAY, YESTERDAY)]


async def test_odd_values_are_there(client: httpx.AsyncClient) -> None:
    rows = await walked(client)
    assert odd.ODD_COUNTRY in {row["guestCountry"] for row in rows}
    assert {type(row["numberOfGuests"]) for row in rows} == {int, str, type(None)}
    assert {row["isPaid"] for row in rows} == {0, 1, None}
    assert {"futureScore" in row for row in rows} == {True, False}


async def test_broken_reservation_appears_only_when_switched_on() -> None:
    async with caller(simulated()) as client:
        assert all(date.fromisoformat(row["arrivalDate"]) for row in await walked(client))
        await client.post("https://api.test/_control/odd", json={"broken_records": True})
        broken = [row for row in await walked(client) if row["arrivalDate"] == odd.BROKEN_DATE]
        assert len(broken) == 1
        single = (await client.get(f"/reservations/{broken[0]['id']}")).json()["result"]
        assert single["arrivalDate"] == odd.BROKEN_DATE
        assert len(await walked(client, sortOrder="arrivalDate")) == len(await walked(client))


async def test_updated_on_can_be_missing_and_activity_can_lack_its_time() -> None:
    async with caller(simulated(sends_updated_on=False, activity_has_time=False)) as client:
        rows = await walked(client)
    assert not any("updatedOn" in row or "insertedOn" in row for row in rows)
    assert {len(row["latestActivityOn"]) for row in rows} == {10}
    days = [row["latestActivityOn"] for row in rows]
    assert days == sorted(days, reverse=True)


async def test_same_seed_gives_the_same_answers_on_every_start(client: httpx.AsyncClient) -> None:
    async with caller(simulated()) as other:
        assert (await other.get("/reservations")).json() == (await client.get("/reservations")).json()


async def test_stays_that_hold_nights_never_overlap_as_told(client: httpx.AsyncClient) -> None:
    holding = {"new", "modified", "ownerStay", "pending", "unconfirmed", "awaitingPayment", odd.UNKNOWN_STATUS}
    nights: set[tuple[int, date]] = set()
    for row in await walked(client):
        if row["status"] not in holding:
            continue
        day, departure = date.fromisoformat(row["arrivalDate"]), date.fromisoformat(row["departureDate"])
        assert row["nights"] == (departure - day).days
        while day < departure:
            assert (row["listingMapId"], day) not in nights
            nights.add((row["listingMapId"], day))
            day += timedelta(days=1)
