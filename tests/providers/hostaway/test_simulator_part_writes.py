"""The Hostaway simulator: fees, agreements, pricing settings and policies made, changed and removed."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.providers.hostaway.test_simulator_listing_writes import Hostaway, hostaway

# The body of all documented samples.
FEE = {
    "feeType": "parkingFee",
    "feeTitle": None,
    "feeAppliedPer": "base_rate",
    "amount": 1000,
    "amountType": "flat",
    "isMandatory": 0,
    "isQuantitySelectable": 1,
}
STEP = {
    "refundAmount": 30,
    "refundType": "percentage",
    "refundField": "totalPrice",
    "timeDelta": 3600,
    "event": "reservation",
}
FLAGS = {"isAirbnbLOSActive": 1, "isBookingLOSActive": 0, "isVrboLOSActive": 1, "isExpediaLOSActive": 0}


@pytest.fixture
async def there() -> AsyncIterator[Hostaway]:
    found = hostaway()
    yield found
    await found.client.aclose()


async def test_a_fee_is_made_changed_and_removed(there: Hostaway) -> None:
    before = await there.get("/listingFeeSettings/40001")
    made = await there.send("POST", "/listingFeeSettings/40001", FEE)
    assert {**made, **FEE, "isMandatory": None} | {"isMandatory": made["isMandatory"]} == made
    assert await there.get("/listingFeeSettings/40001") == [*before, made]
    changed = await there.send("PUT", f"/listingFeeSettings/40001/{made['id']}", FEE | {"amount": 12.5})
    assert (changed["id"], changed["amount"]) == (made["id"], 12.5)
    await there.send("DELETE", f"/listingFeeSettings/{made['id']}")
    assert await there.get("/listingFeeSettings/40001") == before
    await there.send("DELETE", f"/listingFeeSettings/{made['id']}", status=404)
    await there.send("PUT", f"/listingFeeSettings/40001/{made['id']}", FEE, 404)


async def test_a_quote_can_take_a_fee_that_was_made(there: Hostaway) -> None:
    fee = await there.send("POST", "/listingFeeSettings/40001", FEE | {"feeAppliedPer": "night", "amount": 7.25})
    wish = {"listingFeeSettingId": fee["id"], "name": "parkingFee"}
    stay = {"startingDate": "2027-11-08", "endingDate": "2027-11-10", "numberOfGuests": 2, "version": 2}
    quote = await there.send("POST", "/listings/40001/calendar/priceDetails", {**stay, "components": [wish]})
    (line,) = [each for each in quote["components"] if each["listingFeeSettingId"] == fee["id"]]
    assert line["total"] == 14.5


@pytest.mark.parametrize(
    "change",
    [
        {"feeType": "dragonFee"},
        {"feeAppliedPer": "week"},
        {"amountType": "percentage"},
        {"amount": "12"},
        {"amount": -1},
        {"isMandatory": "yes"},
        {"isQuantitySelectable": None},
        {"feeTitle": 7},
    ],
)
async def test_a_fee_is_whole_and_in_documented_words(there: Hostaway, change: dict[str, Any]) -> None:
    fee = (await there.get("/listingFeeSettings/40001"))[0]
    await there.send("POST", "/listingFeeSettings/40001", FEE | change, 400)
    await there.send("PUT", f"/listingFeeSettings/40001/{fee['id']}", FEE | change, 400)
    assert (await there.get("/listingFeeSettings/40001"))[0] == fee


async def test_a_fee_may_be_named_in_the_body_only() -> None:
    there = hostaway(fee_update_path="listing")
    fee = (await there.get("/listingFeeSettings/40001"))[0]
    await there.send("PUT", f"/listingFeeSettings/40001/{fee['id']}", FEE, 404)
    changed = await there.send("PUT", "/listingFeeSettings/40001", FEE | {"id": fee["id"]})
    assert (changed["id"], changed["amount"]) == (fee["id"], 1000)


@pytest.mark.parametrize("in_list", [True, False])
async def test_an_agreement_is_made_changed_copied_and_removed(in_list: bool) -> None:
    there = hostaway(agreement_in_list=in_list)

    async def sent(method: str, path: str, body: Any) -> Any:
        answered = await there.send(method, path, body)
        assert isinstance(answered, list) == in_list
        return answered[0] if in_list else answered

    assert await there.get("/listingAgreement/40002") == []
    made = await sent("POST", "/listingAgreement/40002", {"text": "Hi {{guest_name}}"})
    assert await there.get("/listingAgreement/40002") == [made]
    assert made["listingMapId"] == 40002
    await there.send("POST", "/listingAgreement/40002", {"text": "again"}, 422)
    changed = await sent("PUT", "/listingAgreement/40002", {"text": "Bye"})
    assert (changed["id"], changed["text"]) == (made["id"], "Bye")
    await sent("POST", "/listingAgreement/duplicate", {"listingId": 40002, "listingIds": [40001, 40004]})
    for child in (40001, 40004):
        ((copy,)) = await there.get(f"/listingAgreement/{child}")
        assert (copy["text"], copy["listingMapId"]) == ("Bye", child)
    await there.send("DELETE", "/listingAgreement/40002")
    assert await there.get("/listingAgreement/40002") == []
    await there.send("DELETE", "/listingAgreement/40002", status=404)
    await there.send("PUT", "/listingAgreement/40002", {"text": "Bye"}, 404)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"listingIds": [40002]}, 400),
        ({"listingId": 40001, "listingIds": []}, 400),
        ({"listingId": 40002, "listingIds": [40004]}, 404),
        ({"listingId": 40001, "listingIds": [40002, 7]}, 404),
        ({"listingId": 40001, "listingIds": [40002, 40007]}, 400),
    ],
)
async def test_an_agreement_is_copied_to_all_or_none(there: Hostaway, body: Any, status: int) -> None:
    await there.send("POST", "/listingAgreement/duplicate", body, status)
    assert await there.get("/listingAgreement/40002") == []


async def test_pricing_settings_take_all_four_flags(there: Hostaway) -> None:
    answered = await there.send("PUT", "/listing/pricingSettings/40001", FLAGS)
    assert await there.get("/listing/pricingSettings/40001") == [answered]
    assert {name: answered[name] for name in FLAGS} == FLAGS
    await there.send("PUT", "/listing/pricingSettings/40001", {"isAirbnbLOSActive": 1}, 400)


async def test_policies_are_sent_in_numbers_and_read_in_texts(there: Hostaway) -> None:
    made = await there.send("POST", "/cancellationPolicies", {"name": "Mine", "cancellationPolicyItem": [STEP, STEP]})
    first, second = made["cancellationPolicyItem"]
    assert (first["refundAmount"], first["timeDelta"], first["event"]) == ("30", "3600", "reservation")
    assert first["id"] != second["id"]
    path = f"/cancellationPolicies/{made['id']}"
    assert await there.get(path) == made
    assert made in await there.get("/cancellationPolicies")
    changed = await there.send("PUT", path, {"name": "Ours", "cancellationPolicyItem": [STEP]})
    assert (changed["name"], len(changed["cancellationPolicyItem"])) == ("Ours", 1)
    await there.send("DELETE", path)
    assert (await there.client.get(path)).status_code == 404
    await there.send("DELETE", path, status=404)


@pytest.mark.parametrize("change", [{"refundAmount": "30"}, {"event": "birthday"}, {"refundType": "points"}])
async def test_a_step_of_a_policy_is_whole_and_in_documented_words(there: Hostaway, change: dict[str, Any]) -> None:
    for method, path in (("POST", "/cancellationPolicies"), ("PUT", "/cancellationPolicies/2")):
        await there.send(method, path, {"name": "Mine", "cancellationPolicyItem": [STEP | change]}, 400)
    assert (await there.get("/cancellationPolicies/2"))["name"] == "Flexible"


async def test_policies_of_channels_can_only_be_read(there: Hostaway) -> None:
    body = {"name": "Mine", "cancellationPolicyItem": [STEP]}
    await there.send("POST", "/cancellationPolicies/airbnb", body, 405)
    await there.send("PUT", "/cancellationPolicies/101", body, 404)
    await there.send("DELETE", "/cancellationPolicies/101", status=404)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/listingFeeSettings/40007", FEE),
        ("POST", "/listingAgreement/40007", {"text": "Hi"}),
        ("PUT", "/listingAgreement/40007", {"text": "Hi"}),
        ("PUT", "/listing/pricingSettings/40007", FLAGS),
    ],
)
async def test_what_is_linked_to_an_archived_listing_takes_no_changes(method: str, path: str, body: Any) -> None:
    assert await hostaway(archived_status=403).send(method, path, body, 403) == "The listing is archived."


async def test_a_refusal_may_come_with_200() -> None:
    there = hostaway(refusals_with_200=True)
    answer = await there.client.request("DELETE", "/listingFeeSettings/1")
    assert (answer.status_code, answer.json()["status"]) == (200, "fail")
