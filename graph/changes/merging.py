"""What the lines of a reservation's money come to once some of them are changed."""

from collections.abc import Sequence
from decimal import Decimal

from graph.changes.pricing import exact_sum
from providers.changes import FinanceLineChange, or_none
from providers.model import FinanceLine, Reservation


def merged_total(present: Reservation, changes: Sequence[FinanceLineChange]) -> Decimal | None:
    """The sum of all lines that the total counts, as they would be.

    None where that says nothing of the total: its lines are not known, or do not add up to it now.
    """
    if present.finance_lines is None:
        return None
    lines = {line.provider_id: line for line in present.finance_lines if line.provider_id is not None}
    known = exact_sum([_amount(each) for each in present.finance_lines])
    if present.finance_lines and (present.total is None or present.total.amount != known):
        return None
    changed = {id_: each for each in changes if (id_ := or_none(each.provider_id)) is not None}
    if not changed.keys() <= lines.keys():
        return None
    kept = [line for line in present.finance_lines if line.provider_id not in changed]
    return exact_sum(
        [
            *(_amount(line) for line in kept),
            *(_changed(lines[id_], each) for id_, each in changed.items()),
            *(_changed(None, each) for each in changes if or_none(each.provider_id) is None),
        ]
    )


def _amount(line: FinanceLine) -> Decimal:
    counts = line.included_in_total is not False and not line.deleted and line.amount is not None
    return line.amount.amount if counts and line.amount is not None else Decimal(0)


def _changed(line: FinanceLine | None, change: FinanceLineChange) -> Decimal:
    included = change.included_in_total
    deleted = change.deleted
    if line is not None:
        included = line.included_in_total is not False if not isinstance(included, bool) else included
        deleted = line.deleted if not isinstance(deleted, bool) else deleted
    if included is False or deleted is True:
        return Decimal(0)
    amount = or_none(change.amount)
    if amount is None:
        return line.amount.amount if line is not None and line.amount is not None else Decimal(0)
    return amount
