"""Parts of listings and policies are made once for each idempotencyKey, whatever breaks in between."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from graph.accounts.keys import Permission
from tests.gateway_world import World, world
from tests.graph.changes.operations import codes
from tests.graph.changes.simulated import free_stay

WRITE = Permission.WRITE
FEE = """mutation($id: ID!, $input: CreateListingFeeInput!, $key: String) {
  createListingFee(listingId: $id, input: $input, idempotencyKey: $key) {
    userErrors { field code } cost { calls } fee { providerId title } } }"""
FEES = "query($id: ID!) { listing(id: $id) { fees { providerId title } } }"
TAX = """mutation($id: ID!, $input: CreateListingTaxInput!, $key: String) {
  createListingTax(listingId: $id, input: $input, idempotencyKey: $key) {
    userErrors { field code } tax { providerId } } }"""
AGREEMENT = """mutation($id: ID!, $key: String) {
  createAgreement(listingId: $id, input: { text: "Be quiet, {{guest_name}}" }, idempotencyKey: $key) {
    userErrors { field code } agreement { text } } }"""
DROP_AGREEMENT = "mutation($id: ID!) { deleteAgreement(listingId: $id) { userErrors { code } } }"
POLICY = """mutation($id: ID!, $name: String!, $key: String) {
  createCancellationPolicy(accountId: $id, idempotencyKey: $key, input: { name: $name, items: [
    { refundKind: PERCENTAGE, refundValue: "50", event: ARRIVAL, seconds: -604800 }] }) {
    userErrors { field code } cancellationPolicy { providerId name } } }"""
POLICIES = """query($id: ID!) { account(id: $id) { cancellationPolicies(channels: [DIRECT]) { providerId name } } }"""
PETS: dict[str, Any] = {"title": "Pets", "amount": "25", "chargedPer": "STAY", "mandatory": False}


@pytest.fixture(params=["HOSTAWAY", "BOOKINGSYNC"])
def provider(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, hostaway_accounts=1, bookingsync_accounts=1) as running:
        yield running


def pets(provider: str, **more: Any) -> dict[str, Any]:
    return PETS | ({"name": "petFee"} if provider == "HOSTAWAY" else {}) | more


async def titles(running: World, listing: str) -> list[str]:
    return [each["title"] for each in (await running.data(FEES, id=listing))["listing"]["fees"]]


async def account_of(running: World, provider: str) -> str:
    nodes = (await running.data("{ accounts { nodes { id provider } } }"))["accounts"]["nodes"]
    return next(str(each["id"]) for each in nodes if each["provider"] == provider)


async def test_a_fee_is_added_once_for_each_key(running: World, provider: str) -> None:
    listing = (await free_stay(running, provider))["id"]
    before = (await titles(running, listing)).count("Pets")
    made = await running.change(FEE, WRITE, id=listing, input=pets(provider), key="pets")
    assert made["userErrors"] == []
    again = await running.change(FEE, WRITE, id=listing, input=pets(provider), key="pets")
    assert again["fee"] == made["fee"]
    assert again["cost"]["calls"] <= 1  # the listing, perhaps
    other = await running.change(FEE, WRITE, id=listing, input=pets(provider, amount="30"), key="pets")
    assert codes(other) == [("idempotencyKey", "CONFLICT")]
    assert (await titles(running, listing)).count("Pets") == before + 1


async def test_a_fee_whose_answer_and_look_were_lost_is_found_by_the_repeat(running: World) -> None:
    listing = (await free_stay(running, "HOSTAWAY"))["id"]
    before = (await titles(running, listing)).count("Pets")
    path = "/v1/listingFeeSettings"
    await running.fault("HOSTAWAY", kind="cut", method="POST", path=path, times=1)
    await running.fault("HOSTAWAY", kind="fail", method="GET", path=path)
    lost = await running.change(FEE, WRITE, id=listing, input=pets("HOSTAWAY"), key="pets")
    assert codes(lost) == [("", "UNCERTAIN")]
    async with httpx.AsyncClient(base_url=running.urls["HOSTAWAY"]) as control:
        assert (await control.delete("/_control/faults")).is_success
    made = await running.change(FEE, WRITE, id=listing, input=pets("HOSTAWAY"), key="pets")
    assert made["userErrors"] == []
    assert made["fee"]["title"] == "Pets"
    assert (await titles(running, listing)).count("Pets") == before + 1


async def test_a_tax_is_added_once_for_each_key(running: World) -> None:
    listing = (await free_stay(running, "BOOKINGSYNC"))["id"]
    tax = {"title": "Sea air", "percentage": "3.25"}
    made = await running.change(TAX, WRITE, id=listing, input=tax, key="air")
    assert made["userErrors"] == []
    again = await running.change(TAX, WRITE, id=listing, input=tax, key="air")
    assert again == made


async def test_an_agreement_is_made_once_for_each_key(running: World) -> None:
    listing = (await free_stay(running, "HOSTAWAY"))["id"]
    assert (await running.change(DROP_AGREEMENT, WRITE, id=listing))["userErrors"] == []
    made = await running.change(AGREEMENT, WRITE, id=listing, key="a")
    assert made["userErrors"] == []
    assert await running.change(AGREEMENT, WRITE, id=listing, key="a") == made
    assert codes(await running.change(AGREEMENT, WRITE, id=listing, key="b")) == [("", "CONFLICT")]


async def test_a_policy_is_made_once_for_each_key(running: World) -> None:
    account = await account_of(running, "HOSTAWAY")
    made = await running.change(POLICY, WRITE, id=account, name="Half", key="p")
    assert made["userErrors"] == []
    assert await running.change(POLICY, WRITE, id=account, name="Half", key="p") == made
    shown = (await running.data(POLICIES, id=account))["account"]["cancellationPolicies"]
    assert [each["name"] for each in shown].count("Half") == 1
    blank = await running.change(POLICY, WRITE, id=account, name="Half", key="")
    assert [field for field, _ in codes(blank)] == ["idempotencyKey"]
