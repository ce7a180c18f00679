"""All reservations of several listings, in as few calls as their number allows.

Hostaway filters by one listing or by none. So either everything is walked and grouped, or every listing is walked
by itself: whichever takes fewer calls, which the first page of everything tells.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from providers.hostaway.fanning import Fan
from providers.hostaway.paging import Query, Read, Walk
from providers.wire import OddValue
from providers.wire.values import read_id

Group = Fan[str, list[Any]]


async def reservations_of(listing_ids: Sequence[str], read: Read, filters: Query) -> Group:
    """Raw reservations by listing. Raises ``ProviderError`` where a walk through everything fails.

    With one listing its own pages are read. With more, everything is read as long as that takes no more calls than
    a call for each listing would.
    """
    wanted = list(dict.fromkeys(listing_ids))
    if len(wanted) > 1:
        walk = Walk(read, filters, cursor=True)
        rows = await _within(walk, len(wanted))
        if rows is not None:
            return _grouped(rows, wanted, walk.oldest)

    async def one(listing_id: str) -> tuple[list[Any], datetime]:
        return await _all(Walk(read, (*filters, ("listingId", listing_id)), cursor=True))

    group: Group = Fan()
    return await group.read(wanted, one)


async def _within(walk: Walk, calls: int) -> list[Any] | None:
    """Every row of the walk, or None as soon as it is clear that it takes more than ``calls`` calls after the first.

    The first page is the price of knowing.
    """
    rows = await walk.next()
    while not walk.done:
        left = walk.pages_left()
        if walk.pages - 1 + (left or 1) > calls:
            return None
        rows += await walk.next()
    return rows


async def _all(walk: Walk) -> tuple[list[Any], datetime]:
    rows = await walk.next()
    while not walk.done:
        rows += await walk.next()
    assert walk.oldest is not None  # noqa: S101  (a page was read)
    return rows, walk.oldest


def _grouped(rows: list[Any], wanted: Sequence[str], oldest: datetime | None) -> Group:
    group: Group = Fan()
    group.oldest = oldest
    group.found = {each: [] for each in wanted}
    for row in rows:
        listing_id = _listing_of(row)
        if listing_id in group.found:
            group.found[listing_id].append(row)
    return group


def _listing_of(row: Any) -> str:
    try:
        return (read_id(row.get("listingMapId")) if isinstance(row, dict) else None) or ""
    except OddValue:
        return ""
