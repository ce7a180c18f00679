"""What is told of amounts and numbers, for any of them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.changes.problems import Problems, check_id
from graph.rejections import Rejected, RejectionCode
from providers.changes import OMITTED
from providers.model import smallest_unit

CURRENCIES = ["EUR", "JPY", "KWD", "CLF"]


def price_of(amount: Decimal, currency: str | None, *, free: bool = False) -> list[RejectionCode]:
    problems = Problems()
    problems.price(amount, currency, "price", free=free)
    return [each.code for each in problems.found]


@given(st.integers(1, 10**9), st.sampled_from(CURRENCIES))
def test_every_amount_that_can_be_paid_is_a_price(units: int, currency: str) -> None:
    assert price_of(units * smallest_unit(currency), currency) == []


@given(st.integers(0, 10**8), st.integers(1, 9), st.sampled_from(CURRENCIES))
def test_parts_of_a_smallest_unit_are_no_price(units: int, tenths: int, currency: str) -> None:
    amount = (units + Decimal(tenths) / 10) * smallest_unit(currency)
    assert price_of(amount, currency) == [RejectionCode.INVALID]


@given(st.decimals(max_value=0, min_value=-(10**6), places=2))
def test_nothing_below_zero_is_a_price_and_zero_only_where_it_may_be(amount: Decimal) -> None:
    assert price_of(amount, "EUR") == [RejectionCode.OUT_OF_RANGE]
    assert price_of(amount, "EUR", free=True) == ([] if amount == 0 else [RejectionCode.OUT_OF_RANGE])


@given(st.one_of(st.none(), st.just(OMITTED)))
def test_what_is_not_there_is_not_wrong(value: object) -> None:
    problems = Problems()
    problems.price(value, "EUR", "a")
    problems.bounds(value, "b", least=1, most=2)
    problems.ordered(value, 1, "c", "d")
    problems.ordered(1, value, "c", "d")
    assert problems.found == []


@given(st.from_regex(r"[A-Za-z0-9_-]{1,100}", fullmatch=True))
def test_ids_of_pmss_are_let_through(id_: str) -> None:
    assert check_id(id_, "id") == id_


@given(st.text(), st.sampled_from("/.?#% \n\x00é"), st.text())
def test_what_could_be_part_of_an_address_is_no_id(before: str, odd: str, after: str) -> None:
    with pytest.raises(Rejected):
        check_id(before + odd + after, "id")
