"""Versions of listings: what a change was based on can be told from what is there now."""

import hashlib
from dataclasses import replace

from providers.model import Listing

_LENGTH = 12


def listing_version(listing: Listing) -> str:
    """The same text for as long as nothing that can be changed about the listing does; another one afterwards.

    What the PMS counts by itself (ratings) and the account's terms do not count. The words of dictionaries, which are
    read apart, neither.
    """
    core = replace(
        listing,
        base_price=listing.original_base_price or listing.base_price,
        original_base_price=None,
        base_price_modifications=None,
        rating=None,
        reviews_count=None,
        raw=None,
        fields_off=frozenset(),
    )
    return hashlib.blake2b(repr(core).encode("utf-8", "backslashreplace"), digest_size=_LENGTH).hexdigest()
