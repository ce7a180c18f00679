"""The measurements of events, small: disorder, loss, and a process that is killed."""

import pytest

from tests.bench.events import killed, shuffled


async def test_shuffled_repeated_and_dropped_webhooks_give_the_history() -> None:
    found = await shuffled(150)
    assert (found.wrong_ends, found.wrong_sequences, found.repeated) == (0, 0, 0)
    assert found.events > 130


@pytest.mark.timeout(300)
async def test_a_gateway_that_is_killed_loses_and_repeats_nothing() -> None:
    found = await killed(60, 2, listings=2)
    assert (found.lost, found.repeated) == (0, 0)
    assert found.events >= 60 // 2
