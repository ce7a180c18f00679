"""What an invented business is made of: houses, the people who own and rent them, and their stays."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """Where a house stands. ``tax_percent`` is what the town takes of the rent."""

    name: str
    state: str
    country: str
    country_code: str
    latitude: float
    longitude: float
    currency: str
    time_zone: str
    postal_code: str
    tax_percent: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An owner or guest."""

    first_name: str
    last_name: str
    email: str
    phone: str
    country_code: str
    city: str
    locale: str


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """One thing to rent. ``number`` counts from 1 within the account; hours are 0-23, local time."""

    number: int
    name: str
    town: Town
    street: str
    max_guests: int
    guests_included: int
    bedrooms: int
    beds: int
    bathrooms: float
    area: int
    nightly: Decimal
    cleaning_fee: Decimal
    damage_deposit: Decimal
    minimum_nights: int
    headline: str
    description: str
    kind: str
    amenities: tuple[str, ...]
    images: tuple[str, ...]
    check_in_hour: int
    check_in_end_hour: int
    check_out_hour: int
    license_number: str
    rating: Decimal | None
    reviews: int
    created_at: datetime
    updated_at: datetime


class StayKind(StrEnum):
    """Where a stay stands."""

    CONFIRMED = "CONFIRMED"
    MODIFIED = "MODIFIED"
    PENDING = "PENDING"
    INQUIRY = "INQUIRY"
    BLOCKED = "BLOCKED"
    CANCELLED = "CANCELLED"

    @property
    def holds_nights(self) -> bool:
        """Whether its nights are taken."""
        return self not in (StayKind.INQUIRY, StayKind.CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """Nights of a house, from ``arrival`` up to, and not including, ``departure``.

    ``number`` is unique within the account and grows with ``booked_at``. Blocks have neither guest nor
    money. ``total`` is exactly rent + cleaning fee + tax. Amounts are in the currency of the house's town.
    """

    number: int
    house: House
    arrival: date
    departure: date
    kind: StayKind
    channel: str
    guest: Person | None
    adults: int
    children: int
    infants: int
    pets: int
    rent: Decimal
    cleaning_fee: Decimal
    tax: Decimal
    total: Decimal
    paid: Decimal
    booked_at: datetime
    updated_at: datetime
    cancelled_at: datetime | None
    note: str | None
    reference: str

    @property
    def nights(self) -> int:
        return (self.departure - self.arrival).days


@dataclass(frozen=True, slots=True, kw_only=True)
class Business:
    """One account of a PMS: who runs it, what it rents, who comes."""

    name: str
    owner: Person
    town: Town
    houses: tuple[House, ...]
    stays: tuple[Stay, ...]
