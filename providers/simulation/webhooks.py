"""Sending webhooks on demand: the control address of a simulator is told where to, of what, and how often."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

import httpx
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from providers.simulation.control import PREFIX, parsed

PATH = f"{PREFIX}/webhooks"
PATIENCE = 20.0
"""Seconds: Hostaway's documented limit. BookingSync documents none."""

MOST_COPIES = 1000


class WebhookOrder(BaseModel):
    """One webhook to send to ``url``, ``copies`` times one after the other.

    ``account`` is the number of a simulated account, from 0; ``event`` the PMS's word; ``record`` the id of the record
    it is about, or null: any.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: Annotated[str, Field(pattern="^https?://")]
    event: Annotated[str, Field(min_length=1, max_length=100)]
    account: Annotated[int, Field(ge=0)] = 0
    record: int | None = None
    copies: Annotated[int, Field(ge=1, le=MOST_COPIES)] = 1


W = TypeVar("W", bound=WebhookOrder)


@dataclass(frozen=True, slots=True)
class Webhook:
    """A webhook that is ready to be sent."""

    headers: Mapping[str, str]
    body: bytes


class NothingToTellError(Exception):
    """There is no such account, event or record. The message says which."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


def webhook_route(model: type[W], make: Callable[[W], Webhook]) -> Route:
    """``POST /_control/webhooks``. It answers when all is sent, with the status of each (null: no answer)."""

    async def order(request: Request) -> JSONResponse:
        wanted = await parsed(request, model)
        if isinstance(wanted, JSONResponse):
            return wanted
        try:
            webhook = make(wanted)
        except NothingToTellError as error:
            return JSONResponse({"field": error.field, "error": str(error)}, status_code=422)
        return JSONResponse({"statuses": await _sent(wanted, webhook)})

    return Route(PATH, order, methods=["POST"])


async def _sent(order: WebhookOrder, webhook: Webhook) -> list[int | None]:
    headers = {"Content-Type": "application/json", **webhook.headers}
    statuses: list[int | None] = []
    async with httpx.AsyncClient(timeout=PATIENCE) as client:
        for _ in range(order.copies):
            try:
                answer = await client.post(order.url, content=webhook.body, headers=headers)
                statuses.append(answer.status_code)
            except httpx.HTTPError:
                statuses.append(None)
    return statuses


def chosen(records: Mapping[int, Any], order: WebhookOrder) -> int:
    """The id of the record that an order is about. Raises ``NothingToTellError`` if there is none."""
    found = next(iter(records), None) if order.record is None else order.record
    if found is None or found not in records:
        raise NothingToTellError("record", "There is no such record.")
    return found
