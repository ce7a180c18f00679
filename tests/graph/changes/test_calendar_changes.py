"""Changes of calendars over the public face."""

from datetime import date, timedelta
from typing import Any

import pytest

from graph.accounts.keys import Permission
from graph.schema import ids
from providers.errors import UpstreamUnavailable
from providers.model import ListingField
from tests.gateway_world import World
from tests.graph.changes.writable import WritableClient, WritableEstate, tomorrow
from tests.graph.schema.definition_world import switch_off

PAYLOAD = """listingId userErrors { field code message allowed } warnings cost { calls rateLimits { provider } }
  planned { method path query { name value } body }
  calendar { start end days { date status price originalPrice minimumStay note } }"""
ONE = f"""mutation($input: UpdateCalendarInput!, $dry: Boolean = false) {{
  updateCalendar(input: $input, dryRun: $dry) {{ {PAYLOAD} }} }}"""
MANY = f"""mutation($inputs: [UpdateCalendarInput!]!, $dry: Boolean = false) {{
  updateCalendars(inputs: $inputs, dryRun: $dry) {{ results {{ {PAYLOAD} }} cost {{ calls }} }} }}"""
READ = """query($ids: [ID!]!, $from: Date!, $to: Date!) {
  calendars(listingIds: $ids, from: $from, to: $to) { days { date price available } } }"""


async def listing(world: World, number: int, account: str = "1") -> str:
    """The id of a listing."""
    for each in await world.services.accounts.list("default"):
        if each.name == account:
            return str(ids.GlobalId(ids.LISTING, each.id, str(number)).text())
    raise LookupError(account)


def nights(start: date, count: int, **fields: Any) -> dict[str, Any]:
    return {"start": str(start), "end": str(start + timedelta(days=count)), **fields}


async def change(world: World, listing_id: str, *ranges: Any, dry: bool = False) -> Any:
    return await world.change(ONE, Permission.WRITE, input={"listingId": listing_id, "ranges": ranges}, dry=dry)


def codes(payload: Any) -> list[tuple[str, str]]:
    return [(".".join(each["field"]), each["code"]) for each in payload["userErrors"]]


async def test_nights_are_changed_with_one_call_and_told_as_the_pms_has_them(
    acme: World, estate: WritableEstate
) -> None:
    id_, first = await listing(acme, 1), tomorrow(acme)

    payload = await change(
        acme,
        id_,
        nights(first, 2, price="120.50", minimumStay=3),
        nights(first + timedelta(days=3), 1, available=False, note="paint"),
    )

    assert payload["userErrors"] == []
    assert payload["warnings"] == ["Prices are rounded."]
    assert payload["cost"]["calls"] == 1
    assert payload["listingId"] == id_
    assert payload["planned"] is None
    calendar = payload["calendar"]
    assert (calendar["start"], calendar["end"]) == (str(first), str(first + timedelta(days=4)))
    assert [(day["status"], day["price"], day["minimumStay"], day["note"]) for day in calendar["days"]] == [
        ("AVAILABLE", "120.50", 3, None),
        ("AVAILABLE", "120.50", 3, None),
        ("AVAILABLE", "80", None, None),
        ("BLOCKED", "80", None, "paint"),
    ]
    assert estate.paths() == ["calendars/1"]


async def test_a_change_is_seen_by_reads_that_were_kept(acme: World) -> None:
    id_, first = await listing(acme, 1), tomorrow(acme)
    asked = {"ids": [id_], "from": str(first), "to": str(first + timedelta(days=1))}
    before = await acme.data(READ, **asked)
    await change(acme, id_, nights(first, 1, price="99", available=False))
    after = await acme.data(READ, **asked)

    assert before["calendars"][0]["days"] == [{"date": str(first), "price": "80", "available": True}]
    assert after["calendars"][0]["days"] == [{"date": str(first), "price": "99", "available": False}]


async def test_prices_are_the_pms_s_own_and_shown_by_the_account_s_terms(acme: World) -> None:
    id_, first = await listing(acme, 1), tomorrow(acme)
    account = str(ids.GlobalId(ids.ACCOUNT, ids.parse(id_, "id").account_id).text())
    terms = """mutation($id: ID!) { updateIntegrationAccount(id: $id, input: { markupPercentage: "10" }) {
      userErrors { code } } }"""
    await acme.change(terms, id=account)

    payload = await change(acme, id_, nights(first, 1, price="100"))

    (day,) = payload["calendar"]["days"]
    assert (day["price"], day["originalPrice"]) == ("110", "100")


async def test_a_dry_run_shows_the_call_and_changes_nothing(acme: World, estate: WritableEstate) -> None:
    id_, first = await listing(acme, 2), tomorrow(acme)
    payload = await change(acme, id_, nights(first, 1, price="77.10"), dry=True)

    assert payload["userErrors"] == []
    assert payload["calendar"] is None
    assert payload["cost"]["calls"] == 0
    (call,) = payload["planned"]
    assert (call["method"], call["path"], call["query"]) == ("PUT", "/1/calendars/2", [])
    assert call["body"] == [{"start": str(first), "end": str(first + timedelta(days=1)), "fields": {"price": "77.10"}}]
    assert estate.sent == []


BAD = [
    (nights(date(2020, 1, 1), 1, price="1"), "ranges.0.start", "OUT_OF_RANGE"),
    ({"start": "2999-01-01", "end": "2999-01-02", "price": "1"}, "ranges.0.end", "OUT_OF_RANGE"),
    ({"price": "0"}, "ranges.0.price", "OUT_OF_RANGE"),
    ({"price": "-5"}, "ranges.0.price", "OUT_OF_RANGE"),
    ({"price": "10.001"}, "ranges.0.price", "INVALID"),
    ({"price": "NaN"}, "ranges.0.price", "INVALID"),
    ({"price": "1e400"}, "ranges.0.price", "OUT_OF_RANGE"),
    ({"price": None}, "ranges.0.price", "REQUIRED"),
    ({"minimumStay": 0}, "ranges.0.minimumStay", "OUT_OF_RANGE"),
    ({"maximumStay": 0}, "ranges.0.maximumStay", "OUT_OF_RANGE"),
    ({"minimumStay": 5, "maximumStay": 4}, "ranges.0.minimumStay", "INVALID"),
    ({"unitsToSell": -1}, "ranges.0.unitsToSell", "OUT_OF_RANGE"),
    ({"unitsToSell": 1, "available": True}, "ranges.0.unitsToSell", "INVALID"),
    ({"note": "x" * 5001}, "ranges.0.note", "OUT_OF_RANGE"),
    ({"note": "a\x00b"}, "ranges.0.note", "INVALID"),
    ({}, "ranges.0", "REQUIRED"),
]


@pytest.mark.parametrize(("fields", "field", "code"), BAD)
async def test_bad_nights_are_refused_by_field_without_a_call(
    acme: World, estate: WritableEstate, fields: dict[str, Any], field: str, code: str
) -> None:
    payload = await change(acme, await listing(acme, 1), {**nights(tomorrow(acme), 1), **fields})

    assert (field, code) in codes(payload)
    assert payload["calendar"] is None
    assert estate.sent == []


async def test_a_range_ends_after_it_starts_and_all_that_is_wrong_is_told_at_once(
    acme: World, estate: WritableEstate
) -> None:
    first = tomorrow(acme)
    payload = await change(
        acme,
        await listing(acme, 1),
        nights(first, 0, price="1"),
        nights(first, 1, price="-1", minimumStay=0),
        nights(first, -2, available=True),
    )

    assert codes(payload) == [
        ("ranges.0.start", "INVALID"),
        ("ranges.1.price", "OUT_OF_RANGE"),
        ("ranges.1.minimumStay", "OUT_OF_RANGE"),
        ("ranges.2.start", "INVALID"),
    ]
    assert estate.sent == []


async def test_numbers_of_ranges_and_nights_are_bounded(acme: World) -> None:
    id_, first = await listing(acme, 1), tomorrow(acme)

    assert codes(await change(acme, id_)) == [("ranges", "OUT_OF_RANGE")]
    assert codes(await change(acme, id_, *[nights(first, 1, price="1")] * 1001)) == [("ranges", "OUT_OF_RANGE")]
    assert codes(await change(acme, id_, *[nights(first, 1001, price="1")] * 10)) == [("ranges", "OUT_OF_RANGE")]
    whole = await change(acme, id_, *[nights(first + timedelta(days=n), 1, price="1") for n in range(365)])
    assert whole["userErrors"] == []
    assert len(whole["calendar"]["days"]) == 365


async def test_the_yen_has_no_cents(acme: World, estate: WritableEstate) -> None:
    estate.described["1"] = {"currency": "JPY"}
    payload = await change(acme, await listing(acme, 1), nights(tomorrow(acme), 1, price="1000.5"))

    assert codes(payload) == [("ranges.0.price", "INVALID")]
    assert payload["userErrors"][0]["allowed"] == "whole multiples of 1"


async def test_what_the_plugin_refuses_is_told_in_clients_words(acme: World, estate: WritableEstate) -> None:
    first = tomorrow(acme)
    payload = await change(acme, await listing(acme, 1), nights(first, 1, note="blue"), nights(first, 1, note="green"))

    (error,) = payload["userErrors"]
    assert error == {
        "field": ["ranges", "1", "note"],
        "code": "INVALID",
        "message": "The PMS has no such colour.",
        "allowed": "blue",
    }
    assert estate.sent == []


async def test_what_the_plugin_refuses_of_a_field_is_told_of_the_range_that_names_it(
    acme: World, estate: WritableEstate
) -> None:
    id_, first = await listing(acme, 1), tomorrow(acme)
    one = await change(acme, id_, nights(first, 1, price="70"), nights(first, 1, note="red"))
    assert codes(one) == [("ranges.1.note", "INVALID")]
    two = await change(acme, id_, nights(first, 1, note="red"), nights(first, 1, note="blue"))
    assert codes(two) == [("ranges.note", "INVALID")]


async def test_an_answer_that_was_lost_is_uncertain_and_shows_what_the_pms_has(
    acme: World, estate: WritableEstate
) -> None:
    estate.lost.add("calendars/1")
    payload = await change(acme, await listing(acme, 1), nights(tomorrow(acme), 1, price="66"))

    assert codes(payload) == [("", "UNCERTAIN")]
    assert payload["calendar"]["days"][0]["price"] == "66"
    assert estate.paths() == ["calendars/1"]


async def test_each_listing_is_done_or_refused_by_itself(acme: World, estate: WritableEstate) -> None:
    first = tomorrow(acme)
    good = nights(first, 1, price="70")
    theirs = str(ids.GlobalId(ids.LISTING, "acc_" + "0" * 20, "1").text())
    estate.answers["calendars/3"] = 422
    inputs = [
        {"listingId": await listing(acme, 1), "ranges": [good]},
        {"listingId": "nonsense", "ranges": [good]},
        {"listingId": theirs, "ranges": [good]},
        {"listingId": await listing(acme, 2), "ranges": [nights(first, 1, price="0")]},
        {"listingId": await listing(acme, 3), "ranges": [good]},
        {"listingId": await listing(acme, 1), "ranges": [good]},
        {"listingId": await listing(acme, 1, "3"), "ranges": [good]},
        {"listingId": await listing(acme, 99), "ranges": [good]},
        {"listingId": await listing(acme, 2), "ranges": [good]},
    ]

    payload = await acme.change(MANY, Permission.WRITE, inputs=inputs)

    assert [codes(each) for each in payload["results"]] == [
        [],
        [("listingId", "INVALID")],
        [("listingId", "NOT_FOUND")],
        [("ranges.0.price", "OUT_OF_RANGE")],
        [("", "REFUSED")],
        [("listingId", "INVALID")],
        [("listingId", "NOT_SUPPORTED")],
        [("listingId", "NOT_FOUND")],
        [("listingId", "INVALID")],
    ]
    # What the PMS refused is shown as it is: a failure may come half-way.
    assert [index for index, each in enumerate(payload["results"]) if each["calendar"]] == [0, 4]
    assert payload["results"][4]["calendar"]["days"][0]["price"] == "80"
    assert [each["listingId"] for each in payload["results"]] == [each["listingId"] for each in inputs]
    assert sorted(estate.paths()) == ["calendars/1", "calendars/3"]
    assert payload["cost"]["calls"] == 2
    assert [each["cost"]["calls"] for each in payload["results"]] == [1, 0, 0, 0, 1, 0, 0, 0, 0]


async def test_what_happens_to_one_listing_inside_staygraph_hides_no_other(
    acme: World, estate: WritableEstate, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_calendar = WritableClient.change_calendar

    async def breaking(self: WritableClient, listing_id: str, changes: Any) -> Any:
        if listing_id == "2":
            raise ZeroDivisionError
        return await change_calendar(self, listing_id, changes)

    monkeypatch.setattr(WritableClient, "change_calendar", breaking)
    first = tomorrow(acme)
    inputs = [{"listingId": await listing(acme, n), "ranges": [nights(first, 1, price="70")]} for n in (1, 2, 3)]
    payload = await acme.change(MANY, Permission.WRITE, inputs=inputs)

    assert [codes(each) for each in payload["results"]] == [[], [("", "UNCERTAIN")], []]
    assert sorted(estate.paths()) == ["calendars/1", "calendars/3"]


async def test_a_change_that_was_never_asked_for_reads_no_calendar(acme: World, estate: WritableEstate) -> None:
    id_ = await listing(acme, 1)
    acme.clock.advance(100_000)  # the listing is read anew: that is a call, and no change
    for ranges in ([], [nights(tomorrow(acme), -400, price="1")]):
        payload = await change(acme, id_, *ranges)
        assert payload["userErrors"] != []
        assert payload["calendar"] is None
    assert "calendars" not in estate.counted()


async def test_numbers_of_listings_are_bounded(acme: World) -> None:
    id_, first = await listing(acme, 1), tomorrow(acme)
    headers = {"Authorization": f"Bearer {await acme.key_with(Permission.WRITE)}"}
    long = {"listingId": id_, "ranges": [nights(first, 1001, price="1")] * 10}
    for inputs in ([], [{"listingId": id_, "ranges": []}] * 101, [long] * 10):
        answer = (await acme.post(MANY, {"inputs": inputs}, **headers)).json()
        assert answer["errors"][0]["extensions"]["code"] == "BAD_INPUT"
        assert answer["errors"][0]["extensions"]["argument"] == "inputs"


async def test_a_key_that_may_only_read_changes_nothing(acme: World, estate: WritableEstate) -> None:
    secret = await acme.key_with(Permission.READ)
    variables = {"input": {"listingId": await listing(acme, 1), "ranges": [nights(tomorrow(acme), 1, price="1")]}}
    answer = (await acme.post(ONE, variables, Authorization=f"Bearer {secret}")).json()

    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert estate.sent == []


async def test_a_failure_costs_what_it_took_and_shows_the_limits(acme: World, estate: WritableEstate) -> None:
    estate.answers["calendars/1"] = 422
    payload = await change(acme, await listing(acme, 1), nights(tomorrow(acme), 1, price="1"))

    assert codes(payload) == [("", "REFUSED")]
    assert payload["cost"]["calls"] == 1


async def test_a_failure_before_anything_was_sent_is_no_uncertain_one(acme: World, estate: WritableEstate) -> None:
    estate.failing["listings"] = UpstreamUnavailable("The PMS is away.", was_sent=True)
    payload = await change(acme, await listing(acme, 1), nights(tomorrow(acme), 1, price="1"))

    assert codes(payload) == [("", "UNAVAILABLE")]
    assert estate.sent == []


async def test_nights_are_changed_although_the_operator_switched_fields_off(
    acme: World, estate: WritableEstate
) -> None:
    await switch_off(acme, "ACME", ListingField.CURRENCY, ListingField.TIME_ZONE, ListingField.PROVIDER_ID)
    payload = await change(acme, await listing(acme, 1), nights(tomorrow(acme), 1, price="50.5"))

    assert payload["userErrors"] == []
    assert estate.sent[0][2][0]["fields"] == {"price": "50.5"}
