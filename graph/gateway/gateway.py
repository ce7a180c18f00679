"""Everything the schema may read, in one place."""

from dataclasses import dataclass

from graph.gateway.businesses import Businesses
from graph.gateway.calendars import Calendars
from graph.gateway.cursors import Cursors
from graph.gateway.listings import Listings
from graph.gateway.prices import Prices
from graph.gateway.reading import Reading
from graph.gateway.reservations import Reservations


@dataclass(frozen=True, slots=True)
class Gateway:
    """The reads over all accounts of a tenant."""

    reading: Reading
    listings: Listings
    reservations: Reservations
    calendars: Calendars
    prices: Prices
    businesses: Businesses


def build_gateway(reading: Reading, cursors: Cursors) -> Gateway:
    """A gateway whose parts share one cache and one set of accounts."""
    listings = Listings(reading, cursors)
    return Gateway(
        reading=reading,
        listings=listings,
        reservations=Reservations(reading, cursors),
        calendars=Calendars(reading),
        prices=Prices(reading, listings),
        businesses=Businesses(reading),
    )
