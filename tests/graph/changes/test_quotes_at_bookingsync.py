"""A quote of BookingSync's becomes a booking: its fees and taxes are copied, as BookingSync's documentation asks."""

from datetime import date
from decimal import Decimal
from typing import Any

from graph.changes.pricing import bill_of
from providers.changes import NoProgress, PartyChange, ReservationDraft
from providers.queries import QuoteRequest
from tests.providers.bookingsync.plugin_written import WrittenSession
from tests.providers.bookingsync.written_bookings import client

ON_RENT = {"name": {"en": "VAT"}, "percentage": "10.0", "amount": "70.0", "tax_id": 1, "included": False}
ON_FEE = {"name": {"en": "VAT"}, "percentage": "5.5", "amount": "5.5", "tax_id": 2, "included": False}
IN_RENT = {"name": {"fr": "Séjour"}, "percentage": "2.0", "amount": "14.0", "tax_id": 3, "included": True}
RESULT: dict[str, Any] = {
    "links": {"rentals_fees": [12]},
    "id": 5116,
    "currency": "EUR",
    "initial_price": 700.0,
    "final_price": 875.5,
    "price_to_pay_now": 875.5,
    "price_details": {
        "taxes": [
            {**ON_RENT, "taxable_type": "Rental", "taxable_id": 5116},
            {**ON_FEE, "taxable_type": "Fee", "taxable_id": 10},
            {**IN_RENT, "taxable_type": "Rental", "taxable_id": 5116},
        ],
        "fees": [
            {"name": {"en": "Linen"}, "required": True, "price": "50.0", "quantity": 2, "id": 10, "rentals_fee_id": 12}
        ],
    },
}


async def booked(result: dict[str, Any]) -> dict[str, Any]:
    """The booking that is sent for a quote with this result."""
    made = {"bookings": [{"id": 1, "final_price": str(result["final_price"])}]}
    session = WrittenSession({"GET rentals/search": {"rentals": [result]}, "POST rentals/5116/bookings": made})
    stay = QuoteRequest(listing_id="5116", arrival=date(2027, 7, 5), departure=date(2027, 7, 12), adults=2, children=0)
    price = (await client(session).quotes([stay])).found["0"]
    bill = bill_of(price)
    assert bill is not None
    draft = ReservationDraft(
        listing_id="5116",
        reference="sg-1",
        arrival=stay.arrival,
        departure=stay.departure,
        party=PartyChange(adults=2, children=0),
        currency=bill.currency,
        total=bill.total,
        finance_lines=bill.lines,
    )
    written = await client(session).create_reservation(draft, NoProgress())
    assert list(written.warnings) == []
    found: dict[str, Any] = session.written[-1][1]["bookings"][0]
    return found


async def test_fees_and_taxes_of_the_quote_are_copied_with_what_they_are_charged_on() -> None:
    sent = await booked(RESULT)
    assert sent["bookings_fees"] == [{"price": "50.00", "times_booked": "2", "rentals_fee_id": "12", "name": "Linen"}]
    assert [{**each, "amount": Decimal(each["amount"])} for each in sent["bookings_taxes"]] == [
        {**known, "taxable_type": kind, "taxable_id": id_, "name": name, "tax_id": tax, "amount": Decimal(amount)}
        for known, kind, id_, name, tax, amount in (
            ({"percentage": "10.0", "included": False}, "Rental", "5116", "VAT", "1", "70.00"),
            ({"percentage": "5.5", "included": False}, "Fee", "10", "VAT", "2", "5.50"),
            ({"percentage": "2.0", "included": True}, "Rental", "5116", "Séjour", "3", "14.00"),
        )
    ]
    assert (Decimal(sent["initial_price"]), Decimal(sent["final_price"])) == (Decimal(700), Decimal("875.50"))


async def test_a_tax_of_which_the_quote_says_little_is_charged_on_the_rental() -> None:
    bare = {"name": {"en": "VAT"}, "amount": "70.0", "tax_id": 1, "included": False}
    sent = await booked(RESULT | {"final_price": 770.0, "price_details": {"taxes": [bare], "fees": []}})
    (tax,) = sent["bookings_taxes"]
    assert (tax["taxable_type"], tax["taxable_id"], "percentage" in tax) == ("Rental", "5116", False)
