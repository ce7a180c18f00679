"""Amounts of money, exact."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from annotated_doc import Doc


@dataclass(slots=True, kw_only=True)
class Money:
    """An exact amount in one currency, in major units (12.50 euros, not 1250 cents)."""

    amount: Annotated[Decimal, Doc("Exact amount in major units, sent as a string so that no digit is lost.")]
    currency: Annotated[str, Doc("ISO 4217 code, for example EUR.")]


def money(amount: Decimal | None, currency: str | None) -> Money | None:
    """The amount as money, or None where the PMS leaves the amount or its currency out."""
    if amount is None or not currency:
        return None
    return Money(amount=amount, currency=currency)
