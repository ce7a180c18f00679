"""BookingSync: all that rentals and bookings say, beyond what every listing and reservation has."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from providers.model import (
    Access,
    Amenity,
    AmenityKind,
    Bed,
    Channel,
    Comment,
    Contact,
    DictionaryKind,
    Guest,
    License,
    Listing,
    ListingText,
    Money,
    Payment,
    PolicyRef,
    PropertyType,
    Reservation,
    Room,
    RoomKind,
)
from providers.queries import ListingQuery, ReservationQuery
from tests.providers.bookingsync.bookings_world import BOOKING
from tests.providers.bookingsync.plugin_canned import NOW, CannedSession, Reply, client, last_page
from tests.providers.bookingsync.test_plugin_rentals import RENTAL

WHOLE: dict[str, Any] = RENTAL | {
    "links": RENTAL["links"] | {"rental_cancelation_policy": 16404},
    "summary": {"en": "Quiet"},
    "price_public_notes": {"fr": "Chauffage en sus"},
    "public_notes": "No lift",
    "checkin_details": {"en": "Behind the door"},
    "checkin_type": "lockbox",
    "website_url": {"en": "https://villa.example.com"},
    "contact_name": "Seb",
    "owner_fullname": "Robin Owner",
    "owner_email": "robin@example.com",
    "position": 3,
    "floor": "2",
    "stories_count": 2,
    "min_price": "70.0",
    "max_price": "170.5",
    "downpayment": 30,
    "balance_due": 21,
    "bookable_online": True,
    "bookable_on_request": False,
    "permit_issue_date": "2020-05-06T00:00:00Z",
    "certifications": {"meubles_de_tourisme": ["3_etoiles"], "clevacances": ["2_cle"]},
    "bathrooms": [{"id": 41, "name": {"en": "Blue"}, "bath_count": 1, "shower_count": 0, "wc_count": 1}],
    "bedrooms": [{"id": 1, "name": {"fr": "Mer"}, "double_beds_count": 1, "single_beds_count": 2}],
    "living_rooms": [{"id": 3, "sofa_beds_count": 0, "single_beds_count": 1}],
    "rentals_tags": [{"id": 32, "name": {"en": "Family"}}, {"id": 33, "name": {}}],
}
AMENITIES = last_page(
    amenities=[
        {"id": 11, "key": "internet", "title": {"en": "Internet access"}},
        {"id": 12, "key": "moon_view", "title": {"en": "View of the moon"}},
    ]
)


async def listing(record: dict[str, Any]) -> Listing:
    page = await client(CannedSession({"rentals": last_page(rentals=[record])})).listing_page(ListingQuery(), None)
    return page.items[0]


async def reservation(**changes: Any) -> Reservation:
    session = CannedSession({"bookings": last_page(bookings=[BOOKING | changes])})
    return (await client(session).reservation_page(ReservationQuery(), None)).items[0]


def dollars(text: str) -> Money:
    return Money(amount=Decimal(text), currency="USD")


def euros(text: str) -> Money:
    return Money(amount=Decimal(text), currency="EUR")


async def test_rental_tells_texts_by_language_and_its_public_remark():
    found = await listing(WHOLE)
    assert found.summary == "Quiet"
    assert found.texts == [
        ListingText(locale="en", headline="Seafront villa", summary="Quiet"),
        ListingText(
            locale="fr", headline="Villa face à la mer", description="Au calme", price_notes="Chauffage en sus"
        ),
        ListingText(locale="de", description="Ruhig"),
        ListingText(notes="No lift"),
    ]


async def test_rental_tells_its_rooms_with_their_beds():
    found = await listing(WHOLE)
    assert found.rooms == [
        Room(
            provider_id="1",
            kind=RoomKind.BEDROOM,
            name="Mer",
            beds=[Bed(type="double", quantity=1), Bed(type="single", quantity=2)],
        ),
        Room(provider_id="41", kind=RoomKind.BATHROOM, name="Blue", baths=1, showers=0, toilets=1),
        Room(provider_id="3", kind=RoomKind.LIVING_ROOM, beds=[Bed(type="single", quantity=1)]),
    ]
    assert found.beds_by_type == [Bed(type="double", quantity=1), Bed(type="single", quantity=3)]
    assert (found.beds, found.floor, found.stories) == (4, "2", 2)


async def test_rental_tells_people_licence_prices_and_flags():
    found = await listing(WHOLE)
    assert (found.property_type, found.provider_property_type) == (PropertyType.VILLA, "villa")
    assert found.contact == Contact(first_name="Seb")
    assert found.owner == Contact(first_name="Robin Owner", email="robin@example.com")
    assert found.license == License(number="AB-12", issued_on=date(2020, 5, 6))
    assert found.access == Access(key_pickup="lockbox", instructions="Behind the door")
    assert (found.minimum_price, found.maximum_price) == (dollars("70.0"), dollars("170.5"))
    assert (found.downpayment_percentage, found.balance_due_days) == (Decimal(30), 21)
    assert (found.bookable_online, found.bookable_on_request, found.position) == (True, False, 3)
    assert (found.tags, found.website_url, found.star_rating) == (["Family"], "https://villa.example.com", Decimal(3))
    assert found.published_at == datetime(2016, 7, 7, 7, 36, 35, tzinfo=UTC)
    assert found.cancellation_policies == [PolicyRef(channel=Channel.DIRECT, policy_id="16404")]


async def test_rental_that_says_none_of_it_has_nulls():
    found = await listing({"id": 1, "links": {"account": 3837}})
    assert (found.texts, found.rooms, found.beds_by_type, found.tags, found.owner) == (None,) * 5
    assert (found.license, found.access, found.contact, found.cancellation_policies) == (None,) * 4
    assert (await listing({"id": 1, "links": {"rental_cancelation_policy": None}})).cancellation_policies == []


async def test_unknown_kind_of_building_keeps_its_word():
    found = await listing(RENTAL | {"rental_type": "glamping-dome"})
    assert (found.property_type, found.provider_property_type) == (PropertyType.OTHER, "glamping-dome")


@pytest.mark.parametrize("sent", [["9_etoiles"], ["x_etoile"], "3_etoiles", [], [7], None])
async def test_stars_that_are_none_are_null(sent):
    assert (await listing(RENTAL | {"certifications": {"meubles_de_tourisme": sent}})).star_rating is None


async def test_amenities_have_their_words_once_the_dictionary_was_read():
    session = CannedSession({"rentals": last_page(rentals=[RENTAL]), "amenities": AMENITIES})
    reads = client(session)
    (before,) = (await reads.listing_page(ListingQuery(), None)).items
    assert before.amenities == [Amenity(provider_id="11"), Amenity(provider_id="12")]
    entries = await reads.dictionary(DictionaryKind.AMENITIES)
    assert [(each.provider_id, each.name, each.kind, each.details) for each in entries] == [
        ("11", "Internet access", AmenityKind.INTERNET, "internet"),
        ("12", "View of the moon", AmenityKind.OTHER, "moon_view"),
    ]
    (after,) = (await reads.listing_page(ListingQuery(), None)).items
    assert after.amenities == [
        Amenity(provider_id="11", kind=AmenityKind.INTERNET, name="Internet access"),
        Amenity(provider_id="12", kind=AmenityKind.OTHER, name="View of the moon"),
    ]
    assert session.paths == ["rentals", "amenities", "rentals"]


async def test_amenity_that_came_nested_needs_no_dictionary():
    nested = {"id": 1, "links": {"amenity": 11}, "amenity": {"id": 11, "key": "sauna"}, "details": {"en": "Finnish"}}
    found = await listing(RENTAL | {"rentals_amenities": [nested]})
    assert found.amenities == [Amenity(provider_id="11", kind=AmenityKind.SAUNA, name="sauna", details="Finnish")]


async def test_records_are_kept_as_sent():
    found = await listing(WHOLE)
    assert found.raw is not None
    assert found.raw["certifications"] == WHOLE["certifications"]
    assert (await reservation(channel_price="12.5")).raw["channel_price"] == "12.5"


async def test_booking_tells_its_money_times_and_code():
    found = await reservation(
        downpayment="870.0",
        commission="290.5",
        balance_due_at="2016-11-14T16:00:00Z",
        tentative_expires_at="2016-12-10T10:00:00Z",
        cancelation_reason="payment_failed",
        door_key_code="4711",
        imported=True,
    )
    assert (found.downpayment, found.commission, found.rent) == (euros("870.0"), euros("290.5"), euros("2700.0"))
    assert found.balance_due_at == datetime(2016, 11, 14, 16, tzinfo=UTC)
    assert found.expires_at == datetime(2016, 12, 10, 10, tzinfo=UTC)
    assert (found.cancellation_reason, found.door_code, found.is_imported) == ("payment_failed", "4711", True)
    assert (found.channel, found.provider_channel) == (Channel.AIRBNB, "Airbnb")


async def test_payments_are_cents_and_called_off_ones_count_for_nothing():
    found = await reservation(
        payments=[
            {"id": 1, "amount_in_cents": 90010, "currency": "EUR", "kind": "online", "paid_at": "2016-12-09T10:00:00Z"},
            {"id": 2, "amount_in_cents": 5, "kind": "cash", "rejected_at": "2016-12-09T10:00:00Z"},
        ]
    )
    paid_at = datetime(2016, 12, 9, 10, tzinfo=UTC)
    assert found.payments == [
        Payment(provider_id="1", amount=euros("900.10"), kind="online", paid_at=paid_at, cancelled=False),
        Payment(provider_id="2", amount=euros("0.05"), kind="cash", cancelled=True),
    ]
    assert (await reservation()).payments is None


async def test_comments_tags_and_fees_of_the_channel_are_told():
    own = {"id": 9, "links": {"fee": 4, "rentals_fee": 5}, "price": "10.0", "included_in_price": True}
    foreign = {"id": 8, "links": {"fee": None}, "name": {"en": "Service"}, "price": "10.0", "times_booked": 3}
    found = await reservation(
        booking_comments=[{"id": 5, "content": "Late", "created_at": "2016-12-09T10:00:00Z"}],
        bookings_tags=[{"id": 1, "name": {"en": "VIP"}}],
        bookings_fees=[own, foreign],
    )
    assert found.comments == [Comment(provider_id="5", text="Late", created_at=datetime(2016, 12, 9, 10, tzinfo=UTC))]
    assert found.tags == ["VIP"]
    assert [(fee.provider_id, fee.name, fee.amount) for fee in found.fees or ()] == [("8", "Service", euros("30.0"))]


async def test_guest_is_told_in_full():
    address = {"address1": "Domplatz 1", "address2": "Hof", "zip": "50667", "state": "NRW", "city": "Köln"}
    person = BOOKING["client"] | {"company": "Dom GmbH", "notes": "Likes tea", "addresses": [address]}
    found = (await reservation(client=person)).guest
    assert found == Guest(
        provider_id="77703",
        name="Zoë Müller",
        email="zoe@example.com",
        phone="+49 1",
        city="Köln",
        address="Domplatz 1, Hof",
        postal_code="50667",
        state="NRW",
        company="Dom GmbH",
        notes="Likes tea",
    )


async def test_record_of_a_person_who_must_be_forgotten_holds_nothing_of_them():
    person = BOOKING["client"] | {"forget_me_at": "2016-12-31T00:00:00Z"}
    found = await reservation(client=person, payments=[{"id": 1, "fullname": "Zoë Müller"}])
    assert found.raw is not None
    assert {"client", "payments"} & found.raw.keys() == set()
    assert "Müller" not in str(found.raw)


async def test_guests_are_asked_for_by_their_ids():
    session = CannedSession({"bookings": last_page(bookings=[])})
    await client(session).reservation_page(ReservationQuery(guest_ids=("77703", "x")), None)
    assert session.query()["client_id"] == "77703"
    nobody = CannedSession({})
    assert (await client(nobody).reservation_page(ReservationQuery(guest_ids=("x",)), None)).items == []
    assert nobody.calls == []


def delta(resource: str, records: list[Any], deleted: Any, **headers: str) -> Reply:
    return Reply({resource: records, "meta": {"deleted_ids": deleted}}, headers or {"x-total-pages": "1"})


async def test_delta_of_listings_names_what_is_gone_and_no_other_page_does():
    query = ListingQuery(updated_since=NOW)
    session = CannedSession({"rentals": delta("rentals", [RENTAL], [7, "8", 5116])})
    assert (await client(session).listing_page(query, None)).deleted == ["7", "8"]
    assert (await client(session).listing_page(query, "2")).deleted == []
    assert (await client(session).listing_page(ListingQuery(), None)).deleted is None


async def test_delta_that_does_not_tell_what_is_gone_is_not_taken_for_an_empty_one():
    session = CannedSession({"rentals": last_page(rentals=[])})
    assert (await client(session).listing_page(ListingQuery(updated_since=NOW), None)).deleted is None


async def test_bookings_that_a_delta_names_as_deleted_are_read_since_they_were_cancelled():
    cancelled = BOOKING | {"id": 2, "status": "Canceled", "canceled_at": "2026-12-09T10:00:00Z"}
    session = CannedSession(
        {
            "bookings": delta("bookings", [BOOKING], [829165, 2, 3]),
            "bookings/2,3": last_page(bookings=[cancelled]),
        }
    )
    page = await client(session).reservation_page(ReservationQuery(updated_since=NOW), None)
    assert [(each.provider_id, each.status.value) for each in page.items] == [
        ("829165", "CONFIRMED"),
        ("2", "CANCELLED"),
    ]
    assert page.deleted == ["3"]
    assert session.query()["include_canceled"] == "true"


async def test_delta_of_bookings_that_lists_all_it_names_takes_one_call():
    session = CannedSession({"bookings": delta("bookings", [BOOKING], [829165])})
    assert (await client(session).reservation_page(ReservationQuery(updated_since=NOW), None)).deleted == []
    assert len(session.calls) == 1


async def test_delta_of_several_pages_does_not_tell_what_is_gone():
    several = {"x-total-pages": "3"}
    session = CannedSession({"bookings": Reply({"bookings": [BOOKING], "meta": {"deleted_ids": [2]}}, several)})
    assert (await client(session).reservation_page(ReservationQuery(updated_since=NOW), None)).deleted is None
    assert len(session.calls) == 1
