"""Memory is bounded by the cache and the page, whatever the size of what is walked."""

import pytest

from tests.bench.memory import peak_of_walk

PAGE_BYTES = 10_000_000
"""More than a page of 500 records, the 2,000 objects that the cache keeps, and the cursor can need."""


@pytest.mark.timeout(300)  # every allocation is traced: slow on a busy machine
async def test_a_walk_of_many_listings_keeps_no_more_than_a_short_one() -> None:
    short = await peak_of_walk(5_000, 2_000)
    long = await peak_of_walk(40_000, 2_000)
    assert long < PAGE_BYTES
    assert long < 1.25 * short
