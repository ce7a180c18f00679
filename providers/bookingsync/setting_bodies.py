"""Fees and taxes that are written, in BookingSync's words (documentation, Fees, Rentals fees, Taxes)."""

from collections.abc import Mapping
from typing import Any

from providers.bookingsync.booking_money import text
from providers.changes import ChangeRefused, FeeChange, Problem, ProblemKind, TaxChange, given, or_none
from providers.model import ChargedPer

_AMOUNT_PER = {
    ChargedPer.STAY: "fixed",
    ChargedPer.NIGHT: "fixed_per_night",
    ChargedPer.PERSON: "fixed_per_person",
    ChargedPer.PERSON_NIGHT: "fixed_per_person_per_night",
}
_PERCENTAGE_PER = {ChargedPer.STAY: "percentage", ChargedPer.PERSON: "percentage_per_person"}

SETTING_NAMES: Mapping[str, tuple[str | int, ...]] = {
    "kind": ("name",),
    "name": ("title",),
    "rate": ("amount",),
    "rate_kind": ("provider_charged_per",),
    "percentage": ("percentage",),
    "maximum_bookable": ("max_quantity",),
    "start_date": ("starts_on",),
    "end_date": ("ends_on",),
    "status": ("mandatory",),
}


def fee_body(change: FeeChange, locale: str) -> dict[str, Any]:
    """What is the account's about a fee: its kind, name and rate. Raises ``ChangeRefused``."""
    values = given(change)
    body: dict[str, Any] = {}
    if "name" in values:
        body["kind"] = values["name"]
    if "title" in values:
        body[f"name_{locale}"] = values["title"] or ""
    amount, percentage = or_none(change.amount), or_none(change.percentage)
    if amount is not None and percentage is not None:
        raise _refused(ProblemKind.INVALID, "A fee is an amount or a percentage, not both.", "percentage")
    rate = percentage if amount is None else amount
    if rate is not None and rate < 0:
        field = "amount" if percentage is None else "percentage"
        raise _refused(ProblemKind.OUT_OF_RANGE, "A fee is 0 or more.", field)
    if rate is not None:
        body["rate"] = text(rate)
    if "provider_charged_per" in values:
        body["rate_kind"] = values["provider_charged_per"]
    elif "charged_per" in values:
        kinds = _PERCENTAGE_PER if percentage is not None else _AMOUNT_PER
        kind = kinds.get(values["charged_per"])
        if kind is None:
            said = "BookingSync has no one word for it: use providerChargedPer."
            raise _refused(ProblemKind.NOT_SUPPORTED, said, "charged_per")
        body["rate_kind"] = kind
    return body


def applied_fee_body(change: FeeChange) -> dict[str, Any]:
    """What is the rental's own about a fee: who pays it, when, and how often."""
    values = given(change)
    body: dict[str, Any] = {}
    if "mandatory" in values:
        body["status"] = "required" if values["mandatory"] else "public"
    if "max_quantity" in values:
        body["maximum_bookable"] = values["max_quantity"]
    elif values.get("quantity_selectable") is False:
        body["maximum_bookable"] = 1
    for ours, theirs in (("starts_on", "start_date"), ("ends_on", "end_date")):
        if ours in values:
            body[theirs] = None if values[ours] is None else values[ours].isoformat()
    if "start_date" in body or "end_date" in body:
        body["always_applied"] = body.get("start_date") is None and body.get("end_date") is None
    return body


def tax_body(change: TaxChange, locale: str) -> dict[str, Any]:
    """A tax of the account's."""
    percentage = or_none(change.percentage)
    title = or_none(change.title)
    if percentage is None:
        raise _refused(ProblemKind.REQUIRED, "BookingSync's taxes are percentages.", "percentage")
    if percentage < 0:
        raise _refused(ProblemKind.OUT_OF_RANGE, "A tax is 0 or more.", "percentage")
    body: dict[str, Any] = {f"name_{locale}": title or "Tax", "percentage": text(percentage)}
    body["kind"] = or_none(change.name) or "other"
    return body


def check_tax(change: TaxChange) -> None:
    """Raises ``ChangeRefused`` for what no tax of BookingSync has."""
    said = "BookingSync's taxes are percentages of the rent."
    problems = [
        Problem(kind=ProblemKind.NOT_SUPPORTED, message=said, field=(name,))
        for name in ("amount", "charged_per")
        if or_none(getattr(change, name)) is not None
    ]
    if problems:
        raise ChangeRefused(*problems)


def _refused(kind: ProblemKind, message: str, field: str) -> ChangeRefused:
    return ChangeRefused(Problem(kind=kind, message=message, field=(field,)))
