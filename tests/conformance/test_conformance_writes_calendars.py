"""Nights that are written: exactly the named ones change, and no guest's night is ever freed."""

from contextlib import AbstractAsyncContextManager, suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from providers.capabilities import Capability
from providers.changes import CalendarChange, ChangeRefused, ProblemKind
from providers.contract import Plugin
from providers.errors import ProviderError
from providers.model import CalendarDay
from providers.upstream.accounts import UpstreamSettings
from providers.upstream.dry_run import DryRunEndedError, DryRunSession
from tests.conformance.connection import Connection, connected, with_capabilities
from tests.conformance.known import Known, known_of
from tests.conformance.writing import DAY, Place, days_of, free_place, made, priceable_place
from tests.virtual_time import in_virtual_time, run_virtually

changes = with_capabilities(Capability.CHANGE_CALENDARS)
with_stays = with_capabilities(Capability.CHANGE_CALENDARS, Capability.CREATE_RESERVATIONS)

NIGHTS = 12
"""Nights that a property is tried on."""


def at_present(plugin: Plugin, **more: Any) -> AbstractAsyncContextManager[Connection]:
    """A connection to a PMS whose today is the machine's: which nights can be priced depends on it."""
    return connected(plugin, start=datetime.now(UTC), **more)


async def around(there: Connection, place: Place) -> dict[date, CalendarDay]:
    """The nights of a place, and one on either side."""
    return await days_of(there, place.listing.provider_id, place.start - DAY, place.end + DAY)


async def priced(there: Connection, place: Place, *ranges: tuple[int, int, Decimal]) -> int:
    """Price ranges of nights, by their number in the place; answers the calls it took."""
    _, calls = await there.cost(
        there.client.change_calendar(
            place.listing.provider_id,
            [
                CalendarChange(start=place.start + first * DAY, end=place.start + end * DAY, price=price)
                for first, end, price in ranges
            ],
        )
    )
    return calls


@changes
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    ranges=st.lists(
        st.tuples(st.integers(0, NIGHTS - 1), st.integers(1, NIGHTS), st.integers(5000, 90_000)), min_size=1, max_size=6
    )
)
def test_exactly_the_named_nights_change_and_where_ranges_overlap_the_later_wins(
    plugin: Plugin, ranges: list[tuple[int, int, int]]
) -> None:
    named = [(first, min(first + length, NIGHTS), Decimal(cents) / 100) for first, length, cents in ranges]

    listings = known_of(plugin.manifest.code).listings

    async def run() -> None:
        async with at_present(plugin) as there:
            place = await priceable_place(there, listings, NIGHTS)
            before = await around(there, place)
            await priced(there, place, *named)
            after = await around(there, place)
            expected = {day: each.price for day, each in before.items()}
            for first, end, price in named:
                expected |= {place.start + number * DAY: price for number in range(first, end)}
            assert {day: each.price for day, each in after.items()} == expected
            assert {day: each.available for day, each in after.items()} == {
                day: each.available for day, each in before.items()
            }

    run_virtually(run())


@changes
@in_virtual_time
async def test_what_is_blocked_is_taken_and_what_is_freed_is_free_again(plugin: Plugin, known: Known) -> None:
    async with at_present(plugin) as there:
        place = await free_place(there, known.listings)
        id_ = place.listing.provider_id
        await there.client.change_calendar(id_, [CalendarChange(start=place.start, end=place.end, available=False)])
        blocked = await around(there, place)
        assert {day for day, each in blocked.items() if not each.available} == nights(place)
        await there.client.change_calendar(id_, [CalendarChange(start=place.start, end=place.end, available=True)])
        assert all(each.available for each in (await around(there, place)).values())


@with_stays
@in_virtual_time
async def test_freeing_nights_never_frees_a_guest_s(plugin: Plugin, known: Known) -> None:
    async with at_present(plugin) as there:
        place = await free_place(there, known.listings)
        await made(there, place)
        change = CalendarChange(start=place.start - DAY, end=place.end + DAY, available=True)
        # Refused, or done for the other nights: both leave the guest's.
        with suppress(ChangeRefused):
            await there.client.change_calendar(place.listing.provider_id, [change])
        after = await around(there, place)
        assert {day for day, each in after.items() if not each.available} == nights(place)


@changes
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"price": Decimal("-1")}, "price"),
        ({"price": Decimal(0)}, "price"),
        ({"minimum_stay": 0}, "minimum_stay"),
        ({"days": 0, "price": Decimal(100)}, "end"),
        ({"days": -1, "price": Decimal(100)}, "end"),
    ],
)
@in_virtual_time
async def test_what_is_wrong_with_one_change_is_told_before_any_is_made(
    plugin: Plugin, known: Known, change: dict[str, Any], field: str
) -> None:
    async with at_present(plugin) as there:
        place = await free_place(there, known.listings)
        before = await around(there, place)
        given_ = dict(change)
        end = place.start + given_.pop("days", place.nights) * DAY
        right = CalendarChange(start=place.start, end=place.end, price=Decimal("333.30"))
        wrong = CalendarChange(start=place.start, end=end, **given_)
        await there.forget_calls()
        with pytest.raises(ChangeRefused) as caught:
            await there.client.change_calendar(place.listing.provider_id, [right, wrong])
        assert field in {each.field[-1] for each in caught.value.problems}
        assert {call["method"] for call in await there.calls()} <= {"GET"}
        assert await around(there, place) == before


@changes
@in_virtual_time
async def test_more_ranges_than_a_call_takes_are_split_and_all_arrive(plugin: Plugin, known: Known) -> None:
    count = 401
    async with at_present(plugin) as there:
        start = there.today + 20 * DAY
        place = Place(listing=(await priceable_place(there, known.listings)).listing, start=start, nights=count)
        calls = await priced(
            there, place, *((number, number + 1, Decimal(10_000 + number) / 100) for number in range(count))
        )
        after = await days_of(there, place.listing.provider_id, start, place.end)
        assert [each.price for each in after.values()] == [Decimal(10_000 + number) / 100 for number in range(count)]
        assert calls < 10


@changes
@in_virtual_time
async def test_a_dry_run_changes_no_night(plugin: Plugin, known: Known) -> None:
    async with at_present(plugin) as there:
        place = await priceable_place(there, known.listings)
        before = await around(there, place)
        session = DryRunSession(there.session, there.clock)
        change = CalendarChange(start=place.start, end=place.end, price=Decimal("333.30"))
        await there.forget_calls()
        with suppress(DryRunEndedError):
            await plugin.client(session, there.config).change_calendar(place.listing.provider_id, [change])
        assert session.planned
        assert {call["method"] for call in await there.calls()} <= {"GET"}
        assert await around(there, place) == before


@changes
@pytest.mark.parametrize("fault", ["truncate", "timeout", "garbage"])
@in_virtual_time
async def test_a_change_whose_answer_is_lost_is_looked_at_or_says_that_it_may_be_made(
    plugin: Plugin, known: Known, fault: str
) -> None:
    async with at_present(plugin, settings=UpstreamSettings(breaker_failures=10_000)) as there:
        place = await priceable_place(there, known.listings)
        price = Decimal("333.30")
        await there.fault(kind=fault, method="PUT")
        failed: ProviderError | None = None
        try:
            await priced(there, place, (0, place.nights, price))
        except ProviderError as error:
            failed = error
        await there.mend()
        if failed is None:
            # The plugin looked for itself.
            after = await days_of(there, place.listing.provider_id, place.start, place.end)
            assert {each.price for each in after.values()} == {price}
        else:
            assert failed.was_sent


@changes
@in_virtual_time
async def test_a_listing_that_is_not_there_is_refused(plugin: Plugin) -> None:
    async with at_present(plugin) as there:
        change = CalendarChange(start=there.today + 20 * DAY, end=there.today + 21 * DAY, price=Decimal(100))
        with pytest.raises((ChangeRefused, ProviderError)) as caught:
            await there.client.change_calendar("999999999", [change])
        if isinstance(caught.value, ChangeRefused):
            assert {each.kind for each in caught.value.problems} == {ProblemKind.NOT_FOUND}


def nights(place: Place) -> set[date]:
    return {place.start + timedelta(days=number) for number in range(place.nights)}
