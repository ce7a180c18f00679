"""Pages of a list that is already complete: the reservations of one listing."""

from collections.abc import Sequence
from typing import TypeVar

from graph.accounts.accounts import ConnectedAccount
from graph.gateway.collecting import Taken
from graph.gateway.collector import Collected
from graph.gateway.cursors import CursorError, Cursors
from graph.gateway.marks import EndMark, KeyMark, Mark, PageMark
from graph.gateway.ordering import Ordering
from graph.gateway.reports import SourceReport

T = TypeVar("T")


def page_of_list(
    records: Sequence[T],
    account: ConnectedAccount,
    source: SourceReport,
    *,
    ordering: Ordering[T] | None,
    cursors: Cursors,
    fingerprint: str,
    first: int,
    after: str | None,
) -> Collected[T]:
    """The page of ``records`` behind the cursor ``after``. Raises ``CursorError``.

    In an order, a cursor remembers the key it stands behind, so that records added or gone since do no harm; in the
    PMS's own order it remembers the place in the list.
    """
    before = cursors.read(fingerprint, after) if after else {}
    start = _start(records, ordering, before.get(account.id, PageMark()))
    chosen = records[start : start + first]
    taken = [
        Taken(record, account.id, KeyMark(*ordering.key(record)) if ordering else PageMark(None, index))
        for index, record in enumerate(chosen, start=start + 1)
    ]
    end = {**before, **{each.account_id: each.mark for each in taken[-1:]}}
    return Collected(
        taken=taken,
        has_next=start + len(chosen) < len(records),
        total=len(records) if source.error is None or records else None,
        sources=[source],
        cursors=cursors,
        fingerprint=fingerprint,
        before=before,
        end=end,
    )


def _start(records: Sequence[T], ordering: Ordering[T] | None, mark: Mark) -> int:
    match mark:
        case PageMark(None, index):
            return index
        case KeyMark(value, id_) if ordering:
            keys = (ordering.key(record) for record in records)
            return next((n for n, key in enumerate(keys) if ordering.before((value, id_), key)), len(records))
        case EndMark():
            return len(records)
    raise CursorError("belongs to another query")
