"""Parts of listings and policies are made once for each idempotencyKey, whatever breaks in between."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from graph.accounts.keys import Permission
from providers.changes import FeeDraft, Written
from providers.hostaway.part_writes import PartWrites
from providers.model import ListingFee
from tests.gateway_world import World, world
from tests.graph.changes.operations import codes
from tests.graph.changes.simulated import free_stay

WRITE = Permission.WRITE
FEE = """mutation($id: ID!, $input: CreateListingFeeInput!, $key: String) {
  createListingFee(listingId: $id, input: $input, idempotencyKey: $key) {
    userErrors { field code } cost { calls } fee { providerId title } } }"""
FEES = "query($id: ID!) { listing(id: $id) { fees { providerId title } } }"
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


async def test_a_fee_whose_answer_and_look_were_lost_is_found_by_the_repeat(
    running: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    listing = (await free_stay(running, "HOSTAWAY"))["id"]
    before = (await titles(running, listing)).count("Pets")
    path, create = "/v1/listingFeeSettings", PartWrites.create_fee

    async def troubled(client: PartWrites, listing_id: str, draft: FeeDraft) -> Written[ListingFee]:
        await running.fault("HOSTAWAY", kind="fail", method="GET", path=path)
        return await create(client, listing_id, draft)

    monkeypatch.setattr(PartWrites, "create_fee", troubled)
    await running.fault("HOSTAWAY", kind="cut", method="POST", path=path, times=1)
    lost = await running.change(FEE, WRITE, id=listing, input=pets("HOSTAWAY"), key="pets")
    assert codes(lost) == [("", "UNCERTAIN")]
    async with httpx.AsyncClient(base_url=running.urls["HOSTAWAY"]) as control:
        assert (await control.delete("/_control/faults")).is_success
    monkeypatch.undo()
    made = await running.change(FEE, WRITE, id=listing, input=pets("HOSTAWAY"), key="pets")
    assert made["userErrors"] == []
    assert made["fee"]["title"] == "Pets"
    assert (await titles(running, listing)).count("Pets") == before + 1


async def test_an_equal_fee_that_was_there_before_is_not_taken_for_a_new_one(running: World) -> None:
    listing = (await free_stay(running, "HOSTAWAY"))["id"]
    old = await running.change(FEE, WRITE, id=listing, input=pets("HOSTAWAY"))
    path = "/v1/listingFeeSettings"
    await running.fault("HOSTAWAY", kind="status", status=500, method="POST", path=path, times=1)
    unmade = await running.change(FEE, WRITE, id=listing, input=pets("HOSTAWAY"), key="pets")
    assert codes(unmade) == [("", "UNCERTAIN")]
    made = await running.change(FEE, WRITE, id=listing, input=pets("HOSTAWAY"), key="pets")
    assert made["userErrors"] == []
    assert made["fee"]["providerId"] != old["fee"]["providerId"]


async def test_an_equal_policy_that_was_there_before_is_not_taken_for_a_new_one(running: World) -> None:
    account = await account_of(running, "HOSTAWAY")
    old = await running.change(POLICY, WRITE, id=account, name="Half")
    path = "/v1/cancellationPolicies"
    await running.fault("HOSTAWAY", kind="status", status=500, method="POST", path=path, times=1)
    unmade = await running.change(POLICY, WRITE, id=account, name="Half", key="p")
    assert codes(unmade) == [("", "UNCERTAIN")]
    made = await running.change(POLICY, WRITE, id=account, name="Half", key="p")
    assert made["userErrors"] == []
    assert made["cancellationPolicy"]["providerId"] != old["cancellationPolicy"]["providerId"]


async def test_a_policy_is_made_once_for_each_key(running: World) -> None:
    account = await account_of(running, "HOSTAWAY")
    made = await running.change(POLICY, WRITE, id=account, name="Half", key="p")
    assert made["userErrors"] == []
    assert await running.change(POLICY, WRITE, id=account, name="Half", key="p") == made
    shown = (await running.data(POLICIES, id=account))["account"]["cancellationPolicies"]
    assert [each["name"] for each in shown].count("Half") == 1
    blank = await running.change(POLICY, WRITE, id=account, name="Half", key="")
    assert [field for field, _ in codes(blank)] == ["idempotencyKey"]
