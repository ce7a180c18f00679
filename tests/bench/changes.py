"""Bringing what is held up to date after three changes in five accounts: ``python -m tests.bench.changes``."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.changes import LISTINGS, YEAR, change_three, walk, year_from
from tests.gateway_world import DEMO, world


async def measure() -> list[tuple[str, int, int, int]]:
    """Name, records, calls of the first read, calls after the changes. Every number is a count, not a time."""
    today = datetime.now(UTC).date()
    with TemporaryDirectory() as folder:
        async with world(Path(folder), today=today, call_timeout=30.0, **DEMO) as running:
            rows = []
            for name, query, variables in (
                ("listings", LISTINGS, {}),
                ("a year of reservations", YEAR, dict(year_from(today))),
            ):
                running.calls.clear()
                nodes = await walk(running, query, **variables)
                rows.append((name, query, variables, len(nodes), len(running.data_calls())))
            running.clock.advance(3600)
            change_three(running, nodes)
            measured = []
            for name, query, variables, records, first in rows:
                running.calls.clear()
                await walk(running, query, age=60, **variables)
                measured.append((name, records, first, len(running.data_calls())))
            return measured


def main() -> None:
    """Print the table."""
    print(f"{'three changes in five accounts':<48}{'records':>10}{'first':>7}{'again':>7}")
    for name, records, first, again in asyncio.run(measure()):
        print(f"{f'  {name}':<48}{records:>10,}{first:>7}{again:>7}")


if __name__ == "__main__":
    main()
