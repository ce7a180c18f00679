"""What records name by id: the PMSs' dictionaries, and the fields that businesses added."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from graph.accounts.accounts import ConnectedAccount
from graph.gateway.held_values import Words
from graph.gateway.keeper import Loaded
from graph.gateway.operation import Operation
from graph.gateway.reading import Outcome, Reading, key_of
from graph.gateway.store import Held, Key
from providers.catalogue import plugin
from providers.contract import ProviderClient
from providers.errors import NotSupported, ProviderError
from providers.model import DictionaryKind


class DictionaryOf(NamedTuple):
    """One dictionary of one connected account."""

    account_id: str
    kind: DictionaryKind


def has_dictionary(account: ConnectedAccount, kind: DictionaryKind) -> bool:
    """Whether the account's PMS has such a dictionary to read."""
    return kind in plugin(account.provider).client_class.dictionaries


class Dictionaries:
    """Reads dictionaries and custom fields. They change rarely, and each account has its own."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    async def read(
        self, operation: Operation, wanted: Sequence[DictionaryOf], max_age: int | None
    ) -> dict[DictionaryOf, Outcome]:
        """The ``Words`` of each dictionary. One that fails leaves the account's others alone.

        Imported listings are worded by the dictionaries of the account they come from.
        """
        freshness = self._reading.freshness(operation, self._reading.ages.dictionary, max_age)

        async def read_account(
            account: ConnectedAccount, group: Sequence[DictionaryOf]
        ) -> Mapping[DictionaryOf, Outcome]:
            keys = {key_of(account, "dictionary", each.kind): each for each in group}

            async def load(missing: Sequence[Key]) -> Loaded:
                client = await self._reading.client(account)
                loaded = await asyncio.gather(*(self._load(client, keys[key].kind) for key in missing))
                return dict(zip(missing, loaded, strict=True))

            kept = await self._reading.keeper.many(list(keys), freshness, load)
            return {keys[key]: outcome for key, outcome in kept.items()}

        accounts = (await self._reading.sight(operation)).readable
        return await self._reading.by_account(
            operation, wanted, lambda each: each.account_id, read_account, accounts=accounts
        )

    async def custom_fields(
        self, operation: Operation, account_ids: Sequence[str], max_age: int | None
    ) -> dict[str, Outcome]:
        """The custom fields of each account."""
        freshness = self._reading.freshness(operation, self._reading.ages.dictionary, max_age)
        return await self._reading.of_accounts(
            operation, account_ids, "custom-fields", freshness, lambda client: client.custom_fields()
        )

    async def _load(self, client: ProviderClient, kind: DictionaryKind) -> Held | ProviderError:
        if kind not in client.dictionaries:
            known = ", ".join(sorted(client.dictionaries))
            return NotSupported(f"This provider has no dictionary {kind}; it has {known or 'none'}.")
        try:
            return Held(Words.of(await client.dictionary(kind)), self._reading.clock.now())
        except ProviderError as error:
            return error
