"""Writes that the simulated BookingSync refuses, or whose answer is lost, and what becomes of a retry."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from providers.bookingsync.extras import BookingExtras
from providers.changes import (
    CalendarChange,
    Cancellation,
    ChangeRefused,
    FinanceLineChange,
    GuestChange,
    ListingChange,
    NoProgress,
    PartyChange,
    ProblemKind,
    ReservationChange,
)
from providers.errors import NotFound, PermissionDenied, ProviderError
from providers.manifest import AuthType
from providers.model import Channel, FinanceLineType, ReservationStatus
from tests.providers.bookingsync.connected_world import Connected, connected
from tests.providers.bookingsync.test_plugin_writes_against_simulator import (
    GUEST,
    LINES,
    Notes,
    draft,
    far,
    house,
    kinds,
    line,
    read,
    refusal,
    sum_of,
)
from tests.virtual_time import in_virtual_time


@in_virtual_time
async def test_what_bookingsync_has_not_is_refused_before_any_call() -> None:
    async with connected() as there:
        listing = await house(there)
        wrong = draft(
            there,
            listing,
            coupon="SUMMER",
            is_paid=True,
            guest_note="hi",
            customer_reference="x",
            force_overbooking=True,
            party=PartyChange(adults=2, infants=1, pets=1),
        )
        error = await refusal(there.client.create_reservation(wrong, NoProgress()))
        named = {"coupon", "is_paid", "guest_note", "customer_reference", "force_overbooking"}
        assert {field for _, field in kinds(error)} == named | {"party.infants", "party.pets"}
        assert {kind for kind, _ in kinds(error)} == {ProblemKind.NOT_SUPPORTED}
        calendar = CalendarChange(
            start=far(there),
            end=far(there, 1),
            maximum_stay=9,
            closed_to_arrival=True,
            closed_to_departure=False,
            units_to_sell=1,
            note="x",
        )
        error = await refusal(there.client.change_calendar(listing.provider_id, [calendar]))
        assert {field for _, field in kinds(error)} == {
            "0.maximum_stay",
            "0.closed_to_arrival",
            "0.closed_to_departure",
            "0.units_to_sell",
            "0.note",
        }
        assert there.count() == 0


@in_virtual_time
async def test_what_bookingsync_refuses_is_told_by_field() -> None:
    async with connected() as there:
        listing = await house(there)
        wrong = draft(there, listing, guest=GuestChange(name="x" * 200))
        error = await refusal(there.client.create_reservation(wrong, NoProgress()))
        assert kinds(error) == [(ProblemKind.INVALID, "guest.name")]
        wrong = draft(there, listing, extras=BookingExtras(client_id="1"))
        error = await refusal(there.client.create_reservation(wrong, NoProgress()))
        assert kinds(error) == [(ProblemKind.INVALID, "guest")]
        gone = replace(draft(there, listing), listing_id="999999")
        error = await refusal(there.client.create_reservation(gone, NoProgress()))
        assert kinds(error) == [(ProblemKind.NOT_FOUND, "listing_id")]
        with pytest.raises(NotFound):
            await there.client.update_reservation("999999", ReservationChange(host_note="x"))
        with pytest.raises(NotFound):
            await there.client.cancel_reservation("not-an-id", Cancellation())


@in_virtual_time
async def test_a_retry_makes_neither_guest_nor_source_again() -> None:
    async with connected() as there:
        listing = await house(there)
        notes = Notes()
        wanted = draft(there, listing, guest=GUEST, source="My own site")
        await cut(there, "/api/v3/rentals/")
        with pytest.raises(ProviderError):
            await there.client.create_reservation(wanted, notes)
        assert {"client", "source"} <= set(notes.kept)
        there.count()
        made = await there.client.create_reservation(wanted, notes)
        assert there.count() == 2  # rental, booking
        found = await read(there, made.id)
        assert (found.channel, found.provider_channel, found.source) == (Channel.OTHER, "My own site", "My own site")
        assert found.guest is not None
        assert found.guest.provider_id == notes.kept["client"]
        other = replace(wanted, arrival=far(there, 10), departure=far(there, 12), reference="sg-2")
        there.count()
        await there.client.create_reservation(other, NoProgress())
        assert there.count() == 4  # the source is there by now


@pytest.mark.parametrize(
    ("fault", "made_before"), [({"kind": "cut"}, True), ({"kind": "status", "status": 503}, False)]
)
@pytest.mark.parametrize("guest", [GUEST, GuestChange(name="Bo Lee")])
@in_virtual_time
async def test_a_guest_whose_answer_was_lost_is_looked_for_before_it_is_made_again(
    guest: GuestChange, fault: dict[str, Any], made_before: bool
) -> None:
    async with connected() as there:
        notes = Notes()
        wanted = draft(there, await house(there), guest=guest)
        await control(there, {**fault, "path": "/api/v3/clients", "method": "POST", "times": 1})
        with pytest.raises(ProviderError):
            await there.client.create_reservation(wanted, notes)
        assert "client" not in notes.kept
        there.count()
        made = await there.client.create_reservation(wanted, notes)
        assert there.count() == (3 if made_before else 4)  # rental, clients, client where it is missing, booking
        found = await read(there, made.id)
        assert found.guest is not None
        assert found.guest.provider_id == notes.kept["client"]
        # Somebody else who gives the same name and address is another guest.
        other = replace(wanted, arrival=far(there, 10), departure=far(there, 12), reference="sg-2")
        later = await read(there, (await there.client.create_reservation(other, NoProgress())).id)
        assert later.guest is not None
        assert later.guest.provider_id != found.guest.provider_id


async def cut(there: Connected, path: str) -> None:
    """The next POST below ``path`` is not served."""
    await control(there, {"kind": "status", "status": 503, "path": path, "method": "POST", "times": 1})


async def control(there: Connected, fault: dict[str, Any]) -> None:
    transport = httpx.ASGITransport(app=there.simulation.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://simulator") as direct:
        answer = await direct.post("/_control/faults", json=fault)
        assert answer.is_success, answer.text


@in_virtual_time
async def test_a_booking_whose_answer_was_cut_is_found_again() -> None:
    async with connected() as there:
        listing = await house(there)
        began = there.client._now()
        ours = draft(there, listing)
        assert await there.client.find_reservation(ours, began) is None
        await control(there, {"kind": "cut", "path": "/api/v3/rentals/", "method": "POST", "times": 1})
        with pytest.raises(ProviderError) as failed:
            await there.client.create_reservation(ours, NoProgress())
        assert failed.value.was_sent
        found = await there.client.find_reservation(ours, began)
        assert found is not None
        theirs = draft(there, listing, day=6, channel_reference="HM123")
        made = await there.client.create_reservation(theirs, NoProgress())
        again = await there.client.find_reservation(theirs, began)
        assert again is not None
        assert again.provider_id == made.id
        assert await there.client.find_reservation(theirs, began + timedelta(hours=1)) is None
        await there.client.cancel_reservation(found.provider_id, Cancellation())
        cancelled = await there.client.find_reservation(ours, began)
        assert cancelled is not None
        assert cancelled.status is ReservationStatus.CANCELLED


@in_virtual_time
async def test_a_missing_scope_is_named_with_what_to_do() -> None:
    def reader(simulation: Any) -> tuple[AuthType, dict[str, Any]]:
        scopes = ("public", "bookings_read", "clients_read", "rentals_read", "rates_read")
        return AuthType.ACCESS_TOKEN, {"accessToken": simulation.access_token(0, scopes=scopes)}

    async with connected(config=reader) as there:
        listing = await house(there)
        for making, scope in (
            (there.client.create_reservation(draft(there, listing), NoProgress()), "bookings_write"),
            (there.client.create_reservation(draft(there, listing, guest=GUEST), NoProgress()), "clients_write"),
            (there.client.update_listing(listing.provider_id, ListingChange(position=3)), "rentals_write"),
        ):
            with pytest.raises(PermissionDenied, match=rf"scope {scope}\b.*reauthorizeIntegrationAccount"):
                await making


@in_virtual_time
async def test_what_was_done_is_told_where_a_later_call_fails() -> None:
    async with connected() as there:
        listing = await house(there)
        made = await there.client.create_reservation(draft(there, listing, finance_lines=LINES), NoProgress())
        await control(
            there, {"kind": "status", "status": 422, "path": "/api/v3/bookings/", "method": "PATCH", "times": 1}
        )
        change = ReservationChange(
            host_note="new",
            finance_lines=[line(FinanceLineType.FEE, "5", title="Dog"), line(FinanceLineType.RENT, "1000")],
        )
        with pytest.raises(ProviderError, match="Made already: the booking's attributes") as failed:
            await there.client.update_reservation(made.id, change)
        assert failed.value.was_sent
        assert failed.value.partly
        found = await read(there, made.id)
        assert found.total is not None
        assert found.total.amount == sum_of(found)


@in_virtual_time
async def test_a_fee_whose_successor_is_refused_stays() -> None:
    async with connected() as there:
        listing = await house(there)
        made = await there.client.create_reservation(draft(there, listing, finance_lines=LINES), NoProgress())
        before = await read(there, made.id)
        fee = next(each for each in before.finance_lines or () if each.type is FinanceLineType.FEE)
        await control(
            there, {"kind": "status", "status": 422, "path": "/api/v3/bookings/", "method": "PATCH", "times": 1}
        )
        change = ReservationChange(finance_lines=[FinanceLineChange(provider_id=fee.provider_id, amount=Decimal(9))])
        with pytest.raises(ChangeRefused):
            await there.client.update_reservation(made.id, change)
        assert (await read(there, made.id)).finance_lines == before.finance_lines
