"""What is wrong with parts of listings, and cancellation policies, as far as it is wrong for every PMS."""

from collections.abc import Sequence
from typing import Any

from graph.changes.problems import Problems
from graph.rejections import RejectionCode
from providers.changes import (
    OMITTED,
    AgreementChange,
    CancellationPolicyDraft,
    FeeChange,
    PolicyItemDraft,
    TaxChange,
    given,
)
from providers.model import Channel, ChargedPer, PolicyEvent, RefundKind

MAX_AGREEMENT = 200_000
MAX_STEPS = 50
_LONGEST = {"name": 255, "title": 255, "provider_charged_per": 255}


def check_fee(change: FeeChange, currency: str | None, *, new: bool = False) -> None:
    """Raises ``Rejected`` with everything that is wrong with a fee setting."""
    problems = Problems()
    _check_charge(change, currency, problems, new=new)
    problems.exclusive(change.charged_per, change.provider_charged_per, "chargedPer", "providerChargedPer")
    problems.bounds(change.max_quantity, "maxQuantity", least=1)
    problems.ordered(change.starts_on, change.ends_on, "endsOn", "startsOn")
    problems.check()


def check_tax(change: TaxChange, currency: str | None, *, new: bool = False) -> None:
    """Raises ``Rejected`` with everything that is wrong with a tax setting."""
    problems = Problems()
    _check_charge(change, currency, problems, new=new)
    problems.check()


def check_agreement(change: AgreementChange) -> None:
    """Raises ``Rejected`` where an agreement says nothing, or too much."""
    problems = Problems()
    problems.sane(change, longest={"text": MAX_AGREEMENT})
    if not change.text.strip():
        problems.add(RejectionCode.REQUIRED, "An agreement needs a text.", "text")
    problems.check()


def check_channels(channels: Any) -> None:
    """Raises ``Rejected`` where the list of channels is missing, or names what is none."""
    problems = Problems()
    if channels is OMITTED:
        problems.add(RejectionCode.REQUIRED, "It names nothing to change.")
    else:
        for index, channel in enumerate(channels):
            if channel is Channel.OTHER:
                message = "OTHER is no channel that a PMS knows."
                problems.add(RejectionCode.INVALID, message, "lengthOfStayChannels", index)
    problems.check()


def check_policy(draft: CancellationPolicyDraft) -> None:
    """Raises ``Rejected`` with everything that is wrong with a cancellation policy."""
    problems = Problems()
    problems.sane(draft, longest=_LONGEST)
    if not draft.name.strip():
        problems.add(RejectionCode.REQUIRED, "A policy needs a name.", "name", allowed="1 to 255 characters")
    if not 1 <= len(draft.items) <= MAX_STEPS:
        allowed = f"1 to {MAX_STEPS}"
        problems.add(RejectionCode.OUT_OF_RANGE, f"It has {len(draft.items)} steps.", "items", allowed=allowed)
    _check_steps(draft.items, problems)
    problems.check()


def _check_charge(change: FeeChange | TaxChange, currency: str | None, problems: Problems, *, new: bool) -> None:
    problems.sane(change, longest=_LONGEST)
    if not given(change):
        problems.add(RejectionCode.REQUIRED, "It names nothing to change.")
    if change.name is not OMITTED and not change.name.strip():
        problems.add(RejectionCode.INVALID, "It is empty.", "name", allowed="1 to 255 characters, or leave it out")
    if new and change.amount is OMITTED and change.percentage is OMITTED:
        problems.add(RejectionCode.REQUIRED, "It needs an amount, or a percentage.", "amount")
    problems.exclusive(change.amount, change.percentage, "amount", "percentage")
    problems.price(change.amount, currency, "amount", free=True)
    problems.bounds(change.percentage, "percentage", least=0, most=100)
    if change.charged_per is ChargedPer.OTHER:
        problems.add(RejectionCode.INVALID, "OTHER is no way of charging that a PMS knows.", "chargedPer")


def _check_steps(items: Sequence[PolicyItemDraft], problems: Problems) -> None:
    seen = set()
    for index, item in enumerate(items[:MAX_STEPS]):
        here = ("items", index)
        match item.refund_kind:
            case RefundKind.PERCENTAGE:
                problems.bounds(item.refund_value, *here, "refundValue", least=0, most=100)
            case RefundKind.AMOUNT:
                problems.bounds(item.refund_value, *here, "refundValue", least=0)
            case _:
                message, allowed = "OTHER is no refund that a PMS knows.", "PERCENTAGE, AMOUNT"
                problems.add(RejectionCode.INVALID, message, *here, "refundKind", allowed=allowed)
        match item.event:
            case PolicyEvent.ARRIVAL:
                problems.bounds(item.seconds, *here, "seconds", most=0)
            case PolicyEvent.BOOKING:
                problems.bounds(item.seconds, *here, "seconds", least=0)
            case _:
                message, allowed = "OTHER is no event that a PMS knows.", "ARRIVAL, BOOKING"
                problems.add(RejectionCode.INVALID, message, *here, "event", allowed=allowed)
        if (item.event, item.seconds) in seen:
            problems.add(RejectionCode.INVALID, "Another step has the same time.", *here, "seconds")
        seen.add((item.event, item.seconds))
