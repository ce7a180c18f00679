"""Nights that are being taken: one create at a time gets them, over all processes.

A PMS that protects its nights is asked by the first alone; the others wait until it is known what became of that, and
are refused without a call where the nights are gone.
"""

import asyncio
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

import structlog
from sqlalchemy import ColumnElement, Select, delete, insert, select, update

from graph.rejections import Rejected, RejectionCode, rejected
from graph.storage.database import Database
from graph.storage.failures import StorageUnavailable
from graph.storage.tables import NightClaimRow
from providers.queries import Days
from providers.upstream.caller import current_caller
from providers.upstream.clock import Clock

log = structlog.get_logger(__name__)

TAKEN_SECONDS = 180.0
"""How long it is remembered that a create of ours took nights: by then every reader has seen it at the PMS."""

_FIRST_LOOK = 0.05
_LONGEST_PAUSE = 0.5


class ClaimState(StrEnum):
    """What a claim says."""

    CLAIMED = "CLAIMED"
    """Somebody asks the PMS for the night at the moment."""
    TAKEN = "TAKEN"
    """The PMS gave it away a moment ago."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nights:
    """Nights of one listing. ``place`` is the account at the PMS: claims of all that are connected to it meet there.

    ``tenant_id`` and ``account_id`` are whose claim it is.
    """

    tenant_id: str
    account_id: str
    place: str
    listing_id: str
    days: Days


class Claim:
    """Nights that nobody else may take until this is given up, or its time is over."""

    def __init__(self, claims: "NightClaims", nights: Nights, holder: str) -> None:
        self._claims = claims
        self.nights = nights
        self.holder = holder

    async def taken(self) -> None:
        """They were taken: say so for some minutes."""
        await self._claims.settle(self, taken=True)

    async def release(self) -> None:
        """They were not taken, or there may be more of them: the next may try."""
        await self._claims.settle(self, taken=False)

    def keep(self) -> None:
        """Nobody knows whether they were taken: others wait until the claim's time is over."""
        self._claims.let_pass(self)


class NightClaims:
    """The claims of all accounts. The clocks of its processes must agree to within some seconds."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._turns = _Turns()

    async def claim(self, nights: Nights, holder: str, seconds: float) -> Claim:
        """Claim the nights for ``seconds``, all or none, as soon as nobody else does.

        ``holder`` may take over what it claimed before. Raises ``Rejected`` with ``NIGHTS_TAKEN`` where some were
        taken, or the caller's deadline comes first.
        """
        claim = Claim(self, nights, holder)
        await self._turns.take(claim, current_caller().deadline)
        try:
            await self._claimed(claim, seconds)
        except BaseException:
            self._turns.give(claim)
            raise
        return claim

    async def settle(self, claim: Claim, *, taken: bool) -> None:
        """End a claim. Without the database others wait until its time is over: nothing is lost by that."""
        mine = NightClaimRow.holder == claim.holder
        try:
            async with self._database.session() as session:
                if taken:
                    until = self._clock.now() + timedelta(seconds=TAKEN_SECONDS)
                    await session.execute(
                        update(NightClaimRow).where(_of(claim.nights), mine).values(state=ClaimState.TAKEN, until=until)
                    )
                else:
                    await session.execute(delete(NightClaimRow).where(_of(claim.nights), mine))
        except StorageUnavailable:
            log.warning("a claim of nights could not be ended", account=claim.nights.account_id)
        finally:
            self._turns.give(claim)

    def let_pass(self, claim: Claim) -> None:
        self._turns.give(claim)

    async def freed(self, nights: Nights) -> None:
        """The nights are free again: forget that they were taken. Without the database it is forgotten by itself."""
        taken = _of(nights) & (NightClaimRow.state == ClaimState.TAKEN)
        try:
            if await self._in_the_way(nights, ""):
                async with self._database.session() as session:
                    await session.execute(delete(NightClaimRow).where(taken))
        except StorageUnavailable:
            log.warning("nights that are free again could not be noted", account=nights.account_id)

    async def clear(self) -> None:
        """Forget claims whose time is over."""
        async with self._database.session() as session:
            await session.execute(delete(NightClaimRow).where(NightClaimRow.until <= self._clock.now()))

    async def _claimed(self, claim: Claim, seconds: float) -> None:
        pause = _FIRST_LOOK
        while True:
            # Looking keeps no writer waiting.
            others = await self._in_the_way(claim.nights, claim.holder) or await self._try(claim, seconds)
            if not others:
                return
            if taken := sorted(night for night, state in others if state == ClaimState.TAKEN):
                raise nights_taken(taken)
            left = current_caller().deadline - self._clock.monotonic()
            if left <= 0:
                raise _being_taken()
            await self._clock.sleep(min(pause, left))
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _in_the_way(self, nights: Nights, holder: str) -> list[tuple[date, str]]:
        async with self._database.reading() as session:
            return [(row.night, row.state) for row in await session.execute(self._others(nights, holder))]

    def _others(self, nights: Nights, holder: str) -> Select[date, str]:
        return select(NightClaimRow.night, NightClaimRow.state).where(
            _of(nights), NightClaimRow.holder != holder, NightClaimRow.until > self._clock.now()
        )

    async def _try(self, claim: Claim, seconds: float) -> list[tuple[date, str]]:
        """Claim the nights now. Answers what is in the way."""
        nights = claim.nights
        until = self._clock.now() + timedelta(seconds=seconds)
        async with self._database.session() as session:
            others = [(row.night, row.state) for row in await session.execute(self._others(nights, claim.holder))]
            if not others:
                await session.execute(delete(NightClaimRow).where(_of(nights)))
                rows = [
                    {
                        "tenant_id": nights.tenant_id,
                        "account_id": nights.account_id,
                        "place": nights.place,
                        "listing_id": nights.listing_id,
                        "night": night,
                        "holder": claim.holder,
                        "state": ClaimState.CLAIMED,
                        "until": until,
                    }
                    for night in nights.days
                ]
                await session.execute(insert(NightClaimRow), rows)
            return others


class _Turns:
    """Creates of this process stand in line here, so that one of them at a time looks into the database."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, str], dict[Claim, asyncio.Event]] = {}

    async def take(self, claim: Claim, deadline: float) -> None:
        """Wait until no other claim of this process meets these nights. Raises ``Rejected`` at the deadline."""
        place = claim.nights.place, claim.nights.listing_id
        try:
            async with asyncio.timeout_at(deadline):
                while ahead := self._ahead(place, claim):
                    await ahead.wait()
        except TimeoutError:
            raise _being_taken() from None
        self._held.setdefault(place, {})[claim] = asyncio.Event()

    def give(self, claim: Claim) -> None:
        place = claim.nights.place, claim.nights.listing_id
        held = self._held.get(place, {})
        if (event := held.pop(claim, None)) is not None:
            event.set()
        if not held:
            self._held.pop(place, None)

    def _ahead(self, place: tuple[str, str], claim: Claim) -> asyncio.Event | None:
        days = claim.nights.days
        for other, event in self._held.get(place, {}).items():
            theirs = other.nights.days
            if theirs.start < days.end and days.start < theirs.end:
                return event
        return None


def nights_taken(nights: list[date]) -> Rejected:
    """The refusal of a stay of which these nights are taken."""
    shown = ", ".join(night.isoformat() for night in nights[:10]) + (" and others" if len(nights) > 10 else "")
    return rejected("arrival", RejectionCode.NIGHTS_TAKEN, f"Taken: the nights of {shown}.")


def _being_taken() -> Rejected:
    message = "Somebody is taking these nights at the moment. Try again in a moment."
    return rejected("arrival", RejectionCode.NIGHTS_TAKEN, message)


def _of(nights: Nights) -> ColumnElement[bool]:
    return (
        (NightClaimRow.place == nights.place)
        & (NightClaimRow.listing_id == nights.listing_id)
        & (NightClaimRow.night >= nights.days.start)
        & (NightClaimRow.night < nights.days.end)
    )
