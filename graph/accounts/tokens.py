"""The tokens in use, sealed in the database, so that a rotated refresh token outlives the process."""

import json
from collections import OrderedDict
from contextlib import AbstractAsyncContextManager, nullcontext
from datetime import datetime
from typing import Any

from sqlalchemy import select

from graph.accounts.renewals import Renewals
from graph.accounts.sealed import token_context
from graph.accounts.vault import Vault, VaultError
from graph.storage.database import Database
from graph.storage.tables import AccountRow, AccountTokenRow
from graph.storage.upsert import upsert
from providers.errors import AuthenticationFailed
from providers.upstream.calls import Token
from providers.upstream.clock import Clock, SystemClock

TRIAL_PREFIX = "trial_"
"""Begins the ids of credentials that are being tried out and have no row: their tokens stay in memory."""

_MAX_TRIALS = 100


class StoredTokens:
    """A ``TokenStore`` in the database. Each save is a transaction of its own, committed when it returns."""

    def __init__(self, database: Database, vault: Vault, *, clock: Clock | None = None) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock or SystemClock()
        self._trials: OrderedDict[str, Token] = OrderedDict()
        self._renewals = Renewals(database, self._clock)

    async def load(self, account_id: str) -> Token | None:
        """The newest token. Raises ``AuthenticationFailed`` where our keys do not open it."""
        if account_id.startswith(TRIAL_PREFIX):
            return self._trials.get(account_id)
        async with self._database.reading() as session:
            row = await session.get(AccountTokenRow, account_id)
        if row is None:
            return None
        try:
            return _load(self._vault.open(row.sealed, context=token_context(row.tenant_id, account_id)))
        except VaultError as error:
            raise AuthenticationFailed(f"The account's stored token cannot be opened. {error}") from None

    async def save(self, account_id: str, token: Token) -> None:
        """Keep ``token`` in place of the former one. The token of a removed account is let go."""
        if account_id.startswith(TRIAL_PREFIX):
            self._trials[account_id] = token
            while len(self._trials) > _MAX_TRIALS:
                self._trials.popitem(last=False)
            return
        async with self._database.session() as session:
            tenant_id = await session.scalar(select(AccountRow.tenant_id).where(AccountRow.id == account_id))
            if tenant_id is None:
                return
            row = token_row(self._vault, tenant_id, account_id, token, self._clock.now())
            await upsert(
                session,
                AccountTokenRow,
                {"account_id": account_id},
                {"sealed": row.sealed, "saved_at": row.saved_at},
                when_new={"tenant_id": tenant_id},
            )

    def renewing(self, account_id: str, seconds: float) -> AbstractAsyncContextManager[None]:
        """The right to renew an account's token, among all processes. Credentials on trial have no others."""
        return nullcontext() if account_id.startswith(TRIAL_PREFIX) else self._renewals.hold(account_id, seconds)


def token_row(vault: Vault, tenant_id: str, account_id: str, token: Token, now: datetime) -> AccountTokenRow:
    """``token`` sealed for the row of its account."""
    sealed = vault.seal(_dump(token), context=token_context(tenant_id, account_id))
    return AccountTokenRow(account_id=account_id, tenant_id=tenant_id, sealed=sealed, saved_at=now)


def _dump(token: Token) -> bytes:
    fields: dict[str, Any] = {
        "access": token.access,
        "issued_at": token.issued_at.isoformat(),
        "expires_at": token.expires_at.isoformat() if token.expires_at else None,
        "refresh": token.refresh,
        "scopes": sorted(token.scopes),
    }
    return json.dumps(fields).encode()


def _load(plain: bytes) -> Token:
    fields = json.loads(plain)
    return Token(
        access=fields["access"],
        issued_at=datetime.fromisoformat(fields["issued_at"]),
        expires_at=datetime.fromisoformat(fields["expires_at"]) if fields["expires_at"] else None,
        refresh=fields["refresh"],
        scopes=frozenset(fields["scopes"]),
    )
