"""The measurement of ``tests/bench/subscriptions.py``, small: each frame comes, once, from a real webhook."""

from tests.bench.subscriptions import measure


async def test_every_webhook_reaches_each_of_its_subscribers_once() -> None:
    measured = await measure(subscribers=20, listings=4, rate=20, seconds=1, turns=1)

    assert len(measured.ours) == len(measured.bare) == 20 * 5
