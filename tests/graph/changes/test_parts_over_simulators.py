"""Fees, taxes, agreements, pricing settings and policies of both PMSs, changed over the public face."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from graph.accounts.keys import Permission
from graph.schema import ids
from tests.gateway_world import World, world
from tests.graph.changes.operations import codes

WRITE = Permission.WRITE
COMMON = "userErrors { field code message } warnings cost { calls } planned { method path body }"
FEE = "fee { providerId name title percentage mandatory amount { amount currency } }"
TAX = "tax { providerId title percentage includedInPrice }"
POLICY = "cancellationPolicy { providerId name items { seconds } }"
CREATE_FEE = f"""mutation($id: ID!, $input: CreateListingFeeInput!, $key: String, $dry: Boolean! = false) {{
  createListingFee(listingId: $id, input: $input, idempotencyKey: $key, dryRun: $dry) {{ {COMMON} {FEE} }} }}"""
UPDATE_FEE = f"""mutation($id: ID!, $fee: String!, $input: UpdateListingFeeInput!, $dry: Boolean! = false) {{
  updateListingFee(listingId: $id, feeId: $fee, input: $input, dryRun: $dry) {{ {COMMON} {FEE} }} }}"""
DELETE_FEE = f"""mutation($id: ID!, $fee: String!, $dry: Boolean! = false) {{
  deleteListingFee(listingId: $id, feeId: $fee, dryRun: $dry) {{ {COMMON} deletedId }} }}"""
CREATE_TAX = f"""mutation($id: ID!, $input: CreateListingTaxInput!, $key: String) {{
  createListingTax(listingId: $id, input: $input, idempotencyKey: $key) {{ {COMMON} {TAX} }} }}"""
UPDATE_TAX = f"""mutation($id: ID!, $tax: String!, $input: UpdateListingTaxInput!) {{
  updateListingTax(listingId: $id, taxId: $tax, input: $input) {{ {COMMON} {TAX} }} }}"""
DELETE_TAX = f"""mutation($id: ID!, $tax: String!) {{
  deleteListingTax(listingId: $id, taxId: $tax) {{ {COMMON} deletedId }} }}"""
CREATE_AGREEMENT = f"""mutation($id: ID!, $input: AgreementInput!, $key: String) {{
  createAgreement(listingId: $id, input: $input, idempotencyKey: $key) {{ {COMMON} agreement {{ text }} }} }}"""
UPDATE_AGREEMENT = f"""mutation($id: ID!, $input: AgreementInput!) {{
  updateAgreement(listingId: $id, input: $input) {{ {COMMON} agreement {{ text }} }} }}"""
DELETE_AGREEMENT = f"mutation($id: ID!) {{ deleteAgreement(listingId: $id) {{ {COMMON} agreement {{ text }} }} }}"
COPY = f"""mutation($id: ID!, $to: [ID!]!) {{ duplicateAgreement(listingId: $id, toListingIds: $to) {{
  {COMMON} copies {{ userErrors {{ field code }} agreement {{ text }} }} }} }}"""
PRICING = f"""mutation($id: ID!, $input: PricingSettingsInput!) {{
  updatePricingSettings(listingId: $id, input: $input) {{ {COMMON} pricingSettings {{ lengthOfStayChannels }} }} }}"""
CREATE_POLICY = f"""mutation($account: ID!, $input: CancellationPolicyInput!, $key: String) {{
  createCancellationPolicy(accountId: $account, input: $input, idempotencyKey: $key) {{ {COMMON} {POLICY} }} }}"""
UPDATE_POLICY = f"""mutation($account: ID!, $policy: String!, $input: CancellationPolicyInput!) {{
  updateCancellationPolicy(accountId: $account, policyId: $policy, input: $input) {{ {COMMON} {POLICY} }} }}"""
DELETE_POLICY = f"""mutation($account: ID!, $policy: String!) {{
  deleteCancellationPolicy(accountId: $account, policyId: $policy) {{ {COMMON} deletedId }} }}"""
LISTINGS = "query($provider: String!) { listings(first: 50, filter: {providers: [$provider]}) { nodes { id status } } }"
FEES = f"query($id: ID!) {{ listing(id: $id) {{ fees {FEE.removeprefix('fee ')} }} }}"
TAXES = f"query($id: ID!) {{ listing(id: $id) {{ taxes {TAX.removeprefix('tax ')} }} }}"

PETS = {"name": "petFee", "title": "Small pets", "amount": "12.50", "chargedPer": "STAY", "mandatory": False}
STEP = {"refundKind": "PERCENTAGE", "refundValue": "50", "event": "ARRIVAL", "seconds": -86400}
PATHS = {"HOSTAWAY": "/v1/listingFeeSettings", "BOOKINGSYNC": "/api/v3/rentals"}


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[World]:
    """An account of each PMS, without limits."""
    async with world(tmp_path, hostaway_accounts=1, bookingsync_accounts=1) as running:
        yield running


@pytest.fixture(params=["HOSTAWAY", "BOOKINGSYNC"])
def provider(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def fee_of(provider: str) -> dict[str, Any]:
    """BookingSync has words of its own for kinds of fees; without one it is of another kind."""
    return {name: value for name, value in PETS.items() if provider == "HOSTAWAY" or name != "name"}


async def listings(running: World, provider: str) -> list[str]:
    nodes = (await running.data(LISTINGS, provider=provider))["listings"]["nodes"]
    return [each["id"] for each in nodes if each["status"] != "ARCHIVED"]


async def account(running: World, provider: str) -> str:
    (id_, *_) = await listings(running, provider)
    return str(ids.GlobalId(ids.ACCOUNT, ids.parse(id_, "id").account_id).text())


async def read(running: World, query: str, id_: str) -> dict[str, Any]:
    """The parts of a listing by their ids, as the next query tells them."""
    (found,) = (await running.data(query, id=id_))["listing"].values()
    return {each["providerId"]: each for each in found}


async def test_a_fee_lives_and_ends_and_the_others_stay(running: World, provider: str) -> None:
    (id_, *_) = await listings(running, provider)
    before = await read(running, FEES, id_)
    made = await running.change(CREATE_FEE, WRITE, id=id_, input=fee_of(provider), key="pets")
    assert made["userErrors"] == []
    fee = made["fee"]["providerId"]
    assert (made["fee"]["title"], Decimal(made["fee"]["amount"]["amount"])) == ("Small pets", Decimal("12.5"))
    again = await running.change(CREATE_FEE, WRITE, id=id_, input=fee_of(provider), key="pets")
    assert again["fee"] == made["fee"]
    assert await read(running, FEES, id_) == before | {fee: made["fee"]}

    changed = await running.change(UPDATE_FEE, WRITE, id=id_, fee=fee, input={"mandatory": True})
    assert (changed["userErrors"], changed["fee"]) == ([], made["fee"] | {"mandatory": True})
    gone = await running.change(DELETE_FEE, WRITE, id=id_, fee=fee)
    assert (gone["userErrors"], gone["deletedId"]) == ([], fee)
    assert (await running.change(DELETE_FEE, WRITE, id=id_, fee=fee))["userErrors"] == []
    assert await read(running, FEES, id_) == before


async def test_a_fee_whose_answer_was_lost_is_made_once(running: World, provider: str) -> None:
    (id_, *_) = await listings(running, provider)
    before = await read(running, FEES, id_)
    await running.fault(provider, kind="cut", path=PATHS[provider], method="POST", times=1)
    first = await running.change(CREATE_FEE, WRITE, id=id_, input=fee_of(provider), key="pets")
    again = await running.change(CREATE_FEE, WRITE, id=id_, input=fee_of(provider), key="pets")
    assert (first["userErrors"], again["userErrors"]) == ([], [])
    after = await read(running, FEES, id_)
    assert after.keys() - before.keys() == {again["fee"]["providerId"]}


async def test_a_fee_that_the_pms_did_not_make_is_made_by_the_repeat(running: World, provider: str) -> None:
    (id_, *_) = await listings(running, provider)
    before = await read(running, FEES, id_)
    await running.fault(provider, kind="status", status=500, path=PATHS[provider], method="POST", times=1)
    first = await running.change(CREATE_FEE, WRITE, id=id_, input=fee_of(provider), key="pets")
    assert codes(first) == [("", "UNCERTAIN")]
    again = await running.change(CREATE_FEE, WRITE, id=id_, input=fee_of(provider), key="pets")
    assert again["userErrors"] == []
    assert len(await read(running, FEES, id_)) == len(before) + 1


async def test_dry_runs_of_fees_send_nothing(running: World, provider: str) -> None:
    (id_, *_) = await listings(running, provider)
    before = await read(running, FEES, id_)
    fee = next(iter(before))
    sent = len(running.data_calls())
    for mutation, more in (
        (CREATE_FEE, {"input": fee_of(provider)}),
        (UPDATE_FEE, {"fee": fee, "input": {"mandatory": True}}),
        (DELETE_FEE, {"fee": fee}),
    ):
        shown = await running.change(mutation, WRITE, id=id_, dry=True, **more)
        assert shown["userErrors"] == []
        assert shown["planned"]
    assert {call.method for call in running.data_calls()[sent:]} <= {"GET"}
    assert await read(running, FEES, id_) == before


async def test_a_tax_of_bookingsync_lives_and_ends(running: World) -> None:
    (id_, *_) = await listings(running, "BOOKINGSYNC")
    before = await read(running, TAXES, id_)
    new = {"title": "City tax of tests", "percentage": "7", "includedInPrice": False}
    made = await running.change(CREATE_TAX, WRITE, id=id_, input=new, key="city")
    assert made["userErrors"] == []
    tax = made["tax"]["providerId"]
    assert (made["tax"]["title"], Decimal(made["tax"]["percentage"])) == ("City tax of tests", Decimal(7))
    assert (await running.change(CREATE_TAX, WRITE, id=id_, input=new, key="city"))["tax"] == made["tax"]
    other = await running.change(CREATE_TAX, WRITE, id=id_, input=new)
    assert codes(other) == [("", "CONFLICT")]
    changed = await running.change(UPDATE_TAX, WRITE, id=id_, tax=tax, input={"includedInPrice": True})
    assert (changed["userErrors"], changed["tax"]["includedInPrice"]) == ([], True)
    fixed = await running.change(UPDATE_TAX, WRITE, id=id_, tax=tax, input={"percentage": "8"})
    assert codes(fixed) == [("percentage", "NOT_SUPPORTED")]
    gone = await running.change(DELETE_TAX, WRITE, id=id_, tax=tax)
    assert (gone["userErrors"], gone["deletedId"]) == ([], tax)
    assert await read(running, TAXES, id_) == before


async def test_an_agreement_of_hostaway_lives_is_copied_and_ends(running: World) -> None:
    one, other, *_ = await listings(running, "HOSTAWAY")
    assert (await running.change(DELETE_AGREEMENT, WRITE, id=one))["agreement"] is None
    text = {"text": "Be kind, {{guest_name}}."}
    made = await running.change(CREATE_AGREEMENT, WRITE, id=one, input=text, key="kind")
    assert (made["userErrors"], made["agreement"]) == ([], text)
    assert (await running.change(CREATE_AGREEMENT, WRITE, id=one, input=text, key="kind"))["agreement"] == text
    assert codes(await running.change(CREATE_AGREEMENT, WRITE, id=one, input=text)) == [("", "CONFLICT")]
    assert codes(await running.change(CREATE_AGREEMENT, WRITE, id=one, input=text, key="b")) == [("", "CONFLICT")]
    changed = await running.change(UPDATE_AGREEMENT, WRITE, id=one, input={"text": "Be quick."})
    assert changed["agreement"] == {"text": "Be quick."}
    copied = await running.change(COPY, WRITE, id=one, to=[other, one])
    assert [(codes(each), each["agreement"]) for each in copied["copies"]] == [
        ([], {"text": "Be quick."}),
        ([("toListingIds.1", "INVALID")], None),
    ]
    gone = await running.change(DELETE_AGREEMENT, WRITE, id=one)
    assert (gone["userErrors"], gone["agreement"]) == ([], None)


async def test_pricing_settings_of_hostaway_are_those_named(running: World) -> None:
    (id_, *_) = await listings(running, "HOSTAWAY")
    for channels in (["AIRBNB"], [], ["AIRBNB", "VRBO"]):
        payload = await running.change(PRICING, WRITE, id=id_, input={"lengthOfStayChannels": channels})
        assert payload["userErrors"] == []
        assert sorted(payload["pricingSettings"]["lengthOfStayChannels"]) == channels
    wrong = await running.change(PRICING, WRITE, id=id_, input={"lengthOfStayChannels": ["AIRBNB", "DIRECT"]})
    assert codes(wrong) == [("lengthOfStayChannels.1", "NOT_SUPPORTED")]


async def test_a_policy_of_hostaway_lives_and_ends(running: World) -> None:
    named = {"account": await account(running, "HOSTAWAY")}
    fair = {"name": "Fair", "items": [STEP]}
    made = await running.change(CREATE_POLICY, WRITE, **named, input=fair, key="fair")
    assert made["userErrors"] == []
    policy = made["cancellationPolicy"]["providerId"]
    assert made["cancellationPolicy"] == {"providerId": policy, "name": "Fair", "items": [{"seconds": -86400}]}
    again = await running.change(CREATE_POLICY, WRITE, **named, input=fair, key="fair")
    assert again["cancellationPolicy"] == made["cancellationPolicy"]
    two = {"name": "Fairer", "items": [STEP, STEP | {"seconds": -172_800, "refundValue": "100"}]}
    replaced = await running.change(UPDATE_POLICY, WRITE, **named, policy=policy, input=two)
    assert (replaced["cancellationPolicy"]["name"], len(replaced["cancellationPolicy"]["items"])) == ("Fairer", 2)
    gone = await running.change(DELETE_POLICY, WRITE, **named, policy=policy)
    assert (gone["userErrors"], gone["deletedId"]) == ([], policy)


@pytest.mark.parametrize("unknown", ["999999999", "abc"])
async def test_what_is_not_there_is_told_of_the_id_that_names_it(running: World, unknown: str) -> None:
    (ours, *_), (theirs, *_) = await listings(running, "HOSTAWAY"), await listings(running, "BOOKINGSYNC")
    named = {"account": await account(running, "HOSTAWAY"), "policy": unknown}
    for mutation, variables, field in (
        (UPDATE_FEE, {"id": ours, "fee": unknown, "input": {"mandatory": True}}, "feeId"),
        (UPDATE_FEE, {"id": theirs, "fee": unknown, "input": {"mandatory": True}}, "feeId"),
        (UPDATE_TAX, {"id": theirs, "tax": unknown, "input": {"includedInPrice": True}}, "taxId"),
        (UPDATE_POLICY, {**named, "input": {"name": "Fair", "items": [STEP]}}, "policyId"),
    ):
        assert codes(await running.change(mutation, WRITE, **variables)) == [(field, "NOT_FOUND")]


async def test_what_one_of_them_cannot_do_is_told_without_a_call(running: World) -> None:
    (ours, *_), (theirs, *_) = await listings(running, "HOSTAWAY"), await listings(running, "BOOKINGSYNC")
    sent = len(running.data_calls())
    policy = {"account": await account(running, "BOOKINGSYNC"), "input": {"name": "Fair", "items": [STEP]}}
    for mutation, variables, field in (
        (CREATE_TAX, {"id": ours, "input": {"title": "City", "percentage": "7"}}, "listingId"),
        (UPDATE_AGREEMENT, {"id": theirs, "input": {"text": "Be kind."}}, "listingId"),
        (PRICING, {"id": theirs, "input": {"lengthOfStayChannels": []}}, "listingId"),
        (CREATE_POLICY, policy, "accountId"),
    ):
        assert codes(await running.change(mutation, WRITE, **variables)) == [(field, "NOT_SUPPORTED")]
    assert len(running.data_calls()) == sent
