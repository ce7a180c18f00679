"""Reservations over the simulators of the real PMSs."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from graph.accounts.keys import Permission
from tests.gateway_world import World, world
from tests.graph.changes.operations import BOOK, CANCEL, CARD, CREATE, DELETE, UPDATE, VISA, codes
from tests.graph.changes.simulated import draft, free_stay, free_stays

WRITE = Permission.WRITE
PROVIDERS = ("HOSTAWAY", "BOOKINGSYNC")
VERSION = "query ($id: ID!) { reservation(id: $id, maxAge: 0) { version } }"
PAGE = "{ reservations(first: 500, maxAge: 0) { nodes { id version total { amount } guest { name } } } }"
QUOTE = """query ($input: PriceDetailsInput!) { priceDetails(inputs: [$input]) {
  total { amount } components { amount { amount } includedInTotal } } }"""


@pytest.fixture(params=PROVIDERS)
def provider(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def running(tmp_path: Path, provider: str) -> Any:
    hostaway = provider == "HOSTAWAY"
    async with world(tmp_path, hostaway_accounts=int(hostaway), bookingsync_accounts=int(not hostaway)) as running:
        yield running


def posts(running: World) -> int:
    """How many calls made bookings, or tried to."""
    return sum(call.method == "POST" and call.path.endswith(("/reservations", "/bookings")) for call in running.calls)


async def known(running: World) -> list[Any]:
    nodes: list[Any] = (await running.data(PAGE))["reservations"]["nodes"]
    return nodes


async def test_a_reservation_lives_and_ends(running: World, provider: str) -> None:
    stay = await free_stay(running, provider)
    before = len(running.data_calls())
    made = await running.change(CREATE, WRITE, input=draft(stay), key="k")
    assert made["userErrors"] == []
    assert made["cost"]["calls"] == len(running.data_calls()) - before
    id_, version = made["reservation"]["id"], made["reservation"]["version"]
    assert (await running.data(VERSION, id=id_))["reservation"]["version"] == version
    assert [each["version"] for each in await known(running) if each["id"] == id_] == [version]
    again = await running.change(CREATE, WRITE, input=draft(stay), key="k")
    assert again["reservation"]["id"] == id_
    other = await running.change(CREATE, WRITE, input=draft(stay))
    assert codes(other) == [("arrival", "NIGHTS_TAKEN")]
    changed = await running.change(UPDATE, WRITE, id=id_, version=version, input={"hostNote": "late"})
    assert changed["reservation"]["hostNote"] == "late"
    stale = await running.change(UPDATE, WRITE, id=id_, version=version, input={"hostNote": "later"})
    assert codes(stale) == [("version", "STALE")]
    assert stale["reservation"]["hostNote"] == "late"
    assert (await running.change(CANCEL, WRITE, id=id_))["reservation"]["status"] == "CANCELLED"
    assert codes(await running.change(CANCEL, WRITE, id=id_)) == [("", "CONFLICT")]
    assert (await running.change(CREATE, WRITE, input=draft(stay)))["userErrors"] == []


async def test_a_stay_is_moved_within_its_own_nights_and_beyond_them(running: World, provider: str) -> None:
    stay = await free_stay(running, provider, 9)
    first, last = (date.fromisoformat(stay[name]) for name in ("arrival", "departure"))
    began = {"departure": (last - timedelta(days=1)).isoformat()}
    made = await running.change(CREATE, WRITE, input=draft(stay) | began)
    assert made["userErrors"] == []
    for days in (
        {"departure": (last - timedelta(days=2)).isoformat()},
        {"arrival": (first + timedelta(days=1)).isoformat()},
        {"arrival": first.isoformat(), "departure": last.isoformat()},
    ):
        moved = await running.change(UPDATE, WRITE, id=made["reservation"]["id"], input=days)
        assert moved["userErrors"] == []
    within = draft(stay, arrival=(first + timedelta(days=1)).isoformat(), departure=began["departure"])
    assert codes(await running.change(CREATE, WRITE, input=within)) == [("arrival", "NIGHTS_TAKEN")]


@pytest.mark.parametrize("kind", ["cut", "truncate"])
async def test_an_answer_that_is_lost_after_the_pms_made_it_is_found(running: World, provider: str, kind: str) -> None:
    stay = await free_stay(running, provider)
    path = "/v1/reservations" if provider == "HOSTAWAY" else "/api/v3/rentals"
    before = len(await known(running))
    await running.fault(provider, kind=kind, path=path, method="POST", times=1)
    made = await running.change(CREATE, WRITE, input=draft(stay), key="k")
    assert made["userErrors"] == []
    assert len(await known(running)) == before + 1


@pytest.mark.parametrize("kind", ["garbage", "html", "fail", "status"])
async def test_what_the_pms_did_not_make_is_made_by_the_repeat(running: World, provider: str, kind: str) -> None:
    stay = await free_stay(running, provider)
    before = len(await known(running))
    path = "/v1/reservations" if provider == "HOSTAWAY" else "/api/v3/rentals"
    more = {"status": 500} if kind == "status" else {}
    await running.fault(provider, kind=kind, path=path, method="POST", times=1, **more)
    first = await running.change(CREATE, WRITE, input=draft(stay), key="k")
    assert first["reservation"] is None
    assert first["userErrors"] != []
    again = await running.change(CREATE, WRITE, input=draft(stay), key="k")
    assert again["userErrors"] == []
    assert len(await known(running)) == before + 1


async def test_a_quote_is_booked_to_the_cent(running: World, provider: str) -> None:
    stay = await free_stay(running, provider)
    asked = {"listingId": stay["id"], "arrival": stay["arrival"], "departure": stay["departure"], "adults": 1}
    (quote,) = (await running.data(QUOTE, input=asked))["priceDetails"]
    guest = draft(stay)["guest"]
    given = {"stay": asked, "total": quote["total"]["amount"], "reservation": {"guest": guest}}
    booked = await running.change(BOOK, WRITE, input=given, key="k")
    assert booked["userErrors"] == []
    assert booked["reservation"]["total"]["amount"] == quote["total"]["amount"]


async def test_a_dry_run_sends_nothing(running: World, provider: str) -> None:
    stay = await free_stay(running, provider)
    before = len(await known(running))
    shown = await running.change(CREATE, WRITE, input=draft(stay), dry=True)
    assert shown["planned"][-1]["method"] == "POST"
    assert len(await known(running)) == before
    assert posts(running) == 0


async def test_too_many_guests_are_refused_without_a_call(running: World, provider: str) -> None:
    stay = await free_stay(running, provider)
    before = len(running.data_calls())
    refused = await running.change(CREATE, WRITE, input=draft(stay, party={"adults": stay["maxGuests"] + 1}))
    assert codes(refused) == [("party.adults", "OUT_OF_RANGE")]
    assert len(running.data_calls()) == before


async def test_what_is_meant_for_another_pms_is_refused(running: World, provider: str) -> None:
    stay = await free_stay(running, provider)
    other = "bookingsync" if provider == "HOSTAWAY" else "hostaway"
    refused = await running.change(CREATE, WRITE, input=draft(stay, **{other: {}}))
    assert codes(refused) == [(other, "NOT_SUPPORTED")]


async def test_hostaway_removes_and_bookingsync_calls_off(running: World, provider: str) -> None:
    stay = await free_stay(running, provider)
    made = await running.change(CREATE, WRITE, input=draft(stay))
    id_, version = made["reservation"]["id"], made["reservation"]["version"]
    dry = await running.change(DELETE, WRITE, id=id_, dry=True)
    assert [(each["method"], dry["deletedId"]) for each in dry["planned"]] == [("DELETE", None)]
    await running.change(UPDATE, WRITE, id=id_, input={"hostNote": "late"})
    stale = await running.change(DELETE, WRITE, id=id_, version=version)
    assert (codes(stale), stale["reservation"]["status"]) == ([("version", "STALE")], "CONFIRMED")
    gone = await running.change(DELETE, WRITE, id=id_)
    assert (gone["userErrors"], gone["deletedId"]) == ([], id_)
    if provider == "BOOKINGSYNC":
        assert gone["reservation"]["status"] == "CANCELLED"
        assert "stays there as cancelled" in gone["warnings"][0]
        before = len(running.calls)
        again = await running.change(DELETE, WRITE, id=id_)
        assert (again["userErrors"], again["reservation"]["status"]) == ([], "CANCELLED")
        assert {call.method for call in running.calls[before:]} == {"GET"}
    else:
        assert gone["reservation"] is None
    assert (await running.change(CREATE, WRITE, input=draft(stay)))["userErrors"] == []


@pytest.mark.parametrize("provider", ["BOOKINGSYNC"])
async def test_a_hold_is_confirmed(running: World, provider: str) -> None:
    until = (running.clock.now() + timedelta(days=2)).isoformat()
    held = draft(await free_stay(running, provider), kind="HOLD", expiresAt=until)
    made = await running.change(CREATE, WRITE, input=held)
    assert made["reservation"]["status"] == "PENDING"
    id_ = made["reservation"]["id"]
    sure = await running.change(UPDATE, WRITE, id=id_, input={"bookingsync": {"confirmed": True}})
    assert (sure["userErrors"], sure["reservation"]["status"]) == ([], "CONFIRMED")
    again = await running.change(UPDATE, WRITE, id=id_, input={"bookingsync": {"confirmed": True}})
    assert codes(again) == [("bookingsync.confirmed", "CONFLICT")]


@pytest.mark.parametrize("kind", ["cut", "status"])
async def test_a_cancellation_whose_answer_is_lost_is_looked_for(running: World, provider: str, kind: str) -> None:
    made = await running.change(CREATE, WRITE, input=draft(await free_stay(running, provider)))
    path, method = ("/v1/reservations", "PUT") if provider == "HOSTAWAY" else ("/api/v3/bookings", "DELETE")
    more = {"status": 500} if kind == "status" else {}
    await running.fault(provider, kind=kind, path=path, method=method, times=1, **more)
    off = await running.change(CANCEL, WRITE, id=made["reservation"]["id"])
    if kind == "cut":
        assert (off["userErrors"], off["reservation"]["status"]) == ([], "CANCELLED")
    else:
        assert codes(off) == [("", "UNCERTAIN")]


@pytest.mark.parametrize("provider", ["BOOKINGSYNC"])
async def test_a_change_of_several_calls_says_what_of_it_was_made(running: World, provider: str) -> None:
    made = await running.change(CREATE, WRITE, input=draft(await free_stay(running, provider)))
    await running.fault(provider, kind="status", status=422, path="/api/v3/clients", method="PUT", times=1)
    change = {"hostNote": "late", "guest": {"email": "other@example.com"}}
    partly = await running.change(UPDATE, WRITE, id=made["reservation"]["id"], input=change)
    assert codes(partly) == [("", "UNCERTAIN")]
    said = partly["userErrors"][0]["message"]
    assert "Made already: the booking's attributes." in said
    assert "did not say" not in said
    query = "query ($id: ID!) { reservation(id: $id) { hostNote guest { email } } }"
    now = (await running.data(query, id=made["reservation"]["id"]))["reservation"]
    assert now == {"hostNote": "late", "guest": {"email": "ada@example.com"}}


async def test_a_card_that_fails_leaves_no_reservation(running: World, provider: str) -> None:
    stay = await free_stay(running, provider)
    before = len(await known(running))
    refused = await running.change(CREATE, WRITE, input=draft(stay, card=CARD | {"number": "4000000000000002"}))
    assert refused["reservation"] is None
    assert refused["userErrors"][0]["code"] in ("PAYMENT_FAILED", "NOT_SUPPORTED")
    assert VISA not in str(refused)
    assert len(await known(running)) == before


async def test_of_stays_that_do_not_meet_all_are_made(running: World, provider: str) -> None:
    stays = await free_stays(running, provider, 7, 3)
    for stay in stays:
        assert (await running.change(CREATE, WRITE, input=draft(stay)))["userErrors"] == []
