"""Listings, their parts and policies that are written: what was asked for is there, and all else is as it was."""

from contextlib import suppress
from dataclasses import fields, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from providers.capabilities import Capability
from providers.changes import (
    AddressChange,
    AgreementChange,
    CancellationPolicyDraft,
    ChangeRefused,
    FeeChange,
    FeeDraft,
    ImageDraft,
    ListingChange,
    ListingDraft,
    PolicyItemDraft,
    PricingSettingsChange,
    ProblemKind,
    TaxChange,
    TaxDraft,
)
from providers.contract import Plugin
from providers.model import Channel, ChargedPer, Listing, ListingStatus, PolicyEvent, RefundKind
from providers.upstream.dry_run import DryRunEndedError, DryRunSession
from tests.conformance.connection import Connection, connected, with_capabilities
from tests.conformance.known import Known
from tests.virtual_time import in_virtual_time

creates = with_capabilities(Capability.CREATE_LISTINGS)
updates = with_capabilities(Capability.UPDATE_LISTINGS)

DRAFT = ListingDraft(
    reference="sg-conformance-1",
    name="Conformance house",
    address=AddressChange(line1="Hafenstr. 7", city="Bremerhaven", country_code="DE"),
    max_guests=4,
    currency="EUR",
    base_price=Decimal("211.62"),
)
FEE = FeeDraft(
    title="Conformance fee",
    amount=Decimal("12.50"),
    charged_per=ChargedPer.STAY,
    mandatory=False,
    quantity_selectable=False,
)
STEPS = (
    PolicyItemDraft(
        refund_kind=RefundKind.PERCENTAGE, refund_value=Decimal(100), event=PolicyEvent.ARRIVAL, seconds=-1_209_600
    ),
    PolicyItemDraft(
        refund_kind=RefundKind.PERCENTAGE, refund_value=Decimal(50), event=PolicyEvent.ARRIVAL, seconds=-604_800
    ),
)


async def present(there: Connection, id_: str) -> Listing | None:
    return (await there.client.listings([id_])).found.get(id_)


def told(listing: Listing, *aside: str) -> dict[str, Any]:
    """What a listing tells, but for what the PMS dates by itself."""
    left_out = {"raw", "updated_at", "provider_status", *aside}
    return {each.name: getattr(listing, each.name) for each in fields(listing) if each.name not in left_out}


def in_use(known: Known) -> list[Listing]:
    return [each for each in known.listings if each.status is not ListingStatus.ARCHIVED]


async def refusal(work: Any) -> list[ProblemKind]:
    with pytest.raises(ChangeRefused) as caught:
        await work
    return [each.kind for each in caught.value.problems]


@creates
@in_virtual_time
async def test_a_listing_that_was_made_is_read_back_and_found_again(plugin: Plugin, known: Known) -> None:
    async with connected(plugin) as there:
        since = there.clock.now() - timedelta(minutes=1)
        assert await there.client.find_listing(DRAFT, since) is None
        written = await there.client.create_listing(DRAFT)
        assert written.id not in {each.provider_id for each in known.listings}
        found = await present(there, written.id)
        assert found is not None
        assert (found.name, found.max_guests, found.currency) == ("Conformance house", 4, "EUR")
        assert found.base_price is not None
        assert found.base_price.amount == Decimal("211.62")
        again = await there.client.find_listing(DRAFT, since)
        assert again is not None
        assert again.provider_id == written.id


@with_capabilities(Capability.CREATE_LISTINGS, Capability.DELETE_LISTINGS)
@in_virtual_time
async def test_a_listing_that_was_removed_is_no_longer_offered_and_may_be_removed_again(plugin: Plugin) -> None:
    async with connected(plugin) as there:
        written = await there.client.create_listing(DRAFT)
        await there.client.delete_listing(written.id)
        found = await present(there, written.id)
        assert found is None or found.status is ListingStatus.ARCHIVED
        await there.client.delete_listing(written.id)


@updates
@pytest.mark.parametrize(
    ("name", "value"),
    [("name", "Another name"), ("max_guests", 3), ("base_price", Decimal("99.90")), ("damage_deposit", Decimal(150))],
)
@in_virtual_time
async def test_a_change_of_one_field_leaves_all_others(plugin: Plugin, known: Known, name: str, value: Any) -> None:
    async with connected(plugin) as there:
        before = in_use(known)[0]
        await there.client.update_listing(before.provider_id, ListingChange(**{name: value}))
        after = await present(there, before.provider_id)
        assert after is not None
        changed = getattr(after, name)
        assert getattr(changed, "amount", changed) == value
        # A title may stand among the texts, too.
        assert told(after, name, "texts") == told(before, name, "texts")


@updates
@in_virtual_time
async def test_a_listing_that_is_not_there_is_not_changed(plugin: Plugin) -> None:
    async with connected(plugin) as there:
        with pytest.raises(Exception) as caught:  # noqa: PT011  # a refusal, or that there is none
            await there.client.update_listing("999999999", ListingChange(name="Another name"))
        assert type(caught.value).__name__ in {"ChangeRefused", "NotFound"}


@updates
@in_virtual_time
async def test_a_dry_run_of_a_change_sends_nothing(plugin: Plugin, known: Known) -> None:
    async with connected(plugin) as there:
        session = DryRunSession(there.session, there.clock)
        rehearsing = there.plugin.client(session, there.config)
        before = in_use(known)[0]
        with suppress(DryRunEndedError):
            await rehearsing.update_listing(before.provider_id, ListingChange(name="Another name"))
        assert session.planned
        after = await present(there, before.provider_id)
        assert after is not None
        assert after.name == before.name


@with_capabilities(Capability.ADD_IMAGES)
@in_virtual_time
async def test_pictures_are_added_to_those_that_are_there(plugin: Plugin, known: Known) -> None:
    async with connected(plugin) as there:
        before = in_use(known)[0]
        picture = ImageDraft(url="https://img.example.com/new.jpg", caption="Kitchen")
        await there.client.add_images(before.provider_id, [picture])
        await there.clock.sleep(600)  # a PMS may fetch them later
        after = await present(there, before.provider_id)
        assert after is not None
        kept = {each.provider_id for each in before.images or ()}
        assert kept < {each.provider_id for each in after.images or ()}
        assert len(after.images or ()) == len(kept) + 1


@with_capabilities(Capability.CHANGE_FEES, Capability.FEES)
@in_virtual_time
async def test_a_fee_is_made_changed_and_removed_and_the_others_stay(plugin: Plugin, known: Known) -> None:
    async with connected(plugin) as there:
        id_ = in_use(known)[0].provider_id
        before = {each.provider_id: each for each in (await there.client.fees([id_])).found[id_]}
        made = await there.client.create_fee(id_, replace(FEE, name=await word_of_fees(there, known)))
        fees = {each.provider_id: each for each in (await there.client.fees([id_])).found[id_]}
        assert fees.keys() - before.keys() == {made.id}
        assert fees[made.id].amount is not None
        assert fees[made.id].amount.amount == Decimal("12.50")
        assert fees[made.id].mandatory is False
        await there.client.update_fee(id_, made.id, FeeChange(mandatory=True))
        changed = {each.provider_id: each for each in (await there.client.fees([id_])).found[id_]}[made.id]
        assert (changed.mandatory, changed.amount) == (True, fees[made.id].amount)
        await there.client.delete_fee(id_, made.id)
        await there.client.delete_fee(id_, made.id)
        after = {each.provider_id for each in (await there.client.fees([id_])).found[id_]}
        assert after == before.keys()


@with_capabilities(Capability.CHANGE_TAXES, Capability.TAXES)
@in_virtual_time
async def test_a_tax_is_made_changed_and_removed_and_the_others_stay(plugin: Plugin, known: Known) -> None:
    async with connected(plugin) as there:
        id_ = in_use(known)[0].provider_id
        before = {each.provider_id for each in (await there.client.taxes([id_])).found[id_]}
        draft = TaxDraft(title="Conformance tax", percentage=Decimal(7), included_in_price=False)
        made = await there.client.create_tax(id_, draft)
        taxes = {each.provider_id: each for each in (await there.client.taxes([id_])).found[id_]}
        assert taxes.keys() - before == {made.id}
        assert (taxes[made.id].percentage, taxes[made.id].included_in_price) == (Decimal(7), False)
        await there.client.update_tax(id_, made.id, TaxChange(included_in_price=True))
        changed = {each.provider_id: each for each in (await there.client.taxes([id_])).found[id_]}[made.id]
        assert (changed.percentage, changed.included_in_price) == (Decimal(7), True)
        await there.client.delete_tax(id_, made.id)
        assert {each.provider_id for each in (await there.client.taxes([id_])).found[id_]} == before


@with_capabilities(Capability.CHANGE_AGREEMENTS, Capability.AGREEMENTS)
@in_virtual_time
async def test_an_agreement_is_made_once_changed_copied_and_removed(plugin: Plugin, known: Known) -> None:
    async with connected(plugin) as there:
        one, other = (each.provider_id for each in in_use(known)[:2])
        await there.client.delete_agreement(one)
        await there.client.create_agreement(one, AgreementChange(text="Be kind."))
        assert await refusal(there.client.create_agreement(one, AgreementChange(text="Be quick."))) == [
            ProblemKind.CONFLICT
        ]
        await there.client.update_agreement(one, AgreementChange(text="Be kind, {{guest_name}}."))
        await there.client.duplicate_agreement(one, [other])
        found = (await there.client.agreements([one, other])).found
        assert [[each.text for each in found[id_]] for id_ in (one, other)] == [["Be kind, {{guest_name}}."]] * 2
        await there.client.delete_agreement(one)
        await there.client.delete_agreement(one)
        found = (await there.client.agreements([one, other])).found
        assert (found[one], [each.text for each in found[other]]) == ([], ["Be kind, {{guest_name}}."])


@with_capabilities(Capability.CHANGE_PRICING_SETTINGS, Capability.PRICING_SETTINGS)
@in_virtual_time
async def test_the_channels_that_get_prices_by_length_of_stay_are_those_named(plugin: Plugin, known: Known) -> None:
    async with connected(plugin) as there:
        id_ = in_use(known)[0].provider_id
        for channels in ([Channel.AIRBNB], [], [Channel.AIRBNB, Channel.VRBO]):
            change = PricingSettingsChange(length_of_stay_channels=channels)
            await there.client.update_pricing_settings(id_, change)
            found = (await there.client.pricing_settings([id_])).found[id_]
            assert set(found.length_of_stay_channels or ()) == set(channels)


@with_capabilities(Capability.CHANGE_CANCELLATION_POLICIES, Capability.CANCELLATION_POLICIES)
@in_virtual_time
async def test_a_policy_is_made_replaced_and_removed_and_the_others_stay(plugin: Plugin) -> None:
    async with connected(plugin) as there:
        before = await policies(there)
        made = await there.client.create_cancellation_policy(CancellationPolicyDraft(name="Two steps", items=STEPS))
        assert (await policies(there)).keys() - before.keys() == {made.id}
        draft = CancellationPolicyDraft(name="One step", items=STEPS[:1])
        await there.client.update_cancellation_policy(made.id, draft)
        replaced = (await policies(there))[made.id]
        assert replaced.name == "One step"
        steps = [(each.refund_percentage, each.event, each.seconds) for each in replaced.items]
        assert steps == [(Decimal(100), PolicyEvent.ARRIVAL, -1_209_600)]
        await there.client.delete_cancellation_policy(made.id)
        await there.client.delete_cancellation_policy(made.id)
        assert (await policies(there)).keys() == before.keys()


async def word_of_fees(there: Connection, known: Known) -> str:
    """A word of the PMS for a kind of fee: one that it uses already."""
    ids = [each.provider_id for each in known.listings]
    found = (await there.client.fees(ids)).found.values()
    return next(fee.name for fees in found for fee in fees if fee.name)


async def policies(there: Connection) -> dict[str, Any]:
    found = (await there.client.cancellation_policies([Channel.DIRECT])).found
    return {each.provider_id: each for each in found[Channel.DIRECT.value]}
