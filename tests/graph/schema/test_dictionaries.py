"""Words behind ids: one call a dictionary and account a day, none that nobody needs, and no listing lost for one."""

from pathlib import Path
from typing import Any

import pytest

from providers.errors import UpstreamUnavailable
from providers.model import Amenity, AmenityKind, PropertyType
from tests.acme_world import Estate, acme_world
from tests.gateway_world import World

WORDS = (
    "{ listings(first: 500) { nodes { propertyType amenities { providerId kind name } bedsByType { type quantity }"
    " rooms { beds { type } } customFields { value field { name of } } } } }"
)


async def test_ids_become_words(acme: World, estate: Estate) -> None:
    data = await acme.data(WORDS)
    assert data["listings"]["nodes"][0] == {
        "propertyType": "CABIN",
        "amenities": [
            {"providerId": "7", "kind": "POOL", "name": "Swimming pool"},
            {"providerId": "8", "kind": "OTHER", "name": "Ghost"},
            {"providerId": "99", "kind": None, "name": None},
        ],
        "bedsByType": [{"type": "King bed", "quantity": 2}],
        "rooms": [{"beds": [{"type": "King bed"}]}],
        "customFields": [
            {"value": "blue", "field": {"name": "Colour", "of": "LISTING"}},
            {"value": "x", "field": None},
        ],
    }


async def test_words_of_170_listings_cost_one_call_per_dictionary_and_account_and_day(
    tmp_path: Path, estates: dict[str, Estate]
) -> None:
    async with acme_world(tmp_path, estates, ["1", "2"]) as running:
        estates["1"].count, estates["2"].count = 120, 50
        for _ in range(2):
            await running.data(WORDS)
            running.clock.advance(43_000)
        for number in ("1", "2"):
            counted = estates[number].counted()
            assert (counted["dictionary"], counted["custom_fields"]) == (3, 1)
        running.clock.advance(10_000)
        await running.data(WORDS)
        assert estates["1"].counted()["dictionary"] == 6


@pytest.mark.parametrize(
    "fields",
    [
        "name providerPropertyType",
        "amenities { providerId }",
        "amenities { ...Words @include(if: $no) }",
        "amenities { providerId name @skip(if: true) kind @include(if: false) }",
        "bedsByType { quantity } rooms { name beds { typeId } }",
        "customFields { fieldId value }",
    ],
)
async def test_no_dictionary_is_read_for_what_needs_none(acme: World, estate: Estate, fields: str) -> None:
    fragment = "fragment Words on Amenity { name }" if "Words" in fields else ""
    query = "query($no: Boolean = false) { listings(first: 9) { nodes { " + fields + " n: name @include(if: $no) } } }"
    await acme.data(query + fragment)
    assert estate.counted() == {"listing_page": 1}


async def test_words_are_found_through_fragments_and_aliases(acme: World, estate: Estate) -> None:
    data = await acme.data(
        "{ listings(first: 1) { nodes { ...L } } } fragment L on Listing { have: amenities { ... on Amenity { w: name"
        " } ...K } } fragment K on Amenity { kind }"
    )
    assert data["listings"]["nodes"][0]["have"][0] == {"w": "Swimming pool", "kind": "POOL"}


async def test_words_that_the_pms_sends_itself_are_kept_and_cost_nothing(acme: World, estate: Estate) -> None:
    own = Amenity(provider_id="7", kind=AmenityKind.SAUNA, name="Sweat lodge")
    estate.changes |= {"amenities": [own], "property_type": PropertyType.BOAT}
    data = await acme.data("{ listings(first: 1) { nodes { propertyType amenities { kind name } } } }")
    assert data["listings"]["nodes"] == [
        {"propertyType": "BOAT", "amenities": [{"kind": "SAUNA", "name": "Sweat lodge"}]}
    ]
    assert estate.counted() == {"listing_page": 1}


async def test_a_dictionary_that_fails_leaves_words_null_and_is_told_once(acme: World, estate: Estate) -> None:
    estate.failing["dictionary"] = UpstreamUnavailable("Acme is away.")
    body = await acme.ask("{ listings(first: 100) { nodes { name amenities { providerId name } } } }")
    nodes = body["data"]["listings"]["nodes"]
    assert [node["name"] for node in nodes] == ["House 1", "House 2", "House 3"]
    assert all(amenity["providerId"] and amenity["name"] is None for node in nodes for amenity in node["amenities"])
    (error,) = body["errors"]
    assert error["path"][:2] == ["listings", "nodes"]
    assert error["extensions"]["code"] == "UPSTREAM_UNAVAILABLE"
    assert error["extensions"]["provider"] == "ACME"
    estate.failing.clear()
    await acme.data("{ listings(first: 100) { nodes { amenities { name } } } }")


async def test_custom_fields_that_fail_leave_their_values(acme: World, estate: Estate) -> None:
    estate.failing["custom_fields"] = UpstreamUnavailable("Acme is away.")
    query = "{ reservations(first: 9) { nodes { customFields { value field { name } } } } }"
    body = await acme.ask(query)
    assert body["data"]["reservations"]["nodes"] == [{"customFields": [{"value": "late", "field": None}]}]
    assert len(body["errors"]) == 1
    estate.failing.clear()
    data = await acme.data(query)
    assert data["reservations"]["nodes"][0]["customFields"][0]["field"] == {"name": "Colour"}


async def test_a_pms_without_dictionaries_has_no_words_and_no_errors(
    tmp_path: Path, estates: dict[str, Estate]
) -> None:
    async with acme_world(tmp_path, estates, ["3"]) as running:
        data = await running.data(WORDS)
    node = data["listings"]["nodes"][0]
    assert node["propertyType"] is None
    assert {amenity["name"] for amenity in node["amenities"]} == {None}
    assert node["customFields"][0] == {"value": "blue", "field": None}


DICTIONARY = "query($kind: DictionaryKind!) { accounts { nodes { dictionary(kind: $kind) { providerId name kind } } } }"


async def test_a_dictionary_can_be_read_whole_and_serves_listings_too(acme: World, estate: Estate) -> None:
    data = await acme.data(DICTIONARY, kind="AMENITIES")
    assert data["accounts"]["nodes"][0]["dictionary"] == [
        {"providerId": "7", "name": "Swimming pool", "kind": "POOL"},
        {"providerId": "8", "name": "Ghost", "kind": None},
    ]
    await acme.data("{ listings(first: 9) { nodes { amenities { name } } } }")
    assert estate.counted() == {"dictionary": 1, "listing_page": 1}


async def test_a_dictionary_that_the_pms_does_not_have_is_refused_without_a_call(acme: World, estate: Estate) -> None:
    body = await acme.ask(DICTIONARY, kind="CURRENCIES")
    assert body["data"]["accounts"]["nodes"] == [{"dictionary": None}]
    assert body["errors"][0]["extensions"]["code"] == "NOT_SUPPORTED"
    assert "AMENITIES, BED_TYPES, PROPERTY_TYPES" in body["errors"][0]["message"]
    assert not estate.calls


async def test_one_dictionary_that_fails_leaves_the_others_alone(acme: World, estate: Estate) -> None:
    body = await acme.ask(
        "{ accounts { nodes { good: dictionary(kind: BED_TYPES) { name } bad: dictionary(kind: TIME_ZONES) { name }"
        " customFields { name key } } } }"
    )
    assert body["data"]["accounts"]["nodes"] == [
        {"good": [{"name": "King bed"}], "bad": None, "customFields": [{"name": "Colour", "key": None}]}
    ]
    assert len(body["errors"]) == 1


async def test_providers_name_their_dictionaries_and_capabilities(acme: World) -> None:
    data = await acme.data("{ providers { code capabilities dictionaries } }")
    by_code: dict[str, Any] = {each["code"]: each for each in data["providers"]}
    assert by_code["ACME"]["dictionaries"] == ["AMENITIES", "PROPERTY_TYPES", "BED_TYPES"]
    assert {"USERS", "FEES", "DICTIONARIES", "PROVIDER_ACCOUNTS"} <= set(by_code["ACME"]["capabilities"])
    assert by_code["BARE"] == {"code": "BARE", "capabilities": ["LISTINGS"], "dictionaries": []}
