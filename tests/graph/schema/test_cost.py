"""Counting what an operation asks for, before it runs."""

import pytest
from graphql import parse

from graph.schema.cost import CostCount


@pytest.mark.parametrize(
    ("query", "records"),
    [
        ("{ listings(first: 10) { nodes { name } } }", 10),
        ("{ listings { nodes { name } } }", 50),
        ("{ listings(first: 10) { nodes { reservations(first: 5) { nodes { id } } } } }", 60),
        ("{ a: listings(first: 10) { nodes { id } } b: listings(first: 7) { nodes { id } } }", 17),
        ('{ calendars(listingIds: ["a", "b"], from: "x", to: "y") { days { date } } }', 2),
        ("{ providers { code } rateLimits { used } }", 0),
        ("query A { listings(first: 3) { nodes { id } } } query B { listings(first: 9) { nodes { id } } }", 9),
        (
            "{ listings(first: 4) { ...Page } }"
            " fragment Page on C { nodes { reservations(first: 2) { nodes { id } } } }",
            12,
        ),
        (
            "{ ...A } fragment A on Query { ...B ...B }"
            " fragment B on Query { ...A listings(first: 5) { nodes { id } } }",
            10,
        ),
    ],
)
def test_lists_multiply_what_is_asked_of_their_records(query: str, records: int) -> None:
    assert CostCount(parse(query), None, 1000).of_costliest() == records


def test_variables_count_with_their_values() -> None:
    document = parse("query($n: Int!) { listings(first: $n) { nodes { id } } }")
    assert CostCount(document, {"n": 77}, 1000).of_costliest() == 77
    assert CostCount(document, {"n": "many"}, 1000).of_costliest() == 50


def test_the_count_stops_at_its_bound_and_at_absurd_depth() -> None:
    wide = parse("{ " + " ".join(f"a{n}: listings(first: 500) {{ nodes {{ id }} }}" for n in range(100)) + " }")
    assert CostCount(wide, None, 1000).of_costliest() == 1001
    deep = parse("{ a" * 150 + "{ b }" + "}" * 150)
    assert CostCount(deep, None, 1000).of_costliest() == 1001
