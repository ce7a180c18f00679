"""How what belongs to a listing, or an account, is made once: see ``graph.changes.once``.

PMSs take no name of ours for a fee, a tax, an agreement or a policy. So what is there before is noted, and what an
earlier attempt made is known by being new and like what was asked for.
"""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Generic, Protocol, TypeVar

from graph.changes.ledger import Entry
from graph.changes.no_guard import NoGuard
from graph.gateway.touched import Touched
from providers.changes import (
    AgreementChange,
    CancellationPolicyDraft,
    FeeDraft,
    Omitted,
    TaxDraft,
    Written,
)
from providers.contract import ProviderClient
from providers.model import CancellationPolicy, Channel, ListingFee, ListingTax, Money, RentalAgreement
from providers.queries import Batch

_BEFORE = "before"
"""The step under which the ids of what was there before are noted."""


class Record(Protocol):
    """Something that a PMS keeps among others of its kind."""

    @property
    def provider_id(self) -> str | None: ...


R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True, kw_only=True)
class Making(Generic[R]):
    """How one thing is made, how all of its kind are read, and whether one of them is what was asked for."""

    make: Callable[[ProviderClient], Awaitable[Written[R]]]
    listed: Callable[[ProviderClient], Awaitable[Sequence[R]]]
    is_like: Callable[[R], bool]


@dataclass(frozen=True, slots=True)
class MakingPlan(Generic[R]):
    """The plan of one thing, which outdates ``outdated``."""

    making: Making[R]
    outdated: Touched

    async def check(self, client: ProviderClient) -> None:
        """All that can be said is said before."""

    async def enter(self, client: ProviderClient, entry: Entry, seconds: float) -> NoGuard:
        if entry.made(_BEFORE) is None:
            there = [each.provider_id for each in await self.making.listed(client)]
            await entry.note(_BEFORE, json.dumps(there))
        return NoGuard()

    def is_protected(self) -> bool:
        """A PMS makes two like ones without a word."""
        return False

    def is_begun(self, entry: Entry) -> bool:
        return False

    async def send(self, client: ProviderClient, entry: Entry) -> Written[R]:
        return await self.making.make(client)

    async def find(self, client: ProviderClient, entry: Entry, since: datetime) -> Written[R] | None:
        if (noted := entry.made(_BEFORE)) is None:
            return None
        before = set(json.loads(noted))
        for each in await self.making.listed(client):
            if each.provider_id not in before and self.making.is_like(each):
                # The one agreement of a listing may have no id of its own.
                return Written(id=each.provider_id or "", record=each)
        return None

    def touched(self, outcome: Written[R] | None) -> Touched:
        return self.outdated


def making_fee(listing_id: str, draft: FeeDraft) -> Making[ListingFee]:
    """A fee setting of a listing."""
    return Making(
        make=lambda client: client.create_fee(listing_id, draft),
        listed=lambda client: _of(listing_id, client.fees([listing_id])),
        is_like=lambda fee: _is_like(fee, draft),
    )


def making_tax(listing_id: str, draft: TaxDraft) -> Making[ListingTax]:
    """A tax setting of a listing."""
    return Making(
        make=lambda client: client.create_tax(listing_id, draft),
        listed=lambda client: _of(listing_id, client.taxes([listing_id])),
        is_like=lambda tax: _is_like(tax, draft),
    )


def making_agreement(listing_id: str, change: AgreementChange) -> Making[RentalAgreement]:
    """The rental agreement of a listing, of which there is one at the most."""
    return Making(
        make=lambda client: client.create_agreement(listing_id, change),
        listed=lambda client: _of(listing_id, client.agreements([listing_id])),
        is_like=lambda agreement: _same(agreement.text, change.text),
    )


def making_policy(draft: CancellationPolicyDraft) -> Making[CancellationPolicy]:
    """A cancellation policy of the business's own."""
    return Making(
        make=lambda client: client.create_cancellation_policy(draft),
        listed=lambda client: _of(Channel.DIRECT.value, client.cancellation_policies([Channel.DIRECT])),
        is_like=lambda policy: _same(policy.name, draft.name) and _counts(policy, draft),
    )


async def _of(key: str, reading: Awaitable[Batch[list[R]]]) -> Sequence[R]:
    """What was read under one key. Raises ``ProviderError``."""
    batch = await reading
    if (failure := batch.failed.get(key)) is not None:
        raise failure
    return batch.found.get(key, [])


def _is_like(record: ListingFee | ListingTax, draft: FeeDraft | TaxDraft) -> bool:
    """Whether a record says nothing else than what was asked for. What it does not tell, or was left out, may be."""
    return (
        _equal(record.amount, draft.amount)
        and _equal(record.percentage, draft.percentage)
        and _same(record.name, draft.name)
        and _same(record.title, draft.title)
    )


def _equal(told: Money | Decimal | None, asked: Decimal | Omitted) -> bool:
    number = told.amount if isinstance(told, Money) else told
    return number is None or isinstance(asked, Omitted) or number == asked


def _same(told: str | None, asked: str | Omitted | None) -> bool:
    return not told or not asked or told.strip() == asked.strip()


def _counts(policy: CancellationPolicy, draft: CancellationPolicyDraft) -> bool:
    return policy.items is None or len(policy.items) == len(draft.items)
