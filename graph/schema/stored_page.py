"""Pages of what our own storage holds, oldest first: there are no sources to report."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from graph.gateway.cursors import fingerprint
from graph.gateway.marks import KeyMark
from graph.schema.arguments import check_first
from graph.schema.connection import PageInfo
from graph.schema.context import Info
from graph.schema.paging import on_cursor


class Stored(Protocol):
    """What has a place in order of creation."""

    @property
    def id(self) -> str: ...
    @property
    def created_at(self) -> datetime: ...


T = TypeVar("T", bound=Stored)


@dataclass(frozen=True, slots=True)
class StoredPage(Generic[T]):
    """One page; ``total`` counts the whole list."""

    items: Sequence[T]
    info: PageInfo
    total: int


def stored_page(info: Info, what: str, items: Sequence[T], first: int, after: str | None) -> StoredPage[T]:
    """The page of ``items`` behind the cursor ``after``, good for ``what`` of this tenant. Raises ``BadInput``."""
    name = fingerprint(what, info.context.operation.tenant_id)
    with on_cursor():
        mark = info.context.cursors.read(name, after).get("") if after else None
    start = 0
    if isinstance(mark, KeyMark):
        start = next((n for n, each in enumerate(items) if _place(each) > (mark.value, mark.id)), len(items))
    page = items[start : start + check_first(first)]
    start_cursor, end_cursor = (
        info.context.cursors.write(name, {"": KeyMark(*_place(page[index]))}) if page else None for index in (0, -1)
    )
    return StoredPage(
        items=page,
        info=PageInfo(
            has_next_page=start + len(page) < len(items),
            has_previous_page=after is not None,
            start_cursor=start_cursor,
            end_cursor=end_cursor,
        ),
        total=len(items),
    )


def _place(item: Stored) -> tuple[str, str]:
    return item.created_at.isoformat(), item.id
