"""Rentals, photos, fees and taxes that programs write."""

from typing import Any

import pytest

from tests.providers.bookingsync.test_simulator_setup import Caller, caller
from tests.providers.bookingsync.test_simulator_writes import NIGHTS, book, first_rental, write

QUOTED = {"start_at": "2026-04-01", "end_at": "2026-04-03", "adults": 2}


async def new_rental(calls: Caller, **more: Any) -> dict[str, Any]:
    answer = await write(calls, "POST", "rentals", "rentals", {"name": "New house", **more})
    assert answer.status_code == 201, answer.text
    return answer.json()["rentals"][0]


async def test_a_new_rental_has_the_recorded_defaults_and_stands_in_all_lists() -> None:
    calls = caller()
    made = await new_rental(calls, headline_fr="Vue", surface=80, surface_unit="metric", amenity_ids=[1, 2])
    defaults = ("downpayment", "balance_due", "checkin_time", "checkout_time", "currency", "rounding_kind")
    assert [made[name] for name in defaults] == [30, 30, 16, 10, None, "no-rounding"]
    assert (made["headline"], made["published_at"], len(made["links"]["rentals_amenities"])) == ({"fr": "Vue"}, None, 2)
    include = "availability,change_over,nightly_rate_map,rentals_amenities"
    (read,) = await calls.records(f"rentals/{made['id']}", include=include)
    assert set(read["availability"]["map"]) == {"0"}
    assert set(read["nightly_rate_map"]["rates_map"]) == {"0", ","}
    assert [each["links"]["amenity"] for each in read["rentals_amenities"]] == [1, 2]
    assert made["id"] in {each["id"] for each in await calls.records("rentals")}
    since = await calls.records("rentals", updated_since="2026-03-10T11:00:00Z")
    assert [each["id"] for each in since] == [made["id"]]


@pytest.mark.parametrize(
    ("record", "field"),
    [
        ({"name": "ab"}, "name"),
        ({"name": "x" * 41}, "name"),
        ({"address1": "Street 1"}, "country_code"),
        ({"surface": 80}, "surface_unit"),
        ({"surface": 0, "surface_unit": "metric"}, "surface"),
        ({"base_rate": "0"}, "base_rate"),
        ({"base_rate": "10", "absolute_min_price": "11"}, "absolute_min_price"),
        ({"downpayment": 101}, "downpayment"),
        ({"rental_type": "spaceship"}, "rental_type"),
        ({"rental_type": "private-room", "residency_category": "primary_residence"}, "residency_category"),
        ({"lat": 91}, "lat"),
        ({"headline_en": "x" * 76}, "headline_en"),
        ({"amenity_ids": [99999]}, "amenity_ids"),
        ({"currency": "XXX"}, "currency"),
    ],
)
async def test_a_rental_that_breaks_a_rule_is_refused(record: dict[str, Any], field: str) -> None:
    calls = caller()
    before = len(await calls.records("rentals"))
    answer = await write(calls, "POST", "rentals", "rentals", {"name": "New house", **record})
    assert (answer.status_code, list(answer.json()["errors"])) == (422, [field])
    answer = await write(calls, "PUT", "rentals/5116", "rentals", {"address1": "", **record})
    if field not in ("country_code", "surface_unit"):
        assert (answer.status_code, list(answer.json()["errors"])) == (422, [field])
    assert len(await calls.records("rentals")) == before


async def test_an_update_changes_what_it_names() -> None:
    calls = caller()
    before = (await calls.records("rentals/5116"))[0]
    answer = await write(calls, "PUT", "rentals/5116", "rentals", {"sleeps_max": 9, "headline_de": "Blick"})
    after = answer.json()["rentals"][0]
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"sleeps_max", "headline", "updated_at"}
    assert after["headline"] == {**before["headline"], "de": "Blick"}
    answer = await write(calls, "PUT", "rentals/5116", "rentals", {"headline_de": ""})
    assert answer.json()["rentals"][0]["headline"] == before["headline"]


async def test_a_rental_with_bookings_to_come_stays_and_another_goes_with_its_parts() -> None:
    calls = caller()
    rental = (await new_rental(calls))["id"]
    await book(calls, rental)
    assert (await calls.send("DELETE", f"/api/v3/rentals/{rental}")).status_code == 422
    other = await new_rental(calls, amenity_ids=[1])
    assert (await calls.send("DELETE", f"/api/v3/rentals/{other['id']}")).status_code == 204
    assert (await calls.get(f"rentals/{other['id']}")).status_code == 404
    assert (await calls.get(f"rentals_amenities/{other['links']['rentals_amenities'][0]}")).status_code == 404
    delta = (await calls.get("rentals", updated_since="2026-03-10T11:00:00Z")).json()
    assert other["id"] in delta["meta"]["deleted_ids"]


async def test_photos_come_change_and_go_with_the_rentals_links() -> None:
    calls = caller()
    photo = {"remote_photo_url": "https://images.example.com/x/new.jpg", "description_en": "New", "kind": "kitchen"}
    answer = await write(calls, "POST", "rentals/5116/photos", "photos", photo)
    made = answer.json()["photos"][0]
    assert (made["large_url"], made["description"]) == ("https://images.example.com/x/large_new.jpg", {"en": "New"})
    assert made["id"] in (await calls.records("rentals/5116"))[0]["links"]["photos"]
    answer = await write(calls, "PUT", f"photos/{made['id']}", "photos", {"position": 1})
    assert (answer.json()["photos"][0]["position"], answer.json()["photos"][0]["kind"]) == (1, "kitchen")
    assert (await calls.send("DELETE", f"/api/v3/photos/{made['id']}")).status_code == 204
    assert made["id"] not in (await calls.records("rentals/5116"))[0]["links"]["photos"]
    for wrong in (
        {},
        {"remote_photo_url": "ftp://x"},
        {**photo, "kind": "cellar"},
        {**photo, "description_en": "x" * 81},
    ):
        assert (await write(calls, "POST", "rentals/5116/photos", "photos", wrong)).status_code == 422


async def test_written_rates_fees_and_taxes_make_the_quote() -> None:
    calls = caller()
    rental = (await new_rental(calls, currency="EUR", nightly_rates_managed_externally=True))["id"]
    (read,) = await calls.records(f"rentals/{rental}", include="nightly_rate_map")
    path = f"nightly_rate_maps/{read['nightly_rate_map']['id']}"
    assert (await write(calls, "PUT", path, "nightly_rate_maps", {**NIGHTS, "minimum_stays_map": "2,2"})).is_success
    assert await quoted(calls, rental) == 210.5
    fee = {"name_en": "Dog", "rate": "3", "rate_kind": "fixed_per_person_per_night"}
    fee_id = (await write(calls, "POST", "fees", "fees", fee)).json()["fees"][0]["id"]
    applied = {"fee_id": fee_id, "always_applied": True, "status": "required"}
    answer = await write(calls, "POST", f"rentals/{rental}/rentals_fees", "rentals_fees", applied)
    applied_id = answer.json()["rentals_fees"][0]["id"]
    assert await quoted(calls, rental) == 210.5 + 2 * 2 * 3
    await write(calls, "PUT", f"fees/{fee_id}", "fees", {"rate": "10", "rate_kind": "percentage"})
    assert await quoted(calls, rental) == 210.5 + 21.05
    tax = (await write(calls, "POST", "taxes", "taxes", {"name_en": "City", "percentage": "2"})).json()["taxes"][0]
    answer = await write(calls, "POST", f"rentals/{rental}/rentals_taxes", "rentals_taxes", {"tax_id": tax["id"]})
    applied_tax = answer.json()["rentals_taxes"][0]["id"]
    assert await quoted(calls, rental) == 210.5 + 21.05 + 4.21
    included = {"tax_included_in_rate": True}
    await write(calls, "PUT", f"rentals_taxes/{applied_tax}", "rentals_taxes", included)
    assert await quoted(calls, rental) == 210.5 + 21.05
    await calls.send("DELETE", f"/api/v3/rentals_fees/{applied_id}")
    await calls.send("DELETE", f"/api/v3/rentals_taxes/{applied_tax}")
    assert await quoted(calls, rental) == 210.5
    archived = (await calls.records(f"rentals_fees/{applied_id}"))[0]
    assert archived["archived_at"] == "2026-03-10T11:32:52Z"


async def quoted(calls: Caller, rental: int) -> Any:
    (found,) = (await calls.get("rentals/search", rental_id=rental, **QUOTED)).json()["rentals"]
    return pytest.approx(found["final_price"])


@pytest.mark.parametrize(
    ("path", "name", "record", "field"),
    [
        ("fees", "fees", {"rate": "1"}, "name"),
        ("fees", "fees", {"name_en": "x", "rate_kind": "per_moon"}, "rate_kind"),
        ("fees", "fees", {"name_en": "x", "kind": "magic"}, "kind"),
        ("fees", "fees", {"name_en": "x", "rate": "-1"}, "rate"),
        ("rentals/5116/rentals_fees", "rentals_fees", {"fee_id": 1}, "fee_id"),
        ("taxes", "taxes", {"name_en": "x"}, "percentage"),
        ("taxes", "taxes", {"name_en": "x", "percentage": "1", "kind": "magic"}, "kind"),
        ("rentals/5116/rentals_taxes", "rentals_taxes", {"tax_id": 1}, "tax_id"),
    ],
)
async def test_a_setting_that_breaks_a_rule_is_refused(path: str, name: str, record: Any, field: str) -> None:
    answer = await write(caller(), "POST", path, name, record)
    assert (answer.status_code, list(answer.json()["errors"])) == (422, [field])


async def test_a_switched_rental_keeps_its_prices_until_some_are_written() -> None:
    calls = caller()
    rental = await first_rental(calls, nightly_rates_managed_externally=False, currency="EUR")
    before = rental["nightly_rate_map"]["rates_map"]
    await write(calls, "PUT", f"rentals/{rental['id']}", "rentals", {"nightly_rates_managed_externally": True})
    (after,) = await calls.records(f"rentals/{rental['id']}", include="nightly_rate_map")
    assert after["nightly_rates_managed_externally"] is True
    assert after["nightly_rate_map"]["rates_map"] == before
