"""What an answer over several accounts says about each of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from graph.accounts.accounts import ConnectedAccount
from graph.accounts.use import is_idle
from graph.gateway.applied import Applied
from providers.errors import AccountNotAuthorized, AccountPaused, ProviderError
from providers.model.described import Described
from providers.queries import OddRecord


class Read(Protocol):
    """What one account's records were read through."""

    @property
    def account(self) -> ConnectedAccount: ...
    @property
    def asked(self) -> bool: ...
    @property
    def fetched_at(self) -> datetime | None: ...
    @property
    def error(self) -> ProviderError | None: ...
    @property
    def stale(self) -> ProviderError | None: ...
    @property
    def cut_short(self) -> bool: ...
    @property
    def remark(self) -> str | None: ...
    @property
    def odd(self) -> Sequence[OddRecord]: ...
    @property
    def applied(self) -> tuple[Applied, ...]: ...


class SourceStatus(Described):
    """How one account contributed to an answer."""

    OK = "OK", "Its records are in the answer, as fresh as asked for."
    STALE = "STALE", "Its records are older than asked for, since the PMS failed; see error and fetchedAt."
    PARTIAL = "PARTIAL", "Some records are missing: not readable, or beyond what one operation reads; see note."
    FAILED = "FAILED", "It could not be read; its records are missing. See error."
    NOT_ASKED = "NOT_ASKED", "Not needed yet: its records come on a later page."
    PAUSED = "PAUSED", "It is paused: its records are left out, and its PMS is not asked."
    AWAITING_AUTHORIZATION = (
        "AWAITING_AUTHORIZATION",
        "Its owner has not consented in the PMS yet: it has no records so far, and its PMS is not asked.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceReport:
    """How one account contributed: ``fetched_at`` is the age of the oldest part (aware UTC)."""

    account: ConnectedAccount
    status: SourceStatus
    fetched_at: datetime | None = None
    error: ProviderError | None = None
    odd: Sequence[OddRecord] = ()
    note: str | None = None
    applied: tuple[Applied, ...] = ()

    @property
    def skipped(self) -> int:
        """How many records could not be understood."""
        return len(self.odd)


def report(stream: Read) -> SourceReport:
    """What a stream has to say after it was read."""
    return SourceReport(
        account=stream.account,
        status=_status(stream),
        fetched_at=stream.fetched_at,
        error=_shown(stream.error or stream.stale),
        odd=tuple(stream.odd),
        note=_note(stream),
        applied=stream.applied,
    )


def report_of_list(
    account: ConnectedAccount,
    *,
    fetched_at: datetime | None = None,
    error: ProviderError | None = None,
    odd: Sequence[OddRecord] = (),
    applied: tuple[Applied, ...] = (),
    remark: str | None = None,
) -> SourceReport:
    """What there is to say of a list that was read as a whole, or (without ``fetched_at``) could not be.

    ``remark`` is for people, beside what is said of odd records.
    """
    if fetched_at is None:
        status = _unread(error)
    elif error:
        status = SourceStatus.STALE
    else:
        status = SourceStatus.PARTIAL if odd else SourceStatus.OK
    return SourceReport(
        account=account,
        status=status,
        fetched_at=fetched_at,
        error=_shown(error),
        odd=tuple(odd),
        note=" ".join(filter(None, (remark, odd_note(odd)))) or None,
        applied=applied,
    )


def _status(stream: Read) -> SourceStatus:
    if stream.error:
        return _unread(stream.error)
    if not stream.asked:
        return SourceStatus.NOT_ASKED
    if stream.stale:
        return SourceStatus.STALE
    return SourceStatus.PARTIAL if stream.odd or stream.cut_short else SourceStatus.OK


def _unread(error: ProviderError | None) -> SourceStatus:
    """Why nothing could be read. An account that somebody put out of use has not failed."""
    match error:
        case AccountPaused():
            return SourceStatus.PAUSED
        case AccountNotAuthorized():
            return SourceStatus.AWAITING_AUTHORIZATION
        case _:
            return SourceStatus.FAILED


def _shown(error: ProviderError | None) -> ProviderError | None:
    return None if is_idle(error) else error


def _note(stream: Read) -> str | None:
    bound = (
        "More was to be read than one operation may; the search goes on with the next page."
        if stream.cut_short
        else None
    )
    return " ".join(filter(None, (bound, stream.remark, odd_note(stream.odd)))) or None


def odd_note(odd: Sequence[OddRecord]) -> str | None:
    """Which records could not be read, and why, for people; None if there are none."""
    if not odd:
        return None
    shown = ", ".join(f"{each.id or 'without id'} ({each.reason})" for each in odd[:5])
    return f"Records that could not be read: {shown}."
