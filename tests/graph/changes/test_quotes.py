"""A quote becomes a reservation with every component, at the price that the guest agreed to."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.accounts.keys import Permission
from graph.changes.pricing import Tolerance, bill_of, total_of
from graph.gateway.terms import Terms
from providers.changes import or_none
from providers.model import FinanceLineType, Money, PriceComponent, PriceDetails, PriceSource, smallest_unit
from providers.queries import QuoteRequest
from tests.gateway_world import World
from tests.graph.changes.inn_world import ARRIVAL, DEPARTURE, Inn
from tests.graph.changes.operations import BOOK, codes, create, listing_id

TERMS = """mutation ($id: ID!, $input: UpdateIntegrationAccountInput!) {
  updateIntegrationAccount(id: $id, input: $input) { userErrors { code } } }"""

COMPONENTS = [
    (FinanceLineType.RENT, "baseRate", "300.00", True),
    (FinanceLineType.DISCOUNT, "weekly", "-30.00", True),
    (FinanceLineType.FEE, "cleaningFee", "45.50", True),
    (FinanceLineType.TAX, "cityTax", "9.45", True),
    (FinanceLineType.FEE, "sauna", "20.00", False),
]


def component(type_: FinanceLineType, name: str, amount: str | Decimal, counts: bool, currency: str = "EUR") -> Any:
    money = Money(amount=Decimal(amount), currency=currency)
    return PriceComponent(type=type_, name=name, amount=money, included_in_total=counts)


def price(total: str = "324.95", **more: Any) -> Any:
    def quote(request: QuoteRequest) -> PriceDetails:
        values = {
            "provider": "ACME",
            "account_id": "",
            "listing_id": request.listing_id,
            "arrival": request.arrival,
            "departure": request.departure,
            "nights": 3,
            "adults": request.adults,
            "children": request.children,
            "total": Money(amount=Decimal(total), currency="EUR"),
            "components": [component(*each) for each in COMPONENTS],
            "source": PriceSource.PMS,
            "quoted_at": datetime.now(UTC),
        }
        return PriceDetails(**(values | more))

    return quote


async def book(running: World, *, key: str | None = None, dry: bool = False, **more: Any) -> Any:
    stay = {"listingId": await listing_id(running), "arrival": ARRIVAL.isoformat(), "departure": DEPARTURE.isoformat()}
    given = {"stay": stay | {"adults": 2}, "total": "324.95", "reservation": {"guest": {"name": "Ada"}}} | more
    return await running.change(BOOK, Permission.WRITE, input=given, key=key, dry=dry)


async def test_every_component_is_carried_over(running: World, inn: Inn) -> None:
    inn.price = price(damage_deposit=Money(amount=Decimal(200), currency="EUR"))
    payload = await book(running)
    assert payload["userErrors"] == []
    assert payload["pricedByUs"] is False
    assert payload["price"]["total"]["amount"] == "324.95"
    (draft,) = inn.drafts
    lines = or_none(draft.finance_lines) or ()
    assert [line.name for line in lines] == [*(each[1] for each in COMPONENTS), "damageDeposit"]
    assert [line.included_in_total for line in lines] == [True, True, True, True, False, False]
    assert total_of(lines) == draft.total == Decimal("324.95")
    assert draft.priced_by_us is False


async def test_the_accounts_terms_are_lines_and_the_price_is_ours(running: World, inn: Inn) -> None:
    inn.price = price()
    (account,) = (await running.data("{ accounts { nodes { id } } }"))["accounts"]["nodes"]
    await running.change(TERMS, Permission.WRITE, id=account["id"], input={"markupPercentage": "10"})
    payload = await book(running, total="351.95")
    assert payload["userErrors"] == []
    assert payload["pricedByUs"] is True
    (draft,) = inn.drafts
    assert draft.priced_by_us
    assert draft.total == Decimal("351.95")
    assert total_of(or_none(draft.finance_lines) or ()) == draft.total


async def test_a_computed_price_is_ours(running: World, inn: Inn) -> None:
    inn.price = price(source=PriceSource.COMPUTED)
    assert (await book(running))["pricedByUs"] is True
    assert inn.drafts[0].priced_by_us


@pytest.mark.parametrize("total", ["324.94", "324.96"])
async def test_a_price_that_changed_is_refused_and_shown(running: World, inn: Inn, total: str) -> None:
    inn.price = price()
    payload = await book(running, total=total)
    assert codes(payload) == [("total", "PRICE_CHANGED")]
    assert payload["price"]["total"] == {"amount": "324.95", "currency": "EUR"}
    assert payload["reservation"] is None
    assert payload["pricedByUs"] is None
    assert not inn.drafts


@pytest.mark.parametrize("tolerance", [{"amount": "0.05"}, {"percentage": "0.02"}])
async def test_within_the_tolerance_the_price_of_now_is_booked(
    running: World, inn: Inn, tolerance: dict[str, Any]
) -> None:
    inn.price = price()
    payload = await book(running, total="325.00", tolerance=tolerance)
    assert payload["userErrors"] == []
    assert payload["reservation"]["total"]["amount"] == "324.95"


async def test_what_is_wrong_is_named_in_its_part(running: World, inn: Inn) -> None:
    inn.price = price()
    assert codes(await book(running, reservation={"guest": {}})) == [("reservation.guest.name", "REQUIRED")]
    assert codes(await book(running, currency="USD")) == [("currency", "INVALID")]
    assert codes(await book(running, total="-1")) == [("total", "OUT_OF_RANGE")]
    wrong = {"tolerance": {"percentage": "101"}}
    assert codes(await book(running, **wrong)) == [("tolerance.percentage", "OUT_OF_RANGE")]
    block = {"reservation": {"kind": "BLOCK"}}
    assert codes(await book(running, **block)) == [("reservation.kind", "NOT_SUPPORTED")]
    party = {"reservation": {"guest": {"name": "Ada"}, "party": {"adults": 3}}}
    assert codes(await book(running, **party)) == [("stay.adults", "INVALID")]
    assert not inn.drafts


async def test_a_stay_that_is_not_sold_is_not_booked(running: World, inn: Inn) -> None:
    inn.price = price(bookable=False)
    assert codes(await book(running)) == [("stay.arrival", "CONFLICT")]
    await create(running)
    inn.price = price()
    assert codes(await book(running)) == [("stay.arrival", "NIGHTS_TAKEN")]


async def test_a_repeat_finds_what_was_booked_whatever_the_price_is_now(running: World, inn: Inn) -> None:
    inn.price = price()
    inn.script.append("lost")
    inn.broken_look = True
    assert codes(await book(running, key="k")) == [("", "UNCERTAIN")]
    inn.broken_look = False
    inn.price = price("400.00")
    again = await book(running, key="k")
    assert again["userErrors"] == []
    assert again["reservation"]["total"]["amount"] == "324.95"
    assert len(inn.drafts) == 1


async def test_a_dry_run_quotes_and_books_nothing(running: World, inn: Inn) -> None:
    inn.price = price()
    payload = await book(running, dry=True)
    assert payload["planned"] == [{"method": "POST", "path": "/reservations"}]
    assert payload["price"]["total"]["amount"] == "324.95"
    assert not inn.drafts


amounts = st.decimals(min_value=-2000, max_value=5000, places=4, allow_nan=False)
components = st.lists(
    st.tuples(st.sampled_from(FinanceLineType), amounts, st.booleans(), st.booleans(), st.booleans()), max_size=8
)
percentages = st.decimals(min_value=0, max_value=50, places=3, allow_nan=False)


@settings(max_examples=1000)
@given(
    components,
    st.sampled_from(["EUR", "JPY", "KWD"]),
    st.decimals(min_value=-1, max_value=1, places=3),
    percentages,
    percentages,
)
def test_the_lines_add_up_to_the_total_in_whole_units(
    parts: list[Any], currency: str, unexplained: Decimal, discount: Decimal, markup: Decimal
) -> None:
    made = [
        replace(component(type_, "x", amount, counts, currency), deleted=deleted, overridden=overridden)
        for type_, amount, counts, deleted, overridden in parts
    ]
    counted = [each.amount.amount for each in made if each.included_in_total and not each.deleted]
    total = Money(amount=sum(counted, Decimal(0)) + unexplained, currency=currency)
    request = QuoteRequest(listing_id="1", arrival=ARRIVAL, departure=DEPARTURE, adults=1)
    quoted = replace(price()(request), components=made, total=total)
    by_terms = Terms(default_discount=discount, markup=markup).price(quoted)
    bill = bill_of(by_terms)
    assert bill is not None
    unit = smallest_unit(currency)
    assert total_of(bill.lines) == bill.total
    assert all(or_none(line.amount) is not None and line.amount % unit == 0 for line in bill.lines)  # type: ignore[operator]
    assert by_terms.total is not None
    assert abs(bill.total - by_terms.total.amount) <= unit / 2
    for part, line in zip(by_terms.components, bill.lines, strict=False):
        assert abs(part.amount.amount - line.amount) < unit  # type: ignore[operator]


@given(st.decimals(0, 10_000, places=2), st.decimals(0, 100, places=2), st.decimals(0, 100, places=2))
def test_a_tolerance_is_the_larger_of_its_two_and_counts_both_ways(
    agreed: Decimal, amount: Decimal, percentage: Decimal
) -> None:
    tolerance = Tolerance(amount=amount, percentage=percentage)
    bound = max(amount, agreed * percentage / 100)
    for sign in (1, -1):
        assert tolerance.allows(agreed, agreed + sign * bound)
        assert not tolerance.allows(agreed, agreed + sign * (bound + Decimal("0.01")))
