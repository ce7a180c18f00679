"""What rates rules and special offers change in a rent (BookingSync documentation, Rates rules, Special offers).

In which order several of them work, and whether per cents add up or multiply, is not documented: two that both change a
rent are refused. So is whatever else would be a guess. Rules that only close days change no price.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from providers.bookingsync.fee_amounts import covers
from providers.bookingsync.quotes import Stay
from providers.bookingsync.setting_records import RatesRule, SpecialOffer
from providers.bookingsync.settings import variable_int
from providers.bookingsync.texts import best_text
from providers.errors import NotSupported
from providers.model import PriceStep

_HUNDRED = Decimal(100)
_CLOSING = frozenset(
    {
        "arrival_only",
        "departure_only",
        "full_period_only",
        "prevent_gap",
        "prevent_if_booked_ahead_of",
        "prevent_if_booked_less_than",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rent:
    """The price of each night of a stay by the rate map, and the day (UTC) on which it is asked for."""

    nights: Mapping[date, Decimal]
    stay: Stay
    today: date

    @property
    def total(self) -> Decimal:
        return sum(self.nights.values(), Decimal(0))

    @property
    def guests(self) -> int:
        return self.stay.adults + self.stay.children


def change_of_rent(rent: Rent, rules: Sequence[RatesRule], offers: Sequence[SpecialOffer]) -> PriceStep | None:
    """The one change that holds for the stay; None where none does. Raises ``NotSupported`` for what is not told."""
    changes = [*_rule_steps(rent, rules), *_offer_steps(rent, offers)]
    if len(changes) > 1:
        raise NotSupported("Several price rules hold for this stay, and how they add up is not documented.")
    return next(iter(changes), None)


def _rule_steps(rent: Rent, rules: Sequence[RatesRule]) -> Iterator[PriceStep]:
    matching = [rule for rule in rules if rule.kind not in _CLOSING and _matches(rule, rent) and _applies(rule, rent)]
    early = [rule for rule in matching if rule.kind == "early_booking"]
    longest = max(early, key=lambda rule: variable_int(rule, "length") or 0, default=None)
    for rule in matching:
        if rule.kind != "early_booking" or rule is longest:
            yield PriceStep(text=f"Price rule {rule.kind}", amount=_amount(rule, rent))


def _offer_steps(rent: Rent, offers: Sequence[SpecialOffer]) -> Iterator[PriceStep]:
    for offer in offers:
        if covers(offer.start_date, offer.end_date, rent.stay, "special offer"):
            if offer.discount is None:
                raise NotSupported("BookingSync does not tell the discount of a special offer.")
            name = best_text(offer.name)
            text = f"Special offer {name}" if name else "Special offer"
            yield PriceStep(text=text, amount=-rent.total * offer.discount / _HUNDRED)


def _applies(rule: RatesRule, rent: Rent) -> bool:
    if rule.always_applied:
        return True
    if rule.link_list("seasons") or (rule.start_date is None and rule.end_date is None):
        raise NotSupported("A price rule of this listing holds in seasons; that cannot be computed.")
    return covers(rule.start_date, rule.end_date, rent.stay, "price rule")


def _matches(rule: RatesRule, rent: Rent) -> bool:
    """Whether the stay is of the kind that a rule is about."""
    check = _CONDITIONS.get(rule.kind or "")
    if check is None:
        raise NotSupported(f"Price rules of the kind {rule.kind} cannot be computed.")
    return check(rule, rent)


def _amount(rule: RatesRule, rent: Rent) -> Decimal:
    if rule.kind == "additional_person_fixed_per_night":
        if rule.fixed_amount is None:
            raise NotSupported("BookingSync does not tell the amount of a price rule.")
        extra = rent.guests - _told(rule, "occupation_greater_than")
        return rule.fixed_amount * extra * len(rent.nights)
    if rule.percentage is None:
        raise NotSupported("BookingSync does not tell the percentage of a price rule.")
    nights = _weekend(rule, rent) if rule.kind == "weekend_night" else list(rent.nights.values())
    return sum(nights, Decimal(0)) * rule.percentage / _HUNDRED


def _weekend(rule: RatesRule, rent: Rent) -> list[Decimal]:
    """Prices of the nights on the rule's days of the week; BookingSync's Sunday is 0."""
    sent = rule.variable("days")
    days = {str(each) for each in sent} if isinstance(sent, list) else None
    if not days:
        raise NotSupported("BookingSync does not tell the days of a price rule.")
    return [price for night, price in rent.nights.items() if str(night.isoweekday() % 7) in days]


def _booked_ahead(rule: RatesRule, rent: Rent) -> int:
    """Days between now and arrival beyond the rule's; a day more or less is the time zone's and decides nothing."""
    beyond = (rent.stay.arrival - rent.today).days - _days(rule)
    if abs(beyond) <= 1:
        raise NotSupported("Whether a price rule holds depends on the hour of booking; that cannot be computed.")
    return beyond


def _days(rule: RatesRule) -> int:
    if (rule.variable("unit") or "days") != "days":
        raise NotSupported("A price rule of this listing counts months or years; that cannot be computed.")
    return _told(rule, "length")


def _told(rule: RatesRule, name: str) -> int:
    value = variable_int(rule, name)
    if value is None:
        raise NotSupported(f"BookingSync does not tell the {name} of a price rule.")
    return value


_CONDITIONS: Mapping[str, Callable[[RatesRule, Rent], bool]] = {
    "stay_at_least": lambda rule, rent: len(rent.nights) >= _days(rule),
    "stay_shorter_than": lambda rule, rent: len(rent.nights) < _days(rule),
    "early_booking": lambda rule, rent: _booked_ahead(rule, rent) > 0,
    "late_booking": lambda rule, rent: _booked_ahead(rule, rent) < 0,
    "weekend_night": lambda rule, rent: bool(_weekend(rule, rent)),
    "occupation_less_than": lambda rule, rent: rent.guests < _told(rule, "occupation_less_than"),
    "additional_person_fixed_per_night": lambda rule, rent: rent.guests > _told(rule, "occupation_greater_than"),
}
