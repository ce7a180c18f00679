"""BookingSync's bookings, which are guests' stays and calendar blocks alike, in the unified model."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from providers.bookingsync.finance import final_rent, finance_lines
from providers.bookingsync.grants import ALL_BOOKINGS, BOOKINGS, CLIENTS, PAYMENTS
from providers.bookingsync.manifest import CODE
from providers.bookingsync.parts import Part
from providers.bookingsync.texts import best_text
from providers.bookingsync.wire import (
    Booking,
    BookingsFee,
    Client,
    ClientAddress,
    Email,
    PhoneNumber,
    WallTime,
    read_clock,
)
from providers.model import (
    Channel,
    Comment,
    Guest,
    Money,
    Party,
    Payment,
    Reservation,
    ReservationFee,
    ReservationStatus,
    money,
)
from providers.vocabulary import channel

BOOKING_PARTS = (
    Part(name="client", resource="clients", scopes=CLIENTS),
    Part(name="source", resource="sources", scopes=BOOKINGS),
    Part(name="bookings_fees", resource="bookings_fees", scopes=BOOKINGS, many=True),
    Part(name="bookings_taxes", resource="bookings_taxes", scopes=BOOKINGS, many=True),
    Part(name="booking_comments", resource="booking_comments", scopes=BOOKINGS, many=True),
    Part(name="bookings_tags", resource="bookings_tags", scopes=ALL_BOOKINGS, many=True),
    Part(name="payments", resource="payments", scopes=PAYMENTS, many=True),
)

STATUSES = {
    "booked": ReservationStatus.CONFIRMED,
    "tentative": ReservationStatus.PENDING,
    "unavailable": ReservationStatus.BLOCKED,
    # Held by another application or user; it blocks its nights (BookingSync documentation, Enums).
    "locked": ReservationStatus.BLOCKED,
    "canceled": ReservationStatus.CANCELLED,
    "cancelled": ReservationStatus.CANCELLED,
}


def reservation(booking: Booking, account_id: str, read_at: datetime) -> Reservation:
    """The unified reservation of one booking, as it was at ``read_at``.

    Days and hours are the rental's wall time as written: BookingSync labels it Z without meaning UTC. The
    expected hours of check-in and check-out stand in for those of ``start_at`` and ``end_at`` where they
    are known.
    """
    currency = booking.currency.upper() if booking.currency else None
    arrival, departure = _day(booking.start_at), _day(booking.end_at)
    named = booking.source.name if booking.source else None
    known = channel(named)
    return Reservation(
        provider=CODE,
        account_id=account_id,
        provider_id=booking.id,
        listing_id=booking.link("rental"),
        status=_status(booking),
        provider_status=booking.status,
        arrival=arrival,
        departure=departure,
        nights=(departure - arrival).days if arrival and departure and departure >= arrival else None,
        check_in_time=_hour(booking.expected_checkin_time, booking.start_at),
        check_out_time=_hour(booking.expected_checkout_time, booking.end_at),
        channel=known,
        provider_channel=named,
        # Sources are free text: one that is no channel's name is the business's own word for where it came from.
        source=named if known is Channel.OTHER else None,
        channel_reference=booking.external_reference,
        confirmation_code=booking.reference,
        guest=_guest(booking, read_at),
        party=_party(booking),
        currency=currency,
        total=money(booking.final_price, currency),
        paid=money(booking.paid_amount, currency),
        balance=money(booking.payment_left_to_collect, currency),
        damage_deposit=money(booking.damage_deposit, currency),
        is_paid=_is_paid(booking),
        finance_lines=finance_lines(booking, currency),
        rent=money(final_rent(booking), currency),
        commission=money(booking.commission, currency),
        downpayment=money(booking.downpayment, currency),
        balance_due_at=booking.balance_due_at,
        payments=_payments(booking, currency),
        fees=_own_fees(booking.bookings_fees, currency),
        host_note=booking.notes,
        comments=_comments(booking),
        tags=_tags(booking),
        door_code=booking.door_key_code,
        is_imported=booking.imported,
        booked_at=booking.created_at,
        created_at=booking.created_at,
        updated_at=booking.updated_at,
        expires_at=booking.tentative_expires_at,
        cancelled_at=booking.canceled_at,
        cancellation_reason=booking.cancelation_reason,
        raw=_shown(booking, read_at),
    )


def _status(booking: Booking) -> ReservationStatus:
    """``booked`` stays true on a cancelled booking, so only the status and the time of cancellation count."""
    if booking.canceled_at is not None:
        return ReservationStatus.CANCELLED
    return STATUSES.get((booking.status or "").strip().lower(), ReservationStatus.UNKNOWN)


def _day(moment: WallTime | None) -> date | None:
    return moment.day if moment else None


def _hour(expected: str | None, moment: WallTime | None) -> time | None:
    told = read_clock(expected)
    if told is not None or moment is None:
        return told
    # Midnight is what BookingSync makes of a bare date: nobody's hour.
    return moment.clock if moment.clock != time() else None


def _is_paid(booking: Booking) -> bool | None:
    if booking.final_price is None or booking.payment_left_to_collect is None:
        return None
    return booking.payment_left_to_collect <= 0


def _party(booking: Booking) -> Party | None:
    adults, children = booking.adults, booking.children
    if adults is None and children is None:
        return None
    guests = None if adults is None else adults + (children or 0)
    return Party(guests=guests, adults=adults, children=children)


def _guest(booking: Booking, read_at: datetime) -> Guest | None:
    guest_id = booking.link("client")
    client = booking.client
    if client is None:
        return Guest(provider_id=guest_id) if guest_id else None
    if _is_protected(client, read_at):
        return Guest(provider_id=client.id or guest_id)
    address = _main_address(client.addresses)
    return Guest(
        provider_id=client.id or guest_id,
        name=client.fullname or _joined(client.firstname, client.lastname),
        first_name=client.firstname,
        last_name=client.lastname,
        email=_main_email(client.emails),
        phone=_main_phone(client.phones),
        locale=client.preferred_locale,
        city=address.city if address else None,
        country=address.country_code if address else None,
        address=_street(address),
        postal_code=address.zip if address else None,
        state=address.state if address else None,
        company=client.company,
        notes=client.notes,
    )


def _shown(booking: Booking, read_at: datetime) -> Mapping[str, Any]:
    """The record as sent, without the person and the payers where the person's data must not be used."""
    if booking.client is None or not _is_protected(booking.client, read_at):
        return booking.sent
    return {name: value for name, value in booking.sent.items() if name not in {"client", "payments"}}


def _payments(booking: Booking, currency: str | None) -> list[Payment] | None:
    if booking.payments is None:
        return None
    return [
        Payment(
            provider_id=each.id,
            amount=_cents(each.amount_in_cents, each.currency.upper() if each.currency else currency),
            kind=each.kind,
            paid_at=each.paid_at,
            cancelled=each.canceled_at is not None or each.rejected_at is not None,
        )
        for each in booking.payments
    ]


def _cents(amount: int | None, currency: str | None) -> Money | None:
    return money(None if amount is None else Decimal(amount).scaleb(-2), currency)


def _own_fees(sent: list[BookingsFee] | None, currency: str | None) -> list[ReservationFee] | None:
    """Fees that are none of the account's catalogue: channels bring their own."""
    if sent is None:
        return None
    return [
        ReservationFee(
            provider_id=fee.id,
            name=best_text(fee.name),
            amount=money(None if fee.price is None else fee.price * (fee.times_booked or 1), currency),
            included_in_total=fee.included_in_price,
        )
        for fee in sent
        if not fee.links.get("fee") and not fee.links.get("rentals_fee") and fee.canceled_at is None
    ]


def _comments(booking: Booking) -> list[Comment] | None:
    if booking.booking_comments is None:
        return None
    return [
        Comment(provider_id=each.id, text=each.content, created_at=each.created_at) for each in booking.booking_comments
    ]


def _tags(booking: Booking) -> list[str] | None:
    if booking.bookings_tags is None:
        return None
    return [name for tag in booking.bookings_tags if (name := best_text(tag.name))]


def _street(address: ClientAddress | None) -> str | None:
    return ", ".join(line for line in (address.address1, address.address2) if line) or None if address else None


def _is_protected(client: Client, read_at: datetime) -> bool:
    """Whether this person's data must not be used any more (BookingSync documentation, GDPR)."""
    forget_at = client.forget_me_at
    return client.processing_restricted_at is not None or (forget_at is not None and forget_at <= read_at)


def _main_email(sent: Iterable[Email] | None) -> str | None:
    return next((each.email for each in sent or () if each.email and each.canceled_at is None), None)


def _main_phone(sent: Iterable[PhoneNumber] | None) -> str | None:
    return next((each.number for each in sent or () if each.number and each.canceled_at is None), None)


def _main_address(sent: Iterable[ClientAddress] | None) -> ClientAddress | None:
    return next((each for each in sent or () if each.canceled_at is None), None)


def _joined(*names: str | None) -> str | None:
    return " ".join(name for name in names if name) or None
