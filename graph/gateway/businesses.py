"""The PMSs' own records of the businesses behind the connected accounts."""

from collections.abc import Mapping, Sequence

from graph.accounts.accounts import ConnectedAccount
from graph.gateway.operation import Operation
from graph.gateway.reading import Outcome, Reading, key_of
from graph.gateway.store import Held


class Businesses:
    """Reads provider accounts."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    async def read(self, operation: Operation, account_ids: Sequence[str], max_age: int | None) -> dict[str, Outcome]:
        """The business account behind each connected account."""
        freshness = self._reading.freshness(operation, self._reading.ages.account, max_age)

        async def read_account(account: ConnectedAccount, group: Sequence[str]) -> Mapping[str, Outcome]:
            async def load() -> Held:
                client = await self._reading.client(account)
                return Held(await client.account(), self._reading.clock.now())

            kept = await self._reading.keeper.one(key_of(account, "account", ""), freshness, load)
            return dict.fromkeys(group, kept)

        return await self._reading.by_account(operation, account_ids, lambda id_: id_, read_account)
