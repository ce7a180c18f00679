"""Changing reservations on demand, as guests and hosts would: for demos, which then send the webhook about it."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import count
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from providers.simulation.control import PREFIX, parsed

PATH = f"{PREFIX}/changes"
CANCELS = 6
"""Of so many changes one calls a reservation off; the others change who comes, or the guest's own record."""

MOST_ADULTS = 6


class ChangeOrder(BaseModel):
    """Change some upcoming reservation of ``account``, the number of a simulated account, from 0."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    account: Annotated[int, Field(ge=0)] = 0


@dataclass(frozen=True, slots=True)
class Change:
    """What a webhook about it is ordered with: the PMS's word for what happened, and the record's id."""

    event: str
    record: int


def change_route(make: Callable[[int, int], Change | None]) -> Route:
    """``POST /_control/changes``. ``make`` is given the account and how many changes there were before.

    It answers with the change, or 422 where there is nothing to change.
    """
    number = count()

    async def order(request: Request) -> JSONResponse:
        wanted = await parsed(request, ChangeOrder)
        if isinstance(wanted, JSONResponse):
            return wanted
        change = make(wanted.account, next(number))
        if change is None:
            return JSONResponse({"field": "account", "error": "It has no reservation to change."}, status_code=422)
        return JSONResponse(asdict(change))

    return Route(PATH, order, methods=["POST"])


def cancels(number: int) -> bool:
    """Whether change ``number`` calls a reservation off."""
    return number % CANCELS == CANCELS - 1


def changes_guest(number: int) -> bool:
    """Whether change ``number`` is one of the guest's own record, where a PMS has such."""
    return number % CANCELS == CANCELS // 2


def other_party(adults: int) -> int:
    """How many adults come instead of ``adults``."""
    return adults % MOST_ADULTS + 1
