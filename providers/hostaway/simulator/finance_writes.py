"""Writing the price lines of a reservation (Hostaway documentation, Finance field)."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from providers.hostaway.simulator.accounts import ListingRow, SimulatedAccount
from providers.hostaway.simulator.checked_bodies import checked, json_body
from providers.hostaway.simulator.envelope import RefusedError, number, success
from providers.hostaway.simulator.readings import HostawayReadings
from providers.hostaway.simulator.reservation_bodies import Body, Flag, Money

REQUIRED = (
    *("type", "name", "title", "alias", "value", "total"),
    *("isIncludedInTotalPrice", "isOverriddenByUser", "isMandatory", "isDeleted"),
)
"""Properties of a new line (Hostaway documentation, create a reservation with price details)."""

Line = dict[str, Any]

# Stored lines show a quantity only where they have one: samples lack it.
EMPTY_LINE: Line = {
    "units": 1,
    "listingFeeSettingId": None,
    "type": None,
    "name": None,
    "title": None,
    "alias": None,
    "value": None,
    "total": 0,
    "isIncludedInTotalPrice": 1,
    "isOverriddenByUser": 0,
    "isMandatory": None,
    "isQuantitySelectable": 0,
    "isDeleted": 0,
}
LASTING = ("id", "name", "type", "listingFeeSettingId")
"""What a line keeps in any reading: its name is read-only, and it is what its id says it is."""


class LineBody(Body):
    """A line as sent."""

    id: int | None = None
    units: int | None = None
    listing_fee_setting_id: int | None = None
    type: str | None = None
    name: str | None = None
    title: str | None = None
    alias: str | None = None
    quantity: Annotated[Decimal | None, Field(ge=0, le=1000)] = None
    value: Money = None
    total: Money = None
    is_included_in_total_price: Flag = None
    is_overridden_by_user: Flag = None
    is_mandatory: Flag = None
    is_quantity_selectable: Flag = None
    is_deleted: Flag = None


def new_lines(sent: Sequence[Mapping[str, Any]], row: ListingRow, first_id: int) -> list[Line]:
    """The lines of a new reservation. Raises ``RefusedError`` where a required property is not among those sent."""
    for each in sent:
        for name in REQUIRED:
            if name not in each:
                raise RefusedError(422, f'The "financeField.{name}" parameter is required.')
    return [_new(each, row, first_id + index) for index, each in enumerate(sent)]


def changed_lines(
    before: Sequence[Line], sent: Sequence[Mapping[str, Any]], row: ListingRow, readings: HostawayReadings
) -> list[Line]:
    """The lines after an update. Deleted ones stay listed, without a total."""
    by_id: dict[int, Line] = {line["id"]: line for line in before}
    next_id = max(by_id, default=row.id * 1_000_000) + 1
    changed: dict[int, Line] = {}
    added: list[Line] = []
    for each in sent:
        line_id = _properties(each).get("id")
        if line_id is None:
            added.append(_new(each, row, next_id + len(added)))
        elif line_id not in by_id:
            raise RefusedError(422, f"Finance field {line_id} does not exist.")
        else:
            changed[line_id] = _changed(by_id[line_id], each, resets=readings.finance_resets_properties)
    left_out = _deleted if readings.finance_drops_lines else dict[str, Any]
    return [changed.get(line["id"]) or left_out(line) for line in before] + added


def without_lines(before: Sequence[Line]) -> list[Line]:
    """All lines deleted."""
    return [_deleted(line) for line in before]


class FinanceWrites:
    """The call that changes one line. ``now`` tells the time (UTC)."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    async def put(self, request: Request, account: SimulatedAccount) -> Response:
        """It says nothing of the total, which stays as it is."""
        reservation_id, line_id = request.path_params["reservation_id"], request.path_params["line_id"]
        reservation = account.reservations.get(reservation_id)
        lines = [] if reservation is None else reservation.record["financeField"]
        found = next((line for line in lines if line["id"] == line_id), None)
        if found is None:
            raise RefusedError(404, "Finance field not found")
        changed = _changed(found, await json_body(request))
        kept = [changed if line["id"] == line_id else line for line in lines]
        account.change_reservation(reservation_id, self._now(), financeField=kept)
        return success(changed)


def _properties(sent: Mapping[str, Any]) -> Line:
    """The known properties of a line that were sent, checked, as records show them."""
    body = checked(LineBody, sent)
    values = body.model_dump(by_alias=True, exclude_unset=True)
    return {name: _shown(value) for name, value in values.items()}


def _new(sent: Mapping[str, Any], row: ListingRow, line_id: int) -> Line:
    properties = _properties(sent)
    fee = properties.get("listingFeeSettingId")
    if fee is not None and fee not in {each.id for each in row.terms.fees}:
        raise RefusedError(422, f"Listing fee setting {fee} does not exist.")
    given = {name: value for name, value in properties.items() if value is not None}
    line = {**EMPTY_LINE, **given, "id": line_id}
    return _deleted(line) if line["isDeleted"] else line


def _changed(line: Line, sent: Mapping[str, Any], *, resets: bool = False) -> Line:
    properties = _properties(sent)
    kept = {name: line[name] for name in LASTING} if resets else line
    changed = {**EMPTY_LINE, **kept, **properties, **{name: line[name] for name in ("id", "name")}}
    if changed["isDeleted"]:
        return _deleted(changed)
    if "total" not in properties and properties.get("value") is not None:
        changed["total"] = properties["value"]
    return changed


def _deleted(line: Line) -> Line:
    return {**line, "value": None, "total": 0, "isDeleted": 1}


def _shown(value: Any) -> Any:
    if isinstance(value, Decimal):
        return number(value)
    return int(value) if isinstance(value, bool) else value
