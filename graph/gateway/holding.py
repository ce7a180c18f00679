"""A complete collection in memory, and what a list of changes makes of it."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Generic, TypeVar

from providers.queries import OddRecord, Page

T = TypeVar("T")
Keeps = Callable[[T], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding(Generic[T]):
    """All records of one account that fit a filter. Never changed: what changed makes a new one.

    ``ids`` are in the order of ids, so that a walk over it finds its place again whatever came or went meanwhile, even
    after it was dropped and read anew. ``read_at`` is since when changes must be asked for, ``walked_at`` when all of
    it was last read (both aware UTC). ``pages`` is how many calls a walk took; ``tells_deleted`` says whether the PMS
    told, with its last changes, what was deleted; ``checked_at`` is when it was last sure that nothing deleted is
    held. ``surplus`` is how many more records the PMS counted for the walk than are here; None where it did not count.
    ``doubtful`` are ids of records that we changed or removed: what became of them is to be known, told or not.
    """

    records: Mapping[str, T]
    ids: Sequence[str]
    odd: Sequence[OddRecord]
    read_at: datetime
    walked_at: datetime
    pages: int
    checked_at: datetime
    surplus: int | None = None
    tells_deleted: bool = False
    doubtful: frozenset[str] = frozenset()

    @classmethod
    def of(cls, pages: Sequence[Page[T]], keeps: Keeps[T]) -> "Holding[T]":
        """What a walk from the first page to the last one read. Where a record is on two pages, the later one holds."""
        records = {_id(record): record for page in pages for record in page.items if keeps(record)}
        read_at = min(page.fetched_at for page in pages)
        odd = [odd for page in pages for odd in page.odd]
        counted = _counted(pages[-1])
        return cls(
            records=records,
            ids=in_order(records),
            odd=odd,
            read_at=read_at,
            walked_at=read_at,
            checked_at=read_at,
            pages=len(pages),
            surplus=None if counted is None else counted - len(records) - len(odd),
        )

    def changed(self, pages: Sequence[Page[T]], keeps: Keeps[T]) -> "Holding[T]":
        """This with all changes since ``read_at`` applied, and perhaps some from before.

        Records that no longer fit leave. An id that is among the deleted ones and comes as a record, too, is a record:
        BookingSync lists cancelled bookings as both.
        """
        items = {_id(record): record for page in pages for record in page.items}
        odd = [each for page in pages for each in page.odd]
        told = [page.deleted for page in pages if page.deleted is not None]
        gone = {id_ for deleted in told for id_ in deleted} - items.keys()
        # What could be read and no longer can is left out and reported, as a walk would do.
        unreadable = {each.id for each in odd if each.id is not None} - items.keys()
        records = {id_: record for id_, record in self.records.items() if id_ not in gone and id_ not in unreadable}
        for id_, record in items.items():
            if keeps(record):
                records[id_] = record
            else:
                records.pop(id_, None)
        read_at = max(self.read_at, min(page.fetched_at for page in pages))
        return replace(
            self,
            records=records,
            ids=self.ids if records.keys() == self.records.keys() else in_order(records),
            odd=_joined(self.odd, odd, items.keys() | gone),
            read_at=read_at,
            checked_at=read_at if told else self.checked_at,
            tells_deleted=bool(told),
            doubtful=self.doubtful - items.keys() - gone,
        )

    def doubting(self, ids: frozenset[str]) -> "Holding[T]":
        """This, with more ids in doubt."""
        return replace(self, doubtful=self.doubtful | ids)

    def settled(self, found: Mapping[str, T], keeps: Keeps[T]) -> "Holding[T]":
        """This with what was in doubt as it was found: what was not found is gone."""
        records = {id_: record for id_, record in self.records.items() if id_ not in self.doubtful}
        records |= {id_: record for id_, record in found.items() if keeps(record)}
        ids = self.ids if records.keys() == self.records.keys() else in_order(records)
        return replace(self, records=records, ids=ids, doubtful=frozenset())

    @property
    def countable(self) -> bool:
        """Whether the PMS counts, so that counting again can tell anything."""
        return self.surplus is not None

    def agrees(self, page: Page[T]) -> bool:
        """Whether the PMS's count, as a first page tells it, leaves no doubt that something was deleted.

        Where the PMS counts more than what was asked for, its count may grow for what is not held; it must not shrink.
        Without a count there is nothing to go by.
        """
        counted = _counted(page)
        if counted is None or self.surplus is None:
            return True
        expected = len(self.records) + len(self.odd) + self.surplus
        return counted == expected if page.total is not None else counted >= expected

    def checked(self, at: datetime) -> "Holding[T]":
        """This, with the PMS's count found to agree at ``at``."""
        return replace(self, checked_at=max(at, self.checked_at))

    def after(self, id_: str | None) -> Iterable[tuple[str, T]]:
        """Ids and records behind ``id_`` (None: all), whether or not there still is a record with that id."""
        start = 0 if id_ is None else bisect_right(self.ids, _place(id_), key=_place)
        for index in range(start, len(self.ids)):
            yield self.ids[index], self.records[self.ids[index]]

    def page(self) -> Page[T]:
        """Everything as one page."""
        return Page(items=list(self.records.values()), next=None, total=None, fetched_at=self.read_at, odd=self.odd)


def in_order(ids: Iterable[str]) -> list[str]:
    """Ids in the order of their numbers; those that are no numbers have an order, too."""
    return sorted(ids, key=_place)


def _place(id_: str) -> tuple[int, str]:
    return len(id_), id_


def _counted(page: Page[Any]) -> int | None:
    return page.total if page.counted is None else page.counted


def _id(record: Any) -> str:
    return str(record.provider_id)


def _joined(old: Iterable[OddRecord], new: Sequence[OddRecord], settled: Iterable[str]) -> list[OddRecord]:
    """What is still odd: not what meanwhile came readable or went, and nothing twice."""
    over = {*settled, *(each.id for each in new)}
    return [*(each for each in old if each.id is None or each.id not in over), *(_unnamed(old, new))]


def _unnamed(old: Iterable[OddRecord], new: Sequence[OddRecord]) -> list[OddRecord]:
    """The new ones without those that have no id and were known already."""
    known = {each.reason for each in old if each.id is None}
    return [each for each in new if each.id is not None or each.reason not in known]
