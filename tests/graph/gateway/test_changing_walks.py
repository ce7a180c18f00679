"""Walks over collections that change between two pages: what is kept whole as far as the PMS's paging allows.

``OffsetPaged`` counts records from the first, as Hostaway and BookingSync do; ``KeyPaged`` goes on behind the last
record it gave.
"""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from graph.gateway.streams import MAX_PAGES
from providers.queries import Page
from tests.graph.gateway.test_walks import NOW, FakePms, Query, Record, World, ordering

ORDERS = st.sampled_from(["asc", "desc"])
VALUES = st.none() | st.integers(0, 20)


@dataclass
class OffsetPaged(FakePms):
    """Pages by number: what comes or goes in front of a page moves it."""


@dataclass
class KeyPaged(FakePms):
    """Pages by the record that they follow: nothing that comes or goes moves them."""

    orders: bool = True
    filters: bool = True
    keys: dict[str, Any] = field(default_factory=dict)

    def page(self, query: Query, position: str | None) -> Page[Record]:
        arranged = ordering(query)
        rows = arranged.arranged(self.records)
        if position is not None:
            rows = [row for row in rows if arranged.before(self.keys[position], arranged.key(row))]
        items, more = rows[: self.page_size], len(rows) > self.page_size
        following = None
        if more:
            following = items[-1].provider_id
            self.keys[following] = arranged.key(items[-1])
        return Page(items=items, next=following, total=len(self.records), fetched_at=NOW)


@st.composite
def records(draw: st.DrawFn, name: str, start: int = 0) -> list[Record]:
    # Twice as many, one to a page, are still fewer pages than one operation reads.
    values = draw(st.lists(VALUES, max_size=MAX_PAGES // 2 - 1))
    return [Record(name, f"{n:03}", value) for n, value in enumerate(values, start=start)]


class Walk:
    """A walk during which ``changes`` are made, one before each further page."""

    def __init__(self, world: World, query: Query, first: int) -> None:
        self.world = world
        self.query = query
        self.first = first

    async def go(self, changes: list[Any]) -> list[Record]:
        found: list[Record] = []
        after = None
        for _ in range(500):
            # No page is taken from the cache: each sees the collection as it is then.
            page = await self.world.read(self.query, self.first, after, max_age=0)
            found += [each.record for each in page.taken]
            after = page.end_cursor()
            if not page.has_next:
                return found
            if changes:
                changes.pop()()
        raise AssertionError("the walk does not end")


def inserting(pms: FakePms, added: list[Record]) -> list[Any]:
    return [lambda record=record: pms.records.append(record) for record in added]


def deleting(pms: FakePms, gone: list[Record]) -> list[Any]:
    return [lambda record=record: pms.records.remove(record) for record in gone]


@settings(deadline=None)  # the machine may be busy
@given(data=st.data(), order=ORDERS, first=st.integers(1, 7), page_size=st.integers(1, 5), orders=st.booleans())
async def test_what_is_inserted_between_pages_hides_nothing_in_pages_by_number(
    data: st.DataObject, order: str, first: int, page_size: int, orders: bool
) -> None:
    rows = data.draw(records("acc0"))
    pms = OffsetPaged(list(rows), page_size=page_size, orders=orders)
    added = data.draw(records("acc0", start=100))
    found = await Walk(World({"acc0": pms}), Query(order=order), first).go(inserting(pms, added))
    assert set(rows) <= set(found)
    if not orders:  # ordered here, where the walk goes on behind a record instead of at a number
        assert len(found) == len(set(found))


@settings(deadline=None)  # the machine may be busy
@given(data=st.data(), order=ORDERS, first=st.integers(1, 7), page_size=st.integers(1, 5), orders=st.booleans())
async def test_what_is_deleted_between_pages_repeats_nothing_in_pages_by_number(
    data: st.DataObject, order: str, first: int, page_size: int, orders: bool
) -> None:
    rows = data.draw(records("acc0"))
    pms = OffsetPaged(list(rows), page_size=page_size, orders=orders)
    gone = data.draw(st.lists(st.sampled_from(rows), unique=True)) if rows else []
    found = await Walk(World({"acc0": pms}), Query(order=order), first).go(deleting(pms, gone))
    assert len(found) == len(set(found))
    if not orders:
        assert set(rows) - set(gone) <= set(found)


@settings(deadline=None)  # the machine may be busy
@given(data=st.data(), order=ORDERS, pages=st.integers(1, 3), page_size=st.integers(1, 4))
async def test_changes_between_whole_pages_by_key_neither_hide_nor_repeat_anything(
    data: st.DataObject, order: str, pages: int, page_size: int
) -> None:
    rows = data.draw(records("acc0"))
    pms = KeyPaged(list(rows), page_size=page_size)
    gone = data.draw(st.lists(st.sampled_from(rows), unique=True)) if rows else []
    changes = data.draw(st.permutations([*inserting(pms, data.draw(records("acc0", start=100))), *deleting(pms, gone)]))
    found = await Walk(World({"acc0": pms}), Query(order=order), pages * page_size).go(list(changes))
    assert len(found) == len(set(found))
    assert set(rows) - set(gone) <= set(found)
    assert_ordered(found, order)


@settings(deadline=None)  # the machine may be busy
@given(data=st.data(), order=ORDERS, first=st.integers(1, 7), sizes=st.lists(st.integers(1, 4), min_size=2, max_size=3))
async def test_accounts_that_page_in_different_ways_are_merged_in_one_order(
    data: st.DataObject, order: str, first: int, sizes: list[int]
) -> None:
    pmss: dict[str, FakePms] = {}
    for number, size in enumerate(sizes):
        rows = data.draw(records(f"acc{number}"))
        kind = data.draw(st.sampled_from([KeyPaged, OffsetPaged]))
        orders = kind is KeyPaged or data.draw(st.booleans())
        pmss[f"acc{number}"] = kind(list(rows), page_size=size, orders=orders)
    found = await Walk(World(pmss), Query(order=order), first).go([])
    assert sorted(found, key=repr) == sorted((row for pms in pmss.values() for row in pms.records), key=repr)
    assert_ordered(found, order)


def assert_ordered(found: list[Record], order: str) -> None:
    """Values come in order; records without one may stand among them only where the PMS orders them itself."""
    values = [row.value for row in found if row.value is not None]
    assert values == sorted(values, reverse=order == "desc")
