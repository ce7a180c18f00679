"""Transactions that are on the disk when they return: shared by what waits at a time, but for what fails."""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, get_ident
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, Table, bindparam, create_engine, delete, event, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from graph.storage.database import Database
from graph.storage.durable import DurableWrites
from graph.storage.failures import StorageUnavailable
from graph.storage.prepared import Prepared
from graph.storage.tables import ChangeMarkRow

MARK = cast("Table", ChangeMarkRow.__table__)
NAMES = ("tenant_id", "account_id", "origin", "touched", "made_at")
INSERT = Prepared(insert(MARK).values({name: bindparam(name) for name in NAMES}).returning(MARK.c.id))
ALL = Prepared(
    select(*(MARK.c[name] for name in NAMES)).where(MARK.c.origin == bindparam("origin")).order_by(MARK.c.id)
)
RENAME = Prepared(update(MARK).where(MARK.c.origin == bindparam("before")).values(origin=bindparam("after")))
CLEAR = Prepared(delete(MARK).where(MARK.c.tenant_id == "default"))

NOON = datetime(2026, 7, 1, 12, 30, 15, 123456, tzinfo=UTC)


def mark(origin: str, **changed: Any) -> dict[str, Any]:
    made = {"tenant_id": "default", "account_id": "acc_1", "origin": origin, "touched": {"listings": ["ü"]}}
    return made | {"made_at": NOON} | changed


def add(origin: str) -> Callable[[Connection], int]:
    return lambda connection: int(INSERT.one(connection, mark(origin)))


def refuse(connection: Connection) -> int:
    """Write something, and fail for a reason that is not the database's."""
    add("lost")(connection)
    raise ValueError("no")


def clash(connection: Connection) -> int:
    """Fail at the database, through a fault of its own: a row without what every row has."""
    INSERT.run(connection, [mark("lost", tenant_id=None)])
    return 0


async def origins(writes: DurableWrites) -> list[str]:
    return await writes.read(lambda connection: list(connection.scalars(select(MARK.c.origin).order_by(MARK.c.id))))


async def test_both_kinds_of_database_write_change_count_and_find_alike(database: Database) -> None:
    writes = DurableWrites(database)
    rows = [mark("a"), mark("b", touched={}), mark("a", account_id="ü'; --")]
    ids = [await writes.write(lambda connection, row=row: INSERT.one(connection, row)) for row in rows]  # type: ignore[misc]
    assert ids == sorted(set(ids))
    found = await writes.read(lambda connection: ALL.all(connection, {"origin": "a"}))
    assert found == [tuple(row[name] for name in NAMES) for row in (rows[0], rows[2])]
    assert await writes.read(lambda connection: ALL.one(connection, {"origin": "none"})) is None
    changed = [{"before": "a", "after": "c"}, {"before": "none", "after": "d"}, {"before": "b", "after": "c"}]
    assert await writes.write(lambda connection: RENAME.run(connection, changed)) == 3
    assert await origins(writes) == ["c", "c", "c"]
    assert await writes.write(lambda connection: CLEAR.run(connection, [{}])) == 3


INSTANTS = st.integers(-62_000_000_000, 253_000_000_000).map(
    lambda at: datetime.fromtimestamp(0, UTC) + timedelta(0, at, 7)
)


@given(INSTANTS, st.dictionaries(st.text(max_size=9), st.integers()))
def test_values_are_kept_as_sqlalchemy_keeps_them(made_at: datetime, touched: dict[str, int]) -> None:
    engine = create_engine("sqlite://")
    given = mark("x", made_at=made_at, touched=touched)
    with engine.begin() as connection:
        MARK.create(connection)
        connection.execute(insert(MARK), [given])
        INSERT.one(connection, given)
        stored = list(
            connection.execute(text("SELECT tenant_id, account_id, origin, touched, made_at FROM change_mark"))
        )
        assert stored[0] == stored[1]
        expected = connection.execute(select(*(MARK.c[name] for name in NAMES))).all()
        assert ALL.all(connection, {"origin": "x"}) == [tuple(row) for row in expected]
    engine.dispose()


def counted(writes: DurableWrites) -> list[None]:
    """Grows with every commit."""
    commits: list[None] = []
    assert writes._writing is not None
    event.listen(writes._writing.engine, "commit", lambda _: commits.append(None))
    return commits


async def together(writes: DurableWrites, works: Sequence[Callable[[Connection], Any]]) -> list[Any]:
    return await asyncio.gather(*(writes.write(work) for work in works), return_exceptions=True)


@pytest.fixture(params=[False, True], ids=["elsewhere", "in place"])
def writes(sqlite_database: Database, request: pytest.FixtureRequest) -> DurableWrites:
    return DurableWrites(sqlite_database, in_place=request.param)


@pytest.fixture
async def sqlite_database(tmp_path: Path) -> Any:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'data' / 'staygraph.db'}")
    await database.migrate()
    yield database
    await database.aclose()


async def test_what_waits_at_a_time_is_written_in_its_order_in_one_transaction(writes: DurableWrites) -> None:
    commits = counted(writes)
    ids = await together(writes, [add(str(number)) for number in range(9)])
    assert len(commits) == 1
    assert ids == sorted(ids)
    assert await origins(writes) == [str(number) for number in range(9)]


async def test_who_writes_again_is_joined_with_who_waited_meanwhile(sqlite_database: Database) -> None:
    writes = DurableWrites(sqlite_database)
    commits = counted(writes)
    gate = Event()

    def first(connection: Connection) -> int:
        assert gate.wait(10)
        return add("first")(connection)

    async def twice() -> None:
        await writes.write(first)
        await writes.write(add("again"))

    begun = asyncio.create_task(twice())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiting = asyncio.create_task(writes.write(add("meanwhile")))
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(begun, waiting)
    assert await origins(writes) == ["first", "meanwhile", "again"]
    assert len(commits) == 2


@pytest.mark.parametrize("fails", [refuse, clash])
async def test_one_that_fails_stops_no_other_and_none_is_written_twice(
    writes: DurableWrites, fails: Callable[[Connection], int]
) -> None:
    first, failed, last = await together(writes, [add("first"), fails, add("last")])
    assert isinstance(failed, ValueError | IntegrityError)
    assert await origins(writes) == ["first", "last"]
    assert first < last


async def test_what_nobody_waits_for_any_more_is_not_begun(writes: DurableWrites, sqlite_database: Database) -> None:
    async with sqlite_database.turn():
        given_up = asyncio.create_task(writes.write(add("given up")))
        kept = asyncio.create_task(writes.write(add("kept")))
        await asyncio.sleep(0)
        given_up.cancel()
        await asyncio.sleep(0)
    await kept
    assert await origins(writes) == ["kept"]


async def test_a_database_that_is_away_fails_all_and_works_when_it_is_back(
    writes: DurableWrites, sqlite_database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "data" / "staygraph.db"
    away = path.with_suffix(".away")
    path.rename(away)
    found = await together(writes, [add("lost"), add("lost as well")])
    assert [type(each) for each in found] == [StorageUnavailable, StorageUnavailable]
    away.rename(path)
    await writes.write(add("kept"))
    assert await origins(writes) == ["kept"]


async def test_a_writer_waits_for_one_of_another_process(
    writes: DurableWrites, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await writes.write(add("before"))
    other = sqlite3.connect(tmp_path / "data" / "staygraph.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    looks: list[float] = []

    def wait(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) == 3:
            other.execute("COMMIT")

    monkeypatch.setattr("graph.storage.durable.time.sleep", wait)
    await writes.write(add("after"))
    assert len(looks) == 3
    assert await origins(writes) == ["before", "after"]
    other.close()


async def test_in_place_only_what_waits_for_another_process_is_in_another_thread(
    sqlite_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes = DurableWrites(sqlite_database, in_place=True)

    def thread(_: Connection) -> int:
        return get_ident()

    assert await writes.write(thread) == await writes.read(thread) == get_ident()
    other = sqlite3.connect(tmp_path / "data" / "staygraph.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    waits = Event()
    monkeypatch.setattr("graph.storage.durable.time.sleep", lambda _: waits.set())
    writing = asyncio.create_task(writes.write(thread))
    # The event loop goes on meanwhile.
    assert await asyncio.to_thread(waits.wait, 10)
    assert await writes.read(thread) == get_ident()
    other.execute("COMMIT")
    other.close()
    assert await writing != get_ident()
    assert await writes.write(thread) == get_ident()


def opened(writes: DurableWrites) -> tuple[list[Any], list[Any]]:
    """Grow with each connection that is opened for writing, and with each that is closed."""
    made: list[Any] = []
    closed: list[Any] = []
    assert writes._writing is not None
    event.listen(writes._writing.engine, "connect", lambda connection, _: made.append(connection))
    event.listen(writes._writing.engine, "close", lambda connection, _: closed.append(connection))
    return made, closed


async def test_a_connection_stays_open_until_the_database_fails_on_it(writes: DurableWrites) -> None:
    made, closed = opened(writes)
    await writes.write(add("first"))
    with pytest.raises(ValueError, match="no"):
        await writes.write(refuse)
    await writes.write(add("second"))
    assert (len(made), closed) == (1, [])
    with pytest.raises(IntegrityError):
        await writes.write(clash)
    assert closed == made
    await writes.write(add("third"))
    assert len(made) == 2
    assert await origins(writes) == ["first", "second", "third"]


async def test_connections_are_closed_with_the_database_also_those_at_work(sqlite_database: Database) -> None:
    writes = DurableWrites(sqlite_database)
    made, closed = opened(writes)
    begun, gate = Event(), Event()

    def slow(connection: Connection) -> int:
        begun.set()
        assert gate.wait(10)
        return add("at work")(connection)

    task = asyncio.create_task(writes.write(slow))
    assert await asyncio.to_thread(begun.wait, 10)
    await sqlite_database.aclose()
    assert closed == []
    gate.set()
    await task
    assert closed == made
    await writes.write(add("afterwards"))
    await sqlite_database.aclose()
    assert (len(made), closed) == (2, made)
