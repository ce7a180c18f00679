"""A new reservation: the stay behind it, and its record."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from providers.hostaway.simulator.accounts import ListingRow, ReservationRow, SimulatedAccount
from providers.hostaway.simulator.dictionaries import CHANNELS
from providers.hostaway.simulator.reservation_bodies import WRITABLE, NewReservationBody, written
from providers.hostaway.simulator.reservation_record import Dress, reservation_record
from providers.simulation.portfolio import Person, Stay, StayKind

OWNER = "ownerStay"
FIRST_LINE = 100
"""The ids of a reservation's first price lines are so many times its own."""
LONGEST_SOURCE = 65

_NOT_SAID: dict[str, Any] = {
    "externalPropertyId": None,
    "confirmationCode": None,
    "assigneeUserId": None,
    "isInstantBooked": 0,
    "isStarred": 0,
    "isArchived": 0,
    "isPinned": 0,
    "insuranceStatus": None,
    "claimStatus": None,
    "reservationAgreement": "not_required",
    "rentalAgreementFileUrl": None,
    "cancellationPolicy": None,
    "cancellationPolicyId": None,
    "cancellationPolicyDetails": None,
    "bookingCancellationPolicy": None,
    "vrboCancellationPolicy": None,
    "reservationFees": [],
    "paymentMethod": None,
}
"""What nobody writes, and a new reservation does not have."""


def new_row(
    body: NewReservationBody, listing: ListingRow, account: SimulatedAccount, at: datetime, source: str | None
) -> ReservationRow:
    """The reservation, not yet kept. Custom fields and price lines are the caller's to fill in."""
    number = account.new_reservation_number()
    reservation_id = account.reservation_id(number)
    stay = _stay(body, listing, number, at)
    dress = Dress(
        account_id=account.id,
        listing_id=listing.id,
        reservation_id=reservation_id,
        terms=listing.terms,
        today=account.today,
        readings=account.readings,
    )
    record = {
        **reservation_record(stay, dress),
        **_NOT_SAID,
        **dict.fromkeys(WRITABLE),
        **written(body),
        "currency": body.currency or listing.record["currencyCode"],
        "guestName": body.guest_name or " ".join(filter(None, (body.guest_first_name, body.guest_last_name))),
        "channelId": body.channel_id,
        "channelName": CHANNELS[body.channel_id],
        "source": source[:LONGEST_SOURCE] if source else None,
        "status": body.status or "new",
        "remainingBalance": written(body).get("totalPrice"),
    }
    return ReservationRow(
        id=reservation_id,
        listing_id=listing.id,
        stay=stay,
        arrival=body.arrival_date,
        departure=body.departure_date,
        updated_at=at,
        source=record,
    )


def _stay(body: NewReservationBody, listing: ListingRow, number: int, at: datetime) -> Stay:
    owner = body.status == OWNER
    nothing = Decimal(0)
    return Stay(
        number=number,
        house=listing.house,
        arrival=body.arrival_date,
        departure=body.departure_date,
        kind=StayKind.BLOCKED if owner else StayKind.CONFIRMED,
        channel="direct",
        guest=None if owner else _guest(body),
        adults=body.adults or body.number_of_guests or 0,
        children=body.children or 0,
        infants=body.infants or 0,
        pets=body.pets or 0,
        rent=nothing,
        cleaning_fee=nothing,
        tax=nothing,
        total=body.total_price or nothing,
        paid=nothing,
        booked_at=at,
        updated_at=at,
        cancelled_at=None,
        note=body.guest_note,
        reference=f"N{number:07d}",
    )


def _guest(body: NewReservationBody) -> Person:
    return Person(
        first_name=body.guest_first_name or "",
        last_name=body.guest_last_name or "",
        email=body.guest_email or "",
        phone=body.phone or "",
        country_code=body.guest_country or "",
        city=body.guest_city or "",
        locale=body.guest_locale or "",
    )
