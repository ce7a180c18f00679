"""Changing, calling off and removing reservations through the plugin, under every reading."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.changes import (
    Cancellation,
    ChangeRefused,
    CustomFieldChange,
    FinanceLineChange,
    GuestChange,
    NoShow,
    PartyChange,
    ProblemKind,
    ReservationChange,
)
from providers.contract import Session
from providers.errors import NotFound, UpstreamTimeout
from providers.hostaway.client import HostawayClient
from providers.hostaway.finance_writes import changed_lines, sum_of
from providers.hostaway.reservation_bodies import UPDATE_SET, Asked
from providers.hostaway.reservation_extras import HostawayReservationExtras
from providers.hostaway.simulator import HostawayReadings
from providers.hostaway.simulator.accounts import ReservationRow
from providers.model import CancelledBy, FinanceLineType
from providers.queries import Days
from providers.simulation.portfolio import StayKind
from providers.upstream.calls import Answer, Call, Token
from tests.providers.hostaway.plugin_session import FakeSession, success
from tests.providers.hostaway.stays_world import a_stay, every_reading
from tests.providers.hostaway.writing_world import DAY, NO_PROGRESS, TODAY, Writing, writing
from tests.virtual_time import in_virtual_time

MAY_MOVE = {"status", "latestActivityOn", "updatedOn", "previousArrivalDate", "previousDepartureDate", "nights"}


def changed(before: dict, after: dict) -> dict:
    """The fields of a record that are others now, but for what every update may move."""
    return {name: after[name] for name in after if after[name] != before.get(name) and name not in MAY_MOVE}


@every_reading
@in_virtual_time
async def test_only_what_is_named_changes_under_every_reading(readings):
    async with writing(readings) as there:
        row = a_stay(there)
        before = dict(row.record)
        written = await there.client.update_reservation(
            str(row.id),
            ReservationChange(
                guest=GuestChange(email="new@example.com"),
                host_note="calls again",
                extras=HostawayReservationExtras(door_code_vendor="acme"),
            ),
        )
        assert [method for method, _ in there.calls] == ["GET", "PUT", "GET"]
        after = there.account.reservations[row.id].record
        assert changed(before, after) == {
            "guestEmail": "new@example.com",
            "hostNote": "calls again",
            "doorCodeVendor": "acme",
        }
        assert written.warnings == []
        assert (written.record.guest.email, written.record.host_note) == ("new@example.com", "calls again")


@every_reading
@in_virtual_time
async def test_dates_move_with_their_nights(readings):
    async with writing(readings) as there:
        row = a_stay(there)
        arrival = there.free(there.account.listings[row.listing_id], 4)
        written = await there.client.update_reservation(
            str(row.id), ReservationChange(arrival=arrival, departure=arrival + 4 * DAY)
        )
        assert (written.record.arrival, written.record.nights, written.warnings) == (arrival, 4, [])
        old = Days(row.arrival, row.departure)
        calendars = await there.client.calendars([str(row.listing_id)], old)
        new = set(Days(arrival, arrival + 4 * DAY))
        free = {day.date: day.available for day in calendars.found[str(row.listing_id)].days}
        assert free == {night: night not in new for night in old}


@every_reading
@in_virtual_time
async def test_a_move_onto_taken_nights_is_refused_and_may_be_forced(readings):
    async with writing(readings) as there:
        row, other = two_neighbours(there)
        change = ReservationChange(arrival=row.arrival, departure=other.arrival + DAY)
        with pytest.raises(ChangeRefused) as refused:
            await there.client.update_reservation(str(row.id), change)
        (problem,) = refused.value.problems
        assert problem.kind is ProblemKind.NIGHTS_TAKEN
        assert f"{other.arrival}" in problem.message
        assert f"{row.arrival}" not in problem.message
        forced = await there.client.update_reservation(str(row.id), replace(change, force_overbooking=True))
        assert forced.record.departure == other.arrival + DAY


def two_neighbours(there: Writing) -> tuple[ReservationRow, ReservationRow]:
    """Two stays of one listing, the second after the first."""
    for listing in there.account.listings.values():
        if listing.terms.units == 1 and not listing.is_archived:
            stays = [
                each
                for each in there.account.reservations_of(listing.id)
                if each.stay.kind is StayKind.CONFIRMED and each.arrival > TODAY
            ]
            stays.sort(key=lambda each: each.arrival)
            if len(stays) > 1:
                return stays[0], stays[1]
    raise AssertionError("no such stays")


@every_reading
@in_virtual_time
async def test_a_price_line_changes_and_all_others_stay_with_the_total_in_step(readings):
    async with writing(readings) as there:
        row = a_stay(there)
        before = row.record["financeField"]
        line = before[0]
        raised = Decimal(str(line["total"])) + Decimal("10.10")
        written = await there.client.update_reservation(
            str(row.id),
            ReservationChange(
                finance_lines=(
                    FinanceLineChange(provider_id=str(line["id"]), amount=raised),
                    FinanceLineChange(
                        type=FinanceLineType.DISCOUNT, name="couponDiscount", title="Regular", amount=Decimal("-5.05")
                    ),
                )
            ),
        )
        after = there.account.reservations[row.id].record
        kept = [{**each, "value": None} if each["isDeleted"] else each for each in before[1:]]
        assert after["financeField"][1:-1] == kept
        assert after["financeField"][0] == {
            **line,
            "value": float(raised),
            "total": float(raised),
            "isOverriddenByUser": 1,
        }
        assert written.record.total.amount == sum_of(before) + Decimal("5.05")
        included = [each for each in written.record.finance_lines if each.included_in_total]
        assert sum(each.amount.amount for each in included) == written.record.total.amount
        assert written.warnings == []


@every_reading
@in_virtual_time
async def test_a_struck_line_leaves_the_total(readings):
    async with writing(readings) as there:
        row = a_stay(there)
        fee = next(each for each in row.record["financeField"] if each["name"] == "cleaningFee")
        total = sum_of(row.record["financeField"])
        written = await there.client.update_reservation(
            str(row.id),
            ReservationChange(finance_lines=(FinanceLineChange(provider_id=str(fee["id"]), deleted=True),)),
        )
        assert written.record.total.amount == total - Decimal(str(fee["total"]))
        assert [each.deleted for each in written.record.finance_lines if each.name == "cleaningFee"] == [True]
        assert written.warnings == []


@every_reading
@in_virtual_time
async def test_custom_fields_that_are_not_named_stay(readings):
    async with writing(readings) as there:
        row = a_stay(there)
        change = ReservationChange(custom_fields=(CustomFieldChange(field_id="167", value="no"),))
        written = await there.client.update_reservation(str(row.id), change)
        assert [(each.field_id, each.value) for each in written.record.custom_fields] == [("167", "no")]
        assert written.warnings == []


@in_virtual_time
async def test_a_yes_that_stored_nothing_becomes_a_warning():
    async with writing(HostawayReadings(loses_custom_fields=True)) as there:
        row = a_stay(there)
        change = ReservationChange(custom_fields=(CustomFieldChange(field_id="167", value="no"),))
        written = await there.client.update_reservation(str(row.id), change)
        assert written.warnings == ["Hostaway shows customFields otherwise than it was sent."]


@in_virtual_time
async def test_names_and_numbers_of_guests_are_kept_in_step():
    async with writing() as there:
        row = a_stay(there)
        last = row.record["guestLastName"]
        written = await there.client.update_reservation(
            str(row.id),
            ReservationChange(guest=GuestChange(first_name="Zoe"), party=PartyChange(adults=3, children=1)),
        )
        assert (written.record.guest.name, written.record.party.guests) == (f"Zoe {last}", 4)


@in_virtual_time
async def test_a_total_that_never_was_the_sum_has_to_be_named():
    async with writing() as there:
        row = a_stay(there)
        there.account.change_reservation(row.id, there.clock.now(), totalPrice=1)
        line = row.record["financeField"][0]
        change = ReservationChange(finance_lines=(FinanceLineChange(provider_id=str(line["id"]), amount=Decimal(9)),))
        with pytest.raises(ChangeRefused) as refused:
            await there.client.update_reservation(str(row.id), change)
        assert [(each.kind, each.field) for each in refused.value.problems] == [(ProblemKind.REQUIRED, ("total",))]
        written = await there.client.update_reservation(str(row.id), replace(change, total=Decimal(5)))
        assert written.record.total.amount == 5


@pytest.mark.parametrize(
    ("change", "kind", "field"),
    [
        (ReservationChange(departure=date(2020, 1, 1)), ProblemKind.INVALID, ("departure",)),
        (ReservationChange(source="x"), ProblemKind.NOT_SUPPORTED, ("source",)),
        (
            ReservationChange(extras=HostawayReservationExtras(is_initial=True)),
            ProblemKind.NOT_SUPPORTED,
            ("hostaway", "is_initial"),
        ),
        (
            ReservationChange(finance_lines=(FinanceLineChange(provider_id="1", amount=Decimal(1)),)),
            ProblemKind.UNKNOWN,
            ("finance_lines", 0, "provider_id"),
        ),
    ],
)
@in_virtual_time
async def test_a_change_that_hostaway_cannot_take_is_named_before_it_is_sent(change, kind, field):
    async with writing() as there:
        row = a_stay(there)
        with pytest.raises(ChangeRefused) as refused:
            await there.client.update_reservation(str(row.id), change)
        assert [(each.kind, each.field) for each in refused.value.problems] == [(kind, field)]
        assert [method for method, _ in there.calls] == ["GET"]


class ReadsOnce:
    """A session that fails from its second read on."""

    account_id = "acc-1"

    def __init__(self, session: Session) -> None:
        self._session = session
        self._reads = 0

    async def send(self, call: Call) -> Answer:
        self._reads += call.method == "GET"
        if call.method == "GET" and self._reads > 1:
            raise UpstreamTimeout("no more")
        return await self._session.send(call)

    async def token(self) -> Token | None:
        return None


@in_virtual_time
async def test_a_reservation_that_cannot_be_read_again_is_changed_all_the_same():
    async with writing() as there:
        row = a_stay(there)
        client = HostawayClient(ReadsOnce(there.client._reader.session), "10450")
        written = await client.update_reservation(str(row.id), ReservationChange(host_note="hello"))
        assert written.record.host_note == "hello"
        assert written.warnings == ["It was changed, but could not be read again: no more"]


async def test_the_whole_update_set_is_sent_as_it_was_read():
    """The fields of the documented sample, with everything that the read had."""
    record = {name: f"old {name}" for name in UPDATE_SET if not name.endswith("Date")} | {
        "id": 20001,
        "listingMapId": 40160,
        "arrivalDate": "2027-05-19",
        "departureDate": "2027-05-22",
        "totalPrice": 720.5,
        "customFieldValues": [{"customFieldId": 167, "value": "x"}],
        "financeField": [{"id": 1, "total": 720.5, "isIncludedInTotalPrice": 1, "isDeleted": 0, "newProperty": "kept"}],
        "status": "new",
        "guestPortalUrl": "https://portal.example.com/secret",
    }
    session = FakeSession(lambda call: success(record if call.method == "GET" else record | call.json))
    change = ReservationChange(guest_note="late")
    await HostawayClient(session, "10450").update_reservation("20001", change)
    (put,) = [call for call in session.calls if call.method == "PUT"]
    assert set(put.json) == {*UPDATE_SET, "financeField"}
    assert put.json == {name: record[name] for name in put.json} | {"guestNote": "late"}


@in_virtual_time
async def test_an_unknown_reservation_is_not_found():
    async with writing() as there:
        for call in (
            there.client.update_reservation("1", ReservationChange(host_note="x")),
            there.client.cancel_reservation("1", Cancellation()),
            there.client.report_no_show("x", NoShow()),
        ):
            with pytest.raises(NotFound):
                await call


@in_virtual_time
async def test_a_made_reservation_can_be_changed_and_called_off():
    async with writing(HostawayReadings(put_replaces=True)) as there:
        draft = there.stay(there.listing(), coupon="WELCOME10")
        made = await there.client.create_reservation(draft, NO_PROGRESS)
        changed_one = await there.client.update_reservation(made.id, ReservationChange(is_paid=True))
        assert (changed_one.record.is_paid, changed_one.record.customer_reference) == (True, "sg-1")
        cancelled = await there.client.cancel_reservation(made.id, Cancellation())
        assert cancelled.record.cancelled_by is CancelledBy.HOST


cents = st.integers(-1000_00, 1000_00).map(lambda value: value / 100)
stored = st.lists(
    st.fixed_dictionaries(
        {
            "total": cents,
            "isIncludedInTotalPrice": st.sampled_from([0, 1]),
            "isDeleted": st.sampled_from([0, 1]),
            "name": st.sampled_from(["baseRate", "cleaningFee"]),
            "other": st.integers(0, 3),
        }
    ),
    max_size=8,
)


@settings(max_examples=200)
@given(stored, st.data())
def test_every_line_is_sent_once_with_all_that_it_had(lines, data):
    lines = [{"id": number, **line} for number, line in enumerate(lines, start=1)]
    named = data.draw(st.lists(st.integers(1, max(1, len(lines))), unique=True, max_size=len(lines)))
    changes = [FinanceLineChange(provider_id=str(number), amount=Decimal("7.77")) for number in named]
    found = Asked({}, [])
    sent = changed_lines(lines, changes, found)
    assert not found.problems
    assert [line["id"] for line in sent] == [line["id"] for line in lines]
    for before, after in zip(lines, sent, strict=True):
        expected = {"value": 7.77, "total": 7.77, "isOverriddenByUser": 1} if before["id"] in named else {}
        assert after == before | expected
