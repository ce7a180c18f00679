"""The size of an operation, found before it is validated."""

import pytest
from graphql import parse

from graph.schema.size import Sizing


@pytest.mark.parametrize(
    ("query", "records"),
    [
        ("{ listings(first: 10) { nodes { name } } }", 10),
        ("{ listings { nodes { name } } }", 50),
        ("{ listings(first: 10) { nodes { reservations(first: 5) { nodes { id } } } } }", 60),
        ("{ a: listings(first: 10) { nodes { id } } b: listings(first: 7) { nodes { id } } }", 17),
        ('{ calendars(listingIds: ["a", "b"], from: "x", to: "y") { days { date } } }', 2),
        ("{ providers { code } rateLimits { used } }", 0),
        ("{ listings(first: 4) { nodes { name fees { name } taxes { name } amenities { name } } } }", 84),
        ("{ accounts(first: 2) { nodes { users { listings(first: 9) { name } } } } }", 1002),
        ("{ accounts(first: 2) { nodes { dictionary(kind: AMENITIES) { name } } } }", 1002),
        ("{ providerAccounts { groups { nodes { businessName } } } }", 100),
        ('{ calendars(listingIds: ["a"], from: "2026-01-01", to: "2027-01-01") { days { date } } }', 1),
        (
            '{ calendars(listingIds: ["a", "b"], from: "2026-01-01", to: "2026-03-01") { days { reservations { id } } }'
            " }",
            202,
        ),
        ('{ calendars(listingIds: ["a"], from: "soon", to: "2026-03-01") { days { reservations { id } } } }', 51),
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
    assert Sizing(parse(query), None).of_largest().records == records


def test_variables_count_with_their_values() -> None:
    document = parse("query($n: Int!) { listings(first: $n) { nodes { id } } }")
    assert Sizing(document, {"n": 77}).of_largest().records == 77
    assert Sizing(document, {"n": "many"}).of_largest().records == 50


def test_days_in_variables_count_with_their_values() -> None:
    document = parse(
        "query($from: Date!, $to: Date!) { listings(first: 2) { nodes { calendar(from: $from, to: $to)"
        " { days { reservations { id } } } } } }"
    )
    assert Sizing(document, {"from": "2026-01-01", "to": "2027-01-01"}).of_largest().records == 2 * (1 + 8 * 50)
    assert Sizing(document, {"from": 7, "to": None}).of_largest().records == 2 * (1 + 50)


@pytest.mark.parametrize(
    ("query", "depth", "aliases"),
    [
        ("{ a }", 1, 0),
        ("{ a { b { c } } d }", 3, 0),
        ("{ x: a { y: b } }", 2, 2),
        ("{ ...F ...F } fragment F on Q { x: a { b } }", 2, 2),
        ("{ ... on Q { a } __schema { types { fields { name } } } }", 1, 0),
    ],
)
def test_depth_and_aliases_count_through_fragments(query: str, depth: int, aliases: int) -> None:
    size = Sizing(parse(query), None).of_largest()
    assert (size.depth, size.aliases) == (depth, aliases)


def test_fragments_that_double_are_sized_at_once() -> None:
    doubling = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(100))
    document = parse("{ ...F0 } " + doubling + " fragment F100 on Query { x: providers { code } }")
    assert Sizing(document, None).of_largest().aliases == 2**100


def test_what_is_absurdly_deep_is_not_looked_into() -> None:
    chain = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} }}" for n in range(500))
    assert Sizing(parse("{ ...F0 } " + chain), None).of_largest().depth >= 150
