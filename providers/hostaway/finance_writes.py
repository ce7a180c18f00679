"""Price lines as they are written (Hostaway documentation, Finance field and Update with price components).

An update sends every line, deleted ones too, with all its properties: what is left out may be deleted or reset, and
the total is not kept in step by Hostaway.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from providers.changes import FinanceLineChange, Omitted, ProblemKind, given
from providers.hostaway.finance import counts
from providers.hostaway.paging import id_of, is_id
from providers.hostaway.reservation_bodies import Asked, Body, as_read, plain
from providers.hostaway.wire import WireFinanceLine
from providers.model import FinanceLineType
from providers.wire import parse_records

# Four types are documented for lines of quotes and reservations; the last three are those of stored lines since 2024.
# Hostaway has no word for what an account's terms add to the price of the nights: it is part of that price.
_TYPES = {
    FinanceLineType.RENT: "price",
    FinanceLineType.MARKUP: "price",
    FinanceLineType.FEE: "fee",
    FinanceLineType.DEPOSIT: "fee",
    FinanceLineType.TAX: "tax",
    FinanceLineType.DISCOUNT: "discount",
    FinanceLineType.COMMISSION: "commissions",
    FinanceLineType.TOTAL: "totals",
    FinanceLineType.OTHER: "other",
}
_NAMES = {
    FinanceLineType.RENT: "baseRate",
    FinanceLineType.DEPOSIT: "damageDeposit",
    FinanceLineType.TAX: "otherTaxes",
    FinanceLineType.FEE: "otherFees",
}
"""Names of lines that are given none."""


def _flag(value: bool | None) -> int | None:
    return None if value is None else int(value)


def _setting(value: str | None) -> int | None:
    return int(value) if value is not None and is_id(value) else None


_PROPERTIES: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "type": ("type", _TYPES.__getitem__),
    "setting_id": ("listingFeeSettingId", _setting),
    "title": ("title", lambda title: title),
    "included_in_total": ("isIncludedInTotalPrice", _flag),
    "mandatory": ("isMandatory", _flag),
    "deleted": ("isDeleted", _flag),
}
"""What becomes of each plain field of a change: the property, and how its value is written."""


def new_lines(changes: Sequence[FinanceLineChange], found: Asked, *, set_by_us: bool = False) -> list[Body]:
    """The lines of a new reservation, with every property that one must have.

    ``set_by_us`` says that Hostaway did not make these amounts, so that it must not compute them anew.
    """
    return [_new(change, index, found, set_by_us=set_by_us) for index, change in enumerate(changes)]


def changed_lines(before: Iterable[Any], changes: Sequence[FinanceLineChange], found: Asked) -> list[Body]:
    """All lines of a reservation: those that are there, changed where one is named, and new ones."""
    lines = {key: as_read(line) for line in before if (key := id_of(line)) is not None}
    added: list[Body] = []
    for index, change in enumerate(changes):
        line_id = None if isinstance(change.provider_id, Omitted) else change.provider_id
        if line_id is None:
            added.append(_new(change, index, found, set_by_us=True))
        elif line_id in lines:
            lines[line_id] = _changed(lines[line_id], change, index, found)
        else:
            found.wrong(ProblemKind.UNKNOWN, "The reservation has no such line.", "finance_lines", index, "provider_id")
    return [*lines.values(), *added]


def sum_of(lines: Iterable[Mapping[str, Any]]) -> Decimal:
    """What the lines add up to: those that are not deleted and that the total counts."""
    read, _ = parse_records(WireFinanceLine, lines, lambda wire: wire)
    return sum((line.total for line in read if counts(line) and line.total is not None), Decimal(0))


def _new(change: FinanceLineChange, index: int, found: Asked, *, set_by_us: bool) -> Body:
    kind = None if isinstance(change.type, Omitted) else change.type
    named = given(change)
    amount: Decimal | None = named.get("amount")
    if kind is None:
        found.wrong(ProblemKind.REQUIRED, "A new line needs it.", "finance_lines", index, "type")
    if amount is None:
        found.wrong(ProblemKind.REQUIRED, "A new line needs it.", "finance_lines", index, "amount")
    name = named.get("name") or (None if kind is None else _NAMES.get(kind))
    if name is None and kind is not None:
        message = "Hostaway's lines of this type need a name."
        found.wrong(ProblemKind.REQUIRED, message, "finance_lines", index, "name", allowed="such as weeklyDiscount")
    quantity = named.get("quantity")
    _check(change, index, found)
    return {
        "id": None,
        "listingFeeSettingId": _setting(named.get("setting_id")),
        "type": None if kind is None else _TYPES[kind],
        "name": name,
        "title": named.get("title") or name,
        "alias": None,
        "quantity": plain(quantity, found, "finance_lines", index, "quantity"),
        "value": plain(_value(named, amount), found, "finance_lines", index, "unit_amount"),
        "total": plain(amount, found, "finance_lines", index, "amount"),
        "isIncludedInTotalPrice": int(named.get("included_in_total", True)),
        "isOverriddenByUser": int(named.get("overridden", set_by_us)),
        "isMandatory": _flag(named.get("mandatory")),
        "isQuantitySelectable": int(quantity is not None),
        "isDeleted": int(named.get("deleted", False)),
    }


def _changed(line: Body, change: FinanceLineChange, index: int, found: Asked) -> Body:
    """The line with what the change names. An amount that is set by hand stays so, unless the change says otherwise."""
    _check(change, index, found)
    named = given(change)
    here = ("finance_lines", index)
    changed = dict(line)
    if "name" in named and named["name"] != line.get("name"):
        found.wrong(ProblemKind.NOT_SUPPORTED, "The name of a line stays as it was made.", *here, "name")
    changed |= {wire: turn(named[name]) for name, (wire, turn) in _PROPERTIES.items() if name in named}
    if "quantity" in named:
        changed["quantity"] = plain(named["quantity"], found, *here, "quantity")
        changed["isQuantitySelectable"] = int(named["quantity"] is not None)
    if named.get("amount") is not None or named.get("unit_amount") is not None:
        changed |= _amounts(named, line, index, found)
    if "overridden" in named:
        changed["isOverriddenByUser"] = int(named["overridden"])
    return changed


def _amounts(named: Mapping[str, Any], line: Body, index: int, found: Asked) -> Body:
    here = ("finance_lines", index)
    quantity = named["quantity"] if "quantity" in named else _number(line.get("quantity"))
    amount = named.get("amount")
    if amount is None:
        amount = named["unit_amount"] * (1 if quantity is None else quantity)
    return {
        "value": plain(_value({**named, "quantity": quantity}, amount), found, *here, "unit_amount"),
        "total": plain(amount, found, *here, "amount"),
        "isOverriddenByUser": 1,
    }


def _value(named: Mapping[str, Any], amount: Decimal | None) -> Decimal | None:
    """The amount of one unit: as named, else the line's divided by the quantity where that leaves no rest."""
    unit: Decimal | None = named.get("unit_amount")
    quantity: Decimal | None = named.get("quantity")
    if unit is not None or amount is None or not quantity:
        return unit if unit is not None else amount
    each = amount / quantity
    return each if each * quantity == amount else amount


def _number(value: Any) -> Decimal | None:
    return Decimal(str(value)) if isinstance(value, int | float) else None


def _check(change: FinanceLineChange, index: int, found: Asked) -> None:
    named = given(change)
    if named.get("percentage") is not None:
        message = "Hostaway's lines have amounts, not percentages."
        found.wrong(ProblemKind.NOT_SUPPORTED, message, "finance_lines", index, "percentage")
    setting = named.get("setting_id")
    if setting is not None and not is_id(setting):
        message = "Hostaway's fee settings have numbers for ids."
        found.wrong(ProblemKind.UNKNOWN, message, "finance_lines", index, "setting_id")
