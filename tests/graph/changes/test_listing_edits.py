"""Listings made, changed and removed over the public face."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from graph.accounts.keys import Permission
from graph.schema import ids
from providers.model import ListingStatus
from tests.gateway_world import World
from tests.graph.changes.test_calendar_changes import ONE, codes, listing, nights
from tests.graph.changes.writable import WritableEstate, tomorrow, writable_world
from tests.listing_choices import APPROVE, IMPORT, OTHER, REJECT, connect, tenant

PAYLOAD = """userErrors { field code message allowed } warnings cost { calls rateLimits { provider } }
  planned { method path query { name value } body }"""
SHOWN = f"{PAYLOAD} id listing {{ id name version maxGuests images {{ url }} basePrice {{ amount }} }}"
CREATE = f"""mutation($account: ID!, $input: CreateListingInput!, $key: String, $dry: Boolean = false) {{
  createListing(accountId: $account, input: $input, idempotencyKey: $key, dryRun: $dry) {{ {SHOWN} }} }}"""
UPDATE = f"""mutation($id: ID!, $input: UpdateListingInput!, $version: String, $dry: Boolean = false) {{
  updateListing(id: $id, input: $input, version: $version, dryRun: $dry) {{ {SHOWN} }} }}"""
DELETE = (
    f"mutation($id: ID!, $dry: Boolean = false) {{ deleteListing(id: $id, dryRun: $dry) {{ {PAYLOAD} deletedId }} }}"
)
IMAGES = f"""mutation($id: ID!, $images: [ImageInput!]!) {{
  addListingImages(listingId: $id, images: $images) {{ {SHOWN} }} }}"""
EXPORT = f"mutation($id: ID!, $to: Channel!) {{ exportListing(listingId: $id, channel: $to) {{ {SHOWN} }} }}"
NAMES = "{ listings(first: 50) { nodes { id name version } } }"


async def account(world: World, name: str = "1") -> str:
    """The id of an account."""
    return str(ids.GlobalId(ids.ACCOUNT, ids.parse(await listing(world, 1, name), "id").account_id).text())


async def names(world: World, name: str = "1") -> list[str]:
    nodes = (await world.data(NAMES))["listings"]["nodes"]
    mine = ids.parse(await listing(world, 1, name), "id").account_id
    return [each["name"] for each in nodes if ids.parse(each["id"], "id").account_id == mine]


async def version(world: World, id_: str) -> str:
    nodes = (await world.data(NAMES))["listings"]["nodes"]
    (found,) = [each["version"] for each in nodes if each["id"] == id_]
    return str(found)


async def test_a_listing_is_made_and_seen_at_once(acme: World, estate: WritableEstate) -> None:
    assert await names(acme) == ["House 1", "House 2", "House 3"]
    payload = await acme.change(
        CREATE, Permission.WRITE, account=await account(acme), input={"name": "Mill", "maxGuests": 4}
    )

    assert payload["userErrors"] == []
    assert payload["cost"]["calls"] == 1
    assert payload["listing"]["name"] == "Mill"
    assert payload["listing"]["id"] == payload["id"] == await listing(acme, 4)
    assert await names(acme) == ["House 1", "House 2", "House 3", "Mill"]


async def test_a_listing_is_made_once_for_each_key(acme: World, estate: WritableEstate) -> None:
    asked: dict[str, Any] = {"account": await account(acme), "input": {"name": "Mill"}, "key": "a-1"}
    first = await acme.change(CREATE, Permission.WRITE, **asked)
    again = await acme.change(CREATE, Permission.WRITE, **asked)
    other = await acme.change(CREATE, Permission.WRITE, **{**asked, "input": {"name": "Barn"}})

    assert again["userErrors"] == []
    assert again["id"] == first["id"] is not None
    assert again["cost"]["calls"] == 0
    assert codes(other) == [("idempotencyKey", "CONFLICT")]
    assert estate.paths() == ["listings"]


async def test_a_lost_answer_makes_no_second_listing(acme: World, estate: WritableEstate) -> None:
    estate.lost.add("listings")
    payload = await acme.change(
        CREATE, Permission.WRITE, account=await account(acme), input={"name": "Mill"}, key="a-1"
    )

    assert payload["userErrors"] == []
    assert payload["listing"]["name"] == "Mill"
    assert estate.paths() == ["listings"]
    assert estate.counted()["find_listing"] == 1


async def test_a_dry_run_of_a_create_keeps_nothing_and_strikes_out_secrets(acme: World, estate: WritableEstate) -> None:
    asked: dict[str, Any] = {"account": await account(acme), "key": "a-1"}
    dry = await acme.change(
        CREATE, Permission.WRITE, **asked, input={"name": "Mill", "wifiPassword": "open sesame"}, dry=True
    )
    made = await acme.change(CREATE, Permission.WRITE, **asked, input={"name": "Barn"})

    (call,) = dry["planned"]
    assert (call["method"], call["path"]) == ("POST", "/1/listings")
    assert call["body"]["wifi_password"] == "***"
    assert (dry["id"], dry["listing"]) == (None, None)
    assert made["listing"]["name"] == "Barn"
    assert len(estate.sent) == 1


BAD = [
    ({}, "name", "REQUIRED"),
    ({"name": " "}, "name", "REQUIRED"),
    ({"name": "x" * 256}, "name", "OUT_OF_RANGE"),
    ({"name": None}, "name", "REQUIRED"),
    ({"currency": "euro"}, "currency", "INVALID"),
    ({"currency": "eur"}, "currency", "INVALID"),
    ({"timeZone": "Europe/Atlantis"}, "timeZone", "UNKNOWN"),
    ({"latitude": 91, "longitude": 0}, "latitude", "OUT_OF_RANGE"),
    ({"latitude": None, "longitude": 5}, "longitude", "INVALID"),
    ({"maxGuests": 0}, "maxGuests", "OUT_OF_RANGE"),
    ({"bedrooms": -1}, "bedrooms", "OUT_OF_RANGE"),
    ({"checkInFrom": "15:30:00"}, "checkInFrom", "INVALID"),
    ({"minimumNights": 5, "maximumNights": 4}, "minimumNights", "INVALID"),
    ({"basePrice": "0"}, "basePrice", "OUT_OF_RANGE"),
    ({"basePrice": "10.005", "currency": "EUR"}, "basePrice", "INVALID"),
    ({"basePrice": "10.5", "currency": "JPY"}, "basePrice", "INVALID"),
    ({"cleaningFee": "-1"}, "cleaningFee", "OUT_OF_RANGE"),
    ({"minimumPrice": "20", "maximumPrice": "10"}, "minimumPrice", "INVALID"),
    ({"downpaymentPercentage": "101"}, "downpaymentPercentage", "OUT_OF_RANGE"),
    ({"weeklyDiscount": "10"}, "weeklyDiscount", "OUT_OF_RANGE"),
    ({"address": {"countryCode": "France"}}, "address.countryCode", "INVALID"),
    ({"address": {"countryCode": "fr"}}, "address.countryCode", "INVALID"),
    ({"propertyType": "OTHER"}, "propertyType", "INVALID"),
    ({"propertyType": "VILLA", "providerPropertyType": "7"}, "providerPropertyType", "INVALID"),
    ({"images": [{"caption": "x"}]}, "images.0.url", "REQUIRED"),
    ({"images": [{"url": "http://a.test/1.jpg"}]}, "images.0.url", "INVALID"),
    ({"bedsByType": [{"typeId": "1", "quantity": 0}]}, "bedsByType.0.quantity", "OUT_OF_RANGE"),
    ({"texts": [{"name": "a"}, {"name": "b"}]}, "texts.1", "INVALID"),
    ({"licenseIssuedOn": "2027-02-01", "licenseExpiresOn": "2027-01-01"}, "licenseIssuedOn", "INVALID"),
    ({"description": "x" * 20_001}, "description", "OUT_OF_RANGE"),
]


@pytest.mark.parametrize(("fields", "field", "code"), BAD)
async def test_bad_fields_are_refused_by_name_without_a_call(
    acme: World, estate: WritableEstate, fields: dict[str, Any], field: str, code: str
) -> None:
    input_ = {"name": "Mill", **fields} if fields else {}
    payload = await acme.change(CREATE, Permission.WRITE, account=await account(acme), input=input_)

    assert codes(payload) == [(field, code)]
    assert payload["listing"] is None
    assert estate.sent == []


async def test_a_listing_is_changed_and_the_rest_of_it_stays(acme: World, estate: WritableEstate) -> None:
    id_ = await listing(acme, 2)
    before = await version(acme, id_)
    payload = await acme.change(UPDATE, Permission.WRITE, id=id_, input={"maxGuests": 6})

    assert payload["userErrors"] == []
    assert (payload["listing"]["name"], payload["listing"]["maxGuests"]) == ("House 2", 6)
    assert payload["listing"]["version"] != before
    assert estate.sent == [("PUT", "listings/2", {"max_guests": 6})]


async def test_nothing_to_change_is_refused(acme: World, estate: WritableEstate) -> None:
    payload = await acme.change(UPDATE, Permission.WRITE, id=await listing(acme, 2), input={})
    assert codes(payload) == [("", "REQUIRED")]
    assert estate.sent == []


async def test_a_change_based_on_an_older_listing_is_refused_with_the_present_one(
    acme: World, estate: WritableEstate
) -> None:
    id_ = await listing(acme, 2)
    seen = await version(acme, id_)
    estate.described["2"] = {"name": "Changed in the PMS"}

    stale = await acme.change(UPDATE, Permission.WRITE, id=id_, input={"maxGuests": 6}, version=seen)
    assert codes(stale) == [("version", "STALE")]
    assert stale["listing"]["name"] == "Changed in the PMS"
    assert stale["id"] is None
    assert estate.sent == []

    now = await acme.change(
        UPDATE, Permission.WRITE, id=id_, input={"maxGuests": 6}, version=stale["listing"]["version"]
    )
    assert now["userErrors"] == []
    assert now["listing"]["maxGuests"] == 6


async def test_of_two_changes_of_the_same_version_at_once_one_is_made(acme: World, estate: WritableEstate) -> None:
    id_ = await listing(acme, 1)
    seen = await version(acme, id_)
    changes = [
        acme.change(UPDATE, Permission.WRITE, id=id_, input={"maxGuests": guests}, version=seen) for guests in (5, 6)
    ]
    found = [codes(each) for each in await asyncio.gather(*changes)]
    assert sorted(found) == [[], [("version", "STALE")]]
    assert estate.paths() == ["listings/1"]


async def test_a_version_holds_while_the_terms_of_the_account_change(acme: World, estate: WritableEstate) -> None:
    estate.described["2"] = {"base_price": "100"}
    id_ = await listing(acme, 2)
    seen = await version(acme, id_)
    terms = """mutation($id: ID!) { updateIntegrationAccount(id: $id, input: { markupPercentage: "10" }) {
      userErrors { code } } }"""
    await acme.change(terms, id=await account(acme))

    assert await version(acme, id_) == seen
    payload = await acme.change(UPDATE, Permission.WRITE, id=id_, input={"basePrice": "120"}, version=seen)
    assert payload["userErrors"] == []
    assert payload["listing"]["basePrice"]["amount"] == "132"
    assert estate.sent[-1][2] == {"base_price": "120"}


async def test_an_archived_listing_is_asked_once_more_and_then_refused(acme: World, estate: WritableEstate) -> None:
    estate.changes = {"status": ListingStatus.ARCHIVED}
    id_ = await listing(acme, 2)
    payload = await acme.change(UPDATE, Permission.WRITE, id=id_, input={"maxGuests": 6})
    assert codes(payload) == [("id", "CONFLICT")]
    assert estate.sent == []

    estate.changes = {}
    payload = await acme.change(UPDATE, Permission.WRITE, id=id_, input={"maxGuests": 6})
    assert payload["userErrors"] == []


async def test_a_listing_is_removed_and_gone_at_once(acme: World, estate: WritableEstate) -> None:
    id_ = await listing(acme, 2)
    dry = await acme.change(DELETE, Permission.WRITE, id=id_, dry=True)
    assert dry["deletedId"] is None
    assert [each["path"] for each in dry["planned"]] == ["/1/listings/2"]

    payload = await acme.change(DELETE, Permission.WRITE, id=id_)
    assert (payload["deletedId"], payload["userErrors"]) == (id_, [])
    body = await acme.ask("query($id: ID!) { node(id: $id) { id } }", id=id_)
    assert body["data"]["node"] is None
    assert body["errors"][0]["extensions"]["code"] == "NOT_FOUND"


async def test_an_id_that_is_a_path_is_refused(acme: World, estate: WritableEstate) -> None:
    account_id = ids.parse(await listing(acme, 1), "id").account_id
    forged = str(ids.GlobalId(ids.LISTING, account_id, "../reservations/5").text())
    assert codes(await acme.change(DELETE, Permission.WRITE, id=forged)) == [("id", "INVALID")]
    assert codes(await acme.change(DELETE, Permission.WRITE, id=await account(acme))) == [("id", "INVALID")]
    assert estate.sent == []


async def test_pictures_are_added(acme: World, estate: WritableEstate) -> None:
    id_ = await listing(acme, 1)
    payload = await acme.change(IMAGES, Permission.WRITE, id=id_, images=[{"url": "https://a.test/1.jpg"}])
    assert payload["listing"]["images"] == [{"url": "https://a.test/1.jpg"}]

    for images, wrong in (
        ([], [("images", "OUT_OF_RANGE")]),
        ([{"url": "ftp://a.test"}], [("images.0.url", "INVALID")]),
        ([{"url": "https://a.test", "providerId": "1"}], [("images.0.providerId", "INVALID")]),
        ([{}], [("images.0.url", "REQUIRED")]),
        ([{"url": None}], [("images.0.url", "REQUIRED")]),
    ):
        assert codes(await acme.change(IMAGES, Permission.WRITE, id=id_, images=images)) == wrong
    assert len(estate.sent) == 1


async def test_a_listing_is_sent_to_a_channel_that_the_pms_knows(acme: World, estate: WritableEstate) -> None:
    id_ = await listing(acme, 1)
    assert (await acme.change(EXPORT, Permission.WRITE, id=id_, to="AIRBNB"))["userErrors"] == []
    assert codes(await acme.change(EXPORT, Permission.WRITE, id=id_, to="EXPEDIA")) == [("channel", "NOT_SUPPORTED")]
    assert estate.paths() == ["listings/1/export"]


@pytest.fixture
async def apart(tmp_path: Path, estates: dict[str, WritableEstate]) -> AsyncIterator[World]:
    """A gateway with no account yet."""
    async with writable_world(tmp_path, estates, []) as running:
        yield running


async def test_other_tenants_listings_are_not_there_imported_ones_neither(apart: World, estate: WritableEstate) -> None:
    owner, other = await tenant(apart), await tenant(apart, OTHER)
    theirs = await connect(apart, "1")
    await owner.set(theirs, allowImport=True)
    id_ = str(ids.GlobalId(ids.LISTING, theirs, "1").text())
    key = await apart.key_with(Permission.WRITE, OTHER)

    async def tries() -> None:
        calendar = {"input": {"listingId": id_, "ranges": [nights(tomorrow(apart), 1, price="1")]}}
        for mutation, variables, field in (
            (ONE, calendar, "listingId"),
            (UPDATE, {"id": id_, "input": {"maxGuests": 1}}, "id"),
            (DELETE, {"id": id_}, "id"),
            (IMAGES, {"id": id_, "images": [{"url": "https://a.test/1"}]}, "listingId"),
            (EXPORT, {"id": id_, "to": "AIRBNB"}, "listingId"),
        ):
            answer = (await apart.post(mutation, variables, Authorization=f"Bearer {key}")).json()
            (payload,) = answer["data"].values()
            assert codes(payload) == [(field, "NOT_FOUND")]
            assert payload["cost"] == {"calls": 0, "rateLimits": []}

    await tries()
    await other.choose(IMPORT, id_)
    await tries()
    assert estate.sent == []


async def test_listings_that_wait_for_approval_are_not_there(apart: World, estate: WritableEstate) -> None:
    owner = await tenant(apart)
    mine = await connect(apart, "1")
    await owner.set(mine, requireListingApproval=True)
    id_ = str(ids.GlobalId(ids.LISTING, mine, "1").text())
    await owner.choose(REJECT, id_)

    for mutation, variables in ((UPDATE, {"id": id_, "input": {"maxGuests": 1}}), (DELETE, {"id": id_})):
        assert codes(await apart.change(mutation, Permission.WRITE, **variables)) == [("id", "NOT_FOUND")]
    assert estate.sent == []

    await owner.choose(APPROVE, id_)
    assert (await apart.change(DELETE, Permission.WRITE, id=id_))["userErrors"] == []


async def test_a_new_listing_waits_for_approval_like_any_other(apart: World) -> None:
    mine = await connect(apart, "1", require_listing_approval=True)
    account_id = str(ids.GlobalId(ids.ACCOUNT, mine).text())
    payload = await apart.change(CREATE, Permission.WRITE, account=account_id, input={"name": "Mill"})

    assert payload["userErrors"] == []
    assert payload["id"] is not None
    assert payload["listing"] is None


async def test_a_paused_account_is_left_alone(apart: World, estate: WritableEstate) -> None:
    account_id = str(ids.GlobalId(ids.ACCOUNT, await connect(apart, "1")).text())
    await apart.change("mutation($id: ID!) { pauseIntegrationAccount(id: $id) { userErrors { code } } }", id=account_id)
    payload = await apart.change(CREATE, Permission.WRITE, account=account_id, input={"name": "Mill"})

    assert codes(payload) == [("", "CONFLICT")]
    assert estate.sent == []
