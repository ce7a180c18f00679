"""Envelope, ids, pages, sparse fields, includes, deltas, refusals - and the other readings of them."""

from datetime import timedelta
from typing import Any

import pytest

from providers.bookingsync.simulator import (
    BookingsyncReadings,
    ErrorStyle,
    IncludeStyle,
    SuspendedStyle,
    UnknownStyle,
)
from tests.providers.bookingsync.test_simulator_setup import caller

JSON_API = "application/vnd.api+json; charset=utf-8"


async def test_a_list_is_an_envelope_with_links_records_and_meta() -> None:
    answer = await caller().get("rentals")
    body = answer.json()
    assert answer.headers["content-type"] == JSON_API
    assert list(body) == ["links", "rentals", "meta"]
    assert body["links"]["rentals.photos"] == "http://pms.test/api/v3/photos/{rentals.photos}"
    assert answer.headers["x-updated-since-request-synced-at"] == "2026-03-10 11:32:52 UTC"


async def test_accounts_have_no_top_links_and_availabilities_no_meta() -> None:
    calls = caller()
    assert "links" not in (await calls.get("accounts")).json()
    assert "meta" not in (await calls.get("availabilities")).json()
    everywhere = caller(readings=BookingsyncReadings(meta_everywhere=True))
    assert "meta" in (await everywhere.get("availabilities")).json()


async def test_me_names_the_account_of_the_token() -> None:
    records = (await caller().use(1).get("me")).json()["accounts_applications"]
    assert records == [{"links": {"account": 3838}, "partnership_invoice_recipient": "account"}]


async def test_account_records_hold_the_documented_fields_and_some_lack_some() -> None:
    calls = caller(accounts=3)
    accounts = await calls.use(None, ("public",)).records("accounts")
    full, without_flags, without_policy = accounts
    assert full["phones"].keys() == {"phone", "mobile", "fax"}
    assert full["preferences"]["bookings"]["default_arrival_end_time"] == 22
    assert full["demo"] is False
    assert "demo" not in without_flags
    assert "default_arrival_end_time" not in without_flags["preferences"]["bookings"]
    assert "privacy_policy" not in without_policy["preferences"]


async def test_comma_ids_leave_unknown_ones_out_and_404_comes_when_none_is_left() -> None:
    calls = caller()
    ids = [rental["id"] for rental in await calls.records("rentals")][:2]
    answer = await calls.get(f"rentals/{ids[1]},999999999,{ids[0]}")
    assert sorted(rental["id"] for rental in answer.json()["rentals"]) == ids
    assert answer.headers["x-total-count"] == "2"
    assert (await calls.get("rentals/999999999")).status_code == 404
    strict = caller(readings=BookingsyncReadings(unknown_ids_left_out=False))
    assert (await strict.get(f"rentals/{ids[0]},999999999")).status_code == 404


async def test_records_of_other_accounts_do_not_exist() -> None:
    calls = caller()
    rental = (await calls.use(1).records("rentals"))[0]["id"]
    booking = (await calls.records("bookings"))[0]["id"]
    calls.use(0)
    assert (await calls.get("accounts/3838")).status_code == 404
    assert (await calls.get(f"rentals/{rental}")).status_code == 404
    assert (await calls.get(f"bookings/{booking}")).status_code == 404


async def test_pages_link_to_each_other_in_header_and_meta_and_keep_the_parameters() -> None:
    calls = caller()
    middle = await calls.get("rentals", per_page=5, page=2, fields="id")
    relations = {relation: link["url"] for relation, link in middle.links.items()}
    assert relations == {
        name: f"http://pms.test/api/v3/rentals?per_page=5&page={page}&fields=id"
        for name, page in (("first", 1), ("prev", 1), ("next", 3), ("last", 3))
    }
    counts = {"X-Total-Pages": "3", "X-Total-Count": "12", "X-Per-Page": "5"}
    assert counts.items() <= middle.json()["meta"].items()
    assert middle.json()["meta"]["Link"] == relations
    assert all(middle.headers[name] == value for name, value in counts.items())
    last = await calls.get("rentals", per_page=5, page=3)
    assert set(last.links) == {"first", "prev", "last"}
    assert len(last.json()["rentals"]) == 2
    assert (await calls.get("rentals", per_page=5, page=9)).json()["rentals"] == []


async def test_pages_together_hold_every_record_once() -> None:
    bookings = await caller().records("bookings", **{"from": "2000-01-01"}, per_page=37)
    assert len(bookings) > 200
    assert len({booking["id"] for booking in bookings}) == len(bookings)


async def test_per_page_is_capped_at_fifty_for_rentals_and_a_hundred_elsewhere() -> None:
    calls = caller(listings=60)
    assert (await calls.get("rentals", per_page=200)).headers["x-per-page"] == "50"
    assert (await calls.get("bookings", per_page=200)).headers["x-per-page"] == "100"
    strict = caller(readings=BookingsyncReadings(per_page_above_cap_is_cut=False))
    assert (await strict.get("rentals", per_page=200)).status_code == 422


@pytest.mark.parametrize("params", [{"page": "two"}, {"per_page": "-1"}, {"updated_since": "lately"}])
async def test_parameters_that_cannot_be_read_are_refused_by_name(params: dict[str, str]) -> None:
    answer = await caller().get("rentals", **params)
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == list(params)


async def test_fields_restrict_attributes_and_keep_links_unless_read_otherwise() -> None:
    record = (await caller().get("rentals", fields="id,name")).json()["rentals"][0]
    assert set(record) == {"id", "name", "links"}
    strict = caller(readings=BookingsyncReadings(fields_keep_links=False))
    assert set((await strict.get("rentals", fields="id,name")).json()["rentals"][0]) == {"id", "name"}


async def test_includes_are_nested_in_the_record_and_agree_with_its_links() -> None:
    wanted = "availability,photos,rates,rental_cancelation_policy"
    rental = (await caller().get("rentals", include=wanted)).json()["rentals"][0]
    assert rental["availability"]["id"] == rental["links"]["availability"]
    assert rental["availability"]["links"] == {"rental": rental["id"]}
    assert [photo["id"] for photo in rental["photos"]] == rental["links"]["photos"] != []
    assert [rate["id"] for rate in rental["rates"]] == rental["links"]["rates"] != []
    assert rental["rental_cancelation_policy"]["id"] == rental["links"]["rental_cancelation_policy"]


async def test_every_served_link_of_rentals_and_bookings_leads_to_records() -> None:
    calls = caller()
    rental = (await calls.records("rentals"))[4]
    served = {
        "availability": "availabilities",
        "change_over": "change_overs",
        "nightly_rate_map": "nightly_rate_maps",
        "rental_cancelation_policy": "rental_cancelation_policies",
        **{name: name for name in ("photos", "bathrooms", "bedrooms", "living_rooms", "rates")},
        **{name: name for name in ("rentals_amenities", "rentals_fees")},
    }
    for link, name in served.items():
        ids = rental["links"][link]
        ids = ids if isinstance(ids, list) else [ids]
        found = await calls.records(f"{name}/{','.join(map(str, ids))}")
        assert [each["id"] for each in found] == ids != []
    amenity = (await calls.records("rentals_amenities"))[0]["links"]["amenity"]
    assert (await calls.get(f"amenities/{amenity}")).json()["amenities"][0]["key"]
    assert len(await calls.records("amenities")) > 100


@pytest.mark.parametrize(
    ("style", "find"),
    [
        (IncludeStyle.TOP_LEVEL, lambda body: body["availabilities"]),
        (IncludeStyle.LINKED, lambda body: body["linked"]["availabilities"]),
    ],
)
async def test_includes_may_stand_beside_the_records_by_reading(style: IncludeStyle, find: Any) -> None:
    body = (await caller(readings=BookingsyncReadings(include=style)).get("rentals", include="availability")).json()
    ids = [rental["links"]["availability"] for rental in body["rentals"]]
    assert [each["id"] for each in find(body)] == ids
    assert not any("availability" in rental for rental in body["rentals"])


async def test_includes_may_be_ignored_by_reading() -> None:
    ignoring = caller(readings=BookingsyncReadings(include=IncludeStyle.IGNORED))
    plain = (await ignoring.get("rentals")).json()["rentals"]
    assert (await ignoring.get("rentals", include="availability")).json()["rentals"] == plain


async def test_unknown_includes_and_those_beyond_the_scope_are_ignored_or_refused_by_reading() -> None:
    calls = caller().use(0, ("public", "bookings_read"))
    assert (await calls.get("bookings", include="weather")).status_code == 200
    booking = (await calls.get("bookings", include="client")).json()["bookings"][0]
    assert "client" not in booking
    strict = caller(
        readings=BookingsyncReadings(
            unknown_include=UnknownStyle.BAD_REQUEST, include_beyond_scope=UnknownStyle.FORBIDDEN
        )
    ).use(0, ("public", "bookings_read"))
    assert (await strict.get("bookings", include="weather")).status_code == 400
    assert (await strict.get("bookings", include="client")).status_code == 403


async def test_unknown_parameters_are_ignored_or_refused_by_reading() -> None:
    assert (await caller().get("rentals", colour="blue")).status_code == 200
    strict = caller(readings=BookingsyncReadings(unknown_parameters=UnknownStyle.UNPROCESSABLE))
    assert (await strict.get("rentals", colour="blue")).status_code == 422
    assert (await strict.get("rentals/search", colour="blue")).status_code == 422
    assert (await strict.get("bookings", rental_id="1", until="2030-01-01")).status_code == 200


async def test_updated_since_gives_only_newer_records_and_the_ids_of_deleted_ones() -> None:
    calls = caller()
    rentals = await calls.records("rentals")
    newest = max(rental["updated_at"] for rental in rentals)
    answer = (await calls.get("rentals", updated_since=newest)).json()
    assert {rental["updated_at"] for rental in answer["rentals"]} == {newest}
    assert "deleted_ids" not in (await calls.get("rentals")).json()["meta"]
    recent = (await calls.get("rentals", updated_since="2026-02-01")).json()["meta"]["deleted_ids"]
    assert len(recent) == 1
    assert recent[0] not in [rental["id"] for rental in rentals]
    assert (await calls.get("rentals", updated_since="2026-03-01")).json()["meta"]["deleted_ids"] == []
    exclusive = caller(readings=BookingsyncReadings(updated_since_inclusive=False))
    assert (await exclusive.get("rentals", updated_since=newest)).json()["rentals"] == []


async def test_lists_without_meta_get_one_with_updated_since_unless_read_otherwise() -> None:
    assert (await caller().get("sources", updated_since="2026-01-01")).json()["meta"]["deleted_ids"] == []
    never = caller(readings=BookingsyncReadings(meta_with_updated_since=False))
    assert "meta" not in (await never.get("sources", updated_since="2026-01-01")).json()


async def test_paging_may_be_told_in_one_place_only_by_reading() -> None:
    headers_only = caller(readings=BookingsyncReadings(paging_in_meta=False))
    answer = await headers_only.get("rentals")
    assert answer.json()["meta"] == {}
    assert "x-total-pages" in answer.headers
    meta_only = await caller(readings=BookingsyncReadings(paging_in_headers=False)).get("rentals")
    assert "link" not in meta_only.headers
    assert meta_only.json()["meta"]["X-Total-Pages"] == "1"


async def test_a_known_entity_tag_is_answered_with_304() -> None:
    calls = caller()
    tag = (await calls.get("rentals")).headers["etag"]
    assert tag.startswith('W/"')
    again = await calls.send("GET", "/api/v3/rentals", headers={"if-none-match": tag})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        (ErrorStyle.TEXT, {"error": "Not found"}),
        (ErrorStyle.FIELDS, {"errors": {"base": ["Not found"]}}),
        (ErrorStyle.OBJECTS, {"errors": [{"code": "404", "title": "Not found", "field": None}]}),
        (ErrorStyle.TEXTS, {"errors": ["Not found"]}),
    ],
)
async def test_refusals_have_the_form_of_the_reading(style: ErrorStyle, expected: object) -> None:
    answer = await caller(readings=BookingsyncReadings(errors=style)).get("rentals/999999999")
    assert answer.status_code == 404
    assert answer.json() == expected


@pytest.mark.parametrize(("style", "start"), [(ErrorStyle.EMPTY, ""), (ErrorStyle.HTML, "<!DOCTYPE html>")])
async def test_refusals_may_be_no_json_at_all_by_reading(style: ErrorStyle, start: str) -> None:
    answer = await caller(readings=BookingsyncReadings(errors=style)).get("rentals/999999999")
    assert answer.status_code == 404
    assert answer.text[:15] == start


async def test_unknown_paths_and_verbs_are_refused() -> None:
    calls = caller()
    assert (await calls.get("nothing")).status_code == 404
    assert (await calls.send("DELETE", "/api/v3/amenities/1")).status_code == 405


async def test_a_suspended_account_is_listed_deleted_or_refused_by_reading() -> None:
    one = frozenset({1})
    listed = caller(readings=BookingsyncReadings(suspended_accounts=one)).use(1)
    assert (await listed.records("accounts"))[0]["status"] == "suspended"

    deleted = caller(readings=BookingsyncReadings(suspended_accounts=one, suspended=SuspendedStyle.DELETED))
    assert (await deleted.use(1).get("rentals")).status_code == 403
    body = (await deleted.use(None, ("public",)).get("accounts", updated_since="2020-01-01")).json()
    assert 3838 in body["meta"]["deleted_ids"]
    assert 3838 not in [account["id"] for account in body["accounts"]]

    refused = caller(readings=BookingsyncReadings(suspended_accounts=one, suspended=SuspendedStyle.REFUSED))
    assert (await refused.use(1).get("rentals")).status_code == 401
    assert (await refused.use(0).get("rentals")).status_code == 200


async def test_odd_values_are_there_to_be_lived_with() -> None:
    rentals = await caller(listings=40).records("rentals")
    documented = {"apartment", "cabin", "chalet", "cottage", "house", "loft", "studio", "villa"}
    assert any(rental["rental_type"] not in documented for rental in rentals)
    assert any("smily_score" in rental for rental in rentals)
    assert {None, ""} <= {rental["public_notes"] for rental in rentals}
    drafts = [rental for rental in rentals if rental["currency"] is None]
    assert len(drafts) == 1
    assert drafts[0]["published_at"] is None
    assert any(rental["published_at"] is None and rental["currency"] for rental in rentals)
    assert any(isinstance(rental["vr_bathrooms_count"], float) for rental in rentals)


async def test_tokens_of_the_future_see_maps_move_with_the_clock() -> None:
    calls = caller()
    calls.clock.advance(days=30)
    calls.use()
    assert (await calls.get("availabilities")).json()["availabilities"][0]["start_date"] == "2026-04-01"
    calls.clock.advance(seconds=timedelta(hours=3).total_seconds())
    assert (await calls.get("availabilities")).status_code == 401
