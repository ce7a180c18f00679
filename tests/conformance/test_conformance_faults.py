"""A PMS that is down, slow, lying or cut off: always a ``ProviderError`` of the right code, and nothing else."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from providers.capabilities import Capability
from providers.contract import Plugin, SimulatorOptions
from providers.errors import ErrorCode, NotFound, UpstreamUnavailable
from providers.queries import Batch, ListingQuery, ReservationQuery
from providers.simulation.clock import simulated_time
from providers.upstream.accounts import UpstreamSettings
from tests.conformance.connection import (
    OFF,
    Connection,
    CountingTokens,
    config_model,
    connected,
    every_plugin,
    failures,
    ids_of,
    on_upstream,
    with_capabilities,
)
from tests.conformance.known import Known
from tests.conformance.requests import a_week, every_read
from tests.gateway_world import ShiftedClock, serving
from tests.virtual_time import in_virtual_time

ONCE = UpstreamSettings(attempts=1, breaker_failures=10_000)
"""One attempt a call and no circuit: each fault shows as it is."""

FAULTS: list[tuple[dict[str, Any], ErrorCode]] = [
    ({"kind": "status", "status": 302}, ErrorCode.UPSTREAM_INVALID),
    ({"kind": "status", "status": 400}, ErrorCode.UPSTREAM_REFUSED),
    ({"kind": "status", "status": 401}, ErrorCode.AUTHENTICATION_FAILED),
    ({"kind": "status", "status": 403}, ErrorCode.PERMISSION_DENIED),
    ({"kind": "status", "status": 409}, ErrorCode.UPSTREAM_REFUSED),
    ({"kind": "status", "status": 422}, ErrorCode.UPSTREAM_REFUSED),
    ({"kind": "status", "status": 500}, ErrorCode.UPSTREAM_UNAVAILABLE),
    ({"kind": "status", "status": 503}, ErrorCode.UPSTREAM_UNAVAILABLE),
    ({"kind": "timeout"}, ErrorCode.UPSTREAM_TIMEOUT),
    ({"kind": "latency", "seconds": 60}, ErrorCode.UPSTREAM_TIMEOUT),
    ({"kind": "garbage"}, ErrorCode.UPSTREAM_INVALID),
    ({"kind": "html"}, ErrorCode.UPSTREAM_INVALID),
    ({"kind": "storm"}, ErrorCode.RATE_LIMITED),
]


async def assert_every_read_fails(there: Connection, known: Known, code: ErrorCode) -> None:
    """Every read that calls the PMS at all fails with ``code``, and says for whom."""
    failed = set()
    for name, read in every_read(there, known).items():
        errors, calls = await there.cost(failures(read()))
        if not calls:
            continue
        assert errors, f"{name} hides the failure"
        assert {error.code for error in errors} == {code}, (name, errors)
        assert {(error.provider, error.account_id) for error in errors} == {
            (there.plugin.manifest.code, there.session.account_id)
        }, name
        assert all(error.message for error in errors)
        failed.add(name)
    assert len(failed) > 1


async def account_at_the_pms(there: Connection) -> str | None:
    """The account as the simulator's own words have it: faults for it leave calls for tokens alone."""
    await there.client.check()
    return next((str(call["account"]) for call in reversed(await there.calls()) if call["account"]), None)


@pytest.mark.parametrize(("fault", "code"), FAULTS, ids=["-".join(map(str, fault.values())) for fault, _ in FAULTS])
@every_plugin
@in_virtual_time
async def test_every_read_tells_what_is_wrong_with_the_pms(
    plugin: Plugin, known: Known, fault: dict[str, Any], code: ErrorCode
) -> None:
    async with connected(plugin, listings=2, settings=ONCE) as there:
        await there.fault(**fault, account=await account_at_the_pms(there))
        await assert_every_read_fails(there, known, code)
        await there.mend()
        await there.client.check()  # the PMS is well again, and nothing bars the way


@every_plugin
@in_virtual_time
async def test_the_pmss_own_way_to_fail_is_told_as_a_failure(plugin: Plugin, known: Known) -> None:
    async with connected(plugin, listings=2, settings=ONCE) as there:
        account = await account_at_the_pms(there)
        await there.fault(kind="fail")
        raw = await there.direct.get(f"{plugin.manifest.api_prefix}/anything")
        await there.mend()
        await there.fault(kind="fail", account=account)
        code = ErrorCode.UPSTREAM_UNAVAILABLE if raw.status_code >= 500 else ErrorCode.UPSTREAM_REFUSED
        await assert_every_read_fails(there, known, code)


@with_capabilities(Capability.LISTINGS, Capability.RESERVATIONS)
@in_virtual_time
async def test_not_found_is_an_error_of_pages_and_an_absence_in_batches(plugin: Plugin, known: Known) -> None:
    async with connected(plugin, listings=2, settings=ONCE) as there:
        await there.fault(kind="status", status=404, account=await account_at_the_pms(there))
        with pytest.raises(NotFound):
            await there.client.listing_page(ListingQuery(), None)
        listings = await there.client.listings([known.listings[0].provider_id])
        stays = await there.client.reservations([known.reservations[0].provider_id])
        assert (listings.found, listings.failed, stays.found, stays.failed) == ({}, {}, {}, {})


@with_capabilities(Capability.LISTINGS)
@in_virtual_time
async def test_a_passing_failure_is_not_even_noticed(plugin: Plugin) -> None:
    async with connected(plugin, listings=2) as there:
        await there.client.check()
        for fault in ({"kind": "status", "status": 503}, {"kind": "cut"}, {"kind": "timeout"}, {"kind": "garbage"}):
            await there.fault(**fault, times=1)
            assert len((await there.client.listing_page(ListingQuery(), None)).items) == 2, fault


@with_capabilities(Capability.LISTINGS, Capability.RESERVATIONS, Capability.CALENDAR)
@in_virtual_time
async def test_what_one_failed_call_of_several_would_have_brought_is_failed_and_not_missing(
    plugin: Plugin, known: Known
) -> None:
    listings, stays = ids_of(known.listings), ids_of(known.reservations[:8])
    async with connected(plugin, settings=ONCE) as there:
        await there.client.check()
        client, days = there.client, a_week(known.today)
        reads: list[tuple[list[str], Callable[[], Awaitable[Batch[Any]]]]] = [
            (listings, lambda: client.listings(listings)),
            (stays, lambda: client.reservations(stays)),
            (listings, lambda: client.reservations_by_listing(listings, ReservationQuery())),
            (listings, lambda: client.calendars(listings, days)),
        ]
        for asked, read in reads:
            await there.fault(kind="status", status=500, times=1)
            try:
                batch = await read()
            except UpstreamUnavailable:
                continue
            assert batch.found.keys() | batch.failed.keys() == set(asked)
            assert not batch.found.keys() & batch.failed.keys()
            assert {error.code for error in batch.failed.values()} == {ErrorCode.UPSTREAM_UNAVAILABLE}


@asynccontextmanager
async def connected_over_sockets(plugin: Plugin) -> AsyncIterator[Connection]:
    """Over a real connection, which can really break. Waits pass at once, since the clock moves on by them."""
    clock = ShiftedClock()
    with simulated_time(clock.now):
        simulation = plugin.simulator(SimulatorOptions(listings=2, limits=OFF))
        auth_type, found = simulation.credentials()[0]
        async with (
            serving(simulation.app) as url,
            httpx.AsyncClient(base_url=url, transport=httpx.ASGITransport(simulation.app)) as direct,
            on_upstream(
                plugin,
                auth_type,
                config_model(plugin, auth_type).model_validate(found),
                limits=OFF,
                clock=clock,
                direct=direct,
                tokens=CountingTokens(),
                settings=ONCE,
            ) as there,
        ):
            yield there


@every_plugin
async def test_an_answer_that_breaks_off_is_invalid(plugin: Plugin, known: Known) -> None:
    async with connected_over_sockets(plugin) as there:
        account = await account_at_the_pms(there)
        for kind in ("cut", "truncate"):
            await there.fault(kind=kind, account=account)
            await assert_every_read_fails(there, known, ErrorCode.UPSTREAM_INVALID)
            await there.mend()


@every_plugin
async def test_a_pms_that_is_not_there_is_unavailable(plugin: Plugin, known: Known) -> None:
    async with connected_over_sockets(plugin) as there:
        await there.client.check()
        there.direct.base_url = "http://127.0.0.1:1"
        async with there.again(there.tokens) as gone:
            tried = 0
            for name, read in every_read(gone, known).items():
                gone.outcomes.clear()
                errors = await failures(read())
                if gone.outcomes:
                    assert {error.code for error in errors} == {ErrorCode.UPSTREAM_UNAVAILABLE}, name
                tried += len(gone.outcomes)
        assert tried > 1
