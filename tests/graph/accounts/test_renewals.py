"""One renewal of a token for all waiters and all processes."""

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from graph.accounts.accounts import Accounts, ConnectedAccount
from graph.accounts.renewals import Renewals
from graph.services import Services, running
from graph.settings import Settings
from graph.storage.database import Database
from graph.storage.tables import TokenRenewalRow
from providers.bookingsync.manifest import OAuthConfig
from providers.bookingsync.simulator import BookingsyncSimulation, simulator
from providers.contract import SimulatorOptions
from providers.manifest import AuthType
from providers.upstream.clock import SystemClock
from tests.graph.accounts.conftest import AcmeConfig, HandClock


def token_calls(simulation: BookingsyncSimulation) -> int:
    return sum(call.path == "/oauth/token" for call in simulation.app.calls)


async def read(services: Services, account: ConnectedAccount) -> str:
    client = await services.connections.client(account)
    return (await client.account()).provider_id


async def test_gateways_that_share_a_database_spend_each_refresh_token_once(tmp_path: Path) -> None:
    simulation = simulator(SimulatorOptions(accounts=1, listings=1, limits="off"))
    ((_, config),) = simulation.credentials()
    settings = Settings(data_dir=tmp_path, background_refresh=False)
    async with AsyncExitStack() as stack:
        gateways = [
            await stack.enter_async_context(
                running(settings, clock=SystemClock(), transport=httpx.ASGITransport(simulation.app))
            )
            for _ in range(3)
        ]
        account = await gateways[0].accounts.add(
            "default", "BOOKINGSYNC", "Alps", AuthType.OAUTH, OAuthConfig.model_validate(config)
        )
        for renewals in range(1, 6):
            simulation.revoke(0)
            found = await asyncio.gather(*(read(gateway, account) for gateway in gateways * 4))
            assert set(found) == {"3837"}
            assert token_calls(simulation) == renewals
    async with AsyncExitStack() as stack:
        later = await stack.enter_async_context(
            running(settings, clock=SystemClock(), transport=httpx.ASGITransport(simulation.app))
        )
        assert await read(later, account) == "3837"
        assert token_calls(simulation) == 5
        async with later.database.reading() as session:
            assert (await session.scalars(select(TokenRenewalRow))).all() == []


@pytest.fixture
async def acme(accounts: Accounts) -> ConnectedAccount:
    config = AcmeConfig.model_validate({"clientId": "1", "refreshToken": "r"})
    return await accounts.add("default", "ACME", "Beach", AuthType.OAUTH, config)


async def test_right_of_a_holder_that_died_runs_out(
    database: Database, clock: HandClock, acme: ConnectedAccount
) -> None:
    async with database.session() as session:
        until = clock.now() + timedelta(seconds=80)
        session.add(TokenRenewalRow(account_id=acme.id, tenant_id="default", holder="dead", until=until))
    async with Renewals(database, clock).hold(acme.id, 60):
        assert 80 <= clock.elapsed < 82
        async with database.reading() as session:
            held = await session.get_one(TokenRenewalRow, acme.id)
        assert held.until - clock.now() == timedelta(seconds=60)


async def test_right_is_given_back_also_after_a_failure_and_only_by_its_holder(
    database: Database, clock: HandClock, acme: ConnectedAccount
) -> None:
    renewals = Renewals(database, clock)
    with pytest.raises(ZeroDivisionError):
        async with renewals.hold(acme.id, 60):
            raise ZeroDivisionError
    async with renewals.hold(acme.id, 60):
        clock.elapsed += 61
        async with Renewals(database, clock).hold(acme.id, 60):
            elapsed = clock.elapsed
            waiting = asyncio.ensure_future(enter(renewals, acme.id))
            await asyncio.sleep(0)
            assert not waiting.done()
        await waiting
    assert clock.elapsed < elapsed + 60


async def enter(renewals: Renewals, account_id: str) -> None:
    async with renewals.hold(account_id, 60):
        pass


async def test_late_holder_does_not_take_the_right_of_its_successor_away(
    database: Database, clock: HandClock, acme: ConnectedAccount
) -> None:
    late, successor = Renewals(database, clock).hold(acme.id, 60), Renewals(database, clock).hold(acme.id, 60)
    await late.__aenter__()
    clock.elapsed += 61
    await successor.__aenter__()
    await late.__aexit__(None, None, None)
    async with database.reading() as session:
        assert (await session.scalars(select(TokenRenewalRow.account_id))).all() == [acme.id]
    await successor.__aexit__(None, None, None)


async def test_account_that_was_removed_needs_no_right(database: Database, clock: HandClock) -> None:
    entered: list[Any] = []
    async with Renewals(database, clock).hold("acc_gone", 60):
        entered.append(clock.elapsed)
    assert entered == [0.0]
