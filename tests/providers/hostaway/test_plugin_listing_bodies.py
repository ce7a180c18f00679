"""What of a listing Hostaway is sent and what is refused before, and answers that say too little."""

import dataclasses
from datetime import date, time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.changes import (
    AddressChange,
    BedChange,
    ChangeRefused,
    ListingChange,
    ListingDraft,
    ListingTextChange,
)
from providers.errors import UpstreamInvalid, UpstreamTimeout
from providers.hostaway import listing_bodies
from providers.hostaway.change_checks import Checks
from providers.hostaway.client import HostawayClient
from providers.hostaway.listing_extras import HostawayListingExtras
from providers.hostaway.simulator import HostawayReadings
from providers.model import Channel, PropertyType, RatePeriod, RoomType
from providers.upstream.dry_run import DryRunEndedError
from tests.providers.hostaway.changing import changing, told
from tests.providers.hostaway.plugin_session import FakeSession, success
from tests.virtual_time import in_virtual_time


def draft(**fields: Any) -> ListingDraft:
    return ListingDraft(**{"name": "Harbour loft", "reference": "sg-1", **fields})


def problems(change: ListingChange) -> list[tuple[str, str]]:
    checks = Checks()
    listing_bodies.plain_body(change, checks)
    with pytest.raises(ChangeRefused) as refusal:
        checks.done()
    return told(refusal.value)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"check_in_from": time(15, 30)}, ("INVALID", "check_in_from")),
        ({"base_price": Decimal(0)}, ("OUT_OF_RANGE", "base_price")),
        ({"base_price": Decimal("NaN")}, ("OUT_OF_RANGE", "base_price")),
        ({"base_price": Decimal("123456789.123456789")}, ("OUT_OF_RANGE", "base_price")),
        ({"cleaning_fee": Decimal(-1)}, ("OUT_OF_RANGE", "cleaning_fee")),
        ({"base_price_period": RatePeriod.WEEK}, ("NOT_SUPPORTED", "base_price_period")),
        ({"weekly_discount": Decimal("1.1")}, ("OUT_OF_RANGE", "weekly_discount")),
        ({"monthly_discount": Decimal(0)}, ("OUT_OF_RANGE", "monthly_discount")),
        ({"latitude": 90.1}, ("OUT_OF_RANGE", "latitude")),
        ({"longitude": -180.5}, ("OUT_OF_RANGE", "longitude")),
        ({"max_guests": 0}, ("OUT_OF_RANGE", "max_guests")),
        ({"minimum_nights": 0}, ("OUT_OF_RANGE", "minimum_nights")),
        ({"minimum_nights": 5, "maximum_nights": 4}, ("INVALID", "maximum_nights")),
        ({"area": 64.5}, ("INVALID", "area")),
        ({"name": " "}, ("REQUIRED", "name")),
        ({"currency": "EURO"}, ("INVALID", "currency")),
        ({"language": "deu"}, ("INVALID", "language")),
        ({"time_zone": "Mars/Olympus"}, ("UNKNOWN", "time_zone")),
        ({"room_type": RoomType.OTHER}, ("NOT_SUPPORTED", "room_type")),
        ({"cancellation_policy": "super"}, ("UNKNOWN", "cancellation_policy")),
        ({"address": AddressChange(line2="Back")}, ("NOT_SUPPORTED", "address.line2")),
        ({"address": AddressChange(country_code="DEU")}, ("INVALID", "address.country_code")),
        ({"amenity_ids": ("2", "pool")}, ("INVALID", "amenity_ids.1")),
        ({"beds_by_type": (BedChange(type_id="x", quantity=1),)}, ("INVALID", "beds_by_type.0.type_id")),
        ({"beds_by_type": (BedChange(type_id="1", quantity=0),)}, ("OUT_OF_RANGE", "beds_by_type.0.quantity")),
        ({"texts": (ListingTextChange(locale="de", name="x"),)}, ("NOT_SUPPORTED", "texts.0.locale")),
        ({"texts": (ListingTextChange(channel=Channel.GDS, name="x"),)}, ("NOT_SUPPORTED", "texts.0.channel")),
        ({"texts": (ListingTextChange(channel=Channel.VRBO, space="x"),)}, ("NOT_SUPPORTED", "texts.0.space")),
        ({"texts": (ListingTextChange(name=None),)}, ("REQUIRED", "texts.0.name")),
        (
            {"license_issued_on": date(2026, 2, 1), "license_expires_on": date(2026, 1, 1)},
            ("INVALID", "license_expires_on"),
        ),
        ({"extras": HostawayListingExtras(bathroom_type="golden")}, ("UNKNOWN", "hostaway.bathroom_type")),
        ({"extras": HostawayListingExtras(star_rating=Decimal(6))}, ("OUT_OF_RANGE", "hostaway.star_rating")),
        ({"extras": HostawayListingExtras(cancellation_policy_id="x")}, ("INVALID", "hostaway.cancellation_policy_id")),
        (
            {"extras": HostawayListingExtras(airbnb_booking_lead_time=-1)},
            ("OUT_OF_RANGE", "hostaway.airbnb_booking_lead_time"),
        ),
    ],
)
def test_what_is_wrong_is_named(change, expected):
    assert problems(ListingChange(**change)) == [expected]


def test_every_field_is_sent_or_refused_by_name():
    names = {each.name for each in dataclasses.fields(ListingDraft)}
    tables = (
        *(listing_bodies.TEXTS, listing_bodies.WHOLE, listing_bodies.AMOUNTS, listing_bodies.DEGREES),
        *(listing_bodies.FACTORS, listing_bodies.HOURS, listing_bodies.FLAGS, listing_bodies.DAYS),
        *(listing_bodies.LACKING, listing_bodies.SPECIAL, listing_bodies.ELSEWHERE),
    )
    known = [name for table in tables for name in table]
    assert sorted(known) == sorted(names)
    lacking = ListingChange(**dict.fromkeys(listing_bodies.LACKING))
    assert sorted(problems(lacking)) == sorted(("NOT_SUPPORTED", name) for name in listing_bodies.LACKING)


@in_virtual_time
async def test_all_that_is_wrong_is_told_at_once_and_nothing_is_sent():
    async with changing() as there:
        wrong = ListingChange(base_price=Decimal(-1), floor="2", property_type=PropertyType.VILLA)
        with pytest.raises(ChangeRefused) as refusal:
            await there.client.update_listing("40001", wrong)
        assert sorted(told(refusal.value)) == [("NOT_SUPPORTED", "floor"), ("OUT_OF_RANGE", "base_price")]
        with pytest.raises(ChangeRefused) as refusal:
            await there.client.update_listing("40001", ListingChange())
        assert told(refusal.value) == [("REQUIRED", "")]
        with pytest.raises(ChangeRefused) as refusal:
            await there.client.create_listing(ListingDraft(reference="sg-1"))
        assert told(refusal.value) == [("REQUIRED", "name")]
        assert there.calls == []


@pytest.mark.parametrize(
    ("fields", "sent"),
    [
        ({"property_type": PropertyType.APARTMENT}, 1),
        ({"property_type": PropertyType.STUDIO}, 33),
        ({"provider_property_type": "LOFT"}, 4),
        ({"provider_property_type": "77"}, 77),
    ],
)
@in_virtual_time
async def test_a_kind_of_building_is_sent_by_its_id(fields, sent):
    async with changing() as there:
        await there.client.update_listing("40001", ListingChange(**fields))
        assert there.body == {"propertyTypeId": sent}
        assert len(there.calls) == (1 if fields.get("provider_property_type") == "77" else 2)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"property_type": PropertyType.CABIN}, ("NOT_SUPPORTED", "property_type")),
        ({"property_type": PropertyType.BOAT}, ("NOT_SUPPORTED", "property_type")),
        ({"provider_property_type": "palace"}, ("UNKNOWN", "provider_property_type")),
        (
            {"property_type": PropertyType.VILLA, "provider_property_type": "6"},
            ("INVALID", "provider_property_type"),
        ),
    ],
)
@in_virtual_time
async def test_a_kind_that_does_not_decide_is_refused_with_the_choice(fields, problem):
    names = ["Chalet", "Log cabin", "Villa"]

    def route(call: Any) -> Any:
        return success([{"id": number, "name": name} for number, name in enumerate(names)])

    session = FakeSession(route)
    with pytest.raises(ChangeRefused) as refusal:
        await HostawayClient(session, "10450").update_listing("1", ListingChange(**fields))
    assert told(refusal.value) == [problem]
    if "property_type" in fields and fields["property_type"] is PropertyType.CABIN:
        assert refusal.value.problems[0].allowed == "Chalet, Log cabin"


def test_extras_are_sent_under_hostaways_names():
    extras = HostawayListingExtras(
        bathroom_type="shared",
        property_rent_tax=Decimal("12.5"),
        airbnb_cancellation_policy_id="4012",
        bookingcom_property_has_vat=True,
        cleanness_status=None,
        same_day_booking_lead_time=12,
    )
    assert listing_bodies.plain_body(ListingChange(extras=extras), Checks()) == {
        "bathroomType": "shared",
        "propertyRentTax": 12.5,
        "airbnbCancellationPolicyId": 4012,
        "bookingcomPropertyHasVat": 1,
        "cleannessStatus": None,
        "sameDayBookingLeadTime": 12,
    }


@in_virtual_time
async def test_every_extra_is_a_property_that_listings_have():
    async with changing() as there:
        values = {"str": "x", "int": 1, "bool": True, "Decimal": Decimal(1)}
        fields = {}
        for each in dataclasses.fields(HostawayListingExtras):
            kind = next(name for name in ("str", "bool", "int", "Decimal") if name in str(each.type))
            fields[each.name] = "7" if each.name.endswith("_id") else values[kind]
        extras = HostawayListingExtras(**fields | {"bathroom_type": "private"})
        written = await there.client.update_listing("40001", ListingChange(extras=extras))
        record = there.simulation.accounts[0].listings[40001].record
        assert there.body == {name: record[name] for name in there.body}
        assert list(written.warnings) == []


@given(st.decimals(min_value=Decimal("0.01"), max_value=Decimal(999_999), places=2))
def test_an_amount_arrives_with_its_digits(amount):
    body = listing_bodies.plain_body(ListingChange(base_price=amount), Checks())
    assert Decimal(str(body["price"])) == amount


@in_virtual_time
async def test_a_dry_run_shows_the_call_without_its_secrets():
    async with changing() as there:
        change = ListingChange(door_code="4711", wifi_password="s3cret", property_type=PropertyType.VILLA)
        with pytest.raises(DryRunEndedError):
            await there.dry.update_listing("40001", change)
        (planned,) = there.dry_session.planned
        assert (planned.method, planned.path) == ("PUT", "/v1/listings/40001")
        assert planned.body == {"doorSecurityCode": "***", "wifiPassword": "***", "propertyTypeId": 6}
        assert there.calls == ["GET /propertyTypes"]


async def test_a_secret_is_not_repeated_in_a_refusal():
    session = FakeSession(lambda call: {"status": "fail", "result": "doorSecurityCode 4711 is too short"})
    with pytest.raises(ChangeRefused) as refusal:
        await HostawayClient(session, "10450").update_listing("1", ListingChange(door_code="4711"))
    assert "4711" not in str(refusal.value)
    assert "too short" in str(refusal.value)


async def test_what_hostaway_did_not_take_over_is_told():
    shown = {
        "id": 1,
        "price": 90,
        "name": " New ",
        "externalListingName": "New",
        "minNights": "2",
        "instantBookable": True,
    }
    change = ListingChange(
        base_price=Decimal("99.9"), name="New", minimum_nights=2, instant_bookable=True, house_rules="Quiet"
    )
    client = HostawayClient(FakeSession(lambda call: success(shown)), "10450")
    written = await client.update_listing("1", change)
    assert list(written.warnings) == ["Hostaway did not take over as sent: price."]


@pytest.mark.parametrize("answered", [[], {}, "done", None, [{"name": "without an id"}]])
async def test_a_creation_that_names_nothing_is_uncertain(answered):
    client = HostawayClient(FakeSession(lambda call: success(answered)), "10450")
    with pytest.raises(UpstreamInvalid):
        await client.create_listing(draft())


async def test_a_timeout_is_left_as_it_is():
    def route(call: Any) -> Any:
        raise UpstreamTimeout("No answer.", was_sent=True)

    session = FakeSession(route)
    with pytest.raises(UpstreamTimeout) as failure:
        await HostawayClient(session, "10450").create_listing(draft())
    assert failure.value.was_sent
    assert [call.safe for call in session.calls] == [False]


@in_virtual_time
async def test_the_currency_is_not_remembered_when_it_changes():
    async with changing(HostawayReadings()) as there:
        await there.listing()
        await there.client.update_listing("40001", ListingChange(currency="PLN"))
        fees = (await there.client.fees(["40001"])).found["40001"]
        assert {each.amount.currency for each in fees if each.amount} == {"PLN"}
