"""Who wants which events: found by what they are about, without asking everybody."""

from collections.abc import Hashable, Iterator
from typing import Generic, Protocol, TypeVar

from graph.events.event import NewEvent
from graph.events.log import EventFilter
from graph.gateway.refs import Ref


class Wanting(Protocol):
    """Somebody who wants some events."""

    @property
    def wanted(self) -> EventFilter: ...


M = TypeVar("M", bound=Wanting)

_ALL = None
"""The place of those who want events of whatever account and listing."""


class Audience(Generic[M]):
    """Members by the narrowest thing that their filter names: listings, else accounts, else all.

    What an event costs depends on how many want it, not on how many there are.
    """

    def __init__(self) -> None:
        self._members: set[M] = set()
        self._at: dict[Hashable, set[M]] = {}

    def __len__(self) -> int:
        return len(self._members)

    def __iter__(self) -> Iterator[M]:
        return iter(self._members)

    def add(self, member: M) -> None:
        self._members.add(member)
        for place in _places(member.wanted):
            self._at.setdefault(place, set()).add(member)

    def discard(self, member: M) -> None:
        if member not in self._members:
            return
        self._members.discard(member)
        for place in _places(member.wanted):
            there = self._at[place]
            there.discard(member)
            if not there:
                del self._at[place]

    def clear(self) -> None:
        self._members.clear()
        self._at.clear()

    def of(self, event: NewEvent) -> list[M]:
        """Those who want the event, each once."""
        places: list[Hashable] = [_ALL, event.account_id]
        if event.listing_id is not None:
            places.append(Ref(event.account_id, event.listing_id))
        # A member's places are all of one kind, so none is met twice.
        return [member for place in places for member in self._at.get(place, ()) if member.wanted.keeps(event)]


def _places(wanted: EventFilter) -> list[Hashable]:
    if wanted.listings is not None:
        return list(wanted.listings)
    return [_ALL] if wanted.accounts is None else list(wanted.accounts)
