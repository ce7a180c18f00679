"""Rate limits: kept by ourselves, and obeyed when the PMS says so."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from providers.capabilities import Capability
from providers.catalogue import plugins
from providers.contract import Plugin, capabilities
from providers.errors import ErrorCode, RateLimited
from providers.queries import Days, ListingQuery
from providers.upstream.calls import Answer
from tests.conformance.connection import OFF, Connection, connected, ids_of, patience
from tests.conformance.known import Known
from tests.virtual_time import in_virtual_time


def profiles(*needed: Capability) -> pytest.MarkDecorator:
    """Runs a case once for each set of limits of each plugin that can do all of it."""
    params = [
        pytest.param(plugin, profile, id=f"{code}-{profile}")
        for code, plugin in plugins().items()
        for profile in plugin.manifest.limits
        if profile != OFF and capabilities(plugin.client_class) >= set(needed)
    ]
    return pytest.mark.parametrize(("plugin", "profile"), params)


every_profile = profiles(Capability.LISTINGS)
every_calendar_profile = profiles(Capability.LISTINGS, Capability.CALENDAR)

SHORT = 0.5
"""Seconds: too short to wait for any window to open."""


async def told_by_the_pms(there: Connection) -> datetime | None:
    """Until when a raw refusal of the storm says to wait, as the plugin reads it."""
    await there.fault(kind="storm", times=1)
    raw = await there.direct.get(f"{there.plugin.manifest.api_prefix}/anything")
    answer = Answer(
        status=raw.status_code,
        headers={name.lower(): value for name, value in raw.headers.items()},
        body=raw.content,
        received_at=there.clock.now(),
    )
    quota = there.session.account.dialect.quota(answer)
    return quota.blocked_until if quota else None


async def read_page(there: Connection) -> None:
    assert (await there.client.listing_page(ListingQuery(), None)).items


@every_profile
@in_virtual_time
async def test_after_a_refusal_nobody_calls_before_the_time_told_and_then_it_goes_on(
    plugin: Plugin, profile: str
) -> None:
    async with connected(plugin, listings=2, limits=profile) as there:
        await there.warm_up()
        until = await told_by_the_pms(there)
        await there.fault(kind="storm", times=1)
        await there.forget_calls()
        with patience(SHORT), pytest.raises(RateLimited) as caught:
            await read_page(there)
        assert [call["status"] for call in await there.calls()] == [429]
        told = caught.value.retry_after
        assert told is not None
        assert told > 0
        if until is not None:
            assert there.clock.now() + timedelta(seconds=told) >= until
        opens = there.clock.monotonic() + told
        for _ in range(3):
            await there.clock.sleep(max(0.0, (opens - there.clock.monotonic()) / 2))
            if opens - there.clock.monotonic() > SHORT:
                with patience(SHORT), pytest.raises(RateLimited):
                    await read_page(there)
        assert await there.call_count() == 1, "a call was made although the PMS had refused"
        await there.clock.sleep(opens - there.clock.monotonic() + 1)
        with patience(60):
            await read_page(there)
        assert [call["status"] for call in await there.calls()] == [429, 200]


@every_profile
@in_virtual_time
async def test_a_patient_caller_gets_its_answer_through_a_storm(plugin: Plugin, profile: str) -> None:
    async with connected(plugin, listings=2, limits=profile) as there:
        await there.warm_up()
        until = await told_by_the_pms(there)
        await there.fault(kind="storm", times=2)
        await there.forget_calls()
        await read_page(there)
        calls = await there.calls()
        assert [call["status"] for call in calls] == [429, 429, 200]
        moments = [datetime.fromisoformat(call["at"]).astimezone(UTC) for call in calls]
        assert until is None or moments[1] >= until
        assert moments[0] < moments[1] < moments[2]


@every_profile
@in_virtual_time
async def test_a_storm_without_end_is_told_as_such(plugin: Plugin, profile: str) -> None:
    async with connected(plugin, listings=2, limits=profile) as there:
        await there.warm_up()
        await there.fault(kind="storm")
        await there.forget_calls()
        with pytest.raises(RateLimited) as caught:
            await read_page(there)
        assert caught.value.code is ErrorCode.RATE_LIMITED
        assert caught.value.retry_after is not None
        assert await there.call_count() <= 3


@every_profile
@in_virtual_time
async def test_another_program_that_spends_the_budget_costs_few_refusals(plugin: Plugin, profile: str) -> None:
    async with connected(plugin, listings=2, limits=profile) as there:
        await there.warm_up()
        headers = there.session.account.dialect.headers(await there.session.token())
        for _ in range(1100):
            raw = await there.direct.get(f"{plugin.manifest.api_prefix}/anything", headers=headers)
            if raw.status_code == 429:
                break
        assert raw.status_code == 429, "the simulator has no limit"
        is_told = bool(raw.headers.keys() & {"retry-after", "x-ratelimit-reset", "x-ratelimit-retry-after"})
        await there.forget_calls()
        await read_page(there)
        *refused, last = [call["status"] for call in await there.calls()]
        assert last == 200
        assert set(refused) <= {429}
        assert len(refused) <= (1 if is_told else 2), "without a word from the PMS its window has to be guessed"


@every_calendar_profile
@in_virtual_time
async def test_our_own_limits_keep_the_pms_from_ever_refusing(plugin: Plugin, known: Known, profile: str) -> None:
    """Twice as many calls at once as the tightest window takes, as far as the reads of one account go."""
    tightest = min(limit.calls for limit in plugin.manifest.limits[profile] if limit.charge is None)
    wanted = min(2 * tightest, 60)
    ids = ids_of(known.listings)
    async with connected(plugin, limits=profile) as there:
        await there.forget_calls()
        days = [Days(known.today, known.today + timedelta(days=length)) for length in range(1, wanted + 1)]
        asked = [([ids[number % len(ids)]], each) for number, each in enumerate(days)]
        results = await asyncio.gather(*(there.client.calendars(key, each) for key, each in asked))
        statuses = Counter(call["status"] for call in await there.calls())
    assert all(len(result.found) == 1 and not result.failed for result in results)
    assert statuses.keys() == {200}, statuses
