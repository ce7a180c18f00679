"""The PMSs' own records of the businesses behind the connected accounts."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from graph.accounts.accounts import ConnectedAccount
from graph.gateway.keeper import Kept
from graph.gateway.operation import Operation
from graph.gateway.reading import Outcome, Reading, key_of
from graph.gateway.store import Held
from providers.capabilities import Capability
from providers.contract import ProviderClient, capabilities
from providers.model import ProviderAccount
from providers.queries import Page


class Businesses:
    """Reads provider accounts."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    async def read(self, operation: Operation, account_ids: Sequence[str], max_age: int | None) -> dict[str, Outcome]:
        """The business account behind each connected account."""
        freshness = self._reading.freshness(operation, self._reading.ages.account, max_age)
        return await self._reading.of_accounts(
            operation, account_ids, "account", freshness, lambda client: client.account()
        )

    async def seen(
        self, operation: Operation, account_ids: Sequence[str], updated_since: datetime | None, max_age: int | None
    ) -> dict[str, Outcome]:
        """A ``Page`` of every business account that each connected account sees.

        Through a PMS that lists none, an account sees its own: that one is kept under ``updated_since`` when in doubt.
        """
        freshness = self._reading.freshness(operation, self._reading.ages.account, max_age)
        since = updated_since.isoformat() if updated_since else ""

        async def read_account(account: ConnectedAccount, group: Sequence[str]) -> Mapping[str, Outcome]:
            client = await self._reading.client(account)
            if not lists_accounts(client):
                own = (await self.read(operation, [account.id], max_age))[account.id]
                return dict.fromkeys(group, _page_of(own, updated_since))

            async def load() -> Held:
                page = await client.provider_accounts(updated_since)
                return Held(page, page.fetched_at)

            kept = await self._reading.keeper.one(key_of(account, "accounts-seen", since), freshness, load)
            return dict.fromkeys(group, kept)

        return await self._reading.by_account(operation, account_ids, lambda id_: id_, read_account)


def lists_accounts(client: ProviderClient) -> bool:
    """Whether a client can list more business accounts than its own."""
    return Capability.PROVIDER_ACCOUNTS in capabilities(type(client))


def _page_of(own: Outcome, updated_since: datetime | None) -> Outcome:
    if not isinstance(own, Kept):
        return own
    business: ProviderAccount = own.value
    known = business.updated_at
    items = [] if updated_since and known and known < updated_since else [business]
    return Kept(Page(items=items, next=None, total=len(items), fetched_at=own.fetched_at), own.fetched_at, own.error)
