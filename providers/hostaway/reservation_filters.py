"""The filters and orders of Hostaway's reservation list.

Whether both ends of its date ranges are inclusive, and in which zone its days are, is not documented. So every
bound is put where nothing wanted is lost in any reading; the caller drops the surplus.
"""

from collections.abc import Iterable
from datetime import date, timedelta

from providers.hostaway.paging import Query
from providers.hostaway.times import active_since
from providers.queries import DateRange, OrderDirection, ReservationOrderField, ReservationQuery

_DAY = timedelta(days=1)

# Without `sortOrder` the list comes by `updatedOn`, the latest first: that is the order by update, descending
# (Hostaway documentation, Reservations list).
_ORDERS = {
    (ReservationOrderField.ARRIVAL, OrderDirection.ASC): "arrivalDate",
    (ReservationOrderField.ARRIVAL, OrderDirection.DESC): "arrivalDateDesc",
    (ReservationOrderField.UPDATED, OrderDirection.ASC): "updatedOn",
}

STEADY_ORDER = ("sortOrder", "arrivalDate")
"""For walks through everything: in the order by update, a row that changes meanwhile jumps out of the walk's way."""


def reservation_order(query: ReservationQuery) -> Query:
    """The ``sortOrder`` parameter, if one is needed."""
    order = _ORDERS.get((query.order, query.direction))
    return () if order is None else (("sortOrder", order),)


def reservation_parameters(query: ReservationQuery) -> Query:
    """Query parameters of ``GET /v1/reservations`` but for listing and order.

    ``includePayments`` adds the balance, ``includeResources`` what else is left out by default.
    """
    return (
        ("includeResources", "1"),
        ("includePayments", "1"),
        *_range("arrival", _from(query.arrival), _earliest(_until(query.arrival), _until(query.stay))),
        *_range("departure", _latest(_from(query.departure), _after(query.stay)), _until(query.departure)),
        *active_since(query.updated_since),
    )


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
