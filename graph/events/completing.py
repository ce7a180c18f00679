"""Reading reservations at the PMS because of events: together, behind every interactive call, through the cache."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from graph.accounts.accounts import ConnectedAccount
from graph.changes.change_marks import ChangeMarks, Mark
from graph.events.guest_reads import GuestReads, OfGuests
from graph.gateway.holdings import OVERLAP
from graph.gateway.keeper import Kept
from graph.gateway.operation import Freshness
from graph.gateway.reading import Reading, key_of
from graph.gateway.refs import Ref
from graph.gateway.reservations import RESERVATIONS
from graph.gateway.store import Held
from graph.gateway.touched import Touched
from providers.errors import ErrorCode, NotFound, ProviderError
from providers.model import Reservation
from providers.queries import Page

FEW = 3
"""So many reservations are asked for by their ids; more are looked for among what changed lately."""

MOST_PAGES = 3

_NO_DELTA = {ErrorCode.NOT_SUPPORTED, ErrorCode.UPSTREAM_REFUSED, ErrorCode.UPSTREAM_INVALID}


@dataclass(slots=True)
class Answers:
    """What the PMS answered, by reservation: the record (None: there is none) and when, or why it failed."""

    found: dict[str, tuple[Reservation | None, datetime]] = field(default_factory=dict)
    failed: dict[str, ProviderError] = field(default_factory=dict)


class Completes(Protocol):
    """Reads reservations as they are now, and has what changed read anew."""

    async def read(self, account: ConnectedAccount, reservation_ids: Collection[str], since: datetime) -> Answers: ...

    async def of_guests(self, account: ConnectedAccount, guest_ids: Collection[str]) -> OfGuests: ...

    async def outdate(self, account: ConnectedAccount, touched: Touched, answers: Answers) -> Mark | None: ...


class Completing:
    """``Completes``, at the PMS and through the cache."""

    def __init__(self, reading: Reading, marks: ChangeMarks, part: Callable[[str], None]) -> None:
        """``marks`` tell the other processes; ``part`` makes an account's calls under way unfit for who asks now."""
        self._reading = reading
        self._marks = marks
        self._part = part
        self._guests = GuestReads(reading)

    async def read(self, account: ConnectedAccount, reservation_ids: Collection[str], since: datetime) -> Answers:
        """These reservations, as the PMS showed them at ``since`` or later. Raises nothing of the PMS's.

        One call, as a rule: those that many events are about are among what changed last.
        """
        answers = Answers()

        async def ask() -> None:
            try:
                if len(reservation_ids) > FEW:
                    await self._from_changes(account, set(reservation_ids), since, answers)
                await self._by_id(account, set(reservation_ids) - answers.found.keys(), since, answers)
            except ProviderError as error:
                answers.failed |= dict.fromkeys(set(reservation_ids) - answers.found.keys(), error)

        await self._reading.keeper.behind_all(ask)
        return answers

    async def of_guests(self, account: ConnectedAccount, guest_ids: Collection[str]) -> OfGuests:
        """The reservations that show these guests, as the PMS shows them from now on: see ``GuestReads.read``."""
        return await self._guests.read(account, guest_ids)

    async def outdate(self, account: ConnectedAccount, touched: Touched, answers: Answers) -> Mark | None:
        """Have what changed read anew by whoever asks next, but for what was read just now: that is kept.

        What is returned is to be written with the change: it tells the other processes.
        """
        keeper = self._reading.keeper
        self._part(account.id)
        await keeper.outdate(account.id, touched)
        await keeper.keep(
            {
                key_of(account, RESERVATIONS.entity, id_): Held(record, read_at)
                for id_, (record, read_at) in answers.found.items()
            }
        )
        return self._marks.mark(account, touched)

    async def _by_id(
        self, account: ConnectedAccount, wanted: Collection[str], since: datetime, answers: Answers
    ) -> None:
        refs = [Ref(account.id, each) for each in sorted(wanted)]
        if not refs:
            return
        freshness = Freshness(max_age=0, since=since, strict=True)
        outcomes = await self._reading.records_of(
            account, refs, RESERVATIONS.entity, freshness, lambda client, ids: client.reservations(ids)
        )
        for ref, outcome in outcomes.items():
            if isinstance(outcome, Kept):
                answers.found[ref.provider_id] = (outcome.value, outcome.fetched_at)
            elif isinstance(outcome, NotFound):
                answers.found[ref.provider_id] = (None, self._reading.clock.now())
            else:
                answers.failed[ref.provider_id] = outcome

    async def _from_changes(
        self, account: ConnectedAccount, wanted: Collection[str], since: datetime, answers: Answers
    ) -> None:
        """Those of ``wanted`` that are on the first pages of what changed; none where the PMS does not tell that."""
        if not RESERVATIONS.tells_changes(account):
            return
        query = RESERVATIONS.changes(since - OVERLAP, account)
        client = await self._reading.client(account)
        position: str | None = None
        for _ in range(MOST_PAGES):
            try:
                page: Page[Reservation] = await RESERVATIONS.page(client, query, position)
            except ProviderError as error:
                if error.code in _NO_DELTA:
                    return
                raise
            answers.found |= {
                record.provider_id: (record, page.fetched_at) for record in page.items if record.provider_id in wanted
            }
            position = page.next
            if position is None or len(answers.found) == len(wanted):
                return


def touched_by(before: Mapping[str, Reservation], after: Mapping[str, Reservation]) -> Touched:
    """What changes of reservations make outdated: themselves, and the nights of their listings, old and new."""
    changed = before.keys() | after.keys()
    nights = {each.listing_id for each in (*before.values(), *after.values()) if each.listing_id is not None}
    return Touched(reservations=frozenset(changed), nights_of=frozenset(nights))
