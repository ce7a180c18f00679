"""Listings of an account that asks for approval: hidden until somebody decides."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from graph.accounts import approvals as approvals_module
from graph.accounts.accounts import AccountStatus
from graph.accounts.keys import Permission
from graph.gateway.warming import Warming
from providers import catalogue
from providers.errors import UpstreamUnavailable
from providers.manifest import Precision
from providers.model import Listing
from providers.queries import ListingQuery, Page
from tests.acme_world import AcmeClient, Estate, acme_world
from tests.gateway_world import World, world
from tests.graph.schema.choices.offers import STAY
from tests.listing_choices import APPROVE, REJECT, Tenant, connect, listing_id, listing_ids, tenant

COUNT = "{ accounts { nodes { pendingListingCount } } }"


@pytest.fixture
async def asking(running: World) -> str:
    """The id of an account that asks for approval since it was connected; nothing of it was read."""
    return await connect(running, "1", require_listing_approval=True)


async def pending(owner: Tenant) -> list[int]:
    return [each["pendingListingCount"] for each in (await owner.data(COUNT))["accounts"]["nodes"]]


async def test_listings_seen_first_are_hidden_and_counted_until_somebody_decides(
    owner: Tenant, asking: str, estate: Estate
) -> None:
    assert await owner.names() == []
    assert await pending(owner) == [3]
    waiting = await owner.data(
        "{ listings(filter: { approval: [PENDING] }) { totalCount nodes { id name approval imported } } }"
    )
    assert waiting["listings"]["totalCount"] == 3
    assert [(each["name"], each["approval"], each["imported"]) for each in waiting["listings"]["nodes"]] == [
        (f"House {number}", "PENDING", False) for number in (1, 2, 3)
    ]
    first, second, third = (each["id"] for each in waiting["listings"]["nodes"])
    assert await owner.choose(APPROVE, first, third) == [
        {"id": id_, "approval": "APPROVED", "userErrors": []} for id_ in (first, third)
    ]
    assert await owner.choose(REJECT, second) == [{"id": second, "approval": "REJECTED", "userErrors": []}]
    assert await owner.names() == ["House 1", "House 3"]
    assert await owner.names("filter: { approval: [REJECTED, PENDING] }") == ["House 2"]
    assert await pending(owner) == [0]
    total = await owner.data("{ listings { totalCount } accounts { nodes { listings { totalCount } } } }")
    assert total["listings"]["totalCount"] == total["accounts"]["nodes"][0]["listings"]["totalCount"] == 2
    assert estate.counted() == {"listing_page": 1}


async def test_a_decision_can_be_changed(owner: Tenant, asking: str) -> None:
    one = listing_id(asking, 1)
    await owner.choose(REJECT, one)
    await owner.choose(APPROVE, one)
    assert await owner.names() == ["House 1"]
    await owner.choose(REJECT, one)
    assert await owner.names() == []


async def test_a_hidden_listing_is_found_nowhere(owner: Tenant, asking: str) -> None:
    one, two = listing_ids(asking, (1, 2))
    await owner.choose(APPROVE, two)
    found = await owner.ask(
        f"""query($id: ID!, $ids: [ID!]!) {{
          listing(id: $id) {{ name }} node(id: $id) {{ id }} nodes(ids: $ids) {{ id }}
          calendars(listingIds: $ids, from: "2027-07-01", to: "2027-07-03") {{ currency }}
          priceDetails(inputs: [{{ listingId: $id, {STAY} }}]) {{ nights }}
          accounts {{ nodes {{ listings {{ nodes {{ name }} }} users {{ listings {{ name }} }} }} }} }}""",
        id=one,
        ids=[one, two],
    )
    data = found["data"]
    assert data["listing"] is data["node"] is None
    assert data["nodes"] == [None, {"id": two}]
    assert data["calendars"] == [None, {"currency": "EUR"}]
    assert data["priceDetails"] == [None]
    (account,) = data["accounts"]["nodes"]
    assert account["listings"]["nodes"] == [{"name": "House 2"}]
    assert account["users"][0]["listings"] == [None, None, None]
    assert {each["extensions"]["code"] for each in found["errors"]} == {"NOT_FOUND"}


async def test_those_who_decide_are_told_no_parts_calendars_and_prices(
    owner: Tenant, asking: str, estate: Estate
) -> None:
    body = await owner.ask(
        f"""{{ listings(filter: {{ approval: [PENDING] }}) {{ nodes {{
          name fees {{ name }} calendar(from: "2027-07-01", to: "2027-07-03") {{ currency }}
          priceDetails({STAY}) {{ nights }} }} }} }}"""
    )
    nothing = {"fees": None, "calendar": None, "priceDetails": None}
    assert body["data"]["listings"]["nodes"] == [{"name": f"House {n}"} | nothing for n in (1, 2, 3)]
    assert estate.counted() == {"listing_page": 1}


async def test_reservations_of_hidden_listings_are_told_without_them(owner: Tenant, asking: str) -> None:
    asked = "{ reservations { nodes { id listing { name } } } }"
    assert [each["listing"] for each in (await owner.data(asked))["reservations"]["nodes"]] == [None]
    await owner.choose(APPROVE, listing_id(asking, 1))
    told = (await owner.data(asked))["reservations"]["nodes"]
    assert [each["listing"] for each in told] == [{"name": "House 1"}]


@pytest.mark.parametrize("provider", ["HOSTAWAY", "BOOKINGSYNC"])
async def test_hidden_listings_are_not_free(tmp_path: Path, provider: str) -> None:
    count = {f"{code.lower()}_accounts": int(code == provider) for code in ("HOSTAWAY", "BOOKINGSYNC")}
    async with world(tmp_path, listings=8, **count) as pms:
        owner = await tenant(pms)
        arrival = pms.clock.now().date() + timedelta(days=200)
        stay = f'arrival: "{arrival}", departure: "{arrival + timedelta(days=7)}"'
        query = f"{{ availableListings({stay}) {{ nodes {{ listing {{ id }} }} }} }}"
        free = [each["listing"]["id"] for each in (await owner.data(query))["availableListings"]["nodes"]]
        assert len(free) > 1
        (account,) = await pms.services.accounts.list("default")
        await pms.services.accounts.change(
            "default", account.id, lambda each: replace(each, require_listing_approval=True)
        )
        assert (await owner.data(query))["availableListings"]["nodes"] == []
        await owner.choose(APPROVE, free[-1])
        assert (await owner.data(query))["availableListings"]["nodes"] == [{"listing": {"id": free[-1]}}]


async def test_a_search_for_free_listings_knows_no_states(owner: Tenant, asking: str) -> None:
    body = await owner.ask(
        f"{{ availableListings({STAY}, filter: {{ approval: [PENDING] }}) {{ nodes {{ listing {{ id }} }} }} }}"
    )
    assert body["errors"][0]["extensions"]["argument"] == "filter.approval"


async def test_what_one_id_lacks_leaves_the_others_alone(
    owner: Tenant, running: World, asking: str, estate: Estate
) -> None:
    free = await connect(running, "2")
    other = await tenant(running, "ten_other")
    foreign = await connect(running, "1", other.id, require_listing_approval=True)
    given = [
        "no id",
        listing_id(asking, 1),
        listing_id(asking, 99),
        listing_id(free, 1),
        listing_id(foreign, 1),
        listing_id("acc_none", 1),
        listing_id(asking, 1),
    ]
    results = await owner.choose(APPROVE, *given)
    assert [(each["id"], each["approval"], [e["code"] for e in each["userErrors"]]) for each in results] == [
        (given[0], None, ["INVALID"]),
        (given[1], "APPROVED", []),
        (given[2], None, ["NOT_FOUND"]),
        (given[3], None, ["CONFLICT"]),
        (given[4], None, ["NOT_FOUND"]),
        (given[5], None, ["NOT_FOUND"]),
    ]
    assert results[2]["userErrors"][0]["field"] == ["ids", "2"]
    assert await other.names() == []
    assert estate.counted()["listings"] == 1  # one call for the two that were never seen


async def test_a_listing_that_cannot_be_asked_for_is_told_so(owner: Tenant, asking: str, estate: Estate) -> None:
    estate.failing["listings"] = UpstreamUnavailable("Down.")
    (result,) = await owner.choose(APPROVE, listing_id(asking, 1))
    assert [each["code"] for each in result["userErrors"]] == ["UNAVAILABLE"]


@pytest.mark.parametrize("given", [[], ["x"] * 201])
async def test_too_few_and_too_many_ids_are_refused(owner: Tenant, given: list[str]) -> None:
    body = await owner.ask(APPROVE, ids=given)
    assert body["errors"][0]["extensions"]["argument"] == "ids"


async def test_a_key_that_may_only_read_decides_nothing(running: World, owner: Tenant, asking: str) -> None:
    reader = await running.key_with(Permission.READ)
    for mutation in (APPROVE, REJECT):
        answer = await running.post(mutation, {"ids": [listing_id(asking, 1)]}, Authorization=f"Bearer {reader}")
        assert answer.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert await owner.names() == []


# Switching it on and off.


async def test_listings_of_an_account_in_use_stay_shown_when_it_begins_to_ask(
    running: World, owner: Tenant, estate: Estate
) -> None:
    estate.count, estate.page_size = 5, 2
    account = await connect(running, "1")
    assert await owner.set(account, requireListingApproval=True) == []
    assert await owner.names() == [f"House {n}" for n in range(1, 6)]
    assert await pending(owner) == [0]
    assert estate.counted() == {"listing_page": 3}
    estate.count = 6
    assert await owner.names("maxAge: 0") == [f"House {n}" for n in range(1, 6)]
    assert await pending(owner) == [1]


async def test_it_is_not_switched_on_while_the_listings_cannot_be_read(
    running: World, owner: Tenant, estate: Estate
) -> None:
    account = await connect(running, "1")
    estate.failing["listing_page"] = UpstreamUnavailable("Down.")
    (error,) = await owner.set(account, requireListingApproval=True)
    assert (error["field"], error["code"]) == (["requireListingApproval"], "UNAVAILABLE")
    estate.failing.clear()
    assert len(await owner.names("maxAge: 0")) == 3


async def test_a_paused_account_is_resumed_first(running: World, owner: Tenant) -> None:
    account = await connect(running, "1")
    await running.services.accounts.set_status("default", account, AccountStatus.PAUSED)
    (error,) = await owner.set(account, requireListingApproval=True)
    assert (error["field"], error["code"]) == (["requireListingApproval"], "CONFLICT")


async def test_an_account_that_was_never_in_use_begins_with_everything_pending(
    running: World, owner: Tenant, estate: Estate
) -> None:
    account = await connect(running, "1")
    await running.services.accounts.set_status("default", account, AccountStatus.AWAITING_AUTHORIZATION)
    assert await owner.set(account, requireListingApproval=True) == []
    assert not estate.calls
    await running.services.accounts.set_status("default", account, AccountStatus.ACTIVE)
    assert await owner.names() == []


async def test_without_approval_everything_is_shown_and_rejections_wait_for_it(
    running: World, owner: Tenant, asking: str
) -> None:
    await owner.choose(REJECT, listing_id(asking, 2))
    await owner.set(asking, requireListingApproval=False)
    shown = await owner.data("{ listings { nodes { name approval } } }")
    assert [each["approval"] for each in shown["listings"]["nodes"]] == ["APPROVED"] * 3
    hidden = await owner.data(
        "{ listings(filter: { approval: [PENDING, REJECTED] }) { totalCount nodes { name } sources { note } } }"
    )
    assert (hidden["listings"]["nodes"], hidden["listings"]["totalCount"]) == ([], 0)
    assert "approved" in hidden["listings"]["sources"][0]["note"]
    await owner.set(asking, requireListingApproval=True)
    assert await owner.names() == ["House 1", "House 3"]


# Paging.


async def test_hidden_listings_make_no_page_short_and_no_total_wrong(
    running: World, owner: Tenant, asking: str, estate: Estate
) -> None:
    estate.count, estate.page_size = 20, 3
    shown = [2, 3, 11, 12, 13, 20]
    await owner.choose(APPROVE, *listing_ids(asking, shown))
    assert await owner.names("", page=2) == [f"House {n}" for n in shown]
    assert estate.counted()["listing_page"] == 7
    data = await owner.data(
        "{ listings { totalCount } pending: listings(filter: {approval: [PENDING]}) { totalCount } }"
    )
    assert (data["listings"]["totalCount"], data["pending"]["totalCount"]) == (6, 14)
    assert await owner.names("orderBy: { field: NAME }", page=4) == sorted(f"House {n}" for n in shown)
    assert estate.counted()["listing_page"] == 7


async def test_a_total_that_only_reading_everything_would_tell_is_null(
    owner: Tenant, asking: str, estate: Estate
) -> None:
    await owner.choose(APPROVE, listing_id(asking, 2))
    estate.count, estate.page_size = 20, 3
    data = await owner.data("{ listings(first: 1) { totalCount } }")
    assert data["listings"]["totalCount"] is None


# Writing down.


async def test_each_batch_is_one_write_and_what_is_known_none(
    monkeypatch: pytest.MonkeyPatch, running: World, owner: Tenant, asking: str, estate: Estate
) -> None:
    writes = _count_writes(monkeypatch, running)
    estate.count, estate.page_size = 9, 3
    await owner.names()
    assert len(writes) == 3
    running.clock.advance(10_000)
    await owner.names("maxAge: 0")
    assert len(writes) == 3


async def test_a_listing_seen_by_its_id_is_written_down(owner: Tenant, asking: str, estate: Estate) -> None:
    body = await owner.ask("query($id: ID!) { listing(id: $id) { name } }", id=listing_id(asking, 2))
    assert body["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    assert await pending(owner) == [1]
    await owner.ask("query($id: ID!) { listing(id: $id, maxAge: 0) { name } }", id=listing_id(asking, 2))
    assert estate.counted() == {"listings": 1}  # what is known to be hidden is not asked for


async def test_a_listing_that_a_list_of_changes_brings_is_written_down(
    monkeypatch: pytest.MonkeyPatch, running: World, owner: Tenant, asking: str, estate: Estate
) -> None:
    _tell_changes(monkeypatch, "10")
    estate.count, estate.page_size = 9, 3
    assert await owner.names() == []
    estate.count = 10
    running.clock.advance(3600)
    assert await owner.names("maxAge: 60") == []
    assert estate.counted() == {"listing_page": 3, "changes": 1}
    assert await pending(owner) == [10]


async def test_a_listing_that_the_background_finds_is_written_down(
    running: World, owner: Tenant, asking: str, estate: Estate
) -> None:
    warming = Warming(running.services.gateway.reading.keeper, running.clock, lambda: ())
    running.services.gateway.reading.keeper.when_asked(warming.note)
    for _ in range(12):
        await owner.names()
    estate.count = 4
    running.clock.advance(500)
    await warming.renew_due()
    assert estate.counted() == {"listing_page": 2}
    assert await pending(owner) == [4]


async def test_a_read_does_not_wait_for_a_slow_write(
    monkeypatch: pytest.MonkeyPatch, running: World, owner: Tenant, asking: str
) -> None:
    monkeypatch.setattr(approvals_module, "PATIENCE", 0.01)
    gate = asyncio.Event()
    database = running.services.database
    write = database.session

    @asynccontextmanager
    async def slow() -> Any:
        await gate.wait()
        async with write() as session:
            yield session

    with monkeypatch.context() as patch:
        patch.setattr(database, "session", slow)
        assert await owner.names() == []
        gate.set()
        await running.services.administration.approvals.aclose()
    assert await pending(owner) == [3]


async def test_a_write_that_fails_hides_nothing_less_and_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, running: World, owner: Tenant, asking: str
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(running.services.database, "session", _no_session)
        assert await owner.names() == []
    assert await pending(owner) == [0]
    assert await owner.names("maxAge: 0") == []
    assert await pending(owner) == [3]


async def test_two_processes_write_the_same_listings_down(
    tmp_path: Path, estates: dict[str, Estate], running: World, owner: Tenant, asking: str
) -> None:
    async with acme_world(tmp_path, estates, []) as second:
        beside = await tenant(second)
        await asyncio.gather(owner.names(), beside.names())
        await beside.choose(APPROVE, listing_id(asking, 1))
        assert await beside.names() == ["House 1"]
        assert await pending(beside) == [2]


def _tell_changes(monkeypatch: pytest.MonkeyPatch, changed: str) -> None:
    """Have ACME tell what changed since: this one listing."""
    plugin, whole = catalogue.plugin("ACME"), AcmeClient.listing_page
    manifest = replace(plugin.manifest, listing_filters={"updated_since": Precision.EXACT})

    async def listing_page(self: AcmeClient, query: ListingQuery, position: str | None) -> Page[Listing]:
        if query.updated_since is None:
            return await whole(self, query, position)
        self.estate.note("changes")
        return Page(items=[self.listing(changed)], next=None, total=1, fetched_at=self.estate.now())

    monkeypatch.setattr(plugin, "manifest", manifest)
    monkeypatch.setattr(AcmeClient, "listing_page", listing_page)


def _no_session() -> Any:
    raise ConnectionError("no database")


def _count_writes(monkeypatch: pytest.MonkeyPatch, running: World) -> list[int]:
    writes: list[int] = []
    database = running.services.database
    session = database.session

    def counted() -> Any:
        writes.append(1)
        return session()

    monkeypatch.setattr(database, "session", counted)
    return writes
