"""The one way of every change to a PMS: in use, counted, to its end, and seen by the next read."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Generic, TypeVar

from graph.accounts.accounts import ConnectedAccount
from graph.accounts.connections import Connections
from graph.accounts.underway import Underway
from graph.changes.change_marks import ChangeMarks
from graph.changes.cost import counting
from graph.changes.failures import UNCERTAIN_MESSAGE, placed_where_missing, refusal_of
from graph.changes.record_turns import RecordTurns
from graph.gateway.keeper import Keeper
from graph.gateway.own_writes import entries_of
from graph.gateway.reading import Reading
from graph.gateway.touched import Touched
from graph.rejections import Rejected, RejectionCode, rejected
from providers.capabilities import Capability
from providers.changes import ChangeRefused
from providers.contract import ProviderClient, capabilities
from providers.errors import ProviderError
from providers.upstream.dry_run import DryRunEndedError, PlannedCall

T = TypeVar("T")
Work = Callable[[ProviderClient], Awaitable[T]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done(Generic[T]):
    """What came of a change: its outcome, or in a dry run the calls that it would make, and what it cost.

    ``calls`` counts the calls that were sent to the PMS, reads included.
    """

    value: T | None
    calls: int
    planned: Sequence[PlannedCall] | None = None


class Writing:
    """Makes changes through the plugins."""

    def __init__(
        self,
        reading: Reading,
        connections: Connections,
        keeper: Keeper,
        underway: Underway,
        marks: ChangeMarks,
        turns: RecordTurns,
    ) -> None:
        self.reading = reading
        self._connections = connections
        self._keeper = keeper
        self._underway = underway
        self._marks = marks
        self._turns = turns

    async def account(self, tenant_id: str, account_id: str, field: str, *needed: Capability) -> ConnectedAccount:
        """The tenant's own account, able to do what is needed.

        Raises ``Rejected`` under ``field`` where there is none (imported listings are another tenant's), or its PMS
        cannot do it.
        """
        account = await self.reading.accounts.get(tenant_id, account_id)
        if account is None:
            message = (
                "There is no such account of yours. Listings that were imported can be changed by their owner only."
            )
            raise rejected(field, RejectionCode.NOT_FOUND, message)
        try:
            plugin = self._connections.plugin_of(account)
        except ProviderError as error:
            raise refusal_of(error) from None
        able = capabilities(plugin.client_class)
        for each in needed:
            if each not in able:
                message = f"{plugin.manifest.name} cannot do this: {each.value} is not among its capabilities."
                raise rejected(field, RejectionCode.NOT_SUPPORTED, message)
        return account

    def can(self, account: ConnectedAccount, capability: Capability) -> bool:
        """Whether the PMS of an account that ``account`` gave can do something."""
        return capability in capabilities(self._connections.plugin_of(account).client_class)

    async def make(
        self,
        account: ConnectedAccount,
        work: Work[T],
        touched: Callable[[T | None], Touched],
        *,
        record: str | None = None,
        under: tuple[str, ...] = (),
    ) -> Done[T]:
        """Make a change, to its end also when whoever asked has left.

        ``record`` names what at the PMS is changed, if it is there already: such changes are made one after the other.
        ``touched`` says, of the outcome or of None after a failure, what may be changed now, if anything: reads that
        begin later see it, in this process at once, in others within about a second. A record that the PMS answered
        with is what they see. Raises ``Rejected``; with ``UNCERTAIN`` where the PMS may have done it.
        """

        async def whole() -> Done[T]:
            async with self._turn(account, record):
                return await self._made(account, work, touched, under)

        late = rejected("", RejectionCode.UNCERTAIN, f"The PMS has not answered yet. {UNCERTAIN_MESSAGE}")
        return await self._underway.run(whole(), late=late)

    async def carry_out(
        self,
        account: ConnectedAccount,
        work: Work[T],
        touched: Callable[[T | None], Touched],
        *,
        dry_run: bool,
        record: str | None = None,
        under: tuple[str, ...] = (),
        named_by: str | None = None,
    ) -> Done[T]:
        """``make``, or in a dry run ``rehearse``.

        ``named_by`` is the argument with the id of what is changed: that there is no such thing is told of it.
        """
        try:
            if dry_run:
                return await self.rehearse(account, work, under=under)
            return await self.make(account, work, touched, record=record, under=under)
        except Rejected as refusal:
            raise placed_where_missing(refusal, named_by) from None

    async def rehearse(self, account: ConnectedAccount, work: Work[T], *, under: tuple[str, ...] = ()) -> Done[T]:
        """What ``make`` would send. Reads that it needs are made. Raises ``Rejected`` like it."""
        with counting() as calls:
            try:
                client, session = await self._connections.dry_client(account)
                with suppress(DryRunEndedError):
                    await work(client)
            except (ChangeRefused, ProviderError) as error:
                raise refusal_of(error, under=under) from None
        return Done(value=None, calls=calls.count, planned=session.planned)

    async def _made(
        self,
        account: ConnectedAccount,
        work: Work[T],
        touched: Callable[[T | None], Touched],
        under: tuple[str, ...],
    ) -> Done[T]:
        outcome: T | None = None
        with counting() as calls, self._keeper.watching() as seen:
            try:
                outcome = await work(await self._connections.client(account))
            except (ChangeRefused, ProviderError) as error:
                raise refusal_of(error, calls, under=under) from None
            finally:
                if (changed := touched(outcome)) != Touched():
                    await self._keeper.outdate(account.id, changed, but=seen)
                    await self._keeper.keep(entries_of(account, outcome, self.reading.clock.now()), seen)
                    await self._marks.tell(account, changed)
        return Done(value=outcome, calls=calls.count)

    @asynccontextmanager
    async def _turn(self, account: ConnectedAccount, record: str | None) -> AsyncIterator[None]:
        if record is None:
            yield
            return
        try:
            async with self._turns.of(account, record):
                yield
        except ProviderError as error:
            raise refusal_of(error) from None
