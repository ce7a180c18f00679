"""INN, an invented PMS in memory that takes reservations, and can be told what to do wrong.

``Inn.script`` says, for each create that is to come, what happens: "made" and "refused" answer; "lost" makes it and
says nothing, "cut" makes nothing and says nothing, "late" makes it only after it was looked for ``Inn.looks`` times;
"garbled" answers, to a read before the create, what nobody understands.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from providers import catalogue
from providers.changes import (
    Cancellation,
    ChangeRefused,
    NoShow,
    Omitted,
    PartyChange,
    ProblemKind,
    Progress,
    ReservationChange,
    ReservationDraft,
    Written,
    given,
    or_none,
    refused,
)
from providers.contract import Session
from providers.errors import UpstreamInvalid, UpstreamRefused, UpstreamTimeout, UpstreamUnavailable
from providers.manifest import AuthType, LimitScope
from providers.model import (
    Calendar,
    CalendarDay,
    DayStatus,
    FinanceLine,
    Guest,
    Money,
    Party,
    PriceDetails,
    Reservation,
    ReservationStatus,
)
from providers.queries import Batch, Days, QuoteRequest
from providers.upstream.calls import Call
from providers.upstream.dry_run import DryRunSession
from tests.acme_world import AcmeClient, AcmeConfig, AcmePlugin, Entry, Estate
from tests.gateway_world import World, world

TODAY = datetime.now(UTC).date()
ARRIVAL = TODAY + timedelta(days=30)
DEPARTURE = ARRIVAL + timedelta(days=3)


@dataclass
class Inn(Estate):
    """One account of INN: ``units`` of its listings, ``rules`` by day, ``price`` of a stay, ``pause`` holds answers."""

    stays: dict[str, Reservation] = field(default_factory=dict)
    drafts: list[ReservationDraft] = field(default_factory=list)
    script: deque[str] = field(default_factory=deque)
    late: list[Reservation] = field(default_factory=list)
    looks: int = 1
    units: int = 1
    protects: bool = True
    rules: dict[date, dict[str, Any]] = field(default_factory=dict)
    price: Callable[[QuoteRequest], PriceDetails] | None = None
    pause: asyncio.Event | None = None
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    broken_look: bool = False

    def held(self, listing_id: str | None, night: date, but: str = "") -> int:
        return sum(
            each.listing_id == listing_id
            and each.provider_id != but
            and each.status is ReservationStatus.CONFIRMED
            and (each.arrival or date.max) <= night < (each.departure or date.min)
            for each in self.stays.values()
        )

    def add(self, reservation: Reservation) -> None:
        self.stays[reservation.provider_id] = reservation


class InnClient(AcmeClient):
    """Writes change the inn at once; in a dry run they are only said."""

    estate: Inn

    def __init__(self, session: Session, estate: Inn) -> None:
        super().__init__(session, estate)
        self.session = session

    async def reservations(self, ids: Sequence[str]) -> Batch[Reservation]:
        self.estate.note("reservations", tuple(ids))
        return self.batch({id_: self.estate.stays[id_] for id_ in ids if id_ in self.estate.stays})

    def calendar(self, id_: str, days: Days, reservations: bool) -> Calendar:
        return Calendar(
            provider=self.provider,
            account_id=self.account_id,
            listing_id=id_,
            start=days.start,
            end=days.end,
            currency="EUR",
            days=[self.day(id_, day) for day in days],
        )

    def day(self, listing_id: str, day: date) -> CalendarDay:
        free = self.estate.units - self.estate.held(listing_id, day)
        units: dict[str, Any] = {"units_total": self.estate.units} if self.estate.units > 1 else {}
        status = DayStatus.AVAILABLE if free > 0 else DayStatus.RESERVED
        return CalendarDay(date=day, status=status, available=free > 0, **units | self.estate.rules.get(day, {}))

    def quote(self, request: QuoteRequest) -> PriceDetails:
        return super().quote(request) if self.estate.price is None else self.estate.price(request)

    async def create_reservation(self, draft: ReservationDraft, progress: Progress) -> Written[Reservation]:
        await self.say("POST", "/reservations", draft)
        self.estate.note("create_reservation", draft.listing_id)
        self.estate.drafts.append(draft)
        await self.waiting()
        await asyncio.sleep(0)
        what = self.estate.script.popleft() if self.estate.script else "made"
        if what == "refused":
            raise refused(ProblemKind.REFUSED, "Not today.")
        if what == "away":
            raise UpstreamUnavailable("The PMS could not be reached.")
        if what == "no":
            raise UpstreamRefused("No.")
        if what == "garbled":
            raise UpstreamInvalid("The PMS sent something that is no JSON.")
        if what == "bug":
            raise RuntimeError
        if what == "cut":
            raise UpstreamTimeout("The connection was cut.", was_sent=True)
        made = self.made(draft)
        if what == "late":
            self.estate.late.append(made)
            raise UpstreamTimeout("The PMS did not answer in time.", was_sent=True)
        self.check_nights(made, force=draft.force_overbooking)
        self.estate.add(made)
        if what == "lost":
            raise UpstreamTimeout("The connection was cut.", was_sent=True)
        return Written(id=made.provider_id, record=made if what == "made" else None)

    async def find_reservation(self, draft: ReservationDraft, since: datetime) -> Reservation | None:
        self.estate.note("find_reservation", draft.reference)
        if self.estate.broken_look:
            raise UpstreamUnavailable("The PMS could not be reached.")
        found = next((each for each in self.estate.stays.values() if each.customer_reference == draft.reference), None)
        self.estate.looks -= 1
        while self.estate.looks <= 0 and self.estate.late:
            self.estate.add(self.estate.late.pop())
        return found

    async def update_reservation(self, id_: str, change: ReservationChange) -> Written[Reservation]:
        await self.say("PUT", f"/reservations/{id_}", change)
        self.estate.note("update_reservation", id_)
        await self.waiting()
        names = {"arrival", "departure", "host_note", "guest_note"}
        values = {name: value for name, value in given(change).items() if name in names}
        if (total := or_none(change.total)) is not None:
            values["total"] = Money(amount=total, currency="EUR")
        after = replace(self.estate.stays[id_], **values)
        self.check_nights(after, force=change.force_overbooking)
        self.estate.add(after)
        return Written(id=id_, record=after)

    async def cancel_reservation(self, id_: str, cancellation: Cancellation) -> Written[Reservation]:
        await self.say("POST", f"/reservations/{id_}/cancel", cancellation)
        self.estate.note("cancel_reservation", id_)
        present = self.estate.stays[id_]
        if present.status is ReservationStatus.CANCELLED:
            raise refused(ProblemKind.CONFLICT, "It is called off already.")
        after = replace(present, status=ReservationStatus.CANCELLED, cancelled_by=or_none(cancellation.by))
        self.estate.add(after)
        return Written(id=id_, record=after)

    async def delete_reservation(self, id_: str) -> None:
        await self.say("DELETE", f"/reservations/{id_}", None)
        self.estate.note("delete_reservation", id_)
        self.estate.stays.pop(id_, None)

    async def report_no_show(self, id_: str, no_show: NoShow) -> Written[Reservation]:
        await self.say("POST", f"/reservations/{id_}/noShow", no_show)
        self.estate.note("report_no_show", id_)
        return Written(id=id_, record=self.estate.stays[id_])

    async def waiting(self) -> None:
        """Until the test goes on."""
        self.estate.begun.set()
        if self.estate.pause is not None:
            await self.estate.pause.wait()

    async def say(self, method: str, path: str, body: Any) -> None:
        """In a dry run nothing further happens."""
        if isinstance(self.session, DryRunSession):
            shown = {} if body is None else {name: str(value) for name, value in given(body).items() if name != "card"}
            await self.session.send(Call(method=method, path=path, json=shown, safe=False))

    def check_nights(self, stay: Reservation, *, force: bool) -> None:
        assert stay.arrival is not None
        assert stay.departure is not None
        nights = Days(stay.arrival, stay.departure)
        full = any(
            self.estate.held(stay.listing_id, night, but=stay.provider_id) >= self.estate.units for night in nights
        )
        if full and self.estate.protects and not force:
            raise ChangeRefused(*refused(ProblemKind.NIGHTS_TAKEN, "Overlap.", "arrival").problems)

    def made(self, draft: ReservationDraft) -> Reservation:
        guest = None if isinstance(draft.guest, Omitted) else Guest(name=or_none(draft.guest.name))
        party = draft.party if isinstance(draft.party, PartyChange) else PartyChange()
        total, currency = or_none(draft.total), or_none(draft.currency) or "EUR"
        lines = [
            FinanceLine(
                provider_id=str(number),
                type=line.type,
                amount=Money(amount=or_none(line.amount) or Decimal(0), currency=currency),
                included_in_total=line.included_in_total is not False,
            )
            for number, line in enumerate(or_none(draft.finance_lines) or (), start=1)
            if not isinstance(line.type, Omitted)
        ]
        return Reservation(
            provider=self.provider,
            account_id=self.account_id,
            provider_id=f"r{len(self.estate.drafts)}",
            listing_id=draft.listing_id,
            status=ReservationStatus.CONFIRMED,
            arrival=or_none(draft.arrival),
            departure=or_none(draft.departure),
            guest=guest,
            party=Party(adults=or_none(party.adults), children=or_none(party.children)),
            currency=currency,
            total=None if total is None else Money(amount=total, currency=currency),
            finance_lines=lines,
            customer_reference=draft.reference,
            guest_note=or_none(draft.guest_note),
        )


class InnPlugin(AcmePlugin):
    """Tells which inn it is by its number."""

    def identity(self, scope: LimitScope, config: BaseModel) -> str | None:
        return config.number if scope is LimitScope.ACCOUNT and isinstance(config, AcmeConfig) else None


@contextmanager
def inns(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Inn]]:
    """Inns 1 and 2, while the catalogue holds this plugin alone."""
    made: dict[str, Any] = {number: Inn() for number in ("1", "2")}
    entries = [Entry(InnPlugin(InnClient, made))]
    with monkeypatch.context() as patch:
        patch.setattr(catalogue, "entry_points", lambda group: entries)
        catalogue.plugins.cache_clear()
        yield made
    catalogue.plugins.cache_clear()


@asynccontextmanager
async def inn_world(folder: Path, inn: Inn, number: str = "1", **settings: Any) -> AsyncIterator[World]:
    """A gateway with one inn connected to it."""
    async with world(folder, hostaway_accounts=0, bookingsync_accounts=0, **settings) as running:
        inn.now = running.clock.now
        await running.services.accounts.add("default", "ACME", number, AuthType.API_KEY, AcmeConfig(number=number))
        yield running
