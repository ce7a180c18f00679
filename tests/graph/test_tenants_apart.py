"""Tenants never meet: whatever is asked with one's key, nothing of another's is answered, counted or changed.

All tenants connected the same PMS accounts, so that only StayGraph keeps them apart. What belongs to another is to
everybody as if it were not there: the answer is word for word that for ids of nothing.
"""

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.accounts.keys import Permission
from tests.tenants_world import TENANTS, Apart, Side, apart

Runner = Callable[[Any], Any]


@dataclass
class Stage:
    """The tenants' world, and the way to run something in its event loop."""

    world: Apart
    run: Runner

    def ask(self, side: Side, query: str, variables: dict[str, Any], **headers: str) -> tuple[int, Any]:
        answer: tuple[int, Any] = self.run(self.world.ask(side, query, variables, **headers))
        return answer


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with asyncio.Runner() as runner:
        opened = apart(tmp_path_factory.mktemp("apart"))
        world = runner.run(opened.__aenter__())
        yield Stage(world, runner.run)
        runner.run(opened.__aexit__(None, None, None))


ACCOUNT = "id name accountIdentifier provider users { providerId listingIds } listings(first: 3) { nodes { id raw } }"
LISTING = """
  id name account { id name } raw amenities { name }
  reservations(first: 2) { nodes { id } } calendar(from: "2027-03-01", to: "2027-03-03") { days { date } }
"""
RESERVATION = "id listing { id name } guest { name } account { name }"
SOURCES = "sources { account { id name } status note applied { argument by } error { code message } }"
NODE = f"... on Account {{ {ACCOUNT} }} ... on Listing {{ {LISTING} }} ... on Reservation {{ {RESERVATION} }}"
PAGE = "pageInfo { endCursor startCursor }"

OWN = [
    f"{{ accounts {{ totalCount nodes {{ {ACCOUNT} }} {PAGE} }} }}",
    f"{{ listings(first: 3) {{ nodes {{ {LISTING} }} {PAGE} {SOURCES} }} }}",
    f"{{ listings(first: 500, orderBy: {{ field: NAME }}) {{ totalCount edges {{ cursor node {{ id }} }} {PAGE} }} }}",
    f"{{ reservations(first: 5) {{ nodes {{ {RESERVATION} }} {PAGE} {SOURCES} }} }}",
    f"{{ reservations(first: 5, filter: {{ statuses: [CONFIRMED] }}) {{ totalCount nodes {{ id }} {SOURCES} }} }}",
    '{ availableListings(arrival: "2027-03-01", departure: "2027-03-04") { nodes { listing { id } } sources {'
    " account { id } note } } }",
    f"{{ providerAccounts {{ groups {{ account {{ id name }} nodes {{ raw }} }} {SOURCES} }} }}",
    "{ rateLimits { provider accounts { id name } } }",
    "{ viewer { tenant { id name } key { id name } } }",
    "{ apiKeys { totalCount nodes { id tenantId name } pageInfo { endCursor } } }",
    "{ apiKeys(allTenants: true) { totalCount nodes { id tenantId name } } }",
    "{ notificationSecret }",
    "{ webhookEndpoints { id url cursor } }",
    "{ reservationEvents { nodes { id cursor account { id } } } }",
    "{ tenants { totalCount nodes { id name } pageInfo { endCursor } } }",
]

BY_ID = {
    "account": (f"query($id: ID!) {{ account(id: $id) {{ {ACCOUNT} }} }}", "account_id"),
    "listing": (f"query($id: ID!) {{ listing(id: $id) {{ {LISTING} }} }}", "listing_id"),
    "listing, asking the PMS": (f"query($id: ID!) {{ listing(id: $id, maxAge: 0) {{ {LISTING} }} }}", "listing_id"),
    "reservation": (f"query($id: ID!) {{ reservation(id: $id) {{ {RESERVATION} }} }}", "reservation_id"),
    "node of an account": (f"query($id: ID!) {{ node(id: $id) {{ id {NODE} }} }}", "account_id"),
    "node of a listing": (f"query($id: ID!) {{ node(id: $id) {{ id {NODE} }} }}", "listing_id"),
    "node of a reservation": (f"query($id: ID!) {{ node(id: $id) {{ id {NODE} }} }}", "reservation_id"),
    "nodes": (f"query($id: ID!, $own: ID!) {{ nodes(ids: [$own, $id]) {{ id {NODE} }} }}", "listing_id"),
    "listings of an account": (
        f"query($id: ID!) {{ listings(filter: {{ accountIds: [$id] }}) {{ nodes {{ id }} {SOURCES} }} }}",
        "account_id",
    ),
    "listings of accounts": (
        "query($id: ID!, $of: ID!) { listings(filter: { accountIds: [$of, $id] }) { nodes { id } } }",
        "account_id",
    ),
    "reservations of an account": (
        f"query($id: ID!) {{ reservations(filter: {{ accountIds: [$id] }}) {{ nodes {{ id }} {SOURCES} }} }}",
        "account_id",
    ),
    "reservations of a listing": (
        f"query($id: ID!) {{ reservations(filter: {{ listingIds: [$id] }}) {{ nodes {{ id }} {SOURCES} }} }}",
        "listing_id",
    ),
    "reservations of listings": (
        "query($id: ID!, $own: ID!) { reservations(filter: { listingIds: [$own, $id] }) { nodes { id } } }",
        "listing_id",
    ),
    "free listings of an account": (
        'query($id: ID!) { availableListings(arrival: "2027-03-01", departure: "2027-03-04", filter: { accountIds: '
        "[$id] }) { nodes { listing { id } } } }",
        "account_id",
    ),
    "calendars": (
        'query($id: ID!, $own: ID!) { calendars(listingIds: [$own, $id], from: "2027-03-01", to: "2027-03-03") {'
        " listing { id } days { date price } } }",
        "listing_id",
    ),
    "prices": (
        'query($id: ID!) { priceDetails(inputs: [{ listingId: $id, arrival: "2027-03-01", departure: "2027-03-05" }]) {'
        " total { amount } } }",
        "listing_id",
    ),
    "provider accounts": (
        "query($id: ID!) { providerAccounts(accountIds: [$id]) { groups { account { id } } } }",
        "account_id",
    ),
    "rate limits": ("query($id: ID!) { rateLimits(accountIds: [$id]) { provider used } }", "account_id"),
    "changing an account": (
        'mutation($id: ID!) { updateIntegrationAccount(id: $id, input: { name: "stolen" }) { account { name }'
        " userErrors { field code message allowed } } }",
        "account_id",
    ),
}

PLAIN_IDS = {
    "revoking a key": (
        "mutation($id: ID!) { revokeApiKey(id: $id) { apiKey { id } userErrors { field code message } } }",
        "key_id",
        "key_00000000000000000000",
    ),
    "a key for a tenant": (
        'mutation($id: ID!) { createApiKey(input: { name: "x", tenantId: $id }) { secret userErrors { field code'
        " message } } }",
        "tenant_id",
        "ten_00000000000000000000",
    ),
    "renaming a tenant": (
        'mutation($id: ID!) { renameTenant(id: $id, name: "stolen") { tenant { name } userErrors { field code } } }',
        "tenant_id",
        "ten_00000000000000000000",
    ),
    "deactivating a tenant": (
        "mutation($id: ID!) { deactivateTenant(id: $id) { tenant { name } userErrors { field code } } }",
        "tenant_id",
        "ten_00000000000000000000",
    ),
}

AFTER = {
    "accounts": "query($after: String) { accounts(after: $after) { nodes { id } } }",
    "listings": "query($after: String) { listings(after: $after, orderBy: { field: NAME }) { nodes { id } } }",
    "reservations": "query($after: String) { reservations(first: 1, after: $after) { nodes { id } } }",
}

Step = tuple[str, str, str, Any]

pairs = st.permutations(TENANTS).map(lambda order: (order[0], order[1]))
steps = st.one_of(
    st.tuples(pairs, st.just("own"), st.sampled_from(OWN)),
    st.tuples(pairs, st.just("id"), st.sampled_from(sorted(BY_ID))),
    st.tuples(pairs, st.just("plain id"), st.sampled_from(sorted(PLAIN_IDS))),
    st.tuples(pairs, st.just("cursor"), st.sampled_from(sorted(AFTER))),
    st.tuples(pairs, st.just("header"), st.sampled_from(OWN)),
    st.tuples(pairs, st.just("rename"), st.integers(0, 99)),
)


@settings(max_examples=60)
@given(st.lists(steps, min_size=1, max_size=6))
def test_no_sequence_of_operations_crosses_from_one_tenant_to_another(stage: Stage, steps: list[Any]) -> None:
    for (viewer, victim), kind, what in steps:
        MOVES[kind](stage, stage.world.sides[viewer], stage.world.sides[victim], what)
    for side in stage.world.sides.values():
        _is_untouched(stage, side)


def _is_untouched(stage: Stage, side: Side) -> None:
    services = stage.world.gateway.services
    accounts = stage.run(services.accounts.list(side.tenant_id))
    assert len(accounts) == 3
    assert all(account.name.startswith(f"{side.name}-") for account in accounts)
    assert stage.run(services.tenants.active(side.tenant_id)).name != "stolen"
    assert stage.ask(side, "{ viewer { key { status } } }", {})[1] == {
        "data": {"viewer": {"key": {"status": "ACTIVE"}}}
    }


def _own(stage: Stage, viewer: Side, _: Side, query: str) -> None:
    status, body = stage.ask(viewer, query, {})
    assert status == 200
    for error in body.get("errors", []):
        assert error["extensions"]["code"] in ("FORBIDDEN", "NOT_SUPPORTED"), body


def _by_id(stage: Stage, viewer: Side, victim: Side, what: str) -> None:
    query, attribute = BY_ID[what]
    foreign = getattr(victim, attribute)
    both = [
        _asked_for(stage, viewer, query, id_, {"own": viewer.listing_id, "of": viewer.account_id})
        for id_ in (foreign, stage.world.nothing_like(foreign))
    ]
    assert both[0] == both[1]


def _by_plain_id(stage: Stage, viewer: Side, victim: Side, what: str) -> None:
    query, attribute, nothing = PLAIN_IDS[what]
    both = [stage.ask(viewer, query, {"id": id_}) for id_ in (getattr(victim, attribute), nothing)]
    assert both[0] == both[1]
    assert '"secret": "sg_' not in json.dumps(both[0])


def _asked_for(stage: Stage, viewer: Side, query: str, id_: str, more: dict[str, str]) -> tuple[int, Any]:
    """The answer, with the id that was asked for replaced by a word."""
    used = {name: value for name, value in more.items() if f"${name}:" in query}
    status, body = stage.ask(viewer, query, {"id": id_, **used})
    return status, json.loads(json.dumps(body).replace(id_, "THE-ID"))


def _cursor(stage: Stage, viewer: Side, victim: Side, field: str) -> None:
    status, body = stage.ask(viewer, AFTER[field], {"after": victim.cursors[field]})
    assert (status, body["data"]) == (200, {field: None})
    assert [error["extensions"]["argument"] for error in body["errors"]] == ["after"]
    # The own cursor goes on: it is not that none does.
    assert "errors" not in stage.ask(viewer, AFTER[field], {"after": viewer.cursors[field]})[1]


def _header(stage: Stage, viewer: Side, victim: Side, query: str) -> None:
    refusals = [
        stage.ask(viewer, query, {}, **{"X-Tenant-Id": named}) for named in (victim.tenant_id, "ten_" + "0" * 20)
    ]
    assert refusals[0] == refusals[1]
    assert refusals[0][0] == 403


def _rename(stage: Stage, viewer: Side, _: Side, number: int) -> None:
    query = (
        "mutation($id: ID!, $name: String!) { updateIntegrationAccount(id: $id, input: { name: $name,"
        " accountIdentifier: $name }) { account { name accountIdentifier } userErrors { code } } }"
    )
    name = f"{viewer.name}-{number}"
    _, body = stage.ask(viewer, query, {"id": viewer.account_id, "name": name})
    assert body["data"]["updateIntegrationAccount"]["userErrors"] == []


MOVES: dict[str, Callable[[Stage, Side, Side, Any], None]] = {
    "own": _own,
    "id": _by_id,
    "plain id": _by_plain_id,
    "cursor": _cursor,
    "header": _header,
    "rename": _rename,
}


@pytest.mark.parametrize("what", sorted(BY_ID))
def test_every_way_to_name_something_of_another_is_tried(stage: Stage, what: str) -> None:
    for viewer, victim in (("alpha", "beta"), ("beta", "default"), ("default", "alpha")):
        _by_id(stage, stage.world.sides[viewer], stage.world.sides[victim], what)


@pytest.mark.parametrize("query", OWN)
def test_every_list_holds_only_the_own(stage: Stage, query: str) -> None:
    for viewer in TENANTS:
        _own(stage, stage.world.sides[viewer], stage.world.sides[viewer], query)


def test_the_same_identifier_may_be_used_by_each_tenant(stage: Stage) -> None:
    for viewer in ("alpha", "beta"):
        _rename(stage, stage.world.sides[viewer], stage.world.sides[viewer], 7)


def test_what_one_tenant_read_is_read_anew_for_another(stage: Stage) -> None:
    """No cache entry is shared, though it is the same account of the same PMS."""
    gateway = stage.world.gateway
    query = "{ listings(maxAge: 600, first: 500) { nodes { id } } }"
    stage.ask(stage.world.sides["alpha"], query, {})
    stage.ask(stage.world.sides["beta"], query, {})
    gateway.clock.advance(700)
    calls = len(gateway.data_calls())
    stage.ask(stage.world.sides["alpha"], query, {})
    first = len(gateway.data_calls())
    stage.ask(stage.world.sides["alpha"], query, {})
    assert len(gateway.data_calls()) == first > calls
    stage.ask(stage.world.sides["beta"], query, {})
    assert len(gateway.data_calls()) > first


def test_a_default_key_that_may_only_write_is_kept_out_like_any_other(stage: Stage) -> None:
    default = stage.world.sides["default"]
    permission = stage.ask(default, "{ viewer { permission } }", {})[1]["data"]["viewer"]["permission"]
    assert permission == Permission.WRITE


def test_each_tenant_signs_with_a_secret_of_its_own(stage: Stage) -> None:
    answers = [stage.ask(side, "{ notificationSecret }", {})[1] for side in stage.world.sides.values()]
    assert len({answer["data"]["notificationSecret"] for answer in answers}) == len(TENANTS)
