"""How a listing is made once: see ``graph.changes.once``."""

from dataclasses import dataclass, replace
from datetime import datetime

from graph.changes.ledger import Entry
from graph.changes.no_guard import NoGuard
from graph.gateway.touched import Touched
from providers.changes import ListingDraft, Written
from providers.contract import ProviderClient
from providers.model import Listing


@dataclass(frozen=True, slots=True)
class ListingPlan:
    """The plan of one listing."""

    draft: ListingDraft

    async def check(self, client: ProviderClient) -> None:
        """All that can be said is said before."""

    async def enter(self, client: ProviderClient, entry: Entry, seconds: float) -> NoGuard:
        return NoGuard()

    def is_protected(self) -> bool:
        """A PMS makes two listings of the same name without a word."""
        return False

    def is_begun(self, entry: Entry) -> bool:
        return bool(entry.steps)

    async def send(self, client: ProviderClient, entry: Entry) -> Written[Listing]:
        return await client.create_listing(self._under(entry))

    async def find(self, client: ProviderClient, entry: Entry, since: datetime) -> Written[Listing] | None:
        found = await client.find_listing(self._under(entry), since)
        return None if found is None else Written(id=found.provider_id, record=found)

    def touched(self, outcome: Written[Listing] | None) -> Touched:
        return touched_by_new(outcome)

    def _under(self, entry: Entry) -> ListingDraft:
        return replace(self.draft, reference=entry.reference)


def touched_by_new(outcome: Written[Listing] | None) -> Touched:
    """What a new listing makes outdated; whatever there is of the account where it is not known which it is."""
    return Touched(everything=True) if outcome is None else Touched(listings=frozenset({outcome.id}))
