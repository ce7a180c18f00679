"""One row of a key, whether it was there before or not."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from graph.storage.tables import Table


async def upsert(
    session: AsyncSession,
    table: type[Table],
    key: Mapping[str, Any],
    values: Mapping[str, Any],
    *,
    when_new: Mapping[str, Any] | None = None,
) -> None:
    """Give the row of ``key`` these ``values``, making it with ``when_new`` besides if there is none.

    ``key`` names the columns of the primary key or of a unique constraint. Rows that the session has loaded already
    do not show the change.
    """
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement = insert(table).values(**key, **values, **(when_new or {}))
    if values:
        await session.execute(statement.on_conflict_do_update(index_elements=list(key), set_=dict(values)))
    else:
        await session.execute(statement.on_conflict_do_nothing(index_elements=list(key)))
