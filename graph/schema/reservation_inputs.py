"""The inputs of reservations to make and to change."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

import strawberry

from graph.accounts.accounts import ConnectedAccount
from graph.changes.booking import Agreed
from graph.changes.pricing import Tolerance
from graph.rejections import RejectionCode, rejected
from graph.schema.arguments import BadInput
from graph.schema.change_payloads import KEY_MEANING
from graph.schema.inputs import changed_model, input_of
from graph.schema.price import PriceDetailsInput, stay_of
from providers.changes import (
    OMITTED,
    Cancellation,
    NoShow,
    Omitted,
    PartyChange,
    ReservationChange,
    ReservationDraft,
    ReservationKind,
)

MAX_BATCH = 50
MAX_PERCENTAGE = Decimal(100)

_RULES = (
    "True leaves the calendar's rules (minimum and maximum stay, closed to arrival or departure) to the PMS, which may "
    "refuse the stay still. The nights have to be free all the same: see forceOverbooking."
)

IgnoreRules = Annotated[bool, strawberry.argument(description=_RULES)]
ReservationId = Annotated[strawberry.ID, strawberry.argument(description="The reservation's id.")]
Version = Annotated[
    str | None,
    strawberry.argument(
        description="The version that the change is based on. If the reservation has another one now, nothing is "
        "changed and the answer, STALE, has it as it is. Left out: whatever its state is."
    ),
]

_Draft: Any = input_of(ReservationDraft, "ReservationDraftInput", extras="reservation")
_Quoted: Any = input_of(
    ReservationDraft,
    "QuotedReservationInput",
    leave_out=("arrival", "departure", "currency", "total", "finance_lines", "coupon"),
    extras="reservation",
)
UpdateReservationInput: Any = input_of(ReservationChange, "UpdateReservationInput", extras="reservation")
CancelReservationInput: Any = input_of(Cancellation, "CancelReservationInput", extras="cancellation")
ReportNoShowInput: Any = input_of(NoShow, "ReportNoShowInput")


@strawberry.input(
    description="A reservation to make. Its amounts are in the listing's currency. A card may come in a variable only."
)
class CreateReservationInput(_Draft):  # type: ignore[misc]  # made at run time
    listing_id: strawberry.ID = strawberry.field(description="The listing's id.")
    arrival: date = strawberry.field(description="First night, in the listing's own time zone.")
    departure: date = strawberry.field(description="Day of departure: not a night. 1 to 366 days after arrival.")


@strawberry.input(description="A reservation of several to make.")
class CreateReservationsItem:
    input: CreateReservationInput = strawberry.field(description="The reservation.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_MEANING)
    ignore_rules: bool = strawberry.field(default=False, description=_RULES)


@strawberry.input(description="A reservation of several to change.")
class UpdateReservationsItem:
    id: strawberry.ID = strawberry.field(description="The reservation's id.")
    version: str | None = strawberry.field(default=None, description="The version that the change is based on.")
    input: UpdateReservationInput = strawberry.field(description="What to change.")
    ignore_rules: bool = strawberry.field(default=False, description=_RULES)


@strawberry.input(
    description="How far the price may be from the agreed total, lower or higher: the larger of the two counts. "
    "Without it not at all."
)
class PriceToleranceInput:
    amount: Decimal | None = strawberry.field(default=None, description="In the listing's currency, 0 or more.")
    percentage: Decimal | None = strawberry.field(default=None, description="Of the agreed total: 0 to 100.")


@strawberry.input(description="A quote to make a reservation of: the stay is quoted anew, and booked at that price.")
class BookQuoteInput:
    stay: PriceDetailsInput = strawberry.field(
        description="The stay, with the same markup, coupon and components as in the quote."
    )
    total: Decimal = strawberry.field(description="The total that the guest agreed to: total of the quote.")
    currency: str | None = strawberry.field(
        default=None, description="Its currency: refused if it is not the listing's. Without it the listing's."
    )
    tolerance: PriceToleranceInput | None = strawberry.field(
        default=None, description="How far the price may have changed."
    )
    reservation: _Quoted = strawberry.field(
        description="Everything else: the guest, notes, a card. Its party is the stay's, but for infants and pets."
    )


def draft_of(given: CreateReservationInput, account: ConnectedAccount, listing_id: str) -> ReservationDraft:
    """The reservation that is asked for. Raises ``Rejected``."""
    return changed_model(given, ReservationDraft, provider=account.provider, listing_id=listing_id, reference="")


def quoted_draft_of(given: BookQuoteInput, account: ConnectedAccount, listing_id: str) -> ReservationDraft:
    """The reservation that is asked for, without its money. Raises ``Rejected``."""
    stay, wish = given.stay, given.reservation
    draft = changed_model(
        wish,
        ReservationDraft,
        provider=account.provider,
        listing_id=listing_id,
        reference="",
        arrival=stay.arrival,
        departure=stay.departure,
    )
    if draft.kind is ReservationKind.BLOCK:
        raise rejected("kind", RejectionCode.NOT_SUPPORTED, "A BLOCK has no price.", allowed="CONFIRMED or HOLD")
    return replace(draft, party=_party(draft.party, stay.adults, stay.children), coupon=stay.coupon or OMITTED)


def _party(named: PartyChange | Omitted, adults: int, children: int) -> PartyChange:
    """The party of the price. Raises ``Rejected`` where another one is named."""
    party = named if isinstance(named, PartyChange) else PartyChange()
    for name, count in (("adults", adults), ("children", children), ("guests", adults + children)):
        if getattr(party, name) not in (OMITTED, count):
            message = "The price is for another party."
            raise rejected(f"party.{name}", RejectionCode.INVALID, message, allowed=f"{count}, or none")
    return replace(party, adults=adults, children=children)


def agreed_of(given: BookQuoteInput) -> Agreed:
    """What the guest agreed to. Raises ``Rejected``."""
    try:
        stay = stay_of(given.stay, "stay")
    except BadInput as error:
        path = error.argument.replace("[", ".").replace("]", "")
        message = str(error).partition(" Allowed:")[0]
        raise rejected(path, RejectionCode.INVALID, message, allowed=error.allowed) from None
    if not (given.total.is_finite() and given.total >= 0):
        raise rejected("total", RejectionCode.OUT_OF_RANGE, "This is no total.", allowed="0 or more")
    return Agreed(stay, given.total, given.currency, _tolerance(given.tolerance))


def _tolerance(given: PriceToleranceInput | None) -> Tolerance:
    amount = (given.amount if given else None) or Decimal(0)
    percentage = (given.percentage if given else None) or Decimal(0)
    if not (amount.is_finite() and amount >= 0):
        raise rejected("tolerance.amount", RejectionCode.OUT_OF_RANGE, "It is negative.", allowed="0 or more")
    if not (percentage.is_finite() and 0 <= percentage <= MAX_PERCENTAGE):
        message = "This is no percentage."
        raise rejected("tolerance.percentage", RejectionCode.OUT_OF_RANGE, message, allowed="0 to 100")
    return Tolerance(amount=amount, percentage=percentage)
