"""API keys: who may ask. A key's secret is shown once, when it is made; afterwards only its hash is known."""

import asyncio
import hashlib
import re
import secrets
from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache, partial
from typing import cast

from sqlalchemy import Connection, Table, select, update

from graph.accounts.ids import new_id
from graph.accounts.tenants import DEFAULT_TENANT, checked_name
from graph.rejections import Rejected, RejectionCode, rejected
from graph.storage.database import Database
from graph.storage.prepared_among import Among
from graph.storage.small_reads import small_reads
from graph.storage.snapshots import SNAPSHOT_SECONDS, Snapshots
from graph.storage.tables import ApiKeyRow, TenantRow
from providers.model.described import Described
from providers.upstream.clock import Clock, SystemClock

SECRET_PREFIX = "sg_"  # noqa: S105  # not a secret: it makes leaked keys easy to find
_SECRET_BYTES = 32
_SECRET = re.compile(r"sg_[A-Za-z0-9_-]{43}")

MAX_DESCRIPTION = 500
LONGEST = timedelta(days=3660)
"""The furthest that a key's end may lie ahead."""

STRANGERS_AT_ONCE = 4
"""Secrets that never let anybody in before, looked up at a time: a flood of guesses leaves the database to others."""

MAX_KNOWN = 10_000

_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")
_ID = re.compile(r"[a-z0-9_]{1,40}")

_KEY = cast("Table", ApiKeyRow.__table__)
_FOUND = Among(
    select(_KEY.c.digest, _KEY.c.tenant_id, _KEY.c.id, _KEY.c.scopes, _KEY.c.permission, _KEY.c.expires_at).where(
        _KEY.c.revoked_at.is_(None)
    ),
    _KEY.c.digest,
)


class Scope(Described):
    """What a key may do besides what its permission says."""

    RAW = "RAW", "Read records as their PMS sent them."
    ANY_TENANT = (
        "ANY_TENANT",
        "Act for any tenant, named in the header X-Tenant-Id. For keys of the default tenant only; its ADMIN keys may "
        "do so without it.",
    )


class Permission(Described):
    """How much a key may do; each includes those before it."""

    READ = "READ", "Ask queries and follow subscriptions."
    WRITE = "WRITE", "Change accounts, listings, reservations and calendars of its tenant as well."
    ADMIN = "ADMIN", "Manage API keys, tenants and integration definitions as well."

    def includes(self, needed: "Permission") -> bool:
        """Whether a key with this permission may do what takes ``needed``."""
        return _RANKS[self] >= _RANKS[needed]


_RANKS = {permission: rank for rank, permission in enumerate(Permission)}


@dataclass(frozen=True, slots=True)
class Viewer:
    """On whose behalf an operation runs, and what its key or token may do.

    ``tenant_id`` is the tenant that it acts for. ``key_id`` is None where somebody proved themselves with a token of
    an identity provider. At ``expires_at`` (aware UTC; None: never) the key or token ends.
    """

    tenant_id: str
    key_id: str | None
    scopes: frozenset[Scope] = frozenset()
    permission: Permission = Permission.READ
    expires_at: datetime | None = None

    @property
    def manages_tenants(self) -> bool:
        """Whether it may do what concerns all tenants: it has ADMIN of the default tenant, and acts for it."""
        return self.tenant_id == DEFAULT_TENANT and self.permission is Permission.ADMIN

    @property
    def acts_for_any_tenant(self) -> bool:
        """Whether it may name any tenant to act for."""
        return self.manages_tenants or (self.tenant_id == DEFAULT_TENANT and Scope.ANY_TENANT in self.scopes)

    def manages_keys_of(self, tenant_id: str) -> bool:
        """Whether it may make, list and revoke keys of this tenant."""
        return self.manages_tenants or (self.permission is Permission.ADMIN and self.tenant_id == tenant_id)


class KeyStatus(Described):
    """Whether a key lets its holder in."""

    ACTIVE = "ACTIVE", "It works, as long as its tenant is active."
    EXPIRED = "EXPIRED", "Its time is over."
    REVOKED = "REVOKED", "Somebody revoked it."


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key without its secret. Instants are aware UTC.

    It works before ``expires_at`` (None: without end) and while ``revoked_at`` is None.
    """

    id: str
    tenant_id: str
    name: str
    created_at: datetime
    revoked_at: datetime | None
    scopes: frozenset[Scope] = frozenset()
    permission: Permission = Permission.READ
    description: str = ""
    expires_at: datetime | None = None

    def status(self, now: datetime) -> KeyStatus:
        """Whether it works at ``now``."""
        if self.revoked_at is not None:
            return KeyStatus.REVOKED
        return KeyStatus.EXPIRED if self.expires_at is not None and self.expires_at <= now else KeyStatus.ACTIVE


ApiKeyList = list[ApiKey]


class ApiKeys:
    """The API keys of all tenants. A key revoked by another process works for a second more at most.

    Names need not be unique: a key and its successor have the same one while both work.
    """

    def __init__(
        self, database: Database, *, clock: Clock | None = None, snapshot_seconds: float = SNAPSHOT_SECONDS
    ) -> None:
        self._database = database
        self._clock = clock or SystemClock()
        self._viewers = Snapshots(
            self._find,
            clock=self._clock,
            max_age=snapshot_seconds,
            # Of fewer those that stay connected would push each other out.
            max_entries=MAX_KNOWN,
            load_all=self._find_all,
        )
        self._known: OrderedDict[bytes, None] = OrderedDict()
        self._strangers = asyncio.Semaphore(STRANGERS_AT_ONCE)

    async def create(
        self,
        tenant_id: str,
        name: str,
        *,
        scopes: Collection[Scope] = (),
        permission: Permission = Permission.READ,
        description: str = "",
        expires_at: datetime | None = None,
    ) -> tuple[ApiKey, str]:
        """A new key and its secret: the only time it can be had. Raises ``Rejected``.

        It works without end unless ``expires_at`` (aware) says otherwise: on a server of one's own nobody would be
        told that a key is about to lapse.
        """
        # 256 random bits: no slow hash is needed against guessing, so authentication stays quick.
        secret = SECRET_PREFIX + secrets.token_urlsafe(_SECRET_BYTES)
        now = self._clock.now()
        row = ApiKeyRow(
            id=new_id("key", now),
            tenant_id=tenant_id,
            name=checked_name(name),
            digest=_digest(secret),
            created_at=now,
            revoked_at=None,
            scopes=" ".join(sorted(_checked_scopes(tenant_id, scopes))),
            permission=permission.value,
            description=_checked_description(description),
            expires_at=_checked_end(expires_at, now),
        )
        async with self._database.session() as session:
            tenant = await session.get(TenantRow, tenant_id) if _ID.fullmatch(tenant_id) else None
            if tenant is None:
                raise _no_tenant()
            session.add(row)
        self._viewers.drop(row.digest)
        return _key(row), secret

    async def create_as(
        self,
        maker: Viewer,
        tenant_id: str,
        name: str,
        *,
        scopes: Collection[Scope] = (),
        permission: Permission = Permission.READ,
        description: str = "",
        expires_at: datetime | None = None,
    ) -> tuple[ApiKey, str]:
        """A new key, which may do no more than ``maker``. Raises ``Rejected``; see ``create``.

        It may outlive its maker: else no key could make its successor.
        """
        if not maker.manages_keys_of(tenant_id):
            raise _no_tenant()
        if not maker.permission.includes(permission):
            raise rejected("permission", RejectionCode.NOT_ALLOWED, "It is more than your own.")
        own = maker.scopes | ({Scope.ANY_TENANT} if maker.acts_for_any_tenant else set())
        if more := sorted(set(scopes) - own):
            message = f"You do not have {' and '.join(more)} yourself."
            raise rejected("scopes", RejectionCode.NOT_ALLOWED, message)
        return await self.create(
            tenant_id, name, scopes=scopes, permission=permission, description=description, expires_at=expires_at
        )

    async def list(self, tenant_id: str | None) -> ApiKeyList:
        """A tenant's keys, or with None those of all tenants, oldest first; expired and revoked ones included."""
        wanted = select(ApiKeyRow).order_by(ApiKeyRow.created_at, ApiKeyRow.id)
        if tenant_id is not None:
            wanted = wanted.where(ApiKeyRow.tenant_id == tenant_id)
        async with self._database.reading() as session:
            return [_key(row) for row in await session.scalars(wanted)]

    async def get(self, tenant_id: str | None, key_id: str) -> ApiKey | None:
        """A key of a tenant, or with None of any tenant; None if there is no such key."""
        if not _ID.fullmatch(key_id):
            return None
        async with self._database.reading() as session:
            row = await session.get(ApiKeyRow, key_id)
        return _key(row) if row is not None and tenant_id in (None, row.tenant_id) else None

    async def revoke(self, tenant_id: str | None, key_id: str) -> bool:
        """Make a key of a tenant, or with None of any tenant, useless for ever.

        False if there is no such key; revoking twice changes nothing.
        """
        if not _ID.fullmatch(key_id):
            return False
        async with self._database.session() as session:
            row = await session.get(ApiKeyRow, key_id)
            if row is None or tenant_id not in (None, row.tenant_id):
                return False
            await session.execute(
                update(ApiKeyRow)
                .where(ApiKeyRow.id == key_id, ApiKeyRow.revoked_at.is_(None))
                .values(revoked_at=self._clock.now())
            )
        self._viewers.drop(row.digest)
        return True

    async def authenticate(self, secret: str) -> Viewer | None:
        """Who holds this secret; None if nobody does, or the key has expired or was revoked.

        What has not the form of a secret costs nothing. All else takes the same way, a hash and one read by it a
        second at most, so that time does not tell whether there ever was such a key.
        """
        if not _SECRET.fullmatch(secret):
            return None
        viewer = await self._look_up(_digest(secret))
        if viewer is None or (viewer.expires_at is not None and viewer.expires_at <= self._clock.now()):
            return None
        return viewer

    async def look_ahead(self, secrets: Iterable[str]) -> None:
        """Read what is known of these together, so that ``authenticate`` need not read it for each.

        Only of those that let somebody in before. Raises ``StorageUnavailable``.
        """
        digests = (_digest(each) for each in secrets if _SECRET.fullmatch(each))
        await self._viewers.look_ahead(each for each in digests if each in self._known)

    async def _look_up(self, digest: bytes) -> Viewer | None:
        if digest in self._known:
            return await self._viewers.get(digest)
        async with self._strangers:
            viewer = await self._viewers.get(digest)
        if viewer is not None:
            self._known[digest] = None
            if len(self._known) > MAX_KNOWN:
                self._known.popitem(last=False)
        return viewer

    async def _find(self, digest: bytes) -> Viewer | None:
        return (await self._find_all([digest]))[digest]

    async def _find_all(self, digests: Collection[bytes]) -> Mapping[bytes, Viewer | None]:
        return await small_reads(self._database).read(partial(_viewers, tuple(digests)))


def _viewers(digests: Sequence[bytes], connection: Connection) -> dict[bytes, Viewer | None]:
    """Who holds the secrets of these digests; None where nobody does, or the key was revoked."""
    found: dict[bytes, Viewer | None] = dict.fromkeys(digests)
    for digest, *row in _FOUND.all(connection, digests):
        found[digest] = _viewer(*row)
    return found


@lru_cache(MAX_KNOWN)
def _viewer(tenant_id: str, key_id: str, scopes: str, permission: str, expires_at: datetime | None) -> Viewer:
    # Put together once: a thousand of them may be read twice a second, and hardly ever is one not what it was.
    return Viewer(
        tenant_id=tenant_id,
        key_id=key_id,
        scopes=_scopes(scopes),
        permission=Permission[permission],
        expires_at=expires_at,
    )


def _no_tenant() -> Rejected:
    return rejected("tenantId", RejectionCode.NOT_FOUND, "There is no such tenant.")


def _checked_scopes(tenant_id: str, scopes: Collection[Scope]) -> Collection[Scope]:
    if Scope.ANY_TENANT in scopes and tenant_id != DEFAULT_TENANT:
        message = "Only keys of the default tenant may have ANY_TENANT."
        raise rejected("scopes", RejectionCode.NOT_ALLOWED, message)
    return set(scopes)


def _checked_description(description: str) -> str:
    text = description.strip()
    allowed = f"at most {MAX_DESCRIPTION} characters"
    if len(text) > MAX_DESCRIPTION:
        raise rejected("description", RejectionCode.OUT_OF_RANGE, f"It has {len(text)} characters.", allowed=allowed)
    if _CONTROL.search(text):
        raise rejected("description", RejectionCode.INVALID, "It holds control characters.", allowed=allowed)
    return text


def _checked_end(expires_at: datetime | None, now: datetime) -> datetime | None:
    if expires_at is None:
        return None
    allowed = f"later than now, by {LONGEST.days} days at most; left out, it never expires"
    if expires_at.tzinfo is None:
        raise rejected("expiresAt", RejectionCode.INVALID, "It has no time zone.", allowed=allowed)
    if not now < expires_at <= now + LONGEST:
        raise rejected("expiresAt", RejectionCode.OUT_OF_RANGE, f"It is {expires_at.isoformat()}.", allowed=allowed)
    return expires_at


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _key(row: ApiKeyRow) -> ApiKey:
    return ApiKey(
        id=row.id,
        tenant_id=row.tenant_id,
        name=row.name,
        created_at=row.created_at,
        revoked_at=row.revoked_at,
        scopes=_scopes(row.scopes),
        permission=Permission[row.permission],
        description=row.description,
        expires_at=row.expires_at,
    )


def _scopes(words: str) -> frozenset[Scope]:
    return frozenset(Scope[word] for word in words.split())
