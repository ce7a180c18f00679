"""Walks through whole collections: every record once, and the totals that go with them."""

import pytest

from providers.capabilities import Capability
from providers.contract import Plugin
from providers.errors import ProviderError
from providers.quality.bounds import pages
from providers.queries import ListingQuery, ReservationQuery
from tests.conformance.connection import Walked, connected, every_plugin, ids_of, walk, with_capabilities
from tests.virtual_time import in_virtual_time

NO_POSITIONS = ["", " ", "next", "-1", "9" * 40, "1\n", "../1", "\uff11", "1;2", "\x00"]


def assert_whole(walked: Walked, calls: int, page_size: int) -> None:
    assert calls == len(walked.pages) == pages(len(walked.items), page_size)
    ids = ids_of(walked.items)
    assert len(walked.pages) > 1, "the case is too small to page"
    assert len(ids) == len(set(ids))
    assert walked.odd == []
    assert {page.total for page in walked.pages} <= {None, len(ids)}
    assert all(len(page.items) <= page_size for page in walked.pages)


@with_capabilities(Capability.LISTINGS)
@in_virtual_time
async def test_a_walk_gives_every_listing_once_in_one_call_a_page(plugin: Plugin) -> None:
    size = plugin.manifest.listing_page_size
    async with connected(plugin, listings=size + 1) as there:
        await there.warm_up()
        walked, calls = await there.cost(walk(there.client.listing_page, ListingQuery()))
        assert_whole(walked, calls, size)
        assert len(walked.items) == size + 1


@with_capabilities(Capability.RESERVATIONS)
@in_virtual_time
async def test_a_walk_gives_every_reservation_once_in_one_call_a_page(plugin: Plugin) -> None:
    async with connected(plugin) as there:
        await there.warm_up()
        walked, calls = await there.cost(walk(there.client.reservation_page, ReservationQuery()))
        assert_whole(walked, calls, plugin.manifest.reservation_page_size)


@with_capabilities(Capability.RESERVATIONS)
@in_virtual_time
async def test_a_walk_goes_on_from_a_position_in_another_client(plugin: Plugin) -> None:
    async with connected(plugin) as there:
        whole = await walk(there.client.reservation_page, ReservationQuery())
    async with connected(plugin) as there:
        page = await there.client.reservation_page(ReservationQuery(), whole.pages[0].next)
        assert page.items == whole.pages[1].items


@with_capabilities(Capability.LISTINGS)
@in_virtual_time
async def test_an_account_without_listings_has_one_empty_page(plugin: Plugin) -> None:
    async with connected(plugin, listings=0) as there:
        walked = await walk(there.client.listing_page, ListingQuery())
        assert (walked.items, len(walked.pages)) == ([], 1)
        assert walked.pages[0].total in (None, 0)


@with_capabilities(Capability.LISTINGS, Capability.RESERVATIONS)
@in_virtual_time
async def test_positions_that_no_page_gave_are_refused_before_any_call(plugin: Plugin) -> None:
    async with connected(plugin, listings=1) as there:
        await there.warm_up()
        for position in NO_POSITIONS:
            with pytest.raises(ProviderError):
                await there.client.listing_page(ListingQuery(), position)
            with pytest.raises(ProviderError):
                await there.client.reservation_page(ReservationQuery(), position)
        assert await there.calls() == []


@every_plugin
@in_virtual_time
async def test_the_credentials_of_the_simulator_pass_the_check(plugin: Plugin) -> None:
    async with connected(plugin, listings=1) as there:
        await there.client.check()


@with_capabilities(Capability.ACCOUNT)
@in_virtual_time
async def test_the_account_behind_the_credentials_is_always_the_same(plugin: Plugin) -> None:
    async with connected(plugin, listings=1) as there:
        first, second = await there.client.account(), await there.client.account()
        assert first.provider_id
        assert first == second
