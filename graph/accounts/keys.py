"""API keys: who may ask. A key's secret is shown once, when it is made; afterwards only its hash is known."""

import hashlib
import hmac
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select, update

from graph.accounts.ids import new_id
from graph.storage.database import Database
from graph.storage.snapshots import SNAPSHOT_SECONDS, Snapshots
from graph.storage.tables import ApiKeyRow
from providers.model.described import Described
from providers.upstream.clock import Clock, SystemClock

SECRET_PREFIX = "sg_"  # noqa: S105  # not a secret: it makes leaked keys easy to find
_SECRET_BYTES = 32
_MAX_SECRET_CHARACTERS = 100


class Scope(StrEnum):
    """What a key may do besides what its permission says."""

    RAW = "RAW"
    """Read records as their PMS sent them."""


class Permission(Described):
    """How much a key may do; each includes those before it."""

    READ = "READ", "Ask queries and follow subscriptions."
    WRITE = "WRITE", "Change accounts, listings, reservations and calendars of its tenant as well."
    ADMIN = "ADMIN", "Manage API keys, tenants and integration definitions as well."

    def includes(self, needed: "Permission") -> bool:
        """Whether a key with this permission may do what takes ``needed``."""
        order = list(Permission)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True, slots=True)
class Viewer:
    """On whose behalf an operation runs, and what its key may do."""

    tenant_id: str
    key_id: str
    scopes: frozenset[Scope] = frozenset()
    permission: Permission = Permission.READ


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key without its secret. Instants are aware UTC; ``revoked_at`` is None while the key works."""

    id: str
    tenant_id: str
    name: str
    created_at: datetime
    revoked_at: datetime | None
    scopes: frozenset[Scope] = frozenset()
    permission: Permission = Permission.READ


ApiKeyList = list[ApiKey]


class ApiKeys:
    """The API keys of all tenants. A key revoked by another process works for a second more at most."""

    def __init__(
        self, database: Database, *, clock: Clock | None = None, snapshot_seconds: float = SNAPSHOT_SECONDS
    ) -> None:
        self._database = database
        self._clock = clock or SystemClock()
        self._viewers = Snapshots(self._find, clock=self._clock, max_age=snapshot_seconds)

    async def create(
        self,
        tenant_id: str,
        name: str,
        *,
        scopes: Collection[Scope] = (),
        permission: Permission = Permission.READ,
    ) -> tuple[ApiKey, str]:
        """A new key and its secret: the only time it can be had."""
        # 256 random bits: no slow hash is needed against guessing, so authentication stays quick.
        secret = SECRET_PREFIX + secrets.token_urlsafe(_SECRET_BYTES)
        now = self._clock.now()
        row = ApiKeyRow(
            id=new_id("key", now),
            tenant_id=tenant_id,
            name=name,
            digest=_digest(secret),
            created_at=now,
            revoked_at=None,
            scopes=" ".join(sorted(scopes)),
            permission=permission.value,
        )
        async with self._database.session() as session:
            session.add(row)
        self._viewers.drop(row.digest)
        return _key(row), secret

    async def list(self, tenant_id: str) -> ApiKeyList:
        """A tenant's keys, oldest first, revoked ones included."""
        async with self._database.reading() as session:
            rows = await session.scalars(
                select(ApiKeyRow).where(ApiKeyRow.tenant_id == tenant_id).order_by(ApiKeyRow.created_at, ApiKeyRow.id)
            )
            return [_key(row) for row in rows]

    async def revoke(self, tenant_id: str, key_id: str) -> bool:
        """Make a key useless for ever. False if the tenant has no such key; revoking twice changes nothing."""
        async with self._database.session() as session:
            row = await session.get(ApiKeyRow, key_id)
            if row is None or row.tenant_id != tenant_id:
                return False
            await session.execute(
                update(ApiKeyRow)
                .where(ApiKeyRow.id == key_id, ApiKeyRow.revoked_at.is_(None))
                .values(revoked_at=self._clock.now())
            )
        self._viewers.drop(row.digest)
        return True

    async def authenticate(self, secret: str) -> Viewer | None:
        """Who holds this secret; None if nobody does or the key was revoked."""
        if not secret.startswith(SECRET_PREFIX) or len(secret) > _MAX_SECRET_CHARACTERS:
            return None
        return await self._viewers.get(_digest(secret))

    async def _find(self, digest: bytes) -> Viewer | None:
        async with self._database.reading() as session:
            row = await session.scalar(select(ApiKeyRow).where(ApiKeyRow.digest == digest))
        if row is None or row.revoked_at is not None or not hmac.compare_digest(row.digest, digest):
            return None
        return Viewer(
            tenant_id=row.tenant_id, key_id=row.id, scopes=_scopes(row), permission=Permission[row.permission]
        )


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _key(row: ApiKeyRow) -> ApiKey:
    return ApiKey(
        id=row.id,
        tenant_id=row.tenant_id,
        name=row.name,
        created_at=row.created_at,
        revoked_at=row.revoked_at,
        scopes=_scopes(row),
        permission=Permission[row.permission],
    )


def _scopes(row: ApiKeyRow) -> frozenset[Scope]:
    return frozenset(Scope(word) for word in row.scopes.split())
