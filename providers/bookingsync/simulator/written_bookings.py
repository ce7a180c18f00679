"""Bookings that a program made or changed: their records are kept as they were written."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from providers.bookingsync.simulator.formats import decimal_text, instant, parse_instant
from providers.bookingsync.simulator.stays import CANCELED, LOCK, AnyBooking, Booking
from providers.bookingsync.simulator.units import Unit
from providers.bookingsync.simulator.view import Grant, Record, View

REDUCED = ("id", "start_at", "end_at", "status", "updated_at", "reference")
REDUCED_LINKS = ("account", "rental", "bookings_tags", "rentals_tags", "discount_code_usage")
ALL_RIGHTS = frozenset({"bookings_write"})


@dataclass(slots=True, kw_only=True, eq=False)
class WrittenBooking:
    """A booking whose ``attributes`` are its full record, links included.

    ``status`` and ``canceled_at`` follow from ``held_until`` and ``called_off_at``.
    """

    unit: Unit
    attributes: Record
    updated_at: datetime
    held_until: datetime | None = None
    called_off_at: datetime | None = None

    @property
    def id(self) -> int:
        return int(self.attributes["id"])

    @property
    def client_id(self) -> int | None:
        found = self.attributes["links"]["client"]
        return None if found is None else int(found)

    @property
    def start_at(self) -> datetime:
        return _moment(self.attributes["start_at"])

    @property
    def end_at(self) -> datetime:
        return _moment(self.attributes["end_at"])

    @property
    def arrival(self) -> date:
        return self.start_at.date()

    @property
    def departure(self) -> date:
        return self.end_at.date()

    @property
    def foreign(self) -> bool:
        """Whether another application has locked it."""
        return bool(self.attributes["locked"]) and not self.attributes["owned_by_app"]

    def status(self, now: datetime) -> str:
        if self.canceled_at(now) is not None:
            return CANCELED
        if self.held_until is not None:
            return "Tentative"
        if self.attributes["unavailable"]:
            return "Locked" if self.attributes["locked"] == LOCK else "Unavailable"
        return "Booked"

    def canceled_at(self, now: datetime) -> datetime | None:
        if self.called_off_at is not None:
            return self.called_off_at
        return self.held_until if self.held_until is not None and self.held_until <= now else None

    def changed_at(self, now: datetime) -> datetime:
        return max(self.updated_at, self.canceled_at(now) or self.updated_at)

    def touch(self, at: datetime) -> None:
        """Nothing about it but the time of its last change is new."""
        self.updated_at = at

    def record(self, view: View) -> Record:
        """The full record, or the reduced one for those who may not read bookings."""
        canceled_at = self.canceled_at(view.now)
        whole = {
            **self.attributes,
            "status": self.status(view.now),
            "canceled_at": None if canceled_at is None else instant(canceled_at),
            "updated_at": instant(self.changed_at(view.now)),
            "tentative_expires_at": None if self.held_until is None else instant(self.held_until),
        }
        own = view.grant.holds("bookings_write_owned") and self.attributes["owned_by_app"]
        if view.grant.holds("bookings_read") or own:
            return {**whole, "links": dict(self.attributes["links"])}
        links = {name: self.attributes["links"][name] for name in REDUCED_LINKS if name in self.attributes["links"]}
        return {"links": links, **{name: whole[name] for name in REDUCED}}

    def set_rent(self) -> None:
        """The rent after discount follows from the rent and the discount, "10%" or an amount."""
        attributes = self.attributes
        initial = attributes["initial_price"]
        attributes["initial_rental_price"] = initial
        if initial is None:
            attributes["final_rental_price"] = "0.0"
            return
        rent = Decimal(initial)
        discount = str(attributes["discount"] or "0")
        off = rent * Decimal(discount.removesuffix("%")) / 100 if discount.endswith("%") else Decimal(discount)
        attributes["final_rental_price"] = decimal_text((rent - off).quantize(Decimal("0.01")))

    def grow(self, by: Decimal) -> None:
        """The price grows, or falls, by what a fee costs."""
        final = Decimal(self.attributes["final_price"] or 0) + by
        self.attributes["final_price"] = decimal_text(final)
        self.settle()

    def settle(self) -> None:
        """What is left to pay."""
        final = Decimal(self.attributes["final_price"] or 0)
        self.attributes["payment_left_to_collect"] = decimal_text(final - Decimal(self.attributes["paid_amount"]))


def writable(booking: AnyBooking, view: View) -> WrittenBooking:
    """A copy of a booking that can be written; to be put into the estate when all of the write is right."""
    if isinstance(booking, WrittenBooking):
        attributes = {**booking.attributes, "links": _copied(booking.attributes["links"])}
        return replace(booking, attributes=attributes)
    assert isinstance(booking, Booking)  # noqa: S101 -- there are these two kinds
    full = replace(view, grant=Grant(account=view.grant.account, scopes=ALL_RIGHTS), options={})
    record = booking.record(full)
    record["final_price"] = record["final_price"] if booking.stay.guest else None
    return WrittenBooking(
        unit=booking.unit,
        attributes={**record, "links": _copied(record["links"])},
        updated_at=booking.stay.updated_at,
        held_until=booking.held_until,
        called_off_at=booking.stay.cancelled_at,
    )


def _copied(links: Mapping[str, object]) -> Record:
    return {name: list(value) if isinstance(value, list) else value for name, value in links.items()}


def _moment(text: str) -> datetime:
    found = parse_instant(text)
    if found is None:
        raise ValueError(text)
    return found
