"""What an earlier attempt made is known by being new, by when it was made, and by all that the PMS tells of it."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from graph.changes.new_parts import MakingPlan, making_fee, making_policy, making_tax
from graph.gateway.touched import Touched
from providers.changes import CancellationPolicyDraft, FeeDraft, PolicyItemDraft, TaxDraft
from providers.model import (
    CancellationPolicy,
    CancellationPolicyItem,
    Channel,
    ChargedPer,
    ListingFee,
    ListingTax,
    Money,
    PolicyEvent,
    RefundKind,
)
from providers.queries import Batch

BEGAN = datetime(2026, 5, 4, 12, tzinfo=UTC)
PETS = FeeDraft(title="Pets", amount=Decimal("25"), charged_per=ChargedPer.STAY, mandatory=False)


def fee(**more: Any) -> ListingFee:
    told = {"title": "Pets ", "amount": Money(amount=Decimal("25.00"), currency="EUR"), "charged_per": ChargedPer.STAY}
    return ListingFee(**{"provider_id": "2", "mandatory": False} | told | more)


def steps(*seconds: int, kind: type[Any] = PolicyItemDraft) -> list[Any]:
    said = {"refund_kind": RefundKind.PERCENTAGE, "refund_value": Decimal(50), "event": PolicyEvent.ARRIVAL}
    return [kind(seconds=each, **said) for each in seconds]


@pytest.mark.parametrize(
    ("shown", "is_like"),
    [
        ({}, True),
        ({"title": None, "charged_per": None, "mandatory": None}, True),
        ({"name": "petFee", "max_quantity": 2}, True),
        ({"title": "Dogs"}, False),
        ({"amount": Money(amount=Decimal("25.01"), currency="EUR")}, False),
        ({"charged_per": ChargedPer.NIGHT}, False),
        ({"mandatory": True}, False),
    ],
)
def test_a_fee_is_like_what_was_asked_for_where_it_tells_nothing_else(shown: dict[str, Any], is_like: bool) -> None:
    assert making_fee("1", PETS).is_like(fee(**shown)) is is_like


def test_a_tax_is_told_by_whether_prices_hold_it() -> None:
    making = making_tax("1", TaxDraft(title="City", percentage=Decimal(7), included_in_price=False))
    assert making.is_like(ListingTax(provider_id="1", percentage=Decimal("7.0")))
    assert not making.is_like(ListingTax(provider_id="1", percentage=Decimal(7), included_in_price=True))


@pytest.mark.parametrize(
    ("seconds", "is_like"),
    [((-20, -10), True), ((-10,), False), ((-10, -10), False), ((-10, -20, -30), False), (None, True)],
)
def test_a_policy_is_told_by_its_steps_in_whatever_order(seconds: tuple[int, ...] | None, is_like: bool) -> None:
    items = None if seconds is None else steps(*seconds, kind=CancellationPolicyItem)
    shown = CancellationPolicy(provider_id="1", channel=Channel.DIRECT, name="Fair", items=items)
    assert making_policy(CancellationPolicyDraft(name="Fair", items=steps(-10, -20))).is_like(shown) is is_like


@pytest.mark.parametrize(
    ("there", "found"),
    [
        ([fee(provider_id="1"), fee()], "2"),
        ([fee(created_at=BEGAN - timedelta(seconds=1)), fee(provider_id="3", created_at=BEGAN)], "3"),
        ([fee(provider_id="1", created_at=BEGAN)], None),
        ([fee(title="Dogs")], None),
    ],
)
async def test_what_was_made_is_new_and_not_older_than_the_attempt(there: list[ListingFee], found: str | None) -> None:
    class Client:
        async def fees(self, listing_ids: Any) -> Batch[list[ListingFee]]:
            return Batch(found={"7": there}, failed={}, fetched_at=BEGAN)

    plan = MakingPlan(making_fee("7", PETS), Touched())
    client: Any = Client()
    entry: Any = SimpleNamespace(made=lambda step: json.dumps(["1"]))
    outcome = await plan.find(client, entry, BEGAN)
    assert (outcome and outcome.id) == found
