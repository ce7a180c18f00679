"""The unified model: the same words for every PMS. Declared once; the GraphQL types are made from it.

Money is exact, days are dates in the listing's own time zone with an exclusive end, instants are aware UTC.
What a PMS does not say is None, never a guess. Instances are shared through the cache: never change one.
"""

from providers.model.account import AccountPreferences, LocalizedText, Phones, ProviderAccount
from providers.model.calendar import Calendar, CalendarDay, DayStatus
from providers.model.described import Described
from providers.model.listing import (
    Address,
    Amenity,
    GeoPoint,
    Image,
    Listing,
    ListingStatus,
    RatePeriod,
    RoomType,
)
from providers.model.money import Money, money
from providers.model.price import PriceComponent, PriceDetails, PriceSource
from providers.model.reservation import (
    CancelledBy,
    FinanceLine,
    FinanceLineType,
    Guest,
    Party,
    Reservation,
    ReservationStatus,
)

__all__ = [
    "AccountPreferences",
    "Address",
    "Amenity",
    "Calendar",
    "CalendarDay",
    "CancelledBy",
    "DayStatus",
    "Described",
    "FinanceLine",
    "FinanceLineType",
    "GeoPoint",
    "Guest",
    "Image",
    "Listing",
    "ListingStatus",
    "LocalizedText",
    "Money",
    "Party",
    "Phones",
    "PriceComponent",
    "PriceDetails",
    "PriceSource",
    "ProviderAccount",
    "RatePeriod",
    "Reservation",
    "ReservationStatus",
    "RoomType",
    "money",
]
