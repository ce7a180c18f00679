"""Bookings with their filters, guests, sources, fees and taxes."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from providers.bookingsync.simulator import BookingsyncReadings
from tests.providers.bookingsync.test_simulator_setup import Caller, caller

NOW = "2026-03-10T11:32:52Z"
LONG_AGO = {"from": "2000-01-01"}
EVERYTHING = {**LONG_AGO, "include_canceled": "true"}


async def ids(calls: Caller, **params: Any) -> set[int]:
    return {booking["id"] for booking in await calls.records("bookings", **params)}


async def test_a_list_shows_what_ends_after_now_and_is_not_cancelled() -> None:
    calls = caller()
    everything = await calls.records("bookings", **EVERYTHING)
    expected = {each["id"] for each in everything if each["end_at"] > NOW and each["status"] != "Canceled"}
    assert await ids(calls) == expected
    assert 0 < len(expected) < len(everything)


async def test_from_and_until_keep_what_overlaps() -> None:
    calls = caller()
    start, end = "2026-01-10T12:00:00Z", "2026-01-20T12:00:00Z"
    everything = await calls.records("bookings", **LONG_AGO)
    expected = {each["id"] for each in everything if each["end_at"] > start and each["start_at"] < end}
    assert await ids(calls, **{"from": start, "until": end}) == expected != set()


async def test_months_bound_the_start_from_now_or_from() -> None:
    calls = caller()
    everything = await calls.records("bookings", **LONG_AGO)
    near = {each["id"] for each in everything if each["end_at"] > NOW and each["start_at"] < "2026-05-10T11:32:52Z"}
    assert await ids(calls, months=2) == near
    winter = {
        each["id"]
        for each in everything
        if each["end_at"] > "2025-12-31T00:00:00Z" and each["start_at"] < "2026-02-28T00:00:00Z"
    }
    assert await ids(calls, **{"from": "2025-12-31", "months": 2}) == winter
    assert await ids(calls, months=999_999_999) == await ids(calls)


async def test_rental_and_client_filters_take_several_ids() -> None:
    calls = caller()
    everything = await calls.records("bookings", **LONG_AGO)
    rentals = sorted({each["links"]["rental"] for each in everything})[:2]
    clients = [each["links"]["client"] for each in everything if each["links"]["client"]][:2]
    for name, link, wanted in (("rental_id", "rental", rentals), ("client_id", "client", clients)):
        expected = {each["id"] for each in everything if each["links"][link] in wanted}
        assert await ids(calls, **LONG_AGO, **{name: ",".join(map(str, wanted))}) == expected != set()
    assert await ids(calls, **LONG_AGO, rental_id="1") == set()


async def test_status_filter_uses_small_words_and_holds_for_locked_blocks() -> None:
    calls = caller()
    everything = await calls.records("bookings", **LONG_AGO)
    assert {each["status"] for each in everything} == {"Booked", "Tentative", "Unavailable", "Locked"}
    for word, statuses in (
        ("booked", {"Booked"}),
        ("unavailable", {"Unavailable", "Locked"}),
        ("booked,tentative", {"Booked", "Tentative"}),
    ):
        expected = {each["id"] for each in everything if each["status"] in statuses}
        assert await ids(calls, **LONG_AGO, status=word) == expected != set()


async def test_status_filter_and_cancelled_ones_combine_by_reading() -> None:
    together, apart = caller(), caller(readings=BookingsyncReadings(status_filter_admits_canceled=False))
    for calls, statuses in ((together, {"Tentative", "Canceled"}), (apart, {"Tentative"})):
        found = await calls.records("bookings", **EVERYTHING, status="tentative")
        assert {each["status"] for each in found} == statuses


async def test_a_cancelled_booking_must_be_asked_for_also_by_id() -> None:
    calls = caller()
    everything = await calls.records("bookings", **EVERYTHING)
    cancelled = next(each for each in everything if each["status"] == "Canceled")
    assert cancelled["canceled_at"]
    assert (await calls.get(f"bookings/{cancelled['id']}")).status_code == 404
    answer = await calls.get(f"bookings/{cancelled['id']}", include_canceled="true")
    assert answer.json()["bookings"] == [cancelled]


async def test_past_bookings_are_found_by_id() -> None:
    calls = caller()
    past = next(each for each in await calls.records("bookings", **LONG_AGO) if each["end_at"] < NOW)
    assert (await calls.get(f"bookings/{past['id']}")).json()["bookings"] == [past]


async def test_delta_tells_changed_ones_and_the_ids_of_those_cancelled_since() -> None:
    calls = caller()
    since = "2026-02-20T00:00:00Z"
    everything = await calls.records("bookings", **EVERYTHING)
    body = (await calls.get("bookings", **LONG_AGO, updated_since=since)).json()
    cancelled = {each["id"] for each in everything if each["canceled_at"] and each["canceled_at"] >= since}
    changed = {each["id"] for each in everything if each["updated_at"] >= since}
    assert set(body["meta"]["deleted_ids"]) == cancelled != set()
    assert {each["id"] for each in body["bookings"]} <= changed - cancelled
    assert await ids(calls, **EVERYTHING, updated_since=since) == changed


async def test_from_stays_now_with_other_filters_unless_read_otherwise() -> None:
    since = {"updated_since": "2020-01-01"}
    calls = caller()
    assert await ids(calls, **since) == await ids(calls)
    lifted = caller(readings=BookingsyncReadings(from_now_despite_other_filters=False))
    assert await ids(lifted, **since) == await ids(lifted, **LONG_AGO)


async def test_deleted_ids_leave_out_listed_ones_and_those_outside_the_window_by_reading() -> None:
    since = {"updated_since": "2020-01-01"}
    usual = caller()
    everywhere = (await usual.get("bookings", **since)).json()["meta"]["deleted_ids"]
    assert (await usual.get("bookings", **EVERYTHING, **since)).json()["meta"]["deleted_ids"] == everywhere
    apart = caller(readings=BookingsyncReadings(deleted_ids_include_listed_ones=False))
    assert (await apart.get("bookings", **EVERYTHING, **since)).json()["meta"]["deleted_ids"] == []
    within = caller(readings=BookingsyncReadings(deleted_ids_within_window=True))
    ahead = (await within.get("bookings", **since)).json()["meta"]["deleted_ids"]
    assert 0 < len(ahead) < len(everywhere)


async def test_a_hold_is_cancelled_when_its_time_is_over() -> None:
    calls = caller()
    hold = next(each for each in await calls.records("bookings") if each["status"] == "Tentative")
    before = calls.clock.now
    calls.clock.now = datetime.fromisoformat(hold["tentative_expires_at"])
    calls.use()
    assert (await calls.get(f"bookings/{hold['id']}")).status_code == 404
    freed = (await calls.get(f"bookings/{hold['id']}", include_canceled="true")).json()["bookings"][0]
    assert freed["status"] == "Canceled"
    assert freed["canceled_at"] == freed["updated_at"] == hold["tentative_expires_at"]
    delta = await calls.get("bookings", updated_since=before.isoformat())
    assert hold["id"] in delta.json()["meta"]["deleted_ids"]


async def test_public_rights_show_the_reduced_shape_of_coming_bookings_only() -> None:
    calls = caller()
    coming = await ids(calls)
    past = next(each["id"] for each in await calls.records("bookings", **LONG_AGO) if each["end_at"] < NOW)
    for scopes in (("public",), ("public", "bookings_write_owned")):
        calls.use(0, scopes)
        reduced = await calls.records("bookings", **EVERYTHING)
        assert {each["id"] for each in reduced} == coming
        assert set(reduced[0]) == {"links", "id", "start_at", "end_at", "status", "updated_at", "reference"}
        assert "client" not in reduced[0]["links"]
        assert (await calls.get(f"bookings/{past}")).status_code == 404
    assert await calls.records("bookings_fees") == []


async def test_hours_are_the_rentals_local_ones_labelled_as_utc() -> None:
    calls = caller()
    rentals = {rental["id"]: rental for rental in await calls.records("rentals")}
    for booking in await calls.records("bookings", **LONG_AGO):
        rental = rentals[booking["links"]["rental"]]
        assert booking["start_at"][10:] == f"T{rental['checkin_time']:02}:00:00Z"
        assert booking["end_at"][10:] == f"T{rental['checkout_time']:02}:00:00Z"


async def test_money_adds_up_from_rent_fees_and_taxes() -> None:
    lines = {"include": "bookings_fees,bookings_taxes"}
    seen = set()
    for booking in await caller(listings=24).records("bookings", **LONG_AGO, **lines):
        if booking["final_price"] is None:
            assert booking["unavailable"]
            continue
        fees = sum(
            Decimal(fee["price"]) * fee["times_booked"] for fee in booking["bookings_fees"] if fee["included_in_price"]
        )
        taxes = sum(Decimal(tax["amount"]) for tax in booking["bookings_taxes"] if not tax["tax_included_in_price"])
        assert Decimal(booking["final_price"]) == Decimal(booking["final_rental_price"]) + fees + taxes
        left = Decimal(booking["final_price"]) - Decimal(booking["paid_amount"])
        assert Decimal(booking["payment_left_to_collect"]) == left
        assert Decimal(booking["final_rental_price"]) == discounted(booking)
        seen |= {("fee", fee["included_in_price"]) for fee in booking["bookings_fees"]}
        seen |= {("tax", tax["tax_included_in_price"]) for tax in booking["bookings_taxes"]}
        seen.add(("discount", (booking["discount"] or "")[-1:]))
    assert seen >= {("fee", True), ("fee", False), ("tax", True), ("tax", False), ("discount", "%"), ("discount", "5")}


def discounted(booking: dict[str, Any]) -> Decimal:
    initial, discount = Decimal(booking["initial_price"]), booking["discount"] or "0"
    if discount.endswith("%"):
        return (initial * (100 - Decimal(discount[:-1])) / 100).quantize(Decimal("0.01"))
    return initial - Decimal(discount)


async def test_decimals_are_text_with_a_point() -> None:
    booking = next(each for each in await caller().records("bookings") if each["status"] == "Booked")
    for name in ("final_price", "final_rental_price", "paid_amount", "damage_deposit"):
        assert isinstance(booking[name], str)
        assert "." in booking[name]


async def test_included_guests_and_sources_are_those_that_the_links_name() -> None:
    calls = caller()
    bookings = await calls.records("bookings", include="client,source,rental")
    guest = next(each for each in bookings if each["links"]["source"])
    assert guest["client"]["id"] == guest["links"]["client"]
    assert guest["source"]["name"] in {"Airbnb", "Booking.com", "HomeAway.com"}
    assert guest["rental"]["id"] == guest["links"]["rental"]
    block = next(each for each in bookings if each["status"] == "Unavailable")
    assert (block["client"], block["source"]) == (None, None)
    direct = next(each for each in bookings if each["client"] and not each["links"]["source"])
    assert direct["external_reference"] is None


async def test_clients_have_full_names_and_sometimes_nothing_else() -> None:
    clients = await caller().records("clients")
    assert all(client["fullname"] for client in clients)
    assert any(client["firstname"] == "" for client in clients)
    assert any(client["phones"] == [] for client in clients)
    assert any(client["addresses"] == [] for client in clients)
    assert all(client["emails"][0]["email"].endswith("@example.com") for client in clients)


@pytest.mark.parametrize("name", ["bookings_fees", "bookings_taxes"])
async def test_fee_and_tax_lines_are_lists_of_their_own(name: str) -> None:
    calls = caller()
    bookings = {each["id"]: each for each in await calls.records("bookings", **EVERYTHING)}
    lines = await calls.records(name)
    assert len(lines) == sum(len(each["links"][name]) for each in bookings.values()) > 0
    assert all(line["id"] in bookings[line["links"]["booking"]]["links"][name] for line in lines)
