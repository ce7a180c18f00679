"""Connecting an account by its owner's consent in the PMS: begun here, given there, finished here."""

import contextlib
import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlencode, urlsplit

from authlib.oauth2.rfc6749.errors import MissingCodeException
from authlib.oauth2.rfc6749.parameters import parse_authorization_code_response, prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from pydantic import BaseModel

from graph.accounts.accounts import AccountGoneError, Accounts, AccountStatus, ConnectedAccount
from graph.accounts.addresses import check_address
from graph.accounts.connections import REFUSALS, Connections
from graph.accounts.notifications import NotificationEvent, Notifications
from graph.accounts.renewals import Renewals
from graph.accounts.states import LIFE, Authorization, StateRefused, States
from graph.accounts.use import out_of_use
from graph.rejections import RejectionCode, rejected
from graph.settings import Settings
from providers.consent import AuthorizationCode, ConsentFlow, OtherAccountError
from providers.errors import NotSupported, ProviderError
from providers.manifest import AuthType
from providers.model.described import Described
from providers.upstream.calls import Token
from providers.upstream.clock import Clock

log = logging.getLogger(__name__)

CALLBACK_PATH = "/oauth/callback"
SUCCESS = "success"
FAILURE = "error"

_STORING = 30.0
"""Seconds that storing new credentials may keep others from renewing the old ones' token."""

_MAX_TEXT = 4096


class ConsentProblem(Described):
    """Why a consent did not connect the account, besides what is wrong with its state."""

    REQUEST_INVALID = "REQUEST_INVALID", "The PMS sent the browser back without what belongs to a consent."
    CONSENT_DENIED = "CONSENT_DENIED", "The owner did not agree."
    CONSENT_FAILED = "CONSENT_FAILED", "The PMS could not ask the owner."
    CREDENTIALS_REFUSED = "CREDENTIALS_REFUSED", "The PMS did not accept the application, or what the owner agreed to."
    OTHER_ACCOUNT = "OTHER_ACCOUNT", "The owner agreed for another account of the PMS than the one connected here."
    PMS_UNAVAILABLE = "PMS_UNAVAILABLE", "The PMS could not be asked now; the same may work in a moment."
    ACCOUNT_CHANGED = "ACCOUNT_CHANGED", "The account was removed or changed meanwhile."


@dataclass(frozen=True, slots=True)
class Consent:
    """Where the owner consents, in a browser, and until when (aware UTC)."""

    url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """How a consent ended: ``problem`` is None where the account is connected.

    ``redirect_url`` is where the browser goes on to, with the outcome; None where there is nowhere to go.
    ``may_retry`` says that loading the same page again may work.
    """

    problem: Described | None = None
    redirect_url: str | None = None
    may_retry: bool = False


class Consents:
    """The consents of all tenants' accounts. ``shown_id`` gives an account's id as clients know it."""

    def __init__(
        self,
        settings: Settings,
        accounts: Accounts,
        connections: Connections,
        notifications: Notifications,
        states: States,
        renewals: Renewals,
        clock: Clock,
        *,
        shown_id: Callable[[str], str],
        connected: Callable[[ConnectedAccount], Awaitable[None]] | None = None,
    ) -> None:
        self._connected = connected
        self._settings = settings
        self._accounts = accounts
        self._connections = connections
        self._notifications = notifications
        self._states = states
        self._renewals = renewals
        self._clock = clock
        self._shown_id = shown_id

    async def begin(self, account: ConnectedAccount, config: BaseModel | None = None) -> Consent:
        """Where the owner of an account consents. Until then the account keeps the credentials that it has.

        ``config`` is for accounts that work: what to take the place of their credentials then, without touching them
        now. Raises ``Rejected`` where the provider has no such flow or the redirect URI does not lead here, and
        ``ProviderError`` where the stored credentials cannot be opened.
        """
        flow = self._flow(account)
        asked = flow.request(config or await self._connections.config(account))
        redirect_uri = asked.redirect_uri or self._settings.public_address + CALLBACK_PATH
        _check_leads_here(redirect_uri)
        verifier = secrets.token_urlsafe(48) if flow.pkce else None
        expires_at = self._clock.now() + LIFE
        state = await self._states.issue(account, redirect_uri, verifier, config)
        url = prepare_grant_uri(
            self._connections.address(account.provider) + flow.authorize_path,
            asked.client_id,
            "code",
            redirect_uri=redirect_uri,
            scope=asked.scope,
            state=state,
            **_challenge(verifier),
            **asked.parameters,
        )
        return Consent(str(url), expires_at)

    async def finish(self, query: Sequence[tuple[str, str]]) -> Finished:
        """Connect the account with what the owner's browser brought back from the PMS.

        Whatever the outcome, nothing is stored but working credentials. What fails for a passing reason may be tried
        again with the same query while the state has not expired.
        """
        try:
            given = _checked(query)
            code = _code(given)
            authorization = await self._states.spend(given.get("state", ""))
            account = await self._accounts.newest(authorization.tenant_id, authorization.account_id)
            if account is None:
                raise AccountGoneError(authorization.account_id)
            return await self._answered(account, authorization, code, given.get("error"))
        except StateRefused as refused:
            return Finished(problem=refused.problem)
        except MissingCodeException:
            return Finished(problem=ConsentProblem.REQUEST_INVALID)
        except AccountGoneError:
            return Finished(problem=ConsentProblem.ACCOUNT_CHANGED)

    async def _answered(
        self, account: ConnectedAccount, authorization: Authorization, code: str | None, error: str | None
    ) -> Finished:
        if code is None:
            denied = error == "access_denied"
            return self._ended(account, ConsentProblem.CONSENT_DENIED if denied else ConsentProblem.CONSENT_FAILED)
        try:
            return await self._connect(account, authorization, code)
        except OtherAccountError:
            return self._ended(account, ConsentProblem.OTHER_ACCOUNT)

    async def _connect(self, account: ConnectedAccount, authorization: Authorization, code: str) -> Finished:
        try:
            flow = self._connections.consent_flow(account.provider)
            config = await self._connections.config(account, authorization.config)
            token = await self._connections.exchange(
                account,
                config,
                AuthorizationCode(code=code, redirect_uri=authorization.redirect_uri, verifier=authorization.verifier),
            )
        except ProviderError as error:
            log.warning("the consent for account %s was not exchanged: %s", account.id, error.message)
            if error.code in REFUSALS:
                return self._ended(account, ConsentProblem.CREDENTIALS_REFUSED)
            await self._states.give_back(authorization)
            return self._ended(account, ConsentProblem.PMS_UNAVAILABLE)
        try:
            named = [config, *await self._replaced(account, authorization)]
            granted = flow.granted(config, token, authorization.redirect_uri)
            bound, token = await self._bound(account, flow, named, granted, token)
        except ProviderError as error:
            log.warning("the consent for account %s opens nothing: %s", account.id, error.message)
            return self._ended(account, ConsentProblem.CREDENTIALS_REFUSED)
        await self._store(account, bound, token)
        return self._ended(account)

    async def _replaced(self, account: ConnectedAccount, authorization: Authorization) -> list[BaseModel]:
        """The credentials that others take the place of, if they can be opened: they, too, know the account."""
        if authorization.config is None:
            return []
        with contextlib.suppress(ProviderError):
            return [await self._connections.config(account)]
        return []

    async def _bound(
        self, account: ConnectedAccount, flow: ConsentFlow, named: list[BaseModel], granted: BaseModel, token: Token
    ) -> tuple[BaseModel, Token]:
        """The credentials to store, once they were seen to work for the account ``named``, and the token in use.

        A PMS that fails just now is no reason to throw away what was granted: a code is good once.
        """
        seen = await self._connections.seen(account, granted, token)
        if seen.failure is not None:
            log.warning("new credentials of account %s are stored unchecked: %s", account.id, seen.failure.message)
        for asked in named:
            granted = flow.bound(asked, granted, seen.provider_id)
        return granted, seen.token

    async def _store(self, account: ConnectedAccount, config: BaseModel, token: Token) -> None:
        paused = account.status is AccountStatus.PAUSED
        status = AccountStatus.PAUSED if paused else AccountStatus.ACTIVE
        told = self._notifications.row(
            NotificationEvent.ACCOUNT_AUTHORIZED, replace(account, status=status), self._shown_id(account.id)
        )
        # A renewal with the old credentials that is under way must not save its token over the new one.
        async with self._renewals.hold(account.id, _STORING):
            await self._accounts.replace_credentials(
                account.tenant_id,
                account.id,
                account.auth_type,
                config,
                token=token,
                status=status,
                rows=[told] if told else [],
            )
        self._notifications.wake()
        now = await self._accounts.newest(account.tenant_id, account.id)
        if self._connected is not None and now is not None and out_of_use(now) is None:
            await self._connected(now)

    def _ended(self, account: ConnectedAccount, problem: ConsentProblem | None = None) -> Finished:
        outcome = {"status": FAILURE if problem else SUCCESS, "accountId": self._shown_id(account.id)}
        if problem:
            outcome["error"] = problem.value
        url = account.client_redirect_url
        if url is None or check_address(url, allow_private=self._settings.allow_private_urls):
            url = None
        else:
            url = _with_parameters(url, outcome)
        return Finished(problem=problem, redirect_url=url, may_retry=problem is ConsentProblem.PMS_UNAVAILABLE)

    def _flow(self, account: ConnectedAccount) -> ConsentFlow:
        if account.auth_type is not AuthType.OAUTH:
            raise rejected("authType", RejectionCode.NOT_SUPPORTED, "Only accounts of the type OAUTH need a consent.")
        try:
            return self._connections.consent_flow(account.provider)
        except NotSupported as error:
            raise rejected("provider", RejectionCode.NOT_SUPPORTED, error.message) from None


def _challenge(verifier: str | None) -> dict[str, str]:
    """PKCE's parameters; none without a verifier."""
    if verifier is None:
        return {}
    return {"code_challenge": create_s256_code_challenge(verifier), "code_challenge_method": "S256"}


def _checked(query: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The parameters by name. Raises ``MissingCodeException`` where one comes twice, or is longer than any PMS's."""
    given = dict(query)
    if len(given) != len(query) or any(len(value) > _MAX_TEXT for value in given.values()):
        raise MissingCodeException
    return given


def _with_parameters(url: str, parameters: dict[str, str]) -> str:
    """``url`` with parameters behind those that it has, which stay as they were written."""
    parts = urlsplit(url)
    query = "&".join(filter(None, (parts.query, urlencode(parameters))))
    return parts._replace(query=query).geturl()


def _code(given: dict[str, str]) -> str | None:
    """The code; None where the PMS brings an error instead. Raises ``MissingCodeException`` where it brings neither."""
    if given.get("error"):
        return None
    parsed = parse_authorization_code_response(f"?{urlencode(given)}", given.get("state"))
    return str(parsed["code"])


def _check_leads_here(redirect_uri: str) -> None:
    """The host may be another one, of a proxy in front of this server: a PMS may want the application's domain."""
    parts = urlsplit(redirect_uri)
    if parts.scheme not in ("http", "https") or not parts.path.endswith(CALLBACK_PATH) or parts.query or parts.fragment:
        raise rejected(
            "authConfig.redirectUri",
            RejectionCode.INVALID,
            "Owners who consented could not come back to this server.",
            allowed=f"an address that leads here and ends in {CALLBACK_PATH}, or none",
        )
