"""From a connected account to a client of its PMS, and the trial of credentials before they are stored."""

import asyncio
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from graph.accounts.accounts import AccountGoneError, Accounts, ConnectedAccount
from graph.accounts.tokens import TRIAL_PREFIX
from graph.accounts.use import out_of_use
from graph.accounts.vault import VaultError
from graph.settings import LIMITS_OFF, Settings
from providers import catalogue
from providers.capabilities import Capability
from providers.catalogue import UnknownProvider
from providers.consent import AuthorizationCode, ConsentFlow
from providers.contract import Dialect, Plugin, ProviderClient, capabilities
from providers.errors import AuthenticationFailed, ErrorCode, NotFound, NotSupported, ProviderError, UpstreamTimeout
from providers.manifest import AuthMethod, AuthType, Limit, LimitScope
from providers.model import FieldsOff
from providers.upstream.accounts import UpstreamAccount
from providers.upstream.caller import Caller, calling
from providers.upstream.calls import Token
from providers.upstream.dry_run import DryRunSession
from providers.upstream.upstream import AccountSession, Upstream

FindPlugin = Callable[[str], Plugin]

_CONSENT_PATIENCE = 60.0
REFUSALS = frozenset(
    {
        ErrorCode.AUTHENTICATION_FAILED,
        ErrorCode.PERMISSION_DENIED,
        ErrorCode.NOT_FOUND,
        ErrorCode.NOT_SUPPORTED,
        ErrorCode.UPSTREAM_REFUSED,
    }
)
"""Errors after which the same credentials will not work later either."""

_REVOKE_PATIENCE = 10.0
_REFUSALS = {ErrorCode.AUTHENTICATION_FAILED, ErrorCode.PERMISSION_DENIED, ErrorCode.NOT_SUPPORTED}


class CheckInterruptedError(Exception):
    """The PMS accepted the credentials and replaced them, then failed: ``token`` is now the only way in.

    ``error`` is the failure. Whoever lets go of ``token`` locks the account out.
    """

    def __init__(self, error: ProviderError, token: Token) -> None:
        super().__init__(error.message)
        self.error = error
        self.token = token


@dataclass(frozen=True, slots=True)
class Seen:
    """What new credentials open.

    ``token`` is the one in use afterwards. ``provider_id`` is the PMS's id of the account; None where the PMS has no
    record of accounts, or failed: ``failure``.
    """

    token: Token
    provider_id: str | None
    failure: ProviderError | None


class Connections:
    """Clients of connected accounts, one for each version of an account's credentials and choice of fields."""

    def __init__(
        self, settings: Settings, accounts: Accounts, upstream: Upstream, *, find: FindPlugin = catalogue.plugin
    ) -> None:
        self._settings = settings
        self._accounts = accounts
        self._upstream = upstream
        self._find = find
        self._clients: dict[str, tuple[tuple[str, FieldsOff], ProviderClient]] = {}
        accounts.when_removed(self._forget)

    async def client(self, account: ConnectedAccount) -> ProviderClient:
        """The client of an account.

        Raises ``ProviderError`` where its credentials cannot be used (any more), or it is not in use: ``account`` may
        be of before it was paused, in a refresh that was planned then.
        """
        account = await self._as_it_is(account)
        version = (account.credentials_version, account.fields_off)
        held = self._clients.get(account.id)
        if held is not None and held[0] == version:
            return held[1]
        plugin = self._plugin(account.provider)
        method = auth_method(plugin, account.auth_type)
        config = await self._config(account, method)
        client = self._connect(plugin, account.id, account.auth_type, config, account.credentials_version)
        client.fields_off = account.fields_off
        self._clients[account.id] = (version, client)
        return client

    async def dry_client(self, account: ConnectedAccount) -> tuple[ProviderClient, DryRunSession]:
        """A client that reads and changes nothing, and where what it would change is noted. Raises like ``client``."""
        account = await self._as_it_is(account)
        plugin = self._plugin(account.provider)
        config = await self._config(account, auth_method(plugin, account.auth_type))
        upstream = self._account(plugin, account.id, account.auth_type, config, account.credentials_version)
        session = self._upstream.rehearsal(upstream)
        client = plugin.client(session, config)
        client.fields_off = account.fields_off
        return client, session

    async def identity(self, account: ConnectedAccount) -> str | None:
        """The PMS's own id of the account that is connected, if the credentials tell it. Raises ``ProviderError``."""
        plugin = self._plugin(account.provider)
        config = await self._config(account, auth_method(plugin, account.auth_type))
        return plugin.identity(LimitScope.ACCOUNT, config)

    def plugin_of(self, account: ConnectedAccount) -> Plugin:
        """The plugin of an account. Raises ``NotSupported`` where it is no longer installed."""
        return self._plugin(account.provider)

    def limits_of(self, account: ConnectedAccount) -> tuple[Limit, ...]:
        """The PMS's limits that are kept to for an account. Raises like ``plugin_of``."""
        return limits_in_force(self._settings, self._plugin(account.provider))

    async def _as_it_is(self, account: ConnectedAccount) -> ConnectedAccount:
        now = await self._accounts.get(account.tenant_id, account.id)
        if now is None:
            raise _removed(account)
        if error := out_of_use(now):
            raise error
        return now

    async def check(self, provider: str, auth_type: AuthType, config: BaseModel) -> Token | None:
        """Try credentials against the PMS without storing anything.

        Returns the token that they were exchanged for, to be stored with them: a refresh token may be spent now.
        Raises ``ProviderError``, or ``CheckInterruptedError`` where the PMS failed after replacing a refresh token.
        """
        plugin = self._plugin(provider)
        trial_id = TRIAL_PREFIX + secrets.token_hex(8)
        account = self._account(plugin, trial_id, auth_type, config, trial_id)
        session = self._upstream.session(account)
        try:
            try:
                await plugin.client(session, config).check()
            except ProviderError as error:
                # The trial's id means nothing to anybody.
                error.account_id = None
                await self._rescue(error, session, account.dialect)
                raise
            return await session.token()
        finally:
            self._upstream.forget(trial_id)

    async def config(self, account: ConnectedAccount, given: dict[str, Any] | None = None) -> BaseModel:
        """``given``, or else the stored credentials of an account, as its auth type reads them.

        Raises ``ProviderError`` where they cannot be used (any more).
        """
        method = auth_method(self._plugin(account.provider), account.auth_type)
        return await self._config(account, method) if given is None else method.config.model_validate(given)

    def consent_flow(self, provider: str) -> ConsentFlow:
        """How owners consent in a PMS, and raises ``NotSupported`` where they cannot."""
        plugin = self._plugin(provider)
        if plugin.consent is None:
            raise NotSupported(f"{plugin.manifest.name} has no consent of owners.", provider=provider)
        return plugin.consent

    def address(self, provider: str) -> str:
        """Scheme, host and port of a PMS."""
        manifest = self._plugin(provider).manifest
        return self._settings.provider_url(manifest.code, manifest.base_url)

    async def exchange(self, account: ConnectedAccount, config: BaseModel, code: AuthorizationCode) -> Token:
        """The token for an owner's consent. Stores nothing. Raises ``ProviderError``."""
        flow = self.consent_flow(account.provider)
        with self._trial(account, config) as session:
            return await session.exchange(lambda send: flow.exchange(send, config, code))

    async def seen(self, account: ConnectedAccount, config: BaseModel, token: Token) -> Seen:
        """Look with a new token. Stores nothing. Raises ``ProviderError`` where the PMS refuses it."""
        plugin = self._plugin(account.provider)
        with self._trial(account, config) as session:
            await self._upstream.begin_with(session.account_id, token)
            client = plugin.client(session, config)
            found: str | None = None
            failure: ProviderError | None = None
            try:
                if Capability.ACCOUNT in capabilities(type(client)):
                    found = (await client.account()).provider_id
                else:
                    await client.check()
            except ProviderError as error:
                if error.code in REFUSALS:
                    raise
                failure = error
            # The refresh token may have been spent meanwhile: then the next one is the only way in.
            return Seen(await self._upstream.kept(session.account_id) or token, found, failure)

    async def revoke(self, account: ConnectedAccount, config: BaseModel, token: Token) -> bool:
        """End a token of an account that is gone already. False where its PMS has no way to do that.

        Raises ``ProviderError`` where the PMS does not confirm it within some seconds.
        """
        dialect = self._plugin(account.provider).dialect(account.auth_type, config)
        with self._trial(account, config) as session:
            try:
                async with asyncio.timeout(_REVOKE_PATIENCE):
                    return await session.exchange(lambda send: dialect.revoke(send, token))
            except TimeoutError:
                raise UpstreamTimeout("The PMS did not answer in time.", provider=account.provider) from None

    def given_token(self, account: ConnectedAccount, config: BaseModel) -> Token | None:
        """The token that the account's credentials themselves hold, if any: it was made elsewhere."""
        return self._plugin(account.provider).dialect(account.auth_type, config).initial_token()

    @contextmanager
    def _trial(self, account: ConnectedAccount, config: BaseModel) -> Iterator[AccountSession]:
        """A session with other credentials than the stored ones, as patient as a call must be that spends a code."""
        trial_id = TRIAL_PREFIX + secrets.token_hex(8)
        plugin = self._plugin(account.provider)
        session = self._upstream.session(self._account(plugin, trial_id, account.auth_type, config, trial_id))
        deadline = asyncio.get_running_loop().time() + _CONSENT_PATIENCE
        try:
            with calling(Caller(f"consent:{account.id}", deadline)):
                yield session
        except ProviderError as error:
            error.account_id = account.id
            raise
        finally:
            self._upstream.forget(trial_id)

    async def _rescue(self, error: ProviderError, session: AccountSession, dialect: Dialect) -> None:
        """Raise ``CheckInterruptedError`` if the trial got a refresh token that the credentials do not hold.

        It may come only after the check has failed, at the deadline of whoever asked.
        """
        token = None if error.code in _REFUSALS else await session.held_token()
        if token is not None and token.refresh is not None and token != dialect.initial_token():
            raise CheckInterruptedError(error, token) from error

    def _connect(
        self, plugin: Plugin, account_id: str, auth_type: AuthType, config: BaseModel, version: str
    ) -> ProviderClient:
        session = self._upstream.session(self._account(plugin, account_id, auth_type, config, version))
        return plugin.client(session, config)

    def _account(
        self, plugin: Plugin, account_id: str, auth_type: AuthType, config: BaseModel, version: str
    ) -> UpstreamAccount:
        manifest = plugin.manifest
        identities = {scope: name for scope in LimitScope if (name := plugin.identity(scope, config)) is not None}
        return UpstreamAccount(
            account_id=account_id,
            provider=manifest.code,
            base_url=self._settings.provider_url(manifest.code, manifest.base_url),
            dialect=plugin.dialect(auth_type, config),
            limits=limits_in_force(self._settings, plugin),
            identities=identities,
            margin=manifest.margin,
            credentials_version=version,
        )

    async def _config(self, account: ConnectedAccount, method: AuthMethod) -> BaseModel:
        try:
            return method.config.model_validate(await self._accounts.credentials(account))
        except AccountGoneError:
            raise _removed(account) from None
        except VaultError as error:
            message = f"The stored credentials cannot be opened. {error}"
        except ValidationError:
            message = "The stored credentials do not fit this version of the provider: connect the account again."
        raise AuthenticationFailed(message, provider=account.provider, account_id=account.id)

    def _plugin(self, code: str) -> Plugin:
        try:
            return self._find(code)
        except UnknownProvider as error:
            raise NotSupported(str(error), provider=code) from None

    def _forget(self, account_id: str) -> None:
        self._clients.pop(account_id, None)
        self._upstream.forget(account_id)


def _removed(account: ConnectedAccount) -> NotFound:
    return NotFound("The account was removed.", provider=account.provider, account_id=account.id)


def auth_method(plugin: Plugin, auth_type: AuthType) -> AuthMethod:
    """The plugin's way to authenticate of that type. Raises ``NotSupported`` naming those there are."""
    for method in plugin.manifest.auth_methods:
        if method.type is auth_type:
            return method
    known = ", ".join(method.type for method in plugin.manifest.auth_methods)
    raise NotSupported(
        f"{plugin.manifest.name} has no auth type {auth_type}; it has {known}.", provider=plugin.manifest.code
    )


def limits_in_force(settings: Settings, plugin: Plugin) -> tuple[Limit, ...]:
    """The limits of the profile that the settings choose for a provider."""
    manifest = plugin.manifest
    profile = settings.provider_limits(manifest.code, manifest.default_limits)
    return () if profile == LIMITS_OFF else manifest.limits[profile]
