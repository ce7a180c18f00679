"""An account's discount and markups, from the mutation that sets them to the prices that clients see."""

from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from graph.accounts.keys import Permission
from tests.acme_world import Estate
from tests.gateway_world import World

UPDATE = """
mutation($id: ID!, $input: UpdateIntegrationAccountInput!) {
  updateIntegrationAccount(id: $id, input: $input) { account { id } userErrors { message } }
}
"""

_TERMS = """
defaultDiscount { percentage value } markup { percentage value } distributionMarkup { percentage value }
"""

PRICES = f"""
query($account: ID!, $arrival: Date!, $departure: Date!) {{
  account(id: $account) {{ listings(first: 6) {{ nodes {{
    id basePrice {{ amount }} originalBasePrice {{ amount }} basePriceModifications {{ {_TERMS} }}
    minimumPrice {{ amount }}
  }} }} }}
  availableListings(arrival: $arrival, departure: $departure, first: 3, filter: {{ accountIds: [$account] }}) {{
    nodes {{ listing {{ id basePrice {{ amount }} }} price {{ ...Price }} }}
  }}
  reservations(first: 20, filter: {{ accountIds: [$account] }}) {{
    nodes {{ total {{ amount }} financeLines {{ amount {{ amount }} }} }}
  }}
}}
fragment Price on PriceDetails {{
  total {{ amount currency }} originalTotal {{ amount }} dueNow {{ amount }} source
  components {{ type name amount {{ amount }} includedInTotal source }}
  priceModifications {{ {_TERMS} }}
}}
"""

STAYS = (
    f"query($ids: [ID!]!, $inputs: [PriceDetailsInput!]!, $arrival: Date!, $departure: Date!) {{"
    f" calendars(listingIds: $ids, from: $arrival, to: $departure) {{"
    f" days {{ price originalPrice minimumStay status priceModifications {{ {_TERMS} }} }} }}"
    f" priceDetails(inputs: $inputs) {{ ...Price }} }}" + PRICES[PRICES.index("fragment") :]
)

CHOSEN = {"defaultDiscountPercentage": "12.5", "markupPercentage": "3", "distributionMarkupPercentage": "50"}
NOTHING = dict.fromkeys(CHOSEN, "0")


async def account_of(running: World, provider: str) -> str:
    data = await running.data("query($p: [String!]) { accounts(providers: $p) { nodes { id } } }", p=[provider])
    return str(data["accounts"]["nodes"][0]["id"])


async def set_terms(running: World, account: str, terms: dict[str, str]) -> None:
    payload = await running.change(UPDATE, Permission.WRITE, id=account, input=terms)
    assert payload == {"account": {"id": account}, "userErrors": []}


async def free_days(running: World, account: str) -> dict[str, str]:
    """The first week from next month on in which something is free for all of it, and sold."""
    query = """
    query($account: ID!, $arrival: Date!, $departure: Date!) {
      availableListings(arrival: $arrival, departure: $departure, filter: { accountIds: [$account] }) {
        nodes { price { total { amount } } }
      }
    }
    """
    for offset in range(30, 200):
        arrival = running.clock.now().date() + timedelta(days=offset)
        days = {"arrival": arrival.isoformat(), "departure": (arrival + timedelta(days=7)).isoformat()}
        found = await running.data(query, account=account, **days)
        free = found["availableListings"]["nodes"]
        if free and all(each["price"]["total"] for each in free):
            return days
    raise AssertionError("nothing is free")


async def prices(running: World, account: str, days: dict[str, str]) -> Any:
    """All prices of an account: of listings, of what is free for the stay, of its nights, of what is agreed."""
    found = await running.data(PRICES, account=account, **days)
    ids = [each["listing"]["id"] for each in found["availableListings"]["nodes"]]
    inputs = [{"listingId": id_, **days} for id_ in ids]
    return found | await running.data(STAYS, ids=ids, inputs=inputs, **days)


def added(asked: Decimal, *, exact: bool) -> list[Decimal]:
    """What the chosen terms add to an amount: discount, markup."""
    shares = [asked * Decimal("-0.125"), asked * Decimal("0.03")]
    return shares if exact else [each.quantize(Decimal("0.01"), ROUND_HALF_UP) for each in shares]


def assert_modified(shown: str, asked: str, modifications: Any, base: Decimal, *, exact: bool) -> None:
    assert modifications["distributionMarkup"] is None, "that one is for other tenants"
    values = [Decimal(modifications[name]["value"]) for name in ("defaultDiscount", "markup")]
    assert [modifications[name]["percentage"] for name in ("defaultDiscount", "markup")] == ["12.5", "3"]
    assert values == added(base, exact=exact)
    assert Decimal(shown) == Decimal(asked) + sum(values)


def assert_priced(before: Any, after: Any) -> None:
    """The price of one stay before and with the terms."""
    counted = [each for each in before["components"] if each["includedInTotal"]]
    base = sum(Decimal(each["amount"]["amount"]) for each in counted if each["type"] in ("RENT", "DISCOUNT"))
    assert base > 0
    assert after["originalTotal"]["amount"] == before["total"]["amount"] == before["originalTotal"]["amount"]
    assert_modified(
        after["total"]["amount"],
        before["total"]["amount"],
        after["priceModifications"],
        Decimal(base),
        exact=False,
    )
    assert after["components"][:-2] == before["components"]
    assert [(each["type"], each["name"], each["source"]) for each in after["components"][-2:]] == [
        ("DISCOUNT", "defaultDiscount", "ACCOUNT_TERMS"),
        ("MARKUP", "markup", "ACCOUNT_TERMS"),
    ]
    total = sum(Decimal(each["amount"]["amount"]) for each in after["components"] if each["includedInTotal"])
    assert total == Decimal(after["total"]["amount"])
    assert after["dueNow"] is None


def assert_base_prices(plain: Any, shown: Any) -> None:
    houses = [plain["account"]["listings"]["nodes"], shown["account"]["listings"]["nodes"]]
    assert any(each["basePrice"] for each in houses[0])
    for before, after in zip(*houses, strict=True):
        assert (before["originalBasePrice"], before["basePriceModifications"]) == (before["basePrice"], None)
        if before["basePrice"] is None:
            assert after == before
            continue
        asks = before["basePrice"]["amount"]
        assert after["originalBasePrice"]["amount"] == asks
        assert_modified(after["basePrice"]["amount"], asks, after["basePriceModifications"], Decimal(asks), exact=True)
        assert after["minimumPrice"] == before["minimumPrice"]


def assert_nights(plain: Any, shown: Any) -> None:
    for before, after in zip(plain["calendars"], shown["calendars"], strict=True):
        assert len(before["days"]) == 7
        for night, day in zip(before["days"], after["days"], strict=True):
            assert (night["originalPrice"], night["priceModifications"]) == (night["price"], None)
            assert day["originalPrice"] == night["price"]
            assert_modified(
                day["price"], night["price"], day["priceModifications"], Decimal(night["price"]), exact=True
            )
            assert (day["minimumStay"], day["status"]) == (night["minimumStay"], night["status"])


@pytest.mark.parametrize("provider", ["HOSTAWAY", "BOOKINGSYNC"])
async def test_terms_change_every_price_at_once_and_cost_no_call(running: World, provider: str) -> None:
    account = await account_of(running, provider)
    days = await free_days(running, account)
    plain = await prices(running, account, days)
    asked = len(running.calls)
    await set_terms(running, account, CHOSEN)
    shown = await prices(running, account, days)
    assert len(running.calls) == asked, "terms are ours: no PMS was asked"

    assert_base_prices(plain, shown)
    free = [plain["availableListings"]["nodes"], shown["availableListings"]["nodes"]]
    assert len(plain["priceDetails"]) == len(free[0]) > 0
    base_prices = {each["id"]: each["basePrice"] for each in shown["account"]["listings"]["nodes"]}
    for before, after in zip(*free, strict=True):
        assert after["listing"] == {"id": before["listing"]["id"], "basePrice": base_prices[before["listing"]["id"]]}
        assert_priced(before["price"], after["price"])
    for before, after, found in zip(plain["priceDetails"], shown["priceDetails"], free[1], strict=True):
        assert_priced(before, after)
        assert after["total"] == found["price"]["total"]
    assert_nights(plain, shown)
    assert any(each["total"] for each in plain["reservations"]["nodes"])
    assert shown["reservations"] == plain["reservations"], "what was agreed stays"


@pytest.mark.parametrize("provider", ["HOSTAWAY", "BOOKINGSYNC"])
async def test_terms_of_nothing_are_as_if_there_were_none(running: World, provider: str) -> None:
    account = await account_of(running, provider)
    days = await free_days(running, account)
    plain = await prices(running, account, days)
    assert all(each["priceModifications"] is None for each in plain["priceDetails"])
    assert {part["source"] for each in plain["priceDetails"] for part in each["components"]} == {"PMS"}
    await set_terms(running, account, CHOSEN)
    await set_terms(running, account, NOTHING)
    assert await prices(running, account, days) == plain


async def test_terms_of_one_account_leave_the_others_alone(running: World) -> None:
    query = "{ listings(first: 50) { nodes { account { id } basePrice { amount } originalBasePrice { amount } } } }"
    before = (await running.data(query))["listings"]["nodes"]
    changed = before[0]["account"]["id"]
    await set_terms(running, changed, CHOSEN)
    after = (await running.data(query))["listings"]["nodes"]
    assert len({each["account"]["id"] for each in before}) == 3
    for old, new in zip(before, after, strict=True):
        assert (old != new) is (new["account"]["id"] == changed)


async def test_a_price_without_components_is_modified_as_a_whole(acme: World, estate: Estate) -> None:
    data = await acme.data("{ accounts { nodes { id } } listings(first: 1) { nodes { id } } }")
    await set_terms(acme, data["accounts"]["nodes"][0]["id"], {"markupPercentage": "2.5"})
    wish = {"listingId": data["listings"]["nodes"][0]["id"], "arrival": "2027-01-01", "departure": "2027-01-04"}
    query = (
        "query($in: [PriceDetailsInput!]!) { priceDetails(inputs: $in) { total { amount } originalTotal { amount }"
        " components { name amount { amount } } } }"
    )
    answer = await acme.data(query, **{"in": [wish, wish | {"markup": "1.1"}]})
    assert answer["priceDetails"] == [
        {
            "total": {"amount": total},
            "originalTotal": {"amount": asked},
            "components": [{"name": "markup", "amount": {"amount": value}}],
        }
        # The PMS's own markup comes first, since it is part of what the PMS asks.
        for asked, value, total in (("100", "2.50", "102.50"), ("110.0", "2.75", "112.75"))
    ]
    assert estate.counted()["quotes"] == 1
