"""Changes of bookings that nobody asked the API for, as an owner makes them in BookingSync itself."""

from collections.abc import Sequence
from datetime import datetime

from providers.bookingsync.simulator.estate import Estate
from providers.bookingsync.simulator.stays import Booking
from providers.simulation.changes import Change, cancels, other_party
from providers.simulation.shapes import StayKind

EVENT = "booking_updated"


def change(estates: Sequence[Estate], index: int, number: int, now: datetime) -> Change | None:
    """Change an upcoming booking of account ``index``; None if there is none. ``number`` decides which, and how."""
    if index >= len(estates):
        return None
    estate = estates[index]
    bookings = [
        booking
        for booking in estate.bookings
        if isinstance(booking, Booking)
        and booking.stay.arrival > now.date()
        and booking.stay.kind is StayKind.CONFIRMED
    ]
    if not bookings:
        return None
    booking = bookings[number % len(bookings)]
    if cancels(number):
        estate.change_booking(booking.id, now, kind=StayKind.CANCELLED, cancelled_at=now)
    else:
        estate.change_booking(booking.id, now, adults=other_party(booking.stay.adults))
    return Change(event=EVENT, record=booking.id)
