"""Which bookings hold which nights: asked where BookingSync refuses a stay without saying why."""

from collections.abc import Sequence
from datetime import date, timedelta

from providers.bookingsync.booking_reads import BookingReads
from providers.bookingsync.bookings import STATUSES
from providers.bookingsync.sending import Names, refused_by_field
from providers.bookingsync.wire import Booking
from providers.changes import ChangeRefused, ProblemKind, refused
from providers.errors import UpstreamRefused
from providers.model import ReservationStatus
from providers.queries import DateRange, ReservationQuery
from providers.wire import read_records

OVERLAP_STATUSES = frozenset({409, 422})
"""With one of them BookingSync may refuse taken nights; which, and in which words, is not documented."""

_DAY = timedelta(days=1)


class TakenNights:
    """The nights of an account's rentals that bookings hold."""

    def __init__(self, reads: BookingReads) -> None:
        self._reads = reads

    async def holders(self, rental_id: str, arrival: date, departure: date) -> list[Booking]:
        """The bookings that hold one of the nights: all that are not cancelled, whatever their word is."""
        statuses = frozenset(ReservationStatus) - {ReservationStatus.CANCELLED}
        query = ReservationQuery(stay=DateRange(arrival, departure), statuses=statuses)
        reading = await self._reads.walk(query, [rental_id])
        found = read_records(Booking, reading.records)[0] if reading is not None else []
        return [each for each in found if each.link("rental") == rental_id and holds(each, arrival, departure)]

    async def refusal(
        self, error: UpstreamRefused, rental_id: str, stay: tuple[date, date] | None, names: Names, own: str = ""
    ) -> ChangeRefused:
        """Why a booking of these nights was refused, which takes a read. ``own`` is the id of the booking itself."""
        if stay is not None and error.upstream_status in OVERLAP_STATUSES:
            taken = [each for each in await self.holders(rental_id, *stay) if each.id != own]
            if taken:
                return refused(ProblemKind.NIGHTS_TAKEN, "Some of these nights are taken.", "arrival")
        return refused_by_field(error, names)


def holds(booking: Booking, arrival: date, departure: date) -> bool:
    """Whether a booking holds one of the nights."""
    known = STATUSES.get((booking.status or "").strip().lower())
    if booking.canceled_at is not None or known is ReservationStatus.CANCELLED:
        return False
    if booking.start_at is None or booking.end_at is None:
        return False
    return booking.start_at.day < departure and arrival < booking.end_at.day


def stretches(nights: Sequence[date]) -> list[tuple[date, date]]:
    """Nights, in order, as stretches from a first night up to, and not including, a day."""
    found: list[tuple[date, date]] = []
    for night in nights:
        if found and found[-1][1] == night:
            found[-1] = (found[-1][0], night + _DAY)
        else:
            found.append((night, night + _DAY))
    return found
