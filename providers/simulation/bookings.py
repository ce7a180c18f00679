"""The stays of one invented house: a year of guests, blocks, requests and cancellations."""

import string
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random

from providers.simulation.people import person
from providers.simulation.prices import nightly_price, rounded
from providers.simulation.shapes import House, Stay, StayKind
from providers.simulation.vocabulary import NOTES

DAYS_BEFORE = 180
DAYS_AFTER = 185
LENGTHS = (3, 3, 4, 4, 5, 5, 6, 7, 7, 7, 10)
GAPS = (0, 0, 1, 2, 3, 4, 5, 7)
CHANNELS = ("direct", "airbnb", "airbnb", "bookingcom", "bookingcom", "vrbo")
NOTHING = Decimal("0.00")


def midnight(day: date) -> datetime:
    """The instant (UTC) at which a day begins."""
    return datetime.combine(day, time(), UTC)


def moment_between(first: datetime, last: datetime, rng: Random) -> datetime:
    """Some whole second between two instants, both included."""
    return first + timedelta(seconds=rng.randrange(int((last - first).total_seconds()) + 1))


@dataclass(frozen=True, slots=True)
class Bookings:
    """Invents the stays of ``house``, seen from ``today``."""

    house: House
    today: date
    rng: Random

    def stays(self) -> Iterator[Stay]:
        """Held stays one after the other with gaps between them, and now and then a stay that holds nothing.

        All have the number 0: the account numbers them.
        """
        last = self.today + timedelta(days=DAYS_AFTER)
        day = self.today - timedelta(days=DAYS_BEFORE - self.rng.randrange(5))
        while True:
            nights = max(self.house.minimum_nights, self.rng.choice(LENGTHS))
            departure = day + timedelta(days=nights)
            if departure > last:
                return
            yield self._stay(day, departure, self._held_kind(day))
            gap = self.rng.choice(GAPS)
            if gap > 1 and self.rng.random() < 0.19:
                shifted = day + timedelta(days=self.rng.randrange(-2, 3))
                yield self._stay(shifted, shifted + timedelta(days=nights), self._free_kind(shifted))
            day = departure + timedelta(days=gap)

    def _held_kind(self, arrival: date) -> StayKind:
        roll = self.rng.random()
        if roll < 0.06:
            return StayKind.BLOCKED
        if roll < 0.16:
            return StayKind.MODIFIED
        if roll < 0.22 and arrival > self.today:
            return StayKind.PENDING
        return StayKind.CONFIRMED

    def _free_kind(self, arrival: date) -> StayKind:
        asked = arrival > self.today and self.rng.random() < 0.5
        return StayKind.INQUIRY if asked else StayKind.CANCELLED

    def _stay(self, arrival: date, departure: date, kind: StayKind) -> Stay:
        return self._block(arrival, departure) if kind is StayKind.BLOCKED else self._visit(arrival, departure, kind)

    def _block(self, arrival: date, departure: date) -> Stay:
        made_at = self._booked_at(arrival, StayKind.BLOCKED)
        return Stay(
            number=0,
            house=self.house,
            arrival=arrival,
            departure=departure,
            kind=StayKind.BLOCKED,
            channel="direct",
            guest=None,
            adults=0,
            children=0,
            infants=0,
            pets=0,
            rent=NOTHING,
            cleaning_fee=NOTHING,
            tax=NOTHING,
            total=NOTHING,
            paid=NOTHING,
            booked_at=made_at,
            updated_at=made_at,
            cancelled_at=None,
            note=None,
            reference=self._reference(),
        )

    def _visit(self, arrival: date, departure: date, kind: StayKind) -> Stay:
        rng, house, now = self.rng, self.house, midnight(self.today)
        booked_at = self._booked_at(arrival, kind)
        changed = kind in (StayKind.MODIFIED, StayKind.CANCELLED) or rng.random() < 0.3
        updated_at = moment_between(booked_at, now, rng) if changed else booked_at
        adults = rng.randrange(1, house.max_guests + 1)
        rent = self._rent(arrival, departure)
        tax = rounded(rent * house.town.tax_percent / 100, house.town.currency)
        total = rent + house.cleaning_fee + tax
        return Stay(
            number=0,
            house=house,
            arrival=arrival,
            departure=departure,
            kind=kind,
            channel=rng.choice(CHANNELS),
            guest=person(rng),
            adults=adults,
            children=rng.randrange(0, house.max_guests - adults + 1),
            infants=int(rng.random() < 0.08),
            pets=int("pets_allowed" in house.amenities and rng.random() < 0.3),
            rent=rent,
            cleaning_fee=house.cleaning_fee,
            tax=tax,
            total=total,
            paid=self._paid(total, kind, arrival),
            booked_at=booked_at,
            updated_at=updated_at,
            cancelled_at=updated_at if kind is StayKind.CANCELLED else None,
            note=rng.choice(NOTES) if rng.random() < 0.25 else None,
            reference=self._reference(),
        )

    def _booked_at(self, arrival: date, kind: StayKind) -> datetime:
        """Requests are fresh; all else was booked up to half a year ahead, and not after arrival."""
        now = midnight(self.today)
        seconds = self.rng.randrange(60, 86400)
        if kind in (StayKind.PENDING, StayKind.INQUIRY):
            return now - timedelta(days=self.rng.randrange(0, 3), seconds=seconds)
        newest = min(now, midnight(arrival))
        return newest - timedelta(days=int(180 * self.rng.random() ** 2), seconds=seconds)

    def _rent(self, arrival: date, departure: date) -> Decimal:
        nights = range((departure - arrival).days)
        return sum((nightly_price(self.house, arrival + timedelta(days=night)) for night in nights), NOTHING)

    def _paid(self, total: Decimal, kind: StayKind, arrival: date) -> Decimal:
        if kind not in (StayKind.CONFIRMED, StayKind.MODIFIED):
            return NOTHING
        if arrival <= self.today + timedelta(days=14) or self.rng.random() < 0.4:
            return total
        return rounded(total * self.rng.choice((0, 30, 50)) / 100, self.house.town.currency)

    def _reference(self) -> str:
        return "".join(self.rng.choices(string.ascii_uppercase + string.digits, k=8))
