"""What a PMS answered to a change, as it would be kept had it been read."""

from datetime import datetime

from graph.accounts.accounts import ConnectedAccount
from graph.gateway.reading import key_of
from graph.gateway.store import Held, Key
from providers.changes import Written
from providers.model import Reservation


def entries_of(account: ConnectedAccount, outcome: object, now: datetime) -> dict[Key, Held]:
    """The record that came back with a change, to be kept: none where the PMS's answer did not show all of it.

    Listings are read: only that writes down those that wait for approval, and leaves out what is switched off.
    """
    match outcome:
        case Written(record=Reservation() as record, is_reduced=False):
            return {key_of(account, "reservation", record.provider_id): Held(record, now)}
    return {}
