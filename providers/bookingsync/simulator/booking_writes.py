"""Writing bookings, and the fees, taxes and comments that belong to them (documentation, Bookings and their pages)."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from providers.bookingsync.simulator import ids
from providers.bookingsync.simulator.access import Access
from providers.bookingsync.simulator.bodies import Values, number, one_record, sent_object, sent_record
from providers.bookingsync.simulator.booking_values import OPEN_TO_ALL, called_off, new_booking, write
from providers.bookingsync.simulator.formats import decimal_text, instant
from providers.bookingsync.simulator.refusals import Refused
from providers.bookingsync.simulator.retrieval import API
from providers.bookingsync.simulator.stays import CANCELED, Booking
from providers.bookingsync.simulator.view import Fixed, Record
from providers.bookingsync.simulator.writing import Writer, created, flat, path_id, removed, updated, writer
from providers.bookingsync.simulator.written_bookings import WrittenBooking, writable

SCOPES = ("bookings_write", "bookings_write_owned")
OUR_LOCK = "doorkeeper/application-18"
LONGEST_COMMENT = 6000


@dataclass(frozen=True, slots=True)
class BookingWrites:
    """The writes of bookings, booking comments, and fees of bookings."""

    access: Access

    def routes(self) -> list[Route]:
        return [
            Route(f"{API}/rentals/{{rental_id}}/bookings", self.create, methods=["POST"]),
            Route(f"{API}/bookings/{{id}}", self.update, methods=["PUT"]),
            Route(f"{API}/bookings/{{id}}", self.cancel, methods=["DELETE"]),
            Route(f"{API}/bookings/{{id}}/add_bookings_fee", self.add_fee, methods=["PATCH"]),
            Route(f"{API}/bookings/{{id}}/remove_bookings_fee/{{fee_id}}", self.remove_fee, methods=["PATCH"]),
            Route(f"{API}/booking_comments", self.comment, methods=["POST"]),
        ]

    async def create(self, request: Request) -> Response:
        """A booking, with its fees, taxes and comments. No price is computed."""
        by = writer(self.access, request, *SCOPES)
        unit = by.unit(request)
        values = Values(await sent_record(request, "bookings"))
        owned = "bookings_write" not in by.view.grant.scopes
        ident = by.estate.new_id(ids.BOOKINGS)
        booking = new_booking(ident, unit, by, locked=OUR_LOCK if owned else None)
        write(booking, values, by, new=True)
        parts = [
            *(("bookings_fees", _fee(booking, Values(each), by)) for each in values.objects("bookings_fees")),
            *(("bookings_taxes", _tax(booking, Values(each), by)) for each in values.objects("bookings_taxes")),
            *(("booking_comments", _comment(booking, Values(each), by)) for each in values.objects("comments")),
        ]
        for collection, item in parts:
            _attach(booking, collection, item, by)
        by.estate.put_booking(booking)
        record = booking.record(by.view)
        for name in ("bookings_fees", "bookings_taxes"):
            if name in record.get("links", {}):
                record[name] = [item.record(by.view) for collection, item in parts if collection == name]
        return created(self.access, by, "bookings", record)

    async def update(self, request: Request) -> Response:
        by, booking = self._booking(request)
        values = Values(await sent_record(request, "bookings"))
        _check_open(booking, by, only=values.sent.keys() <= OPEN_TO_ALL)
        write(booking, values, by, new=False)
        by.estate.put_booking(booking)
        return updated(self.access, by, "bookings", booking.record(by.view))

    async def cancel(self, request: Request) -> Response:
        by, booking = self._booking(request)
        body = await sent_object(request)
        values = Values(one_record(body, "bookings") if body else {})
        _check_open(booking, by)
        by.estate.put_booking(called_off(booking, values, by))
        return removed()

    async def add_fee(self, request: Request) -> Response:
        by, booking = self._booking(request)
        values = Values(await sent_record(request, "bookings_fees"))
        _check_open(booking, by, only=True)
        fee = _fee(booking, values, by)
        _attach(booking, "bookings_fees", fee, by)
        booking.grow(_cost(fee))
        booking.updated_at = by.view.now
        by.estate.put_booking(booking)
        return flat(_flat(booking, by), "bookings")

    async def remove_fee(self, request: Request) -> Response:
        by, booking = self._booking(request)
        ident = path_id(request, "fee_id")
        if ident not in booking.attributes["links"]["bookings_fees"]:
            raise Refused(404, "Not found")
        _check_open(booking, by)
        fee = by.item("bookings_fees", ident)
        booking.attributes["links"]["bookings_fees"].remove(ident)
        booking.grow(-_cost(fee))
        booking.updated_at = by.view.now
        by.estate.remove("bookings_fees", ident, by.view.now)
        by.estate.put_booking(booking)
        return flat(_flat(booking, by), "bookings")

    async def comment(self, request: Request) -> Response:
        """The booking's id stands beside the array."""
        by = writer(self.access, request, *SCOPES)
        body = await sent_object(request)
        values = Values(one_record(body, "booking_comments"))
        booking = self._writable(by, Values(body).whole("booking_id") or 0)
        item = _comment(booking, values, by)
        _attach(booking, "booking_comments", item, by)
        by.estate.put_booking(booking)
        return created(self.access, by, "booking_comments", item.record(by.view))

    def _booking(self, request: Request) -> tuple[Writer, WrittenBooking]:
        by = writer(self.access, request, *SCOPES)
        return by, self._writable(by, path_id(request))

    def _writable(self, by: Writer, ident: int) -> WrittenBooking:
        found = by.item("bookings", ident)
        assert isinstance(found, Booking | WrittenBooking)  # noqa: S101 -- that is what the collection holds
        booking = writable(found, by.view)
        if "bookings_write" not in by.view.grant.scopes and not booking.attributes["owned_by_app"]:
            raise Refused(403, "The booking was not made by this application.")
        return booking


def _check_open(booking: WrittenBooking, by: Writer, *, only: bool = False) -> None:
    """Whether it may be changed. ``only``: the change is one that locks allow."""
    if booking.status(by.view.now) == CANCELED:
        raise Refused(by.view.readings.canceled_status, "The booking is canceled.")
    if booking.foreign and not only:
        raise Refused(by.view.readings.locked_status, "The booking is locked by another application.")


def _attach(booking: WrittenBooking, collection: str, item: Fixed, by: Writer) -> None:
    booking.attributes["links"][collection].append(item.id)
    by.estate.put(collection, item)


def _fee(booking: WrittenBooking, values: Values, by: Writer) -> Fixed:
    """A fee: one of the rental's, or one that stands for itself and needs a name."""
    rentals_fee = values.whole("rentals_fee_id")
    setting: Record = {}
    if rentals_fee is not None:
        item = by.estate.items("rentals_fees").get(rentals_fee)
        if item is None or item.unit is not booking.unit:
            raise Refused(422, "does not exist", field="rentals_fee_id")
        setting = item.record(by.view)
    price = values.decimal("price", Decimal(0))
    if price is None:
        raise Refused(422, "can't be blank", field="price")
    names = {name.removeprefix("name_"): text for name, text in values.sent.items() if name.startswith("name_")}
    if values.sent.get("name"):
        names = {by.estate.locale: values.text("name") or ""}
    ident = by.estate.new_id(ids.BOOKINGS_FEES)
    now = instant(by.view.now)
    record = {
        "links": {
            "account": booking.unit.account_id,
            "booking": booking.id,
            "fee": setting.get("links", {}).get("fee"),
            "rentals_fee": rentals_fee,
            "bookings_taxes": [],
        },
        "id": ident,
        "name": names or setting.get("name", {}),
        "price": decimal_text(price),
        "times_booked": values.whole("times_booked", 1) or 1,
        "required": setting.get("required"),
        "included_in_price": True,
        "created_at": now,
        "updated_at": now,
    }
    if not record["name"]:
        raise Refused(422, "can't be blank", field="name")
    return Fixed(ident, booking.unit, by.view.now, record)


def _tax(booking: WrittenBooking, values: Values, by: Writer) -> Fixed:
    """A tax, ``included`` when it is written and ``tax_included_in_price`` when it is read."""
    tax = values.whole("tax_id")
    if tax is not None and tax not in by.estate.items("taxes"):
        raise Refused(422, "does not exist", field="tax_id")
    kind = values.text("taxable_type", least=1)
    taxable = values.whole("taxable_id")
    if kind == "Rental" and taxable != booking.unit.id:
        raise Refused(422, "does not exist", field="taxable_id")
    ident = by.estate.new_id(ids.BOOKINGS_TAXES)
    now = instant(by.view.now)
    record = {
        "links": {
            "account": booking.unit.account_id,
            "booking": booking.id,
            "tax": tax,
            "taxable": {"id": taxable, "type": kind},
        },
        "id": ident,
        "name": {by.estate.locale: values.text("name", least=1)},
        "percentage": values.decimal_text("percentage"),
        "amount": values.decimal_text("amount"),
        "tax_included_in_price": values.flag("included"),
        "created_at": now,
        "updated_at": now,
    }
    return Fixed(ident, booking.unit, by.view.now, record)


def _comment(booking: WrittenBooking, values: Values, by: Writer) -> Fixed:
    ident = by.estate.new_id(ids.BOOKING_COMMENTS)
    now = instant(by.view.now)
    record = {
        "links": {"account": booking.unit.account_id, "booking": booking.id},
        "id": ident,
        "content": values.text("content", LONGEST_COMMENT, least=1),
        "editable": True,
        "visible_for_all_account_users": values.sent.get("visible_for_all_account_users", True),
        "created_at": now,
        "updated_at": now,
    }
    return Fixed(ident, booking.unit, by.view.now, record)


def _cost(fee: Any) -> Decimal:
    """What a fee adds to the booking's price."""
    record = fee.attributes if isinstance(fee, Fixed) else _seeded_cost(fee)
    amount = (number(record["price"]) or Decimal(0)) * int(record["times_booked"])
    return amount if record["included_in_price"] else Decimal(0)


def _seeded_cost(fee: Any) -> Record:
    return {"price": str(fee.price), "times_booked": fee.times, "included_in_price": fee.included}


def _flat(booking: WrittenBooking, by: Writer) -> Record:
    """The booking without links and status, its fees flat too, their names plain text."""
    record = booking.record(by.view)
    links = record.pop("links")
    record.pop("status", None)
    fees = []
    for ident in links.get("bookings_fees", ()):
        fee = by.estate.items("bookings_fees")[ident].record(by.view)
        own = fee.pop("links")
        fees.append(
            {
                **fee,
                "name": next(iter(fee["name"].values()), ""),
                "booking_id": booking.id,
                "rentals_fee_id": own["rentals_fee"],
                "commission": None,
                "payback_to_owner": None,
                "locked": None,
                "canceled_at": None,
            }
        )
    named = {f"{name}_id": links.get(name) for name in ("rental", "client", "account", "source")}
    return {**record, **named, "bookings_fees": fees}
