"""Bookings that are written, in BookingSync's words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from providers.bookingsync.booking_money import Priced, text
from providers.bookingsync.extras import BookingExtras
from providers.bookingsync.guests import GUEST_NAMES
from providers.bookingsync.sending import sent_id
from providers.changes import (
    ChangeRefused,
    PartyChange,
    Problem,
    ProblemKind,
    ReservationChange,
    ReservationDraft,
    ReservationKind,
    given,
    or_none,
)
from providers.model import Channel

LONGEST_NOTES = 1000
"""The description says so, the table 6,000 (BookingSync documentation, Bookings)."""

BOOKING_NAMES: Mapping[str, tuple[str | int, ...]] = {
    **GUEST_NAMES,
    "start_at": ("arrival",),
    "end_at": ("departure",),
    "adults": ("party", "adults"),
    "children": ("party", "children"),
    "currency": ("currency",),
    "initial_price": ("total",),
    "final_price": ("total",),
    "discount": ("finance_lines",),
    "bookings_fees": ("finance_lines",),
    "bookings_taxes": ("finance_lines",),
    "price": ("finance_lines",),
    "rentals_fee_id": ("finance_lines",),
    "tax_id": ("finance_lines",),
    "notes": ("host_note",),
    "content": ("comment",),
    "comments": ("comment",),
    "expected_checkin_time": ("check_in_time",),
    "expected_checkout_time": ("check_out_time",),
    "door_key_code": ("door_code",),
    "external_reference": ("channel_reference",),
    "source_id": ("source",),
    "name": ("source",),
    "client_id": ("guest",),
    "tentative_expires_at": ("expires_at",),
    "booked": ("bookingsync", "confirmed"),
    "cancelation_reason": ("reason",),
    "cancelation_message_to_guest": ("message_to_guest",),
    "cancelation_message_to_channel": ("message_to_channel",),
}
"""BookingSync's attributes in the model's words, to tell its refusals by field."""

_UNKNOWN = {
    "coupon": "BookingSync takes no coupons through its API.",
    "card": "BookingSync takes no cards through its API: record the payment there.",
    "is_paid": "BookingSync follows what was paid from its payments.",
    "guest_note": "BookingSync keeps no note by the guest; hostNote and comment are the business's.",
    "customer_reference": "BookingSync keeps one reference: channelReference.",
    "custom_fields": "BookingSync has no custom fields.",
    "force_overbooking": "BookingSync never books nights twice, and has no way to be told to.",
}
_UNKNOWN_PARTY = {"infants": "count them among the children", "pets": "write it into hostNote"}
_EXTRA_IDS = ("client_id", "source_id")


@dataclass(frozen=True, slots=True)
class Hours:
    """When stays begin and end, by the rental's clocks."""

    check_in: int = 0
    check_out: int = 0

    def start(self, day: date) -> str:
        return wall_time(day, time(self.check_in))

    def end(self, day: date) -> str:
        return wall_time(day, time(self.check_out))


def wall_time(day: date, clock: time) -> str:
    """Wall time of the rental, labelled Z as BookingSync's own is."""
    return f"{day.isoformat()}T{clock:%H:%M}:00Z"


def check_written(change: ReservationChange) -> None:
    """Raises ``ChangeRefused`` for what no booking has, and for values that none can take."""
    problems = [
        Problem(kind=ProblemKind.NOT_SUPPORTED, message=said, field=(name,))
        for name, said in _UNKNOWN.items()
        if (value := getattr(change, name, None)) is not None and value
    ]
    party = or_none(change.party)
    for name, said in _UNKNOWN_PARTY.items() if party is not None else ():
        if or_none(getattr(party, name)):
            message = f"BookingSync does not count them: {said}."
            problems.append(Problem(kind=ProblemKind.NOT_SUPPORTED, message=message, field=("party", name)))
    note = or_none(change.host_note)
    if note is not None and len(note) > LONGEST_NOTES:
        problems.append(_out_of_range("host_note", f"0 to {LONGEST_NOTES} characters"))
    arrival, departure = or_none(change.arrival), or_none(change.departure)
    if arrival is not None and departure is not None and departure <= arrival:
        problems.append(_out_of_range("departure", "a day after arrival"))
    problems += _wrong_extras(extras_of(change))
    problems += _said_twice(change)
    if problems:
        raise ChangeRefused(*problems)


def _said_twice(change: ReservationChange) -> list[Problem]:
    """Who makes it and where it came from, by an id and in words at once."""
    extras = extras_of(change)
    channel = or_none(change.channel) if isinstance(change, ReservationDraft) else None
    twice = []
    if or_none(extras.client_id) is not None and or_none(change.guest) is not None:
        twice.append("client_id")
    source = or_none(change.source)
    if or_none(extras.source_id) is not None and (source or channel not in (None, Channel.DIRECT)):
        twice.append("source_id")
    said = "It takes the place of {}: leave out one of them."
    places = {"client_id": "guest", "source_id": "channel and source"}
    return [
        Problem(kind=ProblemKind.INVALID, message=said.format(places[name]), field=("bookingsync", name))
        for name in twice
    ]


def check_draft(draft: ReservationDraft, now: datetime) -> None:
    """As ``check_written``, and what a kind of reservation needs."""
    check_written(draft)
    expires_at = or_none(draft.expires_at)
    problems = []
    if draft.kind is ReservationKind.HOLD and expires_at is None:
        said = "A hold needs the time at which it ends."
        problems.append(Problem(kind=ProblemKind.REQUIRED, message=said, field=("expires_at",)))
    elif draft.kind is ReservationKind.HOLD and expires_at is not None and expires_at <= now:
        problems.append(_out_of_range("expires_at", "a time in the future"))
    elif draft.kind is not ReservationKind.HOLD and expires_at is not None:
        said = "Only a HOLD ends by itself."
        problems.append(Problem(kind=ProblemKind.NOT_SUPPORTED, message=said, field=("expires_at",)))
    if extras_of(draft).confirmed is True:
        said = "It is for a hold that is there: a new reservation is what kind says."
        at = ("bookingsync", "confirmed")
        problems.append(Problem(kind=ProblemKind.NOT_SUPPORTED, message=said, field=at))
    if draft.kind is ReservationKind.BLOCK:
        problems += [
            Problem(kind=ProblemKind.NOT_SUPPORTED, message="A block has neither guests nor money.", field=(name,))
            for name in ("total", "finance_lines", "guest", "party")
            if or_none(getattr(draft, name))
        ]
    if problems:
        raise ChangeRefused(*problems)


def draft_body(draft: ReservationDraft, hours: Hours, money: Priced | None) -> dict[str, Any]:
    """The booking to make, but for its client and its source. Exactly one word for its status is sent."""
    arrival, departure = or_none(draft.arrival), or_none(draft.departure)
    assert arrival is not None and departure is not None  # noqa: S101, PT018 -- always there in a draft
    body: dict[str, Any] = {
        **_status(draft),
        "start_at": hours.start(arrival),
        "end_at": hours.end(departure),
        "external_reference": or_none(draft.channel_reference) or draft.reference,
        **plain_attributes(draft),
    }
    if money is not None:
        body |= money.attributes()
        body.setdefault("channel_price", text(money.total))
        if money.fees:
            body["bookings_fees"] = [fee.on_create() for fee in money.fees]
        if money.taxes:
            body["bookings_taxes"] = [tax.on_create(draft.listing_id) for tax in money.taxes]
    comment = or_none(draft.comment)
    if comment:
        body["comments"] = [{"content": comment}]
    return body | extra_attributes(extras_of(draft))


def _status(draft: ReservationDraft) -> dict[str, Any]:
    if draft.kind is ReservationKind.BLOCK:
        return {"unavailable": True}
    if draft.kind is ReservationKind.HOLD:
        return hold(draft)
    return {"booked": True}


def hold(change: ReservationChange) -> dict[str, Any]:
    """The end of a hold."""
    until = or_none(change.expires_at)
    return {} if until is None else {"tentative_expires_at": f"{until.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"}


def plain_attributes(change: ReservationChange) -> dict[str, Any]:
    """The attributes that stand for themselves; None empties one."""
    values = given(change)
    body: dict[str, Any] = {}
    for ours, theirs in (("host_note", "notes"), ("door_code", "door_key_code"), ("currency", "currency")):
        if ours in values:
            body[theirs] = values[ours]
    for ours, theirs in (("check_in_time", "expected_checkin_time"), ("check_out_time", "expected_checkout_time")):
        if ours in values:
            body[theirs] = f"{values[ours]:%H:%M}" if values[ours] is not None else None
    party = or_none(change.party)
    return body if party is None else body | _party(party)


def _party(party: PartyChange) -> dict[str, Any]:
    """BookingSync counts adults and children: guests of whom nothing else is known are adults."""
    values = given(party)
    body: dict[str, Any] = {name: values[name] for name in ("adults", "children") if name in values}
    guests = values.get("guests")
    if guests is not None and "adults" not in body:
        body["adults"] = guests - (body.get("children") or 0)
    return body


def extras_of(change: ReservationChange) -> BookingExtras:
    return change.extras if isinstance(change.extras, BookingExtras) else BookingExtras()


def extra_attributes(extras: BookingExtras) -> dict[str, Any]:
    """What only BookingSync has, in its words."""
    body: dict[str, Any] = {}
    for name, value in given(extras).items():
        if name in _EXTRA_IDS:
            body[name] = None if value is None else sent_id(value)
        elif name == "tag_ids":
            body["bookings_tag_ids"] = [sent_id(each) for each in value]
        elif name == "confirmed":
            body |= {"booked": True} if value else {}
        else:
            body[name] = text(value) if isinstance(value, Decimal) else value
    return body


def _wrong_extras(extras: BookingExtras) -> list[Problem]:
    values = given(extras)
    ids = [(name, values.get(name)) for name in _EXTRA_IDS] + [("tag_ids", each) for each in values.get("tag_ids", ())]
    wrong = [name for name, value in ids if value is not None and not (value.isascii() and value.isdigit())]
    return [
        Problem(kind=ProblemKind.INVALID, message="Ids are whole numbers.", field=("bookingsync", name))
        for name in wrong
    ]


def _out_of_range(field: str, allowed: str) -> Problem:
    return Problem(kind=ProblemKind.OUT_OF_RANGE, message=f"It must be {allowed}.", field=(field,), allowed=allowed)
