"""What discount and markups make of prices, nights and base prices: exact, and adding up to the smallest unit."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.accounts.accounts import ConnectedAccount
from graph.accounts.keys import Viewer
from graph.gateway.operation import Operation
from graph.gateway.terms import Terms, terms_of
from providers.manifest import AuthType
from providers.model import (
    Calendar,
    CalendarDay,
    ComponentSource,
    DayStatus,
    FinanceLineType,
    Listing,
    Money,
    PriceComponent,
    PriceDetails,
    PriceModification,
    PriceModifications,
    PriceSource,
    PriceStep,
    smallest_unit,
)

AT = datetime(2026, 11, 27, tzinfo=UTC)
ARRIVAL = date(2026, 12, 1)
NO_TERMS = Terms()
RENT, FEE, TAX, DISCOUNT = (
    FinanceLineType.RENT,
    FinanceLineType.FEE,
    FinanceLineType.TAX,
    FinanceLineType.DISCOUNT,
)

percentages = st.decimals(0, 100, places=6)
terms = st.builds(
    Terms,
    default_discount=percentages,
    markup=st.decimals(0, 10_000, places=6),
    distribution_markup=percentages,
)
currencies = st.sampled_from(["EUR", "USD", "JPY", "KWD", "CLF", "XXX"])
rates = st.decimals(0, 10**9, places=4)


def part(
    kind: FinanceLineType, amount: Decimal | str | int, currency: str = "EUR", *, counted: bool = True
) -> PriceComponent:
    return PriceComponent(type=kind, amount=Money(amount=Decimal(amount), currency=currency), included_in_total=counted)


def quote(
    *parts: PriceComponent, total: Decimal | str | None = None, currency: str = "EUR", nights: int = 3
) -> PriceDetails:
    """A quote of a PMS, its total the sum of what is counted unless another is given."""
    counted = sum((each.amount.amount for each in parts if each.included_in_total), Decimal(0))
    return PriceDetails(
        provider="ACME",
        account_id="acc_1",
        listing_id="1",
        arrival=ARRIVAL,
        departure=ARRIVAL + timedelta(days=nights),
        nights=nights,
        adults=2,
        children=0,
        total=Money(amount=counted if total is None else Decimal(total), currency=currency),
        due_now=Money(amount=Decimal(50), currency=currency),
        components=list(parts),
        source=PriceSource.PMS,
        quoted_at=AT,
    )


def calendar(*prices: Decimal | None) -> Calendar:
    days = [
        CalendarDay(date=ARRIVAL + timedelta(days=n), status=DayStatus.AVAILABLE, price=price, minimum_stay=2)
        for n, price in enumerate(prices)
    ]
    return Calendar(
        provider="ACME",
        account_id="acc_1",
        listing_id="1",
        start=ARRIVAL,
        end=ARRIVAL + timedelta(days=len(days)),
        days=days,
    )


def listing(base_price: Money | None) -> Listing:
    return Listing(
        provider="ACME",
        account_id="acc_1",
        provider_id="1",
        base_price=base_price,
        minimum_price=Money(amount=Decimal(80), currency="EUR"),
    )


def account(**options: Decimal) -> ConnectedAccount:
    return ConnectedAccount(
        id="acc_1",
        tenant_id="default",
        provider="ACME",
        name="1",
        auth_type=AuthType.API_KEY,
        created_at=AT,
        updated_at=AT,
        credentials_version="1",
        **options,
    )


def values(modifications: PriceModifications | None) -> list[Decimal]:
    assert modifications is not None
    named = (modifications.default_discount, modifications.markup, modifications.distribution_markup)
    return [each.value for each in named if each is not None]


def amount(money: Money | None) -> Decimal:
    assert money is not None
    return money.amount


def share(base: Decimal, terms: Terms) -> Fraction:
    """What the terms add to ``base``, without any rounding."""
    percent = Fraction(terms.markup) + Fraction(terms.distribution_markup) - Fraction(terms.default_discount)
    return Fraction(base) * percent / 100


# What they are.


def test_terms_are_the_accounts_and_the_markup_for_others_is_for_them_alone() -> None:
    chosen = account(
        default_discount_percentage=Decimal(10),
        markup_percentage=Decimal(5),
        distribution_markup_percentage=Decimal(15),
    )
    assert Terms.of(chosen, imported=False) == Terms(default_discount=Decimal(10), markup=Decimal(5))
    assert Terms.of(chosen, imported=True) == Terms(
        default_discount=Decimal(10), markup=Decimal(5), distribution_markup=Decimal(15)
    )
    assert Terms.of(account(distribution_markup_percentage=Decimal(15)), imported=False).change_nothing
    assert Terms.of(account(), imported=True).change_nothing


def test_whose_tenant_asks_decides_whether_listings_count_as_imported() -> None:
    chosen = account(markup_percentage=Decimal(5), distribution_markup_percentage=Decimal(15))
    asked = calendar(Decimal(100))
    prices = {
        tenant: terms_of(chosen, Operation(viewer=Viewer(tenant, "key"), started_at=AT)).calendar(asked).days[0].price
        for tenant in ("default", "other")
    }
    assert prices == {"default": 105, "other": 120}, "one record, each tenant's own price"


def test_terms_of_nothing_leave_the_very_objects() -> None:
    price, nights, house = (
        quote(part(RENT, 100)),
        calendar(Decimal(100)),
        listing(Money(amount=Decimal(1), currency="EUR")),
    )
    assert NO_TERMS.price(price) is price
    assert NO_TERMS.calendar(nights) is nights
    assert NO_TERMS.listing(house) is house


# A stay.


def test_a_price_shows_what_the_pms_asked_and_what_was_added() -> None:
    asked = quote(part(RENT, "500.00"), part(FEE, "60.00"), part(TAX, "42.00"), part(TAX, "9.00", counted=False))
    before = asked.components.copy()
    shown = Terms(default_discount=Decimal("12.5"), markup=Decimal(5), distribution_markup=Decimal(15)).price(asked)
    assert shown.total == Money(amount=Decimal("639.50"), currency="EUR")
    assert shown.original_total == Money(amount=Decimal("602.00"), currency="EUR")
    assert shown.price_modifications == PriceModifications(
        default_discount=PriceModification(percentage=Decimal("12.5"), value=Decimal("-62.50")),
        markup=PriceModification(percentage=Decimal(5), value=Decimal("25.00")),
        distribution_markup=PriceModification(percentage=Decimal(15), value=Decimal("75.00")),
    )
    assert shown.components[:4] == before
    assert {each.source for each in before} == {ComponentSource.PMS}
    assert [
        (each.type.value, each.name, str(each.amount.amount), each.included_in_total, each.mandatory, each.source.value)
        for each in shown.components[4:]
    ] == [
        ("DISCOUNT", "defaultDiscount", "-62.50", True, True, "ACCOUNT_TERMS"),
        ("MARKUP", "markup", "25.00", True, True, "ACCOUNT_TERMS"),
        ("MARKUP", "distributionMarkup", "75.00", True, True, "ACCOUNT_TERMS"),
    ]
    # The PMS worked that out of its own total.
    assert shown.due_now is None
    # What is kept is what the PMS said.
    assert asked.components == before
    assert (amount(asked.total), amount(asked.due_now), asked.price_modifications) == (
        Decimal("602.00"),
        Decimal(50),
        None,
    )


@pytest.mark.parametrize(
    ("parts", "base"),
    [
        ([part(RENT, 100), part(RENT, 20)], 120),
        ([part(RENT, 100), part(DISCOUNT, -30)], 70),
        ([part(RENT, 100), part(RENT, 20, counted=False), part(DISCOUNT, -5, counted=False)], 100),
        ([part(RENT, 100), part(FinanceLineType.DEPOSIT, 300), part(FinanceLineType.OTHER, 7)], 100),
        ([part(RENT, 100), part(DISCOUNT, -130), part(FEE, 60)], 0),
    ],
    ids=["several rents", "the PMS's discounts", "what counts", "nothing but nights", "never below nothing"],
)
def test_percentages_are_of_the_nights_less_the_discounts_of_the_pms(parts: list[PriceComponent], base: int) -> None:
    shown = Terms(default_discount=Decimal(10)).price(quote(*parts))
    assert values(shown.price_modifications) == [Decimal(-base) / 10]


@pytest.mark.parametrize(("parts", "base"), [([], 600), ([part(FEE, 60), part(TAX, 40)], 500), ([part(FEE, 700)], 0)])
def test_without_a_rent_percentages_are_of_what_no_component_explains(parts: list[PriceComponent], base: int) -> None:
    shown = Terms(markup=Decimal(10)).price(quote(*parts, total="600"))
    assert values(shown.price_modifications) == [Decimal(base) / 10]
    assert amount(shown.total) == 600 + Decimal(base) / 10


def test_a_stay_that_is_not_for_sale_has_no_terms() -> None:
    closed = quote()
    closed.total, closed.bookable = None, False
    assert Terms(markup=Decimal(10)).price(closed) is closed


def test_steps_of_a_computed_price_go_on_and_still_add_up() -> None:
    computed = quote(part(RENT, "333.33"))
    computed.source, computed.steps = PriceSource.COMPUTED, [PriceStep(text="3 nights", amount=Decimal("333.33"))]
    shown = Terms(default_discount=Decimal(10), markup=Decimal("0.5")).price(computed)
    assert shown.source is PriceSource.COMPUTED
    assert [(step.text, step.amount) for step in shown.steps or ()] == [
        ("3 nights", Decimal("333.33")),
        ("Discount, 10 % of 333.33", Decimal("-33.33")),
        ("Markup, 0.5 % of 333.33", Decimal("1.67")),
    ]
    assert sum(step.amount for step in shown.steps or ()) == amount(shown.total)


@pytest.mark.parametrize(
    ("currency", "asked", "added"),
    [
        ("EUR", "0.50", "0.01"),
        ("EUR", "0.49", "0.00"),
        ("JPY", "50", "1"),
        ("KWD", "0.050", "0.001"),
        ("XXX", "0.5", "0.01"),
    ],
)
def test_values_are_rounded_half_up_to_the_smallest_unit(currency: str, asked: str, added: str) -> None:
    price = quote(part(RENT, asked, currency), currency=currency)
    one = Decimal(1)
    assert [str(each) for each in values(Terms(markup=one).price(price).price_modifications)] == [added]
    (taken,) = values(Terms(default_discount=one).price(price).price_modifications)
    assert (-taken, str(taken)) == (Decimal(added), f"-{added}" if Decimal(added) else added)


def test_all_may_be_taken_off_the_nights_and_no_more() -> None:
    asked = quote(part(RENT, "123.45"), part(FEE, "60.00"))
    shown = Terms(default_discount=Decimal(100)).price(asked)
    assert amount(shown.total) == Decimal("60.00")
    free = Terms(default_discount=Decimal(100)).calendar(calendar(Decimal("123.45"), Decimal(0)))
    assert [day.price for day in free.days] == [0, 0]
    assert [str(each) for each in values(free.days[1].price_modifications)] == ["0"]


def test_a_markup_of_ten_thousand_percent_is_a_hundred_times_the_nights() -> None:
    shown = Terms(markup=Decimal(10_000)).price(quote(part(RENT, "123.45"), part(FEE, "60.00")))
    assert amount(shown.total) == Decimal("123.45") * 101 + 60


def parts_in(currency: str) -> st.SearchStrategy[list[PriceComponent]]:
    return st.lists(
        st.builds(
            lambda kind, number, counted: part(
                kind, -number if kind is DISCOUNT else number, currency, counted=counted
            ),
            st.sampled_from([RENT, FEE, TAX, DISCOUNT]),
            rates,
            st.booleans(),
        ),
        max_size=8,
    )


@given(terms, currencies, st.data())
def test_components_add_up_to_the_total_exactly(chosen: Terms, currency: str, data: st.DataObject) -> None:
    asked = quote(*data.draw(parts_in(currency)), currency=currency)
    shown = chosen.price(asked)
    counted = [each.amount for each in shown.components if each.included_in_total]
    assert {each.currency for each in counted} <= {currency}
    assert sum(Fraction(each.amount) for each in counted) == Fraction(amount(shown.total))
    if not chosen.change_nothing:
        changes = values(shown.price_modifications)
        assert amount(shown.original_total) == amount(asked.total)
        assert amount(shown.total) - amount(asked.total) == sum(changes)
        assert all(each % smallest_unit(currency) == 0 for each in changes), "an amount that cannot be paid"


@given(terms, currencies, rates, rates)
def test_rounding_moves_each_value_by_half_a_smallest_unit_at_most(
    chosen: Terms, currency: str, rent: Decimal, fee: Decimal
) -> None:
    shown = chosen.price(quote(part(RENT, rent, currency), part(FEE, fee, currency), currency=currency))
    exact = Fraction(rent) + Fraction(fee) + share(rent, chosen)
    count = 0 if chosen.change_nothing else len(values(shown.price_modifications))
    assert abs(Fraction(amount(shown.total)) - exact) <= Fraction(smallest_unit(currency)) / 2 * count
    assert amount(shown.total) >= fee - Decimal(count) * smallest_unit(currency) / 2, (
        "nights never cost less than nothing"
    )


@given(terms, currencies, rates)
def test_each_percentage_changes_the_same_alone_and_beside_the_others(
    chosen: Terms, currency: str, rent: Decimal
) -> None:
    """So that it does not matter which of them comes first."""
    asked = quote(part(RENT, rent, currency), currency=currency)
    alone = [
        each.price(asked)
        for each in (
            Terms(default_discount=chosen.default_discount),
            Terms(markup=chosen.markup),
            Terms(distribution_markup=chosen.distribution_markup),
        )
        if not each.change_nothing
    ]
    together = chosen.price(asked)
    changes = [value for each in alone for value in values(each.price_modifications)]
    assert changes == ([] if chosen.change_nothing else values(together.price_modifications))


# Nights and base prices.


@given(terms, currencies, st.lists(rates, min_size=1, max_size=40))
def test_nights_add_up_to_the_rent_of_their_stay(chosen: Terms, currency: str, nights: list[Decimal]) -> None:
    rent = sum(nights, Decimal(0))
    shown = chosen.price(quote(part(RENT, rent, currency), currency=currency, nights=len(nights)))
    days = chosen.calendar(calendar(*nights)).days
    count = 0 if chosen.change_nothing else len(values(shown.price_modifications))
    total = sum((Fraction(day.price) for day in days if day.price is not None), Fraction(0))
    assert total == Fraction(rent) + share(rent, chosen), "nights are exact"
    assert abs(Fraction(amount(shown.total)) - total) <= Fraction(smallest_unit(currency)) / 2 * count


@given(terms.filter(lambda each: not each.change_nothing), st.lists(st.none() | rates, max_size=20))
def test_a_night_shows_what_the_pms_asks_and_what_was_added(chosen: Terms, nights: list[Decimal | None]) -> None:
    asked = calendar(*nights)
    for before, day in zip(asked.days, chosen.calendar(asked).days, strict=True):
        if before.price is None:
            assert day is before
            continue
        assert day.price is not None
        assert day.original_price == before.price
        assert Fraction(day.price) == Fraction(before.price) + sum(map(Fraction, values(day.price_modifications)))
        assert day.price >= 0
        assert (day.date, day.status, day.minimum_stay) == (before.date, before.status, before.minimum_stay)
    assert [day.price for day in asked.days] == nights


@given(terms.filter(lambda each: not each.change_nothing), rates)
def test_a_base_price_changes_as_a_night_of_that_price(chosen: Terms, rate: Decimal) -> None:
    shown = chosen.listing(listing(Money(amount=rate, currency="EUR")))
    (night,) = chosen.calendar(calendar(rate)).days
    assert (amount(shown.base_price), amount(shown.original_base_price)) == (night.price, rate)
    assert shown.base_price_modifications == night.price_modifications
    # A setting of the PMS, not a price that anybody is asked.
    assert amount(shown.minimum_price) == 80


def test_a_listing_without_a_base_price_stays_as_it_is() -> None:
    house = listing(None)
    assert Terms(markup=Decimal(10)).listing(house) is house


@pytest.mark.parametrize(
    ("rate", "shown", "added"),
    [("236.25", "212.625", "-23.625"), ("212.00", "190.80", "-21.2"), ("100", "90", "-10"), ("1E+2", "90", "-10")],
)
def test_exact_rates_have_no_idle_zeros_and_no_exponents(rate: str, shown: str, added: str) -> None:
    (day,) = Terms(default_discount=Decimal("10.000")).calendar(calendar(Decimal(rate))).days
    assert (str(day.price), [str(each) for each in values(day.price_modifications)]) == (shown, [added])


def test_amounts_that_nobody_asks_harm_nothing() -> None:
    """The wire lets in numbers of up to 60 digits, and negative ones."""
    odd = [Decimal("9" * 31 + "." + "9" * 29), Decimal("1E-40"), Decimal(-5)]
    chosen = Terms(default_discount=Decimal("99.999999"), markup=Decimal("9999.999999"))
    for rate, day in zip(odd, chosen.calendar(calendar(*odd)).days, strict=True):
        assert day.price is not None
        assert Fraction(day.price) == Fraction(rate) + (share(rate, chosen) if rate > 0 else 0)
        shown = chosen.price(quote(part(RENT, rate), total=str(rate)))
        assert Fraction(amount(shown.total)) - Fraction(rate) == sum(map(Fraction, values(shown.price_modifications)))


@pytest.mark.parametrize(
    ("currency", "unit"), [("EUR", "0.01"), ("jpy", "1"), ("KWD", "0.001"), ("CLF", "0.0001"), ("???", "0.01")]
)
def test_smallest_units_are_those_of_iso_4217(currency: str, unit: str) -> None:
    assert str(smallest_unit(currency)) == unit
