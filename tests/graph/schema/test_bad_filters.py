"""Every filter there is, taken from the schema itself: a wrong type, nothing in it, an id of something else."""

from collections.abc import Callable

import pytest
from graphql import (
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    build_schema,
    get_named_type,
    get_nullable_type,
)

from graph.schema.schema import schema_text
from tests.gateway_world import World

SCHEMA = build_schema(schema_text())

SEARCH = 'availableListings(arrival: "2190-01-03", departure: "2190-01-05", filter: %s) { nodes { basis } }'
FIELDS = {
    "ListingFilter": ["listings(filter: %s) { nodes { id } }", SEARCH],
    "ReservationFilter": ["reservations(filter: %s) { nodes { id } }"],
    "ImportableListingFilter": ["importableListings(filter: %s) { nodes { id } }"],
    "AccountListingFilter": ["accounts { nodes { listings(filter: %s) { nodes { id } } } }"],
    "ListingReservationFilter": [
        "accounts { nodes { reservations(filter: %s) { nodes { id } } } }",
        "listings(first: 1) { nodes { reservations(filter: %s) { nodes { id } } } }",
    ],
}
"""Every field that takes a filter, by the type of the filter."""

FILTERS = [(field, name) for name, fields in FIELDS.items() for field in fields]
EACH_FIELD = pytest.mark.parametrize(("field", "name"), FILTERS, ids=[name for _, name in FILTERS])


def members(name: str, chosen: Callable[[GraphQLInputType], bool]) -> dict[str, GraphQLInputType]:
    """The filters of a type of which ``chosen`` is true, by name."""
    made = SCHEMA.type_map[name]
    assert isinstance(made, GraphQLInputObjectType)
    return {each: found.type for each, found in made.fields.items() if chosen(found.type)}


def is_list(kind: GraphQLInputType) -> bool:
    return isinstance(get_nullable_type(kind), GraphQLList)


def is_text(kind: GraphQLInputType) -> bool:
    return get_nullable_type(kind) is SCHEMA.type_map["String"]


def is_range(kind: GraphQLInputType) -> bool:
    return get_named_type(kind).name == "DateRangeInput"


def wrong(kind: GraphQLInputType) -> str:
    """A value that is no value of ``kind``, nor one that it could be made from."""
    return "5.5" if isinstance(get_named_type(kind), GraphQLInputObjectType) else "{of: 1}"


def test_every_filter_of_the_schema_is_tried() -> None:
    assert {name for name in SCHEMA.type_map if name.endswith("Filter")} == FIELDS.keys()
    for name in ("ListingFilter", "ReservationFilter"):
        assert all(members(name, chosen) for chosen in (is_list, is_text))
    assert members("ReservationFilter", is_range).keys() == {"arrival", "departure", "stay"}


@EACH_FIELD
async def test_a_filter_of_a_wrong_type_is_refused_before_any_call(running: World, field: str, name: str) -> None:
    for each, kind in members(name, lambda _: True).items():
        for value in (wrong(kind), f"[{wrong(kind)}]"):
            answer = await running.post("{ " + field % f"{{{each}: {value}}}" + " }")
            codes = {error["extensions"]["code"] for error in answer.json()["errors"]}
            assert codes == {"INVALID_OPERATION"}, each
    assert not running.calls


async def refused(running: World, field: str, name: str, given: str) -> list[dict[str, str]]:
    """The extensions of the errors of an operation that is refused its filter."""
    body = await running.ask("{ " + field % f"{{{name}: {given}}}" + " }")
    assert body["errors"], given
    return [error["extensions"] for error in body["errors"]]


@EACH_FIELD
async def test_an_empty_list_is_refused_since_it_could_mean_all_or_none(running: World, field: str, name: str) -> None:
    for each in members(name, is_list):
        for error in await refused(running, field, each, "[]"):
            assert (error["code"], error["argument"]) == ("BAD_INPUT", f"filter.{each}")
            assert "leave it out" in error["allowed"]


@EACH_FIELD
async def test_a_text_of_nothing_but_space_is_refused(running: World, field: str, name: str) -> None:
    for each in members(name, is_text):
        for error in await refused(running, field, each, '" "'):
            assert (error["code"], error["argument"]) == ("BAD_INPUT", f"filter.{each}")
            assert error["allowed"]


@pytest.mark.parametrize(("field", "name"), [each for each in FILTERS if "Reservation" in each[1]])
async def test_a_range_that_ends_before_it_begins_is_refused(running: World, field: str, name: str) -> None:
    for each in members(name, is_range):
        for end in ("2027-07-01", "2027-07-02"):
            for error in await refused(running, field, each, f'{{from: "2027-07-02", to: "{end}"}}'):
                assert (error["code"], error["argument"]) == ("BAD_INPUT", f"filter.{each}.from")
                assert "before to" in error["allowed"]
