"""What can be asked of a plugin: the filters, orders and ranges of the unified schema, before any PMS's dialect."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Generic, TypeVar

from providers.errors import ProviderError
from providers.model import AgreementState, Channel, Listing, PriceDetails, PropertyType, ReservationStatus
from providers.model.described import Described

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class DateRange:
    """The days from ``start`` up to, and not including, ``end``. Either end may be open (None)."""

    start: date | None = None
    end: date | None = None

    def holds(self, day: date | None) -> bool:
        """Whether a day lies inside; an unknown day lies in no range that has an end or a start."""
        if day is None:
            return self.start is None and self.end is None
        return (self.start is None or day >= self.start) and (self.end is None or day < self.end)


@dataclass(frozen=True, slots=True)
class Days:
    """A closed range of days with both ends known: ``start`` included, ``end`` excluded, ``start`` < ``end``."""

    start: date
    end: date

    def __iter__(self) -> Iterator[date]:
        day = self.start
        while day < self.end:
            yield day
            day += timedelta(days=1)

    def __len__(self) -> int:
        return (self.end - self.start).days


class OrderDirection(Described):
    """Which end comes first."""

    ASC = "ASC", "Smallest, earliest or A first."
    DESC = "DESC", "Largest, latest or Z first."


_BY_ACCOUNT = (
    "Account by account, the cheapest: in the PMS's own order while its pages are read, by ids once a collection of "
    "several pages is held. A walk by cursors keeps to one of the two in each account. It has no direction."
)


class ListingOrderField(Described):
    """What listings can be ordered by."""

    PROVIDER = "PROVIDER", _BY_ACCOUNT
    NAME = "NAME", "Name, ignoring case."
    UPDATED = "UPDATED", "When the PMS last changed it; listings without that time come last."
    POSITION = "POSITION", "The business's own order in its PMS; listings without a place come last."
    CONTACT_NAME = "CONTACT_NAME", "First name of the contact, ignoring case; listings without one come last."


class ReservationOrderField(Described):
    """What reservations can be ordered by."""

    PROVIDER = "PROVIDER", _BY_ACCOUNT
    ARRIVAL = "ARRIVAL", "Day of arrival; reservations without dates come last."
    UPDATED = "UPDATED", "When the PMS last changed it; reservations without that time come last."
    BOOKED = "BOOKED", "When it was made; reservations without that time come last."
    MESSAGE_SENT = "MESSAGE_SENT", "When the business last wrote to the guest: only where the PMS orders by it."
    MESSAGE_RECEIVED = "MESSAGE_RECEIVED", "When the guest last wrote: only where the PMS orders by it."


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingQuery:
    """Which listings, in which order. Filters that are None do not filter; all others must hold together.

    ``text`` is sought in name and internal name, ignoring case; ``city`` and ``country_code`` match whole values,
    ignoring case; ``min_guests`` is the least capacity; ``updated_since`` and ``updated_until`` are aware instants,
    inclusive and exclusive. ``contact_name`` is sought in the contact's names. ``user_id`` keeps what that user of the
    PMS may see, ``booking_engine_active`` what the PMS's own booking engine shows: only a PMS can tell both.
    ``property_type_ids`` is no filter of its own: the ids that mean ``property_types`` in the PMS's dictionary, where
    its listings name the kind by id.
    """

    text: str | None = None
    city: str | None = None
    country_code: str | None = None
    min_guests: int | None = None
    updated_since: datetime | None = None
    updated_until: datetime | None = None
    country: str | None = None
    property_types: frozenset[PropertyType] | None = None
    property_type_ids: frozenset[str] | None = None
    provider_property_type: str | None = None
    contact_name: str | None = None
    user_id: str | None = None
    booking_engine_active: bool | None = None
    order: ListingOrderField = ListingOrderField.PROVIDER
    direction: OrderDirection = OrderDirection.ASC


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationQuery:
    """Which reservations, in which order. Filters that are None do not filter; all others must hold together.

    ``arrival`` and ``departure`` bound those days; ``stay`` keeps reservations of which at least one night lies in
    the range. ``listing_ids``, ``guest_ids`` and ``assignee_id`` are ids in the PMS. Sets and tuples are never empty
    when given. ``unread`` keeps those whose guest wrote something that nobody has read: only a PMS can tell.
    """

    listing_ids: tuple[str, ...] | None = None
    arrival: DateRange | None = None
    departure: DateRange | None = None
    stay: DateRange | None = None
    statuses: frozenset[ReservationStatus] | None = None
    updated_since: datetime | None = None
    updated_until: datetime | None = None
    channels: frozenset[Channel] | None = None
    guest_email: str | None = None
    guest_ids: tuple[str, ...] | None = None
    assignee_id: str | None = None
    customer_reference: str | None = None
    agreement: AgreementState | None = None
    starred: bool | None = None
    archived: bool | None = None
    pinned: bool | None = None
    unread: bool | None = None
    text: str | None = None
    order: ReservationOrderField = ReservationOrderField.PROVIDER
    direction: OrderDirection = OrderDirection.ASC


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteComponent:
    """A wish about one component of a price: take an optional fee, some of it, at another amount, or leave it out.

    ``fee_id`` is the fee setting's id and ``name`` the component's machine name; one of them is always there.
    ``amount`` is signed, in the listing's currency, and replaces what the PMS would compute.
    """

    fee_id: str | None = None
    name: str | None = None
    quantity: int | None = None
    amount: Decimal | None = None
    deleted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteRequest:
    """What would this stay cost? ``departure`` is the day of departure, not a night. ``currency`` is the listing's.

    ``markup`` is a factor above 1 on the price, ``coupon`` a code of the business, ``components`` are wishes about
    single components. A plugin that cannot heed one of them fails that request with ``NOT_SUPPORTED``.
    """

    listing_id: str
    arrival: date
    departure: date
    adults: int
    children: int = 0
    currency: str | None = None
    markup: Decimal | None = None
    coupon: str | None = None
    components: tuple[QuoteComponent, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AvailabilityQuery:
    """Which listings are free for a whole stay? ``departure`` is not a night."""

    arrival: date
    departure: date
    adults: int
    children: int = 0

    @property
    def guests(self) -> int:
        return self.adults + self.children


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeListing:
    """A listing that is free for a stay. ``listing`` and ``price`` are there where the search brought them along."""

    listing_id: str
    listing: Listing | None = None
    price: PriceDetails | None = None


@dataclass(frozen=True, slots=True)
class OddRecord:
    """A record that the PMS sent and that could not be understood: its id, if that much was readable, and why."""

    id: str | None
    reason: str


@dataclass(slots=True, kw_only=True)
class Page(Generic[T]):
    """One page of a collection.

    ``next`` is the position to ask for the following page with, opaque to everybody but the plugin; None ends the
    walk. ``total`` counts the whole filtered collection at the PMS, where it says. ``counted`` is the PMS's own count
    where its filters find more than was asked for; None where that is ``total``, or is not told. ``odd`` are records
    left out. ``deleted`` are ids that the PMS says are gone since ``updated_since``; None where it does not tell, so
    that an empty list and silence are not taken for each other.
    """

    items: Sequence[T]
    next: str | None
    total: int | None
    fetched_at: datetime
    odd: Sequence[OddRecord] = ()
    deleted: Sequence[str] | None = None
    counted: int | None = None


@dataclass(slots=True, kw_only=True)
class Batch(Generic[T]):
    """Answers for many keys at once: what was found, and what failed on its own. A key in neither does not exist.

    ``odd`` names, by key, records left out of what was found there; one that may belong to several keys is named at
    each.
    """

    found: dict[str, T]
    fetched_at: datetime
    failed: dict[str, ProviderError]
    odd: Mapping[str, Sequence[OddRecord]] = field(default_factory=dict)
