"""The simulator put together: an application that all simulated accounts have installed."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

from pydantic import BaseModel, ConfigDict
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from providers.bookingsync.simulator.access import Access
from providers.bookingsync.simulator.answers import answer, refused, unauthorized
from providers.bookingsync.simulator.booking_writes import BookingWrites
from providers.bookingsync.simulator.budget import TOKEN_PATH, Budget
from providers.bookingsync.simulator.changes import change
from providers.bookingsync.simulator.client_writes import ClientWrites
from providers.bookingsync.simulator.codes import Codes
from providers.bookingsync.simulator.consent import AUTHORIZE_PATH, ConsentPage
from providers.bookingsync.simulator.estate import Estate
from providers.bookingsync.simulator.map_writes import MapWrites
from providers.bookingsync.simulator.oauth import FULL_SCOPES, Application, TokenEndpoint
from providers.bookingsync.simulator.paging import paging
from providers.bookingsync.simulator.readings import BookingsyncReadings
from providers.bookingsync.simulator.refusals import Refused, Unauthorized
from providers.bookingsync.simulator.rental_writes import RentalWrites
from providers.bookingsync.simulator.resources import RESOURCES
from providers.bookingsync.simulator.retrieval import API, Retrieval
from providers.bookingsync.simulator.search import Search
from providers.bookingsync.simulator.setting_writes import SettingWrites
from providers.bookingsync.simulator.tokens import LIFE, Tokens
from providers.bookingsync.simulator.units import FIRST_ACCOUNT, MOST_LISTINGS
from providers.bookingsync.simulator.view import Grant, Oddities, View
from providers.bookingsync.simulator.webhooks import WEBSITE, webhook
from providers.contract import SimulatorOptions
from providers.manifest import AuthType
from providers.simulation.changes import Change, change_route
from providers.simulation.clock import utc_now
from providers.simulation.control import PREFIX, parsed
from providers.simulation.simulated import SimulatedPms
from providers.simulation.webhooks import Webhook, WebhookOrder, webhook_route

REDIRECT_URI = "https://staygraph.example.com/oauth/callback"
DOMAINS = ("staygraph.example.com", "localhost", "127.0.0.1")
"""A real application is registered with one domain; loopback is here so that the flow can be tried."""

MOST_ACCOUNTS = 1_000


class OddSwitch(BaseModel):
    """Body of ``POST /_control/odd``."""

    model_config = ConfigDict(extra="forbid", strict=True)

    broken_records: bool


class BookingsyncSimulation:
    """A BookingSync with ``options.accounts`` accounts, numbered from 0.

    ``app`` is the ASGI app, ``estates`` the data behind it.
    """

    def __init__(
        self,
        options: SimulatorOptions,
        *,
        today: date,
        now: Callable[[], datetime],
        readings: BookingsyncReadings,
        new_token: Callable[[], str],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        if not 1 <= options.accounts <= MOST_ACCOUNTS or not 0 <= options.listings <= MOST_LISTINGS:
            raise ValueError(f"1 to {MOST_ACCOUNTS} accounts with up to {MOST_LISTINGS} listings each")
        self._application = _application(options.seed)
        self._tokens = Tokens(key=f"bookingsync {options.seed}", readings=readings, now=now, new_token=new_token)
        self._accounts = range(options.accounts)
        self._readings = readings
        self._now = now
        self.oddities = Oddities()
        self.estates = [
            Estate(
                seed=options.seed,
                account=account,
                houses=options.listings,
                today=today,
                suspended=account in readings.suspended_accounts,
            )
            for account in self._accounts
        ]
        access = Access(self._tokens, self.estates, readings, self.oddities, now)
        budget = Budget(options.limits, access, readings, now)
        codes = Codes(now)
        tokens = TokenEndpoint(self._application, self._tokens, codes, readings, now, accounts=options.accounts)
        consent = ConsentPage(self._application, codes, self.estates)
        self.app = SimulatedPms(
            _api(access, tokens, consent, readings),
            account_of=access.account_of,
            admit=budget.admit,
            storm=budget.storm,
            stamp=budget.stamp,
            latency=options.latency,
            now=now,
            controls=[
                Route(f"{PREFIX}/odd", self._odd, methods=["GET", "POST"]),
                webhook_route(WebhookOrder, self._webhook),
                change_route(self._change),
            ],
            sleep=sleep,
        )

    def credentials(self) -> Sequence[tuple[AuthType, dict[str, Any]]]:
        """What the code flow would have left for each account: a refresh token with all rights."""
        return [(AuthType.OAUTH, self._credentials(account)) for account in self._accounts]

    def client_credentials_config(self) -> dict[str, Any]:
        """What the application needs to read the public data of all accounts at once."""
        return {
            "clientId": self._application.client_id,
            "clientSecret": self._application.client_secret,
        }

    def access_token(
        self,
        account: int | None,
        *,
        scopes: Iterable[str] = FULL_SCOPES,
        expires_in: timedelta = LIFE,
    ) -> str:
        """A new access token for account number ``account``; None: one of client credentials."""
        if account is not None and account not in self._accounts:
            raise ValueError(f"there is no account number {account}")
        return self._tokens.issue(Grant(account=account, scopes=frozenset(scopes)), life=expires_in)

    def refresh_token(self, account: int) -> str:
        """The refresh token that the code flow left; dead once it was used."""
        return self._tokens.refresh_token(account, 0)

    def revoke(self, account: int) -> None:
        """End all access tokens of an account."""
        self._tokens.revoke(account)

    def _credentials(self, account: int) -> dict[str, Any]:
        return {
            **self.client_credentials_config(),
            "refreshToken": self.refresh_token(account),
            "redirectUri": self._application.redirect_uri,
            "accountId": str(FIRST_ACCOUNT + account),
        }

    def _webhook(self, order: WebhookOrder) -> Webhook:
        view = View(
            grant=Grant(account=order.account, scopes=FULL_SCOPES),
            now=self._now(),
            readings=self._readings,
            oddities=self.oddities,
            options={},
            base_url=WEBSITE,
        )
        return webhook(order, self.estates, view, self._application.client_secret)

    def _change(self, account: int, number: int) -> Change | None:
        touching = self._readings.bookings_change_with_clients
        return change(self.estates, account, number, self._now(), touching=touching)

    async def _odd(self, request: Request) -> Response:
        if request.method == "POST":
            switch = await parsed(request, OddSwitch)
            if isinstance(switch, JSONResponse):
                return switch
            self.oddities.broken_records = switch.broken_records
        return JSONResponse({"broken_records": self.oddities.broken_records})


def simulator(
    options: SimulatorOptions,
    *,
    today: date | None = None,
    now: Callable[[], datetime] = utc_now,
    readings: BookingsyncReadings | None = None,
    new_token: Callable[[], str] = lambda: secrets.token_hex(32),
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> BookingsyncSimulation:
    """A simulator of BookingSync's API v3.

    The data lie around ``today`` (default: the day, UTC, at which it is made). ``now`` is an aware UTC clock that
    rules tokens, limits, maps and what is past. Raises ``ValueError`` for limits other than ``documented`` and
    ``off``, and for more accounts or listings than it holds.
    """
    return BookingsyncSimulation(
        options,
        today=today or now().date(),
        now=now,
        readings=readings or BookingsyncReadings(),
        new_token=new_token,
        sleep=sleep,
    )


def _application(seed: int) -> Application:
    def invented(word: str) -> str:
        return sha256(f"bookingsync simulator {seed} {word}".encode()).hexdigest()

    return Application(
        client_id=invented("client id"),
        client_secret=invented("client secret"),
        redirect_uri=REDIRECT_URI,
        domains=DOMAINS,
    )


def _writes(access: Access) -> Sequence[BookingWrites | ClientWrites | MapWrites | RentalWrites | SettingWrites]:
    return (
        BookingWrites(access),
        ClientWrites(access),
        MapWrites(access),
        RentalWrites(access),
        SettingWrites(access),
    )


def _api(access: Access, tokens: TokenEndpoint, consent: ConsentPage, readings: BookingsyncReadings) -> Starlette:
    search = Search(access)
    routes = [
        Route(TOKEN_PATH, tokens.issue, methods=["POST"]),
        Route(AUTHORIZE_PATH, consent.show, methods=["GET"]),
        Route(AUTHORIZE_PATH, consent.decide, methods=["POST"]),
        Route(f"{API}/me", _me(access), methods=["GET"]),
        Route(f"{API}/rentals/search", search.search, methods=["GET", "POST"]),
        Route(f"{API}/rentals/{{ids}}/search", search.search, methods=["GET", "POST"]),
    ]
    for writes in _writes(access):
        routes += writes.routes()
    for name, resource in RESOURCES.items():
        retrieval = Retrieval(resource, access)
        routes.append(Route(f"{API}/{name}", retrieval.list, methods=["GET"]))
        routes.append(Route(f"{API}/{name}/{{ids}}", retrieval.pick, methods=["GET"]))

    async def on_unauthorized(request: Request, error: Exception) -> Response:
        return unauthorized(error, readings) if isinstance(error, Unauthorized) else Response(status_code=401)

    async def on_refused(request: Request, error: Exception) -> Response:
        return refused(error, readings) if isinstance(error, Refused) else Response(status_code=500)

    async def on_http_error(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        return refused(Refused(status, "Not found" if status == 404 else "Method not allowed"), readings)

    return Starlette(
        routes=routes,
        exception_handlers={
            Unauthorized: on_unauthorized,
            Refused: on_refused,
            HTTPException: on_http_error,
        },
    )


def _me(access: Access) -> Callable[[Request], Awaitable[Response]]:
    async def me(request: Request) -> Response:
        """The account of the token, or every account of the application: the records have no ids of their own."""
        view = access.view(request, dict(request.query_params))
        accounts = [
            {
                "links": {"account": FIRST_ACCOUNT + estate.account},
                "partnership_invoice_recipient": "account",
            }
            for estate in access.estates(view.grant)
        ]
        page = paging(
            view.options,
            url=f"{view.base_url}{request.url.path}",
            total=len(accounts),
            most=100,
            readings=view.readings,
        )
        body = {"accounts_applications": page.cut(accounts), "meta": page.meta()}
        return answer(request, body, page.headers())

    return me
