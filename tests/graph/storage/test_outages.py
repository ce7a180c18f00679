"""The database locked, full, or gone: a clear code, one log line, nothing half done, and recovery by itself."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy import event, select, text
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs

from graph.accounts.keys import Permission
from graph.storage.database import Database
from graph.storage.failures import StorageUnavailable
from graph.storage.tables import TenantRow
from tests.gateway_world import World, serving
from tests.graph.storage.conftest import HASTY, Away, hasty
from tests.graph.web.socket_client import connected
from tests.postgres import Server

READ = "{ accounts { nodes { id name } } }"
RENAME = """mutation($id: ID!, $name: String!) {
  updateIntegrationAccount(id: $id, input: { name: $name }) { account { name } userErrors { code } } }"""
MESSAGE = "The database cannot be used at the moment; try again in a while."

# As a key looks: what looks otherwise is refused without the database.
STRANGER = "sg_" + "x" * 43


def tenant(name: str) -> TenantRow:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    return TenantRow(id=name, name=name, created_at=now, updated_at=now)


async def names(database: Database) -> list[str]:
    async with database.reading() as session:
        return list(await session.scalars(select(TenantRow.id).order_by(TenantRow.id)))


async def admitted(acme: World, monkeypatch: pytest.MonkeyPatch) -> str:
    """A key with WRITE whose holder is known already: the database is not asked who sends a request."""
    secret = await acme.key_with(Permission.WRITE)
    viewer = await acme.services.keys.authenticate(secret)

    async def authenticate(_: str) -> Any:
        return viewer

    monkeypatch.setattr(acme.services.keys, "authenticate", authenticate)
    # Nor whose tenant that is, however long it takes until the database is gone.
    monkeypatch.setattr(acme.services.tenants._snapshots, "_max_age", 3600.0)
    await acme.services.tenants.active(viewer.tenant_id)
    return secret


async def errors_of(acme: World, key: str, query: str, **variables: Any) -> list[dict[str, Any]]:
    answer = await acme.post(query, variables, Authorization=f"Bearer {key}")
    assert answer.status_code == 200
    body = answer.json()
    errors: list[dict[str, Any]] = body.get("errors", [])
    return errors


async def test_queries_and_mutations_say_so_while_it_is_gone_and_work_again_by_themselves(
    acme: World, away: Away, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = await admitted(acme, monkeypatch)
    (account,) = (await acme.data(READ))["accounts"]["nodes"]
    assert await errors_of(acme, key, RENAME, id=account["id"], name="Before") == []
    with capture_logs() as logs:
        away.begin()
        for query in (READ, RENAME, READ, RENAME):
            (error,) = await errors_of(acme, key, query, id=account["id"], name="During")
            assert error["message"] == MESSAGE
            assert error["extensions"] == {"code": "STORAGE_UNAVAILABLE"}
        assert [line["event"] for line in logs] == ["the database cannot be used"]
        away.end()
        assert (await acme.data(READ))["accounts"]["nodes"] == [{"id": account["id"], "name": "Before"}]
        assert await errors_of(acme, key, RENAME, id=account["id"], name="After") == []
        assert [line["event"] for line in logs[1:]] == ["the database works again"]
    assert (await acme.data(READ))["accounts"]["nodes"][0]["name"] == "After"


async def test_who_asks_cannot_be_told_while_it_is_gone(acme: World, away: Away) -> None:
    away.begin()
    answer = await acme.client.post("/graphql", json={"query": READ}, headers={"Authorization": f"Bearer {STRANGER}"})
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert answer.json()["errors"] == [{"message": MESSAGE, "extensions": {"code": "STORAGE_UNAVAILABLE"}}]
    away.end()
    answer = await acme.client.post("/graphql", json={"query": READ}, headers={"Authorization": f"Bearer {STRANGER}"})
    assert answer.status_code == 401
    assert await acme.data(READ)


async def test_who_stays_connected_is_told_of_each_operation_while_it_is_gone(
    acme: World, away: Away, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    key = await admitted(acme, monkeypatch)
    gone = {"message": MESSAGE, "extensions": {"code": "STORAGE_UNAVAILABLE"}}
    async with serving(acme.app) as url, connected(url) as client:
        await client.init(apiKey=key)
        away.begin()
        for query in (READ, "subscription { reservationEvents { id } }"):
            await client.subscribe("a", query)
            async with asyncio.timeout(30):
                assert await client.receive() == {"id": "a", "type": "error", "payload": [gone]}
            async with streamed(url, key, query) as answer:
                lines = (await answer.text()).split("\n")
            assert json.loads(lines[3].removeprefix("data: ")) == {"data": None, "errors": [gone]}
            assert lines[5] == "event: complete"
        away.end()
        assert (await client.ask(READ))["data"]["accounts"]["nodes"]
        assert [record for record in caplog.records if record.exc_info or record.levelno >= logging.ERROR] == []


@asynccontextmanager
async def streamed(url: str, key: str, query: str) -> AsyncIterator[aiohttp.ClientResponse]:
    headers = {"X-API-Key": key, "Accept": "text/event-stream"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{url}/graphql", json={"query": query}, headers=headers) as answer,
    ):
        yield answer


async def test_credentials_that_cannot_be_read_are_no_failure_of_the_pms(
    acme: World, away: Away, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = await admitted(acme, monkeypatch)
    monkeypatch.setattr(acme.services.accounts._snapshots, "_max_age", 3600.0)
    await acme.data(READ)
    away.begin()
    (error,) = await errors_of(acme, key, "{ listings { nodes { name } sources { status } } }")
    assert error["extensions"] == {"code": "STORAGE_UNAVAILABLE"}
    away.end()
    assert (await acme.data("{ listings { nodes { name } } }"))["listings"]["nodes"]


async def test_a_writer_that_holds_it_too_long_stops_changes_but_no_reads(
    acme: World, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = await admitted(acme, monkeypatch)
    (account,) = (await acme.data(READ))["accounts"]["nodes"]
    other = Database(database_url)
    with capture_logs() as logs:
        async with other.session() as session:
            session.add(tenant("slow"))
            await session.flush()
            with hasty(acme.services.database):
                for _ in range(2):
                    (error,) = await errors_of(acme, key, RENAME, id=account["id"], name="During")
                    assert error["extensions"] == {"code": "STORAGE_UNAVAILABLE"}
                    await acme.services.keys.list("default")
        assert await errors_of(acme, key, RENAME, id=account["id"], name="After") == []
    assert [line["event"] for line in logs] == ["the database cannot be written to", "the database works again"]
    assert (await acme.data(READ))["accounts"]["nodes"][0]["name"] == "After"
    await other.aclose()


async def test_a_writer_in_the_same_process_that_hangs_stops_the_others_for_a_while_only(database_url: str) -> None:
    database = Database(database_url, patience=HASTY)
    async with database.session() as session:
        session.add(tenant("slow"))
        with pytest.raises(StorageUnavailable):
            async with database.session():
                pytest.fail("two writers at once")
    assert await names(database) == ["default", "slow"]
    await database.aclose()


async def test_what_was_not_committed_when_it_went_away_never_happened(database_url: str, away: Away) -> None:
    database = Database(database_url)

    async def write(name: str) -> None:
        async with database.session() as session:
            session.add(tenant(name))
            await session.flush()
            away.begin()

    if database_url.startswith("sqlite"):
        # A file that is moved away within a transaction still gets it: where it is now.
        await write("kept")
    else:
        with pytest.raises(StorageUnavailable):
            await write("lost")
    with pytest.raises(StorageUnavailable):
        await names(database)
    away.end()
    kept = ["default", "kept"] if database_url.startswith("sqlite") else ["default"]
    assert await names(database) == kept
    await database.aclose()


async def test_a_removed_file_is_not_made_anew_nor_written_to(tmp_path: Path) -> None:
    file = tmp_path / "staygraph.db"
    database = Database(f"sqlite+aiosqlite:///{file}")
    await database.migrate()
    await names(database)
    file.unlink()
    for _ in range(2):
        with pytest.raises(StorageUnavailable):
            async with database.session() as session:
                session.add(tenant("lost"))
    assert not await asyncio.to_thread(file.exists)
    await database.aclose()


async def test_a_file_put_in_place_of_another_is_the_one_that_is_read(tmp_path: Path) -> None:
    file = tmp_path / "staygraph.db"
    database = Database(f"sqlite+aiosqlite:///{file}")
    await database.migrate()
    async with database.session() as session:
        session.add(tenant("early"))
    async with database.session() as session:
        await session.execute(text("SELECT 1"))
    backup = tmp_path / "backup.db"
    async with database.engine.connect() as connection:
        await connection.exec_driver_sql("COMMIT")
        await connection.exec_driver_sql(f"VACUUM INTO '{backup}'")
        await connection.exec_driver_sql("BEGIN")
    async with database.session() as session:
        session.add(tenant("late"))
    assert await names(database) == ["default", "early", "late"]
    for side in ("-wal", "-shm"):
        (tmp_path / f"staygraph.db{side}").unlink(missing_ok=True)
    backup.replace(file)
    assert await names(database) == ["default", "early"]
    await database.aclose()


async def test_a_full_disk_stops_changes_whole_and_no_reads(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'staygraph.db'}")
    await database.migrate()
    await database.aclose()

    def fill(connection: Any, _: Any) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages + 1}")

    event.listen(database.engine.sync_engine, "connect", fill)

    async def write_much() -> None:
        async with database.session() as session:
            for number in range(1000):
                session.add(tenant(f"much-{number}"))
                await session.flush()

    with capture_logs() as logs, pytest.raises(StorageUnavailable):
        await write_much()
    assert [(line["event"], line["reason"]) for line in logs] == [
        ("the database cannot be written to", "database or disk is full")
    ]
    assert await names(database) == ["default"]
    event.remove(database.engine.sync_engine, "connect", fill)
    await database.aclose()
    async with database.session() as session:
        session.add(tenant("again"))
    assert await names(database) == ["again", "default"]
    await database.aclose()


async def test_a_broken_statement_is_a_fault_of_ours_and_no_outage(database: Database) -> None:
    with capture_logs() as logs, pytest.raises(DBAPIError):
        async with database.session() as session:
            await session.execute(text("SELECT nothing FROM tenant"))
    assert logs == []


async def test_tables_that_are_gone_are_an_outage(database: Database) -> None:
    async with database.session() as session:
        await session.execute(text("ALTER TABLE tenant RENAME TO elsewhere"))
    with pytest.raises(StorageUnavailable):
        await names(database)
    async with database.session() as session:
        await session.execute(text("ALTER TABLE elsewhere RENAME TO tenant"))
    assert await names(database) == ["default"]


async def test_connections_ended_by_the_server_are_replaced_unseen(postgres: Server, postgres_url: str) -> None:
    database = Database(postgres_url)
    assert await names(database) == ["default"]
    other = Database(postgres_url)
    async with other.reading() as session:
        await session.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    assert await names(database) == ["default"]
    await other.aclose()
    await database.aclose()
