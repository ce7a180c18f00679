"""What only PostgreSQL has: a server that may refuse, a pool, time-outs; and the gateway's whole way over it."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs

from graph.storage.database import Database
from graph.storage.failures import StorageError, StorageUnavailable
from graph.storage.tables import AccountRow
from tests.gateway_world import world
from tests.postgres import Server


async def failure(url: str) -> str:
    database = Database(url)
    with pytest.raises(StorageError) as caught:
        await database.migrate()
    await database.aclose()
    return str(caught.value)


async def test_a_database_that_is_not_there_is_named_without_its_password(postgres: Server) -> None:
    url = make_url(postgres.url("nowhere"))
    if postgres.ours:
        url = url.set(password="hunter2")
    said = await failure(url.render_as_string(hide_password=False))
    assert "nowhere" in said
    assert "does not exist" in said
    assert "hunter2" not in said


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://gate:hunter2@127.0.0.1:1/stay",
        "postgresql://gate:hunter2@/stay?host=/nowhere",
        "postgresql://gate@127.0.0.1:1/stay?password=hunter2",
    ],
)
async def test_a_server_that_cannot_be_reached_is_named_without_a_password(url: str) -> None:
    said = await failure(url)
    assert "The database stay on" in said
    assert "cannot be used" in said
    assert "hunter2" not in said


async def test_an_outage_is_logged_without_a_password() -> None:
    database = Database("postgresql://gate:hunter2@/stay?host=/nowhere&password=hunter3")
    with capture_logs() as logs, pytest.raises(StorageUnavailable) as caught:
        async with database.session():
            pytest.fail("there is no server")
    assert [line["database"] for line in logs] == ["stay on /nowhere"]
    assert "hunter" not in f"{logs} {caught.value}"
    await database.aclose()


async def test_a_process_has_ten_connections_at_most(postgres_url: str) -> None:
    database = Database(postgres_url)
    inside = 0

    async def read() -> None:
        nonlocal inside
        async with database.reading() as session:
            count = await session.scalar(
                text("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'staygraph'")
            )
            inside = max(inside, count or 0)

    await asyncio.gather(*(read() for _ in range(40)))
    assert 1 < inside <= 10
    await database.aclose()


async def test_a_reader_cannot_write(postgres_url: str) -> None:
    database = Database(postgres_url)
    with pytest.raises(Exception, match=r"read-only|at the moment"):
        async with database.reading() as session:
            await session.execute(text("DELETE FROM tenant"))
    await database.aclose()


async def test_a_failed_statement_does_not_tell_what_was_in_it(postgres_url: str) -> None:
    database = Database(postgres_url)
    with pytest.raises(DBAPIError) as caught:
        async with database.session() as session:
            await session.execute(text("SELECT nothing FROM tenant WHERE name = :name"), {"name": "hunter2"})
    assert "hunter2" not in str(caught.value)
    await database.aclose()


READ = "{ accounts { nodes { id name } } listings(first: 3) { totalCount nodes { name } sources { status } } }"
RENAME = """mutation($id: ID!) {
  updateIntegrationAccount(id: $id, input: { name: "Renamed", markupPercentage: "7.25" }) {
    account { name markupPercentage createdAt updatedAt } userErrors { field code } } }"""


async def test_the_gateway_reads_and_changes_over_http(postgres_url: str, tmp_path: Path) -> None:
    async with world(tmp_path, database_url=postgres_url) as running:
        read = await running.data(READ)
        assert read["listings"]["totalCount"] == 18
        assert {source["status"] for source in read["listings"]["sources"]} == {"OK"}
        changed = await running.change(RENAME, id=read["accounts"]["nodes"][0]["id"])
        assert changed["userErrors"] == []
        assert (changed["account"]["name"], changed["account"]["markupPercentage"]) == ("Renamed", "7.25")
        assert changed["account"]["createdAt"] < changed["account"]["updatedAt"]
        assert (await running.data(READ))["accounts"]["nodes"][0]["name"] == "Renamed"
        async with running.services.database.reading() as session:
            rows: Any = list(await session.scalars(select(AccountRow)))
        assert len(rows) == 3
        assert not (tmp_path / "staygraph.db").exists()
