"""Changing calendars through the plugin: right nights, right fields, few calls, under every reading."""

from contextlib import suppress
from dataclasses import replace
from decimal import Decimal

import pytest

from providers.changes import ChangeRefused, ProblemKind
from providers.errors import ProviderError, UpstreamRefused
from providers.hostaway.client import HostawayClient
from providers.hostaway.simulator import HostawayReadings, odd
from providers.queries import Days
from providers.simulation.faults import Fault, FaultKind
from providers.simulation.portfolio import StayKind
from providers.upstream.dry_run import DryRunEndedError, DryRunSession
from tests.providers.hostaway.calendar_world import FIRST, READINGS, a_change, days_of, prices
from tests.providers.hostaway.writing_world import DAY, writing
from tests.virtual_time import in_virtual_time

TOO_MUCH = Decimal(2_000_000_000)
READ, ONE, MANY = "calendar", "calendar", "calendarIntervals"


@pytest.mark.parametrize("readings", READINGS, ids=range(len(READINGS)))
@pytest.mark.parametrize("ranges", [(1,), (3,), (1, 1, 1), (2, 1), (1, 4, 1)], ids=str)
@in_virtual_time
async def test_exactly_the_nights_that_are_named_change_under_every_reading(readings, ranges):
    async with writing(readings, listings=1) as there:
        row = there.listing()
        lo, hi = FIRST - 5 * DAY, FIRST + 20 * DAY
        before = await days_of(there, row.id, lo, hi)
        changes, day = [], FIRST
        for number, nights in enumerate(ranges):
            changes.append(a_change(day, day + nights * DAY, price=Decimal(500 + number)))
            day += nights * DAY
        written = await there.client.change_calendar(str(row.id), changes)
        after = await days_of(there, row.id, lo, hi)
        assert not written.warnings
        wanted = {night: each.price for each in changes for night in Days(each.start, each.end)}
        expected = {day: replace(was, price=wanted.get(day, was.price)) for day, was in before.items()}
        assert after == expected


@in_virtual_time
async def test_365_prices_take_one_read_and_two_writes_once_the_end_of_intervals_is_known():
    async with writing() as there:
        row = there.listing()
        await there.client.change_calendar(str(row.id), [a_change(FIRST, FIRST + DAY, price=Decimal(90))])
        assert [path.rpartition("/")[2] for _, path in there.calls] == [READ, ONE]
        await there.client.change_calendar(str(row.id), prices(FIRST, 365))
        assert [path.rpartition("/")[2] for _, path in there.calls] == [READ, MANY, MANY]
        after = await days_of(there, row.id, FIRST, FIRST + 365 * DAY)
        assert [day.price for day in after.values()] == [each.price for each in prices(FIRST, 365)]


@in_virtual_time
async def test_the_first_365_prices_of_an_account_take_one_more_read():
    async with writing() as there:
        await there.client.change_calendar(str(there.listing().id), prices(FIRST, 365))
        assert [path.rpartition("/")[2] for _, path in there.calls] == [READ, MANY, MANY, READ]


@in_virtual_time
async def test_365_single_days_with_weekend_prices_take_one_read_and_one_write():
    async with writing() as there:
        row = there.listing()
        await there.client.change_calendar(str(row.id), [a_change(FIRST, FIRST + DAY, price=Decimal(90))])
        there.outcomes.clear()
        days = [FIRST + n * DAY for n in range(365)]
        changes = [a_change(day, day + DAY, price=Decimal(150 if day.weekday() in (4, 5) else 100)) for day in days]
        row.nights.clear()
        await there.client.change_calendar(str(row.id), changes)
        assert [path.rpartition("/")[2] for _, path in there.calls] == [READ, MANY]
        after = await days_of(there, row.id, FIRST, FIRST + 365 * DAY)
        assert [day.price for day in after.values()] == [each.price for each in changes]


@in_virtual_time
async def test_later_changes_win_where_they_overlap_field_by_field():
    async with writing() as there:
        row = there.listing()
        await there.client.change_calendar(
            str(row.id),
            [
                a_change(FIRST, FIRST + 4 * DAY, price=Decimal(100), minimum_stay=3, note="season"),
                a_change(FIRST + DAY, FIRST + 2 * DAY, price=Decimal(200), closed_to_arrival=True),
            ],
        )
        after = list((await days_of(there, row.id, FIRST, FIRST + 4 * DAY)).values())
        assert [day.price for day in after] == [100, 200, 100, 100]
        assert [day.minimum_stay for day in after] == [3] * 4
        assert [day.note for day in after] == ["season"] * 4
        assert [day.closed_to_arrival for day in after] == [False, True, False, False]


@pytest.mark.parametrize("readings", READINGS, ids=range(len(READINGS)))
@in_virtual_time
async def test_blocking_and_freeing_never_frees_a_reserved_night(readings):
    async with writing(readings, listings=1) as there:
        row = there.listing()
        taken = next(day for day in sorted(row.nights) if day > FIRST and row.nights[day][0].kind is StayKind.CONFIRMED)
        start, end = taken - 6 * DAY, taken + 12 * DAY
        before = await days_of(there, row.id, start, end)
        blocked = await there.client.change_calendar(str(row.id), [a_change(start, end, available=False)])
        assert not any(day.available for day in (await days_of(there, row.id, start, end)).values())
        freed = await there.client.change_calendar(str(row.id), [a_change(start, end, available=True)])
        after = await days_of(there, row.id, start, end)
        assert {day: each.available for day, each in after.items()} == {d: d not in row.nights for d in before}
        assert not blocked.warnings
        assert any("stay taken" in each for each in freed.warnings)


@in_virtual_time
async def test_a_price_change_leaves_no_block_behind_on_reserved_nights():
    async with writing(HostawayReadings()) as there:
        row = there.listing()
        reservation = next(
            each
            for each in there.account.reservations_of(row.id)
            if each.stay.kind.holds_nights and each.arrival > FIRST
        )
        nights = (reservation.arrival, reservation.departure)
        await there.client.change_calendar(str(row.id), [a_change(*nights, price=Decimal(77))])
        there.account.remove_reservation(reservation.id)
        after = await days_of(there, row.id, *nights)
        assert all(day.available and day.price == 77 for day in after.values())


@pytest.mark.parametrize("resets", [False, True])
@in_virtual_time
async def test_what_a_change_does_not_name_stays_as_it_was(resets):
    async with writing(HostawayReadings(interval_resets_left_out=resets)) as there:
        row = there.listing()
        everything = a_change(
            FIRST,
            FIRST + 2 * DAY,
            available=False,
            price=Decimal("99.90"),
            minimum_stay=4,
            maximum_stay=20,
            closed_to_arrival=True,
            closed_to_departure=True,
            note="painter",
        )
        for night in Days(FIRST, FIRST + 2 * DAY):
            row.nights.pop(night, None)
        await there.client.change_calendar(str(row.id), [everything])
        before = await days_of(there, row.id, FIRST, FIRST + 2 * DAY)
        await there.client.change_calendar(str(row.id), [a_change(FIRST, FIRST + 2 * DAY, price=Decimal("80.05"))])
        after = await days_of(there, row.id, FIRST, FIRST + 2 * DAY)
        assert after == {day: replace(was, price=Decimal("80.05")) for day, was in before.items()}
        assert {day.note for day in after.values()} == {"painter"}
        assert not any(day.available for day in after.values())


@in_virtual_time
async def test_several_units_are_sold_by_their_number():
    async with writing() as there:
        row = there.listing(odd.MULTI_UNIT_LISTING)
        span = Days(FIRST, FIRST + 5 * DAY)
        before = await days_of(there, row.id, span.start, span.end)
        left = {day: each.units_available for day, each in before.items()}
        client, id_ = there.client, str(row.id)

        await client.change_calendar(id_, [a_change(span.start, span.end, available=False)])
        assert {d.units_available for d in (await days_of(there, id_, span.start, span.end)).values()} == {0}
        await client.change_calendar(id_, [a_change(span.start, span.end, price=Decimal(50))])
        assert {d.units_available for d in (await days_of(there, id_, span.start, span.end)).values()} == {0}
        await client.change_calendar(id_, [a_change(span.start, span.end, available=True)])
        after = await days_of(there, id_, span.start, span.end)
        assert {day: each.units_available for day, each in after.items()} == left
        await client.change_calendar(id_, [a_change(span.start, span.end, units_to_sell=1)])
        assert {d.units_available for d in (await days_of(there, id_, span.start, span.end)).values()} <= {0, 1}


@in_virtual_time
async def test_units_are_refused_where_there_is_one_and_where_so_many_are_not_left():
    async with writing() as there:
        single, several = there.listing(), there.listing(odd.MULTI_UNIT_LISTING)
        with pytest.raises(ChangeRefused) as one:
            await there.client.change_calendar(str(single.id), [a_change(FIRST, FIRST + DAY, units_to_sell=1)])
        assert [(each.kind, each.field) for each in one.value.problems] == [
            (ProblemKind.NOT_SUPPORTED, (0, "units_to_sell"))
        ]
        with pytest.raises(ChangeRefused) as many:
            await there.client.change_calendar(str(several.id), [a_change(FIRST, FIRST + DAY, units_to_sell=9)])
        assert many.value.problems[0].kind is ProblemKind.OUT_OF_RANGE
        assert {method for method, _ in there.calls} == {"GET"}


@pytest.mark.parametrize(
    ("change", "field", "kind"),
    [
        (a_change(FIRST, FIRST, price=Decimal(1)), "end", ProblemKind.INVALID),
        (a_change(FIRST, FIRST + 2000 * DAY, price=Decimal(1)), "end", ProblemKind.OUT_OF_RANGE),
        (a_change(FIRST, FIRST + DAY, price=Decimal(-1)), "price", ProblemKind.OUT_OF_RANGE),
        (a_change(FIRST, FIRST + DAY, price=Decimal(0)), "price", ProblemKind.OUT_OF_RANGE),
        (a_change(FIRST, FIRST + DAY, price=Decimal("1.00000000000000001")), "price", ProblemKind.OUT_OF_RANGE),
        (a_change(FIRST, FIRST + DAY, price=Decimal("NaN")), "price", ProblemKind.OUT_OF_RANGE),
        (a_change(FIRST, FIRST + DAY, minimum_stay=0), "minimum_stay", ProblemKind.OUT_OF_RANGE),
        (a_change(FIRST, FIRST + DAY, maximum_stay=0), "maximum_stay", ProblemKind.OUT_OF_RANGE),
        (a_change(FIRST, FIRST + DAY, maximum_stay=1126), "maximum_stay", ProblemKind.OUT_OF_RANGE),
        (a_change(FIRST, FIRST + DAY, units_to_sell=-1), "units_to_sell", ProblemKind.OUT_OF_RANGE),
        (a_change(FIRST, FIRST + DAY, units_to_sell=1, available=True), "units_to_sell", ProblemKind.INVALID),
    ],
)
@in_virtual_time
async def test_bad_input_is_named_before_any_call(change, field, kind):
    async with writing() as there:
        with pytest.raises(ChangeRefused) as refused:
            await there.client.change_calendar("40001", [a_change(FIRST, FIRST + DAY, price=Decimal(5)), change])
        assert [(each.kind, each.field) for each in refused.value.problems] == [(kind, (1, field))]
        assert not there.calls


@pytest.mark.parametrize("masked", [False, True])
@in_virtual_time
async def test_an_archived_listing_is_a_conflict_and_an_unknown_one_not_found(masked):
    async with writing(HostawayReadings(refusals_with_200=masked)) as there:
        row = there.listing(odd.ARCHIVED_LISTING)
        with pytest.raises(ChangeRefused) as archived:
            await there.client.change_calendar(str(row.id), prices(FIRST, 3))
        assert archived.value.problems[0].kind is ProblemKind.CONFLICT
        with pytest.raises(ChangeRefused) as unknown:
            await there.client.change_calendar("not-a-number", prices(FIRST, 3))
        assert unknown.value.problems[0].kind is ProblemKind.NOT_FOUND


@pytest.mark.parametrize(("atomic", "last_done"), [(True, 199), (False, 249)])
@in_virtual_time
async def test_a_refusal_in_the_middle_tells_which_nights_are_changed(atomic, last_done):
    """One price of the second batch is more than Hostaway takes."""
    async with writing(HostawayReadings(batch_is_atomic=atomic)) as there:
        row = there.listing()
        await there.client.change_calendar(str(row.id), prices(FIRST, 2))
        start = FIRST + 5 * DAY
        changes = prices(start, 450)
        changes[250] = replace(changes[250], price=TOO_MUCH)
        with pytest.raises(UpstreamRefused) as refused:
            await there.client.change_calendar(str(row.id), changes)
        done, rest = start + last_done * DAY, start + (last_done + 1) * DAY
        assert (
            f"Changed already: {start} to {done}. Not changed: {rest} to {start + 449 * DAY}." in refused.value.message
        )


@pytest.mark.parametrize("masked", [False, True])
@in_virtual_time
async def test_a_refusal_of_all_changes_nothing_and_says_so(masked):
    async with writing(HostawayReadings(refusals_with_200=masked)) as there:
        row = there.listing()
        before = await days_of(there, row.id, FIRST, FIRST + 4 * DAY)
        changes = [*prices(FIRST, 3), a_change(FIRST + 3 * DAY, FIRST + 4 * DAY, price=TOO_MUCH)]
        with pytest.raises(ChangeRefused) as refused:
            await there.client.change_calendar(str(row.id), changes)
        assert refused.value.problems[0].kind is ProblemKind.REFUSED
        assert await days_of(there, row.id, FIRST, FIRST + 4 * DAY) == before


@in_virtual_time
async def test_where_nothing_tells_the_reading_no_wrong_night_is_changed():
    """Reads hold their end, intervals do not, and an empty one is refused: single nights cannot be written."""
    async with writing(HostawayReadings(interval_end_inclusive=False, empty_interval_is_error=True)) as there:
        row = there.listing()
        before = await days_of(there, row.id, FIRST, FIRST + 4 * DAY)
        with pytest.raises(ChangeRefused):
            await there.client.change_calendar(str(row.id), prices(FIRST, 2))
        assert await days_of(there, row.id, FIRST, FIRST + 4 * DAY) == before


@in_virtual_time
async def test_an_answer_that_was_lost_is_made_good_by_looking():
    async with writing() as there:
        row = there.listing()
        there.simulation.app.faults.add(Fault(kind=FaultKind.CUT, method="PUT", times=1))
        await there.client.change_calendar(str(row.id), prices(FIRST, 3))
        after = await days_of(there, row.id, FIRST, FIRST + 3 * DAY)
        assert [day.price for day in after.values()] == [each.price for each in prices(FIRST, 3)]
        assert [method for method, _ in there.calls].count("PUT") == 1


@in_virtual_time
async def test_a_call_that_was_lost_stays_uncertain_and_tells_what_is_not_changed():
    async with writing() as there:
        there.simulation.app.faults.add(Fault(kind=FaultKind.TIMEOUT, method="PUT", times=1))
        with pytest.raises(ProviderError) as lost:
            await there.client.change_calendar(str(there.listing().id), prices(FIRST, 3))
        assert lost.value.was_sent
        assert f"No night is changed yet. Not changed: {FIRST} to {FIRST + 2 * DAY}." in lost.value.message


@in_virtual_time
async def test_a_dry_run_shows_every_batch_and_sends_none():
    async with writing() as there:
        session = DryRunSession(there.client._reader.session, there.clock)
        client = HostawayClient(session, "10450")
        with suppress(DryRunEndedError):
            await client.change_calendar(str(there.listing().id), prices(FIRST, 365))
        assert [len(each.body) for each in session.planned] == [200, 165]
        assert {method for method, _ in there.calls} == {"GET"}
