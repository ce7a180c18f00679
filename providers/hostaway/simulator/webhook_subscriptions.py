"""``/v1/webhooks/unifiedWebhooks``: where an account's webhooks go (Hostaway documentation, Webhooks)."""

from typing import Annotated, Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from providers.hostaway.simulator.accounts import SimulatedAccount
from providers.hostaway.simulator.envelope import RefusedError, success
from providers.hostaway.simulator.readings import HostawayReadings

LARGEST_BODY = 10_000
MASKED = "****"


class SubscriptionBody(BaseModel):
    """What is sent to make or change a webhook. The documentation's samples send all five."""

    model_config = ConfigDict(extra="ignore")

    is_enabled: Annotated[int, Field(validation_alias="isEnabled", ge=0, le=1)] = 1
    url: Annotated[str, Field(pattern="^https?://", max_length=2000)]
    login: Annotated[str | None, Field(max_length=255)] = None
    password: Annotated[str | None, Field(max_length=255)] = None
    alerting: Annotated[str | None, Field(validation_alias="alertingEmailAddress", max_length=255)] = None

    def record(self, id_: int) -> dict[str, Any]:
        return {
            "id": id_,
            "isEnabled": self.is_enabled,
            "url": self.url,
            "login": self.login,
            "password": self.password,
            "alertingEmailAddress": self.alerting,
        }


class WebhookSubscriptions:
    """The calls about unified webhooks. What they make is kept with the account."""

    def __init__(self, readings: HostawayReadings) -> None:
        self._readings = readings

    async def many(self, request: Request, account: SimulatedAccount) -> Response:
        return success([self._shown(each) for each in account.unified_webhooks.values()])

    async def one(self, request: Request, account: SimulatedAccount) -> Response:
        return success(self._shown(_found(request, account)))

    async def create(self, request: Request, account: SimulatedAccount) -> Response:
        body = await _body(request)
        account.webhooks_made += 1
        id_ = account.id * 1000 + account.webhooks_made
        account.unified_webhooks[id_] = body.record(id_)
        return success(self._shown(account.unified_webhooks[id_]))

    async def update(self, request: Request, account: SimulatedAccount) -> Response:
        id_ = _found(request, account)["id"]
        account.unified_webhooks[id_] = (await _body(request)).record(id_)
        return success(self._shown(account.unified_webhooks[id_]))

    async def delete(self, request: Request, account: SimulatedAccount) -> Response:
        del account.unified_webhooks[_found(request, account)["id"]]
        return success([])

    def _shown(self, record: dict[str, Any]) -> dict[str, Any]:
        if self._readings.webhook_password_masked and record["password"]:
            return {**record, "password": MASKED}
        return record


def _found(request: Request, account: SimulatedAccount) -> dict[str, Any]:
    found = account.unified_webhooks.get(request.path_params["webhook_id"])
    if found is None:
        raise RefusedError(404, "Webhook not found")
    return found


async def _body(request: Request) -> SubscriptionBody:
    raw = await request.body()
    try:
        return SubscriptionBody.model_validate(orjson.loads(raw if len(raw) <= LARGEST_BODY else b""))
    except orjson.JSONDecodeError:
        raise RefusedError(400, "The request body is not valid JSON.") from None
    except ValidationError:
        raise RefusedError(422, "A parameter is missing or invalid.") from None
