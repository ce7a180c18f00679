"""Fees, taxes, agreements, pricing settings and cancellation policies changed over the public face."""

from typing import Any

import pytest

from graph.accounts.keys import Permission
from tests.acme_world import connect
from tests.gateway_world import World
from tests.graph.changes.test_calendar_changes import codes, listing
from tests.graph.changes.test_listing_edits import account
from tests.graph.changes.writable import WritableEstate
from tests.listing_choices import OTHER, tenant

COMMON = "userErrors { field code message allowed } cost { calls } planned { method path body }"
FEE = "fee { providerId name percentage amount { amount } }"
CREATE_FEE = f"""mutation($id: ID!, $input: CreateListingFeeInput!, $dry: Boolean = false) {{
  createListingFee(listingId: $id, input: $input, dryRun: $dry) {{ {COMMON} {FEE} }} }}"""
UPDATE_FEE = f"""mutation($id: ID!, $fee: String!, $input: UpdateListingFeeInput!) {{
  updateListingFee(listingId: $id, feeId: $fee, input: $input) {{ {COMMON} {FEE} }} }}"""
DELETE_FEE = f"""mutation($id: ID!, $fee: String!) {{
  deleteListingFee(listingId: $id, feeId: $fee) {{ {COMMON} deletedId }} }}"""
TAX = "tax { providerId percentage }"
CREATE_TAX = f"""mutation($id: ID!, $input: CreateListingTaxInput!) {{
  createListingTax(listingId: $id, input: $input) {{ {COMMON} {TAX} }} }}"""
UPDATE_TAX = f"""mutation($id: ID!, $tax: String!, $input: UpdateListingTaxInput!) {{
  updateListingTax(listingId: $id, taxId: $tax, input: $input) {{ {COMMON} {TAX} }} }}"""
DELETE_TAX = f"""mutation($id: ID!, $tax: String!) {{
  deleteListingTax(listingId: $id, taxId: $tax) {{ {COMMON} deletedId }} }}"""
AGREEMENT = f"""mutation($id: ID!, $input: AgreementInput!) {{
  createAgreement(listingId: $id, input: $input) {{ {COMMON} agreement {{ text }} }} }}"""
UPDATE_AGREEMENT = AGREEMENT.replace("createAgreement", "updateAgreement")
DELETE_AGREEMENT = f"""mutation($id: ID!) {{
  deleteAgreement(listingId: $id) {{ {COMMON} agreement {{ text }} }} }}"""
COPY = f"""mutation($id: ID!, $to: [ID!]!, $dry: Boolean = false) {{
  duplicateAgreement(listingId: $id, toListingIds: $to, dryRun: $dry) {{
    {COMMON} copies {{ listingId userErrors {{ field code }} agreement {{ text }} }} }} }}"""
PRICING = f"""mutation($id: ID!, $input: PricingSettingsInput!) {{
  updatePricingSettings(listingId: $id, input: $input) {{ {COMMON} pricingSettings {{ lengthOfStayChannels }} }} }}"""
POLICY = "cancellationPolicy { providerId name items { seconds } }"
CREATE_POLICY = f"""mutation($account: ID!, $input: CancellationPolicyInput!) {{
  createCancellationPolicy(accountId: $account, input: $input) {{ {COMMON} {POLICY} }} }}"""
UPDATE_POLICY = f"""mutation($account: ID!, $policy: String!, $input: CancellationPolicyInput!) {{
  updateCancellationPolicy(accountId: $account, policyId: $policy, input: $input) {{ {COMMON} {POLICY} }} }}"""
DELETE_POLICY = f"""mutation($account: ID!, $policy: String!) {{
  deleteCancellationPolicy(accountId: $account, policyId: $policy) {{ {COMMON} deletedId }} }}"""
READ_FEES = "query($id: ID!) { node(id: $id) { ... on Listing { fees { providerId } } } }"


async def test_a_fee_is_made_changed_and_removed(acme: World, estate: WritableEstate) -> None:
    id_ = await listing(acme, 1)
    before = await acme.data(READ_FEES, id=id_)
    made = await acme.change(CREATE_FEE, Permission.WRITE, id=id_, input={"name": "petFee", "amount": "15.50"})
    fee = made["fee"]["providerId"]
    changed = await acme.change(UPDATE_FEE, Permission.WRITE, id=id_, fee=fee, input={"amount": "20"})
    seen = await acme.data(READ_FEES, id=id_)
    removed = await acme.change(DELETE_FEE, Permission.WRITE, id=id_, fee=fee)
    after = await acme.data(READ_FEES, id=id_)

    assert made["userErrors"] == []
    assert made["fee"] == {"providerId": "n1", "name": "petFee", "percentage": None, "amount": {"amount": "15.50"}}
    assert changed["fee"]["amount"]["amount"] == "20"
    assert changed["cost"]["calls"] == 1
    assert removed["deletedId"] == fee
    assert [each["node"]["fees"] for each in (before, seen, after)] == [[], [{"providerId": "n1"}], []]


async def test_a_dry_run_makes_no_fee(acme: World, estate: WritableEstate) -> None:
    id_ = await listing(acme, 1)
    payload = await acme.change(CREATE_FEE, Permission.WRITE, id=id_, input={"name": "petFee", "amount": "1"}, dry=True)
    assert payload["fee"] is None
    assert payload["planned"] == [{"method": "POST", "path": "/1/fees/1", "body": {"name": "petFee", "amount": "1"}}]
    assert estate.sent == []


BAD_FEES = [
    ({"name": "petFee"}, "amount", "REQUIRED"),
    ({"amount": "1", "percentage": "1"}, "percentage", "INVALID"),
    ({"amount": "-1"}, "amount", "OUT_OF_RANGE"),
    ({"amount": "1.005"}, "amount", "INVALID"),
    ({"percentage": "101"}, "percentage", "OUT_OF_RANGE"),
    ({"percentage": "Infinity"}, "percentage", "INVALID"),
    ({"amount": "1", "chargedPer": "OTHER"}, "chargedPer", "INVALID"),
    ({"amount": "1", "chargedPer": "STAY", "providerChargedPer": "x"}, "providerChargedPer", "INVALID"),
    ({"amount": "1", "maxQuantity": 0}, "maxQuantity", "OUT_OF_RANGE"),
    ({"amount": "1", "startsOn": "2027-02-01", "endsOn": "2027-01-01"}, "startsOn", "INVALID"),
    ({"amount": "1", "name": " "}, "name", "INVALID"),
]


@pytest.mark.parametrize(("fields", "field", "code"), BAD_FEES)
async def test_bad_fees_are_refused_by_name_without_a_call(
    acme: World, estate: WritableEstate, fields: dict[str, Any], field: str, code: str
) -> None:
    payload = await acme.change(CREATE_FEE, Permission.WRITE, id=await listing(acme, 1), input=fields)
    assert codes(payload) == [(field, code)]
    assert estate.sent == []


async def test_a_fee_id_that_is_a_path_is_refused(acme: World, estate: WritableEstate) -> None:
    id_ = await listing(acme, 1)
    for fee in ("../../listings/1", "", "a b", "1?x=y"):
        assert codes(await acme.change(DELETE_FEE, Permission.WRITE, id=id_, fee=fee)) == [("feeId", "INVALID")]
        updated = await acme.change(UPDATE_FEE, Permission.WRITE, id=id_, fee=fee, input={"amount": "1"})
        assert codes(updated) == [("feeId", "INVALID")]
    assert estate.sent == []


async def test_a_tax_is_made_changed_and_removed(acme: World, estate: WritableEstate) -> None:
    id_ = await listing(acme, 1)
    made = await acme.change(CREATE_TAX, Permission.WRITE, id=id_, input={"name": "cityTax", "percentage": "7.5"})
    tax = made["tax"]["providerId"]
    changed = await acme.change(UPDATE_TAX, Permission.WRITE, id=id_, tax=tax, input={"percentage": "8"})
    removed = await acme.change(DELETE_TAX, Permission.WRITE, id=id_, tax=tax)
    bad = await acme.change(CREATE_TAX, Permission.WRITE, id=id_, input={"amount": "1", "percentage": "8"})

    assert made["tax"]["percentage"] == "7.5"
    assert changed["tax"] == {"providerId": tax, "percentage": "8"}
    assert removed["deletedId"] == tax
    assert codes(bad) == [("percentage", "INVALID")]
    assert len(estate.sent) == 3


async def test_an_agreement_is_made_once_changed_and_removed(acme: World, estate: WritableEstate) -> None:
    id_ = await listing(acme, 1)
    taken = await acme.change(AGREEMENT, Permission.WRITE, id=id_, input={"text": "New"})
    changed = await acme.change(UPDATE_AGREEMENT, Permission.WRITE, id=id_, input={"text": "Hello {{guest_name}}"})
    removed = await acme.change(DELETE_AGREEMENT, Permission.WRITE, id=id_)
    made = await acme.change(AGREEMENT, Permission.WRITE, id=id_, input={"text": "New"})
    empty = await acme.change(UPDATE_AGREEMENT, Permission.WRITE, id=id_, input={"text": " "})

    assert codes(taken) == [("", "CONFLICT")]
    assert changed["agreement"] == {"text": "Hello {{guest_name}}"}
    assert (removed["userErrors"], removed["agreement"]) == ([], None)
    assert made["agreement"] == {"text": "New"}
    assert codes(empty) == [("text", "REQUIRED")]


async def test_an_agreement_is_copied_with_one_call_to_those_that_can_have_it(
    acme: World, estate: WritableEstate
) -> None:
    source, two, three = [await listing(acme, number) for number in (1, 2, 3)]
    other = await listing(acme, 1, "3")
    missing = await listing(acme, 99)
    payload = await acme.change(
        COPY, Permission.WRITE, id=source, to=[two, "nonsense", source, other, missing, three, two]
    )

    assert payload["userErrors"] == []
    assert payload["cost"]["calls"] == 1
    assert estate.sent == [("POST", "agreements/1/copies", ["2", "3"])]
    assert [(each["listingId"], codes(each), each["agreement"]) for each in payload["copies"]] == [
        (two, [], {"text": "Contract 1"}),
        ("nonsense", [("toListingIds.1", "INVALID")], None),
        (source, [("toListingIds.2", "INVALID")], None),
        (other, [("toListingIds.3", "NOT_SUPPORTED")], None),
        (missing, [("toListingIds.4", "NOT_FOUND")], None),
        (three, [], {"text": "Contract 1"}),
    ]


async def test_copies_that_nobody_can_have_or_that_the_pms_refuses_are_told_by_each(
    acme: World, estate: WritableEstate
) -> None:
    source, two = await listing(acme, 1), await listing(acme, 2)
    none = await acme.change(COPY, Permission.WRITE, id=source, to=[source])
    estate.answers["agreements/1/copies"] = 422
    refused = await acme.change(COPY, Permission.WRITE, id=source, to=[two])

    assert codes(none) == [("toListingIds", "INVALID")]
    assert codes(none["copies"][0]) == [("toListingIds.0", "INVALID")]
    assert codes(refused) == [("", "REFUSED")]
    assert [(codes(each), each["agreement"]) for each in refused["copies"]] == [([("", "REFUSED")], None)]


async def test_an_agreement_is_not_copied_to_another_account(acme: World, estates: dict[str, WritableEstate]) -> None:
    await connect(acme, "2")
    source, theirs = await listing(acme, 1), await listing(acme, 1, "2")
    payload = await acme.change(COPY, Permission.WRITE, id=source, to=[theirs])
    assert codes(payload["copies"][0]) == [("toListingIds.0", "INVALID")]
    assert estates["1"].sent == estates["2"].sent == []


async def test_pricing_settings_are_changed(acme: World, estate: WritableEstate) -> None:
    id_ = await listing(acme, 1)
    payload = await acme.change(PRICING, Permission.WRITE, id=id_, input={"lengthOfStayChannels": ["AIRBNB", "VRBO"]})
    nothing = await acme.change(PRICING, Permission.WRITE, id=id_, input={})
    unknown = await acme.change(PRICING, Permission.WRITE, id=id_, input={"lengthOfStayChannels": ["OTHER"]})

    assert payload["pricingSettings"] == {"lengthOfStayChannels": ["AIRBNB", "VRBO"]}
    assert codes(nothing) == [("", "REQUIRED")]
    assert codes(unknown) == [("lengthOfStayChannels.0", "INVALID")]
    assert len(estate.sent) == 1


STEP = {"refundKind": "PERCENTAGE", "refundValue": "50", "event": "ARRIVAL", "seconds": -86400}


async def test_a_policy_is_made_replaced_and_removed(acme: World, estate: WritableEstate) -> None:
    account_id = await account(acme)
    made = await acme.change(
        CREATE_POLICY, Permission.WRITE, account=account_id, input={"name": "Fair", "items": [STEP]}
    )
    policy = made["cancellationPolicy"]["providerId"]
    two = {"name": "Fairer", "items": [STEP, {**STEP, "event": "BOOKING", "seconds": 3600}]}
    replaced = await acme.change(UPDATE_POLICY, Permission.WRITE, account=account_id, policy=policy, input=two)
    removed = await acme.change(DELETE_POLICY, Permission.WRITE, account=account_id, policy=policy)

    assert made["cancellationPolicy"] == {"providerId": policy, "name": "Fair", "items": [{"seconds": -86400}]}
    assert replaced["cancellationPolicy"]["name"] == "Fairer"
    assert len(replaced["cancellationPolicy"]["items"]) == 2
    assert (removed["deletedId"], removed["userErrors"]) == (policy, [])
    assert estate.policies == {}


BAD_POLICIES = [
    ({"name": " ", "items": [STEP]}, "name", "REQUIRED"),
    ({"items": []}, "items", "OUT_OF_RANGE"),
    ({"items": [{**STEP, "seconds": n} for n in range(-51, 0)]}, "items", "OUT_OF_RANGE"),
    ({"items": [{**STEP, "refundValue": "101"}]}, "items.0.refundValue", "OUT_OF_RANGE"),
    ({"items": [{**STEP, "refundKind": "AMOUNT", "refundValue": "-1"}]}, "items.0.refundValue", "OUT_OF_RANGE"),
    ({"items": [{**STEP, "refundKind": "OTHER"}]}, "items.0.refundKind", "INVALID"),
    ({"items": [{**STEP, "event": "OTHER"}]}, "items.0.event", "INVALID"),
    ({"items": [{**STEP, "seconds": 60}]}, "items.0.seconds", "OUT_OF_RANGE"),
    ({"items": [{**STEP, "event": "BOOKING"}]}, "items.0.seconds", "OUT_OF_RANGE"),
    ({"items": [STEP, STEP]}, "items.1.seconds", "INVALID"),
]


@pytest.mark.parametrize(("fields", "field", "code"), BAD_POLICIES)
async def test_bad_policies_are_refused_by_name_without_a_call(
    acme: World, estate: WritableEstate, fields: dict[str, Any], field: str, code: str
) -> None:
    input_ = {"name": "Fair", **fields}
    payload = await acme.change(CREATE_POLICY, Permission.WRITE, account=await account(acme), input=input_)
    assert codes(payload) == [(field, code)]
    assert estate.sent == []


async def test_what_a_pms_cannot_do_is_told_as_that(acme: World) -> None:
    id_, account_id = await listing(acme, 1, "3"), await account(acme, "3")
    policy = {"name": "Fair", "items": [STEP]}
    for mutation, variables, field in (
        (CREATE_FEE, {"id": id_, "input": {"amount": "1"}}, "listingId"),
        (DELETE_TAX, {"id": id_, "tax": "1"}, "listingId"),
        (COPY, {"id": id_, "to": [id_]}, "listingId"),
        (PRICING, {"id": id_, "input": {"lengthOfStayChannels": []}}, "listingId"),
        (CREATE_POLICY, {"account": account_id, "input": policy}, "accountId"),
    ):
        payload = await acme.change(mutation, Permission.WRITE, **variables)
        assert codes(payload) == [(field, "NOT_SUPPORTED")]


async def test_other_tenants_accounts_are_not_there(acme: World, estate: WritableEstate) -> None:
    mine, id_ = await account(acme), await listing(acme, 1)
    await tenant(acme, OTHER)
    stranger = {"Authorization": f"Bearer {await acme.key_with(Permission.ADMIN, OTHER)}"}
    policy = {"name": "Fair", "items": [STEP]}
    for mutation, variables, field in (
        (CREATE_POLICY, {"account": mine, "input": policy}, "accountId"),
        (UPDATE_POLICY, {"account": mine, "policy": "1", "input": policy}, "accountId"),
        (DELETE_POLICY, {"account": mine, "policy": "1"}, "accountId"),
        (CREATE_FEE, {"id": id_, "input": {"amount": "1"}}, "listingId"),
        (UPDATE_TAX, {"id": id_, "tax": "1", "input": {"percentage": "1"}}, "listingId"),
        (DELETE_AGREEMENT, {"id": id_}, "listingId"),
        (COPY, {"id": id_, "to": [id_]}, "listingId"),
        (PRICING, {"id": id_, "input": {"lengthOfStayChannels": []}}, "listingId"),
    ):
        (payload,) = (await acme.post(mutation, variables, **stranger)).json()["data"].values()
        assert codes(payload) == [(field, "NOT_FOUND")]
    assert estate.sent == []


async def test_the_id_of_a_listing_is_none_of_an_account(acme: World, estate: WritableEstate) -> None:
    wrong = await acme.change(DELETE_POLICY, Permission.WRITE, account=await listing(acme, 1), policy="1")
    assert codes(wrong) == [("accountId", "INVALID")]
    assert estate.sent == []
