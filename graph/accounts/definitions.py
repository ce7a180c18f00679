"""Integration definitions: what the operator chose for a whole provider, one row each, made when first asked for."""

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from graph.accounts.definition_checks import checked_definition
from graph.accounts.ids import new_id
from graph.accounts.oauth_application import OAuthApplication
from graph.accounts.sealed import oauth_application_context, partner_key_context
from graph.accounts.synced_fields import fields_off, stored_fields
from graph.accounts.vault import Vault, VaultError
from graph.storage.database import Database
from graph.storage.failures import StorageError
from graph.storage.snapshots import SNAPSHOT_SECONDS, Snapshots
from graph.storage.tables import IntegrationDefinitionRow
from graph.storage.upsert import upsert
from providers import catalogue
from providers.contract import Plugin
from providers.errors import AuthenticationFailed
from providers.model import FieldsOff
from providers.upstream.clock import Clock, SystemClock
from providers.upstream.partner import NO_PARTNER_KEY, PartnerKey

Changed = Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """What was chosen for a provider. Instants are aware UTC."""

    id: str
    provider: str
    name: str
    icon: str | None
    partner_key: PartnerKey
    oauth_application: OAuthApplication | None
    fields_off: FieldsOff
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class _Secrets:
    partner_key: PartnerKey = NO_PARTNER_KEY
    oauth_application: OAuthApplication | None = None


class Definitions:
    """The definitions of all installed providers. Calls see a change of another process within a second."""

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
        self._snapshots = Snapshots(self._load_secrets, clock=self._clock, max_age=snapshot_seconds)
        self._last: dict[str, _Secrets] = {}
        self._when_changed: list[Changed] = []

    def when_changed(self, hear: Changed) -> None:
        """Have ``hear`` called after each change by this process."""
        self._when_changed.append(hear)

    async def list(self) -> "list[Definition]":
        """The definition of every installed provider, in the order of their codes. Raises ``VaultError``."""
        plugins = catalogue.plugins()
        async with self._database.reading() as session:
            found = {row.provider: row for row in await session.scalars(select(IntegrationDefinitionRow))}
        for code, plugin in plugins.items():
            if code not in found:
                found[code] = await self._made(plugin)
        return [self._definition(found[code]) for code in plugins]

    async def get(self, provider: str) -> Definition:
        """The definition of one provider, by its code in any case. Raises ``UnknownProvider`` or ``VaultError``."""
        plugin = catalogue.plugin(provider)
        async with self._database.reading() as session:
            row = await session.get(IntegrationDefinitionRow, plugin.manifest.code)
        return self._definition(row or await self._made(plugin))

    async def update(self, provider: str, given: Mapping[str, Any]) -> Definition:
        """Change what is ``given``, by the names of the API (see ``checked_definition``), and leave the rest.

        Of ``fieldsToSync`` the keys that are named as true are on afterwards and **all others are off**. Raises
        ``UnknownProvider``, ``VaultError``, or ``Rejected`` with all that is wrong; nothing is changed then.
        """
        plugin = catalogue.plugin(provider)
        values = checked_definition(given)
        code = plugin.manifest.code
        await self.get(code)
        async with self._database.session() as session:
            row = await session.get_one(IntegrationDefinitionRow, code)
            for name, value in values.items():
                setattr(row, name, self._stored(code, name, value))
            row.revision = secrets.token_hex(8)
            row.updated_at = self._clock.now()
        self._snapshots.drop(code)
        for hear in self._when_changed:
            hear()
        return self._definition(row)

    async def partner_key(self, provider: str) -> PartnerKey:
        """What goes with every call to a provider, at most a second old; while the database is away, the last known.

        Raises ``AuthenticationFailed`` where our keys do not open it.
        """
        return (await self._secrets(provider)).partner_key

    async def oauth_application(self, provider: str) -> OAuthApplication | None:
        """The application to ask owners for their consent as, if one was given. Raises like ``partner_key``."""
        return (await self._secrets(provider)).oauth_application

    async def _secrets(self, provider: str) -> _Secrets:
        try:
            found = await self._snapshots.get(provider)
        except VaultError as error:
            raise AuthenticationFailed(f"The stored partner key cannot be opened. {error}", provider=provider) from None
        except StorageError:
            if provider not in self._last:
                raise
            return self._last[provider]
        self._last[provider] = found
        return found

    async def _load_secrets(self, provider: str) -> _Secrets:
        async with self._database.reading() as session:
            row = await session.get(IntegrationDefinitionRow, provider)
        return _Secrets() if row is None else self._opened(row)

    async def _made(self, plugin: Plugin) -> IntegrationDefinitionRow:
        """The row of a provider, made now unless another process was quicker."""
        code = plugin.manifest.code
        now = self._clock.now()
        first = {
            "id": new_id("def", now),
            "name": plugin.manifest.name,
            "revision": secrets.token_hex(8),
            "created_at": now,
            "updated_at": now,
        }
        async with self._database.session() as session:
            await upsert(session, IntegrationDefinitionRow, {"provider": code}, {}, when_new=first)
            return await session.get_one(IntegrationDefinitionRow, code)

    def _stored(self, provider: str, name: str, value: Any) -> Any:
        match value:
            case PartnerKey():
                plain: object = {"headers": dict(value.headers), "query": dict(value.query)}
                return self._sealed(provider, name, plain) if value else None
            case OAuthApplication():
                plain = {"client_id": value.client_id, "client_secret": value.client_secret, "scopes": value.scopes}
                return self._sealed(provider, name, plain)
        return stored_fields(value) if name == "fields_to_sync" else value

    def _sealed(self, provider: str, name: str, plain: object) -> bytes:
        return self._vault.seal(json.dumps(plain).encode(), context=_CONTEXTS[name](provider))

    def _opened(self, row: IntegrationDefinitionRow) -> _Secrets:
        key = self._open(row, "partner_key")
        application = self._open(row, "oauth_application")
        return _Secrets(
            partner_key=PartnerKey(**key) if key else NO_PARTNER_KEY,
            oauth_application=OAuthApplication(**{**application, "scopes": tuple(application["scopes"])})
            if application
            else None,
        )

    def _open(self, row: IntegrationDefinitionRow, name: str) -> dict[str, Any] | None:
        sealed = getattr(row, name)
        if sealed is None:
            return None
        plain: dict[str, Any] = json.loads(self._vault.open(sealed, context=_CONTEXTS[name](row.provider)))
        return plain

    def _definition(self, row: IntegrationDefinitionRow) -> Definition:
        opened = self._opened(row)
        return Definition(
            id=row.id,
            provider=row.provider,
            name=row.name,
            icon=row.icon,
            partner_key=opened.partner_key,
            oauth_application=opened.oauth_application,
            fields_off=fields_off(row.fields_to_sync),
            created_at=row.created_at,
            updated_at=row.updated_at,
        )


_CONTEXTS = {"partner_key": partner_key_context, "oauth_application": oauth_application_context}
