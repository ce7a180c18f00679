"""Hostaway's unified webhooks, sent on demand.

The envelope is not documented: ``HostawayReadings.webhook_body`` chooses between the forms that the sources allow. The
records are whole ones, as the API would give them.
"""

import base64
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson

from providers.hostaway.simulator.accounts import SimulatedAccount
from providers.hostaway.simulator.envelope import moment_text
from providers.hostaway.simulator.readings import HostawayReadings
from providers.simulation.webhooks import NothingToTellError, Webhook, WebhookOrder, chosen

MESSAGE = 340_000
CONVERSATION = 1_400
PROBE = "test"


class HostawayWebhookOrder(WebhookOrder):
    """``login`` and ``password`` as entered beside the URL; without a login none are sent. ``probe``: as Hostaway tries
    a URL out when it is entered.
    """

    login: str | None = None
    password: str | None = None
    probe: bool = False


def webhook(
    order: HostawayWebhookOrder, accounts: Sequence[SimulatedAccount], readings: HostawayReadings, now: datetime
) -> Webhook:
    """What Hostaway would send. Raises ``NothingToTellError``."""
    if order.account >= len(accounts):
        raise NothingToTellError("account", f"There are {len(accounts)} accounts, counted from 0.")
    account = accounts[order.account]
    object_, data = _object(order, account, now)
    body: Any = {
        "enveloped": {"object": object_, "event": order.event, "accountId": account.id, "data": data},
        "thin": {"object": object_, "objectId": data["id"], "event": order.event},
        "bare": data,
    }[readings.webhook_body]
    if order.probe:
        body = {"object": object_, "event": order.event, "accountId": account.id, "data": PROBE}
    return Webhook(headers=_headers(order), body=orjson.dumps(body))


def _object(order: HostawayWebhookOrder, account: SimulatedAccount, now: datetime) -> tuple[str, dict[str, Any]]:
    row = account.reservations[chosen(account.reservations, order)]
    match order.event.partition(".")[0]:
        case "reservation":
            return "reservation", account.reservation_shown(row)
        case "message":
            return "conversationMessage", {
                "id": MESSAGE + row.id,
                "accountId": account.id,
                "listingMapId": row.listing_id,
                "reservationId": row.id,
                "conversationId": CONVERSATION + row.id,
                "channelId": row.record["channelId"],
                "body": "When may we arrive?",
                "isIncoming": 1,
                "isSeen": 0,
                "date": moment_text(now),
                "status": "sent",
            }
    raise NothingToTellError("event", "It begins with reservation. or message.")


def _headers(order: HostawayWebhookOrder) -> dict[str, str]:
    if order.login is None:
        return {}
    pair = f"{order.login}:{order.password or ''}".encode()
    return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
