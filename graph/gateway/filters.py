"""The filters of the unified schema, applied here: PMSs do some, few exactly, and none is trusted to."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any, TypeVar

from graph.gateway.applied import argument_of, used_filters
from providers.errors import NotSupported
from providers.manifest import Manifest, Precision
from providers.model import Contact, Listing, PropertyType, Reservation
from providers.queries import DateRange, ListingOrderField, ListingQuery, ReservationOrderField, ReservationQuery

Q = TypeVar("Q", ListingQuery, ReservationQuery)

PMS_ONLY_FILTERS = frozenset({"user_id", "booking_engine_active", "unread"})
"""Filters on what no record tells."""

PMS_ONLY_ORDERS = frozenset({ReservationOrderField.MESSAGE_SENT, ReservationOrderField.MESSAGE_RECEIVED})
"""Orders by what no record tells."""

_TIMES_OF_CHANGE = ("updated_since", "updated_until")


def keeps_listing(query: ListingQuery, listing: Listing) -> bool:
    """Whether ``listing`` fits every filter of ``query``. What the PMS does not say fits none but times of change.

    Filters that only a PMS can apply are left to it.
    """
    address = listing.address
    return (
        _holds_text(query.text, listing.name, listing.internal_name)
        and _same_text(query.city, address.city if address else None)
        and _same_text(query.country, address.country if address else None)
        and _same_text(query.country_code, address.country_code if address else None)
        and (query.min_guests is None or (listing.max_guests or 0) >= query.min_guests)
        and (query.property_types is None or _is_of_kind(query, query.property_types, listing))
        and _same_text(query.provider_property_type, listing.provider_property_type)
        and _holds_text(query.contact_name, *_names(listing.contact))
        and _may_have_changed(query, listing.updated_at)
    )


def keeps_reservation(query: ReservationQuery, reservation: Reservation) -> bool:
    """Whether ``reservation`` fits every filter of ``query``. What is not said fits none but times of change.

    Filters that only a PMS can apply are left to it.
    """
    return (
        (query.listing_ids is None or reservation.listing_id in query.listing_ids)
        and (query.arrival is None or query.arrival.holds(reservation.arrival))
        and (query.departure is None or query.departure.holds(reservation.departure))
        and (query.stay is None or _overlaps(query.stay, reservation))
        and (query.statuses is None or reservation.status in query.statuses)
        and (query.channels is None or reservation.channel in query.channels)
        and _same_text(query.customer_reference, reservation.customer_reference)
        and _same(query.assignee_id, reservation.assignee_id)
        and _same(query.agreement, reservation.agreement)
        and _same(query.starred, reservation.is_starred)
        and _same(query.archived, reservation.is_archived)
        and _same(query.pinned, reservation.is_pinned)
        and _may_have_changed(query, reservation.updated_at)
        and _fits_guest(query, reservation)
    )


def native_listing_query(query: ListingQuery, filters: Mapping[str, Precision], orders: frozenset[str]) -> ListingQuery:
    """The part of ``query`` that the PMS does itself."""
    order = query.order if query.order in orders else ListingOrderField.PROVIDER
    return replace(query, order=order, property_type_ids=None, **_without(_foreign(query, filters)))


def native_reservation_query(
    query: ReservationQuery, filters: Mapping[str, Precision], orders: frozenset[str]
) -> ReservationQuery:
    """The part of ``query`` that the PMS does itself."""
    order = query.order if query.order in orders else ReservationOrderField.PROVIDER
    return replace(query, order=order, **_without(_foreign(query, filters)))


def is_exact(query: ListingQuery | ReservationQuery, filters: Mapping[str, Precision]) -> bool:
    """Whether the PMS applies every filter of ``query`` exactly, so that its count is the answer's."""
    return all(filters.get(name) is Precision.EXACT for name in used_filters(query))


def told_by_records(query: ListingQuery | ReservationQuery) -> bool:
    """Whether records tell what fits ``query``, and where; if not, the PMS must be asked."""
    return query.order not in PMS_ONLY_ORDERS and not PMS_ONLY_FILTERS.intersection(used_filters(query))


def decided_by(query: ListingQuery | ReservationQuery, records: Iterable[Listing | Reservation]) -> bool:
    """Whether each of these records tells if it fits ``query``: a time of change that is asked for must be there.

    Of what has none only the PMS may know whether it changed.
    """
    asked = any(getattr(query, name) is not None for name in _TIMES_OF_CHANGE)
    return not asked or all(record.updated_at is not None for record in records)


def whenever_changed(query: Q) -> Q:
    """``query`` without its times of change."""
    return replace(query, **_without(_TIMES_OF_CHANGE))


def nothing_fits(query: ListingQuery | ReservationQuery, manifest: Manifest, untold: frozenset[str]) -> str | None:
    """Why no record of a PMS can fit ``query``, for people: it never tells what a filter asks for."""
    names = [argument_of(name) for name in used_filters(query) if name in untold]
    return f"{manifest.name} tells nothing of {' and '.join(names)}, so none of its records fit." if names else None


def refusal(
    query: ListingQuery | ReservationQuery,
    manifest: Manifest,
    filters: Mapping[str, Precision],
    orders: frozenset[str],
) -> NotSupported | None:
    """Why a PMS cannot answer ``query``: it lacks a filter or an order that nobody else can apply."""
    lacking = [argument_of(name) for name in used_filters(query) if name in PMS_ONLY_FILTERS and name not in filters]
    if query.order in PMS_ONLY_ORDERS and query.order not in orders:
        lacking.append(f"orderBy {query.order}")
    if not lacking:
        return None
    return NotSupported(
        f"{manifest.name} has nothing like {' and '.join(lacking)}, and its records do not tell: "
        "ask without, or leave its accounts out."
    )


def _foreign(query: ListingQuery | ReservationQuery, filters: Mapping[str, Precision]) -> list[str]:
    return [name for name in used_filters(query) if name not in filters]


def _without(names: Iterable[str]) -> dict[str, Any]:
    return dict.fromkeys(names)


def _is_of_kind(query: ListingQuery, kinds: frozenset[PropertyType], listing: Listing) -> bool:
    if listing.property_type is None:
        return listing.provider_property_type in (query.property_type_ids or ())
    return listing.property_type in kinds


def _fits_guest(query: ReservationQuery, reservation: Reservation) -> bool:
    guest = reservation.guest
    return (
        (query.guest_ids is None or (guest is not None and guest.provider_id in query.guest_ids))
        and _same_text(query.guest_email, guest.email if guest else None)
        and _holds_text(
            query.text,
            guest.name if guest else None,
            reservation.confirmation_code,
            reservation.channel_reference,
        )
    )


def _names(contact: Contact | None) -> tuple[str | None, ...]:
    if contact is None:
        return ()
    whole = " ".join(filter(None, (contact.first_name, contact.last_name)))
    return (whole,)


def _holds_text(wanted: str | None, *texts: str | None) -> bool:
    if wanted is None:
        return True
    sought = wanted.casefold()
    return any(sought in text.casefold() for text in texts if text)


def _same_text(wanted: str | None, text: str | None) -> bool:
    return wanted is None or (text is not None and text.casefold() == wanted.casefold())


def _same(wanted: object, told: object) -> bool:
    return wanted is None or told == wanted


def _may_have_changed(query: ListingQuery | ReservationQuery, changed: datetime | None) -> bool:
    """Whether a record may have changed in the time asked for: whoever asks this wants to miss nothing.

    A record without a time of change is kept: the PMS that sent it may know. Midnight sharp usually means that the PMS
    tells the day only (Hostaway's ``latestActivityOn`` is typed as a date): such a change may have been at any time of
    its day.
    """
    if changed is None:
        return True
    latest = changed + timedelta(days=1, microseconds=-1) if changed.time() == time() else changed
    since, until = query.updated_since, query.updated_until
    return (since is None or latest >= since) and (until is None or changed < until)


def _overlaps(stay: DateRange, reservation: Reservation) -> bool:
    if reservation.arrival is None or reservation.departure is None:
        return False
    return (stay.end is None or reservation.arrival < stay.end) and (
        stay.start is None or reservation.departure > stay.start
    )
