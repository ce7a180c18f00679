"""The filters and orders of Hostaway's reservation list.

Whether both ends of its date ranges are inclusive, and in which zone its days are, is not documented. So every
bound is put where nothing wanted is lost in any reading; the caller drops the surplus.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

from providers.hostaway.channels import only_id
from providers.hostaway.paging import Query, is_id
from providers.hostaway.parameters import flag, given
from providers.hostaway.times import active_since, active_until
from providers.model import AgreementState
from providers.queries import DateRange, OrderDirection, ReservationOrderField, ReservationQuery

_DAY = timedelta(days=1)

# Without `sortOrder` the list comes by `updatedOn`, the latest first: that is the order by update, descending
# (Hostaway documentation, Reservations list).
_ORDERS = {
    (ReservationOrderField.ARRIVAL, OrderDirection.ASC): "arrivalDate",
    (ReservationOrderField.ARRIVAL, OrderDirection.DESC): "arrivalDateDesc",
    (ReservationOrderField.UPDATED, OrderDirection.ASC): "updatedOn",
    (ReservationOrderField.MESSAGE_SENT, OrderDirection.ASC): "lastConversationMessageSent",
    (ReservationOrderField.MESSAGE_SENT, OrderDirection.DESC): "lastConversationMessageSentDesc",
    (ReservationOrderField.MESSAGE_RECEIVED, OrderDirection.ASC): "lastConversationMessageReceived",
    (ReservationOrderField.MESSAGE_RECEIVED, OrderDirection.DESC): "lastConversationMessageReceivedDesc",
}

EVERY_FIELD: Query = (("includeResources", "1"), ("includePayments", "1"))
"""Fees, units, custom fields and balance, which are left out by default. Single reads bring the policy unasked."""

_AGREEMENTS = {
    AgreementState.NOT_REQUIRED: "not_required",
    AgreementState.SIGNED: "signed",
    AgreementState.NOT_SIGNED: "not_signed",
}

STEADY_ORDER = ("sortOrder", "arrivalDate")
"""For walks through everything: in the order by update, a row that changes meanwhile jumps out of the walk's way."""


def reservation_order(query: ReservationQuery) -> Query:
    """The ``sortOrder`` parameter, if one is needed."""
    order = _ORDERS.get((query.order, query.direction))
    return () if order is None else (("sortOrder", order),)


def reservation_parameters(query: ReservationQuery) -> Query:
    """Query parameters of ``GET /v1/reservations`` but for listing and order."""
    return (
        *EVERY_FIELD,
        ("includeCancellationPolicy", "1"),
        *_range("arrival", _from(query.arrival), _earliest(_until(query.arrival), _until(query.stay))),
        *_range("departure", _latest(_from(query.departure), _after(query.stay)), _until(query.departure)),
        *active_since(query.updated_since),
        *active_until(query.updated_until),
        *given("channelId", only_id(query.channels) if query.channels else None),
        *given("assigneeUserId", query.assignee_id),
        *given("customerUserId", query.customer_reference),
        *given("guestEmail", query.guest_email),
        *given("reservationAgreement", _AGREEMENTS.get(query.agreement) if query.agreement else None),
        *flag("isStarred", query.starred),
        *flag("isArchived", query.archived),
        *flag("isPinned", query.pinned),
        *flag("hasUnreadConversationMessages", query.unread),
    )


def no_reservation_fits(query: ReservationQuery) -> bool:
    """Whether a filter names what cannot be an id of Hostaway, so that no call need be made."""
    listings, assignee = query.listing_ids, query.assignee_id
    return (listings is not None and not any(map(is_id, listings))) or (assignee is not None and not is_id(assignee))


def _from(days: DateRange | None) -> date | None:
    """The day before the first: right whether or not the PMS counts the bound itself."""
    start = days.start if days else None
    return start - _DAY if start and start > date.min else start


def _until(days: DateRange | None) -> date | None:
    """The excluded end itself: right in both readings as well. A stay in a range arrives before that range's end."""
    return days.end if days else None


def _after(stay: DateRange | None) -> date | None:
    """A stay in a range departs after the range's first day, so that day is a bound in both readings."""
    return stay.start if stay else None


def _range(name: str, start: date | None, end: date | None) -> Iterable[tuple[str, str]]:
    if start is not None:
        yield f"{name}StartDate", start.isoformat()
    if end is not None:
        yield f"{name}EndDate", end.isoformat()


def _earliest(*days: date | None) -> date | None:
    return min((day for day in days if day is not None), default=None)


def _latest(*days: date | None) -> date | None:
    return max((day for day in days if day is not None), default=None)


def is_counted_exactly(query: ReservationQuery) -> bool:
    """Whether Hostaway's count is that of what was asked for: filters that only narrow count more."""
    exact = replace(query, listing_ids=None, assignee_id=None, unread=None)
    one_listing = query.listing_ids is None or len(query.listing_ids) == 1
    return one_listing and reservation_parameters(exact) == reservation_parameters(ReservationQuery())
