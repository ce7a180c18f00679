"""Orders: records by their values, those without a value last in both directions."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.gateway.ordering import listing_ordering, reservation_ordering
from providers.model import Contact, Listing, Reservation, ReservationStatus
from providers.queries import (
    ListingOrderField,
    ListingQuery,
    OrderDirection,
    ReservationOrderField,
    ReservationQuery,
)

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)

INSTANTS = st.none() | st.integers(-(10**9), 10**9).map(lambda micros: NOON + timedelta(microseconds=micros))
NUMBERS = st.none() | st.integers(-(10**12), 10**12)
NAMES = st.none() | st.text(st.characters(codec="utf-8"), min_size=1, max_size=5)


def listing(number: int, **given: Any) -> Listing:
    return Listing(provider="FAKE", account_id="a", provider_id=str(number), **({"name": None} | given))


def reservation(number: int, **given: Any) -> Reservation:
    return Reservation(
        provider="FAKE",
        account_id="a",
        provider_id=str(number),
        status=ReservationStatus.CONFIRMED,
        arrival=None,
        departure=None,
        **given,
    )


def check(values: list[Any], arranged: list[int], direction: OrderDirection) -> None:
    """``arranged`` names the values by index: each once, in order, those that are None at the end."""
    assert sorted(arranged) == list(range(len(values)))
    found = [values[index] for index in arranged]
    known = [value for value in found if value is not None]
    assert known == sorted(known, reverse=direction is OrderDirection.DESC)
    assert found[len(known) :] == [None] * (len(values) - len(known))


@given(values=st.lists(NUMBERS, max_size=9), direction=st.sampled_from(OrderDirection))
def test_listings_by_position(values: list[int | None], direction: OrderDirection) -> None:
    ordering = listing_ordering(ListingQuery(order=ListingOrderField.POSITION, direction=direction))
    assert ordering is not None
    arranged = ordering.arranged(listing(n, position=value) for n, value in enumerate(values))
    check(values, [int(each.provider_id) for each in arranged], direction)


@given(values=st.lists(NAMES, max_size=9), direction=st.sampled_from(OrderDirection))
def test_listings_by_the_first_name_of_their_contact(values: list[str | None], direction: OrderDirection) -> None:
    ordering = listing_ordering(ListingQuery(order=ListingOrderField.CONTACT_NAME, direction=direction))
    assert ordering is not None
    arranged = ordering.arranged(listing(n, contact=Contact(first_name=value)) for n, value in enumerate(values))
    folded = [value.casefold() if value else None for value in values]
    check(folded, [int(each.provider_id) for each in arranged], direction)


@given(values=st.lists(INSTANTS, max_size=9), direction=st.sampled_from(OrderDirection))
def test_reservations_by_the_time_of_booking(values: list[datetime | None], direction: OrderDirection) -> None:
    ordering = reservation_ordering(ReservationQuery(order=ReservationOrderField.BOOKED, direction=direction))
    assert ordering is not None
    arranged = ordering.arranged(reservation(n, booked_at=value) for n, value in enumerate(values))
    check(values, [int(each.provider_id) for each in arranged], direction)


@pytest.mark.parametrize("order", [ReservationOrderField.MESSAGE_SENT, ReservationOrderField.MESSAGE_RECEIVED])
def test_no_record_tells_the_order_of_messages(order: ReservationOrderField) -> None:
    assert reservation_ordering(ReservationQuery(order=order)) is None
