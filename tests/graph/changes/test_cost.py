"""Calls are counted by each block that they are made in."""

import asyncio
from unittest.mock import sentinel

from graph.changes.cost import counted, counting


async def test_a_block_counts_the_calls_of_its_tasks_and_of_the_blocks_in_it() -> None:
    seen: list[object] = []
    note = counted(seen.append)

    async def two_calls() -> None:
        note(sentinel.call)
        note(sentinel.call)

    with counting() as outer:
        note(sentinel.call)
        with counting() as inner:
            await asyncio.gather(two_calls(), two_calls())
    note(sentinel.call)

    assert (outer.count, inner.count) == (5, 4)
    assert len(seen) == 6


def test_calls_are_told_on_without_a_block_and_counted_without_an_observer() -> None:
    note = counted(None)
    with counting() as calls:
        note(sentinel.call)
    note(sentinel.call)
    assert calls.count == 1
