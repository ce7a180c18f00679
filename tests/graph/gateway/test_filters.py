"""Filters applied by the gateway itself."""

from datetime import UTC, date, datetime

import pytest

from graph.gateway.filters import keeps_listing, keeps_reservation
from providers.model import Address, Guest, Listing, Reservation, ReservationStatus
from providers.queries import DateRange, ListingQuery, ReservationQuery

SINCE = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def listing(**given: object) -> Listing:
    return Listing(**({"provider": "FAKE", "account_id": "a", "provider_id": "1"} | given))  # type: ignore[arg-type]  # fields by name


def reservation(**given: object) -> Reservation:
    known = {"status": ReservationStatus.CONFIRMED, "arrival": date(2026, 12, 1), "departure": date(2026, 12, 5)}
    fields = {"provider": "FAKE", "account_id": "a", "provider_id": "1"} | known | given
    return Reservation(**fields)  # type: ignore[arg-type]  # fields by name


@pytest.mark.parametrize(
    ("changed", "kept"),
    [
        (None, True),
        (datetime(2026, 11, 20, 9, 0, tzinfo=UTC), True),
        (datetime(2026, 11, 20, 8, 59, tzinfo=UTC), False),
        (datetime(2026, 11, 20, tzinfo=UTC), True),
        (datetime(2026, 11, 19, tzinfo=UTC), False),
    ],
)
def test_what_may_have_changed_since_is_kept(changed: datetime | None, kept: bool) -> None:
    assert keeps_listing(ListingQuery(updated_since=SINCE), listing(updated_at=changed)) is kept
    assert keeps_reservation(ReservationQuery(updated_since=SINCE), reservation(updated_at=changed)) is kept


@pytest.mark.parametrize(
    ("start", "end", "kept"),
    [
        (date(2026, 12, 5), None, False),
        (date(2026, 12, 4), None, True),
        (None, date(2026, 12, 1), False),
        (None, date(2026, 12, 2), True),
        (date(2026, 12, 2), date(2026, 12, 3), True),
    ],
)
def test_a_stay_needs_a_night_in_the_range(start: date | None, end: date | None, kept: bool) -> None:
    assert keeps_reservation(ReservationQuery(stay=DateRange(start, end)), reservation()) is kept
    assert not keeps_reservation(ReservationQuery(stay=DateRange(start, end)), reservation(arrival=None))


def test_text_is_sought_without_case_and_places_match_whole() -> None:
    found = listing(name="Villa ÉGLANTINE", address=Address(city="Nice", country_code="FR"))
    assert keeps_listing(ListingQuery(text="églan", city="NICE", country_code="fr"), found)
    assert not keeps_listing(ListingQuery(city="Nic"), found)
    assert not keeps_listing(ListingQuery(min_guests=1), found)
    assert keeps_reservation(ReservationQuery(text="ADA"), reservation(guest=Guest(name="Ada Byron")))
