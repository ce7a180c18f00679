"""``staygraph demo`` as a visitor meets it: GraphiQL in a real browser, on simulated PMSs, without internet."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import GraphQLObjectType, build_schema

from graph.explorer import explorer_ready
from graph.schema.schema import schema_text
from tests.browser.chromium import Chromium
from tests.browser.explorer import DOCS, QUERY, RESPONSE, RUN, open_tab, response, tab_titles

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def demo() -> Iterator[str]:
    """The address that the demo prints for GraphiQL."""
    assert explorer_ready(), "the explorer is not built: run `python -m graph.explorer`"
    command = [sys.executable, "-m", "graph", "demo", "--port", "0", "--json"]
    with subprocess.Popen(  # noqa: S603  # our own program
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        try:
            said = next((line for line in process.stdout if line.startswith("{")), None)
            assert said is not None, "the demo ended without saying where it is"
            yield str(json.loads(said)["graphiql"])
        finally:
            process.terminate()
            process.wait(10)


def test_demo_page_is_complete_without_internet(chromium: Chromium, demo: str, tmp_path: Path) -> None:
    chromium.open(demo)
    chromium.find(RUN).click()
    chromium.wait_for_text(RESPONSE, '"listings"')

    assert chromium.driver.save_screenshot(str(tmp_path / "demo.png"))
    assert chromium.outside() == []
    assert chromium.complaints() == []


def test_demo_documentation_describes_the_schema(chromium: Chromium, demo: str) -> None:
    chromium.open(demo)
    shown = chromium.wait_for_text(DOCS, "All Schema Types")

    schema = build_schema(schema_text())
    assert {name for name in schema.type_map if not name.startswith("__")} <= set(shown.split())

    chromium.follow("Reservation", within=DOCS)
    reservation = schema.type_map["Reservation"]
    assert isinstance(reservation, GraphQLObjectType)
    shown = chromium.wait_for_text(DOCS, reservation.description or "a description")
    assert all((field.description or "a description") in shown for field in reservation.fields.values())


CHANGES = ["ChangeNights", "ChangeListing", "MakeReservation", "ConnectAccount"]
"""Examples whose variables have a place for an id or a secret: nothing is changed by opening and running them."""


def test_every_example_of_the_demo_shows_data(chromium: Chromium, demo: str) -> None:
    chromium.open(demo)
    chromium.find(QUERY)
    titles = tab_titles(chromium)
    assert titles == [
        "AccountsAndListings",
        "UpcomingReservations",
        "Calendars",
        "FreeListings",
        "Quotes",
        "ListingParts",
        "PriceWithExtras",
        "ReservationEvents",
        "RateLimits",
        *CHANGES,
    ]

    for title in titles[: -len(CHANGES)]:
        if title == "ReservationEvents":
            continue  # it goes on: see below
        open_tab(chromium, title)
        chromium.find(RUN).click()
        answer = response(chromium)
        assert "errors" not in answer, f"{title}: {answer['errors']}"
        assert all(rows(field) for field in answer["data"].values()), f"{title} shows no data"


def test_a_subscription_of_the_demo_is_live(chromium: Chromium, demo: str) -> None:
    chromium.open(demo)
    chromium.find(QUERY)
    open_tab(chromium, "ReservationEvents")
    chromium.find(RUN).click()

    chromium.wait_for_text(RESPONSE, '"receivedAt"')
    first = json.loads(chromium.editor_text(RESPONSE))["data"]["reservationEvents"]
    chromium.wait_for_script(
        "const shown = document.querySelector('.graphiql-response .CodeMirror').CodeMirror.getValue();"
        "return shown.includes('cursor') && !shown.includes(arguments[0])",
        first["cursor"],
    )
    second = json.loads(chromium.editor_text(RESPONSE))["data"]["reservationEvents"]
    chromium.find(RUN).click()

    assert {first["type"], second["type"]} <= {"CREATED", "UPDATED", "CANCELLED"}
    assert first["account"]["name"] != second["account"]["name"]
    assert chromium.complaints() == []


def test_examples_of_changes_ask_for_what_variables_lack(chromium: Chromium, demo: str) -> None:
    chromium.open(demo)
    chromium.find(QUERY)
    for title in CHANGES:
        open_tab(chromium, title)
        chromium.find(RUN).click()
        answer = response(chromium)
        assert "errors" not in answer, f"{title}: {answer['errors']}"
        (payload,) = answer["data"].values()
        assert payload["userErrors"], f"{title} is done without an id of a listing or a secret"


def rows(field: object) -> object:
    return field["nodes"] if isinstance(field, dict) else field
