"""Rentals, pictures, fees and taxes written by the plugin into the simulated BookingSync, under the open readings."""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

import pytest

from providers.bookingsync.extras import RentalExtras
from providers.bookingsync.simulator import BookingsyncReadings
from providers.changes import (
    AddressChange,
    CalendarChange,
    ContactChange,
    FeeChange,
    FeeDraft,
    ImageDraft,
    ListingChange,
    ListingDraft,
    NoProgress,
    ProblemKind,
    TaxChange,
    TaxDraft,
)
from providers.errors import NotFound
from providers.model import ChargedPer, Listing, ListingStatus, PropertyType, RatePeriod
from providers.queries import QuoteRequest
from tests.providers.bookingsync.connected_world import Connected, connected
from tests.providers.bookingsync.test_plugin_writes_against_simulator import (
    draft,
    every_reading,
    house,
    kinds,
    refusal,
)
from tests.virtual_time import in_virtual_time

BEGAN = datetime(2026, 3, 14, 9, 19, tzinfo=UTC)
NEW = ListingDraft(
    name="New house",
    reference="sg-9",
    headline="By the lake",
    description="Long",
    property_type=PropertyType.CABIN,
    address=AddressChange(line1="Road 1", city="Thun", postal_code="3600", country_code="CH"),
    latitude=46.75,
    longitude=7.63,
    max_guests=5,
    bedrooms=2,
    bathrooms=1.0,
    area=81.0,
    amenity_ids=["1", "2"],
    images=[ImageDraft(url="https://images.example.com/x/a.jpg", caption="Front")],
    check_in_from=time(15),
    check_out_until=time(11),
    currency="CHF",
    base_price=Decimal("120.50"),
    base_price_period=RatePeriod.NIGHT,
    damage_deposit=Decimal(300),
    license_number="CH-1",
    owner=ContactChange(first_name="Robin", last_name="Owner", email="r@example.com"),
    access_instructions="Ring twice.",
    position=3,
)


async def listed(there: Connected, ident: str) -> Listing:
    found = (await there.client.listings([ident])).found[ident]
    there.count()
    return found


@every_reading
@in_virtual_time
async def test_a_rental_is_made_with_all_that_was_given_and_found_again(readings: BookingsyncReadings) -> None:
    async with connected(readings) as there:
        assert await there.client.find_listing(NEW, BEGAN) is None
        there.count()
        made = await there.client.create_listing(NEW)
        assert there.count() == 3  # account, rental, picture
        assert list(made.warnings) == []
        again = await there.client.find_listing(NEW, BEGAN)
        assert again is not None
        assert again.provider_id == made.id
        found = await listed(there, made.id)
        assert (found.name, found.headline, found.description) == ("New house", "By the lake", "Long")
        assert (found.status, found.property_type) == (ListingStatus.UNPUBLISHED, PropertyType.CABIN)
        assert found.address is not None
        assert (found.address.line1, found.address.city, found.address.country_code) == ("Road 1", "Thun", "CH")
        assert (found.max_guests, found.bedrooms, found.bathrooms, found.area) == (5, 2, 1, 81)
        assert [each.provider_id for each in found.amenities or ()] == ["1", "2"]
        assert [each.caption for each in found.images or ()] == ["Front"]
        assert (found.check_in_from, found.check_out_until) == (time(15), time(11))
        assert found.base_price is not None
        assert (found.base_price.amount, found.currency) == (Decimal("120.50"), "CHF")
        assert found.owner is not None
        assert (found.owner.first_name, found.owner.email) == ("Robin Owner", "r@example.com")
        assert found.access is not None
        assert found.access.instructions == "Ring twice."


@every_reading
@in_virtual_time
async def test_a_change_of_a_rental_leaves_the_rest(readings: BookingsyncReadings) -> None:
    async with connected(readings) as there:
        before = await house(there, nightly_rates_managed_externally=True)
        change = ListingChange(max_guests=9, amenity_ids=["3"], license_number=None)
        await there.client.update_listing(before.provider_id, change)
        assert there.count() == 1
        after = await listed(there, before.provider_id)
        assert (after.max_guests, [each.provider_id for each in after.amenities or ()]) == (9, ["3"])
        assert after.license is None or after.license.number is None
        same = ("name", "headline", "texts", "address", "images", "base_price", "beds", "owner", "tags", "currency")
        assert [getattr(after, name) for name in same] == [getattr(before, name) for name in same]


@in_virtual_time
async def test_pictures_that_are_not_named_go_and_the_others_stay() -> None:
    async with connected() as there:
        listing = await house(there)
        first, second, *_ = listing.images or ()
        wanted = [
            ImageDraft(url="https://images.example.com/x/new.jpg", caption="New"),
            ImageDraft(provider_id=second.provider_id, caption="Kept"),
        ]
        await there.client.update_listing(listing.provider_id, ListingChange(images=wanted))
        after = (await listed(there, listing.provider_id)).images or ()
        assert [each.caption for each in after] == ["New", "Kept"]
        assert after[1].provider_id == second.provider_id
        gone = ListingChange(images=[ImageDraft(provider_id=first.provider_id)])
        error = await refusal(there.client.update_listing(listing.provider_id, gone))
        assert kinds(error) == [(ProblemKind.NOT_FOUND, "images.0.provider_id")]
        await there.client.add_images(listing.provider_id, [ImageDraft(url="https://images.example.com/x/b.jpg")])
        assert len((await listed(there, listing.provider_id)).images or ()) == 3
        error = await refusal(there.client.add_images(listing.provider_id, [ImageDraft(caption="x" * 81)]))
        assert kinds(error) == [(ProblemKind.REQUIRED, "images.0.url"), (ProblemKind.OUT_OF_RANGE, "images.0.caption")]


@in_virtual_time
async def test_a_picture_that_is_refused_does_not_hide_the_rental_that_was_made() -> None:
    async with connected() as there:
        bad = ListingDraft(name="New house", reference="sg-9", images=[ImageDraft(url="nowhere")])
        made = await there.client.create_listing(bad)
        assert len(made.warnings) == 1
        assert made.warnings[0].startswith("Picture 1 was not added")
        assert (await listed(there, made.id)).images == []


@in_virtual_time
async def test_what_no_rental_takes_is_told_by_field() -> None:
    async with connected() as there:
        listing = await house(there)
        wrong = ListingChange(
            name="ab",
            summary="x",
            wifi_password="x",
            check_in_from=time(15, 30),
            bathrooms=1.5,
            property_type=PropertyType.HOTEL,
            owner=ContactChange(phone="1"),
            address=AddressChange(full="x"),
            amenity_ids=["wifi"],
        )
        error = await refusal(there.client.update_listing(listing.provider_id, wrong))
        assert set(kinds(error)) == {
            (ProblemKind.OUT_OF_RANGE, "name"),
            (ProblemKind.NOT_SUPPORTED, "summary"),
            (ProblemKind.NOT_SUPPORTED, "wifi_password"),
            (ProblemKind.INVALID, "check_in_from"),
            (ProblemKind.INVALID, "bathrooms"),
            (ProblemKind.NOT_SUPPORTED, "property_type"),
            (ProblemKind.NOT_SUPPORTED, "owner.phone"),
            (ProblemKind.NOT_SUPPORTED, "address.full"),
            (ProblemKind.INVALID, "amenity_ids"),
        }
        assert there.count() == 0
        theirs = ListingChange(provider_property_type="spaceship")
        error = await refusal(there.client.update_listing(listing.provider_id, theirs))
        assert kinds(error) == [(ProblemKind.INVALID, "provider_property_type")]


@every_reading
@in_virtual_time
async def test_a_rental_goes_once_and_not_with_bookings_to_come(readings: BookingsyncReadings) -> None:
    async with connected(readings) as there:
        made = await there.client.create_listing(ListingDraft(name="New house", reference="sg-9"))
        listing = await listed(there, made.id)
        booked = await there.client.create_listing(ListingDraft(name="Other house", reference="sg-8"))
        await there.client.create_reservation(
            draft(there, await listed(there, booked.id), currency="EUR"), NoProgress()
        )
        await refusal(there.client.delete_listing(booked.id))
        await there.client.delete_listing(listing.provider_id)
        await there.client.delete_listing(listing.provider_id)
        await there.client.delete_listing("no-id")
        assert (await there.client.listings([listing.provider_id])).found == {}
        with pytest.raises(NotFound):
            await there.client.update_listing(listing.provider_id, ListingChange(position=1))


@every_reading
@in_virtual_time
async def test_fees_and_taxes_come_into_the_price_and_go(readings: BookingsyncReadings) -> None:
    async with connected(readings) as there:
        rental = ListingDraft(
            name="New house",
            reference="sg-9",
            currency="EUR",
            extras=RentalExtras(nightly_rates_managed_externally=True),
        )
        listing = (await there.client.create_listing(rental)).id
        month = CalendarChange(
            start=there.today, end=there.today + timedelta(days=30), price=Decimal(100), minimum_stay=1
        )
        await there.client.change_calendar(listing, [month])
        fee = await there.client.create_fee(
            listing, FeeDraft(title="Dog", amount=Decimal("12.50"), charged_per=ChargedPer.NIGHT, mandatory=True)
        )
        tax = await there.client.create_tax(listing, TaxDraft(title="City tax", percentage=Decimal(3), name="city"))
        (shown,) = (await there.client.fees([listing])).found[listing]
        assert (shown.provider_id, shown.title, shown.charged_per) == (fee.id, "Dog", ChargedPer.NIGHT)
        assert await price(there, listing) == Decimal(200) + Decimal(25) + Decimal(6)
        error = await refusal(there.client.create_tax(listing, TaxDraft(title="City tax", percentage=Decimal(3))))
        assert kinds(error) == [(ProblemKind.CONFLICT, "")]
        await there.client.update_fee(listing, fee.id, FeeChange(percentage=Decimal(10)))
        await there.client.update_tax(listing, tax.id, TaxChange(included_in_price=True))
        assert await price(there, listing) == Decimal(220)
        (changed,) = (await there.client.fees([listing])).found[listing]
        assert (changed.percentage, changed.amount, changed.mandatory) == (Decimal(10), None, True)
        await there.client.update_fee(listing, fee.id, FeeChange(mandatory=False, max_quantity=2))
        assert await price(there, listing) == Decimal(200)
        for _ in range(2):
            await there.client.delete_fee(listing, fee.id)
            await there.client.delete_tax(listing, tax.id)
        assert (await there.client.fees([listing])).found[listing] == []
        assert (await there.client.taxes([listing])).found[listing] == []


async def price(there: Connected, listing: str) -> Decimal:
    arrival = there.today + timedelta(days=2)
    asked = QuoteRequest(listing_id=listing, arrival=arrival, departure=arrival + timedelta(days=2), adults=1)
    total = (await there.client.quotes([asked])).found["0"].total
    assert total is not None
    return total.amount


@in_virtual_time
async def test_what_fees_and_taxes_cannot_be_is_refused() -> None:
    async with connected() as there:
        listing, other = await house(there), await house(there, nightly_rates_managed_externally=True)
        client, ident = there.client, listing.provider_id
        for making, problem in (
            (client.create_fee(ident, FeeDraft(amount=Decimal(1))), (ProblemKind.REQUIRED, "title")),
            (client.create_fee(ident, FeeDraft(title="x")), (ProblemKind.REQUIRED, "amount")),
            (
                client.create_fee(ident, FeeDraft(title="x", amount=Decimal(1), charged_per=ChargedPer.OTHER)),
                (ProblemKind.NOT_SUPPORTED, "charged_per"),
            ),
            (
                client.create_fee(ident, FeeDraft(title="x", amount=Decimal(1), percentage=Decimal(1))),
                (ProblemKind.INVALID, "percentage"),
            ),
            (
                client.create_fee(ident, FeeDraft(title="x", name="magic", amount=Decimal(1))),
                (ProblemKind.INVALID, "name"),
            ),
            (client.create_tax(ident, TaxDraft(amount=Decimal(1))), (ProblemKind.NOT_SUPPORTED, "amount")),
            (client.create_tax(ident, TaxDraft(title="x")), (ProblemKind.REQUIRED, "percentage")),
            (
                client.update_tax(ident, "1", TaxChange(percentage=Decimal(1))),
                (ProblemKind.NOT_SUPPORTED, "percentage"),
            ),
        ):
            assert kinds(await refusal(making)) == [problem]
        (fee, *_) = (await client.fees([ident])).found[ident]
        with pytest.raises(NotFound):
            await client.update_fee(other.provider_id, fee.provider_id or "", FeeChange(mandatory=True))
        await client.delete_fee(other.provider_id, fee.provider_id or "")
        assert (await client.fees([ident])).found[ident][0].provider_id == fee.provider_id
