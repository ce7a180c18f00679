"""Parts of listings that PMSs keep as records of their own, read for all listings of an answer together."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from graph.gateway.held_values import PartValue
from graph.gateway.operation import Operation
from graph.gateway.reading import Outcome, Reading
from graph.gateway.refs import Ref
from providers.contract import ProviderClient
from providers.queries import Batch


class Part(StrEnum):
    """A part of a listing."""

    FEES = "fees"
    TAXES = "taxes"
    UNITS = "units"
    AGREEMENTS = "agreements"
    PRICING_SETTINGS = "pricing_settings"


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

    async def read(
        self, operation: Operation, part: Part, listings: Sequence[Ref], max_age: int | None
    ) -> dict[Ref, Outcome]:
        """The ``PartValue`` of each listing; the value None where the PMS has no such listing."""
        freshness = self._reading.freshness(operation, self._reading.ages.part, max_age)

        async def read(client: ProviderClient, ids: Sequence[str]) -> Batch[PartValue]:
            batch = await _READS[part](client, ids)
            found = {id_: PartValue(value, batch.odd.get(id_, ())) for id_, value in batch.found.items()}
            return Batch(found=found, failed=batch.failed, fetched_at=batch.fetched_at)

        return await self._reading.records(operation, listings, f"part:{part}", freshness, read)
