"""The most calls that a read may take, as the plugin declares it under ``[calls]`` in its ``quality.toml``.

The defaults are what any PMS must reach: a call for each page of records, one for each key of a batch. A plugin whose
PMS takes several keys at once says how many (its BEHAVIOR.md tells why).
"""

from math import ceil

from pydantic import BaseModel, ConfigDict, PositiveInt

from providers.manifest import Manifest


class CallBounds(BaseModel):
    """How much one call can bring. ``calendar_days`` is the longest calendar of one call.

    ``parts_by_listing`` counts listings of which one call brings fees, taxes, units, agreements or pricing settings;
    ``part_calls`` are the calls that such a read may take beside those, for what belongs to the whole account.
    ``search_calls`` are those of an availability search.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    listings_by_id: PositiveInt = 1
    reservations_by_id: PositiveInt = 1
    calendar_listings: PositiveInt = 1
    calendar_days: PositiveInt = 365
    quoted_listings: PositiveInt = 1
    listings_filtered: PositiveInt = 1
    parts_by_listing: PositiveInt = 1
    part_calls: PositiveInt = 1
    search_calls: PositiveInt = 1

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

    def part_batch(self, listings: int) -> int:
        return ceil(listings / self.parts_by_listing) + self.part_calls


def pages(total: int, size: int) -> int:
    """Pages of a collection; an empty one has a page too."""
    return max(1, ceil(total / size))
