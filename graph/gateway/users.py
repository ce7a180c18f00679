"""The people who work in the PMSs."""

from collections.abc import Sequence

from graph.gateway.operation import Operation
from graph.gateway.reading import Outcome, Reading


class Users:
    """Reads users."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    async def read(self, operation: Operation, account_ids: Sequence[str], max_age: int | None) -> dict[str, Outcome]:
        """The users of each account."""
        freshness = self._reading.freshness(operation, self._reading.ages.part, max_age)
        return await self._reading.of_accounts(
            operation, account_ids, "users", freshness, lambda client: client.users()
        )
