from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from providers.simulation.portfolio import Business, Stay, StayKind, business, nightly_price, stays_by_house

TODAY = date(2027, 3, 4)
MIDNIGHT = datetime(2027, 3, 4, tzinfo=UTC)


@pytest.fixture(scope="module")
def sample() -> Business:
    return business(seed=1, provider="sample", account=0, houses=40, today=TODAY)


def test_same_arguments_give_the_same_business(sample: Business) -> None:
    again = business.__wrapped__(seed=1, provider="sample", account=0, houses=40, today=TODAY)
    assert again is not sample
    assert again == sample


@pytest.mark.parametrize("changed", [{"seed": 2}, {"provider": "other"}, {"account": 1}])
def test_other_seed_provider_or_account_gives_other_data(sample: Business, changed: dict[str, object]) -> None:
    arguments = {"seed": 1, "provider": "sample", "account": 0, "houses": 40, "today": TODAY, **changed}
    assert business(**arguments).stays != sample.stays


def test_more_houses_leave_the_first_ones_as_they_are(sample: Business) -> None:
    assert business(seed=1, provider="sample", account=0, houses=5, today=TODAY).houses == sample.houses[:5]


def test_held_stays_never_overlap_and_fill_about_two_thirds(sample: Business) -> None:
    held = [
        (stay.house.number, stay.arrival + timedelta(days=night))
        for stay in sample.stays
        if stay.kind.holds_nights
        for night in range(stay.nights)
    ]
    assert len(held) == len(set(held))
    assert 0.6 < len(held) / (40 * 365) < 0.7


def test_stays_reach_half_a_year_both_ways(sample: Business) -> None:
    held = [stay for stay in sample.stays if stay.kind.holds_nights]
    assert min(stay.arrival for stay in held) >= TODAY - timedelta(days=180)
    assert max(stay.departure for stay in held) <= TODAY + timedelta(days=185)
    assert any(stay.departure > TODAY + timedelta(days=175) for stay in held)
    assert {stay.kind for stay in sample.stays} == set(StayKind)


def test_no_house_is_crowded_in_the_next_sixty_days(sample: Business) -> None:
    def soon(stay: Stay) -> bool:
        return stay.departure >= TODAY and stay.arrival < TODAY + timedelta(days=60)

    crowds = Counter(stay.house.number for stay in sample.stays if soon(stay))
    assert max(crowds.values()) <= 13


def test_money_adds_up_exactly(sample: Business) -> None:
    for stay in sample.stays:
        nights = (stay.arrival + timedelta(days=night) for night in range(stay.nights))
        rent = sum((nightly_price(stay.house, night) for night in nights), Decimal(0))
        assert stay.total == stay.rent + stay.cleaning_fee + stay.tax
        assert stay.rent == (0 if stay.kind is StayKind.BLOCKED else rent)
        assert 0 <= stay.paid <= stay.total
        assert stay.total.as_tuple().exponent == -2


def test_numbers_grow_with_the_time_of_booking_and_nothing_lies_in_the_future(sample: Business) -> None:
    assert [stay.number for stay in sample.stays] == list(range(1, len(sample.stays) + 1))
    booked = [stay.booked_at for stay in sample.stays]
    assert booked == sorted(booked)
    assert all(stay.booked_at <= stay.updated_at <= MIDNIGHT for stay in sample.stays)
    assert all(stay.booked_at.date() <= stay.arrival for stay in sample.stays)
    assert all(house.created_at <= house.updated_at <= MIDNIGHT for house in sample.houses)


def test_blocks_have_neither_guest_nor_money_and_parties_fit(sample: Business) -> None:
    for stay in sample.stays:
        assert (stay.guest is None) == (stay.kind is StayKind.BLOCKED)
        assert stay.adults + stay.children <= stay.house.max_guests
        assert (stay.cancelled_at is not None) == (stay.kind is StayKind.CANCELLED)


def test_prices_follow_season_and_weekend(sample: Business) -> None:
    house = next(house for house in sample.houses if house.town.currency == "EUR")
    february, august = nightly_price(house, date(2027, 2, 2)), nightly_price(house, date(2027, 8, 3))
    assert august > february
    assert nightly_price(house, date(2027, 2, 5)) > february
    assert february.as_tuple().exponent == -2


def test_yen_have_no_smaller_unit(sample: Business) -> None:
    house = next(house for house in sample.houses if house.town.currency == "JPY")
    for number in range(60):
        price = nightly_price(house, TODAY + timedelta(days=number))
        assert price == price.to_integral_value()


def test_stays_by_house_are_complete_and_in_order_of_arrival(sample: Business) -> None:
    grouped = stays_by_house(sample.stays)
    assert sum(len(stays) for stays in grouped.values()) == len(sample.stays)
    for number, stays in grouped.items():
        assert {stay.house.number for stay in stays} == {number}
        assert [stay.arrival for stay in stays] == sorted(stay.arrival for stay in stays)


def test_a_business_without_houses_is_empty() -> None:
    empty = business(seed=1, provider="sample", account=0, houses=0, today=TODAY)
    assert (len(empty.houses), len(empty.stays)) == (0, 0)
