"""Bookings as BookingSync sends them."""

from typing import Any

from providers.queries import ReservationQuery

BOOKING: dict[str, Any] = {
    "links": {
        "account": 3837,
        "rental": 5117,
        "client": 77703,
        "source": 1874,
        "inquiry": None,
        "bookings_fees": [1, 2],
        "bookings_taxes": [3, 4],
        "payments": [],
    },
    "id": 829165,
    "start_at": "2016-12-14T16:00:00Z",
    "end_at": "2016-12-24T10:00:00Z",
    "status": "Booked",
    "updated_at": "2016-12-09T10:31:03Z",
    "reference": "00HRSD",
    "booked": True,
    "initial_price": "3000.0",
    "initial_rental_price": "3000.0",
    "discount": "10%",
    "final_rental_price": "2700.0",
    "final_price": "2900.0",
    "paid_amount": "900.0",
    "payment_left_to_collect": "2000.0",
    "currency": "eur",
    "notes": "Late",
    "damage_deposit": "250.0",
    "adults": 2,
    "children": None,
    "created_at": "2016-12-09T10:31:03Z",
    "canceled_at": None,
    "expected_checkin_time": "14:45",
    "expected_checkout_time": "",
    "external_reference": "HMABC123",
    "client": {
        "id": 77703,
        "fullname": "Zoë Müller",
        "firstname": "",
        "lastname": "",
        "preferred_locale": "",
        "emails": [
            {"label": "old", "email": "old@example.com", "canceled_at": "2016-01-01T00:00:00Z"},
            {"label": "default", "email": "zoe@example.com"},
        ],
        "phones": [{"label": "mobile", "number": "+49 1"}],
        "addresses": [{"city": "Köln", "country_code": "DE"}],
    },
    "source": {"id": 1874, "name": "Airbnb"},
    "bookings_fees": [
        {
            "id": 1,
            "name": {"en": "Linen"},
            "price": "50.0",
            "times_booked": 2,
            "required": True,
            "included_in_price": True,
        },
        {
            "id": 2,
            "name": {"en": "Bike"},
            "price": "30.0",
            "times_booked": 1,
            "required": False,
            "included_in_price": False,
        },
    ],
    "bookings_taxes": [
        {"id": 3, "name": {"en": "City"}, "amount": "100.0", "tax_included_in_price": False},
        {"id": 4, "name": {"en": "VAT"}, "amount": "245.45", "tax_included_in_price": True},
    ],
}
REDUCED = {
    "links": {"account": 3837, "rental": 5117, "bookings_tags": []},
    "id": 1,
    "start_at": "2027-01-14T16:00:00Z",
    "end_at": "2027-01-24T10:00:00Z",
    "status": "Booked",
    "updated_at": "2016-12-09T10:31:03Z",
}
PUBLIC = frozenset({"public"})
ALL = ReservationQuery()
