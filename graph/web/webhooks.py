"""``POST /webhooks/{provider}/{token}``: where PMSs send their webhooks. The token and the PMS's proof let them in."""

from collections.abc import Callable

import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import Response

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


def webhook_endpoint(services: Callable[[], Services]) -> Callable[[Request], object]:
    """The route's endpoint. ``services`` is asked for when the first request comes.

    Answers: 200 when it is stored, 401 without the PMS's proof, 404 where there is no such address, 413 where it is
    too large, 503 where it could not be stored or did not arrive whole. A PMS sends again after a 503 alone.
    """

    async def receive(request: Request) -> Response:
        running = services()
        try:
            body = await bounded_body(request, running.settings.max_webhook_bytes)
        except Refused as refused:
            return _answer(_TOO_LARGE) if refused.status == _TOO_LARGE else _later()
        provider = request.path_params["provider"]
        # Header names come in lower case. Of two headers with one name the first counts.
        sent = WebhookRequest(dict(request.headers), body)
        try:
            receipt = await running.receiving.receive(provider, request.path_params["token"], sent)
        except _FAILURES as error:
            log.error("a webhook could not be kept", error=type(error).__name__)
            return _later()
        match receipt:
            case Receipt.KEPT:
                return _answer(200)
            case Receipt.UNKNOWN:
                return _answer(404)
            case Receipt.UNPROVED:
                return _unproved(provider)

    return receive


def _answer(status: int, headers: dict[str, str] | None = None) -> Response:
    """No body: nobody reads it, and some PMSs keep it in their logs."""
    return Response(status_code=status, headers=headers)


def _later() -> Response:
    return _answer(503, {"Retry-After": str(RETRY_SECONDS)})


def _unproved(provider: str) -> Response:
    webhooks = webhooks_of(provider)
    challenge = webhooks.challenge if webhooks is not None else None
    return _answer(401, {"WWW-Authenticate": challenge} if challenge else None)
