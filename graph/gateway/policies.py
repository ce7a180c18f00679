"""Cancellation policies: lists of the whole account, one for each channel."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from graph.accounts.accounts import ConnectedAccount
from graph.gateway.held_values import PartValue
from graph.gateway.keeper import Loaded
from graph.gateway.operation import Operation
from graph.gateway.reading import Outcome, Reading, key_of
from graph.gateway.store import Held, Key
from providers.errors import ProviderError
from providers.model import CancellationPolicy, Channel
from providers.queries import Batch


class PoliciesOf(NamedTuple):
    """An account's cancellation policies for one channel; None: for all that its PMS has."""

    account_id: str
    channel: Channel | None


class Policies:
    """Reads cancellation policies."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    async def read(
        self, operation: Operation, wanted: Sequence[PoliciesOf], max_age: int | None
    ) -> dict[PoliciesOf, Outcome]:
        """A ``PartValue`` for each account and channel; channels that are missing are asked for together."""
        freshness = self._reading.freshness(operation, self._reading.ages.part, max_age)

        async def read_account(account: ConnectedAccount, group: Sequence[PoliciesOf]) -> Mapping[PoliciesOf, Outcome]:
            keys = {_key(account, each.channel): each for each in group}

            async def load(missing: Sequence[Key]) -> Loaded:
                client = await self._reading.client(account)
                channels = [keys[key].channel for key in missing]
                named = [] if None in channels else [channel for channel in channels if channel]
                return _by_channel(account, await client.cancellation_policies(named), channels)

            kept = await self._reading.keeper.many(list(keys), freshness, load)
            return {keys[key]: outcome for key, outcome in kept.items()}

        return await self._reading.by_account(operation, wanted, lambda each: each.account_id, read_account)


def _by_channel(
    account: ConnectedAccount, batch: Batch[list[CancellationPolicy]], channels: Sequence[Channel | None]
) -> Loaded:
    """The outcome of each of ``channels``, and of the others that the batch knows; None stands for all together."""
    known = {Channel[name] for name in (*batch.found, *batch.failed)}
    loaded: dict[Key, Held | ProviderError] = {}
    for channel in known.union(channel for channel in channels if channel):
        failure = batch.failed.get(channel)
        value = PartValue(batch.found.get(channel, []), batch.odd.get(channel, ()))
        loaded[_key(account, channel)] = failure or Held(value, batch.fetched_at)
    if None in channels:
        loaded[_key(account, None)] = _all(batch)
    return loaded


def _all(batch: Batch[list[CancellationPolicy]]) -> Held | ProviderError:
    """The policies of all channels; the first failure where not one channel could be read."""
    if batch.failed and not batch.found:
        return next(iter(batch.failed.values()))
    return Held(
        PartValue(
            [policy for policies in batch.found.values() for policy in policies],
            [record for records in batch.odd.values() for record in records],
            list(batch.failed.values()),
        ),
        batch.fetched_at,
        lasting=not batch.failed,
    )


def _key(account: ConnectedAccount, channel: Channel | None) -> Key:
    return key_of(account, "cancellation-policies", channel or "")
