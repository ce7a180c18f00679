"""What belongs to a booking besides its fees and taxes: payments, comments, tags (documentation, their pages)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from providers.bookingsync.simulator import ids
from providers.bookingsync.simulator.formats import instant
from providers.bookingsync.simulator.units import FIRST_ACCOUNT, Unit, account_wide_id
from providers.bookingsync.simulator.view import Fixed, Record
from providers.simulation.portfolio import Stay

TAGS = (("Returning guest", "#2d7d46"), ("VIP", "#b8860b"))
CENTS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """A booking, as far as its parts need it."""

    id: int
    unit: Unit
    stay: Stay


def payment_ids(booked: Booked) -> list[int]:
    return [_own(ids.PAYMENTS, booked)] if booked.stay.paid > 0 else []


def bookings_payment_ids(booked: Booked) -> list[int]:
    return [_own(ids.BOOKINGS_PAYMENTS, booked)] if booked.stay.paid > 0 else []


def comment_ids(booked: Booked) -> list[int]:
    return [_own(ids.BOOKING_COMMENTS, booked)] if booked.stay.number % 5 == 2 else []


def tag_ids(booked: Booked) -> list[int]:
    return [account_wide_id(ids.BOOKINGS_TAGS, booked.unit.account, 0)] if booked.stay.number % 7 == 0 else []


def payments(booked: Booked) -> Iterator[Fixed]:
    """What was paid for a booking, in one payment. Amounts are cents."""
    for ident in payment_ids(booked):
        record = {
            "links": {
                "account": booked.unit.account_id,
                "bookings": [booked.id],
                "bookings_payments": bookings_payment_ids(booked),
            },
            "id": ident,
            "order_id": None,
            "transaction_id": None,
            **_paid(booked),
            "kind": "online" if booked.stay.number % 2 else "wiretransfer",
            "paid_at": instant(booked.stay.booked_at),
            "canceled_at": None,
            "rejected_at": None,
            "notes": "",
            **_times(booked),
        }
        yield Fixed(ident, booked.unit, booked.stay.updated_at, record)


def bookings_payments(booked: Booked) -> Iterator[Fixed]:
    """Which part of a payment is for which booking."""
    for ident in bookings_payment_ids(booked):
        record = {
            "links": {
                "account": booked.unit.account_id,
                "booking": booked.id,
                "payment": _own(ids.PAYMENTS, booked),
                "rental": booked.unit.id,
            },
            "id": ident,
            **_paid(booked),
            **_times(booked),
        }
        yield Fixed(ident, booked.unit, booked.stay.updated_at, record)


def comments(booked: Booked) -> Iterator[Fixed]:
    """Remarks of the business on a booking."""
    for ident in comment_ids(booked):
        record = {
            "links": {"account": booked.unit.account_id, "booking": booked.id},
            "id": ident,
            "content": "Comes by train, fetch from the station.",
            "editable": True,
            "visible_for_all_account_users": True,
            **_times(booked),
        }
        yield Fixed(ident, booked.unit, booked.stay.updated_at, record)


def bookings_tags(account: int, made_at: datetime) -> Iterator[Fixed]:
    """The labels of an account for bookings."""
    for number, (name, color) in enumerate(TAGS):
        ident = account_wide_id(ids.BOOKINGS_TAGS, account, number)
        record = {
            "links": {"account": FIRST_ACCOUNT + account},
            "id": ident,
            "name": {"en": name},
            "color": color,
            "logo": None,
        }
        yield Fixed(ident, None, made_at, record)


def _own(first: int, booked: Booked) -> int:
    return account_wide_id(first, booked.unit.account, booked.stay.number)


def _paid(booked: Booked) -> Record:
    return {"amount_in_cents": int(booked.stay.paid * CENTS), "currency": booked.unit.currency}


def _times(booked: Booked) -> Record:
    return {"created_at": instant(booked.stay.booked_at), "updated_at": instant(booked.stay.updated_at)}
