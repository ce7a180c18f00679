"""Fee settings in Hostaway's words (Hostaway documentation, Listing fee settings)."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from pydantic.alias_generators import to_camel

from providers.changes import FeeChange, FeeDraft, ProblemKind, given
from providers.hostaway.change_checks import Checks
from providers.hostaway.writer import nothing_named
from providers.model import ChargedPer

FEE_TYPES = (
    "additionalCleaningFee",
    "parkingFee",
    "towelChangeFee",
    "midstayCleaningFee",
    "roomRequestFee",
    "reservationChangeFee",
    "lateCheckoutFee",
    "otherFees",
    "creditCardFee",
    "kitchenLinenFee",
    "linenPackageFee",
    "transferFee",
    "wristbandFee",
    "extraBedsFee",
    "serviceFee",
    "bedLinenFee",
    "bookingFee",
    "petFee",
    "skiPassFee",
    "tourismFee",
    "childrenExtraFee",
    "resortFee",
)
_APPLIED_PER: Mapping[ChargedPer, str] = {
    ChargedPer.STAY: "reservation",
    ChargedPer.NIGHT: "night",
    ChargedPer.PERSON: "person",
    ChargedPer.PERSON_NIGHT: "person_per_night",
}
_BASE_RATE = "base_rate"
"""Not in the documentation's table, but in all of its samples."""

_LACKING = {
    "max_quantity": "greatest quantity of a fee",
    "starts_on": "first day of a fee",
    "ends_on": "last day of a fee",
}
_ALL_OF_IT = 100


def fee_body(draft: FeeDraft) -> dict[str, Any]:
    """A fee to make; optional and without a quantity unless it says otherwise. Raises ``ChangeRefused``."""
    checks = Checks()
    body = _sent(draft, checks)
    for names, missing in (
        (("name",), "feeType" not in body),
        (("charged_per", "provider_charged_per"), "feeAppliedPer" not in body),
        (("amount", "percentage"), "amount" not in body),
    ):
        if missing:
            checks.wrong(ProblemKind.REQUIRED, "A fee needs it.", (names[0],), " or ".join(map(to_camel, names)))
    checks.done()
    return {"feeTitle": None, "isMandatory": 0, "isQuantitySelectable": 0, **body}


def fee_change(change: FeeChange) -> dict[str, Any]:
    """What changes about a fee. Raises ``ChangeRefused``."""
    checks = Checks()
    body = _sent(change, checks)
    checks.done()
    if not body:
        raise nothing_named()
    return body


def _sent(change: FeeChange, checks: Checks) -> dict[str, Any]:
    told = given(change)
    for name in _LACKING.keys() & told.keys():
        if told[name] is not None:
            checks.unsupported(_LACKING[name], (name,))
    for one, other in (("amount", "percentage"), ("charged_per", "provider_charged_per")):
        if one in told and other in told:
            checks.wrong(ProblemKind.INVALID, "One of two that exclude each other.", (other,))
    body: dict[str, Any] = {}
    for name, value in told.items():
        if name in _PROPERTIES:
            body |= _PROPERTIES[name](value, checks)
    return body


def _amount(value: Decimal, checks: Checks) -> dict[str, Any]:
    return {"amount": checks.number(value, ("amount",)), "amountType": "flat"}


def _percentage(value: Decimal, checks: Checks) -> dict[str, Any]:
    return {"amount": checks.number(value, ("percentage",), most=_ALL_OF_IT), "amountType": "percent"}


def _applied_per(value: ChargedPer, checks: Checks) -> dict[str, Any]:
    if value not in _APPLIED_PER:
        allowed = ", ".join(each.value for each in _APPLIED_PER)
        checks.unsupported("such way to charge a fee", ("charged_per",), allowed=allowed)
    return {"feeAppliedPer": _APPLIED_PER.get(value)}


def _own_applied_per(value: str, checks: Checks) -> dict[str, Any]:
    words = (*_APPLIED_PER.values(), _BASE_RATE)
    return {"feeAppliedPer": checks.word(value, ("provider_charged_per",), words)}


_PROPERTIES: Mapping[str, Callable[[Any, Checks], dict[str, Any]]] = {
    "name": lambda value, checks: {"feeType": checks.word(value, ("name",), FEE_TYPES)},
    "title": lambda value, _: {"feeTitle": value},
    "amount": _amount,
    "percentage": _percentage,
    "charged_per": _applied_per,
    "provider_charged_per": _own_applied_per,
    "mandatory": lambda value, _: {"isMandatory": int(value)},
    "quantity_selectable": lambda value, _: {"isQuantitySelectable": int(value)},
}
