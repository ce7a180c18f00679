"""Tenants: whose data is kept apart from everybody else's. One is always there, the default tenant."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import cast

from sqlalchemy import Connection, Table, select
from sqlalchemy.ext.asyncio import AsyncSession

from graph.accounts.ids import new_id
from graph.rejections import RejectionCode, rejected
from graph.storage.database import Database
from graph.storage.prepared_among import Among
from graph.storage.small_reads import small_reads
from graph.storage.snapshots import SNAPSHOT_SECONDS, Snapshots
from graph.storage.tables import TenantRow
from providers.model.described import Described
from providers.upstream.clock import Clock, SystemClock

DEFAULT_TENANT = "default"
"""Id of the tenant that the first migration makes. It can be renamed, but it is always active."""

MAX_NAME = 200
MAX_KNOWN = 10_000
"""Tenants that are remembered for a moment."""

_ID = re.compile(r"[a-z0-9_]{1,40}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")

_TENANT = cast("Table", TenantRow.__table__)
_FOUND = Among(
    select(_TENANT.c.id, _TENANT.c.name, _TENANT.c.status, _TENANT.c.created_at, _TENANT.c.updated_at), _TENANT.c.id
)


class TenantStatus(Described):
    """Whether a tenant is in use."""

    ACTIVE = "ACTIVE", "Its keys and tokens let their holders in."
    INACTIVE = "INACTIVE", "Nobody gets in on its behalf; its accounts, keys and all else stay as they are."


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant. Instants are aware UTC."""

    id: str
    name: str
    status: TenantStatus
    created_at: datetime
    updated_at: datetime

    @property
    def is_default(self) -> bool:
        """Whether it is the default tenant, whose administrators manage all tenants."""
        return self.id == DEFAULT_TENANT


TenantList = list[Tenant]


class Tenants:
    """All tenants. Reads are at most a second behind another process, never behind our own writes.

    There is no way to delete one: keys, accounts and what others imported refer to it, and the log of a deactivated
    tenant still has a name to go with its id.
    """

    def __init__(
        self, database: Database, *, clock: Clock | None = None, snapshot_seconds: float = SNAPSHOT_SECONDS
    ) -> None:
        self._database = database
        self._clock = clock or SystemClock()
        self._snapshots = Snapshots(
            self._find,
            clock=self._clock,
            max_age=snapshot_seconds,
            # Of fewer those whose keys stay connected would push each other out.
            max_entries=MAX_KNOWN,
            load_all=self._find_all,
        )

    async def get(self, tenant_id: str) -> Tenant | None:
        """The tenant with this id; None also for what can be no id."""
        return await self._snapshots.get(tenant_id) if _ID.fullmatch(tenant_id) else None

    async def active(self, tenant_id: str) -> Tenant | None:
        """The tenant with this id, if it is in use."""
        tenant = await self.get(tenant_id)
        return tenant if tenant is not None and tenant.status is TenantStatus.ACTIVE else None

    async def look_ahead(self, tenant_ids: Iterable[str]) -> None:
        """Read these together, so that ``get`` need not read each. Raises ``StorageUnavailable``."""
        await self._snapshots.look_ahead(each for each in tenant_ids if _ID.fullmatch(each))

    async def list(self) -> TenantList:
        """All tenants, oldest first."""
        async with self._database.reading() as session:
            rows = await session.scalars(select(TenantRow).order_by(TenantRow.created_at, TenantRow.id))
            return [_tenant(row) for row in rows]

    async def create(self, name: str) -> Tenant:
        """A new tenant, active and empty. Raises ``Rejected`` for a name that is no good, or taken."""
        name = checked_name(name)
        now = self._clock.now()
        row = TenantRow(
            id=new_id("ten", now), name=name, status=TenantStatus.ACTIVE.value, created_at=now, updated_at=now
        )
        async with self._database.session() as session:
            await _check_free(session, name, row.id)
            session.add(row)
        self._snapshots.drop(row.id)
        return _tenant(row)

    async def rename(self, tenant_id: str, name: str) -> Tenant:
        """Give a tenant another name. Raises ``Rejected``."""
        name = checked_name(name)
        async with self._database.session() as session:
            row = await _present(session, tenant_id)
            await _check_free(session, name, tenant_id)
            if row.name != name:
                row.name, row.updated_at = name, self._clock.now()
        self._snapshots.drop(tenant_id)
        return _tenant(row)

    async def set_status(self, tenant_id: str, status: TenantStatus) -> Tenant:
        """Put a tenant into use or out of it. Raises ``Rejected``, also for deactivating the default tenant."""
        if tenant_id == DEFAULT_TENANT and status is not TenantStatus.ACTIVE:
            # Nobody could bring it back through the API, nor manage any other tenant.
            raise rejected("id", RejectionCode.NOT_ALLOWED, "The default tenant is always active.")
        async with self._database.session() as session:
            row = await _present(session, tenant_id)
            if row.status != status.value:
                row.status, row.updated_at = status.value, self._clock.now()
        self._snapshots.drop(tenant_id)
        return _tenant(row)

    async def _find(self, tenant_id: str) -> Tenant | None:
        return (await self._find_all([tenant_id]))[tenant_id]

    async def _find_all(self, tenant_ids: Collection[str]) -> Mapping[str, Tenant | None]:
        return await small_reads(self._database).read(partial(_read, tuple(tenant_ids)))


def checked_name(name: str, *, field: str = "name") -> str:
    """A name without surrounding space. Raises ``Rejected`` where it is empty, too long, or of several lines."""
    name = name.strip()
    allowed = f"1 to {MAX_NAME} characters on one line"
    if not name:
        raise rejected(field, RejectionCode.REQUIRED, "It is empty.", allowed=allowed)
    if len(name) > MAX_NAME:
        raise rejected(field, RejectionCode.OUT_OF_RANGE, f"It has {len(name)} characters.", allowed=allowed)
    if _CONTROL.search(name):
        raise rejected(field, RejectionCode.INVALID, "It holds control characters.", allowed=allowed)
    return name


async def _present(session: AsyncSession, tenant_id: str) -> TenantRow:
    row = await session.get(TenantRow, tenant_id) if _ID.fullmatch(tenant_id) else None
    if row is None:
        raise rejected("id", RejectionCode.NOT_FOUND, "There is no such tenant.")
    return row


async def _check_free(session: AsyncSession, name: str, tenant_id: str) -> None:
    other = await session.scalar(select(TenantRow.id).where(TenantRow.name == name))
    if other is not None and other != tenant_id:
        raise rejected("name", RejectionCode.TAKEN, "Another tenant has it.")


def _read(tenant_ids: Sequence[str], connection: Connection) -> dict[str, Tenant | None]:
    """The tenants with these ids; None where there is none."""
    found: dict[str, Tenant | None] = dict.fromkeys(tenant_ids)
    for row in _FOUND.all(connection, tenant_ids):
        found[row[0]] = _shown(*row)
    return found


def _tenant(row: TenantRow) -> Tenant:
    return _shown(row.id, row.name, row.status, row.created_at, row.updated_at)


def _shown(tenant_id: str, name: str, status: str, created_at: datetime, updated_at: datetime) -> Tenant:
    return Tenant(
        id=tenant_id,
        name=name,
        status=TenantStatus[status],
        created_at=created_at,
        updated_at=updated_at,
    )
