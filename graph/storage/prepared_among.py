"""Statements put together once that find rows by any number of values."""

from collections.abc import Iterable
from functools import cached_property
from itertools import islice
from typing import Any

from sqlalchemy import Column, Connection, Select, bindparam

from graph.storage.prepared import Prepared

TOGETHER = 100
"""Values in one statement."""


class Among:
    """``chosen`` where ``column`` has one of some values: the rows, in no order."""

    def __init__(self, chosen: Select[*tuple[Any, ...]], column: Column[Any]) -> None:
        self._chosen = chosen
        self._column = column

    def all(self, connection: Connection, values: Iterable[Any]) -> list[tuple[Any, ...]]:
        """The rows of these values, some values at a time."""
        found: list[tuple[Any, ...]] = []
        left = iter(values)
        while some := list(islice(left, TOGETHER)):
            statement, size = (self._one, 1) if len(some) == 1 else (self._many, TOGETHER)
            # A statement has its fixed number of parameters: those that are left over ask for the first value again.
            some += some[:1] * (size - len(some))
            found += statement.all(connection, {f"value_{number}": value for number, value in enumerate(some)})
        return found

    @cached_property
    def _one(self) -> Prepared:
        return self._with(1)

    @cached_property
    def _many(self) -> Prepared:
        return self._with(TOGETHER)

    def _with(self, size: int) -> Prepared:
        given = [bindparam(f"value_{number}", type_=self._column.type) for number in range(size)]
        return Prepared(self._chosen.where(self._column.in_(given)))
