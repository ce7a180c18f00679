"""A change of one reservation that is there: of the state that it was based on, and of nights that are free."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from graph.accounts.accounts import ConnectedAccount
from graph.changes.checks import change_problems, refuse
from graph.changes.cost import counting
from graph.changes.failures import is_uncertain, refusal_of
from graph.changes.leases import lease_seconds
from graph.changes.ledger import new_reference
from graph.changes.merging import merged_total
from graph.changes.stays import HeldNights, Rules, Stays, multi_unit
from graph.changes.versions import version_of
from graph.gateway.gateway import Gateway
from graph.gateway.operation import Operation
from graph.gateway.refs import Ref
from graph.gateway.touched import Touched
from graph.rejections import Rejected, Rejection, RejectionCode, rejected
from providers.changes import Cancellation, ChangeRefused, Omitted, ReservationChange, Written, or_none
from providers.contract import ProviderClient
from providers.errors import ProviderError
from providers.model import Listing, Reservation, ReservationStatus
from providers.queries import Days
from providers.upstream.clock import Clock

_KEPT = "The PMS removes no reservations: it was called off, and stays there as cancelled."
_HOLDS_NIGHTS = frozenset({ReservationStatus.CONFIRMED, ReservationStatus.PENDING, ReservationStatus.BLOCKED})


class Stale(Rejected):
    """The reservation is no longer what the change was based on. ``reservation`` is what it is now."""

    def __init__(self, reservation: Reservation) -> None:
        message = "The reservation has changed since you read it."
        super().__init__(Rejection(field=("version",), code=RejectionCode.STALE, message=message))
        self.reservation = reservation


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What changes of reservations are made with. ``call_timeout`` is a call's, in seconds."""

    gateway: Gateway
    stays: Stays
    clock: Clock
    call_timeout: float


class Edit:
    """A change of one reservation that is there."""

    def __init__(
        self,
        desk: Desk,
        operation: Operation,
        account: ConnectedAccount,
        ref: Ref,
        version: str | None,
        *,
        is_dry: bool = False,
    ) -> None:
        self.account = account
        self.is_dry = is_dry
        self._desk = desk
        self._operation = operation
        self._ref = ref
        self._version = version
        self._present: Reservation | None = None
        self._sent = False

    @property
    def record(self) -> str:
        """What is changed, by name: one change at a time."""
        return f"reservation/{self._ref.provider_id}"

    def touched(self, outcome: Written[Reservation] | None) -> Touched:
        """What this makes outdated: nothing, if it never came so far."""
        if not self._sent or self._present is None:
            return Touched()
        after = None if outcome is None or outcome.record is None else outcome.record.listing_id
        listings = frozenset(each for each in (self._present.listing_id, after) if each is not None)
        return Touched(reservations=frozenset((self._ref.provider_id,)), nights_of=listings)

    async def end(
        self, client: ProviderClient, work: Callable[[], Awaitable[Written[Reservation]]]
    ) -> Written[Reservation]:
        """A change after which the nights of the reservation may be free again."""
        present = await self._current(client, fresh=False)
        self._sent = True
        written = await work()
        await self._ended(present)
        return written

    async def cancel(self, client: ProviderClient, how: Cancellation) -> Written[Reservation]:
        """Call it off: its nights are free again."""
        present = await self._current(client, fresh=False)
        written = await self._cancelled(client, how)
        await self._ended(present)
        return written

    async def _cancelled(self, client: ProviderClient, how: Cancellation) -> Written[Reservation]:
        """Call it off; where the answer is lost, a look tells whether the PMS did."""
        self._sent = True
        with counting() as calls:
            try:
                return await client.cancel_reservation(self._ref.provider_id, how)
            except ProviderError as error:
                if not is_uncertain(error, calls):
                    raise
                found = None
                with suppress(Rejected):
                    found = await self._read(client)
                if found is None or found.status is not ReservationStatus.CANCELLED:
                    raise
                return Written(id=found.provider_id, record=found)

    async def call_off(self, client: ProviderClient) -> Written[Reservation]:
        """What comes nearest to a removal at a PMS that keeps all reservations, with the record that it keeps.

        One that is called off already stays so.
        """
        present = await self._current(client, fresh=True)
        if present.status is ReservationStatus.CANCELLED:
            return Written(id=present.provider_id, record=present, warnings=(_KEPT,))
        written = await self._cancelled(client, Cancellation())
        await self._ended(present)
        record = written.record
        if record is None and not self.is_dry:
            with suppress(Rejected):
                record = await self._read(client)
        return replace(written, record=record, warnings=(*written.warnings, _KEPT))

    async def _current(self, client: ProviderClient, *, fresh: bool) -> Reservation:
        """The reservation as it is: from the PMS where it matters. Raises ``Rejected``, ``Stale`` for one."""
        if self._version is None and not fresh:
            outcome = (await self._desk.gateway.reservations.by_id(self._operation, [self._ref], None))[self._ref]
            if isinstance(outcome, ProviderError):
                raise refusal_of(outcome)
            present: Reservation | None = outcome.value
        else:
            present = await self._read(client)
        if present is None:
            raise rejected("id", RejectionCode.NOT_FOUND, "There is no such reservation.")
        if self._version is not None and self._version != version_of(present):
            raise Stale(present)
        self._present = present
        return present

    async def _read(self, client: ProviderClient) -> Reservation | None:
        id_ = self._ref.provider_id
        try:
            batch = await client.reservations([id_])
        except ProviderError as error:
            raise refusal_of(error) from None
        if (failure := batch.failed.get(id_)) is not None:
            raise refusal_of(failure)
        return batch.found.get(id_)

    async def _ended(self, present: Reservation) -> None:
        """All nights of a reservation may be had again."""
        if (nights := _nights_of(present)) is not None:
            await self._freed(present, [nights])

    async def _freed(self, present: Reservation, ranges: Sequence[Days]) -> None:
        """These nights of a reservation may be had again."""
        if not self.is_dry and present.listing_id is not None:
            await self._desk.stays.freed(self.account, present.listing_id, ranges)


class Update(Edit):
    """A change of what a reservation says."""

    def __init__(
        self,
        desk: Desk,
        operation: Operation,
        account: ConnectedAccount,
        ref: Ref,
        version: str | None,
        change: ReservationChange,
        *,
        ignore_rules: bool = False,
        is_dry: bool = False,
    ) -> None:
        super().__init__(desk, operation, account, ref, version, is_dry=is_dry)
        self._change = change
        self._ignore_rules = ignore_rules

    async def make(self, client: ProviderClient) -> Written[Reservation]:
        change = self._change
        moves = isinstance(change.arrival, date) or isinstance(change.departure, date)
        counts = not isinstance(change.finance_lines, Omitted)
        present = await self._current(client, fresh=moves or counts)
        listing = await self._listing(present)
        stay = _stay_after(change, present)
        refuse(list(change_problems(change, stay, listing, present.provider, self._desk.clock.now())))
        change = _with_money(change, present)
        held = await self._moved(client, present, listing, stay) if moves else HeldNights(())
        self._sent = True
        written = await self._updated(client, change, held)
        before, after = _nights_of(present), _days(*stay)
        if moves and before is not None:
            await self._freed(present, _without(before, after))
        await held.taken()
        return written

    async def _updated(
        self, client: ProviderClient, change: ReservationChange, held: HeldNights
    ) -> Written[Reservation]:
        with counting() as calls:
            try:
                return await client.update_reservation(self._ref.provider_id, change)
            except (ChangeRefused, ProviderError) as failure:
                if isinstance(failure, ProviderError) and is_uncertain(failure, calls):
                    held.keep()
                else:
                    await held.release()
                raise
            except BaseException:
                held.keep()
                raise

    async def _listing(self, present: Reservation) -> Listing | None:
        """The listing, where the change has to be checked against it."""
        change = self._change
        touches = (change.arrival, change.departure, change.party, change.currency, change.total, change.finance_lines)
        if present.listing_id is None or all(isinstance(each, Omitted) for each in touches):
            return None
        return await self._desk.stays.listing(self._operation, Ref(self.account.id, present.listing_id), "id")

    async def _moved(
        self, client: ProviderClient, present: Reservation, listing: Listing | None, stay: tuple[Any, Any]
    ) -> HeldNights:
        """Hold the nights that come in addition, once the calendar allows the new stay."""
        if listing is None:
            return HeldNights(())
        days = Days(*stay)
        force = self._change.force_overbooking
        before = _nights_of(present) if present.status in _HOLDS_NIGHTS else None
        added = _without(days, before)
        ranges = [] if self.is_dry or force else added
        seconds = lease_seconds(self._desk.clock, self._desk.call_timeout)
        held = await self._desk.stays.hold(self.account, listing.provider_id, ranges, new_reference(), seconds)
        guest = present.status is not ReservationStatus.BLOCKED
        rules = Rules(nights=not force, stay=guest and not self._ignore_rules)
        try:
            nights = frozenset(night for each in added for night in each)
            calendar = await self._desk.stays.check(client, listing, days, nights, rules, before)
        except BaseException:
            await held.release()
            raise
        held.multi_unit = multi_unit(calendar)
        return held


def _stay_after(change: ReservationChange, present: Reservation) -> tuple[date | None, date | None]:
    arrival, departure = or_none(change.arrival), or_none(change.departure)
    return arrival or present.arrival, departure or present.departure


def _nights_of(reservation: Reservation) -> Days | None:
    return _days(reservation.arrival, reservation.departure)


def _days(arrival: date | None, departure: date | None) -> Days | None:
    return Days(arrival, departure) if arrival and departure and arrival < departure else None


def _without(days: Days, others: Days | None) -> list[Days]:
    """The nights of ``days`` that are not among ``others``, as ranges in order."""
    if others is None or others.end <= days.start or days.end <= others.start:
        return [days]
    found = []
    if days.start < others.start:
        found.append(Days(days.start, others.start))
    if others.end < days.end:
        found.append(Days(others.end, days.end))
    return found


def _with_money(change: ReservationChange, present: Reservation) -> ReservationChange:
    """The change with the total that its lines lead to. Raises ``Rejected`` where it names another."""
    lines = or_none(change.finance_lines)
    if not lines:
        return change
    total = merged_total(present, lines)
    if total is None or total == (named := or_none(change.total)):
        return change
    if named is not None:
        message = f"With the lines that are there, they add up to {total:f}, not to {named:f}."
        raise rejected("total", RejectionCode.INVALID, message, allowed=f"{total:f}, or none")
    return replace(change, total=total)
