"""A name for the state of a record, so that a change can say which state it was based on."""

from decimal import Decimal

from graph.gateway.cursors import fingerprint
from providers.model import Money, Reservation


def version_of(reservation: Reservation) -> str:
    """The version of a reservation: the same as long as nothing changes that people agree on.

    Blocks that some reads of a PMS leave out (finance lines, custom fields, payments, units) do not count: the same
    state has one version, however it was read.
    """
    guest, party = reservation.guest, reservation.party
    return fingerprint(
        reservation.provider_id,
        reservation.listing_id,
        reservation.status,
        reservation.provider_status,
        reservation.arrival,
        reservation.departure,
        reservation.check_in_time,
        reservation.check_out_time,
        None if guest is None else (guest.name, guest.email, guest.phone),
        None if party is None else (party.guests, party.adults, party.children, party.infants, party.pets),
        reservation.currency,
        _amount(reservation.total),
        reservation.is_paid,
        reservation.guest_note,
        reservation.host_note,
        reservation.expires_at,
    )


def _amount(money: Money | None) -> Decimal | None:
    """The amount without idle zeros: 100 and 100.00 are the same."""
    return None if money is None else money.amount.normalize()
