"""What nobody expected of a PMS: broken records, new words, new fields. They cost themselves and nothing else."""

from collections import Counter
from dataclasses import fields, replace
from typing import Any

from providers.capabilities import Capability
from providers.contract import Plugin
from providers.errors import ErrorCode
from providers.model import DayStatus, ReservationStatus
from providers.quality.comparing import unified
from providers.quality.reads import records_of
from providers.quality.rewriting import every_object, every_text
from providers.queries import ListingQuery, ReservationQuery
from tests.conformance.connection import Walked, by_id, connected, every_plugin, ids_of, walk, with_capabilities
from tests.conformance.known import Known
from tests.conformance.requests import a_week, every_read
from tests.virtual_time import in_virtual_time

NEW_WORD = "neverHeardOfBefore"


def assert_set_aside(walked: Walked, whole: list[Any]) -> set[str]:
    """The broken records' ids: reported, told why, and all others served as ever."""
    broken = {each.id for each in walked.odd if each.id}
    assert len(broken) == len(walked.odd)
    assert all(each.reason for each in walked.odd)
    assert_served(by_id(walked.items), [each for each in whole if each.provider_id not in broken])
    return broken


def assert_served(found: dict[str, Any], whole: list[Any]) -> None:
    """Exactly these records, as ever; of a broken one that is served all the same, a part may have become null."""
    assert found.keys() == set(ids_of(whole))
    changed = [(each, found[each.provider_id]) for each in whole if unified(found[each.provider_id]) != unified(each)]
    assert len(changed) <= 1, "one broken record in each collection is enough"
    for before, after in changed:
        names = [
            each.name
            for each in fields(before)
            if each.name != "raw" and unified(getattr(after, each.name)) != unified(getattr(before, each.name))
        ]
        assert [getattr(after, name) for name in names] == [None] * len(names), names


@with_capabilities(Capability.LISTINGS, Capability.RESERVATIONS)
@in_virtual_time
async def test_broken_records_are_reported_and_all_others_served(plugin: Plugin, known: Known) -> None:
    async with connected(plugin) as there:
        await there.send_broken_records(True)
        listings = await walk(there.client.listing_page, ListingQuery())
        stays = await walk(there.client.reservation_page, ReservationQuery())
        broken = assert_set_aside(listings, known.listings) | assert_set_aside(stays, known.reservations)
        assert broken, "the simulator sends no broken record"
        await there.send_broken_records(False)
        mended = await walk(there.client.reservation_page, ReservationQuery())
        assert (by_id(mended.items), mended.odd) == (by_id(known.reservations), [])


@with_capabilities(Capability.LISTINGS, Capability.RESERVATIONS)
@in_virtual_time
async def test_broken_records_fail_alone_when_they_are_read_by_id(plugin: Plugin, known: Known) -> None:
    async with connected(plugin) as there:
        await there.send_broken_records(True)
        client = there.client
        for page, batch, whole in (
            (await walk(client.listing_page, ListingQuery()), client.listings, known.listings),
            (await walk(client.reservation_page, ReservationQuery()), client.reservations, known.reservations),
        ):
            broken = [each.id for each in page.odd if each.id]
            asked = [*broken, *ids_of(whole)[:12]]
            found = await batch(asked)
            assert found.failed.keys() == set(broken)
            assert {each.code for each in found.failed.values()} <= {ErrorCode.UPSTREAM_INVALID}
            assert_served(found.found, [by_id(whole)[key] for key in dict.fromkeys(asked) if key not in broken])


@with_capabilities(Capability.LISTINGS, Capability.RESERVATIONS)
@in_virtual_time
async def test_broken_reservations_do_not_hide_those_of_the_same_listing(plugin: Plugin, known: Known) -> None:
    async with connected(plugin) as there:
        await there.send_broken_records(True)
        broken = {each.id for each in (await walk(there.client.reservation_page, ReservationQuery())).odd}
        batch = await there.client.reservations_by_listing(ids_of(known.listings), ReservationQuery())
        assert batch.failed == {}
        served = {each.provider_id for stays in batch.found.values() for each in stays}
        assert served == set(ids_of(known.reservations)) - broken


@with_capabilities(Capability.RESERVATIONS)
@in_virtual_time
async def test_a_new_status_word_survives_as_unknown(plugin: Plugin, known: Known) -> None:
    confirmed = [each for each in known.reservations if each.status is ReservationStatus.CONFIRMED]
    word = Counter(each.provider_status for each in confirmed).most_common(1)[0][0]
    assert word
    async with connected(plugin) as there:
        await there.warm_up()
        with there.answering(every_text(lambda text: NEW_WORD if text == word else text)):
            walked = await walk(there.client.reservation_page, ReservationQuery())
    assert walked.odd == []
    found = by_id(walked.items)
    assert found.keys() == set(ids_of(known.reservations))
    for stay in confirmed:
        if stay.provider_status == word:
            unknown = replace(stay, status=ReservationStatus.UNKNOWN, provider_status=NEW_WORD)
            assert unified(found[stay.provider_id]) == unified(unknown)
    for stay in known.reservations:
        if stay.provider_status != word and stay.status is not ReservationStatus.CANCELLED:
            assert found[stay.provider_id].status is stay.status


@with_capabilities(Capability.LISTINGS, Capability.CALENDAR)
@in_virtual_time
async def test_a_new_word_for_a_night_is_never_taken_for_a_free_one(plugin: Plugin, known: Known) -> None:
    """Whatever a PMS may come to call its nights, none that was taken looks free then."""
    ids, days = ids_of(known.listings), a_week(known.today)
    async with connected(plugin) as there:
        before = (await there.client.calendars(ids, days)).found
        words = {day.provider_status for each in before.values() for day in each.days} - {None}
        with there.answering(every_text(lambda text: NEW_WORD if text in words else text)):
            after = (await there.client.calendars(ids, days)).found
    assert after.keys() == before.keys()
    for key, calendar in before.items():
        for old, new in zip(calendar.days, after[key].days, strict=True):
            assert new.date == old.date
            if old.status is not DayStatus.AVAILABLE:
                assert new.status is not DayStatus.AVAILABLE, (old, new)
                assert new.available is not True, (old, new)


@every_plugin
@in_virtual_time
async def test_new_fields_change_nothing(plugin: Plugin, known: Known) -> None:
    novelty = {"someNewField": {"deep": [1, "x", None]}, "another_new_field": -0.5}
    async with connected(plugin) as there:
        await there.warm_up()
        before = {name: await read() for name, read in every_read(there, known).items()}
    async with connected(plugin) as there:
        await there.warm_up()
        with there.answering(every_object(lambda each: {**each, **novelty} if "id" in each else each)):
            after = {name: await read() for name, read in every_read(there, known).items()}
    for name, result in before.items():
        assert unified(records_of(after[name])) == unified(records_of(result)), name
        for part in ("failed", "odd", "total"):
            assert getattr(after[name], part, None) == getattr(result, part, None), (name, part)
