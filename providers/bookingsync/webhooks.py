"""BookingSync's webhooks: signed with the application's secret, one subscription for all of its accounts.

Source: BookingSync documentation, Webhook subscriptions. That its Base64 breaks lines after 60 characters is Ruby's
way, which the documentation's sample code relies on.
"""

import base64
import hashlib
import hmac
from hashlib import sha256
from typing import Any, ClassVar

from pydantic import BaseModel

from providers.bookingsync.manifest import OAuthConfig
from providers.webhooks import (
    MAX_ACCOUNT_ID,
    MAX_EVENT,
    WebhookLogin,
    WebhookNote,
    WebhookRequest,
    Webhooks,
    json_object,
    same,
    short_text,
)

SIGNATURE_HEADER = "x-content-signature"

_LINE = 60
_NOT_RECORDS = frozenset({"links", "meta"})


def signature(secret: str, body: bytes) -> str:
    """What BookingSync sends in ``X-Content-Signature`` with ``body``: lower-case hexadecimal digits."""
    encoded = base64.b64encode(body)
    lines = b"".join(encoded[start : start + _LINE] + b"\n" for start in range(0, len(encoded), _LINE))
    return hmac.new(secret.encode(), lines, hashlib.sha1).hexdigest()


class BookingsyncWebhooks(Webhooks):
    """Deliveries are signed with the Client Secret of the application."""

    uses_login: ClassVar[bool] = False
    setup: ClassVar[str] = (
        "In BookingSync's partner panel, at the application, under Webhooks: enter this URL and choose the booking "
        "events. Once is enough for all accounts of the application; the Client Secret signs what is sent."
    )

    def provable(self, config: BaseModel) -> bool:
        return isinstance(config, OAuthConfig)

    def proved(self, request: WebhookRequest, login: WebhookLogin, config: BaseModel) -> bool:
        if not isinstance(config, OAuthConfig):
            return False
        expected = signature(config.client_secret.get_secret_value(), request.body)
        return same(request.headers.get(SIGNATURE_HEADER, "").strip(), expected)

    def read(self, body: bytes) -> WebhookNote:
        sent = json_object(body)
        return WebhookNote(
            event=short_text(sent.get("event"), MAX_EVENT),
            account_id=short_text(sent.get("account_id"), MAX_ACCOUNT_ID),
            key=_key(sent.get("resource"), body),
        )


def _key(resource: Any, body: bytes) -> str | None:
    """The same bytes are the same delivery, if the record says when it changed: else they may be two changes."""
    if not isinstance(resource, dict):
        return None
    found = (value for name, value in resource.items() if name not in _NOT_RECORDS)
    # A single record by the documentation; a list of one elsewhere in the API.
    records = [each for value in found for each in (value if isinstance(value, list) else [value])]
    times = (each.get("updated_at") for each in records if isinstance(each, dict))
    return sha256(body).hexdigest() if any(isinstance(time, str) and time for time in times) else None
