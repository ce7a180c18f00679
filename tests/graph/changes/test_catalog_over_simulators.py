"""Calendars and listings of both PMSs changed over the public face, against their simulators."""

from datetime import date, timedelta
from typing import Any

import pytest

from graph.accounts.keys import Permission
from graph.schema import ids
from tests.gateway_world import World
from tests.graph.changes.test_calendar_changes import MANY, ONE, codes, nights
from tests.graph.changes.test_listing_edits import CREATE, UPDATE

LISTINGS = """{ listings(first: 50) { nodes { id provider name currency version
  calendar(from: "%s", to: "%s") { days { date status price } } } } }"""


async def found(world: World, provider: str, start: date, days: int = 60) -> tuple[dict[str, Any], list[date]]:
    """A listing of the PMS with free nights of these, and those."""
    data = await world.data(LISTINGS % (start, start + timedelta(days=days)))
    for node in data["listings"]["nodes"]:
        free = [day for day in node["calendar"]["days"] if day["status"] == "AVAILABLE"]
        if node["provider"] == provider and len(free) > 5:
            return node, [date.fromisoformat(each["date"]) for each in free]
    raise LookupError(provider)


@pytest.fixture
def running_simulators() -> None: ...
