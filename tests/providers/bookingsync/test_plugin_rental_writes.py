"""What the plugin sends when it writes a rental, its nights and its fees."""

from datetime import date, time, timedelta
from decimal import Decimal

import pytest

from providers.bookingsync import PLUGIN
from providers.bookingsync.extras import BookingExtras, RentalExtras
from providers.changes import (
    AddressChange,
    CalendarChange,
    ChangeRefused,
    FeeChange,
    FeeDraft,
    ImageDraft,
    ListingChange,
    ListingDraft,
    ListingTextChange,
    TaxDraft,
)
from providers.model import ChargedPer, PropertyType, RatePeriod
from tests.providers.bookingsync.plugin_canned import NOW
from tests.providers.bookingsync.plugin_written import WrittenSession
from tests.providers.bookingsync.written_bookings import client

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
