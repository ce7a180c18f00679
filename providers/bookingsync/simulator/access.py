"""Who calls: the bearer token of a call, and the accounts it opens."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import Scope

from providers.bookingsync.simulator.estate import Estate
from providers.bookingsync.simulator.readings import BookingsyncReadings, SuspendedStyle
from providers.bookingsync.simulator.refusals import Refused, Unauthorized
from providers.bookingsync.simulator.tokens import Tokens
from providers.bookingsync.simulator.units import FIRST_ACCOUNT
from providers.bookingsync.simulator.view import Grant, Oddities, View


class Access:
    """Turns calls into views. ``estates`` are all accounts, in order."""

    def __init__(
        self,
        tokens: Tokens,
        estates: Sequence[Estate],
        readings: BookingsyncReadings,
        oddities: Oddities,
        now: Callable[[], datetime],
    ) -> None:
        self._tokens = tokens
        self._estates = estates
        self._readings = readings
        self._oddities = oddities
        self._now = now

    def bearer(self, scope: Scope) -> tuple[str, Grant] | None:
        """The token of a call and what it allows, if it is good."""
        token = _token(Headers(scope=scope))
        try:
            return token, self._tokens.check(token)
        except Unauthorized:
            return None

    def account_of(self, scope: Scope) -> str | None:
        """The id of the account that a call is made for; None with client credentials or without a good token."""
        bearer = self.bearer(scope)
        if bearer is None or bearer[1].account is None:
            return None
        return str(FIRST_ACCOUNT + bearer[1].account)

    def view(self, request: Request, options: Mapping[str, str]) -> View:
        """The call's look at the data. Raises ``Unauthorized``, and ``Refused`` for an account that is closed."""
        grant = self._tokens.check(_token(request.headers))
        if grant.account is not None and self._hidden(grant.account):
            raise Refused(403, "The account is suspended.")
        return View(
            grant=grant,
            now=self._now(),
            readings=self._readings,
            oddities=self._oddities,
            options=options,
            base_url=str(request.base_url).rstrip("/"),
        )

    def estates(self, grant: Grant) -> Sequence[Estate]:
        """The accounts that a token opens."""
        if grant.account is not None:
            return [self._estates[grant.account]]
        return [each for each in self._estates if not self._gone(each.account)]

    def hidden_accounts(self, grant: Grant) -> Sequence[int]:
        """The ids of accounts that client credentials are told are deleted."""
        if grant.account is not None:
            return []
        return [FIRST_ACCOUNT + each.account for each in self._estates if self._hidden(each.account)]

    def _hidden(self, account: int) -> bool:
        readings = self._readings
        return account in readings.suspended_accounts and readings.suspended is SuspendedStyle.DELETED

    def _gone(self, account: int) -> bool:
        return self._hidden(account) or self._tokens.refuses(account)


def _token(headers: Headers) -> str:
    """The bearer token, empty where there is none: no token is."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
