"""How what belongs to a listing, or an account, is made once: see ``graph.changes.once``.

PMSs take no name of ours for a fee, a tax, an agreement or a policy. So what is there before is noted, and what an
earlier attempt made is known by being new and like what was asked for.
"""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from graph.changes.ledger import Entry
from graph.changes.no_guard import NoGuard
from graph.gateway.touched import Touched
from providers.changes import AgreementChange, CancellationPolicyDraft, FeeDraft, TaxDraft, Written, given
from providers.contract import ProviderClient
from providers.errors import UpstreamUnavailable
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
        written = await self.making.make(client)
        if written.id and written.id in _before(entry):
            # The answer was lost, and what the plugin found instead was there already.
            raise UpstreamUnavailable("The PMS did not answer.", was_sent=True)
        return written

    async def find(self, client: ProviderClient, entry: Entry, since: datetime) -> Written[R] | None:
        """The first that was not there before, does not say that it was made before ``since``, and is as asked for."""
        if entry.made(_BEFORE) is None:
            return None
        before = _before(entry)
        for each in await self.making.listed(client):
            if each.provider_id not in before and _may_be_made_since(each, since) and self.making.is_like(each):
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
        is_like=lambda agreement: _is_like(agreement, change),
    )


def making_policy(draft: CancellationPolicyDraft) -> Making[CancellationPolicy]:
    """A cancellation policy of the business's own."""
    return Making(
        make=lambda client: client.create_cancellation_policy(draft),
        listed=lambda client: _of(Channel.DIRECT.value, client.cancellation_policies([Channel.DIRECT])),
        is_like=lambda policy: _same(policy.name, draft.name) and _has_steps(policy, draft),
    )


def _before(entry: Entry) -> frozenset[str | None]:
    """The ids of what was there before the first attempt."""
    return frozenset(json.loads(entry.made(_BEFORE) or "[]"))


async def _of(key: str, reading: Awaitable[Batch[list[R]]]) -> Sequence[R]:
    """What was read under one key. Raises ``ProviderError``."""
    batch = await reading
    if (failure := batch.failed.get(key)) is not None:
        raise failure
    return batch.found.get(key, [])


def _may_be_made_since(record: object, since: datetime) -> bool:
    """Whether it was made since, as far as the PMS tells when that was."""
    made_at: datetime | None = getattr(record, "created_at", None)
    return made_at is None or made_at >= since


def _is_like(record: object, asked: Any) -> bool:
    """Whether a record says nothing else than what was asked for. What it does not tell, or was left out, may be."""
    return all(_same(getattr(record, name, None), value) for name, value in given(asked).items())


def _same(told: object, asked: object) -> bool:
    if isinstance(told, Money):
        told = told.amount
    if isinstance(told, str) and isinstance(asked, str):
        told, asked = told.strip(), asked.strip()
    return told in (None, "") or asked in (None, "") or told == asked


def _has_steps(policy: CancellationPolicy, draft: CancellationPolicyDraft) -> bool:
    """Whether a policy has the steps of a draft, in whatever order."""
    if policy.items is None:
        return True
    left = list(policy.items)
    for asked in draft.items:
        found = next((each for each in left if _is_like(each, asked)), None)
        if found is None:
            return False
        left.remove(found)
    return not left
