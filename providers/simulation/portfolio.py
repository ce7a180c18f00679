"""Invented vacation-rental businesses, neutral between PMSs: every simulator dresses the same kind of data.

All of it follows from the arguments alone. E-mail and image addresses are of domains reserved for examples.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from random import Random

from providers.simulation.bookings import Bookings, midnight, moment_between
from providers.simulation.chance import chance
from providers.simulation.people import person
from providers.simulation.prices import nightly_price, rounded
from providers.simulation.shapes import House, Person, Stay, StayKind, Town
from providers.simulation.vocabulary import (
    AMENITIES,
    BUSINESS_NAMES,
    HEADLINES,
    KINDS,
    PLACES,
    SENTENCES,
    PlaceWords,
)

__all__ = [
    "Business",
    "House",
    "Person",
    "Stay",
    "StayKind",
    "Town",
    "business",
    "nightly_price",
    "rounded",
    "stays_by_house",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Business:
    """One account of a PMS: who runs it, what it rents, who comes."""

    name: str
    owner: Person
    town: Town
    houses: tuple[House, ...]
    stays: tuple[Stay, ...]


@lru_cache(maxsize=64)
def business(*, seed: int, provider: str, account: int, houses: int, today: date) -> Business:
    """The business of account number ``account``. The same arguments give the same business, everywhere.

    Stays reach from 180 days before to 185 days after ``today``; those that hold nights never overlap and
    take about 65 % of them. Nothing was booked or changed later than the beginning (UTC) of ``today``.
    """
    key = (seed, provider, account)
    rng = chance(*key, "business")
    owned = tuple(_house(number, today, chance(*key, "house", number)) for number in range(1, houses + 1))
    drafts = [stay for house in owned for stay in Bookings(house, today, chance(*key, "stays", house.number)).stays()]
    drafts.sort(key=lambda stay: (stay.booked_at, stay.house.number, stay.arrival))
    return Business(
        name=BUSINESS_NAMES[(account + rng.randrange(len(BUSINESS_NAMES))) % len(BUSINESS_NAMES)],
        owner=person(rng),
        town=owned[0].town if owned else _town(PLACES[0]),
        houses=owned,
        stays=tuple(replace(stay, number=number) for number, stay in enumerate(drafts, start=1)),
    )


def stays_by_house(stays: Sequence[Stay]) -> dict[int, list[Stay]]:
    """Stays of each house number, in order of arrival."""
    found: dict[int, list[Stay]] = {}
    for stay in sorted(stays, key=lambda each: (each.arrival, each.number)):
        found.setdefault(stay.house.number, []).append(stay)
    return found


def _town(words: PlaceWords) -> Town:
    return Town(
        name=words.name,
        state=words.state,
        country=words.country,
        country_code=words.country_code,
        latitude=words.latitude,
        longitude=words.longitude,
        currency=words.currency,
        time_zone=words.time_zone,
        postal_code=words.postal_code,
        tax_percent=Decimal(words.tax_percent),
    )


def _house(number: int, today: date, rng: Random) -> House:
    words = PLACES[(number - 1) % len(PLACES)] if rng.random() < 0.5 else rng.choice(PLACES)
    town = _town(words)
    bedrooms = rng.choice((0, 1, 1, 2, 2, 2, 3, 3, 4, 5))
    guests = max(2, bedrooms * 2 + rng.choice((0, 0, 1)))
    nightly = rounded(Decimal(words.price_level) * (70 + 25 * bedrooms + rng.randrange(0, 40)) / 100, town.currency)
    created_at = midnight(today) - timedelta(days=rng.randrange(400, 2500), seconds=rng.randrange(86400))
    return House(
        number=number,
        name=f"{rng.choice(words.house_names)} {number}",
        town=town,
        street=f"{rng.choice(words.streets)} {rng.randrange(1, 180)}",
        max_guests=guests,
        guests_included=max(1, guests - rng.choice((0, 0, 1, 2))),
        bedrooms=bedrooms,
        beds=max(1, bedrooms + rng.choice((0, 1))),
        bathrooms=rng.choice((1.0, 1.0, 1.5, 2.0, 2.0, 2.5, 3.0)),
        area=28 + bedrooms * 27 + rng.randrange(0, 30),
        nightly=nightly,
        cleaning_fee=rounded(nightly * rng.choice((35, 45, 60)) / 100, town.currency),
        damage_deposit=rounded(nightly * rng.choice((0, 1, 2)), town.currency),
        minimum_nights=rng.choice((1, 2, 2, 2, 3)),
        headline=rng.choice(HEADLINES),
        description=" ".join(rng.sample(SENTENCES, k=rng.randrange(2, 5))),
        kind="studio" if bedrooms == 0 else rng.choice(KINDS),
        amenities=tuple(sorted(rng.sample(AMENITIES, k=rng.randrange(5, 14)))),
        images=tuple(
            f"https://images.example.com/{rng.randrange(16**8):08x}/{shot}.jpg"
            for shot in range(1, rng.randrange(4, 9))
        ),
        check_in_hour=rng.choice((14, 15, 15, 16)),
        check_in_end_hour=rng.choice((20, 21, 22)),
        check_out_hour=rng.choice((10, 10, 11)),
        license_number=f"{town.country_code}-{rng.randrange(10**6):06d}",
        rating=None if rng.random() < 0.1 else Decimal(rng.randrange(380, 500)) / 100,
        reviews=rng.randrange(3, 240),
        created_at=created_at,
        updated_at=moment_between(created_at, midnight(today), rng),
    )
