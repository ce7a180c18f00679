"""What a request to the GraphQL endpoint passes before it is parsed: API key or token, tenant, size and form."""

import asyncio
from collections.abc import Generator, Mapping
from typing import Any

import orjson
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import Message, Receive

from graph.accounts.authentication import Authentication
from graph.accounts.keys import Viewer
from graph.accounts.refusals import NotAllowed, NotAuthenticated
from graph.schema.errors import FORBIDDEN, INVALID_OPERATION, OPERATION_TOO_LARGE, UNAUTHENTICATED
from graph.web.guests import Credentials
from graph.web.operations import MalformedOperation, OperationRequest, operation_request
from graph.web.refusals import Refused

BODY_SECONDS = 10.0
"""How long a client may take to send its request."""

_JSON_TYPES = {"application/json", "application/graphql-response+json"}


TENANT_HEADER = "X-Tenant-Id"
"""Names the tenant to act for; the key's own if it is not sent."""


async def admit(request: Request, authentication: Authentication) -> Viewer:
    """Who sends the request, and for which tenant. Raises ``Refused`` without a valid key or token."""
    shown = shown_credentials(request.headers)
    try:
        return await authentication.viewer(shown.secret, shown.tenant)
    except (NotAuthenticated, NotAllowed) as error:
        raise not_admitted(error) from None


def shown_credentials(headers: Headers) -> Credentials:
    """What the headers of a request show. Raises ``Refused`` where that is nothing."""
    secret = secret_in(headers)
    if secret is None:
        raise _unauthenticated("Send an API key: Authorization: Bearer sg_…, or X-API-Key: sg_….")
    return Credentials(secret, tenant_in(headers))


def not_admitted(error: NotAuthenticated | NotAllowed) -> Refused:
    """The answer to who is not let in."""
    if isinstance(error, NotAllowed):
        return Refused(403, FORBIDDEN, str(error))
    return _unauthenticated(str(error))


async def read_operation(request: Request, max_bytes: int) -> tuple[bytes, OperationRequest]:
    """The body of a request, and the operation that it is in JSON. Raises ``Refused``."""
    if _media_type(request.headers) not in _JSON_TYPES:
        raise Refused(415, INVALID_OPERATION, "Send the operation as JSON, with Content-Type: application/json.")
    body = await bounded_body(request.receive, max_bytes)
    return body, _parsed(body)


async def bounded_body(receive: Receive, max_bytes: int) -> bytes:
    """The body of a request, of at most ``max_bytes``. Raises ``Refused``: 413 for a larger one, 408 for a slow one."""
    until = asyncio.get_running_loop().time() + BODY_SECONDS
    body = bytearray()
    more = True
    while more:
        try:
            message = await _before(until, receive)
        except TimeoutError:
            raise Refused(408, INVALID_OPERATION, "The request did not arrive in time.") from None
        if message["type"] == "http.disconnect":
            raise Refused(400, INVALID_OPERATION, "The request was cut off.")
        body += message.get("body", b"")
        if len(body) > max_bytes:
            raise Refused(413, OPERATION_TOO_LARGE, f"The request is larger than {max_bytes} bytes.")
        more = message.get("more_body", False)
    return bytes(body)


async def _before(until: float, receive: Receive) -> Message:
    """What ``receive`` gives. Raises ``TimeoutError`` at ``until``, in the event loop's time.

    A timer is set only where something has to be waited for: most bodies are here before anybody asks for them, and
    setting a timer takes longer than taking them.
    """
    steps = receive().__await__()
    try:
        waited_for = next(steps)
    except StopIteration as here:
        message: Message = here.value
        return message
    async with asyncio.timeout_at(until):
        return await _Begun(steps, waited_for)


class _Begun:
    """Goes on awaiting what was begun: ``steps`` are its own, ``waited_for`` is what the first of them waits for."""

    def __init__(self, steps: Generator[Any, Any, Message], waited_for: object) -> None:
        self._steps = steps
        self._waited_for = waited_for

    def __await__(self) -> Generator[Any, Any, Message]:
        try:
            yield self._waited_for
        except BaseException:
            self._steps.close()
            raise
        return (yield from self._steps)


def secret_in(headers: Mapping[str, str]) -> str | None:
    """The API key or token that headers carry, if they carry one."""
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and credentials.strip():
        return credentials.strip()
    return headers.get("x-api-key") or None


def tenant_in(headers: Headers) -> str | None:
    """The tenant that headers name, if they name one."""
    # Several are joined, which makes an id that no tenant has: which of them was meant, nobody could say.
    return ",".join(named) if (named := headers.getlist(TENANT_HEADER)) else None


def _unauthenticated(message: str) -> Refused:
    return Refused(401, UNAUTHENTICATED, message, {"WWW-Authenticate": "Bearer"})


def _media_type(headers: Mapping[str, str]) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def _parsed(body: bytes) -> OperationRequest:
    try:
        sent: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Refused(400, INVALID_OPERATION, "The body is not JSON.") from None
    if not isinstance(sent, dict):
        raise Refused(400, INVALID_OPERATION, "The body is not a JSON object; batches of operations are not accepted.")
    try:
        return operation_request(sent)
    except MalformedOperation as error:
        raise Refused(400, INVALID_OPERATION, str(error)) from None
