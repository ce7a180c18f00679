"""Reservations that are written: what was asked for is there, what was not is as it was, and nothing is made twice."""

from contextlib import suppress
from dataclasses import fields, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from providers.capabilities import Capability
from providers.changes import (
    Cancellation,
    ChangeRefused,
    FinanceLineChange,
    PartyChange,
    ProblemKind,
    ReservationChange,
)
from providers.contract import Plugin
from providers.errors import ProviderError
from providers.model import CancelledBy, FinanceLineType, ListingStatus, Reservation, ReservationStatus
from providers.upstream.accounts import UpstreamSettings
from providers.upstream.dry_run import DryRunEndedError, DryRunSession
from tests.conformance.connection import Connection, all_reservations, connected, with_capabilities
from tests.conformance.known import Known, known_of
from tests.conformance.writing import NO_PROGRESS, Place, days_of, draft, free_place, made, present
from tests.virtual_time import in_virtual_time, run_virtually

creates = with_capabilities(Capability.CREATE_RESERVATIONS)
updates = with_capabilities(Capability.CREATE_RESERVATIONS, Capability.UPDATE_RESERVATIONS)
cancels = with_capabilities(Capability.CREATE_RESERVATIONS, Capability.CANCEL_RESERVATIONS)
deletes = with_capabilities(Capability.CREATE_RESERVATIONS, Capability.DELETE_RESERVATIONS)

PATIENT = UpstreamSettings(breaker_failures=10_000)


async def refusal(work: Any) -> list[ProblemKind]:
    with pytest.raises(ChangeRefused) as caught:
        await work
    return [each.kind for each in caught.value.problems]


async def outcome_of(work: Any) -> Any:
    """What a write gives, or why it was refused."""
    try:
        return await work
    except ChangeRefused as error:
        return error


def told(reservation: Reservation) -> dict[str, Any]:
    """What a reservation tells, but for what the PMS counts and dates by itself."""
    aside = {"raw", "updated_at", "created_at", "booked_at", "provider_status"}
    return {each.name: getattr(reservation, each.name) for each in fields(reservation) if each.name not in aside}


@creates
@in_virtual_time
async def test_what_was_made_is_read_back(plugin: Plugin, known: Known) -> None:
    async with connected(plugin) as there:
        place = await free_place(there, known.listings)
        before = set(await ids(there))
        written = await made(there, place)
        found = await present(there, written.id)
        assert found is not None
        assert (found.listing_id, found.arrival, found.departure) == (place.listing.provider_id, place.start, place.end)
        assert found.status is ReservationStatus.CONFIRMED
        assert found.total is not None
        assert (found.total.amount, found.total.currency) == (Decimal("720.50"), place.listing.currency)
        assert found.guest is not None
        assert (found.guest.name or "").split() == ["Ada", "Byron"]
        assert found.party is not None
        assert found.party.adults == 2
        assert set(await ids(there)) - before == {written.id}
        nights = await days_of(there, place.listing.provider_id, place.start, place.end)
        assert not any(day.available for day in nights.values())


@creates
@in_virtual_time
async def test_a_record_that_comes_with_a_write_is_what_a_read_gives(plugin: Plugin, known: Known) -> None:
    async with connected(plugin) as there:
        written = await made(there, await free_place(there, known.listings))
        found = await present(there, written.id)
        assert found is not None
        # It is kept in place of a read.
        assert written.record is None or written.is_reduced or told(written.record) == told(found)


@creates
@in_virtual_time
async def test_what_was_made_is_found_by_its_reference_and_nothing_else_is(plugin: Plugin, known: Known) -> None:
    async with connected(plugin) as there:
        place = await free_place(there, known.listings)
        wanted = draft(place)
        since = there.clock.now() - timedelta(minutes=1)
        assert await there.client.find_reservation(wanted, since) is None
        written = await there.client.create_reservation(wanted, NO_PROGRESS)
        found = await there.client.find_reservation(wanted, since)
        assert found is not None
        assert found.provider_id == written.id
        assert await there.client.find_reservation(replace(wanted, reference="sg-conformance-2"), since) is None


@creates
@in_virtual_time
async def test_nights_that_are_taken_are_refused_and_taken_only_by_force(plugin: Plugin, known: Known) -> None:
    async with connected(plugin) as there:
        place = await free_place(there, known.listings)
        await made(there, place)
        before = await ids(there)
        again = draft(place, reference="sg-conformance-2")
        assert await refusal(there.client.create_reservation(again, NO_PROGRESS)) == [ProblemKind.NIGHTS_TAKEN]
        assert await ids(there) == before
        # The day of departure is no night, nor is that before the arrival.
        beside = replace(again, arrival=place.end, departure=place.end + timedelta(days=1))
        await there.client.create_reservation(beside, NO_PROGRESS)
        forced = replace(again, reference="sg-conformance-3", force_overbooking=True)
        outcome = await outcome_of(there.client.create_reservation(forced, NO_PROGRESS))
        if isinstance(outcome, ChangeRefused):
            # A PMS that cannot be told to says so, of that field.
            assert [each.field for each in outcome.problems] == [("force_overbooking",)]
        else:
            assert outcome.id in await ids(there)


@creates
@in_virtual_time
async def test_an_archived_listing_takes_no_reservation(plugin: Plugin, known: Known) -> None:
    async with connected(plugin) as there:
        place = await free_place(there, known.listings)
        archived = [each for each in known.listings if each.status is ListingStatus.ARCHIVED]
        before = await ids(there)
        for listing in archived:
            gone = Place(listing=listing, start=place.start, nights=place.nights)
            with pytest.raises((ChangeRefused, ProviderError)):
                await made(there, gone)
        assert await ids(there) == before


@cancels
@in_virtual_time
async def test_what_is_called_off_frees_its_nights_and_is_not_called_off_twice(plugin: Plugin, known: Known) -> None:
    async with connected(plugin) as there:
        place = await free_place(there, known.listings)
        written = await made(there, place)
        await cancelled(there, written.id)
        found = await present(there, written.id)
        assert found is not None
        assert found.status is ReservationStatus.CANCELLED
        nights = await days_of(there, place.listing.provider_id, place.start, place.end)
        assert all(day.available for day in nights.values())
        assert await refusal(cancelled(there, written.id)) == [ProblemKind.CONFLICT]


async def cancelled(there: Connection, id_: str) -> None:
    await there.client.cancel_reservation(id_, Cancellation(by=CancelledBy.HOST))


@deletes
@in_virtual_time
async def test_what_is_deleted_is_gone_and_deleting_it_again_is_no_failure(plugin: Plugin, known: Known) -> None:
    async with connected(plugin) as there:
        place = await free_place(there, known.listings)
        written = await made(there, place)
        await there.client.delete_reservation(written.id)
        nights = await days_of(there, place.listing.provider_id, place.start, place.end)
        assert all(day.available for day in nights.values())
        await there.client.delete_reservation(written.id)


CHANGES: dict[str, Any] = {
    "party": st.builds(PartyChange, adults=st.integers(1, 3), children=st.integers(0, 2)),
    "host_note": st.sampled_from(["late", "early", "with a dog"]),
    "guest_note": st.sampled_from(["quiet room", "ground floor"]),
    "departure": st.sampled_from([3, 2]),
    "finance_lines": st.just(
        (FinanceLineChange(type=FinanceLineType.FEE, name="petFee", title="Pets", amount=Decimal("20.00")),)
    ),
}
"""Values for some of what may be changed; nights of departure are counted from the arrival."""

SHOWN: dict[str, set[str]] = {
    "party": {"party"},
    "host_note": {"host_note"},
    "guest_note": {"guest_note"},
    "departure": {"departure", "nights", "previous_arrival", "previous_departure"},
    "finance_lines": {"finance_lines", "fees", "total", "balance"},
}
"""Where each of them shows."""


@updates
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chosen=st.fixed_dictionaries({}, optional=CHANGES))
def test_a_change_keeps_what_it_leaves_out(plugin: Plugin, chosen: dict[str, Any]) -> None:
    known = known_of(plugin.manifest.code)

    async def run() -> None:
        async with connected(plugin) as there:
            place = await free_place(there, known.listings)
            written = await made(there, place)
            before = await present(there, written.id)
            assert before is not None
            values = {
                name: place.start + timedelta(days=value) if name == "departure" else value
                for name, value in chosen.items()
            }
            outcome = await outcome_of(there.client.update_reservation(written.id, ReservationChange(**values)))
            after = await present(there, written.id)
            assert after is not None
            if isinstance(outcome, ChangeRefused):
                # What a PMS cannot take it refuses by name, and then nothing of it is done.
                assert {each.field[0] for each in outcome.problems} <= set(values)
                assert {each.kind for each in outcome.problems} == {ProblemKind.NOT_SUPPORTED}
                assert told(after) == told(before)
                return
            may_differ = {name for field in values for name in SHOWN[field]}
            differing = {name for name, value in told(after).items() if value != told(before)[name]}
            assert differing <= may_differ
            if "departure" in values:
                assert after.departure == values["departure"]
            if "finance_lines" in values:
                kept = {line.provider_id: line.amount for line in before.finance_lines or ()}
                assert {line.provider_id: line.amount for line in after.finance_lines or ()}.items() >= kept.items()

    run_virtually(run())


@creates
@in_virtual_time
async def test_a_dry_run_sends_no_change(plugin: Plugin, known: Known) -> None:
    async with connected(plugin) as there:
        place = await free_place(there, known.listings)
        session = DryRunSession(there.session, there.clock)
        rehearsing = plugin.client(session, there.config)
        before = await ids(there)
        await there.forget_calls()
        with suppress(DryRunEndedError):
            await rehearsing.create_reservation(draft(place), NO_PROGRESS)
        assert session.planned
        assert {call["method"] for call in await there.calls()} <= {"GET"}
        assert await ids(there) == before


FAULTS: list[dict[str, Any]] = [
    {"kind": "status", "status": 500},
    {"kind": "cut"},
    {"kind": "truncate"},
    {"kind": "timeout"},
    {"kind": "garbage"},
    {"kind": "html"},
]
"""What goes wrong with the answer, before or after the PMS did what was asked."""


@pytest.mark.parametrize("fault", FAULTS, ids=[str(fault["kind"]) for fault in FAULTS])
@creates
@in_virtual_time
async def test_a_create_whose_answer_is_lost_is_sent_once_and_says_that_it_may_be_made(
    plugin: Plugin, known: Known, fault: dict[str, Any]
) -> None:
    async with connected(plugin, settings=PATIENT) as there:
        place = await free_place(there, known.listings)
        before = await ids(there)
        await there.forget_calls()
        await there.fault(**fault, method="POST")
        with pytest.raises(ProviderError) as caught:
            await made(there, place)
        await there.mend()
        assert caught.value.was_sent
        posts = [(call["method"], call["path"]) for call in await there.calls() if call["method"] == "POST"]
        assert len(posts) == len(set(posts))
        assert len(await ids(there)) - len(before) <= 1


@creates
@in_virtual_time
async def test_a_create_that_came_too_often_is_sent_again_and_made_once(plugin: Plugin, known: Known) -> None:
    async with connected(plugin, settings=PATIENT) as there:
        place = await free_place(there, known.listings)
        before = await ids(there)
        await there.fault(kind="storm", method="POST", times=1)
        written = await made(there, place)
        assert set(await ids(there)) - set(before) == {written.id}
        assert len(await ids(there)) == len(before) + 1


async def ids(there: Connection) -> list[str]:
    """The ids of all reservations that the PMS has."""
    return sorted(each.provider_id for each in await all_reservations(there))
