"""Kinds of building that a PMS names by ids of its dictionary: label and filter agree, at one call a day."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from providers.errors import UpstreamUnavailable
from providers.model import DictionaryEntry, DictionaryKind, PropertyType
from tests.acme_world import AcmeClient, Estate, acme_world
from tests.gateway_world import World

FOUND = (
    "query($kinds: [PropertyType!], $first: Int = 100, $after: String, $age: Int) {"
    " listings(first: $first, after: $after, filter: {propertyTypes: $kinds}, maxAge: $age) {"
    " nodes { name propertyType providerPropertyType } pageInfo { hasNextPage endCursor }"
    " sources { account { name } status error { code message } applied { argument by } } } }"
)
FREE = (
    'query($kinds: [PropertyType!]) { availableListings(arrival: "2190-01-03", departure: "2190-01-05", first: 50,'
    " filter: {propertyTypes: $kinds}) { nodes { listing { name } } sources { status error { code } } } }"
)


@pytest.fixture
def words(monkeypatch: pytest.MonkeyPatch) -> list[DictionaryEntry]:
    """ACME's dictionary of kinds of building, to be changed."""
    entries = [DictionaryEntry(provider_id="4", name="Hut", kind="CABIN")]

    async def dictionary(client: AcmeClient, kind: DictionaryKind) -> Sequence[DictionaryEntry]:
        client.estate.note("dictionary", kind)
        return entries

    monkeypatch.setattr(AcmeClient, "dictionary", dictionary)
    return entries


async def found(running: World, **variables: Any) -> dict[str, Any]:
    page: dict[str, Any] = (await running.data(FOUND, **variables))["listings"]
    return page


async def test_a_kind_is_found_by_its_id_in_the_dictionary(acme: World, estate: Estate) -> None:
    page = await found(acme, kinds=["CABIN", "BOAT"])
    assert [node["name"] for node in page["nodes"]] == ["House 1", "House 2", "House 3"]
    assert {(node["propertyType"], node["providerPropertyType"]) for node in page["nodes"]} == {("CABIN", "4")}
    assert page["sources"][0]["applied"] == [{"argument": "filter.propertyTypes", "by": "GATEWAY"}]
    assert (await found(acme, kinds=["BOAT"]))["nodes"] == []
    # The label and both filters share one read of the dictionary.
    assert estate.counted() == {"listing_page": 1, "dictionary": 1}


async def test_the_pms_s_own_word_for_a_listing_is_stronger_than_the_dictionary(acme: World, estate: Estate) -> None:
    estate.changes["property_type"] = PropertyType.BOAT
    assert len((await found(acme, kinds=["BOAT"]))["nodes"]) == 3
    assert (await found(acme, kinds=["CABIN"]))["nodes"] == []


@pytest.mark.parametrize("kind", ["SPACESHIP", None])
async def test_an_entry_that_staygraph_has_no_word_for_is_other_for_label_and_filter(
    acme: World, words: list[DictionaryEntry], kind: str | None
) -> None:
    words[:] = [DictionaryEntry(provider_id="4", name="Orbiter", kind=kind)]
    page = await found(acme, kinds=["OTHER"])
    assert {(node["propertyType"], node["providerPropertyType"]) for node in page["nodes"]} == {("OTHER", "4")}
    assert (await found(acme, kinds=["CABIN"]))["nodes"] == []


async def test_an_id_that_the_dictionary_lacks_has_no_label_and_fits_no_filter(
    acme: World, words: list[DictionaryEntry]
) -> None:
    words[:] = [DictionaryEntry(provider_id="5", name="Hut", kind="CABIN")]
    assert (await found(acme, kinds=[kind.value for kind in PropertyType]))["nodes"] == []
    page = await found(acme)
    assert {(node["propertyType"], node["providerPropertyType"]) for node in page["nodes"]} == {(None, "4")}


async def test_without_the_filter_no_dictionary_is_read(acme: World, estate: Estate) -> None:
    await acme.data("{ listings(first: 9, filter: {minGuests: 1}) { nodes { name } } }")
    assert estate.counted() == {"listing_page": 1}


@pytest.fixture
async def several(tmp_path: Path, estates: dict[str, Estate]) -> Any:
    """ACME's two estates, of which the first has no dictionary today, and BARE, which never has one."""
    estates["1"].failing["dictionary"] = UpstreamUnavailable("Acme is away.")
    async with acme_world(tmp_path, estates, ["1", "2", "3"]) as running:
        yield running


async def test_an_account_whose_dictionary_fails_is_reported_and_the_others_are_served(
    several: World, estates: dict[str, Estate]
) -> None:
    body = await several.ask(FOUND, kinds=["CABIN"])
    page = body["data"]["listings"]
    assert len(page["nodes"]) == 3
    assert [(source["account"]["name"], source["status"]) for source in page["sources"]] == [
        ("1", "FAILED"),
        ("2", "OK"),
        ("3", "OK"),
    ]
    assert page["sources"][0]["error"] == {"code": "UPSTREAM_UNAVAILABLE", "message": "Acme is away."}
    (error,) = body["errors"]
    assert error["path"] == ["listings"]
    assert error["extensions"]["code"] == "UPSTREAM_UNAVAILABLE"
    # Its listings are not read: without the words none of them could be told to fit.
    assert estates["1"].counted() == {"dictionary": 1}


async def test_a_walk_goes_on_when_the_dictionary_is_there_again(several: World, estates: dict[str, Estate]) -> None:
    before = (await several.ask(FOUND, kinds=["CABIN"], first=1))["data"]["listings"]
    assert before["pageInfo"]["hasNextPage"]
    estates["1"].failing.clear()
    after = await found(several, kinds=["CABIN"], after=before["pageInfo"]["endCursor"])
    # Three of the account that failed, two more of the other.
    assert len(after["nodes"]) == 5
    assert [source["status"] for source in after["sources"]] == ["OK", "OK", "OK"]


async def test_a_walk_goes_on_when_the_dictionary_has_changed(acme: World, words: list[DictionaryEntry]) -> None:
    before = await found(acme, kinds=["CABIN"], first=1)
    words.append(DictionaryEntry(provider_id="9", name="Chalet", kind="CABIN"))
    after = await found(acme, kinds=["CABIN"], after=before["pageInfo"]["endCursor"], age=0)
    assert [node["name"] for node in after["nodes"]] == ["House 2", "House 3"]


async def test_a_search_for_free_listings_reports_a_dictionary_that_fails_likewise(several: World) -> None:
    body = await several.ask(FREE, kinds=["CABIN"])
    page = body["data"]["availableListings"]
    assert page["sources"][0] == {"status": "FAILED", "error": {"code": "UPSTREAM_UNAVAILABLE"}}
    assert [error["extensions"]["code"] for error in body["errors"]] == ["UPSTREAM_UNAVAILABLE", "NOT_SUPPORTED"]
    assert page["sources"][2] == {"status": "FAILED", "error": {"code": "NOT_SUPPORTED"}}
