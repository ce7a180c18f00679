"""What the plugin sends when it writes, call by call, and how it takes the documented answers."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from providers.bookingsync import PLUGIN
from providers.bookingsync.client import BookingsyncClient
from providers.bookingsync.extras import BookingExtras, RentalExtras
from providers.changes import (
    AddressChange,
    CalendarChange,
    Cancellation,
    ChangeRefused,
    FeeChange,
    FeeDraft,
    FinanceLineChange,
    GuestChange,
    ImageDraft,
    ListingChange,
    ListingDraft,
    ListingTextChange,
    NoProgress,
    PartyChange,
    ProblemKind,
    ReservationChange,
    ReservationDraft,
    ReservationKind,
    TaxDraft,
)
from providers.errors import PermissionDenied, UpstreamInvalid, UpstreamRefused
from providers.model import Channel, ChargedPer, FinanceLineType, PropertyType, RatePeriod
from providers.upstream.clock import SystemClock
from providers.upstream.dry_run import DryRunSession
from tests.providers.bookingsync.plugin_canned import NOW, answer, oauth
from tests.providers.bookingsync.plugin_written import WrittenSession

MADE = {"bookings": [{"links": {"rental": 5116}, "id": 840043, "final_price": "2930.0"}]}
BOOKING = {
    "links": {"account": 3837, "rental": 5116, "client": 77703, "bookings_fees": [4], "bookings_taxes": []},
    "id": 840043,
    "start_at": "2027-07-05T16:00:00Z",
    "end_at": "2027-07-12T10:00:00Z",
    "status": "Booked",
    "initial_price": "100.0",
    "final_rental_price": "90.0",
    "discount": "10%",
    "final_price": "100.0",
    "locked": None,
    "owned_by_app": False,
    "client": {
        "id": 77703,
        "fullname": "Ann Lee",
        "emails": [
            {"label": "default", "email": "a@example.com", "id": 1, "primary": True},
            {"label": "work", "email": "w@example.com", "id": 2},
        ],
        "phones": [],
        "addresses": [{"label": "home", "city": "Bern", "zip": "3000", "canceled_at": None}],
    },
    "bookings_fees": [
        {"id": 4, "links": {"rentals_fee": 9}, "name": {"en": "Linen"}, "price": "5.0", "times_booked": 2}
    ],
    "bookings_taxes": [],
    "booking_comments": [],
    "bookings_tags": [],
    "payments": [],
    "source": {"name": "Airbnb"},
}


def client(session: Any) -> BookingsyncClient:
    return BookingsyncClient(session, oauth(), now=lambda: NOW)


def draft(**more: Any) -> ReservationDraft:
    plain = {
        "listing_id": "5116",
        "reference": "sg-1",
        "arrival": date(2027, 7, 5),
        "departure": date(2027, 7, 12),
        "currency": "EUR",
    }
    return ReservationDraft(**{**plain, **more})


def changing(**more: Any) -> WrittenSession:
    return WrittenSession({"GET bookings/840043": {"bookings": [{**BOOKING, **more}]}, "PUT bookings/840043": {}})


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


MAP = {
    "links": {"rental": 5116},
    "id": 3467,
    "start_date": "2026-12-08",
    "rates_map": ",".join(["10.5"] * 1096),
    "minimum_stays_map": ",".join(["3"] * 1096),
}


async def test_a_map_is_sent_with_both_lists_of_one_length_from_yesterday_on():
    session = WrittenSession({"PUT nightly_rate_maps/3467": {}})
    session.answers["GET rentals/5116"] = {
        "rentals": [{**session.answers["GET rentals/5116"]["rentals"][0], "nightly_rate_map": MAP}]
    }
    changes = [
        CalendarChange(start=date(2026, 12, 10), end=date(2026, 12, 11), price=Decimal("99.90")),
        CalendarChange(start=date(2026, 12, 12), end=date(2026, 12, 13), minimum_stay=5),
    ]
    await client(session).change_calendar("5116", changes)
    assert session.written == [
        (
            "PUT nightly_rate_maps/3467",
            {
                "nightly_rate_maps": [
                    {
                        "start_date": "2026-12-08",
                        "rates_map": "10.5,10.5,99.90,10.5,10.5",
                        "minimum_stays_map": "3,3,3,3,5",
                    }
                ]
            },
        )
    ]
    assert dict(session.calls[0].query)["include"] == "nightly_rate_map"


async def test_nights_that_no_map_holds_are_refused():
    for start in (NOW.date() - timedelta(days=2), NOW.date() + timedelta(days=1095)):
        change = CalendarChange(start=start, end=start + timedelta(days=1), price=Decimal(5))
        with pytest.raises(ChangeRefused) as refused:
            await client(WrittenSession({})).change_calendar("5116", [change])
        assert refused.value.problems[0].allowed == "nights from 2026-12-08 to 2029-12-07"


async def test_a_new_rental_is_sent_in_bookingsyncs_words():
    session = WrittenSession(
        {
            "GET accounts": {"accounts": [{"id": 3837, "default_locale": "fr"}]},
            "POST rentals": {"rentals": [{"id": 9}]},
            "POST rentals/9/photos": {"photos": [{"id": 1}]},
        }
    )
    made = await client(session).create_listing(
        ListingDraft(
            name="Villa Boubouki",
            reference="sg-9",
            headline="Vue",
            texts=[ListingTextChange(locale="en", headline="View")],
            property_type=PropertyType.VILLA,
            address=AddressChange(line1="58 Ville Haute", country_code="FR"),
            area=75.0,
            base_price=Decimal("2085"),
            base_price_period=RatePeriod.WEEK,
            check_in_from=time(16),
            amenity_ids=["7"],
            images=[ImageDraft(url="https://example.com/a.jpg", caption="Devant")],
            extras=RentalExtras(rounding_kind="round-up"),
        )
    )
    assert made.id == "9"
    assert session.written == [
        (
            "POST rentals",
            {
                "rentals": [
                    {
                        "name": "Villa Boubouki",
                        "base_rate": "2085",
                        "headline_fr": "Vue",
                        "rental_type": "villa",
                        "base_rate_kind": "weekly",
                        "address1": "58 Ville Haute",
                        "country_code": "FR",
                        "surface": 75,
                        "surface_unit": "metric",
                        "amenity_ids": [7],
                        "checkin_time": 16,
                        "headline_en": "View",
                        "rounding_kind": "round-up",
                        "notes": "sg-9",
                    }
                ]
            },
        ),
        (
            "POST rentals/9/photos",
            {"photos": [{"remote_photo_url": "https://example.com/a.jpg", "description_fr": "Devant"}]},
        ),
    ]


async def test_a_rental_is_changed_by_one_call():
    session = WrittenSession({"PUT rentals/5116": {}})
    await client(session).update_listing("5116", ListingChange(name="New name", max_guests=None))
    assert session.written == [("PUT rentals/5116", {"rentals": [{"name": "New name", "sleeps_max": None}]})]
    assert len(session.calls) == 1


async def test_a_fee_and_a_tax_are_made_in_the_catalogue_and_applied():
    session = WrittenSession(
        {
            "GET accounts": {"accounts": [{"id": 3837, "default_locale": "en"}]},
            "POST fees": {"fees": [{"id": 9}]},
            "POST rentals/5116/rentals_fees": {"rentals_fees": [{"id": 11}]},
            "GET taxes": {"taxes": [{"id": 3, "name": {"en": "City tax"}, "percentage": "2.0"}]},
            "GET rentals_taxes": {"rentals_taxes": []},
            "GET fees_taxes": {"fees_taxes": []},
            "POST rentals/5116/rentals_taxes": {"rentals_taxes": [{"id": 12}]},
        }
    )
    fee = FeeDraft(
        title="Dog", name="pet_fee", amount=Decimal("12.50"), charged_per=ChargedPer.PERSON_NIGHT, mandatory=False
    )
    assert (await client(session).create_fee("5116", fee)).id == "11"
    assert (await client(session).create_tax("5116", TaxDraft(title="City tax", percentage=Decimal(2)))).id == "3"
    assert session.written == [
        (
            "POST fees",
            {
                "fees": [
                    {"kind": "pet_fee", "rate_kind": "fixed_per_person_per_night", "name_en": "Dog", "rate": "12.50"}
                ]
            },
        ),
        (
            "POST rentals/5116/rentals_fees",
            {"rentals_fees": [{"fee_id": 9, "always_applied": True, "status": "public"}]},
        ),
        ("POST rentals/5116/rentals_taxes", {"rentals_taxes": [{"tax_id": 3, "tax_included_in_rate": False}]}),
    ]


@pytest.mark.parametrize("archived", [None, "2026-01-01T00:00:00Z"])
async def test_the_amount_of_a_fee_that_another_rental_has_too_is_not_changed(archived: str | None):
    own = {"id": 11, "links": {"rental": 5116, "fee": 9}, "rate_kind": "fixed"}
    other = {"id": 12, "links": {"rental": 5117, "fee": 9}, "archived_at": archived}
    session = WrittenSession(
        {
            "GET rentals_fees/11": {"rentals_fees": [own]},
            "GET rentals_fees": {"rentals_fees": [own, other]},
            "PUT fees/9": {},
        }
    )
    changing_it = client(session).update_fee("5116", "11", FeeChange(amount=Decimal("7.50")))
    if archived is None:
        with pytest.raises(ChangeRefused, match="Other rentals have this fee too"):
            await changing_it
        assert session.written == []
    else:
        await changing_it
        assert session.written[0] == ("PUT fees/9", {"fees": [{"rate": "7.50"}]})


def test_the_inputs_that_only_bookingsync_has_are_declared():
    assert (PLUGIN.inputs.reservation, PLUGIN.inputs.listing) == (BookingExtras, RentalExtras)
