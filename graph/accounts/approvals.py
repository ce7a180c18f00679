"""Which listings of an account that asks for approval are shown: somebody decides about each, once it was seen."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import islice

import structlog
from sqlalchemy import Connection, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from graph.accounts.accounts import ConnectedAccount
from graph.storage.database import Database
from graph.storage.prepared import Prepared
from graph.storage.small_reads import small_reads
from graph.storage.snapshots import SNAPSHOT_SECONDS, Snapshots
from graph.storage.tables import ListingApprovalRow
from providers.model.described import Described
from providers.upstream.clock import Clock

log = structlog.get_logger(__name__)

PATIENCE = 1.0
"""Seconds that a read waits until listings it saw first are written down; the write goes on without it."""

CHUNK = 500
"""Ids in one statement."""

_DECIDED = Prepared(
    select(ListingApprovalRow.listing_id, ListingApprovalRow.status).where(
        ListingApprovalRow.tenant_id == bindparam("tenant"), ListingApprovalRow.account_id == bindparam("account")
    )
)


class ListingApproval(Described):
    """Whether a listing is shown."""

    PENDING = "PENDING", "Seen, and hidden until somebody decides."
    APPROVED = "APPROVED", "Shown. So is every listing of an account that does not ask for approval."
    REJECTED = "REJECTED", "Hidden, since somebody decided so."


@dataclass(frozen=True, slots=True)
class Decisions:
    """What is known of an account's listings, by their ids in the PMS. One that is missing was never seen."""

    known: Mapping[str, ListingApproval] = field(default_factory=dict)
    approved: frozenset[str] = frozenset()

    def of(self, listing_id: str) -> ListingApproval:
        """What holds for a listing: what was never seen is as good as pending."""
        return self.known.get(listing_id, ListingApproval.PENDING)

    def count(self, approval: ListingApproval) -> int:
        """How many listings that were seen are in this state."""
        return sum(1 for each in self.known.values() if each is approval)


class Approvals:
    """The decisions about listings. Reads are at most a second behind another process, never behind our own writes."""

    def __init__(self, database: Database, clock: Clock, *, snapshot_seconds: float = SNAPSHOT_SECONDS) -> None:
        self._database = database
        self._clock = clock
        self._snapshots = Snapshots(self._load, clock=clock, max_age=snapshot_seconds)
        self._watched: dict[str, ConnectedAccount] = {}
        self._writes: set[asyncio.Task[None]] = set()

    async def of(self, account: ConnectedAccount) -> Decisions:
        """The decisions about an account's listings, whether or not it asks for approval now."""
        return await self._snapshots.get((account.tenant_id, account.id))

    def watch(self, account: ConnectedAccount) -> None:
        """From now on write down what is seen first of this account; or no longer, as it chose."""
        if account.require_listing_approval:
            self._watched[account.id] = account
        else:
            self._watched.pop(account.id, None)

    def forget(self, account_id: str) -> None:
        """The account is gone."""
        self._watched.pop(account_id, None)

    async def saw(self, account_id: str, listing_ids: Iterable[str]) -> None:
        """Write down as pending what of these listings was never seen, all in one write.

        Returns after ``PATIENCE`` seconds at the latest. A write that fails is logged: what it would have said is
        pending all the same, and the next read that sees it tries again.
        """
        account = self._watched.get(account_id)
        if account is None:
            return
        known = (await self.of(account)).known
        new = [id_ for id_ in dict.fromkeys(listing_ids) if id_ not in known]
        if not new:
            return
        write = asyncio.create_task(self._write_down(account, new))
        self._writes.add(write)
        write.add_done_callback(self._writes.discard)
        await asyncio.wait({write}, timeout=PATIENCE)

    async def keep_shown(self, account: ConnectedAccount, listing_ids: Iterable[str]) -> None:
        """Approve listings that were shown before their account asked for approval; rejected ones stay rejected."""
        await self._settle(account, listing_ids, ListingApproval.APPROVED, instead_of={ListingApproval.PENDING})

    async def decide(self, account: ConnectedAccount, listing_ids: Iterable[str], decision: ListingApproval) -> None:
        """Approve or reject listings, whatever was decided before, and whether or not they were seen."""
        await self._settle(account, listing_ids, decision, instead_of=set(ListingApproval) - {decision})

    async def _settle(
        self,
        account: ConnectedAccount,
        listing_ids: Iterable[str],
        decision: ListingApproval,
        *,
        instead_of: set[ListingApproval],
    ) -> None:
        wanted = list(dict.fromkeys(listing_ids))
        async with self._database.session() as session:
            rows = await _rows(session, account, wanted)
            for row in rows.values():
                if ListingApproval[row.status] in instead_of:
                    row.status, row.decided_at = decision.value, self._clock.now()
            session.add_all(self._row(account, id_, decision) for id_ in wanted if id_ not in rows)
        self._drop(account)

    async def aclose(self) -> None:
        """Finish what is being written."""
        await asyncio.gather(*self._writes, return_exceptions=True)

    async def _write_down(self, account: ConnectedAccount, listing_ids: Sequence[str]) -> None:
        try:
            async with self._database.session() as session:
                rows = await _rows(session, account, listing_ids)
                new = [id_ for id_ in listing_ids if id_ not in rows]
                session.add_all(self._row(account, id_, ListingApproval.PENDING) for id_ in new)
        except Exception as error:  # noqa: BLE001  # the read that saw them must not fail for it
            log.warning("listings seen first could not be written down", error=type(error).__name__)
        self._drop(account)

    def _row(self, account: ConnectedAccount, listing_id: str, status: ListingApproval) -> ListingApprovalRow:
        now = self._clock.now()
        decided: datetime | None = None if status is ListingApproval.PENDING else now
        return ListingApprovalRow(
            account_id=account.id,
            listing_id=listing_id,
            tenant_id=account.tenant_id,
            status=status.value,
            first_seen_at=now,
            decided_at=decided,
        )

    def _drop(self, account: ConnectedAccount) -> None:
        self._snapshots.drop((account.tenant_id, account.id))

    async def _load(self, key: tuple[str, str]) -> Decisions:
        return await small_reads(self._database).read(partial(_decisions, *key))


def _decisions(tenant_id: str, account_id: str, connection: Connection) -> Decisions:
    rows = _DECIDED.all(connection, {"tenant": tenant_id, "account": account_id})
    known = {listing_id: ListingApproval[status] for listing_id, status in rows}
    shown = frozenset(id_ for id_, status in known.items() if status is ListingApproval.APPROVED)
    return Decisions(known, shown)


async def _rows(
    session: AsyncSession, account: ConnectedAccount, listing_ids: Sequence[str]
) -> dict[str, ListingApprovalRow]:
    """The rows that there are already, by the listing's id."""
    found: dict[str, ListingApprovalRow] = {}
    left = iter(listing_ids)
    while chunk := list(islice(left, CHUNK)):
        rows = await session.scalars(
            select(ListingApprovalRow).where(
                ListingApprovalRow.tenant_id == account.tenant_id,
                ListingApprovalRow.account_id == account.id,
                ListingApprovalRow.listing_id.in_(chunk),
            )
        )
        found |= {row.listing_id: row for row in rows}
    return found
