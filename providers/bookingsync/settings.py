"""Fees, taxes, price rules, policies and agreements of rentals in the unified model.

Sources: BookingSync documentation, endpoint pages Fees, Rentals fees, Taxes, Rates rules, Special offers, Rental
cancelation policies and their items, Rental agreements.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from providers.bookingsync.setting_records import (
    Agreement,
    AppliedTax,
    Policy,
    PolicyItem,
    RatesRule,
    RentalSettings,
    RentalsFee,
    SpecialOffer,
)
from providers.bookingsync.texts import best_text
from providers.model import (
    CancellationPolicy,
    CancellationPolicyItem,
    Channel,
    ChargedPer,
    ListingFee,
    ListingTax,
    PolicyEvent,
    PricingSettings,
    RateRule,
    RefundKind,
    RentalAgreement,
    money,
)
from providers.wire.values import OddValue, read_int

RENT = "rent"
_CHARGED_PER = {
    "fixed": ChargedPer.STAY,
    "percentage": ChargedPer.STAY,
    "fixed_per_night": ChargedPer.NIGHT,
    "fixed_per_person": ChargedPer.PERSON,
    "percentage_per_person": ChargedPer.PERSON,
    "fixed_per_person_per_night": ChargedPer.PERSON_NIGHT,
}
_SECONDS_A_DAY = 86_400
_MOST_DAYS = 3_650
"""Steps further before check-in are no steps: their seconds would not fit an answer either."""
_ALL = Decimal(100)


def listing_fee(sent: RentalsFee, currency: str | None) -> ListingFee:
    """A fee as it applies to a rental. Ways to charge that count adults or children alone are ``OTHER``."""
    rate = sent.rate if sent.rate is not None or sent.fee is None else sent.fee.rate
    rate_kind = fee_rate_kind(sent)
    is_percentage = "percentage" in (rate_kind or "")
    own_currency = (sent.fee.currency if sent.fee else None) or currency
    optional = sent.required is False and sent.public is not False
    return ListingFee(
        provider_id=sent.id,
        name=sent.fee.kind if sent.fee else None,
        title=best_text(sent.name) or (best_text(sent.fee.name) if sent.fee else None),
        amount=None if is_percentage else money(rate, own_currency.upper() if own_currency else None),
        percentage=rate if is_percentage else None,
        charged_per=_CHARGED_PER.get(rate_kind, ChargedPer.OTHER) if rate_kind else None,
        provider_charged_per=rate_kind,
        mandatory=sent.required,
        quantity_selectable=None if sent.required is None else optional and sent.maximum_bookable != 1,
        max_quantity=sent.maximum_bookable,
        starts_on=sent.start_date,
        ends_on=sent.end_date,
        created_at=sent.created_at,
        updated_at=sent.updated_at,
        raw=sent.sent,
    )


def fee_rate_kind(sent: RentalsFee) -> str | None:
    """How the fee is charged: as the rental's copy says, else as the catalogue does."""
    return sent.rate_kind or (sent.fee.rate_kind if sent.fee else None)


def listing_tax(sent: AppliedTax, applies_to: str) -> ListingTax:
    """A tax on the rent or on one fee. BookingSync has no tax that holds without being applied to something."""
    return ListingTax(
        provider_id=sent.link("tax") or sent.id,
        name=sent.tax.kind if sent.tax else None,
        title=best_text(sent.tax.name) if sent.tax else None,
        percentage=sent.tax.percentage if sent.tax else None,
        applies_to=[applies_to],
        included_in_price=sent.tax_included_in_rate,
        account_wide=False,
        created_at=sent.created_at,
        updated_at=sent.updated_at,
        raw=sent.sent,
    )


def pricing_settings(rental: RentalSettings) -> PricingSettings:
    """The rental's rates rules and special offers; ``rules`` None where neither may be read."""
    currency = rental.currency.upper() if rental.currency else None
    rules = rental.rates_table.rates_rules if rental.rates_table else None
    offers = rental.special_offers
    if rules is None and offers is None:
        return PricingSettings()
    found = [*(_rule(rule, currency) for rule in rules or ()), *(_offer(offer) for offer in offers or ())]
    moments = [each.updated_at for each in (*(rules or ()), *(offers or ())) if each.updated_at is not None]
    return PricingSettings(rules=found, updated_at=max(moments, default=None), raw=_pricing_parts(rental.sent))


def _pricing_parts(sent: Mapping[str, Any]) -> dict[str, Any]:
    """What a rental sends about its prices, of all that it sends."""
    return {name: sent[name] for name in ("rates_table", "special_offers") if name in sent}


def _rule(sent: RatesRule, currency: str | None) -> RateRule:
    nights = variable_int(sent, "length") if (sent.variable("unit") or "days") == "days" else None
    return RateRule(
        provider_id=sent.id,
        kind=sent.kind,
        percentage=sent.percentage,
        amount=money(sent.fixed_amount, currency),
        minimum_nights=nights if sent.kind == "stay_at_least" else None,
        maximum_nights=nights - 1 if sent.kind == "stay_shorter_than" and nights else None,
        guests=variable_int(sent, "occupation_greater_than") or variable_int(sent, "occupation_less_than"),
        starts_on=sent.start_date,
        ends_on=sent.end_date,
        details=_details(sent),
    )


def variable_int(rule: RatesRule, name: str) -> int | None:
    """A whole number among a rule's variables, sent as number or text."""
    try:
        return read_int(rule.variable(name))
    except OddValue:
        return None


def _details(rule: RatesRule) -> str | None:
    """The period's name and the variables, such as ``length 7, unit days``."""
    sent = rule.variables if isinstance(rule.variables, dict) else {}
    told = [f"{name} {_plain(value)}" for name, value in sent.items() if value not in (None, "", [])]
    return ", ".join(filter(None, (rule.period_name, *told))) or None


def _plain(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _offer(sent: SpecialOffer) -> RateRule:
    return RateRule(
        provider_id=sent.id,
        kind="special_offer",
        percentage=None if sent.discount is None else -sent.discount,
        starts_on=sent.start_date,
        ends_on=sent.end_date,
        details=best_text(sent.name),
    )


def agreement(sent: Agreement) -> RentalAgreement:
    return RentalAgreement(provider_id=sent.id, text=sent.body, updated_at=sent.updated_at, raw=sent.sent)


def cancellation_policy(sent: Policy) -> CancellationPolicy:
    """The unified policy of one that is the account's or a rental's."""
    return CancellationPolicy(
        provider_id=sent.id,
        channel=Channel.DIRECT,
        name=sent.preset,
        text=best_text(sent.body_translations) or sent.body,
        items=_items(sent),
        listing_id=sent.link("rental") or (sent.policeable_id if sent.policeable_type == "Rental" else None),
        raw=sent.sent,
    )


def _items(sent: Policy) -> list[CancellationPolicyItem] | None:
    """None where one of the steps cannot be read: the others alone would promise other refunds."""
    steps = sent.rental_cancelation_policy_items
    if steps is None:
        return None
    is_whole = len(steps) == len(sent.sent.get("rental_cancelation_policy_items") or ())
    return list(_refunds(steps)) if is_whole and all(map(_is_sane, steps)) else None


def _is_sane(step: PolicyItem) -> bool:
    days, penalty = step.eligible_days, step.penalty_percentage
    return days is not None and 0 <= days <= _MOST_DAYS and penalty is not None and 0 <= penalty <= _ALL


def _refunds(items: Sequence[PolicyItem]) -> Iterable[CancellationPolicyItem]:
    """From penalties to refunds.

    A penalty holds from ``eligible_days`` before check-in until the next step's, the last one until check-in; whoever
    cancels before the first step gets everything back.
    """
    steps = sorted(items, key=lambda each: -(each.eligible_days or 0))
    ends = [*(step.eligible_days or 0 for step in steps[1:]), 0][: len(steps)]
    if steps and steps[0].eligible_days:
        yield _refund(None, _ALL, steps[0].eligible_days)
    for step, end in zip(steps, ends, strict=True):
        yield _refund(step.id, _ALL - (step.penalty_percentage or 0), end)


def _refund(item_id: str | None, percentage: Decimal, days_before: int) -> CancellationPolicyItem:
    return CancellationPolicyItem(
        provider_id=item_id,
        refund_kind=RefundKind.PERCENTAGE,
        refund_value=percentage,
        refund_percentage=percentage,
        event=PolicyEvent.ARRIVAL,
        seconds=-days_before * _SECONDS_A_DAY,
    )
