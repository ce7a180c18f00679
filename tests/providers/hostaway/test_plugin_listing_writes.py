"""Listings of Hostaway made, changed, removed, given pictures and exported, under every reading."""

from datetime import date, time
from decimal import Decimal
from typing import Any

import pytest

from providers.changes import (
    AddressChange,
    BedChange,
    ChangeRefused,
    ContactChange,
    CustomFieldChange,
    ImageDraft,
    ListingChange,
    ListingDraft,
    ListingTextChange,
)
from providers.hostaway import listing_bodies
from providers.hostaway.client import HostawayClient
from providers.model import Channel, Money, PropertyType, RatePeriod, RoomType
from tests.providers.hostaway.changing import ARCHIVED, READINGS, changing, told
from tests.providers.hostaway.plugin_session import NOW, FakeSession, success
from tests.virtual_time import in_virtual_time

every_reading = pytest.mark.parametrize("readings", READINGS, ids=range(len(READINGS)))

WHOLE: dict[str, Any] = {
    "name": "Harbour loft",
    "internal_name": "HL-3",
    "description": "Bright loft.",
    "texts": (
        ListingTextChange(channel=Channel.AIRBNB, name="Loft", summary="Short", notes=None),
        ListingTextChange(channel=Channel.BOOKING_COM, description="For B"),
        ListingTextChange(channel=Channel.VRBO, headline="For V"),
    ),
    "house_rules": "No parties.",
    "property_type": PropertyType.VILLA,
    "room_type": RoomType.PRIVATE_ROOM,
    "address": AddressChange(
        full="Hafenstr. 7, Bremerhaven", line1="Hafenstr. 7", city="Bremerhaven", postal_code="27570", country_code="de"
    ),
    "public_address": "Bremerhaven",
    "latitude": 53.5403,
    "longitude": 8.5894,
    "max_guests": 4,
    "guests_included": 2,
    "max_pets": 0,
    "bedrooms": 2,
    "beds": 3,
    "bathrooms": 1.5,
    "area": 64.0,
    "amenity_ids": ("3", "2", "3"),
    "beds_by_type": (BedChange(type_id="2", quantity=1), BedChange(type_id="1", quantity=2)),
    "check_in_from": time(15),
    "check_in_until": time(21),
    "check_out_until": time(11),
    "time_zone": "Europe/Berlin",
    "minimum_nights": 2,
    "maximum_nights": None,
    "currency": "eur",
    "base_price": Decimal("211.62"),
    "base_price_period": RatePeriod.NIGHT,
    "extra_guest_price": Decimal("54.01"),
    "cleaning_fee": Decimal("40.32"),
    "damage_deposit": Decimal(150),
    "weekly_discount": Decimal("0.9"),
    "monthly_discount": Decimal("0.82"),
    "instant_bookable": True,
    "same_day_booking": False,
    "lead_time_hours": 24,
    "cancellation_policy": "moderate",
    "license_number": "L-1",
    "license_issued_on": date(2026, 1, 2),
    "contact": ContactChange(first_name="Ada", email="ada@example.com"),
    "invoicing_contact": ContactChange(last_name="Lovelace", phone="+49 471 1"),
    "door_code": "4711",
    "wifi_name": "loft",
    "wifi_password": "s3cret",
    "language": "DE",
    "custom_fields": (CustomFieldChange(field_id="168", value="shelf 9"),),
}


def draft(**fields: Any) -> ListingDraft:
    return ListingDraft(**{"name": "Harbour loft", "reference": "sg-1", **fields})


@every_reading
@in_virtual_time
async def test_a_listing_is_made_with_all_that_it_was_given(readings):
    async with changing(readings) as there:
        written = await there.client.create_listing(ListingDraft(reference="sg-1", **WHOLE))
        assert (written.record, list(written.warnings)) == (None, [])
        assert there.calls == ["GET /propertyTypes", "POST /listings"]
        made = await there.listing(written.id)
        for name in WHOLE.keys() - {"texts", "property_type", "address", "latitude", "longitude", "amenity_ids", *MADE}:
            assert getattr(made, name) == WHOLE[name], name
        assert (made.provider_property_type, made.currency, made.language) == ("6", "EUR", "de")
        assert made.base_price == Money(amount=Decimal("211.62"), currency="EUR")
        assert made.extra_guest_price == Money(amount=Decimal("54.01"), currency="EUR")
        assert made.cleaning_fee == Money(amount=Decimal("40.32"), currency="EUR")
        assert made.damage_deposit == Money(amount=Decimal(150), currency="EUR")
        assert (made.address.full, made.address.line1) == ("Hafenstr. 7, Bremerhaven", "Hafenstr. 7")
        assert (made.address.country_code, made.location.latitude) == ("DE", 53.5403)
        assert [each.provider_id for each in made.amenities] == ["3", "2"]
        assert [(each.type_id, each.quantity) for each in made.beds_by_type] == [("2", 1), ("1", 2)]
        assert {text.channel: (text.name, text.summary, text.headline, text.description) for text in made.texts} == {
            Channel.AIRBNB: ("Loft", "Short", None, None),
            Channel.BOOKING_COM: (None, None, None, "For B"),
            Channel.VRBO: (None, None, "For V", None),
        }
        assert (made.license.number, made.license.issued_on) == ("L-1", date(2026, 1, 2))
        assert (made.contact.first_name, made.invoicing_contact.last_name) == ("Ada", "Lovelace")
        assert (made.access.door_code, made.access.wifi_password) == ("4711", "s3cret")
        assert [(each.field_id, each.value) for each in made.custom_fields] == [("168", "shelf 9")]
        assert made.raw["maxNights"] == 1125


MADE = {
    *("beds_by_type", "currency", "language", "base_price", "extra_guest_price", "cleaning_fee", "damage_deposit"),
    *("license_number", "license_issued_on", "contact", "invoicing_contact", "door_code", "wifi_name", "wifi_password"),
    *("custom_fields", "maximum_nights"),
}


@every_reading
@in_virtual_time
async def test_an_update_sends_what_changes_and_nothing_else(readings):
    async with changing(readings) as there:
        before = await there.listing()
        there.calls.clear()
        await there.clock.sleep(3600)
        change = ListingChange(base_price=Decimal("99.9"), house_rules=None, name="New")
        written = await there.client.update_listing("40001", change)
        assert (written.id, list(written.warnings)) == ("40001", [])
        assert there.body == {"price": 99.9, "houseRules": None, "name": "New", "externalListingName": "New"}
        assert there.calls[-1:] == ["PUT /listings/40001"]
        after = await there.listing()
        assert (after.name, after.base_price.amount, after.house_rules) == ("New", Decimal("99.9"), None)
        assert (after.amenities, after.images, after.description) == (
            before.amenities,
            before.images,
            before.description,
        )
        assert after.updated_at > before.updated_at


@every_reading
@in_virtual_time
async def test_custom_fields_that_are_not_named_keep_their_values(readings):
    async with changing(readings) as there:
        there.simulation.accounts[0].listings[40001].record["customFieldValues"] = [
            {"customFieldId": 168, "value": "old"},
        ]
        await there.client.update_listing("40001", ListingChange(house_rules="Quiet"))
        assert there.calls == ["PUT /listings/40001"]
        fields = (CustomFieldChange(field_id="168", value=None),)
        await there.client.update_listing("40001", ListingChange(custom_fields=fields))
        assert there.calls == ["GET /listings/40001", "PUT /listings/40001"]
        assert [(each.field_id, each.value) for each in (await there.listing()).custom_fields] == [("168", None)]


def test_custom_fields_are_merged_whatever_is_there():
    there = [{"customFieldId": "168", "value": "a"}, {"customFieldId": 170, "value": ["b"]}, "odd"]
    assert listing_bodies.merged_custom_values(there, {170: "c", 171: ""}) == [
        {"customFieldId": "168", "value": "a"},
        {"customFieldId": 170, "value": "c"},
        {"customFieldId": 171, "value": ""},
    ]


@every_reading
@in_virtual_time
async def test_images_that_stay_keep_their_id_and_captions(readings):
    async with changing(readings) as there:
        first, second, *rest = (await there.listing()).images
        assert rest
        record = there.simulation.accounts[0].listings[40001].record
        record["listingImages"][1]["vrboCaption"] = "For Vrbo"
        there.calls.clear()
        new = "https://img.example.com/new.jpg"
        images = (
            ImageDraft(provider_id=second.provider_id, caption="Bay"),
            ImageDraft(url=new),
            ImageDraft(provider_id=first.provider_id),
        )
        await there.client.update_listing("40001", ListingChange(images=images))
        assert there.body["listingImages"][0]["vrboCaption"] == "For Vrbo"
        assert there.calls[-2:] == ["GET /listings/40001", "PUT /listings/40001"]
        bay, added, same = (await there.listing()).images
        assert (bay.provider_id, bay.url, bay.caption) == (second.provider_id, second.url, "Bay")
        assert (added.url, added.caption) == (new, None)
        assert (same.provider_id, same.caption) == (first.provider_id, first.caption)


@in_virtual_time
async def test_a_gallery_of_new_pictures_costs_no_read_and_named_places_are_kept():
    async with changing() as there:
        images = (
            ImageDraft(url="https://a.example.com/1.jpg", position=5),
            ImageDraft(url="https://a.example.com/2.jpg"),
        )
        await there.client.update_listing("40001", ListingChange(images=images))
        sent = [{"url": "https://a.example.com/1.jpg", "sortOrder": 5}, {"url": "https://a.example.com/2.jpg"}]
        assert there.body == {"listingImages": sent}
        assert there.calls == ["PUT /listings/40001"]
        await there.client.update_listing("40001", ListingChange(images=()))
        assert (await there.listing()).images == []


@in_virtual_time
async def test_a_picture_that_is_not_there_is_named():
    async with changing() as there:
        images = (ImageDraft(url="http://x.example.com/1.jpg"), ImageDraft(provider_id="7"), ImageDraft())
        with pytest.raises(ChangeRefused) as refusal:
            await there.client.update_listing("40001", ListingChange(images=images))
        assert told(refusal.value) == [
            ("INVALID", "images.0.url"),
            ("NOT_FOUND", "images.1.provider_id"),
            ("REQUIRED", "images.2.url"),
        ]
        assert there.calls == ["GET /listings/40001"]


@every_reading
@in_virtual_time
async def test_pictures_are_added_to_those_that_are_there(readings):
    async with changing(readings) as there:
        before = (await there.listing()).images
        there.calls.clear()
        pictures = (ImageDraft(url="https://img.example.com/9.jpg", caption="Bay", position=9),)
        await there.client.add_images("40001", pictures)
        await there.clock.sleep(200)
        after = (await there.listing()).images
        assert {each.provider_id for each in before} < {each.provider_id for each in after}
        (added,) = [each for each in after if each not in before]
        assert (added.url, added.caption, added.position) == ("https://img.example.com/9.jpg", "Bay", 9)


@in_virtual_time
async def test_adding_pictures_is_one_call_and_says_that_it_takes_time():
    async with changing() as there:
        written = await there.client.add_images("40001", (ImageDraft(url="https://img.example.com/9.jpg"),))
        assert there.calls == ["POST /listings/40001/images"]
        assert "minutes" in written.warnings[0]
        for bad, field in (
            ((), "images"),
            ((ImageDraft(provider_id="1", url="https://a.example.com/1"),), "images.0.provider_id"),
            ((ImageDraft(url="https://a.example.com/1", kind="exterior"),), "images.0.kind"),
            ((ImageDraft(url="ftp://a.example.com/1"),), "images.0.url"),
        ):
            with pytest.raises(ChangeRefused) as refusal:
                await there.client.add_images("40001", bad)
            assert [each[1] for each in told(refusal.value)] == [field]
        assert there.calls == []


@every_reading
@in_virtual_time
async def test_a_listing_is_removed_once_and_gone_is_no_failure(readings):
    async with changing(readings) as there:
        await there.client.delete_listing("40002")
        assert there.calls == ["DELETE /listings/40002"]
        assert await there.listing("40002") is None
        await there.client.delete_listing("40002")
        assert await there.client.listings(["40003"])


@in_virtual_time
async def test_a_removal_that_is_refused_is_no_removal():
    def route(call: Any) -> Any:
        if call.method == "DELETE":
            return {"status": "fail", "result": "It has reservations."}
        return success([{"id": 1, "name": "There"}], count=1)

    client = HostawayClient(FakeSession(route), "10450", now=lambda: NOW)
    with pytest.raises(ChangeRefused, match="It has reservations"):
        await client.delete_listing("1")


@every_reading
@in_virtual_time
async def test_an_archived_listing_takes_no_changes(readings):
    async with changing(readings) as there:
        for change in (
            there.client.update_listing(ARCHIVED, ListingChange(name="New")),
            there.client.update_listing(
                ARCHIVED, ListingChange(custom_fields=(CustomFieldChange(field_id="168", value="x"),))
            ),
            there.client.add_images(ARCHIVED, (ImageDraft(url="https://img.example.com/9.jpg"),)),
            there.client.export_listing(ARCHIVED, Channel.AIRBNB),
        ):
            with pytest.raises(ChangeRefused) as refusal:
                await change
            assert told(refusal.value) == [("CONFLICT", "")]


@every_reading
@in_virtual_time
async def test_a_listing_that_does_not_exist_is_refused(readings):
    async with changing(readings) as there:
        with pytest.raises(ChangeRefused) as refusal:
            await there.client.update_listing("49999", ListingChange(name="New"))
        assert told(refusal.value) in ([("NOT_FOUND", "")], [("REFUSED", "")])
        there.calls.clear()
        with pytest.raises(ChangeRefused) as refusal:
            await there.client.update_listing("../users", ListingChange(name="New"))
        assert told(refusal.value) == [("NOT_FOUND", "")]


@every_reading
@in_virtual_time
async def test_a_listing_is_sent_to_airbnb_and_nowhere_else(readings):
    async with changing(readings) as there:
        written = await there.client.export_listing("40001", Channel.AIRBNB)
        assert there.watched.calls[-1][2] == b""
        assert there.simulation.accounts[0].changed.exports == [40001]
        assert "minutes" in written.warnings[0]
        there.calls.clear()
        with pytest.raises(ChangeRefused) as refusal:
            await there.client.export_listing("40001", Channel.VRBO)
        assert told(refusal.value) == [("NOT_SUPPORTED", "channel")]
        assert refusal.value.problems[0].allowed == "AIRBNB"
        assert there.calls == []


@every_reading
@in_virtual_time
async def test_a_listing_is_found_again_by_its_reference(readings):
    async with changing(readings) as there:
        since = there.clock.now()
        assert await there.client.find_listing(draft(), since) is None
        written = await there.client.create_listing(draft())
        assert (await there.client.find_listing(draft(), since)).provider_id == written.id
        assert await there.client.find_listing(draft(reference="sg-2"), since) is None
        assert (await there.listing(written.id)).internal_name == "sg-1"
        assert "internalName" in written.warnings[0]


@every_reading
@in_virtual_time
async def test_a_listing_with_an_internal_name_is_found_again_by_its_names_and_its_time(readings):
    async with changing(readings) as there:
        former = await there.client.create_listing(draft(internal_name="HL-3"))
        await there.clock.sleep(2 * 86_400)
        since = there.clock.now()
        wanted = draft(internal_name="HL-3", reference="sg-2")
        assert await there.client.find_listing(wanted, since) is None
        await there.clock.sleep(20)
        written = await there.client.create_listing(wanted)
        assert written.id != former.id
        assert (await there.client.find_listing(wanted, since)).provider_id == written.id
        assert await there.client.find_listing(draft(internal_name="HL-4"), since) is None
        assert await there.client.find_listing(draft(name="Other", internal_name="HL-3"), since) is None
