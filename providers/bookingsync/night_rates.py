"""What each night costs: from the nightly rate map, or from the public rate periods.

Sources: BookingSync documentation, Nightly rate maps and Rates.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from providers.bookingsync.wire import CalendarRental, Rate
from providers.queries import Days
from providers.wire.values import OddValue, read_decimal, read_int


@dataclass(frozen=True, slots=True)
class NightRate:
    """What BookingSync says about one night. ``price`` None: it has no rate, so the night is not for sale."""

    price: Decimal | None
    minimum_stay: int | None


NO_RATE = NightRate(None, None)
Rates = dict[date, NightRate]
"""Nights that BookingSync says something about; a missing night is one it does not tell of."""


def map_rates(rental: CalendarRental, days: Days) -> Rates | None:
    """Rates from the rental's nightly rate map; None without a map that can be read.

    The map is read by its own first day. Outside a map that is managed externally there is no rate, by its
    definition; outside an internal one nothing is said.
    """
    sent = rental.nightly_rate_map
    if sent is None or sent.start_date is None or sent.rates_map is None:
        return None
    prices = sent.rates_map.split(",")
    stays = (sent.minimum_stays_map or "").split(",")
    rates: Rates = {}
    for day in days:
        index = (day - sent.start_date).days
        if 0 <= index < len(prices):
            rates[day] = NightRate(_price(prices[index]), _stay(stays[index]) if index < len(stays) else None)
        elif rental.nightly_rates_managed_externally:
            rates[day] = NO_RATE
    return rates


def wants_periods(rental: CalendarRental) -> bool:
    """Whether the rate periods must speak for this rental: no map, or an internal one of zeros beside rates.

    Internal maps have been recorded that were all zero while the rental had rates.
    """
    sent = rental.nightly_rate_map
    if sent is None or sent.rates_map is None or sent.start_date is None:
        return True
    is_empty = not sent.rates_map.strip("0,. ")
    return is_empty and not rental.nightly_rates_managed_externally and bool(rental.link_list("rates"))


def period_rates(periods: Iterable[Rate], days: Days) -> Rates:
    """Rates from a rental's periods, for all of ``days``: before special offers, with the rates rules of
    the period.

    Whether a period's last day belongs to it is not documented. It is counted in, and where the next period
    begins on that day the later one wins, which is right under both readings.
    """
    rates: Rates = dict.fromkeys(days, NO_RATE)
    known = [period for period in periods if period.start_date is not None and period.end_date is not None]
    for period in sorted(known, key=lambda each: each.start_date or date.min):
        rate = NightRate(_positive(_nightly(period)), _positive_int(period.minimum_stay))
        for day in _shared_days(period, days):
            rates[day] = rate
    return rates


def _shared_days(period: Rate, days: Days) -> Iterable[date]:
    first = max(days.start, period.start_date or days.start)
    last = min(days.end - timedelta(days=1), period.end_date or days.start)
    return (first + timedelta(days=index) for index in range((last - first).days + 1))


def _nightly(period: Rate) -> Decimal | None:
    return period.final_nightly_rate if period.initial_nightly_rate is None else period.initial_nightly_rate


def _price(text: str) -> Decimal | None:
    try:
        return _positive(read_decimal(text))
    except OddValue:
        return None


def _stay(text: str) -> int | None:
    try:
        return _positive_int(read_int(text))
    except OddValue:
        return None


def _positive(value: Decimal | None) -> Decimal | None:
    return value if value is not None and value > 0 else None


def _positive_int(value: int | None) -> int | None:
    return value if value is not None and value > 0 else None
