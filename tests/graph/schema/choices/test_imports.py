"""Listings of other tenants' accounts: offered, imported, and gone as soon as the owner says so."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import update

from graph.accounts import imports as imports_module
from graph.accounts.accounts import AccountStatus
from graph.accounts.keys import Permission
from graph.schema import ids
from graph.storage.tables import TenantRow
from tests.acme_world import Estate
from tests.gateway_world import World, world
from tests.graph.schema.choices.offers import OFFERED, STAY, offered
from tests.listing_choices import (
    APPROVE,
    IMPORT,
    OTHER,
    REJECT,
    REMOVE,
    Tenant,
    connect,
    listing_id,
    listing_ids,
    tenant,
)


async def test_what_others_offer_can_be_imported_read_and_given_back(
    running: World, owner: Tenant, importer: Tenant, offering: str, estate: Estate
) -> None:
    await connect(running, "2")
    assert await offered(importer) == ["House 1", "House 2", "House 3"]
    assert await offered(owner) == []
    one, two = listing_ids(offering, (1, 2))
    assert await importer.choose(IMPORT, two, one) == [
        {"id": id_, "imported": True, "userErrors": []} for id_ in (two, one)
    ]
    data = await importer.data(OFFERED)
    assert [each["imported"] for each in data["importableListings"]["nodes"]] == [True, True, False]
    assert await importer.names() == ["House 1", "House 2"]
    read = await importer.data(
        f"""query($id: ID!) {{
          listing(id: $id) {{ name imported approval account {{ name }}
            calendar(from: "2027-07-01", to: "2027-07-03") {{
              currency days {{ available note status reservations {{ id }} }} }} }}
          node(id: $id) {{ id }}
          calendars(listingIds: [$id], from: "2027-07-01", to: "2027-07-02") {{ days {{ date }} listing {{ name }} }}
          priceDetails(inputs: [{{ listingId: $id, {STAY} }}]) {{ total {{ amount }} listing {{ name }} }}
          listings {{ totalCount nodes {{ imported }} sources {{ account {{ name }} status }} }} }}""",
        id=one,
    )
    assert read["listing"] == {
        "name": "House 1",
        "imported": True,
        "approval": "APPROVED",
        "account": None,
        "calendar": {
            "currency": "EUR",
            "days": [{"available": None, "note": None, "status": "BLOCKED", "reservations": None}] * 2,
        },
    }
    assert read["node"] == {"id": one}
    assert read["calendars"] == [{"days": [{"date": "2027-07-01"}], "listing": {"name": "House 1"}}]
    assert read["priceDetails"][0]["listing"] == {"name": "House 1"}
    assert read["listings"] == {
        "totalCount": 2,
        "nodes": [{"imported": True}] * 2,
        "sources": [{"account": None, "status": "OK"}],
    }
    assert await importer.choose(REMOVE, one) == [{"id": one, "imported": False, "userErrors": []}]
    assert await importer.names() == ["House 2"]
    assert await owner.names("filter: { imported: false }") == [f"House {n}" for n in (1, 2, 3, 1, 2, 3)]


async def test_own_and_imported_listings_can_be_told_apart(running: World, importer: Tenant, offering: str) -> None:
    own = await connect(running, "2", OTHER)
    await importer.choose(IMPORT, listing_id(offering, 3))
    assert await importer.names("filter: { imported: true }") == ["House 3"]
    assert await importer.names("filter: { imported: false }") == ["House 1", "House 2", "House 3"]
    assert len(await importer.names()) == 4
    account = f'accountIds: ["{ids.GlobalId(ids.ACCOUNT, own).text()}"]'
    assert len(await importer.names(f"filter: {{ {account} }}")) == 3
    body = await importer.ask(f"{{ listings(filter: {{ imported: true, {account} }}) {{ totalCount }} }}")
    assert body["errors"][0]["extensions"]["argument"] == "filter.imported"
    assert await importer.names("filter: { imported: true, approval: [PENDING] }") == []


@pytest.mark.parametrize("ends", ["forbidden", "paused", "removed", "rejected"])
async def test_what_the_owner_takes_back_is_gone_at_once(
    running: World, owner: Tenant, importer: Tenant, offering: str, ends: str
) -> None:
    one = listing_id(offering, 1)
    await importer.choose(IMPORT, one)
    assert await importer.names() == ["House 1"]
    accounts = running.services.accounts
    match ends:
        case "forbidden":
            assert await owner.set(offering, allowImport=False) == []
        case "paused":
            await accounts.set_status("default", offering, AccountStatus.PAUSED)
        case "removed":
            await accounts.remove("default", offering)
        case "rejected":
            await owner.set(offering, requireListingApproval=True)
            assert await importer.names() == ["House 1"]
            await owner.choose(REJECT, one)
    assert await importer.names() == []
    assert await importer.names("maxAge: 0") == []
    body = await importer.ask(
        f"""query($id: ID!) {{ listing(id: $id) {{ name }}
          calendars(listingIds: [$id], from: "2027-07-01", to: "2027-07-02") {{ currency }}
          priceDetails(inputs: [{{ listingId: $id, {STAY} }}]) {{ nights }} }}""",
        id=one,
    )
    assert body["data"] == {"listing": None, "calendars": [None], "priceDetails": [None]}
    assert {each["extensions"]["code"] for each in body["errors"]} == {"NOT_FOUND"}
    assert "House 1" not in await offered(importer)
    (result,) = await importer.choose(REMOVE, one)
    assert bool(result["userErrors"]) == (ends == "removed")


async def test_listings_that_wait_for_approval_are_not_offered(running: World, owner: Tenant, importer: Tenant) -> None:
    account = await connect(running, "1", allow_import=True, require_listing_approval=True)
    one, two = listing_ids(account, (1, 2))
    assert await offered(importer) == []
    (result,) = await importer.choose(IMPORT, one)
    assert [each["code"] for each in result["userErrors"]] == ["NOT_FOUND"]
    await owner.choose(APPROVE, two)
    assert await offered(importer) == ["House 2"]
    await importer.choose(IMPORT, two)
    assert await importer.names() == ["House 2"]


async def test_what_cannot_be_imported_leaves_the_others_alone(running: World, importer: Tenant, offering: str) -> None:
    closed = await connect(running, "2")
    own = await connect(running, "2", OTHER, allow_import=True)
    given = ["?", listing_id(offering, 1), listing_id(offering, 99), listing_id(closed, 1), listing_id(own, 1)]
    results = await importer.choose(IMPORT, *given)
    assert [(each["imported"], [e["code"] for e in each["userErrors"]]) for each in results] == [
        (None, ["INVALID"]),
        (True, []),
        (None, ["NOT_FOUND"]),
        (None, ["NOT_FOUND"]),
        (None, ["NOT_ALLOWED"]),
    ]
    assert (await importer.choose(IMPORT, given[1]))[0]["imported"] is True
    assert [each["imported"] for each in await importer.choose(REMOVE, *given[1:3])] == [False, None]


async def test_keys_that_may_only_read_import_nothing(running: World, importer: Tenant, offering: str) -> None:
    reader = await running.key_with(Permission.READ, OTHER)
    for mutation in (IMPORT, REMOVE):
        answer = await running.post(mutation, {"ids": [listing_id(offering, 1)]}, Authorization=f"Bearer {reader}")
        assert answer.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_offers_are_paged_and_filtered(running: World, importer: Tenant, offering: str, estate: Estate) -> None:
    estate.count, estate.page_size = 12, 5
    await connect(running, "2", "default", allow_import=True)
    found, after = [], None
    while True:
        page = (await importer.data(OFFERED, first=4, after=after))["importableListings"]
        found += [each["id"] for each in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert len(found) == len(set(found)) == 15
    assert await offered(importer, filter={"text": "house 12"}) == ["House 12"]
    assert await offered(importer, filter={"minGuests": 2}) == []


async def test_a_walk_goes_on_when_an_owner_takes_an_account_back(
    running: World, owner: Tenant, importer: Tenant, offering: str
) -> None:
    second = await connect(running, "2", allow_import=True)
    await importer.choose(IMPORT, *listing_ids(offering, (1, 2, 3)), *listing_ids(second, (1, 2)))
    walk = """query($after: String) { listings(first: 2, after: $after) {
      nodes { id } pageInfo { hasNextPage endCursor } } }"""
    first = (await importer.data(walk))["listings"]
    assert [each["id"] for each in first["nodes"]] == listing_ids(offering, (1, 2))
    await owner.set(offering, allowImport=False)
    rest = (await importer.data(walk, after=first["pageInfo"]["endCursor"]))["listings"]
    assert [each["id"] for each in rest["nodes"]] == listing_ids(second, (1, 2))
    assert not rest["pageInfo"]["hasNextPage"]


async def test_an_owner_that_is_not_active_offers_nothing(running: World, owner: Tenant, importer: Tenant) -> None:
    account = await connect(running, "1", OTHER, allow_import=True)
    await owner.choose(IMPORT, listing_id(account, 1))
    async with running.services.database.session() as session:
        await session.execute(update(TenantRow).where(TenantRow.id == OTHER).values(status="INACTIVE"))
    assert await owner.names() == []
    assert await offered(owner) == []


async def test_nobody_imports_without_end(monkeypatch: pytest.MonkeyPatch, importer: Tenant, offering: str) -> None:
    monkeypatch.setattr(imports_module, "MOST", 2)
    one, two, three = listing_ids(offering, (1, 2, 3))
    await importer.choose(IMPORT, one, two)
    again, more = await importer.choose(IMPORT, one), await importer.choose(IMPORT, three)
    assert [each["userErrors"] for each in again] == [[]]
    assert [each["code"] for each in more[0]["userErrors"]] == ["CONFLICT"]
    assert len(await importer.names()) == 2


async def test_importers_pay_the_markup_for_distribution_and_the_owner_does_not(
    owner: Tenant, importer: Tenant, offering: str, estate: Estate
) -> None:
    one = listing_id(offering, 1)
    await owner.set(offering, distributionMarkupPercentage="10")
    await importer.choose(IMPORT, one)
    asked = f"""query($id: ID!) {{ priceDetails(inputs: [{{ listingId: $id, {STAY} }}]) {{
      total {{ amount }} originalTotal {{ amount }} }} }}"""
    for who, total in ((importer, 110), (owner, 100), (importer, 110)):
        (price,) = (await who.data(asked, id=one))["priceDetails"]
        assert (Decimal(price["total"]["amount"]), Decimal(price["originalTotal"]["amount"])) == (total, 100)
    assert estate.counted()["quotes"] == 1


# Calls and the cache.


async def test_the_owners_cache_serves_importers(
    owner: Tenant, importer: Tenant, offering: str, estate: Estate
) -> None:
    estate.count, estate.page_size = 9, 4
    assert len(await owner.names()) == 9
    await importer.choose(IMPORT, *listing_ids(offering, (2, 5, 9)))
    before = estate.counted()
    assert await importer.names("", page=2) == ["House 2", "House 5", "House 9"]
    assert await importer.names("orderBy: { field: NAME, direction: DESC }", page=2) == [
        "House 9",
        "House 5",
        "House 2",
    ]
    assert await offered(importer) == [f"House {n}" for n in range(1, 10)]
    assert estate.counted() == before == {"listing_page": 3}
    calendar = 'query($id: ID!) { listing(id: $id) { calendar(from: "2027-07-01", to: "2027-07-03") { currency } } }'
    await importer.data(calendar, id=listing_id(offering, 2))
    await owner.data(calendar, id=listing_id(offering, 2))
    assert estate.counted()["calendars"] == 1


async def test_a_few_listings_of_a_large_account_take_one_call(
    importer: Tenant, offering: str, estate: Estate, running: World
) -> None:
    estate.count, estate.page_size = 50, 5
    await importer.choose(IMPORT, *listing_ids(offering, (7, 49)))
    running.services.gateway.reading.keeper.forget(offering)
    running.clock.advance(10_000)
    estate.calls.clear()
    assert await importer.names("maxAge: 0") == ["House 7", "House 49"]
    assert estate.calls == [("listings", ("7", "49"))]


@pytest.mark.parametrize("provider", ["HOSTAWAY", "BOOKINGSYNC"])
async def test_imported_listings_are_found_free_and_priced(tmp_path: Path, provider: str) -> None:
    count = {f"{code.lower()}_accounts": int(code == provider) for code in ("HOSTAWAY", "BOOKINGSYNC")}
    async with world(tmp_path, listings=8, **count) as pms:
        owner, importer = await tenant(pms), await tenant(pms, OTHER)
        (account,) = await pms.services.accounts.list("default")
        await owner.set(account.id, allowImport=True)
        arrival = pms.clock.now().date() + timedelta(days=200)
        stay = f'arrival: "{arrival}", departure: "{arrival + timedelta(days=7)}"'
        asked = f"{{ availableListings({stay}) {{ nodes {{ listing {{ id }} price {{ total {{ amount }} }} }} }} }}"
        free = (await owner.data(asked))["availableListings"]["nodes"]
        chosen = free[-1]
        await importer.choose(IMPORT, chosen["listing"]["id"])
        pms.calls.clear()
        assert (await importer.data(asked))["availableListings"]["nodes"] == [chosen]
        assert not pms.data_calls()
