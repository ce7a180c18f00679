"""What a tenant's server is sent about an event: JSON, in the words of the API."""

from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from functools import cache
from typing import Any, get_type_hints

import orjson
from annotated_doc import Doc
from pydantic.alias_generators import to_camel

from graph.accounts.accounts import Accounts
from graph.changes.versions import version_of
from graph.events.differences import public
from graph.events.event import ReservationEvent
from graph.gateway.refs import Ref
from providers.model import Reservation


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """Ids and cursors as clients know them; a cursor is good for its tenant alone."""

    account: Callable[[str], str]
    listing: Callable[[Ref], str]
    reservation: Callable[[Ref], str]
    cursor: Callable[[str, int], str]


class Bodies:
    """Writes the bodies."""

    def __init__(self, accounts: Accounts, naming: Naming) -> None:
        self._accounts = accounts
        self._naming = naming

    async def of(self, event: ReservationEvent) -> bytes:
        """The body about an event. Of the reservation it has the API's fields that need no further reading."""
        account = await self._accounts.get(event.tenant_id, event.account_id)
        changes = event.changes
        return orjson.dumps(
            {
                "id": event.id,
                "cursor": self._naming.cursor(event.tenant_id, event.cursor),
                "type": event.type.value,
                "occurredAt": _instant(event.occurred_at),
                "receivedAt": _instant(event.received_at),
                "account": None
                if account is None
                else {
                    "id": self._naming.account(account.id),
                    "provider": account.provider,
                    "accountIdentifier": account.identifier,
                },
                "reservation": None
                if event.reservation is None
                else self._reservation(event.account_id, event.reservation),
                "changes": None
                if changes is None
                else [{"field": each.field, "old": each.old, "new": each.new} for each in changes],
            }
        )

    def _reservation(self, account_id: str, reservation: Reservation) -> dict[str, Any]:
        listing_id = reservation.listing_id
        listing = None if listing_id is None else {"id": self._naming.listing(Ref(account_id, listing_id))}
        own_id = self._naming.reservation(Ref(account_id, reservation.provider_id))
        return {"id": own_id, "listing": listing, "version": version_of(reservation), **_shown(reservation)}


def _shown(value: Any) -> Any:
    """A value of the model with the fields that the API has, and no others."""
    if isinstance(value, list):
        return [_shown(each) for each in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {name: _shown(getattr(value, field)) for field, name in _documented(type(value))}
    return public(value)


@cache
def _documented(model: type) -> tuple[tuple[str, str], ...]:
    """The fields of a model that the API has, each with its name there."""
    hints = get_type_hints(model, include_extras=True)
    return tuple(
        (each.name, to_camel(each.name))
        for each in fields(model)
        if any(isinstance(about, Doc) for about in getattr(hints[each.name], "__metadata__", ()))
    )


def _instant(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
