"""The batch functions. Each answers a value, None or an exception for every key, in the order of the keys."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from graph.accounts.accounts import ConnectedAccount
from graph.accounts.approvals import ListingApproval
from graph.gateway.calendars import DaysOfListing
from graph.gateway.dictionaries import DictionaryOf
from graph.gateway.gateway import Gateway
from graph.gateway.held_values import PartValue, Words
from graph.gateway.keeper import Kept
from graph.gateway.operation import Operation
from graph.gateway.parts import PartOf
from graph.gateway.policies import PoliciesOf
from graph.gateway.prices import Stay
from graph.gateway.reading import Outcome
from graph.gateway.refs import Ref
from graph.gateway.reservations import OfListing
from providers.model import (
    Calendar,
    CustomField,
    Listing,
    PriceDetails,
    ProviderAccount,
    Reservation,
)

K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Paths:
    """The access paths of one operation, at one maximum age (seconds; None: the defaults)."""

    gateway: Gateway
    operation: Operation
    max_age: int | None

    async def accounts_by_id(self, ids: Sequence[str]) -> list[ConnectedAccount | None]:
        known = await self.gateway.reading.known_accounts(self.operation)
        return [known.get(id_) for id_ in ids]

    async def readable_accounts(self, ids: Sequence[str]) -> list[ConnectedAccount | None]:
        """Accounts by id, those of other tenants too of which listings were imported: not to be shown."""
        known = (await self.gateway.reading.sight(self.operation)).readable
        return [known.get(id_) for id_ in ids]

    async def approvals(self, refs: Sequence[Ref]) -> list[ListingApproval]:
        sight = await self.gateway.reading.sight(self.operation)
        return [sight.approval(ref) for ref in refs]

    async def provider_accounts(self, account_ids: Sequence[str]) -> list[ProviderAccount | Exception | None]:
        return _values(account_ids, await self.gateway.businesses.read(self.operation, account_ids, self.max_age))

    async def listings_by_id(self, refs: Sequence[Ref]) -> list[Listing | Exception | None]:
        return _values(refs, await self.gateway.listings.by_id(self.operation, refs, self.max_age))

    async def reservations_by_id(self, refs: Sequence[Ref]) -> list[Reservation | Exception | None]:
        return _values(refs, await self.gateway.reservations.by_id(self.operation, refs, self.max_age))

    async def reservations_by_listing(self, keys: Sequence[OfListing]) -> list[Outcome]:
        """Unlike the others this keeps the age and the failure: a connection reports them as its source."""
        outcomes = await self.gateway.reservations.by_listing(self.operation, keys, self.max_age)
        return [outcomes[key] for key in keys]

    async def calendars(self, keys: Sequence[DaysOfListing]) -> list[Calendar | Exception | None]:
        return _values(keys, await self.gateway.calendars.read(self.operation, keys, self.max_age))

    async def prices(self, stays: Sequence[Stay]) -> list[PriceDetails | Exception | None]:
        return _values(stays, await self.gateway.prices.read(self.operation, stays, self.max_age))

    async def parts(self, keys: Sequence[PartOf]) -> list[PartValue | Exception | None]:
        return _values(keys, await self.gateway.parts.read(self.operation, keys, self.max_age))

    async def policies(self, keys: Sequence[PoliciesOf]) -> list[PartValue | Exception]:
        return _values(keys, await self.gateway.policies.read(self.operation, keys, self.max_age))

    async def dictionaries(self, keys: Sequence[DictionaryOf]) -> list[Words | Exception]:
        return _values(keys, await self.gateway.dictionaries.read(self.operation, keys, self.max_age))

    async def custom_fields(self, account_ids: Sequence[str]) -> list[list[CustomField] | Exception]:
        outcomes = await self.gateway.dictionaries.custom_fields(self.operation, account_ids, self.max_age)
        return _values(account_ids, outcomes)

    async def users(self, account_ids: Sequence[str]) -> list[PartValue | Exception]:
        return _values(account_ids, await self.gateway.users.read(self.operation, account_ids, self.max_age))


def _values(keys: Sequence[K], outcomes: Mapping[K, Outcome]) -> list[Any]:
    found = (outcomes[key] for key in keys)
    return [outcome.value if isinstance(outcome, Kept) else outcome for outcome in found]
