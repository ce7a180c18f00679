"""Who looks, when, and under which reading: what decides how a record shows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from providers.bookingsync.simulator.readings import BookingsyncReadings
from providers.bookingsync.simulator.units import Unit

Record = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a token allows. ``account`` is the number (from 0) of its account, None for client credentials."""

    account: int | None
    scopes: frozenset[str]

    def holds(self, scope: str) -> bool:
        """Whether ``scope`` is granted; the right to write includes that to read."""
        if scope == "public" or scope in self.scopes:
            return True
        return scope.endswith("_read") and f"{scope.removesuffix('_read')}_write" in self.scopes


@dataclass(slots=True)
class Oddities:
    """Odd data that is switched on by need: ``broken_records`` spoils one rental and one booking of each account."""

    broken_records: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One call's look at the data. ``options`` are its query parameters; ``base_url`` ends without a slash."""

    grant: Grant
    now: datetime
    readings: BookingsyncReadings
    oddities: Oddities
    options: Mapping[str, str]
    base_url: str


class Item(Protocol):
    """Anything with an id that BookingSync has a record of. ``unit`` is the rental it belongs to, if to one."""

    @property
    def id(self) -> int: ...

    @property
    def unit(self) -> Unit | None: ...

    def changed_at(self, now: datetime) -> datetime: ...

    def record(self, view: View) -> Record: ...


@dataclass(frozen=True, slots=True)
class Fixed:
    """A record that never changes. Only holders of ``private_scope`` see its ``private`` attributes."""

    id: int
    unit: Unit | None
    updated_at: datetime
    attributes: Record
    private: frozenset[str] = frozenset()
    private_scope: str = "public"

    def changed_at(self, now: datetime) -> datetime:
        return self.updated_at

    def record(self, view: View) -> Record:
        if view.grant.holds(self.private_scope):
            return dict(self.attributes)
        return {name: value for name, value in self.attributes.items() if name not in self.private}
