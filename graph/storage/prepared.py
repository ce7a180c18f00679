"""Statements that are run again and again, put together once.

On the way to SQLite, SQLAlchemy takes several times as long for a small statement as the database, and holds Python's
lock meanwhile: nothing else goes on. Where its driver is at hand these statements go to it as they are.
"""

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Executable
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ClauseElement
from sqlalchemy.types import TypeEngine

Given = Mapping[str, Any]
"""Values of a statement's parameters by their names."""

_Convert = Callable[[Any], Any] | None

_DIALECT = sqlite.dialect(paramstyle="named")


class Prepared:
    """A statement whose parameters are all named, without lists among them.

    It raises what the driver raises, which ``DurableWrites`` turns into SQLAlchemy's errors.
    """

    def __init__(self, statement: Executable) -> None:
        self._statement = statement

    def all(self, connection: Connection, given: Given) -> list[tuple[Any, ...]]:
        """The rows that it finds, or returns."""
        driver = _driver(connection)
        if driver is None:
            return [tuple(row) for row in connection.execute(self._statement, given)]
        return [self._sqlite.read(row) for row in driver.execute(self._sqlite.text, self._sqlite.bound(given))]

    def one(self, connection: Connection, given: Given) -> Any:
        """The first value of the first row; None if there is no row."""
        found = self.all(connection, given)
        return found[0][0] if found else None

    def run(self, connection: Connection, many: Iterable[Given]) -> int:
        """Run it for each of ``many``, in their order: how many rows it wrote."""
        driver = _driver(connection)
        if driver is None:
            return sum(connection.execute(self._statement, given).rowcount for given in many)
        return driver.executemany(self._sqlite.text, map(self._sqlite.bound, many)).rowcount

    @cached_property
    def _sqlite(self) -> "_Compiled":
        return _Compiled(self._statement)


class _Compiled:
    """A statement in SQLite's words, and what becomes of values on their way to its driver and back."""

    def __init__(self, statement: Executable) -> None:
        assert isinstance(statement, ClauseElement)  # noqa: S101  # all that can be executed are
        compiled = statement.compile(dialect=_DIALECT)
        assert isinstance(compiled, SQLCompiler)  # noqa: S101  # as above
        self.text = str(compiled)
        converts = {name: _bind(bind.type) for bind, name in compiled.bind_names.items()}
        self._converts = {name: convert for name, convert in converts.items() if convert is not None}
        self._constants = {
            name: bind.value if (convert := converts[name]) is None else convert(bind.value)
            for bind, name in compiled.bind_names.items()
            if not bind.required
        }
        columns: Sequence[Any] = getattr(statement, "exported_columns", ())
        self._reads = [_result(column.type) for column in columns]

    def bound(self, given: Given) -> dict[str, Any]:
        values = {**self._constants, **given}
        for name, convert in self._converts.items():
            if name in given:
                values[name] = convert(values[name])
        return values

    def read(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(value if read is None else read(value) for value, read in zip(row, self._reads, strict=True))


def _bind(type_: TypeEngine[Any]) -> _Convert:
    return type_.dialect_impl(_DIALECT).bind_processor(_DIALECT)


def _result(type_: TypeEngine[Any]) -> _Convert:
    return type_.dialect_impl(_DIALECT).result_processor(_DIALECT, None)


def _driver(connection: Connection) -> sqlite3.Connection | None:
    """The connection of SQLite's own driver; None where there is another one in between."""
    driver = connection.connection.driver_connection
    return driver if isinstance(driver, sqlite3.Connection) else None
