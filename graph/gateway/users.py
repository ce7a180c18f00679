"""The people who work in the PMSs."""

from collections.abc import Sequence

from graph.gateway.held_values import PartValue
from graph.gateway.operation import Operation
from graph.gateway.reading import Outcome, Reading
from graph.gateway.store import Held
from providers.contract import ProviderClient


class Users:
    """Reads users."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    async def read(self, operation: Operation, account_ids: Sequence[str], max_age: int | None) -> dict[str, Outcome]:
        """A ``PartValue`` with the users of each account."""
        freshness = self._reading.freshness(operation, self._reading.ages.part, max_age)
        return await self._reading.of_accounts(operation, account_ids, "users", freshness, _users)


async def _users(client: ProviderClient) -> Held:
    batch = await client.users()
    odd = [record for records in batch.odd.values() for record in records]
    value = PartValue(list(batch.found.values()), odd, list(batch.failed.values()))
    return Held(value, batch.fetched_at, lasting=not batch.failed)
