"""BookingSync: prices that StayGraph computes, and the wishes that it adds to quotes."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.bookingsync.computing import rounded_rent
from providers.bookingsync.fee_amounts import FeeTerms, applying_taxes, covers, fee_amount
from providers.bookingsync.quotes import Stay
from providers.bookingsync.setting_records import AppliedTax, TaxRule
from providers.errors import NotSupported, PermissionDenied, RateLimited
from providers.model import FinanceLineType, PriceDetails, PriceSource
from providers.queries import AvailabilityQuery
from tests.providers.bookingsync.computed_world import (
    CITY,
    CLEANING,
    RENTAL,
    START,
    assert_adds_up,
    computed,
    euros,
    routes,
)
from tests.providers.bookingsync.plugin_canned import NOW, CannedSession, Reply, client, last_page
from tests.providers.bookingsync.test_plugin_quotes import request

STAY = Stay(date(2027, 7, 5), date(2027, 7, 12), 2, 1)


EARLY = {"kind": "early_booking", "always_applied": True}
OFFER = {"id": 1, "start_date": "2027-07-01", "end_date": "2027-08-01", "discount": 10}


def rule(kind: str, **more: Any) -> dict[str, Any]:
    """The rental with one rates rule that always applies."""
    plain = {"id": 71, "kind": kind, "percentage": "-10.0", "variables": {}, "always_applied": True}
    return with_rules(plain | more)


def with_rules(*rules: dict[str, Any]) -> dict[str, Any]:
    return RENTAL | {"rates_table": {"id": 274, "links": {"rates_rules": [71]}, "rates_rules": list(rules)}}


async def test_price_is_computed_where_the_search_is_closed_and_never_says_that_it_can_be_booked():
    price = await computed()
    assert (price.source, price.bookable) == (PriceSource.COMPUTED, None)
    assert [(part.type, part.amount, part.included_in_total) for part in price.components] == [
        (FinanceLineType.RENT, euros("703.5"), True),
        (FinanceLineType.TAX, euros("63.95"), False),
        (FinanceLineType.TAX, euros("35.18"), True),
        (FinanceLineType.FEE, euros("50.0"), True),
    ]
    assert (price.total, price.damage_deposit, price.due_now) == (euros("788.68"), euros("200.0"), None)
    assert [step.text for step in price.steps or ()] == [
        "7 nights from the nightly rate map",
        "City, 5.0 % of 703.5",
        "Cleaning",
    ]
    assert_adds_up(price)


async def test_rental_that_the_search_leaves_out_gets_no_computed_price():
    session = CannedSession(routes() | {"rentals/search": last_page(rentals=[])})
    price = (await client(session).quotes([request()])).found["0"]
    assert (price.bookable, price.total, price.source) == (False, None, PriceSource.PMS)
    assert session.paths == ["rentals/search"]


async def test_search_that_refuses_the_question_or_fails_is_not_replaced_by_a_computed_price():
    for status in (422, 429):
        batch = await client(CannedSession(routes() | {"rentals/search": Reply(status=status)})).quotes([request()])
        assert batch.found == {}

    class Busy(CannedSession):
        async def send(self, call):
            raise RateLimited("Later.")

    assert isinstance((await client(Busy({})).quotes([request()])).failed["0"], RateLimited)


async def test_closed_search_is_asked_once_and_again_after_a_while():
    session, moment = CannedSession(routes()), NOW
    reads = client(session, now=lambda: moment)
    stay = AvailabilityQuery(arrival=request().arrival, departure=request().departure, adults=2)
    for _ in range(2):
        assert (await reads.quotes([request()])).found["0"].source is PriceSource.COMPUTED
        with pytest.raises(NotSupported, match="does not open its rentals search"):
            await reads.free_listings(stay)
    assert session.paths.count("rentals/search") == 1
    moment = NOW + timedelta(minutes=11)
    with pytest.raises(NotSupported):
        await reads.free_listings(stay)
    assert session.paths.count("rentals/search") == 2
    assert (await reads.quotes([request()])).found["0"].source is PriceSource.COMPUTED
    assert session.paths.count("rentals/search") == 2


async def test_rentals_that_the_search_does_not_find_do_not_close_it():
    session = CannedSession(routes() | {"rentals/search": Reply(status=404)})
    reads = client(session)
    for _ in range(2):
        await reads.quotes([request()])
    assert session.paths.count("rentals/search") == 2


async def test_refusal_to_search_stands_where_nothing_can_be_computed_from():
    error = await computed(tax_rules=Reply(status=403))
    assert isinstance(error, PermissionDenied)


@pytest.mark.parametrize(
    "change",
    [
        {"availability": {"map": "0000001" + "0" * 23, "start_date": str(START)}},
        {"nightly_rate_map": {"rates_map": ",".join(["5"] * 8 + ["0"] * 22), "start_date": str(START)}},
        {"change_over": {"map": "CCCCO" + "C" * 25, "start_date": str(START)}},
        {"change_over": {"map": "C" * 11 + "I" + "C" * 18, "start_date": str(START)}},
        {"absolute_min_stay": 8},
    ],
    ids=["taken", "no rate", "no arrival", "no departure", "too short"],
)
async def test_stay_that_the_maps_rule_out_is_not_for_sale(change):
    price = await computed(RENTAL | change)
    assert (price.bookable, price.total, price.components, price.steps) == (False, None, [], [])


@pytest.mark.parametrize(
    "change",
    [
        {"nightly_rate_map": None},
        {
            "nightly_rate_map": {"rates_map": "0,0,0", "start_date": str(START)},
            "links": RENTAL["links"] | {"rates": [1]},
        },
        {"availability": None},
        {"rates_table": None},
        {"special_offers": None, "links": {"special_offers": [4]}},
        {"currency": None},
        {"rounding_kind": "to-the-moon"},
        {"rentals_fees": [CLEANING | {"always_applied": False, "links": {"seasons": [4]}}]},
        {"rentals_fees": [CLEANING | {"rate_kind": "individual_percentage_per_adult"}]},
        {"rentals_fees": [CLEANING | {"always_applied": False, "end_date": "2027-07-08"}]},
    ],
)
async def test_what_cannot_be_computed_is_not_supported(change):
    assert isinstance(await computed(RENTAL | change), NotSupported)


async def test_long_stays_with_prices_of_their_own_are_not_supported():
    long = request(departure=date(2027, 8, 6))
    assert isinstance(await computed(RENTAL | {"mid_term_pricing_active": True}, long), NotSupported)


@pytest.mark.parametrize(
    ("rental", "rent"),
    [
        (rule("stay_at_least", variables={"length": "7", "unit": "days"}), "633.15"),
        (rule("stay_at_least", variables={"length": 8}), "703.5"),
        (rule("stay_shorter_than", variables={"length": 8}, percentage="20"), "844.2"),
        (rule("weekend_night", variables={"days": [0, "6"]}, percentage="50"), "804"),
        (rule("occupation_less_than", variables={"occupation_less_than": 4}), "633.15"),
        (rule("occupation_less_than", variables={"occupation_less_than": 3}), "703.5"),
        (
            rule(
                "additional_person_fixed_per_night",
                variables={"occupation_greater_than": 1},
                percentage=None,
                fixed_amount="4.5",
            ),
            "766.5",
        ),
        (rule("early_booking", variables={"length": 100}), "633.15"),
        (rule("late_booking", variables={"length": 100}), "703.5"),
        (rule("arrival_only", variables={"days": [1]}), "703.5"),
        (rule("stay_at_least", variables={"length": 7}, always_applied=False, end_date="2027-06-01"), "703.5"),
        (
            with_rules(
                {
                    "id": 1,
                    "kind": "early_booking",
                    "percentage": "-5",
                    "variables": {"length": 30},
                    "always_applied": 1,
                },
                {
                    "id": 2,
                    "kind": "early_booking",
                    "percentage": "-10",
                    "variables": {"length": 90},
                    "always_applied": 1,
                },
            ),
            "633.15",
        ),
        (
            RENTAL
            | {"special_offers": [{"id": 1, "start_date": "2027-07-01", "end_date": "2027-08-01", "discount": 10}]},
            "633.15",
        ),
        (RENTAL | {"rounding_kind": "closest-marketing"}, "709"),
    ],
)
async def test_rules_offers_and_rounding_change_the_rent(rental, rent):
    price = await computed(rental)
    assert isinstance(price, PriceDetails), price
    assert price.components[0].amount.amount == Decimal(rent)
    assert_adds_up(price)


@pytest.mark.parametrize(
    "rental",
    [
        rule("charge_at_least", variables={"length": 9}),
        rule("quantum_discount"),
        rule("stay_at_least", variables={"length": 1, "unit": "months"}),
        rule("stay_at_least", variables={"length": 3}, percentage=None),
        rule("stay_at_least", variables={"length": 3}, always_applied=False, links={"seasons": [1]}),
        rule("stay_at_least", variables={"length": 3}, always_applied=False, start_date="2027-07-08"),
        rule("early_booking", variables={"length": (STAY.arrival - NOW.date()).days + 1}),
        with_rules(
            {"id": 1, "kind": "stay_at_least", "percentage": "-5", "variables": {"length": 3}, "always_applied": True},
            {"id": 2, "kind": "weekend_night", "percentage": "5", "variables": {"days": [6]}, "always_applied": True},
        ),
    ],
    ids=["floor", "unknown", "months", "no percentage", "seasons", "in part", "hour decides", "two rules"],
)
async def test_rules_whose_effect_is_not_documented_are_not_guessed(rental):
    assert isinstance(await computed(rental), NotSupported)


@pytest.mark.parametrize(
    ("terms", "catalogue", "computable"),
    [
        ({}, {"currency": "EUR"}, True),
        ({}, {"currency": "CHF"}, False),
        ({"rate_kind": "percentage"}, {"currency": "CHF"}, True),
        ({"rate_kind": "percentage"}, {"currency": "CHF", "maximum_possible_rate": "40.0"}, False),
    ],
)
async def test_amounts_of_fees_in_another_currency_are_not_added(terms, catalogue, computable):
    fee = CLEANING | terms | {"fee": CLEANING["fee"] | catalogue}
    found = await computed(RENTAL | {"rentals_fees": [fee]})
    assert isinstance(found, PriceDetails if computable else NotSupported)
    if not computable:
        assert "CHF" in str(found)


@given(st.decimals(min_value=0, max_value=100_000, places=2))
def test_rounded_rents_are_the_next_ones_up_of_their_kind(amount):
    assert rounded_rent(amount, None) == rounded_rent(amount, "no-rounding") == amount
    for kind, step, rest in (("round-up", 1, 0), ("closest-exact", 10, 0), ("closest-marketing", 10, 9)):
        found = rounded_rent(amount, kind)
        assert 0 <= found - amount < step, kind
        assert found % step == rest, kind


def test_documented_examples_of_rounding_come_out():
    assert rounded_rent(Decimal(362), "closest-exact") == 370
    assert rounded_rent(Decimal(362), "closest-marketing") == 369


@pytest.mark.parametrize(
    ("rate_kind", "amount"),
    [
        ("fixed", "10"),
        ("fixed_per_night", "70"),
        ("fixed_per_person", "30"),
        ("fixed_per_adult", "20"),
        ("fixed_per_child", "10"),
        ("fixed_per_adult_per_night", "140"),
        ("percentage", "100"),
        ("percentage_per_person", "300"),
    ],
)
def test_fees_are_charged_in_every_documented_way(rate_kind, amount):
    assert fee_amount(FeeTerms(Decimal(10), rate_kind, None), Decimal(1000), STAY, "EUR") == Decimal(amount)


def test_percentages_are_capped_where_the_catalogue_says_so():
    assert fee_amount(FeeTerms(Decimal(10), "percentage", Decimal(40)), Decimal(1000), STAY, "EUR") == 40


@given(st.integers(-20, 20), st.integers(1, 20))
def test_period_holds_for_a_stay_only_where_both_readings_of_its_last_day_agree(offset, length):
    start = STAY.arrival + timedelta(days=offset)
    end = start + timedelta(days=length)
    nights = [STAY.arrival + timedelta(days=day) for day in range(STAY.nights)]
    exclusive = {start <= night < end for night in nights}
    inclusive = {start <= night <= end for night in nights}
    if exclusive == inclusive and len(exclusive) == 1:
        assert covers(start, end, STAY, "fee") is exclusive.pop()
    else:
        with pytest.raises(NotSupported):
            covers(start, end, STAY, "fee")


def tax_with(**condition: Any) -> list[AppliedTax]:
    tax = AppliedTax.model_validate(
        {"id": 1, "links": {"rental": 1, "tax": 6}, "tax_included_in_rate": False, "tax": CITY}
    )
    plain = {"id": 9, "compared_attribute": "length_of_stay", "ruleable_type": "Tax", "ruleable_id": 6}
    return applying_taxes([tax], [TaxRule.model_validate(plain | condition)], STAY)


def test_taxes_heed_their_conditions():
    assert len(tax_with(comparator="<=", value="7")) == 1
    assert tax_with(comparator="<", value="7") == []
    assert tax_with(comparator=">=", value="8", ruleable_type="RentalsTax", ruleable_id=1) == []
    assert len(tax_with(comparator=">=", value="8", ruleable_type="RentalsTax", ruleable_id=2)) == 1
    with pytest.raises(NotSupported):
        tax_with(comparator="<=", value="7", compared_attribute="start_at")
    with pytest.raises(NotSupported):
        tax_with(comparator="<=", value="a week")
