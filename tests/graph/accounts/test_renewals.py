"""One renewal of a token for all waiters and all processes."""

import asyncio
import sys
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
from tests.gateway_world import serving
from tests.graph.accounts.conftest import AcmeConfig, HandClock

ROOT = Path(__file__).parents[3]


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


READER = """
import asyncio, sys
from pathlib import Path
from graph.services import running
from graph.settings import Settings
from providers.upstream.clock import SystemClock

async def main(folder, url):
    settings = Settings(data_dir=Path(folder), provider_urls={"BOOKINGSYNC": url}, background_refresh=False)
    async with running(settings, clock=SystemClock()) as services:
        (account,) = await services.accounts.list("default")
        print("ready", flush=True)
        sys.stdin.readline()
        client = await services.connections.client(account)
        found = await asyncio.gather(*(client.account() for _ in range(5)))
        print(*{each.provider_id for each in found}, flush=True)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.timeout(180)  # two interpreters start, which takes long on a busy machine
async def test_processes_spend_a_refresh_token_once(tmp_path: Path) -> None:
    simulation = simulator(SimulatorOptions(accounts=1, listings=1, limits="off"))
    ((_, config),) = simulation.credentials()
    async with running(Settings(data_dir=tmp_path), clock=SystemClock()) as services:
        credentials = OAuthConfig.model_validate(config)
        await services.accounts.add("default", "BOOKINGSYNC", "Alps", AuthType.OAUTH, credentials)
    async with serving(simulation.app) as url:
        pipe = asyncio.subprocess.PIPE
        readers = [
            await asyncio.create_subprocess_exec(
                sys.executable, "-c", READER, str(tmp_path), url, stdin=pipe, stdout=pipe, cwd=ROOT
            )
            for _ in range(2)
        ]
        try:
            for reader in readers:
                assert reader.stdout is not None
                assert await reader.stdout.readline() == b"ready\n"
            answers = await asyncio.gather(*(reader.communicate(b"go\n") for reader in readers))
        finally:
            for reader in readers:
                if reader.returncode is None:
                    reader.kill()
                    await reader.wait()
    assert [out for out, _ in answers] == [b"3837\n"] * 2
    assert token_calls(simulation) == 1


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
