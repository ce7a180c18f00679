"""Cancellation policies of a Hostaway account's own made, changed and removed. Those of channels can only be read."""

from collections.abc import Mapping, Sequence
from typing import Any

from providers.changes import CancellationPolicyDraft, PolicyItemDraft, ProblemKind, Written
from providers.hostaway.change_checks import MOST, Checks, Path
from providers.hostaway.paging import id_of, is_id
from providers.hostaway.policies import POLICY_LISTS, build_policy
from providers.hostaway.wire_parts import WirePolicy
from providers.hostaway.writer import WritingClient, known_id
from providers.model import CancellationPolicy, Channel, PolicyEvent, RefundKind
from providers.upstream.calls import Call
from providers.wire import read_records

_POLICIES = POLICY_LISTS[Channel.DIRECT]
_ALL_OF_IT = 100
_REFUNDS = {RefundKind.PERCENTAGE: ("percentage", _ALL_OF_IT), RefundKind.AMOUNT: ("flat", MOST)}
_EVENTS = {PolicyEvent.ARRIVAL: "arrival", PolicyEvent.BOOKING: "reservation"}
_LONGEST = 10 * 366 * 86_400
_REFUND_OF = "totalPrice"
"""The only thing that a refund is taken of (Hostaway documentation, Cancellation policy)."""


class PolicyWrites(WritingClient):
    """One call a change."""

    async def create_cancellation_policy(self, draft: CancellationPolicyDraft) -> Written[CancellationPolicy]:
        """One call."""
        body = _policy_body(draft)
        call = Call(method="POST", path=_POLICIES, json=body, safe=False)
        return self._policy(await self._writer.made(call, lambda: self._policy_as_sent(body)), draft)

    async def update_cancellation_policy(
        self, policy_id: str, draft: CancellationPolicyDraft
    ) -> Written[CancellationPolicy]:
        """One call."""
        body = _policy_body(draft)
        path = f"{_POLICIES}/{known_id(policy_id, 'cancellation policy')}"
        call = Call(method="PUT", path=path, json=body, safe=False)
        return self._policy(await self._writer.made(call, lambda: self._policy_as_sent(body, policy_id)), draft)

    async def delete_cancellation_policy(self, policy_id: str) -> None:
        """One call. After a refusal, or without an answer, the list tells whether the policy is gone."""
        path = f"{_POLICIES}/{known_id(policy_id, 'cancellation policy')}"
        call = Call(method="DELETE", path=path, safe=False)

        async def is_there() -> bool:
            rows = (await self._reader.rows(_POLICIES)(())).rows
            return any(id_of(each) == policy_id for each in rows)

        await self._writer.gone(call, is_there)

    async def _policy_as_sent(self, body: Mapping[str, Any], policy_id: str | None = None) -> Mapping[str, Any] | None:
        """The policy that is as sent: of this id, or the newest."""
        rows = (await self._reader.rows(_POLICIES)(())).rows
        same = [each for each in read_records(WirePolicy, rows)[0] if _is_as_sent(each, body)]
        named = [each for each in same if policy_id in (None, each.id)]
        newest = max(named, key=lambda each: int(each.id) if is_id(each.id) else 0, default=None)
        return None if newest is None else newest.sent

    def _policy(self, record: Mapping[str, Any], draft: CancellationPolicyDraft) -> Written[CancellationPolicy]:
        """With a warning where steps remain that were to be replaced: that they are is not documented."""
        found, _ = read_records(WirePolicy, [record])
        policy = build_policy(found[0], Channel.DIRECT) if found else None
        steps = policy.items if policy is not None else None
        kept = steps is not None and len(steps) != len(draft.items)
        warnings = ["Hostaway shows other steps than were sent: look at the policy."] if kept else []
        return Written(id=self._writer.id_in(record), record=policy, warnings=warnings)


def _is_as_sent(policy: WirePolicy, body: Mapping[str, Any]) -> bool:
    """Whether a policy has the name and the steps that were sent, in whatever order."""
    wanted = read_records(WirePolicy, [{"id": "0", **body}])[0]
    return bool(wanted) and policy.name == wanted[0].name and _told(policy) == _told(wanted[0])


def _told(policy: WirePolicy) -> list[tuple[str, ...]]:
    steps = policy.cancellation_policy_item or ()
    return sorted(
        tuple(str(part) for part in (each.refund_type, each.refund_amount, each.time_delta, each.event))
        for each in steps
    )


def _policy_body(draft: CancellationPolicyDraft) -> dict[str, Any]:
    checks = Checks()
    body = {"name": checks.named(draft.name, ("name",)), "cancellationPolicyItem": _steps(draft.items, checks)}
    checks.done()
    return body


def _steps(items: Sequence[PolicyItemDraft], checks: Checks) -> list[dict[str, Any]]:
    if not items:
        checks.wrong(ProblemKind.REQUIRED, "A policy needs at least one step.", ("items",))
    return [_step(each, ("items", index), checks) for index, each in enumerate(items)]


def _step(item: PolicyItemDraft, field: Path, checks: Checks) -> dict[str, Any]:
    """Numbers, as in the documented samples of changes; what is read are texts."""
    refund, most = _REFUNDS.get(item.refund_kind, (None, MOST))
    if refund is None:
        checks.unsupported("such refund", (*field, "refund_kind"), allowed=", ".join(each.value for each in _REFUNDS))
    event = _EVENTS.get(item.event)
    if event is None:
        checks.unsupported("such event", (*field, "event"), allowed=", ".join(each.value for each in _EVENTS))
    if abs(item.seconds) > _LONGEST:
        checks.wrong(ProblemKind.OUT_OF_RANGE, "It is longer than ten years.", (*field, "seconds"))
    if event == "reservation" and item.seconds < 0:
        checks.wrong(ProblemKind.INVALID, "Nobody cancels before booking.", (*field, "seconds"), "0 or more")
    return {
        "refundAmount": checks.whole(item.refund_value, (*field, "refund_value"), most=most),
        "refundType": refund,
        "refundField": _REFUND_OF,
        "timeDelta": item.seconds,
        "event": event,
    }
