"""Making something at a PMS once, however often it is asked for, and whatever breaks in between."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

import structlog

from graph.accounts.accounts import ConnectedAccount
from graph.changes.cost import counting
from graph.changes.failures import UNCERTAIN_MESSAGE, is_uncertain
from graph.changes.leases import lease_seconds
from graph.changes.ledger import Busy, Creation, Entry, Ledger, MadeBefore
from graph.changes.writing import Done, Writing
from graph.gateway.touched import Touched
from graph.rejections import Rejected, RejectionCode, rejected
from graph.storage.failures import StorageUnavailable
from providers.changes import ChangeRefused, ProblemKind, Written
from providers.contract import ProviderClient
from providers.errors import ProviderError
from providers.upstream.caller import Caller, calling, current_caller
from providers.upstream.clock import Clock

log = structlog.get_logger(__name__)

T = TypeVar("T")

CLOCKS_APART = timedelta(minutes=5)
"""By how much a PMS's clock may be behind ours: what it says was made that long before we began may be ours."""

_FIRST_LOOK = 0.05
_LONGEST_PAUSE = 1.0


class Guard(Protocol):
    """What is held while something is made."""

    async def taken(self) -> None:
        """It was made."""
        ...

    async def release(self) -> None:
        """It was not made, for certain."""
        ...

    def keep(self) -> None:
        """Nobody knows whether it was made."""
        ...


class Plan(Protocol[T]):
    """How one thing is made."""

    async def check(self, client: ProviderClient) -> None:
        """What can be said without holding anything. Raises ``Rejected``."""
        ...

    async def enter(self, client: ProviderClient, entry: Entry, seconds: float) -> Guard:
        """Keep others out for ``seconds``, then check what must not change meanwhile. Raises ``Rejected``."""
        ...

    def is_protected(self) -> bool:
        """Whether the PMS itself refuses to make it a second time. Known once ``enter`` has passed."""
        ...

    def is_begun(self, entry: Entry) -> bool:
        """Whether earlier steps made something at the PMS, though not it: another attempt goes on from there."""
        ...

    async def send(self, client: ProviderClient, entry: Entry) -> Written[T]:
        """Make it, under the entry's reference."""
        ...

    async def find(self, client: ProviderClient, entry: Entry, since: datetime) -> Written[T] | None:
        """What an earlier attempt made after ``since``, if it did."""
        ...

    def touched(self, outcome: Written[T] | None) -> Touched:
        """What it makes outdated."""
        ...


class Once:
    """Makes things once. ``call_timeout`` is how many seconds a call to a PMS may take."""

    def __init__(self, ledger: Ledger, writing: Writing, clock: Clock, call_timeout: float) -> None:
        self._ledger = ledger
        self._writing = writing
        self._clock = clock
        self._call_timeout = call_timeout

    async def make(
        self, account: ConnectedAccount, creation: Creation, plan: Plan[T], *, record: str | None = None
    ) -> Done[Written[T]]:
        """Make it, or find it where it was made already: then there is no record. Raises ``Rejected``.

        ``record`` names what there is at the PMS that is changed by it: see ``Writing.make``.
        ``UNCERTAIN`` says that the PMS may have made it; asked for again with the same key, it is looked for first.
        """
        attempt = _Attempt(plan, self._ledger, self._clock, self._call_timeout)

        async def work(client: ProviderClient) -> Written[T]:
            made = await self._first(client, creation, plan, attempt)
            if made is not None:
                return made
            entry = await self._begun(creation)
            if isinstance(entry, MadeBefore):
                return Written(id=entry.id)
            return await attempt.make(client, entry, self._seconds())

        def touched(outcome: Written[T] | None) -> Touched:
            return plan.touched(outcome) if attempt.was_sent else Touched()

        return await self._writing.make(account, work, touched, record=record)

    async def _first(
        self, client: ProviderClient, creation: Creation, plan: Plan[T], attempt: "_Attempt[T]"
    ) -> Written[T] | None:
        """Make what nothing is known of; None where something is known, or comes to be known meanwhile.

        It is written down only once everything allows it: what is refused before leaves no trace, and in a crowd only
        who gets the nights has to write.
        """
        if await self._ledger.look(creation):
            return None
        entry = self._ledger.prepare(creation)
        try:
            await plan.check(client)
            guard = await plan.enter(client, entry, self._seconds())
        except (Rejected, ChangeRefused, ProviderError):
            # What was right when it was made may be refused now: by nights that it took itself, for one.
            if await self._ledger.look(creation):
                return None
            raise
        try:
            begun = await self._ledger.begin(creation, self._seconds(), entry)
        except BaseException:
            await guard.release()
            raise
        if begun is entry:
            return await attempt.guarded(client, entry, guard)
        await guard.release()
        match begun:
            case MadeBefore(id=id_):
                return Written(id=id_)
            case Busy():
                return None
        # Another request tried in vain meanwhile; the right to try again is ours now.
        return await attempt.make(client, begun, self._seconds())

    async def _begun(self, creation: Creation) -> Entry | MadeBefore:
        """The right to make it. Waits while another request has it. Raises ``Rejected``."""
        pause = _FIRST_LOOK
        while True:
            found = await self._ledger.begin(creation, self._seconds())
            if isinstance(found, Entry | MadeBefore):
                return found
            left = current_caller().deadline - self._clock.monotonic()
            if left <= 0:
                message = f"Another request makes this at the moment. {UNCERTAIN_MESSAGE}"
                raise rejected("idempotencyKey", RejectionCode.UNCERTAIN, message)
            await self._clock.sleep(min(pause, left))
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _seconds(self) -> float:
        return lease_seconds(self._clock, self._call_timeout)


class _Attempt(Generic[T]):
    """One attempt at making something. ``was_sent`` says that it, or one before it, may have asked the PMS to."""

    def __init__(self, plan: Plan[T], ledger: Ledger, clock: Clock, call_timeout: float) -> None:
        self._plan = plan
        self._ledger = ledger
        self._clock = clock
        self._call_timeout = call_timeout
        self.was_sent = False
        self._asked = False

    async def make(self, client: ProviderClient, entry: Entry, seconds: float) -> Written[T]:
        if entry.repeated:
            self.was_sent = True
            if (found := await self._sought(client, entry)) is not None:
                return await self._made(entry, found)
        try:
            guard = await self._plan.enter(client, entry, seconds)
        except (Rejected, ChangeRefused, ProviderError) as refusal:
            return await self._refused(client, entry, refusal)
        except Exception:
            await self._leave_open(entry)
            raise
        return await self.guarded(client, entry, guard)

    async def guarded(self, client: ProviderClient, entry: Entry, guard: Guard) -> Written[T]:
        """Make it, or find what an earlier attempt made, while ``guard`` is held."""
        with counting() as calls:
            try:
                written = await self._late(client, entry)
                if written is None:
                    self.was_sent = self._asked = True
                    written = await self._plan.send(client, entry)
            except (Rejected, ChangeRefused, ProviderError) as refusal:
                if not (isinstance(refusal, ProviderError) and is_uncertain(refusal, calls)):
                    await guard.release()
                    return await self._refused(client, entry, refusal)
                found = await self._looked_back(client, entry)
                if found is None:
                    await self._let_go(entry, guard)
                    raise
                written = found
            except StorageUnavailable:
                # A step could not be noted: what was asked for before may have been made.
                await self._let_go(entry, guard)
                message = f"The server's own database was away meanwhile. {UNCERTAIN_MESSAGE}"
                raise rejected("", RejectionCode.UNCERTAIN, message) from None
            except Exception:
                await self._let_go(entry, guard)
                raise
        return await self._made(entry, written, guard)

    async def _late(self, client: ProviderClient, entry: Entry) -> Written[T] | None:
        """What an earlier attempt made after it was looked for.

        A PMS that would make the same twice is not asked again before the earlier call cannot arrive any more.
        """
        if not entry.repeated or self._plan.is_protected():
            return None
        quiet = entry.attempted_at + timedelta(seconds=self._call_timeout)
        left = (quiet - self._clock.now()).total_seconds()
        if left <= 0:
            return None
        if left >= current_caller().deadline - self._clock.monotonic():
            message = f"What was sent before may still arrive at the PMS. {UNCERTAIN_MESSAGE}"
            raise rejected("", RejectionCode.UNCERTAIN, message)
        await self._clock.sleep(left)
        return await self._sought(client, entry)

    async def _made(self, entry: Entry, written: Written[T], guard: Guard | None = None) -> Written[T]:
        with _bearing(entry):
            await self._ledger.finish(entry, written.id)
        if guard is not None:
            await guard.taken()
        return written

    async def _refused(
        self, client: ProviderClient, entry: Entry, refusal: Rejected | ChangeRefused | ProviderError
    ) -> Written[T]:
        """What to do about a definite no. Raises it, unless an earlier attempt made it after all."""
        if entry.repeated:
            # The nights may be taken by our own first attempt, which arrived late.
            found = await self._sought(client, entry) if _says_taken(refusal) else None
            if found is not None:
                return await self._made(entry, found)
            await self._leave_open(entry)
        elif isinstance(refusal, ProviderError) and self._plan.is_begun(entry):
            await self._leave_open(entry)
        else:
            with _bearing(entry):
                await self._ledger.free(entry)
        raise refusal

    async def _let_go(self, entry: Entry, guard: Guard) -> None:
        """Nobody knows whether it was made."""
        guard.keep()
        await self._leave_open(entry)

    async def _leave_open(self, entry: Entry) -> None:
        with _bearing(entry):
            await self._ledger.leave_open(entry, asked=self._asked)

    async def _sought(self, client: ProviderClient, entry: Entry) -> Written[T] | None:
        """What an earlier attempt made. Raises ``Rejected`` where that cannot be told now."""
        try:
            return await self._plan.find(client, entry, entry.began_at - CLOCKS_APART)
        except ProviderError as error:
            await self._leave_open(entry)
            message = f"An earlier attempt may have made it, and the PMS does not tell: {error.message}"
            raise rejected("", RejectionCode.UNCERTAIN, f"{message} {UNCERTAIN_MESSAGE}") from None

    async def _looked_back(self, client: ProviderClient, entry: Entry) -> Written[T] | None:
        """What this attempt made although no answer said so; None where that is not known either.

        There is time for that although the attempt may have used up the caller's.
        """
        caller = Caller(current_caller().key, self._clock.monotonic() + self._call_timeout)
        try:
            with calling(caller):
                return await self._plan.find(client, entry, entry.began_at - CLOCKS_APART)
        except ProviderError:
            return None


@contextmanager
def _bearing(entry: Entry) -> Iterator[None]:
    """Do without the ledger where it cannot be written: whoever asked must hear what became of it at the PMS.

    The entry's lease ends by itself; then another attempt looks for it there.
    """
    try:
        yield
    except StorageUnavailable:
        log.warning("what became of a create could not be written down", creation=entry.id)


def _says_taken(refusal: Rejected | ChangeRefused | ProviderError) -> bool:
    match refusal:
        case Rejected(rejections=rejections):
            return any(each.code is RejectionCode.NIGHTS_TAKEN for each in rejections)
        case ChangeRefused(problems=problems):
            return any(each.kind is ProblemKind.NIGHTS_TAKEN for each in problems)
    return False
