"""What importers see of another tenant's records: only what is named here, so that a new field stays hidden.

Not shown: names and notes for the back office, ways in, contacts, owners, tags and fields of the business, where else
it sells and for how much, prices of the listing itself, reservations, records as the PMS sent them. Prices of nights
and of stays are shown with what the account's terms made of them.
"""

from dataclasses import dataclass, replace

from providers import model
from providers.model import DayStatus

LISTING_FIELDS = (
    "provider",
    "account_id",
    "provider_id",
    "name",
    "headline",
    "summary",
    "description",
    "status",
    "property_type",
    "provider_property_type",
    "room_type",
    "provider_room_type",
    "address",
    "public_address",
    "location",
    "max_guests",
    "guests_included",
    "max_children",
    "max_infants",
    "max_pets",
    "bedrooms",
    "beds",
    "beds_by_type",
    "rooms",
    "bathrooms",
    "bathroom_type",
    "guest_bathrooms",
    "area",
    "floor",
    "stories",
    "amenities",
    "images",
    "check_in_from",
    "check_in_until",
    "check_out_until",
    "minimum_nights",
    "maximum_nights",
    "house_rules",
    "currency",
    "damage_deposit",
    "instant_bookable",
    "bookable_online",
    "bookable_on_request",
    "lead_time_hours",
    "same_day_booking",
    "cancellation_policy",
    "license",
    "star_rating",
    "rating",
    "reviews_count",
    "language",
    "time_zone",
    "updated_at",
)
"""What is shown of an imported listing; of its address all but the exact one on one line."""

DAY_FIELDS = (
    "date",
    "available",
    "price",
    "original_price",
    "price_modifications",
    "minimum_stay",
    "maximum_stay",
    "closed_to_arrival",
    "closed_to_departure",
    "units_total",
    "units_available",
)
"""What is shown of a night, beside its status: whether it is free, not what holds it."""

_TOLD = {DayStatus.AVAILABLE, DayStatus.NOT_SELLABLE, DayStatus.UNKNOWN}


@dataclass(slots=True, kw_only=True)
class SharedListing(model.Listing):
    """Another tenant's listing, as its importers see it."""


def shared_listing(listing: model.Listing) -> SharedListing:
    """``listing`` for an importer."""
    known = {name: getattr(listing, name) for name in LISTING_FIELDS}
    if listing.address is not None:
        known["address"] = replace(listing.address, full=None)
    return SharedListing(**known)


def shared_calendar(calendar: model.Calendar) -> model.Calendar:
    """``calendar`` for an importer."""
    return replace(calendar, days=[_day(day) for day in calendar.days])


def shared_price(price: model.PriceDetails) -> model.PriceDetails:
    """``price`` for an importer: without the record that the PMS sent."""
    return replace(price, raw=None)


def _day(day: model.CalendarDay) -> model.CalendarDay:
    status = day.status if day.status in _TOLD else DayStatus.BLOCKED
    return model.CalendarDay(**{name: getattr(day, name) for name in DAY_FIELDS}, status=status)
