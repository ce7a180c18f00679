"""What a PMS refuses for reasons of its own, and what only an owner may change."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from graph.accounts.keys import Permission
from tests.gateway_world import World, world
from tests.graph.changes.operations import BOOK, CANCEL, CREATE, DELETE, UPDATE, codes
from tests.graph.changes.simulated import draft, free_stay, free_stays

WRITE = Permission.WRITE
COUNT = "{ reservations(first: 500, maxAge: 0) { nodes { id } } }"
ALLOW = """mutation($id: ID!) { updateIntegrationAccount(id: $id, input: { allowImport: true }) {
  userErrors { code } } }"""
CALENDAR = """mutation($id: ID!) { updateCalendar(input: { listingId: $id, ranges: [
  { start: "2027-05-03", end: "2027-05-05", available: false }] }) { userErrors { field code } cost { calls } } }"""
LISTING = """mutation($id: ID!) { updateListing(id: $id, input: { name: "Mine" }) {
  userErrors { field code } cost { calls } } }"""
FEE = """mutation($id: ID!) { createListingFee(listingId: $id, input: {
  name: "petFee", title: "Pets", amount: "5", chargedPer: STAY }) { userErrors { field code } } }"""


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, hostaway_accounts=1, bookingsync_accounts=0) as running:
        yield running


async def count(running: World) -> int:
    return len((await running.data(COUNT))["reservations"]["nodes"])


@pytest.mark.parametrize("coupon", ["PAST", "GONE", "NOSUCH"])
async def test_a_coupon_that_is_no_longer_good_is_refused_and_nothing_is_made(running: World, coupon: str) -> None:
    stay = await free_stay(running, "HOSTAWAY")
    before = await count(running)
    refused = await running.change(CREATE, WRITE, input=draft(stay, coupon=coupon), key="k")
    assert refused["reservation"] is None
    assert [field for field, _ in codes(refused)] == ["coupon"]
    assert await count(running) == before
    made = await running.change(CREATE, WRITE, input=draft(stay), key="k")
    assert made["userErrors"] == []


async def test_a_coupon_runs_out(running: World) -> None:
    first, second = await free_stays(running, "HOSTAWAY", 7, 2)
    assert (await running.change(CREATE, WRITE, input=draft(first, coupon="ONCE")))["userErrors"] == []
    refused = await running.change(CREATE, WRITE, input=draft(second, coupon="ONCE"))
    assert [field for field, _ in codes(refused)] == ["coupon"]


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"coupon": "PAST"}, "stay.coupon"),
        ({"components": [{"feeId": "999999999"}]}, "stay.components.0"),
        ({"components": [{"name": "nonsense"}, {"name": "cleaningFee", "deleted": True}]}, "stay.components"),
    ],
)
async def test_a_quote_that_cannot_be_had_names_what_is_to_blame(
    running: World, wish: dict[str, Any], field: str
) -> None:
    stay = await free_stay(running, "HOSTAWAY")
    asked = {"listingId": stay["id"], "arrival": stay["arrival"], "departure": stay["departure"], "adults": 1}
    before = await count(running)
    given = {"stay": asked | wish, "total": "700", "reservation": {"guest": {"name": "Ada"}}}
    assert codes(await running.change(BOOK, WRITE, input=given, key="k")) == [(field, "INVALID")]
    assert await count(running) == before


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"components": [{"feeId": "999999999"}]}, "stay.components.0"),
        ({"components": [{"name": "cleaningFee", "deleted": True}]}, "stay.components.0"),
        ({"components": [{"feeId": "8"}, {"feeId": "9"}]}, "stay.components"),
        ({"coupon": "SPRING"}, "stay.coupon"),
        ({"coupon": "SPRING", "components": [{"feeId": "999999999"}]}, "stay.coupon"),
    ],
)
async def test_a_quote_that_bookingsync_cannot_give_names_what_is_to_blame(
    tmp_path: Path, wish: dict[str, Any], field: str
) -> None:
    async with world(tmp_path, hostaway_accounts=0, bookingsync_accounts=1) as running:
        stay = await free_stay(running, "BOOKINGSYNC")
        asked = {"listingId": stay["id"], "arrival": stay["arrival"], "departure": stay["departure"], "adults": 1}
        given = {"stay": asked | wish, "total": "700", "reservation": {"guest": {"name": "Ada"}}}
        assert codes(await running.change(BOOK, WRITE, input=given, key="k")) == [(field, "INVALID")]


async def test_a_fee_setting_that_is_not_there_is_refused_and_nothing_is_made(running: World) -> None:
    stay = await free_stay(running, "HOSTAWAY")
    before = await count(running)
    lines = [
        {"type": "RENT", "name": "baseRate", "title": "Rent", "amount": "600.00"},
        {"type": "FEE", "name": "petFee", "title": "Pets", "amount": "100.00", "settingId": "999999999"},
    ]
    refused = await running.change(CREATE, WRITE, input=draft(stay, financeLines=lines))
    assert refused["reservation"] is None
    assert refused["userErrors"] != []
    assert await count(running) == before


async def test_a_channel_that_does_not_exist_is_refused_before_anything_is_asked(running: World) -> None:
    stay = await free_stay(running, "HOSTAWAY")
    running.calls.clear()
    secret = await running.key_with(WRITE)
    answer = await running.post(CREATE, {"input": draft(stay, channel="MOON")}, Authorization=f"Bearer {secret}")
    (error,) = answer.json()["errors"]
    assert "channel" in error["message"]
    assert running.data_calls() == []


async def test_a_pms_that_says_yes_and_fails_has_made_nothing(running: World) -> None:
    stay = await free_stay(running, "HOSTAWAY")
    before = await count(running)
    await running.fault("HOSTAWAY", kind="fail", method="POST", path="/v1/reservations", times=1)
    refused = await running.change(CREATE, WRITE, input=draft(stay), key="k")
    assert refused["reservation"] is None
    assert refused["userErrors"] != []
    made = await running.change(CREATE, WRITE, input=draft(stay), key="k")
    assert made["userErrors"] == []
    assert await count(running) == before + 1


NOTE = {"hostNote": "late"}


async def test_a_token_that_ends_in_the_middle_of_a_change_is_renewed_and_the_change_made_once(running: World) -> None:
    """Hostaway says 403 of a token that expired or was revoked."""
    stay = await free_stay(running, "HOSTAWAY")
    before = await count(running)
    await running.fault("HOSTAWAY", kind="status", status=403, method="POST", path="/v1/reservations", times=1)
    made = await running.change(CREATE, WRITE, input=draft(stay), key="k")
    assert made["userErrors"] == []
    assert await count(running) == before + 1
    await running.fault("HOSTAWAY", kind="status", status=403, method="PUT", path="/v1/reservations", times=1)
    changed = await running.change(UPDATE, WRITE, id=made["reservation"]["id"], input=NOTE)
    assert changed["userErrors"] == []
    assert changed["reservation"]["hostNote"] == "late"


async def test_a_key_that_may_not_write_at_the_pms_is_told_so_with_one_new_token(running: World) -> None:
    stay = await free_stay(running, "HOSTAWAY")
    await running.fault("HOSTAWAY", kind="status", status=403, method="POST", path="/v1/reservations")
    running.calls.clear()
    for _ in range(2):
        refused = await running.change(CREATE, WRITE, input=draft(stay), key="k")
        assert codes(refused) == [("", "REFUSED")]
        assert "do not allow this" in refused["userErrors"][0]["message"]
        assert refused["reservation"] is None
    assert len(running.calls) - len(running.data_calls()) == 1


async def test_who_imported_a_listing_changes_nothing_of_it(running: World) -> None:
    """Another tenant sees the listing, and its owner alone may write."""
    stay = await free_stay(running, "HOSTAWAY")
    made = await running.change(CREATE, WRITE, input=draft(stay))
    (account,) = (await running.data("{ accounts { nodes { id } } }"))["accounts"]["nodes"]
    assert (await running.change(ALLOW, WRITE, id=account["id"]))["userErrors"] == []
    tenant = await running.services.tenants.create("Importer")
    secret = await running.key_with(WRITE, tenant.id)

    async def change(mutation: str, **variables: Any) -> Any:
        body = (await running.post(mutation, variables, Authorization=f"Bearer {secret}")).json()
        assert "errors" not in body, body["errors"]
        (payload,) = body["data"].values()
        return payload

    imported = await change(
        "mutation($ids: [ID!]!) { importListings(ids: $ids) { imports { userErrors { code } } } }", ids=[stay["id"]]
    )
    assert imported["imports"] == [{"userErrors": []}]
    running.calls.clear()
    for mutation in (CALENDAR, LISTING):
        assert [code for _, code in codes(await change(mutation, id=stay["id"]))] == ["NOT_FOUND"]
    fee = await change(FEE, id=stay["id"])
    assert [each["code"] for each in fee["userErrors"]] == ["NOT_FOUND"]
    other = (await free_stays(running, "HOSTAWAY", 7, 2))[-1] | {"id": stay["id"]}
    running.calls.clear()
    assert [code for _, code in codes(await change(CREATE, input=draft(other)))] == ["NOT_FOUND"]
    booked = {
        "stay": {"listingId": stay["id"], "arrival": other["arrival"], "departure": other["departure"], "adults": 1},
        "total": "1",
        "reservation": {"guest": {"name": "Ada"}},
    }
    assert [code for _, code in codes(await change(BOOK, input=booked))] == ["NOT_FOUND"]
    id_ = made["reservation"]["id"]
    assert [code for _, code in codes(await change(UPDATE, id=id_, input={"hostNote": "mine"}))] == ["NOT_FOUND"]
    assert [code for _, code in codes(await change(CANCEL, id=id_))] == ["NOT_FOUND"]
    assert [each["code"] for each in (await change(DELETE, id=id_))["userErrors"]] == ["NOT_FOUND"]
    assert running.data_calls() == []
