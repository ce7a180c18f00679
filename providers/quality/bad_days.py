"""Rules about what a PMS does to a plugin: odd records, new words, dead tokens, refusals, limits, failures."""

import asyncio
import traceback
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from providers.capabilities import Capability
from providers.errors import AuthenticationFailed, ProviderError, RateLimited
from providers.model import ReservationStatus
from providers.quality.comparing import unified
from providers.quality.connection import (
    OFF,
    Connection,
    CountingTokens,
    all_listings,
    by_id,
    connected,
    failures,
    ids_of,
    patience,
    secret_fields,
    walk,
)
from providers.quality.level import NotApplicable, demand
from providers.quality.reads import Read, Sample, every_read, records_of
from providers.quality.rewriting import every_object, every_text
from providers.quality.subject import Subject
from providers.queries import Days, ListingQuery, ReservationQuery
from providers.upstream.accounts import UpstreamSettings

NEW_WORD = "neverHeardOfBefore"
DEAD = "d" * 40
"""A token that no PMS ever issued."""

MOST_CALLS = 2000
"""Calls after which a simulator without a refusal counts as one without limits."""

SHORT = 0.5
"""Seconds: too short to wait for any window to open."""

_ONCE = UpstreamSettings(attempts=1, breaker_failures=10_000)
_FAULTS: tuple[dict[str, Any], ...] = (
    *({"kind": "status", "status": status} for status in (400, 401, 403, 422, 503)),
    *({"kind": kind} for kind in ("garbage", "html", "fail", "storm", "timeout")),
)


async def simulator(subject: Subject) -> None:
    for profile in subject.plugin.manifest.limits:
        async with connected(subject.plugin, listings=2, limits=profile) as there:
            errors = await failures(there.client.check())
            demand(not errors, f"the simulator's own credentials fail the check under the limits {profile!r}")
            demand(await there.call_count(), "the simulator does not count the check's calls")


async def refusal(subject: Subject) -> None:
    async with connected(subject.plugin, listings=1) as there:
        secrets = secret_fields(there.config)
    demand(secrets, "the simulator's credentials hold no secret")
    for name, secret in secrets.items():
        wrong = secret[::-1] if secret[::-1] != secret else f"{secret}x"
        async with connected(subject.plugin, listings=1, changed={name: wrong}) as there:
            errors = await failures(there.client.check())
            demand(errors, f"check() passes with a wrong {name}")
            told = isinstance(errors[0], AuthenticationFailed)
            demand(told, f"check() answers {errors[0].code} to a wrong {name}, not AUTHENTICATION_FAILED")


async def odd_records(subject: Subject) -> None:
    subject.needs(Capability.LISTINGS)
    sample = await subject.sample()
    async with connected(subject.plugin) as there:
        await there.send_broken_records(True)
        listings = await walk(there.client.listing_page, ListingQuery())
        seen = len(listings.odd)
        _demand_isolated(listings.items, listings.odd, sample.listings)
        if Capability.RESERVATIONS in subject.capabilities:
            stays = await walk(there.client.reservation_page, ReservationQuery())
            seen += len(stays.odd)
            _demand_isolated(stays.items, stays.odd, sample.reservations)
    demand(seen, "the simulator's broken records are not told as odd")


def _demand_isolated(items: list[Any], odd: list[Any], whole: list[Any]) -> None:
    broken = {each.id for each in odd}
    demand(all(each.reason for each in odd), "odd records are set aside without a reason")
    lost = [key for key in ids_of(whole) if key not in by_id(items) and key not in broken]
    demand(not lost, f"a broken record takes {len(lost)} others with it")


async def unknown_fields(subject: Subject) -> None:
    sample = await subject.sample()
    novelty = {"someNewField": {"deep": [1, "x", None]}, "another_new_field": -0.5}
    part = _part(sample)
    async with connected(subject.plugin) as there:
        await there.warm_up()
        before = {name: unified(records_of(await read())) for name, read in _fresh_reads(there, part).items()}
        with there.answering(every_object(lambda each: {**each, **novelty} if "id" in each else each)):
            for name, read in _fresh_reads(there, part).items():
                same = unified(records_of(await read())) == before[name]
                demand(same, f"a field that nobody knows changes what {name} brings")


def _fresh_reads(there: Connection, sample: Sample) -> Mapping[str, Read]:
    """The reads of a new client, which remembers nothing of earlier answers."""
    return every_read(there.plugin.client(there.session, there.config), sample)


async def unknown_words(subject: Subject) -> None:
    subject.needs(Capability.RESERVATIONS)
    sample = await subject.sample()
    confirmed = [each for each in sample.reservations if each.status is ReservationStatus.CONFIRMED]
    demand(confirmed, "the simulator has no confirmed reservation")
    word = Counter(each.provider_status for each in confirmed).most_common(1)[0][0]
    demand(word, "confirmed reservations do not keep the PMS's own word")
    async with connected(subject.plugin) as there:
        await there.warm_up()
        with there.answering(every_text(lambda text: NEW_WORD if text == word else text)):
            walked = await walk(there.client.reservation_page, ReservationQuery())
    found = by_id(walked.items)
    for stay in confirmed:
        if stay.provider_status == word:
            demand(stay.provider_id in found, "a new word for the status loses a reservation")
            now = found[stay.provider_id]
            demand(now.status is ReservationStatus.UNKNOWN, "a new word for the status is taken for a known one")
            demand(now.provider_status == NEW_WORD, "a new word for the status is not kept")


async def dead_token(subject: Subject) -> None:
    sample = await subject.sample()
    async with connected(subject.plugin) as there:
        token = await there.session.token()
        if token is None or not there.tokens.saved:
            raise NotApplicable("the simulator's credentials make no tokens")
        tokens = CountingTokens()
        await tokens.save(there.session.account_id, replace(token, access=DEAD))
        tokens.saved.clear()
        async with there.again(tokens) as after:
            reads = every_read(after.client, _part(sample))
            results = await asyncio.gather(*(failures(read()) for read in reads.values()))
            demand(not any(results), "reads fail where the token has died")
            demand(len(tokens.saved) == 1, f"{len(tokens.saved)} tokens were made to replace a dead one")


async def limits(subject: Subject) -> None:
    subject.needs(Capability.LISTINGS)
    for profile, declared in subject.plugin.manifest.limits.items():
        if profile == OFF or not declared:
            continue
        async with connected(subject.plugin, listings=2, limits=profile) as there:
            demand(await _is_refused(there), f"the simulator refuses nothing under the limits {profile!r}")
        async with connected(subject.plugin, limits=profile) as there:
            await _demand_kept(there, await subject.sample(), profile)


async def _is_refused(there: Connection) -> bool:
    headers = there.session.account.dialect.headers(await there.session.token())
    for _ in range(MOST_CALLS):
        raw = await there.direct.get(f"{there.plugin.manifest.api_prefix}/anything", headers=headers)
        if raw.status_code == 429:
            return True
    return False


async def _demand_kept(there: Connection, sample: Sample, profile: str) -> None:
    tightest = min(limit.calls for limit in there.plugin.manifest.limits[profile] if limit.charge is None)
    wanted = min(2 * tightest, 60)
    await there.forget_calls()
    moments = [there.clock.now() - timedelta(days=number) for number in range(wanted)]
    asked = (there.client.listing_page(ListingQuery(updated_since=each), None) for each in moments)
    results = await asyncio.gather(*(failures(each) for each in asked))
    demand(not any(results), f"reads fail under the limits {profile!r}")
    refused = [call for call in await there.calls() if call["status"] == 429]
    demand(not refused, f"the PMS had to refuse {len(refused)} calls under the limits {profile!r}")


async def patience_after_refusal(subject: Subject) -> None:
    subject.needs(Capability.LISTINGS)
    async with connected(subject.plugin, listings=2, limits=subject.plugin.manifest.default_limits) as there:
        await there.warm_up()
        await there.fault(kind="storm", times=1)
        with patience(SHORT):
            errors = await failures(there.client.listing_page(ListingQuery(), None))
        demand(errors and isinstance(errors[0], RateLimited), "the PMS's refusal of too many calls is not told as such")
        told = errors[0].retry_after
        demand(told and told > 0, "nothing tells when to call again")
        with patience(SHORT):
            await failures(there.client.listing_page(ListingQuery(), None))
        demand(await there.call_count() == 1, "the PMS was called again right after it had refused")
        await there.clock.sleep((told or 0) + 1)
        with patience(60):
            demand(await all_listings(there), "nothing can be read after the time that was told")


async def secrets(subject: Subject) -> None:
    sample = _part(await subject.sample())
    shown: list[str] = []
    async with connected(subject.plugin, listings=2, settings=_ONCE) as there:
        await there.session.token()
        for fault in _FAULTS:
            await there.mend()
            await there.fault(**fault)
            for read in every_read(there.client, sample).values():
                shown += [text for error in await failures(read()) for text in _texts(error)]
        await there.mend()
        shown += [repr(each) for each in (there.config, there.client, there.session, there.session.account)]
        shown += [str(subject.plugin.identity(scope, there.config)) for scope in there.session.account.identities]
        hidden = {*secret_fields(there.config).values()}
        hidden |= {each for token in there.tokens.saved for each in (token.access, token.refresh) if each}
    for secret in hidden:
        demand(not any(secret in text for text in shown), "an error or a representation shows a secret")


def _texts(error: ProviderError) -> Iterator[str]:
    yield from (str(error), repr(error), error.message)
    yield from traceback.format_exception(error)


async def free_search(subject: Subject) -> None:
    """Every listing that a search calls free has a calendar that is free for all of the stay."""
    subject.needs(Capability.LISTINGS, Capability.CALENDAR, Capability.AVAILABILITY_SEARCH)
    sample = await subject.sample()
    async with connected(subject.plugin) as there:
        page = await every_read(there.client, sample)["free_listings"]()
        start = sample.today + timedelta(days=20)
        found = (await there.client.calendars(ids_of(sample.listings), Days(start, start + timedelta(days=4)))).found
    demand(page.next is None, "a search has pages")
    for each in page.items:
        demand(each.listing_id in found, "a search finds a listing that does not exist")
        if all((day.units_total or 1) == 1 for day in found[each.listing_id].days):
            free = all(day.available is not False for day in found[each.listing_id].days)
            demand(free, "a search calls a listing free that its calendar does not")


def _part(sample: Sample) -> Sample:
    return Sample(listings=sample.listings[:2], reservations=sample.reservations[:2], today=sample.today)
