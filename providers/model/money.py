"""Amounts of money, exact."""

from collections.abc import Mapping
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


_WHOLE = (
    *("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"),
    *("RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"),
)
_PLACES: Mapping[str, int] = {
    **dict.fromkeys(_WHOLE, 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}
"""Decimal places of the currencies that do not have two (ISO 4217, list one, column "minor unit")."""


def smallest_unit(currency: str) -> Decimal:
    """The smallest amount that can be paid in a currency: 0.01 for EUR, 1 for JPY, 0.001 for KWD.

    Two decimal places for a code that ISO 4217 does not have.
    """
    return Decimal(1).scaleb(-_PLACES.get(currency.upper(), 2))
