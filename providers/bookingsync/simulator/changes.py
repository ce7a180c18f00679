"""Changes of bookings that nobody asked the API for, as an owner makes them in BookingSync itself."""

from collections.abc import Sequence
from datetime import datetime

from providers.bookingsync.simulator.clients import Client
from providers.bookingsync.simulator.estate import Estate
from providers.bookingsync.simulator.stays import Booking
from providers.simulation.changes import Change, cancels, changes_guest, other_party
from providers.simulation.shapes import StayKind

EVENT = "booking_updated"
CLIENT_EVENT = "client_updated"


def change(
    estates: Sequence[Estate], index: int, number: int, now: datetime, *, touching: bool = False
) -> Change | None:
    """Change an upcoming booking of account ``index``, or its client; None if there is none.

    ``number`` decides which, and how. ``touching``: a booking changes with its client.
    """
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
    client = None if booking.client_id is None else estate.items("clients")[booking.client_id]
    if changes_guest(number) and isinstance(client, Client):
        estate.change_client(client.id, now, touching=touching, email=f"guest.{number}@example.com")
        return Change(event=CLIENT_EVENT, record=client.id)
    if cancels(number):
        estate.change_booking(booking.id, now, kind=StayKind.CANCELLED, cancelled_at=now)
    else:
        estate.change_booking(booking.id, now, adults=other_party(booking.stay.adults))
    return Change(event=EVENT, record=booking.id)
