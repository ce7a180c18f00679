"""Bad input: each refusal has a code, names the argument and says what is allowed; no PMS is asked."""

import asyncio
from typing import Any

import pytest

from tests.gateway_world import World

LISTING = "bDphY2NfMTo0MDAwMQ"
STAY_FAR_AWAY = 'arrival: "2100-01-01", departure: "2100-01-03", '
WITH_NUL = "YTphY2MAOg"


async def refused(running: World, query: str, **variables: Any) -> dict[str, Any]:
    """The extensions of the one error of an operation that must not have reached a PMS."""
    body = await running.ask(query, **variables)
    assert len(body["errors"]) == 1, body["errors"]
    assert not running.calls
    error: dict[str, Any] = body["errors"][0]
    return {"message": error["message"], **error["extensions"]}


@pytest.mark.parametrize(
    ("query", "argument", "allowed"),
    [
        ("{ listings(first: 0) { nodes { id } } }", "first", "1 to 500"),
        ("{ listings(first: -3) { nodes { id } } }", "first", "1 to 500"),
        ("{ listings(first: 501) { nodes { id } } }", "first", "1 to 500"),
        ("{ listings(maxAge: -1) { nodes { id } } }", "maxAge", "0 to"),
        ('{ listings(after: "nonsense") { nodes { id } } }', "after", "endCursor"),
        ("{ listings(filter: {minGuests: 0}) { nodes { id } } }", "filter.minGuests", "1 to 500"),
        ('{ listings(filter: {text: "  "}) { nodes { id } } }', "filter.text", "1 to 200 characters"),
        ("{ listings(filter: {accountIds: []}) { nodes { id } } }", "filter.accountIds", "1 to 200"),
        ('{ listings(filter: {accountIds: ["x"]}) { nodes { id } } }', "filter.accountIds[0]", "id of an Account"),
        ('{ listings(filter: {providers: ["AIRBNB"]}) { nodes { id } } }', "filter.providers[0]", "HOSTAWAY"),
        ('{ listings(filter: {updatedSince: "2026-01-01T00:00:00"}) { nodes { id } } }', "filter.updatedSince", "Z"),
        (
            '{ listings(filter: {updatedSince: "9999-12-31T23:59:59-14:00"}) { nodes { id } } }',
            "filter.updatedSince",
            "1900",
        ),
        ('{ reservations(filter: {stay: {from: "0001-01-01"}}) { nodes { id } } }', "filter.stay.from", "1900 to 2200"),
        (
            '{ reservations(filter: {stay: {from: "2026-12-02", to: "2026-12-01"}}) { nodes { id } } }',
            "filter.stay.from",
            "before to",
        ),
        ("{ reservations(filter: {arrival: {}}) { nodes { id } } }", "filter.arrival", "at least one"),
        ("{ reservations(filter: {statuses: []}) { nodes { id } } }", "filter.statuses", "leave it out"),
        ('{ listing(id: "unknown") { id } }', "id", "id of a Listing"),
        ('{ reservation(id: "' + LISTING + '") { id } }', "id", "id of a Reservation"),
        ('{ node(id: "%%%") { id } }', "id", "an Account or Listing or Reservation"),
        ('{ node(id: "' + WITH_NUL + '") { id } }', "id", "an Account or Listing or Reservation"),
        ("{ nodes(ids: []) { id } }", "ids", "1 to 200"),
        (
            '{ calendars(listingIds: ["' + LISTING + '"], from: "2026-12-02", to: "2026-12-02") { start } }',
            "from",
            "excluded",
        ),
        (
            '{ calendars(listingIds: ["' + LISTING + '"], from: "2026-01-01", to: "2036-01-01") { start } }',
            "to",
            "1096 days: up to 2029-01-01",
        ),
        ('{ calendars(listingIds: [], from: "2026-12-02", to: "2026-12-03") { start } }', "listingIds", "1 to 200"),
        ("{ priceDetails(inputs: []) { nights } }", "inputs", "1 to 50"),
        (
            '{ availableListings(arrival: "2200-12-31", departure: "2201-01-01") { nodes { basis } } }',
            "departure",
            "1900 to 2200",
        ),
        (
            '{ priceDetails(inputs: [{listingId: "' + LISTING + '", arrival: "2200-12-31", departure: "2201-01-01"}])'
            " { nights } }",
            "inputs[0].departure",
            "1900 to 2200",
        ),
        (
            '{ priceDetails(inputs: [{listingId: "' + LISTING + '", arrival: "2026-12-02", departure: "2026-12-05",'
            " adults: 0}]) { nights } }",
            "inputs[0].adults",
            "1 to 500",
        ),
        (
            '{ priceDetails(inputs: [{listingId: "' + LISTING + '", arrival: "2026-12-05", departure: "2026-12-05"}])'
            " { nights } }",
            "inputs[0].departure",
            "1 to 366 nights",
        ),
        ('{ rateLimits(accountIds: ["x"]) { used } }', "accountIds[0]", "id of an Account"),
        ("{ listings(filter: {propertyTypes: []}) { nodes { id } } }", "filter.propertyTypes", "leave it out"),
        ('{ listings(filter: {countryCode: "FRA"}) { nodes { id } } }', "filter.countryCode", "two letters"),
        ('{ listings(filter: {userId: " "}) { nodes { id } } }', "filter.userId", "1 to 200 characters"),
        (
            '{ listings(filter: {updatedSince: "2026-12-02T00:00:00Z", updatedUntil: "2026-12-02T00:00:00Z"}) {'
            " nodes { id } } }",
            "filter.updatedSince",
            "before updatedUntil",
        ),
        ('{ listings(filter: {updatedUntil: "2026-12-02T00:00:00"}) { nodes { id } } }', "filter.updatedUntil", "Z"),
        ("{ reservations(filter: {channels: []}) { nodes { id } } }", "filter.channels", "leave it out"),
        ("{ reservations(filter: {guestIds: []}) { nodes { id } } }", "filter.guestIds", "leave it out"),
        ('{ reservations(filter: {guestIds: ["1", ""]}) { nodes { id } } }', "filter.guestIds[1]", "1 to 200"),
        ('{ reservations(filter: {guestEmail: ""}) { nodes { id } } }', "filter.guestEmail", "1 to 200"),
        (
            '{ reservations(filter: {arrival: {from: "2026-12-10"}, departure: {to: "2026-12-11"}}) { nodes { id } } }',
            "filter.departure.to",
            "2026-12-12 or later",
        ),
        (
            '{ reservations(filter: {arrival: {from: "2026-12-10"}, stay: {to: "2026-12-10"}}) { nodes { id } } }',
            "filter.stay.to",
            "2026-12-11 or later",
        ),
        (
            '{ reservations(filter: {stay: {from: "2026-12-10"}, departure: {to: "2026-12-11"}}) { nodes { id } } }',
            "filter.departure.to",
            "2026-12-12 or later",
        ),
        (
            '{ availableListings(arrival: "2020-01-01", departure: "2020-01-03") { nodes { basis } } }',
            "arrival",
            "or later",
        ),
        (
            '{ availableListings(arrival: "2190-01-03", departure: "2190-01-03") { nodes { basis } } }',
            "departure",
            "1 to 366 nights",
        ),
        (
            '{ availableListings(arrival: "2190-01-03", departure: "2192-01-03") { nodes { basis } } }',
            "departure",
            "1 to 366 nights",
        ),
        (
            '{ availableListings(arrival: "2190-01-03", departure: "2190-01-05", adults: 0) { nodes { basis } } }',
            "adults",
            "1 to 500",
        ),
        (
            '{ availableListings(arrival: "2190-01-03", departure: "2190-01-05", children: -1) { nodes { basis } } }',
            "children",
            "0 to 500",
        ),
        (
            '{ availableListings(arrival: "2190-01-03", departure: "2190-01-05", filter: {userId: "7"}) {'
            " nodes { basis } } }",
            "filter.userId",
            "the other filters",
        ),
        (
            '{ availableListings(arrival: "2190-01-03", departure: "2190-01-05", after: "x") { nodes { basis } } }',
            "after",
            "endCursor",
        ),
    ],
)
async def test_a_bad_argument_names_itself_and_what_is_allowed(
    running: World, query: str, argument: str, allowed: str
) -> None:
    error = await refused(running, query)
    assert (error["code"], error["argument"]) == ("BAD_INPUT", argument)
    assert allowed in error["allowed"]
    assert argument in error["message"]


@pytest.mark.parametrize(
    ("field", "arguments"), [("listings", ""), ("reservations", ""), ("availableListings", STAY_FAR_AWAY)]
)
async def test_an_account_named_that_is_of_another_provider_is_a_contradiction(
    running: World, field: str, arguments: str
) -> None:
    accounts = (await running.data("{ accounts { nodes { id provider } } }"))["accounts"]["nodes"]
    ids = {of: [each["id"] for each in accounts if each["provider"] == of] for of in ("HOSTAWAY", "BOOKINGSYNC")}
    query = (
        "query($ids: [ID!], $of: [String!]) { "
        + field
        + "("
        + arguments
        + "filter: {accountIds: $ids, providers: $of}) {"
        " sources { account { id } } } }"
    )
    for named, place in ((ids["HOSTAWAY"], 0), ([*ids["BOOKINGSYNC"], *ids["HOSTAWAY"]], len(ids["BOOKINGSYNC"]))):
        running.calls.clear()
        error = await refused(running, query, ids=named, of=["BOOKINGSYNC"])
        assert (error["code"], error["argument"]) == ("BAD_INPUT", f"filter.accountIds[{place}]")
        assert "HOSTAWAY" in error["message"]
        assert "filter.providers" in error["message"]
        assert "BOOKINGSYNC" in error["allowed"]
        assert not running.calls
    page = (await running.data(query, ids=ids["BOOKINGSYNC"], of=["bookingsync"]))[field]
    assert [source["account"]["id"] for source in page["sources"]] == ids["BOOKINGSYNC"]


async def test_a_bad_argument_leaves_the_fields_beside_it_alone(running: World) -> None:
    body = await running.ask("{ bad: listings(first: 0) { nodes { id } } good: accounts { totalCount } }")
    assert body["data"] == {"bad": None, "good": {"totalCount": 3}}


async def test_a_cursor_of_another_filter_is_refused(running: World) -> None:
    data = await running.data("{ listings(first: 2) { pageInfo { endCursor } } }")
    body = await running.ask(
        "query($after: String) { listings(first: 2, after: $after, filter: {minGuests: 2}) { nodes { id } } }",
        after=data["listings"]["pageInfo"]["endCursor"],
    )
    assert body["errors"][0]["extensions"]["argument"] == "after"
    assert "belongs to another query" in body["errors"][0]["message"]


@pytest.mark.parametrize("name", ["listing", "reservation", "account"])
async def test_what_does_not_exist_is_null_with_not_found(running: World, name: str) -> None:
    kinds = {"account": "accounts", "listing": "listings(first: 1)", "reservation": "reservations(first: 1)"}
    data = await running.data("{ " + kinds[name] + " { nodes { id } } }")
    known = next(iter(data.values()))["nodes"][0]["id"]
    unknown = _with_other_number(known)
    body = await running.ask("query($id: ID!) { " + name + "(id: $id) { id } }", id=unknown)
    assert body["data"] == {name: None}
    assert body["errors"][0]["extensions"]["code"] == "NOT_FOUND"


def _with_other_number(id_: str) -> str:
    import base64

    raw = base64.urlsafe_b64decode(id_ + "=" * (-len(id_) % 4)).decode()
    kind, account, number = raw.split(":")
    raw = f"{kind}:{account}:999999" if number else f"{kind}:{account}x:"
    return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")


async def test_one_unknown_id_of_several_fails_alone(running: World) -> None:
    data = await running.data("{ listings(first: 1) { nodes { id } } }")
    known = data["listings"]["nodes"][0]["id"]
    body = await running.ask(
        'query($ids: [ID!]!) { nodes(ids: $ids) { id } calendars(listingIds: $ids, from: "2026-12-01",'
        ' to: "2026-12-03") { start } }',
        ids=[known, _with_other_number(known)],
    )
    assert body["data"] == {"nodes": [{"id": known}, None], "calendars": [{"start": "2026-12-01"}, None]}
    assert sorted(str(error["path"]) for error in body["errors"]) == ["['calendars', 1]", "['nodes', 1]"]
    assert {error["extensions"]["code"] for error in body["errors"]} == {"NOT_FOUND"}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ nothing }", "INVALID_OPERATION"),
        ("{ listings(", "INVALID_OPERATION"),
        ('{ listings(first: "many") { nodes { id } } }', "INVALID_OPERATION"),
        ("{ listings(filter: {propertyTypes: [IGLOO]}) { nodes { id } } }", "INVALID_OPERATION"),
        ('{ reservations(filter: {channels: ["AIRBNB"]}) { nodes { id } } }', "INVALID_OPERATION"),
        ("{ reservations(filter: {starred: 1}) { nodes { id } } }", "INVALID_OPERATION"),
        ('{ calendars(listingIds: ["a"], from: "yesterday", to: "2026-12-01") { start } }', "INVALID_OPERATION"),
        (
            "{ listings { nodes " + "{ account { listings { nodes " * 12 + "{ id }" + "} } }" * 12 + " } }",
            "OPERATION_TOO_LARGE",
        ),
        ("{ " + " ".join(f"a{n}: accounts {{ totalCount }}" for n in range(10_000)) + " }", "OPERATION_TOO_LARGE"),
        ("{ a" * 2000 + "}" * 2000, "OPERATION_TOO_LARGE"),
        (
            "{ ...F0 } "
            + " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(60))
            + " fragment F60 on Query { x: providers { code } }",
            "OPERATION_TOO_LARGE",
        ),
        ("{ " + " ".join(f"a{n}: accounts {{ totalCount }}" for n in range(101)) + " }", "OPERATION_TOO_LARGE"),
        (
            "{ listings(first: 500) { nodes { reservations(first: 500) { nodes { id } } } } }",
            "OPERATION_TOO_LARGE",
        ),
    ],
)
async def test_operations_that_do_not_fit_are_refused_before_any_call(running: World, query: str, code: str) -> None:
    answer = await running.post(query)
    assert answer.status_code in (200, 400)
    errors = answer.json()["errors"]
    assert {error["extensions"]["code"] for error in errors} == {code}
    assert not running.calls


async def test_variables_of_a_wrong_type_are_refused(running: World) -> None:
    error = await refused(running, "query($n: Int!) { listings(first: $n) { nodes { id } } }", n="many")
    assert error["code"] == "INVALID_OPERATION"
    assert "$n" in error["message"]


async def test_a_required_argument_that_gets_null_is_refused(running: World) -> None:
    error = await refused(running, "query($id: ID! = null) { listing(id: $id) { id } }")
    assert error["code"] == "INVALID_OPERATION"
    error = await refused(running, "query($n: Int) { listings(first: $n) { nodes { id } } }", n=None)
    assert error["code"] == "INVALID_OPERATION"
    assert "first" in error["message"]


@pytest.mark.parametrize(
    ("kind", "query", "last"),
    [
        ("Query", "{ ...F0 }", "{ providers { code } }"),
        ("ListingConnection", "{ listings { ...F0 } }", "{ totalCount }"),
        ("Amenity", "{ listings { nodes { amenities { ...F0 } } } }", "{ providerId }"),
    ],
)
async def test_fragments_that_double_do_not_keep_the_server_busy(
    running: World, kind: str, query: str, last: str
) -> None:
    doubling = " ".join(f"fragment F{n} on {kind} {{ ...F{n + 1} ...F{n + 1} }}" for n in range(60))
    async with asyncio.timeout(5):
        await running.data(f"{query} {doubling} fragment F60 on {kind} {last}")
