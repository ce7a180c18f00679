"""Prices with a markup, a coupon and wishes about components."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from providers.queries import QuoteComponent
from tests.acme_world import Estate, acme_world
from tests.gateway_world import World

PRICES = (
    "query($in: [PriceDetailsInput!]!) { priceDetails(inputs: $in) { total { amount } coupon listing { providerId } } }"
)
STAY = {"arrival": "2027-01-01", "departure": "2027-01-04"}


async def first_id(running: World) -> str:
    data = await running.data("{ listings(first: 1) { nodes { id } } }")
    found: str = data["listings"]["nodes"][0]["id"]
    return found


def requests(estate: Estate) -> list[Any]:
    return [request for call in estate.calls if call[0] == "quotes" for request in call[1:]]


async def test_wishes_reach_the_pms(acme: World, estate: Estate) -> None:
    wish = {
        "markup": "1.15",
        "coupon": " SUMMER ",
        "components": [
            {"feeId": "f1", "quantity": 2},
            {"name": "cleaningFee", "amount": "-12.50"},
            {"feeId": "f2", "name": "petFee", "deleted": True},
        ],
    }
    data = await acme.data(PRICES, **{"in": [{"listingId": await first_id(acme), **STAY, **wish}]})
    assert data["priceDetails"] == [{"total": {"amount": "115.00"}, "coupon": "SUMMER", "listing": {"providerId": "1"}}]
    (request,) = requests(estate)
    assert (request.markup, request.coupon) == (Decimal("1.15"), "SUMMER")
    assert request.components == (
        QuoteComponent(fee_id="f1", quantity=2),
        QuoteComponent(name="cleaningFee", amount=Decimal("-12.50")),
        QuoteComponent(fee_id="f2", name="petFee", deleted=True),
    )


async def test_each_wish_has_a_price_of_its_own_and_the_same_wish_the_same(acme: World, estate: Estate) -> None:
    id_ = await first_id(acme)
    wishes: list[dict[str, Any]] = [
        {},
        {"markup": "1.1"},
        {"markup": "1.2"},
        {"coupon": "A"},
        {"coupon": "B"},
        {"components": [{"feeId": "1"}]},
        {"components": [{"name": "1"}]},
        {"components": [{"feeId": "1", "quantity": 2}]},
        {"components": [{"feeId": "1", "amount": "2"}]},
        {"components": [{"feeId": "1", "deleted": True}]},
        {"components": [{"feeId": "1"}, {"feeId": "2"}]},
    ]
    inputs = [{"listingId": id_, **STAY, **wish} for wish in wishes]
    await acme.data(PRICES, **{"in": inputs})
    assert len(requests(estate)) == len(wishes)
    await acme.data(PRICES, **{"in": inputs})
    assert len(requests(estate)) == len(wishes)


async def test_a_listing_prices_wishes_too(tmp_path: Path, estates: dict[str, Estate]) -> None:
    async with acme_world(tmp_path, estates, ["1"]) as running:
        data = await running.data(
            '{ listings(first: 9) { nodes { priceDetails(arrival: "2027-01-01", departure: "2027-01-04", adults: 2,'
            ' markup: 1.1, coupon: "X", components: [{feeId: "f", quantity: 1}]) { total { amount } coupon } } } }'
        )
    assert [node["priceDetails"] for node in data["listings"]["nodes"]] == [
        {"total": {"amount": "110.0"}, "coupon": "X"}
    ] * 3
    assert [call[0] for call in estates["1"].calls] == ["listing_page", "quotes"]


@pytest.mark.parametrize(
    ("wish", "argument", "allowed"),
    [
        ({"markup": "1"}, "markup", "above 1"),
        ({"markup": "0.9"}, "markup", "above 1"),
        ({"markup": "11"}, "markup", "at most 10"),
        ({"markup": "NaN"}, "markup", "above 1"),
        ({"markup": "Infinity"}, "markup", "above 1"),
        ({"markup": "1.0000001"}, "markup", "decimals"),
        ({"coupon": "  "}, "coupon", "1 to 200 characters"),
        ({"coupon": "x" * 201}, "coupon", "1 to 200 characters"),
        ({"components": []}, "components", "1 to 50"),
        ({"components": [{"feeId": str(n)} for n in range(51)]}, "components", "1 to 50"),
        ({"components": [{}]}, "components[0]", "feeId or name"),
        ({"components": [{"quantity": 2}]}, "components[0]", "feeId or name"),
        ({"components": [{"feeId": ""}]}, "components[0].feeId", "characters"),
        ({"components": [{"feeId": "1"}, {"name": " "}]}, "components[1].name", "characters"),
        ({"components": [{"feeId": "1", "quantity": 0}]}, "components[0].quantity", "1 to 1000"),
        ({"components": [{"feeId": "1", "quantity": 1001}]}, "components[0].quantity", "1 to 1000"),
        ({"components": [{"feeId": "1", "amount": "NaN"}]}, "components[0].amount", "between"),
        ({"components": [{"feeId": "1", "amount": "1E+999999"}]}, "components[0].amount", "between"),
        ({"components": [{"feeId": "1", "amount": "1E-999"}]}, "components[0].amount", "decimals"),
        ({"components": [{"feeId": "1", "deleted": True, "quantity": 1}]}, "components[0].deleted", "alone"),
        ({"components": [{"feeId": "1", "deleted": True, "amount": "1"}]}, "components[0].deleted", "alone"),
        ({"components": [{"feeId": "1"}, {"feeId": "1", "quantity": 2}]}, "components[1]", "each component once"),
        ({"components": [{"name": "a"}, {"feeId": "2", "name": "a"}]}, "components[1]", "each component once"),
    ],
)
async def test_bad_wishes_are_named_before_any_call(
    acme: World, estate: Estate, wish: dict[str, Any], argument: str, allowed: str
) -> None:
    body = await acme.ask(PRICES, **{"in": [{"listingId": "bDphY2NfMTo0MDAwMQ", **STAY, **wish}]})
    (error,) = body["errors"]
    assert error["extensions"]["code"] == "BAD_INPUT"
    assert error["extensions"]["argument"] == f"inputs[0].{argument}"
    assert allowed in error["extensions"]["allowed"]
    assert not estate.calls
