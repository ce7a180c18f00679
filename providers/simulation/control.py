"""The control address of a simulator: see the calls it had, break it, mend it. For tests and demos."""

from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode

from pydantic import BaseModel, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from providers.simulation.faults import Fault, Faults

M = TypeVar("M", bound=BaseModel)

PREFIX = "/_control"
MOST_CALLS = 10_000
LARGEST_INPUT = 10_000
SECRETS = frozenset({"token", "access_token", "refresh_token", "client_secret"})


@dataclass(slots=True, kw_only=True)
class CallRecord:
    """A call that the simulator had. ``status`` is None as long as it has no answer; ``at`` is UTC."""

    method: str
    path: str
    query: str
    account: str | None
    status: int | None
    at: datetime


class CallLog:
    """The newest calls, and how many there were since the beginning or the last ``clear``."""

    def __init__(self) -> None:
        self.calls: deque[CallRecord] = deque(maxlen=MOST_CALLS)
        self.count = 0

    def add(self, record: CallRecord) -> None:
        self.calls.append(record)
        self.count += 1

    def clear(self) -> None:
        self.calls.clear()
        self.count = 0


def without_secrets(query: str) -> str:
    """A query string in which the values of tokens and secrets are masked."""
    if not any(name in query for name in SECRETS):
        return query
    pairs = parse_qsl(query, keep_blank_values=True)
    return urlencode([(name, "***" if name in SECRETS else value) for name, value in pairs])


def control_app(log: CallLog, faults: Faults, routes: Sequence[BaseRoute] = ()) -> Starlette:
    """The control address as an app: calls, faults, and the simulator's own ``routes`` (full paths)."""

    async def show_calls(request: Request) -> JSONResponse:
        if request.method == "DELETE":
            log.clear()
        calls = [{**asdict(call), "at": call.at.isoformat()} for call in log.calls]
        return JSONResponse({"count": log.count, "calls": calls})

    async def show_faults(request: Request) -> JSONResponse:
        if request.method == "DELETE":
            faults.clear()
        return JSONResponse(_listed(faults))

    async def add_fault(request: Request) -> JSONResponse:
        fault = await parsed(request, Fault)
        if isinstance(fault, JSONResponse):
            return fault
        if not faults.add(fault):
            return JSONResponse({"error": "Too many faults; DELETE them first."}, status_code=409)
        return JSONResponse(_listed(faults), status_code=201)

    return Starlette(
        routes=[
            Route(f"{PREFIX}/calls", show_calls, methods=["GET", "DELETE"]),
            Route(f"{PREFIX}/faults", show_faults, methods=["GET", "DELETE"]),
            Route(f"{PREFIX}/faults", add_fault, methods=["POST"]),
            *routes,
        ]
    )


async def parsed(request: Request, model: type[M]) -> M | JSONResponse:
    """The body as ``model``, or the 422 that names the field which is wrong."""
    body = await request.body()
    try:
        if len(body) > LARGEST_INPUT:
            return JSONResponse({"field": None, "error": "The body is too long."}, status_code=422)
        return model.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or None
        return JSONResponse({"field": field, "error": first["msg"]}, status_code=422)


def _listed(faults: Faults) -> dict[str, Any]:
    return {"faults": [fault.model_dump(mode="json") for fault in faults]}
