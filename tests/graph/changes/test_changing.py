"""Reservations are changed from the state that a client saw, and their nights stay theirs."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any

from graph.accounts.keys import Permission
from tests.gateway_world import World
from tests.graph.changes.inn_world import ARRIVAL, DEPARTURE, Inn
from tests.graph.changes.operations import (
    CANCEL,
    CREATE,
    CREATES,
    DELETE,
    NO_SHOW,
    UPDATE,
    UPDATES,
    codes,
    create,
    stay,
)

WRITE = Permission.WRITE


async def made(running: World, **more: Any) -> Any:
    return (await create(running, **more))["reservation"]


async def test_a_change_is_shown_and_seen_by_the_next_read(running: World, inn: Inn) -> None:
    before = await made(running)
    after = await running.change(UPDATE, WRITE, id=before["id"], version=before["version"], input={"hostNote": "new"})
    assert after["userErrors"] == []
    assert after["reservation"]["hostNote"] == "new"
    assert after["reservation"]["version"] != before["version"]
    query = "query ($id: ID!) { reservation(id: $id) { hostNote version } }"
    seen = (await running.data(query, id=before["id"]))["reservation"]
    assert seen == {"hostNote": "new", "version": after["reservation"]["version"]}


async def test_a_stale_change_is_refused_with_the_present_state(running: World, inn: Inn) -> None:
    before = await made(running)
    inn.stays["r1"].host_note = "by somebody else"
    for operation, more in ((UPDATE, {"input": {"guestNote": "x"}}), (CANCEL, {}), (DELETE, {})):
        refused = await running.change(operation, WRITE, id=before["id"], version=before["version"], **more)
        assert codes(refused) == [("version", "STALE")]
        present = refused["reservation"]["version"]
        assert present != before["version"]
    assert not {"update_reservation", "cancel_reservation", "delete_reservation"} & set(inn.counted())
    again = await running.change(UPDATE, WRITE, id=before["id"], version=present, input={"guestNote": "x"})
    assert again["userErrors"] == []


async def test_of_two_changes_of_the_same_version_one_is_made(running: World, inn: Inn) -> None:
    before = await made(running)
    inn.pause, inn.begun = asyncio.Event(), asyncio.Event()
    asked = {"id": before["id"], "version": before["version"]}
    first = asyncio.create_task(running.change(UPDATE, WRITE, **asked, input={"hostNote": "first"}))
    await inn.begun.wait()
    second = asyncio.create_task(running.change(UPDATE, WRITE, **asked, input={"hostNote": "second"}))
    await asyncio.sleep(0.05)
    inn.pause.set()
    one, two = await asyncio.gather(first, second)
    assert (one["userErrors"], codes(two)) == ([], [("version", "STALE")])
    assert two["reservation"]["hostNote"] == "first"
    assert inn.counted()["update_reservation"] == 1


async def test_changes_of_one_reservation_are_made_one_after_the_other(running: World, inn: Inn) -> None:
    before = await made(running)
    inn.pause, inn.begun = asyncio.Event(), asyncio.Event()
    notes = [{"id": before["id"], "input": {"hostNote": str(number)}} for number in range(3)]
    changing = asyncio.create_task(running.change(UPDATES, WRITE, items=notes))
    await inn.begun.wait()
    await asyncio.sleep(0.05)
    at_once = inn.counted()["update_reservation"]
    inn.pause.set()
    assert [codes(each) for each in (await changing)["results"]] == [[], [], []]
    assert (at_once, inn.counted()["update_reservation"]) == (1, 3)


async def test_nights_that_a_moved_stay_keeps_stay_taken(running: World, inn: Inn) -> None:
    """A reader who sees the PMS's calendar late is still refused."""
    before = await made(running)
    day = timedelta(days=1)
    given = {"arrival": (ARRIVAL + day).isoformat(), "departure": (DEPARTURE + day).isoformat()}
    assert (await running.change(UPDATE, WRITE, id=before["id"], input=given))["userErrors"] == []
    inn.stays.clear()
    kept = {"arrival": (ARRIVAL + day).isoformat(), "departure": DEPARTURE.isoformat()}
    assert codes(await create(running, **kept)) == [("arrival", "NIGHTS_TAKEN")]
    left = {"arrival": ARRIVAL.isoformat(), "departure": (ARRIVAL + day).isoformat()}
    assert (await create(running, **left))["userErrors"] == []


async def test_a_stay_can_be_moved_over_its_own_nights(running: World, inn: Inn) -> None:
    before = await made(running)
    day = timedelta(days=1)
    given = {"arrival": (ARRIVAL - day).isoformat(), "departure": (DEPARTURE + day).isoformat()}
    after = await running.change(UPDATE, WRITE, id=before["id"], input=given)
    assert after["userErrors"] == []
    taken = await create(running, arrival=DEPARTURE.isoformat(), departure=(DEPARTURE + day).isoformat())
    assert codes(taken) == [("arrival", "NIGHTS_TAKEN")]


async def test_nights_that_a_move_leaves_can_be_taken_at_once(running: World, inn: Inn) -> None:
    before = await made(running)
    later = {"arrival": DEPARTURE.isoformat(), "departure": (DEPARTURE + timedelta(days=2)).isoformat()}
    assert (await running.change(UPDATE, WRITE, id=before["id"], input=later))["userErrors"] == []
    assert (await create(running))["userErrors"] == []


async def test_a_stay_is_not_moved_onto_another(running: World, inn: Inn) -> None:
    first = await made(running)
    later = {"arrival": DEPARTURE.isoformat(), "departure": (DEPARTURE + timedelta(days=2)).isoformat()}
    await made(running, **later)
    refused = await running.change(UPDATE, WRITE, id=first["id"], input={"departure": later["departure"]})
    assert codes(refused) == [("arrival", "NIGHTS_TAKEN")]
    forced = {"departure": later["departure"], "forceOverbooking": True}
    assert (await running.change(UPDATE, WRITE, id=first["id"], input=forced))["userErrors"] == []


async def test_a_day_that_stays_breaks_no_rule_and_one_that_is_new_does(running: World, inn: Inn) -> None:
    day = timedelta(days=1)
    before = await made(running)
    inn.rules = {each: {"closed_to_arrival": True, "closed_to_departure": True} for each in (ARRIVAL, DEPARTURE)}
    later = {"departure": (DEPARTURE + day).isoformat()}
    assert (await running.change(UPDATE, WRITE, id=before["id"], input=later))["userErrors"] == []
    inn.rules = {ARRIVAL + day: {"closed_to_arrival": True, "closed_to_departure": True}}
    within = await running.change(UPDATE, WRITE, id=before["id"], input={"arrival": (ARRIVAL + day).isoformat()})
    assert codes(within) == [("arrival", "OUT_OF_RANGE")]
    shorter = await running.change(UPDATE, WRITE, id=before["id"], input={"departure": (ARRIVAL + day).isoformat()})
    assert codes(shorter) == [("departure", "OUT_OF_RANGE")]


async def test_a_change_that_names_nothing_or_nonsense_is_refused(running: World, inn: Inn) -> None:
    before = await made(running)
    assert codes(await running.change(UPDATE, WRITE, id=before["id"], input={})) == [("", "REQUIRED")]
    wrong = {"departure": ARRIVAL.isoformat(), "total": "-1"}
    found = codes(await running.change(UPDATE, WRITE, id=before["id"], input=wrong))
    assert set(found) == {("departure", "OUT_OF_RANGE"), ("total", "OUT_OF_RANGE")}
    assert codes(await running.change(UPDATE, WRITE, id="nonsense", input={"hostNote": "x"})) == [("id", "INVALID")]
    inn.stays.clear()
    running.clock.advance(10_000)
    gone = await running.change(UPDATE, WRITE, id=before["id"], input={"hostNote": "x"})
    assert codes(gone) == [("id", "NOT_FOUND")]


async def test_what_no_pms_can_mean_is_refused_by_field(running: World, inn: Inn) -> None:
    before = await made(running)
    many = [{"fieldId": str(number), "value": "x"} for number in range(1001)]
    for more, wrong in (
        ({"hostNote": "x" * 10_001}, ("hostNote", "OUT_OF_RANGE")),
        ({"hostNote": "a\x00b"}, ("hostNote", "INVALID")),
        ({"customFields": many}, ("customFields", "OUT_OF_RANGE")),
        ({"customFields": [{"fieldId": "1", "value": "x" * 10_001}]}, ("customFields.0.value", "OUT_OF_RANGE")),
        ({"guest": {"name": "Ada", "notes": "x" * 10_001}}, ("guest.notes", "OUT_OF_RANGE")),
    ):
        assert codes(await running.change(UPDATE, WRITE, id=before["id"], input=more)) == [wrong]
        assert codes(await create(running, **more)) == [wrong]
    for field in ("reason", "messageToGuest"):
        refused = await running.change(CANCEL, WRITE, id=before["id"], input={field: "x" * 10_001})
        assert codes(refused) == [(field, "OUT_OF_RANGE")]
    assert not {"update_reservation", "cancel_reservation"} & set(inn.counted())
    assert inn.counted()["create_reservation"] == 1


async def test_lines_that_change_change_the_total(running: World, inn: Inn) -> None:
    lines = [{"type": "RENT", "amount": "100.00"}, {"type": "FEE", "amount": "20.00"}]
    before = await made(running, financeLines=lines)
    change = {"financeLines": [{"providerId": "2", "amount": "25.00"}, {"type": "TAX", "amount": "5.00"}]}
    after = await running.change(UPDATE, WRITE, id=before["id"], input=change)
    assert Decimal(after["reservation"]["total"]["amount"]) == Decimal(130)


async def test_a_total_that_the_lines_do_not_add_up_to_is_refused(running: World, inn: Inn) -> None:
    before = await made(running, financeLines=[{"type": "RENT", "amount": "100.00"}])
    change = {"financeLines": [{"providerId": "1", "deleted": True}], "total": "100.00"}
    refused = await running.change(UPDATE, WRITE, id=before["id"], input=change)
    assert codes(refused) == [("total", "INVALID")]


async def test_a_cancelled_stay_gives_its_nights_back(running: World, inn: Inn) -> None:
    before = await made(running)
    off = await running.change(CANCEL, WRITE, id=before["id"], input={"by": "GUEST"})
    assert off["reservation"]["status"] == "CANCELLED"
    assert codes(await running.change(CANCEL, WRITE, id=before["id"])) == [("", "CONFLICT")]
    assert (await create(running))["userErrors"] == []


async def test_a_removed_stay_is_gone(running: World, inn: Inn) -> None:
    before = await made(running)
    gone = await running.change(DELETE, WRITE, id=before["id"])
    assert gone["deletedId"] == before["id"]
    assert gone["userErrors"] == []
    assert not inn.stays
    query = "query ($id: ID!) { reservation(id: $id) { id } }"
    assert (await running.ask(query, id=before["id"]))["data"]["reservation"] is None


async def test_a_guest_who_did_not_come_is_reported(running: World, inn: Inn) -> None:
    before = await made(running)
    assert (await running.change(NO_SHOW, WRITE, id=before["id"]))["userErrors"] == []
    assert inn.counted()["report_no_show"] == 1


async def test_dry_runs_change_nothing(running: World, inn: Inn) -> None:
    before = await made(running)
    for operation, more in (
        (UPDATE, {"input": {"departure": (DEPARTURE + timedelta(days=1)).isoformat()}}),
        (CANCEL, {}),
        (DELETE, {}),
    ):
        shown = await running.change(operation, WRITE, id=before["id"], dry=True, **more)
        assert shown["userErrors"] == []
        assert len(shown["planned"]) == 1
    assert not {"update_reservation", "cancel_reservation", "delete_reservation"} & set(inn.counted())
    assert codes(await create(running)) == [("arrival", "NIGHTS_TAKEN")]


async def test_of_several_each_is_made_or_refused_for_itself(running: World, inn: Inn) -> None:
    right = await stay(running)
    wrong = right | {"guest": {}}
    later = right | {"arrival": DEPARTURE.isoformat(), "departure": (DEPARTURE + timedelta(days=2)).isoformat()}
    payload = await running.change(
        CREATES,
        WRITE,
        items=[{"input": each, "idempotencyKey": str(n)} for n, each in enumerate([wrong, right, later])],
    )
    assert [codes(each) for each in payload["results"]] == [[("guest.name", "REQUIRED")], [], []]
    assert len(inn.stays) == 2
    notes = [{"id": each["reservation"]["id"], "input": {"hostNote": "x"}} for each in payload["results"][1:]]
    changed = await running.change(UPDATES, WRITE, items=[{"id": "wrong", "input": {"hostNote": "x"}}, *notes])
    assert [codes(each) for each in changed["results"]] == [[("id", "INVALID")], [], []]


async def test_what_happens_to_one_inside_staygraph_hides_no_other(running: World, inn: Inn) -> None:
    inn.script.append("bug")
    right = await stay(running)
    later = right | {"arrival": DEPARTURE.isoformat(), "departure": (DEPARTURE + timedelta(days=2)).isoformat()}
    payload = await running.change(CREATES, WRITE, items=[{"input": right}, {"input": later}])
    assert sorted(codes(each) for each in payload["results"]) == [[], [("", "UNCERTAIN")]]
    assert len(inn.stays) == 1


async def test_too_many_at_once_are_refused(running: World, inn: Inn) -> None:
    given = await stay(running)
    payload = await running.change(CREATES, WRITE, items=[{"input": given}] * 51)
    assert codes(payload) == [("items", "OUT_OF_RANGE")]
    assert payload["results"] == []
    assert codes(await running.change(CREATES, WRITE, items=[])) == [("items", "OUT_OF_RANGE")]


async def test_keys_that_only_read_change_nothing(running: World, inn: Inn) -> None:
    before = await made(running)
    given = {"id": before["id"], "input": {"hostNote": "x"}}
    answer = (await running.post(UPDATE, given)).json()
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    answer = (await running.post(CREATE, {"input": await stay(running)})).json()
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
