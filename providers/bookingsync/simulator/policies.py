"""Cancellation policies: one for the account, and own ones of some rentals."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from providers.bookingsync.simulator import ids
from providers.bookingsync.simulator.formats import instant
from providers.bookingsync.simulator.units import FIRST_ACCOUNT, Unit, account_wide_id
from providers.bookingsync.simulator.view import Fixed

STEPS = ((60, "30.0"), (14, "100.0"))
"""From how many days before check-in on a cancellation costs which percentage."""


def policy_id(unit: Unit) -> int:
    """The policy that holds for a rental: its own, or the account's."""
    if unit.house.number % 3 == 0:
        return unit.own_id(ids.CANCELATION_POLICIES)
    return account_wide_id(ids.CANCELATION_POLICIES, unit.account, 0)


def policies(account: int, units: Sequence[Unit], made_at: datetime) -> Iterator[Fixed]:
    """The account's policy and those of its rentals."""
    yield _policy(account, 0, None, "Account", FIRST_ACCOUNT + account, made_at)
    for unit in units:
        if unit.house.number % 3 == 0:
            yield _policy(account, unit.house.number, unit, "Rental", unit.id, unit.house.updated_at)


def policy_items(account: int, units: Sequence[Unit], made_at: datetime) -> Iterator[Fixed]:
    """The steps of all policies."""
    for policy in policies(account, units, made_at):
        for (days, percentage), ident in zip(
            STEPS, policy.attributes["links"]["rental_cancelation_policy_items"], strict=True
        ):
            attributes = {
                "links": {"rental_cancelation_policy": policy.id},
                "id": ident,
                "eligible_days": days,
                "penalty_percentage": percentage,
                **_times(policy.updated_at),
            }
            yield Fixed(ident, policy.unit, policy.updated_at, attributes)


def _policy(account: int, number: int, unit: Unit | None, kind: str, owner: int, at: datetime) -> Fixed:
    ident = account_wide_id(ids.CANCELATION_POLICIES, account, number)
    body = "Free until 60 days before arrival, then 30 %, and all of it in the last 14 days."
    attributes: dict[str, Any] = {
        "links": {
            "rental": None if unit is None else unit.id,
            "rental_cancelation_policy_items": [
                account_wide_id(ids.CANCELATION_POLICY_ITEMS, account, number * len(STEPS) + step)
                for step in range(len(STEPS))
            ],
        },
        "id": ident,
        "body": body,
        "body_translations": {"en": body},
        "preset": "strict" if number else None,
        "policeable_id": owner,
        "policeable_type": kind,
        **_times(at),
    }
    return Fixed(ident, unit, at, attributes)


def _times(at: datetime) -> dict[str, str]:
    return {"created_at": instant(at), "updated_at": instant(at)}
