"""From a quote to a reservation in one mutation."""

from dataclasses import replace
from typing import Annotated, Any

import strawberry

from graph.accounts.keys import Permission
from graph.changes.booking import Booking, PriceChanged
from graph.changes.writing import Done
from graph.rejections import Rejected
from graph.schema import ids
from graph.schema.change_payloads import Carried, DryRun, IdempotencyKey, carried_out, given_ref
from graph.schema.context import Info
from graph.schema.permissions import require
from graph.schema.reservation_inputs import BookQuoteInput, IgnoreRules, agreed_of, quoted_draft_of
from graph.schema.reservation_payloads import BookQuotePayload, reservation_after, with_warnings
from providers.capabilities import Capability
from providers.changes import Written
from providers.model import Reservation

_OF_STAY = frozenset({"arrival", "departure", "listingId", "coupon", "components"})
_OF_ROOT = frozenset({"total", "currency", "tolerance", "stay", "idempotencyKey"})


@strawberry.type
class QuoteBookings:
    """The mutation; ``graph.schema.mutation`` puts it into the schema."""

    @strawberry.mutation(
        description="Make a reservation of a quote: the stay is quoted anew and booked with every component of that "
        "price, if its total is within the tolerance of the one that the guest agreed to. Needs WRITE.",
        graphql_type=BookQuotePayload,
    )
    async def book_quote(
        self,
        info: Info,
        input: Annotated[  # noqa: A002  # the schema's name
            BookQuoteInput, strawberry.argument(description="The quote, and who takes it.")
        ],
        idempotency_key: IdempotencyKey = None,
        ignore_rules: IgnoreRules = False,
        dry_run: DryRun = False,
    ) -> Any:
        require(info, Permission.WRITE)
        try:
            ref = given_ref(input.stay.listing_id, "stay.listingId", ids.LISTING)
        except Rejected as refusal:
            return _payload(None, None, Carried(refusal=refusal), [])
        bookings: list[Booking] = []

        async def book() -> Done[Written[Reservation]]:
            changes, operation = info.context.administration.reservations, info.context.operation
            account = await changes.account(operation, ref, "listingId", Capability.CREATE_RESERVATIONS)
            agreed = agreed_of(input)
            draft = quoted_draft_of(input, account, ref.provider_id)
            booking = changes.booking(operation, account, draft, agreed=agreed, ignore_rules=ignore_rules)
            bookings.append(booking)
            content = (replace(draft, card=None), agreed)
            return await changes.create(account, booking, idempotency_key, content, dry_run=dry_run)

        carried = await carried_out(info, book(), input.stay.listing_id)
        if carried.refusal is not None and not isinstance(carried.refusal, PriceChanged):
            carried = replace(carried, refusal=_placed(carried.refusal))
        reservation, warnings, carried = await reservation_after(info, ref.account_id, carried)
        return _payload(reservation, next(iter(bookings), None), carried, warnings)


def _payload(reservation: Any, booking: Booking | None, carried: Carried[Any], warnings: list[str]) -> BookQuotePayload:
    price: Any = None if booking is None else booking.price
    bill = None if booking is None or carried.refusal is not None else booking.bill
    return BookQuotePayload(
        reservation=reservation,
        price=price,
        priced_by_us=None if bill is None else bill.priced_by_us,
        **with_warnings(carried, warnings),
    )


def _placed(refusal: Rejected) -> Rejected:
    """The refusal with paths into this input: the stay and the rest of the reservation have each their own part."""
    return Rejected(*(replace(each, field=_path(each.field)) for each in refusal.rejections))


def _path(field: tuple[str, ...]) -> tuple[str, ...]:
    if not field or field[0] in _OF_ROOT:
        return field
    if field[0] in _OF_STAY:
        return ("stay", *field)
    return (
        ("stay", field[1])
        if field[:1] == ("party",) and field[1:] in (("adults",), ("children",))
        else (
            "reservation",
            *field,
        )
    )
