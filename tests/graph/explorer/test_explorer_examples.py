"""The example queries against the schema they are written for."""

import json
from datetime import date

import pytest
from graphql import GraphQLSchema, OperationDefinitionNode, OperationType, build_schema, parse, validate
from graphql.execution.values import get_variable_values

from graph.explorer import Tab, example_tabs
from graph.schema.schema import schema_text

TABS = example_tabs(date(2027, 2, 15))


def operation(tab: Tab) -> OperationDefinitionNode:
    (definition,) = parse(tab.query).definitions
    assert isinstance(definition, OperationDefinitionNode)
    return definition


def title(tab: Tab) -> str:
    name = operation(tab).name
    assert name is not None
    return name.value


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema(schema_text())


@pytest.mark.parametrize("tab", TABS, ids=title)
def test_example_is_valid(schema: GraphQLSchema, tab: Tab) -> None:
    assert validate(schema, parse(tab.query)) == []


@pytest.mark.parametrize("tab", TABS, ids=title)
def test_example_is_given_the_variables_it_declares(schema: GraphQLSchema, tab: Tab) -> None:
    declared = operation(tab).variable_definitions or ()
    given = tab.variables or {}

    assert {definition.variable.name.value for definition in declared} == set(given)
    assert not isinstance(get_variable_values(schema, declared, dict(given)), list)


def test_examples_have_titles_of_their_own() -> None:
    assert len({title(tab) for tab in TABS}) == len(TABS)


def test_example_days_start_when_the_page_is_opened() -> None:
    changes = {"ChangeNights", "ChangeListing", "MakeReservation", "ConnectAccount"}
    days = {title(tab): tab.variables for tab in TABS if tab.variables and title(tab) not in changes}

    assert days == {
        "UpcomingReservations": {"from": "2027-02-15", "to": "2027-03-17"},
        "Calendars": {"from": "2027-02-15", "to": "2027-03-01"},
        "FreeListings": {"arrival": "2027-03-01", "departure": "2027-03-04"},
        "Quotes": {"arrival": "2027-03-01", "departure": "2027-03-04"},
        "PriceWithExtras": {"arrival": "2027-03-01", "departure": "2027-03-04"},
    }
    assert json.dumps({title(tab): tab.variables for tab in TABS})


def test_examples_of_changes_are_dry_runs_where_they_can_be() -> None:
    changes = [tab for tab in TABS if operation(tab).operation is OperationType.MUTATION]

    assert [title(tab) for tab in changes if "dryRun: true" not in tab.query] == ["ConnectAccount"]
    assert len(changes) == 4
