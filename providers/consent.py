"""Consent of an account's owner: OAuth 2.0's authorization-code flow (RFC 6749, section 4.1) as one PMS has it.

The gateway does what is alike everywhere: the address for the browser, ``state``, PKCE (RFC 7636), what is stored. A
plugin says what differs, and exchanges the code.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel

from providers.upstream.calls import Token

if TYPE_CHECKING:
    from providers.contract import Send


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRequest:
    """What an application asks of the owner, who sees it in a browser: no secrets.

    ``scope`` is a list with spaces. ``redirect_uri`` is the one that the credentials name; None leaves it to the
    gateway. ``parameters`` are further ones of the PMS's own.
    """

    client_id: str
    scope: str
    redirect_uri: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationCode:
    """The code that the owner's browser brought, and what must be sent along with it.

    ``redirect_uri`` is the one of the request. ``verifier`` is PKCE's, None where the PMS has no PKCE.
    """

    code: str = field(repr=False)
    redirect_uri: str
    verifier: str | None = field(default=None, repr=False)


class OtherAccountError(Exception):
    """The owner consented for another account of the PMS than the one that the credentials name."""


class ConsentFlow(ABC):
    """The flow of one PMS, for accounts of the auth type ``OAUTH``. ``config`` fits that auth method's model."""

    authorize_path: ClassVar[str]
    """Path of the consent page under the PMS's base URL."""

    pkce: ClassVar[bool] = False
    """Whether the PMS knows PKCE with the method S256."""

    def application(self, client_id: str, client_secret: str, scopes: Sequence[str]) -> dict[str, Any]:
        """An ``authConfig`` that names an application and nothing else. Without ``scopes`` the usual are asked."""
        named = {"clientId": client_id, "clientSecret": client_secret}
        return named | ({"scope": " ".join(scopes)} if scopes else {})

    @abstractmethod
    def request(self, config: BaseModel) -> ConsentRequest:
        """What is asked of the owner."""

    @abstractmethod
    async def exchange(self, send: "Send", config: BaseModel, code: AuthorizationCode) -> Token:
        """The token for ``code``. ``send`` returns any answer below 500, also a refusal.

        Raises ``AuthenticationFailed`` where the PMS refuses the code or the application, and other
        ``ProviderError`` where its answer says nothing about either.
        """

    @abstractmethod
    def granted(self, config: BaseModel, token: Token, redirect_uri: str) -> BaseModel:
        """The credentials to use and store from now on, not yet bound to an account of the PMS."""

    @abstractmethod
    def bound(self, asked: BaseModel, granted: BaseModel, provider_id: str | None) -> BaseModel:
        """``granted``, bound to the account of the PMS that it was found to open; None: that could not be found out.

        Raises ``OtherAccountError`` where ``asked``, the credentials of before, name another one.
        """
