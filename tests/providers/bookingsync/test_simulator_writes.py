"""Bookings, clients, sources, comments and rate maps that programs write."""

from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from providers.bookingsync.simulator import BookingsyncReadings, ErrorStyle, MapStart
from tests.providers.bookingsync.test_simulator_setup import Caller, caller

FAR = {"start_at": "2027-07-05T16:00:00Z", "end_at": "2027-07-12T10:00:00Z"}
STAY = {"booked": True, **FAR}
ALL = {"from": "2000-01-01", "include_canceled": "true"}
WRITES = ("public", "bookings_write", "clients_write", "rentals_write", "rates_write")


async def write(calls: Caller, method: str, path: str, name: str, record: Any, **beside: Any) -> httpx.Response:
    return await calls.send(method, f"/api/v3/{path}", json={**beside, name: [record]})


async def book(calls: Caller, rental: int, **record: Any) -> dict[str, Any]:
    answer = await write(calls, "POST", f"rentals/{rental}/bookings", "bookings", {**STAY, **record})
    assert answer.status_code == 201, answer.text
    return answer.json()["bookings"][0]


async def first_rental(calls: Caller, **wanted: Any) -> dict[str, Any]:
    rentals = await calls.records("rentals", include="nightly_rate_map,availability")
    return next(each for each in rentals if all(each[name] == value for name, value in wanted.items()))


async def booking(calls: Caller, ident: int) -> dict[str, Any]:
    found = await calls.records(f"bookings/{ident}", include_canceled="true")
    return found[0]


async def test_a_created_booking_answers_201_with_its_place_and_stands_in_all_lists() -> None:
    calls = caller()
    rental = await first_rental(calls, currency="EUR")
    answer = await write(calls, "POST", f"rentals/{rental['id']}/bookings", "bookings", {**STAY, "adults": 2})
    made = answer.json()["bookings"][0]
    assert (answer.status_code, answer.headers["location"].rpartition("/")[2]) == (201, str(made["id"]))
    assert "meta" not in answer.json()
    assert made["status"] == "Booked"
    assert made["owned_by_app"] is True
    listed = await calls.records("bookings", rental_id=rental["id"], **ALL)
    assert made["id"] in {each["id"] for each in listed}
    shown = (await calls.get(f"availabilities/{rental['availability']['id']}")).json()["availabilities"][0]
    assert "1111111" in shown["map"][-700:]
    since = await calls.records("bookings", updated_since="2026-03-10T11:32:00Z", **ALL)
    assert [each["id"] for each in since if each["id"] == made["id"]] == [made["id"]]


async def test_no_price_is_computed() -> None:
    calls = caller()
    made = await book(calls, 5116)
    assert (made["initial_price"], made["final_price"], made["final_rental_price"]) == (None, None, "0.0")


async def test_the_documented_create_adds_up_and_nests_its_fees_and_taxes() -> None:
    calls = caller()
    rental = await first_rental(calls, currency="EUR")
    fee = rental["links"]["rentals_fees"][0]
    made = await book(
        calls,
        rental["id"],
        initial_price="3000.0",
        discount="10%",
        final_price="2930.0",
        comments=[{"content": "late arrival"}],
        bookings_fees=[{"price": "50", "times_booked": "2", "rentals_fee_id": str(fee)}],
        bookings_taxes=[
            {
                "taxable_type": "Rental",
                "taxable_id": str(rental["id"]),
                "amount": "60",
                "included": False,
                "name": "VAT",
            }
        ],
    )
    assert made["final_rental_price"] == "2700.0"
    assert (made["bookings_fees"][0]["price"], made["bookings_fees"][0]["times_booked"]) == ("50.0", 2)
    assert made["bookings_taxes"][0]["tax_included_in_price"] is False
    read = (await calls.records(f"bookings/{made['id']}", include="bookings_fees,bookings_taxes,booking_comments"))[0]
    assert read["booking_comments"][0]["content"] == "late arrival"
    assert read["bookings_fees"][0]["links"]["rentals_fee"] == fee


@pytest.mark.parametrize(
    ("record", "field"),
    [
        ({"end_at": FAR["start_at"]}, "end_at"),
        ({"start_at": None}, "start_at"),
        ({"unavailable": True}, "booked"),
        ({"booked": False}, "booked"),
        ({"booked": False, "tentative_expires_at": "2026-03-01T00:00:00Z"}, "tentative_expires_at"),
        ({"client_id": 1}, "client_id"),
        ({"source_id": 1}, "source_id"),
        ({"currency": "XXX"}, "currency"),
        ({"damage_deposit": "-1"}, "damage_deposit"),
        ({"commission": "5"}, "commission"),
        ({"initial_price": "10", "rental_payback_to_owner": "10"}, "rental_payback_to_owner"),
        ({"expected_checkin_time": "25:00"}, "expected_checkin_time"),
        ({"notes": "x" * 6001}, "notes"),
        ({"adults": "two"}, "adults"),
        ({"bookings_fees": [{"price": "-5", "name": "x"}]}, "price"),
        ({"bookings_taxes": [{"taxable_type": "Rental", "taxable_id": 1, "name": "x"}]}, "taxable_id"),
    ],
)
async def test_what_breaks_a_rule_is_refused_by_field_and_leaves_nothing(record: dict[str, Any], field: str) -> None:
    calls = caller()
    before = len(await calls.records("bookings", **ALL))
    answer = await write(calls, "POST", "rentals/5116/bookings", "bookings", {**STAY, **record})
    assert (answer.status_code, list(answer.json()["errors"])) == (422, [field])
    assert len(await calls.records("bookings", **ALL)) == before


async def test_taken_nights_are_refused_and_neighbours_are_not() -> None:
    for status in (422, 409):
        calls = caller(readings=BookingsyncReadings(overlap_status=status))
        await book(calls, 5116)
        taken = await write(
            calls,
            "POST",
            "rentals/5116/bookings",
            "bookings",
            {**STAY, "start_at": "2027-07-11T16:00:00Z", "end_at": "2027-07-13"},
        )
        assert taken.status_code == status
        await book(calls, 5116, start_at="2027-07-12T16:00:00Z", end_at="2027-07-14T10:00:00Z")
        await book(calls, 5116, start_at="2027-07-01T16:00:00Z", end_at="2027-07-05T10:00:00Z")


async def test_a_hold_runs_out_by_the_clock_and_frees_its_nights() -> None:
    calls = caller()
    held = await book(calls, 5116, booked=False, tentative_expires_at="2026-03-10T12:00:00Z")
    assert held["status"] == "Tentative"
    calls.clock.advance(hours=1)
    assert (await booking(calls, held["id"]))["status"] == "Canceled"
    await book(calls, 5116)
    vanishing = caller(readings=BookingsyncReadings(lapsed_holds_vanish=True))
    held = await book(vanishing, 5116, booked=False, tentative_expires_at="2026-03-10T12:00:00Z")
    vanishing.clock.advance(hours=1)
    assert (await vanishing.get(f"bookings/{held['id']}", include_canceled="true")).status_code == 404


async def test_a_booking_without_a_status_is_refused_or_booked() -> None:
    calls = caller(readings=BookingsyncReadings(statusless_booking_refused=False))
    assert (await book(calls, 5116, booked=False))["status"] == "Booked"


async def test_an_update_changes_what_it_names() -> None:
    calls = caller()
    made = await book(calls, 5116, initial_price="100", final_price="100", notes="old", adults=2)
    answer = await write(calls, "PUT", f"bookings/{made['id']}", "bookings", {"end_at": "2027-07-13T10:00:00Z"})
    changed = answer.json()["bookings"][0]
    assert answer.status_code == 200
    assert {name for name in changed if changed[name] != made.get(name)} <= {"end_at", "updated_at", "balance_due_at"}
    silent = caller(readings=BookingsyncReadings(updates_answer_nothing=True, created_status=200))
    answer = await write(silent, "POST", "rentals/5116/bookings", "bookings", STAY)
    assert answer.status_code == 200
    ident = answer.json()["bookings"][0]["id"]
    assert (await write(silent, "PUT", f"bookings/{ident}", "bookings", {"notes": "x"})).status_code == 204


async def test_bookings_that_were_there_can_be_written_too() -> None:
    calls = caller()
    there = next(each for each in await calls.records("bookings", include="bookings_fees") if each["bookings_fees"])
    answer = await write(calls, "PUT", f"bookings/{there['id']}", "bookings", {"notes": "new"})
    changed = answer.json()["bookings"][0]
    same = {
        name
        for name in there
        if name not in ("notes", "updated_at", "bookings_fees", "balance_due_at", "payment_left_to_collect")
    }
    assert {name: changed[name] for name in same} == {name: there[name] for name in same}
    fee = there["bookings_fees"][0]
    answer = await calls.send("PATCH", f"/api/v3/bookings/{there['id']}/remove_bookings_fee/{fee['id']}")
    left = answer.json()["bookings"][0]["bookings_fees"]
    assert fee["id"] not in [each["id"] for each in left]


async def test_cancelling_keeps_the_record_with_its_reason_and_frees_the_nights() -> None:
    calls = caller()
    made = await book(calls, 5116)
    body = {"cancelation_reason": "payment_failed", "cancelation_message_to_guest": "sorry"}
    answer = await write(calls, "DELETE", f"bookings/{made['id']}", "bookings", body)
    assert (answer.status_code, answer.content) == (204, b"")
    gone = await booking(calls, made["id"])
    assert (gone["status"], gone["booked"], gone["cancelation_reason"]) == ("Canceled", True, "payment_failed")
    assert gone["canceled_at"] == "2026-03-10T11:32:52Z"
    delta = (await calls.get("bookings", updated_since="2026-03-10T11:00:00Z", **{"from": "2000-01-01"})).json()
    assert made["id"] in delta["meta"]["deleted_ids"]
    again = await calls.send("DELETE", f"/api/v3/bookings/{made['id']}")
    assert again.status_code == 422
    await book(calls, 5116)


async def test_what_another_application_has_locked_takes_little() -> None:
    for status in (422, 403):
        calls = caller(readings=BookingsyncReadings(locked_status=status))
        locked = next(each for each in await calls.records("bookings") if each["locked"])
        path = f"bookings/{locked['id']}"
        assert (await write(calls, "PUT", path, "bookings", {"notes": "x"})).status_code == status
        assert (await calls.send("DELETE", f"/api/v3/{path}")).status_code == status
        assert (await write(calls, "PUT", path, "bookings", {"expected_checkin_time": "12"})).status_code == 200


async def test_fees_move_the_price_and_answer_flat() -> None:
    calls = caller()
    made = await book(calls, 5116, initial_price="100", final_price="100")
    answer = await write(
        calls,
        "PATCH",
        f"bookings/{made['id']}/add_bookings_fee",
        "bookings_fees",
        {"times_booked": 2, "price": 68.89, "name_en": "Dog"},
    )
    flat = answer.json()["bookings"][0]
    assert answer.headers["content-type"].startswith("application/json")
    assert (flat["final_price"], flat["rental_id"], "links" in flat, "status" in flat) == ("237.78", 5116, False, False)
    fee = flat["bookings_fees"][0]
    assert (fee["name"], fee["price"], fee["booking_id"]) == ("Dog", "68.89", made["id"])
    answer = await calls.send("PATCH", f"/api/v3/bookings/{made['id']}/remove_bookings_fee/{fee['id']}")
    assert (answer.json()["bookings"][0]["final_price"], answer.json()["bookings"][0]["bookings_fees"]) == ("100.0", [])


async def test_a_list_of_a_client_is_replaced_whole_and_the_rest_stays() -> None:
    calls = caller()
    answer = await write(
        calls,
        "POST",
        "clients",
        "clients",
        {
            "firstname": "Ann",
            "lastname": "Lee",
            "city": "Bern",
            "emails": [{"label": "default", "email": "a@example.com"}],
        },
    )
    made = answer.json()["clients"][0]
    assert (answer.status_code, made["fullname"], made["addresses"]) == (201, "Ann Lee", [])
    answer = await write(calls, "PUT", f"clients/{made['id']}", "clients", {"fullname": "Ann Li"})
    assert [each["email"] for each in answer.json()["clients"][0]["emails"]] == ["a@example.com"]
    answer = await write(calls, "PUT", f"clients/{made['id']}", "clients", {"emails": []})
    assert answer.json()["clients"][0]["emails"] == []
    assert (await write(calls, "POST", "clients", "clients", {"notes": "x"})).status_code == 422
    assert (
        await write(calls, "POST", "clients", "clients", {"fullname": "x", "phones": [{"number": "1"}]})
    ).json() == {"errors": {"label": ["can't be blank"]}}


async def test_sources_and_comments_are_made() -> None:
    calls = caller()
    source = (await write(calls, "POST", "sources", "sources", {"name": "My site"})).json()["sources"][0]
    assert source["id"] in {each["id"] for each in await calls.records("sources")}
    assert (await write(calls, "POST", "sources", "sources", {"name": "x" * 51})).status_code == 422
    made = await book(calls, 5116, source_id=source["id"])
    answer = await write(
        calls, "POST", "booking_comments", "booking_comments", {"content": "Hi"}, booking_id=made["id"]
    )
    comment = answer.json()["booking_comments"][0]
    assert (await booking(calls, made["id"]))["links"]["booking_comments"] == [comment["id"]]


async def test_every_write_needs_its_scope() -> None:
    calls = caller().use(0, ("public", "bookings_read", "clients_read", "rentals_read", "rates_read"))
    for method, path, name in (
        ("POST", "rentals/5116/bookings", "bookings"),
        ("POST", "clients", "clients"),
        ("POST", "sources", "sources"),
        ("POST", "booking_comments", "booking_comments"),
        ("PUT", "nightly_rate_maps/3470", "nightly_rate_maps"),
        ("POST", "rentals", "rentals"),
        ("POST", "rentals/5116/photos", "photos"),
        ("POST", "fees", "fees"),
        ("POST", "taxes", "taxes"),
    ):
        assert (await write(calls, method, path, name, {})).status_code == 403, path
    assert (await calls.use(None).send("POST", "/api/v3/rentals/5116/bookings", json={})).status_code == 403


async def test_an_application_that_owns_its_bookings_sees_and_changes_those_alone() -> None:
    calls = caller()
    foreign = (await calls.records("bookings"))[0]
    calls.use(0, ("public", "bookings_write_owned"))
    made = await book(calls, 5116)
    assert made["locked"] == "doorkeeper/application-18"
    assert (await write(calls, "PUT", f"bookings/{made['id']}", "bookings", {"notes": "x"})).status_code == 200
    assert (await write(calls, "PUT", f"bookings/{foreign['id']}", "bookings", {"notes": "x"})).status_code == 403


async def test_bodies_that_are_none_are_refused() -> None:
    calls = caller()
    path = "/api/v3/rentals/5116/bookings"
    assert (
        await calls.send("POST", path, content=b"{", headers={"content-type": "application/json"})
    ).status_code == 400
    assert (await calls.send("POST", path, json={"bookings": []})).status_code == 400
    assert (await calls.send("POST", path, content=b"x=1", headers={"content-type": "text/plain"})).status_code == 415
    assert (await calls.send("POST", "/api/v3/rentals/999/bookings", json={"bookings": [STAY]})).status_code == 404
    html = caller(readings=BookingsyncReadings(errors=ErrorStyle.HTML))
    assert (await html.send("POST", path, json={"bookings": [{}]})).text.startswith("<!DOCTYPE")


NIGHTS = {"start_date": "2026-04-01", "rates_map": "100,110.5", "minimum_stays_map": "2,3"}


@pytest.mark.parametrize(
    ("reading", "start"),
    [(MapStart.YESTERDAY, "2026-03-09"), (MapStart.SENT, "2026-04-01"), (MapStart.UNCHANGED, "2026-01-24")],
)
async def test_a_part_of_a_map_is_written_and_the_rest_stays(reading: MapStart, start: str) -> None:
    calls = caller(readings=BookingsyncReadings(map_start=reading))
    rental = await first_rental(calls, nightly_rates_managed_externally=True)
    before = by_day(rental["nightly_rate_map"])
    ident = rental["nightly_rate_map"]["id"]
    answer = await write(calls, "PUT", f"nightly_rate_maps/{ident}", "nightly_rate_maps", NIGHTS)
    after = answer.json()["nightly_rate_maps"][0]
    assert (answer.status_code, after["start_date"], len(after["rates_map"].split(","))) == (200, start, 1096)
    days = by_day(after)
    assert (days["2026-04-01"], days["2026-04-02"]) == (("100", "2"), ("110.5", "3"))
    assert days["2026-04-03"] == before["2026-04-03"]
    quote = await calls.get(
        "rentals/search",
        rental_id=rental["id"],
        start_at="2026-04-01",
        end_at="2026-04-03",
        adults=1,
        include_not_available="true",
    )
    assert quote.status_code == 200


def by_day(sent: dict[str, Any]) -> dict[str, tuple[str, str]]:
    start = date.fromisoformat(sent["start_date"])
    pairs = zip(sent["rates_map"].split(","), sent["minimum_stays_map"].split(","), strict=True)
    return {(start + timedelta(days=number)).isoformat(): pair for number, pair in enumerate(pairs)}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"start_date": "2026-03-08"}, "start_date"),
        ({"start_date": "2029-03-09"}, "start_date"),
        ({"rates_map": "100"}, "minimum_stays_map"),
        ({"rates_map": "100,-1"}, "rates_map"),
        ({"minimum_stays_map": None}, "minimum_stays_map"),
        ({"rates_map": ",".join(["1"] * 1096), "minimum_stays_map": ",".join(["1"] * 1096)}, "rates_map"),
    ],
)
async def test_a_map_that_breaks_a_rule_is_refused(change: dict[str, Any], field: str) -> None:
    calls = caller()
    rental = await first_rental(calls, nightly_rates_managed_externally=True)
    path = f"nightly_rate_maps/{rental['nightly_rate_map']['id']}"
    answer = await write(calls, "PUT", path, "nightly_rate_maps", {**NIGHTS, **change})
    assert (answer.status_code, list(answer.json()["errors"])) == (422, [field])


async def test_a_map_that_the_owner_manages_is_refused_until_the_rental_is_switched() -> None:
    calls = caller()
    rental = await first_rental(calls, nightly_rates_managed_externally=False)
    path = f"nightly_rate_maps/{rental['nightly_rate_map']['id']}"
    assert (await write(calls, "PUT", path, "nightly_rate_maps", NIGHTS)).status_code == 422
    switch = {"nightly_rates_managed_externally": True}
    assert (await write(calls, "PUT", f"rentals/{rental['id']}", "rentals", switch)).status_code == 200
    assert (await write(calls, "PUT", path, "nightly_rate_maps", NIGHTS)).status_code == 200
