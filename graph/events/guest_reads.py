"""Which reservations show a guest, asked at the PMS: behind every interactive call, and never more than so many."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from graph.accounts.accounts import ConnectedAccount
from graph.gateway.filters import keeps_reservation
from graph.gateway.reading import Reading
from graph.gateway.reservations import RESERVATIONS
from providers.errors import ErrorCode, NotSupported, ProviderError
from providers.model import Reservation
from providers.queries import DateRange, ReservationQuery

GUESTS_AT_ONCE = 25
"""Guests whose reservations are asked for together: most have one."""

MOST_PAGES = 3
"""Pages that are read of the reservations of guests. Of one who has more, so many of those that are not over."""

_DAY = timedelta(days=1)
_OF_ONE = frozenset({ErrorCode.NOT_FOUND, ErrorCode.UPSTREAM_REFUSED})
"""Refusals that may be meant for one guest among several."""

Shown = tuple[Reservation, datetime]
"""A reservation as the PMS showed it, and when."""


@dataclass(slots=True)
class OfGuests:
    """What the PMS answered, by guest: the reservations that show them, or why it failed."""

    found: dict[str, list[Shown]] = field(default_factory=dict)
    failed: dict[str, ProviderError] = field(default_factory=dict)


class GuestReads:
    """Reads the reservations of guests as they are now."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    async def read(self, account: ConnectedAccount, guest_ids: Collection[str]) -> OfGuests:
        """The reservations of these guests. Raises nothing of the PMS's.

        Of a guest with more than ``MOST_PAGES`` pages of them only those that are not over are read, and of these as
        many pages.
        """
        answers = OfGuests()
        ids = sorted(guest_ids)
        groups = [ids[start : start + GUESTS_AT_ONCE] for start in range(0, len(ids), GUESTS_AT_ONCE)]
        while groups:
            group = groups.pop()
            try:
                shown = await self._shown(account, group)
            except ProviderError as error:
                answers.failed |= dict.fromkeys(group, error)
                continue
            if shown is None:
                groups += [[each] for each in group]
            else:
                answers.found |= _by_guest(group, shown)
        return answers

    async def _shown(self, account: ConnectedAccount, group: Sequence[str]) -> list[Shown] | None:
        """The reservations of some guests; None where each is to be asked about alone. Raises ``ProviderError``."""
        query = ReservationQuery(guest_ids=tuple(group))
        try:
            shown = await self._pages(account, query)
            if shown is None and len(group) == 1:
                yesterday = self._reading.clock.now().date() - _DAY
                shown = await self._pages(account, replace(query, stay=DateRange(start=yesterday)), cut=True)
        except ProviderError as error:
            if error.code not in _OF_ONE:
                raise
            if len(group) > 1:
                return None
            if error.code is ErrorCode.NOT_FOUND:
                return []
            raise
        return shown

    async def _pages(
        self, account: ConnectedAccount, query: ReservationQuery, *, cut: bool = False
    ) -> list[Shown] | None:
        """All reservations under ``query``; of more than ``MOST_PAGES`` pages the first ones if they may be ``cut``,
        else None.
        """
        native = RESERVATIONS.native(query, account)
        if native.guest_ids is None:
            raise NotSupported("The PMS does not tell which reservations a guest has.")
        shown: list[Shown] = []
        position: str | None = None
        for _ in range(MOST_PAGES):
            page = await self._reading.page_behind_all(RESERVATIONS, account, native, position)
            shown += [(each, page.fetched_at) for each in page.items if keeps_reservation(query, each)]
            position = page.next
            if position is None:
                return shown
            if not cut and page.total is not None and page.total > MOST_PAGES * RESERVATIONS.page_size(account):
                return None
        return shown if cut else None


def _by_guest(guest_ids: Iterable[str], shown: Iterable[Shown]) -> dict[str, list[Shown]]:
    found: dict[str, list[Shown]] = {each: [] for each in guest_ids}
    for reservation, read_at in shown:
        if reservation.guest is not None and reservation.guest.provider_id in found:
            found[reservation.guest.provider_id].append((reservation, read_at))
    return found
