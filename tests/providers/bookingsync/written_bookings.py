"""Bookings as the plugin writes them, and the session that takes what it sends."""

from datetime import date
from typing import Any

from providers.bookingsync.client import BookingsyncClient
from providers.changes import (
    ReservationDraft,
)
from tests.providers.bookingsync.plugin_canned import NOW, oauth
from tests.providers.bookingsync.plugin_written import WrittenSession

MADE = {"bookings": [{"links": {"rental": 5116}, "id": 840043, "final_price": "2930.0"}]}
BOOKING = {
    "links": {"account": 3837, "rental": 5116, "client": 77703, "bookings_fees": [4], "bookings_taxes": []},
    "id": 840043,
    "start_at": "2027-07-05T16:00:00Z",
    "end_at": "2027-07-12T10:00:00Z",
    "status": "Booked",
    "initial_price": "100.0",
    "final_rental_price": "90.0",
    "discount": "10%",
    "final_price": "100.0",
    "locked": None,
    "owned_by_app": False,
    "client": {
        "id": 77703,
        "fullname": "Ann Lee",
        "emails": [
            {"label": "default", "email": "a@example.com", "id": 1, "primary": True},
            {"label": "work", "email": "w@example.com", "id": 2},
        ],
        "phones": [],
        "addresses": [{"label": "home", "city": "Bern", "zip": "3000", "canceled_at": None}],
    },
    "bookings_fees": [
        {"id": 4, "links": {"rentals_fee": 9}, "name": {"en": "Linen"}, "price": "5.0", "times_booked": 2}
    ],
    "bookings_taxes": [],
    "booking_comments": [],
    "bookings_tags": [],
    "payments": [],
    "source": {"name": "Airbnb"},
}


def client(session: Any) -> BookingsyncClient:
    return BookingsyncClient(session, oauth(), now=lambda: NOW)


def draft(**more: Any) -> ReservationDraft:
    plain = {
        "listing_id": "5116",
        "reference": "sg-1",
        "arrival": date(2027, 7, 5),
        "departure": date(2027, 7, 12),
        "currency": "EUR",
    }
    return ReservationDraft(**{**plain, **more})


def changing(**more: Any) -> WrittenSession:
    return WrittenSession({"GET bookings/840043": {"bookings": [{**BOOKING, **more}]}, "PUT bookings/840043": {}})
