"""The measurements of creates, small."""

import pytest

from tests.bench.creates import crowds, repeats


@pytest.mark.parametrize("processes", [1, 2])
async def test_of_a_crowd_one_gets_the_nights(processes: int) -> None:
    found = await crowds("HOSTAWAY", processes, repetitions=3, crowd=12)
    assert (found.fewest, found.most, found.calls) == (1, 1, 1)


@pytest.mark.parametrize("provider", ["HOSTAWAY", "BOOKINGSYNC"])
async def test_no_create_is_made_twice(provider: str) -> None:
    done = await repeats(provider, creates=25)
    assert done.reservations == 25
    assert done.twice == 0
    assert done.attempts > 25
