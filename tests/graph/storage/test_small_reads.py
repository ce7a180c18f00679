"""Small reads: together where they are asked for at once, and none of them hurt by another."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, text

from graph.accounts.tenants import Tenants
from graph.storage.database import Database
from graph.storage.durable import DurableWrites
from graph.storage.failures import StorageUnavailable
from graph.storage.small_reads import small_reads


@pytest.fixture
def ways(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How often somebody went to the database."""
    gone: list[int] = []
    read = DurableWrites.read

    async def counted(self: DurableWrites, work: Callable[[Connection], Any]) -> Any:
        gone.append(1)
        return await read(self, work)

    monkeypatch.setattr(DurableWrites, "read", counted)
    return gone


def tenants(connection: Connection) -> int:
    return int(connection.execute(text("SELECT count(*) FROM tenant")).scalar_one())


async def test_what_is_asked_for_at_once_goes_together(database: Database, ways: list[int]) -> None:
    reads = small_reads(database)
    assert small_reads(database) is reads
    assert await asyncio.gather(*(reads.read(lambda _, number=number: number) for number in range(20))) == [*range(20)]
    assert len(ways) == 1
    assert await reads.read(tenants) == 1
    assert len(ways) == 2


async def test_who_comes_while_others_are_read_is_not_given_what_was_looked_at_before(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads, read, gate = small_reads(database), DurableWrites.read, asyncio.Event()
    looked = asyncio.Queue[None]()

    async def slow(self: DurableWrites, work: Callable[[Connection], Any]) -> Any:
        found = await read(self, work)
        looked.put_nowait(None)
        await gate.wait()
        return found

    monkeypatch.setattr(DurableWrites, "read", slow)
    before = asyncio.create_task(reads.read(tenants))
    await looked.get()
    await Tenants(database).create("B")
    after = asyncio.create_task(reads.read(tenants))
    await looked.get()
    gate.set()
    assert await after == 2
    assert await before == 1


async def test_what_goes_wrong_with_one_hurts_no_other(database: Database) -> None:
    reads = small_reads(database)

    def wrong(_: Connection) -> None:
        raise LookupError

    def no_statement(connection: Connection) -> None:
        connection.execute(text("SELECT nothing_like_it FROM tenant"))

    found = await asyncio.gather(
        *(reads.read(work) for work in (tenants, wrong, tenants, no_statement, tenants)), return_exceptions=True
    )
    assert [found[0], found[2], found[4]] == [1, 1, 1]
    assert isinstance(found[1], LookupError)
    assert isinstance(found[3], Exception)


async def test_while_the_database_is_away_all_hear_so_and_afterwards_it_works(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = small_reads(database)

    async def away(*_: Any) -> Any:
        raise StorageUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(DurableWrites, "read", away)
        found = await asyncio.gather(*(reads.read(tenants) for _ in range(3)), return_exceptions=True)
        assert [type(each) for each in found] == [StorageUnavailable] * 3
    assert await reads.read(tenants) == 1


async def test_who_leaves_takes_it_from_nobody(database: Database) -> None:
    reads = small_reads(database)
    leaving, staying = (asyncio.create_task(reads.read(tenants)) for _ in range(2))
    await asyncio.sleep(0)
    leaving.cancel()
    assert await staying == 1
