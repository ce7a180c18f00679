"""Which events of its own accounts a tenant sees: like reservations, those of listings that it sees."""

from collections.abc import Sequence

from graph.events.event import ReservationEvent
from graph.gateway.refs import Ref
from graph.gateway.visibility import Sight, Visibility


def sees(sight: Sight, event: ReservationEvent) -> bool:
    """Whether an event is seen. One of no known listing is: a deletion may not tell which it was."""
    if event.account_id not in sight.own:
        return False
    return event.listing_id is None or sight.shows(Ref(event.account_id, event.listing_id))


class Seeing:
    """Leaves out of a tenant's events what it does not see at present."""

    def __init__(self, visibility: Visibility) -> None:
        self._visibility = visibility

    async def __call__(self, tenant_id: str, events: Sequence[ReservationEvent]) -> Sequence[ReservationEvent]:
        """Those that are seen, in their order."""
        if not events:
            return events
        sight = await self._visibility.sight(tenant_id)
        return [event for event in events if sees(sight, event)]
