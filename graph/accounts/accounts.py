"""Integration accounts: which PMS accounts a tenant has connected, with credentials that only ``credentials`` opens."""

import json
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

from pydantic import BaseModel
from sqlalchemy import bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from graph.accounts.credentials import dump_config
from graph.accounts.ids import new_id
from graph.accounts.sealed import credentials_context
from graph.accounts.synced_fields import fields_off
from graph.accounts.tokens import token_row
from graph.accounts.vault import Vault
from graph.storage.database import Database
from graph.storage.prepared import Prepared
from graph.storage.small_reads import small_reads
from graph.storage.snapshots import SNAPSHOT_SECONDS, Snapshots
from graph.storage.tables import AccountRow, AccountTokenRow, Table
from providers.manifest import AuthType
from providers.model import NOTHING_OFF, FieldsOff
from providers.model.described import Described
from providers.upstream.calls import Token
from providers.upstream.clock import Clock, SystemClock

Hear = Callable[[str], None]
NONE = Decimal(0)


class AccountStatus(Described):
    """Whether an account is in use."""

    ACTIVE = "ACTIVE", "It is read and may be written to."
    PAUSED = "PAUSED", "Somebody paused it: nothing is asked of its PMS until it is resumed."
    AWAITING_AUTHORIZATION = (
        "AWAITING_AUTHORIZATION",
        "Its owner has to consent in the PMS first, at the authorization URL; nothing is asked of its PMS until then.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountOptions:
    """What a tenant chooses for an account besides its credentials.

    Percentages: ``default_discount`` and ``distribution_markup`` (for other tenants that import listings) are 0 to
    100, ``markup`` is 0 or more. ``identifier`` is the tenant's own id for the account, unique among its accounts;
    None stands for our id.
    """

    name: str
    identifier: str | None = None
    version: str | None = None
    default_discount_percentage: Decimal = NONE
    markup_percentage: Decimal = NONE
    distribution_markup_percentage: Decimal = NONE
    allow_import: bool = False
    require_listing_approval: bool = False
    client_redirect_url: str | None = None
    notification_url: str | None = None


@dataclass(frozen=True, slots=True)
class ConnectedAccount:
    """One connection to one account of a PMS, without its credentials. Instants are aware UTC."""

    id: str
    tenant_id: str
    provider: str
    name: str
    auth_type: AuthType
    created_at: datetime
    updated_at: datetime
    credentials_version: str
    identifier: str = ""
    status: AccountStatus = AccountStatus.ACTIVE
    version: str | None = None
    default_discount_percentage: Decimal = NONE
    markup_percentage: Decimal = NONE
    distribution_markup_percentage: Decimal = NONE
    allow_import: bool = False
    require_listing_approval: bool = False
    client_redirect_url: str | None = None
    notification_url: str | None = None
    fields_off: FieldsOff = NOTHING_OFF
    """Fields of listings that the operator switched off for its PMS."""

    @property
    def options(self) -> AccountOptions:
        """What may be changed about it without connecting it again."""
        return AccountOptions(**{name: getattr(self, name) for name in _OPTIONS})

    @property
    def imported(self) -> bool:
        """Whether it is another tenant's, of which only listings that were imported are seen: see ``imports``."""
        return False


_OPTIONS = tuple(AccountOptions.__dataclass_fields__)
_READ = (
    "id", "tenant_id", "provider", "auth_type", "created_at", "updated_at", "credentials_version", "status",
    "fields_to_sync", *_OPTIONS,
)  # fmt: skip
"""What is shown of an account is made of these; ``credentials`` are not among them."""

_ACCOUNTS = Prepared(
    select(*(getattr(AccountRow, name) for name in _READ))
    .where(AccountRow.tenant_id == bindparam("tenant"))
    .order_by(AccountRow.created_at, AccountRow.id)
)
_CREDENTIALS = Prepared(
    select(AccountRow.credentials).where(
        AccountRow.tenant_id == bindparam("tenant"), AccountRow.id == bindparam("account")
    )
)
ConnectedAccounts = list[ConnectedAccount]
FieldsChanged = Callable[[ConnectedAccount], None]


class AccountGoneError(LookupError):
    """The account does not exist (any more)."""


class IdentifierTakenError(ValueError):
    """Another account of the tenant has this identifier."""


class AccountIdTakenError(ValueError):
    """There is an account with this id already."""


class Accounts:
    """The accounts of all tenants. Reads are at most a second behind another process, never behind our own writes."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        *,
        clock: Clock | None = None,
        snapshot_seconds: float = SNAPSHOT_SECONDS,
    ) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock or SystemClock()
        self._snapshots = Snapshots(self._load, clock=self._clock, max_age=snapshot_seconds)
        self._known: dict[str, dict[str, AccountStatus]] = {}
        self._loads = 0
        self._newest: dict[str, int] = {}
        self._when_removed: list[Hear] = []
        self._when_idle: list[Hear] = []
        self._when_fields_change: list[FieldsChanged] = []
        self._fields_off: dict[str, FieldsOff] = {}

    def when_removed(self, hear: Hear) -> None:
        """Have ``hear`` called with the id of each account that goes, also if another process removed it."""
        self._when_removed.append(hear)

    def when_idle(self, hear: Hear) -> None:
        """Have ``hear`` called with the id of each account that stays but is put out of use, by any process."""
        self._when_idle.append(hear)

    def when_fields_change(self, hear: FieldsChanged) -> None:
        """Have ``hear`` called with each account whose PMS's fields were switched, also if another process did it."""
        self._when_fields_change.append(hear)

    def reread(self) -> None:
        """What accounts are read with was changed: the next read sees it."""
        self._snapshots.clear()

    async def list(self, tenant_id: str) -> ConnectedAccounts:
        """A tenant's accounts, oldest first. The list is the caller's own."""
        return list(await self._snapshots.get(tenant_id))

    async def get(self, tenant_id: str, account_id: str) -> ConnectedAccount | None:
        """One account of a tenant; None also if it is another tenant's."""
        return next((each for each in await self._snapshots.get(tenant_id) if each.id == account_id), None)

    async def newest(self, tenant_id: str, account_id: str) -> ConnectedAccount | None:
        """One account of a tenant as it is in the database at this moment; None if there is none (any more)."""
        async with self._database.reading() as session:
            row = await session.get(AccountRow, account_id)
        return _account(row) if row is not None and row.tenant_id == tenant_id else None

    async def add(
        self,
        tenant_id: str,
        provider: str,
        name: str,
        auth_type: AuthType,
        config: BaseModel,
        *,
        token: Token | None = None,
        options: AccountOptions | None = None,
        account_id: str | None = None,
        status: AccountStatus = AccountStatus.ACTIVE,
    ) -> ConnectedAccount:
        """Store an account; ``token`` is one that its credentials have just been exchanged for.

        ``options`` carries all that is chosen besides (its name counts for nothing beside ``name``). Raises
        ``IdentifierTakenError`` or ``AccountIdTakenError``; nothing is stored then.
        """
        now = self._clock.now()
        account_id = account_id or new_id("acc", now)
        chosen = asdict(replace(options or AccountOptions(name=name), name=name))
        chosen["identifier"] = chosen["identifier"] or account_id
        row = AccountRow(
            id=account_id,
            tenant_id=tenant_id,
            provider=provider.upper(),
            auth_type=auth_type.value,
            credentials=self._vault.seal(dump_config(config), context=credentials_context(tenant_id, account_id)),
            credentials_version=secrets.token_hex(8),
            created_at=now,
            updated_at=now,
            status=status.value,
            **chosen,
        )
        async with self._database.session() as session:
            if await session.get(AccountRow, account_id) is not None:
                raise AccountIdTakenError(account_id)
            await _check_identifier(session, tenant_id, account_id, row.identifier)
            session.add(row)
            await session.flush()
            await session.refresh(row, ["fields_to_sync"])
            if token is not None:
                session.add(token_row(self._vault, tenant_id, account_id, token, now))
        self._snapshots.drop(tenant_id)
        return _account(row)

    async def check_free(self, tenant_id: str, account_id: str | None, identifier: str | None) -> None:
        """Raises ``AccountIdTakenError`` or ``IdentifierTakenError`` where ``add`` would."""
        async with self._database.reading() as session:
            if account_id is not None and await session.get(AccountRow, account_id) is not None:
                raise AccountIdTakenError(account_id)
            if (name := identifier or account_id) is not None:
                await _check_identifier(session, tenant_id, account_id or "", name)

    async def change(
        self, tenant_id: str, account_id: str, change: Callable[[AccountOptions], AccountOptions]
    ) -> ConnectedAccount:
        """Replace an account's options by what ``change`` makes of the present ones, in one step.

        Raises ``AccountGoneError`` or ``IdentifierTakenError``.
        """
        async with self._database.session() as session:
            row = await _owned(session, tenant_id, account_id)
            chosen = asdict(change(_account(row).options))
            chosen["identifier"] = chosen["identifier"] or account_id
            await _check_identifier(session, tenant_id, account_id, chosen["identifier"])
            for name, value in chosen.items():
                setattr(row, name, value)
            row.updated_at = self._clock.now()
        self._snapshots.drop(tenant_id)
        return _account(row)

    async def set_status(self, tenant_id: str, account_id: str, status: AccountStatus) -> ConnectedAccount:
        """Put an account into use or out of it. Raises ``AccountGoneError``."""
        async with self._database.session() as session:
            row = await _owned(session, tenant_id, account_id)
            if row.status != status.value:
                row.status = status.value
                row.updated_at = self._clock.now()
        self._snapshots.drop(tenant_id)
        return _account(row)

    async def replace_credentials(
        self,
        tenant_id: str,
        account_id: str,
        auth_type: AuthType,
        config: BaseModel,
        *,
        token: Token | None = None,
        status: AccountStatus = AccountStatus.ACTIVE,
        rows: Sequence[Table] = (),
    ) -> ConnectedAccount:
        """Give an account other credentials, and the token that they were exchanged for; the former token goes.

        ``rows`` are stored in the same transaction. Raises ``AccountGoneError``; nothing is stored then.
        """
        now = self._clock.now()
        async with self._database.session() as session:
            row = await _owned(session, tenant_id, account_id)
            row.auth_type = auth_type.value
            row.credentials = self._vault.seal(dump_config(config), context=credentials_context(tenant_id, account_id))
            row.credentials_version = secrets.token_hex(8)
            row.status = status.value
            row.updated_at = now
            await session.execute(delete(AccountTokenRow).where(AccountTokenRow.account_id == account_id))
            if token is not None:
                session.add(token_row(self._vault, tenant_id, account_id, token, now))
            session.add_all(rows)
        self._snapshots.drop(tenant_id)
        return _account(row)

    async def remove(self, tenant_id: str, account_id: str) -> bool:
        """Delete an account with its credentials and token. False if the tenant has no such account."""
        async with self._database.session() as session:
            gone = await session.execute(
                delete(AccountRow)
                .where(AccountRow.tenant_id == tenant_id, AccountRow.id == account_id)
                .returning(AccountRow.id)
            )
            removed = gone.scalar_one_or_none() is not None
        self._snapshots.drop(tenant_id)
        if removed:
            self._known.get(tenant_id, {}).pop(account_id, None)
            _tell(self._when_removed, account_id)
        return removed

    async def credentials(self, account: ConnectedAccount) -> dict[str, Any]:
        """The account's ``authConfig`` in clear, for building its client and nothing else.

        Raises ``AccountGoneError``, or ``VaultError`` where our keys do not open it.
        """
        given = {"tenant": account.tenant_id, "account": account.id}
        sealed = await small_reads(self._database).read(partial(_CREDENTIALS.one, given=given))
        if sealed is None:
            raise AccountGoneError(account.id)
        plain = self._vault.open(sealed, context=credentials_context(account.tenant_id, account.id))
        config: dict[str, Any] = json.loads(plain)
        return config

    async def _load(self, tenant_id: str) -> ConnectedAccounts:
        self._loads += 1
        order = self._loads
        rows = await small_reads(self._database).read(partial(_ACCOUNTS.all, given={"tenant": tenant_id}))
        accounts = [_shown(dict(zip(_READ, row, strict=True))) for row in rows]
        # A load that was overtaken by a later one knows nothing of what was added in between.
        if order > self._newest.get(tenant_id, 0):
            self._newest[tenant_id] = order
            self._notice(tenant_id, {account.id: account.status for account in accounts})
            self._note_fields(accounts)
        return accounts

    def _notice(self, tenant_id: str, now: dict[str, AccountStatus]) -> None:
        before = self._known.get(tenant_id, {})
        self._known[tenant_id] = now
        for account_id, status in before.items():
            if account_id not in now:
                self._fields_off.pop(account_id, None)
                _tell(self._when_removed, account_id)
            elif status is AccountStatus.ACTIVE and now[account_id] is not AccountStatus.ACTIVE:
                _tell(self._when_idle, account_id)

    def _note_fields(self, accounts: ConnectedAccounts) -> None:
        for account in accounts:
            former = self._fields_off.get(account.id, account.fields_off)
            self._fields_off[account.id] = account.fields_off
            if former != account.fields_off:
                for hear in self._when_fields_change:
                    hear(account)


def _tell(hearers: Iterable[Hear], account_id: str) -> None:
    for hear in hearers:
        hear(account_id)


async def _owned(session: AsyncSession, tenant_id: str, account_id: str) -> AccountRow:
    row = await session.get(AccountRow, account_id)
    if row is None or row.tenant_id != tenant_id:
        raise AccountGoneError(account_id)
    return row


async def _check_identifier(session: AsyncSession, tenant_id: str, account_id: str, identifier: str) -> None:
    other = await session.scalar(
        select(AccountRow.id).where(AccountRow.tenant_id == tenant_id, AccountRow.identifier == identifier)
    )
    if other is not None and other != account_id:
        raise IdentifierTakenError(identifier)


def _account(row: AccountRow) -> ConnectedAccount:
    return _shown({name: getattr(row, name) for name in _READ})


def _shown(row: Mapping[str, Any]) -> ConnectedAccount:
    return ConnectedAccount(
        id=row["id"],
        tenant_id=row["tenant_id"],
        provider=row["provider"],
        auth_type=AuthType[row["auth_type"]],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        credentials_version=row["credentials_version"],
        status=AccountStatus[row["status"]],
        fields_off=fields_off(row["fields_to_sync"]),
        **{name: row[name] for name in _OPTIONS},
    )
