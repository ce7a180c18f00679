"""What the plugin sends when it changes a booking, call by call."""

from datetime import date, time, timedelta
from decimal import Decimal

import pytest

from providers.bookingsync.extras import BookingExtras
from providers.changes import (
    ChangeRefused,
    FinanceLineChange,
    GuestChange,
    NoProgress,
    ProblemKind,
    ReservationChange,
)
from providers.errors import PermissionDenied
from providers.model import FinanceLineType
from providers.upstream.clock import SystemClock
from providers.upstream.dry_run import DryRunSession
from tests.providers.bookingsync.plugin_canned import NOW
from tests.providers.bookingsync.written_bookings import changing, client, draft


async def test_a_dry_run_shows_every_call_that_a_change_takes():
    session = changing()
    dry = DryRunSession(session, SystemClock())
    change = ReservationChange(
        host_note="x",
        guest=GuestChange(phone="+41"),
        comment="y",
        finance_lines=[FinanceLineChange(provider_id="4", quantity=Decimal(3))],
    )
    await client(dry).update_reservation("840043", change)
    assert [f"{each.method} {each.path.removeprefix('/api/v3/')}" for each in dry.planned] == [
        "PUT bookings/840043",
        "PATCH bookings/840043/add_bookings_fee",
        "PATCH bookings/840043/remove_bookings_fee/4",
        "PUT clients/77703",
        "POST booking_comments",
    ]


async def test_a_change_names_only_what_changes():
    session = changing()
    await client(session).update_reservation("840043", ReservationChange(departure=date(2027, 7, 13), host_note=None))
    assert session.written == [
        ("PUT bookings/840043", {"bookings": [{"end_at": "2027-07-13T10:00:00Z", "notes": None}]})
    ]


async def test_a_list_of_the_guest_is_sent_whole_with_its_first_element_changed():
    session = changing()
    session.answers["PUT clients/77703"] = {}
    guest = GuestChange(email="n@example.com", city="Basel", phone="+41")
    await client(session).update_reservation("840043", ReservationChange(guest=guest))
    assert session.written == [
        (
            "PUT clients/77703",
            {
                "clients": [
                    {
                        "emails": [
                            {"label": "default", "email": "n@example.com"},
                            {"label": "work", "email": "w@example.com"},
                        ],
                        "phones": [{"label": "phone", "number": "+41"}],
                        "addresses": [{"label": "home", "city": "Basel", "zip": "3000"}],
                    }
                ]
            },
        )
    ]


async def test_a_new_total_alone_changes_the_rent_and_keeps_discount_and_fees():
    session = changing()
    await client(session).update_reservation("840043", ReservationChange(total=Decimal("120.50")))
    (body,) = session.written[0][1]["bookings"]
    assert body == {"initial_price": "120.50", "discount": "10.0", "final_price": "120.50"}


async def test_a_fee_is_changed_by_adding_it_anew_and_striking_the_old_one_out():
    session = changing()
    flat = {"bookings": [{"id": 840043, "rental_id": 5116, "final_price": "105.0", "bookings_fees": []}]}
    session.answers |= {
        "PATCH bookings/840043/remove_bookings_fee/4": flat,
        "PATCH bookings/840043/add_bookings_fee": flat,
    }
    change = ReservationChange(finance_lines=[FinanceLineChange(provider_id="4", unit_amount=Decimal("7.25"))])
    await client(session).update_reservation("840043", change)
    assert session.written == [
        (
            "PATCH bookings/840043/add_bookings_fee",
            {"bookings_fees": [{"price": Decimal("7.25"), "times_booked": 2, "rentals_fee_id": 9, "name_en": "Linen"}]},
        ),
        ("PATCH bookings/840043/remove_bookings_fee/4", None),
    ]


@pytest.mark.parametrize("locked", [{}, {"locked": "doorkeeper/application-17"}])
async def test_one_more_fee_leaves_rent_and_discount_alone_and_is_taken_by_a_locked_booking(locked: dict[str, str]):
    session = changing(**locked)
    flat = {"bookings": [{"id": 840043, "final_price": "112.0"}]}
    session.answers |= {"PATCH bookings/840043/add_bookings_fee": flat}
    lines = [FinanceLineChange(type=FinanceLineType.FEE, amount=Decimal(12), title="Dog")]
    change = ReservationChange(finance_lines=lines, total=Decimal("112.0"))
    await client(session).update_reservation("840043", change)
    assert [call for call, _ in session.written] == ["PATCH bookings/840043/add_bookings_fee"]


async def test_a_total_that_fees_did_not_lead_to_is_written_afterwards():
    session = changing()
    session.answers |= {
        "PATCH bookings/840043/add_bookings_fee": {"bookings": [{"id": 840043, "final_price": "100.0"}]}
    }
    lines = [FinanceLineChange(type=FinanceLineType.FEE, amount=Decimal(12), title="Dog")]
    change = ReservationChange(finance_lines=lines, total=Decimal("112.0"))
    await client(session).update_reservation("840043", change)
    assert session.written[1:] == [("PUT bookings/840043", {"bookings": [{"final_price": "112.0"}]})]


async def test_a_hold_becomes_an_agreed_stay_and_nothing_else_does():
    session = changing(status="Tentative", tentative_expires_at="2027-01-01T00:00:00Z")
    confirmed = ReservationChange(extras=BookingExtras(confirmed=True))
    await client(session).update_reservation("840043", confirmed)
    assert session.written == [("PUT bookings/840043", {"bookings": [{"booked": True}]})]
    longer = ReservationChange(expires_at=NOW + timedelta(days=9), extras=BookingExtras(confirmed=True))
    with pytest.raises(ChangeRefused) as twice:
        await client(session).update_reservation("840043", longer)
    with pytest.raises(ChangeRefused) as agreed:
        await client(changing()).update_reservation("840043", confirmed)
    with pytest.raises(ChangeRefused) as new:
        await client(session).create_reservation(draft(extras=BookingExtras(confirmed=True)), NoProgress())
    problems = [each.value.problems[0] for each in (twice, agreed, new)]
    assert {each.field for each in problems} == {("bookingsync", "confirmed")}
    assert [each.kind for each in problems] == [ProblemKind.INVALID, ProblemKind.CONFLICT, ProblemKind.NOT_SUPPORTED]


async def test_taxes_of_a_booking_are_written_once():
    session = changing(bookings_taxes=[{"id": 8, "amount": "5.0", "name": {"en": "VAT"}}])
    new = FinanceLineChange(type=FinanceLineType.TAX, amount=Decimal(5))
    old = FinanceLineChange(provider_id="8", amount=Decimal(6))
    gone = FinanceLineChange(provider_id="99", deleted=True)
    with pytest.raises(ChangeRefused) as refused:
        await client(session).update_reservation("840043", ReservationChange(finance_lines=[new, old, gone]))
    assert [(each.kind, each.field) for each in refused.value.problems] == [
        (ProblemKind.NOT_SUPPORTED, ("finance_lines", 0, "type")),
        (ProblemKind.NOT_SUPPORTED, ("finance_lines", 1, "provider_id")),
        (ProblemKind.NOT_FOUND, ("finance_lines", 2, "provider_id")),
    ]
    assert session.written == []


async def test_a_booking_locked_by_others_takes_what_the_documentation_lists():
    session = changing(locked="doorkeeper/application-17")
    await client(session).update_reservation("840043", ReservationChange(check_out_time=time(9)))
    assert session.written == [("PUT bookings/840043", {"bookings": [{"expected_checkout_time": "09:00"}]})]
    with pytest.raises(ChangeRefused, match="locked"):
        await client(session).update_reservation("840043", ReservationChange(door_code="1"))
    own = changing(locked="doorkeeper/application-18", owned_by_app=True)
    await client(own).update_reservation("840043", ReservationChange(door_code="1"))
    assert len(own.written) == 1


async def test_a_refusal_of_rights_for_one_booking_is_a_lock_and_else_a_missing_scope():
    denied = PermissionDenied("The account's credentials do not allow this.", upstream_status=403)
    session = changing()
    session.answers["PUT bookings/840043"] = denied
    with pytest.raises(ChangeRefused, match="locked"):
        await client(session).update_reservation("840043", ReservationChange(door_code="1"))
    session.scopes = frozenset()
    with pytest.raises(PermissionDenied, match="bookings_write"):
        await client(session).update_reservation("840043", ReservationChange(door_code="1"))
