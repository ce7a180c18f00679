"""Optional fees that somebody wishes for, in quotes that were asked for and in computed ones."""

from decimal import Decimal
from typing import Any

import pytest

from providers.errors import NotSupported
from providers.model import PriceSource
from providers.queries import QuoteComponent
from tests.providers.bookingsync.computed_world import BIKE, RENTAL, assert_adds_up, computed, euros, routes
from tests.providers.bookingsync.plugin_canned import CannedSession, Reply, Route, client, last_page
from tests.providers.bookingsync.test_plugin_quotes import RESULT, request


async def test_optional_fee_in_another_currency_is_not_added_to_the_quote():
    rental = RENTAL | {"rentals_fees": [BIKE | {"fee": BIKE["fee"] | {"currency": "CHF"}}]}
    found = await computed(rental, wish(fee_id="13"), **{"rentals/search": last_page(rentals=[RESULT])})
    assert isinstance(found, NotSupported)
    assert "CHF" in str(found)


def wish(**parts: Any) -> Any:
    return request(components=(QuoteComponent(**parts),))


SEARCHED: dict[str, Route | Reply] = {"rentals/search": last_page(rentals=[RESULT])}


async def test_optional_fee_and_its_taxes_are_added_to_the_quote():
    session = CannedSession(routes() | SEARCHED)
    batch = await client(session).quotes([wish(fee_id="13", quantity=2), request()])
    price, plain = batch.found["0"], batch.found["1"]
    assert price.source is PriceSource.COMPUTED
    assert [(step.text, step.amount) for step in price.steps or ()] == [
        ("Quoted by BookingSync", Decimal("858.33")),
        ("Bike, 2 x fixed_per_person_per_night", Decimal("126.0")),
        ("VAT, 10.0 % of 126.0", Decimal("12.60")),
    ]
    assert price.total == euros("996.93")
    assert (price.components[-2].provider_id, price.components[-2].quantity) == ("13", Decimal(2))
    assert (plain.source, plain.total, plain.steps) == (PriceSource.PMS, euros("858.33"), None)
    assert sorted(session.paths) == ["fees_taxes", "rentals/1", "rentals/search", "tax_rules"]


@pytest.mark.parametrize(
    ("terms", "says"),
    [
        ({"start_date": "2027-08-01", "end_date": "2027-09-01"}, "not offered for these days"),
        ({"start_date": "2027-07-08", "end_date": "2027-09-01"}, "a part of the stay"),
        ({"links": {"rental": 1, "fee": 11, "seasons": [3]}}, "seasons"),
    ],
)
async def test_optional_fee_of_other_days_is_not_added(terms, says):
    fee = BIKE | {"always_applied": False} | terms
    found = await computed(RENTAL | {"rentals_fees": [fee]}, wish(fee_id="13"), **SEARCHED)
    assert isinstance(found, NotSupported)
    assert says in str(found)


async def test_optional_fee_whose_period_holds_is_added():
    fee = BIKE | {"always_applied": False, "start_date": "2027-07-01", "end_date": "2027-09-01"}
    price = await computed(RENTAL | {"rentals_fees": [fee]}, wish(fee_id="13"), **SEARCHED)
    assert price.total == euros("927.63")


async def test_optional_fee_is_added_to_a_computed_price_too():
    price = await computed(wanted=wish(fee_id="13"))
    assert price.total == euros("857.98")
    assert_adds_up(price)


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        (request(markup=Decimal("1.1")), "markup"),
        (request(coupon="SUMMER"), "coupon"),
        (wish(fee_id="13", amount=Decimal(1)), "components"),
        (wish(fee_id="13", deleted=True), "components"),
        (wish(name="cleaning"), "components"),
        (request(components=(QuoteComponent(fee_id="13"), QuoteComponent(fee_id="13"))), "twice"),
    ],
)
async def test_wish_that_cannot_be_heeded_fails_its_request_without_a_call(wanted, says):
    session = CannedSession({})
    error = (await client(session).quotes([wanted])).failed["0"]
    assert isinstance(error, NotSupported)
    assert says in error.message
    assert session.calls == []


@pytest.mark.parametrize(("fee", "quantity"), [("99", 1), ("12", 1), ("13", 0), ("13", 5)])
async def test_fee_that_cannot_be_added_names_what_can(fee, quantity):
    session = CannedSession(routes() | SEARCHED)
    batch = await client(session).quotes([wish(fee_id=fee, quantity=quantity), request()])
    error = batch.failed["0"]
    assert isinstance(error, NotSupported)
    assert ("at most 4" if fee == "13" else "Its optional fees: 13") in error.message
    assert list(batch.found) == ["1"]
