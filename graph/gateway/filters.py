"""The filters of the unified schema, applied here: PMSs do some, few exactly, and none is trusted to."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

from providers.manifest import Precision
from providers.model import Listing, Reservation
from providers.queries import DateRange, ListingOrderField, ListingQuery, ReservationOrderField, ReservationQuery

_NOT_FILTERS = {"order", "direction"}


def keeps_listing(query: ListingQuery, listing: Listing) -> bool:
    """Whether ``listing`` fits every filter of ``query``. What the PMS does not say fits none but "updated since"."""
    address = listing.address
    return (
        _holds_text(query.text, listing.name, listing.internal_name)
        and _same_text(query.city, address.city if address else None)
        and _same_text(query.country_code, address.country_code if address else None)
        and (query.min_guests is None or (listing.max_guests or 0) >= query.min_guests)
        and _changed_since(query.updated_since, listing.updated_at)
    )


def keeps_reservation(query: ReservationQuery, reservation: Reservation) -> bool:
    """Whether ``reservation`` fits every filter of ``query``. What is not said fits none but "updated since"."""
    guest = reservation.guest
    return (
        (query.listing_ids is None or reservation.listing_id in query.listing_ids)
        and (query.arrival is None or query.arrival.holds(reservation.arrival))
        and (query.departure is None or query.departure.holds(reservation.departure))
        and (query.stay is None or _overlaps(query.stay, reservation))
        and (query.statuses is None or reservation.status in query.statuses)
        and _changed_since(query.updated_since, reservation.updated_at)
        and _holds_text(
            query.text,
            guest.name if guest else None,
            reservation.confirmation_code,
            reservation.channel_reference,
        )
    )


def native_listing_query(query: ListingQuery, filters: Mapping[str, Precision], orders: frozenset[str]) -> ListingQuery:
    """The part of ``query`` that the PMS does itself."""
    order = query.order if query.order in orders else ListingOrderField.PROVIDER
    return replace(query, order=order, **_without(_foreign(query, filters)))


def native_reservation_query(
    query: ReservationQuery, filters: Mapping[str, Precision], orders: frozenset[str]
) -> ReservationQuery:
    """The part of ``query`` that the PMS does itself."""
    order = query.order if query.order in orders else ReservationOrderField.PROVIDER
    return replace(query, order=order, **_without(_foreign(query, filters)))


def is_exact(query: ListingQuery | ReservationQuery, filters: Mapping[str, Precision]) -> bool:
    """Whether the PMS applies every filter of ``query`` exactly, so that its count is the answer's."""
    return all(filters.get(name) is Precision.EXACT for name in _used(query))


def _used(query: ListingQuery | ReservationQuery) -> list[str]:
    return [
        name for name in query.__dataclass_fields__ if name not in _NOT_FILTERS and getattr(query, name) is not None
    ]


def _foreign(query: ListingQuery | ReservationQuery, filters: Mapping[str, Precision]) -> list[str]:
    return [name for name in _used(query) if name not in filters]


def _without(names: list[str]) -> dict[str, Any]:
    return dict.fromkeys(names)


def _holds_text(wanted: str | None, *texts: str | None) -> bool:
    if wanted is None:
        return True
    sought = wanted.casefold()
    return any(sought in text.casefold() for text in texts if text)


def _same_text(wanted: str | None, text: str | None) -> bool:
    return wanted is None or (text is not None and text.casefold() == wanted.casefold())


def _changed_since(wanted: datetime | None, changed: datetime | None) -> bool:
    """Whether a record may have changed since: whoever asks this wants to miss nothing.

    A record without a time of change is kept: the PMS, which filtered first, may know. Midnight sharp usually means
    that the PMS tells the day only (Hostaway's ``latestActivityOn`` is typed as a date): such a change counts until
    the end of its day.
    """
    if wanted is None or changed is None:
        return True
    return changed >= wanted or (changed.time() == time() and changed + timedelta(days=1) > wanted)


def _overlaps(stay: DateRange, reservation: Reservation) -> bool:
    if reservation.arrival is None or reservation.departure is None:
        return False
    return (stay.end is None or reservation.arrival < stay.end) and (
        stay.start is None or reservation.departure > stay.start
    )
