"""Terms of fees and taxes of rentals, as prices are made of them."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class FeeTerms:
    """One fee of a rental. ``part`` tells those of the beginning apart; later ones have ids of their own."""

    part: int
    kind: str
    name: str
    rate: Decimal
    rate_kind: str = "fixed"
    required: bool = False
    archived: bool = False
    fee_id: int | None = None
    rentals_fee_id: int | None = None


@dataclass(frozen=True, slots=True)
class TaxTerms:
    """One tax on a rental's rent; ``included`` ones are inside of the rates already.

    ``for_all_stays``: no rule of its own says for which stays it is due.
    """

    part: int
    tax_id: int
    name: str
    percentage: Decimal
    included: bool
    for_all_stays: bool = False
    rentals_tax_id: int | None = None
