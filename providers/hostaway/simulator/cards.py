"""Cards that are charged when a reservation is made (Hostaway documentation, create with payment method validation).

Numbers are those that payment processors publish for tests. Nothing of a card is kept.
"""

from providers.hostaway.simulator.envelope import RefusedError
from providers.hostaway.simulator.reservation_bodies import NewReservationBody

GOOD_CARD = "4242424242424242"
DECLINED_CARD = "4000000000000002"
POOR_CARD = "4000000000009995"

NO_CARD = "no credit card"
FAILURES = {
    DECLINED_CARD: "Your card was declined.",
    POOR_CARD: "Your card has insufficient funds.",
}


def check_card(body: NewReservationBody) -> None:
    """Raises ``RefusedError`` where card data is missing."""
    if not all((body.cc_number, body.cc_name, body.cc_expiration_year, body.cc_expiration_month, body.cvc)):
        raise RefusedError(400, NO_CARD)


def charge(body: NewReservationBody) -> None:
    """Raises ``RefusedError`` where the card fails."""
    if (failure := FAILURES.get(body.cc_number or "")) is not None:
        raise RefusedError(400, failure)
    if body.cc_number != GOOD_CARD:
        raise RefusedError(400, "Your card number is incorrect.")
