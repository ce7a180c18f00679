"""Whoever changed something sees it, at once in the same process, in another within a second; at no call too many."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from graph.accounts.accounts import ConnectedAccount
from graph.accounts.keys import Permission
from graph.app import create_app
from graph.changes import change_marks
from graph.changes.change_marks import MAX_IDS, dumped, loaded
from graph.gateway.touched import Touched
from graph.services import Services
from graph.storage.tables import ChangeMarkRow
from tests.changes import LISTINGS, YEAR, walk, year_from
from tests.gateway_world import World, world
from tests.graph.changes.inn_world import ARRIVAL, DEPARTURE, Inn, inn_world
from tests.graph.changes.operations import CREATE, UPDATE, create

HOUR = 3600.0

READ = "query($id: ID!, $age: Int) { reservation(id: $id, maxAge: $age) { id hostNote } }"

CALENDAR = """query($id: ID!, $from: Date!, $to: Date!) {
  listing(id: $id) { calendar(from: $from, to: $to) { days { date status available } } } }"""

TWICE = """mutation ($id: ID!, $one: UpdateReservationInput!, $two: UpdateReservationInput!) {
  first: updateReservation(id: $id, input: $one) { reservation { hostNote } userErrors { code } }
  second: updateReservation(id: $id, input: $two) { reservation { hostNote } userErrors { code } } }"""


async def test_after_a_create_what_is_held_costs_one_call_and_nothing_else_is_read_again(tmp_path: Path) -> None:
    today = datetime.now(UTC).date()
    stays = year_from(today)
    arrival, departure = today + timedelta(days=200), today + timedelta(days=203)
    nights = {"from": str(arrival), "to": str(departure)}
    async with world(tmp_path, hostaway_accounts=1, bookingsync_accounts=0, listings=20, today=today) as running:
        homes = [node["id"] for node in await walk(running, LISTINGS)]
        before = await walk(running, YEAR, **stays)
        running.clock.advance(HOUR)
        await walk(running, YEAR, **stays)
        await walk(running, LISTINGS)
        for home in homes[:2]:
            await running.data(CALENDAR, id=home, **nights)
        given = {
            "listingId": homes[0],
            "arrival": str(arrival),
            "departure": str(departure),
            "guest": {"firstName": "Ada", "lastName": "Lovelace", "email": "ada@example.org"},
            "party": {"adults": 2},
            "total": "300.00",
            "forceOverbooking": True,
        }
        payload = await running.change(CREATE, Permission.WRITE, input=given)
        assert payload["userErrors"] == []
        made = payload["reservation"]["id"]

        running.calls.clear()
        after = await walk(running, YEAR, **stays)
        assert len(running.data_calls()) == 1
        assert {node["id"] for node in after} - {node["id"] for node in before} == {made}
        await walk(running, YEAR, **stays)
        await walk(running, LISTINGS)
        await running.data(CALENDAR, id=homes[1], **nights)
        assert len(running.data_calls()) == 1
        shown = await running.data(CALENDAR, id=homes[0], **nights)
        assert len(running.data_calls()) == 2
        assert {day["available"] for day in shown["listing"]["calendar"]["days"]} == {False}


async def test_two_changes_in_one_operation_each_show_their_own(running: World, inn: Inn) -> None:
    made = (await create(running))["reservation"]["id"]
    secret = await running.key_with(Permission.WRITE)
    variables = {"id": made, "one": {"hostNote": "late"}, "two": {"hostNote": "early"}}
    data = (await running.post(TWICE, variables, Authorization=f"Bearer {secret}")).json()["data"]
    assert data["first"]["reservation"]["hostNote"] == "late"
    assert data["second"]["reservation"]["hostNote"] == "early"


async def test_the_record_that_came_with_a_change_is_read_from_it(running: World, inn: Inn) -> None:
    made = (await create(running))["reservation"]["id"]
    before = inn.counted()["reservations"]
    await running.change(UPDATE, Permission.WRITE, id=made, input={"hostNote": "late"})
    reads = inn.counted()["reservations"]
    assert (await running.data(READ, id=made))["reservation"]["hostNote"] == "late"
    assert inn.counted()["reservations"] == reads
    assert reads - before <= 1


async def test_after_an_answer_that_was_lost_the_nights_are_read_anew(running: World, inn: Inn) -> None:
    listing = (await running.data("{ listings(first: 1) { nodes { id } } }"))["listings"]["nodes"][0]["id"]
    nights = {"from": str(ARRIVAL), "to": str(DEPARTURE)}

    async def statuses() -> set[str]:
        shown = await running.data(CALENDAR, id=listing, **nights)
        return {day["status"] for day in shown["listing"]["calendar"]["days"]}

    assert await statuses() == {"AVAILABLE"}
    inn.script.append("lost")
    inn.broken_look = True
    payload = await create(running)
    assert [each["code"] for each in payload["userErrors"]] == ["UNCERTAIN"]
    assert await statuses() == {"RESERVED"}


@asynccontextmanager
async def another_process(running: World, key: str) -> AsyncIterator[World]:
    """A second gateway on the same database."""
    async with AsyncExitStack() as stack:
        app = create_app(running.services.settings, clock=running.clock)
        await stack.enter_async_context(app.router.lifespan_context(app))
        services: Services = app.state.services
        transport = httpx.ASGITransport(app)
        client = await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url="http://other.test"))
        yield World(app, client, services, running.clock, {}, {}, key)


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every operation asks what the others changed."""
    monkeypatch.setattr(change_marks, "HEARD_SECONDS", 0.0)


@pytest.mark.usefixtures("no_pause")
async def test_another_process_on_the_database_sees_a_change(tmp_path: Path, inn: Inn, database_url: str) -> None:
    async with inn_world(tmp_path, inn, database_url=database_url) as one, another_process(one, one.key) as two:
        made = (await create(one))["reservation"]["id"]
        assert (await two.data(READ, id=made))["reservation"]["hostNote"] is None
        reads = inn.counted()["reservations"]
        assert (await two.data(READ, id=made))["reservation"]["hostNote"] is None
        assert inn.counted()["reservations"] == reads
        await one.change(UPDATE, Permission.WRITE, id=made, input={"hostNote": "late"})
        assert (await two.data(READ, id=made))["reservation"]["hostNote"] == "late"
        reads = inn.counted()["reservations"]
        # What it heard once it does not hear again.
        await two.data(READ, id=made)
        assert inn.counted()["reservations"] == reads


@pytest.mark.usefixtures("no_pause")
async def test_marks_that_went_before_they_were_heard_are_missed_by_their_numbers(
    tmp_path: Path, inn: Inn, database_url: str
) -> None:
    async with inn_world(tmp_path, inn, database_url=database_url) as one, another_process(one, one.key) as two:
        made = (await create(one))["reservation"]["id"]
        await two.data(READ, id=made)
        await one.change(UPDATE, Permission.WRITE, id=made, input={"hostNote": "late"})
        one.clock.advance(HOUR)
        # The mark of the first change goes when that of the next one is made, about other things.
        await one.services.change_marks.tell(await account(one), Touched(policies=True))
        assert await marks(one) == 1
        assert (await two.data(READ, id=made, age=86_400))["reservation"]["hostNote"] == "late"


async def test_a_change_is_made_although_nobody_can_be_told(
    running: World, inn: Inn, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = (await create(running))["reservation"]["id"]
    before = await marks(running)
    monkeypatch.setattr(change_marks, "write_mark", lambda *_: (_ for _ in ()).throw(OSError("no disk")))
    payload = await running.change(UPDATE, Permission.WRITE, id=made, input={"hostNote": "late"})
    assert payload["reservation"]["hostNote"] == "late"
    assert await marks(running) == before


async def account(running: World) -> ConnectedAccount:
    (found,) = await running.services.accounts.list("default")
    return found


async def marks(running: World) -> int:
    async with running.services.database.reading() as session:
        return (await session.scalar(select(func.count()).select_from(ChangeMarkRow))) or 0


def ids(count: int) -> frozenset[str]:
    return frozenset(str(number) for number in range(count))


@pytest.mark.parametrize(
    "touched",
    [
        Touched(),
        Touched(reservations=ids(3), nights_of=ids(2), rates_of=ids(1)),
        Touched(listings=ids(MAX_IDS)),
        Touched(parts_of=ids(1), policies=True),
        Touched(everything=True),
    ],
)
def test_what_is_told_is_what_is_heard(touched: Touched) -> None:
    assert loaded(dumped(touched)) == touched


def test_a_mark_is_bounded_and_what_is_not_understood_stands_for_everything() -> None:
    every: Any = {"everything": True}
    assert dumped(Touched(listings=ids(MAX_IDS), parts_of=ids(1))) == every
    assert loaded({"guests": ["1"]}) == Touched(everything=True)
