"""Which nights of a listing can be sold, at what price, and under which rules."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from providers.hostaway.simulator.accounts import ListingRow
from providers.hostaway.simulator.listing_record import NO_MAXIMUM
from providers.simulation.portfolio import House, Stay, StayKind, nightly_price

SUMMER = (7, 8)
SATURDAY = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """How the units of a listing stand in one night. ``blocked`` are those that the calendar or an owner blocks."""

    total: int
    pending: int
    reserved: int
    blocked: int

    @property
    def left(self) -> int:
        return max(0, self.total - self.pending - self.reserved - self.blocked)


def units(row: ListingRow, day: date, *, without: int | None = None) -> Units:
    """The units of the night of this day; ``without`` is the number of a stay that is not counted.

    A stay takes one unit, an owner's stay all of them.
    """
    stays = [stay for stay in row.nights.get(day, ()) if stay.number != without]
    total = row.terms.units
    settings = row.days.get(day, {})
    blocked = total if settings.get("isAvailable") == 0 or any(map(is_block, stays)) else 0
    guests = [stay for stay in stays if not is_block(stay)]
    pending = sum(stay.kind is StayKind.PENDING for stay in guests)
    return Units(
        total=total,
        pending=pending,
        reserved=len(guests) - pending,
        blocked=max(blocked, settings.get("blockedUnits", 0)),
    )


def is_block(stay: Stay) -> bool:
    return stay.kind is StayKind.BLOCKED


def is_open(row: ListingRow, day: date, *, without: int | None = None) -> bool:
    """Whether the night of this day can be sold."""
    return units(row, day, without=without).left > 0


def are_open(row: ListingRow, arrival: date, departure: date, *, without: int | None = None) -> bool:
    """Whether every night of a stay can be sold."""
    return all(is_open(row, day, without=without) for day in nights(arrival, departure))


def nights(arrival: date, departure: date) -> Iterable[date]:
    return (arrival + timedelta(days=number) for number in range((departure - arrival).days))


def price(row: ListingRow, day: date) -> Decimal:
    """The price of the night: the one that was written, else the house's own."""
    written = row.days.get(day, {}).get("price")
    return nightly_price(row.house, day) if written is None else Decimal(written)


def minimum_stay(row: ListingRow, day: date) -> int:
    """Fewest nights of a stay that arrives then."""
    own = 7 if weekly_changeover(row.house, day) else row.house.minimum_nights
    return int(row.days.get(day, {}).get("minimumStay", own))


def maximum_stay(row: ListingRow, day: date) -> int:
    """Most nights of a stay that arrives then."""
    own = NO_MAXIMUM if row.house.number % 5 else 28
    return int(row.days.get(day, {}).get("maximumStay", own))


def closed(row: ListingRow, day: date, name: str) -> int | None:
    """Null means open (Hostaway documentation, calendar day); a few days say so with a 0."""
    own = int(day.weekday() != SATURDAY) if weekly_changeover(row.house, day) else None
    value: int | None = row.days.get(day, {}).get(name, own)
    return value


def weekly_changeover(house: House, day: date) -> bool:
    """Every seventh listing is let by the week in summer."""
    return house.number % 7 == 0 and day.month in SUMMER
