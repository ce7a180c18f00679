"""The ``state`` of a consent: what an owner's browser carries to the PMS and back: signed, good once, for a while."""

import base64
import hmac
import json
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import Any

from pydantic import BaseModel
from sqlalchemy import delete, update

from graph.accounts.accounts import ConnectedAccount
from graph.accounts.credentials import dump_config
from graph.accounts.sealed import pending_config_context, verifier_context
from graph.accounts.vault import Vault, VaultError
from graph.storage.database import Database
from graph.storage.tables import AuthorizationRow
from providers.model.described import Described
from providers.upstream.clock import Clock

LIFE = timedelta(minutes=15)
KEPT = timedelta(days=1)
"""How long an old state is remembered, to say that it was used or came late."""

_PURPOSE = "oauth-state"


class StateProblem(Described):
    """Why a state is not accepted."""

    STATE_UNKNOWN = "STATE_UNKNOWN", "It was not made by this server, or the account was removed meanwhile."
    STATE_USED = "STATE_USED", "It was used before: each consent is good once."
    STATE_EXPIRED = "STATE_EXPIRED", "It is older than 15 minutes."


class StateRefused(Exception):
    """A state is not accepted."""

    def __init__(self, problem: StateProblem) -> None:
        super().__init__(problem.value)
        self.problem = problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """A consent that was asked for.

    ``verifier`` is PKCE's, None without PKCE. ``config`` is the ``authConfig`` to exchange the code with; None: the
    account's.
    """

    id: str
    tenant_id: str
    account_id: str
    redirect_uri: str
    verifier: str | None = field(default=None, repr=False)
    config: dict[str, Any] | None = field(default=None, repr=False)


class States:
    """The states of all tenants."""

    def __init__(self, database: Database, vault: Vault, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock

    async def issue(
        self, account: ConnectedAccount, redirect_uri: str, verifier: str | None, config: BaseModel | None
    ) -> str:
        """A new state for a consent of the account's owner; old ones of the tenant are forgotten."""
        now = self._clock.now()
        authorization_id = secrets.token_urlsafe(32)
        place = (account.tenant_id, account.id, authorization_id)
        waiting = pending_config_context(*place)
        pending = self._vault.seal(dump_config(config), context=waiting) if config else None
        row = AuthorizationRow(
            id=authorization_id,
            tenant_id=account.tenant_id,
            account_id=account.id,
            verifier=self._vault.seal(verifier.encode(), context=verifier_context(*place)) if verifier else None,
            config=pending,
            redirect_uri=redirect_uri,
            created_at=now,
            expires_at=now + LIFE,
        )
        async with self._database.session() as session:
            await session.execute(
                delete(AuthorizationRow).where(
                    AuthorizationRow.tenant_id == account.tenant_id, AuthorizationRow.expires_at < now - KEPT
                )
            )
            session.add(row)
        return f"{authorization_id}.{_signature(self._vault.derive(_PURPOSE), authorization_id)}"

    async def spend(self, state: str) -> Authorization:
        """Use a state up. Raises ``StateRefused``; of all who bring the same one, one succeeds.

        What our keys do not open (any more) is as good as unknown.
        """
        authorization_id = self._signed_id(state)
        now = self._clock.now()
        async with self._database.session() as session:
            row = await session.get(AuthorizationRow, authorization_id)
            if row is None:
                raise StateRefused(StateProblem.STATE_UNKNOWN)
            if row.used_at is None and row.expires_at <= now:
                raise StateRefused(StateProblem.STATE_EXPIRED)
            spent = await session.scalar(
                update(AuthorizationRow)
                .where(
                    AuthorizationRow.id == authorization_id,
                    AuthorizationRow.tenant_id == row.tenant_id,
                    AuthorizationRow.used_at.is_(None),
                )
                .values(used_at=now)
                .returning(AuthorizationRow.id)
            )
        if spent is None:
            raise StateRefused(StateProblem.STATE_USED)
        try:
            return self._authorization(row)
        except VaultError:
            raise StateRefused(StateProblem.STATE_UNKNOWN) from None

    async def give_back(self, authorization: Authorization) -> None:
        """Nothing came of it through no fault of the owner's: the same state may be brought again, in its time."""
        async with self._database.session() as session:
            await session.execute(
                update(AuthorizationRow)
                .where(AuthorizationRow.id == authorization.id, AuthorizationRow.tenant_id == authorization.tenant_id)
                .values(used_at=None)
            )

    def _signed_id(self, state: str) -> str:
        authorization_id, _, signature = state.partition(".")
        given = signature.encode("utf-8", "replace")
        expected = (_signature(key, authorization_id).encode() for key in self._vault.derived(_PURPOSE))
        if not any(hmac.compare_digest(each, given) for each in expected):
            raise StateRefused(StateProblem.STATE_UNKNOWN)
        return authorization_id

    def _authorization(self, row: AuthorizationRow) -> Authorization:
        place = (row.tenant_id, row.account_id, row.id)
        verifier, config = (
            self._vault.open(sealed, context=context) if sealed else None
            for context, sealed in (
                (verifier_context(*place), row.verifier),
                (pending_config_context(*place), row.config),
            )
        )
        return Authorization(
            id=row.id,
            tenant_id=row.tenant_id,
            account_id=row.account_id,
            redirect_uri=row.redirect_uri,
            verifier=verifier.decode() if verifier else None,
            config=json.loads(config) if config else None,
        )


def _signature(key: bytes, authorization_id: str) -> str:
    digest = hmac.new(key, authorization_id.encode("utf-8", "replace"), sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
