"""How many calls reads take: never more than declared in ``call_bounds``, and one where several ask the same."""

import asyncio
from datetime import timedelta

import pytest

from providers.capabilities import Capability
from providers.contract import Plugin
from providers.quality.claims import bounds_of
from providers.quality.reads import records_of
from providers.queries import Days, ReservationQuery
from tests.conformance.connection import connected, every_plugin, ids_of, with_capabilities
from tests.conformance.known import Known
from tests.conformance.requests import a_week, every_read, quote_requests
from tests.virtual_time import in_virtual_time

MANY = 10
"""Callers that ask the same at the same time."""


@every_plugin
@in_virtual_time
async def test_check_and_account_take_one_call_at_most(plugin: Plugin, known: Known) -> None:
    async with connected(plugin) as there:
        await there.warm_up()
        reads = every_read(there, known)
        for name in reads.keys() & {"check", "account"}:
            _, calls = await there.cost(reads[name]())
            assert calls <= 1, name


@pytest.mark.parametrize("count", [1, 2, 5, 8])
@with_capabilities(Capability.LISTINGS, Capability.RESERVATIONS)
@in_virtual_time
async def test_batches_take_no_more_calls_than_declared(plugin: Plugin, known: Known, count: int) -> None:
    bounds, manifest = bounds_of(plugin), plugin.manifest
    listings, stays = ids_of(known.listings)[:count], ids_of(known.reservations)[: count * 3]
    wanted = [each for each in known.reservations if each.listing_id in listings]
    async with connected(plugin) as there:
        await there.warm_up()
        client = there.client
        _, calls = await there.cost(client.listings(listings))
        assert calls <= bounds.listing_batch(count, len(known.listings), manifest)
        _, calls = await there.cost(client.reservations(stays))
        assert calls <= bounds.reservation_batch(len(stays))
        _, calls = await there.cost(client.reservations_by_listing(listings, ReservationQuery()))
        assert calls <= bounds.by_listing(count, len(known.reservations), len(wanted), manifest)


@pytest.mark.parametrize("length", [1, 30, 365, 500])
@with_capabilities(Capability.LISTINGS, Capability.CALENDAR)
@in_virtual_time
async def test_calendars_take_no_more_calls_than_declared(plugin: Plugin, known: Known, length: int) -> None:
    ids = ids_of(known.listings)
    async with connected(plugin) as there:
        await there.warm_up()
        days = Days(known.today, known.today + timedelta(days=length))
        _, calls = await there.cost(there.client.calendars(ids, days))
        assert 1 <= calls <= bounds_of(plugin).calendar_batch(len(ids), length)


@with_capabilities(Capability.LISTINGS, Capability.PRICE_DETAILS)
@in_virtual_time
async def test_quotes_take_no_more_calls_than_declared(plugin: Plugin, known: Known) -> None:
    """The same request twice is one call; two stays of the same listings may be two."""
    first = quote_requests(known, a_week(known.today + timedelta(days=20)))
    second = quote_requests(known, a_week(known.today + timedelta(days=40)))
    async with connected(plugin) as there:
        await there.warm_up()
        _, calls = await there.cost(there.client.quotes([*first, *second, *first]))
        assert 1 <= calls <= bounds_of(plugin).quote_batch(len(first), stays=2)


@every_plugin
@in_virtual_time
async def test_identical_reads_at_the_same_time_share_their_calls(plugin: Plugin, known: Known) -> None:
    async with connected(plugin) as alone, connected(plugin) as shared:
        await alone.warm_up()
        await shared.warm_up()
        one, many = every_read(alone, known), every_read(shared, known)
        for name in one:
            result, least = await alone.cost(one[name]())
            results, calls = await shared.cost(asyncio.gather(*(many[name]() for _ in range(MANY))))
            assert calls == least, name
            assert all(records_of(each) == records_of(result) for each in results), name


@every_plugin
@in_virtual_time
async def test_reads_at_the_same_time_without_a_token_get_one_for_all(plugin: Plugin, known: Known) -> None:
    async with connected(plugin) as there:
        await asyncio.gather(*(read() for read in every_read(there, known).values() for _ in range(3)))
        assert len(there.tokens.saved) <= 1
        assert {call["status"] for call in await there.calls()} == {200}
