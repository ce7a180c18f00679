"""Settings, labels and parts of bookings that the simulator serves."""

import pytest

from providers.bookingsync.simulator import BookingsyncReadings
from tests.providers.bookingsync.test_simulator_setup import caller


async def test_bookings_link_to_their_payments_comments_and_tags_which_can_be_included() -> None:
    calls = caller()
    names = "payments,booking_comments,bookings_tags,bookings_payments"
    bookings = await calls.records("bookings", **{"from": "2000-01-01", "include": names})
    for name in names.split(","):
        nested = [part for each in bookings for part in each[name]]
        assert nested, name
        assert [part["id"] for part in nested] == [ident for each in bookings for ident in each["links"][name]]
    for each in bookings:
        cents = sum(part["amount_in_cents"] for part in each["payments"])
        assert cents == round(float(each["paid_amount"]) * 100)


async def test_payments_need_their_own_scope() -> None:
    calls = caller().use(0, ("public", "bookings_read"))
    for name in ("payments", "bookings_payments"):
        assert (await calls.get(name)).status_code == 403
    assert (await calls.use(0, ("payments_read",)).get("payments")).status_code == 200


async def test_rentals_link_to_tables_offers_tags_and_agreements() -> None:
    calls = caller(listings=24)
    include = "rates_table,special_offers,rentals_tags,rental_agreement"
    rentals = await calls.records("rentals", include=include)
    assert all(each["rates_table"]["links"]["rentals"] == [each["id"]] for each in rentals)
    assert any(each["special_offers"] for each in rentals)
    assert any(each["rentals_tags"] for each in rentals)
    drafts = [each for each in rentals if each["currency"] is None]
    assert [each["rental_agreement"] for each in drafts] == [None] * len(drafts)
    assert all(each["rental_agreement"]["body"] for each in rentals if each not in drafts)
    rules = {rule["id"]: rule for rule in await calls.records("rates_rules")}
    linked = [ident for each in rentals for ident in each["rates_table"]["links"]["rates_rules"]]
    assert sorted(linked) == sorted(rules)
    assert {rule["kind"] for rule in rules.values()} == {"stay_at_least", "arrival_only", "departure_only"}


@pytest.mark.parametrize(
    ("name", "scope"), [("rates_rules", "rates_read"), ("rates_tables", "rates_read"), ("rentals_tags", "rentals_read")]
)
async def test_rules_and_tags_need_a_scope(name: str, scope: str) -> None:
    assert (await caller().use(0, ("public",)).get(name)).status_code == 403
    assert (await caller().use(0, ("public", scope)).get(name)).status_code == 200


async def test_long_stays_are_cheaper_where_a_rule_says_so() -> None:
    calls = caller(listings=24)
    tables = {each["links"]["rentals"][0]: each for each in await calls.records("rates_tables", include="rates_rules")}
    maps = {each["links"]["rental"]: each for each in await calls.records("nightly_rate_maps")}
    found = await calls.records("rentals/search", start_at="2026-11-07", end_at="2026-12-05", adults=2)
    ratios = {True: set[float](), False: set[float]()}
    for each in found:
        rates = [float(rate) for rate in maps[each["id"]]["rates_map"].split(",")]
        shift = {"2026-03-09": 243}.get(maps[each["id"]]["start_date"])
        if shift is not None:
            kinds = {rule["kind"] for rule in tables[each["id"]]["rates_rules"]}
            ratio = each["initial_price"] / sum(rates[shift : shift + 28])
            ratios["stay_at_least" in kinds].add(round(ratio, 3))
    assert ratios == {True: {0.9}, False: {1.0}}


async def test_conditions_of_taxes_name_taxes_that_there_are() -> None:
    calls = caller(listings=24)
    taxes = {each["id"] for each in await calls.records("taxes")}
    rules = await calls.records("tax_rules")
    assert rules
    assert {rule["ruleable_id"] for rule in rules} <= taxes
    assert {each["links"]["tax"] for each in await calls.records("fees_taxes")} <= taxes


async def test_search_may_be_closed_to_an_application() -> None:
    answer = await caller(readings=BookingsyncReadings(search_served=False)).get("rentals/search")
    assert answer.status_code == 403
