"""What is the owner's alone: importers never see it, whatever they ask."""

import json
from dataclasses import fields

import pytest

from graph.accounts.keys import Permission, Scope
from graph.gateway.shared_records import DAY_FIELDS, LISTING_FIELDS
from graph.schema import ids
from providers import model
from providers.errors import AuthenticationFailed, RateLimited
from providers.model import Access, Address, Cleaning, Contact
from tests.acme_world import Estate
from tests.gateway_world import World
from tests.graph.schema.choices.offers import OFFERED, STAY, offered
from tests.listing_choices import (
    IMPORT,
    OTHER,
    Tenant,
    listing_id,
    listing_ids,
)

PLANTED = "planted-secret"


def _plant(estate: Estate) -> None:
    contact = Contact(first_name=PLANTED, email=PLANTED, notes=PLANTED)
    estate.changes = {
        "internal_name": PLANTED,
        "access": Access(door_code=PLANTED, wifi_password=PLANTED, wifi_name=PLANTED, instructions=PLANTED),
        "contact": contact,
        "owner": contact,
        "invoicing_contact": contact,
        "cleaning": Cleaning(status=PLANTED, instructions=PLANTED),
        "tags": [PLANTED],
        "address": Address(full=PLANTED, city="Paris", line1="1 Rue"),
        "website_url": PLANTED,
        "booking_engine_urls": [PLANTED],
        "raw": {"a": PLANTED},
    }


async def test_importers_see_nothing_that_is_the_owners_alone(
    running: World, importer: Tenant, offering: str, estate: Estate
) -> None:
    _plant(estate)
    await importer.choose(IMPORT, listing_id(offering, 1))
    key = await running.key_with(Permission.READ, OTHER, Scope.RAW)
    contact = "{ firstName email notes }"
    selected = f"""{{ id name internalName tags websiteUrl bookingEngineUrls raw imported
      access {{ doorCode wifiPassword wifiName instructions }} contact {contact} owner {contact}
      invoicingContact {contact} cleaning {{ status instructions }} address {{ full line1 city }}
      customFields {{ value field {{ name }} }} fees {{ name }} taxes {{ percentage }} units {{ name }}
      agreements {{ text }} pricingSettings {{ lengthOfStayChannels }} cancellationPolicies {{ name }}
      account {{ name }} reservations {{ nodes {{ id }} }} basePrice {{ amount }}
      amenities {{ name }} rooms {{ beds {{ type }} }}
      priceDetails({STAY}) {{ raw total {{ amount }} }}
      calendar(from: "2027-07-01", to: "2027-07-03") {{ days {{ note reservations {{ id raw }} }} }} }}"""
    answer = await running.post(
        f"""query($id: ID!) {{ listings {{ nodes {selected} }} listing(id: $id) {selected}
          accounts {{ totalCount }} reservations {{ nodes {{ id }} }}
          importableListings {{ nodes {{ id name address {{ city }} images {{ url }} }} }}
          rateLimits {{ provider accounts {{ name }} }}
          providerAccounts {{ groups {{ nodes {{ businessName }} }} }} }}""",
        {"id": listing_id(offering, 1)},
        Authorization=f"Bearer {key}",
    )
    body = answer.json()
    assert PLANTED not in json.dumps(body)
    data = body["data"]
    (listed,) = data["listings"]["nodes"]
    assert listed == data["listing"]
    assert listed["address"] == {"full": None, "line1": "1 Rue", "city": "Paris"}
    assert listed["amenities"][0] == {"name": "Swimming pool"}
    assert listed["rooms"] == [{"beds": [{"type": "King bed"}]}]
    hidden = "customFields fees taxes units agreements pricingSettings cancellationPolicies account reservations raw"
    assert {listed[name] for name in (*hidden.split(), "basePrice")} == {None}
    assert data["accounts"]["totalCount"] == 0
    assert data["reservations"]["nodes"] == data["rateLimits"] == data["providerAccounts"]["groups"] == []
    assert "errors" not in body


async def test_the_account_behind_an_import_and_its_reservations_stay_out_of_reach(
    owner: Tenant, importer: Tenant, offering: str, estate: Estate
) -> None:
    one = listing_id(offering, 1)
    await importer.choose(IMPORT, one)
    (stay,) = (await owner.data("{ reservations { nodes { id } } }"))["reservations"]["nodes"]
    estate.calls.clear()
    body = await importer.ask(
        """query($account: ID!, $stay: ID!, $both: [ID!]!) {
          account(id: $account) { name } reservation(id: $stay) { id } nodes(ids: $both) { id } }""",
        account=ids.GlobalId(ids.ACCOUNT, offering).text(),
        stay=stay["id"],
        both=[ids.GlobalId(ids.ACCOUNT, offering).text(), stay["id"]],
    )
    assert body["data"] == {"account": None, "reservation": None, "nodes": [None, None]}
    for query in (
        "query($ids: [ID!]) { reservations(filter: { listingIds: $ids }) { nodes { id } } }",
        "query($ids: [ID!]) { listings(filter: { accountIds: $ids }) { nodes { id } } }",
        "query($ids: [ID!]) { providerAccounts(accountIds: $ids) { sources { status } } }",
    ):
        given = [one] if "listingIds" in query else [ids.GlobalId(ids.ACCOUNT, offering).text()]
        refused = await importer.ask(query, ids=given)
        assert refused["errors"][0]["extensions"]["code"] == "BAD_INPUT"
    assert not estate.calls


@pytest.mark.parametrize("given", [f'text: "{PLANTED}"', f'contactName: "{PLANTED}"', 'userId: "1"'])
async def test_no_filter_tells_what_is_hidden(
    importer: Tenant, owner: Tenant, offering: str, estate: Estate, given: str
) -> None:
    _plant(estate)
    await importer.choose(IMPORT, *listing_ids(offering, (1, 2)))
    if "userId" not in given:
        assert len(await owner.names(f"filter: {{ {given} }}")) == 3
    assert await importer.names(f"filter: {{ {given} }}") == []
    assert await offered(importer, filter={"text": PLANTED}) == []


def test_every_field_that_importers_see_is_named() -> None:
    known = {each.name for each in fields(model.Listing)}
    assert set(LISTING_FIELDS) <= known
    assert set(DAY_FIELDS) < {each.name for each in fields(model.CalendarDay)}
    secret = {"access", "contact", "owner", "invoicing_contact", "internal_name", "raw", "tags", "custom_fields"}
    assert not secret & set(LISTING_FIELDS)


async def test_the_owners_trouble_is_told_without_its_reasons(importer: Tenant, offering: str, estate: Estate) -> None:
    one = listing_id(offering, 1)
    await importer.choose(IMPORT, one)
    query = """query($id: ID!) { listing(id: $id, maxAge: 0) { name }
      listings(maxAge: 0) { nodes { id } sources { account { id } status note error { code message } } } }"""
    for failure, code in (
        (AuthenticationFailed(f"Hostaway refuses the key of {PLANTED}."), "UPSTREAM_UNAVAILABLE"),
        (RateLimited(PLANTED, retry_after=7), "RATE_LIMITED"),
    ):
        estate.failing = {"listings": failure, "listing_page": failure}
        body = await importer.ask(query, id=one)
        assert PLANTED not in json.dumps(body)
        assert {each["extensions"]["code"] for each in body["errors"]} == {code}
        assert all("account" not in each["extensions"] for each in body["errors"])
        (source,) = body["data"]["listings"]["sources"]
        assert (source["account"], source["status"], source["error"]["code"]) == (None, "FAILED", code)
    data = await importer.data(OFFERED)
    assert data["importableListings"]["incomplete"] is True
    estate.failing.clear()
    assert len(await importer.names("maxAge: 0")) == 1
