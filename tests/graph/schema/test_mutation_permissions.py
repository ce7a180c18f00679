"""No mutation is open to a key that may only read, whatever it is called with."""

from pathlib import Path
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    is_required_argument,
    is_required_input_field,
)

from graph.accounts.keys import Permission
from tests.gateway_world import world

SCHEMA: GraphQLSchema = build_schema((Path(__file__).parents[3] / "schema.graphql").read_text())
SCALARS: dict[str, Any] = {
    "ID": "x",
    "String": "x",
    "Int": 1,
    "Float": 1.0,
    "Boolean": True,
    "Date": "2030-01-01",
    "DateTime": "2030-01-01T00:00:00Z",
    "Decimal": "1",
    "JSON": {},
}


def some(type_: GraphQLInputType) -> Any:
    """A value that the schema accepts."""
    match type_:
        case GraphQLNonNull():
            return some(type_.of_type)
        case GraphQLList():
            return [some(type_.of_type)]
        case GraphQLEnumType():
            return next(iter(type_.values))
        case GraphQLInputObjectType():
            required = {name: each for name, each in type_.fields.items() if is_required_input_field(each)}
            if type_.is_one_of:
                required = dict(list(type_.fields.items())[:1])
            return {name: some(each.type) for name, each in required.items()}
    return SCALARS[type_.name]


def operation(name: str, field: GraphQLField) -> tuple[str, dict[str, Any]]:
    """A mutation of this field, with the arguments that it must have, and its variables."""
    needed = {argument: each for argument, each in field.args.items() if is_required_argument(each)}
    declared = ", ".join(f"${argument}: {each.type}" for argument, each in needed.items())
    given = ", ".join(f"{argument}: ${argument}" for argument in needed)
    text = f"mutation{f'({declared})' if needed else ''} {{ {name}{f'({given})' if needed else ''} {{ __typename }} }}"
    return text, {argument: some(each.type) for argument, each in needed.items()}


@pytest.mark.parametrize("permission", [Permission.READ, None], ids=["read", "none"])
async def test_no_mutation_is_open_to_who_may_only_read(tmp_path: Path, permission: Permission | None) -> None:
    mutations = SCHEMA.mutation_type
    assert isinstance(mutations, GraphQLObjectType)
    wanted = "UNAUTHENTICATED" if permission is None else "FORBIDDEN"
    async with world(tmp_path, hostaway_accounts=0, bookingsync_accounts=0) as running:
        secret = "sg_nobody" if permission is None else await running.key_with(permission)
        found = {}
        for name, field in mutations.fields.items():
            text, variables = operation(name, field)
            body = (await running.post(text, variables, Authorization=f"Bearer {secret}")).json()
            found[name] = [each["extensions"]["code"] for each in body["errors"]]
    assert len(found) > 30
    assert {name: codes for name, codes in found.items() if codes != [wanted]} == {}
