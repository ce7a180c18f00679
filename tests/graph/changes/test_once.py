"""What is made once stays so whatever two requests do at the same time, and whatever the database does meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

import pytest

from graph.changes.claims import NightClaims
from graph.changes.ledger import Creation, Entry, Ledger
from graph.changes.once import Once
from graph.changes.writing import Done, Writing
from graph.gateway.touched import Touched
from graph.rejections import Rejected, RejectionCode
from graph.storage.database import Database
from graph.storage.failures import StorageUnavailable
from providers.changes import ProblemKind, Written, refused
from providers.contract import ProviderClient
from providers.errors import UpstreamTimeout
from tests.gateway_world import ShiftedClock
from tests.graph.changes.test_claims import nights, patience
from tests.graph.changes.test_ledger import creation, ledger_of

CALL = 5.0
CLIENT = cast("ProviderClient", None)


class Straight:
    """Does the work at once, without an account."""

    async def make(
        self, account: Any, work: Callable[[ProviderClient], Awaitable[Any]], touched: object, *, record: str | None
    ) -> Done[Any]:
        return Done(value=await work(CLIENT), calls=0)


@dataclass
class Guarding:
    """Says how it ended."""

    ended: list[str] = field(default_factory=list)

    async def taken(self) -> None:
        self.ended.append("taken")

    async def release(self) -> None:
        self.ended.append("released")

    def keep(self) -> None:
        self.ended.append("kept")


@dataclass
class Thing:
    """A plan whose calls the test answers: ``sends`` in order. ``go``, if there is one, holds it where it enters."""

    made: list[str]
    sends: list[Any]
    go: asyncio.Event | None = None
    entering: asyncio.Event = field(default_factory=asyncio.Event)
    guard: Guarding = field(default_factory=Guarding)
    sent_at: list[datetime] = field(default_factory=list)
    clock: ShiftedClock = field(default_factory=ShiftedClock)

    async def check(self, client: ProviderClient) -> None: ...

    async def enter(self, client: ProviderClient, entry: Entry, seconds: float) -> Guarding:
        self.entering.set()
        if self.go is not None:
            await self.go.wait()
        return self.guard

    def is_protected(self) -> bool:
        return False

    def is_begun(self, entry: Entry) -> bool:
        return bool(entry.steps)

    async def send(self, client: ProviderClient, entry: Entry) -> Written[str]:
        self.sent_at.append(self.clock.now())
        outcome = self.sends.pop(0)
        if callable(outcome):
            outcome = await outcome(entry)
        if isinstance(outcome, Exception):
            raise outcome
        self.made.append(outcome)
        return Written(id=outcome)

    async def find(self, client: ProviderClient, entry: Entry, since: datetime) -> Written[str] | None:
        return Written(id=self.made[-1]) if self.made else None

    def touched(self, outcome: Written[str] | None) -> Touched:
        return Touched()


def cut() -> UpstreamTimeout:
    return UpstreamTimeout("The connection was cut.", was_sent=True)


def once_of(ledger: Ledger, clock: ShiftedClock) -> Once:
    return Once(ledger, cast("Writing", Straight()), clock, CALL)


async def make(once: Once, plan: Thing, what: Creation | None = None) -> Written[str]:
    done = await once.make(cast("Any", None), what or creation(), plan)
    assert done.value is not None
    return done.value


async def test_who_comes_in_after_another_tried_in_vain_goes_on_with_its_right(database: Database) -> None:
    """Both found nothing in the ledger; the one that was slower must not wait for a lease of its own."""
    clock = ShiftedClock()
    once = once_of(await ledger_of(database, clock), clock)
    made: list[str] = []
    slow = Thing(made, ["r1"], go := asyncio.Event(), clock=clock)
    waiting = asyncio.create_task(make(once, slow))
    await slow.entering.wait()
    with pytest.raises(UpstreamTimeout):
        await make(once, Thing(made, [cut()], clock=clock))
    before = clock.now()
    go.set()
    assert (await waiting).id == "r1"
    assert clock.now() - before < timedelta(seconds=2 * CALL)
    assert made == ["r1"]


async def test_a_repeat_waits_from_the_end_of_the_attempt_before(database: Database) -> None:
    """The call may have left at the end of the caller's time, long after the attempt began."""
    clock = ShiftedClock()
    once = once_of(await ledger_of(database, clock), clock)

    async def slow(entry: Entry) -> Exception:
        clock.advance(4 * CALL)
        return cut()

    made: list[str] = []
    plan = Thing(made, [slow, "r1"], clock=clock)
    with pytest.raises(UpstreamTimeout):
        await make(once, plan)
    ended = clock.now()
    await make(once, plan)
    assert plan.sent_at[1] - ended >= timedelta(seconds=CALL - 0.1)


async def test_a_repeat_without_the_time_to_wait_says_so_and_puts_nothing_off(database: Database) -> None:
    clock = ShiftedClock()
    once = once_of(await ledger_of(database, clock), clock)
    plan = Thing([], [cut(), "r1"], clock=clock)
    with pytest.raises(UpstreamTimeout):
        await make(once, plan)
    with patience(CALL / 2), pytest.raises(Rejected) as refusal:
        await make(once, plan)
    assert [each.code for each in refusal.value.rejections] == [RejectionCode.UNCERTAIN]
    clock.advance(CALL)
    before = clock.now()
    assert (await make(once, plan)).id == "r1"
    assert clock.now() - before < timedelta(seconds=1)


class Away(Ledger):
    """A ledger whose database goes away when the test says so."""

    away = False

    async def change(self, entry: Entry, **values: Any) -> None:
        if self.away:
            raise StorageUnavailable
        await super().change(entry, **values)

    async def free(self, entry: Entry) -> None:
        if self.away:
            raise StorageUnavailable
        await super().free(entry)


async def away_of(database: Database, clock: ShiftedClock) -> Away:
    known = await ledger_of(database, clock)
    return Away(known._database, known._vault, clock)


@pytest.mark.parametrize(
    ("outcome", "ended"),
    [(cut(), "kept"), (refused(ProblemKind.REFUSED, "No."), "released"), ("r1", "taken")],
    ids=["cut", "refused", "made"],
)
async def test_a_database_that_is_away_hides_no_outcome(database: Database, outcome: Any, ended: str) -> None:
    clock = ShiftedClock()
    ledger = await away_of(database, clock)

    async def lose(entry: Entry) -> Any:
        ledger.away = True
        return outcome

    plan = Thing([], [lose], clock=clock)
    if isinstance(outcome, Exception):
        with pytest.raises(type(outcome)):
            await make(once_of(ledger, clock), plan)
    else:
        assert (await make(once_of(ledger, clock), plan)).id == outcome
    assert plan.guard.ended == [ended]


async def test_a_step_that_cannot_be_noted_leaves_it_uncertain(database: Database) -> None:
    clock = ShiftedClock()
    ledger = await away_of(database, clock)

    async def note(entry: Entry) -> Any:
        ledger.away = True
        await entry.note("guest", "g1")

    plan = Thing([], [note], clock=clock)
    with pytest.raises(Rejected) as refusal:
        await make(once_of(ledger, clock), plan)
    assert [each.code for each in refusal.value.rejections] == [RejectionCode.UNCERTAIN]
    assert plan.guard.ended == ["kept"]


@pytest.mark.parametrize("taken", [True, False])
async def test_a_claim_that_cannot_be_ended_keeps_nobody_of_this_process_waiting_for_ever(
    database: Database, taken: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = ShiftedClock()
    await ledger_of(database, clock)
    claims = NightClaims(database, clock)
    held = [await claims.claim(nights(0, 2), "one", 30), await claims.claim(nights(4, 6), "one", 30)]

    @asynccontextmanager
    async def gone() -> Any:
        raise StorageUnavailable
        yield

    with monkeypatch.context() as patch:
        patch.setattr(database, "session", gone)
        for claim in held:
            await (claim.taken() if taken else claim.release())
        await claims.freed(nights(0, 2))
    for stay in (nights(0, 2), nights(4, 6)):
        await claims.claim(stay, "two", 30)  # once the time of the others is over
