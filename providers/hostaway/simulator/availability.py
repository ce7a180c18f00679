"""Which nights of a listing can be sold, and under which rules."""

from datetime import date

from providers.hostaway.simulator.accounts import ListingRow
from providers.simulation.portfolio import House, StayKind

SUMMER = (7, 8)


def is_open(row: ListingRow, day: date) -> bool:
    """Whether the night of this day can be sold."""
    stay = row.nights.get(day)
    return stay is None or (row.terms.units > 1 and stay.kind is not StayKind.BLOCKED)


def minimum_stay(house: House, day: date) -> int:
    return 7 if weekly_changeover(house, day) else house.minimum_nights


def weekly_changeover(house: House, day: date) -> bool:
    """Every seventh listing is let by the week in summer."""
    return house.number % 7 == 0 and day.month in SUMMER
