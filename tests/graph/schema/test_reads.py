"""What a frontend developer does: operations over HTTP to the real app, over simulated PMSs."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tests.gateway_world import World

SOURCES = "sources { account { name } status fetchedAt skippedRecords note error { code message retryAfter } }"


def days(count: int) -> dict[str, str]:
    """From today over ``count`` days, as variables."""
    return {"from": str(date.today()), "to": str(date.today() + timedelta(days=count))}  # noqa: DTZ011


async def listing_ids(running: World, first: int = 50) -> list[str]:
    data = await running.data("query($n: Int!) { listings(first: $n) { nodes { id } } }", n=first)
    return [node["id"] for node in data["listings"]["nodes"]]


async def test_all_listings_of_all_accounts_cost_one_call_per_account(running: World) -> None:
    data = await running.data(
        "{ listings(first: 100) { totalCount nodes { id name provider providerId maxGuests bedrooms"
        " address { city } basePrice { amount currency } account { name } } pageInfo { hasNextPage }" + SOURCES + "} }"
    )
    page = data["listings"]
    assert page["totalCount"] == len(page["nodes"]) == 18
    assert len({node["id"] for node in page["nodes"]}) == 18
    assert page["pageInfo"] == {"hasNextPage": False}
    assert [source["status"] for source in page["sources"]] == ["OK"] * 3
    assert set(running.counted().values()) == {1}
    assert {node["account"]["name"] for node in page["nodes"]} == {"HOSTAWAY 1", "HOSTAWAY 2", "BOOKINGSYNC 1"}


async def test_asking_again_costs_nothing_and_max_age_0_asks_the_pms(running: World) -> None:
    query = "query($age: Int) { listings(first: 100, maxAge: $age) { nodes { id } } }"
    await running.data(query)
    before = len(running.data_calls())
    await running.data(query)
    assert len(running.data_calls()) == before
    await running.data(query, age=0)
    assert len(running.data_calls()) == before + 3


async def test_one_cursor_walks_all_accounts(running: World) -> None:
    whole = await listing_ids(running)
    found: list[str] = []
    after = None
    while True:
        data = await running.data(
            "query($after: String) { listings(first: 4, after: $after) { nodes { id } pageInfo { hasNextPage"
            " endCursor hasPreviousPage } } }",
            after=after,
        )
        page = data["listings"]
        assert page["pageInfo"]["hasPreviousPage"] == (after is not None)
        found += [node["id"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert found == whole
    assert set(running.counted().values()) == {1}


async def test_listings_are_merged_by_name_over_all_accounts(running: World) -> None:
    query = (
        "query($way: OrderDirection!) { listings(first: 100, orderBy: {field: NAME, direction: $way}) {"
        " nodes { name } } }"
    )
    up = [node["name"] for node in (await running.data(query, way="ASC"))["listings"]["nodes"]]
    down = [node["name"] for node in (await running.data(query, way="DESC"))["listings"]["nodes"]]
    assert up == sorted(up, key=str.casefold)
    assert [name.casefold() for name in down] == sorted((name.casefold() for name in up), reverse=True)


async def test_filters_agree_with_the_unfiltered_data(running: World) -> None:
    fields = "nodes { id name maxGuests address { city countryCode } }"
    data = await running.data("{ listings(first: 100) { " + fields + " } }")
    nodes = data["listings"]["nodes"]
    some = next(node for node in nodes if node["address"] and node["maxGuests"])

    async def filtered(**given: Any) -> list[dict[str, Any]]:
        query = "query($f: ListingFilter) { listings(first: 100, filter: $f) { " + fields + " } }"
        found: list[dict[str, Any]] = (await running.data(query, f=given))["listings"]["nodes"]
        return found

    city = some["address"]["city"]
    assert await filtered(city=city.upper()) == [n for n in nodes if n["address"] and n["address"]["city"] == city]
    country = some["address"]["countryCode"]
    assert await filtered(countryCode=country) == [
        n for n in nodes if n["address"] and n["address"]["countryCode"] == country
    ]
    least = some["maxGuests"]
    assert await filtered(minGuests=least) == [n for n in nodes if (n["maxGuests"] or 0) >= least]
    text = some["name"][1:5]
    assert some in await filtered(text=text)
    assert len(await filtered(providers=["bookingsync"])) == 6


async def test_listings_updated_since_an_instant(running: World) -> None:
    data = await running.data("{ listings(first: 100) { nodes { id updatedAt } } }")
    nodes = [node for node in data["listings"]["nodes"] if node["updatedAt"]]
    middle = sorted(node["updatedAt"] for node in nodes)[len(nodes) // 2]
    found = await running.data(
        "query($at: DateTime!) { listings(first: 100, filter: {updatedSince: $at}) { nodes { id } } }", at=middle
    )
    expected = {node["id"] for node in nodes if node["updatedAt"] >= middle}
    assert {node["id"] for node in found["listings"]["nodes"]} == expected


async def test_reservations_of_all_listings_are_read_together(running: World) -> None:
    data = await running.data(
        "query($from: Date!, $to: Date!) { listings(first: 100) { nodes { id reservations(first: 50,"
        " filter: {stay: {from: $from, to: $to}}) { totalCount nodes { arrival departure status listing { id } } "
        + SOURCES
        + " } } } }",
        **days(30),
    )
    nodes = data["listings"]["nodes"]
    assert sum(node["reservations"]["totalCount"] for node in nodes) > 0
    for node in nodes:
        assert all(each["listing"]["id"] == node["id"] for each in node["reservations"]["nodes"])
        assert all(each["departure"] > days(30)["from"] for each in node["reservations"]["nodes"])
        assert all(each["arrival"] < days(30)["to"] for each in node["reservations"]["nodes"])
    assert set(running.counted().values()) == {2}


async def test_a_reservation_has_its_listing_account_guest_and_finance_lines(running: World) -> None:
    data = await running.data(
        "{ reservations(first: 500, filter: {statuses: [CONFIRMED]}) { nodes { id provider status providerStatus"
        " arrival departure nights guest { name email } party { guests adults } total { amount currency }"
        " listing { id name }"
        " account { id provider } financeLines { type name amount { amount currency } includedInTotal deleted } } } }"
    )
    nodes = data["reservations"]["nodes"]
    assert {node["provider"] for node in nodes} == {"HOSTAWAY", "BOOKINGSYNC"}
    for node in nodes:
        assert node["status"] == "CONFIRMED"
        assert node["account"]["provider"] == node["provider"]
        assert node["nights"] == (date.fromisoformat(node["departure"]) - date.fromisoformat(node["arrival"])).days
        counted = [line for line in node["financeLines"] if line["includedInTotal"] and not line["deleted"]]
        assert sum(Decimal(line["amount"]["amount"]) for line in counted) == Decimal(node["total"]["amount"])
    assert all(node["guest"]["name"] for node in nodes)


async def test_reservations_are_merged_by_arrival_and_filtered_by_listing(running: World) -> None:
    ids = (await listing_ids(running))[::5]
    data = await running.data(
        "query($ids: [ID!]) { reservations(first: 100, filter: {listingIds: $ids}, orderBy: {field: ARRIVAL,"
        " direction: DESC}) { nodes { arrival listing { id } } } }",
        ids=ids,
    )
    nodes = data["reservations"]["nodes"]
    arrivals = [node["arrival"] for node in nodes if node["arrival"]]
    assert arrivals == sorted(arrivals, reverse=True)
    assert {node["listing"]["id"] for node in nodes} <= set(ids)
    assert nodes


async def test_a_reservation_is_found_again_by_its_id(running: World) -> None:
    data = await running.data("{ reservations(first: 300) { nodes { id arrival status } } }")
    for node in data["reservations"]["nodes"][::17]:
        again = await running.data(
            "query($id: ID!) { reservation(id: $id, maxAge: 0) { id arrival status } }", id=node["id"]
        )
        assert again["reservation"] == node


async def test_calendars_cost_one_call_per_hostaway_listing_and_one_per_bookingsync_account(running: World) -> None:
    ids = await listing_ids(running)
    running.calls.clear()
    query = (
        "query($ids: [ID!]!, $from: Date!, $to: Date!) { calendars(listingIds: $ids, from: $from, to: $to)"
        " { start end days { date status available price minimumStay closedToArrival } } }"
    )
    data = await running.data(query, ids=ids, **days(30))
    for calendar in data["calendars"]:
        assert [day["date"] for day in calendar["days"]] == [
            str(date.today() + timedelta(days=n))  # noqa: DTZ011
            for n in range(30)
        ]
    assert sorted(running.counted().values()) == [1, 6, 6]
    running.calls.clear()
    part = await running.data(query, ids=ids[:3], **days(7))
    assert part["calendars"][0]["days"] == data["calendars"][0]["days"][:7]
    assert not running.calls


async def test_calendars_agree_with_reservations(running: World) -> None:
    data = await running.data(
        "query($from: Date!, $to: Date!) { listings(first: 100) { nodes { name calendar(from: $from, to: $to) {"
        " currency days { date status unitsTotal } } reservations(first: 100, filter: {statuses: [CONFIRMED, BLOCKED],"
        " stay:"
        " {from: $from, to: $to}}) { nodes { arrival departure } } } } }",
        **days(30),
    )
    checked = 0
    for node in data["listings"]["nodes"]:
        status = {day["date"]: day["status"] for day in node["calendar"]["days"] if not day["unitsTotal"]}
        for stay in node["reservations"]["nodes"]:
            for day, held in status.items():
                if stay["arrival"] <= day < stay["departure"]:
                    assert held in ("RESERVED", "BLOCKED"), (node["name"], stay, day)
                    checked += 1
    assert checked > 50


async def test_several_quotes_in_one_operation(running: World) -> None:
    ids = await listing_ids(running)
    far = date.today() + timedelta(days=300)  # noqa: DTZ011
    inputs = [
        {"listingId": id_, "arrival": str(far), "departure": str(far + timedelta(days=5)), "adults": 2} for id_ in ids
    ]
    running.calls.clear()
    data = await running.data(
        "query($in: [PriceDetailsInput!]!) { priceDetails(inputs: $in) { bookable nights total { amount currency }"
        " source listing { id } components { type amount { amount currency } includedInTotal deleted } } }",
        **{"in": inputs},
    )
    priced = [each for each in data["priceDetails"] if each["total"]]
    assert len(priced) > 5
    for index, each in enumerate(data["priceDetails"]):
        assert each["listing"]["id"] == ids[index]
        assert each["nights"] == 5
    for each in priced:
        parts = [part for part in each["components"] if part["includedInTotal"] and not part["deleted"]]
        assert sum(Decimal(part["amount"]["amount"]) for part in parts) == Decimal(each["total"]["amount"])
    assert sorted(running.counted().values()) == [1, 6, 6]


async def test_accounts_show_the_business_behind_them(running: World) -> None:
    data = await running.data(
        "{ accounts { totalCount nodes { id name provider authType createdAt providerAccount { providerId businessName"
        " email city countryCode defaultLocale selectedLocales status phones { phone mobile fax } preferences {"
        " defaultArrivalHour defaultDepartureHour defaultCommunicationLocale } createdAt } listings(first: 2) { nodes"
        " { id } totalCount } reservations(first: 2) { nodes { id } } } } }"
    )
    accounts = data["accounts"]["nodes"]
    assert data["accounts"]["totalCount"] == 3
    assert all(account["listings"]["totalCount"] == 6 for account in accounts)
    bookingsync = next(account for account in accounts if account["provider"] == "BOOKINGSYNC")
    assert bookingsync["providerAccount"]["businessName"]
    assert bookingsync["providerAccount"]["preferences"]["defaultArrivalHour"] is not None


async def test_accounts_are_paged_too(running: World) -> None:
    query = (
        "query($after: String) { accounts(first: 2, after: $after) { nodes { id }"
        " pageInfo { hasNextPage endCursor } } }"
    )
    first = (await running.data(query))["accounts"]
    second = (await running.data(query, after=first["pageInfo"]["endCursor"]))["accounts"]
    assert (len(first["nodes"]), len(second["nodes"])) == (2, 1)
    assert (first["pageInfo"]["hasNextPage"], second["pageInfo"]["hasNextPage"]) == (True, False)


async def test_node_and_nodes_find_everything_by_id(running: World) -> None:
    data = await running.data(
        "{ accounts { nodes { id } } listings(first: 20) { nodes { id } } reservations(first: 5) { nodes { id } } }"
    )
    ids = [node["id"] for name in ("accounts", "listings", "reservations") for node in data[name]["nodes"][:2]]
    found = await running.data("query($ids: [ID!]!) { nodes(ids: $ids) { id __typename } }", ids=ids)
    assert [node["id"] for node in found["nodes"]] == ids
    assert [node["__typename"] for node in found["nodes"]] == [
        *["Account"] * 2,
        *["Listing"] * 2,
        *["Reservation"] * 2,
    ]
    one = await running.data("query($id: ID!) { node(id: $id) { ... on Listing { name } } }", id=ids[2])
    assert one["node"]["name"]


async def test_providers_say_what_they_can_do(running: World) -> None:
    data = await running.data(
        "{ providers { code name docsUrl capabilities authTypes { type description configSchema } limitProfiles { name"
        " isDefault limits { scope calls seconds charge } } } }"
    )
    by_code = {each["code"]: each for each in data["providers"]}
    assert set(by_code) >= {"HOSTAWAY", "BOOKINGSYNC"}
    hostaway = by_code["HOSTAWAY"]
    assert set(hostaway["capabilities"]) >= {"ACCOUNT", "LISTINGS", "RESERVATIONS", "CALENDAR", "PRICE_DETAILS", "FEES"}
    assert "PROVIDER_ACCOUNTS" not in hostaway["capabilities"]
    default = next(profile for profile in hostaway["limitProfiles"] if profile["isDefault"])
    assert {"scope": "IP", "calls": 15, "seconds": 10, "charge": None} in default["limits"]
    key = next(each for each in hostaway["authTypes"] if each["type"] == "API_KEY")
    assert set(key["configSchema"]["required"]) == {"accountId", "apiKey"}
