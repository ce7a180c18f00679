"""Hostaway's words for money lines, the same in reservations and quotes."""

from providers.hostaway.wire import WireFinanceLine
from providers.model import FinanceLine, FinanceLineType, money

# Hostaway documentation, Finance field: four types, and those that stored fields were renamed to in 2024
# ("accomodation" is its spelling).
_BY_TYPE = {
    "price": FinanceLineType.RENT,
    "accomodation": FinanceLineType.RENT,
    "accommodation": FinanceLineType.RENT,
    "tax": FinanceLineType.TAX,
    "fee": FinanceLineType.FEE,
    "discount": FinanceLineType.DISCOUNT,
    "commissions": FinanceLineType.COMMISSION,
    "totals": FinanceLineType.TOTAL,
    "other": FinanceLineType.OTHER,
}

# Names that say more than the type they are stored under: a deposit comes as a fee, and lines from before the
# renaming keep their old types. Compared without case, as tables and samples differ in it.
_BY_NAME = {
    "damagedeposit": FinanceLineType.DEPOSIT,
    "totalpricefromchannel": FinanceLineType.TOTAL,
    "cancellationpayout": FinanceLineType.TOTAL,
    "airbnbpayoutsum": FinanceLineType.TOTAL,
    "totalpaid": FinanceLineType.TOTAL,
    "guestchannelfee": FinanceLineType.COMMISSION,
    "hostchannelfee": FinanceLineType.COMMISSION,
    "hostcancellationpenalty": FinanceLineType.COMMISSION,
    "cancellationhostfee": FinanceLineType.COMMISSION,
    "otapaymentprocessingfee": FinanceLineType.COMMISSION,
    "paymentserviceprocessingfee": FinanceLineType.COMMISSION,
    "bookingcomcancellationguestfee": FinanceLineType.COMMISSION,
    "airbnbpassthroughtax": FinanceLineType.TAX,
    "airbnbtransientoccupancytax": FinanceLineType.TAX,
    "refundsum": FinanceLineType.OTHER,
    "airbnbclosedresolutionssum": FinanceLineType.OTHER,
}


def line_type(line: WireFinanceLine) -> FinanceLineType:
    """What a line is for, by its name where that is telling, else by its type."""
    by_name = _BY_NAME.get((line.name or "").lower())
    return by_name or _BY_TYPE.get((line.type or "").lower(), FinanceLineType.OTHER)


def counts(line: WireFinanceLine) -> bool | None:
    """Whether the total counts the line. Deleted lines stay listed and count for nothing."""
    return False if line.is_deleted else line.is_included_in_total_price


def finance_line(line: WireFinanceLine, currency: str | None) -> FinanceLine:
    """A stored line. ``value`` is the price of a unit only where there is a quantity; else it may be a percentage."""
    return FinanceLine(
        provider_id=line.id,
        type=line_type(line),
        provider_type=line.type,
        name=line.name,
        title=line.alias or line.title,
        quantity=line.quantity,
        unit_amount=money(line.value, currency) if line.quantity is not None else None,
        amount=money(line.total, currency),
        included_in_total=counts(line),
        mandatory=line.is_mandatory,
        overridden=line.is_overridden_by_user,
        deleted=bool(line.is_deleted),
    )
