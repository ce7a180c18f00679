"""Computed prices beside those that the simulated search quotes."""

from dataclasses import replace
from datetime import timedelta

import pytest

from providers.model import PriceSource
from providers.queries import ListingQuery, QuoteRequest
from tests.providers.bookingsync.connected_world import NESTED, connected, everything
from tests.virtual_time import in_virtual_time


@pytest.mark.parametrize("nights", [3, 29])
@in_virtual_time
async def test_computed_prices_are_those_that_the_search_would_quote(nights):
    """Two simulators that differ in serving the search: what is sold there costs the same, computed here."""
    async with connected(listings=24) as there:
        listings, _ = await everything(there.client.listing_page, ListingQuery())
        arrival = there.today + timedelta(days=200)
        arrival += timedelta(days=(5 - arrival.weekday()) % 7)
        requests = [
            QuoteRequest(
                listing_id=each.provider_id,
                arrival=arrival,
                departure=arrival + timedelta(days=nights),
                adults=2,
                currency=each.currency,
            )
            for each in listings
            if each.currency
        ]
        quoted = (await there.client.quotes(requests)).found
    async with connected(replace(NESTED, search_served=False), listings=24) as there:
        computed = await there.client.quotes(requests)
        assert there.count() <= 9
    sold = {key: price for key, price in quoted.items() if price.bookable}
    assert len(sold) > 15
    assert computed.failed == {}
    for key, price in quoted.items():
        found = computed.found[key]
        assert found.source is PriceSource.COMPUTED
        assert found.bookable is (None if price.bookable else False)
        assert found.total == price.total, (key, found.steps, price.components)
