"""The short way for plain values answers exactly what the executor's own way answers."""

from dataclasses import replace
from typing import Any

import pytest

from graph.gateway.store import Held
from graph.schema.plain import PlainExecutor
from providers.model import Listing
from tests.gateway_world import World

QUERIES = [
    "{ listings(first: 100) { __typename nodes { __typename id name provider bathrooms rating checkInFrom updatedAt"
    " status address { city countryCode }"
    " location { latitude } basePrice { amount currency } amenities { providerId name }"
    " images { url position } account { name id } } } }",
    "{ reservations(first: 100) { edges { cursor node { id status arrival nights party { guests } guest { name }"
    " total { amount } financeLines { type amount { amount currency } } bookedAt } } sources { status note } } }",
    "query($yes: Boolean = true, $no: Boolean = false) { listings(first: 9) { nodes { name @include(if: $no)"
    " provider @skip(if: $no) a: name b: address { ...Place @include(if: $yes) } } } }"
    " fragment Place on Address { city }",
    "{ accounts { nodes { id name authType providerAccount { businessName phones { mobile } selectedLocales } } } }",
    "{ listings(first: 3) { nodes { ... on Node { id } ... on Listing { name } } } }",
]


@pytest.mark.parametrize("query", QUERIES)
async def test_both_ways_give_the_same_answer(running: World, query: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await running.ask(query)
    short = await running.post(query)
    monkeypatch.setattr(PlainExecutor, "_plan", lambda *_: None)
    long = await running.post(query)
    assert short.content == long.content
    assert "errors" not in short.json()


async def spoil(running: World, **changes: Any) -> None:
    """Put a listing that no plugin would make into the cache."""
    keeper = running.services.gateway.reading.keeper
    for key in list(keeper._store._weights):
        held = await keeper.recall(key)
        if held is not None and isinstance(held.value, Listing):
            await keeper.keep({key: Held(replace(held.value, **changes), held.fetched_at)})


@pytest.mark.parametrize("changes", [{"provider": None}, {"bedrooms": "many"}, {"address": "somewhere"}])
async def test_a_value_that_does_not_fit_is_worded_by_the_long_way(
    running: World, changes: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = await running.data("{ listings(first: 1) { nodes { id } } }")
    await spoil(running, **changes)
    query = "query($id: ID!) { listing(id: $id) { name provider bedrooms address { city } } }"
    id_ = data["listings"]["nodes"][0]["id"]
    short = await running.ask(query, id=id_)
    monkeypatch.setattr(PlainExecutor, "_plan", lambda *_: None)
    assert short == await running.ask(query, id=id_)
    (error,) = short["errors"]
    assert error["extensions"] == {"code": "INTERNAL"}
    assert error["message"] == "Something went wrong inside StayGraph."
