"""The most calls a read may take. This table is where the bounds are declared: one line a plugin, checked by the suite.

The defaults are what any PMS must reach: a page for each page of records, one call for each key of a batch. A plugin
whose PMS takes several keys at once says how many (its BEHAVIOR.md tells why).
"""

from dataclasses import dataclass
from math import ceil

from providers.manifest import Manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class CallBounds:
    """How much one call can bring. ``calendar_days`` is the longest calendar of one call."""

    listings_by_id: int = 1
    reservations_by_id: int = 1
    calendar_listings: int = 1
    calendar_days: int = 365
    quoted_listings: int = 1
    listings_filtered: int = 1

    def listing_batch(self, ids: int, total: int, manifest: Manifest) -> int:
        """By id, or by pages of everything where that is less."""
        return min(ceil(ids / self.listings_by_id), pages(total, manifest.listing_page_size))

    def reservation_batch(self, ids: int) -> int:
        return ceil(ids / self.reservations_by_id)

    def by_listing(self, listings: int, total: int, wanted: int, manifest: Manifest) -> int:
        """The pages of what is wanted where several listings can be asked for; else pages of everything or a walk for
        each listing, and one call more to learn which is less."""
        size = manifest.reservation_page_size
        if self.listings_filtered >= listings:
            return pages(wanted, size)
        if listings == 1:
            return pages(wanted, size)
        return min(pages(total, size), listings + pages(wanted, size)) + 1

    def calendar_batch(self, listings: int, days: int) -> int:
        return ceil(listings / self.calendar_listings) * ceil(days / self.calendar_days)

    def quote_batch(self, listings: int, stays: int) -> int:
        return ceil(listings / self.quoted_listings) * stays


def pages(total: int, size: int) -> int:
    """Pages of a collection; an empty one has a page too."""
    return max(1, ceil(total / size))


BOUNDS: dict[str, CallBounds] = {
    "HOSTAWAY": CallBounds(),
    "BOOKINGSYNC": CallBounds(
        listings_by_id=50,
        reservations_by_id=100,
        calendar_listings=50,
        calendar_days=1096,
        quoted_listings=50,
        listings_filtered=100,
    ),
}
"""Plugins that are not named here have the defaults."""


def bounds_of(manifest: Manifest) -> CallBounds:
    return BOUNDS.get(manifest.code, CallBounds())
