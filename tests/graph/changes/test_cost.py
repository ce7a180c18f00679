"""Calls are counted by each block that they are made in."""

import asyncio

from graph.changes.cost import counted, counting
from providers.upstream.accounts import CallOutcome


def call(*, changes: bool = False) -> CallOutcome:
    return CallOutcome(
        provider="ACME",
        account_id="1",
        method="POST" if changes else "GET",
        path="/",
        status=200,
        error=None,
        seconds=0.1,
        waited=0.0,
        attempt=1,
        changes=changes,
    )


async def test_a_block_counts_the_calls_of_its_tasks_and_of_the_blocks_in_it() -> None:
    seen: list[object] = []
    note = counted(seen.append)

    async def two_calls() -> None:
        note(call())
        note(call())

    with counting() as outer:
        note(call())
        with counting() as inner:
            await asyncio.gather(two_calls(), two_calls())
    note(call())

    assert (outer.count, inner.count) == (5, 4)
    assert len(seen) == 6


def test_calls_are_told_on_without_a_block_and_counted_without_an_observer() -> None:
    note = counted(None)
    with counting() as calls:
        note(call())
    note(call())
    assert calls.count == 1


def test_calls_that_are_to_change_something_are_told_apart() -> None:
    note = counted(None)
    with counting() as calls:
        note(call())
        note(call(changes=True))
    assert (calls.count, calls.changes) == (2, 1)
