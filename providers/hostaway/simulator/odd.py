"""The odd data that every simulated account holds, as constants, so that tests can name it.

Hostaway's real data is not as tidy as its tables: numbers come as text, empty strings stand for nothing,
words appear that no table has. Listings are named by their number within the account, counted from 1; an
account with fewer listings has fewer oddities.
"""

NULLS_LISTING = 3
"""Many fields are null or an empty string; id, name, price and currency are there."""

TEXT_NUMBERS_LISTING = 4
"""Numbers come as text, flags as true and false."""

MULTI_UNIT_LISTING = 5
"""It stands for several units: its calendar counts them."""

UNITS = 3

BROKEN_LISTING = 6
"""Its ``name`` is an object, if broken records are switched on."""

ARCHIVED_LISTING = 7
"""``specialStatus`` is ``archived``."""

EXTRA_FIELDS = {"futureScore": 7, "futureSettings": {"mode": "auto", "levels": [1, 2]}}
"""Fields that no documentation knows, on every second listing and reservation."""

UNKNOWN_STATUS = "underReview"
"""A status word that no documentation knows: one confirmed future stay has it. Its nights are taken."""

ODD_COUNTRY = "Australia"
"""Some guests' countries are names instead of codes."""

BROKEN_NAME = {"x": 1}
BROKEN_DATE = "soon"
"""``arrivalDate`` of one reservation, if broken records are switched on."""
