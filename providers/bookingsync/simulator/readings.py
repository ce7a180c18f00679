"""What the documentation of BookingSync leaves open: one field a question, the likeliest reading as its default."""

from dataclasses import dataclass
from enum import StrEnum


class IncludeStyle(StrEnum):
    """Where records asked for with ``include`` stand."""

    NESTED = "NESTED"
    TOP_LEVEL = "TOP_LEVEL"
    LINKED = "LINKED"
    IGNORED = "IGNORED"


class ErrorStyle(StrEnum):
    """How the body of a refusal is built (that of a 401 is known)."""

    TEXT = "TEXT"
    FIELDS = "FIELDS"
    OBJECTS = "OBJECTS"
    TEXTS = "TEXTS"
    EMPTY = "EMPTY"
    HTML = "HTML"


class UnknownStyle(StrEnum):
    """What becomes of something asked for that does not exist or may not be had."""

    IGNORED = "IGNORED"
    BAD_REQUEST = "BAD_REQUEST"
    FORBIDDEN = "FORBIDDEN"
    UNPROCESSABLE = "UNPROCESSABLE"


class OldRefreshToken(StrEnum):
    """How long a refresh token lives once it was used."""

    DEAD_AT_ONCE = "DEAD_AT_ONCE"
    UNTIL_NEW_TOKEN_IS_USED = "UNTIL_NEW_TOKEN_IS_USED"  # noqa: S105 (the name of a reading)


class SuspendedStyle(StrEnum):
    """How a suspended account shows."""

    LISTED = "LISTED"
    DELETED = "DELETED"
    REFUSED = "REFUSED"


class CountedBy(StrEnum):
    """Whose calls the limit counts together."""

    APPLICATION = "APPLICATION"
    TOKEN = "TOKEN"  # noqa: S105 (the name of a reading)


class MapStart(StrEnum):
    """Where a rate map begins after a part of it was written."""

    YESTERDAY = "YESTERDAY"
    SENT = "SENT"
    UNCHANGED = "UNCHANGED"


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingsyncReadings:
    """One reading of the open points. A client has to work under all of them.

    ``suspended_accounts`` are numbers of accounts, counted from 0.
    """

    include: IncludeStyle = IncludeStyle.NESTED
    unknown_include: UnknownStyle = UnknownStyle.IGNORED
    include_beyond_scope: UnknownStyle = UnknownStyle.IGNORED
    unknown_parameters: UnknownStyle = UnknownStyle.IGNORED
    fields_keep_links: bool = True
    errors: ErrorStyle = ErrorStyle.TEXT
    per_page_above_cap_is_cut: bool = True
    paging_in_headers: bool = True
    paging_in_meta: bool = True
    meta_everywhere: bool = False
    meta_with_updated_since: bool = True
    unknown_ids_left_out: bool = True
    from_now_despite_other_filters: bool = True
    status_filter_admits_canceled: bool = True
    deleted_ids_include_listed_ones: bool = True
    deleted_ids_within_window: bool = False
    updated_since_inclusive: bool = True
    suspended_accounts: frozenset[int] = frozenset()
    suspended: SuspendedStyle = SuspendedStyle.LISTED
    sliding_window: bool = False
    counted_by: CountedBy = CountedBy.APPLICATION
    refused_calls_count: bool = False
    token_calls_count: bool = False
    retry_after: bool = False
    old_refresh_token: OldRefreshToken = OldRefreshToken.DEAD_AT_ONCE
    old_access_token_lives_on: bool = True
    redirect_uri_checked: bool = True
    client_in_basic_or_query: bool = False
    token_refusal_status: int = 401
    reason_in_www_authenticate: bool = True
    availability_starts_at_from: bool = True
    tentative_night_allows_check_out: bool = False
    minimum_stay_of_every_night: bool = False
    quote_of_unavailable_has_nulls: bool = False
    search_checks_capacity: bool = False
    search_served: bool = True
    rates_end_inclusive: bool = False
    created_status: int = 201
    updates_answer_nothing: bool = False
    overlap_status: int = 422
    locked_status: int = 422
    canceled_status: int = 422
    statusless_booking_refused: bool = True
    lapsed_holds_vanish: bool = False
    bookings_change_with_clients: bool = False
    map_start: MapStart = MapStart.YESTERDAY
