"""Partner keys over real simulators that let nobody in without one."""

import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from graph.logs import configure_logging
from tests.gateway_world import World, world
from tests.graph.schema.definition_world import another_process, demand, update

HEADERS = {"X-Partner": "header-of-a-partner-0123"}
QUERY = {"provider": "query-of-a-partner-4567"}
LISTINGS = "{ listings(first: 20, maxAge: 0) { nodes { name } sources { status error { code message } } } }"
BOTH = ("HOSTAWAY", "BOOKINGSYNC")


@pytest.fixture
async def gated(tmp_path: Path) -> AsyncIterator[World]:
    """One account of each PMS, both of which demand a partner's header and query parameter."""
    async with world(tmp_path, hostaway_accounts=1, bookingsync_accounts=1, listings=2) as running:
        for provider in BOTH:
            await demand(running, provider, headers=HEADERS, query=QUERY)
        yield running


async def give_keys(running: World, headers: dict[str, str] = HEADERS, query: dict[str, str] = QUERY) -> None:
    for provider in BOTH:
        payload = await update(running, provider, partnerKey={"headers": headers, "queryParams": query})
        assert payload["userErrors"] == []


async def statuses(running: World) -> list[str]:
    body = await running.ask(LISTINGS)
    return [source["status"] for source in body["data"]["listings"]["sources"]]


async def test_every_call_carries_the_key_and_a_change_needs_no_restart(gated: World) -> None:
    assert await statuses(gated) == ["FAILED", "FAILED"]
    await give_keys(gated)
    gated.calls.clear()
    assert await statuses(gated) == ["OK", "OK"]
    assert {call.status for call in gated.calls} == {200}
    # Calls for tokens are calls, too: both PMSs refuse those without the key.
    assert any("oken" in call.path for call in gated.calls)
    await give_keys(gated, query={"provider": "another-partner-of-theirs"})
    assert await statuses(gated) == ["FAILED", "FAILED"]


async def test_another_process_sends_the_new_key_within_a_second(gated: World) -> None:
    async with another_process(gated) as (other, clock):
        assert await statuses(other) == ["FAILED", "FAILED"]
        await give_keys(gated)
        clock.leap(1.0)
        assert await statuses(other) == ["OK", "OK"]


@pytest.fixture
def loud(capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Logs that hold back nothing."""
    root = logging.getLogger()
    kept = (list(root.handlers), root.level)
    configure_logging("json", "debug")
    yield
    root.handlers, root.level = kept
    structlog.reset_defaults()


@pytest.mark.usefixtures("loud")
async def test_no_part_of_the_key_is_in_answers_outcomes_or_logs(
    gated: World, capsys: pytest.CaptureFixture[str]
) -> None:
    await give_keys(gated)
    assert await statuses(gated) == ["OK", "OK"]
    await give_keys(gated, headers={"X-Partner": "a-wrong-partner-89ab"})
    body = await gated.ask(LISTINGS)
    assert {source["status"] for source in body["data"]["listings"]["sources"]} == {"FAILED"}
    out, logged = capsys.readouterr()
    assert logged
    told: list[Any] = [body, gated.calls, out, logged]
    for text in map(str, told):
        assert "a-wrong-partner" not in text
        assert "header-of-a-partner" not in text
        assert "query-of-a-partner" not in text
