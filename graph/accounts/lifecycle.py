"""What happens to an account once it is connected: changed, tried out, paused, resumed, removed."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import BaseModel

from graph.accounts.accounts import (
    AccountGoneError,
    Accounts,
    AccountStatus,
    ConnectedAccount,
    IdentifierTakenError,
)
from graph.accounts.connections import Connections
from graph.accounts.creation import WhenConnected, no_account
from graph.accounts.options import API_NAMES, checked_options
from graph.accounts.tokens import StoredTokens
from graph.accounts.underway import Underway
from graph.accounts.use import out_of_use
from graph.rejections import RejectionCode, rejected
from providers.errors import ProviderError
from providers.model.described import Described
from providers.upstream.calls import Token


class TokenRevocation(Described):
    """What became of the token of a removed account at its PMS."""

    REVOKED = "REVOKED", "The PMS has revoked it: nobody can use it any more."
    NOT_NEEDED = "NOT_NEEDED", "There was none that StayGraph had made; one made elsewhere stays as it is."
    NOT_SUPPORTED = (
        "NOT_SUPPORTED",
        "The PMS has no way to revoke tokens: it expires by itself. The owner can withdraw the consent in the PMS.",
    )
    FAILED = "FAILED", "The PMS did not confirm it: the token may be good until it expires."


@dataclass(frozen=True, slots=True)
class Tested:
    """How a trial call went: ``milliseconds`` it took, and why it failed, if it did."""

    account: ConnectedAccount
    milliseconds: int
    error: ProviderError | None


@dataclass(frozen=True, slots=True)
class RemovedAccount:
    """An account that is gone, and what became of its token; ``error`` is why that could not be revoked."""

    account: ConnectedAccount
    revocation: TokenRevocation
    error: ProviderError | None = None


@dataclass(frozen=True, slots=True)
class _Keys:
    config: BaseModel = field(repr=False)
    token: Token = field(repr=False)


class AccountLifecycle:
    """Everything here raises ``Rejected``: ``NOT_FOUND`` for an unknown account, ``CONFLICT`` for its present state."""

    def __init__(
        self,
        accounts: Accounts,
        connections: Connections,
        tokens: StoredTokens,
        underway: Underway,
        *,
        allow_private: bool,
        timer: Callable[[], float] = time.perf_counter,
        leaving: WhenConnected | None = None,
    ) -> None:
        self._leaving = leaving
        self._accounts = accounts
        self._connections = connections
        self._tokens = tokens
        self._underway = underway
        self._allow_private = allow_private
        self._timer = timer

    async def test(self, tenant_id: str, account_id: str) -> Tested:
        """Ask the PMS, with one cheap call, whether the stored credentials still work."""
        account = await self.get(tenant_id, account_id)
        if idle := out_of_use(account):
            raise rejected("id", RejectionCode.CONFLICT, idle.message)
        start = self._timer()
        failure: ProviderError | None = None
        try:
            client = await self._connections.client(account)
            await client.check()
        except ProviderError as error:
            failure = error
        return Tested(account, round((self._timer() - start) * 1000), failure)

    async def update(self, tenant_id: str, account_id: str, given: Mapping[str, Any]) -> ConnectedAccount:
        """Change what a tenant chose: ``given`` are fields of ``AccountOptions`` by name, the others stay."""
        values = checked_options(dict(given), allow_private=self._allow_private)
        try:
            return await self._accounts.change(tenant_id, account_id, lambda present: replace(present, **values))
        except AccountGoneError:
            raise no_account() from None
        except IdentifierTakenError:
            raise rejected(API_NAMES["identifier"], RejectionCode.TAKEN, "Another account has it.") from None

    async def pause(self, tenant_id: str, account_id: str) -> ConnectedAccount:
        """Ask nothing of the PMS from now on. What is under way comes to its end; what was kept is dropped."""
        account = await self.get(tenant_id, account_id)
        if account.status is AccountStatus.AWAITING_AUTHORIZATION:
            message = "Its owner has not consented yet: nothing is asked of its PMS anyway."
            raise rejected("id", RejectionCode.CONFLICT, message)
        return await self._set(account, AccountStatus.PAUSED)

    async def resume(self, tenant_id: str, account_id: str) -> ConnectedAccount:
        """Put a paused account into use again."""
        account = await self.get(tenant_id, account_id)
        if account.status is AccountStatus.AWAITING_AUTHORIZATION:
            message = "Its owner has not consented yet: ask for the consent by reauthorizing it."
            raise rejected("id", RejectionCode.CONFLICT, message)
        return await self._set(account, AccountStatus.ACTIVE)

    async def remove(self, tenant_id: str, account_id: str) -> RemovedAccount:
        """Destroy an account with its credentials, then revoke its token at the PMS.

        A PMS that is away keeps no account alive. Calls under way for the account are given up.
        """
        account = await self.get(tenant_id, account_id)
        work = self._remove(account)
        return await self._underway.run(work)

    async def get(self, tenant_id: str, account_id: str) -> ConnectedAccount:
        """The account. Raises ``Rejected``."""
        account = await self._accounts.get(tenant_id, account_id)
        if account is None:
            raise no_account()
        return account

    async def _set(self, account: ConnectedAccount, status: AccountStatus) -> ConnectedAccount:
        try:
            return await self._accounts.set_status(account.tenant_id, account.id, status)
        except AccountGoneError:
            raise no_account() from None

    async def _remove(self, account: ConnectedAccount) -> RemovedAccount:
        if self._leaving is not None and out_of_use(account) is None:
            await self._leaving(account)
        # First gone here, then revoked there: an operation that met a revoked token would only make a new one.
        keys, unreadable = await self._keys(account)
        if not await self._accounts.remove(account.tenant_id, account.id):
            raise no_account()
        if unreadable is not None:
            return RemovedAccount(account, TokenRevocation.FAILED, unreadable)
        if keys is None:
            return RemovedAccount(account, TokenRevocation.NOT_NEEDED)
        try:
            revoked = await self._connections.revoke(account, keys.config, keys.token)
        except ProviderError as error:
            return RemovedAccount(account, TokenRevocation.FAILED, error)
        return RemovedAccount(account, TokenRevocation.REVOKED if revoked else TokenRevocation.NOT_SUPPORTED)

    async def _keys(self, account: ConnectedAccount) -> tuple[_Keys | None, ProviderError | None]:
        """The token that we made for an account, if any, and the credentials to revoke it with."""
        try:
            token = await self._tokens.load(account.id)
            config = await self._connections.config(account)
        except ProviderError as error:
            return None, error
        given = self._connections.given_token(account, config)
        ours = token is not None and (given is None or token.access != given.access)
        return (_Keys(config, token) if token is not None and ours else None), None
