"""Fees, taxes, agreements and policies are made once for a key, although PMSs take no name of ours for them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from graph.accounts.keys import Permission
from tests.gateway_world import World
from tests.graph.changes.test_calendar_changes import codes, listing
from tests.graph.changes.test_listing_edits import account
from tests.graph.changes.test_part_changes import AGREEMENT, CREATE_FEE, CREATE_POLICY, CREATE_TAX, STEP
from tests.graph.changes.writable import WritableEstate

WRITE = Permission.WRITE


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of thing: how it is made, where, and how many of them there are."""

    mutation: str
    path: str
    input: dict[str, Any]
    other: dict[str, Any]
    there: Callable[[WritableEstate], int]
    shown: str

    async def make(self, acme: World, *, key: str | None = "k", **more: Any) -> Any:
        named = {"account": await account(acme)} if self.path == "policies" else {"id": await listing(acme, 1)}
        return await acme.change(keyed(self.mutation), WRITE, **{"input": self.input, "key": key} | named | more)


def keyed(mutation: str) -> str:
    """The mutation with a key."""
    return (
        mutation.replace("!) {", "!, $key: String) {", 1)
        .replace(" = false) {", " = false, $key: String) {", 1)
        .replace("input: $input", "input: $input, idempotencyKey: $key", 1)
    )


KINDS = {
    "fee": Kind(
        mutation=CREATE_FEE,
        path="fees/1",
        input={"name": "petFee", "amount": "15.50"},
        other={"name": "petFee", "amount": "16"},
        there=lambda estate: len(estate.parts.get(("fees", "1"), {})),
        shown="fee",
    ),
    "tax": Kind(
        mutation=CREATE_TAX,
        path="taxes/1",
        input={"name": "cityTax", "percentage": "7.5"},
        other={"name": "cityTax", "percentage": "8"},
        there=lambda estate: len(estate.parts.get(("taxes", "1"), {})),
        shown="tax",
    ),
    "agreement": Kind(
        mutation=AGREEMENT,
        path="agreements/1",
        input={"text": "New"},
        other={"text": "Other"},
        there=lambda estate: int(bool(estate.agreements["1"])),
        shown="agreement",
    ),
    "policy": Kind(
        mutation=CREATE_POLICY,
        path="policies",
        input={"name": "Fair", "items": [STEP]},
        other={"name": "Fairer", "items": [STEP]},
        there=lambda estate: len(estate.policies),
        shown="cancellationPolicy",
    ),
}


@pytest.fixture(params=list(KINDS))
def kind(request: pytest.FixtureRequest, estate: WritableEstate) -> Kind:
    estate.agreements["1"] = ""
    return KINDS[request.param]


async def test_a_key_makes_one_thing(acme: World, estate: WritableEstate, kind: Kind) -> None:
    made, again = await kind.make(acme), await kind.make(acme)
    assert (made["userErrors"], again["userErrors"]) == ([], [])
    assert made[kind.shown] is not None
    assert again[kind.shown] == made[kind.shown]
    assert (kind.there(estate), estate.paths()) == (1, [kind.path])
    other = await kind.make(acme, input=kind.other)
    assert codes(other) == [("idempotencyKey", "CONFLICT")]
    assert codes(await kind.make(acme, key=" ")) == [("idempotencyKey", "INVALID")]


async def test_what_was_made_although_no_answer_said_so_is_found(
    acme: World, estate: WritableEstate, kind: Kind
) -> None:
    estate.lost.add(kind.path)
    made = await kind.make(acme)
    estate.lost.clear()
    again = await kind.make(acme)
    assert (made["userErrors"], again["userErrors"]) == ([], [])
    assert (kind.there(estate), estate.paths()) == (1, [kind.path])


async def test_what_was_not_made_is_made_by_the_repeat(acme: World, estate: WritableEstate, kind: Kind) -> None:
    estate.answers[kind.path] = 500
    assert codes(await kind.make(acme)) == [("", "UNCERTAIN")]
    estate.answers.clear()
    assert (await kind.make(acme))["userErrors"] == []
    assert (kind.there(estate), estate.paths()) == (1, [kind.path] * 2)


async def test_a_refusal_frees_the_key(acme: World, estate: WritableEstate, kind: Kind) -> None:
    estate.answers[kind.path] = 422
    assert codes(await kind.make(acme)) == [("", "REFUSED")]
    estate.answers.clear()
    assert (await kind.make(acme, input=kind.other))["userErrors"] == []


async def test_an_equal_one_that_was_there_before_is_not_taken_for_it(acme: World, estate: WritableEstate) -> None:
    fee = KINDS["fee"]
    await fee.make(acme, key=None)
    estate.answers[fee.path] = 500
    assert codes(await fee.make(acme)) == [("", "UNCERTAIN")]
    estate.answers.clear()
    assert (await fee.make(acme))["fee"]["providerId"] == "n2"
    assert fee.there(estate) == 2


async def test_a_dry_run_uses_up_no_key(acme: World, estate: WritableEstate) -> None:
    fee = KINDS["fee"]
    assert (await fee.make(acme, dry=True))["planned"]
    assert (await fee.make(acme, input=fee.other))["userErrors"] == []
    assert fee.there(estate) == 1
