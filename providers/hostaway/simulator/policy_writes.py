"""Cancellation policies of the account's own, made, changed and removed. Those of channels can only be read."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from providers.hostaway.simulator.accounts import SimulatedAccount
from providers.hostaway.simulator.body_checks import (
    Check,
    is_amount,
    is_named,
    is_whole,
    json_object,
    nothing,
    one_of,
    refused_value,
)
from providers.hostaway.simulator.envelope import RefusedError, success
from providers.hostaway.simulator.readings import HostawayReadings

_STEP: Mapping[str, Check] = {
    "refundAmount": lambda value: is_whole(value) and is_amount(value),
    "refundType": one_of(("percentage", "flat")),
    "refundField": one_of(("totalPrice",)),
    "timeDelta": is_whole,
    "event": one_of(("reservation", "arrival")),
}


class PolicyWrites:
    """The calls that change cancellation policies."""

    def __init__(self, readings: HostawayReadings) -> None:
        self._readings = readings

    async def create(self, request: Request, account: SimulatedAccount) -> Response:
        body = await json_object(request)
        policy = self._policy(body, account, next(account.changed.ids), ())
        account.changed.policies[policy["id"]] = policy
        return success(policy)

    async def update(self, request: Request, account: SimulatedAccount) -> Response:
        """The steps that are sent replace those that were there, unless the readings say that they are added."""
        there = _own(request, account)
        kept = there["cancellationPolicyItem"] if self._readings.policy_keeps_steps else ()
        policy = self._policy(await json_object(request), account, there["id"], kept)
        account.changed.policies[policy["id"]] = policy
        return success(policy)

    async def delete(self, request: Request, account: SimulatedAccount) -> Response:
        del account.changed.policies[_own(request, account)["id"]]
        return nothing(self._readings)

    def _policy(self, body: Mapping[str, Any], account: SimulatedAccount, policy_id: int, kept: Any) -> dict[str, Any]:
        """Sent as numbers, answered as texts."""
        steps = body.get("cancellationPolicyItem")
        if not is_named(body.get("name")):
            raise refused_value("name", self._readings)
        if not isinstance(steps, list) or not steps or not all(map(_is_step, steps)):
            raise refused_value("cancellationPolicyItem", self._readings)
        items = [_item(step, policy_id, next(account.changed.ids)) for step in steps]
        return {
            "id": policy_id,
            "accountId": account.id,
            "name": body["name"],
            "cancellationPolicyItem": [*kept, *items],
        }


def _own(request: Request, account: SimulatedAccount) -> dict[str, Any]:
    policy = account.changed.policies.get(request.path_params["policy_id"])
    if policy is None:
        raise RefusedError(404, "Cancellation policy not found")
    return policy


def _is_step(value: Any) -> bool:
    return isinstance(value, dict) and all(check(value.get(name)) for name, check in _STEP.items())


def _item(step: Mapping[str, Any], policy_id: int, item_id: int) -> dict[str, Any]:
    return {
        "id": str(item_id),
        "cancellationPolicyId": str(policy_id),
        **{name: str(step[name]) for name in _STEP},
    }
