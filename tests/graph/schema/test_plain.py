"""The short way for plain values answers exactly what the executor's own way answers."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from graph.gateway.store import Held
from graph.schema.plain import SLICE, PlainExecutor
from providers.model import Amenity, Listing
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


async def test_a_page_of_plain_records_is_one_step_whatever_its_length(
    running: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = 0
    execute = PlainExecutor.execute_field

    def counted(self: PlainExecutor, *given: Any) -> Any:
        nonlocal steps
        steps += 1
        return execute(self, *given)

    monkeypatch.setattr(PlainExecutor, "execute_field", counted)
    query = """query($first: Int!) { listings(first: $first) { totalCount pageInfo { hasNextPage endCursor }
      edges { cursor node { id name provider address { city } basePrice { amount currency } } } } }"""
    taken = {}
    for first in (1, 6):
        steps = 0
        data = await running.data(query, first=first)
        assert len(data["listings"]["edges"]) == first
        taken[first] = steps
    assert taken == {1: 4, 6: 4}, "listings, totalCount, pageInfo and edges"


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


@pytest.mark.parametrize("query", QUERIES)
async def test_lists_in_slices_give_the_same_answer(
    running: World, query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await running.ask(query)
    at_once = await running.post(query)
    monkeypatch.setattr("graph.schema.plain.SLICE", 2)
    assert (await running.post(query)).content == at_once.content


async def test_a_wrong_value_in_a_long_list_is_worded_by_the_long_way(
    running: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = "query($id: ID!) { listing(id: $id, maxAge: 600) { name amenities { providerId name } } }"
    data = await running.data("{ listings(first: 1) { nodes { id } } }")
    id_ = data["listings"]["nodes"][0]["id"]
    await spoil(running, amenities=[Amenity(provider_id=str(number)) for number in range(4)] + ["odd"])
    at_once = await running.ask(query, id=id_)
    assert at_once["errors"]
    monkeypatch.setattr("graph.schema.plain.SLICE", 2)
    assert await running.ask(query, id=id_) == at_once


async def test_others_have_their_turn_while_long_calendars_are_answered(
    running: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = await running.data("{ listings(first: 6) { nodes { id } } }")
    query = """query($ids: [ID!]!, $from: Date!, $to: Date!) {
      calendars(listingIds: $ids, from: $from, to: $to) { days { date status } } }"""
    today = date(2027, 1, 1)
    variables = {
        "ids": [node["id"] for node in data["listings"]["nodes"]],
        "from": str(today),
        "to": str(today + timedelta(days=1_000)),
    }
    await running.data(query, **variables)

    async def turns() -> int:
        counted = 0

        async def count() -> None:
            nonlocal counted
            while True:
                await asyncio.sleep(0)
                counted += 1

        counting = asyncio.create_task(count())
        await running.data(query, **variables)
        counting.cancel()
        return counted

    in_slices = await turns()
    monkeypatch.setattr("graph.schema.plain.SLICE", 10_000)
    # Each of six calendars has five slices.
    assert in_slices >= await turns() + 6 * 1_000 / SLICE
