"""``POST /webhooks/{provider}/{token}``: where PMSs send their webhooks. The token and the PMS's proof let them in."""

from collections.abc import Callable, Mapping

import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.types import Message, Receive, Scope, Send

from graph.accounts.vault import VaultError
from graph.events.account_webhooks import webhooks_of
from graph.events.deliveries import TooMuchWaitingError
from graph.events.receiving import Receipt
from graph.services import Services
from graph.storage.failures import StorageError
from graph.web.gate import bounded_body
from graph.web.refusals import Refused
from providers.errors import ProviderError
from providers.webhooks import WebhookRequest

log = structlog.get_logger(__name__)

RETRY_SECONDS = 60

_TOO_LARGE = 413
_FAILURES = (SQLAlchemyError, StorageError, OSError, VaultError, ProviderError, TooMuchWaitingError)


class IncomingWebhooks:
    """ASGI app of the route. ``services`` is asked for when a request comes.

    Answers: 200 when it is stored, 401 without the PMS's proof, 404 where there is no such address, 413 where it is
    too large, 503 where it could not be stored or did not arrive whole. A PMS sends again after a 503 alone.
    """

    def __init__(self, services: Callable[[], Services]) -> None:
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        start = await self._answer(scope, receive)
        await send(start)
        # No body: nobody reads it, and some PMSs keep it in their logs.
        await send({"type": "http.response.body", "body": b""})

    async def _answer(self, scope: Scope, receive: Receive) -> Message:
        services = self._services()
        try:
            body = await bounded_body(receive, services.settings.max_webhook_bytes)
        except Refused as refused:
            return _start(_TOO_LARGE) if refused.status == _TOO_LARGE else _later()
        address = scope["path_params"]
        try:
            receipt = await services.receiving.receive(
                address["provider"], address["token"], WebhookRequest(_headers(scope), body)
            )
        except _FAILURES as error:
            log.error("a webhook could not be kept", error=type(error).__name__)
            return _later()
        match receipt:
            case Receipt.KEPT:
                return _start(200)
            case Receipt.UNKNOWN:
                return _start(404)
            case Receipt.UNPROVED:
                return _unproved(address["provider"])


def _headers(scope: Scope) -> Mapping[str, str]:
    """The headers by their names, which come in lower case. Of two headers with one name the first counts."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(scope["headers"])}


def _start(status: int, *headers: tuple[bytes, bytes]) -> Message:
    return {"type": "http.response.start", "status": status, "headers": [*headers, (b"content-length", b"0")]}


def _later() -> Message:
    return _start(503, (b"retry-after", str(RETRY_SECONDS).encode()))


def _unproved(provider: str) -> Message:
    webhooks = webhooks_of(provider)
    challenge = webhooks.challenge if webhooks is not None else None
    return _start(401, (b"www-authenticate", challenge.encode("latin-1"))) if challenge else _start(401)
