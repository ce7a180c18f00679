"""What BookingSync sends about how prices are made, field by field, as far as StayGraph reads it.

Sources: BookingSync documentation, endpoint pages Fees, Rentals fees, Taxes, Rentals taxes, Fees taxes, Tax rules,
Rates rules, Special offers, Rental cancelation policies and their items, Rental agreements. Parts are nested here,
however they came.
"""

from typing import Any

from pydantic import Field

from providers.bookingsync.wire import CalendarRental, Record, Translations
from providers.wire import (
    LenientBool,
    LenientDate,
    LenientDecimal,
    LenientId,
    LenientInstant,
    LenientInt,
    LenientList,
    LenientObject,
    LenientStr,
    SentRecord,
)


class Fee(Record):
    """An entry of the account's catalogue of fees."""

    kind: LenientStr = None
    name: Translations = Field(default_factory=dict)
    rate: LenientDecimal = None
    rate_kind: LenientStr = None
    maximum_possible_rate: LenientDecimal = None
    currency: LenientStr = None
    archived_at: LenientInstant = None


class RentalsFee(Record, SentRecord):
    """How a fee of the catalogue applies to a rental."""

    always_applied: LenientBool = None
    required: LenientBool = None
    public: LenientBool = None
    maximum_bookable: LenientInt = None
    name: Translations = Field(default_factory=dict)
    rate: LenientDecimal = None
    rate_kind: LenientStr = None
    start_date: LenientDate = None
    end_date: LenientDate = None
    archived_at: LenientInstant = None
    created_at: LenientInstant = None
    updated_at: LenientInstant = None
    fee: LenientObject[Fee] = None

    @property
    def archived(self) -> bool:
        """Put away, by itself or with its entry in the catalogue: it stays in lists and counts for nothing."""
        return self.archived_at is not None or (self.fee is not None and self.fee.archived_at is not None)


class Tax(Record):
    """A tax of the account."""

    kind: LenientStr = None
    name: Translations = Field(default_factory=dict)
    percentage: LenientDecimal = None
    start_date: LenientDate = None
    end_date: LenientDate = None


class AppliedTax(Record, SentRecord):
    """A tax on the rent of a rental or on a fee: a ``rentals_tax`` or a ``fees_tax``."""

    tax_included_in_rate: LenientBool = None
    created_at: LenientInstant = None
    updated_at: LenientInstant = None
    tax: LenientObject[Tax] = None


class TaxRule(Record):
    """A condition of a tax: it applies only to stays that satisfy it."""

    comparator: LenientStr = None
    compared_attribute: LenientStr = None
    value: LenientStr = None
    ruleable_type: LenientStr = None
    ruleable_id: LenientId = None


class RatesRule(Record):
    """A rule that changes prices or closes days. What its ``variables`` hold depends on its kind."""

    kind: LenientStr = None
    percentage: LenientDecimal = None
    fixed_amount: LenientDecimal = None
    variables: Any = None
    always_applied: LenientBool = None
    start_date: LenientDate = None
    end_date: LenientDate = None
    period_name: LenientStr = None
    updated_at: LenientInstant = None

    def variable(self, name: str) -> Any:
        return self.variables.get(name) if isinstance(self.variables, dict) else None


class SpecialOffer(Record):
    """A discount on the rent for a while."""

    name: Translations = Field(default_factory=dict)
    start_date: LenientDate = None
    end_date: LenientDate = None
    discount: LenientDecimal = None
    updated_at: LenientInstant = None


class RatesTable(Record):
    """Seasons and rules that rentals share."""

    rates_rules: LenientList[RatesRule] = None


class PolicyItem(Record):
    """One step of a cancellation policy."""

    eligible_days: LenientInt = None
    penalty_percentage: LenientDecimal = None


class Policy(Record, SentRecord):
    """A cancellation policy: the account's, a rental's, or the copy that a booking keeps."""

    body: LenientStr = None
    body_translations: Translations = Field(default_factory=dict)
    preset: LenientStr = None
    policeable_id: LenientId = None
    policeable_type: LenientStr = None
    rental_cancelation_policy_items: LenientList[PolicyItem] = None


class Agreement(Record, SentRecord):
    """The contract that guests accept."""

    body: LenientStr = None
    updated_at: LenientInstant = None


class RentalSettings(Record, SentRecord):
    """A rental with what its prices and contracts depend on."""

    currency: LenientStr = None
    rentals_fees: LenientList[RentalsFee] = None
    special_offers: LenientList[SpecialOffer] = None
    rates_table: LenientObject[RatesTable] = None
    rental_agreement: LenientObject[Agreement] = None


class PricedRental(CalendarRental, RentalSettings):
    """A rental with all that a price can be computed from."""

    mid_term_pricing_active: LenientBool = None
    rounding_kind: LenientStr = None
    damage_deposit: LenientDecimal = None
