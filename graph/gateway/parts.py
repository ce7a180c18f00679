"""Parts of listings that PMSs keep as records of their own, read for all listings of an answer together."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from graph.accounts.accounts import ConnectedAccount
from graph.gateway.held_values import PartValue
from graph.gateway.keeper import Kept
from graph.gateway.operation import Freshness, Operation
from graph.gateway.reading import Outcome, Reading
from graph.gateway.refs import Ref
from providers.contract import ProviderClient
from providers.errors import ProviderError
from providers.queries import Batch


class Part(StrEnum):
    """A part of a listing."""

    FEES = "fees"
    TAXES = "taxes"
    UNITS = "units"
    AGREEMENTS = "agreements"
    PRICING_SETTINGS = "pricing_settings"


class PartOf(NamedTuple):
    """A part of one listing."""

    part: Part
    listing: Ref


_READS: Mapping[Part, Callable[[ProviderClient, Sequence[str]], Awaitable[Batch[Any]]]] = {
    Part.FEES: lambda client, ids: client.fees(ids),
    Part.TAXES: lambda client, ids: client.taxes(ids),
    Part.UNITS: lambda client, ids: client.units(ids),
    Part.AGREEMENTS: lambda client, ids: client.agreements(ids),
    Part.PRICING_SETTINGS: lambda client, ids: client.pricing_settings(ids),
}


class ListingParts:
    """Reads parts of listings."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    async def read(self, operation: Operation, wanted: Sequence[PartOf], max_age: int | None) -> dict[PartOf, Outcome]:
        """The ``PartValue`` of each part of each listing; the value None where the PMS has no such listing.

        The same for listings that the tenant does not see, and for imported ones: their parts are the owner's.
        All parts of an account are asked for at the same time, so that a plugin can serve several with one call.
        """
        freshness = self._reading.freshness(operation, self._reading.ages.part, max_age)

        async def read_account(account: ConnectedAccount, group: Sequence[PartOf]) -> Mapping[PartOf, Outcome]:
            parts = dict.fromkeys(each.part for each in group)
            read = await asyncio.gather(
                *(self._part(account, [each for each in group if each.part is part], part, freshness) for part in parts)
            )
            return {key: outcome for outcomes in read for key, outcome in outcomes.items()}

        sight = await self._reading.sight(operation)
        own = [each for each in wanted if sight.shows(each.listing) and each.listing.account_id not in sight.imported]
        outcomes = await self._reading.by_account(operation, own, lambda each: each.listing.account_id, read_account)
        unseen = Kept(None, self._reading.clock.now())
        return {each: outcomes.get(each, unseen) for each in wanted}

    async def _part(
        self, account: ConnectedAccount, wanted: Sequence[PartOf], part: Part, freshness: Freshness
    ) -> dict[PartOf, Outcome]:
        """One part of some listings. Its failure leaves the other parts alone."""

        async def read(client: ProviderClient, ids: Sequence[str]) -> Batch[PartValue]:
            batch = await _READS[part](client, ids)
            found = {id_: PartValue(value, batch.odd.get(id_, ())) for id_, value in batch.found.items()}
            return Batch(found=found, failed=batch.failed, fetched_at=batch.fetched_at)

        try:
            outcomes = await self._reading.records_of(
                account, [each.listing for each in wanted], f"part:{part}", freshness, read
            )
        except ProviderError as error:
            return dict.fromkeys(wanted, error)
        return {PartOf(part, listing): outcome for listing, outcome in outcomes.items()}
