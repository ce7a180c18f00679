"""The GraphQL endpoint: a page for browsers, operations for everybody with a key, one at a time or over a socket."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import orjson
from cross_web import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.http import GraphQLHTTPResponse
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from graph.accounts.keys import Viewer
from graph.accounts.refusals import NotAllowed, NotAuthenticated
from graph.schema.context import Context
from graph.schema.errors import INVALID_OPERATION, STORAGE_UNAVAILABLE, TOO_MANY_CONNECTIONS
from graph.services import Services
from graph.storage.failures import StorageUnavailable
from graph.web.gate import admit, not_admitted, read_operation, shown_credentials
from graph.web.guests import Guest, TooManyConnections
from graph.web.operations import Operations, shown_errors
from graph.web.refusals import Refused
from graph.web.streaming import Stream, wanted_framing
from graph.web.websocket import SocketClient

RETRY_SECONDS = 5
"""What clients are told to wait while the database is away."""

_NOT_STREAMED = (
    "Subscriptions go on: send this one over a WebSocket (graphql-transport-ws), or with Accept: text/event-stream, or "
    'Accept: multipart/mixed;subscriptionSpec="1.0".'
)


class OperationView(GraphQL[Context, None]):
    """Strawberry's view with our context; requests reach it admitted and checked."""

    def __init__(self, services: Services, operations: Operations) -> None:
        super().__init__(services.schema, graphql_ide=None, allow_queries_via_get=False, subscription_protocols=())
        self._operations = operations

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:
        viewer: Viewer = request.scope["viewer"]
        context = request.scope["operation"] = self._operations.context(viewer)
        return context

    async def process_result(self, request: Request, result: ExecutionResult) -> GraphQLHTTPResponse:
        context: Context = request.scope["operation"]
        result.errors = shown_errors(context, result) or None
        return await super().process_result(request, result)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self.run(request)
        except HTTPException as error:
            response = Refused(error.status_code, INVALID_OPERATION, _reason(error)).response()
        await response(scope, receive, send)

    def encode_json(self, data: object) -> bytes:
        return orjson.dumps(data)


class Endpoint:
    """ASGI app of ``/graphql``. ``services`` and ``page`` are asked for when the first request comes."""

    def __init__(self, services: Callable[[], Services], page: Callable[[Request], Response]) -> None:
        self._services = services
        self._page = page
        self._made: tuple[Services, Operations, OperationView] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            services, operations, _ = self._parts()
            await SocketClient(WebSocket(scope, receive, send), services, operations).serve()
            return
        request = Request(scope, receive)
        try:
            answer = await self._answer(request)
        except Refused as refused:
            answer = refused.response()
        except StorageUnavailable as error:
            answer = _storage_unavailable(error)
        await answer(scope, receive, send)

    async def _answer(self, request: Request) -> ASGIApp:
        if request.method in ("GET", "HEAD"):
            if "text/html" in request.headers.get("accept", ""):
                return self._page(request)
            raise _method_not_allowed()
        if request.method != "POST":
            raise _method_not_allowed()
        services, operations, view = self._parts()
        request.scope["viewer"] = await admit(request, services.authentication)
        body, operation = await read_operation(request, services.settings.max_body_bytes)
        framing = wanted_framing(request.headers.get("accept", ""), operation)
        if framing is None:
            # What another process changed must not be answered from before.
            await services.change_marks.hear()

        async def run(scope: Scope, receive: Receive, send: Send) -> None:
            await view(scope, _replay(body, request), send)

        async def stream(scope: Scope, receive: Receive, send: Send) -> None:
            assert framing is not None  # noqa: S101  # else it is not called
            credentials = shown_credentials(request.headers)
            app = _streamed(Stream(operations, operation, framing), services.guests.welcome(credentials))
            await app(scope, request.receive, send)

        return run if framing is None else stream

    def _parts(self) -> tuple[Services, Operations, OperationView]:
        if self._made is None:
            services = self._services()
            operations = Operations(services)
            self._made = services, operations, OperationView(services, operations)
        return self._made


def _streamed(stream: Stream, welcome: AbstractAsyncContextManager[Guest]) -> ASGIApp:
    """The stream of a client, if it may stay."""

    async def run(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with welcome as guest:
                await stream.run(guest, receive, send)
        except (NotAuthenticated, NotAllowed) as error:
            await not_admitted(error).response()(scope, receive, send)
        except TooManyConnections as error:
            answer = Refused(429, TOO_MANY_CONNECTIONS, str(error), {"Retry-After": str(RETRY_SECONDS)})
            await answer.response()(scope, receive, send)
        except StorageUnavailable as error:
            await _storage_unavailable(error)(scope, receive, send)

    return run


def _storage_unavailable(error: StorageUnavailable) -> Response:
    # Who asks cannot be told, so nothing is answered.
    return Refused(503, STORAGE_UNAVAILABLE, str(error), {"Retry-After": str(RETRY_SECONDS)}).response()


def _reason(error: HTTPException) -> str:
    cause = error.__cause__
    if isinstance(cause, InvalidOperationTypeError) and cause.operation_type is OperationType.SUBSCRIPTION:
        return _NOT_STREAMED
    return error.reason


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
