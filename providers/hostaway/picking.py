"""Records by id from a PMS that has no filter by id: single reads, or pages of everything, whichever are fewer."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from math import ceil
from typing import Any

from providers.errors import ProviderError
from providers.hostaway.fanning import Fan
from providers.hostaway.paging import PAGE_SIZE, Walk, id_of

Single = Callable[[str], Awaitable[tuple[Any, datetime]]]


def pages_of(total: int) -> int:
    """How many calls reading everything takes."""
    return max(1, ceil(total / PAGE_SIZE))


async def pick(ids: Sequence[str], walk: Walk | None, single: Single) -> Fan[str, Any]:
    """The raw records of ``ids``.

    With a ``walk``, pages are read as long as the pages left are fewer than the records still missing; what is
    missing then is read singly. A record that a complete and steady walk did not meet does not exist.
    Raises ``ProviderError`` where not even the first page could be read.
    """
    fan: Fan[str, Any] = Fan()
    missing = dict.fromkeys(ids)
    if walk is not None:
        steady = await _walk(walk, missing, fan)
        if walk.done and steady:
            return fan
        missing = {each: None for each in missing if each not in fan.failed}
    return await fan.read(missing, single)


async def _walk(walk: Walk, missing: dict[str, None], fan: Fan[str, Any]) -> bool:
    """Moves what the pages hold from ``missing`` to ``fan``; whether the collection kept its size meanwhile."""
    totals = set()
    while missing and not walk.done and _worth_it(walk, len(missing)):
        try:
            rows = await walk.next()
        except ProviderError as error:
            if not walk.pages:
                raise
            fan.failed.update(dict.fromkeys(missing, error))
            break
        totals.add(walk.total)
        for row in rows:
            found = id_of(row)
            if found in missing:
                del missing[found]
                fan.found[found] = row
    fan.oldest = walk.oldest
    return len(totals) <= 1 and (walk.total is None or walk.seen >= walk.total)


def _worth_it(walk: Walk, missing: int) -> bool:
    left = walk.pages_left()
    if left is None:
        return walk.pages < missing + 1
    return left < missing
