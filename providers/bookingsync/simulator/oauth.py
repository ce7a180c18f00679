"""The token endpoint: codes, refresh tokens that rotate, client credentials (documentation, Authorization)."""

import base64
import binascii
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from providers.bookingsync.simulator.codes import Codes
from providers.bookingsync.simulator.readings import BookingsyncReadings
from providers.bookingsync.simulator.tokens import LIFE, Tokens
from providers.bookingsync.simulator.view import Grant

FULL_SCOPES = frozenset(("public", "bookings_write", "clients_write", "rentals_write", "rates_write", "payments_read"))
PUBLIC_SCOPES = frozenset({"public"})
LARGEST_FORM = 20_000
FORM = "application/x-www-form-urlencoded"
OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"
"""The redirect URI for tests: the code is shown instead of sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """The application registered with BookingSync that all accounts have installed.

    ``redirect_uri`` is the one with which they did so. Redirect URIs must lie under one of ``domains``; a real
    application has one, and none on loopback.
    """

    client_id: str
    client_secret: str
    redirect_uri: str
    domains: tuple[str, ...]

    def may_return_to(self, uri: str) -> bool:
        """Whether an address lies under the registered domain; the documentation's value for tests always does."""
        if uri == OUT_OF_BAND:
            return True
        try:
            parts = urlsplit(uri)
        except ValueError:
            return False
        host = parts.hostname or ""
        known = any(host == domain or host.endswith(f".{domain}") for domain in self.domains)
        return known and parts.scheme in ("http", "https") and not parts.fragment


class TokenRefused(Exception):
    """The token call is refused; ``error`` is OAuth's own word."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(error)
        self.error = error
        self.description = description


class TokenEndpoint:
    """``POST /oauth/token`` with a form body."""

    def __init__(
        self,
        application: Application,
        tokens: Tokens,
        codes: Codes,
        readings: BookingsyncReadings,
        now: Callable[[], datetime],
        *,
        accounts: int,
    ) -> None:
        self._application = application
        self._tokens = tokens
        self._codes = codes
        self._readings = readings
        self._now = now
        self._accounts = accounts

    async def issue(self, request: Request) -> Response:
        try:
            parameters = await self._parameters(request)
            self._check_client(parameters)
            body = self._granted(parameters)
        except TokenRefused as refused:
            return JSONResponse(
                {"error": refused.error, "error_description": refused.description},
                status_code=self._readings.token_refusal_status,
                headers={"cache-control": "no-store", "content-type": "application/json; charset=utf-8"},
            )
        return JSONResponse(
            body, headers={"cache-control": "no-store", "content-type": "application/json; charset=utf-8"}
        )

    async def _parameters(self, request: Request) -> dict[str, str]:
        body = await request.body()
        is_form = request.headers.get("content-type", "").partition(";")[0].strip() == FORM
        if len(body) > LARGEST_FORM or (body and not is_form):
            raise TokenRefused("invalid_request", "The parameters belong into a form body.")
        parameters = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        if not self._readings.client_in_basic_or_query:
            return parameters
        return {**_basic(request.headers.get("authorization", "")), **request.query_params, **parameters}

    def _check_client(self, parameters: Mapping[str, str]) -> None:
        application = self._application
        known = hmac.compare_digest(parameters.get("client_id", "").encode(), application.client_id.encode())
        proven = hmac.compare_digest(parameters.get("client_secret", "").encode(), application.client_secret.encode())
        if not (known and proven):
            raise TokenRefused("invalid_client", "Client authentication failed.")

    def _granted(self, parameters: Mapping[str, str]) -> dict[str, Any]:
        match parameters.get("grant_type"):
            case "authorization_code":
                return self._exchanged(parameters)
            case "refresh_token":
                return self._refreshed(parameters)
            case "client_credentials":
                return self._body(Grant(account=None, scopes=PUBLIC_SCOPES))
            case None | "":
                raise TokenRefused("invalid_request", "The grant type is missing.")
            case _:
                raise TokenRefused("unsupported_grant_type", "The grant type is not supported.")

    def _exchanged(self, parameters: Mapping[str, str]) -> dict[str, Any]:
        consented = self._codes.spend(parameters.get("code", ""))
        if consented is None or consented.redirect_uri != parameters.get("redirect_uri"):
            raise TokenRefused("invalid_grant", "The code is invalid, expired, or was sent to another redirect URI.")
        grant = Grant(account=consented.account, scopes=consented.scopes)
        return self._with_refresh_token(grant, self._tokens.begin(consented.account, consented))

    def _refreshed(self, parameters: Mapping[str, str]) -> dict[str, Any]:
        refresh_token = parameters.get("refresh_token", "")
        begun = self._tokens.begun(refresh_token)
        same_uri = parameters.get("redirect_uri") == (begun or self._application).redirect_uri
        if self._readings.redirect_uri_checked and not same_uri:
            raise TokenRefused("invalid_grant", "The redirect URI is not the one that was used before.")
        rotated = self._tokens.rotate(refresh_token)
        if rotated is None or rotated[0] >= self._accounts:
            raise TokenRefused("invalid_grant", "The refresh token is invalid, expired or revoked.")
        account, generation = rotated
        scopes = begun.scopes if begun else FULL_SCOPES
        return self._with_refresh_token(Grant(account=account, scopes=scopes), generation)

    def _with_refresh_token(self, grant: Grant, generation: int) -> dict[str, Any]:
        assert grant.account is not None  # noqa: S101 -- narrows the type
        refresh_token = self._tokens.refresh_token(grant.account, generation)
        return {**self._body(grant, generation), "refresh_token": refresh_token}

    def _body(self, grant: Grant, generation: int = 0) -> dict[str, Any]:
        return {
            "access_token": self._tokens.issue(grant, generation=generation),
            "token_type": "bearer",
            "expires_in": int(LIFE.total_seconds()),
            "scope": " ".join(sorted(grant.scopes, key=lambda scope: (scope != "public", scope))),
            "created_at": int(self._now().timestamp()),
        }


def _basic(header: str) -> dict[str, str]:
    """Client id and secret of an HTTP Basic header, if it is one."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return {}
    try:
        client, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return {}
    return {"client_id": client, "client_secret": secret}
