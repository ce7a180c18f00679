"""Which bookings a call gets (documentation, Bookings, Parameters)."""

from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from providers.bookingsync.simulator.estate import Estate
from providers.bookingsync.simulator.formats import flag_option, id_list, number_option, time_option
from providers.bookingsync.simulator.stays import CANCELED, AnyBooking, Booking
from providers.bookingsync.simulator.view import View
from providers.bookingsync.simulator.written_bookings import WrittenBooking

OPTIONS = frozenset({"from", "until", "months", "status", "include_canceled", "rental_id", "client_id"})
OTHER_FILTERS = ("updated_since", "client_id", "rental_id")
MOST_MONTHS = 1200
STATUS_WORDS = {"Booked": "booked", "Tentative": "tentative", "Unavailable": "unavailable", "Locked": "unavailable"}


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingFilter:
    """Bookings that end after ``after`` and start before ``before``. Filters that are None do not filter."""

    after: datetime | None
    before: datetime | None
    statuses: frozenset[str] | None
    canceled_too: bool
    rentals: frozenset[int] | None
    clients: frozenset[int] | None

    def within(self, booking: AnyBooking) -> bool:
        """Whether time, rental and client fit."""
        return (
            (self.after is None or booking.end_at > self.after)
            and (self.before is None or booking.start_at < self.before)
            and (self.rentals is None or booking.unit.id in self.rentals)
            and (self.clients is None or booking.client_id in self.clients)
        )

    def admits(self, booking: AnyBooking, view: View) -> bool:
        """Whether its status fits too."""
        status = booking.status(view.now)
        if _vanished(booking, view):
            return False
        if status == CANCELED:
            with_status = self.statuses is None or view.readings.status_filter_admits_canceled
            return self.canceled_too and with_status and self.within(booking)
        return (self.statuses is None or STATUS_WORDS[status] in self.statuses) and self.within(booking)


def booking_filter(view: View) -> BookingFilter:
    """What the call's parameters ask for. Raises ``Refused`` (422) for times and numbers that are none."""
    options = view.options
    after = _after(view)
    months = number_option(options, "months")
    before = time_option(options, "until")
    if months is not None:
        end = _months_later(after or view.now, months)
        before = end if before is None else min(before, end)
    return BookingFilter(
        after=after,
        before=before,
        statuses=frozenset(options["status"].lower().split(",")) if options.get("status") else None,
        canceled_too=_canceled_too(view),
        rentals=frozenset(id_list(options["rental_id"])) if options.get("rental_id") else None,
        clients=frozenset(id_list(options["client_id"])) if options.get("client_id") else None,
    )


def listed_bookings(estate: Estate, view: View) -> Iterator[AnyBooking]:
    """The bookings of a list."""
    wanted = booking_filter(view)
    return (each for each in _candidates(estate, wanted) if wanted.admits(each, view))


def single_booking(estate: Estate, view: View, ident: int) -> AnyBooking | None:
    """A booking by id: a cancelled one must be asked for, and those with public rights see no past ones."""
    booking = next(
        (each for each in [estate.items("bookings").get(ident)] if isinstance(each, Booking | WrittenBooking)), None
    )
    if booking is None or _vanished(booking, view):
        return None
    if booking.status(view.now) == CANCELED and not _canceled_too(view):
        return None
    past = booking.end_at <= view.now
    return None if past and not view.grant.holds("bookings_read") else booking


def bookings_canceled_since(estate: Estate, view: View, since: datetime) -> list[int]:
    """Ids for ``meta.deleted_ids``."""
    wanted = booking_filter(view)
    listed_too = view.readings.deleted_ids_include_listed_ones or not wanted.canceled_too
    return [
        each.id
        for each in _candidates(estate, wanted)
        if listed_too
        and (canceled_at := each.canceled_at(view.now)) is not None
        and canceled_at >= since
        and (wanted.within(each) or not view.readings.deleted_ids_within_window)
    ]


def _vanished(booking: AnyBooking, view: View) -> bool:
    """Whether it was a hold that ran out, under the reading in which such leave no record."""
    return (
        view.readings.lapsed_holds_vanish
        and booking.held_until is not None
        and booking.canceled_at(view.now) == booking.held_until
    )


def _candidates(estate: Estate, wanted: BookingFilter) -> Sequence[AnyBooking]:
    if wanted.rentals is None:
        return estate.bookings
    units = [unit for unit in estate.units if unit.id in wanted.rentals]
    return [booking for unit in units for booking in estate.bookings_of(unit)]


def _after(view: View) -> datetime | None:
    """``from``, which is now unless it is given; those with public rights cannot reach back."""
    asked = time_option(view.options, "from")
    if not view.grant.holds("bookings_read"):
        return max(asked or view.now, view.now)
    if asked is not None:
        return asked
    others = any(view.options.get(name) for name in OTHER_FILTERS)
    return view.now if view.readings.from_now_despite_other_filters or not others else None


def _canceled_too(view: View) -> bool:
    asked = flag_option(view.options, "include_canceled", default=False)
    return asked and view.grant.holds("bookings_read")


def _months_later(moment: datetime, months: int) -> datetime:
    year, month = divmod(moment.year * 12 + moment.month - 1 + min(months, MOST_MONTHS), 12)
    return moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1]))
