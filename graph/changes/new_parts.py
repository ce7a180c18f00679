"""How a part of a listing, or a policy, is made once: see ``graph.changes.once``.

No PMS keeps a reference of ours with these. What an earlier attempt made is known by what it says, and, where the PMS
tells when something was made, by that.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from graph.changes.ledger import Entry
from graph.changes.new_listings import NoGuard
from graph.gateway.touched import Touched
from providers.changes import AgreementChange, CancellationPolicyDraft, FeeChange, TaxChange, Written, given
from providers.contract import ProviderClient
from providers.errors import ProviderError
from providers.model import CancellationPolicy, Channel, ListingFee, ListingTax, Money, RentalAgreement
from providers.queries import Batch


class _Part(Protocol):
    @property
    def provider_id(self) -> str | None: ...


T = TypeVar("T", bound=_Part)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartPlan(Generic[T]):
    """The plan of one part. ``there`` reads those that are there, ``is_same`` says which of them are as wanted."""

    making: Callable[[ProviderClient], Awaitable[Written[T]]]
    there: Callable[[ProviderClient], Awaitable[Sequence[T]]]
    is_same: Callable[[T], bool]
    changed: Touched

    async def check(self, client: ProviderClient) -> None:
        """All that can be said is said before."""

    async def enter(self, client: ProviderClient, entry: Entry, seconds: float) -> NoGuard:
        return NoGuard()

    def is_protected(self) -> bool:
        """A PMS adds the same fee twice without a word."""
        return False

    async def send(self, client: ProviderClient, entry: Entry) -> Written[T]:
        return await self.making(client)

    async def find(self, client: ProviderClient, entry: Entry, since: datetime) -> Written[T] | None:
        """The last of those that are as wanted and do not say that they were made before ``since``."""
        found: T | None = None
        for each in await self.there(client):
            made_at: datetime | None = getattr(each, "created_at", None)
            if self.is_same(each) and (made_at is None or made_at >= since):
                found = each
        return None if found is None else Written(id=found.provider_id or "", record=found)

    def touched(self, outcome: Written[T] | None) -> Touched:
        return self.changed


def shows(draft: FeeChange | TaxChange, record: ListingFee | ListingTax) -> bool:
    """Whether a fee or a tax says all that a draft says. No text and an empty one are the same."""
    return all(_same(value, getattr(record, name, None)) for name, value in given(draft).items())


def shows_text(change: AgreementChange, record: RentalAgreement) -> bool:
    """Whether an agreement has the text of a change."""
    return (record.text or "").strip() == change.text.strip()


def shows_steps(draft: CancellationPolicyDraft, record: CancellationPolicy) -> bool:
    """Whether a policy has the name and the steps of a draft, in whatever order."""
    wanted = [(each.refund_kind, each.refund_value, each.event, each.seconds) for each in draft.items]
    told = [(each.refund_kind, each.refund_value, each.event, each.seconds) for each in record.items or ()]
    return record.name == draft.name and len(told) == len(wanted) and all(each in told for each in wanted)


def found_at(batch: Batch[list[T]], key: str) -> Sequence[T]:
    """What a read found under a key. Raises the ``ProviderError`` that it failed with there."""
    failure: ProviderError | None = batch.failed.get(key)
    if failure is not None:
        raise failure
    return batch.found.get(key, [])


async def own_policies(client: ProviderClient) -> Sequence[CancellationPolicy]:
    """The policies for bookings that the business takes itself."""
    return found_at(await client.cancellation_policies({Channel.DIRECT}), Channel.DIRECT.value)


def _same(wanted: object, shown: object) -> bool:
    if isinstance(shown, Money):
        shown = shown.amount
    return wanted == shown or (not wanted and not shown)
