"""What the PMS of an account is to be told of its webhooks, and whether any are received."""

from collections.abc import Sequence

from graph.accounts.accounts import ConnectedAccount
from providers.manifest import WebhookSetup
from providers.model.described import Described


class WebhookState(Described):
    """Whether StayGraph hears from an account's PMS by itself."""

    NOT_AVAILABLE = "NOT_AVAILABLE", "The PMS sends no webhooks."
    NOT_RECEIVED = "NOT_RECEIVED", "The PMS sends webhooks, which StayGraph does not receive: answers age instead."


def webhook_urls(account: ConnectedAccount) -> Sequence[str]:
    """The addresses to enter in the PMS by hand, so that its webhooks arrive. None so far: none are received."""
    return ()


def webhook_state(setup: WebhookSetup) -> WebhookState:
    """What an account hears of a PMS that sets webhooks up like this."""
    return WebhookState.NOT_AVAILABLE if setup is WebhookSetup.NONE else WebhookState.NOT_RECEIVED
