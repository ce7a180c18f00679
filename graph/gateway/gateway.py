"""Everything the schema may read, in one place."""

from dataclasses import dataclass

from graph.gateway.availability import Availability
from graph.gateway.businesses import Businesses
from graph.gateway.calendars import Calendars
from graph.gateway.cursors import Cursors
from graph.gateway.dictionaries import Dictionaries
from graph.gateway.listings import Listings
from graph.gateway.parts import ListingParts
from graph.gateway.policies import Policies
from graph.gateway.prices import Prices
from graph.gateway.reading import Reading
from graph.gateway.reservations import Reservations
from graph.gateway.users import Users


@dataclass(frozen=True, slots=True)
class Gateway:
    """The reads over all accounts of a tenant."""

    reading: Reading
    listings: Listings
    reservations: Reservations
    calendars: Calendars
    prices: Prices
    businesses: Businesses
    parts: ListingParts
    policies: Policies
    dictionaries: Dictionaries
    users: Users
    availability: Availability


def build_gateway(reading: Reading, cursors: Cursors) -> Gateway:
    """A gateway whose parts share one cache and one set of accounts."""
    listings = Listings(reading, cursors)
    calendars = Calendars(reading)
    return Gateway(
        reading=reading,
        listings=listings,
        reservations=Reservations(reading, cursors),
        calendars=calendars,
        prices=Prices(reading, listings),
        businesses=Businesses(reading),
        parts=ListingParts(reading),
        policies=Policies(reading),
        dictionaries=Dictionaries(reading),
        users=Users(reading),
        availability=Availability(reading, cursors, listings, calendars),
    )
