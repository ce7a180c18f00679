"""Invented people."""

from random import Random

from providers.simulation.shapes import Person
from providers.simulation.vocabulary import PEOPLE


def person(rng: Random) -> Person:
    """Somebody with an address of a domain reserved for examples, and a telephone number that nobody has."""
    words = rng.choice(PEOPLE)
    return Person(
        first_name=words.first_name,
        last_name=words.last_name,
        email=f"{words.plain}.{rng.randrange(10, 9999)}@example.com",
        phone=f"{words.dialling_code}5550{rng.randrange(10**5):05d}",
        country_code=words.country_code,
        city=words.city,
        locale=words.locale,
    )
