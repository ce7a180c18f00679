"""Simulated PMSs that live: reservations change by themselves, and their webhooks tell the gateway."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any

import httpx

from graph.accounts.tenants import DEFAULT_TENANT
from graph.cli.simulated import SimulatedPms
from graph.events.account_webhooks import AccountWebhooks

CHANGE_SECONDS = 4.0
"""Between two changes, whatever the account."""


@dataclass(frozen=True, slots=True, repr=False)
class LivingAccount:
    """A simulated account by its number at its PMS, and how its webhooks are ordered."""

    pms_url: str
    number: int
    order: Mapping[str, str]


async def living_accounts(
    webhooks: AccountWebhooks, pmss: Sequence[SimulatedPms], account_ids: Mapping[str, Sequence[str]]
) -> list[LivingAccount]:
    """The accounts of the simulators, each with an address at the gateway of its own; PMSs take turns.

    ``account_ids`` are ours by provider, in the order of the PMS's numbers.
    """
    found: list[LivingAccount] = []
    for pms in pmss:
        for number, account_id in enumerate(account_ids[pms.plugin.manifest.code]):
            entry = await webhooks.make(DEFAULT_TENANT, account_id)
            login = {"login": entry.login.login, "password": entry.login.password} if entry.login else {}
            found.append(LivingAccount(pms.site.url, number, {"url": entry.url, **login}))
    return sorted(found, key=lambda account: account.number)


async def keep_changing(accounts: Sequence[LivingAccount], every: float = CHANGE_SECONDS) -> None:
    """Change a reservation each ``every`` seconds and have the PMS send its webhook, until it is cancelled."""
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        for account in cycle(accounts):
            await asyncio.sleep(every)
            try:
                await change_one(client, account)
            except httpx.HTTPError:
                continue  # one of both is being stopped


async def change_one(client: httpx.AsyncClient, account: LivingAccount) -> dict[str, Any] | None:
    """Change a reservation of an account, and tell the gateway. Answers what changed; None if nothing could.

    Raises ``httpx.HTTPError``.
    """
    answer = await client.post(f"{account.pms_url}/_control/changes", json={"account": account.number})
    if not answer.is_success:
        return None
    changed: dict[str, Any] = answer.json()
    order = {**account.order, **changed, "account": account.number}
    (await client.post(f"{account.pms_url}/_control/webhooks", json=order)).raise_for_status()
    return changed
