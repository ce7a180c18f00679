"""Cancellation policies: lists of the whole account, one for each channel."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from graph.accounts.accounts import ConnectedAccount
from graph.gateway.keeper import Loaded
from graph.gateway.operation import Operation
from graph.gateway.reading import Outcome, Reading, key_of
from graph.gateway.store import Held, Key
from providers.model import CancellationPolicy, Channel


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
        """The policies of each account and channel; channels that are missing are asked for together."""
        freshness = self._reading.freshness(operation, self._reading.ages.part, max_age)

        async def read_account(account: ConnectedAccount, group: Sequence[PoliciesOf]) -> Mapping[PoliciesOf, Outcome]:
            keys = {_key(account, each.channel): each for each in group}

            async def load(missing: Sequence[Key]) -> Loaded:
                client = await self._reading.client(account)
                channels = [keys[key].channel for key in missing]
                named = [] if None in channels else [channel for channel in channels if channel]
                policies = await client.cancellation_policies(named)
                return self._by_channel(account, policies, set(channels))

            kept = await self._reading.keeper.many(list(keys), freshness, load)
            return {keys[key]: outcome for key, outcome in kept.items()}

        return await self._reading.by_account(operation, wanted, lambda each: each.account_id, read_account)

    def _by_channel(
        self, account: ConnectedAccount, policies: Sequence[CancellationPolicy], channels: set[Channel | None]
    ) -> Loaded:
        now = self._reading.clock.now()
        if None in channels:
            channels = channels | {policy.channel for policy in policies}
        return {
            _key(account, channel): Held(
                [policy for policy in policies if channel in (None, policy.channel)],
                now,
            )
            for channel in channels
        }


def _key(account: ConnectedAccount, channel: Channel | None) -> Key:
    return key_of(account, "cancellation-policies", channel or "")
