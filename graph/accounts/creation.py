"""Connecting accounts, and giving them other credentials: tried against the PMS before anything is stored."""

import math
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import BaseModel

from graph.accounts.accounts import (
    AccountGoneError,
    AccountIdTakenError,
    AccountOptions,
    Accounts,
    AccountStatus,
    ConnectedAccount,
    IdentifierTakenError,
)
from graph.accounts.addresses import ALLOWED
from graph.accounts.connections import REFUSALS, CheckInterruptedError, Connections
from graph.accounts.consent import Consent, Consents
from graph.accounts.credentials import FIELD, all_fields, brings_token, checked_config
from graph.accounts.definitions import Definitions
from graph.accounts.health import Health
from graph.accounts.options import API_NAMES, checked_options
from graph.accounts.providers_known import find_method, find_provider
from graph.accounts.renewals import Renewals
from graph.accounts.underway import Underway
from graph.rejections import Rejected, Rejection, RejectionCode, Rejections, rejected
from providers import catalogue
from providers.catalogue import UnknownProvider
from providers.consent import ConsentFlow
from providers.errors import ProviderError
from providers.manifest import AuthMethod, AuthType
from providers.upstream.calls import Token

WhenConnected = Callable[[ConnectedAccount], Awaitable[None]]
"""Told of an account whose credentials its PMS has just accepted. It raises nothing."""

_STORING_SECONDS = 30.0
"""How long storing credentials may keep others from renewing the token of the former ones."""

_ID = re.compile(r"[A-Za-z0-9_-]{1,40}")
_REDIRECT = API_NAMES["client_redirect_url"]


class CheckFailed(Rejected):
    """The PMS refused credentials, or could not be asked: ``error`` says which. Nothing was stored."""

    def __init__(self, error: ProviderError) -> None:
        refused = error.code in REFUSALS
        super().__init__(
            Rejection(
                field=(FIELD,),
                code=RejectionCode.REFUSED if refused else RejectionCode.UNAVAILABLE,
                message=_said(error),
            )
        )
        self.error = error


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """An account to connect. ``options`` are fields of ``AccountOptions`` by name, those given; ``config`` is JSON."""

    provider: str
    auth_type: AuthType
    config: Any = field(default=None, repr=False)
    options: Mapping[str, Any] = field(default_factory=dict)
    account_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCredentials:
    """What to change about the way into an account; None leaves it. ``options`` may hold its two addresses."""

    auth_type: AuthType | None = None
    config: Any = field(default=None, repr=False)
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """An account that was stored.

    ``consent`` is set where its owner must consent first. ``interruption`` is why it is not certain to work: the PMS
    accepted the credentials and replaced the refresh token, then failed.
    """

    account: ConnectedAccount
    consent: Consent | None = None
    interruption: ProviderError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """How to get in. ``config`` None: with the credentials that are stored."""

    provider: str
    method: AuthMethod
    config: BaseModel | None
    consent: bool
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def credentials(self) -> BaseModel:
        """Those that were given. Raises ``LookupError`` if none were."""
        if self.config is None:
            raise LookupError("no credentials were given")
        return self.config


@dataclass(frozen=True, slots=True)
class _Trial:
    token: Token | None
    interruption: ProviderError | None = None


class AccountCreation:
    """Connects accounts. What it has begun comes to its end, whoever leaves: no refresh token is lost."""

    def __init__(
        self,
        accounts: Accounts,
        connections: Connections,
        consents: Consents,
        renewals: Renewals,
        health: Health,
        underway: Underway,
        definitions: Definitions,
        *,
        allow_private: bool,
        connected: WhenConnected | None = None,
    ) -> None:
        self._connected = connected
        self._definitions = definitions
        self._accounts = accounts
        self._connections = connections
        self._consents = consents
        self._renewals = renewals
        self._allow_private = allow_private
        self._health = health
        self._underway = underway
        self._reserved: set[tuple[str, str]] = set()

    async def create(self, tenant_id: str, wanted: NewAccount) -> Connected:
        """Connect an account. Raises ``Rejected`` with all that is wrong, ``CheckFailed`` if it is its credentials."""
        redirect = wanted.options.get("client_redirect_url")
        config = await self._as_application(wanted.provider, wanted.auth_type, wanted.config, redirect)
        plan = _plan(replace(wanted, config=config), allow_private=self._allow_private)
        work = self._create(tenant_id, plan, wanted.account_id)
        return await self._underway.run(work)

    async def reauthorize(self, tenant_id: str, account_id: str, wanted: NewCredentials) -> Connected:
        """Give an account other credentials once its PMS accepts them, or begin a new consent of its owner.

        An account that is paused stays so. Without ``config`` an OAuth account keeps its credentials, and works with
        them until the owner has consented. Raises like ``create``, with ``NOT_FOUND`` for an unknown account.
        """
        account = await self._accounts.get(tenant_id, account_id)
        if account is None:
            raise no_account()
        if wanted.config is not None:
            auth_type = wanted.auth_type or account.auth_type
            redirect = wanted.options.get("client_redirect_url", account.client_redirect_url)
            config = await self._as_application(account.provider, auth_type, wanted.config, redirect)
            wanted = replace(wanted, config=config)
        plan = _plan_of(account, wanted, allow_private=self._allow_private)
        work = self._reauthorize(account, plan)
        return await self._underway.run(work)

    async def _as_application(self, provider: str, auth_type: AuthType, config: Any, redirect: str | None) -> Any:
        """``config`` with the operator's OAuth application, where an owner is to consent and it names none.

        Never without a consent: an application that signs in as itself sees the accounts of other tenants, too.
        """
        flow = _consent_flow(provider)
        given = {} if config is None else config
        if auth_type is not AuthType.OAUTH or flow is None or not isinstance(given, dict):
            return config
        if redirect is None or brings_token(given):
            return config
        try:
            ours = await self._definitions.oauth_application(provider.strip().upper())
        except ProviderError as error:
            raise CheckFailed(error) from None
        if ours is None:
            return config
        application = flow.application(ours.client_id, ours.client_secret, ours.scopes)
        own = given.keys() & flow.application("", "", ()).keys()
        return config if own else application | given

    async def _create(self, tenant_id: str, plan: _Plan, account_id: str | None) -> Connected:
        identifier = plan.options.get("identifier")
        with _taken(), self._reserving(tenant_id, account_id, identifier):
            # Before the PMS is asked: no refresh token may be spent for an account that cannot be stored.
            await self._accounts.check_free(tenant_id, account_id, identifier)
            trial = _Trial(None) if plan.consent else await self._try(plan)
            options = AccountOptions(**plan.options)
            account = await self._accounts.add(
                tenant_id,
                plan.provider,
                options.name,
                plan.method.type,
                plan.credentials,
                token=trial.token,
                options=options,
                account_id=account_id,
                status=AccountStatus.AWAITING_AUTHORIZATION if plan.consent else AccountStatus.ACTIVE,
            )
        if not plan.consent:
            self._health.note(account.id, trial.interruption)
            await self._tell(account)
            return Connected(account=account, interruption=trial.interruption)
        try:
            return Connected(account=account, consent=await self._begin(account))
        except BaseException:
            await self._accounts.remove(tenant_id, account.id)
            raise

    async def _reauthorize(self, account: ConnectedAccount, plan: _Plan) -> Connected:
        tenant_id, account_id = account.tenant_id, account.id
        trial = _Trial(None) if plan.consent else await self._try(plan)
        try:
            consent = await self._consent_again(account, plan) if plan.consent else None
            if consent is None:
                await self._replace(account, plan.method.type, plan.credentials, trial.token)
            options = plan.options
            account = await self._accounts.change(tenant_id, account_id, lambda now: replace(now, **options))
        except AccountGoneError:
            raise no_account() from None
        if not plan.consent:
            self._health.note(account_id, trial.interruption)
            await self._tell(account)
        return Connected(account=account, consent=consent, interruption=trial.interruption)

    async def _replace(
        self,
        account: ConnectedAccount,
        auth_type: AuthType,
        config: BaseModel,
        token: Token | None,
    ) -> None:
        # A renewal with the former credentials that is under way must not save its token over the new one.
        async with self._renewals.hold(account.id, _STORING_SECONDS):
            # As it is now: somebody may have paused it while the credentials were tried.
            now = await self._accounts.newest(account.tenant_id, account.id)
            paused = now is not None and now.status is AccountStatus.PAUSED
            await self._accounts.replace_credentials(
                account.tenant_id,
                account.id,
                auth_type,
                config,
                token=token,
                status=AccountStatus.PAUSED if paused else AccountStatus.ACTIVE,
            )

    async def _consent_again(self, account: ConnectedAccount, plan: _Plan) -> Consent:
        """Ask the owner; until then an account that works keeps its credentials."""
        if account.auth_type is not AuthType.OAUTH:
            message = "An account of another type cannot wait for a consent: create a new one, or bring a refreshToken."
            raise rejected("authType", RejectionCode.CONFLICT, message)
        return await self._begin(account, plan.config)

    async def _tell(self, account: ConnectedAccount) -> None:
        if self._connected is not None:
            await self._connected(account)

    async def _try(self, plan: _Plan) -> _Trial:
        try:
            return _Trial(await self._connections.check(plan.provider, plan.method.type, plan.credentials))
        except CheckInterruptedError as interrupted:
            return _Trial(interrupted.token, interrupted.error)
        except ProviderError as error:
            raise CheckFailed(error) from None

    async def _begin(self, account: ConnectedAccount, config: BaseModel | None = None) -> Consent:
        try:
            return await self._consents.begin(account, config)
        except ProviderError as error:
            raise CheckFailed(error) from None

    @contextmanager
    def _reserving(self, tenant_id: str, account_id: str | None, identifier: str | None) -> Iterator[None]:
        """Hold the names of an account while it is tried, so that nobody else in this process takes them meanwhile."""
        names = {("", account_id)} if account_id else set()
        names |= {(tenant_id, identifier)} if identifier else set()
        if names & self._reserved:
            raise IdentifierTakenError if (tenant_id, identifier) in self._reserved else AccountIdTakenError
        self._reserved |= names
        try:
            yield
        finally:
            self._reserved -= names


def _consent_flow(provider: str) -> ConsentFlow | None:
    try:
        return catalogue.plugin(provider.strip()).consent
    except UnknownProvider:
        return None


def no_account() -> Rejected:
    """What is said of an account that is not there, or another tenant's."""
    return rejected("id", RejectionCode.NOT_FOUND, "There is no such account.")


def _plan(wanted: NewAccount, *, allow_private: bool) -> _Plan:
    """What to do, checked as far as that is possible without asking anybody. Raises ``Rejected`` with all problems."""
    problems = Rejections()
    options = problems.of(lambda: checked_options(dict(wanted.options), allow_private=allow_private))
    problems.of(lambda: _check_id(wanted.account_id))
    way = problems.of(lambda: _way_in(wanted, wanted.options.get("client_redirect_url")))
    if problems.found or options is None or way is None:
        raise Rejected(*problems.found)
    return replace(way, options=options)


def _plan_of(account: ConnectedAccount, wanted: NewCredentials, *, allow_private: bool) -> _Plan:
    """Likewise for an account that there is already."""
    problems = Rejections()
    options = problems.of(lambda: checked_options(dict(wanted.options), allow_private=allow_private))
    redirect = (options or {}).get("client_redirect_url", account.client_redirect_url)
    way = problems.of(lambda: _way_back(account, wanted, redirect))
    if problems.found or options is None or way is None:
        raise Rejected(*problems.found)
    return replace(way, options=options)


def _way_back(account: ConnectedAccount, wanted: NewCredentials, redirect: str | None) -> _Plan:
    auth_type = wanted.auth_type or account.auth_type
    if wanted.config is not None:
        return _way_in(NewAccount(provider=account.provider, auth_type=auth_type, config=wanted.config), redirect)
    plugin = find_provider(account.provider)
    method = find_method(plugin, auth_type)
    if auth_type is not AuthType.OAUTH or auth_type is not account.auth_type:
        message = "Without it there is nothing to connect the account with."
        raise rejected(FIELD, RejectionCode.REQUIRED, message, allowed=all_fields(method))
    if redirect is None:
        raise _no_redirect()
    return _Plan(provider=plugin.manifest.code, method=method, config=None, consent=True)


def _way_in(wanted: NewAccount, redirect: str | None) -> _Plan:
    """The credentials as the provider's model, and whether the owner must consent before they are of use."""
    plugin = find_provider(wanted.provider)
    method = find_method(plugin, wanted.auth_type)
    problems = Rejections()
    config = problems.of(lambda: checked_config(method, wanted.config))
    consent = method.type is AuthType.OAUTH and not brings_token(wanted.config)
    if consent and redirect is None:
        if config is not None and method.without_consent is not None and method.without_consent(config):
            consent = False
        else:
            problems.found.extend(_no_redirect().rejections)
    if problems.found:
        raise Rejected(*problems.found)
    return _Plan(provider=plugin.manifest.code, method=method, config=config, consent=consent)


def _no_redirect() -> Rejected:
    message = "OAUTH needs the address that the owner's browser is sent to after the consent."
    return rejected(_REDIRECT, RejectionCode.REQUIRED, message, allowed=f"{ALLOWED}, or a refreshToken in {FIELD}")


def _check_id(account_id: str | None) -> None:
    if account_id is not None and not _ID.fullmatch(account_id):
        message = "It has another form."
        raise rejected("id", RejectionCode.INVALID, message, allowed="1 to 40 letters, digits, - and _")


@contextmanager
def _taken() -> Iterator[None]:
    """Names that are in use already, as rejections."""
    try:
        yield
    except IdentifierTakenError:
        message = "Another account has it."
        raise rejected(API_NAMES["identifier"], RejectionCode.TAKEN, message) from None
    except AccountIdTakenError:
        raise rejected("id", RejectionCode.TAKEN, "Another account has it.") from None


def _said(error: ProviderError) -> str:
    again = f" Try again in {math.ceil(error.retry_after)} s." if error.retry_after is not None else ""
    return f"{error.message}{again}"
