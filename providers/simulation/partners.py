"""What a PMS may want of a partner: headers and query parameters in every call, told through the control address."""

from collections.abc import Sequence
from urllib.parse import parse_qsl

from pydantic import BaseModel, ConfigDict, Field
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route
from starlette.types import Scope

from providers.simulation.control import PREFIX, parsed


class Demand(BaseModel):
    """What every call must carry, tokens' included; empty: nothing."""

    model_config = ConfigDict(extra="forbid")
    headers: dict[str, str] = Field(default_factory=dict)
    query: dict[str, str] = Field(default_factory=dict)


class Partners:
    """Refuses calls that do not carry what is demanded."""

    def __init__(self) -> None:
        self._demand = Demand()

    def admits(self, scope: Scope) -> bool:
        """Whether a call carries all that is demanded."""
        headers = Headers(scope=scope)
        query = parse_qsl(scope.get("query_string", b"").decode("ascii", "replace"), keep_blank_values=True)
        return all(headers.get(name) == value for name, value in self._demand.headers.items()) and set(
            self._demand.query.items()
        ).issubset(query)

    def routes(self) -> Sequence[BaseRoute]:
        """The routes of the control address: POST demands, DELETE demands nothing."""
        return (Route(f"{PREFIX}/partner", self._change, methods=["POST", "DELETE"]),)

    async def _change(self, request: Request) -> JSONResponse:
        demand = Demand() if request.method == "DELETE" else await parsed(request, Demand)
        if isinstance(demand, JSONResponse):
            return demand
        self._demand = demand
        return JSONResponse({"headers": sorted(demand.headers), "query": sorted(demand.query)})
