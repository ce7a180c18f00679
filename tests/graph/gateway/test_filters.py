"""Filters applied by the gateway itself."""

from datetime import UTC, date, datetime

import pytest

from graph.gateway.applied import Applied, AppliedBy, applied_by, argument_of
from graph.gateway.filters import (
    decided_by,
    keeps_listing,
    keeps_reservation,
    nothing_fits,
    refusal,
    told_by_records,
    whenever_changed,
)
from providers.catalogue import plugin
from providers.errors import ErrorCode
from providers.manifest import Precision
from providers.model import (
    Address,
    AgreementState,
    Channel,
    Contact,
    Guest,
    Listing,
    PropertyType,
    Reservation,
    ReservationStatus,
)
from providers.queries import DateRange, ListingOrderField, ListingQuery, ReservationOrderField, ReservationQuery

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


FULL_LISTING = listing(
    address=Address(city="Nice", country="France", country_code="FR"),
    property_type=PropertyType.VILLA,
    provider_property_type="Luxury villa",
    contact=Contact(first_name="Ada", last_name="Byron"),
)

FULL_RESERVATION = reservation(
    channel=Channel.AIRBNB,
    guest=Guest(provider_id="g1", email="Ada@example.com"),
    assignee_id="7",
    customer_reference="Ref-1",
    agreement=AgreementState.SIGNED,
    is_starred=False,
    is_archived=True,
    is_pinned=True,
)


@pytest.mark.parametrize(
    ("field", "fitting", "other"),
    [
        ("country", "FRANCE", "Fran"),
        ("property_types", frozenset({PropertyType.VILLA, PropertyType.BOAT}), frozenset({PropertyType.BOAT})),
        ("provider_property_type", "luxury VILLA", "villa"),
        ("contact_name", "ada by", "bob"),
    ],
)
def test_each_filter_on_listings_keeps_what_fits_alone(field: str, fitting: object, other: object) -> None:
    assert keeps_listing(ListingQuery(**{field: fitting}), FULL_LISTING)  # type: ignore[arg-type]  # fields by name
    assert not keeps_listing(ListingQuery(**{field: other}), FULL_LISTING)  # type: ignore[arg-type]
    assert not keeps_listing(ListingQuery(**{field: fitting}), listing())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("field", "fitting", "other"),
    [
        ("channels", frozenset({Channel.AIRBNB}), frozenset({Channel.VRBO})),
        ("guest_email", "ada@EXAMPLE.com", "example.com"),
        ("guest_ids", ("g0", "g1"), ("g2",)),
        ("assignee_id", "7", "77"),
        ("customer_reference", "ref-1", "ref"),
        ("agreement", AgreementState.SIGNED, AgreementState.UNKNOWN),
        ("starred", False, True),
        ("archived", True, False),
        ("pinned", True, False),
    ],
)
def test_each_filter_on_reservations_keeps_what_fits_alone(field: str, fitting: object, other: object) -> None:
    assert keeps_reservation(ReservationQuery(**{field: fitting}), FULL_RESERVATION)  # type: ignore[arg-type]  # by name
    assert not keeps_reservation(ReservationQuery(**{field: other}), FULL_RESERVATION)  # type: ignore[arg-type]
    assert not keeps_reservation(ReservationQuery(**{field: fitting}), reservation())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changed", "kept"),
    [
        (None, True),
        (datetime(2026, 11, 20, 8, 59, tzinfo=UTC), True),
        (datetime(2026, 11, 20, 9, 0, tzinfo=UTC), False),
        (datetime(2026, 11, 20, tzinfo=UTC), True),
        (datetime(2026, 11, 21, tzinfo=UTC), False),
    ],
)
def test_what_may_have_changed_before_an_instant_is_kept(changed: datetime | None, kept: bool) -> None:
    assert keeps_listing(ListingQuery(updated_until=SINCE), listing(updated_at=changed)) is kept
    assert keeps_reservation(ReservationQuery(updated_until=SINCE), reservation(updated_at=changed)) is kept


def test_what_only_a_pms_can_tell_is_left_to_it_or_refused_by_name() -> None:
    manifest = plugin("BOOKINGSYNC").manifest
    query = ListingQuery(user_id="7", booking_engine_active=True)
    assert keeps_listing(query, listing())
    assert not told_by_records(query)
    assert (
        refusal(query, manifest, {"user_id": Precision.EXACT, "booking_engine_active": Precision.EXACT}, frozenset())
        is None
    )
    refused = refusal(query, manifest, {"user_id": Precision.EXACT}, frozenset())
    assert refused is not None
    assert refused.code is ErrorCode.NOT_SUPPORTED
    assert "filter.bookingEngineActive" in refused.message
    assert "BookingSync" in refused.message
    assert "userId" not in refused.message
    by_messages = ReservationQuery(order=ReservationOrderField.MESSAGE_SENT)
    refused = refusal(by_messages, manifest, {}, frozenset())
    assert refused is not None
    assert "MESSAGE_SENT" in refused.message
    assert refusal(by_messages, manifest, {}, frozenset({"MESSAGE_SENT"})) is None


def test_an_answer_can_say_who_applied_what() -> None:
    query = ListingQuery(city="Nice", min_guests=2, country_code="FR", order=ListingOrderField.NAME)
    filters = {"city": Precision.EXACT, "min_guests": Precision.NARROWS}
    assert set(applied_by(query, filters, frozenset({"NAME"}))) == {
        Applied("filter.city", AppliedBy.PROVIDER),
        Applied("filter.minGuests", AppliedBy.BOTH),
        Applied("filter.countryCode", AppliedBy.GATEWAY),
        Applied("orderBy", AppliedBy.PROVIDER),
    }
    assert applied_by(ListingQuery(), filters, frozenset()) == ()
    assert argument_of("booking_engine_active") == "filter.bookingEngineActive"


def test_times_of_change_are_told_by_records_that_all_have_one() -> None:
    told, untold = listing(updated_at=SINCE), listing(updated_at=None)
    for query in (ListingQuery(updated_since=SINCE), ListingQuery(updated_until=SINCE, city="Nice")):
        assert told_by_records(query)
        assert decided_by(query, [told, told])
        assert not decided_by(query, [told, untold])
    assert decided_by(ListingQuery(city="Nice"), [untold])
    both = ReservationQuery(updated_since=SINCE, updated_until=SINCE, starred=True)
    assert whenever_changed(both) == ReservationQuery(starred=True)


def test_a_filter_on_what_a_pms_never_tells_is_named() -> None:
    manifest = plugin("BOOKINGSYNC").manifest
    untold = manifest.untold_reservation_filters
    reason = nothing_fits(ReservationQuery(starred=False, text="a", archived=True), manifest, untold)
    assert reason is not None
    assert "BookingSync" in reason
    assert "filter.starred and filter.archived" in reason
    assert nothing_fits(ReservationQuery(text="a"), manifest, untold) is None
