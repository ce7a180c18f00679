"""Orders as comparable keys, with one rule for what has no value: it comes last, in both directions."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from providers.model import Listing, Reservation
from providers.queries import (
    ListingOrderField,
    ListingQuery,
    OrderDirection,
    ReservationOrderField,
    ReservationQuery,
)

T = TypeVar("T")

_INTEGERS = 2**63

SortKey = tuple[str | None, str]
"""The value to order by, as text that sorts like the value (None: has none), then the id to settle ties."""

LAST: SortKey = (None, "")
"""The key of what has no value to order by."""


@dataclass(frozen=True, slots=True)
class Ordering(Generic[T]):
    """An order over records: how to get a record's key, and which of two keys comes first."""

    key: Callable[[T], SortKey]
    descending: bool

    def before(self, a: SortKey, b: SortKey) -> bool:
        """Whether a record with key ``a`` comes before one with key ``b``."""
        if (a[0] is None) != (b[0] is None):
            return b[0] is None
        if a[0] == b[0]:
            return a[1] < b[1]
        first, second = a[0] or "", b[0] or ""
        return first > second if self.descending else first < second

    def arranged(self, records: Iterable[T]) -> list[T]:
        """The records in this order."""
        # Sorting is stable, reversed too: what ties keeps the order of the ids.
        by_id = sorted(records, key=lambda record: self.key(record)[1])
        valued = [record for record in by_id if self.key(record)[0] is not None]
        valued.sort(key=lambda record: self.key(record)[0] or "", reverse=self.descending)
        return valued + [record for record in by_id if self.key(record)[0] is None]


def listing_ordering(query: ListingQuery) -> Ordering[Listing] | None:
    """The order that ``query`` asks for; None for the PMS's own."""
    keys: dict[ListingOrderField, Callable[[Listing], Any]] = {
        ListingOrderField.NAME: lambda listing: listing.name.casefold() if listing.name else None,
        ListingOrderField.UPDATED: lambda listing: _instant(listing.updated_at),
        ListingOrderField.POSITION: lambda listing: _integer(listing.position),
        ListingOrderField.CONTACT_NAME: _contact_name,
    }
    return _ordering(keys.get(query.order), query.direction)


def reservation_ordering(query: ReservationQuery) -> Ordering[Reservation] | None:
    """The order that ``query`` asks for; None for the PMS's own, and for orders by what no record tells."""
    keys: dict[ReservationOrderField, Callable[[Reservation], Any]] = {
        ReservationOrderField.ARRIVAL: lambda each: each.arrival.isoformat() if each.arrival else None,
        ReservationOrderField.UPDATED: lambda each: _instant(each.updated_at),
        ReservationOrderField.BOOKED: lambda each: _instant(each.booked_at),
    }
    return _ordering(keys.get(query.order), query.direction)


def by_id() -> Ordering[Any]:
    """Records by their ids: an order that everybody can give, and that nothing disturbs."""
    return Ordering(key=lambda record: (None, id_key(record.account_id, record.provider_id)), descending=False)


def id_key(account_id: str, provider_id: str) -> str:
    """The part of a sort key that settles ties."""
    return f"{account_id}/{provider_id}"


def _instant(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant else None


def _integer(number: int | None) -> str | None:
    """Text that sorts like the number, negative ones too."""
    if number is None:
        return None
    return f"{max(-_INTEGERS, min(number, _INTEGERS)) + _INTEGERS:020}"


def _contact_name(listing: Listing) -> str | None:
    name = listing.contact.first_name if listing.contact else None
    return name.casefold() if name else None


def _ordering(value: Callable[[Any], str | None] | None, direction: OrderDirection) -> Ordering[Any] | None:
    if value is None:
        return None
    return Ordering(
        key=lambda record: (value(record), id_key(record.account_id, record.provider_id)),
        descending=direction is OrderDirection.DESC,
    )
