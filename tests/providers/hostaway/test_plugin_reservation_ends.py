"""Reservations that are called off, removed or reported, against the simulated Hostaway."""

import pytest

from providers.changes import (
    Cancellation,
    ChangeRefused,
    NoShow,
    ProblemKind,
)
from providers.hostaway.simulator import HostawayReadings
from providers.model import CancelledBy, ReservationStatus
from providers.queries import Days
from providers.simulation.faults import Fault, FaultKind
from tests.providers.hostaway.stays_world import a_stay, every_reading
from tests.providers.hostaway.writing_world import writing
from tests.virtual_time import in_virtual_time


@every_reading
@pytest.mark.parametrize("by", [CancelledBy.GUEST, CancelledBy.HOST])
@in_virtual_time
async def test_a_cancellation_takes_two_calls_and_frees_the_nights(readings, by):
    async with writing(readings) as there:
        row = a_stay(there)
        written = await there.client.cancel_reservation(str(row.id), Cancellation(by=by))
        assert [method for method, _ in there.calls] == ["GET", "PUT"]
        assert (written.record.status, written.record.cancelled_by) == (ReservationStatus.CANCELLED, by)
        calendars = await there.client.calendars([str(row.listing_id)], Days(row.arrival, row.departure))
        assert all(day.available for day in calendars.found[str(row.listing_id)].days)


@pytest.mark.parametrize("error", [True, False])
@in_virtual_time
async def test_what_is_called_off_already_is_a_conflict_in_every_reading(error):
    async with writing(HostawayReadings(cancelling_twice_is_error=error)) as there:
        row = a_stay(there)
        await there.client.cancel_reservation(str(row.id), Cancellation(by=CancelledBy.GUEST))
        with pytest.raises(ChangeRefused) as refused:
            await there.client.cancel_reservation(str(row.id), Cancellation(by=CancelledBy.HOST))
        assert refused.value.problems[0].kind is ProblemKind.CONFLICT
        assert there.account.reservations[row.id].record["cancelledBy"] == "guest"


@pytest.mark.parametrize(
    ("cancellation", "field"),
    [
        (Cancellation(by=CancelledBy.OTHER), "by"),
        (Cancellation(reason="x"), "reason"),
        (Cancellation(message_to_guest="x"), "message_to_guest"),
        (Cancellation(message_to_channel="x"), "message_to_channel"),
    ],
)
@in_virtual_time
async def test_what_a_cancellation_cannot_say_is_named_without_a_call(cancellation, field):
    async with writing() as there:
        with pytest.raises(ChangeRefused) as refused:
            await there.client.cancel_reservation("20000001", cancellation)
        assert refused.value.problems[0].field == (field,)
        assert not there.calls


@every_reading
@in_virtual_time
async def test_a_removed_reservation_is_gone_and_may_be_removed_again(readings):
    async with writing(readings) as there:
        row = a_stay(there)
        await there.client.delete_reservation(str(row.id))
        assert there.calls == [("DELETE", f"/v1/reservations/{row.id}")]
        assert row.id not in there.account.reservations
        await there.client.delete_reservation(str(row.id))
        await there.client.delete_reservation("no number")


@in_virtual_time
async def test_a_refused_removal_is_a_refusal():
    async with writing() as there:
        row = a_stay(there)
        there.simulation.app.faults.add(Fault(kind=FaultKind.FAIL, method="DELETE", times=1))
        with pytest.raises(ChangeRefused) as refused:
            await there.client.delete_reservation(str(row.id))
        assert refused.value.problems[0].kind is ProblemKind.REFUSED
        assert row.id in there.account.reservations


@in_virtual_time
async def test_only_guests_of_booking_com_can_be_reported():
    async with writing(listings=40) as there:
        row = a_stay(there, rich=False, channel=2005)
        written = await there.client.report_no_show(str(row.id), NoShow(waived_fees=True))
        assert written.record.provider_id == str(row.id)
        assert there.account.reservations[row.id].record["bookingcomNoShowFeeWaived"] is True
        other = a_stay(there, rich=False, channel=2018)
        with pytest.raises(ChangeRefused) as refused:
            await there.client.report_no_show(str(other.id), NoShow())
        assert refused.value.problems[0].kind is ProblemKind.NOT_SUPPORTED
