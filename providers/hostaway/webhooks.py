"""Hostaway's unified webhooks: HTTP Basic with a login of ours, and no id of a delivery.

Sources: Hostaway documentation, Webhooks and Unified webhook logs, as of 2026-07; the envelope is not documented. Two
projects with live traffic agree on ``object``, ``event``, ``accountId`` and ``data``; the log object has ``objectId``.
"""

import base64
import binascii
from hashlib import sha256
from typing import Any, ClassVar

from pydantic import BaseModel

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

CHANGE_TIMES = ("updatedOn", "latestActivityOn", "date")
"""Fields that tell when a reservation last changed, or a message was written."""


class HostawayWebhooks(Webhooks):
    """Deliveries prove themselves with the login and password that were entered beside the address."""

    uses_login: ClassVar[bool] = True
    challenge: ClassVar[str | None] = 'Basic realm="StayGraph webhooks", charset="UTF-8"'
    setup: ClassVar[str] = (
        "In the Hostaway dashboard under Settings, Integrations, Webhooks: add a unified webhook with this URL, login "
        "and password."
    )

    def provable(self, config: BaseModel) -> bool:
        return True

    def proved(self, request: WebhookRequest, login: WebhookLogin, config: BaseModel) -> bool:
        sent = _basic(request.headers.get("authorization", ""))
        # Both are compared, whatever the first comparison says.
        return same(sent.login, login.login) & same(sent.password, login.password)

    def read(self, body: bytes) -> WebhookNote:
        sent = json_object(body)
        record = sent.get("data")
        bare = record if isinstance(record, dict) else sent
        return WebhookNote(
            event=short_text(sent.get("event") or sent.get("eventType"), MAX_EVENT),
            account_id=short_text(sent.get("accountId") or bare.get("accountId"), MAX_ACCOUNT_ID),
            key=_key(bare, body),
        )


def _basic(header: str) -> WebhookLogin:
    """Login and password of an ``Authorization`` header (RFC 7617); empty ones where there are none."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return WebhookLogin("", "")
    try:
        login, _, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return WebhookLogin("", "")
    return WebhookLogin(login, password)


def _key(record: dict[str, Any], body: bytes) -> str | None:
    """The same bytes are the same delivery, if they say when the change was made: else they may be two changes."""
    if not any(isinstance(record.get(name), str) and record[name] for name in CHANGE_TIMES):
        return None
    return sha256(body).hexdigest()
