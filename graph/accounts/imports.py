"""Listings that a tenant imported from other tenants' accounts, and the accounts that offer theirs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import partial

from sqlalchemy import Connection, bindparam, delete, select

from graph.accounts.accounts import Accounts, AccountStatus, ConnectedAccount
from graph.storage.database import Database
from graph.storage.prepared import Prepared
from graph.storage.small_reads import small_reads
from graph.storage.snapshots import SNAPSHOT_SECONDS, Snapshots
from graph.storage.tables import AccountRow, ListingImportRow, TenantRow
from providers.upstream.clock import Clock

MOST = 5_000
"""Listings that one tenant may have imported."""

_IMPORTED = Prepared(
    select(ListingImportRow.account_id, AccountRow.tenant_id, ListingImportRow.listing_id)
    .join(AccountRow, AccountRow.id == ListingImportRow.account_id)
    .join(TenantRow, TenantRow.id == AccountRow.tenant_id)
    .where(ListingImportRow.tenant_id == bindparam("importer"), TenantRow.status == "ACTIVE")
    .order_by(AccountRow.created_at, AccountRow.id)
)


@dataclass(frozen=True, slots=True)
class ImportedAccount(ConnectedAccount):
    """Another tenant's account, as seen by one that imported ``listing_ids`` (ids in the PMS) of it and no others.

    Nothing of it may be shown but those listings. It is read with the owner's credentials, limits and cache.
    """

    listing_ids: frozenset[str] = frozenset()

    @property
    def imported(self) -> bool:
        return True


def seen_by_importer(account: ConnectedAccount, listing_ids: frozenset[str]) -> ImportedAccount:
    """``account`` as somebody sees it who imported these listings."""
    known = {each.name: getattr(account, each.name) for each in fields(ConnectedAccount)}
    return ImportedAccount(**known, listing_ids=listing_ids)


class TooManyImportsError(ValueError):
    """The tenant has as many imported listings as it may have."""


ListingsOfAccounts = Mapping[str, tuple[str, frozenset[str]]]
"""By account id: the tenant that the account belongs to, and ids of its listings."""


class Imports:
    """What tenants imported. Reads are at most a second behind another process, never behind our own writes."""

    def __init__(
        self, database: Database, accounts: Accounts, clock: Clock, *, snapshot_seconds: float = SNAPSHOT_SECONDS
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._clock = clock
        self._snapshots = Snapshots(self._load, clock=clock, max_age=snapshot_seconds)

    async def accounts_of(self, tenant_id: str) -> Sequence[ImportedAccount]:
        """Other tenants' accounts with the listings that the tenant imported, as far as they still offer any."""
        found = []
        for account_id, (owner_id, listing_ids) in (await self._snapshots.get(tenant_id)).items():
            account = await self._accounts.get(owner_id, account_id)
            if account is not None and offers(account, tenant_id):
                found.append(seen_by_importer(account, listing_ids))
        return found

    async def offering(self, tenant_id: str) -> Sequence[ConnectedAccount]:
        """Other tenants' accounts that offer their listings to this one, oldest first."""
        async with self._database.reading() as session:
            rows = await session.execute(
                select(AccountRow.tenant_id, AccountRow.id)
                .join(TenantRow, TenantRow.id == AccountRow.tenant_id)
                .where(
                    AccountRow.tenant_id != tenant_id,
                    AccountRow.allow_import,
                    AccountRow.status == AccountStatus.ACTIVE.value,
                    TenantRow.status == "ACTIVE",
                )
                .order_by(AccountRow.created_at, AccountRow.id)
            )
            keys = [(owner_id, account_id) for owner_id, account_id in rows]
        accounts = [await self._accounts.get(owner_id, account_id) for owner_id, account_id in keys]
        return [each for each in accounts if each is not None and offers(each, tenant_id)]

    async def add(self, tenant_id: str, account_id: str, listing_ids: Iterable[str]) -> None:
        """Import listings; those that are imported already stay so. The caller has checked that they are offered.

        Raises ``TooManyImportsError``; nothing is imported then.
        """
        now = self._clock.now()
        async with self._database.session() as session:
            rows = await session.execute(
                select(ListingImportRow.account_id, ListingImportRow.listing_id).where(
                    ListingImportRow.tenant_id == tenant_id
                )
            )
            known = {(row.account_id, row.listing_id) for row in rows}
            new = [id_ for id_ in dict.fromkeys(listing_ids) if (account_id, id_) not in known]
            if len(known) + len(new) > MOST:
                raise TooManyImportsError(tenant_id)
            session.add_all(
                ListingImportRow(tenant_id=tenant_id, account_id=account_id, listing_id=id_, imported_at=now)
                for id_ in new
            )
        self._snapshots.drop(tenant_id)

    async def remove(self, tenant_id: str, account_id: str, listing_ids: Sequence[str]) -> set[str]:
        """Give imported listings back, whether or not they are still offered. Answers those that were imported."""
        async with self._database.session() as session:
            gone = await session.scalars(
                delete(ListingImportRow)
                .where(
                    ListingImportRow.tenant_id == tenant_id,
                    ListingImportRow.account_id == account_id,
                    ListingImportRow.listing_id.in_(listing_ids),
                )
                .returning(ListingImportRow.listing_id)
            )
            removed = set(gone)
        self._snapshots.drop(tenant_id)
        return removed

    async def _load(self, tenant_id: str) -> ListingsOfAccounts:
        return await small_reads(self._database).read(partial(_imported, tenant_id))


def _imported(tenant_id: str, connection: Connection) -> ListingsOfAccounts:
    found: dict[str, tuple[str, set[str]]] = {}
    for account_id, owner_id, listing_id in _IMPORTED.all(connection, {"importer": tenant_id}):
        found.setdefault(account_id, (owner_id, set()))[1].add(listing_id)
    return {account_id: (owner_id, frozenset(ids)) for account_id, (owner_id, ids) in found.items()}


def offers(account: ConnectedAccount, tenant_id: str) -> bool:
    """Whether an account offers its listings to this tenant now."""
    return account.tenant_id != tenant_id and account.allow_import and account.status is AccountStatus.ACTIVE
