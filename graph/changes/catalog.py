"""All changes to what an account offers: calendars, listings, their parts, and cancellation policies."""

from dataclasses import dataclass

from graph.changes.calendars import CalendarChanges
from graph.changes.listings import ListingChanges
from graph.changes.once import Once
from graph.changes.parts import PartChanges
from graph.changes.policies import PolicyChanges
from graph.changes.targets import Targets
from graph.changes.writing import Writing
from graph.gateway.listings import Listings
from providers.upstream.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """The services, by what they change; ``targets`` finds the listings."""

    targets: Targets
    calendars: CalendarChanges
    listings: ListingChanges
    parts: PartChanges
    policies: PolicyChanges


def build_catalog(writing: Writing, once: Once, listings: Listings, clock: Clock) -> Catalog:
    """The services over one way of every change."""
    targets = Targets(writing, listings)
    return Catalog(
        targets=targets,
        calendars=CalendarChanges(writing=writing, clock=clock),
        listings=ListingChanges(writing=writing, targets=targets, once=once),
        parts=PartChanges(writing=writing, targets=targets, once=once),
        policies=PolicyChanges(writing=writing, once=once),
    )
