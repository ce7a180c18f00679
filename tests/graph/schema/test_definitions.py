"""Integration definitions over HTTP: what is shown to whom, what a change does, what is refused."""

from datetime import datetime
from typing import Any

import pytest

from graph.accounts.keys import Permission
from graph.storage.tables import IntegrationDefinitionRow, TenantRow
from providers.model import ListingField
from tests.gateway_world import World
from tests.graph.schema.definition_world import ALL, EVERY_KEY, UPDATE, read, update

SEED = {
    "name": True, "type": True, "rooms": True, "rating": True, "address": True, "checkIn": False, "contact": False,
    "checkOut": False, "currency": True, "latitude": True, "pictures": False, "timeZone": False, "amenities": True,
    "longitude": True, "providerID": True, "startPrice": False, "description": True, "bedroomCount": False,
    "internalName": False, "maxOccupancy": False, "thumbnailUrl": False, "bathroomCount": False,
    "maximumNights": True, "minimumNights": True, "listingDetails": True, "parentPropertyID": False,
}  # fmt: skip
KEY = {"headers": {"x-api-key": "pk_live_0123456789"}, "queryParams": {"client_id": "partner-of-acme"}}
APPLICATION = {"clientId": "app-1", "clientSecret": "sesame-0123456789", "scopes": ["public", "rates_read"]}


async def other_tenant(acme: World) -> str:
    async with acme.services.database.session() as session:
        now = acme.clock.now()
        session.add(TenantRow(id="other", name="Other", created_at=now, updated_at=now))
    return "other"


async def test_every_provider_has_a_definition_made_at_the_first_look(acme: World) -> None:
    first = (await read(acme))["data"]["integrationDefinitions"]
    assert [(each["provider"], each["name"], each["icon"]) for each in first] == [
        ("ACME", "Acme", None),
        ("BARE", "Bare", None),
    ]
    for each in first:
        assert each["id"].startswith("def_")
        assert each["fieldsToSync"]["listing"] == EVERY_KEY
        assert each["partnerKey"] is each["oauthApplication"] is None
        assert datetime.fromisoformat(each["createdAt"]) == datetime.fromisoformat(each["updatedAt"])
    assert (await read(acme))["data"]["integrationDefinitions"] == first
    one = await acme.data('{ integrationDefinition(provider: "bare") { id provider } }')
    assert one["integrationDefinition"] == {"id": first[1]["id"], "provider": "BARE"}


async def test_the_shapes_of_the_field_are_accepted_and_come_back_masked(acme: World) -> None:
    payload = await update(
        acme,
        name=" Acme Integration ",
        icon="https://example.com/icons/ACME.png",
        partnerKey=KEY,
        fieldsToSync={"listing": SEED},
        oauthApplication=APPLICATION,
    )
    assert payload["userErrors"] == []
    shown = payload["integrationDefinition"]
    assert (shown["name"], shown["icon"]) == ("Acme Integration", "https://example.com/icons/ACME.png")
    assert shown["partnerKey"] == {"headers": {"x-api-key": "********"}, "queryParams": {"client_id": "********"}}
    assert shown["oauthApplication"] == {**APPLICATION, "clientSecret": "********"}
    assert shown["fieldsToSync"]["listing"] == SEED
    assert shown["updatedAt"] > shown["createdAt"]
    assert (await read(acme))["data"]["integrationDefinitions"][0] == shown


async def test_fields_that_are_not_named_are_off_and_fields_left_out_stay(acme: World) -> None:
    payload = await update(acme, fieldsToSync={"listing": {"name": True, "rating": False, "address": None}})
    only_name = {key.value: key is ListingField.NAME for key in ListingField}
    assert payload["integrationDefinition"]["fieldsToSync"]["listing"] == only_name
    payload = await update(acme, name="Other")
    assert payload["integrationDefinition"]["fieldsToSync"]["listing"] == only_name
    payload = await update(acme, fieldsToSync={"listing": EVERY_KEY})
    assert payload["integrationDefinition"]["fieldsToSync"]["listing"] == EVERY_KEY


async def test_what_is_left_out_stays_and_null_takes_away(acme: World) -> None:
    await update(acme, icon="https://example.com/a.png", partnerKey=KEY, oauthApplication=APPLICATION)
    kept = (await update(acme, name="New"))["integrationDefinition"]
    assert kept["icon"] == "https://example.com/a.png"
    assert kept["partnerKey"]
    assert kept["oauthApplication"]
    replaced = (await update(acme, partnerKey={"queryParams": {"provider": "us"}}))["integrationDefinition"]
    assert replaced["partnerKey"] == {"headers": {}, "queryParams": {"provider": "********"}}
    gone = (await update(acme, icon=None, partnerKey=None, oauthApplication=None))["integrationDefinition"]
    assert gone["icon"] is gone["partnerKey"] is gone["oauthApplication"] is None


async def test_only_administrators_of_the_default_tenant_see_that_there_are_secrets(acme: World) -> None:
    await update(acme, partnerKey=KEY, oauthApplication=APPLICATION)
    tenant = await other_tenant(acme)
    for permission, of in ((Permission.READ, "default"), (Permission.WRITE, "default"), (Permission.ADMIN, tenant)):
        seen = (await read(acme, permission, of))["data"]["integrationDefinitions"][0]
        assert seen["partnerKey"] is seen["oauthApplication"] is None
        assert seen["name"] == "Acme"


async def test_only_administrators_of_the_default_tenant_may_change_it(acme: World) -> None:
    tenant = await other_tenant(acme)
    for permission, of in ((Permission.READ, "default"), (Permission.WRITE, "default"), (Permission.ADMIN, tenant)):
        secret = await acme.key_with(permission, of)
        variables = {"provider": "ACME", "input": {"name": "Mine"}}
        answer = await acme.post(UPDATE + ALL, variables, Authorization=f"Bearer {secret}")
        (error,) = answer.json()["errors"]
        assert error["extensions"] == {"code": "FORBIDDEN"}
    assert (await acme.services.administration.definitions.get("ACME")).name == "Acme"


async def test_secrets_are_sealed_where_they_are_stored_and_nowhere_in_texts(acme: World) -> None:
    await update(acme, partnerKey=KEY, oauthApplication=APPLICATION)
    async with acme.services.database.reading() as session:
        row = await session.get_one(IntegrationDefinitionRow, "ACME")
    stored = (row.partner_key or b"") + (row.oauth_application or b"")
    for secret in (b"pk_live", b"partner-of-acme", b"sesame", b"app-1"):
        assert secret not in stored
    definition = await acme.services.administration.definitions.get("ACME")
    assert "pk_live" not in repr(definition)
    assert "sesame" not in repr(definition)
    application = await acme.services.administration.definitions.oauth_application("ACME")
    assert application is not None
    assert (application.client_id, application.client_secret) == ("app-1", "sesame-0123456789")
    assert application.scopes == ("public", "rates_read")
    assert await acme.services.administration.definitions.oauth_application("BARE") is None


async def test_an_unknown_provider_is_named_as_such(acme: World) -> None:
    payload = await update(acme, "GUESTY", name="x")
    (error,) = payload["userErrors"]
    assert (error["field"], error["code"], error["allowed"]) == (["provider"], "UNKNOWN", "ACME, BARE")
    body = await acme.ask('{ integrationDefinition(provider: "GUESTY") { id } }')
    (fault,) = body["errors"]
    assert fault["extensions"] == {"code": "BAD_INPUT", "argument": "provider", "allowed": "ACME, BARE"}


async def test_an_unknown_field_to_sync_does_not_fit_the_schema(acme: World) -> None:
    secret = await acme.key_with(Permission.ADMIN)
    variables = {"provider": "ACME", "input": {"fieldsToSync": {"listing": {"wifi": True}}}}
    answer = await acme.post(UPDATE + ALL, variables, Authorization=f"Bearer {secret}")
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == "INVALID_OPERATION"
    assert "wifi" in error["message"]


@pytest.mark.parametrize(
    ("given", "field", "code"),
    [
        ({"name": " "}, "name", "REQUIRED"),
        ({"name": None}, "name", "REQUIRED"),
        ({"name": "x" * 201}, "name", "OUT_OF_RANGE"),
        ({"name": "a\nb"}, "name", "INVALID"),
        ({"icon": "no address"}, "icon", "INVALID"),
        ({"icon": "http://example.com/a.png"}, "icon", "INVALID"),
        ({"icon": "javascript:alert(1)"}, "icon", "INVALID"),
        ({"icon": "https://user:pass@example.com/a.png"}, "icon", "INVALID"),
        ({"icon": "https://127.0.0.1/a.png"}, "icon", "INVALID"),
        ({"icon": "https://[::1]/a.png"}, "icon", "INVALID"),
        ({"icon": "https://intranet/a.png"}, "icon", "INVALID"),
        ({"icon": "https://files.local/a.png"}, "icon", "INVALID"),
        ({"icon": "https://example.com/a b.png"}, "icon", "INVALID"),
        ({"icon": "https://example.com:x/a.png"}, "icon", "INVALID"),
        ({"icon": "https://example.com/" + "a" * 2000}, "icon", "OUT_OF_RANGE"),
        ({"partnerKey": {"headers": []}}, "partnerKey.headers", "INVALID"),
        ({"partnerKey": {"headers": {"X Key": "v"}}}, "partnerKey.headers.X Key", "INVALID"),
        ({"partnerKey": {"headers": {"": "v"}}}, "partnerKey.headers.", "INVALID"),
        ({"partnerKey": {"headers": {"X-Key": "a\r\nHost: b"}}}, "partnerKey.headers.X-Key", "INVALID"),
        ({"partnerKey": {"headers": {"X-Key": "schlüssel"}}}, "partnerKey.headers.X-Key", "INVALID"),
        ({"partnerKey": {"headers": {"X-Key": " a"}}}, "partnerKey.headers.X-Key", "INVALID"),
        ({"partnerKey": {"headers": {"X-Key": ""}}}, "partnerKey.headers.X-Key", "INVALID"),
        ({"partnerKey": {"headers": {"X-Key": 7}}}, "partnerKey.headers.X-Key", "INVALID"),
        ({"partnerKey": {"headers": {"X-Key": "********"}}}, "partnerKey.headers.X-Key", "INVALID"),
        ({"partnerKey": {"headers": {"X-Key": "k" * 4001}}}, "partnerKey.headers.X-Key", "OUT_OF_RANGE"),
        ({"partnerKey": {"headers": {"x" * 101: "v"}}}, "partnerKey.headers." + "x" * 100, "INVALID"),
        ({"partnerKey": {"headers": {"X-Key": "a", "x-key": "b"}}}, "partnerKey.headers.x-key", "INVALID"),
        ({"partnerKey": {"headers": {f"X-{n}": "v" for n in range(21)}}}, "partnerKey.headers", "OUT_OF_RANGE"),
        ({"partnerKey": {"headers": {"Authorization": "Bearer x"}}}, "partnerKey.headers.Authorization", "INVALID"),
        ({"partnerKey": {"headers": {"HOST": "x"}}}, "partnerKey.headers.HOST", "INVALID"),
        ({"partnerKey": {"headers": {"content-length": "1"}}}, "partnerKey.headers.content-length", "INVALID"),
        ({"partnerKey": {"headers": {"Transfer-Encoding": "x"}}}, "partnerKey.headers.Transfer-Encoding", "INVALID"),
        ({"partnerKey": {"headers": {"Proxy-Status": "x"}}}, "partnerKey.headers.Proxy-Status", "INVALID"),
        ({"partnerKey": {"queryParams": {"a\tb": "v"}}}, "partnerKey.queryParams.a?b", "INVALID"),
        ({"partnerKey": {"queryParams": {"id": "a\x00b"}}}, "partnerKey.queryParams.id", "INVALID"),
        ({"partnerKey": {"queryParams": {"id": "a", "ID": "b"}}}, "partnerKey.queryParams.ID", "INVALID"),
        ({"partnerKey": {"queryParams": {str(n): "v" for n in range(21)}}}, "partnerKey.queryParams", "OUT_OF_RANGE"),
        ({"fieldsToSync": None}, "fieldsToSync.listing", "REQUIRED"),
        ({"oauthApplication": {"clientId": "", "clientSecret": "s"}}, "oauthApplication.clientId", "REQUIRED"),
        ({"oauthApplication": {"clientId": "c", "clientSecret": "a b"}}, "oauthApplication.clientSecret", "INVALID"),
        ({"oauthApplication": {**APPLICATION, "clientSecret": "********"}}, "oauthApplication.clientSecret", "INVALID"),
        ({"oauthApplication": {**APPLICATION, "scopes": ["a b"]}}, "oauthApplication.scopes", "INVALID"),
    ],
)  # fmt: skip
async def test_each_field_that_is_wrong_is_named_and_nothing_changes(
    acme: World, given: dict[str, Any], field: str, code: str
) -> None:
    payload = await update(acme, **({} if "name" in given else {"name": "Changed"}), **given)
    assert payload["integrationDefinition"] is None
    (error,) = payload["userErrors"]
    assert (".".join(error["field"]), error["code"]) == (field, code)
    assert error["message"]
    assert "Bearer x" not in str(error)
    assert "Host: b" not in str(error)
    assert (await acme.services.administration.definitions.get("ACME")).name == "Acme"
