"""Reservations are made once, whatever breaks in between."""

import asyncio
from datetime import timedelta

import pytest

from graph.accounts.keys import Permission
from providers.manifest import AuthType
from tests.acme_world import AcmeConfig
from tests.gateway_world import World
from tests.graph.changes.inn_world import Inn
from tests.graph.changes.operations import CREATE, at_once, codes, create, stay
from tests.listing_choices import OTHER, tenant


async def test_a_reservation_is_made_under_our_reference_and_shown(running: World, inn: Inn) -> None:
    payload = await create(running, total="300.00", party={"adults": 2})
    assert payload["userErrors"] == []
    assert payload["reservation"]["total"] == {"amount": "300.00", "currency": "EUR"}
    (made,) = inn.stays.values()
    assert made.customer_reference is not None
    assert made.customer_reference.startswith("sg-")
    assert inn.counted()["calendars"] == 1


async def test_a_read_key_may_not_create(running: World) -> None:
    answer = await running.post(CREATE, {"input": await stay(running)})
    assert answer.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_a_key_that_is_done_answers_with_the_reservation_as_it_is_now(running: World, inn: Inn) -> None:
    first = await create(running, key="order-1")
    inn.stays["r1"].host_note = "late"
    again = await create(running, key="order-1")
    assert again["reservation"]["id"] == first["reservation"]["id"]
    assert again["reservation"]["hostNote"] == "late"
    assert len(inn.drafts) == 1


async def test_a_key_with_another_input_is_refused(running: World, inn: Inn) -> None:
    await create(running, key="order-1")
    other = await create(running, key="order-1", guest={"name": "Bob"})
    assert codes(other) == [("idempotencyKey", "CONFLICT")]
    assert len(inn.drafts) == 1


@pytest.mark.parametrize("key", ["", " a", "a\nb", "x" * 201])
async def test_what_is_no_key_is_refused(running: World, inn: Inn, key: str) -> None:
    assert codes(await create(running, key=key)) == [("idempotencyKey", "INVALID")]
    assert not inn.drafts


async def test_a_key_under_way_is_waited_for(running: World, inn: Inn) -> None:
    inn.pause = asyncio.Event()
    first = asyncio.create_task(create(running, key="order-1"))
    await inn.begun.wait()
    second = asyncio.create_task(create(running, key="order-1"))
    await asyncio.sleep(0.05)
    inn.pause.set()
    one, two = await asyncio.gather(first, second)
    assert one["reservation"]["id"] == two["reservation"]["id"]
    assert len(inn.drafts) == 1


async def test_a_lost_answer_is_found_at_the_pms(running: World, inn: Inn) -> None:
    inn.script.append("lost")
    payload = await create(running)
    assert payload["userErrors"] == []
    assert payload["reservation"]["providerId"] == "r1"
    assert inn.counted()["find_reservation"] == 1


async def test_what_is_not_found_is_uncertain_and_looked_for_first_when_repeated(running: World, inn: Inn) -> None:
    inn.script.append("cut")
    assert codes(await create(running, key="k")) == [("", "UNCERTAIN")]
    again = await create(running, key="k")
    assert again["userErrors"] == []
    assert len(inn.stays) == 1
    assert len({draft.reference for draft in inn.drafts}) == 1


async def test_a_first_attempt_that_lands_late_is_found_by_the_repeat(running: World, inn: Inn) -> None:
    inn.script.append("late")
    assert codes(await create(running, key="k")) == [("", "UNCERTAIN")]
    again = await create(running, key="k")
    assert again["reservation"]["providerId"] == "r1"
    assert len(inn.stays) == 1
    assert len(inn.drafts) == 1


async def test_a_repeat_that_is_refused_for_its_nights_looks_once_more(running: World, inn: Inn) -> None:
    """The first attempt arrives after the repeat has looked, and before it sees the calendar."""
    inn.script.append("late")
    inn.looks = 2
    assert codes(await create(running, key="k")) == [("", "UNCERTAIN")]
    again = await create(running, key="k")
    assert again["reservation"]["providerId"] == "r1"
    assert again["userErrors"] == []
    assert len(inn.drafts) == 1
    assert inn.counted()["find_reservation"] == 3


async def test_an_overbooking_is_not_sent_again_before_the_first_cannot_arrive_any_more(
    running: World, inn: Inn
) -> None:
    inn.protects = False
    inn.script.append("cut")
    before = running.clock.now()
    assert codes(await create(running, key="k", forceOverbooking=True)) == [("", "UNCERTAIN")]
    assert (await create(running, key="k", forceOverbooking=True))["userErrors"] == []
    assert running.clock.now() - before >= timedelta(seconds=5)
    assert inn.counted()["find_reservation"] == 3
    assert len(inn.stays) == 1


async def test_a_refusal_frees_the_key(running: World, inn: Inn) -> None:
    inn.script.append("refused")
    assert codes(await create(running, key="k")) == [("", "REFUSED")]
    other = await create(running, key="k", guest={"name": "Bob"})
    assert other["userErrors"] == []


async def test_a_pms_that_was_not_reached_frees_the_key_and_the_nights(running: World, inn: Inn) -> None:
    inn.script.append("away")
    assert codes(await create(running, key="k")) == [("", "UNAVAILABLE")]
    assert (await create(running))["userErrors"] == []


async def test_a_read_that_nobody_understands_frees_the_key_and_the_nights(running: World, inn: Inn) -> None:
    inn.script.append("garbled")
    assert codes(await create(running, key="k")) == [("", "UNAVAILABLE")]
    assert (await create(running, key="k", guest={"name": "Bob"}))["userErrors"] == []
    assert "find_reservation" not in inn.counted()


async def test_a_fault_of_our_own_leaves_the_key_to_be_looked_for(running: World, inn: Inn) -> None:
    inn.script.append("bug")
    secret = await running.key_with(Permission.WRITE)
    given = {"input": await stay(running), "key": "k"}
    answer = await running.post(CREATE, given, Authorization=f"Bearer {secret}")
    assert answer.json()["errors"][0]["extensions"]["code"] == "INTERNAL"
    assert (await create(running, key="k"))["userErrors"] == []
    assert inn.counted()["find_reservation"] == 1


async def test_a_repeat_that_cannot_look_stays_uncertain(running: World, inn: Inn) -> None:
    inn.script.append("lost")
    inn.broken_look = True
    assert codes(await create(running, key="k")) == [("", "UNCERTAIN")]
    assert codes(await create(running, key="k")) == [("", "UNCERTAIN")]
    inn.broken_look = False
    assert (await create(running, key="k"))["reservation"]["providerId"] == "r1"
    assert len(inn.stays) == 1


async def test_a_reservation_that_is_gone_is_not_made_again(running: World, inn: Inn) -> None:
    await create(running, key="k")
    inn.stays.clear()
    again = await create(running, key="k")
    assert again["reservation"] is None
    assert again["userErrors"] == []
    assert again["warnings"] != []
    assert len(inn.drafts) == 1


async def test_of_many_at_once_one_gets_the_nights_and_the_others_ask_nobody(running: World, inn: Inn) -> None:
    inn.protects = False
    payloads = await at_once(running, 20)
    assert sum(payload["reservation"] is not None for payload in payloads) == 1
    refused = [codes(payload) for payload in payloads if payload["reservation"] is None]
    assert refused == [[("arrival", "NIGHTS_TAKEN")]] * 19
    assert inn.counted()["create_reservation"] == 1
    assert inn.counted()["calendars"] == 1


async def test_the_same_account_connected_by_two_tenants_sells_its_nights_once(running: World, inn: Inn) -> None:
    inn.protects = False
    other = await tenant(running, OTHER)
    await running.services.accounts.add(OTHER, "ACME", "again", AuthType.API_KEY, AcmeConfig(number="1"))
    theirs = (await other.data("{ listings(first: 50) { nodes { id providerId } } }"))["listings"]["nodes"]
    (listing,) = [each["id"] for each in theirs if each["providerId"] == "1"]
    given = await stay(running)

    ours, others = await asyncio.gather(at_once(running, 3), other.data(CREATE, input=given | {"listingId": listing}))
    payloads = [*ours, others["createReservation"]]
    assert sum(payload["reservation"] is not None for payload in payloads) == 1
    refused = [codes(payload) for payload in payloads if payload["reservation"] is None]
    assert refused == [[("arrival", "NIGHTS_TAKEN")]] * 3
    assert len(inn.stays) == 1


async def test_after_a_failed_create_the_next_gets_the_nights(running: World, inn: Inn) -> None:
    inn.script.append("refused")
    payloads = await at_once(running, 5)
    assert sum(payload["reservation"] is not None for payload in payloads) == 1
    assert inn.counted()["create_reservation"] == 2


async def test_several_units_are_all_sold_and_no_more(running: World, inn: Inn) -> None:
    inn.units = 3
    payloads = await at_once(running, 6)
    assert sum(payload["reservation"] is not None for payload in payloads) == 3


async def test_only_force_overbooking_takes_nights_that_are_taken(running: World, inn: Inn) -> None:
    await create(running)
    assert codes(await create(running)) == [("arrival", "NIGHTS_TAKEN")]
    assert (await create(running, forceOverbooking=True))["userErrors"] == []
    assert len(inn.stays) == 2


async def test_who_leaves_does_not_stop_the_create(running: World, inn: Inn) -> None:
    inn.pause = asyncio.Event()
    task = asyncio.create_task(create(running, key="k"))
    await inn.begun.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    inn.pause.set()
    assert (await create(running, key="k"))["reservation"]["providerId"] == "r1"
    assert len(inn.drafts) == 1


async def test_a_dry_run_shows_the_call_and_leaves_nothing(running: World, inn: Inn) -> None:
    secret = await running.key_with(Permission.WRITE)
    given = {"input": await stay(running), "key": "k", "dry": True}
    answer = await running.post(CREATE, given, Authorization=f"Bearer {secret}")
    payload = answer.json()["data"]["createReservation"]
    assert payload["planned"] == [{"method": "POST", "path": "/reservations"}]
    assert payload["reservation"] is None
    assert not inn.drafts
    assert (await create(running, key="k", guest={"name": "Bob"}))["userErrors"] == []
