"""What may be written into a booking, and what is refused (documentation, Bookings, Create and Update)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from providers.bookingsync.simulator.bodies import Values
from providers.bookingsync.simulator.formats import instant
from providers.bookingsync.simulator.refusals import Refused
from providers.bookingsync.simulator.rental_records import BALANCE_DUE
from providers.bookingsync.simulator.stays import CANCELED
from providers.bookingsync.simulator.units import CURRENCIES, Unit
from providers.bookingsync.simulator.view import Record
from providers.bookingsync.simulator.writing import Writer
from providers.bookingsync.simulator.written_bookings import WrittenBooking

NOTHING = Decimal(0)
LONGEST_NOTES = 6000
COLLECTED = ("with_smily", "external", "smily_damage_deposit_with_swikly")
STATUSES = ("booked", "unavailable", "tentative_expires_at")
OPEN_TO_ALL = frozenset({"expected_checkin_time", "expected_checkout_time", "rental_payback_to_owner"})
"""What any application may change of a booking that another has locked (documentation, OAuth scopes)."""

_READ: dict[str, Callable[[Values, str], Any]] = {
    **dict.fromkeys(("initial_price", "final_price", "channel_price", "reconciliation"), Values.decimal_text),
    **dict.fromkeys(
        ("commission", "downpayment", "damage_deposit", "rental_payback_to_owner", "final_payback_to_owner"),
        lambda values, name: values.decimal_text(name, NOTHING),
    ),
    **dict.fromkeys(("adults", "children"), lambda values, name: values.whole(name, 0)),
    **dict.fromkeys(
        ("discount", "expected_checkin_time", "expected_checkout_time", "door_key_code", "external_reference"),
        lambda values, name: values.text(name, 255),
    ),
    **dict.fromkeys(("charge_damage_deposit_on_arrival", "imported"), Values.flag),
    "damage_deposit_collection_method": lambda values, name: values.word(name, COLLECTED),
    "damage_deposit_external_collection_method_name": Values.text,
    "notes": lambda values, name: values.text(name, LONGEST_NOTES),
    "cancelation_reason": Values.text,
    "locked": Values.text,
}
_EMPTY: Record = {
    "initial_price": None,
    "initial_rental_price": None,
    "channel_price": None,
    "discount": None,
    "final_rental_price": "0.0",
    "final_price": None,
    "downpayment": None,
    "paid_amount": "0.0",
    "payment_left_to_collect": "0.0",
    "notes": None,
    "damage_deposit": "0.0",
    "charge_damage_deposit_on_arrival": True,
    "adults": None,
    "children": None,
    "bookings_payments_count": 0,
    "review_requests_count": 0,
    "cancelation_reason": None,
    "expected_checkin_time": None,
    "expected_checkout_time": None,
    "payment_url": None,
    "rental_payback_to_owner": None,
    "final_payback_to_owner": "0.0",
    "commission": None,
    "contract_updated_at": None,
    "external_reference": None,
    "door_key_code": None,
    "imported": False,
}


def new_booking(ident: int, unit: Unit, writer: Writer, *, locked: str | None) -> WrittenBooking:
    """An empty booking of a rental; ``locked`` is the lock of the application that makes it, if it wants one."""
    now = instant(writer.view.now)
    links: Record = {
        "account": unit.account_id,
        "rental": unit.id,
        **dict.fromkeys(("client", "source", "rental_agreement", "inquiry", "discount_code_usage")),
    }
    for name in ("booking_comments", "bookings_fees", "bookings_taxes", "payments", "bookings_payments"):
        links[name] = []
    attributes = {
        "links": {**links, "bookings_tags": [], "rentals_tags": []},
        "id": ident,
        "start_at": None,
        "end_at": None,
        "reference": f"{ident % 36**6:06X}"[-6:],
        "booked": False,
        "unavailable": False,
        **_EMPTY,
        "currency": unit.currency,
        "balance_due_at": None,
        "locked": locked,
        "owned_by_app": True,
        "created_at": now,
    }
    return WrittenBooking(unit=unit, attributes=attributes, updated_at=writer.view.now)


def write(booking: WrittenBooking, values: Values, writer: Writer, *, new: bool) -> None:
    """Write what was sent into a booking that nobody else sees yet. Raises ``Refused``."""
    _write_status(booking, values, writer, new=new)
    _write_days(booking, values)
    _write_links(booking, values, writer)
    attributes = booking.attributes
    for name, read in _READ.items():
        if name in values:
            attributes[name] = read(values, name)
    if values.sent.get("currency"):
        attributes["currency"] = values.word("currency", CURRENCIES)
    _check_money(attributes, values)
    booking.set_rent()
    booking.settle()
    due_at = booking.start_at - timedelta(days=BALANCE_DUE)
    attributes["balance_due_at"] = instant(max(due_at, writer.view.now))
    booking.updated_at = writer.view.now
    _check_nights(booking, writer)


def _write_status(booking: WrittenBooking, values: Values, writer: Writer, *, new: bool) -> None:
    until = values.moment("tentative_expires_at")
    chosen = [values.flag("booked"), values.flag("unavailable"), until is not None]
    if sum(chosen) > 1:
        raise Refused(422, "can be used one at a time only", field="booked")
    if not any(chosen):
        if not new:
            return
        if writer.view.readings.statusless_booking_refused:
            raise Refused(422, "can't be blank", field="booked")
        chosen[0] = True
    if until is not None and until <= writer.view.now:
        raise Refused(422, "must be in the future", field="tentative_expires_at")
    booking.attributes["booked"], booking.attributes["unavailable"] = chosen[0], chosen[1]
    booking.held_until = until


def _write_days(booking: WrittenBooking, values: Values) -> None:
    for name in ("start_at", "end_at"):
        moment = values.moment(name)
        if moment is not None:
            booking.attributes[name] = instant(moment)
        elif booking.attributes[name] is None or name in values:
            raise Refused(422, "can't be blank", field=name)
    if booking.start_at >= booking.end_at:
        raise Refused(422, "must be after start_at", field="end_at")


def _write_links(booking: WrittenBooking, values: Values, writer: Writer) -> None:
    links = booking.attributes["links"]
    for name, collection in (("client", "clients"), ("source", "sources")):
        if f"{name}_id" not in values:
            continue
        ident = values.whole(f"{name}_id")
        item = None if ident is None else writer.estate.items(collection).get(ident)
        if ident is not None and item is None:
            raise Refused(422, "does not exist", field=f"{name}_id")
        if item is not None and item.record(writer.view).get("internal"):
            raise Refused(422, "is internal", field="source_id")
        links[name] = ident
    if "bookings_tag_ids" in values:
        wanted = values.ids("bookings_tag_ids")
        if not set(wanted) <= writer.estate.items("bookings_tags").keys():
            raise Refused(422, "does not exist", field="bookings_tag_ids")
        links["bookings_tags"] = wanted


def _check_money(attributes: Record, values: Values) -> None:
    final, initial = _amount(attributes["final_price"]), _amount(attributes["initial_price"])
    for name in ("commission", "downpayment"):
        if values.sent.get(name) is not None and final is None:
            raise Refused(422, "needs final_price", field=name)
    for name, limit in (("rental_payback_to_owner", initial), ("final_payback_to_owner", final)):
        if values.sent.get(name) is not None and (limit is None or Decimal(attributes[name]) >= limit):
            raise Refused(422, "must be less than the price", field=name)
    for name in ("expected_checkin_time", "expected_checkout_time"):
        text = (values.sent.get(name) or "") if name in values else ""
        hour, _, minute = text.partition(":")
        if text and not (hour.isdecimal() and int(hour) < 24 and (minute.isdecimal() or not minute)):
            raise Refused(422, "is invalid", field=name)


def _check_nights(booking: WrittenBooking, writer: Writer) -> None:
    """No two bookings that hold nights overlap; one may begin on the day on which another ends."""
    now = writer.view.now
    if booking.status(now) == CANCELED:
        return
    for other in writer.estate.bookings_of(booking.unit):
        taken = other.arrival < booking.departure and booking.arrival < other.departure
        if taken and other.id != booking.id and other.status(now) != CANCELED:
            status = writer.view.readings.overlap_status
            raise Refused(status, "The rental is already booked for these dates.", field="base")


def _amount(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def called_off(booking: WrittenBooking, values: Values, writer: Writer) -> WrittenBooking:
    """The booking as it is once it was cancelled."""
    now = writer.view.now
    reason = values.text("cancelation_reason")
    values.text("cancelation_message_to_guest")
    values.text("cancelation_message_to_channel")
    attributes = {**booking.attributes, "cancelation_reason": reason}
    return replace(booking, attributes=attributes, called_off_at=now, updated_at=now)
