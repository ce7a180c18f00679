"""Dataloaders, one per access path, named for the question they answer. They live for one operation."""

import asyncio
from collections.abc import Sequence
from typing import Any, TypeVar

from strawberry.dataloader import DataLoader

from graph.access.paths import Paths
from graph.accounts.accounts import ConnectedAccount
from graph.accounts.approvals import ListingApproval
from graph.gateway.calendars import DaysOfListing
from graph.gateway.dictionaries import DictionaryOf
from graph.gateway.gateway import Gateway
from graph.gateway.held_values import PartValue, Words
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


class Loaders:
    """The dataloaders for one maximum age: answers of different ages are never mixed."""

    def __init__(self, paths: Paths) -> None:
        self.account_by_id: DataLoader[str, ConnectedAccount | None] = DataLoader(paths.accounts_by_id)
        self.readable_account: DataLoader[str, ConnectedAccount | None] = DataLoader(paths.readable_accounts)
        self.approval_of_listing: DataLoader[Ref, ListingApproval] = DataLoader(paths.approvals)
        self.provider_account: DataLoader[str, ProviderAccount | None] = DataLoader(paths.provider_accounts)
        self.listing_by_id: DataLoader[Ref, Listing | None] = DataLoader(paths.listings_by_id)
        self.reservation_by_id: DataLoader[Ref, Reservation | None] = DataLoader(paths.reservations_by_id)
        self.reservations_by_listing: DataLoader[OfListing, Outcome] = DataLoader(paths.reservations_by_listing)
        self.calendar: DataLoader[DaysOfListing, Calendar | None] = DataLoader(paths.calendars)
        self.price: DataLoader[Stay, PriceDetails | None] = DataLoader(paths.prices)
        self.part_of_listing: DataLoader[PartOf, PartValue | None] = DataLoader(paths.parts)
        self.policies: DataLoader[PoliciesOf, PartValue] = DataLoader(paths.policies)
        self.dictionary: DataLoader[DictionaryOf, Words] = DataLoader(paths.dictionaries)
        self.custom_fields: DataLoader[str, list[CustomField]] = DataLoader(paths.custom_fields)
        self.users: DataLoader[str, PartValue] = DataLoader(paths.users)


class LoaderRegistry:
    """The loaders of one operation, by maximum age."""

    def __init__(self, gateway: Gateway, operation: Operation) -> None:
        self._gateway = gateway
        self._operation = operation
        self._by_age: dict[int | None, Loaders] = {}

    def at(self, max_age: int | None) -> Loaders:
        if max_age not in self._by_age:
            self._by_age[max_age] = Loaders(Paths(self._gateway, self._operation, max_age))
        return self._by_age[max_age]

    def begin_anew(self) -> None:
        """Forget what was loaded so far in this operation: it may be older than a change that was just made."""
        self._by_age.clear()


async def settled(loader: "DataLoader[K, Any]", keys: Sequence[K]) -> list[Any]:
    """The value, or the exception, of each key in order: one failure leaves the others alone."""
    return await asyncio.gather(*(loader.load(key) for key in keys), return_exceptions=True)
