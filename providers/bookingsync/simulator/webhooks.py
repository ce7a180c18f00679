"""BookingSync's webhooks (documentation, Webhook subscriptions), sent on demand and signed as documented."""

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence

import orjson

from providers.bookingsync.simulator.estate import Estate
from providers.bookingsync.simulator.resources import RESOURCES, TARGETS
from providers.bookingsync.simulator.retrieval import API
from providers.bookingsync.simulator.units import FIRST_ACCOUNT
from providers.bookingsync.simulator.view import View
from providers.simulation.webhooks import NothingToTellError, Webhook, WebhookOrder, chosen

WEBSITE = "https://www.bookingsync.com"
"""Where the links of webhooks lead: they come without a call that has an address."""

USER_AGENT = "BookingSync Webhook Delivery"

_EVENT = re.compile(r"([a-z_]+)_(created|updated|destroyed)")
_SIXTY = re.compile(r".{1,60}")


def webhook(order: WebhookOrder, estates: Sequence[Estate], view: View, client_secret: str) -> Webhook:
    """What BookingSync would send. Raises ``NothingToTellError``."""
    if order.account >= len(estates):
        raise NothingToTellError("account", f"There are {len(estates)} accounts, counted from 0.")
    parts = _EVENT.fullmatch(order.event)
    kind = parts[1] if parts else ""
    resource = RESOURCES.get(TARGETS.get(kind, f"{kind}s"))
    if resource is None:
        raise NothingToTellError("event", "It is a record's name with _created, _updated or _destroyed behind it.")
    items = estates[order.account].items(resource.name)
    name = resource.name
    links = {f"{name}.{link}": f"{view.base_url}{API}/{TARGETS[link]}/{{{name}.{link}}}" for link in resource.links}
    record = items[chosen(items, order)].record(view)
    body = orjson.dumps(
        {
            "account_id": FIRST_ACCOUNT + order.account,
            "event": order.event,
            "resource": {"links": links, kind: record},
        }
    )
    return Webhook(
        headers={"User-Agent": USER_AGENT, "X-Content-Signature": _signature(client_secret, body)}, body=body
    )


def _signature(secret: str, body: bytes) -> str:
    """Hexadecimal HMAC-SHA1 of Ruby's ``Base64.encode64(body)``, which ends each 60 characters with a line break."""
    text = "".join(f"{line}\n" for line in _SIXTY.findall(base64.b64encode(body).decode()))
    return hmac.new(secret.encode(), text.encode(), hashlib.sha1).hexdigest()
