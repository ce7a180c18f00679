"""What the plugin sends when it makes or cancels a booking, and how it takes the documented answers."""

from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any

import pytest

from providers.bookingsync.extras import BookingExtras
from providers.changes import (
    Cancellation,
    ChangeRefused,
    FinanceLineChange,
    GuestChange,
    NoProgress,
    PartyChange,
    ReservationKind,
)
from providers.errors import UpstreamInvalid, UpstreamRefused
from providers.model import Channel, FinanceLineType
from providers.upstream.clock import SystemClock
from providers.upstream.dry_run import DryRunSession
from tests.providers.bookingsync.plugin_canned import answer
from tests.providers.bookingsync.plugin_written import WrittenSession
from tests.providers.bookingsync.written_bookings import MADE, changing, client, draft


async def test_the_documented_booking_is_sent_as_documented():
    session = WrittenSession({"POST rentals/5116/bookings": MADE, "POST clients": {"clients": [{"id": 37}]}})
    written = await client(session).create_reservation(
        draft(
            guest=GuestChange(name="Ann Lee", email="a@example.com", country="CH"),
            party=PartyChange(adults=5, children=0),
            channel_reference="HMABC123",
            comment="late arrival",
            check_in_time=time(14, 45),
            finance_lines=[
                FinanceLineChange(type=FinanceLineType.RENT, amount=Decimal("3000")),
                FinanceLineChange(type=FinanceLineType.DISCOUNT, amount=Decimal("-300")),
                FinanceLineChange(
                    type=FinanceLineType.FEE, amount=Decimal(100), quantity=Decimal(2), title="Linen", setting_id="10"
                ),
                FinanceLineChange(
                    type=FinanceLineType.TAX,
                    amount=Decimal("60"),
                    percentage=Decimal("10"),
                    title="VAT",
                    setting_id="5",
                    included_in_total=False,
                ),
                FinanceLineChange(type=FinanceLineType.TAX, amount=Decimal("130"), title="City tax"),
            ],
            extras=BookingExtras(source_id="2"),
        ),
        NoProgress(),
    )
    assert (written.id, list(written.warnings)) == ("840043", [])
    assert session.written == [
        (
            "POST clients",
            {
                "clients": [
                    {
                        "fullname": "Ann Lee",
                        "emails": [{"label": "default", "email": "a@example.com"}],
                        "addresses": [{"label": "default", "country_code": "CH"}],
                    }
                ]
            },
        ),
        (
            "POST rentals/5116/bookings",
            {
                "bookings": [
                    {
                        "booked": True,
                        "start_at": "2027-07-05T16:00:00Z",
                        "end_at": "2027-07-12T10:00:00Z",
                        "external_reference": "HMABC123",
                        "currency": "EUR",
                        "expected_checkin_time": "14:45",
                        "adults": 5,
                        "children": 0,
                        "initial_price": "3000",
                        "discount": "300",
                        "final_price": "2930.00",
                        "channel_price": "2930.00",
                        "bookings_fees": [
                            {"price": "50.00", "times_booked": "2", "rentals_fee_id": "10", "name": "Linen"}
                        ],
                        "bookings_taxes": [
                            {
                                "taxable_type": "Rental",
                                "taxable_id": "5116",
                                "amount": "60",
                                "percentage": "10",
                                "tax_id": "5",
                                "included": True,
                                "name": "VAT",
                            },
                            {
                                "taxable_type": "Rental",
                                "taxable_id": "5116",
                                "amount": "130",
                                "included": False,
                                "name": "City tax",
                            },
                        ],
                        "comments": [{"content": "late arrival"}],
                        "source_id": 2,
                        "client_id": 37,
                    }
                ]
            },
        ),
    ]


@pytest.mark.parametrize(
    ("kind", "more", "status"),
    [
        (ReservationKind.CONFIRMED, {}, {"booked": True}),
        (ReservationKind.BLOCK, {}, {"unavailable": True}),
        (
            ReservationKind.HOLD,
            {"expires_at": datetime(2027, 1, 1, 12, tzinfo=UTC)},
            {"tentative_expires_at": "2027-01-01T12:00:00Z"},
        ),
    ],
)
async def test_exactly_one_word_sets_the_status(kind: ReservationKind, more: Any, status: Any):
    session = WrittenSession({"POST rentals/5116/bookings": MADE})
    await client(session).create_reservation(draft(kind=kind, **more), NoProgress())
    ((_, body),) = session.written
    words = ("booked", "unavailable", "tentative_expires_at")
    assert {name: value for name, value in body["bookings"][0].items() if name in words} == status


async def test_the_id_of_what_was_made_comes_from_its_place_where_the_body_is_empty():
    placed = answer(b"", {"location": "https://www.bookingsync.com/api/v3/bookings/840043"}, 201)
    session = WrittenSession({"POST rentals/5116/bookings": placed})
    assert (await client(session).create_reservation(draft(), NoProgress())).id == "840043"
    session = WrittenSession({"POST rentals/5116/bookings": answer(b"", status=201)})
    with pytest.raises(UpstreamInvalid, match="does not tell the id"):
        await client(session).create_reservation(draft(), NoProgress())


async def test_another_total_than_the_one_sent_is_a_warning():
    session = WrittenSession({"POST rentals/5116/bookings": MADE})
    written = await client(session).create_reservation(draft(total=Decimal(3000)), NoProgress())
    assert list(written.warnings) == ["BookingSync holds a total of 2930.0 instead of 3000."]


@pytest.mark.parametrize(
    ("name", "found"),
    [("Airbnb", "2"), ("airbnb official", "2"), ("Somewhere", "7")],
)
async def test_a_source_is_found_by_its_name_or_meaning_and_made_only_where_it_is_missing(name: str, found: str):
    sources = {"sources": [{"id": 1, "name": "Airbnb", "internal": True}, {"id": 2, "name": name}]}
    session = WrittenSession(
        {
            "GET sources": sources,
            "POST sources": {"sources": [{"id": 7, "name": "Airbnb"}]},
            "POST rentals/5116/bookings": MADE,
        }
    )
    await client(session).create_reservation(draft(channel=Channel.AIRBNB), NoProgress())
    assert session.written[-1][1]["bookings"][0]["source_id"] == int(found)
    made = [body for path, body in session.written if path == "POST sources"]
    assert made == ([{"sources": [{"name": "Airbnb"}]}] if found == "7" else [])
    queries = [dict(call.query) for call in session.calls if call.path.endswith("sources") and call.method == "GET"]
    assert queries[0]["fields"] == "id,name,internal"


async def test_a_channel_and_a_source_that_say_different_things_are_refused():
    session = WrittenSession({})
    with pytest.raises(ChangeRefused) as refused:
        await client(session).create_reservation(draft(channel=Channel.VRBO, source="Airbnb"), NoProgress())
    assert refused.value.problems[0].field == ("source",)
    assert session.written == []


async def test_a_dry_run_shows_every_call_that_a_booking_takes():
    session = WrittenSession({"GET sources": {"sources": []}})
    dry = DryRunSession(session, SystemClock())
    await client(dry).create_reservation(draft(guest=GuestChange(name="Ann Lee"), source="Site"), NoProgress())
    assert [(each.method, each.path.rpartition("/")[2]) for each in dry.planned] == [
        ("POST", "sources"),
        ("POST", "clients"),
        ("POST", "bookings"),
    ]
    assert dry.planned[-1].body["bookings"][0]["client_id"] == "new"
    assert session.written == []


async def test_cancelling_sends_reason_and_messages_in_the_body_of_the_delete():
    session = changing()
    session.answers["DELETE bookings/840043"] = answer(b"", status=204)
    how = Cancellation(reason="payment_failed", message_to_guest="Sorry", message_to_channel="Card failed")
    await client(session).cancel_reservation("840043", how)
    assert session.written == [
        (
            "DELETE bookings/840043",
            {
                "bookings": [
                    {
                        "cancelation_reason": "payment_failed",
                        "cancelation_message_to_guest": "Sorry",
                        "cancelation_message_to_channel": "Card failed",
                    }
                ]
            },
        )
    ]
    (read,) = [dict(call.query) for call in session.calls if call.method == "GET"]
    assert read["include_canceled"] == "true"


@pytest.mark.parametrize(
    ("words", "problems"),
    [
        ("start_at can't be blank; notes is too long", [("arrival",), ("host_note",)]),
        ("Something else", [()]),
        ("", [()]),
    ],
)
async def test_a_refusal_names_fields_where_bookingsync_does(words: str, problems: list[Any]):
    message = f"The PMS refused the call (HTTP 422): {words}" if words else "The PMS refused the call (HTTP 422)."
    session = WrittenSession({"POST rentals/5116/bookings": UpstreamRefused(message, upstream_status=422)})
    session.answers["GET bookings"] = {"bookings": []}
    with pytest.raises(ChangeRefused) as refused:
        await client(session).create_reservation(draft(), NoProgress())
    assert [each.field for each in refused.value.problems] == problems
