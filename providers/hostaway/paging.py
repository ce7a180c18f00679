"""Walking through Hostaway's collections, page by page, by offset or by the cursor ``afterId``.

Safe against what the documentation leaves open: a shorter page than asked for is no end (the server may cap
``limit``), ``count`` may be missing, a server may not know ``afterId``, and with rows moving while we walk a page may
begin with rows that the one before already had.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any

from providers.errors import UpstreamInvalid, UpstreamRefused
from providers.hostaway.envelope import Rows
from providers.wire import OddValue
from providers.wire.values import read_id

Query = Sequence[tuple[str, str]]
Read = Callable[[Query], Awaitable[Rows]]

PAGE_SIZE = 100
_POSITION = re.compile(r"(after|offset)-([0-9]{1,8})-([0-9]{1,18})-([0-9]{1,18})-([0-9]{0,10})")
_MOST_PAGES = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where the next page begins: rows read so far, the previous page's first and last id, the largest count seen."""

    cursor: bool
    seen: int
    first: str
    last: str
    total: int | None

    def __str__(self) -> str:
        mode = "after" if self.cursor else "offset"
        total = "" if self.total is None else self.total
        return f"{mode}-{self.seen}-{self.first}-{self.last}-{total}"

    @classmethod
    def parse(cls, text: str) -> "Position":
        """The position that ``str`` made. Raises ``UpstreamRefused`` for any other text."""
        found = _POSITION.fullmatch(text)
        if found is None:
            raise UpstreamRefused("This is not a position in a collection of Hostaway.")
        mode, seen, first, last, total = found.groups()
        count = int(total) if total else None
        return cls(cursor=mode == "after", seen=int(seen), first=first, last=last, total=count)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """One page: its new rows, where the next begins (None: the end), and the total where the PMS says it."""

    rows: list[Any]
    next: Position | None
    total: int | None
    received_at: datetime


def is_id(text: str) -> bool:
    """Whether a text can be an id of Hostaway: a whole number in its usual digits.

    Ids become parts of paths, so nothing else may pass.
    """
    return text.isascii() and text.isdigit() and len(text) <= 18 and (text == "0" or not text.startswith("0"))


def id_of(row: Any) -> str | None:
    """The id of a raw record, None where it has none that can be read."""
    try:
        return read_id(row.get("id")) if isinstance(row, dict) else None
    except OddValue:
        return None


async def read_page(read: Read, filters: Query, position: Position | None, *, cursor: bool) -> Stretch:
    """The page at ``position`` (None: the first). ``cursor`` says that the collection knows ``afterId``.

    Raises ``UpstreamInvalid`` where the server keeps sending the same page although there must be more.
    """
    if position is None:
        start = () if cursor else (("offset", "0"),)
        return _stretch(await read((*_limited(filters), *start)), None, cursor=cursor)
    if position.cursor:
        following = await _after(read, filters, position)
        if following is not None:
            return _stretch(following, position, cursor=True)
    rows = await read((*_limited(filters), ("offset", str(position.seen))))
    if _repeats(rows.rows, position):
        return _stuck(rows, position)
    return _stretch(rows, position, cursor=False)


async def _after(read: Read, filters: Query, position: Position) -> Rows | None:
    """The rows behind the cursor; None where the server does not know ``afterId``.

    It is newer than many servers, and what they do with an unknown parameter is not documented: they may ignore it,
    or refuse it with 400 or 422.
    """
    try:
        rows = await read((*_limited(filters), ("afterId", position.last)))
    except UpstreamRefused as refused:
        if refused.upstream_status not in (400, 422):
            raise
        return None
    goes_on = not rows.rows or (_new(rows.rows, position) and not _repeats(rows.rows, position))
    return rows if goes_on else None


def _limited(filters: Query) -> Query:
    return (*filters, ("limit", str(PAGE_SIZE)))


def _repeats(rows: Sequence[Any], position: Position) -> bool:
    """Whether this is the page before once more: the server did not understand where to go on.

    Rows only ever move towards the head of what was already read, so a page that goes on never holds the first row
    of the one before.
    """
    return position.first != position.last and any(id_of(row) == position.first for row in rows)


def _stuck(rows: Rows, position: Position) -> Stretch:
    total = _larger(position.total, rows.count)
    if total is not None and position.seen < total:
        raise UpstreamInvalid("Hostaway sends the same page again instead of the next one.")
    return Stretch(rows=[], next=None, total=total, received_at=rows.received_at)


def _stretch(found: Rows, position: Position | None, *, cursor: bool) -> Stretch:
    rows = _new(found.rows, position)
    seen = (position.seen if position else 0) + (len(rows) if cursor else len(found.rows))
    # A count below what the page itself holds cannot be the count of everything. With a cursor, it may be what is
    # left instead of all there is: the larger one is never too small.
    count = found.count if found.count is not None and found.count >= len(found.rows) else None
    total = _larger(position.total if position else None, count)
    if total is not None and _doubtful(total, seen, found):
        total = None
    more = bool(found.rows) and (bool(rows) if total is None else seen < total)
    return Stretch(
        rows=rows,
        next=_following(found.rows, seen, total, cursor=cursor) if more else None,
        total=total,
        received_at=found.received_at,
    )


def _doubtful(total: int, seen: int, found: Rows) -> bool:
    """Whether a count may be that of the page instead of everything: it equals a full page, or we have read more."""
    page_is_full = len(found.rows) in (PAGE_SIZE, found.limit)
    return seen > total or (total == seen == len(found.rows) and page_is_full)


def _following(rows: list[Any], seen: int, total: int | None, *, cursor: bool) -> Position:
    """Without a single readable id, no cursor can go on and no repetition can be seen; the offset still works."""
    ids = [each for each in map(id_of, rows) if each is not None and is_id(each)] or ["0"]
    return Position(cursor=cursor and ids != ["0"], seen=seen, first=ids[0], last=ids[-1], total=total)


def _new(rows: list[Any], position: Position | None) -> list[Any]:
    """The rows without those that the page before ended with."""
    if position is not None:
        for index, row in enumerate(rows):
            if id_of(row) == position.last:
                return rows[index + 1 :]
    return rows


def _larger(one: int | None, other: int | None) -> int | None:
    known = [each for each in (one, other) if each is not None]
    return max(known) if known else None


class Walk:
    """One collection from its beginning to its end, as far as it is needed."""

    def __init__(self, read: Read, filters: Query, *, cursor: bool) -> None:
        self._read = read
        self._filters = filters
        self._cursor = cursor
        self._position: Position | None = None
        self._page_size = PAGE_SIZE
        self.pages = 0
        self.seen = 0
        self.total: int | None = None
        self.done = False
        self.oldest: datetime | None = None

    async def next(self) -> list[Any]:
        """The rows of the next page. Raises ``UpstreamInvalid`` for a collection without an end."""
        if self.pages >= _MOST_PAGES:
            raise UpstreamInvalid("Hostaway's list does not end.")
        stretch = await read_page(self._read, self._filters, self._position, cursor=self._cursor)
        self._position = stretch.next
        self.pages += 1
        self.seen += len(stretch.rows)
        self.total = stretch.total
        self.done = stretch.next is None
        if self.pages == 1 and stretch.rows:
            self._page_size = len(stretch.rows)
        self.oldest = self.oldest or stretch.received_at
        return stretch.rows

    def pages_left(self) -> int | None:
        """How many calls the rest takes; None where the PMS has not said how much there is."""
        if self.done:
            return 0
        if self.total is None:
            return None
        return max(1, ceil((self.total - self.seen) / self._page_size))
