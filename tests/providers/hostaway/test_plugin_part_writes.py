"""Fees, agreements, pricing settings and policies of Hostaway made, changed and removed, under every reading."""

from decimal import Decimal
from typing import Any

import pytest

from providers.capabilities import Capability
from providers.changes import (
    AgreementChange,
    CancellationPolicyDraft,
    ChangeRefused,
    FeeChange,
    FeeDraft,
    PolicyItemDraft,
    PricingSettingsChange,
)
from providers.contract import capabilities
from providers.errors import UpstreamInvalid
from providers.hostaway.client import HostawayClient
from providers.hostaway.simulator import HostawayReadings
from providers.model import Channel, ChargedPer, Money, PolicyEvent, RefundKind
from providers.upstream.dry_run import DryRunEndedError
from tests.providers.hostaway.changing import ARCHIVED, READINGS, changing, told
from tests.providers.hostaway.plugin_session import FakeSession, success
from tests.virtual_time import in_virtual_time

every_reading = pytest.mark.parametrize("readings", READINGS, ids=range(len(READINGS)))

PET_FEE = FeeDraft(
    name="petFee",
    title="Pets",
    amount=Decimal("12.5"),
    charged_per=ChargedPer.PERSON_NIGHT,
    quantity_selectable=True,
)
STEPS = (
    PolicyItemDraft(
        refund_kind=RefundKind.PERCENTAGE, refund_value=Decimal(100), event=PolicyEvent.ARRIVAL, seconds=-1_209_600
    ),
    PolicyItemDraft(refund_kind=RefundKind.AMOUNT, refund_value=Decimal(50), event=PolicyEvent.BOOKING, seconds=3600),
)


def step(**change: Any) -> PolicyItemDraft:
    usual = {
        "refund_kind": RefundKind.PERCENTAGE,
        "refund_value": Decimal(50),
        "event": PolicyEvent.ARRIVAL,
        "seconds": 0,
    }
    return PolicyItemDraft(**usual | change)


async def refused(change: Any) -> list[tuple[str, str]]:
    with pytest.raises(ChangeRefused) as refusal:
        await change
    return told(refusal.value)


def test_all_writes_of_listings_and_their_parts_are_there():
    assert capabilities(HostawayClient) >= {
        Capability.CREATE_LISTINGS,
        Capability.UPDATE_LISTINGS,
        Capability.DELETE_LISTINGS,
        Capability.ADD_IMAGES,
        Capability.EXPORT_LISTINGS,
        Capability.CHANGE_FEES,
        Capability.CHANGE_AGREEMENTS,
        Capability.CHANGE_PRICING_SETTINGS,
        Capability.CHANGE_CANCELLATION_POLICIES,
    }
    assert Capability.CHANGE_TAXES not in capabilities(HostawayClient)


@every_reading
@in_virtual_time
async def test_a_fee_is_made_changed_and_removed(readings):
    async with changing(readings) as there:
        before = (await there.client.fees(["40001"])).found["40001"]
        there.calls.clear()
        written = await there.client.create_fee("40001", PET_FEE)
        assert there.calls == ["POST /listingFeeSettings/40001"]
        assert written.record.amount == Money(amount=Decimal("12.5"), currency=before[0].amount.currency)
        *others, made = (await there.client.fees(["40001"])).found["40001"]
        assert (made, others) == (written.record, before)
        assert (made.name, made.title, made.charged_per) == ("petFee", "Pets", ChargedPer.PERSON_NIGHT)
        assert (made.mandatory, made.quantity_selectable) == (False, True)
        there.calls.clear()
        change = FeeChange(percentage=Decimal("3.5"), provider_charged_per="base_rate", mandatory=True, title=None)
        changed = (await there.client.update_fee("40001", made.provider_id, change)).record
        assert there.calls[:2] == ["GET /listingFeeSettings/40001", f"PUT /listingFeeSettings/40001/{made.provider_id}"]
        assert (changed.amount, changed.percentage, changed.provider_charged_per) == (None, Decimal("3.5"), "base_rate")
        assert (changed.mandatory, changed.title, changed.name) == (True, None, "petFee")
        assert changed.quantity_selectable
        await there.client.delete_fee("40001", made.provider_id)
        assert there.calls[-1] == f"DELETE /listingFeeSettings/{made.provider_id}"
        await there.client.delete_fee("40001", made.provider_id)
        assert (await there.client.fees(["40001"])).found["40001"] == before


@in_virtual_time
async def test_all_of_a_fee_is_sent_when_a_part_of_it_changes():
    async with changing() as there:
        fee = (await there.client.fees(["40001"])).found["40001"][0]
        await there.client.update_fee("40001", fee.provider_id, FeeChange(amount=Decimal("9.99")))
        assert there.body == {
            "feeType": "parkingFee",
            "feeTitle": "Parking",
            "feeAppliedPer": "night",
            "amount": 9.99,
            "amountType": "flat",
            "isMandatory": 0,
            "isQuantitySelectable": 0,
        }


@in_virtual_time
async def test_the_documented_sample_of_a_fee_is_what_is_sent():
    async with changing() as there:
        draft = FeeDraft(
            name="parkingFee", amount=Decimal(1000), provider_charged_per="base_rate", quantity_selectable=True
        )
        await there.client.create_fee("40001", draft)
        assert there.body == {
            "feeType": "parkingFee",
            "feeTitle": None,
            "feeAppliedPer": "base_rate",
            "amount": 1000,
            "amountType": "flat",
            "isMandatory": 0,
            "isQuantitySelectable": 1,
        }


@in_virtual_time
async def test_a_fee_of_another_listing_is_not_touched():
    async with changing() as there:
        (theirs, *_) = (await there.client.fees(["40002"])).found["40002"]
        there.calls.clear()
        await there.client.delete_fee("40001", theirs.provider_id)
        assert await refused(there.client.update_fee("40001", theirs.provider_id, FeeChange(amount=Decimal(1)))) == [
            ("NOT_FOUND", "fee_id")
        ]
        assert there.calls == ["GET /listingFeeSettings/40001"] * 2
        assert theirs in (await there.client.fees(["40002"])).found["40002"]


async def test_a_fee_in_an_unknown_currency_is_not_shown_but_named():
    session = FakeSession(lambda call: success({"id": 7, "amountType": "flat", "amount": 5, "feeType": "petFee"}))
    written = await HostawayClient(session, "10450").create_fee("1", PET_FEE)
    assert (written.id, written.record) == ("7", None)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, [("REQUIRED", "name"), ("REQUIRED", "charged_per"), ("REQUIRED", "amount")]),
        ({"name": "dragonFee"}, [("UNKNOWN", "name")]),
        ({"charged_per": ChargedPer.OTHER}, [("NOT_SUPPORTED", "charged_per")]),
        ({"provider_charged_per": "week"}, [("UNKNOWN", "provider_charged_per")]),
        ({"amount": Decimal(-1)}, [("OUT_OF_RANGE", "amount")]),
        ({"percentage": Decimal(101)}, [("OUT_OF_RANGE", "percentage")]),
        ({"percentage": Decimal(1), "amount": Decimal(1)}, [("INVALID", "percentage")]),
        ({"charged_per": ChargedPer.STAY, "provider_charged_per": "night"}, [("INVALID", "provider_charged_per")]),
        ({"max_quantity": 3}, [("NOT_SUPPORTED", "max_quantity")]),
    ],
)
@in_virtual_time
async def test_what_is_wrong_about_a_fee_is_named(fields, expected):
    async with changing() as there:
        usual = {"name": "petFee"}
        if not fields.keys() & {"charged_per", "provider_charged_per"}:
            usual["charged_per"] = ChargedPer.STAY
        if not fields.keys() & {"amount", "percentage"}:
            usual["amount"] = Decimal(1)
        assert (
            await refused(there.client.create_fee("40001", FeeDraft(**(usual | fields if fields else {})))) == expected
        )
        change = FeeChange(**fields)
        assert await refused(there.client.update_fee("40001", "1", change)) == (
            expected if fields else [("REQUIRED", "")]
        )
        assert there.calls == []


@every_reading
@in_virtual_time
async def test_an_agreement_is_made_changed_copied_and_removed(readings):
    async with changing(readings) as there:
        written = await there.client.create_agreement("40002", AgreementChange(text="Hi {{guest_name}}"))
        assert there.calls == ["GET /listingAgreement/40002", "POST /listingAgreement/40002"]
        assert (await there.client.agreements(["40002"])).found["40002"] == [written.record]
        assert written.record.text == "Hi {{guest_name}}"
        changed = await there.client.update_agreement("40002", AgreementChange(text="Bye"))
        assert (changed.id, changed.record.text) == (written.id, "Bye")
        await there.client.duplicate_agreement("40002", ["40001", "40004", "40001"])
        assert there.body == {"listingId": 40002, "listingIds": [40001, 40004]}
        copies = (await there.client.agreements(["40001", "40004"])).found
        assert [copies[each][0].text for each in ("40001", "40004")] == ["Bye", "Bye"]
        there.calls.clear()
        await there.client.delete_agreement("40002")
        assert there.calls == ["DELETE /listingAgreement/40002"]
        await there.client.delete_agreement("40002")
        assert (await there.client.agreements(["40002"])).found == {"40002": []}


@every_reading
@in_virtual_time
async def test_an_agreement_that_is_there_is_not_made_again_and_one_that_is_not_cannot_be_changed(readings):
    async with changing(readings) as there:
        text = AgreementChange(text="Hi")
        assert await refused(there.client.create_agreement("40001", text)) == [("CONFLICT", "")]
        assert await refused(there.client.update_agreement("40002", text)) == [("NOT_FOUND", "")]
        assert await refused(there.client.duplicate_agreement("40002", ["40001"])) == [("NOT_FOUND", "")]
        assert {call.partition(" ")[0] for call in there.calls} == {"GET"}
        assert await refused(there.client.create_agreement("40002", AgreementChange(text=" "))) == [
            ("REQUIRED", "text")
        ]
        for children, problem in (
            ([], ("REQUIRED", "to_listing_ids")),
            (["x"], ("INVALID", "to_listing_ids.0")),
            (["40001"], ("INVALID", "to_listing_ids")),
        ):
            assert await refused(there.client.duplicate_agreement("40001", children)) == [problem]
        assert there.calls == []


@every_reading
@in_virtual_time
async def test_prices_by_length_of_stay_are_set_for_the_channels_that_are_named(readings):
    async with changing(readings) as there:
        change = PricingSettingsChange(length_of_stay_channels=(Channel.VRBO, Channel.EXPEDIA))
        written = await there.client.update_pricing_settings("40001", change)
        assert there.body == {
            "isAirbnbLOSActive": 0,
            "isBookingLOSActive": 0,
            "isVrboLOSActive": 1,
            "isExpediaLOSActive": 1,
        }
        assert there.calls == ["PUT /listing/pricingSettings/40001"]
        assert written.record.length_of_stay_channels == [Channel.VRBO, Channel.EXPEDIA]
        assert (await there.client.pricing_settings(["40001"])).found["40001"] == written.record
        await there.client.update_pricing_settings("40001", PricingSettingsChange(length_of_stay_channels=()))
        assert (await there.client.pricing_settings(["40001"])).found["40001"].length_of_stay_channels == []
        there.calls.clear()
        wrong = PricingSettingsChange(length_of_stay_channels=(Channel.VRBO, Channel.GDS))
        assert await refused(there.client.update_pricing_settings("40001", wrong)) == [
            ("NOT_SUPPORTED", "length_of_stay_channels.1")
        ]
        assert await refused(there.client.update_pricing_settings("40001", PricingSettingsChange())) == [
            ("REQUIRED", "")
        ]
        assert there.calls == []


@every_reading
@in_virtual_time
async def test_a_policy_is_made_changed_and_removed(readings):
    async with changing(readings) as there:
        written = await there.client.create_cancellation_policy(CancellationPolicyDraft(name="Mine", items=STEPS))
        assert there.body["cancellationPolicyItem"][0] == {
            "refundAmount": 100,
            "refundType": "percentage",
            "refundField": "totalPrice",
            "timeDelta": -1_209_600,
            "event": "arrival",
        }
        share, amount = written.record.items
        assert (share.refund_percentage, share.event, share.seconds) == (Decimal(100), PolicyEvent.ARRIVAL, -1_209_600)
        assert (amount.refund_amount, amount.event, amount.seconds) == (Decimal(50), PolicyEvent.BOOKING, 3600)
        listed = (await there.client.cancellation_policies({Channel.DIRECT})).found["DIRECT"]
        assert written.record in listed
        there.calls.clear()
        draft = CancellationPolicyDraft(name="Ours", items=STEPS[:1])
        changed = await there.client.update_cancellation_policy(written.id, draft)
        assert there.calls == [f"PUT /cancellationPolicies/{written.id}"]
        assert (changed.id, changed.record.name) == (written.id, "Ours")
        kept = readings.policy_keeps_steps
        assert (len(changed.record.items), bool(changed.warnings)) == ((3, True) if kept else (1, False))
        there.calls.clear()
        await there.client.delete_cancellation_policy(written.id)
        assert there.calls == [f"DELETE /cancellationPolicies/{written.id}"]
        await there.client.delete_cancellation_policy(written.id)
        gone = (await there.client.cancellation_policies({Channel.DIRECT})).found["DIRECT"]
        assert written.id not in [each.provider_id for each in gone]
        refusal = await refused(there.client.update_cancellation_policy(written.id, draft))
        assert refusal in ([("NOT_FOUND", "")], [("REFUSED", "")])


@pytest.mark.parametrize(
    ("draft", "expected"),
    [
        (CancellationPolicyDraft(name="", items=STEPS), [("REQUIRED", "name")]),
        (CancellationPolicyDraft(name="x", items=()), [("REQUIRED", "items")]),
        (
            CancellationPolicyDraft(name="x", items=(step(), step(refund_value=Decimal(101)))),
            [("OUT_OF_RANGE", "items.1.refund_value")],
        ),
        (
            CancellationPolicyDraft(name="x", items=(step(refund_value=Decimal("33.3")),)),
            [("INVALID", "items.0.refund_value")],
        ),
        (
            CancellationPolicyDraft(name="x", items=(step(refund_kind=RefundKind.OTHER),)),
            [("NOT_SUPPORTED", "items.0.refund_kind")],
        ),
        (
            CancellationPolicyDraft(name="x", items=(step(event=PolicyEvent.OTHER),)),
            [("NOT_SUPPORTED", "items.0.event")],
        ),
        (
            CancellationPolicyDraft(name="x", items=(step(event=PolicyEvent.BOOKING, seconds=-1),)),
            [("INVALID", "items.0.seconds")],
        ),
        (CancellationPolicyDraft(name="x", items=(step(seconds=10**10),)), [("OUT_OF_RANGE", "items.0.seconds")]),
    ],
)
async def test_what_is_wrong_about_a_policy_is_named(draft, expected):
    session = FakeSession(lambda call: success([]))
    client = HostawayClient(session, "10450")
    assert await refused(client.create_cancellation_policy(draft)) == expected
    assert await refused(client.update_cancellation_policy("2", draft)) == expected
    assert session.calls == []


@every_reading
@in_virtual_time
async def test_what_is_linked_to_an_archived_listing_takes_no_changes(readings):
    async with changing(readings) as there:
        fees = await there.client.fees([ARCHIVED])
        fee = fees.found[ARCHIVED][0].provider_id
        await there.client.delete_agreement(ARCHIVED)
        text = AgreementChange(text="Hi")
        settings = PricingSettingsChange(length_of_stay_channels=())
        for change in (
            lambda: there.client.create_fee(ARCHIVED, PET_FEE),
            lambda: there.client.update_fee(ARCHIVED, fee, FeeChange(amount=Decimal(1))),
            lambda: there.client.create_agreement(ARCHIVED, text),
            lambda: there.client.update_pricing_settings(ARCHIVED, settings),
        ):
            assert await refused(change()) == [("CONFLICT", "")]
        copies = there.client.duplicate_agreement("40001", ["40002", ARCHIVED])
        assert await refused(copies) == [("CONFLICT", "to_listing_ids.1")]


@pytest.mark.parametrize(
    "change",
    [
        lambda client: client.create_fee("../1", PET_FEE),
        lambda client: client.update_fee("x", "1", FeeChange(amount=Decimal(1))),
        lambda client: client.delete_fee("01", "1"),
        lambda client: client.create_agreement("1/2", AgreementChange(text="Hi")),
        lambda client: client.delete_agreement("duplicate"),
        lambda client: client.update_pricing_settings("-1", PricingSettingsChange(length_of_stay_channels=())),
        lambda client: client.delete_cancellation_policy("airbnb"),
    ],
)
async def test_what_cannot_be_an_id_is_never_part_of_a_path(change):
    session = FakeSession(lambda call: success([]))
    assert await refused(change(HostawayClient(session, "10450"))) == [("NOT_FOUND", "")]
    assert session.calls == []


async def test_a_removal_that_is_refused_is_no_removal():
    def route(call: Any) -> Any:
        if call.method == "DELETE":
            return {"status": "fail", "result": "In use."}
        return success([{"id": 7, "text": "Hi"}])

    client = HostawayClient(FakeSession(route), "10450")
    for removal in (
        client.delete_fee("1", "7"),
        client.delete_agreement("1"),
        client.delete_cancellation_policy("7"),
    ):
        assert await refused(removal) == [("REFUSED", "")]


async def test_an_answer_without_what_was_made_is_uncertain():
    client = HostawayClient(FakeSession(lambda call: success([])), "10450")
    with pytest.raises(UpstreamInvalid):
        await client.create_cancellation_policy(CancellationPolicyDraft(name="x", items=STEPS))


@in_virtual_time
async def test_a_change_is_shown_before_it_is_made():
    async with changing(HostawayReadings()) as there:
        before = (await there.client.fees(["40001"])).found
        with pytest.raises(DryRunEndedError):
            await there.dry.create_fee("40001", PET_FEE)
        (planned,) = there.dry_session.planned
        assert (planned.method, planned.path) == ("POST", "/v1/listingFeeSettings/40001")
        assert planned.body["amount"] == 12.5
        assert (await there.client.fees(["40001"])).found == before
