"""The GraphQL endpoint: a page for browsers, operations for everybody with a key."""

from collections.abc import Callable
from typing import Any

import orjson
from cross_web import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.http import GraphQLHTTPResponse
from strawberry.types import ExecutionResult

from graph.access.loaders import LoaderRegistry
from graph.accounts.keys import Viewer
from graph.gateway.operation import Operation
from graph.schema.context import Context
from graph.schema.errors import INVALID_OPERATION, STORAGE_UNAVAILABLE, present
from graph.services import Services
from graph.storage.failures import StorageUnavailable
from graph.web.gate import admit, read_operation
from graph.web.refusals import Refused

RETRY_SECONDS = 5
"""What clients are told to wait while the database is away."""


class OperationView(GraphQL[Context, None]):
    """Strawberry's view with our context; requests reach it admitted and checked."""

    def __init__(self, services: Services) -> None:
        super().__init__(services.schema, graphql_ide=None, allow_queries_via_get=False, subscription_protocols=())
        self._services = services

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:
        viewer: Viewer = request.scope["viewer"]
        services = self._services
        operation = Operation(viewer=viewer, started_at=services.clock.now())
        context = request.scope["operation"] = Context(
            operation=operation,
            gateway=services.gateway,
            administration=services.administration,
            cursors=services.cursors,
            upstream=services.upstream,
            operation_timeout=services.settings.operation_timeout,
            registry=LoaderRegistry(services.gateway, operation),
        )
        return context

    async def process_result(self, request: Request, result: ExecutionResult) -> GraphQLHTTPResponse:
        context: Context = request.scope["operation"]
        shown = [present(error) for error in result.errors or []]
        result.errors = [*shown, *context.partial_failures] or None
        return await super().process_result(request, result)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self.run(request)
        except HTTPException as error:
            response = Refused(error.status_code, INVALID_OPERATION, error.reason).response()
        await response(scope, receive, send)

    def encode_json(self, data: object) -> bytes:
        return orjson.dumps(data)


class Endpoint:
    """ASGI app of ``/graphql``. ``services`` and ``page`` are asked for when the first request comes."""

    def __init__(self, services: Callable[[], Services], page: Callable[[Request], Response]) -> None:
        self._services = services
        self._page = page
        self._view: OperationView | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            answer = await self._answer(request)
        except Refused as refused:
            answer = refused.response()
        except StorageUnavailable as error:
            # Who asks cannot be told, so nothing is answered.
            answer = Refused(503, STORAGE_UNAVAILABLE, str(error), {"Retry-After": str(RETRY_SECONDS)}).response()
        await answer(scope, receive, send)

    async def _answer(self, request: Request) -> ASGIApp:
        if request.method in ("GET", "HEAD"):
            if "text/html" in request.headers.get("accept", ""):
                return self._page(request)
            raise _method_not_allowed()
        if request.method != "POST":
            raise _method_not_allowed()
        services = self._services()
        request.scope["viewer"] = await admit(request, services.authentication)
        body = await read_operation(request, services.settings.max_body_bytes)
        # What another process changed must not be answered from before.
        await services.change_marks.hear()
        view = self._view = self._view or OperationView(services)

        async def run(scope: Scope, _: Receive, send: Send) -> None:
            await view(scope, _replay(body, request), send)

        return run


def _method_not_allowed() -> Refused:
    message = "Send operations by POST; open this address in a browser for GraphiQL."
    return Refused(405, INVALID_OPERATION, message, {"Allow": "GET, POST"})


def _replay(body: bytes, request: Request) -> Receive:
    """A channel that gives the body that was read already, then what the server says."""
    given = False

    async def receive() -> Any:
        nonlocal given
        if not given:
            given = True
            return {"type": "http.request", "body": body, "more_body": False}
        return await request.receive()

    return receive
