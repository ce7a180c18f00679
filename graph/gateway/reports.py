"""What an answer over several accounts says about each of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from graph.accounts.accounts import ConnectedAccount
from graph.gateway.streams import AccountStream
from providers.errors import ProviderError
from providers.model.described import Described

T = TypeVar("T")


class SourceStatus(Described):
    """How one account contributed to an answer."""

    OK = "OK", "Its records are in the answer, as fresh as asked for."
    STALE = "STALE", "Its records are older than asked for, since the PMS failed; see error and fetchedAt."
    PARTIAL = "PARTIAL", "Some records are missing: not readable, or beyond what one operation reads; see note."
    FAILED = "FAILED", "It could not be read; its records are missing. See error."
    NOT_ASKED = "NOT_ASKED", "Not needed yet: its records come on a later page."


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceReport:
    """How one account contributed: ``fetched_at`` is the age of the oldest part (aware UTC)."""

    account: ConnectedAccount
    status: SourceStatus
    fetched_at: datetime | None = None
    error: ProviderError | None = None
    skipped: int = 0
    note: str | None = None


def report(stream: AccountStream[T]) -> SourceReport:
    """What a stream has to say after it was read."""
    return SourceReport(
        account=stream.account,
        status=_status(stream),
        fetched_at=stream.fetched_at,
        error=stream.error or stream.stale,
        skipped=len(stream.odd),
        note=_note(stream),
    )


def _status(stream: AccountStream[T]) -> SourceStatus:
    if stream.error:
        return SourceStatus.FAILED
    if not stream.asked:
        return SourceStatus.NOT_ASKED
    if stream.stale:
        return SourceStatus.STALE
    return SourceStatus.PARTIAL if stream.odd or stream.cut_short else SourceStatus.OK


def _note(stream: AccountStream[T]) -> str | None:
    notes = []
    if stream.cut_short:
        notes.append("Few records fit the filter; the search goes on with the next page.")
    if stream.odd:
        shown = ", ".join(f"{odd.id or 'without id'} ({odd.reason})" for odd in list(stream.odd.values())[:5])
        notes.append(f"Records that could not be read: {shown}.")
    return " ".join(notes) or None
