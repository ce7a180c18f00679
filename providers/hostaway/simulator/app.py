"""The simulated Hostaway API as an ASGI app: addresses, authorization, errors, limits."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

from pydantic import BaseModel, ConfigDict
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Scope

from providers.hostaway.simulator.accounts import SimulatedAccount
from providers.hostaway.simulator.calendar import Calendars
from providers.hostaway.simulator.calendar_writes import CalendarWrites
from providers.hostaway.simulator.changes import change
from providers.hostaway.simulator.coupons import Coupons
from providers.hostaway.simulator.envelope import RefusedError, failure, json_response
from providers.hostaway.simulator.finance_writes import FinanceWrites
from providers.hostaway.simulator.limits import Limits
from providers.hostaway.simulator.listing_changes import listing_changes
from providers.hostaway.simulator.listing_writes import land_uploads
from providers.hostaway.simulator.listings import Listings
from providers.hostaway.simulator.policies import CHANNEL_LISTS
from providers.hostaway.simulator.quote import Quotes
from providers.hostaway.simulator.readings import HostawayReadings
from providers.hostaway.simulator.references import References
from providers.hostaway.simulator.reservation_writes import ReservationWrites
from providers.hostaway.simulator.reservations import Reservations
from providers.hostaway.simulator.tokens import Tokens
from providers.hostaway.simulator.users import Users
from providers.hostaway.simulator.webhook_subscriptions import WebhookSubscriptions
from providers.hostaway.simulator.webhooks import HostawayWebhookOrder, webhook
from providers.simulation.changes import Change, change_route
from providers.simulation.control import PREFIX, parsed
from providers.simulation.simulated import SimulatedPms
from providers.simulation.webhooks import Webhook, webhook_route

LARGEST_FORM = 10_000

Endpoint = Callable[[Request], Awaitable[Response]]
AccountEndpoint = Callable[[Request, SimulatedAccount], Awaitable[Response]]


class OddSwitch(BaseModel):
    """Whether records that break their types are sent."""

    model_config = ConfigDict(extra="forbid", strict=True)

    broken_records: bool


class Api:
    """Puts the parts together."""

    def __init__(
        self,
        accounts: Mapping[int, SimulatedAccount],
        readings: HostawayReadings,
        tokens: Tokens,
        now: Callable[[], datetime],
    ) -> None:
        self._accounts = accounts
        self._readings = readings
        self._tokens = tokens
        self._now = now

    def app(self, limits: Limits, latency: float) -> SimulatedPms:
        inner = Starlette(
            routes=self._routes(),
            exception_handlers={RefusedError: self._refused, HTTPException: self._unknown},
        )
        return SimulatedPms(
            inner,
            account_of=self.account_of,
            admit=limits.admit,
            storm=limits.storm,
            fail=lambda scope: failure(200, "Simulated failure."),
            refuse=lambda status: failure(status, "Simulated failure."),
            latency=latency,
            now=self._now,
            controls=[
                Route(f"{PREFIX}/odd", self.odd, methods=["GET", "POST"]),
                webhook_route(HostawayWebhookOrder, self._webhook),
                change_route(self._change),
            ],
        )

    def account_of(self, scope: Scope) -> str | None:
        """The account that a call's token belongs to."""
        header = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        return self._tokens.account_id(header.decode("latin-1"))

    async def odd(self, request: Request) -> JSONResponse:
        """Show or set whether records that break their types are sent, in all accounts."""
        if request.method == "POST":
            switch = await parsed(request, OddSwitch)
            if isinstance(switch, JSONResponse):
                return switch
            for account in self._accounts.values():
                account.broken_records = switch.broken_records
        return JSONResponse({"broken_records": any(each.broken_records for each in self._accounts.values())})

    def _webhook(self, order: HostawayWebhookOrder) -> Webhook:
        return webhook(order, tuple(self._accounts.values()), self._readings, self._now())

    def _change(self, account: int, number: int) -> Change | None:
        return change(tuple(self._accounts.values()), account, number, self._now())

    async def create_token(self, request: Request) -> Response:
        """The answer has no envelope (Hostaway documentation, Authentication)."""
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        body = await request.body()
        if kind != "application/x-www-form-urlencoded" or len(body) > LARGEST_FORM:
            raise RefusedError(400, "The request must be a form.")
        access = await self._tokens.granted(body)
        token = {"token_type": "Bearer", "expires_in": self._readings.token_life, "access_token": access}
        return json_response({"status": "success", "result": token} if self._readings.token_enveloped else token)

    async def revoke_token(self, request: Request) -> Response:
        self._tokens.revoke(request.query_params.get("token"))
        return json_response({"status": "success", "result": []})

    def _authorized(self, endpoint: AccountEndpoint) -> Endpoint:
        async def checked(request: Request) -> Response:
            account = self._tokens.account(request.headers.get("authorization"))
            land_uploads(account, self._now())
            return await endpoint(request, account)

        return checked

    def _routes(self) -> list[BaseRoute]:
        listings, reservations = Listings(self._readings), Reservations(self._readings)
        coupons = Coupons(self._readings)
        users, references = Users(self._readings), References(self._readings, self._now())
        reads: dict[str, AccountEndpoint] = {
            "/listings": listings.many,
            "/listings/{listing_id:int}": listings.one,
            "/listings/{listing_id:int}/calendar": Calendars(self._readings).read,
            "/listingUnits/{listing_id:int}": listings.units,
            "/listingFeeSettings/{listing_id:int}": listings.fees,
            "/listingTaxSettings/{listing_id:int}": listings.taxes,
            "/listingAgreement/{listing_id:int}": listings.agreement,
            "/listing/pricingSettings/{listing_id:int}": listings.pricing_settings,
            "/accountTaxSettings": listings.account_taxes,
            "/reservations": reservations.many,
            "/reservations/{reservation_id:int}": reservations.one,
            "/financeField/{reservation_id:int}": reservations.finance_fields,
            "/coupons": coupons.many,
            "/reservationCoupons": coupons.used,
            "/users": users.many,
            "/user/{user_id:int}": users.one,
            "/customFields": references.custom_fields,
            "/cancellationPolicies": references.policies,
            "/cancellationPolicies/{policy_id:int}": references.policy,
            **{f"/{name}": references.dictionary for name in references.dictionary_names},
        }
        price = self._authorized(Quotes(self._readings).price)
        return [
            Route("/v1/accessTokens", self.create_token, methods=["POST"]),
            Route("/v1/accessTokens", self.revoke_token, methods=["DELETE"]),
            Route("/v1/listings/{listing_id:int}/calendar/priceDetails", price, methods=["POST"]),
            Route("/v1/reservationCoupons", self._authorized(coupons.create), methods=["POST"]),
            *self._webhook_routes(),
            *(Route(f"/v1{path}", self._authorized(each), methods=["GET"]) for path, each in reads.items()),
            *self._stay_writes(),
            *self._policy_routes(references),
            *(
                Route(f"/v1{path}", self._authorized(each), methods=[method])
                for method, path, each in listing_changes(self._readings, self._now)
            ),
        ]

    def _webhook_routes(self) -> list[BaseRoute]:
        webhooks, one = WebhookSubscriptions(self._readings), "/{webhook_id:int}"
        calls = {
            ("GET", ""): webhooks.many,
            ("POST", ""): webhooks.create,
            ("GET", one): webhooks.one,
            ("PUT", one): webhooks.update,
            ("DELETE", one): webhooks.delete,
        }
        path = "/v1/webhooks/unifiedWebhooks"
        return [
            Route(f"{path}{which}", self._authorized(each), methods=[method]) for (method, which), each in calls.items()
        ]

    def _stay_writes(self) -> list[BaseRoute]:
        """Changes of reservations and calendars."""
        stays, days = ReservationWrites(self._readings, self._now), CalendarWrites(self._readings)
        lines = FinanceWrites(self._now)
        writes: list[tuple[str, str, AccountEndpoint]] = [
            ("POST", "/reservations", stays.create),
            ("PUT", "/reservations/{reservation_id:int}", stays.update),
            ("DELETE", "/reservations/{reservation_id:int}", stays.delete),
            ("PUT", "/reservations/{reservation_id:int}/statuses/cancelled", stays.cancel),
            ("PUT", "/reservations/{reservation_id:int}/statuses/noShow", stays.no_show),
            ("PUT", "/financeField/{reservation_id:int}/{line_id:int}", lines.put),
            ("PUT", "/listings/{listing_id:int}/calendar", days.one),
            ("PUT", "/listings/{listing_id:int}/calendarIntervals", days.many),
        ]
        return [Route(f"/v1{path}", self._authorized(each), methods=[method]) for method, path, each in writes]

    def _policy_routes(self, references: References) -> list[BaseRoute]:
        def of_channel(channel: str) -> AccountEndpoint:
            async def endpoint(request: Request, account: SimulatedAccount) -> Response:
                return await references.policies(request, account, channel=channel)

            return endpoint

        return [
            Route(f"/v1/cancellationPolicies/{channel}", self._authorized(of_channel(channel)), methods=["GET"])
            for channel in CHANNEL_LISTS
            if channel is not None
        ]

    async def _refused(self, request: Request, error: Exception) -> Response:
        if not isinstance(error, RefusedError):
            raise error
        masked = self._readings.refusals_with_200 and error.status in (400, 404, 422)
        return failure(200 if masked else error.status, error.text)

    async def _unknown(self, request: Request, error: Exception) -> Response:
        """No such address or method; who is not authorized does not learn that."""
        if not isinstance(error, HTTPException):
            raise error
        if not request.url.path.startswith("/v1/accessTokens"):
            try:
                self._tokens.account(request.headers.get("authorization"))
            except RefusedError as refused:
                return failure(refused.status, refused.text)
        return failure(error.status_code, "Not found" if error.status_code == 404 else "Method not allowed")
