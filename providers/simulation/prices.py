"""What nights cost in an invented business."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from providers.simulation.shapes import House

CENT = Decimal("0.01")
CURRENCIES_WITHOUT_CENTS = frozenset({"JPY"})


def nightly_price(house: House, day: date) -> Decimal:
    """Price of the night that begins on ``day``: dearer in summer, at the turn of the year and at weekends.

    Two decimals; whole units in currencies that have no smaller ones.
    """
    season = {1: 90, 2: 90, 3: 95, 4: 105, 5: 110, 6: 125, 7: 150, 8: 155, 9: 115, 10: 100, 11: 85, 12: 105}
    percent = 180 if (day.month, day.day) in {(12, 30), (12, 31)} else season[day.month]
    weekend = 115 if day.weekday() in (4, 5) else 100
    return rounded(house.nightly * percent * weekend / 10000, house.town.currency)


def rounded(amount: Decimal, currency: str) -> Decimal:
    """``amount`` as it can be paid in ``currency``, always written with two decimals."""
    unit = Decimal(1) if currency in CURRENCIES_WITHOUT_CENTS else CENT
    return amount.quantize(unit, rounding=ROUND_HALF_UP).quantize(CENT)
