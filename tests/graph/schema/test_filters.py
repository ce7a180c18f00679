"""Filters and orders over several PMSs: they agree with the unfiltered data, and sources say who applied them."""

from typing import Any

import pytest

from tests.gateway_world import World

SOURCES = "sources { account { provider } status applied { argument by } error { code message } }"

RESERVATION = """id arrival bookedAt channel customerReference agreement isStarred isArchived isPinned assigneeId
  guest { providerId email } account { id }"""

STAY = 'arrival: "2100-01-01", departure: "2100-01-03"'

LISTING = "id position propertyType providerPropertyType address { country } contact { firstName lastName } updatedAt"


async def reservations(running: World, **given: Any) -> dict[str, Any]:
    """All reservations that fit a filter, page by page, and the sources of the last page."""
    found: list[Any] = []
    after = None
    while True:
        data = await running.data(
            "query($f: ReservationFilter, $o: ReservationOrder, $after: String) { reservations(first: 500, filter: $f,"
            " orderBy: $o, after: $after) { nodes { "
            + RESERVATION
            + " } pageInfo { hasNextPage endCursor } "
            + SOURCES
            + " } }",
            f=given.get("filter"),
            o=given.get("order"),
            after=after,
        )
        page = data["reservations"]
        found += page["nodes"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return {"nodes": found, "sources": page["sources"]}


async def listings(running: World, **given: Any) -> dict[str, Any]:
    data = await running.data(
        "query($f: ListingFilter, $o: ListingOrder) { listings(first: 500, filter: $f, orderBy: $o) { nodes { "
        + LISTING
        + " } "
        + SOURCES
        + " } }",
        f=given.get("filter"),
        o=given.get("order"),
    )
    page: dict[str, Any] = data["listings"]
    return page


FILTERS_ON_RESERVATIONS = [
    ("channels", lambda each: [each["channel"]] if each["channel"] else None),
    ("customerReference", lambda each: each["customerReference"]),
    ("agreement", lambda each: each["agreement"]),
    ("starred", lambda each: each["isStarred"]),
    ("archived", lambda each: each["isArchived"]),
    ("pinned", lambda each: each["isPinned"]),
    ("assigneeId", lambda each: each["assigneeId"]),
    ("guestEmail", lambda each: (each["guest"] or {}).get("email")),
    ("guestIds", lambda each: [id_] if (id_ := (each["guest"] or {}).get("providerId")) else None),
]


async def test_filters_on_reservations_agree_with_the_unfiltered_data(running: World) -> None:
    everything = (await reservations(running))["nodes"]
    tried = 0
    for name, value_of in FILTERS_ON_RESERVATIONS:
        wanted = next((value for each in everything if (value := value_of(each)) is not None), None)
        if wanted is None:
            continue  # no simulated PMS tells it
        tried += 1
        found = (await reservations(running, filter={name: wanted}))["nodes"]
        expected = [each["id"] for each in everything if value_of(each) == wanted]
        assert sorted(each["id"] for each in found) == sorted(expected), name
    assert tried >= 2


FILTERS_ON_LISTINGS = [
    ("propertyTypes", lambda each: [each["propertyType"]] if each["propertyType"] else None),
    ("providerPropertyType", lambda each: each["providerPropertyType"]),
    ("country", lambda each: (each["address"] or {}).get("country")),
]


async def test_filters_on_listings_agree_with_the_unfiltered_data(running: World) -> None:
    everything = (await listings(running))["nodes"]
    tried = 0
    for name, value_of in FILTERS_ON_LISTINGS:
        wanted = next((value for each in everything if (value := value_of(each)) is not None), None)
        if wanted is None:
            continue  # no simulated PMS tells it
        tried += 1
        found = (await listings(running, filter={name: wanted}))["nodes"]
        expected = [each["id"] for each in everything if value_of(each) == wanted]
        assert sorted(each["id"] for each in found) == sorted(expected), name
    assert tried >= 1


async def test_an_upper_bound_of_change_parts_the_listings(running: World) -> None:
    everything = (await listings(running))["nodes"]
    middle = sorted(each["updatedAt"] for each in everything if each["updatedAt"])[9]
    early = (await listings(running, filter={"updatedUntil": middle}))["nodes"]
    late = (await listings(running, filter={"updatedSince": middle}))["nodes"]
    unknown = {each["id"] for each in everything if not each["updatedAt"]}
    first, second = ({each["id"] for each in nodes} for nodes in (early, late))
    assert first & second <= unknown
    assert first | second >= {each["id"] for each in everything} - unknown
    assert len(first - unknown) == 9


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
async def test_reservations_of_all_accounts_by_the_time_of_booking(running: World, direction: str) -> None:
    page = await reservations(running, order={"field": "BOOKED", "direction": direction})
    times = [each["bookedAt"] for each in page["nodes"] if each["bookedAt"]]
    assert times == sorted(times, reverse=direction == "DESC")
    assert len({each["account"]["id"] for each in page["nodes"]}) == 3
    everything = await reservations(running)
    assert sorted(each["id"] for each in page["nodes"]) == sorted(each["id"] for each in everything["nodes"])


async def test_sources_say_who_applied_what(running: World) -> None:
    query = (
        '{ reservations(first: 500, filter: {stay: {from: "2027-01-01"}, text: "a"}, orderBy: {field: ARRIVAL}) {'
        " sources { account { provider } applied { argument by } } } }"
    )
    sources = (await running.data(query))["reservations"]["sources"]
    for source in sources:
        applied = {each["argument"]: each["by"] for each in source["applied"]}
        assert applied["filter.stay"] == "BOTH"
        assert applied["filter.text"] == "GATEWAY"
        assert "orderBy" in applied
    # A collection that is held whole answers without the PMS, so nothing was applied by it.
    await listings(running)
    again = await listings(running, filter={"minGuests": 2}, order={"field": "NAME"})
    for source in again["sources"]:
        assert {each["by"] for each in source["applied"]} == {"GATEWAY"}


async def test_what_an_account_was_not_asked_for_is_not_said_to_be_applied(running: World) -> None:
    data = await running.data("{ listings(first: 1, filter: {minGuests: 1}) { sources { status applied { by } } } }")
    statuses = [(source["status"], bool(source["applied"])) for source in data["listings"]["sources"]]
    assert (statuses[0], statuses[-1]) == (("OK", True), ("NOT_ASKED", False))


def refused_or_served(sources: list[dict[str, Any]], named: str) -> None:
    """Each account is served, or refused with a reason that names the filter or order and the provider."""
    for source in sources:
        if source["status"] != "FAILED":
            continue
        assert source["error"]["code"] == "NOT_SUPPORTED"
        assert named in source["error"]["message"]
        assert "BookingSync" in source["error"]["message"] or "Hostaway" in source["error"]["message"]
    assert any(source["status"] == "FAILED" for source in sources if source["account"]["provider"] == "BOOKINGSYNC"), (
        "BookingSync documents nothing of the kind"
    )


@pytest.mark.parametrize(
    ("given", "named"),
    [({"userId": "1"}, "filter.userId"), ({"bookingEngineActive": True}, "filter.bookingEngineActive")],
)
async def test_a_filter_on_listings_that_a_pms_lacks_is_refused_for_its_accounts(
    running: World, given: dict[str, Any], named: str
) -> None:
    # Whole collections that are held must not answer what records do not tell.
    await listings(running)
    body = await running.ask(
        "query($f: ListingFilter) { listings(first: 500, filter: $f) { nodes { provider } " + SOURCES + " } }", f=given
    )
    page = body["data"]["listings"]
    refused_or_served(page["sources"], named)
    assert not any(node["provider"] == "BOOKINGSYNC" for node in page["nodes"])
    assert {error["extensions"]["code"] for error in body["errors"]} == {"NOT_SUPPORTED"}


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ("filter: {unread: true}", "filter.unread"),
        ("orderBy: {field: MESSAGE_SENT}", "MESSAGE_SENT"),
        ("orderBy: {field: MESSAGE_RECEIVED, direction: DESC}", "MESSAGE_RECEIVED"),
    ],
)
async def test_what_is_read_of_messages_is_refused_where_the_pms_does_not_tell(
    running: World, arguments: str, named: str
) -> None:
    body = await running.ask("{ reservations(first: 500, " + arguments + ") { nodes { provider } " + SOURCES + " } }")
    page = body["data"]["reservations"]
    refused_or_served(page["sources"], named)
    assert not any(node["provider"] == "BOOKINGSYNC" for node in page["nodes"])


async def test_reservations_of_one_listing_have_no_order_of_messages(running: World) -> None:
    body = await running.ask(
        "{ listings(first: 1) { nodes { reservations(first: 5, orderBy: {field: MESSAGE_SENT}) { nodes { id } } } } }"
    )
    (error,) = body["errors"]
    assert error["extensions"]["argument"] == "orderBy.field"
    assert "ARRIVAL" in error["extensions"]["allowed"]


async def test_a_listing_of_another_pms_in_a_filter_asks_only_its_account(running: World) -> None:
    data = await running.data("{ listings(first: 500) { nodes { id provider } } }")
    ids = [node["id"] for node in data["listings"]["nodes"] if node["provider"] == "BOOKINGSYNC"]
    running.calls.clear()
    query = (
        "query($ids: [ID!], $providers: [String!]) { reservations(first: 500, filter: {listingIds: $ids,"
        " providers: $providers}) { nodes { listing { id } provider } } }"
    )
    found = await running.data(query, ids=ids)
    assert {node["provider"] for node in found["reservations"]["nodes"]} == {"BOOKINGSYNC"}
    assert {node["listing"]["id"] for node in found["reservations"]["nodes"]} <= set(ids)
    assert len(running.counted()) == 1
    body = await running.ask(query, ids=ids, providers=["HOSTAWAY"])
    assert body["errors"][0]["extensions"]["argument"] == "filter.listingIds[0]"


NOTED = "sources { account { provider } status note applied { argument by } }"


async def test_a_filter_on_what_a_pms_never_tells_asks_it_nothing_and_says_so(running: World) -> None:
    data = await running.data(
        '{ reservations(first: 500, filter: {starred: true, providers: ["BOOKINGSYNC"]}) { totalCount nodes { id } '
        "pageInfo { hasNextPage } " + NOTED + " } availableListings(" + STAY + ', filter: {country: "Vietnam", '
        'providers: ["BOOKINGSYNC"]}) { nodes { basis } pageInfo { hasNextPage } ' + NOTED + " } }"
    )
    assert not running.data_calls()
    for field, argument in (("reservations", "filter.starred"), ("availableListings", "filter.country")):
        page = data[field]
        assert (page["nodes"], page["pageInfo"]["hasNextPage"]) == ([], False)
        (source,) = page["sources"]
        assert source["status"] == "OK"
        assert argument in source["note"]
        assert "BookingSync" in source["note"]
        assert source["applied"] == [{"argument": argument, "by": "GATEWAY"}]
    assert data["reservations"]["totalCount"] == 0


async def test_a_filter_on_what_one_pms_never_tells_is_answered_by_the_others(running: World) -> None:
    data = await running.data(
        "{ reservations(first: 500, filter: {starred: false}) { nodes { provider } " + NOTED + "}}"
    )
    page = data["reservations"]
    assert {node["provider"] for node in page["nodes"]} == {"HOSTAWAY"}
    noted = {source["account"]["provider"] for source in page["sources"] if source["note"]}
    assert noted == {"BOOKINGSYNC"}
    assert {call.path for call in running.data_calls()} == {"/v1/reservations"}


async def test_reservations_of_one_listing_ask_nothing_that_its_pms_never_tells(running: World) -> None:
    data = await running.data('{ listings(first: 500, filter: {providers: ["BOOKINGSYNC"]}) { nodes { id } } }')
    running.calls.clear()
    found = await running.data(
        "query($id: ID!) { listing(id: $id) { reservations(filter: {pinned: true}) { totalCount " + NOTED + " } } }",
        id=data["listings"]["nodes"][0]["id"],
    )
    page = found["listing"]["reservations"]
    assert page["totalCount"] == 0
    assert "filter.pinned" in page["sources"][0]["note"]
    assert not running.data_calls()
