"""What changes of reservations answer."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import strawberry

from graph.changes.cost import counting
from graph.changes.edits import Stale
from graph.gateway.keeper import Kept
from graph.gateway.refs import Ref
from graph.rejections import Rejected, RejectionCode, rejected
from graph.schema.change_payloads import Carried, ChangePayload
from graph.schema.context import Info
from graph.schema.price import PriceDetails
from graph.schema.reservation import Reservation
from graph.schema.reservation_inputs import MAX_BATCH
from providers.changes import Written
from providers.errors import ProviderError

GONE = "It was made under this key, and the PMS does not have it any more."


@strawberry.type(description="A reservation after a change.")
class ReservationPayload(ChangePayload):
    reservation: Reservation | None = strawberry.field(
        description="The reservation as it is now, also where a change was refused as STALE; null if nothing was "
        "changed, and in a dry run."
    )


@strawberry.type(description="Several reservations after their changes: each succeeds or fails for itself.")
class ReservationsPayload(ChangePayload):
    results: list[ReservationPayload] = strawberry.field(
        description="What came of each, in the order of the items; empty where userErrors refuse the whole list."
    )


@strawberry.type(description="A reservation that was removed.")
class DeleteReservationPayload(ChangePayload):
    deleted_id: strawberry.ID | None = strawberry.field(
        description="The id of what was removed, or called off; null if nothing was."
    )
    reservation: Reservation | None = strawberry.field(
        description="The reservation as it is now where the PMS keeps it, called off, or the removal was refused as "
        "STALE; null otherwise."
    )


@strawberry.type(description="A reservation that was made of a quote.")
class BookQuotePayload(ReservationPayload):
    price: PriceDetails | None = strawberry.field(
        description="The price of this moment: what was booked, or with PRICE_CHANGED what the guest has to agree to. "
        "Null where none was asked for, or the reservation was made by an earlier request with the same key."
    )
    priced_by_us: bool | None = strawberry.field(
        description="True if the PMS did not name this total: StayGraph computed it, or the account's terms changed "
        "it. Null if nothing was booked by this request."
    )


async def reservation_after(
    info: Info, account_id: str, carried: Carried[Written[Any]]
) -> tuple[Any, list[str], Carried[Written[Any]]]:
    """The reservation to show after a change, what has to be said about it, and the change with what that cost."""
    if isinstance(carried.refusal, Stale):
        return carried.refusal.reservation, [], carried
    written = carried.value
    if written is None or written.record is not None:
        return None if written is None else written.record, [], carried
    with counting() as calls:
        reservation, warnings = await _read_again(info, account_id, written)
    return reservation, warnings, replace(carried, calls=carried.calls + calls.count)


async def _read_again(info: Info, account_id: str, written: Written[Any]) -> tuple[Any, list[str]]:
    ref = Ref(account_id, written.id)
    operation = info.context.operation
    outcome = (await info.context.gateway.reservations.by_id(operation, [ref], 0))[ref]
    if isinstance(outcome, Kept) and outcome.value is not None:
        return outcome.value, []
    if isinstance(outcome, ProviderError):
        return None, [f"It was done, and could not be read again: {outcome.message}"]
    return None, [GONE]


async def reservation_payload(info: Info, account_id: str, carried: Carried[Written[Any]]) -> ReservationPayload:
    """What a change of one reservation answers."""
    reservation, warnings, carried = await reservation_after(info, account_id, carried)
    return ReservationPayload(reservation=reservation, **with_warnings(carried, warnings))


def with_warnings(carried: Carried[Any], warnings: Sequence[str]) -> dict[str, Any]:
    """The fields of a ``ChangePayload`` with further warnings."""
    fields = carried.fields()
    return {**fields, "warnings": [*fields["warnings"], *warnings]}


def check_batch(items: Sequence[object]) -> Rejected | None:
    """Why a list of changes is refused as a whole, if it is."""
    if 1 <= len(items) <= MAX_BATCH:
        return None
    return rejected("items", RejectionCode.OUT_OF_RANGE, f"These are {len(items)}.", allowed=f"1 to {MAX_BATCH}")
