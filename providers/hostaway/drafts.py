"""New reservations as calls (Hostaway documentation, Create a reservation, with price details, with a card)."""

from providers.changes import (
    ChangeRefused,
    Omitted,
    PaymentCard,
    ProblemKind,
    ReservationDraft,
    ReservationKind,
    given,
)
from providers.hostaway.finance_writes import new_lines, sum_of
from providers.hostaway.manifest import NEW_RESERVATION
from providers.hostaway.paging import is_id
from providers.hostaway.parameters import flag
from providers.hostaway.parameters import given as parameter
from providers.hostaway.reading import RESERVATIONS
from providers.hostaway.reservation_bodies import (
    Asked,
    Body,
    asked,
    complete_name,
    complete_party,
    custom_values,
    private_texts,
)
from providers.hostaway.sending import Attempt
from providers.hostaway.wishes import json_number
from providers.model import Channel
from providers.queries import Days
from providers.upstream.calls import Call

LONGEST_SOURCE = 65

CARD_FIELDS = frozenset({"ccNumber", "ccName", "ccExpirationYear", "ccExpirationMonth", "cvc"})
SECRETS = CARD_FIELDS | {"doorCode"}

# Hostaway documentation, Channels. Feeds of calendars are not made through the API.
_CHANNELS = {
    Channel.DIRECT: 2000,
    Channel.VRBO: 2002,
    Channel.BOOKING_COM: 2005,
    Channel.EXPEDIA: 2007,
    Channel.WEBSITE: 2013,
    Channel.AIRBNB: 2018,
    Channel.MARRIOTT: 2019,
    Channel.PARTNER: 2020,
    Channel.GDS: 2021,
    Channel.GOOGLE: 2022,
}

UNVALIDATED = (
    "Hostaway charges the card only where the account has a payment rule for new reservations; without one, it was "
    "not looked at."
)


def create_call(draft: ReservationDraft) -> Call:
    """The one call that makes the reservation. Raises ``ChangeRefused`` for what Hostaway cannot take."""
    body = _body(draft)
    return Call(
        method="POST",
        path=RESERVATIONS,
        query=(
            *flag("forceOverbooking", draft.force_overbooking or None),
            *parameter("provider", None if isinstance(draft.source, Omitted) else draft.source),
            *flag("validatePaymentMethod", draft.card is not None or None),
        ),
        json=body,
        safe=False,
        charge=NEW_RESERVATION,
        secrets=SECRETS,
    )


def attempt_of(draft: ReservationDraft, call: Call) -> Attempt:
    """What a refusal of the call may be about."""
    return Attempt(
        listing_id=draft.listing_id,
        nights=None if draft.force_overbooking else stay_of(draft),
        coupon=bool(given(draft).get("coupon")),
        card=draft.card is not None,
        doubtful=bool(draft.finance_lines or draft.custom_fields or draft.extras),
        private=private_texts(call.json),
    )


def reference_of(draft: ReservationDraft) -> str:
    """What the reservation is found again by: the client's own reference, else StayGraph's."""
    own = draft.customer_reference
    return own if isinstance(own, str) and own else draft.reference


def stay_of(draft: ReservationDraft) -> Days | None:
    arrival, departure = draft.arrival, draft.departure
    if isinstance(arrival, Omitted) or isinstance(departure, Omitted) or arrival >= departure:
        return None
    return Days(arrival, departure)


def _body(draft: ReservationDraft) -> Body:
    found = asked(draft)
    _check(draft, found)
    body = found.body
    complete_name(body, {})
    complete_party(body, {})
    if (values := custom_values(draft.custom_fields, (), found)) is not None:
        body["customFieldValues"] = values
    if not isinstance(draft.finance_lines, Omitted):
        lines = new_lines(draft.finance_lines, found, set_by_us=draft.priced_by_us)
        body["financeField"] = lines
        if body.get("totalPrice") is None:
            body["totalPrice"] = json_number(sum_of(lines))
    body["customerUserId"] = reference_of(draft)
    if draft.coupon:
        body["couponName"] = draft.coupon
    if draft.card is not None:
        body |= _card(draft.card)
    wrong = {problem.field[:1] for problem in found.problems}
    for name, path in (("guestName", "guest"), ("numberOfGuests", "party"), ("totalPrice", "total")):
        if body.get(name) is None and (path,) not in wrong:
            found.wrong(ProblemKind.REQUIRED, "Hostaway makes no reservation without it.", path)
    if found.problems:
        raise ChangeRefused(*found.problems)
    channel = Channel.DIRECT if isinstance(draft.channel, Omitted) else draft.channel
    return {"channelId": _CHANNELS[channel], "listingMapId": int(draft.listing_id), **body}


def _check(draft: ReservationDraft, found: Asked) -> None:
    if not is_id(draft.listing_id):
        found.wrong(ProblemKind.NOT_FOUND, "Hostaway has no such listing.", "listing_id")
    if stay_of(draft) is None:
        message = "The day of departure must come after the day of arrival."
        found.wrong(ProblemKind.INVALID, message, "departure")
    if draft.kind is ReservationKind.HOLD:
        message = "Hostaway cannot hold nights for a request that was not made by a channel."
        found.wrong(ProblemKind.NOT_SUPPORTED, message, "kind", allowed="CONFIRMED")
    if draft.kind is ReservationKind.BLOCK:
        message = "Whether Hostaway makes owners' stays through its API is not documented: block the nights instead."
        found.wrong(ProblemKind.NOT_SUPPORTED, message, "kind", allowed="CONFIRMED, or a change of the calendar")
    if not isinstance(draft.channel, Omitted) and draft.channel not in _CHANNELS:
        allowed = ", ".join(channel.value for channel in _CHANNELS)
        found.wrong(ProblemKind.NOT_SUPPORTED, "Hostaway has no such channel to write.", "channel", allowed=allowed)
    if isinstance(draft.source, str) and len(draft.source) > LONGEST_SOURCE:
        message = "Hostaway would cut it off."
        found.wrong(ProblemKind.OUT_OF_RANGE, message, "source", allowed=f"up to {LONGEST_SOURCE} characters")


def _card(card: PaymentCard) -> Body:
    """All of it as texts, as in the documented sample."""
    return {
        "ccNumber": card.number,
        "ccName": card.holder,
        "ccExpirationYear": str(card.expiration_year),
        "ccExpirationMonth": f"{card.expiration_month:02d}",
        "cvc": card.code,
    }
