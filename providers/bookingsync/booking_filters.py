"""The unified reservation filters in BookingSync's words.

BookingSync filters bookings by overlap with [``from``, ``until``), not by arrival or departure, and hides
past and cancelled ones unless told otherwise (BookingSync documentation, Bookings, filters).
"""

from datetime import UTC, date, datetime, timedelta

from providers.bookingsync.resources import Options, is_id
from providers.model import ReservationStatus
from providers.queries import ReservationQuery

HISTORY = date(2000, 1, 1)
"""Before every booking. Sent wherever there is no other ``from``, whose default is now."""

_FILTERABLE = {
    ReservationStatus.CONFIRMED: "booked",
    ReservationStatus.PENDING: "tentative",
    ReservationStatus.BLOCKED: "unavailable",
}
_HIDDEN = frozenset({ReservationStatus.CANCELLED, ReservationStatus.UNKNOWN})
_DAY = timedelta(days=1)
_UPDATE_MARGIN = timedelta(seconds=2)
"""Whether ``updated_since`` includes its instant, and how it treats fractions, is not documented."""


def booking_options(query: ReservationQuery, *, in_full: bool) -> Options | None:
    """The filters of ``query`` (but its ``listing_ids``) so that nothing wanted is lost; None if nothing
    can fit.

    ``in_full``: whether the token may see past and cancelled bookings; others are refused the option for it.
    Days are widened by one on both sides, since the hours of bookings are wall time of an unknown zone.
    """
    wanted = _wanted(query, in_full=in_full)
    if wanted is not None and not wanted:
        return None
    if query.guest_ids is not None and not any(map(is_id, query.guest_ids)):
        return None
    start, end = overlap(query)
    options = []
    if start is not None or in_full:
        options.append(("from", _midnight(start or HISTORY)))
    if end is not None:
        options.append(("until", _midnight(end)))
    options += _status_options(wanted, in_full=in_full)
    if query.guest_ids is not None:
        options.append(("client_id", ",".join(each for each in query.guest_ids if is_id(each))))
    return (*options, *updated_since_option(query.updated_since))


def overlap(query: ReservationQuery) -> tuple[date | None, date | None]:
    """The narrowest stretch of days that every fitting booking overlaps, a day wider on both sides."""
    ranges = [each for each in (query.stay, query.arrival, query.departure) if each is not None]
    starts = [each.start for each in ranges if each.start is not None]
    ends = [each.end for each in ranges if each.end is not None]
    return (_shifted(max(starts), -_DAY) if starts else None, _shifted(min(ends), _DAY) if ends else None)


def _wanted(query: ReservationQuery, *, in_full: bool) -> frozenset[ReservationStatus] | None:
    """The statuses asked for that this token can meet in BookingSync; None for all."""
    if query.statuses is None:
        return None
    known = frozenset(_FILTERABLE) | {ReservationStatus.UNKNOWN}
    return query.statuses & (known | {ReservationStatus.CANCELLED} if in_full else known)


def _status_options(wanted: frozenset[ReservationStatus] | None, *, in_full: bool) -> list[tuple[str, str]]:
    """``status`` has no word for cancelled or locked bookings, which are blocks too: whoever asks for those asks
    for all. Cancelled ones come only where they may be wanted.
    """
    if wanted is not None and not wanted & _HIDDEN:
        if ReservationStatus.BLOCKED in wanted:
            return []
        return [("status", ",".join(sorted(_FILTERABLE[each] for each in wanted)))]
    return [("include_canceled", "true")] if in_full else []


def _shifted(day: date, by: timedelta) -> date:
    try:
        return day + by
    except OverflowError:
        return day


def _midnight(day: date) -> str:
    return f"{day.isoformat()}T00:00:00Z"


def updated_since_option(moment: datetime | None) -> Options:
    """The filter for what changed at or after an aware instant."""
    if moment is None:
        return ()
    earlier = moment.astimezone(UTC) - _UPDATE_MARGIN
    return (("updated_since", earlier.strftime("%Y-%m-%dT%H:%M:%SZ")),)
