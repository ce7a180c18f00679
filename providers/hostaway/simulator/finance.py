"""The price lines of a reservation (``financeField``)."""

from decimal import Decimal
from typing import Any

from providers.hostaway.simulator.envelope import number
from providers.hostaway.simulator.terms import Terms
from providers.simulation.portfolio import Stay, rounded

WEEK = 7
MONTH = 28


def finance_lines(stay: Stay, terms: Terms, reservation_id: int, *, airbnb: bool) -> list[dict[str, Any]]:
    """The lines of a stay; those that are included and not deleted make up its total exactly.

    With them come, here and there, a deleted line, and lines that the total does not count: the channel's own
    total and its fee (Hostaway documentation, finance fields and changelog of 2024).
    """
    if stay.guest is None:
        return []
    lines = _counted(stay, terms)
    if stay.number % 4 == 0:
        lines.append(_line("fee", "petFee", "Pet fee", None, deleted=True))
    if airbnb:
        fee = rounded(stay.total * 3 / 100, stay.house.town.currency)
        lines.append(_line("totals", "totalPriceFromChannel", "Total price from channel", stay.total, included=False))
        lines.append(_line("commissions", "hostChannelFee", "Host channel fee", fee, included=False))
    return [{"id": reservation_id * 10 + index, **line} for index, line in enumerate(lines)]


def discount_name(nights: int, terms: Terms) -> tuple[str, Decimal] | None:
    """Which discount a stay gets, and its multiplier: the monthly one from 28 nights, the weekly one from 7.

    The documentation does not say from how many nights; these are the usual numbers.
    """
    if nights >= MONTH and terms.monthly is not None:
        return "monthlyDiscount", terms.monthly
    if nights >= WEEK and terms.weekly is not None:
        return "weeklyDiscount", terms.weekly
    return None


def _counted(stay: Stay, terms: Terms) -> list[dict[str, Any]]:
    lines = []
    discount = discount_name(stay.nights, terms)
    if discount is None:
        lines.append(_line("price", "baseRate", "Base rate", stay.rent, overridden=stay.number % 19 == 0))
    else:
        name, multiplier = discount
        before = rounded(stay.rent / multiplier, stay.house.town.currency)
        lines.append(_line("price", "baseRate", "Base rate", before))
        lines.append(_line("discount", name, _spaced(name), stay.rent - before))
    lines.append(_line("fee", "cleaningFee", "Cleaning fee", stay.cleaning_fee))
    if stay.tax:
        lines.append(_line("tax", "vat", "VAT", stay.tax))
    return lines


def _spaced(name: str) -> str:
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).capitalize()


def _line(
    kind: str,
    name: str,
    title: str,
    amount: Decimal | None,
    *,
    included: bool = True,
    overridden: bool = False,
    deleted: bool = False,
) -> dict[str, Any]:
    return {
        "units": 1,
        "listingFeeSettingId": None,
        "type": kind,
        "name": name,
        "title": title,
        "alias": None,
        "value": number(amount),
        "total": 0 if deleted else number(amount),
        "isIncludedInTotalPrice": int(included),
        "isOverriddenByUser": int(overridden),
        "isMandatory": None,
        "isQuantitySelectable": 0,
        "isDeleted": int(deleted),
    }
