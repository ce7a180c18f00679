"""A listing's days: what is free, at what price, under which rules."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated

from annotated_doc import Doc

from providers.model.described import Described
from providers.model.price import PriceModifications
from providers.model.reservation import Reservation


class DayStatus(Described):
    """What holds the night that starts on a day."""

    AVAILABLE = "AVAILABLE", "Can be booked."
    RESERVED = "RESERVED", "Taken by a reservation."
    PENDING = "PENDING", "Held by a request or a tentative booking."
    BLOCKED = "BLOCKED", "Closed by the host."
    NOT_SELLABLE = "NOT_SELLABLE", "Free, but the PMS has no price for it, so it cannot be booked."
    UNKNOWN = "UNKNOWN", "The PMS says nothing about this day, or uses a word that StayGraph does not know."


@dataclass(slots=True, kw_only=True)
class CalendarDay:
    """One night of a listing: the one that starts on `date`."""

    date: Annotated[date, Doc("Day on which the night starts, in the listing's own time zone.")]
    status: Annotated[DayStatus, Doc("What holds the night.")]
    provider_status: Annotated[str | None, Doc("The PMS's own word for the status.")] = None
    available: Annotated[bool | None, Doc("True if the night can be booked; null if the PMS does not say.")] = None
    price: Annotated[
        Decimal | None,
        Doc("Price of the night by the account's terms, in the calendar's currency, before rules and fees. Exact."),
    ] = None
    # These two are the gateway's: plugins leave them out.
    original_price: Decimal | None = None
    price_modifications: Annotated[
        PriceModifications | None, Doc("What the account's terms add; null if it has none, or there is no price.")
    ] = None
    minimum_stay: Annotated[int | None, Doc("Fewest nights of a stay that arrives on this day.")] = None
    maximum_stay: Annotated[int | None, Doc("Most nights of a stay that arrives on this day.")] = None
    closed_to_arrival: Annotated[bool | None, Doc("True if no stay may begin on this day.")] = None
    closed_to_departure: Annotated[bool | None, Doc("True if no stay may end on this day.")] = None
    units_total: Annotated[int | None, Doc("Units of this listing, where it has several.")] = None
    units_available: Annotated[int | None, Doc("Units left to sell, where it has several.")] = None
    units_pending: Annotated[int | None, Doc("Units held by requests, where it has several.")] = None
    units_blocked: Annotated[int | None, Doc("Units closed by the host, where it has several.")] = None
    units_reserved: Annotated[int | None, Doc("Units taken by reservations, where it has several.")] = None
    note: Annotated[str | None, Doc("The host's note.")] = None
    reservations: list[Reservation] | None = None


@dataclass(slots=True, kw_only=True)
class Calendar:
    """The days of one listing from a first day to a last one that is not part of it."""

    provider: Annotated[str, Doc("Code of the PMS the listing lives in.")]
    account_id: str
    listing_id: str
    start: Annotated[date, Doc("First day, included.")]
    end: Annotated[date, Doc("Day after the last one: not included, like a checkout day.")]
    currency: str | None = None
    days: Annotated[list[CalendarDay], Doc("One entry per day, in order, none left out.")]
    closed_by_stays: bool = False
    """Whether days count as closed to arrival or departure also where stays are in the way, not by rules alone."""
